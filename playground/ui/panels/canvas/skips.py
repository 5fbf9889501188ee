"""Wires that do not come from the block before: arcs above the cards, from the card that is read to the card that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import LANE, OVER
from playground.ui.panels.canvas.look import DIM
from playground.ui.panels.canvas.targets import Skip

if TYPE_CHECKING:
    from playground.ui.panels.canvas.scene import NetworkScene

REACH = 5.0  #: how far beside an arc the mouse may be
BEND = 9.0  #: radius of its corners
INSET = 13.0  #: from the side of a card to where arcs leave and arrive
BESIDE = 3.0  #: from stacked cards to an arc that goes up beside them
HEAD = 5.0  #: half the width of an arrow's head


class SkipsItem(Item):
    """All arcs of a plan, and the wire that is being drawn by hand."""

    def __init__(self, scene: NetworkScene) -> None:
        super().__init__()
        self.setZValue(1)
        self._scene = scene
        self._corners: dict[
            Skip, tuple[QPointF, QPointF, float]
        ] = {}  # where it leaves, where it arrives, how high it goes
        self._stubs: dict[Skip, QPointF] = {}  # where those leave a card that go up beside it
        self.chosen: Skip | None = None
        self._pulled: tuple[QPointF, QPointF] | None = None

    # --- geometry -----------------------------------------------------------------------------------------------------

    def rearrange(self) -> None:
        """Lay all arcs anew, the blocks being where they are."""
        scene = self._scene
        self.set_bounds(scene.layout_.bounds)
        self._corners, self._stubs = {}, {}
        for (source, target), lane in scene.layout_.lanes.items():
            left, right = scene.place_of(source), scene.place_of(target)
            start = QPointF(scene.x_of(source) + left.card.right() - INSET, left.card.top() - 1)
            end = QPointF(scene.x_of(target) + right.card.left() + INSET, right.card.top() - 1)
            if left.card.top() > 0:  # stacked: there are cards above it, so the arc goes up beside them
                self._stubs[Skip(target, source)] = start + QPointF(INSET, left.card.height() / 2 + 1)
                start = QPointF(scene.x_of(source) + left.width + BESIDE, left.card.center().y())
            if right.card.top() > 0:
                end = QPointF(scene.x_of(target) - BESIDE, right.card.center().y())
            self._corners[Skip(target, source)] = (start, end, -OVER - LANE * lane)
        if self.chosen not in self._corners:
            self.chosen = None
        self.update()

    @property
    def shown(self) -> tuple[Skip, ...]:
        """What is drawn."""
        return tuple(self._corners)

    def rect_of(self, skip: Skip) -> QRectF | None:
        """A small part in the middle of an arc, if it is drawn."""
        if skip not in self._corners:
            return None
        start, end, height = self._corners[skip]
        return QRectF((start.x() + end.x()) / 2 - 6, height - 6, 12, 12)

    def target_at(self, at: QPointF) -> Skip | None:
        """The arc at a point of the canvas."""
        for skip, (start, end, height) in self._corners.items():
            along = start.x() - REACH <= at.x() <= end.x() + REACH and abs(at.y() - height) <= REACH
            upright = (
                min(abs(at.x() - start.x()), abs(at.x() - end.x())) <= REACH and height <= at.y() <= start.y()
            )
            if along or upright:
                return skip
        return None

    # --- by hand ------------------------------------------------------------------------------------------------------

    def pull(self, source: str, to: QPointF | None) -> None:
        """Draw a wire from a block's output to the mouse, or (``None``) no more."""
        card = self._scene.place_of(source).card
        start = QPointF(self._scene.x_of(source) + card.right(), card.center().y())
        self._pulled = None if to is None else (start, to)
        self.update()

    # --- painting -----------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        look = self._scene.stage.look
        accent, plain = QColor(look.theme.accent), QColor(look.muted)
        for skip, corners in self._corners.items():
            strong = skip in (self.chosen, self._scene.stage.hovered)
            painter.setOpacity(self._strength(skip))
            painter.setPen(QPen(accent if strong else plain, 2.6 if strong else 1.7))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(_path(*corners))
            leaves = self._stubs.get(skip, corners[0])
            painter.drawLine(leaves, corners[0])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent if strong else plain)
            painter.drawPolygon(_head(corners[1]))
            painter.drawEllipse(leaves, 2.5, 2.5)
        painter.setOpacity(1.0)
        if self._pulled is not None:
            painter.setPen(QPen(accent, 2.0, Qt.PenStyle.DashLine))
            painter.drawLine(*self._pulled)

    def _strength(self, skip: Skip) -> float:
        light = self._scene.stage.light
        return 1.0 if light is None or {skip.block_id, skip.source} <= light.cards else DIM


def _path(start: QPointF, end: QPointF, height: float) -> QPainterPath:
    """Up, along, and down, with round corners."""
    bend = float(np.clip(min(BEND, (end.x() - start.x()) / 2, start.y() - height), 0.0, BEND))
    path = QPainterPath(start)
    path.lineTo(start.x(), height + bend)
    path.quadTo(QPointF(start.x(), height), QPointF(start.x() + bend, height))
    path.lineTo(end.x() - bend, height)
    path.quadTo(QPointF(end.x(), height), QPointF(end.x(), height + bend))
    path.lineTo(end.x(), end.y() - HEAD)
    return path


def _head(tip: QPointF) -> QPolygonF:
    return QPolygonF([tip, tip + QPointF(-HEAD, -2 * HEAD + 2), tip + QPointF(HEAD, -2 * HEAD + 2)])
