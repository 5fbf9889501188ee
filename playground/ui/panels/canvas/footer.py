"""Below the network: how large it is, what can be done here, and what the colours mean."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from playground.ui.kit.line import Line
from playground.ui.kit.scale_bar import ScaleBar
from playground.ui.kit.style import refresh
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import filled, named

HINT = "drop layers between blocks · hover wires, dots, tiles"
LINGER = 6000  #: milliseconds that a remark stays


class Footer(QWidget):
    """One line: parameters and hint, or for a while a remark; the scale at the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("canvas_footer")
        self.text, self.scale = named(Line(), "canvas_hint", muted=True), ScaleBar(theme)
        filled(QHBoxLayout(self), self.text, self.scale, margins=(14, 2, 10, 7)).setStretch(0, 1)
        self._usual = self._instead = ""
        self._timer = QTimer(self, singleShot=True, interval=LINGER)
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
