"""The learning-rate range test (Smith 2017, "Cyclical learning rates"): the rate grows from update to update, and the loss says which ones serve."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.core import Array, unwarned
from engine.errors import DivergedError
from engine.evaluate import Evaluator
from engine.landscape.bench import MOST_PARAMETERS, TooLarge, copied, samples_for, some
from engine.schedules import Memory, Progress, Schedule
from engine.spec import Float, Int, param
from engine.train import Trainer

#: from which rate to which, in how many updates
LOWEST, HIGHEST, UPDATES = 1e-6, 10.0, 141
#: training samples that it learns from, at most
MOST_SAMPLES = 4000
#: the test ends where the loss is so many times the one at the beginning, and the best one so far
WORSE = 4.0
#: how strongly neighbours are averaged: the share of the last value
SMOOTH = 0.7
#: the loss must fall by so much of itself, or no rate is suggested; the range begins where it has fallen by this share of its fall
LEAST_FALL, BEGINS = 0.03, 0.1
#: the range ends at this part of the rate with the lowest loss: by the time the loss turns, the rate has gone past what can be kept up
BELOW_LOWEST = 1 / 5
#: what is suggested is at most this part of the rate with the lowest loss
SUGGESTED = 1 / 10


@dataclass(frozen=True, eq=False)
class Rates:
    """What a range test has found so far.

    Args:
        step: updates that the run had made where it began.
        rates: ``(k,)``, ascending.
        losses: ``(k,)``, after the update with each, over ``samples`` training samples.
        smooth: ``(k,)``, the same, averaged.
        samples: how many.
        planned: how many rates will be tried at most.
        done: whether it is through.
        diverged: whether it ended because the loss grew beyond all measure.
        low, high: the range that serves; NaN where there is none, and before the end.
        suggested: a rate in it, rounded to one digit; NaN likewise.
    """

    step: int
    rates: Array
    losses: Array
    smooth: Array
    samples: int
    planned: int
    done: bool
    diverged: bool
    low: float
    high: float
    suggested: float

    @property
    def found(self) -> bool:
        """Whether there is a range."""
        return math.isfinite(self.suggested)


class RateTest:
    """A range test in the making, on a copy of ``trainer`` as it stands. ``on`` makes another update, ``rates`` is what there is so far.

    Raises TooLarge where a copy would cost much.
    """

    @unwarned()
    def __init__(
        self, trainer: Trainer, lowest: float = LOWEST, highest: float = HIGHEST, updates: int = UPDATES
    ) -> None:
        mine = trainer.model
        count = len(mine.store.values)
        if count > MOST_PARAMETERS:
            raise TooLarge(
                f"The network has {count:,} parameters; rates are tried on up to {MOST_PARAMETERS:,}. Try it on a smaller one."
            )
        self._at = trainer.steps
        self._rates = np.geomspace(lowest, highest, updates)
        data = some(trainer.train, MOST_SAMPLES)
        size = min(trainer.fit.batch_size, len(data))
        rising = _Rising(lowest, float(self._rates[1] / lowest), -(-len(data) // size), len(data) / size)
        fit = trainer.fit.replace(
            early_stopping=0,
            batch_size=size,
            optimizer=trainer.fit.optimizer.replace(lr=1.0),
            schedule=rising,
        )
        self._trainer = Trainer(copied(mine, str(mine.dtype)), data, None, fit, trainer.seed)
        # What the optimizer remembers goes along, as the next update of the run would use it.
        self._trainer.restore(replace(trainer.snapshot(), epoch=0, steps=0, position=0, memory=Memory()))
        judged = some(data, samples_for(mine.network, mine.in_shape, len(data)))
        self._samples = len(judged)
        self._evaluate = Evaluator(self._trainer.model, judged, fit.loss)
        self._first = self._evaluate().loss
        self._losses: list[float] = []
        self._smooth: list[float] = []
        self._over = self._diverged = False
        self._made: Rates | None = None

    @property
    def done(self) -> bool:
        return self._over

    @unwarned()
    def on(self) -> None:
        """Another update, with the next rate."""
        if self._over:
            return
        self._made = None
        try:
            self._trainer.step()
            loss = self._evaluate().loss
        except DivergedError:
            loss = math.inf
        if not math.isfinite(loss):
            self._over = self._diverged = True
            return
        last = self._smooth[-1] if self._smooth else self._first
        self._losses.append(loss)
        self._smooth.append(SMOOTH * last + (1 - SMOOTH) * loss)
        self._diverged = loss > WORSE * max(self._first, min(self._losses), 1e-12)
        self._over = self._diverged or len(self._losses) == len(self._rates)

    @property
    def rates(self) -> Rates:
        """What there is so far; the same object until there is more."""
        if self._made is None:
            count = len(self._losses)
            rates, smooth = self._rates[:count].copy(), np.array(self._smooth)
            found = suggestion(rates, smooth, self._first) if self._over else (math.nan,) * 3
            self._made = Rates(
                self._at, rates, np.array(self._losses), smooth, self._samples, len(self._rates), self._over, self._diverged, *found
            )  # fmt: skip
        return self._made


def suggestion(rates: Array, smooth: Array, first: float) -> tuple[float, float, float]:
    """``(low, high, suggested)`` of smoothed losses, where the loss was ``first`` before; NaN where none serves."""
    if not len(smooth) or not first - smooth.min() > LEAST_FALL * abs(first):
        return math.nan, math.nan, math.nan
    at = int(smooth.argmin())
    fallen = np.flatnonzero(first - smooth >= BEGINS * (first - smooth[at]))
    low, lowest = float(rates[fallen[0]]), float(rates[at])
    high = max(low, BELOW_LOWEST * lowest)
    suggested = min(max(low, SUGGESTED * lowest), high)
    return low, high, _rounded(suggested)


def _rounded(value: float) -> float:
    """To one significant digit."""
    return float(f"{value:.0e}")


@dataclass(frozen=True)
class _Rising(Schedule):
    """A rate that is multiplied by ``ratio`` from update to update; no choice of a project.

    Args:
        first: of the first update.
        batches: in an epoch.
        share: of an epoch's samples to one batch, inverted: batches as a fraction.
    """

    first: float = param(Float(min=0.0), default=LOWEST, help="Of the first update.")
    ratio: float = param(Float(min=1.0), default=1.1, help="From one update to the next.")
    batches: int = param(Int(min=1), default=1, help="In an epoch.")
    share: float = param(Float(min=0.0), default=1.0, help="Samples of an epoch divided by those of a batch.")
    per_step = True

    def factor(self, at: Progress) -> float:
        epoch = math.floor(at.epoch)
        return float(
            self.first * self.ratio ** (epoch * self.batches + round((at.epoch - epoch) * self.share))
        )
