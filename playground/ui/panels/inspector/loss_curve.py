"""A loss as a curve: what one sample costs over its error, or over its margin, and the slope that is sent back."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from engine.core import Array
from engine.losses import Loss, Regression
from engine.trace import Trace, sample_outcomes
from playground.ui.kit.dots import Dots
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import look
from playground.ui.kit.theme import Theme

REACH = 4.0  #: from −REACH to REACH
POINTS = 161
HEIGHT = 178
X = np.linspace(-REACH, REACH, POINTS)
X.setflags(write=False)


def over_error(loss: Loss) -> bool:
    """Whether its curve is over the error z − t; else it is over the margin, by which the right class leads."""
    return isinstance(loss, Regression)


@lru_cache(maxsize=32)
def axis(loss: Loss) -> tuple[Array, str]:
    """``(POINTS,)``, where the curve of ``loss`` is worked out, and what that is."""
    low, high = loss.domain
    if over_error(loss):
        return X, "error z − t"
    if loss.noun == "log-probability":
        return np.linspace(-REACH, 0.0, POINTS), "log-probability of the right class"
    if math.isfinite(low) and math.isfinite(high):  # at its ends there is no slope
        edge = (high - low) / (POINTS + 1)
        return np.linspace(low + edge, high - edge, POINTS), "probability of the right class"
    return X, "margin of the right class"


@lru_cache(maxsize=32)
def curve(loss: Loss) -> tuple[Array, Array]:
    """``(POINTS,)`` each: what a sample costs, and the slope, over ``axis``; computed by the calls that training runs.

    Over a margin m: with one output, it is m and the class is the second; with several, two classes have the outputs m and 0, and the
    first is right.
    """
    x, _ = axis(loss)
    if over_error(loss):
        z, t = x[None, :], np.zeros((1, POINTS))
    elif "multiclass" not in loss.tasks:
        z, t = x[None, :], loss.targets(np.ones(POINTS, np.int64), 1).T
    else:
        z, t = np.stack([x, np.zeros(POINTS)]), loss.targets(np.zeros(POINTS, np.int64), 2).T
    costs, slopes = np.zeros(POINTS), np.zeros(POINTS)
    one, target = np.zeros((len(z), 1)), np.zeros((len(z), 1))
    dz, value = np.zeros((len(z), 1)), np.zeros(())
    steps = loss.bind(one, target, dz, value)
    for i in range(POINTS):
        one[:, 0], target[:, 0] = z[:, i], t[:, i]
        for each in (*steps.forward, *steps.backward):
            each.function(*each.args, **each.kwargs)
        costs[i], slopes[i] = float(value), float(dz[0, 0])
    return costs, slopes


def of_batch(trace: Trace) -> tuple[Array, Array]:
    """Where the samples of an update lie: errors or margins, and what each of them costs. Empty where that has no one place."""
    z = np.asarray(trace.values[trace.network.output_id], np.float64).reshape(len(trace.samples), -1)
    t = np.asarray(trace.targets, np.float64)[list(trace.samples)].reshape(len(z), -1)
    costs = np.asarray(sample_outcomes(trace).losses, np.float64)
    if over_error(trace.fit.loss):
        return ((z - t)[:, 0], costs) if z.shape[1] == 1 else (np.zeros(0), np.zeros(0))
    labels = trace.labels[list(trace.samples)].astype(np.int64).reshape(-1)
    if z.shape[1] == 1:
        other = 1 - z[:, 0] if trace.fit.loss.noun == "probability" else -z[:, 0]
        return np.where(labels == 1, z[:, 0], other), costs
    rows = np.arange(len(z))
    if trace.fit.loss.noun == "log-probability":
        return z[rows, labels], costs
    others = z.copy()
    others[rows, labels] = -np.inf
    return z[rows, labels] - others.max(axis=1), costs


class LossCurve(Plot):
    """ℓ as a full line and its slope as a dashed one; while an update is stepped through, its samples as dots."""

    def __init__(self, theme: Theme) -> None:
        self.value, self.slope = pg.PlotCurveItem(antialias=True), pg.PlotCurveItem(antialias=True)
        self.zeros = (pg.InfiniteLine(0.0, angle=0), pg.InfiniteLine(0.0, angle=90))
        self.dots = Dots()
        self._loss: Loss | None = None
        self._costs, self._slopes = np.zeros(POINTS), np.zeros(POINTS)
        super().__init__(theme, "loss_curve")
        for item in (*self.zeros, self.slope, self.value, self.dots):
            self.box.addItem(item, ignoreBounds=True)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("What a sample costs, and the slope of that")
        self.setToolTip(
            "Full line: what one sample costs. Dashed line: its slope, which is the gradient that back-propagation begins with. "
            "Step inside an update to see its samples as dots."
        )
        self.probed.connect(self._read_out)

    def show_loss(self, loss: Loss) -> None:
        """Draw ``loss`` as it is computed."""
        if loss == self._loss:
            return
        self._loss = loss
        self._costs, self._slopes = curve(loss)
        x, name = axis(loss)
        self.value.setData(x, self._costs)
        self.slope.setData(x, self._slopes)
        low, high = min(0.0, float(self._slopes.min())), float(max(self._costs.max(), self._slopes.max()))
        high = min(high, 6.0)  # a square grows so fast that all else would lie at the bottom
        self.set_labels(name, "")
        room = 0.04 * float(x[-1] - x[0]) if x is not X else 0.0
        self.set_range((float(x[0]) - room, float(x[-1]) + room), (max(low, -6.0) - 0.3, high + 0.3))
        self.refresh_cursor()

    def show_batch(self, trace: Trace | None) -> None:
        """The samples of an update that is stepped through; ``None``: of none."""
        if trace is None or type(trace.fit.loss) is not type(self._loss):
            self.dots.clear()
            return
        x, y = of_batch(trace)
        ends = axis(trace.fit.loss)[0]
        places = np.column_stack((np.clip(x, ends[0], ends[-1]), y))
        self.dots.fill(places, [look(self.theme, "train", self.theme.train)])

    def _read_out(self, at: tuple[float, float] | None) -> None:
        if at is None or self._loss is None:
            return
        x, name = axis(self._loss)
        i = int(np.clip(np.rint((at[0] - x[0]) / (x[-1] - x[0]) * (POINTS - 1)), 0, POINTS - 1))
        text = f"{name.split()[0]} {fmt(float(x[i]))}\nℓ = {fmt(float(self._costs[i]))}\nslope = {fmt(float(self._slopes[i]))}"
        self.point_at(float(x[i]), float(self._costs[i]), text)

    def _restyle(self) -> None:
        super()._restyle()
        theme = self.theme
        self.value.setPen(_pen(theme.accent, 2.0))
        self.slope.setPen(_pen(theme.gradient, 1.6, Qt.PenStyle.DashLine))
        for zero in self.zeros:
            zero.setPen(_pen(theme.border, 1.0))


def _pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour), width, style)
    pen.setCosmetic(True)
    return pen
