"""What the modes of the panel have in common: controls at the left, a plot at the right, a sentence."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.document.project import Project
from playground.runner.messages import Frame, State, Want
from playground.ui.kit.plot import Plot
from playground.ui.kit.view import Context, Table
from playground.ui.kit.widgets import label

A = TypeVar("A")


class Mode(Generic[A]):
    """One way to look.

    Attributes:
        controls: what is chosen, in a column.
        plot: the picture.
        asked: counts how often it was asked for anew; part of the want.
        found: the last answer that is no refusal; ``None`` before.
    """

    key = ""  #: in object names
    name = ""  #: on its tab
    tip = ""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.plot = Plot(context.theme, f"landscape_{self.key}_plot")
        self.plot.setAccessibleName(self.name)
        self.controls = QWidget()
        self.controls.setObjectName(f"landscape_{self.key}_controls")
        self.column = QVBoxLayout(self.controls)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)
        self.verdict = label(f"landscape_{self.key}_verdict", heading=True)
        self.words = label(f"landscape_{self.key}_words", little=True, muted=True)
        self.asked = 0
        self.found: A | None = None

    def finish(self) -> None:
        """The controls are in: what is said follows them."""
        self.column.addWidget(self.verdict)
        self.column.addWidget(self.words)
        self.column.addStretch(1)
        self.say("", "")

    def say(self, verdict: str, words: str) -> None:
        """The result in a few words, and what it is of."""
        for label_, text in ((self.verdict, verdict), (self.words, words)):
            if text != label_.text():
                label_.setText(text)
            label_.setVisible(bool(text))

    def ask(self) -> None:
        """Ask anew, of the weights as they are then."""
        self.asked += 1

    def want(self) -> Want[Any]:
        """What it needs to know."""
        raise NotImplementedError

    def show_project(self, project: Project) -> None:
        """The project is this one."""

    def show_frame(self, frame: Frame) -> None:
        """Draw its answer, if it is another."""
        answer = frame.answer(self.want())
        if frame.state is State.EMPTY:
            self._refuse("This is drawn as soon as the network can run. See Problems for what is missing.")
            return
        if answer is None:
            return
        if isinstance(answer, str):
            self._refuse(answer)
            return
        if answer is not self.found:
            self.found = answer
            self.plot.set_note("")
            self.draw(answer)
            self.plot.refresh_cursor()

    def _refuse(self, why: str) -> None:
        self.found = None
        self.clear()
        self.plot.set_note(why)
        self.say("", "")

    def draw(self, found: A) -> None:
        """A new answer."""
        raise NotImplementedError

    def clear(self) -> None:
        """There is no picture now."""

    def as_table(self) -> Table | None:
        """The numbers of the picture."""
        return None
