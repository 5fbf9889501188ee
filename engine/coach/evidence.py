"""What the rules look at: a plan (network, data, training), its log, and now and then a closer look at the weights as they are."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.core import Array, run_calls
from engine.data import Dataset, Preparation, Source
from engine.diagnosis import Diagnosis, LayerDiagnosis, diagnose, differentiate, passed
from engine.fit import Fit
from engine.layers import Activation, Layer
from engine.log import LogView
from engine.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss, NLLLoss
from engine.network import INPUT, Network, Node
from engine.optimizers import AdamW
from engine.problems import Problem, Remedy
from engine.program import Program
from engine.reach import far_from_one
from engine.review import review
from engine.train import Trainer
from engine.update import Update

#: how much longer than the next step the longest one is that is tried
LONGER = 10.0


@dataclass(frozen=True, eq=False)
class Plan:
    """What is known before the first update.

    Args:
        network: may be half-built; rules that need the whole of it then have nothing to say.
        train, validation: prepared parts.
        fit: how it is trained.
        preparation, source: what the parts were made with and of; ``None`` for a source that is not known.
        given: nodes whose weights are not drawn.
        human_error: what a human, or the best achievable predictor, errs.
    """

    network: Network
    train: Dataset
    validation: Dataset | None
    fit: Fit
    preparation: Preparation = Preparation()
    source: Source | None = None
    given: frozenset[str] = frozenset()
    human_error: float = 0.0

    @cached_property
    def whole(self) -> bool:
        """Whether the network fits the data and itself."""
        return bool(len(self.network)) and not self.network.problems(self.train.in_shape)

    @cached_property
    def fits(self) -> bool:
        """Whether the last layer gives what the loss needs, besides."""
        if not self.whole or self.train.task not in self.loss.tasks:
            return False
        given = self.network.shapes(self.train.in_shape)[self.network.output_id]
        return given == self.loss.out_shape(self.train)

    @cached_property
    def loss(self) -> Loss:
        """As it is taught to the last layer."""
        return self.fit.loss.after(self.network.output_range) if self.whole else self.fit.loss

    @cached_property
    def reviewed(self) -> tuple[Problem, ...]:
        """What is said of network, data and training by ``engine.review`` and of the numbers' reach by ``engine.reach``."""
        return (
            *review(self.network, self.train, self.fit, self.given),
            *far_from_one(self.train, self.preparation, self.network),
        )

    @cached_property
    def weighty(self) -> tuple[Node, ...]:
        """The nodes with weights (not only biases or scales), in order; none while the network is not whole."""
        if not self.whole:
            return ()
        shapes = self.network.shapes(self.train.in_shape)

        def weighs(node: Node) -> bool:
            specs = node.layer.parameters(*self.network.in_shapes_of(node.id, shapes))
            return any(not spec.is_bias for spec in specs.values())

        return tuple(node for node in self.network.nodes if weighs(node))

    @cached_property
    def learning(self) -> tuple[Node, ...]:
        """Of ``weighty`` those that are not frozen."""
        return tuple(n for n in self.weighty if not getattr(n.layer, "frozen", False))

    @cached_property
    def units(self) -> Mapping[str, int]:
        """How many units or channels each node gives."""
        shapes = self.network.shapes(self.train.in_shape) if self.whole else {}
        return {i: shape[0] for i, shape in shapes.items()}

    @cached_property
    def activations(self) -> tuple[Node, ...]:
        """The hidden nodes that bend."""
        return tuple(n for n in self.network.nodes if isinstance(n.layer, Activation))

    def source_of(self, node_id: str, through: tuple[type[Layer], ...]) -> str | None:
        """The node that a node reads, those of the kinds ``through`` passed over; ``None`` where several are joined, or at the data."""
        while True:
            sources = self.network.inputs_of(node_id)
            if len(sources) != 1 or sources[0] == INPUT:
                return None
            (node_id,) = sources
            if not isinstance(self.network[node_id].layer, through):
                return node_id

    @cached_property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return self.network.parameter_count(self.train.in_shape) if self.whole else 0

    @cached_property
    def shares(self) -> Array:
        """The share of each class among the training samples; empty for regressions."""
        if not self.train.classes:
            return np.zeros(0)
        return np.bincount(self.train.y, minlength=len(self.train.classes)) / len(self.train)

    @cached_property
    def chance(self) -> float:
        """The loss of the best answer that is the same for every sample; NaN while the network does not fit it."""
        if not self.fits:
            return math.nan
        loss, (outputs,) = self.loss, self.loss.out_shape(self.train)
        targets = np.ascontiguousarray(loss.targets(self.train.y, outputs).T, np.float64)

        def cost(answer: Array) -> float:
            return value_of(loss, np.ascontiguousarray(np.broadcast_to(answer, targets.shape)), targets)

        with np.errstate(all="ignore"):
            return min(map(cost, _constants(loss, targets)))

    @cached_property
    def updates_per_epoch(self) -> int:
        """How many updates an epoch has."""
        return -(-len(self.train) // min(self.fit.batch_size, len(self.train)))


def _constants(loss: Loss, targets: Array) -> list[Array]:
    """Answers ``(outputs, 1)`` one of which is the best constant one, or near it."""
    mean, tiny = targets.mean(axis=1, keepdims=True), 1e-12
    if isinstance(loss, CrossEntropyLoss | NLLLoss):
        return [np.log(np.maximum(mean, tiny))]
    if isinstance(loss, BCEWithLogitsLoss):
        return [np.log(np.maximum(mean, tiny)) - np.log(np.maximum(1 - mean, tiny))]
    if isinstance(loss, MSELoss | BCELoss):
        return [mean]
    return [mean, *(np.quantile(targets, part, axis=1, keepdims=True) for part in np.linspace(0, 1, 21))]


def value_of(loss: Loss, z: Array, targets: Array) -> float:
    """The loss of outputs ``z`` ``(outputs, B)``."""
    value = np.zeros((), z.dtype)
    run_calls(loss.bind(z, targets, np.zeros_like(z), value).forward)
    return float(value)


@dataclass(frozen=True, eq=False)
class Look:
    """One moment, seen closely, on the first training samples in inference mode.

    Args:
        epoch, step: finished passes and updates.
        diagnosis: of every layer.
        answers: of the classes, how often each is named, as shares; empty for regressions.
        labels: of the classes, how often each would be right.
        pull: how strongly penalties and weight decay pull at the weights, against the data's gradient: the ratio of the two lengths.
        losses: of these samples: now, after half the next step, after the whole of it, after ``LONGER`` times that.
        scale: of each node with weights, √(fan_in · mean w²): 1 to 1.4 where signals keep their size.
    """

    epoch: int
    step: int
    diagnosis: Diagnosis
    answers: Array
    labels: Array
    pull: float
    losses: tuple[float, float, float, float]
    scale: Mapping[str, float]

    def of(self, nodes: Sequence[Node]) -> Iterator[LayerDiagnosis]:
        """The figures of these nodes."""
        wanted = {node.id for node in nodes}
        return (layer for layer in self.diagnosis.layers if layer.node_id in wanted)


def _numbers(program: Program) -> Array:
    """Its outputs as ``(numbers of a sample, B)`` float64: those of a picture channel after channel, row after row."""
    return np.array(program.output, np.float64).reshape(-1, program.output.shape[-1])


def look(trainer: Trainer, diagnosis: Diagnosis | None = None) -> Look:
    """Look closely at a run, which goes on as if nobody had. ``diagnosis``: of this very moment, where there is one."""
    found = diagnosis if diagnosis is not None and diagnosis.step == trainer.steps else diagnose(trainer)
    model, loss, data = trainer.model, trainer.loss, trainer.train
    with np.errstate(all="ignore"), trainer.rehearsal() as update:
        program = passed(model, data, loss, found.samples)
        store = model.store
        outputs = _numbers(program)
        targets = np.array(loss.targets(data.y[: found.samples], model.outputs).T, np.float64)
        answers, labels = _answers(trainer, outputs, found.samples)
        before = store.values.copy()
        pull = _pull(trainer)
        moved = _next_step(trainer, update) - before
        tried = [value_of(loss, outputs, targets)]
        for share in (0.5, 1.0, LONGER):
            store.values[...] = before + share * moved
            program.forward()
            tried.append(value_of(loss, _numbers(program), targets))
        store.values[...] = before
        scale = dict(_scales(trainer))
    now, half, whole, longer = tried
    return Look(trainer.epoch, trainer.steps, found, answers, labels, pull, (now, half, whole, longer), scale)


def _answers(trainer: Trainer, outputs: Array, count: int) -> tuple[Array, Array]:
    classes = trainer.train.classes
    if not classes:
        return np.zeros(0), np.zeros(0)
    said = outputs[: len(classes)].argmax(0) if len(outputs) > 1 else outputs[0] > trainer.loss.cut
    return tuple(
        np.bincount(one, minlength=len(classes)) / count
        for one in (said.astype(int), trainer.train.y[:count])
    )  # type: ignore[return-value]


def _next_step(trainer: Trainer, update: Update) -> Array:
    """All parameters after the next update."""
    model, batch = trainer.model, trainer.upcoming()
    program = model.program(batch.x.shape[-1], training=True)
    program.x[...] = batch.x
    differentiate(program, trainer.loss, np.ascontiguousarray(batch.t))
    run_calls(update.calls)
    return model.store.values.copy()


def _pull(trainer: Trainer) -> float:
    """‖∇(penalty and decay)‖ / ‖∇data‖ over the weights that are pulled at, after a pass over samples; 0 where nothing pulls."""
    store, fit = trainer.model.store, trainer.fit
    decay = 0.0 if isinstance(fit.optimizer, AdamW) else float(getattr(fit.optimizer, "weight_decay", 0.0))
    pulled = data = 0.0
    for node_id, specs in store.specs.items():
        layer = trainer.model.network[node_id].layer
        one, two = (getattr(layer, "regularizer", None) or fit.regularizer).strengths()
        if getattr(layer, "frozen", False) or not (one or two or decay):
            continue
        for name in (name for name, spec in specs.items() if not spec.is_bias):
            w = np.asarray(store.views[node_id][name], np.float64)
            g = np.asarray(store.gradient_views[node_id][name], np.float64)
            pulled += float(np.square(one * np.sign(w) + (two + decay) * w).sum())
            data += float(np.square(g).sum())
    return math.sqrt(pulled) / math.sqrt(data) if data else (math.inf if pulled else 0.0)


def _scales(trainer: Trainer) -> Iterator[tuple[str, float]]:
    store = trainer.model.store
    for node_id, specs in store.specs.items():
        for name, spec in specs.items():
            if not spec.is_bias:
                w = np.asarray(store.views[node_id][name], np.float64)
                yield node_id, math.sqrt(spec.fan_in * float(np.square(w).mean()))
                break


@dataclass(frozen=True, eq=False)
class Moment:
    """A run as far as it has come.

    Args:
        plan: what is trained.
        log: a row per epoch.
        looks: the last ones, oldest first; there is at least one.
        first: the look before the first update; ``None`` where nobody looked then.
        diverged: why the run could not go on; "" where it can. ``broken``: at which node; ``remedy``: what would end it.
    """

    plan: Plan
    log: LogView
    looks: tuple[Look, ...]
    first: Look | None = None
    diverged: str = ""
    broken: str = ""
    remedy: Remedy | None = None

    @property
    def now(self) -> Look:
        """The newest look."""
        return self.looks[-1]

    @cached_property
    def epoch(self) -> int:
        """Finished passes."""
        return int(self.log["epoch"][-1]) if len(self.log) else 0

    def last(self, epochs: int, column: str = "train_loss") -> Array:
        """The values of a column over the last ``epochs`` epochs, the one before them first; empty where there are not so many."""
        at = self.log["epoch"]
        if not len(at) or at[-1] - at[0] < epochs:
            return np.zeros(0)
        found: Array = self.log[column][np.searchsorted(at, at[-1] - epochs) :]
        return found if np.isfinite(found).all() else np.zeros(0)

    def fell(self, epochs: int) -> float:
        """By which share the training loss fell over the last ``epochs`` epochs; NaN where that is not known."""
        losses = self.last(epochs)
        return float(1 - losses[-1] / losses[0]) if len(losses) and losses[0] > 0 else math.nan

    @cached_property
    def loss(self) -> float:
        """Over the training part, after the last epoch."""
        return float(self.log["train_loss"][-1]) if len(self.log) else math.nan

    @cached_property
    def learned(self) -> bool:
        """Whether the training loss is at most half of what a constant answer has: then it is not stuck, whatever else is so."""
        return self.loss <= 0.5 * self.plan.chance

    @cached_property
    def learns(self) -> bool:
        """Whether it is on its way: learned, or the loss falls by 3 % in three epochs and is below that of a constant answer."""
        fell = (
            self.fell(max(1, min(3, self.epoch - int(self.log["epoch"][0])))) if len(self.log) else math.nan
        )
        return self.learned or (fell > 0.03 and not self.loss > self.plan.chance)


def named(nodes: Collection[str]) -> str:
    """ "linear1", "linear1 and linear2", "linear1, linear2 and 3 more"."""
    ids = list(nodes)
    if len(ids) <= 2:
        return " and ".join(ids)
    if len(ids) == 3:
        return f"{ids[0]}, {ids[1]} and {ids[2]}"
    return f"{ids[0]}, {ids[1]} and {len(ids) - 2} more"


def percent(share: float) -> str:
    """A share as a person reads it, three significant digits: "6.25 %"."""
    return f"{100 * share:.3g} %".replace("-", "−")


def number(value: float) -> str:
    """Three significant digits: "326,000", "0.0123", "1.2e−8"."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{float(f'{value:.3g}'):,.0f}"
    return text.replace("-", "−")
