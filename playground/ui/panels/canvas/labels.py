"""What is written between blocks: the shapes that pass, and where a layer would be put."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from engine.network import shape_in_words
from playground.ui.panels.canvas.inside import Stage
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import BAND, CARD_HEIGHT
from playground.ui.panels.canvas.look import write

if TYPE_CHECKING:
    from playground.ui.panels.canvas.scene import NetworkScene


REACH = 300.0  #: how far down the insertion mark goes


class ShapesItem(Item):
    """The shape of what passes, in words, below each gap between blocks."""

    def __init__(self, scene: NetworkScene) -> None:
        super().__init__()
        self.setZValue(-0.5)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._scene = scene
        self._labels: list[tuple[float, str]] = []

    def rearrange(self) -> None:
        """Lay the labels anew."""
        scene = self._scene
        blocks = scene.plan.blocks
        labels = []
        for before, after in pairwise(blocks):
            if not before.shape or (after.attached and before.shape == after.shape):
                continue
            left, right = scene.place_of(before.id), scene.place_of(after.id)
            middle = (
                scene.x_of(before.id) + left.card.right() + scene.x_of(after.id) + right.card.left()
            ) / 2
            labels.append((middle, shape_in_words(before.shape)))
        bounds = scene.layout_.bounds
        bounds = QRectF(bounds.left(), CARD_HEIGHT, bounds.width(), BAND)
        self.set_bounds(bounds)
        if labels != self._labels:
            self._labels = labels
            self.update()

    def draw(self, painter: QPainter) -> None:
        look = self._scene.stage.look
        painter.setFont(look.small)
        painter.setPen(look.muted)
        for x, text in self._labels:
            write(painter, QRectF(x - 60, CARD_HEIGHT + 3, 120, 16), Qt.AlignmentFlag.AlignCenter, text)


class InsertionMark(Item):
    """The line that says where a layer will be put, with its name."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setZValue(10)
        self.set_bounds(QRectF(-90, -16, 180, CARD_HEIGHT + REACH + 20))
        self.stage = stage
        self.text = ""
        self.hide()

    def show_at(self, x: float, text: str) -> None:
        self.text = text
        self.setPos(x, 0)
        self.show()
        self.update()

    def draw(self, painter: QPainter) -> None:
        look = self.stage.look
        accent = QColor(look.theme.accent)
        painter.setPen(QPen(accent, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(0, -8), QPointF(0, CARD_HEIGHT + 6))
        painter.setPen(QPen(accent, 1.2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(0, CARD_HEIGHT + 30), QPointF(0, CARD_HEIGHT + REACH))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(0, -8), 4, 4)
        painter.setFont(look.small)
        width = look.small_metrics.horizontalAdvance(self.text) + 16
        pill = QRectF(-width / 2, CARD_HEIGHT + 7, width, 19)
        painter.drawRoundedRect(pill, 9, 9)
        painter.setPen(QColor(look.theme.accent_text))
        write(painter, pill, Qt.AlignmentFlag.AlignCenter, self.text)
