"""Rules of settings that hold learning back while it trains: penalties, weight decay, clipping."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engine.clipping import ClipNorm
from engine.coach import remedies
from engine.coach.evidence import Moment, number, percent
from engine.coach.picture import bars, curves
from engine.coach.rule import STUCK, Finding, Rule, rule
from engine.optimizers import AdamW
from engine.problems import Remedy, SetFit, SetLayer
from engine.regularizers import L2, NoPenalty


@rule("clipped-short")
class ClippedShort(Rule):
    """Gradients are cut to a small part of their length."""

    title = "Gradients are cut very short"
    about = "fit"
    why = "Each update is that much smaller, as if the learning rate were."
    sure = "proven"
    silences = STUCK - {"diverged"}
    sources = "Pascanu et al. 2013; SageMaker Debugger"
    TIMES, EPOCHS = 30.0, 3

    def trains(self, moment: Moment) -> Iterator[Finding]:
        clipping = moment.plan.fit.clipping
        norms = moment.last(self.EPOCHS, "gradient_norm")
        if not isinstance(clipping, ClipNorm) or not len(norms) or moment.learned:
            return
        usual = float(np.median(norms[1:]))
        if usual > self.TIMES * clipping.max_norm:
            limit = remedies.rounded(usual)
            yield Finding(
                f"Gradients have a length of about {number(usual)} and are cut to {number(clipping.max_norm)}.",
                picture=curves(
                    "length of the gradient",
                    moment.log["epoch"],
                    {"before the cut": moment.log["gradient_norm"]},
                    level=clipping.max_norm,
                    called="cut to",
                    log=True,
                ),
                remedies=(
                    SetFit(f"Clip at {limit:g}", "clipping", ClipNorm(max_norm=limit)),
                    SetFit("No clipping", "clipping", None),
                ),
            )


@rule("penalty-too-strong")
class PenaltyTooStrong(Rule):
    """Penalties and weight decay pull as strongly as the data."""

    title = "The penalty drowns the data"
    about = "fit"
    why = "What the data ask of the weights is undone as fast as it is learned."
    silences = STUCK - {"diverged"}
    sources = "TheDeepChecker (ISSTA 2022); CS231n, neural networks 2"
    PULL, SHRUNK, FELL, EPOCHS = 0.5, 0.2, 0.03, 2

    def trains(self, moment: Moment) -> Iterator[Finding]:
        if moment.learned or not moment.fell(self.EPOCHS) < self.FELL or not self._pulls(moment):
            return
        shrunk = self._shrunk(moment)
        if moment.now.pull < self.PULL and not shrunk < self.SHRUNK:
            return
        what = (
            f"Penalty and weight decay have shrunk the weights to {percent(shrunk)} of their first size"
            if shrunk < self.SHRUNK
            else f"Penalty and weight decay pull {number(moment.now.pull)} times as strongly at the weights as the data do"
        )
        yield Finding(
            f"{what}, and the training loss stays at {number(moment.loss)}.",
            remedies=self._weaker(moment),
            picture=bars("pull at the weights", {"data": 1.0, "penalty": moment.now.pull}, "penalty"),
        )

    @staticmethod
    def _pulls(moment: Moment) -> bool:
        """Whether there is a penalty, or decay, at all."""
        return any(one.pull > 0 for one in moment.looks) or isinstance(moment.plan.fit.optimizer, AdamW)

    @staticmethod
    def _shrunk(moment: Moment) -> float:
        """What is left of the size of the weights, in the layer that has shrunk most; NaN where that is not known."""
        if moment.first is None:
            return math.nan
        was, now = moment.first.scale, moment.now.scale
        return min(
            (now[n.id] / was[n.id] for n in moment.plan.learning if was.get(n.id, 0.0) > 0), default=math.nan
        )

    @staticmethod
    def _weaker(moment: Moment) -> tuple[Remedy, ...]:
        fit, edits = moment.plan.fit, list[Remedy]()
        one, two = fit.regularizer.strengths()
        if two and not one:
            weaker = remedies.rounded(two * 0.01)
            edits.append(SetFit(f"λ = {weaker:g}", "regularizer", L2(strength=weaker)))
        if one or two:
            edits.append(SetFit("No penalty", "regularizer", NoPenalty()))
        decay = float(getattr(fit.optimizer, "weight_decay", 0.0))
        if decay and not isinstance(fit.optimizer, AdamW):
            edits.append(SetFit("No weight decay", "optimizer", fit.optimizer.replace(weight_decay=0.0)))
        own = [n for n in moment.plan.weighty if getattr(n.layer, "regularizer", None) is not None]
        edits += [
            SetLayer(f"No penalty on {n.id}", n.id, n.layer.replace(regularizer=NoPenalty())) for n in own
        ]
        return tuple(edits[:3])
