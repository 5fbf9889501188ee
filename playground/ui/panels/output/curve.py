"""Data with one feature: the curve that the network draws through the samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import Painted, Prepared
from engine.data.points import MOST_POINTS, VALUE
from engine.probe import extent
from playground.document.project import Project, loss_of
from playground.runner.messages import Curve, Frame, State, Want
from playground.ui.kit.dots import Points
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import MOST, PARTS, part_colour, rows_of
from playground.ui.kit.view import Context
from playground.ui.panels.output.boundary import unit_name
from playground.ui.panels.output.picture import PlotPicture

Array = NDArray[Any]

RESOLUTION = 200  #: points of the curve


class CurveFit(PlotPicture):
    """Samples of a curve, and the network's curve through them; a unit under the mouse shows its own."""

    name = "Curve"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "curve", square=False)
        self.fit_line, self.unit_line = Line(), Line()
        self.points = {part: Points(part) for part in PARTS}
        for item in (*self.points.values(), self.fit_line, self.unit_line):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.fit_line.setZValue(30)
        self.unit_line.setZValue(31)
        self.add_part_switches(self._switched)
        self._x: Array = np.zeros(0)
        self._fit: Array | None = None  # (resolution,) on the targets' own scale
        self._unit: tuple[str, int] | None = None
        self._unit_values: Array | None = None
        self.plot.probed.connect(self._probe)
        context.theme.follow(self._restyle)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return data.raw.in_shape == (1,) and not data.raw.classes

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        wants: list[Want] = [Curve(self.project.network.output_id, RESOLUTION)]
        if self.context.focus.unit is not None:
            wants.append(Curve(self.context.focus.unit[0], RESOLUTION))
        return wants

    def fill(self) -> None:
        super().fill()
        self.plot.set_note("")
        if not self.fed:
            self.clear()
        self._fit_range()
        self.fill_points()

    def show_few(self, project: Project, why: str) -> None:
        self.clear()
        self._filled = False
        self.plot.set_note(why)
        if isinstance(project.source, Painted):
            table = project.source.points.array
            for part, points in self.points.items():
                rows = table[: 0 if part != "train" else None]
                points.fill_plain(self.context.theme, rows[:, :VALUE], self.part_colour(part))

    def _restyle(self) -> None:
        self._colour()
        self.fill_points()

    def show_frame(self, frame: Frame) -> None:
        self._x = np.linspace(*frame.extent, RESOLUTION)
        answer = frame.answer(Curve(frame.project.network.output_id, RESOLUTION))
        if frame.state is State.EMPTY:
            self._fit = None
            self.fit_line.clear()
        elif answer is not None:
            said = loss_of(frame.project).numbers(answer.T)
            self._fit = self.data.transform.inverse_target(said)[:, 0]
            # A run that breaks gives values beyond what Qt can draw.
            low, high = self.plot.box.viewRange()[1]
            self.fit_line.set_data(self._x, self._fit.clip(low - 99 * (high - low), high + 99 * (high - low)))
        self._show_unit(frame)
        self._fit_range()
        self.plot.refresh_cursor()

    def _show_unit(self, frame: Frame) -> None:
        unit, values = self.context.focus.unit, None
        if unit is not None:
            values = frame.answer(Curve(unit[0], RESOLUTION))
            values = values[unit[1]] if values is not None and unit[1] < len(values) else None
        if unit is not None and values is not None:
            self.unit_line.set_data(self._x, values)
        elif self._unit is not None:
            self.unit_line.clear()
        changed = (self._unit is None) != (values is None)
        self._unit, self._unit_values = (unit, values) if values is not None else (None, None)
        if changed:
            self._colour()
        self._describe()

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        self._fit = self._unit = self._unit_values = None
        self.fit_line.clear()
        self.unit_line.clear()
        self._fit_range()
        self._describe()

    def _switched(self, on: bool) -> None:
        for part, points in self.points.items():
            points.setVisible(self.shown(part))

    def _colour(self) -> None:
        theme = self.context.theme
        self.unit_line.style(theme.text, weight=3)
        # While a unit is shown, the fit stands back.
        alone = self._unit is None
        self.fit_line.style(theme.text if alone else theme.muted, weight=3 if alone else 1, dotted=not alone)

    def fill_points(self) -> None:
        raw, theme = self.data.raw, self.context.theme
        for part, points in self.points.items():
            # What somebody has painted must be seen, all of it.
            points.most = MOST_POINTS if isinstance(self.project.source, Painted) else MOST
            rows = rows_of(self.data, part)[: points.most]
            points.scale_ = self.point_scale
            at = np.column_stack((raw.x[rows, 0], raw.y[rows, 0]))
            points.fill_plain(theme, at, self.part_colour(part))
            points.setVisible(self.shown(part))

    def part_colour(self, part: str) -> str:
        return part_colour(self.context.theme, part)

    def _describe(self) -> None:
        raw = self.data.raw
        self.set_title("Curve fit" if self._unit is None else unit_name(self.data, *self._unit))
        self.plot.set_labels(raw.features[0], raw.targets[0] if self._unit is None else "value of the unit")

    def _fit_range(self) -> None:
        """Show every sample; a fit far away must not squeeze them together, so it may leave the picture. A unit must not."""
        y = self.data.raw.y[:, 0]
        low, high = float(y.min()), float(y.max())
        if self._unit_values is not None and np.isfinite(self._unit_values).all():
            low, high = min(low, float(self._unit_values.min())), max(high, float(self._unit_values.max()))
        painted = isinstance(self.project.source, Painted)
        room = (0.3 if painted else 0.08) * (high - low) or 1.0
        bottom, top = self.plot.box.viewRange()[1]
        holds = bottom < low and high < top < high + 2 * room
        if painted and self.fed and self._unit_values is None and holds:
            # An axis that moves under the brush would move what is painted.
            low, high, room = bottom, top, 0.0
        self.plot.set_range(extent(self.data), (low - room, high + room))

    # ---- read-out ------------------------------------------------------------------------------------------------------

    def _probe(self, at: tuple[float, float] | None) -> None:
        """Say the values at the computed point next to the cursor."""
        if at is None or len(self._x) == 0:
            return
        i = int(np.abs(self._x - at[0]).argmin())
        lines, y = [f"{self.data.raw.features[0]} {fmt(self._x[i])}"], at[1]
        if self._fit is not None:
            y = self._fit[i]
            lines.append(f"network {fmt(y)}")
        if self._unit is not None and self._unit_values is not None:
            y = self._unit_values[i]
            lines.append(f"{unit_name(self.data, *self._unit)} {fmt(y)}")
        self.plot.point_at(float(self._x[i]), float(y), "\n".join(lines))
