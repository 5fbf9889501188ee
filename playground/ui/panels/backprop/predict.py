"""Predict first: a question before the step shows its number. What was predicted is remembered better."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from engine.trace import Moment
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.style import refresh
from playground.ui.kit.switches import FlowLayout, switch
from playground.ui.kit.text import RIGHT, WRONG
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import filled, label, named
from playground.ui.panels.backprop.questions import Question, nothing_because, question
from playground.ui.panels.backprop.side import SideCard


class PredictCard(SideCard):
    """While switched on and seen, it veils each number worth guessing until it has been guessed (``focus.veil``)."""

    title = "Predict first"
    idle = "Step inside an update; then guess each number before you see it."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.setObjectName("predict_card")
        tip = "Ask for the sign, the size or the new loss before a step shows it."
        self.switch = switch("predict_first", "ask me first", tip, False, self._switched)
        self.head.insertWidget(0, self.switch)
        tip = "Ask for the numbers themselves, to be worked out and typed, wherever a step comes to one."
        self.numbers = switch("predict_numbers", "for numbers", tip, False, self.touch_anew)
        self.head.insertWidget(1, self.numbers)
        self.asked, self.feedback = label("question"), label("feedback")
        self.options = named(QWidget(), "answers")
        self._row = FlowLayout(self.options)
        self.field = named(QLineEdit(), "predicted_number", "Your number")
        self.field.setPlaceholderText("such as −0.32")
        self.field.setMaximumWidth(140)
        self.field.returnPressed.connect(self._typed)
        tip = "Compare it with what the step comes to. (Enter)"
        self.check = named(QPushButton("Check"), "check_number", "Check the number", tip)
        self.check.clicked.connect(self._typed)
        self.typed = named(QWidget(), "typed_answer")
        filled(QHBoxLayout(self.typed), self.field, self.check, None)
        filled(self.body, self.asked, self.options, self.typed, self.feedback, None)
        self.question: Question | None = None
        self.right = self.total = 0
        self._answered: dict[
            tuple[Moment, int | None], float
        ] = {}  # per sample, of the trace that is walked through
        self._trace: object = None
        self._count()

    # --- asking -------------------------------------------------------------------------------------------------------

    def _switched(self, on: bool) -> None:
        if not on:
            self._veil(False)
        self.touch()

    def touch_anew(self, on: bool) -> None:
        """Another kind of question is wanted: what has been answered stays answered."""
        super().touch()

    def refresh(self) -> None:
        step = self.step
        if step is None:
            return
        if step.trace is not self._trace:
            self._trace, self._answered = step.trace, {}
        if not self.switch.isChecked():
            self.question = None
            self._veil(False)
            self.say(
                "Switch “ask me first” on, and guess each step's number before it shows. Wrong guesses cost nothing."
            )
            return
        asked = question(step.trace, step.moment, step.sample, self.numbers.isChecked())
        self.question = asked
        if asked is None:
            self._veil(False)
            self.say(nothing_because(step.trace, step.moment, step.sample))
            return
        self.say("")
        answer = self._answered.get((step.moment, step.sample))
        self.asked.setText(asked.asked)
        self._offer(asked, answer)
        self._tell(asked, answer)
        self._veil(answer is None)

    def _offer(self, asked: Question, answer: float | None) -> None:
        """A button for each option, or a field for a number; once answered, they say which was right."""
        self.options.setVisible(asked.number is None)
        self.typed.setVisible(asked.number is not None)
        for part in (self.field, self.check):
            part.setEnabled(answer is None)
        if answer is None and not self.field.hasFocus():
            self.field.clear()
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for i, words in enumerate(asked.options):
            told = RIGHT if i in asked.right else WRONG if i == answer else ""
            text = f"{words} {told}" if told and answer is not None else words
            button = named(QPushButton(text, self.options), f"answer_{i}", words, "Guess this.")
            button.setEnabled(answer is None)
            button.clicked.connect(self._chooser(i))
            self._row.addWidget(button)
            button.show()

    def _chooser(self, i: int) -> Callable[[], None]:
        return lambda: self._choose(i)

    def _choose(self, i: int) -> None:
        self._answer(i)

    def _typed(self) -> None:
        number = parse(self.field.text())
        if number is None:
            self.feedback.setText("That is no number. Type one, such as −0.32 or 1.5e−3.")
            self.feedback.setProperty("good", False)
            refresh(self.feedback)
            return
        self._answer(float(number))
        self.field.clear()

    def _answer(self, answer: float) -> None:
        step = self.step
        if self.question is None or step is None or (step.moment, step.sample) in self._answered:
            return
        self._answered[step.moment, step.sample] = answer
        self.total += 1
        self.right += self.question.is_right(answer)
        self._count()
        self.touch()

    def _tell(self, asked: Question, answer: float | None) -> None:
        if answer is None:
            self.feedback.clear()
            return
        good = asked.is_right(answer)
        was = (
            fmt(asked.number)
            if asked.number is not None
            else " and ".join(asked.options[i] for i in sorted(asked.right))
        )
        yours = f"You said {fmt(answer)}. " if asked.number is not None and not good else ""
        verdict = f"{RIGHT} Right: {was}." if good else f"{WRONG} {yours}It is {was}."
        words = (verdict, asked.slip(answer), asked.because)
        self.feedback.setText(" ".join(filter(None, words)))
        self.feedback.setProperty("good", good)
        refresh(self.feedback)

    def _count(self) -> None:
        self.remark.say(f"{self.right} of {self.total} right" if self.total else "")

    # --- hiding -------------------------------------------------------------------------------------------------------

    def _veil(self, on: bool) -> None:
        self.context.focus.veil(on)

    def touch(self, *args: object) -> None:
        # Its own veil is no news to it.
        if args != (True,) and args != (False,):
            super().touch(*args)

    def hideEvent(self, event: QHideEvent) -> None:
        # Nobody is to wait for an answer to a question that cannot be seen.
        super().hideEvent(event)
        if not self.context.gone:
            self._veil(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.touch()
