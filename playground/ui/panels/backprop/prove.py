"""Prove it: nudge one number both ways and see whether the loss moves as back-propagation says."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from engine.gradcheck import Report, Verdict
from engine.network import INPUT
from engine.trace import Nudge, Place, Trace
from playground.runner.messages import CheckGradients, CheckState, Frame, NudgeCell, Want
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.style import refresh
from playground.ui.kit.switches import switch
from playground.ui.kit.view import Context, StepAt
from playground.ui.kit.widgets import filled, label, named
from playground.ui.panels.backprop.side import SideCard
from playground.ui.panels.backprop.subject import in_words

EPSILON = 1e-6
#: a sign before each verdict, so that it is not told by colour alone
SIGNS = {
    Verdict.GREAT: "\N{CHECK MARK} great (below 1e−7)",
    Verdict.FAIR: "\N{CHECK MARK} fair (below 1e−3)",
    Verdict.BAD: "\N{MULTIPLICATION X} bad (above 1e−3)",
    Verdict.KINK: "\N{LOGICAL AND} a kink: no slope to compare with",
}
LOOKS = {Verdict.GREAT: "good", Verdict.FAIR: "good", Verdict.BAD: "problem", Verdict.KINK: "muted"}
PLANTED_TIP = "As if back-propagation forgot half of the first parameter's gradient: see how a fault is found. The run stays as it is."
RULES = (
    "Error: |a − n| / max(|a|, |n|), with a from back-propagation and n = (L₊ − L₋) / 2ε in double precision. The dropout mask is the "
    "same in all evaluations, and the penalty is part of the loss. Check again after some training: at first much is too small to tell."
)
ROWS = (
    ("high", "loss of the batch, +ε"),
    ("low", "loss of the batch, −ε"),
    ("numeric", "slope (L₊ − L₋) / 2ε"),
    ("analytic", "back-propagation, batch"),
    ("error", "relative error"),
)


CHECK = "Check the gradients of all parameters"


class ProveCard(SideCard):
    """Wants ``NudgeCell`` and ``CheckGradients`` once they are asked for, and shows the answers."""

    title = "Prove it"
    idle = "Step inside an update to test its gradients."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.setObjectName("prove_card")
        tip = "Move this one number by ±ε in double precision, and run the whole batch both times."
        self.nudge_button = named(QPushButton("Nudge"), "nudge", "Nudge the chosen number", tip)
        self.nudge_button.clicked.connect(self._nudge)
        tip = "Nudge up to 30 numbers of every parameter and compare."
        self.check_button = named(QPushButton("Check all"), "check_all", CHECK, tip)
        self.check_button.clicked.connect(self._check)
        self.plant = switch("plant_fault", "plant a fault", PLANTED_TIP, False, self._planted)
        self.progress = named(QProgressBar(), "check_progress", "How far the check is")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 100)
        for i, part in enumerate((self.nudge_button, self.check_button, self.plant, self.progress)):
            self.head.insertWidget(i, part, part is self.progress)
        self.hint = label("prove_hint", muted=True)
        self.refusal = label("prove_refusal", problem=True)
        self.verdict = label("verdict")
        self.reports = _report_table()
        self.reports.itemClicked.connect(
            lambda item: context.focus.choose_place(item.data(Qt.ItemDataRole.UserRole))
        )
        filled(self.body, self.hint, self.refusal, self._numbers(), self.verdict)
        self.body.addWidget(self.reports, 1)
        self.rules = label("check_rules", RULES, muted=True)
        self.body.addWidget(self.rules)
        self.body.addStretch(0)
        self._trace: Trace | None = None  # that questions are about
        self._asked: NudgeCell | None = None
        self._checking = False
        self._follow(None)
        context.focus.step_changed.connect(self._follow)

    def _numbers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        self.labels: dict[str, tuple[QLabel, QLabel]] = {}
        for i, (key, words) in enumerate(ROWS):
            name = label("", words, wraps=False, muted=True)
            value = label(f"prove_{key}", wraps=False, gradient=key == "analytic")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(name, i, 0)
            grid.addWidget(value, i, 1)
            self.labels[key] = (name, value)
        grid.setColumnStretch(1, 1)
        return grid

    # --- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        step, place = self.step, self.subject.nudged
        if step is None or place is None:
            self.say("Nothing in this network learns. Click a number of the data to nudge that.")
            return
        self.say("")
        self.remark.say(in_words(place))
        if self._asked is not None and self._asked.place != place:
            self._asked = None
            self._show_nudge(None)
        nudged = self._nudge_shown is not None
        self.hint.setVisible(not nudged)
        self.hint.setText(
            f"Is the gradient of {in_words(place)} right? Move it by ±{fmt(EPSILON, 1)} and look. "
            "Click a wire, a cell of a filter or of the data to choose another number."
        )
        self.nudge_button.setEnabled(not nudged)

    def show_frame(self, frame: Frame) -> None:
        """Take the newest answers."""
        nudge = frame.answer(self._asked) if self._asked is not None else None
        check = frame.answer(self._all) if self._checking else None
        if check is not None:
            self._checking = check.running
            self._show_check(check)
        if isinstance(nudge, str):
            self._show_refusal(nudge)
            return
        if nudge is not None and nudge is not self._nudge_shown:
            self._show_nudge(nudge)
            self.touch()
        self._show_refusal(self._check_shown.refusal if self._check_shown is not None else "")

    def _follow(self, step: StepAt | None) -> None:
        """In another update nothing has been asked about yet."""
        trace = step.trace if step is not None else None
        if trace is self._trace is not None:
            return
        self._trace = trace
        self._asked, self._checking = None, False
        self._show_nudge(None)
        self._show_check(None)
        self._show_refusal("")

    def _show_nudge(self, nudge: Nudge | None) -> None:
        self._nudge_shown = nudge
        for key, labels in self.labels.items():
            for part in labels:
                part.setVisible(nudge is not None)
            if nudge is not None:
                number = getattr(nudge, key)
                digits = 2 if key == "error" else 11 if key in ("high", "low") else 8
                rounding = " (rounding alone)" if key == "error" and not number else ""
                labels[1].setText(fmt(number, digits) + rounding)
                labels[1].setToolTip(repr(number))
        self.verdict.setVisible(nudge is not None)
        if nudge is not None:
            self.verdict.setText(self._in_words(nudge))
            self._look(self.verdict, nudge.verdict)

    def _in_words(self, nudge: Nudge) -> str:
        words = SIGNS[nudge.verdict]
        if not nudge.kinks:
            return words
        trace = self.step.trace if self.step is not None else None
        names = ", ".join(_name(trace, node) for node in nudge.kinks)
        return f"{words}. Within ±ε the slope jumps in {names}."

    @staticmethod
    def _look(label: QLabel, verdict: Verdict) -> None:
        for look in ("good", "problem", "muted"):
            label.setProperty(look, LOOKS[verdict] == look)
        refresh(label)

    def _show_check(self, check: CheckState | None) -> None:
        self._check_shown, running = check, self._checking
        self.progress.setVisible(running)
        self.reports.setVisible(check is not None and bool(check.reports))
        self.rules.setVisible(check is not None and bool(check.reports))
        # what is through, or broke off, would only come again
        self.check_button.setEnabled(running or check is None or check.running)
        self.check_button.setText("Cancel" if running else "Check all")
        self.check_button.setAccessibleName("Cancel the check" if running else CHECK)
        if check is None:
            self.progress.setValue(0)
            self.reports.setRowCount(0)
            return
        self.progress.setValue(round(100 * check.share))
        begun = bool(check.reports) and not self.reports.rowCount()
        for i, report in enumerate(check.reports):
            if i >= self.reports.rowCount():
                self.reports.insertRow(i)
            self._fill(i, report)
        self.reports.setRowCount(len(check.reports))
        if begun:
            # laid out by then
            QTimer.singleShot(0, self, lambda: self.scroller.ensureWidgetVisible(self.reports))

    def _fill(self, i: int, report: Report) -> None:
        worst, kinks = report.worst, report.kinks
        checked = f"{len(report.cells)}" + (
            f" of {len(report.cells) + report.skipped:,}" if report.skipped else ""
        )
        verdict = SIGNS[report.verdict].split(" (")[0].split(":")[0]
        if kinks and report.verdict is not Verdict.KINK:
            verdict += f", {kinks} kink{'s' if kinks > 1 else ''}"
        for column, text in enumerate(
            (
                f"{report.node_id} · {report.name}",
                checked,
                fmt(report.raw, 2),
                fmt(report.difference, 2),
                verdict,
            )
        ):
            item = QTableWidgetItem(text)
            item.setToolTip(
                f"Worst number: {report.name}[{', '.join(str(k + 1) for k in worst.index)}], back-propagation "
                f"{fmt(worst.analytic, 6)}, numeric {fmt(worst.numeric, 6)}. Click to look into it."
            )
            item.setData(
                Qt.ItemDataRole.UserRole, Place(report.node_id, "parameter", report.name, tuple(worst.index))
            )
            self.reports.setItem(i, column, item)

    def _show_refusal(self, words: str) -> None:
        self.refusal.setText(words)
        self.refusal.setVisible(bool(words))

    # --- asking -------------------------------------------------------------------------------------------------------

    def wants(self) -> Iterable[Want]:
        if self._asked is not None:
            yield self._asked
        if self._checking:
            yield self._all

    def _nudge(self) -> None:
        if self.subject.nudged is not None:
            self._asked = NudgeCell(self.subject.nudged, EPSILON)

    @property
    def _all(self) -> CheckGradients:
        return CheckGradients(planted=self.plant.isChecked())

    def _planted(self, on: bool) -> None:
        """Another check: what was found holds no more."""
        self._checking = False
        self._show_check(None)

    def _check(self) -> None:
        """Begin or go on with the check, or leave it; what it has found stays."""
        self._checking = not self._checking
        self._show_check(self._check_shown)


def _report_table() -> QTableWidget:
    table = named(QTableWidget(0, 5), "check_reports", "What the check has found")
    table.setHorizontalHeaderLabels(["parameter", "checked", "worst error", "largest |a − n|", "verdict"])
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(24)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setMinimumHeight(76)
    for part in (table, table.horizontalHeader()):
        part.setFont(small(table.font()))
    return table


def _name(trace: Trace | None, node_id: str) -> str:
    if trace is None or node_id in ("loss", INPUT):
        return f"the {node_id}"
    return f"{trace.network[node_id].layer.label} ({node_id})"
