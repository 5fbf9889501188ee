"""The card of a worked example that fades: the learner's own backward pass, with blanks to fill."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from playground.lessons.check import agrees
from playground.lessons.faded import DIGITS, LEVEL_WORDS, ROUNDS, Fading, Line, exercise
from playground.runner.messages import ApplyStep, Inspect
from playground.ui.kit import formula
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.style import refresh
from playground.ui.kit.text import RIGHT, WRONG, Label, RichLabel, escaped
from playground.ui.panels.lesson.blocks import Card
from playground.ui.panels.lesson.text import Words

if TYPE_CHECKING:
    from engine.trace import Trace
    from playground.lessons.lesson import Faded
    from playground.lessons.names import Seen
    from playground.lessons.progress import Progress
    from playground.runner.messages import Command
    from playground.ui.kit.theme import Theme


#: signs of LaTeX as they stand in a text
_SIGNS = (("{-}", "−"), (r"\cdot", "·"), (r"\,", " "), (r"\;", " "), (r"\ldots", "…"))


def in_text(latex: str) -> str:
    """Numbers and plain symbols as rich text: ``w_{1,2} = 0.7``."""
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", latex)
    text = re.sub(r"\\mathrm\{([^{}]*)\}", r"\1", text)
    for sign, plain in _SIGNS:
        text = text.replace(sign, plain)
    text = escaped(text)
    text = re.sub(r"_\{([^{}]*)\}", r"<sub>\1</sub>", text)
    return re.sub(r"\^\{([^{}]*)\}", r"<sup>\1</sup>", text)


class LineView(QWidget):
    """One number of the way back: where, the formula, the numbers in it, and what it comes to, or a field for that."""

    def __init__(self, theme: Theme, line: Line, entered: Callable[[], object]) -> None:
        super().__init__()
        self.line = line
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 6)
        column.setSpacing(2)
        where = Label(line.where)
        where.setProperty("muted", True)
        column.addWidget(where)
        # Symbols are typeset once for all rounds; numbers are others each time, and are plain text.
        view = formula.FormulaView(theme, "faded_formula")
        view.set_latex(r"\quad ".join(line.formulas))
        column.addWidget(view)
        comes_to = "" if line.blank else f" = <b>{fmt(line.answer)}</b>"
        said = (
            f"= {in_text(line.numbers)}{comes_to}"
            if line.numbers
            else ",&nbsp; ".join(map(in_text, line.given))
        )
        numbers = RichLabel(said)
        numbers.setObjectName("faded_numbers")
        numbers.setWordWrap(True)
        numbers.setVisible(bool(said))
        column.addWidget(numbers)
        self.field: QLineEdit | None = None
        self.mark: Label | None = None
        if line.blank:
            self.mark = Label()
            row = QHBoxLayout()
            self.field = QLineEdit()
            self.field.setObjectName("blank")
            self.field.setAccessibleName(f"{line.where}: what it comes to")
            self.field.setPlaceholderText(f"{DIGITS} digits")
            self.field.setMaximumWidth(120)
            self.field.returnPressed.connect(entered)
            row.addWidget(self.field)
            row.addWidget(self.mark)
            row.addStretch(1)
            column.addLayout(row)

    @property
    def guess(self) -> float | None:
        """What was typed; ``None`` where that is no number."""
        found = None if self.field is None else parse(self.field.text())
        return None if found is None else float(found)

    def judge(self) -> bool:
        """Say whether it is right, and what it is; whether it is."""
        if self.field is None or self.mark is None or self.guess is None:
            return self.field is None
        good = agrees(self.guess, self.line.answer, DIGITS)
        sign = not good and agrees(-self.guess, self.line.answer, DIGITS)
        self.mark.setText(
            RIGHT if good else f"{WRONG} {fmt(self.line.answer)}{' (mind the sign)' if sign else ''}"
        )
        self.mark.setProperty("good", good)
        self.mark.setProperty("warning", not good)
        refresh(self.mark)
        self.field.setEnabled(False)
        return good


class FadedCard(Card):
    """Round after round, each of another update.

    Args:
        followed: called with each link that is pressed.
        told: with what the run is to do: look into the next update, or make it.
        faded: with how far it has come.
    """

    def __init__(
        self,
        theme: Theme,
        asked: Faded,
        followed: Callable[[str], object],
        told: Callable[[Command], object],
        faded: Callable[[str, Fading], object],
    ) -> None:
        super().__init__("Worked example", f"faded_{asked.id}")
        self.asked = asked
        self._theme, self._tell_run, self._faded = theme, told, faded
        self.fading = Fading()
        self._trace: Trace | None = None
        self._shown: tuple[Trace | None, int] = (None, -1)
        self.judged = False
        if asked.markdown:
            self.column.addWidget(Words(theme, asked.markdown, followed))
        self.level = Label()
        self.level.setObjectName("faded_level")
        self.level.setWordWrap(True)
        self.column.addWidget(self.level)
        self.lines: list[LineView] = []
        self._body = QWidget()
        self._inside = QVBoxLayout(self._body)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setSpacing(0)
        self.column.addWidget(self._body)
        self.feedback = Label()
        self.feedback.setWordWrap(True)
        self.feedback.hide()
        self.column.addWidget(self.feedback)
        row = QHBoxLayout()
        self.button = QPushButton("Step inside")
        self.button.setObjectName("faded_go")
        self.button.clicked.connect(self._go)
        row.addWidget(self.button)
        row.addStretch(1)
        self.column.addLayout(row)
        self._say_level()

    @property
    def waits(self) -> bool:
        """Whether numbers of this update are asked for."""
        return not self.judged and any(line.field is not None for line in self.lines)

    def show_progress(self, progress: Progress) -> None:
        """How far it has come."""
        self.fading = progress.faded.get(self.asked.id, Fading())
        if not self.judged:
            self._fill()
        self._say_level()

    def see(self, seen: Seen) -> None:
        """A new moment: its update, if one is looked into."""
        if seen.frame.trace is not self._trace:
            self._trace, self.judged = seen.frame.trace, False
            self.feedback.hide()
            self._fill()
            self._say_level()

    def _fill(self) -> None:
        now = self._trace, self.fading.level
        if now == self._shown:
            return
        self._shown = now
        for line in self.lines:
            self._inside.removeWidget(line)
            line.hide()
            line.deleteLater()
        found = () if self._trace is None else exercise(self._trace, self.fading.level, fmt)
        self.lines = [LineView(self._theme, line, self._go) for line in found]
        for line in self.lines:
            self._inside.addWidget(line)

    def _say_level(self) -> None:
        done = self.fading.done
        self.heading.setText(f"Worked example {RIGHT} done" if done else "Worked example")
        self.heading.setProperty("good", done)
        refresh(self.heading)
        words = LEVEL_WORDS[self.fading.level]
        streak = f" {self.fading.right} of {ROUNDS} in a row are right." if self.fading.level else ""
        self.level.setText(f"Level {self.fading.level} of {self.asked.level}: {words}.{streak}")
        if self._trace is None:
            self.button.setText("Step inside")
        elif self.judged:
            self.button.setText("Another update")
        else:
            self.button.setText("Check" if self.fading.level else "I have followed it")

    def _go(self) -> None:
        if self._trace is None:
            self._tell_run(Inspect())
            return
        if self.judged:
            self._tell_run(ApplyStep())
            return
        if self.fading.level and any(line.field is not None and line.guess is None for line in self.lines):
            self._tell("Fill every blank with a number, such as −0.25.", None)
            return
        judged = [line.judge() for line in self.lines]
        right = all(judged)
        level, had = self.fading.level, self.fading.done
        self.judged = level > 0
        after = self.fading.after(right, self.asked.level)
        self._faded(self.asked.id, after)
        if level:
            self._tell(_words(right, level, after, had), right)
        self._say_level()

    def _tell(self, words: str, good: bool | None) -> None:
        self.feedback.setText(words)
        self.feedback.setProperty("good", good is True)
        self.feedback.setProperty("warning", good is False)
        self.feedback.show()
        refresh(self.feedback)


def _words(right: bool, level: int, after: Fading, had: bool) -> str:
    if after.done and not had:
        return f"{RIGHT} That was all of it, twice in a row: you can do it without the example."
    if right:
        more = "more is left to you next time" if after.level > level else "once more like this"
        return f"{RIGHT} All right: {more}."
    less = "the next one shows more" if after.level < level else "compare, and take another"
    return f"{WRONG} Not all of it: {less}."
