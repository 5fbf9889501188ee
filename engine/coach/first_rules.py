"""Rules of the first weights: what signals and gradients do before the first update, and how far that would go."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engine.coach import remedies
from engine.coach.evidence import Moment, named, number, percent
from engine.coach.picture import Picture, bars, by_layer
from engine.coach.picture import losses as loss_curves
from engine.coach.rule import STUCK, Finding, Rule, rule
from engine.layers import BatchNorm, Linear, Sigmoid
from engine.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss
from engine.problems import Remedy, SetFit
from engine.schedules import WarmUp

#: samples that must have been looked at before anything is said of units
SAMPLES = 16


@rule("first-weights-scale")
class FirstWeightsScale(Rule):
    """First weights that make signals shrink or grow from layer to layer."""

    title = "The first weights are of the wrong size"
    why = "Each layer multiplies signals, and gradients on their way back, by about that much."
    silences = STUCK | {"saturated", "born-dead"}
    sources = "Glorot & Bengio 2010; He et al. 2015; LSUV 2016"
    #: √(fan_in · mean w²) is 1 to 1.5 for Xavier, He and LeCun
    SMALL, LARGE = 0.25, 3.0
    #: weights from which on their size is no accident
    WEIGHTS = 64

    def begins(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        if any(isinstance(n.layer, BatchNorm) for n in plan.network.nodes):
            return  # it brings signals back to size
        shapes = plan.network.shapes(plan.train.in_shape)
        scales = {}
        for node in plan.learning:
            specs = node.layer.parameters(*plan.network.in_shapes_of(node.id, shapes))
            size = max(p.size for p in specs.values())
            if size >= self.WEIGHTS and node.id in moment.now.scale:
                scales[node.id] = moment.now.scale[node.id]
        for word, off in (("small", [i for i, s in scales.items() if s < self.SMALL]),
                          ("large", [i for i, s in scales.items() if s > self.LARGE])):  # fmt: skip
            if off and len(off) * 2 >= len(scales):
                factor = scales[off[0]]
                yield Finding(
                    f"The first weights of {named(off)} are too {word}: signals come out about {number(factor)} times as large as "
                    "they went in.",
                    node_id=off[0],
                    remedies=(remedies.suited_initializer(plan),),
                    picture=by_layer(
                        "√(fan-in · mean w²)",
                        scales.items(),
                        off[0],
                        1.0,
                        "signals keep their size",
                        log=True,
                    ),
                    title=f"The first weights are too {word}",
                )
                return


@rule("born-dead")
class BornDead(Rule):
    """ReLU units that are 0 for every sample before anything is learned."""

    title = "Many units are dead from the start"
    why = "A unit that gives 0 for every sample passes no gradient back, so that neither it nor what feeds it can learn."
    sure = "proven"
    silences = STUCK
    sources = "Lu et al. 2019, Dying ReLU and initialization"
    MANY, UNITS = 0.4, 6

    def begins(self, moment: Moment) -> Iterator[Finding]:
        if moment.now.diagnosis.samples < SAMPLES:
            return
        plan = moment.plan
        dead = [
            one
            for one in moment.now.of(plan.activations)
            if one.dead > self.MANY and plan.units[one.node_id] >= self.UNITS
        ]
        if not dead:
            return
        worst = max(dead, key=lambda one: one.dead)
        nodes = [n for n in plan.activations if n.layer.key == plan.network[worst.node_id].layer.key]
        more: list[Remedy] = [remedies.livelier(plan, nodes)]
        more.append(remedies.suited_initializer(plan))
        if plan.given:
            more.insert(0, remedies.drawn(plan))
        yield Finding(
            f"{percent(worst.dead)} of the units of {worst.node_id} give 0 for each of {moment.now.diagnosis.samples} samples.",
            node_id=worst.node_id,
            remedies=tuple(more[:3]),
            picture=dead_units(moment, worst.node_id),
        )


@rule("saturated")
class Saturated(Rule):
    """Activations that are flat for most values before anything is learned."""

    title = "An activation is flat from the start"
    why = "Where the slope is almost 0, almost no gradient passes."
    silences = STUCK
    sources = "Karpathy, makemore part 3 (0.97); Glorot & Bengio 2010"
    MANY = 0.6

    def begins(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        for one in moment.now.of(plan.activations):
            share = one.saturated - one.zeros
            if moment.now.diagnosis.samples >= SAMPLES and share > self.MANY:
                more: list[Remedy] = [remedies.suited_initializer(plan)]
                if plan.preparation.normalize == "none" and not plan.train.is_image:
                    more.append(remedies.standardize())
                if plan.given:
                    more.insert(0, remedies.drawn(plan))
                yield Finding(
                    f"{percent(share)} of the values of {one.node_id} lie where its slope is almost 0.",
                    node_id=one.node_id,
                    remedies=tuple(more),
                    picture=by_layer(
                        "share of flat values",
                        ((d.node_id, d.saturated - d.zeros) for d in moment.now.of(plan.activations)),
                        one.node_id,
                    ),
                )
                return


def dead_units(moment: Moment, node_id: str) -> Picture:
    """Of each activation the share of units that give 0 for every sample."""
    found = moment.now.of(moment.plan.activations)
    return by_layer("share of dead units", ((d.node_id, d.dead) for d in found), node_id)


class _Apart(Rule):
    """Gradients of very different length at the first and the last layer."""

    @staticmethod
    def _picture(moment: Moment, node_id: str) -> Picture:
        found = moment.now.of(moment.plan.learning)
        return by_layer("‖∂L/∂y‖", ((d.node_id, d.gradient_norm) for d in found), node_id, log=True)

    def _lengths(self, moment: Moment) -> tuple[str, float, str, float] | None:
        """First and last learning layer, with the lengths of the gradients that arrive at their outputs."""
        layers = list(moment.now.of(moment.plan.learning))
        if len(layers) < 2 or not all(math.isfinite(one.gradient_norm) for one in layers):
            return None
        if any(one.dead >= 0.99 for one in moment.now.of(moment.plan.activations)):
            return None  # a dead layer passes nothing; that is said elsewhere
        first, last = layers[0], layers[-1]
        return first.node_id, first.gradient_norm, last.node_id, last.gradient_norm


@rule("vanishing-gradient")
class Vanishing(_Apart):
    """Gradients that get lost on their way back."""

    title = "The gradient vanishes on its way back"
    why = "The layers near the input get almost nothing to learn from, and those behind them build on what is random."
    silences = STUCK - {"diverged"}
    sources = "Hochreiter 1991; Glorot & Bengio 2010; AutoTrainer (1e-3)"
    HINT, WARNING = 1e-3, 1e-4

    def begins(self, moment: Moment) -> Iterator[Finding]:
        found, plan = self._lengths(moment), moment.plan
        if found is None:
            return
        first, small, last, large = found
        if not small < self.HINT * large:
            return
        share = f"1/{number(large / small)}" if small else "nothing"
        flat = [n for n in plan.activations if n.layer.key in remedies.FLATTENING]
        through, kinds = "", {n.layer.label for n in flat}
        if len(flat) > 1 and len(kinds) == 1:
            most = ", each of which lets a quarter pass at most" if isinstance(flat[0].layer, Sigmoid) else ""
            through = f", through {len(flat)} {flat[0].layer.label} layers{most}"
        remedy = remedies.through_depth(plan)
        edits = [one for one in (remedies.shallower(plan), remedy) if one is not None]
        edits.append(remedies.suited_initializer(plan))
        yield Finding(
            f"Of the gradient at {last}, {share} arrives at {first}{through}.",
            node_id=first,
            remedies=tuple(edits),
            picture=self._picture(moment, first),
            level="warning" if small < self.WARNING * large else "hint",
        )

    def trains(self, moment: Moment) -> Iterator[Finding]:
        if not moment.learned:
            yield from self.begins(moment)


@rule("exploding-gradient")
class Exploding(_Apart):
    """Gradients that grow on their way back."""

    title = "The gradient explodes on its way back"
    why = "One rate cannot suit layers whose gradients are so different: the first ones are thrown about."
    silences = STUCK - {"diverged"}
    sources = "Pascanu et al. 2013"
    MANY = 1e3

    def begins(self, moment: Moment) -> Iterator[Finding]:
        found, plan = self._lengths(moment), moment.plan
        if found is None:
            return
        first, large, last, small = found
        if small and large > self.MANY * small:
            yield Finding(
                f"The gradient is {number(large / small)} times as long at {first} as at {last}.",
                node_id=first,
                remedies=(remedies.suited_initializer(plan), remedies.clip()),
                picture=self._picture(moment, first),
            )

    def trains(self, moment: Moment) -> Iterator[Finding]:
        if not moment.learned:
            yield from self.begins(moment)


@rule("start-loss")
class StartLoss(Rule):
    """Before anything is learned the network is confidently wrong."""

    title = "The first answers are confidently wrong"
    why = "Before it has learned anything, a network should be as unsure as a die. The first epochs are spent on unlearning."
    silences = frozenset({"stuck-at-chance", "rate-too-large"})
    sources = "CS231n, neural networks 3; Karpathy, A recipe for training neural networks, 2019"
    HINT, WARNING = 2.0, 3.0

    def begins(self, moment: Moment) -> Iterator[Finding]:
        plan, now = moment.plan, moment.now.losses[0]
        surprise = CrossEntropyLoss | BCEWithLogitsLoss | NLLLoss | BCELoss
        known = isinstance(plan.loss, surprise) and len(plan.train) >= SAMPLES
        # Running statistics, with which samples are looked at, are not known yet.
        warm = not any(isinstance(n.layer, BatchNorm) for n in plan.network.nodes)
        # First weights know nothing of a class that is rare: they are no worse than it takes them to be.
        unsure = max(plan.chance, math.log(max(len(plan.shares), 2)))
        if not (known and warm and len(plan.learning) > 1 and now > self.HINT * unsure):
            return
        last = next((n for n in reversed(plan.learning) if isinstance(n.layer, Linear)), None)
        edits: list[Remedy] = []
        if plan.preparation.normalize == "none" and float(abs(plan.train.x).max()) > 5:
            edits.append(remedies.standardize())
        edits.append(remedies.suited_initializer(plan))
        yield Finding(
            f"The loss begins at {number(now)}; answers without any opinion would cost {number(unsure)}.",
            picture=bars("loss", {"at the start": now, "no opinion": unsure}, "at the start"),
            node_id=last.id if last is not None else "",
            remedies=tuple(edits),
            level="warning" if now > self.WARNING * unsure else "hint",
        )


@rule("rate-too-large")
class RateTooLarge(Rule):
    """Steps that jump over the valley: at once, or seen from the loss that rises again and again."""

    title = "The learning rate is too large"
    about = "fit"
    why = "A step that goes too far lands on the other side, often higher up."
    silences = STUCK - {"diverged"}
    sources = "CS231n, babysitting the learning process; Cockpit (NeurIPS 2021); AutoTrainer (ICSE 2021)"
    #: a step this long, against the weights; batches of a few samples take longer ones now and then
    STEP, FEW, FEW_STEP = 0.5, 8, 1.0
    RISING, EPOCHS = 0.4, 5
    #: share of the last epochs in which a loss rises that goes up and down
    LONG, UNSTEADY = 20, 0.3

    def begins(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        size = min(plan.fit.batch_size, len(plan.train))
        most = self.STEP if size >= self.FEW else self.FEW_STEP
        steps = [one for one in moment.now.of(plan.learning) if math.isfinite(one.update_ratio)]
        large = [one for one in steps if one.update_ratio > most]
        _, half, whole, _ = moment.now.losses
        if large and not whole <= half:
            worst = max(large, key=lambda one: one.update_ratio)
            yield Finding(
                f"The first step would change the weights of {worst.node_id} by {percent(worst.update_ratio)} of their size; "
                "about 0.1 % is usual.",
                node_id=worst.node_id,
                remedies=self._calmer(moment, worst.update_ratio),
                picture=by_layer(
                    "‖Δw‖/‖w‖ of the first step",
                    ((one.node_id, one.update_ratio) for one in steps),
                    worst.node_id,
                    1e-3,
                    "usual",
                    log=True,
                ),
            )

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan, losses = moment.plan, moment.last(self.EPOCHS)
        if not len(losses) or moment.learned:
            return
        all_losses = moment.log["train_loss"]
        rising = float((losses[1:] > losses[:-1]).mean())
        lowest = float(all_losses.min())
        no_better = lowest < float(losses.min()) * (1 + 1e-9) and float(losses[1:].min()) > lowest
        now, half, whole, _ = moment.now.losses
        overshoots = half < whole and half < now
        ratio = max(
            (one.update_ratio for one in moment.now.of(plan.learning) if math.isfinite(one.update_ratio)),
            default=0.0,
        )
        high = float(losses[-1]) > 1.05 * plan.chance and float(losses.min()) > 1.02 * plan.chance
        wild = self._wild(moment)
        if (
            (rising >= self.RISING and no_better and overshoots and ratio > 0.01)
            or wild
            or (high and rising >= self.RISING)
        ):
            much = "half of the next step would go lower than the whole" if overshoots and not wild else (
                f"it stands at {number(wild or float(losses[-1]))}, where always saying the same would cost {number(plan.chance)}"
            )  # fmt: skip
            yield Finding(
                f"The loss rose in {round(rising * self.EPOCHS)} of the last {self.EPOCHS} epochs; {much}.",
                picture=loss_curves(moment.log, level=plan.chance, called="one answer for all"),
                remedies=self._calmer(moment, 0.5),
            )

    def _wild(self, moment: Moment) -> float:
        """The middle of the last losses, where they go up and down above that of one answer for all; 0 elsewhere.

        Now and then a loss that goes up and down comes out low, and then few epochs tell nothing.
        """
        losses = moment.last(self.LONG)
        if not len(losses):
            return 0.0
        middle, rising = float(np.median(losses)), float((losses[1:] > losses[:-1]).mean())
        return middle if middle > 1.05 * moment.plan.chance and rising >= self.UNSTEADY else 0.0

    @staticmethod
    def _calmer(moment: Moment, ratio: float) -> tuple[Remedy, ...]:
        """Rates with which a step is about 2 % of the weights, and a slow beginning."""
        fit = moment.plan.fit
        factor = min(0.3, max(1e-4, 0.02 / max(ratio, 1e-9)))
        edits: list[Remedy] = [remedies.rate(fit, factor)]
        if factor < 0.1:
            edits.append(remedies.rate(fit, 0.1))
        elif not isinstance(fit.schedule, WarmUp):
            edits.append(SetFit("Warm up for 5 epochs", "schedule", WarmUp()))
        edits.append(remedies.clip())
        return tuple(edits)
