"""The numbers of an update, drawn over the network while somebody steps through it: values above, gradients below."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.network import INPUT
from engine.trace import Place
from playground.ui.kit.colours import readable
from playground.ui.kit.grid import Grid, Laid, centred
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.kit.numbers import fmt
from playground.ui.kit.step_progress import Progress
from playground.ui.panels.canvas.inside.marks import subscript
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import Tile
from playground.ui.panels.canvas.look import DIM, RADIUS, SMALLEST, TILE_RADIUS, Look, write
from playground.ui.panels.canvas.plan import LOSS, Block
from playground.ui.panels.canvas.step_lines import BACK, CENTRE, StepLines
from playground.ui.panels.canvas.step_places import halves
from playground.ui.panels.canvas.step_plan import Atlas, Face, Spot, Spotlight, face, spotlight
from playground.ui.panels.canvas.targets import Card, Cell, Unit

if TYPE_CHECKING:
    from playground.ui.panels.canvas.block import BlockItem
    from playground.ui.panels.canvas.scene import NetworkScene

Array = NDArray[Any]

UNKNOWN = "?"
#: pixels between the left edge of a number and the middle of the dot of its bias
BESIDE = 3.0
#: the height of the word above the card that computes: the canvas begins so far above the cards, less what covers the card's rim
PILL = 13.5
#: how far the colours of numbers go towards the panel's, so that the numbers stand out
PALE = 1.7
TAGS = {
    "forward": "forward \N{RIGHTWARDS ARROW}",
    "loss": "loss",
    "backward": BACK + "backward",
    "update": "update",
}


class StepItem(Item):
    """Lies over the blocks. The scene's items below it are dimmed by ``Stepping``."""

    def __init__(self, scene: NetworkScene) -> None:
        super().__init__()
        self.setZValue(5)
        self._scene = scene
        self.progress: Progress | None = None
        self.light = Spotlight()
        self.faces: dict[str, Face] = {}
        self.pointed: Spot | None = None
        self.chosen: Spot | None = None
        self._rooms: dict[str, float] = {}
        self._lefts: list[float] = []  # where columns begin, from left to right
        self._lines = StepLines(scene, self.halves)
        self._atlas: Atlas | None = None
        self._laids: dict[tuple[Unit, bool], Laid] = {}
        self.hide()

    def show_progress(self, atlas: Atlas | None, progress: Progress | None) -> None:
        """Draw this step; ``None`` draws nothing."""
        self.progress, self._atlas = progress, atlas
        self.setVisible(progress is not None)
        if progress is None or atlas is None:
            self.light, self.faces, self.pointed, self.chosen = Spotlight(), {}, None, None
            return
        self.light = spotlight(atlas, progress)
        shown = [b for b in atlas.plan.blocks if b.units]
        self.faces = {b.id: face(atlas, b, progress) for b in shown}
        self.rearrange()

    def rearrange(self) -> None:
        """The blocks have been moved."""
        self.set_bounds(self._scene.layout_.bounds.adjusted(-4, -4, 4, 4))
        self._rooms, self._lefts, self._laids = {}, [], {}
        self.update()

    def halves(self, item: BlockItem, tile: Tile) -> tuple[QRectF, QRectF]:
        """The places of a tile's value and gradient, relative to its block."""
        block_id = item.block.id
        if block_id not in self._rooms:
            self._rooms[block_id] = self._room_after(item)
        return halves(tile, item.place, item.block, self._rooms[block_id])

    def bias_at(self, item: BlockItem, tile: Tile) -> QPointF:
        """Where the dot of a unit's bias is: beside the numbers, which it would cover at the tile's own corner."""
        if len(item.block.shape) == 3:
            return tile.bias
        lower = self.halves(item, tile)[1]
        return QPointF(lower.left() - BESIDE, lower.bottom() + 1)

    def _room_after(self, item: BlockItem) -> float:
        """How far it is from a column to the next."""
        if not self._lefts:
            blocks = self._scene.blocks.values()
            ends = [o.x() + o.place.column.left() for o in blocks if o.place.tiles]
            ends += [
                o.x() + o.place.below.left()
                for o in blocks
                if o.block.id == LOSS and o.place.below is not None
            ]
            self._lefts = sorted(ends)
        right = item.x() + item.place.column.right()
        at = bisect_right(self._lefts, right)
        return self._lefts[at] - right if at < len(self._lefts) else 0.0

    # --- where things are ---------------------------------------------------------------------------------------------

    def rect_of(self, spot: Spot) -> QRectF | None:
        """Where a number is drawn, on the canvas; ``None`` where it is on a page not shown."""
        if spot.target.block_id not in self._scene.blocks:
            return None
        item = self._scene.blocks[spot.target.block_id]
        if isinstance(spot.target, Unit):
            tile = item.place.tile(spot.target.unit)
            if tile is None:
                return None
            laid = self.laid(item, tile, spot.lower) if spot.cell else None
            rect = laid.rect_of(spot.cell[0], spot.cell[1]) if laid else self.halves(item, tile)[spot.lower]
            return rect.translated(item.pos())
        if spot.target.block_id == LOSS and item.place.below is not None:
            return item.place.below.translated(item.pos())
        return self._scene.rect_of(spot.target)

    def laid(self, item: BlockItem, tile: Tile, lower: bool) -> Laid | None:
        """The number, or the map, in a half of a tile, relative to its block; ``None`` while the block shows none."""
        block, shown, progress = item.block, self.faces.get(item.block.id), self.progress
        key = (Unit(block.id, tile.unit), lower)
        if key not in self._laids and shown is not None and progress is not None:
            half, is_map = self.halves(item, tile)[lower], len(block.shape) == 3
            values = shown.gradients if lower else shown.values
            size = block.shape[1:] if is_map else (1, 1)
            cells = np.full(size, np.nan) if values is None else np.reshape(values[tile.unit], size)
            limit = shown.gradient_limit if lower else shown.value_limit
            grid = Grid(
                r"\delta" if lower else "y", block.id, cells, lower, self._places(shown, block, tile.unit, lower),
                picture=is_map, limit=limit if is_map else PALE * limit,
                grey=_ends(values) if block.id == INPUT and is_map and not lower else None,
                before=BACK if lower else "", least=SMALLEST,
                unknown=UNKNOWN if not is_map and self._waits(block.id, lower) else "",
                struck=None if lower else self._switched_off(block, tile.unit, size),
            )  # fmt: skip
            self._laids[key] = Laid.whole(grid, centred(half, *size) if is_map else half)
        return self._laids.get(key)

    def _switched_off(self, block: Block, unit: int, size: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """The cells of a unit that dropout silences in this update, once the steps have come there; ``None`` for none."""
        progress, atlas = self.progress, self._atlas
        if progress is None or atlas is None:
            return None
        for node in atlas.chain(block.id):
            factor = progress.trace.extras.get(node, {}).get("factor")
            known = progress.value(node)
            if factor is None or known is None or np.isnan(known[unit]).any():
                continue
            off = np.broadcast_to(np.asarray(factor[progress.trace.row(progress.sample)])[unit] == 0, size)
            if off.any():
                return off
        return None

    def _places(
        self, shown: Face, block: Block, unit: int, lower: bool
    ) -> Callable[[int, int], Place | None]:
        """Where the numbers of a tile stand in the update."""

        def place(row: int, column: int) -> Place | None:
            index = (unit, row, column)[: len(block.shape)]
            node, atlas, progress = shown.node_of(lower, index), self._atlas, self.progress
            if node is None or atlas is None or progress is None:
                return None
            return atlas.place_of(node, "gradient" if lower else "value", index, progress.sample)

        return place

    def number_at(self, at: QPointF) -> tuple[Laid, Place | None] | None:
        """The tile's half at a point of the canvas, and where the number there stands."""
        for block_id in self.faces:
            item = self._scene.blocks.get(block_id)
            if item is None:  # the network has just become another one
                continue
            for tile in item.place.tiles:
                for lower, half in enumerate(self.halves(item, tile)):
                    laid = self.laid(item, tile, bool(lower)) if half.contains(at - item.pos()) else None
                    if laid is not None:
                        found = laid.cell_at(at - item.pos())
                        return laid, None if found is None else laid.grid.place(*found)
        return None

    # --- painting -----------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        if self.progress is None:
            return
        for block_id in self.faces:
            item = self._scene.blocks.get(block_id)
            if item is not None:
                painter.save()
                painter.translate(item.pos())
                for tile in item.place.tiles:
                    painter.setOpacity(1.0 if self.light.lit(Unit(block_id, tile.unit)) else DIM)
                    self._paint_tile(painter, item, tile)
                    self._paint_name(painter, item, tile)
                painter.setOpacity(1.0 if block_id in self.light.columns else DIM)
                if item.tiles is not None and item.block.has_biases:
                    item.tiles.marks.paint_biases(painter)
                painter.restore()
        painter.setOpacity(1.0)
        self._paint_loss(painter)
        self._lines.paint(painter, self.light, self.progress)
        self._paint_active(painter)
        self._paint_windows(painter)
        for spot, width in ((self.light.result, 2.4), (self.chosen, 2.4), (self.pointed, 3.0)):
            if spot is not None:
                self._ring(painter, spot, width, spot is self.light.result)

    def _paint_tile(self, painter: QPainter, item: BlockItem, tile: Tile) -> None:
        look = self._look
        for lower, half in enumerate(self.halves(item, tile)):
            painter.fillRect(half, look.panel)
            laid = self.laid(item, tile, bool(lower))
            if laid is not None:
                paint_grid(painter, look, laid)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look.muted if lower else look.text, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(half, TILE_RADIUS, TILE_RADIUS)

    def _paint_name(self, painter: QPainter, item: BlockItem, tile: Tile) -> None:
        """Beside the numbers, which take more room than the tile."""
        block, look = item.block, self._look
        if tile.unit < len(block.names) and len(block.shape) != 3:
            half = self.halves(item, tile)[0]
            inward = block.layer is None
            room = QRectF(
                half.left() - 130 if inward else half.right() + 6, half.top(), 124, tile.rect.height()
            )
            side = Qt.AlignmentFlag.AlignRight if inward else Qt.AlignmentFlag.AlignLeft
            painter.setFont(look.small)
            painter.setPen(look.muted)
            write(painter, room, side | Qt.AlignmentFlag.AlignVCenter, subscript(block.names[tile.unit]))

    def _waits(self, block_id: str, lower: bool) -> bool:
        """Whether the number is computed in this step, and is to be predicted first."""
        progress = self.progress
        if progress is None or not progress.veiled:
            return False
        result = self.light.result
        if result is not None:
            return result.target.block_id == block_id and result.lower == lower
        return block_id == self.light.active and not lower and progress.moment.phase == "forward"

    def _paint_loss(self, painter: QPainter) -> None:
        """What the loss of this batch is, over the read-out of the run."""
        item, progress, look = self._scene.blocks.get(LOSS), self.progress, self._look
        if item is None or progress is None or item.place.below is None:
            return
        rect = item.place.below.translated(item.pos())
        painter.setOpacity(1.0 if LOSS in self.light.columns else DIM)
        waits = UNKNOWN if progress.veiled and progress.moment.phase == "loss" else ""
        lines = [("loss of this batch", fmt(progress.trace.loss) if progress.loss else waits)]
        if progress.loss_after or (progress.veiled and progress.moment.part == "after"):
            lines.append(
                ("after the update", fmt(progress.trace.loss_after) if progress.loss_after else UNKNOWN)
            )
        y = rect.center().y() - 16.0 * len(lines)
        for name, value in lines:
            painter.setFont(look.small)
            painter.setPen(look.muted)
            write(painter, QRectF(rect.left(), y, rect.width(), 15), CENTRE, name)
            painter.setFont(look.title)
            painter.setPen(look.text)
            write(painter, QRectF(rect.left(), y + 14, rect.width(), 17), CENTRE, value)
            y += 32.0
        painter.setOpacity(1.0)

    def _paint_active(self, painter: QPainter) -> None:
        """A rim round the card that computes, and which way it goes."""
        item, progress, look = self._scene.blocks.get(self.light.active), self.progress, self._look
        if item is None or progress is None:
            return
        colour = QColor(look.theme.phase_colour(progress.moment.phase))
        card = item.place.card.translated(item.pos())
        painter.setPen(QPen(colour, 2.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(card, RADIUS, RADIUS)
        text = TAGS[progress.moment.phase]
        painter.setFont(look.small)
        width = look.small_metrics.horizontalAdvance(text) + 12
        pill = QRectF(card.center().x() - width / 2, card.top() - PILL + 2, width, PILL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(pill, 7, 7)
        painter.setPen(QColor(readable(colour, look.theme)))
        write(painter, pill, CENTRE, text)

    def _paint_windows(self, painter: QPainter) -> None:
        """Round the cells of maps that the result is made of, and the result itself."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._look.text, 1.4, Qt.PenStyle.DotLine))
        boxes: dict[tuple[object, bool], QRectF] = {}
        for spot in self.light.parts:
            rect = self.rect_of(spot) if spot.cell else None
            if rect is not None:
                key = (spot.target, spot.lower)
                boxes[key] = boxes.get(key, rect).united(rect)
        for box in boxes.values():
            painter.drawRect(box)
        result, progress = self.light.result, self.progress
        rect = self.rect_of(result) if result is not None and result.cell else None
        number = progress.card.result if progress is not None and progress.card is not None else None
        if rect is None or number is None or progress is None:
            return
        look, text = self._look, UNKNOWN if progress.veiled else fmt(number.value)
        painter.setFont(look.small)
        width = look.small_metrics.horizontalAdvance(text) + 8
        box = QRectF(rect.center().x() - width / 2, rect.bottom() + 5, width, 15)
        painter.setPen(QPen(QColor(look.theme.border), 1))
        painter.setBrush(look.panel)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(look.text)
        write(painter, box, CENTRE, text)

    def _ring(self, painter: QPainter, spot: Spot, width: float, result: bool) -> None:
        """A rim round one number, or a wire drawn heavily."""
        look, progress = self._look, self.progress
        if progress is None or (isinstance(spot.target, Card) and result):
            return
        name = look.theme.phase_colour(progress.moment.phase) if result else look.theme.accent
        painter.setPen(QPen(QColor(name), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if isinstance(spot.target, Cell):
            path = self._scene.wires.path_of(spot.target)
            if path is not None:
                painter.drawPath(path)
                return
        rect = self.rect_of(spot)
        if rect is not None:
            painter.drawRoundedRect(rect.adjusted(-1.5, -1.5, 1.5, 1.5), TILE_RADIUS, TILE_RADIUS)

    @property
    def _look(self) -> Look:
        return self._scene.stage.look


def _ends(values: Array | None) -> tuple[float, float] | None:
    """What is black and what is white in a picture."""
    return None if values is None else (float(np.nanmin(values)), float(np.nanmax(values)))
