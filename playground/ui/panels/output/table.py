"""Tables: for classes who is taken for whom, for regressions the predicted number against the true one, and what is left between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout

from engine.data import Prepared
from playground.document.project import Project
from playground.runner.messages import Frame, Predictions, State, Want
from playground.ui.kit.dots import Dots, Points
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import part_colour, ring, rows_of, size_of
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import label
from playground.ui.panels.output.confusion import ConfusionMatrix, count_pairs
from playground.ui.panels.output.part_bar import PartBar
from playground.ui.panels.output.picture import Picture
from playground.ui.panels.output.samples import Sample, SampleCard

Array = NDArray[Any]

#: at most so many samples of a part are predicted for the picture
MOST = 1000

#: how near the cursor must come to a point to pick it, in pixels
REACH = 24


class Table(Picture):
    """Base of both pictures: a part to choose, and the predictions for it."""

    def __init__(self, context: Context, project: Project, data: Prepared, name: str) -> None:
        super().__init__(context, project, data)
        self.setObjectName(name)
        self.bar = PartBar(pages=False)
        self.bar.part_changed.connect(lambda part: self._redraw())
        self.bar.part_changed.connect(lambda part: self.part_changed.emit())
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(6)
        self._frame: Frame | None = None

    @property
    def part(self) -> str:
        return self.bar.part

    def _want(self) -> Predictions:
        return Predictions(self.bar.part, 0, min(MOST, size_of(self.data, self.bar.part)))

    def wants(self) -> list[Want]:
        return [self._want()]

    def fill(self) -> None:
        self.bar.show_data(self.data)
        self._frame = None
        self._redraw()

    def show_frame(self, frame: Frame) -> None:
        if frame.state is State.EMPTY:
            self.clear()
            return
        self._frame = frame
        self._redraw()

    def clear(self) -> None:
        if self._frame is not None:
            self._frame = None
            self._redraw()

    def _answer(self, want: Predictions) -> Array | None:
        return None if self._frame is None else self._frame.answer(want)

    def _truth(self, count: int) -> Array:
        return self.data.raw.y[rows_of(self.data, self.bar.part)[:count]]

    def _redraw(self) -> None:
        raise NotImplementedError


class Classes(Table):
    """The confusion matrix of a part, above the chosen sample with a bar for every class."""

    name = "Confusion matrix"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, "classes")
        self.set_title("Confusion matrix")
        self.matrix, self.card = ConfusionMatrix(context.theme), SampleCard(context.theme)
        for widget in (self.bar, self.matrix, self.card):
            self.layout_.addWidget(widget)
        self.layout_.setStretchFactor(self.matrix, 1)
        self.matrix.chosen.connect(self._choose)
        context.focus.sample_changed.connect(lambda sample: self._redraw())

    @staticmethod
    def suits(data: Prepared) -> bool:
        return bool(data.raw.classes)

    def wants(self) -> list[Want]:
        part, index = self.context.focus.sample
        one = [Predictions(part, index, 1)] if 0 <= index < size_of(self.data, part) else []
        return [self._want(), *one]

    def _redraw(self) -> None:
        classes, guesses = self.data.raw.classes, self._answer(self._want())
        counts = None
        if guesses is not None:
            counts = count_pairs(self._truth(len(guesses)), guesses.argmax(axis=1), len(classes))
        self.matrix.show_counts(counts, classes)
        part, index = self.context.focus.sample
        if not 0 <= index < size_of(self.data, part):
            self.card.show_sample(None, "", classes)
            return
        answer = self._answer(Predictions(part, index, 1))
        truth = int(self.data.raw.y[rows_of(self.data, part)[index]])
        shares = None if answer is None else answer[0]
        self.card.show_sample(Sample(index, QImage(), truth, shares), part, classes)

    def _choose(self, true: int, predicted: int) -> None:
        """The next sample of that cell after the chosen one becomes the chosen one."""
        guesses = self._answer(self._want())
        if guesses is None:
            return
        inside = (self._truth(len(guesses)) == true) & (guesses.argmax(axis=1) == predicted)
        indices = np.flatnonzero(inside).tolist()
        part, index = self.context.focus.sample
        later = [i for i in indices if part != self.bar.part or i > index]
        if indices:
            self.context.focus.choose_sample(self.bar.part, later[0] if later else indices[0])


class Scatter(Table):
    """Base of both plots of a regression: a point per sample, and the line on which a perfect network puts them."""

    key = ""  #: of its objects' names
    square = True

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data, self.key)
        self.set_title(self.name)
        self.plot = Plot(context.theme, f"{self.key}_plot", square=self.square)
        self.ideal = Line()
        self.scatter = Points("validation")
        self.picked = Dots()
        self.picked.setZValue(20)
        for item in (self.ideal, self.scatter, self.picked):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.sum = label(f"{self.key}_sum", muted=True, little=True)  # what they say together
        self.sum.hide()
        for widget in (self.bar, self.plot, self.sum):
            self.layout_.addWidget(widget)
        self.layout_.setStretchFactor(self.plot, 1)
        self._true, self._predicted = np.zeros(0), np.zeros(0)
        self._true_range = (0.0, 1.0)
        self.plot.probed.connect(self._probe)
        self.plot.chosen.connect(self._choose)
        context.focus.sample_changed.connect(lambda sample: self._redraw())
        context.theme.follow(self._restyle)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return not data.raw.classes

    def fill(self) -> None:
        y = self.data.raw.y[:, 0]
        room = 0.06 * float(y.max() - y.min()) or 1.0
        self._true_range = float(y.min()) - room, float(y.max()) + room
        super().fill()

    def _places(self) -> Array:
        """Where the samples stand, ``(n, 2)``."""
        raise NotImplementedError

    def _range(self) -> None:
        """Set the axes' ranges, and the line, for what is predicted now."""
        raise NotImplementedError

    def _restyle(self) -> None:
        self._style()
        self._redraw()

    def _style(self) -> None:
        theme = self.context.theme
        self.ideal.style(theme.muted, weight=1)

    def _redraw(self) -> None:
        answer = self._answer(self._want())
        self._predicted = np.zeros(0) if answer is None else answer[:, 0].astype(np.float64)
        self._true = self._truth(len(self._predicted))[:, 0]
        theme, part = self.context.theme, self.bar.part
        self.scatter.part = part
        chosen, index = self.context.focus.sample
        at = slice(index, index + 1) if chosen == part and index < len(self._true) else slice(0, 0)
        places = self._places()
        self.scatter.fill_plain(theme, places, part_colour(theme, part))
        self.picked.fill(places[at], [ring(theme.text, 14)])
        self._range()
        self.plot.set_note("" if len(self._true) else "No predictions yet")
        self.plot.refresh_cursor()

    def _reach(self) -> tuple[float, float]:
        """The range of the predictions' axis: that of the truth, wider where they leave it, in large steps so that it is calm."""
        low, high = self._true_range
        span = high - low
        finite = self._predicted[np.isfinite(self._predicted)]
        below = np.clip((low - finite.min(initial=low)) / span, 0.0, 3.0)
        above = np.clip((finite.max(initial=high) - high) / span, 0.0, 3.0)
        return low - span * np.ceil(4 * below) / 4, high + span * np.ceil(4 * above) / 4

    def _nearest(self, at: tuple[float, float]) -> int | None:
        """The sample whose point is next to the cursor, if one is near."""
        if not len(self._true):
            return None
        origin, unit = (
            self.plot.to_pixel(0.0, 0.0),
            self.plot.to_pixel(1.0, 1.0) - self.plot.to_pixel(0.0, 0.0),
        )
        here = self.plot.to_pixel(*at) - origin
        places = self._places()
        distance = np.hypot(places[:, 0] * unit.x() - here.x(), places[:, 1] * unit.y() - here.y())
        i = int(np.nanargmin(distance)) if np.isfinite(distance).any() else 0
        return i if distance[i] <= REACH else None

    def _probe(self, at: tuple[float, float] | None) -> None:
        """Say what the nearest point stands for."""
        i = None if at is None else self._nearest(at)
        if i is None:
            self.plot.hide_lines()
            return
        true, predicted = float(self._true[i]), float(self._predicted[i])
        error = predicted - true
        text = f"{self.bar.part} sample {i + 1}\ntrue {fmt(true)}\npredicted {fmt(predicted)}\nerror {'+' if error > 0 else ''}{fmt(error)}"
        x, y = self._places()[i].tolist()
        self.plot.point_at(x, y, text)

    def _choose(self, x: float, y: float) -> None:
        i = self._nearest((x, y))
        if i is not None:
            self.context.focus.choose_sample(self.bar.part, i)


class Values(Scatter):
    """Predicted against true: a perfect network puts every point on the diagonal."""

    name, key = "Predicted against true", "values"

    def fill(self) -> None:
        target = self.data.raw.targets[0]
        self.plot.set_labels(f"true {target}", f"predicted {target}")
        super().fill()

    def _places(self) -> Array:
        return np.column_stack((self._true, self._predicted))

    def _range(self) -> None:
        ends = np.array(self._true_range)
        self.ideal.set_data(ends, ends)
        self.plot.set_range(self._true_range, self._reach())


class Residuals(Scatter):
    """What is left of the truth once the prediction is taken from it, over the prediction: a good fit leaves a cloud without shape round 0."""

    name, key, square = "Residuals", "residuals", False

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self.sum.show()
        self.sum.setToolTip(
            "A mean far from 0: it predicts too low or too high on the whole. A bend, or a cloud that widens: the network has left "
            "something unlearnt, or the noise is not the same everywhere."
        )

    def fill(self) -> None:
        target = self.data.raw.targets[0]
        self.plot.set_labels(f"predicted {target}", "true − predicted")
        super().fill()

    def _places(self) -> Array:
        return np.column_stack((self._predicted, self._true - self._predicted))

    def _range(self) -> None:
        across, left = self._reach(), self._true - self._predicted
        self.ideal.set_data(np.array(across), np.zeros(2))
        span = self._true_range[1] - self._true_range[0]
        finite = left[np.isfinite(left)]
        # in large steps, so that it is calm
        far = span * float(np.clip(np.ceil(10 * np.abs(finite).max(initial=0.0) / span), 1, 40)) / 10
        self.plot.set_range(across, (-far, far))
        if not len(finite):
            self.sum.setText("")
            return
        mean, deviation = float(finite.mean()), float(finite.std())
        self.sum.setText(f"mean {fmt(mean)} · standard deviation {fmt(deviation)}")
