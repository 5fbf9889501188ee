"""What is written between blocks: the shapes that pass, and where a layer would be put."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from engine.network import AXES, batch_in_words
from playground.ui.panels.canvas.inside import Stage
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import BAND, CARD_HEIGHT
from playground.ui.panels.canvas.look import write

if TYPE_CHECKING:
    from playground.ui.panels.canvas.scene import NetworkScene


REACH = 300.0  #: how far down the insertion mark goes


class ShapesItem(Item):
    """The shape of what passes, a whole batch with the samples first, below each gap between blocks."""

    def __init__(self, scene: NetworkScene) -> None:
        super().__init__()
        self.setZValue(-0.5)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._scene = scene
        self._labels: list[tuple[float, str, str]] = []

    def rearrange(self) -> None:
        """Lay the labels anew."""
        scene = self._scene
        blocks = scene.plan.blocks
        labels, last = (
            list[tuple[float, str, str]](),
            "",
        )  # the letters of the axes where they are others than before
        for before, after in pairwise(blocks):
            left, right = scene.place_of(before.id), scene.place_of(after.id)
            stacked = left.x == right.x
            if not before.shape or stacked or (after.attached and before.shape == after.shape):
                continue
            middle = (
                scene.x_of(before.id) + left.card.right() + scene.x_of(after.id) + right.card.left()
            ) / 2
            axes = AXES.get(1 + len(before.shape), "")
            labels.append(
                (middle, batch_in_words(scene.plan.batch, before.shape), axes if axes != last else "")
            )
            last = axes
        bounds = scene.layout_.bounds
        bounds = QRectF(bounds.left(), scene.layout_.head, bounds.width(), BAND)
        self.set_bounds(bounds)
        if labels != self._labels:
            self._labels = labels
            self.update()

    def draw(self, painter: QPainter) -> None:
        look = self._scene.stage.look
        painter.setFont(look.small)
        painter.setPen(look.muted)
        top = self._scene.layout_.head + 3
        for x, text, axes in self._labels:
            write(painter, QRectF(x - 60, top, 120, 15), Qt.AlignmentFlag.AlignCenter, text)
            write(painter, QRectF(x - 60, top + 13, 120, 15), Qt.AlignmentFlag.AlignCenter, axes)


class InsertionMark(Item):
    """The line that says where a layer will be put, with its name."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setZValue(10)
        self.set_bounds(QRectF(-90, -16, 180, CARD_HEIGHT + REACH + 20))
        self.stage = stage
        self.text, self.level = "", 0.0
        self.hide()

    def show_at(self, x: float, text: str, level: float = 0.0) -> None:
        """``level``: how far down it lies between stacked cards; 0 where it stands beside cards."""
        self.text, self.level = text, level
        self.setPos(x, 0)
        self.show()
        self.update()

    def draw(self, painter: QPainter) -> None:
        look = self.stage.look
        accent = QColor(look.theme.accent)
        painter.setPen(QPen(accent, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if self.level:
            painter.drawLine(QPointF(-50, self.level), QPointF(50, self.level))
        else:
            painter.drawLine(QPointF(0, -8), QPointF(0, CARD_HEIGHT + 6))
            painter.setPen(QPen(accent, 1.2, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(0, CARD_HEIGHT + 30), QPointF(0, CARD_HEIGHT + REACH))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(-50, self.level) if self.level else QPointF(0, -8), 4, 4)
        painter.setFont(look.small)
        width = look.small_metrics.horizontalAdvance(self.text) + 16
        pill = QRectF(-width / 2, max(CARD_HEIGHT, self.level) + 7, width, 19)
        painter.drawRoundedRect(pill, 9, 9)
        painter.setPen(QColor(look.theme.accent_text))
        write(painter, pill, Qt.AlignmentFlag.AlignCenter, self.text)
