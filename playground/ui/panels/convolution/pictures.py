"""The pictures of the filter bench: what the filter slides over, and what comes out, with the kernel that did it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from engine.data.framing import fitted as framed
from playground.ui.kit.grid import fitted
from playground.ui.kit.grid_paint import draw
from playground.ui.kit.ink import CENTRE, write
from playground.ui.kit.own_pictures import PictureDrop, pixels_of
from playground.ui.panels.convolution.paint import filter_image, input_image, map_image
from playground.ui.panels.convolution.scope import Scope, largest

Array = NDArray[Any]

#: the longer side of a picture of one's own on the bench, in pixels
LONGEST = 240
HEAD, KERNEL, GAP = 38, 32, 14


@dataclass(frozen=True, eq=False)
class Result:
    """One picture that came out.

    Args:
        name, how: what it is, in two lines.
        kernel: ``(C, kh, kw)``, as it was slid.
        values: ``(H, W)``.
    """

    name: str
    how: str
    kernel: Array
    values: Array


def own_picture(image: QImage) -> Array:
    """A picture of one's own ``(3, H, W)`` from 0 to 1, in its own proportions, its longer side 240 pixels at most."""
    scale = min(1.0, LONGEST / max(image.width(), image.height()))
    height, width = (max(1, round(n * scale)) for n in (image.height(), image.width()))
    if scale < 1:
        ratio, how = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(width, height, ratio, how)
    return framed(pixels_of(image), (3, height, width), 0.0, 1.0).astype(np.float32)


class Pictures(PictureDrop):
    """Picture and results side by side; drop a picture on it to use it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("filter_pictures")
        self.setAccessibleName("The picture, and what the filter makes of it")
        self.setToolTip("Drop or paste a picture of your own here.")
        self.setMinimumHeight(160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.picture: Array | None = None
        self.results: tuple[Result, ...] = ()
        self.title, self.with_picture = "picture", True
        self._images: list[QImage] = []
        self._kernels: list[QImage] = []

    def sizeHint(self) -> QSize:
        return QSize(600, 230)

    def show_results(
        self, picture: Array | None, results: tuple[Result, ...], title: str = "picture"
    ) -> None:
        """Show ``picture`` (C, H, W) under its ``title``, and what came of it."""
        self.picture, self.results, self.title = picture, results, title
        self._images.clear()
        self.update()

    def _prepare(self, picture: Array) -> None:
        ink = self._scope.ink
        limit = max((largest(r.values) for r in self.results), default=0.0)
        self._images = [input_image(picture)]
        self._images += [map_image(r.values, limit, ink.tables["values"]) for r in self.results]
        slid = [k[:1] if (k == k[:1]).all() else k for k in (r.kernel for r in self.results)]
        self._kernels = [filter_image(k, largest(k), ink.tables["values"]) for k in slid]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self._scope.ink
        painter.fillRect(event.rect(), ink.panel)
        if self.picture is None:
            write(painter, QRectF(self.rect()), "There is no picture yet.", ink.muted, ink.small, CENTRE)
            painter.end()
            return
        if not self._images:
            self._prepare(self.picture)
        first = 0 if self.with_picture else 1  # a drawing is shown by the pad beside
        width = (self.width() + GAP) / (len(self._images) - first)
        for k, image in enumerate(self._images[first:]):
            room = QRectF(k * width, HEAD, width - GAP, self.height() - HEAD - 2)
            if k + first:
                self._paint_head(painter, room, self.results[k + first - 1], self._kernels[k + first - 1])
            else:
                write(painter, QRectF(room.x(), 0, room.width(), 18), self.title, ink.text, ink.small)
                size = "×".join(map(str, self.picture.shape))
                write(painter, QRectF(room.x(), 16, room.width(), 16), size, ink.muted, ink.tiny)
            draw(painter, image, fitted(room, image.height(), image.width()), ink.border)
        painter.end()

    def _paint_head(self, painter: QPainter, room: QRectF, result: Result, kernel: QImage) -> None:
        """The kernel as it was slid, and what came of it in words."""
        ink = self._scope.ink
        scale = KERNEL / max(kernel.width(), kernel.height())
        own = QRectF(room.x(), 1, kernel.width() * scale, kernel.height() * scale)
        draw(painter, kernel, own, ink.border)
        x = own.right() + 6
        write(painter, QRectF(x, 0, room.right() - x, 18), result.name, ink.text, ink.small)
        write(painter, QRectF(x, 16, room.right() - x, 16), result.how, ink.muted, ink.tiny)
