"""Below the network: how large it is, what can be done here, and what the colours mean."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from playground.ui.line import Line
from playground.ui.numbers import fmt
from playground.ui.plots.colours import gradient_table, indexed_image, signed_table
from playground.ui.plots.plot import small
from playground.ui.style import refresh
from playground.ui.theme import Theme

TIP = (
    "Orange is below 0, blue above, and the stronger the further from 0. Every unit's picture over the plane has its own "
    "range (beyond it, the colour of its end); the maps and values of one layer share theirs. Hover a tile to see its range here. "
    "Gradients are teal below 0, violet above. "
    "Wires: the wider, the larger the weight; dots: biases."
)
HINT = "drop a layer between two blocks · hover any wire, bias or tile for its live value"
LINGER = 6000  #: milliseconds that a remark stays

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
        self._gradients = False
        self.show_limit(None)

    @property
    def limit(self) -> float | None:
        """The end of the range it shows."""
        return self._limit

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
        table = gradient_table(self._theme) if self._gradients else signed_table(self._theme)
        painter.drawImage(bar, indexed_image(_RAMP, table))
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


class Footer(QWidget):
    """One line: parameters and hint, or for a while a remark; the scale at the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("canvas_footer")
        self.text = Line()
        self.text.setObjectName("canvas_hint")
        self.text.setProperty("muted", True)
        self.scale = ScaleBar(theme)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 2, 10, 7)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.scale)
        self._usual = self._instead = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LINGER)
        self._timer.timeout.connect(self._calm)

    def show_size(self, parameters: int) -> None:
        """How many numbers the network learns."""
        self._usual = f"{parameters:,} parameter{'s' if parameters != 1 else ''} · {HINT}"
        if not self._timer.isActive():
            self._calm()

    def explain(self, words: str) -> None:
        """What the picture shows while it is not the usual one; "" takes it back."""
        self._instead = words
        if not self._timer.isActive():
            self._calm()

    def say(self, remark: str) -> None:
        """Say something for a few seconds."""
        self._look("problem")
        self.text.say(remark)
        self._timer.start()

    def stop(self) -> None:
        """Back to the usual at once."""
        self._timer.stop()
        self._calm()

    def _calm(self) -> None:
        self._look("muted")
        self.text.say(self._instead or self._usual)

    def _look(self, kind: str) -> None:
        if not self.text.property(kind):
            self.text.setProperty("muted", kind == "muted")
            self.text.setProperty("problem", kind == "problem")
            refresh(self.text)
