"""The filter of the bench: its weights as coloured numbers to be typed over, a slice for each colour of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit

from playground.ui.kit.fonts import small
from playground.ui.kit.grid import Grid, Laid, cell_ring
from playground.ui.kit.grid_paint import draw_cursor, paint_grid
from playground.ui.kit.ink import CENTRE, write
from playground.ui.kit.linked import Linked, Zone, zone_of
from playground.ui.kit.numbers import exact, parse
from playground.ui.kit.widgets import named
from playground.ui.panels.convolution.levels import KEYS
from playground.ui.panels.convolution.scope import Scope, largest

Array = NDArray[Any]

COLOURS = ("red", "green", "blue")
#: width and height of a cell of a filter so large; larger ones share the width of the last
CELLS = {3: (44, 34), 5: (40, 27), 7: (36, 20)}
WIDEST = 252
LABEL, THUMB, APART = 18, 42, 14
OPENING = "0123456789.,-−"


class Field(QLineEdit):
    """Keeps Enter to itself: the editor below would open it again."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


class KernelEditor(Linked):
    """Click a weight, or move to it by the arrow keys, and type another; click a slice to see it large.

    ``changed`` is called with row, column and the number typed; ``chosen`` with the number of a slice.
    """

    def __init__(
        self,
        scope: Scope,
        changed: Callable[[tuple[int, int], float], None],
        chosen: Callable[[int], None],
    ) -> None:
        super().__init__(scope.context.focus, scope.context.theme, "kernel_editor")
        self._changed, self._chosen = changed, chosen
        self.setAccessibleName("Weights of the filter")
        self.setToolTip("Click a weight and type another.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.kernel: Array = np.zeros((1, 3, 3))
        self.slice = 0
        self.at = (1, 1)
        tip = "Another weight. Enter takes it, Esc leaves it as it was."
        self.field = named(Field(self), "kernel_weight", "Weight", tip)
        self.field.setFont(small(self.field.font()))
        self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field.editingFinished.connect(self._take)
        self.field.hide()

    # --- layout ---

    def sizeHint(self) -> QSize:
        needed = self.grid()
        if len(self.kernel) == len(COLOURS):
            needed = needed.united(self.thumb(len(COLOURS) - 1).adjusted(0, 0, 8, 0))
        return QSize(int(needed.right()) + 4, int(needed.bottom()) + 6)

    def grid(self) -> QRectF:
        """Where the slice that is edited stands."""
        _, rows, columns = self.kernel.shape
        width, height = CELLS.get(max(rows, columns), (WIDEST // columns, WIDEST // columns))
        return QRectF(2, LABEL, columns * width, rows * height)

    def thumb(self, k: int) -> QRectF:
        """Where a slice stands among the others."""
        return QRectF(2 + k * (THUMB + APART), self.grid().bottom() + LABEL + 4, THUMB, THUMB)

    # --- what it shows ---

    def show_kernel(self, kernel: Array, chosen: int = 0) -> None:
        """Show ``(slices, kh, kw)``; the slice ``chosen`` large, -1 for all of them alike."""
        self.kernel, self.slice = kernel, chosen
        self.at = (min(self.at[0], kernel.shape[1] - 1), min(self.at[1], kernel.shape[2] - 1))
        if self.size() != self.sizeHint():
            self.setFixedSize(self.sizeHint())
        slices = range(len(kernel)) if len(kernel) == len(COLOURS) else ()
        self.zones = [Zone(self.thumb(k), click=partial(self._choose, k)) for k in slices]
        self.update()

    @property
    def shown(self) -> Array:
        """The slice that is edited ``(kh, kw)``."""
        return self.kernel[max(0, self.slice)]

    def laid(self) -> Laid:
        """The slice that is edited, with its cursor where the keys are here."""
        rings = (cell_ring(*self.at, "cursor"),) if self.hasFocus() else ()
        return Laid.whole(Grid("w", "", self.shown, rings=rings, limit=largest(self.kernel)), self.grid())

    def _title(self) -> str:
        size = f"{self.kernel.shape[1]}×{self.kernel.shape[2]}"
        if len(self.kernel) != len(COLOURS):
            return f"kernel {size}"
        return f"kernel {size} · {COLOURS[self.slice] if self.slice >= 0 else 'each colour'}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self.ink
        painter.fillRect(event.rect(), ink.panel)
        limit, big = largest(self.kernel), self.grid()
        write(painter, QRectF(big.x(), 0, WIDEST, LABEL), self._title(), ink.text, ink.small)
        paint_grid(painter, ink, self.laid())
        if len(self.kernel) == len(COLOURS):
            for k, (name, values) in enumerate(zip(COLOURS, self.kernel, strict=True)):
                rect = self.thumb(k)
                above = QRectF(rect.x() - 8, rect.y() - LABEL, THUMB + 16, LABEL)
                write(painter, above, name, ink.muted, ink.tiny, CENTRE)
                paint_grid(painter, ink, Laid.whole(Grid("w", name, values, limit=limit), rect))
                if self.slice in (-1, k):
                    draw_cursor(painter, ink, rect)
        painter.end()

    # --- gestures ---

    def edit(self, text: str = "") -> None:
        """Open the field over the weight that is chosen."""
        row, column = self.at
        self.field.setAccessibleName(f"Weight in row {row + 1}, column {column + 1}")
        cell = self.laid().rect_of(*self.at)
        wide = max(64.0, cell.width())
        x = min(max(0.0, cell.center().x() - wide / 2), self.width() - wide)
        self.field.setGeometry(QRectF(x, cell.center().y() - 14, wide, 28).toRect())
        self.field.setText(text or exact(float(f"{float(self.shown[self.at]):.3g}")))
        self.field.setModified(bool(text))
        self.field.show()
        self.field.setFocus()
        if not text:
            self.field.selectAll()

    def _take(self) -> None:
        """What was typed counts if it is a number."""
        if not self.field.isVisible():
            return
        value = parse(self.field.text()) if self.field.isModified() else None
        self._close(self.field.hasFocus())
        if value is not None:
            self._changed(self.at, float(value))

    def _close(self, had_keys: bool) -> None:
        self.field.hide()
        if had_keys:
            self.setFocus()

    def zone_at(self, at: QPointF) -> Zone | None:
        number = zone_of((self.laid(),), at)
        if number is not None:
            return replace(number, words=f"{number.words}\n{self.toolTip()}", click=self._click)
        return super().zone_at(at)

    def _choose(self, k: int, at: QPointF) -> None:
        self._chosen(k)

    def _click(self, at: QPointF) -> None:
        self.at = self.laid().cell_at(at) or self.at
        self.edit()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), event.text()
        if key == Qt.Key.Key_Escape and self.field.isVisible():
            self._close(True)
        elif key in KEYS:
            down, across = KEYS[Qt.Key(key)]
            rows, columns = self.shown.shape
            self.at = (
                min(max(0, self.at[0] + down), rows - 1),
                min(max(0, self.at[1] + across), columns - 1),
            )
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) or (text and text in OPENING):
            self.edit(text if text and text in OPENING else "")
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
