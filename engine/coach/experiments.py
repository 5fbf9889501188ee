"""Cheap experiments that tell causes apart: each trains copies for a moment, and says in a sentence what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import ClassVar, Protocol, TypeVar

import numpy as np

from engine.coach import remedies
from engine.coach.evidence import look, number
from engine.coach.picture import Picture, curves
from engine.data import Dataset
from engine.errors import DivergedError, counted
from engine.fit import Fit
from engine.problems import Remedy
from engine.train import Trainer

#: seconds of training between two reports, and that one copy gets at most: a large network makes fewer updates in them
SLICE, MOST_SECONDS = 0.1, 3.0


class Copies(Protocol):
    """Copies of a run, to be tried on."""

    @property
    def chance(self) -> float:
        """The loss of the best answer that is the same for every sample."""

    def fresh(self, train: Dataset | None = None, fit: Fit | None = None) -> Trainer:
        """One with the first weights; on other data, or trained in another way."""

    def present(self) -> Trainer:
        """One that stands where the run stands."""

    @property
    def steps(self) -> int:
        """Updates that the run has made, about."""


@dataclass(frozen=True)
class Evidence:
    """What an experiment says.

    Args:
        key: which.
        done: share of the work that is done, 0 to 1.
        words: what came of it; "" while it is not over.
        picture: what was measured.
        remedies: what follows, as edits.
        over: whether that is all.
        message: why nothing came of it.
    """

    key: str
    done: float = 0.0
    words: str = ""
    picture: Picture | None = None
    remedies: tuple[Remedy, ...] = ()
    over: bool = False
    message: str = ""


class Experiment:
    """Base of experiments.

    Attributes:
        key: its name.
        title: on a button.
        question: what it tells, for the tool tip.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    question: ClassVar[str] = ""

    def carry_out(self, copies: Copies) -> Iterator[Evidence]:
        """Reports, the last one with the words."""
        raise NotImplementedError

    def _share(self, done: float) -> Evidence:
        return Evidence(self.key, min(done, 1.0))

    def _said(self, words: str, picture: Picture, *edits: Remedy) -> Evidence:
        return Evidence(self.key, 1.0, words, picture, edits, over=True)


#: every experiment, in the order in which they are offered
EXPERIMENTS: dict[str, Experiment] = {}
E = TypeVar("E", bound=type[Experiment])


def experiment(key: str) -> Callable[[E], E]:
    """Class decorator: the experiment is offered, after those registered before it."""

    def register(cls: E) -> E:
        cls.key = key
        EXPERIMENTS[key] = cls()
        return cls

    return register


def _trained(trainer: Trainer, updates: int, seconds: float) -> Iterator[float]:
    """Make so many updates, for so long at most; yields the share that is done. What diverges ends there."""
    began, first = perf_counter(), trainer.steps
    while trainer.steps - first < updates and (spent := perf_counter() - began) < seconds:
        try:
            trainer.run(SLICE, updates - (trainer.steps - first))
        except DivergedError:
            return
        yield max((trainer.steps - first) / updates, spent / seconds)
        if trainer.stopped:
            return


@experiment("one-batch")
class OneBatch(Experiment):
    """Whether a few samples can be learnt by heart: what cannot do that will not learn many."""

    title = "Fit one batch"
    question = (
        "Trains a copy, from the first weights, on one batch alone. What cannot fit that cannot fit anything."
    )
    UPDATES, MOST, FITTED, COMING = 200, 32, 0.1, 0.8

    def carry_out(self, copies: Copies) -> Iterator[Evidence]:
        whole = copies.fresh()
        size = min(max(whole.fit.batch_size, 2), self.MOST, len(whole.train))
        # In the order of the first epoch: files are often sorted by class.
        order = np.random.default_rng(whole.seed).permutation(len(whole.train))[:size]
        part = part_of(whole.train, order)
        fit = whole.fit.replace(batch_size=size, augmentation=(), early_stopping=0)
        trainer = copies.fresh(part, fit)
        before = trainer.score()[0]
        for share in _trained(trainer, self.UPDATES, MOST_SECONDS):
            yield self._share(share)
        after, made = trainer.score()[0], trainer.steps
        fell = f"loss {number(before.loss)} → {number(after.loss)} in {counted(made, 'update')}"
        exact = bool(part.classes) and after.metric == 1.0
        fits = after.loss <= self.FITTED * before.loss or (exact and after.loss < 0.5 * before.loss)
        picture = curves(
            "loss", trainer.log.view()["epoch"], {"one batch": trainer.log.view()["train_loss"]}, "update"
        )
        if not fits and after.loss < self.COMING * before.loss:
            words = f"It has not fitted one batch of {size} samples yet, and is on its way: {fell}. It can learn, and takes its time."
        elif fits:
            words = (
                f"It fits one batch of {size} samples: {fell}. Layers, loss and rate can learn; what is missing shows only with many "
                "samples."
            )
        else:
            words = (
                f"It does not fit even one batch of {size} samples: {fell}. Look at the layers, the loss and the rate before more data "
                "or more time."
            )
        yield self._said(words, picture)


class _Against(Experiment):
    """Trains on the data as they are, and on others, for as many updates, from the same first weights."""

    EPOCHS, LOWER = 30, 0.95
    name = ""

    def carry_out(self, copies: Copies) -> Iterator[Evidence]:
        true = copies.fresh()
        fit = true.fit.replace(early_stopping=0)
        true = copies.fresh(fit=fit)
        each = -(-len(true.train) // min(fit.batch_size, len(true.train)))
        for share in _trained(true, self.EPOCHS * each, MOST_SECONDS):
            yield self._share(share / 2)
        other = copies.fresh(self.changed(true.train, true.seed), fit)
        for share in _trained(other, max(true.steps, 1), 2 * MOST_SECONDS):
            yield self._share((1 + share) / 2)
        here, there = true.score()[0].loss, other.score()[0].loss
        a, b = true.log.view(), other.log.view()
        rows = min(len(a), len(b))
        picture = curves(
            "training loss",
            a["epoch"][:rows],
            {"as they are": a["train_loss"][:rows], self.name: b["train_loss"][:rows]},
        )
        yield self._said(self.said(here, there, copies.chance, counted(true.steps, "update")), picture)

    def changed(self, train: Dataset, seed: int) -> Dataset:
        """Other data."""
        raise NotImplementedError

    def said(self, here: float, there: float, chance: float, made: str) -> str:
        """What follows from the two losses."""
        raise NotImplementedError


@experiment("zero-inputs")
class ZeroInputs(_Against):
    """Whether the inputs make a difference."""

    title = "Zero the inputs"
    question = "Trains a copy to which every sample looks the same. If that comes as far, the network makes nothing of its inputs."
    name = "all 0"

    def changed(self, train: Dataset, seed: int) -> Dataset:
        return replace(train, x=np.zeros_like(train.x))

    def said(self, here: float, there: float, chance: float, made: str) -> str:
        both = f"After {made} the training loss is {number(here)}; with all inputs set to 0 it is {number(there)}"
        if not here < self.LOWER * there:
            return f"{both}, no worse: so far the network makes nothing of its inputs."
        return f"{both}: what the network has learned, it has from its inputs."


@experiment("shuffled-labels")
class ShuffledLabels(_Against):
    """Whether the inputs say anything about the target, and how much can be learnt by heart."""

    title = "Shuffle the labels"
    question = "Trains a copy whose targets are dealt out at random. If that comes as far, nothing is learned but by heart."
    name = "shuffled"
    HEART = 0.5

    def changed(self, train: Dataset, seed: int) -> Dataset:
        return replace(train, y=train.y[np.random.default_rng(seed).permutation(len(train))])

    def said(self, here: float, there: float, chance: float, made: str) -> str:
        both = (
            f"After {made} the training loss is {number(here)}; with shuffled targets it is {number(there)}"
        )
        if there < self.HEART * chance:
            return f"{both}: it can learn targets by heart that mean nothing, so that only the validation loss tells what it has learned."
        if not here < self.LOWER * there:
            return f"{both}, no worse: of what the inputs say about the target, nothing is learned so far."
        return f"{both}: the inputs do say something about the target, and the network finds it."


@experiment("half-step")
class HalfStep(Experiment):
    """Whether steps go too far."""

    title = "Half the step"
    question = (
        "Looks, for twenty updates from here, whether half of each step would have gone lower than the whole."
    )
    UPDATES, MANY = 20, 0.6

    def carry_out(self, copies: Copies) -> Iterator[Evidence]:
        trainer, began = copies.present(), perf_counter()
        half, whole = list[float](), list[float]()
        while len(half) < self.UPDATES and (not half or perf_counter() - began < 2 * MOST_SECONDS):
            now, a, b, _ = look(trainer).losses
            half.append(a - now)
            whole.append(b - now)
            try:
                trainer.step()
            except DivergedError:
                break
            yield self._share(len(half) / self.UPDATES)
        count = sum(not b <= a for a, b in zip(half, whole, strict=True))
        picture = curves(
            "change of the loss", range(1, len(half) + 1), {"half the step": half, "the whole": whole}, "update", level=0.0
        )  # fmt: skip
        words = (
            f"In {count} of {counted(len(half), 'update')} half the step would have gone lower than the whole"
        )
        if count >= self.MANY * len(half):
            yield self._said(f"{words}: the steps are too long.", picture, remedies.rate(trainer.fit, 0.3))
            return
        lower = sum(b < 0 for b in whole)
        end = f", and {lower} went down: the steps are not too long." if lower > len(whole) / 2 else (
            ", but hardly any step went down: at this place shorter steps do not help."
        )  # fmt: skip
        yield self._said(words + end, picture)


@experiment("rate-sweep")
class RateSweep(Experiment):
    """Which learning rate comes lowest in a few updates."""

    title = "Sweep the rate"
    question = "Makes as many updates as the run has made, a hundred at least, with each of twelve learning rates, from the first weights."
    RATES, LOW, HIGH = 12, 1e-3, 1e3
    #: updates, at least and at most: a rate that is too large is in front at first
    UPDATES, MOST = 100, 3000
    #: the end of a rate is judged by the loss over the training part; a rate is no better than another within this share
    CLEAR = 0.9

    def carry_out(self, copies: Copies) -> Iterator[Evidence]:
        fit = copies.fresh().fit
        own = fit.optimizer.lr
        rates = np.geomspace(max(own * self.LOW, 1e-7), min(own * self.HIGH, 100.0), self.RATES)
        found, made = list[float](), min(max(copies.steps, self.UPDATES), self.MOST)
        for i, lr in enumerate(rates):
            trainer = copies.fresh(
                fit=fit.replace(optimizer=fit.optimizer.replace(lr=float(lr)), early_stopping=0)
            )
            for share in _trained(trainer, made, MOST_SECONDS / 4 if i == 0 else math.inf):
                yield self._share((i + share) / self.RATES)
            made = max(trainer.steps, 1) if i == 0 else made  # as many for all, as the first got in its time
            found.append(trainer.score()[0].loss if trainer.steps >= made else math.inf)
        best = int(np.argmin(found))
        lr = remedies.rounded(float(rates[best]))
        near = float(np.interp(math.log(own), np.log(rates), np.where(np.isfinite(found), found, np.nan)))
        picture = curves(
            f"training loss after {counted(made, 'update')}", rates, {"loss": found}, "learning rate", own, log_x=True
        )  # fmt: skip
        wild = [float(r) for r, loss in zip(rates, found, strict=True) if not math.isfinite(loss)]
        words = f"Of {self.RATES} learning rates, {lr:g} comes lowest in {counted(made, 'update')}: training loss {number(found[best])}"
        if math.isfinite(near) and not found[best] < self.CLEAR * near:
            yield self._said(
                f"{words}. The present one, {own:g}, comes about as far ({number(near)}): up to there, the rate is not the trouble.", picture
            )  # fmt: skip
            return
        words += f"; the present one, {own:g}, comes to {number(near)}." if math.isfinite(near) else "."
        if wild:
            words += f" From about {min(wild):.2g} on it diverges."
        if best in (0, self.RATES - 1):
            words += " The best lies at the border of what was tried."
        yield self._said(words, picture, remedies.rate_of(fit, lr))


def part_of(data: Dataset, rows: np.ndarray) -> Dataset:
    """These samples alone."""
    return Dataset(
        data.x[rows],
        data.y[rows],
        data.classes,
        data.features,
        data.targets,
        data.target_shape,
        axes=data.axes,
    )
