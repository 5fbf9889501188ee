"""A copy of a network that trains, on some of its samples, to try other weights on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.core import Array, run_calls, unwarned
from engine.data import Dataset
from engine.errors import EngineError
from engine.evaluate import Evaluator
from engine.losses import Loss
from engine.model import Model
from engine.network import Network
from engine.program import Program
from engine.train import Trainer
from engine.update import Update

#: parameters up to which all of this is offered: a copy of them, and directions among them, must cost little beside the run
MOST_PARAMETERS = 1_000_000
#: samples of a bench at most and at least, and the numbers inside the network that one pass over them may make
MOST_SAMPLES, LEAST_SAMPLES, MOST_NUMBERS = 1000, 32, 400_000


class TooLarge(EngineError):
    """The network has too many parameters for such a picture."""


def samples_for(network: Network, in_shape: tuple[int, ...], count: int) -> int:
    """How many of ``count`` samples one look at the loss is taken over: what follows from sizes alone is the same on every machine."""
    numbers = sum(math.prod(shape) for shape in network.shapes(in_shape).values())
    return min(count, max(LEAST_SAMPLES, min(MOST_SAMPLES, MOST_NUMBERS // max(numbers, 1))))


def some(data: Dataset, count: int) -> Dataset:
    """``count`` samples at even distances, all of them where there are no more."""
    if count >= len(data):
        return data
    return data.take(np.linspace(0, len(data) - 1, count).round().astype(np.intp))


class Bench:
    """The weights of ``trainer`` as they are now, copied, with some of its training samples.

    Losses are those that training lowers: the mean loss of the samples, dropout off and running statistics as they are, plus the
    penalty. They are computed in float64, so that the difference a small step makes is no noise.

    Attributes:
        model: the copy.
        data: its samples.
        here: ``(n,)`` float64, the weights when it was made.
        penalized: whether a penalty takes part.

    Raises TooLarge for a network of more than ``MOST_PARAMETERS``.
    """

    def __init__(self, trainer: Trainer) -> None:
        mine = trainer.model
        count = len(mine.store.values)
        if count > MOST_PARAMETERS:
            raise TooLarge(
                f"The network has {count:,} parameters; this is drawn for up to {MOST_PARAMETERS:,}. Try it on a smaller one."
            )
        self.fit, self.loss = trainer.fit, trainer.loss
        self.model = copied(mine, "float64")
        self.data = some(trainer.train, samples_for(mine.network, mine.in_shape, len(trainer.train)))
        self.here = mine.store.values.astype(np.float64)
        self._over_all = Evaluator(self.model, self.data, self.fit.loss)
        self._update = Update(self.model, trainer.fit, {}, np.zeros((), np.int64))
        self._programs: dict[int, _Backward] = {}
        self.penalized = self._update.penalty() != 0.0

    def loss_at(self, values: Array) -> float:
        """Loss and penalty with weights ``(n,)``; infinite where it is no number."""
        return self._with(values, self._over_all)

    def losses_on(self, data: Dataset) -> Callable[[Array], float]:
        """``loss_at`` over other samples."""
        over = Evaluator(self.model, data, self.fit.loss)
        return lambda values: self._with(values, over)

    @unwarned()
    def _with(self, values: Array, over: Evaluator) -> float:
        self.model.store.values[...] = values
        found = over().loss + (self._update.penalty() if self.penalized else 0.0)
        return found if math.isfinite(found) else math.inf

    @unwarned()
    def gradient(self, data: Dataset | None = None) -> Array:
        """Of the mean loss of ``data`` (by default its own samples) at ``here``, without the penalty.

        Returns ``(n,)`` float64. In inference mode, as the losses are: no dropout, and batch normalization by running statistics, so
        that it exists for a single sample as well.
        """
        data, model = self.data if data is None else data, self.model
        model.store.values[...] = self.here
        total, size, whole = np.zeros(len(self.here)), model.piece(len(data)), 0.0
        for start in range(0, len(data), size):
            part = slice(start, min(start + size, len(data)))
            run = self._backward(part.stop - start)
            run.program.x[...] = np.moveaxis(data.x[part], 0, -1)
            run.target[...] = self.loss.targets(data.y[part], model.outputs).T
            run.both()
            mass = self.loss.mass(run.target)
            total += mass * model.store.gradients
            whole += mass
        return total / whole if whole else total

    def _backward(self, count: int) -> _Backward:
        """What goes forward and back for ``count`` samples; the last two are kept."""
        if count not in self._programs:
            while len(self._programs) > 1:
                del self._programs[next(iter(self._programs))]
            self._programs[count] = _backward(self.model, self.loss, count)
        return self._programs[count]


class _Backward(NamedTuple):
    program: Program
    target: Array
    both: Callable[[], None]


def _backward(model: Model, loss: Loss, count: int) -> _Backward:
    program = model.own_program(count)
    target = np.zeros((model.outputs, count), program.dtype)
    steps = loss.attach(program.output, target, program.d_output, np.zeros((), program.dtype))

    def both() -> None:
        program.forward()
        run_calls((*steps.forward, *steps.backward))
        program.backward()

    return _Backward(program, target, both)


def copied(model: Model, dtype: str) -> Model:
    """Another model of the same network with the same numbers in it."""
    other = Model(model.network, model.in_shape, model.seed, dtype, model.initializer)
    other.store.values[...] = model.store.values
    for node_id, arrays in model.store.state.items():
        for name, array in arrays.items():
            other.store.state[node_id][name][...] = array
    other.randomness = model.randomness
    return other
