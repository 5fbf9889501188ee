"""What a network answers over a grid, as a picture: colours of classes, stronger where it is surer."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtGui import QImage

from engine.losses import Loss
from playground.ui.kit.colours import shares_image
from playground.ui.kit.theme import Theme

Array = NDArray[Any]


def class_image(values: Array, classes: int, loss: Loss, theme: Theme, discrete: bool) -> QImage:
    """The classes that outputs ``(outputs, rows, columns)`` name.

    Args:
        classes: how many the data have.
        discrete: one plain colour on each side of the boundary.
    """
    shares = loss.probabilities(values.reshape(len(values), -1).T)[:, :classes]
    return shares_image(theme, shares, values.shape[1:], discrete)
