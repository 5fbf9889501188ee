"""Rules of the run: what the curves and the layers say while it trains."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engine.coach import remedies
from engine.coach.evidence import LONGER, Moment, number, percent
from engine.coach.first_rules import dead_units
from engine.coach.picture import bars, by_layer
from engine.coach.picture import losses as loss_curves
from engine.coach.rule import STUCK, Finding, Rule, rule
from engine.errors import counted
from engine.layers import Activation, Linear
from engine.optimizers import Adam
from engine.problems import Remedy, SetFit
from engine.regularizers import L2, NoPenalty
from engine.verdict import HIGH, TURNED, overfitted

#: epochs in which a training loss falls by less than this share where it has come to rest
REST, FELL = 10, 0.005


def at_rest(moment: Moment) -> bool:
    """Whether the training loss no longer falls, while the errors are still high."""
    if not len(moment.log) or not -0.02 < moment.fell(REST) < FELL:
        return False
    return 1 - float(moment.log["train_metric"][-1]) > moment.plan.human_error + HIGH


@rule("units-died")
class UnitsDied(Rule):
    """ReLU units that gave something once, and are 0 for every sample now."""

    title = "Units have died"
    why = "A unit that gives 0 for every sample gets no gradient: it cannot come back. Mostly a step that was too large threw it off."
    sure = "proven"
    hits = 2
    silences = STUCK - {"diverged"}
    sources = "SageMaker Debugger, DeadRelu (50 %); AutoTrainer (70 %); CS231n (40 %)"
    MANY, UNITS, SAMPLES = 0.6, 4, 16

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        if moment.learns or moment.now.diagnosis.samples < self.SAMPLES:
            return
        dead = [
            one
            for one in moment.now.of(plan.activations)
            if one.dead > self.MANY and plan.units[one.node_id] >= self.UNITS
        ]
        if not dead:
            return
        worst = dead[0]
        before = ""
        if moment.first is not None:
            was = next((d.dead for d in moment.first.diagnosis.layers if d.node_id == worst.node_id), 0.0)
            before = f"; at the start {percent(was)}" if was < worst.dead else ""
        nodes = [n for n in plan.activations if n.layer.key == plan.network[worst.node_id].layer.key]
        yield Finding(
            f"{percent(worst.dead)} of the units of {worst.node_id} give 0 for every sample{before}.",
            node_id=worst.node_id,
            picture=dead_units(moment, worst.node_id),
            remedies=(
                remedies.anew(remedies.rate(plan.fit, 0.1)),
                remedies.anew(remedies.livelier(plan, nodes)),
            ),
        )


@rule("units-saturated")
class UnitsSaturated(Rule):
    """Units with two flat ends that a large step has thrown onto them, where the loss has come to rest."""

    title = "Units lie where they are flat"
    why = "Where the slope is almost 0, almost no gradient passes. Mostly steps that were too large threw the weights out so far."
    level = "hint"  # it may have learned most of it, and noise in the labels leaves errors, too
    stuck, rests = False, True
    hits = 2
    silences = frozenset({"underfitting", "still-improving"})
    sources = "Glorot & Bengio 2010; AutoTrainer (ICSE 2021), saturated activations"
    MANY, SAMPLES = 0.7, 16

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        if not at_rest(moment) or moment.now.diagnosis.samples < self.SAMPLES:
            return
        flat = [(one.node_id, one.saturated - one.zeros) for one in moment.now.of(plan.activations)]
        node_id, share = max(flat, key=lambda one: one[1], default=("", 0.0))
        if share <= self.MANY:
            return
        yield Finding(
            f"{percent(share)} of the values of {node_id} lie where its slope is almost 0, and the training loss no longer falls.",
            node_id=node_id,
            picture=by_layer("share of flat values", flat, node_id),
            remedies=(remedies.anew(remedies.rate(plan.fit, 0.1)),),
        )


@rule("rate-too-small")
class RateTooSmall(Rule):
    """Steps so short that nothing comes of them in any time."""

    title = "The learning rate is too small"
    about = "fit"
    why = "The direction is right and the steps are too short: time is all that is lost, but all of it."
    silences = STUCK - {"diverged"}
    sources = "CS231n, babysitting the learning process; Godbole et al. 2023, Deep learning tuning playbook"
    #: by this share of their size, all weights move in an epoch at most
    DRIFT, FELL, EPOCHS = 2e-3, 0.01, 3

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan, fell = moment.plan, moment.fell(self.EPOCHS)
        if moment.learned or not 0 <= fell < self.FELL:
            return
        ratios = [one.update_ratio for one in moment.now.of(plan.learning) if math.isfinite(one.update_ratio)]
        drift = max(ratios, default=math.inf) * plan.updates_per_epoch
        now, _, whole, longer = moment.now.losses
        # Ten times the step would go ten times as low: nothing is near that it could overshoot.
        straight = now - longer > 0.6 * LONGER * (now - whole) > 0
        if not 0 < drift < self.DRIFT or not straight:
            return
        epochs = math.log(2) / max(-math.log(1 - fell) / self.EPOCHS, 1e-9)
        yield Finding(
            f"In an epoch the weights move by {percent(drift)} of their size, and the loss fell by {percent(fell)} in {self.EPOCHS}: "
            f"at this pace it takes {number(epochs)} epochs to halve it. Ten times the step would go as much lower.",
            remedies=(
                remedies.rate_of(plan.fit, remedies.usual_rate(plan.fit)),
                remedies.rate(plan.fit, 10.0),
            ),
        )


@rule("stuck-at-chance")
class StuckAtChance(Rule):
    """The loss stays where always giving the same answer has it."""

    title = "It does no better than one answer for all"
    about = "curves"
    why = "What the network makes of its inputs does not reach its outputs yet, or the inputs say nothing about the target."
    sure = "symptom"
    silences = frozenset({"underfitting", "still-improving"})
    sources = "TheDeepChecker (ISSTA 2022); Karpathy, A recipe for training neural networks, 2019"
    NEAR, EPOCHS, UPDATES, FELL = 0.985, 10, 60, 0.01
    #: steps below this share of the weights may well be longer
    SHORT = 3e-3

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan, losses = moment.plan, moment.last(self.EPOCHS)
        if not len(losses) or self.EPOCHS * plan.updates_per_epoch < self.UPDATES:
            return
        if not float(losses.min()) >= self.NEAR * plan.chance or moment.fell(3) > self.FELL:
            return
        said = ""
        answers = moment.now.answers
        if len(answers) and answers.max() > 0.95 and moment.now.labels.max() < 0.8:
            said = f" It says {plan.train.classes[int(answers.argmax())]} to {percent(float(answers.max()))} of the samples."
        yield Finding(
            f"For {self.EPOCHS} epochs the training loss is {number(moment.loss)}; always giving the same answer would cost "
            f"{number(plan.chance)}.{said}",
            remedies=self._edits(moment),
            picture=loss_curves(moment.log, level=plan.chance, called="one answer for all"),
        )

    @staticmethod
    def _edits(moment: Moment) -> tuple[Remedy, ...]:
        plan, edits = moment.plan, list[Remedy]()
        through = remedies.through_depth(plan)
        if (shallow := remedies.shallower(plan)) is not None:
            edits.append(shallow)
        if through is not None and len(plan.learning) > 3:
            edits.append(through)
        if not plan.activations and plan.learning:
            edits.append(hidden(moment))
        ratios = [one.update_ratio for one in moment.now.of(plan.learning) if math.isfinite(one.update_ratio)]
        if max(ratios, default=1.0) < StuckAtChance.SHORT:
            edits.append(remedies.rate(plan.fit, 10.0))
        if not isinstance(plan.fit.optimizer, Adam):
            edits.append(SetFit("Use Adam (rate 0.01)", "optimizer", Adam(lr=0.01)))
        if plan.activations and plan.learning[:-1]:
            edits.append(remedies.wider(plan))
        return tuple(edits[:3])


def hidden(moment: Moment) -> Remedy:
    """A layer of units that bend, before the last layer."""
    from engine.problems import InsertLayer, Several

    plan = moment.plan
    last = plan.learning[-1].id
    bend: Activation | object = remedies.activation_for(plan)
    return Several(
        "Add 8 hidden units",
        (InsertLayer("", last, Linear(8)), InsertLayer("", last, bend)),  # type: ignore[arg-type]
    )


@rule("overfitting")
class Overfitting(Rule):
    """The validation loss has turned while the training loss still falls."""

    title = "It learns the training samples by heart"
    about = "curves"
    why = "What is learned since then holds for these samples alone. The weights of the best epoch are worth more than the present ones."
    stuck = False
    silences = frozenset({"still-improving", "few-data"})
    sources = "Prechelt 1998, Early stopping: but when?; SageMaker Debugger, Overfit"
    #: of a constant answer's loss, so much must be at stake
    MUCH, FEW = 0.15, 10
    #: training errors that are as good as none, and how much higher validation errors are
    KNOWN, GAP = 0.02, 0.08
    #: samples for each weight, below which there is room to learn them by heart
    ROOM = 4

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        if plan.validation is None or len(plan.validation) < self.FEW:
            return
        found, heart = overfitted(moment.log), self._by_heart(moment)
        if found is None and not heart:
            return
        # Where hardly anything is left to lose, or answers stay right, it is no harm: they only become surer.
        error = 1 - float(moment.log["validation_metric"][-1])
        serious = (
            found is not None
            and found.now > max(self.MUCH * plan.chance, 3 * found.train)
            and error > plan.human_error + HIGH
            and self.ROOM * plan.parameters > len(plan.train)  # fewer cannot hold so many samples
            and found.rise > self._serious(moment)
        )
        yield Finding(
            f"{heart} {found.words}".lstrip()
            if found is not None
            else f"{heart[:-1]}, and {self._since(moment)}.",
            remedies=self._edits(moment),
            picture=loss_curves(moment.log, marked=math.nan if found is None else float(found.epoch)),
            since=None if found is None else found.epoch,
            # Where it stops early, the best weights come back.
            level="warning" if (serious or heart) and not plan.fit.early_stopping else "hint",
            title="" if serious or heart else "The validation loss has turned",
        )

    def _by_heart(self, moment: Moment) -> str:
        """That it makes no mistakes in training and many in validation, and has ceased to get better there; "" where it is not so."""
        plan, other = moment.plan, moment.last(TURNED, "validation_loss")
        if plan.validation is None or not plan.train.classes or not len(other):
            return ""
        train, validation = (
            1 - float(moment.log[part][-1]) for part in ("train_metric", "validation_metric")
        )
        noise = 3 * math.sqrt(validation * (1 - validation) / len(plan.validation))
        gap = validation - max(train, plan.human_error)
        earlier = moment.log["validation_loss"][: -len(other) + 1]
        better = len(earlier) and float(other[1:].min()) < 0.97 * float(earlier.min())
        if train > self.KNOWN or gap < max(self.GAP, noise) or better:
            return ""
        return f"The training error is {percent(train)}, the validation error {percent(validation)}."

    @staticmethod
    def _since(moment: Moment) -> str:
        """For how long the validation loss has not become better."""
        losses, epochs = moment.log["validation_loss"], moment.log["epoch"]
        waited = int(epochs[-1] - epochs[int(np.nanargmin(losses))])
        return f"the validation loss has not become better for {counted(max(waited, TURNED), 'epoch')}"

    @staticmethod
    def _serious(moment: Moment) -> float:
        """By which share it must have risen: what it wavers by from epoch to epoch is no sign."""
        losses = moment.log["validation_loss"]
        wavers = (
            float(np.median(np.abs(np.diff(losses[-10:])) / losses[-10:][1:])) if len(losses) > 2 else 0.0
        )
        return max(0.15, 3 * wavers)

    @staticmethod
    def _edits(moment: Moment) -> tuple[Remedy, ...]:
        fit, edits = moment.plan.fit, list[Remedy]()
        if not fit.early_stopping:
            edits.append(SetFit("Stop early (patience 10)", "early_stopping", 10))
        one, two = fit.regularizer.strengths()
        stronger = remedies.rounded(two * 10) if two else 0.01
        if not one and stronger <= 0.1:
            edits.append(SetFit(f"L2 penalty, λ = {stronger:g}", "regularizer", L2(strength=stronger)))
        edits += remedies.dropout(moment.plan)
        return tuple(edits[:3])


@rule("few-data")
class FewData(Rule):
    """Many more parameters than samples to learn them from."""

    title = "Few samples for so many weights"
    about = "data"
    why = "It can learn them by heart; the validation loss will tell."
    level = "hint"
    stuck = False
    sources = "Goodfellow, Bengio & Courville 2016, section 5.2"
    #: samples of a class, or of a regression
    TIMES, FEW, LEAST, EPOCHS = 10, 20, 10, 20

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan, count = moment.plan, len(moment.plan.train)
        each = count / max(len(plan.shares), 1)
        if (
            moment.epoch >= self.EPOCHS
            and count >= self.LEAST
            and each < self.FEW
            and plan.parameters > self.TIMES * count
        ):
            yield Finding(
                f"There are {plan.parameters:,} weights, and {count:,} samples to learn them from.",
                remedies=(SetFit("L2 penalty, λ = 0.01", "regularizer", L2(strength=0.01)),),
                picture=bars(
                    "how many",
                    {"weights": float(plan.parameters), "samples": float(count)},
                    "samples",
                    log=True,
                ),
            )


@rule("validation-easier")
class ValidationEasier(Rule):
    """The validation loss is well below the training loss."""

    title = "Validation is easier than training"
    about = "data"
    why = "Both are measured without dropout, so the samples must differ: an easy part, or one that shares samples with the other."
    level = "hint"
    stuck = False
    sources = "UMLAUT (CHI 2021)"
    EPOCHS, SHARE, FEW = 5, 0.7, 30

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        train, other = moment.last(self.EPOCHS), moment.last(self.EPOCHS, "validation_loss")
        if plan.validation is None or len(plan.validation) < self.FEW or not len(train) or not len(other):
            return
        if (other < self.SHARE * train).all() and moment.loss > 0.1 * plan.chance:
            yield Finding(
                f"For {self.EPOCHS} epochs the validation loss, {number(float(other[-1]))}, is well below the training loss, "
                f"{number(float(train[-1]))}.",
                "Split the samples anew, and look for doubles.",
                "input",
            )


@rule("underfitting")
class Underfitting(Rule):
    """The training loss has come to rest, and the errors are still high."""

    title = "It cannot fit the training samples"
    about = "curves"
    why = "More time will not help: the network is too simple for these data, or the inputs do not tell more."
    level = "hint"
    stuck, rests = False, True
    silences = frozenset({"still-improving"})
    sources = "Ng 2018, Machine learning yearning, chapters 20 to 24"

    def trains(self, moment: Moment) -> Iterator[Finding]:
        plan = moment.plan
        if not at_rest(moment):
            return
        edits: list[Remedy] = []
        if plan.learning:
            edits.append(hidden(moment) if not plan.activations else remedies.wider(plan))
        if plan.fit.regularizer.strengths() != (0.0, 0.0):
            edits.append(SetFit("No penalty", "regularizer", NoPenalty()))
        yield Finding(
            f"The training error is {percent(1 - float(moment.log['train_metric'][-1]))}, and in {REST} epochs the training loss has "
            f"fallen by {percent(max(moment.fell(REST), 0.0))}.",
            remedies=tuple(edits),
        )


@rule("diverged")
class Diverged(Rule):
    """Numbers are no longer finite, or the loss has left all bounds."""

    title = "Training diverged"
    about = "curves"
    why = "Once numbers are no longer finite, no update can bring them back."
    hits = 2
    sure = "likely"
    sources = "SageMaker Debugger; Deep learning tuning playbook"
    TIMES = 10.0

    def trains(self, moment: Moment) -> Iterator[Finding]:
        if moment.diverged:
            edits = (moment.remedy,) if moment.remedy is not None else ()
            yield Finding(moment.diverged, node_id=moment.broken, remedies=edits)
            return
        losses = moment.log["train_loss"]
        lowest = float(np.nanmin(losses)) if len(losses) else math.nan
        floor = max(lowest, 0.1 * moment.plan.chance if math.isfinite(moment.plan.chance) else 0.0)
        if len(losses) > 1 and moment.loss > self.TIMES * max(floor, 1e-9):
            yield Finding(
                f"The training loss is {number(moment.loss)}; it was {number(lowest)} before.",
                remedies=(remedies.rate(moment.plan.fit, 0.3), remedies.clip()),
            )


@rule("still-improving")
class StillImproving(Rule):
    """The planned epochs are over, and the loss still falls."""

    title = "It had not finished"
    about = "curves"
    why = "Judged now, it would be judged too early."
    level = "hint"
    stuck = False
    sources = "Deep learning tuning playbook"
    EPOCHS, FELL = 10, 0.05

    def ends(self, moment: Moment) -> Iterator[Finding]:
        fit = moment.plan.fit
        validation = moment.last(self.EPOCHS, "validation_loss")
        fell = moment.fell(self.EPOCHS)
        if len(validation) and validation[-1] > 0.99 * validation[0]:
            return
        if fell > self.FELL and moment.loss > 0.05 * moment.plan.chance:
            more = max(int(moment.epoch * 1.5), moment.epoch + 10)
            yield Finding(
                f"In the last {self.EPOCHS} epochs the training loss fell by {percent(fell)}.",
                remedies=(SetFit(f"Plan {more:,} epochs", "epochs", more),) if more > fit.epochs else (),
            )
