"""Gradients as boxes: what arrives, times the local derivative, is what is sent on; and at a fork, one box for each branch and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.trace import Operand
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.linked import Linked, Zone, words_for
from playground.ui.kit.symbols import draw, plain, width
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus

TITLES = ("arrives", "local derivative", "sent on")
HEIGHT, SIGN, WIDEST = 50.0, 22.0, 190.0
#: branches that have a box each; of more, those that count most
BRANCHES = 5


@dataclass(frozen=True)
class Box:
    """One number: ``sign`` stands before it; ``local`` if it is a derivative of this place alone, and no gradient."""

    title: str
    operand: Operand
    sign: str = ""
    local: bool = False


class Boxes(Linked):
    """Boxes in a row with signs between; the last is the result, and "?" while it is to be predicted."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(focus, theme, name, parent)
        self.shown: tuple[Box, ...] = ()
        self._veiled = False
        self.setFixedHeight(round(HEIGHT) + 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_boxes(self, operands: tuple[Operand, Operand, Operand] | None, veiled: bool = False) -> None:
        """What arrives, the local derivative, what is sent on; ``None`` shows nothing."""
        found = zip(TITLES, operands or (), ("", "×", "="), strict=False)
        self._set([Box(title, o, sign, i == 1) for i, (title, o, sign) in enumerate(found)], veiled)

    def set_branches(self, branches: Sequence[Operand], total: Operand | None, veiled: bool = False) -> None:
        """What each reader of a value sends back, and their sum; ``total`` None shows nothing."""
        if total is None:
            self._set((), veiled)
            return
        most = sorted(range(len(branches)), key=lambda i: -abs(branches[i].value))[:BRANCHES]
        found = [Box("", branches[i], "+" if n else "") for n, i in enumerate(sorted(most))]
        if len(found) < len(branches):
            rest = sum(o.value for i, o in enumerate(branches) if i not in most)
            found.append(Box("", Operand(rf"\mathrm{{{len(branches) - len(most)}\ more}}", rest), "+"))
        self._set([*found, Box("together", total, "=")], veiled)

    def _set(self, shown: Sequence[Box], veiled: bool) -> None:
        self.shown, self._veiled = tuple(shown), veiled
        self.setVisible(bool(shown))
        if shown:
            numbers = [self.written(box.operand.value) for box in shown]
            numbers[-1] = "to be predicted" if veiled else numbers[-1]
            names = [box.title or plain(box.operand.symbol) for box in shown]
            self.setAccessibleName(", ".join(f"{t}: {n}" for t, n in zip(names, numbers, strict=True)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, round(HEIGHT) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.shown:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        count = len(self.shown)
        each = min(WIDEST, (self.width() - (count - 1) * SIGN) / count)
        zones = []
        for i, box in enumerate(self.shown):
            rect = QRectF(i * (each + SIGN) + 1, 1, each - 2, HEIGHT - 2)
            last = i == count - 1
            hidden = self._veiled and last
            words = "Predict it first." if hidden else words_for(box.operand)
            zones.append(Zone(rect, words, box.operand.place))
            self._paint_box(painter, rect, box, last, hidden)
            if box.sign:
                painter.setFont(self._bold(1.15))
                painter.setPen(QColor(self.theme.text))
                sign = QRectF(rect.left() - SIGN - 2, 0, SIGN + 2, HEIGHT)
                painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, box.sign)
        self.zones = zones
        painter.end()

    def _paint_box(self, painter: QPainter, rect: QRectF, box: Box, last: bool, hidden: bool) -> None:
        theme, operand = self.theme, box.operand
        colour = theme.good if box.local else theme.gradient
        lit = self.lit(operand.place)
        painter.setPen(QPen(QColor(colour), 2.0 if last or lit else 1.0))
        painter.setBrush(QColor(mix(theme.panel, colour, 0.2 if lit else 0.05)))
        painter.drawRoundedRect(rect, 7, 7)
        font = small(self.font())
        title = f"{box.title} " if box.title else ""
        words = QFontMetricsF(font).horizontalAdvance(title)
        if words + width(operand.symbol, font) > rect.width() - 8:  # of both, the symbol says it
            title, words = "", 0.0
        room = words + width(operand.symbol, font)
        x = max(rect.x() + 4, rect.center().x() - room / 2)
        base = rect.y() + 16
        painter.save()
        painter.setClipRect(rect)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(x, base), title)
        draw(painter, QPointF(x + words, base), operand.symbol, font, QColor(theme.muted))
        painter.restore()
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
