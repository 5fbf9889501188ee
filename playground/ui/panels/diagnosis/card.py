"""The verdict on bias and variance, and the human-level error that it is measured against."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from engine.coach import Told
from engine.spec import Spec, param
from engine.verdict import Kind, verdict
from playground.document.project import HUMAN_ERROR
from playground.ui.kit import style
from playground.ui.kit.forms import SpecForm
from playground.ui.kit.text import Label, RichLabel
from playground.ui.kit.theme import Theme

#: a mark beside each verdict, so that none is told by colour alone
MARKS = {
    Kind.GOOD_FIT: "✓",
    Kind.HIGH_BIAS: "⚠",
    Kind.HIGH_VARIANCE: "⚠",
    Kind.BOTH: "⚠",
    Kind.CANNOT_TELL: "…",
}


@dataclass(frozen=True)
class Reference(Spec):
    """What the network's errors are judged against."""

    human_error: float = param(
        HUMAN_ERROR,
        default=0.0,
        help="What a human, or the best achievable predictor, gets wrong on these data (1 − R² for regressions): 0.05 is 5 %.",
        label="human error",
    )


class VerdictCard(QFrame):
    """Kind, numbers, advice, and the field for the human-level error. ``edited`` carries that error and a merge key."""

    edited = Signal(float, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("verdict_card")
        self.setProperty("card", True)
        self.kind, self.why, self.advice = RichLabel(), Label(), Label()
        for label, name in (
            (self.kind, "verdict_kind"),
            (self.why, "verdict_why"),
            (self.advice, "verdict_advice"),
        ):
            label.setObjectName(name)
            label.setWordWrap(True)
        self.advice.setProperty("muted", True)
        self.form = SpecForm(theme)
        self.form.setObjectName("human_error_form")
        self.form.set_spec(Reference())
        self.form.edited.connect(lambda spec, merge: self.edited.emit(spec.human_error, merge))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        for part in (self.kind, self.why, self.advice, self.form):
            column.addWidget(part)
        column.addStretch(1)
        self._human = 0.0
        self._errors = (math.nan, math.nan)
        self._told: Told | None = None
        self._judge()

    def show_human_error(self, human_error: float) -> None:
        """Judge against this one."""
        self.form.set_spec(Reference(human_error))
        self._human = human_error
        self._judge()

    def show_errors(self, train: float, validation: float, told: Told | None = None) -> None:
        """Judge these errors, NaN for unknown, as what the coach has ``told`` has it."""
        if repr((train, validation)) != repr(self._errors) or told is not self._told:
            self._errors, self._told = (train, validation), told
            self._judge()

    def _judge(self) -> None:
        said = (
            () if self._told is None or self._told.advice is None else (self._told.advice, *self._told.more)
        )
        turned = next((one.words for one in said if one.rule == "overfitting"), "")
        first = said[0] if said else None
        known = (
            first is not None
            and first.rule != "overfitting"
            and (first.level == "warning" or first.rule == "units-saturated")
        )
        cause = first.title if known and first is not None else ""
        learning = self._told is not None and self._told.light == "learning"
        found = verdict(*self._errors, self._human, turned, cause, learning)
        self.kind.setText(f"<b>{MARKS[found.kind]} {found.kind.value.capitalize()}</b>")
        self.why.setText(found.why)
        self.advice.setText(found.advice)
        good = found.kind is Kind.GOOD_FIT
        if self.kind.property("good") != good:
            self.kind.setProperty("good", good)
            style.refresh(self.kind)
