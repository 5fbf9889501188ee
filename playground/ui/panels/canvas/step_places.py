"""Where the numbers of an update lie at the tiles of the canvas: pure geometry, in pixels of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from playground.ui.panels.canvas.layout import Place, Tile
from playground.ui.panels.canvas.plan import Block

Array = NDArray[Any]

LEAST_WIDTH, LEAST_HEIGHT = 66.0, 30.0  #: of a tile that carries two numbers, such as ← −5.0e−5


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


def middle(points: Sequence[QPointF]) -> QPointF:
    return QPointF(sum(p.x() for p in points) / len(points), sum(p.y() for p in points) / len(points))


def free_place(points: Array, width: float, taken: Sequence[QRectF], tiles: Sequence[QRectF]) -> QRectF:
    """A place for a label on a wire that no other label has taken, between the columns of ``tiles`` as far as they leave room for it."""
    way = float(points[0, 0] + points[-1, 0]) / 2
    left = max((t.right() for t in tiles if t.center().x() < way), default=float(points[0, 0]))
    right = min((t.left() for t in tiles if t.center().x() > way), default=float(points[-1, 0]))
    first, last = left + width / 2 + 1, right - width / 2 - 1
    boxes = []
    for t in (0.3, 0.7, 0.5, 0.2, 0.85):
        x, y = points[round(t * (len(points) - 1))]
        middle = min(max(float(x), first), last) if first <= last else (left + right) / 2
        boxes.append(QRectF(middle - width / 2, float(y) - 8, width, 16))
    return next((b for b in boxes if not any(b.intersects(t) for t in taken)), boxes[0])
