"""The coach's card: what is so, why it matters, how sure that is, what to try, and that it was meant so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from playground.document import edits
from playground.ui.kit.icons import icon
from playground.ui.kit.remedies import SIGNS, remedy_buttons
from playground.ui.kit.style import refresh
from playground.ui.kit.text import Label, tip

if TYPE_CHECKING:
    from engine.coach import Advice, Told
    from playground.document.document import Document
    from playground.ui.kit.theme import Theme

HEALTHY = "✓ Nothing unusual was seen."
SURE = {"symptom": "a symptom; its cause is not seen", "likely": "likely", "proven": "proven"}


class AdviceCard(QFrame):
    """One advice, or that there is none. ``look`` carries the block that is to be looked at."""

    look = Signal(str)

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("advice_card")
        self._document, self._theme = document, theme
        self._shown: tuple[Advice | None, tuple[str, ...], int] | None = None
        self.sign, self.title, self.sure = Label(), Label(), Label()
        self.words, self.why, self.more = Label(), Label(), Label()
        for label, name in (
            (self.title, "advice_title"),
            (self.sure, "advice_sure"),
            (self.words, "findings"),
            (self.why, "advice_why"),
            (self.more, "advice_more"),
        ):
            label.setObjectName(name)
            label.setWordWrap(label is not self.sure)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.title.setProperty("strong", True)
        for label in (self.sure, self.why, self.more):
            label.setProperty("muted", True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.sign)
        head.addWidget(self.title, 1)
        head.addWidget(self.sure)
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(4)
        self._again = QPushButton("Have it said again")
        self._again.setObjectName("hear_again")
        self._again.setToolTip("The coach says of this project again what was meant so.")
        self._again.clicked.connect(lambda: self._document.do(edits.hear_again))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        column.addLayout(head)
        for part in (self.words, self.why):
            column.addWidget(part)
        column.addLayout(self._buttons)
        column.addWidget(self.more)
        column.addWidget(self._again, alignment=Qt.AlignmentFlag.AlignLeft)
        theme.follow(self._sign)

    def show_told(self, told: Told | None, nothing: str) -> None:
        """Show the advice; ``nothing`` where the coach has nothing to look at."""
        advice = told.advice if told is not None else None
        others = told.more if told is not None else ()
        meant = self._document.value.meant
        now = (advice, tuple(one.title for one in others), len(meant))
        if self._shown == now and told is not None:
            return
        self._shown = now if told is not None else None
        self.setProperty("card", advice is not None)
        refresh(self)
        self.title.setText(advice.title if advice is not None else "")
        self.sure.setText(SURE[advice.sure] if advice is not None else "")
        self.words.setText(nothing if told is None else HEALTHY if advice is None else advice.words)
        self.why.setText(advice.why if advice is not None else "")
        self.more.setText(f"Also: {'; '.join(one.title for one in others)}." if others else "")
        for part in (self.sign, self.title, self.sure):
            part.setVisible(advice is not None)
        for part in (self.why, self.more):
            part.setVisible(bool(part.text()))
        self._again.setVisible(bool(meant))
        self._again.setText(f"{len(meant)} meant so: have {'it' if len(meant) == 1 else 'them'} said again")
        self._sign()
        self._offer(advice)

    def _sign(self) -> None:
        advice = self._shown[0] if self._shown is not None else None
        if advice is not None:
            name, word = SIGNS[advice.level]
            colour = "warning" if advice.level == "warning" else "accent"
            self.sign.setPixmap(icon(name, self._theme, colour).pixmap(QSize(18, 18)))
            self.sign.setAccessibleName(word)

    def _offer(self, advice: Advice | None) -> None:
        """Buttons for what can be tried, a line each, and the last line for the rest."""
        while (item := self._buttons.takeAt(0)) is not None:
            row = item.widget()
            if row is not None:
                row.hide()
                row.deleteLater()
        if advice is None:
            return
        last: list[QPushButton] = []
        if advice.node_id:
            look = QPushButton("Look at the block")
            look.setObjectName("advice_look")
            look.setToolTip(tip(f"Select {advice.node_id}."))
            look.clicked.connect(lambda: self.look.emit(advice.node_id))
            last.append(look)
        buttons = remedy_buttons(advice, self._document)
        remedies, meant = buttons[: len(advice.remedies)], buttons[len(advice.remedies) :]
        for line in (*([one] for one in remedies), [*last, *meant]):
            if line:
                row = QWidget()
                row.setObjectName("advice_row")
                layout = QHBoxLayout(row)
                layout.setContentsMargins(0, 0, 0, 0)
                layout.setSpacing(6)
                for button in line:
                    layout.addWidget(button)
                layout.addStretch(1)
                self._buttons.addWidget(row)
