"""Along the wires while somebody steps: the way of gradients, against the flow, and the weights that take part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from playground.ui.kit.numbers import fmt
from playground.ui.kit.step_progress import Progress
from playground.ui.panels.canvas.layout import Tile
from playground.ui.panels.canvas.look import write
from playground.ui.panels.canvas.plan import LOSS
from playground.ui.panels.canvas.step_places import free_place, middle
from playground.ui.panels.canvas.step_plan import Spotlight
from playground.ui.panels.canvas.targets import Cell, Unit

if TYPE_CHECKING:
    from playground.ui.panels.canvas.block import BlockItem
    from playground.ui.panels.canvas.scene import NetworkScene

#: at most so many weights are written on their wires: of one unit or number, of a whole layer
LABELS, LAYER_LABELS = 12, 6
BACK = "\N{LEFTWARDS ARROW} "  #: gradients go against the flow, and say so
#: pixels between the heads of arrows that join, and by how much more each sags than the one before
JOINING, SAG = 14.0, 48.0
CENTRE = Qt.AlignmentFlag.AlignCenter


class StepLines:
    """Draws on the scene's wires. ``halves`` says where a tile's value and gradient are."""

    def __init__(
        self, scene: NetworkScene, halves: Callable[[BlockItem, Tile], tuple[QRectF, QRectF]]
    ) -> None:
        self._scene, self._halves = scene, halves

    def paint(self, painter: QPainter, light: Spotlight, progress: Progress) -> None:
        """Draw what belongs to a step."""
        self._paint_arrows(painter, light)
        if light.active not in ("", LOSS):
            self._paint_weights(painter, light, progress)

    def _paint_arrows(self, painter: QPainter, light: Spotlight) -> None:
        """Where gradients go in this step, against the flow."""
        colour = QColor(self._scene.stage.look.theme.gradient)
        into = Counter(end for _, end in light.arrows)
        lanes = Counter[str]()
        for start, end in light.arrows:
            lane, lanes[end] = lanes[end], lanes[end] + 1
            # Branches that join come from further and further: each has a bend and a height of its own.
            apart = (lane - (into[end] - 1) / 2) * JOINING if into[end] > 1 else 0.0
            sag = apart + (lane * SAG if into[end] > 1 else 0.0)
            for a, b in self._ways(light, start, end):
                b += QPointF(0, apart)
                path = QPainterPath(a)
                bend = (b.x() - a.x()) * 0.5
                path.cubicTo(
                    QPointF(a.x() + bend, a.y() + sag), QPointF(b.x() - bend, b.y() + sag), b + QPointF(6, 0)
                )
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(colour, 1.8, Qt.PenStyle.DashLine))
                painter.drawPath(path)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawPolygon(QPolygonF([b, b + QPointF(9, -4.5), b + QPointF(9, 4.5)]))

    def _ways(self, light: Spotlight, start: str, end: str) -> list[tuple[QPointF, QPointF]]:
        """From the lower halves of the lit tiles of one column to those of the other; of many one way for all."""
        starts, ends = self._ports(light, start, left=True), self._ports(light, end, left=False)
        if not starts or not ends:
            return []
        if len(starts) * len(ends) > LABELS:
            starts, ends = [middle(starts)], [middle(ends)]
        return [(a, b) for a in starts for b in ends]

    def _ports(self, light: Spotlight, block_id: str, left: bool) -> list[QPointF]:
        item = self._scene.blocks.get(block_id)
        if item is None:
            return []
        if block_id == LOSS:
            rect = item.place.below
            return [] if rect is None else [QPointF(rect.left(), rect.center().y()) + item.pos()]
        found = []
        for tile in item.place.tiles:
            if light.lit(Unit(block_id, tile.unit)):
                half = self._halves(item, tile)[1]
                at = half.left() - 2 if left else half.right() + 2
                if left and tile.filter is not None:
                    at = tile.filter.left() - 2
                found.append(QPointF(at, half.center().y()) + item.pos())
        return found

    def _paint_weights(self, painter: QPainter, light: Spotlight, progress: Progress) -> None:
        """On the lit wires their weights, where they are few; after the update, what they become."""
        look = self._scene.stage.look
        cells = self._scene.wires.lit_cells()
        if not cells or len(cells) > (LAYER_LABELS if light.cells is None else LABELS):
            return
        taken: list[QRectF] = []
        tiles = self._tiles()
        painter.setFont(look.small)
        for cell in cells:
            points = self._scene.wires.points_of(cell)
            old = progress.trace.parameters["before"].get(cell.block_id)
            if points is None or old is None:
                continue
            text = self._in_words(progress, cell)
            width = look.small_metrics.horizontalAdvance(text) + 8
            box = free_place(points, width, taken, tiles)
            taken.append(box)
            painter.setPen(QPen(QColor(look.theme.border), 1))
            painter.setBrush(look.panel)
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(look.text)
            write(painter, box, CENTRE, text)

    def _tiles(self) -> list[QRectF]:
        """Where all numbers of units are."""
        items = self._scene.blocks.values()
        halves = ((i, half) for i in items for tile in i.place.tiles for half in self._halves(i, tile))
        return [half.translated(item.pos()) for item, half in halves]

    @staticmethod
    def _in_words(progress: Progress, cell: Cell) -> str:
        trace, at = progress.trace, (cell.block_id, cell.name)
        text = fmt(float(trace.parameter(*at)[cell.index]))
        if progress.updated(*at, cell.index):
            text += f" \N{RIGHTWARDS ARROW} {fmt(float(trace.parameter(*at, 'after')[cell.index]))}"
        elif progress.moment.part == "parameter" and progress.parameter_gradient(*at, cell.index):
            text += f"  {BACK}{fmt(float(trace.parameter(*at, 'gradient')[cell.index]))}"
        return text
