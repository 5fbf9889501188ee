"""The panel: four ways to look at what shapes learning, one at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.errors import EngineError
from playground.document.project import state_shapes
from playground.runs.kept import Kept
from playground.ui.kit.places import runs_of
from playground.ui.kit.style import MARGIN
from playground.ui.kit.view import View
from playground.ui.kit.widgets import scroller, tool
from playground.ui.panels.landscape.mode import Mode
from playground.ui.panels.landscape.noise import NoiseMode
from playground.ui.panels.landscape.rates import RatesMode
from playground.ui.panels.landscape.slice import SliceMode
from playground.ui.panels.landscape.step import StepMode

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from playground.document.project import Project
    from playground.runner.messages import Frame, Want
    from playground.ui.kit.view import Context, Table

#: how wide the column of controls is
COLUMN = 248
#: kept runs that are offered, the newest
MOST_RUNS = 12


class LandscapeView(View):
    """The loss round the weights, the next step, the rates that serve, the noise of gradients; the run is left as it is."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("landscape_view")
        self.slice, self.step = SliceMode(context), StepMode(context)
        self.rates, self.noise = RatesMode(context), NoiseMode(context)
        self.slice.way.opening.connect(self._list_runs)
        self.modes = tuple[Mode[Any], ...]((self.slice, self.step, self.rates, self.noise))
        self._group = QButtonGroup(self)
        tabs = QHBoxLayout()
        tabs.setSpacing(4)
        self._controls, self._plots = QStackedWidget(), QStackedWidget()
        for i, mode in enumerate(self.modes):
            tab = tool(f"landscape_{mode.key}", mode.name, mode.tip, partial(self.choose, i), checkable=True)
            tab.setChecked(i == 0)
            self._group.addButton(tab, i)
            tabs.addWidget(tab)
            self._controls.addWidget(mode.controls)
            self._plots.addWidget(mode.plot)
        tabs.addStretch(1)
        area = scroller("landscape_scroll", self._controls)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(tabs)
        left.addWidget(area, 1)
        side = QWidget()
        side.setObjectName("landscape_side")
        side.setLayout(left)
        side.setFixedWidth(COLUMN)
        left.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 6, MARGIN, 6)
        row.setSpacing(MARGIN)
        row.addWidget(side)
        row.addWidget(self._plots, 1)
        self._fit()

    @property
    def mode(self) -> Mode[Any]:
        """The one on screen."""
        return self.modes[self._plots.currentIndex()]

    def choose(self, index: int) -> None:
        """Look in the ``index``-th way."""
        self._group.button(index).setChecked(True)
        self._controls.setCurrentIndex(index)
        self._plots.setCurrentIndex(index)
        self._fit()

    def _fit(self) -> None:
        """The column is as high as what is seen of it needs."""
        for i, mode in enumerate(self.modes):
            seen = i == self._controls.currentIndex()
            way = QSizePolicy.Policy.Preferred if seen else QSizePolicy.Policy.Ignored
            mode.controls.setSizePolicy(QSizePolicy.Policy.Preferred, way)
        self._controls.adjustSize()

    def wants(self) -> list[Want]:
        return [self.mode.want()]

    def show_project(self, before: Project | None, after: Project) -> None:
        if before is None or before.network is not after.network or before.source is not after.source:
            shapes = _parameters(after)
            self.slice.show_shapes(shapes)
            self.noise.show_shapes(shapes)
        for mode in self.modes:
            mode.show_project(after)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._list_runs()

    def _list_runs(self) -> None:
        """The runs that are kept with this project, of which some may be new."""
        project = self.context.document.value
        kept = Kept(runs_of(self.context.document))
        kept.read()
        same = [one for one in kept.entries.values() if one.trial.project.network == project.network]
        self.slice.show_runs(same[::-1][:MOST_RUNS], kept.folder)

    def show_frame(self, frame: Frame) -> None:
        self.mode.show_frame(frame)

    def as_table(self) -> Table | None:
        return self.mode.as_table()


def _parameters(project: Project) -> dict[tuple[str, str], tuple[int, ...]]:
    """What learns, ``(node id, name) → shape``; nothing where the network fits no data yet."""
    try:
        shapes = state_shapes(project)
        known = {node.id: node.layer for node in project.network.nodes}
    except EngineError:
        return {}
    found = {}
    for key, shape in shapes.items():
        node_id, _, name = key.rpartition(".")
        if name in ("weight", "bias") and node_id in known and shape:
            found[node_id, name] = shape
    return found
