"""Data of many inputs, cut by a plane: what the network answers over two of them, or over the axes along which the samples spread most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QBoxLayout, QComboBox

from engine.data import Dataset, Prepared
from engine.errors import clipped
from engine.slices import Axes, principal, span
from playground.document.project import Project, loss_of
from playground.runner.messages import Frame, Plane, State
from playground.runner.wants import PCA
from playground.ui.kit.colours import indexed_image, signed_index, signed_table
from playground.ui.kit.dots import Dots, Points
from playground.ui.kit.fonts import small
from playground.ui.kit.legend import Legend
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import IndexedImage
from playground.ui.kit.points import MOST, PARTS, SIZE, ring, rows_of, size_of
from playground.ui.kit.text import Label
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import ComboBox
from playground.ui.panels.output.answers import class_image
from playground.ui.panels.output.picture import PlotPicture

Array = NDArray[Any]

RESOLUTION = 64
#: pixels from a point within which a click chooses it
REACH = 24
_BY_SPREAD = "PCA"


def telling_inputs(data: Dataset) -> tuple[int, int]:
    """The two inputs that part the classes best, or follow the first target best."""
    step = max(1, len(data) // MOST)
    x, y = data.x[::step].astype(np.float64), data.y[::step]
    scale = x.std(axis=0) + 1e-12
    if data.classes:
        means = np.stack([x[y == c].mean(axis=0) for c in np.unique(y)])
        worth = means.std(axis=0) / scale
    else:
        worth = np.abs(((x - x.mean(axis=0)) / scale * (y[:, :1] - y[:, :1].mean())).mean(axis=0))
    plain = np.array(
        [len(np.unique(column)) > 2 for column in x.T]
    )  # over marks of 0 and 1 there is little to see
    first, second = np.lexsort((-worth, ~plain))[:2].tolist()
    return first, second


class Slice(PlotPicture):
    """The answer over two inputs, the others as in the chosen sample; or over the two principal axes."""

    name = "Boundary over two inputs"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "slice", square=True)
        self.image, self.rings = IndexedImage(), Dots()
        self.rings.setZValue(20)
        self.points = {part: Points(part) for part in PARTS}
        for item in (self.image, *self.points.values(), self.rings):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.across = _choice("slice_across", "Input from left to right, or PCA's two axes for both")
        self.up = _choice("slice_up", "Input from below upwards")
        self.held = Label()
        self.held.setObjectName("slice_held")
        self.held.setProperty("muted", True)
        self.held.setWordWrap(True)
        self.legend = Legend(context.theme)
        self.choices = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.choices.setSpacing(6)
        self.choices.addWidget(self.across, 1)
        self.choices.addWidget(self.up, 1)
        self._rows.insertLayout(0, self.choices)
        self._rows.insertWidget(1, self.held)
        self.head.addWidget(self.legend, 1)
        self.add_part_switches(lambda on: self.fill_points())
        self._axes: Axes | None = None
        self._answer: tuple[Array, tuple[float, float], tuple[float, float]] | None = None
        self._loss = loss_of(project)
        self._frame: Frame | None = None
        self.across.currentIndexChanged.connect(self._turned)
        self.up.currentIndexChanged.connect(self._turned)
        self.plot.probed.connect(self._probe)
        self.plot.chosen.connect(self._choose)
        context.focus.sample_changed.connect(lambda sample: self._describe())
        context.theme.follow(self._restyle)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return len(data.raw.in_shape) == 1 and data.raw.in_shape[0] > 2

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.choices.setDirection(self.head.direction())  # one below the other in a narrow column

    # ---- what is cut ---------------------------------------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[int, int]:
        """The two inputs; ``(PCA, PCA)`` for the principal axes."""
        first = self.across.currentIndex() - 1
        return (PCA, PCA) if first < 0 else (first, max(self.up.currentIndex(), 0))

    def _want(self) -> Plane:
        part, index = self.context.focus.sample
        if not 0 <= index < size_of(self.data, part):
            part, index = "train", 0
        first, second = self.inputs
        if first == PCA:
            part, index = "train", 0
        return Plane(self.project.network.output_id, first, second, part, index, RESOLUTION)

    def wants(self) -> list[Plane]:
        return [self._want()]

    def fill(self) -> None:
        super().fill()
        raw = self.data.raw
        names = [clipped(name, 40) for name in raw.features]
        first, second = telling_inputs(raw)
        for box, texts, now in ((self.across, [_BY_SPREAD, *names], first + 1), (self.up, names, second)):
            if [box.itemText(i) for i in range(box.count())] == texts:
                continue
            box.blockSignals(True)
            box.clear()
            box.addItems(texts)
            box.setCurrentIndex(now)
            box.blockSignals(False)
        self._axes = principal(self.data)
        self._turned()

    def _turned(self) -> None:
        self.up.setEnabled(self.inputs[0] != PCA)
        self.clear()
        self.fill_points()
        self._describe()

    def _places(self, rows: Array) -> Array:
        """``(N, 2)``: where samples of the raw data stand on the plane."""
        first, second = self.inputs
        x = self.data.raw.x[rows]
        if first == PCA and self._axes is not None:
            return self._axes.places(self.data.transform(x))
        return x[:, [first, second]]

    def _describe(self) -> None:
        raw, (first, second) = self.data.raw, self.inputs
        if first == PCA:
            shares = self._axes.shares if self._axes is not None else (0.0, 0.0)
            x, y = (f"principal axis {i + 1} ({share:.0%})" for i, share in enumerate(shares))
            held = "PCA of the training part; the plane goes through its mean."
        else:
            x, y = raw.features[first], raw.features[second]
            want = self._want()
            held = f"Others as in {want.part} sample {want.sample + 1:,}."
        self.plot.set_labels(clipped(x, 40), clipped(y, 40))
        self.held.setText(held)
        self.set_title("Decision boundary" if raw.classes else "Fitted surface")
        if raw.classes:
            self.legend.show_classes(raw.classes)
        else:
            self.legend.show_range(self._limit())
        self._ring()

    def _limit(self) -> float:
        return float(np.abs(self.data.raw.y[:, 0]).max()) or 1.0

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def show_frame(self, frame: Frame) -> None:
        if frame.state is State.EMPTY:
            self.clear()
            return
        self._frame, self._loss = frame, loss_of(frame.project)
        found = frame.answer(self._want())
        if found is None:
            return
        self._answer = found
        values, across, up = found
        self.plot.set_range(across, up)
        self.image.show_image(self._paint(values), *across, up)
        self.plot.refresh_cursor()

    def _paint(self, values: Array) -> QImage:
        theme, raw = self.context.theme, self.data.raw
        if raw.classes:
            return class_image(values, len(raw.classes), self._loss, theme, discrete=False)
        shown = self.data.transform.inverse_target(np.moveaxis(values, 0, -1))[..., 0]
        return indexed_image(signed_index(shown, self._limit()), signed_table(theme))

    def clear(self) -> None:
        self._answer = None
        self.image.clear()

    def _restyle(self) -> None:
        self.fill_points()
        if self._answer is not None:
            values, across, up = self._answer
            self.image.show_image(self._paint(values), *across, up)

    def fill_points(self) -> None:
        raw, theme = self.data.raw, self.context.theme
        every = []
        for part, points in self.points.items():
            rows = rows_of(self.data, part)[:MOST]
            places = self._places(rows) if len(rows) else np.zeros((0, 2))
            every.append(places)
            points.scale_ = self.point_scale
            if raw.classes:
                points.fill_classes(theme, places, raw.y[rows])
            else:
                points.fill_values(theme, places, raw.y[rows, 0], self._limit())
            points.setVisible(self.shown(part))
        if self._answer is None:
            places = np.concatenate(every)
            self.plot.set_range(span(places[:, 0]), span(places[:, 1]))
        self._ring()

    def _ring(self) -> None:
        part, index = self.context.focus.sample
        there = 0 <= index < size_of(self.data, part)
        places = self._places(rows_of(self.data, part)[index : index + 1]) if there else np.zeros((0, 2))
        self.rings.fill(places, [ring(self.context.theme.text, SIZE + 7)])

    # ---- pointing ------------------------------------------------------------------------------------------------------

    def _choose(self, x: float, y: float) -> None:
        """The sample next to a click, if one is near, becomes the chosen one."""
        origin = self.plot.to_pixel(0.0, 0.0)
        unit = self.plot.to_pixel(1.0, 1.0) - origin
        here = self.plot.to_pixel(x, y) - origin
        best: tuple[float, str, int] | None = None
        for part in filter(self.shown, PARTS):
            places = self._places(rows_of(self.data, part)[:MOST])
            if not len(places):
                continue
            away = np.hypot(places[:, 0] * unit.x() - here.x(), places[:, 1] * unit.y() - here.y())
            nearest = int(away.argmin())
            if best is None or away[nearest] < best[0]:
                best = float(away[nearest]), part, nearest
        if best is not None and best[0] <= REACH:
            self.context.focus.choose_sample(best[1], best[2])

    def _probe(self, at: tuple[float, float] | None) -> None:
        """Say what the network gives at the point of the grid next to the cursor."""
        if at is None or self._answer is None:
            return
        values, *ranges = self._answer
        size = values.shape[1]
        j, i = (
            int(np.clip(round((v - low) / (high - low) * (size - 1)), 0, size - 1))
            for v, (low, high) in zip(at, ranges, strict=True)
        )
        x, y = (low + k * (high - low) / (size - 1) for k, (low, high) in zip((j, i), ranges, strict=True))
        z, raw = values[:, i, j], self.data.raw
        if raw.classes:
            shares = self._loss.probabilities(z[None])[0, : len(raw.classes)]
            best = int(shares.argmax())
            says = f"{raw.classes[best]}: {fmt(float(shares[best]))}"
        else:
            says = f"{raw.targets[0]} {fmt(float(self.data.transform.inverse_target(z[None])[0, 0]))}"
        first, second = self.inputs
        names = ("axis 1", "axis 2") if first == PCA else (raw.features[first], raw.features[second])
        self.plot.point_at(
            x, y, f"{clipped(names[0], 30)} {fmt(x)}   {clipped(names[1], 30)} {fmt(y)}\n{says}"
        )


def _choice(name: str, tip: str) -> QComboBox:
    box = ComboBox()
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setFont(small(box.font()))
    box.setMinimumContentsLength(4)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
