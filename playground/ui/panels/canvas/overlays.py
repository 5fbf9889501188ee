"""Widgets that lie over the canvas: the invitation on an empty one, and the offer to mend the last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from playground.ui.kit.remedies import remedy_buttons
from playground.ui.kit.widgets import filled, label

if TYPE_CHECKING:
    from engine.problems import Problem
    from playground.document.document import Document

WIDTH = 210
WORDS = (
    "or double-click one in the palette.\n"
    "The data come in at the left; at the right the loss says how wrong the answers are."
)


class Invitation(QFrame):
    """What to do with an empty canvas. The mouse passes through it, so that layers can be dropped on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("invitation")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        head, words = label("", "Drag a layer here", wraps=False, title=True), label("", WORDS, muted=True)
        for part in (head, words):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        filled(QVBoxLayout(self), head, words, margins=(18, 22, 18, 22))
        self.setFixedWidth(300)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dashed line: here is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(self.palette().ColorRole.Mid), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 10, 10)
        painter.end()

    def stand_in(self, room: QRect) -> None:
        """In the middle of ``room``."""
        self.adjustSize()
        self.move(room.center() - self.rect().center())


class MendOffer(QFrame):
    """Why the network does not fit data and loss, and the edits that would make it fit."""

    def __init__(self, parent: QWidget, document: Document) -> None:
        super().__init__(parent)
        self._document = document
        self._problem: Problem | None = None
        self.setObjectName("mend_offer")
        self.setProperty("card", True)
        self.setProperty("wrong", True)
        self.setFixedWidth(WIDTH)
        self.sentence = label("mend_sentence", problem=True)
        self.buttons: list[QPushButton] = []
        self._column = filled(QVBoxLayout(self), self.sentence, gap=8, margins=(10, 8, 10, 10))
        self.hide()

    def offer(self, problem: Problem | None) -> None:
        """Say what is wrong and how it could be mended; without a problem, be gone."""
        if problem != self._problem:
            self._problem = problem
            for button in self.buttons:
                button.hide()
                self._column.removeWidget(button)
                button.deleteLater()
            self.buttons = [] if problem is None else remedy_buttons(problem, self._document)
            for button in self.buttons:
                self._column.addWidget(button)
            self.sentence.setText("" if problem is None else problem.message)
        self.setVisible(problem is not None)

    def stand_below(self, card: QRectF, room: QRect) -> None:
        """Under the loss card, inside ``room``."""
        # A wrapped sentence says how high it is only for a given width.
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))
        x = min(max(card.center().x() - WIDTH / 2, room.left() + 6), room.right() - WIDTH - 6)
        self.move(round(x), round(min(card.bottom() + 30, room.bottom() - self.height() - 6)))
