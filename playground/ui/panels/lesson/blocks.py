"""The parts of a page: a goal and how far it is, a hint, what is locked, a task of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import counted
from playground.lessons.expressions import Condition
from playground.lessons.lesson import Free, Goal, Hint, Lock
from playground.lessons.names import Seen, Value
from playground.lessons.progress import Progress
from playground.lessons.tries import Tries
from playground.runner.messages import Coaching, State
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.style import GAP, refresh
from playground.ui.kit.text import RIGHT, Label
from playground.ui.kit.theme import Theme
from playground.ui.panels.lesson.text import Words

if TYPE_CHECKING:
    from playground.runner.messages import Want

OPEN = "\N{WHITE CIRCLE}"

Followed = Callable[[str], object]


class Card(QFrame):
    def __init__(self, heading: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("card", True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 10)
        self.column.setSpacing(GAP)
        self.heading = Label(heading)
        self.heading.setProperty("muted", True)
        self.column.addWidget(self.heading)


class GoalCard(Card):
    """A goal, and how far each thing it asks for is."""

    def __init__(self, theme: Theme, goal: Goal, followed: Followed) -> None:
        super().__init__("Goal", f"goal_{goal.id}")
        self.goal = goal
        self.tries, self._seed = Tries(goal.seeds, goal.of), 0
        self.column.addWidget(Words(theme, f"**{goal.title}**", followed))
        self.rows: list[Label] = []
        self._seeds = Label()
        self._seeds.setProperty("muted", True)
        self.column.addWidget(self._seeds)
        self.other = QPushButton("Another seed")
        self.other.setObjectName("another_seed")
        self.other.setToolTip("Draw other first weights, for the same network and settings.")
        self.other.setVisible(goal.of > 1)
        self.other.clicked.connect(lambda: followed(f"do:set?seed={self._seed + 1}"))
        self.column.addWidget(self.other, alignment=Qt.AlignmentFlag.AlignLeft)
        self.coach = Label()
        self.coach.setObjectName("coach_says")
        self.coach.setWordWrap(True)
        self.coach.setProperty("warning", True)
        self.coach.hide()
        self.column.addWidget(self.coach)
        self._reached: tuple[int, ...] = ()
        self.met = False

    def wants(self) -> Iterator[Want[Any]]:
        """What a frame must answer for it."""
        yield from self.goal.when.wants
        if self.goal.coach:
            yield Coaching()

    def see(self, seen: Seen) -> tuple[int, ...]:
        """A new moment; the seeds of the runs with which the goal is reached in it, () where it is not."""
        found = self.goal.when.conditions(seen)
        while len(self.rows) < len(found):
            row = Label()
            row.setWordWrap(True)
            self.rows.append(row)
            self.column.insertWidget(len(self.rows) + 1, row)
        for row, condition in zip(self.rows, found, strict=True):
            text = condition_in_words(condition)
            if text != row.text():
                row.setText(text)
                row.setProperty("good", condition.met)
                refresh(row)
        self._seed = seen.project.seed
        met = all(condition.met for condition in found)
        self._say_coach(seen, met)
        if self.goal.of == 1:
            return (self._seed,) if met else ()
        self.tries.see(seen.project, seen.frame.epoch >= 1, met)
        self._say_seeds()
        return self.tries.met if self.tries.reached else ()

    def _say_coach(self, seen: Seen, met: bool) -> None:
        """Where the run has stopped and the goal is missed, what the coach sees."""
        told = seen.frame.answer(Coaching()) if self.goal.coach else None
        stopped = seen.frame.state in (State.PAUSED, State.DIVERGED) and seen.frame.epoch >= 1
        words = ""
        if self.goal.coach and stopped and not met and not self.met:
            advice = told.advice if told is not None else None
            words = (
                f"The coach: {advice.words}"
                if advice is not None
                else "The coach sees nothing that is wrong by itself. Compare with what the goal asks for."
            )
        self.coach.setText(words)
        self.coach.setVisible(bool(words))

    def _say_seeds(self) -> None:
        needed, of = self.goal.seeds, self.goal.of
        asked = f"{needed} of {of}" if needed < of else f"all of {of}"
        if self.met:
            self._seeds.setText(f"met with {len(self._reached)} seeds")
            return
        tried = counted(self.tries.tried, "seed")
        self._seeds.setText(
            f"{len(self.tries.met)} of {tried} of this network met it, asked {asked}"
            if self.tries.tried
            else f"asked with {asked} seeds"
        )

    def show_progress(self, progress: Progress) -> None:
        """In which runs it has been met."""
        self._reached = progress.reached.get(self.goal.id, ())
        self.met = bool(self._reached)
        self.heading.setText(f"Goal {RIGHT} reached" if self.met else "Goal")
        self.heading.setProperty("good", self.met)
        refresh(self.heading)
        several = self.goal.of > 1
        self._seeds.setVisible(several)
        self.other.setVisible(several and not self.met)
        if several:
            self._say_seeds()
        if self.met:
            self.coach.hide()


class FreeCard(Card):
    """A task without a check."""

    def __init__(self, theme: Theme, free: Free, followed: Followed) -> None:
        super().__init__("Free task: nothing is checked, everything is open", "free_task")
        self.heading.setWordWrap(True)
        self.column.addWidget(Words(theme, free.markdown, followed))


class LockCard(QWidget):
    """What answers in the window for now, and what opens the rest."""

    def __init__(self, theme: Theme, lock: Lock, opened: str, until: str, followed: Followed) -> None:
        super().__init__()
        self.setObjectName("lock")
        self.lock = lock
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        sign = QToolButton()
        sign.setIcon(icon("lock-outline", theme, "muted"))
        sign.setAutoRaise(True)
        sign.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        sign.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        sign.setAccessibleName("Locked")
        row.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        waits = f"waits for {until}" if until else "is locked on this page"
        what = f"Open now: {opened}. The rest {waits}." if opened else f"Everything {waits}."
        row.addWidget(Words(theme, f"{what} {lock.markdown}".strip(), followed, muted=True), stretch=1)


class HintCard(QWidget):
    """A button that gives way to a hint."""

    def __init__(self, theme: Theme, hint: Hint, followed: Followed) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.button = QPushButton("Hint")
        self.button.setObjectName("hint")
        self.button.setProperty("link", True)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.words = Words(theme, hint.markdown, followed)
        self.words.hide()
        self.button.clicked.connect(self._show)
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.words)

    def _show(self) -> None:
        self.button.hide()
        self.words.show()


def condition_in_words(condition: Condition) -> str:
    """ "○ validation loss 0.084 · asked < 0.05" """
    mark = RIGHT if condition.met else OPEN
    if not condition.sign:
        return f"{mark} {condition.label}"
    colon = ":" if condition.label[-1:].isdigit() else ""  # two numbers beside each other read as one
    now, asked = _written(condition.now, fmt), _written(condition.asked, exact)
    return f"{mark} {condition.label}{colon} {now} · asked {condition.sign} {asked}"


def _written(value: Value, number: Callable[[float], str]) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else value
