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
from playground.ui.kit.numbers import parse
from playground.ui.panels.convolution.bench import correlated
from playground.ui.panels.convolution.scope import largest

Array = NDArray[Any]

CELL, LABEL, ROW = 30.0, 232.0, 42.0
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


class RowLesson(QWidget):
    """Rows of numbers that follow from the first and the kernel; where the first is an impulse, a click moves it."""

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.ink = ink
        self.setObjectName("row_lesson")
        self.setAccessibleName("One row of numbers, padded and filtered in several ways")
        self.setToolTip(
            "Click a place in the first row to put the impulse there, or type other numbers above."
        )
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
        self.update()
        return ""

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
            (f"valid: {count} − {reach} = {count - reach} numbers", self.padded("valid"), -left),
            (f"same: {count}, with {ends}", self.padded("same"), 0),
            (f"full: {count} + {reach} = {count + reach}, every overlap", self.padded("full"), left),
            ("cross-correlation  Σ w[k]·x[t + k]", self.future, 0),
            ("convolution (flipped)  Σ w[k]·x[t − k]", self.past, 0),
        ]

    def _rect(self, row: int, first: int, count: int) -> QRectF:
        return QRectF(LABEL + (1 - first) * CELL, row * ROW + 4, CELL * count, CELL)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        count = len(self.signal)
        found = cell_at(self._rect(0, 0, count), event.position(), 1, count)
        if found is not None and self.at >= 0:
            self.signal = np.zeros(count)
            self.signal[found[1]] = 1.0
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self.ink
        painter.fillRect(event.rect(), ink.panel)
        for row, (said, numbers, first) in enumerate(self.rows()):
            y = row * ROW + 4
            write(painter, QRectF(0, y, LABEL, CELL), said, ink.text, ink.small)
            grid = Grid("x", said, numbers[None], limit=largest(self.kernel))
            paint_grid(painter, ink, Laid.whole(grid, self._rect(row, first, len(numbers))))
        if self.at < 0:
            painter.end()
            return
        x = LABEL + CELL + self.at * CELL
        painter.setPen(ink.wire)
        painter.drawLine(int(x), 5 * int(ROW) - 2, int(x), 7 * int(ROW))
        painter.end()

    def in_words(self) -> str:
        return (
            "Cross-correlation answers before the number has come: it looks into the future. The flipped kernel answers from then on "
            "(causal). Networks learn their kernels, so the flip makes no difference to them and is left out."
        )
