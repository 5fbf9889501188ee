"""How long something that moves by itself stays at each place: a slider, and the time in words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from playground.ui.kit.widgets import filled, label, named

#: milliseconds at one place
FASTEST, SLOWEST = 20, 1000


class Pace(QWidget):
    """Milliseconds at each place, from ``FASTEST`` to ``SLOWEST``.

    Args:
        name: the slider's object name.
        words: what it sets, as an accessible name.
        tip: its tooltip.
        usual: milliseconds to begin with.
    """

    def __init__(self, name: str, words: str, tip: str, usual: int) -> None:
        super().__init__()
        self.slider = named(QSlider(Qt.Orientation.Horizontal), name, words, tip)
        self.slider.setRange(FASTEST, SLOWEST)
        self.slider.setValue(usual)
        self.slider.setFixedWidth(76)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.said = label("", wraps=False, muted=True)
        filled(QHBoxLayout(self), self.slider, self.said, gap=6)
        self.slider.valueChanged.connect(self._say)
        self._say(usual)

    def _say(self, milliseconds: int) -> None:
        self.said.setText(f"{milliseconds / 1000:.2f} s")
