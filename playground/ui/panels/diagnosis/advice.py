"""The coach's card: what is so, why it matters, how sure that is, what to try, and that it was meant so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from playground.document import edits
from playground.ui.kit.icons import icon
from playground.ui.kit.remedies import SIGNS, remedy_buttons
from playground.ui.kit.small_plot import SmallPlot
from playground.ui.kit.style import refresh
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.text import Label, tip

if TYPE_CHECKING:
    from engine.coach import Advice, Told
    from engine.problems import Remedy
    from playground.document.document import Document
    from playground.ui.kit.theme import Theme

HEALTHY = "✓ Nothing unusual was seen."
YET = "Nothing to say yet."
SURE = {"symptom": "a symptom; its cause is not seen", "likely": "likely", "proven": "proven"}


class AdviceCard(QFrame):
    """One advice, or that there is none.

    ``look`` carries the advice that is to be looked at, ``back`` that of a moment to return to; ``tried`` a remedy and its advice.
    """

    look = Signal(object)
    back = Signal(object)
    tried = Signal(object, object)

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("advice_card")
        self._document, self._theme = document, theme
        self._shown: tuple[Advice | None, tuple[str, ...], int] | None = None
        self._offered: tuple[object, ...] = ()
        self.plot = SmallPlot(theme, "advice_plot")
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
        said = QWidget()  # a layout in a layout would be no wider than what is hidden in it
        said.setObjectName("advice_said")
        column = QVBoxLayout(said)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        for part in (self.words, self.why):
            column.addWidget(part)
        column.addLayout(self._buttons)
        column.addWidget(self.more)
        column.addWidget(self._again, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(12)
        row.addWidget(said, 3)
        row.addWidget(self.plot, 2, Qt.AlignmentFlag.AlignTop)
        theme.follow(self._sign)

    def show_told(self, told: Told | None, nothing: str) -> None:
        """Show the advice; ``nothing`` where the coach has nothing to look at."""
        advice = told.advice if told is not None else None
        others = told.more if told is not None else ()
        meant = self._document.value.meant
        seen = HEALTHY if told is not None and told.light else YET  # as the light in the bar
        now = (advice, (seen, *(one.title for one in others)), len(meant))
        if self._shown == now and told is not None:
            return
        self._shown = now if told is not None else None
        self.setProperty("card", advice is not None)
        refresh(self)
        self.title.setText(advice.title if advice is not None else "")
        self.sure.setText(SURE[advice.sure] if advice is not None else "")
        self.words.setText(nothing if told is None else seen if advice is None else advice.words)
        self.why.setText(advice.why if advice is not None else "")
        self.more.setText(f"Also: {'; '.join(one.title for one in others)}." if others else "")
        for part in (self.sign, self.title, self.sure):
            part.setVisible(advice is not None)
        for part in (self.why, self.more):
            part.setVisible(bool(part.text()))
        self._again.setVisible(bool(meant))
        self._again.setText(f"{len(meant)} meant so: have {'it' if len(meant) == 1 else 'them'} said again")
        self.plot.show_picture(advice.picture if advice is not None else None)
        self._sign()
        # While it says the same with newer numbers, its buttons stay under the mouse.
        offered = () if advice is None else (advice.rule, advice.remedies, advice.node_id, advice.step)
        if offered != self._offered:
            self._offered = offered
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
        look = QPushButton(_place(advice))
        look.setObjectName("advice_look")
        look.setToolTip(tip(f"{_place(advice)}: what is said is to be seen there."))
        look.clicked.connect(lambda: self.look.emit(advice))
        last.append(look)
        if advice.moment == "trains" and advice.step:
            back = QPushButton(f"… as it was after epoch {advice.epoch:,}")
            back.setObjectName("advice_back")
            back.setToolTip(
                "Pause, and stand where the run stood when this was first said. History brings you forward again."
            )
            back.clicked.connect(lambda: self.back.emit(advice))
            last.append(back)
        buttons = remedy_buttons(advice, self._document)
        remedies, meant = buttons[: len(advice.remedies)], buttons[len(advice.remedies) :]
        tries = [self._try_button(i, remedy, advice) for i, remedy in enumerate(advice.remedies)]
        for line in (*([a, b] for a, b in zip(tries, remedies, strict=True)), [*last, *meant]):
            if line:
                row = QWidget()
                row.setObjectName("advice_row")
                layout = FlowLayout(row, gap=6)  # beside the plot there may be little room
                for button in line:
                    layout.addWidget(button)
                self._buttons.addWidget(row)

    def _try_button(self, number: int, remedy: Remedy, advice: Advice) -> QPushButton:
        button = QPushButton("Try")
        button.setObjectName(f"try{number or ''}")
        button.setProperty("primary", number == 0)
        button.setAccessibleName(f"Try: {remedy.text}")
        button.setToolTip(
            "On a copy, beside the run as it is: both are shown, and nothing is changed until you keep it."
        )
        button.clicked.connect(lambda: self.tried.emit(remedy, advice))
        return button


def _place(advice: Advice) -> str:
    """Where to look, as a button says it."""
    if advice.about == "layer":
        return f"Look at {advice.node_id}" if advice.node_id else "Look at the network"
    return {"data": "Look at the data", "fit": "Look at the training", "curves": "Look at the losses"}[
        advice.about
    ]
