"""Widgets that lie over the canvas: the invitation on an empty one, and the offer to mend the last layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from engine.network import shape_in_words
from playground.document.wiring import Candidate
from playground.ui.kit.remedies import remedy_buttons
from playground.ui.kit.text import button_text
from playground.ui.kit.widgets import filled, label, named

if TYPE_CHECKING:
    from engine.problems import Problem
    from playground.document.document import Document

WIDTH = 210
WORDS = (
    "or double-click one in Layers.\n"
    "The data come in at the left; at the right the loss says how wrong the answers are."
)
MOST_OFFERED = 6  #: blocks to choose from in an offer; the nearest ones


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
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dashed line: here is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(self.palette().ColorRole.Mid), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 10, 10)
        painter.end()

    def stand_in(self, room: QRect) -> None:
        """In the middle of ``room``; where its words need more, from its left edge on."""
        self.setFixedWidth(max(min(300, room.width() - 16), self.minimumSizeHint().width()))
        self.adjustSize()
        corner = room.center() - self.rect().center()
        self.move(max(corner.x(), room.left()), corner.y())


class JoinOffer(QFrame):
    """Asks of a new layer that joins branches which block its other input is; those that fit are marked on the canvas, too.

    Attributes:
        node_id: the layer; "" while nothing is asked.
        fitting: the blocks to choose from.
    """

    chosen = Signal(str)  #: the id of a block

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "join_offer", card=True)
        self.setFixedWidth(WIDTH)
        self.node_id, self.fitting = "", tuple[str, ...]()
        self.sentence = label("join_sentence")
        self.buttons: list[QPushButton] = []
        self._column = filled(QVBoxLayout(self), self.sentence, gap=5, margins=(10, 8, 10, 10))
        self.hide()

    def ask(self, node_id: str, title: str, found: Sequence[Candidate], now: str) -> None:
        """``found``: what it could read; ``now``: what it reads until something else is said."""
        fitting = [one for one in found if one.fits]
        self.node_id, self.fitting = node_id, tuple(one.id for one in fitting)
        if fitting:
            self.sentence.setText(
                f"{title} joins two branches. Which is the other one? Click a green card, or here:"
            )
        else:
            self.sentence.setText(
                f"{title} joins two branches, and no earlier block gives what it could take. Pull a wire to it once one does."
            )
        for button in self.buttons:
            button.hide()
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for one in fitting[-MOST_OFFERED:]:
            words = f"{one.id} · {shape_in_words(one.shape)}" + (" (now)" if one.id == now else "")
            tip = "Let the new layer read this block, too. (Esc leaves it as it is)"
            button = named(QPushButton(button_text(words)), f"join_{one.id}", f"Join {words}", tip)
            button.clicked.connect(lambda _=False, chosen=one.id: self.chosen.emit(chosen))
            self.buttons.append(button)
            self._column.addWidget(button)
            button.show()  # or it is not counted in the height
        self.show()
        self.raise_()
        if self.buttons:
            self.buttons[-1].setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Ask no more."""
        self.node_id, self.fitting = "", ()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: +1}.get(Qt.Key(event.key()), 0)
        at = next((i for i, button in enumerate(self.buttons) if button.hasFocus()), -1)
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif by and self.buttons:
            self.buttons[(at + by) % len(self.buttons)].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)

    def stand_below(self, card: QRectF, room: QRect) -> None:
        """Under the card of the layer, inside ``room``."""
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))
        x = min(max(card.center().x() - WIDTH / 2, room.left() + 6), room.right() - WIDTH - 6)
        self.move(round(x), round(min(card.bottom() + 12, room.bottom() - self.height() - 6)))


class Remedies(QWidget):
    """Under a card that says what is wrong at a layer: the edits that would end it."""

    def __init__(self, parent: QWidget, problem: Problem, document: Document) -> None:
        super().__init__(parent)
        self.setObjectName("card_remedies")
        self.problem = problem
        self.buttons = remedy_buttons(problem, document)
        filled(QVBoxLayout(self), *self.buttons, gap=4)
        self.show()

    def stand_below(self, box: QRectF) -> None:
        """Under what the card says, in its middle."""
        self.adjustSize()
        self.move(round(box.center().x() - self.width() / 2), round(box.bottom() + 6))


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

    def offer(self, problem: Problem | None, behind: QWidget) -> None:
        """Say what is wrong and how it could be mended; without a problem, be gone. ``behind``: from where Tab leads to it."""
        if problem != self._problem:
            self._problem = problem
            for button in self.buttons:
                button.hide()
                self._column.removeWidget(button)
                button.deleteLater()
            self.buttons = [] if problem is None else remedy_buttons(problem, self._document)
            for button in self.buttons:
                self._column.addWidget(button)
                QWidget.setTabOrder(behind, button)
                behind = button
                button.show()  # or it is not counted in the height until the event loop has gone round
            self.sentence.setText("" if problem is None else problem.message)
        self.setVisible(problem is not None)

    def stand_below(self, card: QRectF, room: QRect) -> None:
        """Under the loss card, inside ``room``."""
        # A wrapped sentence says how high it is only for a given width.
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))
        x = min(max(card.center().x() - WIDTH / 2, room.left() + 6), room.right() - WIDTH - 6)
        self.move(round(x), round(min(card.bottom() + 30, room.bottom() - self.height() - 6)))
