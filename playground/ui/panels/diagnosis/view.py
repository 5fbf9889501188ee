"""Is the network healthy? The verdict on bias and variance, the figures of every layer, and what to try."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from playground.document import edits
from playground.runner.messages import Diagnosis, GoTo, State
from playground.ui.kit.coaching import WANT as COACHING
from playground.ui.kit.coaching import told
from playground.ui.kit.style import GAP, MARGIN
from playground.ui.kit.text import Label
from playground.ui.kit.view import View
from playground.ui.panels.diagnosis.advice import AdviceCard
from playground.ui.panels.diagnosis.card import VerdictCard
from playground.ui.panels.diagnosis.layers import LayerTable
from playground.ui.panels.diagnosis.spread import Spread
from playground.ui.panels.diagnosis.tryout import Experiments, Tryout

if TYPE_CHECKING:
    from engine.coach import Advice, Told
    from engine.diagnosis import Diagnosis as Diagnosed
    from playground.document.project import Project
    from playground.runner.messages import Frame, Want
    from playground.ui.kit.view import Context

WANT = Diagnosis()
#: panels where what a rule is about is to be seen
PLACES = {"data": "data", "fit": "training", "curves": "losses"}
NOTHING = "The figures appear as soon as the network can run. See Problems for what is missing."


class DiagnosisView(View):
    """Verdict, layers and histograms side by side."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("diagnosis_view")
        self._shown: tuple[int, State] | None = None
        self._step = self._epoch = 0
        self._diagnosis: Diagnosed | None = None
        self._told: Told | None = None
        self.card = VerdictCard(context.theme)
        self.card.setFixedWidth(196)
        self.card.edited.connect(self._human_error_edited)
        self.table = LayerTable(context.theme)
        self.table.chosen.connect(context.focus.select)
        self.table.select(context.focus.node_id)
        self.advice = AdviceCard(context.document, context.theme)
        self.advice.look.connect(self._look)
        self.advice.back.connect(lambda one: context.send(GoTo(one.step)))
        self.tryout = Tryout(context)
        self.advice.tried.connect(lambda remedy, one: self.tryout.try_remedy(remedy, one, self._step))
        self.experiments = Experiments(lambda key: self.tryout.ask(key, self._step, self._epoch))
        self.experiments.setEnabled(False)
        self.advice.show_told(None, NOTHING)
        self.note = Label()
        self.note.setObjectName("looked_at")
        self.note.setProperty("muted", True)
        self.spread = Spread(context.theme)
        self.spread.setMinimumWidth(188)
        self.spread.setMaximumWidth(340)
        self.spread.more.clicked.connect(lambda: context.focus.panel_asked.emit("distributions"))
        context.focus.node_changed.connect(self._selected)
        self._lay_out()

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(GAP)
        for part in (self.advice, self.experiments, self.tryout, self.table, self.note):
            middle.addWidget(part)
        middle.addStretch(1)
        inside = QWidget()
        inside.setObjectName("contents")
        row = QHBoxLayout(inside)
        row.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN)
        row.setSpacing(MARGIN)
        row.addWidget(self.card, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(middle, stretch=3)
        row.addWidget(self.spread, 1, Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setObjectName("scroll")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        # Once it has been laid out: it has its size only then.
        self.tryout.grown.connect(
            lambda: QTimer.singleShot(0, self, lambda: area.ensureWidgetVisible(self.tryout, 0, 8))
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    # --- news ---------------------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        return [WANT, COACHING]

    def show_project(self, before: Project | None, after: Project) -> None:
        if before is None or before.human_error != after.human_error:
            self.card.show_human_error(after.human_error)
        self.tryout.show_project(before, after)
        if before is None or before.meant != after.meant:
            self.advice.show_told(self._told, NOTHING)

    def show_frame(self, frame: Frame) -> None:
        begun, self._step, self._epoch = frame.step > 0, frame.step, frame.epoch
        self.experiments.setEnabled(frame.state not in (State.EMPTY, State.CRASHED))
        self.tryout.show_frame(frame)
        found, said = frame.answer(WANT), told(frame)
        if self._is_reached_for(frame.state, said):
            said = self._told
        self.card.show_errors(
            1 - frame.train_metric if begun else math.nan, 1 - frame.validation_metric if begun else math.nan,
            said,
        )  # fmt: skip
        if said != self._told or said is None:
            self._told = said
            self.advice.show_told(said, NOTHING)
            self._mark()
        at = (found.step if found is not None else -1, frame.state)
        # While the run goes on, many frames carry the same figures; paused, the same step may have other weights.
        if frame.state is State.RUNNING and at == self._shown:
            return
        self._shown, self._diagnosis = at, found
        self._fill()

    def _is_reached_for(self, state: State, said: Told | None) -> bool:
        """Whether other advice must wait, as the mouse is among the buttons of this one, which would go from under it."""
        if state is not State.RUNNING or said is None or self._told is None:
            return False
        before, after = (one.advice.rule if one.advice is not None else "" for one in (self._told, said))
        parts = (self.advice, self.experiments, self.tryout)
        return before != after and any(part.isVisible() and part.underMouse() for part in parts)

    def end(self) -> None:
        self.tryout.end()

    def _look(self, advice: Advice) -> None:
        """Bring forward what the advice is about: the block, or the panel where it is to be seen."""
        focus, place = self.context.focus, PLACES.get(advice.about, "")
        if advice.node_id:
            focus.select(advice.node_id)
        if place:
            focus.panel_asked.emit(place)
        elif not advice.node_id:
            focus.network_asked.emit()

    def _fill(self) -> None:
        found = self._diagnosis
        self._mark()
        self.table.setVisible(found is not None)
        self.note.setText(
            "" if found is None else f"On {found.samples} training samples, after {found.step:,} updates."
        )
        self._selected(self.context.focus.node_id)

    def _mark(self) -> None:
        """Show the figures, and a sign at the layers that the coach warns of."""
        said = self._told
        advices = () if said is None or said.advice is None else (said.advice, *said.more)
        warned = frozenset(one.node_id for one in advices if one.level == "warning")
        self.table.show_diagnosis(self._diagnosis, warned)

    def _selected(self, node_id: str) -> None:
        self.table.select(node_id)
        layers = self._diagnosis.layers if self._diagnosis is not None else ()
        self.spread.show_layer(next((one for one in layers if one.node_id == node_id), None))

    def _human_error_edited(self, human_error: float, merge: str) -> None:
        self.context.document.do(edits.set_human_error, human_error, merge=merge and f"project.{merge}")
