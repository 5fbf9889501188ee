"""Widgets that lie over the canvas: the invitation on an empty one, and the offer to mend the last layer."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

WIDTH = 210


class Invitation(QFrame):
    """What to do with an empty canvas. The mouse passes through it, so that layers can be dropped on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("invitation")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        head = QLabel("Drag a layer here")
        head.setProperty("title", True)
        words = QLabel(
            "or double-click one in the palette.\nThe data come in at the left; at the right the loss says how wrong the answers are."
        )
        words.setProperty("muted", True)
        words.setWordWrap(True)
        layout = QVBoxLayout(self)
        for label in (head, words):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        self.setFixedWidth(300)
        layout.setContentsMargins(18, 22, 18, 22)
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
    """Why the network does not fit data and loss, and the button that makes it fit."""

    mended = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("mend_offer")
        self.setProperty("card", True)
        self.setProperty("wrong", True)
        self.setFixedWidth(WIDTH)
        self.sentence = QLabel()
        self.sentence.setObjectName("mend_sentence")
        self.sentence.setProperty("problem", True)
        self.sentence.setWordWrap(True)
        self.button = QPushButton("Mend the last layer")
        self.button.setObjectName("mend_output")
        self.button.setAccessibleName("Mend the last layer")
        self.button.setToolTip(
            "Resize the last Linear, or add one, so that it gives what data and loss need. Undo takes it back."
        )
        self.button.clicked.connect(self.mended)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self.sentence)
        layout.addWidget(self.button)
        self.hide()

    def offer(self, sentence: str, can_mend: bool) -> None:
        """Say the sentence; without one, be gone."""
        self.sentence.setText(sentence)
        self.button.setVisible(can_mend)
        self.setVisible(bool(sentence))

    def stand_below(self, card: QRectF, room: QRect) -> None:
        """Under the loss card, inside ``room``."""
        # A wrapped sentence says how high it is only for a given width.
        self.setFixedHeight(self._column.totalHeightForWidth(WIDTH))
        x = min(max(card.center().x() - WIDTH / 2, room.left() + 6), room.right() - WIDTH - 6)
        self.move(round(x), round(min(card.bottom() + 30, room.bottom() - self.height() - 6)))
