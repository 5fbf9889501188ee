"""All filters of a layer as one grid, as in the papers: click one to try it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.ui.kit.grid_paint import draw_cursor
from playground.ui.panels.convolution.paint import draw_strip, filter_strip
from playground.ui.panels.convolution.scope import Scope, largest_each

ROOM, GAP = QSize(300, 220), 2  #: pixels for all of them, and between two
LARGEST = 44.0  #: of one filter
_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class FilterGrid(QWidget):
    """A picture per filter, each on a scale of its own; three slices are seen in colour."""

    chosen = Signal(int)  #: from 0

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.setObjectName("filter_grid")
        self.setToolTip(
            "Every learned filter of the layer that reads the picture. Click one to slide it over the picture."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.scope, self.current = scope, 0
        self._weight: NDArray[np.floating] | None = None
        self._strip: QImage | None = None

    @property
    def count(self) -> int:
        return 0 if self._weight is None else len(self._weight)

    def show_filters(self, weight: NDArray[np.floating] | None, current: int) -> None:
        """``weight`` (filters, slices, rows, columns); ``current`` is tried now."""
        if weight is not None and (self._weight is None or not np.array_equal(weight, self._weight)):
            self._weight, self._strip = weight.copy(), None
            self.setFixedSize(self.sizeHint())
        self.current = current
        self.setAccessibleName(f"{self.count} filters; {current + 1} is chosen")
        self.update()

    def restyle(self) -> None:
        """Colours are others."""
        self._strip = None
        self.update()

    # --- layout ---

    @property
    def columns(self) -> int:
        """As many as make the pictures largest."""
        count = max(1, self.count)
        return max(
            range(1, count + 1), key=lambda n: min(ROOM.width() / n, ROOM.height() / math.ceil(count / n))
        )

    @property
    def _step(self) -> float:
        rows = math.ceil(max(1, self.count) / self.columns)
        return min(LARGEST, ROOM.width() / self.columns, ROOM.height() / rows)

    def sizeHint(self) -> QSize:
        rows = math.ceil(max(1, self.count) / self.columns)
        return QSize(math.ceil(self._step * self.columns) + 2, math.ceil(self._step * rows) + 2)

    def place_of(self, i: int) -> QRectF:
        """Where a filter is drawn."""
        row, column = divmod(i, self.columns)
        side = self._step - GAP
        return QRectF(1 + column * self._step, 1 + row * self._step, side, side)

    # --- drawing, mouse and keys ---

    def paintEvent(self, event: QPaintEvent) -> None:
        weight, ink = self._weight, self.scope.ink
        if weight is None:
            return
        if self._strip is None:
            self._strip = filter_strip(weight, largest_each(weight), ink.tables["values"])
        painter = QPainter(self)
        draw_strip(
            painter, self._strip, len(weight), {i: self.place_of(i) for i in range(len(weight))}, ink.border
        )
        draw_cursor(painter, ink, self.place_of(min(self.current, len(weight) - 1)))
        painter.end()

    def _at(self, at: QPointF) -> int | None:
        column, row = int(at.x() / self._step), int(at.y() / self._step)
        found = row * self.columns + column
        return found if 0 <= column < self.columns and 0 <= found < self.count else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None:
            self.chosen.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        other = self.current + move[0] * self.columns + move[1]
        if 0 <= other < self.count:
            self.chosen.emit(other)
