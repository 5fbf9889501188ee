"""One row of numbers: what padding does to the length, and why flipping the kernel makes it look into the past."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.errors import counted
from playground.ui.kit.grid import Grid, Laid, cell_at
from playground.ui.kit.grid_paint import draw_cursor, paint_grid
from playground.ui.kit.ink import Ink, write
from playground.ui.kit.numbers import exact, parse
from playground.ui.panels.convolution.bench import correlated
from playground.ui.panels.convolution.scope import largest

Array = NDArray[Any]

CELL, LABEL, ROW = 30.0, 232.0, 42.0
VALID, SAME, FULL, FUTURE, PAST = range(2, 7)  #: the rows of results
COUNT, LONGEST = 8, 12  #: numbers in the row at first, and at most
#: rows to begin with: what they show, x, w
ROWS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "an impulse": ((0, 0, 0, 1, 0, 0, 0, 0), (1, 2, 3)),
    "a slope, [1, 0]": ((3, 2, 1, 0), (1, 0)),
    "a difference, [1, −1]": ((3, 2, 1, 0), (1, -1)),
    "a sum of three": ((1, 2, 3), (1, 1, 1)),
}


def read(text: str) -> tuple[float, ...] | None:
    """The numbers of a row as somebody types them, "1 2 −3" or "1, 2, −3"; ``None`` where one is none, or they are none or too many."""
    parts = text.replace(";", " ").replace(", ", " ").split()
    if len(parts) == 1 and parts[0].count(",") > 1:
        parts = parts[0].split(",")
    numbers = [parse(part) for part in parts]
    known = [float(n) for n in numbers if n is not None]
    return tuple(known) if len(known) == len(numbers) and 0 < len(known) <= LONGEST else None


def _written(number: float) -> str:
    said = exact(float(f"{number:.6g}"))  # without the last digits, which are rounding
    return said if number >= 0 else f"({said})"


class RowLesson(QWidget):
    """Rows of numbers that follow from the first and the kernel; where the first is an impulse, a click moves it."""

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.ink = ink
        self.setObjectName("row_lesson")
        self.setAccessibleName("One row of numbers, padded and filtered in several ways")
        self.setToolTip(
            "Point at a result, or go to it with the arrow keys, to see the window that gives it. "
            "Click a place in the first row to put the impulse there, or type other numbers above."
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.looked: tuple[int, int] | None = None  #: row and cell of the result that is looked into
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.signal, self.kernel = (np.array(numbers, float) for numbers in ROWS["an impulse"])
        self.setFixedSize(int(LABEL + CELL * (LONGEST + 4)), int(ROW * 7 + 8))

    @property
    def at(self) -> int:
        """Where the impulse is; −1 where the row is none."""
        lone = np.flatnonzero(self.signal)
        return int(lone[0]) if len(lone) == 1 and self.signal[lone[0]] == 1 else -1

    def set_rows(self, signal: tuple[float, ...] | None, kernel: tuple[float, ...] | None) -> str:
        """Other numbers; "" or why they cannot be."""
        if signal is None or kernel is None:
            which = "x" if signal is None else "w"
            return f"{which} is no row of numbers; expected 1 to {LONGEST}, such as 1 2 −3. Type them with spaces between."
        if len(kernel) > len(signal):
            return (
                f"w has {len(kernel)} numbers and x has {len(signal)}; expected w to be no longer. Shorten w."
            )
        self.signal, self.kernel = np.array(signal, float), np.array(kernel, float)
        self.look_into(None)
        return ""

    def look_into(self, looked: tuple[int, int] | None) -> None:
        """Show the window of a result, as ``(row, cell)``; ``None`` of none."""
        if looked is not None and not 0 <= looked[1] < len(self.rows()[looked[0]][1]):
            return
        self.looked = looked
        self.setAccessibleDescription("" if looked is None else " ".join(self.worked_out(*looked)))
        self.update()

    def slid(self, row: int, cell: int) -> tuple[int, Array]:
        """Where the window of a result begins in x (before 0: in the padding), and the kernel as it is laid there."""
        reach = len(self.kernel) - 1
        back = {VALID: 0, SAME: reach // 2, FULL: reach, FUTURE: 0, PAST: reach}[row]
        return cell - back, self.kernel[::-1] if row == PAST else self.kernel

    def worked_out(self, row: int, cell: int) -> tuple[str, str]:
        """The sum of products of a result, and how many results there are by the size formula; "" where that is not the question."""
        start, kernel = self.slid(row, cell)
        count, k = len(self.signal), len(self.kernel)
        inside = [self.signal[i] if 0 <= i < count else 0.0 for i in range(start, start + k)]
        products = " + ".join(f"{_written(w)}·{_written(x)}" for w, x in zip(kernel, inside, strict=True))
        total = float(self.rows()[row][1][cell])
        padding = {VALID: 0, SAME: k - 1, FULL: 2 * (k - 1)}.get(row)
        if padding is None:
            return f"{products} = {_written(total)}", ""
        zeros = f"2·{padding // 2}" if padding % 2 == 0 else str(padding)
        size = f"(n + 2p − k)/s + 1 = ({count} + {zeros} − {k})/1 + 1 = {count + padding - k + 1} numbers"
        return f"{products} = {_written(total)}", size

    def padded(self, padding: str) -> Array:
        """The kernel slid over the row, "valid", "same" or "full"."""
        return correlated(self.kernel[None, None], self.signal[None, None], padding)[0]

    @property
    def future(self) -> Array:
        """Cross-correlation: y[t] = Σ w[k]·x[t + k], which needs numbers that come later."""
        return self.padded("full")[len(self.kernel) - 1 :]

    @property
    def past(self) -> Array:
        """Convolution, the kernel flipped: y[t] = Σ w[k]·x[t − k], which needs only what has been."""
        flipped = self.kernel[::-1][None, None]
        return correlated(flipped, self.signal[None, None], "full")[0][: len(self.signal)]

    def rows(self) -> list[tuple[str, Array, int]]:
        """``(what it is, numbers, how many places it begins before the first number)``."""
        reach, count = len(self.kernel) - 1, len(self.signal)
        left = reach // 2
        ends = f"{left} zero at each end" if reach % 2 == 0 else f"{left} zero before, {reach - left} behind"
        return [
            ("x, one number after another", self.signal, 0),
            ("w, the kernel", self.kernel, 0),
            (f"valid: {count} − {reach} = {counted(count - reach, 'number')}", self.padded("valid"), -left),
            (f"same: {count}, with {ends}", self.padded("same"), 0),
            (f"full: {count} + {reach} = {count + reach}, every overlap", self.padded("full"), left),
            ("cross-correlation  Σ w[k]·x[t + k]", self.future, 0),
            ("convolution (flipped)  Σ w[k]·x[t − k]", self.past, 0),
        ]

    def _rect(self, row: int, first: int, count: int) -> QRectF:
        return QRectF(LABEL + (1 - first) * CELL, row * ROW + 4, CELL * count, CELL)

    def _at(self, at: QPointF) -> tuple[int, int] | None:
        """The result at a point."""
        for row, (_, numbers, first) in enumerate(self.rows()[VALID:], VALID):
            found = cell_at(self._rect(row, first, len(numbers)), at, 1, len(numbers))
            if found is not None:
                return row, found[1]
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None and found != self.looked:
            self.look_into(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right slide the window, up and down go to another row of results."""
        row, cell = self.looked or (SAME, -1)
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            last = len(self.rows()[row][1]) - 1
            self.look_into((row, min(max(cell + (1 if key == Qt.Key.Key_Right else -1), 0), last)))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            row = min(max(row + (1 if key == Qt.Key.Key_Down else -1), VALID), PAST)
            self.look_into((row, min(max(cell, 0), len(self.rows()[row][1]) - 1)))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        count = len(self.signal)
        found = cell_at(self._rect(0, 0, count), event.position(), 1, count)
        if found is not None and self.at >= 0:
            self.signal = np.zeros(count)
            self.signal[found[1]] = 1.0
            self.look_into(self.looked)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self.ink
        painter.fillRect(event.rect(), ink.panel)
        start, kernel = self.slid(*self.looked) if self.looked is not None else (0, self.kernel)
        end = max(largest(numbers) for _, numbers, _ in self.rows())
        for row, (said, numbers, first) in enumerate(self.rows()):
            y = row * ROW + 4
            if row == 1:  # the kernel lies where it gives the result that is looked into
                numbers, first = kernel, -start
                said += ", flipped" if self.looked is not None and self.looked[0] == PAST else ""
            write(painter, QRectF(0, y, LABEL, CELL), said, ink.text, ink.small)
            grid = Grid("x", said, numbers[None], limit=end)
            paint_grid(painter, ink, Laid.whole(grid, self._rect(row, first, len(numbers))))
        self._paint_window(painter, start, len(kernel))
        if self.at < 0:
            painter.end()
            return
        x = LABEL + CELL + self.at * CELL
        painter.setPen(ink.wire)
        painter.drawLine(int(x), 5 * int(ROW) - 2, int(x), 7 * int(ROW))
        painter.end()

    def _paint_window(self, painter: QPainter, start: int, k: int) -> None:
        """The zeros of the padding that the window lies on, its frame, the result's, and the sum in numbers."""
        if self.looked is None:
            return
        ink, count = self.ink, len(self.signal)
        for i in range(start, start + k):
            if not 0 <= i < count:
                rect = self._rect(0, -i, 1)
                painter.setPen(ink.border)
                painter.drawRect(rect)
                write(painter, rect, "0", ink.muted, ink.small, Qt.AlignmentFlag.AlignCenter)
        row, cell = self.looked
        draw_cursor(painter, ink, self._rect(0, -start, k))
        draw_cursor(painter, ink, self._rect(row, self.rows()[row][2] - cell, 1))
        products, size = self.worked_out(row, cell)
        beside = self._rect(1, -start, k)  # behind the kernel, where nothing else stands
        room = QRectF(beside.right() + 12, beside.y(), self.width() - beside.right() - 12, CELL / 2)
        write(painter, room if size else room.translated(0, CELL / 4), products, ink.text, ink.small)
        write(painter, room.translated(0, CELL / 2), size, ink.muted, ink.small)

    def in_words(self) -> str:
        return (
            "Cross-correlation answers before the number has come: it looks into the future. The flipped kernel answers from then on "
            "(causal). Networks learn their kernels, so the flip makes no difference to them and is left out."
        )
