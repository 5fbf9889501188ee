"""The pooling bench: maximum and mean of the same window side by side, computed by the engine's pooling layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from engine.errors import EngineError
from engine.layers import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from engine.windows import PoolingCell, axes, pooling_cell
from playground.ui.kit.grid import Grid, Laid, cell_at, cell_ring, cells_rect, short
from playground.ui.kit.grid_paint import draw_cursor, paint_grid
from playground.ui.kit.ink import write
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.widgets import filled, label, named
from playground.ui.panels.convolution.bench import Desk, choice, through
from playground.ui.panels.convolution.levels import KEYS
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.words import cell_in_words, misfit, overlap, size_formula

Array = NDArray[Any]

SIDE = 6  #: cells of the grid
LABEL = 20.0  #: above each grid
NARROWEST, WIDEST = 26.0, 66.0  #: a cell's width
LOWEST, HIGHEST, FLAT = 17.0, 48.0, 1.6  #: its height, and how many times wider than high it may be
NEAREST, FARTHEST = 14.0, 80.0  #: from one grid to the next
BELOW, SAYS = 72.0, 236.0  #: what is said of a grid: its height below it, and its width there
BESIDE = 150.0  #: its width beside it
SPELLED = 6  #: so many numbers are written out
LEAST_SIDE, MOST_SIDE = 2, 8  #: of a grid that is typed
GRIDS = {
    "small whole numbers": lambda: np.random.default_rng(3).integers(0, 10, (SIDE, SIDE)).astype(float),
    "with negative numbers": lambda: np.random.default_rng(5).integers(-9, 10, (SIDE, SIDE)).astype(float),
    "many equal values": lambda: np.random.default_rng(4).integers(0, 3, (SIDE, SIDE)).astype(float),
    "four by four": lambda: np.array([[1, 6, 3, 8], [2, 4, 7, 0], [9, 1, 2, 5], [3, 0, 4, 1]], float),
}


def read_grid(text: str) -> Array | None:
    """A square of numbers, a row in each line, typed or pasted from a table; ``None`` where it is none."""
    rows = [
        line.replace(";", " ").replace("\t", " ").split()
        for line in text.strip().splitlines()
        if line.strip()
    ]
    if not LEAST_SIDE <= len(rows) <= MOST_SIDE or any(len(row) != len(rows) for row in rows):
        return None
    numbers = [[parse(word.rstrip(",")) for word in row] for row in rows]
    if any(n is None for row in numbers for n in row):
        return None
    return np.array(numbers, float)


class PoolGrids(QWidget):
    """Input, maximum and mean; one cursor on all three."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("pooling_grids")
        self.setAccessibleName("A grid of numbers, and its maximum and mean over windows")
        self.setToolTip(
            "Move the mouse or the arrow keys to another window; click a number of the input to raise it by one."
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._room = QSize()  # that of the view it stands in
        self._cell, self._apart, self._beside = (38.0, 38.0), 36.0, False
        self.given: Array = GRIDS["small whole numbers"]()
        self.kernel, self.stride, self.padding, self.whole = 2, 2, 0, False
        self.cell = (0, 0)
        self.changed = lambda: None
        self._fix()

    @property
    def side(self) -> int:
        """Cells along each side of the grid."""
        return len(self.given)

    def layers(self) -> tuple[Any, Any]:
        """The maximum and the mean."""
        if self.whole:
            return MaxPool2d(kernel_size=self.side), GlobalAvgPool2d()
        sizes = self.kernel, self.stride, self.padding
        return MaxPool2d(*sizes), AvgPool2d(*sizes)

    def outputs(self) -> tuple[Array, Array]:
        """What both make of the grid, ``(H', W')`` each."""
        first, second = (through(layer, self.given[None]) for layer in self.layers())
        return first[0], second.reshape(1, 1) if second.ndim == 1 else second[0]

    def cells(self) -> tuple[PoolingCell, PoolingCell]:
        """The window under the cursor."""
        largest_, mean = self.layers()
        return pooling_cell(largest_, self.given[None], 0, *self.cell), pooling_cell(
            mean, self.given[None], 0, *self.cell
        )

    def set(self, **changes: Any) -> str:
        """Another window; "" or why it cannot be."""
        before = (self.kernel, self.stride, self.padding, self.whole)
        for name, value in changes.items():
            setattr(self, name, value)
        try:
            self.layers()[0].out_shape((1, self.side, self.side))
        except EngineError as error:
            self.kernel, self.stride, self.padding, self.whole = before
            return str(error)
        self._fix()
        self.changed()
        return ""

    def _fix(self) -> None:
        """Keep the cursor on the output, and room for all three grids."""
        first, second = self.outputs()
        self._results = (first, second)
        rows, columns = first.shape
        self.cell = (min(self.cell[0], rows - 1), min(self.cell[1], columns - 1))
        self.fit(self._room)
        self.update()

    def fit(self, room: QSize) -> None:
        """Make cells as large as ``room`` lets them; what is said stands below the grids or, where that is too low, beside them."""
        self._room = room
        width, height = float(room.width()), float(room.height())
        (rows, columns), across = self._results[0].shape, self.side + 2 * self.padding
        for self._beside in (False, True, False):
            below, beside = (0.0, BESIDE) if self._beside else (BELOW, 0.0)
            tall = min((height - LABEL - 4) / across, (height - LABEL - below - 4) / rows)
            free = width - 2 * NEAREST - 2 * beside - 4
            wide = free / (across + 2 * columns)
            if not self._beside and columns * wide < SAYS:
                wide = min((free - 2 * SAYS) / across, SAYS / columns)
            if tall >= LOWEST and wide >= NARROWEST:
                break
        tall = min(max(tall, LOWEST), HIGHEST)
        wide = min(max(wide, NARROWEST), WIDEST, FLAT * tall)
        self._cell, self._apart = (wide, min(tall, wide)), 0.0
        left = width - 4 - self._rects()[2].x() - self._block()
        self._apart = min(max(left / 2, NEAREST), FARTHEST)
        needed = self.sizeHint()
        self.setFixedSize(max(needed.width(), room.width()), max(needed.height(), room.height()))
        self.update()

    def _block(self) -> float:
        """The width of an output with what is said of it."""
        grid = self._results[0].shape[1] * self._cell[0]
        return grid + BESIDE if self._beside else max(grid, SAYS)

    def _rects(self) -> tuple[QRectF, QRectF, QRectF]:
        (wide, tall), pad = self._cell, self.padding
        given = QRectF(pad * wide + 2, LABEL + pad * tall, self.side * wide, self.side * tall)
        rows, columns = self._results[0].shape
        x = given.right() + pad * wide + self._apart
        one, other = (
            QRectF(at, LABEL, columns * wide, rows * tall) for at in (x, x + self._block() + self._apart)
        )
        return given, one, other

    def sizeHint(self) -> QSize:
        given, _, last = self._rects()
        said = 0.0 if self._beside else BELOW
        bottom = max(given.bottom() + self.padding * self._cell[1], last.bottom() + said)
        return QSize(int(last.x() + self._block() + 2), int(bottom + 2))

    def step_cursor(self, rows: int, columns: int) -> None:
        height, width = self._results[0].shape
        i, j = self.cell[0] + rows, self.cell[1] + columns
        if 0 <= i < height and 0 <= j < width:
            self.cell = (i, j)
            self.changed()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in KEYS:
            self.step_cursor(*KEYS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        given, *outputs = self._rects()
        found = None
        for rect in outputs:
            found = found or cell_at(rect, event.position(), *self._results[0].shape)
        inside = cell_at(given, event.position(), self.side, self.side)
        if inside is not None:
            down, across = axes(self.layers()[0], (1, self.side, self.side)) or (None, None)
            if down is not None and across is not None:
                found = (down.nearest(inside[0]), across.nearest(inside[1]))
        if found is not None and found != self.cell:
            self.cell = found
            self.changed()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        inside = cell_at(self._rects()[0], event.position(), self.side, self.side)
        if inside is not None:
            self.given = self.given.copy()
            self.given[inside] += -1.0 if event.button() == Qt.MouseButton.RightButton else 1.0
            self._fix()
            self.changed()

    def laids(self) -> list[Laid]:
        """The input with the winner ringed, the maximum and the mean with the cursor."""
        (given, *outputs), limit, best = self._rects(), largest(self.given), self.cells()[0]
        winner = _winner(best)
        rings = () if winner is None else (cell_ring(*winner, "winner"),)
        found = [Laid.whole(Grid("x", "input", self.given, rings=rings, limit=limit), given)]
        for name, rect, values in zip(("maximum", "mean"), outputs, self._results, strict=True):
            words = f"{name} {values.shape[0]}×{values.shape[1]}"
            cursor = cell_ring(*self.cell, "cursor")
            found.append(Laid.whole(Grid("y", words, values, rings=(cursor,), limit=limit), rect))
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self._scope.ink
        painter.fillRect(event.rect(), ink.panel)
        given = self._rects()[0]
        (wide, tall), pad = self._cell, self.padding
        if pad:
            painter.fillRect(given.adjusted(-pad * wide, -pad * tall, pad * wide, pad * tall), ink.hatch)
        title = QRectF(given.x() - pad * wide, 0, 240, LABEL)
        write(painter, title, f"input {self.side}×{self.side}", ink.text, ink.small)
        best, mean = self.cells()
        laid = self.laids()
        paint_grid(painter, ink, laid[0])
        axis = axes(self.layers()[0], (1, self.side, self.side))
        if axis is not None and (dropped := axis[0].dropped):
            low, far = dropped * tall, dropped * wide
            painter.fillRect(QRectF(given.x(), given.bottom() - low, given.width(), low), ink.dropped)
            painter.fillRect(QRectF(given.right() - far, given.y(), far, given.height()), ink.dropped)
        size = self.side, self.side
        draw_cursor(painter, ink, cells_rect(given, size, best.patch.rows, best.patch.columns))
        for one, cell, said in zip(laid[1:], (best, mean), self.lines(), strict=True):
            write(painter, QRectF(one.rect.x(), 0, 200, LABEL), one.grid.words, ink.text, ink.small)
            paint_grid(painter, ink, one)
            self._paint_said(painter, one.rect, said, ink.end(cell.result))
        painter.end()

    def _paint_said(self, painter: QPainter, rect: QRectF, said: list[str], colour: QColor) -> None:
        """What a window makes of its numbers, below the grid or beside it; there, long lines are broken."""
        ink = self._scope.ink
        place = QRectF(rect.x(), rect.bottom() + 3, SAYS - 4, 18)
        if self._beside:
            place = QRectF(rect.right() + 10, rect.y() + 2, BESIDE - 14, 18)
        for line, text in enumerate(said):
            colour, used = (colour, ink.title) if not line else (ink.muted, ink.tiny)
            painter.setFont(used)
            painter.setPen(colour)
            broken = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            text = text.replace(" · ", "\n") if self._beside else text
            taken = painter.drawText(place.adjusted(0, 0, 0, 60), broken, text)
            place.translate(0, taken.height() + 3)

    def lines(self) -> tuple[list[str], list[str]]:
        """What the window under the cursor makes of its numbers, and why: of the maximum, and of the mean."""
        best, mean = self.cells()
        seen = best.patch.values[0][best.patch.inside]
        numbers = [short(float(v), 60) for v in seen]
        few = len(numbers) <= SPELLED
        n = best.values
        kept = f"max({', '.join(numbers)})" if few else f"max of {n} values"
        maximum = [f"{kept} = {short(best.result, 80)}"]
        if best.winner is not None:
            maximum.append(f"winner {cell_in_words(best.winner)} · {n - 1} of {n} dropped")
            others = self._keepers(best)
            if others > 1:
                maximum.append(f"{others} windows keep this value")
        if best.ties > 1:
            maximum.append(f"{best.ties} are equal: the first in reading order wins")
        counted = round(1 / mean.share)
        added = (
            f"({' + '.join(numbers)})/{counted}" if few else f"Σ {short(float(seen.sum()), 60)} / {counted}"
        )
        average = [
            f"{added} = {short(mean.result, 80)}".replace("+ −", "− "),
            f"each of {counted} counts {fmt(mean.share)}",
        ]
        return maximum, average

    def _keepers(self, cell: PoolingCell) -> int:
        """How many windows have the same cell for their winner: where they overlap, it may be several."""
        layer, won = self.layers()[0], _winner(cell)
        every = (
            pooling_cell(layer, self.given[None], 0, i, j) for i, j in np.ndindex(*self._results[0].shape)
        )
        return sum(_winner(other) == won for other in every)


def _winner(cell: PoolingCell) -> tuple[int, int] | None:
    """Where on the grid the winner is."""
    return (
        None if cell.winner is None else (cell.patch.rows[cell.winner[0]], cell.patch.columns[cell.winner[1]])
    )


class PoolingBench(QWidget):
    """Controls, grids and what they show in words."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope
        self.setObjectName("pooling_bench")
        self.grids = PoolGrids(scope)
        self.said = label("pooling_said", little=True, muted=True)
        self.trouble = label("pooling_trouble", little=True, problem=True)
        flow = FlowLayout(gap=8)
        self.numbers = choice(
            "pooling_numbers", "Numbers", "The grid to begin with.", tuple(GRIDS), self._fill
        )
        windows = [f"window {n}×{n}" for n in (2, 3, 4)] + ["the whole map (global)"]
        self.window_box = choice(
            "pooling_window", "Window", "How large the window is.", windows, lambda _: self._change()
        )
        strides = [f"stride {n}" for n in (1, 2, 3)]
        self.stride = choice(
            "pooling_stride",
            "Stride",
            "How far it moves; less than its size: windows overlap.",
            strides,
            lambda _: self._change(),
            1,
        )
        paddings = [f"padding {n}" for n in (0, 1)]
        self.padding = choice(
            "pooling_padding", "Padding", "Cells put round the grid.", paddings, lambda _: self._change()
        )
        tip = "A square of 2×2 to 8×8 numbers, a row in each line; it is taken as soon as it is one."
        self.typed = named(QPlainTextEdit(), "pooling_typed", "Numbers of your own", tip)
        self.typed.setPlaceholderText("Type or paste a square of numbers, a row in each line")
        self.typed.setTabChangesFocus(True)
        self.typed.setFixedHeight(62)
        self.typed.textChanged.connect(self._typed)
        for part in (self.numbers, self.window_box, self.stride, self.padding):
            flow.addWidget(part)
        area = Desk("pooling_bench_scroll", self.grids)
        area.roomy.connect(self.grids.fit)
        top = filled(QHBoxLayout(), flow)
        top.setStretch(0, 1)
        top.addWidget(self.typed, 1)
        filled(QVBoxLayout(self), top, area, self.said, self.trouble).setStretch(1, 1)
        self.grids.changed = self._say
        scope.restyled.connect(self.grids.update)
        self._say()

    def _fill(self, name: str) -> None:
        self._show_grid(GRIDS[name]())

    def _typed(self) -> None:
        """Take what is typed once it is a grid; until then, say what is missing."""
        text = self.typed.toPlainText()
        grid = read_grid(text)
        if grid is not None:
            self._show_grid(grid)
        elif text.strip():
            self._say(
                f"This is no square of numbers yet; expected as many rows as columns, {LEAST_SIDE} to {MOST_SIDE}."
            )
        else:
            self._say()

    def _show_grid(self, grid: Array) -> None:
        """Another grid; a window that is too large for it becomes as small as there is one."""
        self.grids.given = grid
        refused = self.grids.set(kernel=len(grid)) if self.grids.whole else self.grids.set()
        if refused:
            self.window_box.setCurrentIndex(0)
            self.grids.set(kernel=2, whole=False)

    def _change(self) -> None:
        whole = self.window_box.currentIndex() == 3
        for part in (self.stride, self.padding):
            part.setEnabled(not whole)
        kernel = (2, 3, 4, self.grids.side)[max(0, self.window_box.currentIndex())]
        refused = self.grids.set(
            kernel=kernel,
            stride=self.stride.currentIndex() + 1,
            padding=0 if whole else self.padding.currentIndex(),
            whole=whole,
        )
        if refused:
            self._say(refused)

    def _say(self, refused: str = "") -> None:
        layer = self.grids.layers()[0]
        found = axes(layer, (1, self.grids.side, self.grids.side))
        said = "" if found is None else f"Output size {size_formula(found[0])}."
        padded = "Padding never wins a maximum; in a mean its zeros count." if self.grids.padding else ""
        shared = overlap(layer, (1, self.grids.side, self.grids.side))
        parts = (said, shared, padded, "" if shared and padded else "A pooling has nothing to learn.")
        self.said.setText(" ".join(part for part in parts if part))
        trouble = refused or misfit(layer, (1, self.grids.side, self.grids.side))
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
