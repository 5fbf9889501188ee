"""Losses: one number that says how wrong the outputs are, and its gradient. Means are over the batch, as in PyTorch.

Inside a program outputs are ``(outputs, B)`` and targets ``(outputs, B)``: for classes a row of 0 and 1 per class ("one-hot"),
so that every loss reads the same kind of array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array, Call, Shape, Steps, call
from engine.data.base import Dataset, Task
from engine.errors import ShapeError
from engine.registry import Registry
from engine.spec import Spec


class Loss(Spec):
    """Base of losses. A subclass says which tasks it serves, how many outputs it needs, and its calls."""

    tasks: ClassVar[tuple[Task, ...]] = ()
    #: what the mean is over, in words
    factor: ClassVar[str] = ""

    def out_shape(self, data: Dataset) -> Shape:
        """What the last layer must give for ``data``. Raises ShapeError when the loss does not serve this task."""
        if data.task not in self.tasks:
            fit = [cls.label for cls in losses if data.task in cls.tasks]
            raise ShapeError(
                f"{self.label} is a loss for {' or '.join(self.tasks)}; these data are {data.task}. Choose {' or '.join(fit)}."
            )
        return (len(data.classes),) if data.classes else (data.y.shape[1],)

    def targets(self, y: Array, outputs: int) -> Array:
        """Targets as the calls read them: ``(N, outputs)`` floats from labels ``(N,)`` or numbers ``(N, outputs)``."""
        if np.issubdtype(y.dtype, np.integer):
            return np.eye(outputs)[y]
        return y.reshape(len(y), outputs)

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        """Calls that write the loss into the 0-d ``value`` and its gradient into ``dz``; ``z, t, dz`` are ``(outputs, B)``."""
        raise ShapeError(f"{type(self).__name__} does not say how it is computed; define bind().")

    def probabilities(self, z: Array) -> Array:
        """What classification outputs ``(N, outputs)`` say as probabilities ``(N, classes)``."""
        return z


losses: Registry[Loss] = Registry("loss", Loss)


def _constant(like: Array, value: float) -> Array:
    return np.array(value, like.dtype)


@losses.register("MSELoss", label="Mean squared error")
@dataclass(frozen=True)
class MSELoss(Loss):
    """The average squared distance between output and target; large errors count most."""

    tasks = ("regression", "binary")
    factor = "mean over outputs and batch, no ½"
    formula = r"L = \frac{1}{NK} \sum_{n,k} (z_{nk} - t_{nk})^2"
    gradient_formula = r"\frac{\partial L}{\partial z_{nk}} = \frac{2}{NK} (z_{nk} - t_{nk})"

    def out_shape(self, data: Dataset) -> Shape:
        shape = super().out_shape(data)
        return (1,) if data.classes else shape

    def targets(self, y: Array, outputs: int) -> Array:
        # Two classes are taught as -1 and +1, so that the sign of the output is the answer, as for a logit.
        return 2.0 * y[:, None] - 1.0 if np.issubdtype(y.dtype, np.integer) else super().targets(y, outputs)

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        flat = dz.reshape(-1)
        mean, double = _constant(z, 1.0 / z.size), _constant(z, 2.0 / z.size)
        forward = [
            call(np.subtract, z, t, dz),
            call(flat.dot, flat, value),
            call(np.multiply, value, mean, value),
        ]
        return Steps(forward, [call(np.multiply, dz, double, dz)])

    def probabilities(self, z: Array) -> Array:
        p = 0.5 * (np.clip(z, -1.0, 1.0) + 1.0)
        return np.concatenate([1.0 - p, p], axis=1)


@losses.register("BCEWithLogitsLoss", label="Binary cross-entropy")
@dataclass(frozen=True)
class BCEWithLogitsLoss(Loss):
    """How surprised a yes/no probability is by the truth; the sigmoid is part of the loss, so the network gives one logit."""

    tasks = ("binary",)
    factor = "mean over the batch"
    formula = r"L = \frac{1}{N} \sum_n \log(1 + e^{z_n}) - t_n z_n"
    gradient_formula = r"\frac{\partial L}{\partial z_n} = \frac{1}{N} (\sigma(z_n) - t_n)"

    def out_shape(self, data: Dataset) -> Shape:
        super().out_shape(data)
        return (1,)

    def targets(self, y: Array, outputs: int) -> Array:
        return y.reshape(len(y), outputs).astype(np.float64)

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        zero, half, mean = np.zeros_like(z), _constant(z, 0.5), _constant(z, 1.0 / z.size)
        per_sample, agreement = np.zeros_like(dz), _constant(z, 0.0)
        flat_z, flat_t = z.reshape(-1), t.reshape(-1)
        forward = [
            call(np.logaddexp, zero, z, per_sample),  # log(1 + e^z) without overflow
            call(np.add.reduce, per_sample, None, None, value),
            call(flat_z.dot, flat_t, agreement),
            call(np.subtract, value, agreement, value),
            call(np.multiply, value, mean, value),
        ]
        backward = [
            call(
                np.multiply, z, half, dz
            ),  # σ(z) = ½ tanh(z/2) + ½: one call instead of exp, add, divide, and no overflow
            call(np.tanh, dz, dz),
            call(np.multiply, dz, half, dz),
            call(np.add, dz, half, dz),
            call(np.subtract, dz, t, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def probabilities(self, z: Array) -> Array:
        p = 0.5 * np.tanh(0.5 * z) + 0.5
        return np.concatenate([1.0 - p, p], axis=1)


@losses.register("CrossEntropyLoss", label="Cross-entropy")
@dataclass(frozen=True)
class CrossEntropyLoss(Loss):
    """How surprised the class probabilities are by the true class; the softmax is part of the loss, so the network gives logits."""

    tasks = ("multiclass", "binary")
    factor = "mean over the batch"
    formula = r"L = \frac{1}{N} \sum_n \log \sum_k e^{z_{nk}} - z_{n y_n}"
    gradient_formula = r"\frac{\partial L}{\partial z_{nk}} = \frac{1}{N} (p_{nk} - t_{nk})"

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        batch = z.shape[1]
        top, total, log_total = (np.zeros((1, batch), z.dtype) for _ in range(3))
        shifted = np.zeros_like(dz)
        mean, agreement = _constant(z, 1.0 / batch), _constant(z, 0.0)
        flat_shifted, flat_t = shifted.reshape(-1), t.reshape(-1)
        forward = [
            call(np.maximum.reduce, z, 0, None, top, True),
            call(np.subtract, z, top, shifted),  # largest logit 0: exp cannot overflow
            call(np.exp, shifted, dz),
            call(np.add.reduce, dz, 0, None, total, True),
            call(np.log, total, log_total),
            call(np.add.reduce, log_total, None, None, value),
            call(flat_shifted.dot, flat_t, agreement),
            call(np.subtract, value, agreement, value),
            call(np.multiply, value, mean, value),
        ]
        backward: list[Call] = [
            call(np.divide, dz, total, dz),  # softmax
            call(np.subtract, dz, t, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def probabilities(self, z: Array) -> Array:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        probabilities: Array = e / e.sum(axis=1, keepdims=True)
        return probabilities


def suited(task: Task) -> Sequence[type[Loss]]:
    """The losses that serve a task, the usual one first."""
    fit = [cls for cls in losses if task in cls.tasks]
    return sorted(fit, key=lambda cls: cls.tasks.index(task))
