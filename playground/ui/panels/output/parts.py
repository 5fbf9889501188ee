"""A curve taken apart: what each unit of the last layer adds; and the same built by hand, from pulses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QBrush, QColor, QHideEvent, QPainter, QPen, QPolygonF, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from engine.data import Prepared
from engine.errors import EngineError
from engine.layers import Linear
from engine.probe import extent
from engine.pulses import MOST
from playground.document import pulses
from playground.document.project import Project
from playground.runner.messages import Curve, Frame, State, Want, Weights
from playground.ui.kit.colours import mix
from playground.ui.kit.dots import Points
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import PARTS, part_colour, rows_of
from playground.ui.kit.switches import switch
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context, Table
from playground.ui.panels.output.parts_model import Parts, in_words, parts
from playground.ui.panels.output.picture import NO_LIMIT, PlotPicture
from playground.ui.panels.output.pulse_bench import PulseBench

Array = NDArray[Any]

RESOLUTION = 201  #: points of the curve
#: pixels from which on the controls stand beside the plot, which needs the height; how wide they are then; and where it has enough
WIDE, SIDE, HIGH = 400, 150, 380
#: milliseconds after which a window that has just opened stands as it is to stay
SETTLED = 400
#: how far beyond the picture lines are drawn, in heights of it: Qt cannot draw what is further
BEYOND = 50.0


def colour_of(theme: Theme, number: int) -> str:
    """That of part ``number``; beyond as many as there are, they begin anew."""
    return theme.class_colour(number)


class Areas(pg.GraphicsObject):
    """What each part adds, between two lines, one upon the other; or each part as a line of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._shapes: list[tuple[QPolygonF, QColor, QColor, bool]] = []

    def show(self, shapes: list[tuple[Array, Array, str, str, bool]]) -> None:
        """``(x, y, line colour, fill colour, filled)`` each; not filled: a line."""
        self._shapes = [
            (pg.functions.arrayToQPolygonF(x, y), QColor(line), QColor(fill), filled)
            for x, y, line, fill, filled in shapes
        ]
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        """In pixels, so that no line is stretched."""
        to_pixels = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shape, line, fill, filled in self._shapes:
            painter.setPen(QPen(line, 1.2))
            if filled:
                painter.setBrush(QBrush(fill))
                painter.drawPolygon(to_pixels.map(shape))
            else:
                painter.drawPolyline(to_pixels.map(shape))


class CurveParts(PlotPicture):
    """Each part v·a of the last layer in one scale, or stacked up to the curve; pulses to be dragged."""

    name = "Parts of the curve"
    paintable = False

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "parts", square=False)
        self.areas, self.sum, self.one = Areas(), Line(), Line()
        self.points = {part: Points(part) for part in PARTS}
        self.areas.setZValue(5)
        self.sum.setZValue(30)
        self.one.setZValue(31)
        for item in (self.areas, *self.points.values(), self.sum, self.one):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.parts_found: Parts | None = None
        self._x: Array = np.zeros(0)
        self._probed: tuple[float, float] | None = None
        tip = "Stack the parts upon each other up to the curve; otherwise each stands for itself, all in one scale."
        self.stacked = switch("parts_stacked", "stacked", tip, True, lambda _: self._draw())
        self.flow.addWidget(self.stacked)
        self.add_part_switches(self._switched)
        self.bench = PulseBench(context, self.plot, self._probe)
        self._rows.insertWidget(2, self.bench)
        self.plot.probed.connect(self._probe)
        context.theme.follow(self._restyle)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return data.raw.in_shape == (1,) and not data.raw.classes and data.raw.y.shape[1:] == (1,)

    @staticmethod
    def asked_for(project: Project) -> bool:
        if not project.first_weights:
            return False
        try:
            return pulses.bench(project).built(project) is not None
        except EngineError:
            return False

    # ---- what it is given ----------------------------------------------------------------------------------------------

    @property
    def _last(self) -> tuple[str, str] | None:
        """The last layer, if it adds up units, and the node that it reads."""
        nodes = self.project.network.nodes
        if (
            not nodes
            or not isinstance(nodes[-1].layer, Linear)
            or self.project.network.output_id != nodes[-1].id
        ):
            return None
        return nodes[-1].id, self.project.network.inputs_of(nodes[-1].id)[0]

    def wants(self) -> list[Want]:
        if self._last is None:
            return []
        last, before = self._last
        return [Curve(before, RESOLUTION), Weights(last)]

    def show_data(self, project: Project, data: Prepared) -> None:
        super().show_data(project, data)
        self.bench.show_project(project, data)

    def fill(self) -> None:
        super().fill()
        self.plot.set_note("")
        self.clear()
        self.plot.set_labels(self.data.raw.features[0], self.data.raw.targets[0])
        self.set_title(self.name)
        self.fill_points()

    def show_frame(self, frame: Frame) -> None:
        self.bench.show_begun(frame.step > 0)
        self._x = np.linspace(*frame.extent, RESOLUTION)
        if self._last is None:
            self.clear()
            self.plot.set_note("The last layer is no Linear, which adds up parts. Put one there.")
            return
        last, before = self._last
        values, weights = frame.answer(Curve(before, RESOLUTION)), frame.answer(Weights(last))
        if frame.state is State.EMPTY or values is None or weights is None or len(weights["weight"]) != 1:
            if frame.state is State.EMPTY:
                self.clear()
            return
        weight = np.asarray(weights["weight"])[0]
        if len(weight) != len(values):
            return
        bias = float(weights["bias"][0]) if "bias" in weights else 0.0
        base, step = self.data.transform.inverse_target(np.array([[0.0], [1.0]]))[:, 0]
        sizes = (self.bench.units,) * len(self.bench.pulses)
        self.parts_found = parts(values, weight, bias, (float(base), float(step - base)), sizes)
        self.plot.set_note("")
        self._draw()
        if self._probed is not None:
            self._probe(self._probed)

    def sizeHint(self) -> QSize:
        """Of a narrow one: the panel is given room when this is seen, and gives it back."""
        return QSize(280, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= WIDE and self.height() < HIGH
        ways = QBoxLayout.Direction
        self._box.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        self.controls.setMinimumWidth(SIDE if beside else 0)
        self.controls.setMaximumWidth(SIDE if beside else NO_LIMIT)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Once the window has its size, and the arrangement that it remembers; handles need room between them.
        for delay in (0, SETTLED):
            QTimer.singleShot(delay, self, self._ask_room)

    def _ask_room(self) -> None:
        if self.isVisible() and self.width() < WIDE:
            self.context.focus.room_asked.emit("output", True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.context.gone:
            return
        self.context.focus.hover(None)
        if self.isHidden():  # another picture has taken its place
            self.context.focus.room_asked.emit("output", False)

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        self.parts_found = None
        self.areas.show([])
        self.sum.clear()
        self.one.clear()
        self._fit_range()

    def _restyle(self) -> None:
        theme = self.context.theme
        self.sum.style(theme.text, weight=3)
        self.one.style(theme.accent, weight=3)
        self.fill_points()
        self.bench.place_handles()
        self._draw()

    def _switched(self, on: bool) -> None:
        for part, points in self.points.items():
            points.setVisible(self.shown(part))

    def fill_points(self) -> None:
        raw, theme = self.data.raw, self.context.theme
        for part, points in self.points.items():
            rows = rows_of(self.data, part)[: points.most]
            points.scale_ = self.point_scale
            points.fill_plain(
                theme, np.column_stack((raw.x[rows, 0], raw.y[rows, 0])), self.part_colour(part)
            )
            points.setVisible(self.shown(part))

    def part_colour(self, part: str) -> str:
        return part_colour(self.context.theme, part)

    def _draw(self) -> None:
        found, theme = self.parts_found, self.context.theme
        if found is None:
            return
        self._fit_range()
        low, high = self.plot.box.viewRange()[1]
        near = lambda y: np.clip(y, low - BEYOND * (high - low), high + BEYOND * (high - low))
        shapes: list[tuple[Array, Array, str, str, bool]] = []
        if self.stacked.isChecked():
            levels = near(found.stacked)
            around = np.concatenate([self._x, self._x[::-1]])
            for k in range(len(found.groups)):
                edge = np.concatenate([levels[k], levels[k + 1][::-1]])
                colour = colour_of(theme, k)
                shapes.append(
                    (around, edge, mix(colour, theme.sunken, 0.3), mix(colour, theme.sunken, 0.72), True)
                )
        else:
            of_group = [(k, unit) for k, group in enumerate(found.groups) for unit in group]
            # All in one scale; what is left of very many stands as one.
            lines = found.single if len(found.single) <= len(of_group) <= 4 * MOST else found.grouped
            for row, y in enumerate(near(lines)):
                k = of_group[row][0] if lines is found.single else row
                shapes.append((self._x, y, colour_of(theme, k), "", False))
        self.areas.show(shapes)
        self.sum.set_data(self._x, near(found.total))

    def _fit_range(self) -> None:
        """All samples; of single parts, all of them as well."""
        y = self.data.raw.y[:, 0]
        low, high = float(y.min()), float(y.max())
        found = self.parts_found
        if found is not None and not self.stacked.isChecked() and np.isfinite(found.single).all():
            low, high = min(low, float(found.single.min())), max(high, float(found.single.max()))
        for pulse in self.bench.pulses if self.stacked.isChecked() and self.bench.building else ():
            low, high = min(low, pulse.height), max(high, pulse.height)
        room = 0.12 * (high - low) or 1.0
        bottom, top = self.plot.box.viewRange()[1]
        holds = bottom <= low and high <= top and top - bottom < 1.6 * (high - low + 2 * room)
        if not (holds and self.bench.held):  # an axis that moves under a handle would move the handle
            self.plot.set_range(extent(self.data), (low - room, high + room))

    def as_table(self) -> Table | None:
        """At each computed point what each unit adds, and the sum."""
        found = self.parts_found
        if found is None:
            return None
        names = (self.data.raw.features[0], *(f"unit {k}" for k in range(len(found.single))), "bias", "sum")
        base = np.full(len(self._x), found.base)
        return Table(
            names,
            tuple(
                zip(
                    self._x.tolist(), *found.single.tolist(), base.tolist(), found.total.tolist(), strict=True
                )
            ),
        )

    # ---- read-out ------------------------------------------------------------------------------------------------------

    def _probe(self, at: tuple[float, float] | None) -> None:
        """Name the part under the cursor, say what it adds, and show it alone."""
        self._probed, found = at, self.parts_found
        if at is None or found is None or not len(self._x):
            self.one.clear()
            self.context.focus.hover(None)
            self.plot.hide_lines()
            return
        i = int(np.abs(self._x - at[0]).argmin())
        number, unit = self._under(found, i, at[1])
        if number is None:
            return
        group = found.groups[number]
        adds = found.grouped[number] if unit is None else found.single[unit]
        low, high = self.plot.box.viewRange()[1]
        self.one.set_data(self._x, np.clip(adds, low - BEYOND * (high - low), high + BEYOND * (high - low)))
        who = in_words(group if unit is None else (unit,))
        if self.bench.pulses and len(group) > 1:
            who = f"pulse {number + 1} ({who})" if unit is None else f"{who} of pulse {number + 1}"
        here = f"{self.data.raw.features[0]} {fmt(self._x[i])}"
        said = f"{here}\n{who} adds {fmt(adds[i])}\nsum {fmt(found.total[i])}"
        self.bench.look_at(number)
        last = self._last
        if last is not None and (unit is not None or len(group) == 1):
            self.context.focus.hover((last[1], unit if unit is not None else group[0]))
        self.plot.point_at(float(self._x[i]), float(at[1]), said, horizontal=False)

    def _under(self, found: Parts, i: int, y: float) -> tuple[int | None, int | None]:
        """The group at a place, and the unit where single ones are drawn."""
        if not self.stacked.isChecked():
            unit = int(np.abs(found.single[:, i] - y).argmin())
            return next((k for k, group in enumerate(found.groups) if unit in group), None), unit
        adds, levels = found.grouped[:, i], found.stacked[:, i]
        low, high = self.plot.box.viewRange()[1]
        there = np.abs(adds) > 1e-3 * (high - low)
        inside = (
            there & (np.minimum(levels[:-1], levels[1:]) <= y) & (y <= np.maximum(levels[:-1], levels[1:]))
        )
        if inside.any():
            return int(inside.argmax()), None
        if there.any() or not self.bench.pulses:
            return (int(np.abs(adds).argmax()), None) if len(adds) else (None, None)
        middles = np.array([(pulse.left + pulse.right) / 2 for pulse in self.bench.pulses])
        return int(np.abs(middles - self._x[i]).argmin()), None
