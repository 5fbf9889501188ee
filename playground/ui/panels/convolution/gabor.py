"""What a Gabor filter is made of: the direction and length of its wave, and the bell over it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.kernels import gabor
from playground.ui.kit.widgets import filled
from playground.ui.panels.convolution.bench import number


class GaborFields(QWidget):
    """Three numbers; ``changed`` when one of them is another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gabor_fields")
        tell = self.changed.emit
        self.angle = number(
            "gabor_angle",
            "Angle",
            "Which way the stripes change.",
            (0, 165, 15, 45),
            lambda _: tell(),
            "angle ",
            " °",
        )
        self.angle.setWrapping(True)
        self.wave = number(
            "gabor_wave",
            "Wavelength",
            "Cells from one stripe to the next.",
            (1.0, 14.0, 0.5, 2.0),
            lambda _: tell(),
            "wave ",
        )
        self.bell = number(
            "gabor_width",
            "Width",
            "Standard deviation of the bell, in cells.",
            (0.4, 7.0, 0.2, 1.0),
            lambda _: tell(),
            "width ",
        )
        filled(QHBoxLayout(self), self.angle, self.wave, self.bell, gap=8)

    def kernel(self, size: int) -> NDArray[Any]:
        """``(size, size)``."""
        return gabor(size, self.angle.value(), self.wave.value(), self.bell.value())

    def fitted(self, size: int) -> NDArray[Any]:
        """The filter of another size, whose wave and bell have grown with it."""
        for part, value in ((self.wave, size / 1.8), (self.bell, size / 4.0)):
            with QSignalBlocker(part):
                part.setValue(value)
        return gabor(size, self.angle.value())
