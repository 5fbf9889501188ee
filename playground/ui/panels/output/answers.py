"""What a network answers over a grid, as a picture: colours of classes, stronger where it is surer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from engine.losses import Loss
from playground.ui.kit.colours import binary_table, class_index, class_table, indexed_image, share_index
from playground.ui.kit.theme import Theme

Array = NDArray[Any]


def class_image(values: Array, classes: int, loss: Loss, theme: Theme, discrete: bool) -> QImage:
    """The classes that outputs ``(outputs, rows, columns)`` name.

    Args:
        classes: how many the data have.
        discrete: one plain colour on each side of the boundary.
    """
    shares = loss.probabilities(values.reshape(len(values), -1).T)[:, :classes]
    if classes <= 2:
        second = shares[:, 1]
        index = share_index(second >= 0.5 if discrete else second)
        table = binary_table(theme)
    else:
        label = shares.argmax(axis=1)
        # From "as likely as any other" to "certain".
        sure = (shares.max(axis=1) - 1 / classes) / (1 - 1 / classes)
        index = class_index(label, np.ones_like(sure) if discrete else sure, classes)
        table = class_table(theme, classes)
    return indexed_image(index.reshape(values.shape[1:]), table)
