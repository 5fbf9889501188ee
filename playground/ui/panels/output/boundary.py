"""Data with two features: what the network answers everywhere in the plane, with the samples on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import Painted, Prepared, paintable
from engine.data.points import MOST_POINTS, VALUE
from engine.probe import extent
from playground.document.project import Project, loss_of
from playground.runner.messages import Frame, Predictions, SampleLoss, State, Surface, Want
from playground.ui.kit.colours import (
    indexed_image,
    loss_table,
    share_index,
    signed_index,
    signed_table,
)
from playground.ui.kit.dots import Dots, Points
from playground.ui.kit.legend import Legend
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import IndexedImage
from playground.ui.kit.points import MOST, PARTS, SIZE, ring, rows_of, size_of
from playground.ui.kit.switches import switch
from playground.ui.kit.view import Context
from playground.ui.panels.output.answers import class_image
from playground.ui.panels.output.heat import loss_map
from playground.ui.panels.output.picture import PlotPicture

Array = NDArray[Any]

RESOLUTION = 100  #: points of the grid along each axis


def target_limit(data: Prepared) -> float:
    """The end of the signed scale for a regression: the largest training target, in raw units."""
    return float(np.abs(data.raw.y[rows_of(data, "train"), 0]).max()) or 1.0


class Boundary(PlotPicture):
    """Which class, or which value, the network gives at every point of the plane."""

    name = "Plane of both inputs"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "boundary", square=True)
        self.image, self.rings = IndexedImage(), Dots()
        self.rings.setZValue(20)
        self.points = {part: Points(part) for part in PARTS}
        for item in (self.image, *self.points.values(), self.rings):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.legend = Legend(context.theme)
        policy = self.legend.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # or the switches below it would move from under the mouse
        self.legend.setSizePolicy(policy)
        self.add_part_switches(self._switched)
        tip = "Ring the shown samples that the network gets wrong."
        self.mark_wrong = switch("mark_wrong", "ring errors", tip, False, self._switched)
        tip = "Paint the decision alone: one plain colour on each side of the boundary."
        self.discretize = switch("discretize", "discretize", tip, False, self._switched)
        tip = (
            "Colour the plane by the loss of the samples nearby. A click then puts one sample more there, of the class or height of "
            "the nearest one."
        )
        self.errs = switch("where_it_errs", "where it errs", tip, False, self._switched)
        self.flow.addWidget(self.mark_wrong)
        self.flow.addWidget(self.errs)
        self.head.addWidget(self.legend, 1)
        self.head.addWidget(self.discretize)
        self._loss, self._extent = loss_of(project), (0.0, 1.0)  # those of the frame on screen
        self._frame: Frame | None = None
        self._worst: float | None = (
            None  # the largest loss on the map of losses; None while that is not on screen
        )
        self._values: Array | None = None  # (outputs, R, R) as answered
        self._unit: tuple[str, int] | None = None  # whose surface is on screen; None for the network's output
        self.plot.probed.connect(self._probe)
        self.plot.chosen.connect(self._ask_point)
        context.theme.follow(self._restyle)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return data.raw.in_shape == (2,)

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        wants: list[Want] = [Surface(self.project.network.output_id, RESOLUTION)]
        if self.context.focus.unit is not None:
            wants.append(Surface(self.context.focus.unit[0], RESOLUTION))
        if self.mark_wrong.isChecked() and self.mark_wrong.isEnabled():
            wants += [self._guesses(part) for part in PARTS if self.shown(part)]
        if self.errs.isChecked():
            wants += [SampleLoss(part) for part in PARTS if self.shown(part)]
        return wants

    def _guesses(self, part: str) -> Predictions:
        return Predictions(part, 0, min(MOST, size_of(self.data, part)))

    def fill(self) -> None:
        super().fill()
        self.plot.set_note("")
        if not self.fed:
            self.clear()
        self._extent = extent(self.data)
        self.plot.set_range(self._extent, self._extent)
        self.plot.set_labels(*self.data.raw.features)
        self.mark_wrong.setEnabled(bool(self.data.raw.classes))
        self.fill_points()
        self._describe()

    def show_few(self, project: Project, why: str) -> None:
        source = project.source
        self.clear()
        self._filled = False
        self.plot.set_note(why)
        if isinstance(source, Painted):
            table = source.points.array
            for part, points in self.points.items():
                rows = table[: 0 if part != "train" else None]
                points.fill_classes(self.context.theme, rows[:, :VALUE], rows[:, VALUE].astype(int))
            self.plot.set_range((source.low, source.high), (source.low, source.high))

    def _restyle(self) -> None:
        self.fill_points()
        self._redraw()

    def show_frame(self, frame: Frame) -> None:
        self._frame, self._loss, self._extent = frame, loss_of(frame.project), frame.extent
        self.plot.set_range(frame.extent, frame.extent)
        unit, values = self._chosen(frame)
        if values is None:
            if frame.state is State.EMPTY:
                self.clear()
            return  # or it was asked too late: what is on screen stays until the answer comes
        self._unit, self._values = unit, values
        self._redraw()
        self.plot.refresh_cursor()

    def _chosen(self, frame: Frame) -> tuple[tuple[str, int] | None, Array | None]:
        """Whose surface to show, and its values: the unit under the mouse, else the network's output."""
        unit = self.context.focus.unit
        if unit is not None:
            values = frame.answer(Surface(unit[0], RESOLUTION))
            if values is not None and unit[1] < len(values):
                return unit, values
        return None, None if frame.state is State.EMPTY else self._output(frame)

    @staticmethod
    def _output(frame: Frame) -> Array | None:
        return frame.answer(Surface(frame.project.network.output_id, RESOLUTION))

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        if self._values is not None:
            self._values = self._unit = self._worst = None
            self.image.clear()
            self.rings.clear()
            self._describe()

    def _switched(self, on: bool) -> None:
        for part, points in self.points.items():
            points.setVisible(self.shown(part))
        self._redraw()

    def _redraw(self) -> None:
        if self._values is not None and self._frame is not None:
            heat = self._heat(self._frame) if self.errs.isChecked() else None
            if not self.errs.isChecked():
                self._worst = None
            self.image.show_image(self._paint(self._values) if heat is None else heat, *self._extent)
            self._ring_wrong(self._frame)
        self._describe()

    def _paint(self, values: Array):
        """The picture of the surface on screen."""
        theme, discrete = self.context.theme, self.discretize.isChecked()
        if self._unit is not None or not self.data.raw.classes:
            shown, limit = self._signed(values)
            shown = np.sign(shown) * limit if discrete else shown
            return indexed_image(signed_index(shown, limit), signed_table(theme))
        return class_image(values, len(self.data.raw.classes), self._loss, theme, discrete)

    def _heat(self, frame: Frame):
        """The picture of the losses; the last one where a stroke has made the samples others, ``None`` before there is one."""
        found = [
            (self.data.raw.x[rows_of(self.data, part)[: len(losses)]], losses)
            for part in PARTS
            if self.shown(part)
            and self.is_of(frame)
            and (losses := frame.answer(SampleLoss(part))) is not None
        ]
        if not found:
            return None if self._worst is None else self.image.image
        places, losses = (np.concatenate(columns) for columns in zip(*found, strict=True))
        heat = loss_map(places, losses, *self._extent, RESOLUTION)
        self._worst = float(heat.max())
        return indexed_image(share_index(heat / max(self._worst, 1e-9)), loss_table(self.context.theme))

    def _ask_point(self, x: float, y: float) -> None:
        if self.errs.isChecked() and paintable(self.data.raw):
            raw = self.data.raw
            nearest = int(((raw.x - (x, y)) ** 2).sum(axis=1).argmin())
            self.point_asked.emit((x, y), float(raw.y.reshape(len(raw), -1)[nearest, 0]))

    def _signed(self, values: Array) -> tuple[Array, float]:
        """The values to show in the signed scale, and its end."""
        if self._unit is not None:
            shown = values[self._unit[1]]
            limit = float(np.abs(shown).max())
            return shown, limit if np.isfinite(limit) and limit > 0 else 1.0
        # The network learns targets on the scale that the preparation made; people read them on their own.
        said = np.moveaxis(self._loss.numbers(values), 0, -1)
        return self.data.transform.inverse_target(said)[..., 0], target_limit(self.data)

    def _describe(self) -> None:
        """Title and legend of what is on screen."""
        classes = self.data.raw.classes
        self.legend.setVisible(self._worst is None)
        if self._worst is not None:
            self.set_title(f"Loss nearby, up to {fmt(self._worst)}")
        elif self._unit is not None and self._values is not None:
            node, index = self._unit
            self.set_title(unit_name(self.data, node, index))
            self.legend.show_range(self._signed(self._values)[1])
        elif classes:
            self.set_title("Decision boundary")
            self.legend.show_classes(classes)
        else:
            self.set_title("Fitted surface")
            self.legend.show_range(target_limit(self.data))

    def fill_points(self) -> None:
        raw, theme = self.data.raw, self.context.theme
        for part, points in self.points.items():
            # What somebody has painted must be seen, all of it.
            points.most = MOST_POINTS if isinstance(self.project.source, Painted) else MOST
            rows = rows_of(self.data, part)[: points.most]
            points.scale_ = self.point_scale
            if raw.classes:
                points.fill_classes(theme, raw.x[rows], raw.y[rows])
            else:
                points.fill_values(theme, raw.x[rows], raw.y[rows, 0], target_limit(self.data))
            points.setVisible(self.shown(part))

    def _ring_wrong(self, frame: Frame) -> None:
        places = [np.zeros((0, 2))]
        if self.mark_wrong.isChecked() and self.data.raw.classes and self.is_of(frame):
            for part in filter(self.shown, PARTS):
                guesses = frame.answer(self._guesses(part))
                if guesses is not None:
                    rows = rows_of(self.data, part)[: len(guesses)]
                    wrong = guesses.argmax(axis=1) != self.data.raw.y[rows]
                    places.append(self.data.raw.x[rows][wrong])
        self.rings.fill(np.concatenate(places), [ring(self.context.theme.text, SIZE + 7)])

    # ---- read-out ------------------------------------------------------------------------------------------------------

    def _probe(self, at: tuple[float, float] | None) -> None:
        """Say what the network gives at the point of the grid next to the cursor: a number it has really computed."""
        if at is None or self._values is None:
            return
        low, high = self._extent
        step = (high - low) / (RESOLUTION - 1)
        j, i = (int(np.clip(round((v - low) / step), 0, RESOLUTION - 1)) for v in at)
        x1, x2 = low + j * step, low + i * step
        first, second = self.data.raw.features
        text = f"{first} {fmt(x1)}   {second} {fmt(x2)}\n" + self._in_words(self._values[:, i, j])
        self.plot.point_at(x1, x2, text)

    def _in_words(self, z: Array) -> str:
        raw = self.data.raw
        if self._unit is not None:
            return f"{unit_name(self.data, *self._unit)}: {fmt(z[self._unit[1]])}"
        if not raw.classes:
            return f"{raw.targets[0]} {fmt(self.data.transform.inverse_target(self._loss.numbers(z)[None])[0, 0])}"
        shares = self._loss.probabilities(z[None])[0, : len(raw.classes)]
        if "regression" in self._loss.tasks:  # the output is no logit: it aims at a number for each class
            return f"output {fmt(z[0])}: class {raw.classes[int(shares.argmax())]}"
        if len(z) == 1:
            return f"probability of {raw.classes[1]}: {fmt(shares[1])}\nlogit {fmt(z[0])}"
        best = np.argsort(-shares)[:3]
        return "\n".join(f"{raw.classes[k]}: {fmt(shares[k])}  (logit {fmt(z[k])})" for k in best)


def unit_name(data: Prepared, node_id: str, index: int) -> str:
    """A unit in words: "Unit 3 of linear1", counted from 1; "Feature x1" for an input."""
    if node_id == "input":
        return f"Feature {data.features[index]}" if index < len(data.features) else f"Input {index + 1}"
    return f"Unit {index + 1} of {node_id}"
