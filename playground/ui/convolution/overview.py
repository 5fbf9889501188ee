"""Level 1: all filters and feature maps of the network, from the picture to the classes, for the chosen sample."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from engine.layers import Conv2d
from engine.network import INPUT, shape_in_words
from engine.receptive import Box, receptive_field
from playground.runner.messages import Deltas, Maps, Predictions, Want, Weights
from playground.ui.convolution.level import Level, Spotlight
from playground.ui.convolution.paint import (
    cell_at,
    cells_rect,
    draw,
    draw_cursor,
    filter_image,
    input_image,
    map_image,
    write,
)
from playground.ui.convolution.scope import Scope, largest
from playground.ui.convolution.structure import Spot, pictures, stage_behind
from playground.ui.numbers import fmt

Array = NDArray[Any]

HEAD, GAP, ROOM, EDGE = 34, 5, 22, 10  #: above a column, between tiles, between columns, round everything
TILE, LARGEST_TILE = 40, 64  #: the side of a map, at least and at most
BAR, BAR_WIDTH = 17, 128  #: a class at the end: height and width
MOST_BARS = 40  #: so many classes are listed


@dataclass(frozen=True)
class Tile:
    """One map on the screen, with the filter that made it, if there is one."""

    node_id: str
    channel: int
    rect: QRectF
    filter: QRectF | None = None


@dataclass(frozen=True)
class Column:
    """The maps of one node."""

    node_id: str
    rect: QRectF
    tiles: tuple[Tile, ...]


class Overview(Level):
    """Columns from left to right; a click on a map spreads it out."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_network", "All filters and feature maps of the network")
        self.columns: list[Column] = []
        self.chosen = 0  # among all tiles that can be opened, for the keyboard
        self._images: dict[tuple[str, int, str], QImage] = {}
        self._pointed: tuple[str, int, tuple[int, int]] | None = None
        self._fields: dict[str, Box] = {}

    # --- layout ---

    def place(self, width: int, height: int) -> QSize:
        self.columns.clear()
        scope = self.scope
        if scope.project is None:
            return QSize()
        self._fields, self._pointed = {}, None
        bottom = max(height - EDGE, HEAD + TILE + 4)
        x = float(EDGE)
        for node_id in pictures(scope.project.network, scope.shapes):
            column = self._column(node_id, x, bottom)
            self.columns.append(column)
            x = column.rect.right() + ROOM
        for column in self.columns:
            self.spotlights += [self._light(tile) for tile in column.tiles]
        return QSize(int(x), height)

    def _column(self, node_id: str, x: float, bottom: float) -> Column:
        shape = self.scope.shapes[node_id]
        network = self.scope.project.network if self.scope.project else None
        room = bottom - HEAD
        least = float(self.scope.ink.title_metrics.horizontalAdvance(self._title(node_id)[0])) + 6
        if len(shape) != 3:
            last = network is not None and node_id == network.output_id
            width = BAR_WIDTH if last else max(14.0, 9.0 * math.ceil(shape[0] / max(1, room // 9)))
            return Column(node_id, QRectF(x, 0, max(width, least), bottom), ())
        channels, h, w = shape
        if node_id == INPUT:
            side = min(room, 227.0)
            side = side // max(h, w) * max(h, w) or side
            scale = side / max(h, w)
            rect = QRectF(x, HEAD, w * scale, h * scale)
            return Column(node_id, QRectF(x, 0, max(rect.width(), least), bottom), (Tile(node_id, 0, rect),))
        side = float(min(max(TILE, h, w), LARGEST_TILE))
        scale = max(1, side // max(h, w)) if max(h, w) <= side else side / max(h, w)
        tile_h, tile_w = h * scale, w * scale
        has_filter = network is not None and isinstance(network[node_id].layer, Conv2d)
        own = min(tile_h, tile_w, 40.0) if has_filter else 0.0
        step_x, step_y = tile_w + GAP + (own + 3 if has_filter else 0), max(tile_h, own) + GAP
        rows = max(1, int((room + GAP) // step_y))
        tiles = []
        for c in range(channels):
            left, top = x + c // rows * step_x, HEAD + c % rows * step_y
            rect = QRectF(left + (own + 3 if has_filter else 0), top, tile_w, tile_h)
            tiles.append(Tile(node_id, c, rect, QRectF(left, top, own, own) if has_filter else None))
        width = math.ceil(channels / rows) * step_x - GAP
        return Column(node_id, QRectF(x, 0, max(width, least), bottom), tuple(tiles))

    def _light(self, tile: Tile) -> Spotlight:
        stage = stage_behind(self.scope.stages, tile.node_id)
        rect = tile.rect if tile.filter is None else tile.rect.united(tile.filter)
        click = None
        if stage is not None:
            target = stage.node_id

            def click(at: QPointF) -> None:
                self.scope.go(Spot(target, tile.channel))

        return Spotlight(rect, lambda at: self._tip(tile, at), lambda at: self._point(tile, at), None, click)

    def openable(self) -> list[Tile]:
        """The tiles that spread out, in order."""
        stages = self.scope.stages
        return [t for c in self.columns for t in c.tiles if stage_behind(stages, t.node_id) is not None]

    def move_choice(self, by: int) -> None:
        """Choose another tile by the keyboard, and bring it into sight."""
        tiles = self.openable()
        if tiles:
            self.chosen = min(max(0, self.chosen + by), len(tiles) - 1)
            rect, bar = tiles[self.chosen].rect, self.horizontalScrollBar()
            if rect.right() > bar.value() + self.viewport().width() or rect.left() < bar.value():
                bar.setValue(int(rect.center().x() - self.viewport().width() / 2))
            self.viewport().update()

    def open_choice(self) -> None:
        tiles = self.openable()
        if tiles:
            tile = tiles[min(self.chosen, len(tiles) - 1)]
            stage = stage_behind(self.scope.stages, tile.node_id)
            if stage is not None:
                self.scope.go(Spot(stage.node_id, tile.channel))

    def tile_of(self, node_id: str, channel: int) -> QRectF | None:
        """Where a map is on the viewport, for the way to the next level and back."""
        for column in self.columns:
            if column.node_id == node_id:
                return (
                    column.tiles[channel].rect.translated(-self.origin)
                    if channel < len(column.tiles)
                    else None
                )
        return None

    # --- numbers ---

    def seen(self) -> list[Column]:
        """The columns that can be seen now."""
        there = QRectF(self.viewport().rect()).translated(self.origin)
        return [c for c in self.columns if c.rect.right() >= there.left() and c.rect.left() <= there.right()]

    def wants(self) -> Iterable[Want]:
        scope = self.scope
        if scope.project is None:
            return
        network, sample = scope.project.network, scope.sample
        for column in self.seen():
            yield Maps(column.node_id, *sample)
            if column.node_id == INPUT:
                continue
            if scope.backward:
                yield Deltas(column.node_id, *sample)
            if isinstance(network[column.node_id].layer, Conv2d):
                yield Weights(column.node_id)
            if column.node_id == network.output_id:
                yield Predictions(*sample, 1)

    def forget(self) -> None:
        self._images.clear()

    def _image(self, tile: Tile, kind: str) -> QImage | None:
        """The picture of a tile, made when it is first seen."""
        key = (tile.node_id, tile.channel, kind)
        if key not in self._images:
            made = self._make(tile, kind)
            if made is None:
                return None
            self._images[key] = made
        return self._images[key]

    def _make(self, tile: Tile, kind: str) -> QImage | None:
        scope, ink = self.scope, self.scope.ink
        if kind == "filter":
            weight = scope.weights(tile.node_id).get("weight")
            if weight is None:
                return None
            limit = largest(weight[tile.channel] if scope.scale == "per map" else weight)
            return filter_image(weight[tile.channel], limit, ink.values)
        backward = scope.backward and tile.node_id != INPUT
        values = scope.deltas(tile.node_id) if backward else scope.maps(tile.node_id)
        if values is None:
            return None
        if tile.node_id == INPUT:
            return input_image(values)
        return map_image(values[tile.channel], self._limit(tile, values), ink.table(backward))

    def _limit(self, tile: Tile, values: Array) -> float:
        if self.scope.scale == "per map":
            return largest(values[tile.channel])
        key = (tile.node_id, -1, "limit")
        if key not in self._limits:
            self._limits[key] = self.scope.limit(tile.node_id, tile.channel, values)
        return self._limits[key]

    # --- drawing ---

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        self._limits: dict[tuple[str, int, str], float] = {}
        ink = self.scope.ink
        for column in self.columns:
            if not column.rect.adjusted(0, 0, ROOM, 0).intersects(exposed):
                continue
            title, below = self._title(column.node_id)
            write(
                painter,
                QRectF(column.rect.x(), 0, column.rect.width() + ROOM, 17),
                title,
                ink.text,
                ink.title,
            )
            write(
                painter,
                QRectF(column.rect.x(), 15, column.rect.width() + ROOM, 16),
                below,
                ink.muted,
                ink.tiny,
            )
            if not column.tiles:
                self._paint_row(painter, column)
            for tile in column.tiles:
                if tile.rect.intersects(exposed):
                    self._paint_tile(painter, tile)
        tiles = self.openable()
        if self.hasFocus() and tiles:
            draw_cursor(painter, ink, tiles[min(self.chosen, len(tiles) - 1)].rect.adjusted(-2, -2, 2, 2))
        self._paint_fields(painter)

    def _paint_tile(self, painter: QPainter, tile: Tile) -> None:
        ink = self.scope.ink
        for kind, rect in (("filter", tile.filter), ("map", tile.rect)):
            if rect is None:
                continue
            image = self._image(tile, kind)
            if image is None:
                painter.fillRect(rect, ink.neutral)
            else:
                draw(painter, image, rect, ink.border)

    def _paint_row(self, painter: QPainter, column: Column) -> None:
        """A layer without maps: its values as a block of cells, or at the end the classes."""
        scope, ink = self.scope, self.scope.ink
        project = scope.project
        if project is None:
            return
        top, room = QRectF(column.rect.x(), HEAD, column.rect.width(), column.rect.height() - HEAD), None
        values = scope.maps(column.node_id)
        if values is None:
            return
        if column.node_id == project.network.output_id:
            self._paint_classes(painter, top)
            return
        rows = max(1, int(top.height() // 9))
        room = np.zeros((rows, math.ceil(len(values) / rows)), np.float32)
        room.T.flat[: len(values)] = values.ravel()
        used = min(rows, len(values))
        image = map_image(room[:used], largest(values), ink.values)
        draw(painter, image, QRectF(top.x(), top.y(), 9.0 * room.shape[1], 9.0 * used), ink.border)

    def _paint_classes(self, painter: QPainter, top: QRectF) -> None:
        scope, ink = self.scope, self.scope.ink
        frame = scope.frame
        found = None if frame is None else frame.answer(Predictions(*scope.sample, 1))
        if found is None or frame is None or frame.data is None:
            return
        names = frame.data.raw.classes or frame.data.raw.targets
        shares = found[0]
        order = list(range(len(shares)))
        room = max(1, int(top.height() // BAR))
        if len(order) > min(room, MOST_BARS):
            order = sorted(np.argsort(-shares)[: min(room, MOST_BARS)].tolist())
        best = int(shares.argmax())
        for row, k in enumerate(order):
            line = QRectF(top.x(), top.y() + row * BAR, BAR_WIDTH, BAR)
            chosen = k == best and bool(frame.data.raw.classes)
            name = names[k] if k < len(names) else str(k)
            write(
                painter,
                line.adjusted(0, 0, -BAR_WIDTH + 40, 0),
                name,
                ink.text,
                ink.title if chosen else ink.small,
            )
            if frame.data.raw.classes:
                length = max(1.0, (BAR_WIDTH - 82) * float(np.clip(shares[k], 0, 1)))
                colour = ink.accent if chosen else QColor(ink.wire.color())
                painter.fillRect(QRectF(line.x() + 42, line.y() + 4, length, BAR - 8), colour)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            write(painter, line, fmt(float(shares[k]), 2), ink.muted, ink.tiny, right)

    def _paint_fields(self, painter: QPainter) -> None:
        """Outline what the unit under the mouse sees, on every map before it."""
        if self._pointed is None:
            return
        node_id, channel, _ = self._pointed
        for column in self.columns:
            box = self._fields.get(column.node_id)
            if box is None:
                continue
            for tile in column.tiles:
                if column.node_id == node_id and tile.channel != channel:
                    continue
                shape = self.scope.shapes[column.node_id]
                seen = box.within(shape)
                rows, columns = (seen.top, seen.bottom), (seen.left, seen.right)
                if rows[0] <= rows[1] and columns[0] <= columns[1]:
                    draw_cursor(
                        painter, self.scope.ink, cells_rect(tile.rect, (shape[1], shape[2]), rows, columns)
                    )

    # --- words ---

    def _title(self, node_id: str) -> tuple[str, str]:
        shape = self.scope.shapes[node_id]
        return ("picture" if node_id == INPUT else node_id), shape_in_words(shape)

    def _point(self, tile: Tile, at: QPointF) -> None:
        scope, shape = self.scope, self.scope.shapes[tile.node_id]
        cell = cell_at(tile.rect, at, shape[1], shape[2])
        pointed = None if cell is None else (tile.node_id, tile.channel, cell)
        if pointed != self._pointed and scope.project is not None:
            self._pointed = pointed
            self._fields = (
                receptive_field(scope.project.network, scope.shapes, tile.node_id, cell)
                if cell is not None
                else {}
            )
            if tile.node_id != INPUT:
                scope.context.focus.hover((tile.node_id, tile.channel))
            self.viewport().update()

    def leave(self) -> None:
        super().leave()
        if self._pointed is not None:
            self._pointed, self._fields = None, {}
            self.scope.context.focus.hover(None)
            self.viewport().update()

    def _tip(self, tile: Tile, at: QPointF) -> str:
        scope, shape = self.scope, self.scope.shapes[tile.node_id]
        values, cell = scope.maps(tile.node_id), cell_at(tile.rect, at, shape[1], shape[2])
        what = "picture" if tile.node_id == INPUT else f"{tile.node_id}, channel {tile.channel + 1}"
        if values is None or cell is None:
            return what
        said = f"{what}: row {cell[0] + 1}, column {cell[1] + 1} is {fmt(float(values[tile.channel][cell]))}"
        field = self._fields.get(INPUT)
        if field is not None and tile.node_id != INPUT:
            said += f"\nIt sees {field.height}×{field.width} pixels of the picture (its receptive field)."
        if stage_behind(scope.stages, tile.node_id) is not None:
            said += "\nClick to spread it out."
        return said
