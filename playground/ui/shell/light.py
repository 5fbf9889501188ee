"""The coach's light: whether the network learns, in a word and a sentence; a click shows why, and what to try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.coach import Light
from playground.ui.kit.coaching import WANT, told
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.text import tip
from playground.ui.kit.view import Context, View

if TYPE_CHECKING:
    from playground.runner.messages import Frame, Want

#: icon, colour and sentence of each state; a form of its own each, so that none is told by colour alone
LIGHTS: dict[Light, tuple[str, str, str]] = {
    "": ("circle-outline", "muted", "nothing to say yet"),
    "learning": ("check-circle", "good", "nothing unusual was seen"),
    "stuck": ("alert-octagon", "error", ""),
    "suspicious": ("alert", "warning", ""),
}
ICON, GAP = 14, 6
BELOW = 4  #: pixels, as below the slider beside it
#: pixels, whatever is said, so that the slider beside it stays where it is; and in a bar that is narrow
WIDTH, LITTLE = 340, 230


class LightView(View):
    """A sign, a word, and the sentence of the coach's advice; ``chosen`` where it is clicked."""

    chosen = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("coach_light")
        self.light: Light = ""
        self.sentence = ""
        self.setFont(small(self.font()))
        self.setFixedWidth(WIDTH)
        self.setContentsMargins(0, 0, 0, BELOW)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        context.theme.follow(self.update)
        self._say("", LIGHTS[""][2])

    def wants(self) -> Iterable[Want]:
        return (WANT,)

    def show_frame(self, frame: Frame) -> None:
        """The coach's word and sentence, where they are others."""
        found = told(frame)
        light: Light = "" if found is None else found.light
        advice = None if found is None else found.advice
        self._say(light, LIGHTS[light][2] if advice is None else advice.title)

    def _say(self, light: Light, sentence: str) -> None:
        if (light, sentence) == (self.light, self.sentence) and self.accessibleName():
            return
        self.light, self.sentence = light, sentence
        words = ": ".join(filter(None, (light, sentence)))
        self.setAccessibleName(f"Coach: {words}")
        self.setToolTip(tip(f"Coach: {words}.\nClick to see why, and what to try."))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, max(ICON, QFontMetrics(self.font()).height()) + 1 + BELOW)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.context.theme
        name, colour, _ = LIGHTS[self.light]
        room = self.contentsRect()
        middle = room.center().y()
        painter.drawPixmap(
            0,
            middle - ICON // 2,
            icon(name, theme, colour).pixmap(QSize(ICON, ICON), self.devicePixelRatioF()),
        )
        metrics, x = QFontMetrics(self.font()), ICON + GAP
        line = QRect(x, middle - metrics.height() // 2, self.width() - x - 8, metrics.height())
        if self.light:
            font = self.font()
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QColor(getattr(theme, colour)))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self.light)
            line.setLeft(x + QFontMetrics(font).horizontalAdvance(self.light) + GAP)
            painter.setFont(self.font())
        painter.setPen(QColor(theme.text if self.light not in ("", "learning") else theme.muted))
        words = metrics.elidedText(self.sentence, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, words)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRoundedRect(room.adjusted(0, 0, -1, -1), 3, 3)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)
