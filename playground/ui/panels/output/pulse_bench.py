"""Building a curve of pulses: the buttons, the handles on the picture, and the edits they make."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from engine.data import Prepared
from engine.errors import EngineError, counted
from engine.pulses import MOST, Pulse, means, one_more, side_by_side
from playground.document import edits, pulses
from playground.document.project import Project
from playground.runner.messages import Pause, Play, Reset
from playground.ui.kit.dots import Dots
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import Look, rows_of
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import label, named, tool
from playground.ui.panels.output.pulse_hand import PulseHand, places

Array = NDArray[Any]

DRAG = (
    "Drag the edges and the top of a pulse (squares), or its shoulder (diamond): the weights follow. M takes the nearest for the "
    "arrow keys."
)
#: up to so many pulses, all have their handles on the picture; of more, the one under the mouse
FEW = 3


class PulseBench(QWidget):
    """The controls below or beside the picture; what is built are edits of the project's given weights.

    Args:
        plot: where the handles are.
        hovered: called with the place of the mouse on the plot, or ``None``, while pulses are built.

    Attributes:
        pulses: those that the project's given weights draw; none where these are anything else.
        units: of each; 0 where none can be built.
        held: whether a handle is under the mouse or dragged.
    """

    def __init__(
        self, context: Context, plot: Plot, hovered: Callable[[tuple[float, float] | None], None]
    ) -> None:
        super().__init__()
        self.setObjectName("pulse_bench")
        self.pulses: tuple[Pulse, ...] = ()
        self._context, self._plot = context, plot
        self._bench: pulses.Bench | None = None
        self._data: Prepared | None = None
        self._begun = self._building = False
        self._mark: tuple[int, str] | None = None
        self._active = 0  # the pulse that the mouse was on last
        self._hand = PulseHand(
            lambda: self.pulses, self._pixel, lambda: self._across, self._dragged, hovered, self._marked
        )
        self.handles = Dots()
        self.handles.setZValue(40)
        plot.box.addItem(self.handles, ignoreBounds=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.why = label("parts_why", little=True, muted=True)
        self.count = named(QSpinBox(), "pulse_count", "How many pulses", "So many pulses side by side.")
        self.count.setRange(1, MOST)
        self.count.valueChanged.connect(lambda n: self.count.setSuffix(" pulse" if n == 1 else " pulses"))
        self.count.setValue(8)
        act, context = partial(tool, little=True), self._context
        tip = "So many pulses side by side, each as high as the samples are there."
        self.fill_in = act("fill_pulses", "Build", tip, self._fill)
        tip = "One more pulse, where the curve is furthest from the samples."
        self.more = act("one_pulse_more", "Add one", tip, self._add)
        self.fewer = act("one_pulse_less", "Take away", "The pulse that was put last goes.", self._take)
        tip = "Train from the weights that these pulses are made of."
        self.learn = act("learn_from_pulses", "Learn from here", tip, lambda: context.send(Play()))
        self.learn.setProperty("primary", True)
        tip = "Back to the pulses as they were built."
        self.again = act("back_to_pulses", "Back to the pulses", tip, lambda: context.send(Reset()))
        row = FlowLayout(gap=6)
        for part in (self.count, self.fill_in, self.more, self.fewer, self.learn, self.again):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.why)
        column.addLayout(row)

    # --- news ---------------------------------------------------------------------------------------------------------

    @property
    def units(self) -> int:
        return 0 if self._bench is None else self._bench.size

    @property
    def held(self) -> bool:
        return self._mark is not None

    @property
    def building(self) -> bool:
        """Whether there are pulses to be dragged."""
        return bool(self.pulses) and not self._begun

    def show_project(self, project: Project, data: Prepared) -> None:
        """The project is now this one."""
        self._data, self._bench = data, None
        try:
            self._bench = pulses.bench(project)
            self.pulses, why = self._bench.built(project) or (), ""
        except EngineError as error:
            self.pulses, why = (), str(error)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        if self.pulses:
            self.count.setValue(len(self.pulses))
        self._offer()
        self.place_handles()

    def show_begun(self, begun: bool) -> None:
        """Whether the run has made updates: what has learned is no pulse any more."""
        if begun != self._begun:
            self._begun = begun
            self._offer()
            self.place_handles()

    def look_at(self, number: int) -> None:
        """The mouse is on this pulse."""
        if number != self._active:
            self._active = number
            self.place_handles()

    def _offer(self) -> None:
        """What can be done now."""
        able, built = self._bench is not None, bool(self.pulses)
        for part in (self.count, self.fill_in):
            part.setVisible(able)
        for part in (self.more, self.fewer, self.learn):
            part.setVisible(able and self.building)
        self.more.setEnabled(len(self.pulses) < MOST)
        self.fewer.setEnabled(len(self.pulses) > 1)
        self.again.setVisible(able and built and self._begun)
        if self.building != self._building:
            self._building = self.building
            self._plot.setToolTip(DRAG if self.building else "")
            self._plot.setAccessibleDescription(DRAG if self.building else "")
            self._plot.take_hand(self._hand if self.building else None)

    # --- handles ------------------------------------------------------------------------------------------------------

    def place_handles(self) -> None:
        """Draw them where they are, in the theme's colours."""
        theme = self._context.theme
        if not self.building:
            self.handles.clear()
            return
        at, which = [], []
        active = self._mark[0] if self._mark is not None else self._active
        for k, pulse in enumerate(self.pulses):
            if len(self.pulses) > FEW and k != active:  # those of many would hide the curve
                continue
            for name, place in places(pulse).items():
                at.append(place)
                which.append(2 if (k, name) == self._mark else 1 if name == "ramp" else 0)
        rim = QPen(QColor(theme.text), 1.4)
        looks = [
            Look("s", rim, QBrush(QColor(theme.panel)), 9.0),
            Look("d", rim, QBrush(QColor(theme.panel)), 9.0),
            Look("s", QPen(QColor(theme.accent), 1.4), QBrush(QColor(theme.accent)), 11.0),
        ]
        self.handles.fill(np.array(at).reshape(-1, 2), looks, np.array(which, int))

    def _pixel(self, x: float, y: float) -> tuple[float, float]:
        point = self._plot.to_pixel(x, y)
        return point.x(), point.y()

    def _marked(self, handle: tuple[int, str] | None) -> None:
        self._mark = handle
        shape = Qt.CursorShape
        upright = handle is not None and handle[1] == "top"
        cursor = (
            shape.ArrowCursor if handle is None else shape.SizeVerCursor if upright else shape.SizeHorCursor
        )
        self._plot.viewport().setCursor(cursor)
        self.place_handles()

    # --- edits --------------------------------------------------------------------------------------------------------

    @property
    def _across(self) -> tuple[float, float]:
        """The range of the samples."""
        if self._data is None:
            return 0.0, 1.0
        x = self._data.raw.x[:, 0]
        return float(x.min()), float(x.max())

    def _samples(self) -> tuple[Array, Array]:
        """Of the training part, x and y."""
        if self._data is None:
            return np.zeros(1), np.zeros(1)
        raw, rows = self._data.raw, rows_of(self._data, "train")
        return raw.x[rows, 0].astype(float), raw.y[rows, 0].astype(float)

    def _dragged(self, wanted: tuple[Pulse, ...], drag: int) -> None:
        self._build(wanted, "Drag a pulse", f"pulse.{drag}")

    def _build(self, wanted: tuple[Pulse, ...], text: str, merge: str = "") -> None:
        self._context.send(Pause())
        self._context.document.edit(edits.build_pulses, wanted, text=text, merge=merge)

    def _fill(self) -> None:
        count, (low, high) = self.count.value(), self._across
        heights = means(*self._samples(), low, high, count)
        self._build(side_by_side(low, high, heights.tolist()), f"Build {counted(count, 'pulse')}")

    def _add(self) -> None:
        self._build((*self.pulses, one_more(*self._samples(), *self._across, self.pulses)), "Add a pulse")

    def _take(self) -> None:
        self._build(self.pulses[:-1], "Take a pulse away")
