"""Where the numbers of an update lie at the tiles of the canvas: pure geometry, in pixels of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from playground.ui.kit.step_progress import Index
from playground.ui.panels.canvas.layout import Place, Tile
from playground.ui.panels.canvas.plan import Block

Array = NDArray[Any]

LEAST_WIDTH, LEAST_HEIGHT = 62.0, 30.0  #: of a tile that carries two numbers


def halves(tile: Tile, room: Place, block: Block, after: float) -> tuple[QRectF, QRectF]:
    """The places of value and gradient. A number's tile is cut in two, a little higher where the next tile leaves room for it.

    A map stays where it always is, its gradient stands right of it; where ``after``, the way to the next column, is too short for
    that, they share the tile.
    """
    rect = tile.rect
    size = min(rect.height(), after - 8)
    if len(block.shape) == 3 and size >= 0.5 * rect.height():
        return rect, QRectF(rect.right() + 4, rect.center().y() - size / 2, size, size)
    tops = [t.rect.top() for t in room.tiles]
    free = min((b - a for a, b in pairwise(tops)), default=1e9) - rect.height() - 6
    more = max(0.0, min(free, LEAST_HEIGHT - rect.height())) / 2
    width = rect.width() if len(block.shape) == 3 else max(rect.width(), LEAST_WIDTH)
    height = rect.height() + 2 * more
    left = rect.left() if tile.filter is not None else rect.center().x() - width / 2
    upper = QRectF(left, rect.top() - more, width, height / 2 - 1)
    return upper, upper.translated(0, height / 2 + 1)


def picture(half: QRectF, shape: tuple[int, ...]) -> QRectF:
    """Where a map ``(C, H, W)`` lies in its half: as large as fits, in proportion."""
    height, width = shape[1:]
    scale = min(half.width() / width, half.height() / height)
    w, h = width * scale, height * scale
    return QRectF(half.center().x() - w / 2, half.center().y() - h / 2, w, h)


def cell_rect(half: QRectF, shape: tuple[int, ...], cell: Index) -> QRectF:
    """Where the cell (row, column) of a map is."""
    rect, (height, width) = picture(half, shape), shape[1:]
    w, h = rect.width() / width, rect.height() / height
    return QRectF(rect.left() + cell[1] * w, rect.top() + cell[0] * h, w, h)


def cell_at(half: QRectF, shape: tuple[int, ...], at: QPointF) -> Index:
    """The cell of a map at a point; ``()`` where the layer has no maps."""
    if len(shape) != 3:
        return ()
    rect, (height, width) = picture(half, shape), shape[1:]
    row = int((at.y() - rect.top()) / rect.height() * height)
    column = int((at.x() - rect.left()) / rect.width() * width)
    return min(max(row, 0), height - 1), min(max(column, 0), width - 1)


def picture_of(index: NDArray[np.uint8], table: list[int], values: Array) -> QImage:
    """Maps ``(n, H, W)`` one below the other; cells that are not known yet are seen through."""
    colours = np.array(table, np.uint32)[index]
    colours[np.isnan(values)] = 0
    width = colours.shape[2]
    flat = np.ascontiguousarray(colours.reshape(-1, width))
    image = QImage(flat.data, width, len(flat), 4 * width, QImage.Format.Format_ARGB32)
    return image.copy()


def middle(points: Sequence[QPointF]) -> QPointF:
    return QPointF(sum(p.x() for p in points) / len(points), sum(p.y() for p in points) / len(points))


def free_place(points: Array, width: float, taken: Sequence[QRectF]) -> QRectF:
    """A place for a label on a wire that no other label has taken."""
    boxes = [
        QRectF(x - width / 2, y - 8, width, 16)
        for x, y in (points[round(t * (len(points) - 1))] for t in (0.3, 0.7, 0.5, 0.2, 0.85))
    ]
    return next((b for b in boxes if not any(b.intersects(t) for t in taken)), boxes[0])
