"""A recording of the next update of a run: every value, gradient and stage of the parameters, made by the calls that train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core import Array, Call, Shape
from engine.errors import EngineError
from engine.fit import Fit
from engine.layers.base import Bind
from engine.network import INPUT, Network
from engine.parts import training_program
from engine.program import Program
from engine.trace.symbols import Symbols, Way, symbols
from engine.update import Update

if TYPE_CHECKING:
    from engine.train import Trainer

#: bytes that a trace may hold
BUDGET = 256_000_000

#: what happens to a parameter in one update, in order; "after" is what the weights become
STAGES = ("before", "gradient", "penalized", "clipped", "stepped", "after")


@dataclass(frozen=True, eq=False)
class Guest:
    """A sample that stands in the place of a batch's first, to be followed: of any part of the data, or somebody's own.

    Args:
        part, index: which, as the window counts.
        x: as the network reads it, ``in_shape``.
        y: its label, or its numbers.
    """

    part: str
    index: int
    x: Array
    y: Array


class NotKept(EngineError):
    """A number was asked for that the trace had no room for, or that never was."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One update, recorded; nothing in it ever changes. See :func:`record`.

    Attributes:
        network, in_shape, fit: of the run.
        epoch, step: when; finished epochs and updates before it.
        batch: ``(N,)``, the samples as places in the training part.
        labels: their targets as the data have them, ``(N,)`` or ``(N, outputs)``.
        targets: as the loss reads them, ``(N, outputs)``.
        samples: which of the batch have values here; all, unless the network is too large (``left_out`` says so).
        values: ``node id → (S, …)``, with "input"; S is the number of ``samples``.
        gradients: the gradient ∂L/∂y that arrives at each node's output, likewise.
        shares: ``(reader, position) → (S, …)``: what a reader sent to its input, where several read the same one.
        extras: ``node id → {name: array}`` of what layers keep to themselves, such as today's dropout factors.
        parameters: ``stage → node id → (n,)``, stages as in ``STAGES`` and "slot/before", "slot/after"; see ``parameter``.
        state_before, state_after: running statistics, ``node id → {name: array}``.
        randomness: ``node id → state`` of the generators before the step.
        loss, loss_after: of this batch, without the penalty, before and after the update (with the same dropout masks).
        penalty, penalty_after: the regularization term before and after.
        learning_rate: of this update.
        number: which update this is for the optimizer, from 1 (0 where it does not count): the t of its bias corrections.
        norm: length of the whole gradient before clipping (penalty included).
        left_out: what had no room, a sentence each.
        guest: the sample, as ``(part, index)``, that stands in the place of the batch's first; ``None``: the batch is as it comes.
            Training never makes an update with a guest.
        symbols: how equations name its numbers.
    """

    network: Network
    in_shape: Shape
    fit: Fit
    epoch: int
    step: int
    batch: Array
    labels: Array
    targets: Array
    samples: tuple[int, ...]
    values: Mapping[str, Array]
    gradients: Mapping[str, Array]
    shares: Mapping[tuple[str, int], Array]
    extras: Mapping[str, Mapping[str, Array]]
    parameters: Mapping[str, Mapping[str, Array]]
    state_before: Mapping[str, Mapping[str, Array]]
    state_after: Mapping[str, Mapping[str, Array]]
    randomness: Mapping[str, Any]
    loss: float
    loss_after: float
    penalty: float
    penalty_after: float
    learning_rate: float
    number: int
    norm: float
    left_out: tuple[str, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    guest: tuple[str, int] | None = None
    symbols: Symbols = field(default_factory=Symbols)

    def written(self, way: Way) -> Trace:
        """The same update with other letters in its equations; arrays are shared."""
        return self if way == self.symbols.way else replace(self, symbols=symbols(self.network, way))

    @property
    def size(self) -> int:
        """N, the number of samples in the batch."""
        return len(self.batch)

    @property
    def whole(self) -> bool:
        """Whether every sample of the batch has its values here."""
        return len(self.samples) == self.size

    @property
    def nbytes(self) -> int:
        """Bytes held; memory that two arrays share counts once."""
        owners = {id(o): o.nbytes for o in map(_owner, self._arrays())}
        return sum(owners.values())

    def row(self, sample: int) -> int:
        """Which row of ``values`` is ``sample`` of the batch. Raises NotKept."""
        if sample not in self.samples:
            raise NotKept(
                f"The values of sample {sample} are not in this trace; it has {_listed(self.samples)} of {self.size}. "
                "Choose one of those, or trace again with this sample chosen."
            )
        return sample if self.whole else self.samples.index(sample)

    def parameter(self, node_id: str, name: str, stage: str = "before") -> Array:
        """A parameter, its gradient or its slot at one stage of the update, in PyTorch's shape. Raises NotKept."""
        kept = self.parameters.get(stage, {})
        if node_id not in kept:
            raise NotKept(
                f"Node {node_id!r} has no {stage} {name} in this trace. Choose a node with parameters that were kept."
            )
        return self.arranged(node_id, kept[node_id])[name]

    def arranged(self, node_id: str, flat: Array) -> dict[str, Array]:
        """A node's flat vector as its parameters, in PyTorch's shapes."""
        layer = self.network[node_id].layer
        return layer.arrange(flat, layer.parameters(*self.in_shapes(node_id)))

    def in_shapes(self, node_id: str) -> tuple[Shape, ...]:
        """Shapes of one sample at a node's inputs."""
        return tuple(self.shapes[i] for i in self.network.inputs_of(node_id))

    def share(self, node_id: str, position: int) -> Array:
        """What ``node_id`` sent to its input ``position``, ``(S, …)`` in that input's shape."""
        if (node_id, position) in self.shares:
            return self.shares[node_id, position]
        source = self.network.inputs_of(node_id)[position]
        if self.network[node_id].layer.is_view:
            return self.gradients[node_id].reshape(-1, *self.shapes[source])
        return self.gradients[source]

    def readers(self, node_id: str) -> tuple[tuple[str, int], ...]:
        """Who reads a node's output: ``(reader, position)``."""
        return readers(self.network, node_id)

    def learners(self) -> tuple[str, ...]:
        """The nodes whose parameters are kept here, in order."""
        kept = self.parameters["before"]
        return tuple(n.id for n in self.network.nodes if n.id in kept)

    def _arrays(self) -> Iterator[Array]:
        yield from (self.batch, self.labels, self.targets)
        yield from self.values.values()
        yield from self.gradients.values()
        yield from self.shares.values()
        for group in (self.extras, self.parameters, self.state_before, self.state_after):
            for arrays in group.values():
                yield from arrays.values()


def readers(network: Network, node_id: str) -> tuple[tuple[str, int], ...]:
    """Who reads a node's output: ``(reader, position)``, in the network's order."""
    return tuple(
        (node.id, position)
        for node in network.nodes
        for position, source in enumerate(network.inputs_of(node.id))
        if source == node_id
    )


def record(trainer: Trainer, sample: int = 0, budget: int = BUDGET, guest: Guest | None = None) -> Trace:
    """The next update of ``trainer`` as a Trace. Nothing of the run is changed by it.

    Args:
        trainer: at any point of its run.
        sample: place in the batch of the sample to keep where there is no room for all; the last one if there are fewer.
        budget: bytes that the trace may hold. Values come first, then parameters, small layers before large ones.
        guest: takes the place of the batch's first sample.
    """
    return _Recorder(trainer, 0 if guest is not None else sample, budget, guest).record()


class _Recorder:
    """One recording. A program of its own computes it, so that training's buffers stay as they are."""

    def __init__(self, trainer: Trainer, sample: int, budget: int, guest: Guest | None = None) -> None:
        self._trainer, self._model = trainer, trainer.model
        self._up, self._left_out = trainer.upcoming(), list[str]()
        self._guest = guest
        self._labels = trainer.train.y[self._up.indices]
        if guest is not None:
            self._seat(guest)
        n = len(self._up.indices)
        self._shapes = self._model.shapes
        numbers = sum(int(np.prod(s)) for s in self._shapes.values())
        each = 2 * numbers * self._model.dtype.itemsize
        self._samples = tuple(range(n))
        if n * each > budget:
            self._samples = (min(sample, n - 1),)
            self._left_out.append(
                f"The values of this batch would fill {n * each / 1e6:,.0f} MB and {budget / 1e6:,.0f} MB are allowed, so only those "
                f"of sample {self._samples[0] + 1} of {n} are kept. Choose a smaller batch to see all."
            )
        self._budget = budget - len(self._samples) * each
        self._stages: dict[str, dict[str, Array]] = {}
        self._kept = self._nodes_with_room()

    def _seat(self, guest: Guest) -> None:
        """Put a guest into the place of the first sample."""
        up, loss = self._up, self._trainer.loss
        x, t, self._labels = up.x.copy(), up.t.copy(), self._labels.copy()
        x[..., 0] = guest.x
        t[:, 0] = loss.targets(np.asarray(guest.y)[None], len(t))[0]
        self._labels[0] = guest.y
        self._up = up._replace(x=x, t=t)

    def _nodes_with_room(self) -> list[str]:
        """The nodes whose parameters fit, small ones first."""
        slots = len(self._trainer.slots)
        sizes = {i: s.stop - s.start for i, s in self._model.store.slices.items()}
        kept, missing, room = list[str](), list[str](), self._budget
        for node_id in sorted(sizes, key=lambda i: sizes[i]):
            need = sizes[node_id] * self._model.dtype.itemsize * (len(STAGES) + 2 * slots)
            (kept if need <= room else missing).append(node_id)
            room -= need if need <= room else 0
        if missing:
            self._left_out.append(
                f"The parameters of {', '.join(missing)} are too many to be kept, so their updates cannot be looked at. "
                "Make those layers smaller."
            )
        return [i for i in self._model.store.slices if i in kept]

    def record(self) -> Trace:
        trainer, model, up = self._trainer, self._model, self._up
        store, fit = model.store, trainer.fit.replace(loss=trainer.loss)
        with trainer.rehearsal() as update:
            randomness = model.randomness
            state_before = _copied(store.state)
            self._keep("before", store.values)
            penalty = update.penalty()
            program = training_program(
                model.network, model.in_shape, len(up.indices), store, rngs=model.rngs, input_gradient=True
            )
            value = np.zeros((), model.dtype)
            target = np.ascontiguousarray(up.t)
            loss = fit.loss.attach(program.output, target, program.d_output, value)
            program.x[...] = up.x
            _run(program.forward_calls)
            _run(loss.forward)
            before = float(value)
            _run(loss.backward)
            _run(program.backward_calls)
            self._keep("gradient", store.gradients)
            values, gradients, shares = self._flow(program)
            state_after = _copied(store.state)
            self._step(update)
            norm, rate, number = update.gradient_norm(), float(update.lr), int(update.step)
            penalty_after = update.penalty()
            model.randomness = randomness
            _run(program.forward_calls)
            _run(loss.forward)
            after = float(value)
        return Trace(
            model.network, model.in_shape, fit, trainer.epoch, trainer.steps, up.indices, self._labels,
            np.array(up.t.T, order="C"), self._samples, values, gradients, shares, self._extras(values, randomness),
            self._stages, state_before, state_after, randomness, before, after, penalty, penalty_after, rate, number,
            norm, tuple(self._left_out), self._shapes, (self._guest.part, self._guest.index) if self._guest else None,
        )  # fmt: skip

    def _keep(self, stage: str, vector: Array) -> None:
        """A copy of a vector over all parameters, node by node."""
        slices = self._model.store.slices
        self._stages[stage] = {i: vector[slices[i]].copy() for i in self._kept}

    def _step(self, update: Update) -> None:
        """From gradients to new weights, keeping every stage that changes something."""
        store, slots, last = self._model.store, update.slots, {"g": "gradient", "p": "before"}
        for name, vector in slots.items():
            self._keep(f"{name}/before", vector)
        after = {
            "penalty": ("g", "penalized"),
            "clipping": ("g", "clipped"),
            "optimizer": ("p", "stepped"),
            "max-norm": ("p", "after"),
        }
        for stage, calls in update.stages.items():
            which, name = after[stage]
            _run(calls)
            if calls:
                self._keep(name, store.gradients if which == "g" else store.values)
            else:
                self._stages[name] = self._stages[last[which]]
            last[which] = name
        for name, vector in slots.items():
            self._keep(f"{name}/after", vector)

    def _flow(
        self, program: Program
    ) -> tuple[dict[str, Array], dict[str, Array], dict[tuple[str, int], Array]]:
        """Values and gradients of all nodes in public shapes, and the shares of gradients that have several senders."""
        network = self._model.network
        values: dict[str, Array] = {}
        gradients: dict[str, Array] = {}
        shares: dict[tuple[str, int], Array] = {}
        for node_id in (INPUT, *(n.id for n in network.nodes)):
            shape = (-1, *self._shapes[node_id])
            if node_id != INPUT and network[node_id].layer.is_view:
                (source,) = network.inputs_of(node_id)
                values[node_id] = values[source].reshape(shape)
                sent = self._sent_to(program, node_id)
                alone = not sent or len(sent) == len(self._sent_to(program, source))
                found = gradients[source] if alone else np.sum(sent, axis=0)
                gradients[node_id] = found.reshape(shape)
            else:
                values[node_id] = self._public(program.value(node_id))
                gradients[node_id] = self._public(program.gradient(node_id))
            who = readers(network, node_id)
            if len(who) > 1:
                for reader, position in who:
                    if not network[reader].layer.is_view:
                        shares[reader, position] = self._public(program.sent(reader, position))
        return values, gradients, shares

    def _sent_to(self, program: Program, node_id: str) -> list[Array]:
        """What each reader of a node sent back, those behind views included, ``(S, n)``."""
        found = []
        for reader, position in readers(self._model.network, node_id):
            if self._model.network[reader].layer.is_view:
                found += self._sent_to(program, reader)
            else:
                found.append(self._public(program.sent(reader, position)).reshape(len(self._samples), -1))
        return found

    def _public(self, array: Array) -> Array:
        """A copy with the batch first, of the kept samples."""
        if len(self._samples) < array.shape[-1]:
            array = array[..., list(self._samples)]
        return np.array(np.moveaxis(array, -1, 0), order="C")

    def _extras(self, values: dict[str, Array], randomness: Mapping[str, Any]) -> dict[str, dict[str, Array]]:
        """What a random layer has multiplied by and added: its answers to ones and to zeros, from the same random numbers."""
        found: dict[str, dict[str, Array]] = {}
        for node in self._model.network.nodes:
            if node.id not in randomness:
                continue
            (source, *_) = self._model.network.inputs_of(node.id)
            shape, n = self._shapes[source], len(self._up.indices)
            answers = {}
            for name, fill in (("factor", 1.0), ("noise", 0.0)):
                rng = np.random.default_rng()
                rng.bit_generator.state = randomness[node.id]
                x = np.full((*shape, n), fill, self._model.dtype)
                y = np.zeros((*self._shapes[node.id], n), self._model.dtype)
                _run(
                    node.layer.bind(
                        Bind((x,), (x,), y, np.zeros_like(y), (np.zeros_like(x),), rng=rng)
                    ).forward
                )
                answers[name] = self._public(y)
            found[node.id] = answers
        return found


def _run(calls: Iterable[Call]) -> None:
    for c in calls:
        c.function(*c.args, **c.kwargs)


def _copied(state: Mapping[str, Mapping[str, Array]]) -> dict[str, dict[str, Array]]:
    return {i: {name: a.copy() for name, a in arrays.items()} for i, arrays in state.items()}


def _owner(array: Array) -> Array:
    """The array whose memory this is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _listed(samples: tuple[int, ...]) -> str:
    return f"{samples[0]} to {samples[-1]}" if len(samples) > 1 else f"only {samples[0]}"
