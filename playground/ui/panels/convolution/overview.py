"""Level 1: all filters and feature maps of the network, from the picture to the classes, for the chosen sample."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QImage, QPainter

from engine.layers import Conv2d
from engine.network import INPUT, shape_in_words
from engine.receptive import Box, receptive_field
from playground.runner.messages import Deltas, Maps, Predictions, Want, Weights
from playground.ui.kit.grid import Laid, cell_at, cells_rect
from playground.ui.kit.grid_paint import draw, draw_cursor
from playground.ui.kit.ink import Text
from playground.ui.kit.linked import Zone
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.classes import draw_classes
from playground.ui.panels.convolution.columns import FOOT_OF_NAMES, HEAD, Column, Tile
from playground.ui.panels.convolution.level import Level
from playground.ui.panels.convolution.paint import draw_strip, filter_strip, input_image, map_image, map_strip
from playground.ui.panels.convolution.scope import SCALES, Scope, largest, largest_each
from playground.ui.panels.convolution.structure import Spot, pictures, stage_behind

Array = NDArray[Any]

GAP, ROOM, EDGE = 5, 22, 10  #: between tiles, between columns, round everything
LARGEST_TILE = 64  #: the side of a map, at most
BAR_WIDTH = 136  #: of the classes at the end


class Fit(NamedTuple):
    """How large everything is.

    Args:
        tile: the side of a map, at least.
        picture: the side of the picture, at most.
        apart: between columns.
    """

    tile: int = 40
    picture: float = 227.0
    apart: int = ROOM


#: the first that shows the whole network at once is taken; where none does, the first of all: it scrolls
FITS = (Fit(), Fit(36, 200.0, 20), Fit(32, 170.0, 18), Fit(28, 140.0, 14))
#: and where there is no more height for maps, this: more of them stand in a stack
LOW_ROOM, LOW = 190, Fit(30)


class Overview(Level):
    """Columns from left to right; a click on a map spreads it out."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_network", "All filters and feature maps of the network")
        self.columns: list[Column] = []
        self.chosen = 0  # among all tiles that can be opened, for the keyboard
        self._strips: dict[tuple[str, str], QImage] = {}
        self._pointed: tuple[str, int, tuple[int, int]] | None = None
        self._fields: dict[str, Box] = {}

    # --- layout ---

    def place(self, width: int, height: int) -> QSize:
        self.columns.clear()
        scope = self.scope
        if scope.project is None:
            return QSize()
        self._fields, self._pointed = {}, None
        bottom = max(height - EDGE, HEAD + FITS[0].tile + 4)
        for fit in (*FITS, LOW if bottom - HEAD < LOW_ROOM else FITS[0]):
            x = float(EDGE)
            self.columns.clear()
            for node_id in pictures(scope.project.network, scope.shapes):
                column = self._column(node_id, x, bottom, fit)
                self.columns.append(column)
                x = column.rect.right() + fit.apart
            needed = x - fit.apart + EDGE
            if needed <= width:
                break
        return QSize(int(needed), height)

    def _column(self, node_id: str, x: float, bottom: float, fit: Fit) -> Column:
        shape = self.scope.shapes[node_id]
        network = self.scope.project.network if self.scope.project else None
        room = bottom - HEAD
        ink = self.scope.ink
        least = float(ink.title_metrics.horizontalAdvance(self._title(node_id)[0])) + 6
        least = max(least, float(ink.tiny_metrics.horizontalAdvance(self._kernels(node_id))) + 6)
        if len(shape) != 3:
            last = network is not None and node_id == network.output_id
            width = BAR_WIDTH if last else max(14.0, 9.0 * math.ceil(shape[0] / max(1, room // 9)))
            return Column(node_id, QRectF(x, 0, max(width, least), bottom))
        channels, h, w = shape
        if node_id == INPUT:
            side = min(room, fit.picture)
            side = side // max(h, w) * max(h, w) or side
            scale = side / max(h, w)
            size = w * scale, h * scale
            return Column(node_id, QRectF(x, 0, max(size[0], least), bottom), 1, 1, size, size)
        side = float(min(max(fit.tile, h, w), LARGEST_TILE))
        scale = max(1, side // max(h, w)) if max(h, w) <= side else side / max(h, w)
        size = w * scale, h * scale
        has_filter = network is not None and isinstance(network[node_id].layer, Conv2d)
        own = min(*size, 40.0) if has_filter else 0.0
        step = size[0] + GAP + (own + 3 if has_filter else 0), max(size[1], own) + GAP
        rows = max(1, int((room + GAP) // step[1]))
        width = math.ceil(channels / rows) * step[0] - GAP
        return Column(node_id, QRectF(x, 0, max(width, least), bottom), channels, rows, step, size, own)

    def zone_at(self, at: QPointF) -> Zone | None:
        found = next((c.tile_at(at) for c in self.columns if c.rect.contains(at)), None)
        return None if found is None else self._zone_of(found, at)

    def _zone_of(self, tile: Tile, at: QPointF) -> Zone:
        stage = stage_behind(self.scope.stages, tile.node_id)
        rect = tile.rect if tile.filter is None else tile.rect.united(tile.filter)
        click = None
        if stage is not None:
            target = stage.node_id

            def click(at: QPointF) -> None:
                self.scope.go(Spot(target, tile.channel))

        number = self._map(tile.node_id, tile.channel, tile.rect)
        found = None if number is None else number.cell_at(at)
        place = number.grid.place(*found) if number is not None and found is not None else None
        return Zone(
            rect, lambda at: self._tip(tile, at), place, lambda at: self._point(tile, at), None, click
        )

    def _map(self, node_id: str, channel: int, rect: QRectF) -> Laid | None:
        return self.map_of(node_id, channel, rect, self.scope.backward and node_id != INPUT)

    def laids(self) -> Iterable[Laid | None]:
        for column in self.seen():
            for channel in range(column.count):
                yield self._map(column.node_id, channel, column.tile(channel).rect)

    def chosen_tile(self) -> Tile | None:
        """The one of those that spread out that the keyboard has chosen."""
        stages, left = self.scope.stages, self.chosen
        for column in self.columns:
            if stage_behind(stages, column.node_id) is not None:
                if left < column.count:
                    return column.tile(left)
                left -= column.count
        return None

    def move_choice(self, by: int) -> None:
        """Choose another tile by the keyboard, and bring it into sight."""
        before, self.chosen = self.chosen, max(0, self.chosen + by)
        tile = self.chosen_tile()
        if tile is None:  # behind the last
            self.chosen, tile = before, self.chosen_tile()
        if tile is not None:
            rect, bar = tile.rect, self.horizontalScrollBar()
            if rect.right() > bar.value() + self.viewport().width() or rect.left() < bar.value():
                bar.setValue(int(rect.center().x() - self.viewport().width() / 2))
            self.viewport().update()

    def open_choice(self) -> None:
        tile = self.chosen_tile()
        stage = None if tile is None else stage_behind(self.scope.stages, tile.node_id)
        if tile is not None and stage is not None:
            self.scope.go(Spot(stage.node_id, tile.channel))

    def tile_of(self, node_id: str, channel: int) -> QRectF | None:
        """Where a map is on the viewport, for the way to the next level and back."""
        column = next((c for c in self.columns if c.node_id == node_id), None)
        if column is None or channel >= column.count:
            return None
        return column.tile(channel).rect.translated(-self.origin)

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
        super().forget()
        self._strips.clear()

    def _strip(self, node_id: str, kind: str) -> QImage | None:
        """All maps, or filters, of a node below one another, made when they are first seen."""
        key = (node_id, kind)
        if key not in self._strips:
            made = self._filters(node_id) if kind == "filter" else self._maps(node_id)
            if made is None:
                return None
            self._strips[key] = made
        return self._strips[key]

    def _filters(self, node_id: str) -> QImage | None:
        weight = self.scope.weights(node_id).get("weight")
        if weight is None:
            return None
        limits = largest_each(weight) if self.scope.scale == SCALES[0] else largest(weight)
        return filter_strip(weight, limits, self.scope.ink.tables["values"])

    def _maps(self, node_id: str) -> QImage | None:
        scope = self.scope
        backward = scope.backward and node_id != INPUT
        values = scope.deltas(node_id) if backward else scope.maps(node_id)
        if values is None:
            return None
        if node_id == INPUT:
            return input_image(values)
        limits = (
            largest_each(values) if scope.scale == SCALES[0] else scope.limit(node_id, 0, values, backward)
        )
        return map_strip(values, limits, scope.ink.tables["gradients" if backward else "values"])

    # --- drawing ---

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        ink = self.scope.ink
        for column in self.columns:
            if not column.rect.adjusted(0, 0, ROOM, 0).intersects(exposed):
                continue
            if column.count:
                self._paint_tiles(painter, column, exposed)
            else:
                self._paint_row(painter, column)
        chosen = self.chosen_tile() if self.hasFocus() else None
        if chosen is not None:
            draw_cursor(painter, ink, chosen.rect.adjusted(-2, -2, 2, 2))
        self._paint_fields(painter, exposed)

    def texts(self) -> Iterable[Text]:
        ink = self.ink
        for column in self.seen():
            (title, below), (x, wide) = (
                self._title(column.node_id),
                (column.rect.x(), column.rect.width() + ROOM),
            )
            yield Text(QRectF(x, 0, wide, 17), title, ink.text, ink.title)
            yield Text(QRectF(x, 15, wide, 16), below, ink.muted, ink.tiny)
            kernels = self._kernels(column.node_id)
            if kernels:
                yield Text(QRectF(x, 27, wide, 16), kernels, ink.muted, ink.tiny)

    def _paint_tiles(self, painter: QPainter, column: Column, exposed: QRectF) -> None:
        ink = self.scope.ink
        tiles = [column.tile(c) for c in column.channels(exposed.left(), exposed.right())]
        for kind, rects in (
            ("filter", {t.channel: t.filter for t in tiles if t.filter is not None}),
            ("map", {t.channel: t.rect for t in tiles}),
        ):
            strip = self._strip(column.node_id, kind) if rects else None
            if strip is not None:
                draw_strip(painter, strip, column.count, rects, ink.border)
            for rect in rects.values() if strip is None else ():
                painter.fillRect(rect, ink.neutral)

    def _paint_row(self, painter: QPainter, column: Column) -> None:
        """A layer without maps: its values as a block of cells, or at the end the classes."""
        scope, ink = self.scope, self.scope.ink
        project = scope.project
        if project is None:
            return
        top = QRectF(
            column.rect.x(), FOOT_OF_NAMES, column.rect.width(), column.rect.height() - FOOT_OF_NAMES
        )
        if column.node_id == project.network.output_id and not scope.backward:
            self._paint_classes(painter, top)
            return
        values = scope.deltas(column.node_id) if scope.backward else scope.maps(column.node_id)
        if values is None:
            return
        rows = max(1, int(top.height() // 9))
        cells = np.zeros((rows, math.ceil(len(values) / rows)), np.float32)
        cells.T.flat[: len(values)] = values.ravel()
        used = min(rows, len(values))
        image = map_image(
            cells[:used], largest(values), ink.tables["gradients" if scope.backward else "values"]
        )
        draw(painter, image, QRectF(top.x(), top.y(), 9.0 * cells.shape[1], 9.0 * used), ink.border)

    def _paint_classes(self, painter: QPainter, top: QRectF) -> None:
        scope, ink = self.scope, self.scope.ink
        frame = scope.frame
        found = None if frame is None else frame.answer(Predictions(*scope.sample, 1))
        if found is None or frame is None or frame.data is None:
            return
        raw = frame.data.raw
        if not (raw.classes or raw.targets):
            return
        lines = QRectF(top.x(), top.y(), BAR_WIDTH, top.height())
        draw_classes(painter, ink, lines, raw.classes or raw.targets, found[0], bool(raw.classes))

    def _paint_fields(self, painter: QPainter, exposed: QRectF) -> None:
        """Outline what the unit under the mouse sees, on every map before it."""
        if self._pointed is None:
            return
        node_id, channel, _ = self._pointed
        for column in self.columns:
            box = self._fields.get(column.node_id)
            if box is None:
                continue
            shape = self.scope.shapes[column.node_id]
            if len(shape) != 3 or (seen := box.within(shape)).empty:
                continue
            rows, columns = (seen.top, seen.bottom), (seen.left, seen.right)
            shown = column.channels(exposed.left(), exposed.right())
            for seeing in (channel,) if column.node_id == node_id else shown:
                rect = column.tile(seeing).rect
                draw_cursor(painter, self.scope.ink, cells_rect(rect, (shape[1], shape[2]), rows, columns))

    # --- words ---

    def _title(self, node_id: str) -> tuple[str, str]:
        shape = self.scope.shapes[node_id]
        return ("picture" if node_id == INPUT else node_id), shape_in_words(shape)

    def _kernels(self, node_id: str) -> str:
        """How many kernels a convolution has: one for each map and each filter; "" for any other layer."""
        project = self.scope.project
        layer = project.network[node_id].layer if project is not None and node_id != INPUT else None
        if project is None or not isinstance(layer, Conv2d):
            return ""
        (source,) = project.network.inputs_of(node_id)
        maps, filters = self.scope.shapes[source][0] // layer.groups, self.scope.shapes[node_id][0]
        noun = "map" if maps == 1 else "maps"
        return f"{maps} {noun} × {filters} filters = {maps * filters} kernels"

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
            seen = field.within(scope.shapes[INPUT])
            said += f"\nIt sees {seen.height}×{seen.width} pixels of the picture (its receptive field)."
        if stage_behind(scope.stages, tile.node_id) is not None:
            said += "\nClick to spread it out."
        return said
