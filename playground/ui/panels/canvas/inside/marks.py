"""What is drawn over and beside a column of tiles, and seldom changes: rims, names, bias dots, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import Tile
from playground.ui.panels.canvas.look import TILE_RADIUS, write
from playground.ui.panels.canvas.targets import Cell, More, Sample, Unit

if TYPE_CHECKING:
    from playground.ui.panels.canvas.inside.tiles import Tiles

DOT = 5.0  #: radius of a bias dot

_MIDDLE = Qt.AlignmentFlag.AlignCenter


class Marks(Item):
    """Kept as a picture by Qt and drawn anew only when a sign, the mouse or the selection changes, not with every frame."""

    def __init__(self, tiles: Tiles) -> None:
        super().__init__(tiles)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._tiles = tiles
        self._state: object = None

    def refresh(self, afresh: bool = False) -> None:
        """Draw again if anything has changed."""
        self.set_bounds(self._tiles.boundingRect())
        stage = self._tiles.stage
        here = [
            t if t is not None and t.block_id == self._tiles.block.id else None
            for t in (stage.hovered, stage.pinned)
        ]
        state = (self._signs(), *here, stage.sample_name, stage.light is None)
        if afresh or state != self._state:
            self._state = state
            self.update()

    def _signs(self) -> tuple[int, ...] | None:
        """Of the biases of the tiles; ``None`` while they are not known."""
        biases = self._tiles.weights.get("bias") if self._tiles.block.has_biases else None
        if biases is None:
            return None
        shown = biases[[t.unit for t in self._tiles.place.tiles]]
        return tuple(((shown > 0).astype(int) - (shown < 0)).tolist())

    # --- painting -----------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        block, place = self._tiles.block, self._tiles.place
        for tile in place.tiles:
            self._tiles.filters.paint_rim(painter, tile)
            self._paint_rim(painter, tile)
            self._paint_name(painter, tile)
        if block.has_biases:
            self.paint_biases(painter)
        if place.more is not None:
            self._paint_more(painter, place.more)
        if place.below is not None:
            self._paint_sample(painter, place.below)

    def _paint_rim(self, painter: QPainter, tile: Tile) -> None:
        stage, unit = self._tiles.stage, Unit(self._tiles.block.id, tile.unit)
        look = stage.look
        if stage.light is not None:
            return
        pen = look.chosen if stage.pinned == unit else look.hover if stage.hovered == unit else look.frame
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(tile.rect, TILE_RADIUS, TILE_RADIUS)

    def _paint_name(self, painter: QPainter, tile: Tile) -> None:
        block = self._tiles.block
        if tile.unit >= len(block.names) or self._tiles.stage.light is not None:
            return
        look, name = self._tiles.stage.look, subscript(block.names[tile.unit])
        painter.setPen(look.muted)
        painter.setFont(look.small)
        if block.layer is None:
            room = QRectF(0, tile.rect.top(), tile.rect.left() - 7, tile.rect.height())
            align = Qt.AlignmentFlag.AlignRight
        else:
            room = QRectF(tile.rect.right() + 7, tile.rect.top(), self._tiles.place.width, tile.rect.height())
            room.setRight(self._tiles.place.width)
            align = Qt.AlignmentFlag.AlignLeft
        name = look.small_metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        write(painter, room, align | Qt.AlignmentFlag.AlignVCenter, name)

    def paint_biases(self, painter: QPainter) -> None:
        """A dot at each tile in the colour of its bias, with its sign; empty while the bias is not known, grey at 0."""
        stage, signs = self._tiles.stage, self._signs()
        look = stage.look
        for i, tile in enumerate(self._tiles.place.tiles):
            hovered = stage.hovered == Cell(self._tiles.block.id, "bias", (tile.unit,))
            sign = None if signs is None else signs[i]
            radius = DOT + 1.2 * hovered
            painter.setPen(look.hover if hovered else QPen(look.sunken, 1.4))
            painter.setBrush(look.panel if sign is None else look.end(sign) if sign else look.faint)
            middle = self._tiles.bias_at(tile)
            painter.drawEllipse(middle, radius, radius)
            if sign:
                painter.setPen(QPen(look.panel, 1.4))
                painter.drawLine(middle - QPointF(2.2, 0), middle + QPointF(2.2, 0))
                if sign > 0:
                    painter.drawLine(middle - QPointF(0, 2.2), middle + QPointF(0, 2.2))

    def _paint_more(self, painter: QPainter, rect: QRectF) -> None:
        look = self._tiles.stage.look
        hovered = self._tiles.stage.hovered == More(self._tiles.block.id)
        painter.setPen(look.hover if hovered else look.outline)
        painter.setBrush(QBrush(look.panel))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setPen(look.text if hovered else look.muted)
        painter.setFont(look.small)
        write(painter, rect, _MIDDLE, f"+ {self._tiles.place.hidden} more")

    def _paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        """Which sample is drawn, and its answer between the arrows to the one before and the one after."""
        stage = self._tiles.stage
        look = stage.look
        for step, box in ((-1, before_box(rect)), (+1, after_box(rect))):
            hovered = stage.hovered == Sample(self._tiles.block.id, step)
            painter.setPen(look.hover if hovered else look.outline)
            painter.setBrush(QBrush(look.panel))
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(QPen(look.text, 1.6, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
            c = box.center()
            painter.drawPolyline(
                [c + QPointF(-2 * step, -4), c + QPointF(2 * step, 0), c + QPointF(-2 * step, 4)]
            )
        which, answer = stage.sample_name
        above = QRectF(rect.left(), rect.top(), rect.width(), 16)
        between = QRectF(
            rect.left() + 22, before_box(rect).top(), rect.width() - 44, before_box(rect).height()
        )
        painter.setFont(look.small)
        for text, colour, line in ((which, look.muted, above), (answer, look.text, between)):
            painter.setPen(colour)
            text = look.small_metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            write(painter, line, _MIDDLE, text)


def before_box(rect: QRectF) -> QRectF:
    """The arrow to the sample before."""
    return QRectF(rect.left(), rect.bottom() - 22, 20, 22)


def after_box(rect: QRectF) -> QRectF:
    """The arrow to the sample after."""
    return QRectF(rect.right() - 20, rect.bottom() - 22, 20, 22)


def subscript(name: str) -> str:
    """Numbers of made-up names below the line: "x1" → "x₁", "x1·x2" → "x₁·x₂"; other names as they are."""
    out = []
    for i, letter in enumerate(name):
        made_up = i and name[i - 1] in "xy" and (i < 2 or not name[i - 2].isalnum()) and letter in "123456789"
        out.append("₀₁₂₃₄₅₆₇₈₉"[int(letter)] if made_up else letter)
    return "".join(out)
