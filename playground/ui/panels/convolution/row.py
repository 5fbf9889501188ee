"""One row of numbers: what padding does to the length, and why flipping the kernel makes it look into the past."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.ui.kit.grid import Grid, Laid, cell_at
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.kit.ink import Ink, write
from playground.ui.panels.convolution.bench import correlated
from playground.ui.panels.convolution.scope import largest

Array = NDArray[Any]

CELL, LABEL, ROW = 30.0, 232.0, 42.0
COUNT = 8  #: numbers in the row


class RowLesson(QWidget):
    """A click in the first row puts the one number there that is not 0; everything below follows."""

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.ink = ink
        self.setObjectName("row_lesson")
        self.setAccessibleName("One row of numbers, padded and filtered in several ways")
        self.setToolTip("Click a place in the first row to put the impulse there.")
        self.at = 3
        self.kernel = np.array([1.0, 2.0, 3.0])
        self.setFixedSize(int(LABEL + CELL * (COUNT + 4)), int(ROW * 7 + 8))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def signal(self) -> Array:
        """The row: 0 but for one 1."""
        row = np.zeros(COUNT)
        row[self.at] = 1.0
        return row

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
        return correlated(flipped, self.signal[None, None], "full")[0][:COUNT]

    def rows(self) -> list[tuple[str, Array, int]]:
        """``(what it is, numbers, how many places it begins before the first number)``."""
        reach = len(self.kernel) - 1
        return [
            ("x, one number after another", self.signal, 0),
            ("w, the kernel", self.kernel, 0),
            (f"valid: {COUNT} − {reach} = {COUNT - reach} numbers", self.padded("valid"), -(reach // 2)),
            (f"same: {COUNT}, with {reach // 2} zero at each end", self.padded("same"), 0),
            (f"full: {COUNT} + {reach} = {COUNT + reach}, every overlap", self.padded("full"), reach // 2),
            ("cross-correlation  Σ w[k]·x[t + k]", self.future, 0),
            ("convolution (flipped)  Σ w[k]·x[t − k]", self.past, 0),
        ]

    def _rect(self, row: int, first: int, count: int) -> QRectF:
        return QRectF(LABEL + (1 - first) * CELL, row * ROW + 4, CELL * count, CELL)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = cell_at(self._rect(0, 0, COUNT), event.position(), 1, COUNT)
        if found is not None:
            self.at = found[1]
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self.ink
        painter.fillRect(event.rect(), ink.panel)
        for row, (said, numbers, first) in enumerate(self.rows()):
            y = row * ROW + 4
            write(painter, QRectF(0, y, LABEL, CELL), said, ink.text, ink.small)
            grid = Grid("x", said, numbers[None], limit=largest(self.kernel))
            paint_grid(painter, ink, Laid.whole(grid, self._rect(row, first, len(numbers))))
        x = LABEL + CELL + self.at * CELL
        painter.setPen(ink.wire)
        painter.drawLine(int(x), 5 * int(ROW) - 2, int(x), 7 * int(ROW))
        painter.end()

    def in_words(self) -> str:
        return (
            "Cross-correlation answers before the number has come: it looks into the future. The flipped kernel answers from then on "
            "(causal). Networks learn their kernels, so the flip makes no difference to them and is left out."
        )
