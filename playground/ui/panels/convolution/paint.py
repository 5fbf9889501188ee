"""Pictures of maps and filters, made from many numbers at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from playground.ui.kit.colours import draw_part, indexed_image, sample_image, signed_index

Array = NDArray[Any]


def map_image(values: Array, limit: float, table: list[int]) -> QImage:
    """One map ``(H, W)`` on the scale ``±limit``."""
    return indexed_image(signed_index(values, limit), table)


def input_image(values: Array) -> QImage:
    """The picture ``(C, H, W)`` that enters the network: grey, or in colours where it has three channels."""
    return sample_image(values.astype(np.float32), float(values.min()), float(values.max()))


def map_strip(maps: Array, limits: Array | float, table: list[int]) -> QImage:
    """Maps ``(C, H, W)`` below one another, on the scale ``±limits``, one for all or ``(C,)``: one picture costs as much as the next."""
    if isinstance(limits, np.ndarray):
        maps, limits = maps / np.where(limits > 0, limits, 1)[:, None, None], 1.0
    return indexed_image(signed_index(maps.reshape(-1, maps.shape[2]), limits), table)


def in_colours(shape: tuple[int, ...]) -> bool:
    """Whether filters of this shape ``(C, kh, kw)`` are shown as small pictures: those for red, green and blue, if large enough."""
    return shape[0] == 3 and shape[1] > 4


def filter_strip(weight: Array, limits: Array | float, table: list[int]) -> QImage:
    """Filters ``(O, C, kh, kw)`` below one another: the slices of each side by side in a block; red, green and blue in colours."""
    count, depth, height, width = weight.shape
    if in_colours(weight.shape[1:]):
        scale = np.reshape(np.where(np.greater(limits, 0), limits, 1), (-1, 1, 1, 1))
        below = (weight / scale).transpose(1, 0, 2, 3).reshape(3, -1, width)
        return sample_image(below.astype(np.float32), -1.0, 1.0)
    across = int(np.ceil(np.sqrt(depth)))
    down = -(-depth // across)
    gap = 1 if depth > 1 else 0
    cells = np.zeros((count, down * across, height + gap, width + gap), np.float32)
    cells[:, :depth, :height, :width] = weight
    blocks = cells.reshape(count, down, across, height + gap, width + gap).transpose(0, 1, 3, 2, 4)
    blocks = blocks.reshape(count, down * (height + gap), across * (width + gap))
    return map_strip(blocks[:, : blocks.shape[1] - gap, : blocks.shape[2] - gap], limits, table)


def filter_image(kernel: Array, limit: float, table: list[int]) -> QImage:
    """One filter ``(C, kh, kw)``."""
    return filter_strip(kernel[None], limit, table)


def draw_strip(
    painter: QPainter, strip: QImage, count: int, rects: Mapping[int, QRectF], rim: QColor
) -> None:
    """Draw those of the ``count`` pictures of a strip that have a place, with sharp pixels and rims."""
    height = strip.height() / count
    for index, rect in rects.items():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, strip.width() > rect.width())
        draw_part(painter, rect, strip, QRectF(0, index * height, strip.width(), height))
    painter.setPen(rim)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRects(list(rects.values()))
