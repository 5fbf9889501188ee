"""The card of a question: it is answered before the answer is shown, and then asks for the reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import counted
from playground.lessons.check import SIGN, agrees
from playground.lessons.lesson import Choice as LessonChoice
from playground.lessons.lesson import Predict
from playground.lessons.names import Seen
from playground.lessons.progress import Answer, Progress
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.style import refresh
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.text import RIGHT, WRONG, Label
from playground.ui.kit.theme import Theme
from playground.ui.panels.lesson.blocks import Card, Followed
from playground.ui.panels.lesson.text import Choice, Line, Words

#: (id, guess, right, known, how sure, what the guess comes from)
Answered = Callable[[str, str, bool, bool, int, str], object]
#: (id, reason, right)
Reasoned = Callable[[str, str, bool], object]
#: how sure somebody is of an answer, from 1 on
SURE = ("a guess", "fairly", "certain")


class Sureness(QWidget):
    """How sure one is, said before the answer: who was certain and wrong remembers best."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        label = Label("How sure?")
        label.setProperty("muted", True)
        row.addWidget(label)
        self._group = QButtonGroup(self)
        for number, words in enumerate(SURE, 1):
            button = QPushButton(words)
            button.setObjectName(f"sure_{number}")
            button.setCheckable(True)
            button.setProperty("flat", True)
            self._group.addButton(button, number)
            row.addWidget(button)
        row.addStretch(1)

    @property
    def value(self) -> int:
        """1 to 3; 0 where nothing was said."""
        return max(0, self._group.checkedId())


class QuestionCard(Card):
    """A question; its answer, the right one and why, once it is given."""

    def __init__(
        self,
        theme: Theme,
        asked: Predict,
        followed: Followed,
        answered: Answered,
        reasoned: Reasoned = lambda id, why, right: None,
    ) -> None:
        super().__init__("Predict", f"question_{asked.id}")
        self.asked, self._answered, self._followed, self._reasoned = asked, answered, followed, reasoned
        self._seen: Seen | None = None
        self.column.addWidget(Words(theme, asked.question, followed))
        self.buttons: list[Choice] = []
        self.field: QLineEdit | None = None
        row = QWidget()
        if asked.choices:
            flow = FlowLayout(row, gap=6, row_gap=6)
            for i, choice in enumerate(asked.choices):
                button = Choice(theme, choice.text)
                button.setObjectName(f"choice_{i}")
                button.clicked.connect(lambda _=False, i=i: self._choose(i))
                self.buttons.append(button)
                flow.addWidget(button)
        else:
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            self.field = QLineEdit()
            self.field.setObjectName("number")
            digits = counted(asked.digits, "significant digit")
            # What needs no look into an update is counted, and has the digits that it has.
            self.field.setPlaceholderText(counted(asked.digits, "digit") if asked.given else "a number")
            self.field.setToolTip(
                f"A number of your network, to {digits}." if asked.given else "A number of your network."
            )
            self.field.setMaximumWidth(170)
            self.field.returnPressed.connect(self._enter)
            self.enter = QPushButton("Check")
            self.enter.setObjectName("check")
            self.enter.clicked.connect(self._enter)
            self.tell = QPushButton("Show it")
            self.tell.setObjectName("show_it")
            self.tell.setProperty("flat", True)
            self.tell.clicked.connect(self._show_it)
            self.prepare = QPushButton("Step inside")
            self.prepare.setObjectName("prepare")
            self.prepare.setToolTip("Look into the next update; nothing is changed by it.")
            self.prepare.clicked.connect(self._prepare)
            for part in (self.field, self.enter, self.tell, self.prepare):
                line.addWidget(part)
            line.addStretch(1)
        self.column.addWidget(row)
        self.sure = Sureness()
        self.column.addWidget(self.sure)
        self.feedback = Line(theme)
        self.feedback.setObjectName("feedback")
        self.because = Words(theme, asked.because, followed)
        self.because.setObjectName("because")
        self.column.addWidget(self.feedback)
        self.reasons = Reasons(theme, asked, followed, self._reason) if asked.reasons else None
        if self.reasons is not None:
            self.column.addWidget(self.reasons)
        self.column.addWidget(self.because)
        self._wrong, self._shown = "", False
        self.show_progress(Progress())

    # --- answering ----------------------------------------------------------------------------------------------------

    def _choose(self, i: int) -> None:
        choice = self.asked.choices[i]
        self._answered(self.asked.id, choice.text, choice.right, True, self.sure.value, "")

    def _reason(self, choice: LessonChoice) -> None:
        self._reasoned(self.asked.id, choice.text, choice.right)

    @property
    def right(self) -> float | None:
        """The number that is asked for, of the network as it stands; ``None`` while it is not known."""
        if self.asked.answer is None or self._seen is None:
            return None
        found = self.asked.answer.value(self._seen)
        return float(found) if isinstance(found, int | float) else None

    @property
    def waits(self) -> bool:
        """Whether a number of this network is known, and not guessed yet."""
        return self.right is not None and not (self._given is not None and self._given.known)

    def _enter(self) -> None:
        right = self.right
        if self.field is None or right is None:
            return
        text = self.field.text().strip()
        guess = parse(text)
        if guess is None:
            self._say("This is no number; write one such as −0.25.", False)
            return
        if not math.isfinite(guess):
            self._say("Write a finite number, such as −0.25.", False)
            return
        if agrees(guess, right, self.asked.digits) and not self._nearer_mistakes(guess, right):
            self._shown = False
            self._answered(self.asked.id, text, True, True, self.sure.value, "")
            return
        slip = self._slip(guess)
        self._wrong = slip or "Not yet. Try again, or let it be shown."
        self._answered(self.asked.id, text, False, False, self.sure.value, slip)

    def _prepare(self) -> None:
        for one in self.asked.given:
            self._followed(one.link)

    def _mistakes(self) -> Iterator[tuple[float, str]]:
        """The wrong numbers that people give, of the network as it stands, and what is said of each."""
        for mistake in self.asked.mistakes:
            known = mistake.value.value(self._seen) if self._seen is not None else None
            if isinstance(known, int | float):
                yield float(known), mistake.remark

    def _nearer_mistakes(self, guess: float, right: float) -> bool:
        return any(abs(guess - wrong) < abs(guess - right) for wrong, _ in self._mistakes())

    def _slip(self, guess: float) -> str:
        """What a wrong number comes from; "" where that is not known."""
        for wrong, remark in sorted(self._mistakes(), key=lambda one: abs(guess - one[0])):
            if agrees(guess, wrong, self.asked.digits):
                return remark
        right = self.right or 0.0
        if agrees(-guess, right, self.asked.digits):
            return SIGN
        return ""

    def _show_it(self) -> None:
        self._shown = True
        self._answered(self.asked.id, "shown", False, True, 0, "")

    # --- showing ------------------------------------------------------------------------------------------------------

    def see(self, seen: Seen) -> None:
        """A new moment of the network."""
        known = self.right is not None
        self._seen = seen
        if (self.right is not None) != known:
            self._offer()

    def show_progress(self, progress: Progress) -> None:
        """What has been answered so far."""
        self._given = progress.answers.get(self.asked.id)
        self._offer()

    def _offer(self) -> None:
        given, known = self._given, self._given is not None and self._given.known
        for button, choice in zip(self.buttons, self.asked.choices, strict=True):
            mark = ""
            if given is not None:
                mark = f"  {RIGHT}" if choice.right else f"  {WRONG}" if choice.text == given.guess else ""
            button.say(choice.text + mark)
            button.setEnabled(given is None)
        if self.field is not None:
            waits = self.right is None
            self.field.setEnabled(not known and not waits)
            self.enter.setEnabled(not known and not waits)
            self.tell.setVisible(given is not None and not known and not waits)
            self.prepare.setVisible(waits and not known and bool(self.asked.given))
        self.sure.setVisible(given is None and (self.field is None or self.right is not None))
        self._tell(given)
        asked_why = self.reasons is not None and known
        if self.reasons is not None:
            self.reasons.setVisible(known)
            self.reasons.show_answer(given)
        thought = not asked_why or (given is not None and bool(given.why))
        self.because.setVisible(known and thought and bool(self.asked.because))

    def _tell(self, given: Answer | None) -> None:
        if given is None:
            waits = self.field is not None and self.right is None
            waited = "Step inside" if self.asked.given else "the network, in a moment"
            self._say(f"The number comes with {waited}." if waits else "", None)
            return
        if self.asked.choices and given.guess != "shown":
            chosen = next((c for c in self.asked.choices if c.text == given.guess), None)
            said = chosen.remark if chosen is not None else ""
            if given.sure == len(SURE) and not given.right:
                said = f"Many are certain of this. {said}"
            self._say(
                f"{RIGHT} Right. {said}" if given.right else f"{WRONG} {said or 'It is another.'}",
                given.right,
            )
            return
        right = "" if self.right is None else f" It is {fmt(self.right)}."
        if given.right:
            self._say(f"{RIGHT} Right at once.{right}", True)
        elif given.known:
            shown = self._shown or given.guess == "shown"
            self._say(right.strip() if shown else f"{RIGHT} That is it.{right}", None if shown else True)
        else:
            self._say(f"{WRONG} {self._wrong or 'Not yet. Try again, or let it be shown.'}", False)

    def _say(self, text: str, good: bool | None) -> None:
        self.feedback.say(text)
        self.feedback.setVisible(bool(text))
        self.feedback.setProperty("good", good is True)
        self.feedback.setProperty("warning", good is False)
        self.feedback.setProperty("muted", good is None)
        refresh(self.feedback)


class Reasons(QWidget):
    """Which reason is the right one: asked once the answer is known, and answered by a choice."""

    def __init__(
        self, theme: Theme, asked: Predict, followed: Followed, chosen: Callable[[LessonChoice], object]
    ) -> None:
        super().__init__()
        self._asked = asked
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(Words(theme, asked.why, followed))
        row = QWidget()
        flow = FlowLayout(row, gap=6, row_gap=6)
        self.buttons: list[Choice] = []
        for i, reason in enumerate(asked.reasons):
            button = Choice(theme, reason.text)
            button.setObjectName(f"reason_{i}")
            button.clicked.connect(lambda _=False, reason=reason: chosen(reason))
            self.buttons.append(button)
            flow.addWidget(button)
        column.addWidget(row)
        self.feedback = Line(theme)
        self.feedback.setObjectName("reason_feedback")
        column.addWidget(self.feedback)

    def show_answer(self, given: Answer | None) -> None:
        """Mark the reasons, once one was given."""
        why = "" if given is None else given.why
        for button, reason in zip(self.buttons, self._asked.reasons, strict=True):
            mark = f"  {RIGHT}" if why and reason.right else f"  {WRONG}" if reason.text == why else ""
            button.say(reason.text + mark)
            button.setEnabled(not why)
        remark = next((one.remark for one in self._asked.reasons if one.text == why), "")
        right = given is not None and given.why_right
        self.feedback.say(f"{RIGHT} That is why." if right else f"{WRONG} {remark or 'It is another.'}")
        self.feedback.setVisible(bool(why))
        self.feedback.setProperty("good", right)
        self.feedback.setProperty("warning", not right)
        refresh(self.feedback)
