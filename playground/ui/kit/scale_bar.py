"""What the colours of signed numbers mean, with the ends of their range."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.ui.kit.colours import gradient_table, indexed_image, signed_table
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme

TIP = (
    "Orange is below 0, blue above, and the stronger the further from 0. Every unit's picture over the plane has its own "
    "range (beyond it, the colour of its end); the maps and values of one layer share theirs. Hover a tile to see its range here. "
    "Gradients are teal below 0, violet above. "
    "Wires: the wider, the larger the weight; dots: biases."
)

_RAMP = np.arange(256, dtype=np.uint8)[None, :]


class ScaleBar(QWidget):
    """The signed scale with its ends; without a range in sight, in general."""

    def __init__(self, theme: Theme, name: str = "colour_scale", tip: str = TIP) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self._theme = theme
        self._limit: float | None = None
        self._gradients = self._both = False
        self.show_limit(None)

    @property
    def limit(self) -> float | None:
        """The end of the range it shows."""
        return self._limit

    def show_both(self, both: bool) -> None:
        """While no range is in sight, the colours of values above and those of gradients below."""
        self._both = both
        self.update()

    def show_limit(self, limit: float | None, gradients: bool = False) -> None:
        """The range of what is under the mouse; ``None``: each tile or layer has its own. ``gradients`` have colours of their own."""
        if (limit, gradients) == (self._limit, self._gradients) and self.accessibleName():
            return
        self._limit, self._gradients = limit, gradients
        ends = (
            f"from {fmt(-limit)} to {fmt(limit)}"
            if limit is not None
            else "each tile from minus its maximum to its maximum"
        )
        colours = "teal below 0, violet above" if gradients else "orange below 0, blue above"
        self.setAccessibleName(f"Colours: {colours}; {ends}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(196, 20)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        middle = self.height() / 2
        bar = QRectF(50, middle - 4.5, self.width() - 100, 9)
        values, gradients = signed_table(self._theme), gradient_table(self._theme)
        if self._both and self._limit is None:
            bar = bar.adjusted(0, -3, 0, 3)
            half = QRectF(bar.x(), bar.y(), bar.width(), bar.height() / 2)
            painter.drawImage(half, indexed_image(_RAMP, values))
            painter.drawImage(half.translated(0, half.height()), indexed_image(_RAMP, gradients))
        else:
            painter.drawImage(bar, indexed_image(_RAMP, gradients if self._gradients else values))
        painter.setPen(QColor(self._theme.border))
        painter.drawRect(bar)
        painter.setPen(QColor(self._theme.muted))
        low, high = ("−max", "+max") if self._limit is None else (fmt(-self._limit), "+" + fmt(self._limit))
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, 44, self.height()), align | Qt.AlignmentFlag.AlignRight, low)
        painter.drawText(
            QRectF(self.width() - 44, 0, 44, self.height()), align | Qt.AlignmentFlag.AlignLeft, high
        )
        painter.drawLine(
            round(bar.center().x()), round(bar.top()), round(bar.center().x()), round(bar.bottom())
        )
        painter.end()
