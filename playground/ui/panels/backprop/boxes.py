"""The chain rule as three boxes: what arrives, times the local derivative, is what is sent on."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.trace import Operand
from playground.ui.kit.colours import mix
from playground.ui.kit.linked import Linked, Zone, words_for
from playground.ui.kit.plot import small
from playground.ui.kit.symbols import draw, width
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus

TITLES = ("arrives", "local derivative", "sent on")
HEIGHT, SIGN = 50.0, 22.0


class ThreeBoxes(Linked):
    """``arrives × local = sent on``; the last is "?" while it is to be predicted."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(focus, theme, name, parent)
        self.boxes: tuple[Operand, Operand, Operand] | None = None
        self._veiled = False
        self.setFixedHeight(round(HEIGHT) + 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_boxes(self, boxes: tuple[Operand, Operand, Operand] | None, veiled: bool = False) -> None:
        """Show these three numbers; ``None`` shows nothing."""
        self.boxes, self._veiled = boxes, veiled
        self.setVisible(boxes is not None)
        if boxes is not None:
            said = zip(TITLES, boxes, strict=True)
            last = "to be predicted" if veiled else self.written(boxes[2].value)
            numbers = [*(self.written(b.value) for b in boxes[:2]), last]
            self.setAccessibleName(", ".join(f"{t}: {n}" for (t, _), n in zip(said, numbers, strict=True)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, round(HEIGHT) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.boxes is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        each = min(190.0, (self.width() - 2 * SIGN) / 3)
        zones = []
        for i, (title, operand) in enumerate(zip(TITLES, self.boxes, strict=True)):
            rect = QRectF(i * (each + SIGN) + 1, 1, each - 2, HEIGHT - 2)
            hidden = self._veiled and i == 2
            zones.append(Zone(rect, "Predict it first." if hidden else words_for(operand), operand.place))
            self._paint_box(painter, rect, title, operand, i, hidden)
            if i < 2:
                painter.setFont(self._bold(1.15))
                painter.setPen(QColor(self.theme.text))
                sign = QRectF(rect.right(), 0, SIGN + 2, HEIGHT)
                painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, "×="[i])
        self.zones = zones
        painter.end()

    def _paint_box(
        self, painter: QPainter, rect: QRectF, title: str, operand: Operand, i: int, hidden: bool
    ) -> None:
        theme = self.theme
        colour = theme.good if i == 1 else theme.gradient
        lit = self.lit(operand.place)
        painter.setPen(QPen(QColor(colour), 2.0 if i == 2 or lit else 1.0))
        painter.setBrush(QColor(mix(theme.panel, colour, 0.2 if lit else 0.05)))
        painter.drawRoundedRect(rect, 7, 7)
        font = small(self.font())
        words = QFontMetricsF(font).horizontalAdvance(f"{title} ")
        room = words + width(operand.symbol, font)
        x = rect.center().x() - room / 2
        base = rect.y() + 16
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(x, base), title)
        draw(painter, QPointF(x + words, base), operand.symbol, font, QColor(theme.muted))
        painter.setFont(self._bold(1.25))
        painter.setPen(QColor(colour))
        below = QRectF(rect.x(), rect.y() + 19, rect.width(), rect.height() - 21)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "?" if hidden else self.written(operand.value))

    def _bold(self, scale: float) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        if font.pixelSize() > 0:
            font.setPixelSize(round(font.pixelSize() * scale))
        else:
            font.setPointSizeF(font.pointSizeF() * scale)
        return font
