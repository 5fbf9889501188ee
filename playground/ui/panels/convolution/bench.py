"""What both benches use: results from the engine's own layers, pictures to try them on, small form fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFrame, QScrollArea, QWidget

from engine import Model, Network
from engine.data.framing import fitted
from engine.layers import Conv2d, Layer
from engine.windows import flipped
from playground.ui.kit.fonts import small
from playground.ui.kit.widgets import ComboBox, named

Array = NDArray[Any]

#: sides of a photograph on the bench
PHOTO = (160, 240)
#: the photographs that come with scikit-learn
PHOTOS = {"photo: temple": "china.jpg", "photo: flower": "flower.jpg"}


def through(layer: Layer, picture: Array, weight: Array | None = None) -> Array:
    """What the engine's layer makes of one picture ``(C, H, W)``; ``weight`` in PyTorch's shape."""
    model = Model(Network.chain(layer), picture.shape)
    if weight is not None:
        model.parameters["0"]["weight"][...] = weight
    found: Array = model.predict(picture[None].astype(np.float32))[0]
    return found


def correlated(kernel: Array, picture: Array, padding: str = "same") -> Array:
    """A filter ``(C, kh, kw)`` slid over a picture ``(C, H, W)`` as networks do it: ``(H', W')``."""
    size = (int(kernel.shape[1]), int(kernel.shape[2]))
    layer = Conv2d(out_channels=1, kernel_size=size, padding=padding, bias=False)
    return through(layer, picture, kernel[None])[0]


def both_ways(kernel: Array, picture: Array, padding: str) -> tuple[Array, Array]:
    """``(cross-correlation, true convolution)``; a picture smaller than the filter is padded even where ``padding`` is "valid"."""
    if padding == "valid" and min(picture.shape[1:]) < kernel.shape[-1]:
        padding = "same"
    return correlated(kernel, picture, padding), correlated(flipped(kernel), picture, padding)


class Photos(QObject):
    """Loads a photograph beside the window's own work: unpacking it, and importing what does, takes long."""

    #: which, and the picture ``(3, H, W)`` from 0 to 1, or what went wrong as text
    loaded = Signal(str, object)

    def load(self, key: str) -> None:
        """``loaded`` follows."""
        QThreadPool.globalInstance().start(lambda: self.loaded.emit(key, photo(key)))


def photo(key: str) -> Array | str:
    """A photograph ``(3, H, W)`` from 0 to 1; a sentence where there is none."""
    try:
        from sklearn.datasets import load_sample_image

        return fitted(load_sample_image(PHOTOS[key]), (3, *PHOTO), 0.0, 1.0).astype(np.float32)
    except (ImportError, OSError, AttributeError) as error:
        return f"The photograph cannot be read ({error}). Install scikit-learn and Pillow, or choose another picture."


def choice(
    name: str, words: str, tip: str, options: Sequence[str], changed: Callable[[str], object], start: int = 0
) -> QComboBox:
    """A small field to choose from, at first the option ``start``."""
    box = named(ComboBox(), name, words, tip)
    box.addItems(list(options))
    box.setCurrentIndex(start)
    box.setFont(small(box.font()))
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.currentTextChanged.connect(changed)
    return box


def number(
    name: str,
    words: str,
    tip: str,
    limits: tuple[float, float, float, float],
    changed: Callable[[float], object],
    prefix: str = "",
    suffix: str = "",
) -> QDoubleSpinBox:
    """A small field for a number; ``limits``: lowest, highest, step and the value at first, whole where the step is."""
    low, high, step, value = limits
    box = named(QDoubleSpinBox(), name, words, tip)
    box.setDecimals(0 if float(step).is_integer() else 2)
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setValue(value)
    box.setPrefix(prefix)
    box.setSuffix(suffix)
    box.setFont(small(box.font()))
    box.setKeyboardTracking(False)
    widest = max((box.textFromValue(v) for v in (low, high, high - step / 4)), key=len)
    box.lineEdit().setTextMargins(4, 0, 0, 0)
    box.setFixedWidth(box.fontMetrics().horizontalAdvance(prefix + widest + suffix) + 42)
    box.valueChanged.connect(changed)
    return box


class Desk(QScrollArea):
    """What a bench shows below its fields; it scrolls where there is too little room. ``roomy`` tells how much there is."""

    roomy = Signal(QSize)

    def __init__(self, name: str, contents: QWidget) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(contents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.roomy.emit(self.viewport().size())
