"""In the card of a Dropout: how many of the values fall silent at each training step."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from playground.ui.kit.numbers import fmt
from playground.ui.panels.canvas.inside.base import Inside
from playground.ui.panels.canvas.look import write

TOP = 27.0


class SharePicture(Inside):
    """A bar: the empty part is the share that is set to 0 while training, the full part what passes."""

    def cover(self) -> QRectF:
        card = self.place.card
        return QRectF(card.left() + 8, TOP, card.width() - 16, card.height() - TOP - 6)

    def draw(self, painter: QPainter) -> None:
        look, rect = self.stage.look, self.boundingRect().adjusted(0.5, 0.5, -0.5, -14)
        off = float(getattr(self.block.layer, "p", 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.faint)
        painter.drawRect(
            QRectF(rect.left() + rect.width() * off, rect.top(), rect.width() * (1 - off), rect.height())
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.muted, 1.0))
        painter.drawRect(rect)
        painter.setFont(look.small)
        line = QRectF(rect.left(), rect.bottom() + 1, rect.width(), 14)
        write(painter, line, Qt.AlignmentFlag.AlignCenter, f"{fmt(100 * off, 2)} % off")
