"""What the output view shows: one picture per kind of data, all used in the same way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from time import perf_counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QVBoxLayout, QWidget

from engine.data import Prepared
from playground.document.change import diff
from playground.document.project import Project
from playground.runner.messages import Frame, State, Want
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import PARTS, look, marker_icon, size_of
from playground.ui.kit.switches import FlowLayout, switch
from playground.ui.kit.view import Context

PART_HELP = {
    "train": "Show the samples that the network learns from (filled).",
    "validation": "Show the samples that watch over training; the network never learns from them (rings).",
    "test": "Show the samples kept for the very end (dark rim).",
}


NO_LIMIT = 16_777_215  # Qt's QWIDGETSIZE_MAX


class Picture(QWidget):
    """Base of pictures. The output view gives it data when they change and frames while it is visible."""

    name = ""  #: in the choice of pictures

    title_changed = Signal(str)
    part_changed = Signal()
    point_asked = Signal(object, float)  #: one sample more at this place, of this class or height

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__()
        self.context = context
        self.project, self.data = project, data
        self.title = ""
        self._filled = False
        self.fed = False  #: the data are the last ones with some more or fewer samples: what the network gives is kept on screen

    @staticmethod
    def suits(data: Prepared) -> bool:
        """Whether this is the picture for such data."""
        raise NotImplementedError

    @staticmethod
    def has(project: Project, data: Prepared) -> bool:
        """Whether the project's network has what this picture shows; by default any has."""
        return True

    @staticmethod
    def asked_for(project: Project) -> bool:
        """Whether the project was made to be looked at so."""
        return False

    @property
    def part(self) -> str:
        """The part of the data that all it shows belongs to; "" where several are shown at once."""
        return ""

    def wants(self) -> Iterable[Want]:
        """What it needs in frames. Asked before every frame."""
        return ()

    def show_data(self, project: Project, data: Prepared) -> None:
        """The project is now this one; its data may be others."""
        new = data is not self.data or not self._filled
        self.fed = self._filled and diff(self.project, project).feeds
        self.project, self.data, self._filled = project, data, True
        if new:
            self.fill()

    def fill(self) -> None:
        """Begin with ``data``: draw the samples, forget what belonged to others."""

    def concerns(self, frame: Frame) -> bool:
        """Whether a frame is of the data on screen; the ones before it, still on their way, are not."""
        mine, its = self.project, frame.project
        if frame.data is None or mine.preparation != its.preparation:
            return False
        return (
            mine.source == its.source or diff(its, mine).feeds
        )  # of a stroke ago: what it answers is nearly the same

    def is_of(self, frame: Frame) -> bool:
        """Whether a frame is of the very samples on screen, so that its answers about single ones are of these."""
        return self.project.source == frame.project.source

    def show_frame(self, frame: Frame) -> None:
        """Draw a moment of training; ``frame`` concerns these data.

        While the project cannot run (``State.EMPTY``) the output has no meaning yet, but a unit may have a surface.
        """

    def clear(self) -> None:
        """There is nothing to ask: show the samples alone."""

    def set_title(self, title: str) -> None:
        """Say what is shown now."""
        if title != self.title:
            self.title = title
            self.title_changed.emit(title)


class PacedPicture(Picture):
    """A picture that is drawn as a whole from the newest frame, while the run goes on no more often than anybody can read it."""

    #: seconds between two drawings while the run goes on
    PAUSE = 0.06

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self._frame: Frame | None = None
        self._drawn_at = -math.inf

    def redraw(self) -> None:
        """Show the samples, and what ``_frame`` says of them."""
        raise NotImplementedError

    def show_frame(self, frame: Frame) -> None:
        if frame.state is State.EMPTY:
            self.clear()
            return
        self._frame = frame
        now = perf_counter()
        if frame.state is not State.RUNNING or now - self._drawn_at >= self.PAUSE:
            self._drawn_at = now
            self.redraw()

    def clear(self) -> None:
        if self._frame is not None:
            self._frame = None
            self.redraw()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.redraw()


class PlotPicture(Picture):
    """A picture with axes: the plot, and below it (beside it, where a square leaves room there) legend and switches."""

    paintable = True  #: whether samples can be painted on it
    SIDE = 104  #: width of the column beside a square plot

    def __init__(self, context: Context, project: Project, data: Prepared, name: str, square: bool) -> None:
        super().__init__(context, project, data)
        self.setObjectName(name)
        self.plot = Plot(context.theme, f"{name}_plot", square=square)
        self.controls = QWidget()
        self._rows = rows = QVBoxLayout(self.controls)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(5)
        self.head, self.flow = QBoxLayout(QBoxLayout.Direction.LeftToRight), FlowLayout()
        self.head.setSpacing(8)
        rows.addLayout(self.head)
        rows.addLayout(self.flow)
        rows.addStretch(1)
        self.parts: dict[str, QCheckBox] = {}
        self.point_scale = 1.0
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        self._box.addWidget(self.plot, 1)
        self._box.addWidget(self.controls)

    def add_part_switches(self, changed: Callable[[bool], None]) -> None:
        """A switch for each part, training and validation on; each calls ``changed(bool)``."""
        for part in PARTS:
            box = switch(f"show_{part}", part, PART_HELP[part], part != "test", changed)
            self.parts[part] = box
            self.flow.addWidget(box)
        self.context.theme.follow(self._mark_parts)

    def _mark_parts(self) -> None:
        theme = self.context.theme
        for part, box in self.parts.items():
            box.setIcon(marker_icon(look(theme, part, self.part_colour(part)), self.devicePixelRatioF()))

    def part_colour(self, part: str) -> str:
        """The colour that stands for a part, where the classes have colours of their own a plain one."""
        return self.context.theme.muted

    def shown(self, part: str) -> bool:
        """Whether the samples of ``part`` are to be drawn."""
        return self.parts[part].isChecked() and size_of(self.data, part) > 0

    def fill(self) -> None:
        for part, box in self.parts.items():
            box.setEnabled(size_of(self.data, part) > 0)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        # Wherever the square becomes larger.
        below = self._rows.heightForWidth(self.width())
        beside = self.plot.square and self.width() - self.SIDE > self.height() - below
        ways = QBoxLayout.Direction
        for box in (self._box, self.head):
            box.setDirection(ways.LeftToRight if beside == (box is self._box) else ways.TopToBottom)
        self.controls.setMinimumWidth(self.SIDE if beside else 0)
        self.controls.setMaximumWidth(self.SIDE if beside else NO_LIMIT)
        # The switches follow the square; what is left stays free below them.
        limit = self.plot.height_for_square(self.width()) if self.plot.square and not beside else NO_LIMIT
        self.plot.setMaximumHeight(limit)
        # In a small plot points are smaller, down to what still shows their shape; in steps, since each makes them anew.
        side = min(self.width() - (self.SIDE if beside else 0), self.height() - (0 if beside else below))
        scale = min(max(round(4 * side / 260) / 4, 0.75), 1.25)
        if scale != self.point_scale:
            self.point_scale = scale
            self.fill_points()

    def show_few(self, project: Project, why: str) -> None:
        """The project has painted points, but too few to learn from: show these, and say ``why`` there is nothing else."""

    def fill_points(self) -> None:
        """Draw the samples anew: they, their colours or their size (``point_scale``) have changed."""
