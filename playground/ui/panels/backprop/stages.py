"""The stages of a loss, one under another: from the outputs over probabilities to one number, and how they collapse on the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.trace import Equation, Moment, Stage
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.symbols import plain
from playground.ui.kit.text import escaped, tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.kit.widgets import filled, label, tool
from playground.ui.panels.backprop.terms import TermStrip

#: equations of a stage that are written out; a softmax over a hundred classes has as many
MOST = 6


class _StageRow(QWidget):
    """One stage: a heading that opens and closes, and the terms of its equations."""

    def __init__(self, focus: Focus, theme: Theme, number: int) -> None:
        super().__init__()
        self.setObjectName(f"stage_{number}")
        self._focus, self._theme = focus, theme
        self.head = tool(f"stage_{number}_head", "", "", checkable=True)
        self.head.setProperty("flat", True)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.head.toggled.connect(self._open)
        self.words = label(f"stage_{number}_words", rich=True, muted=True)
        self._strips: list[TermStrip] = []
        self._column = filled(QVBoxLayout(self), self.head, self.words, gap=3)
        self._stage: Stage | None = None
        self.open = False

    def show_stage(self, stage: Stage, number: int, current: bool, later: bool, veiled: bool) -> None:
        """``later``: the walk has not come to it yet, so it tells no number."""
        self._stage = stage
        last = stage.equations[-1].result
        hidden = later or (current and veiled)
        said = "" if hidden else f"{plain(last.symbol)} = {fmt(last.value)}"
        self._text = f"{number}.  " + "   ".join(words for words in (stage.title, said) if words)
        self.head.setToolTip(tip(stage.sentence))
        self.head.setAccessibleName(self._text)
        font = self.head.font()
        font.setBold(current)
        self.head.setFont(font)
        self.head.setEnabled(not hidden)
        self.words.setText(escaped(stage.sentence))
        self._open(current and not hidden)

    def _open(self, on: bool) -> None:
        self.open = on
        self.head.blockSignals(True)
        self.head.setChecked(on)
        self.head.blockSignals(False)
        self.head.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        left = len(self._stage.equations) - MOST if self._stage is not None else 0
        more = f"   ({count(left)} more equations)" if on and left > 0 else ""
        self.head.setText(self._text + more)
        self.words.setVisible(on and bool(self.words.text()))
        equations: Sequence[Equation] = self._stage.equations[:MOST] if on and self._stage is not None else ()
        while len(self._strips) < len(equations):
            strip = TermStrip(self._focus, self._theme, f"{self.objectName()}_terms_{len(self._strips) + 1}")
            self._strips.append(strip)
            self._column.addWidget(strip)
        for i, strip in enumerate(self._strips):
            strip.set_equation(equations[i] if i < len(equations) else None)


class StagesView(QWidget):
    """All stages of a loss; the current one is open, any other opens by a click."""

    def __init__(self, focus: Focus, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._focus, self._theme = focus, theme
        self.rows: list[_StageRow] = []
        self._column = filled(QVBoxLayout(self), gap=2)

    def show_stages(self, stages: Sequence[Stage], moment: Moment, veiled: bool) -> None:
        """Show ``stages`` as far as ``moment`` has come; none hides this."""
        self.setVisible(bool(stages))
        self._make_rows(len(stages))
        here = moment.cell[0] if moment.part == "stage" else len(stages) - 1
        asked = stages[here].equations[-1].result.value if stages and veiled else math.nan
        for i, row in enumerate(self.rows):
            row.setVisible(i < len(stages))
            if i < len(stages):
                # Of a batch of one, the mean is the loss before it, and would be the answer.
                told = math.isclose(stages[i].equations[-1].result.value, asked, rel_tol=0.05)
                row.show_stage(stages[i], i + 1, i == here, i > here or (told and i != here), veiled)

    def show_steps(self, equations: Sequence[Equation]) -> None:
        """Show what was worked out on the way to a result, closed; none hides this."""
        self.setVisible(bool(equations))
        self._make_rows(len(equations))
        for i, row in enumerate(self.rows):
            row.setVisible(i < len(equations))
            if i < len(equations):
                function = equations[i].function
                name = function.name if function is not None else ""
                row.show_stage(
                    Stage(name, "", (equations[i],)), i + 1, current=False, later=False, veiled=False
                )

    def _make_rows(self, count: int) -> None:
        while len(self.rows) < count:
            row = _StageRow(self._focus, self._theme, len(self.rows) + 1)
            self.rows.append(row)
            self._column.addWidget(row)
