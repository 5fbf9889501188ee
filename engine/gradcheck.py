"""Is the back-propagated gradient right? Nudge every parameter and see (CS231n, "Gradient checks")."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.errors import DataError
from engine.fit import Fit
from engine.model import Model
from engine.update import Update

#: relative errors below the first are great, above the second bad
GREAT, BAD = 1e-7, 1e-3
#: numbers smaller than this against the largest gradient of a parameter are rounding, not gradient
NOISE = 1e-8


class Verdict(enum.Enum):
    """What a relative error says."""

    GREAT = "great"
    FAIR = "fair"
    BAD = "bad"
    KINK = "kink"  #: the loss bends within ±ε there: no derivative to compare with

    @classmethod
    def of(cls, error: float, kink: bool = False) -> Verdict:
        return cls.KINK if kink else cls.GREAT if error < GREAT else cls.FAIR if error <= BAD else cls.BAD


@dataclass(frozen=True)
class Cell:
    """One checked number: the cell ``index`` of a parameter, and both its derivatives."""

    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float  #: |a − n| / max(|a|, |n|); 0 where they differ by less than the losses are rounded
    verdict: Verdict

    @property
    def difference(self) -> float:
        """|a − n|, as it is."""
        return abs(self.analytic - self.numeric)

    @property
    def raw(self) -> float:
        """|a − n| / max(|a|, |n|), rounding and all; NaN where both are 0."""
        scale = max(abs(self.analytic), abs(self.numeric))
        return self.difference / scale if scale else float("nan")


@dataclass(frozen=True)
class Report:
    """What was found for one parameter.

    Args:
        node_id, name: which.
        cells: those checked, worst first.
        skipped: how many cells were left out because the parameter has so many.
    """

    node_id: str
    name: str
    cells: tuple[Cell, ...]
    skipped: int = 0

    @property
    def worst(self) -> Cell:
        return self.cells[0]

    @property
    def verdict(self) -> Verdict:
        """Of the worst cell that has a derivative; KINK if none has."""
        smooth = [c for c in self.cells if c.verdict is not Verdict.KINK]
        return smooth[0].verdict if smooth else Verdict.KINK

    @property
    def difference(self) -> float:
        """The largest |a − n| among the cells that have a derivative; NaN if none has."""
        return max((c.difference for c in self.cells if c.verdict is not Verdict.KINK), default=float("nan"))

    @property
    def raw(self) -> float:
        """The largest relative error among them, rounding and all; NaN where both derivatives of all are 0."""
        known = [c.raw for c in self.cells if c.verdict is not Verdict.KINK and not math.isnan(c.raw)]
        return max(known, default=float("nan"))

    @property
    def kinks(self) -> int:
        return sum(c.verdict is Verdict.KINK for c in self.cells)


def compare(
    index: tuple[int, ...],
    analytic: float,
    losses: tuple[float, float, float],
    epsilon: float,
    size: float = 0.0,
) -> Cell:
    """Judge a derivative by the losses ``(L₋, L, L₊)`` at −ε, 0 and +ε.

    ``size``: of the parameter's largest gradient, against which rounding is judged.
    """
    low, middle, high = losses
    numeric = (high - low) / (2 * epsilon)
    scale = max(abs(analytic), abs(numeric))
    # A difference of two losses cannot be finer than their rounding.
    rounding = max(NOISE * size, 4 * np.finfo(float).eps * max(abs(high), abs(low)) / epsilon)
    error = 0.0 if abs(analytic - numeric) <= rounding else abs(analytic - numeric) / scale
    left, right = (middle - low) / epsilon, (high - middle) / epsilon
    kink = error > GREAT and abs(right - left) > max(1e-2 * max(abs(left), abs(right)), 4 * rounding)
    return Cell(index, analytic, numeric, error, Verdict.of(error, kink))


class GradientCheck:
    """Compares gradients with central differences (L(w + ε) − L(w − ε)) / 2ε, on a float64 copy of a model.

    Dropout and noise draw the same numbers for every evaluation; batch normalization uses the batch's statistics, and its running
    averages are left alone; the penalty is part of the loss.

    Args:
        model: is not changed.
        x, y: one batch, as for ``Model.value_and_grad``.
        fit: loss and penalty.
        epsilon: the nudge.
    """

    def __init__(self, model: Model, x: Array, y: Array, fit: Fit, epsilon: float = 1e-6) -> None:
        if len(x) == 0:
            raise DataError("A gradient check needs at least one sample and has none. Give it a batch.")
        self.epsilon = epsilon
        self._model = copy = Model(model.network, model.in_shape, model.seed, "float64")
        copy.load_state_dict(model.state_dict())
        self._x, self._y, self._fit = np.asarray(x, np.float64), np.asarray(y), fit
        self._update = Update(copy, fit, {}, np.zeros((), np.int64))
        self._randomness = copy.randomness
        self._kept = {i: {n: a.copy() for n, a in s.items()} for i, s in copy.store.state.items()}

    def loss(self) -> float:
        """Loss and penalty of the copy as it now is."""
        self._model.randomness = self._randomness
        for i, arrays in self._kept.items():
            for name, array in arrays.items():
                self._model.store.state[i][name][...] = array
        value, _ = self._model.value_and_grad(self._x, self._y, self._fit.loss)
        return value + self._update.penalty()

    def gradients(self) -> dict[str, dict[str, Array]]:
        """The analytic gradients, penalty included: ``{node id: {name: array}}``."""
        self.loss()
        for c in self._update.stages["penalty"]:
            c.function(*c.args, **c.kwargs)
        return {i: {n: g.copy() for n, g in arrays.items()} for i, arrays in self._model.gradients.items()}

    def nudge(self, node_id: str, name: str, index: tuple[int, ...]) -> tuple[float, float, float]:
        """``(L₋, L, L₊)``: the loss with one parameter moved down by ε, left alone, and moved up."""
        w = self._model.parameters[node_id][name]
        value = w[index]
        found = []
        for shift in (-self.epsilon, 0.0, self.epsilon):
            w[index] = value + shift
            found.append(self.loss())
        w[index] = value
        return found[0], found[1], found[2]

    def cell(
        self, node_id: str, name: str, index: tuple[int, ...], analytic: float, size: float = 0.0
    ) -> Cell:
        """Check one number. ``size``: of the parameter's largest gradient, against which rounding is judged."""
        return compare(index, analytic, self.nudge(node_id, name, index), self.epsilon, size)

    def run(
        self, cells: int = 30, seed: int = 0, progress: Callable[[float], bool] | None = None
    ) -> Iterator[Report]:
        """A report per parameter, from up to ``cells`` of its numbers, drawn at random where there are more.

        ``progress`` is told the share done before each cell, and ends the check by returning False.
        """
        for found in self.steps(cells, seed):
            if isinstance(found, Report):
                yield found
            elif progress is not None and not progress(found):
                return

    def steps(self, cells: int = 30, seed: int = 0, planted: bool = False) -> Iterator[float | Report]:
        """As ``run``, with the share done before each cell among the reports: a caller may take the next step later.

        ``planted``: as if back-propagation had a fault: it forgets half of the first parameter's gradient.
        """
        gradients = self.gradients()
        if planted:
            first = next((array for arrays in gradients.values() for array in arrays.values()), None)
            if first is not None:
                first *= 0.5
        chosen = []
        rng = np.random.default_rng(seed)
        for node_id, arrays in gradients.items():
            for name, g in arrays.items():
                picks = rng.choice(g.size, min(cells, g.size), replace=False)
                chosen.append((node_id, name, g, np.sort(picks)))
        total, done = sum(len(p) for *_, p in chosen), 0
        for node_id, name, g, picks in chosen:
            found = []
            for flat in picks:
                yield done / total
                index = tuple(int(i) for i in np.unravel_index(flat, g.shape))
                found.append(self.cell(node_id, name, index, float(g[index]), float(np.abs(g).max())))
                done += 1
            found.sort(key=lambda c: (c.verdict is Verdict.KINK, -c.error))
            yield Report(node_id, name, tuple(found), g.size - len(picks))
