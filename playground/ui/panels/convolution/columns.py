"""Where the maps of one node stand among those of all the others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

#: below the name and the shape of a column; above its maps there is a line more: how many kernels made them
FOOT_OF_NAMES, HEAD = 34, 46


@dataclass(frozen=True)
class Tile:
    """One map on the screen, with the filter that made it, if there is one."""

    node_id: str
    channel: int
    rect: QRectF
    filter: QRectF | None = None


@dataclass(frozen=True)
class Column:
    """The maps of one node, in stacks from left to right.

    Args:
        node_id: whose.
        rect: all of it, with its heading.
        count: of maps; 0 for a layer that has none.
        rows: maps in a stack.
        step: from one stack, and from one map, to the next.
        size: width and height of a map.
        own: the side of the filter beside each map; 0 for none.
    """

    node_id: str
    rect: QRectF
    count: int = 0
    rows: int = 1
    step: tuple[float, float] = (1.0, 1.0)
    size: tuple[float, float] = (0.0, 0.0)
    own: float = 0.0

    def tile(self, channel: int) -> Tile:
        left = self.rect.x() + channel // self.rows * self.step[0]
        top = HEAD + channel % self.rows * self.step[1]
        if not self.own:
            return Tile(self.node_id, channel, QRectF(left, top, *self.size))
        rect = QRectF(left + self.own + 3, top, *self.size)
        return Tile(self.node_id, channel, rect, QRectF(left, top, self.own, self.own))

    def channels(self, left: float, right: float) -> range:
        """Those whose stacks reach between these two places: of thousands, most are out of sight."""
        first = max(0, math.floor((left - self.rect.x()) / self.step[0])) * self.rows
        last = max(0, math.floor((right - self.rect.x()) / self.step[0]) + 1) * self.rows
        return range(min(first, self.count), min(last, self.count))

    def tile_at(self, at: QPointF) -> Tile | None:
        """The map, or its filter, under a point."""
        for channel in self.channels(at.x(), at.x()):
            tile = self.tile(channel)
            if tile.rect.contains(at) or (tile.filter is not None and tile.filter.contains(at)):
                return tile
        return None
