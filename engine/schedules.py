"""Schedules: how the learning rate changes over a run. Names and values are PyTorch's where PyTorch has the schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from engine.registry import Registry
from engine.spec import Float, Int, Spec, param


@dataclass(frozen=True)
class Memory:
    """What a schedule that watches the loss has seen so far: its present factor, the best loss, epochs since then."""

    factor: float = 1.0
    best: float = math.inf
    waited: int = 0


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Args:
        epoch: passes finished, as a fraction inside an epoch.
        epochs: passes planned (``Fit.epochs``).
        memory: what ``Schedule.remember`` has made of the losses.
    """

    epoch: float
    epochs: int = 100
    memory: Memory = Memory()


class Schedule(Spec):
    """Base of schedules: ``factor`` is what the optimizer's learning rate is multiplied by."""

    #: whether it moves with every step rather than every epoch
    per_step: ClassVar[bool] = False

    def factor(self, at: Progress) -> float:
        """The multiplier at one moment: a pure function, so that a run can be replayed and stepped back."""
        return 1.0

    def remember(self, memory: Memory, loss: float) -> Memory:
        """Take note of the validation loss of a finished epoch (training loss where there is no validation part)."""
        return memory


schedules: Registry[Schedule] = Registry("schedule", Schedule)


@schedules.register("constant", label="Constant")
@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The learning rate stays as it is."""

    formula = r"\eta_t = \eta"


@schedules.register("StepLR", label="Step")
@dataclass(frozen=True)
class StepLR(Schedule):
    """Multiplies the rate by γ every few epochs."""

    step_size: int = param(
        Int(min=1), default=30, help="Epochs between two falls.", unit="epochs", label="step size"
    )
    gamma: float = param(
        Float(min=0.0, max=1.0), default=0.1, help="What the rate is multiplied by at each fall.", label="γ"
    )
    formula = r"\eta_t = \eta\, \gamma^{\lfloor t / s \rfloor}"

    def factor(self, at: Progress) -> float:
        return float(self.gamma ** (int(at.epoch) // self.step_size))


@schedules.register("ExponentialLR", label="Exponential")
@dataclass(frozen=True)
class ExponentialLR(Schedule):
    """Multiplies the rate by γ after every epoch."""

    gamma: float = param(
        Float(min=0.0, max=1.0), default=0.99, help="What the rate is multiplied by each epoch.", label="γ"
    )
    formula = r"\eta_t = \eta\, \gamma^t"

    def factor(self, at: Progress) -> float:
        return float(self.gamma ** int(at.epoch))


@schedules.register("CosineAnnealingLR", label="Cosine")
@dataclass(frozen=True)
class CosineAnnealingLR(Schedule):
    """Lowers the rate along half a cosine, slowly at both ends. Loshchilov & Hutter 2017."""

    T_max: int = param(
        Int(min=0), default=0, help="Epochs until the lowest rate; 0: all planned epochs.", unit="epochs"
    )
    lowest: float = param(
        Float(min=0.0, max=1.0), default=0.0, help="The lowest rate, as a share of the first."
    )
    formula = r"\eta_t = \eta_{min} + \frac{1}{2} (\eta - \eta_{min}) (1 + \cos(\pi t / T))"

    def factor(self, at: Progress) -> float:
        period = self.T_max or at.epochs
        return self.lowest + 0.5 * (1.0 - self.lowest) * (1.0 + math.cos(math.pi * int(at.epoch) / period))


@schedules.register("warmup", label="Warm-up")
@dataclass(frozen=True)
class WarmUp(Schedule):
    """Begins with a small rate and raises it evenly, while the first weights are still far off. Goyal et al. 2017."""

    per_step = True
    length: float = param(
        Float(min=0.0, open_min=True), default=5.0, help="How long the rise takes.", unit="epochs"
    )
    start: float = param(
        Float(min=0.0, max=1.0), default=0.1, help="The first rate, as a share of the full one."
    )
    formula = r"\eta_t = \eta\, \min(1,\, s + (1 - s)\, t / T)"

    def factor(self, at: Progress) -> float:
        return min(1.0, self.start + (1.0 - self.start) * at.epoch / self.length)


@schedules.register("OneCycleLR", label="One cycle")
@dataclass(frozen=True)
class OneCycleLR(Schedule):
    """Up to the full rate and down again, far below the first, within the planned epochs. Smith & Topin 2018."""

    per_step = True
    pct_start: float = param(
        Float(min=0.01, max=0.99), default=0.3, help="Share of the run spent on the way up.", label="rise"
    )
    div_factor: float = param(
        Float(min=1.0), default=25.0, help="The first rate is the full one divided by this."
    )
    final_div_factor: float = param(
        Float(min=1.0), default=1e4, help="The last rate is the first divided by this."
    )
    formula = r"\eta_t:\; \frac{\eta}{d} \rightarrow \eta \rightarrow \frac{\eta}{d\, d_f}"

    def factor(self, at: Progress) -> float:
        first, last = 1.0 / self.div_factor, 1.0 / (self.div_factor * self.final_div_factor)
        part = min(at.epoch / at.epochs, 1.0)
        if part < self.pct_start:
            return _cosine(first, 1.0, part / self.pct_start)
        return _cosine(1.0, last, (part - self.pct_start) / (1.0 - self.pct_start))


@schedules.register("ReduceLROnPlateau", label="On plateau")
@dataclass(frozen=True)
class ReduceLROnPlateau(Schedule):
    """Lowers the rate each time the validation loss has stopped falling for a while."""

    reduction: float = param(
        Float(min=0.0, max=0.99, open_min=True), default=0.1, help="What the rate is multiplied by."
    )
    patience: int = param(
        Int(min=0), default=10, help="Epochs without progress that are still allowed.", unit="epochs"
    )
    threshold: float = param(
        Float(min=0.0, max=0.5), default=1e-4, help="What counts as progress, as a share of the best loss."
    )
    formula = r"\eta \leftarrow \eta\, f \text{ after } p \text{ epochs without progress}"

    def factor(self, at: Progress) -> float:
        return at.memory.factor

    def remember(self, memory: Memory, loss: float) -> Memory:
        if loss < memory.best * (1.0 - self.threshold):
            return replace(memory, best=loss, waited=0)
        if memory.waited + 1 > self.patience:
            return replace(memory, factor=memory.factor * self.reduction, waited=0)
        return replace(memory, waited=memory.waited + 1)


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * part))
