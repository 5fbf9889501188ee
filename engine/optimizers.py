"""Optimizers: how a gradient becomes an update. Defaults, names and arithmetic are PyTorch's.

Parameters, gradients and each kind of state are one long vector each, so that an update is a few calls for the whole network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array, Call, call
from engine.registry import Registry
from engine.spec import Float, Spec, param


def learning_rate(default: float) -> float:
    """The field every optimizer has, said once."""
    rate: float = param(
        Float(min=0.0, max=100.0, log=True),
        default=default,
        help="How far one step goes along the gradient.",
        label="learning rate",
    )
    return rate


class Optimizer(Spec):
    """Base of optimizers.

    ``slots`` names the vectors it keeps per parameter (all zero at first); ``bind`` returns the calls of one update.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    lr: float

    def bind(self, p: Array, g: Array, lr: Array, step: Array, *slots: Array) -> Sequence[Call]:
        """Calls that change ``p`` in place.

        Args:
            p, g: parameters and gradients, ``(n,)``; ``g`` must be left as it is.
            lr: the current learning rate, 0-d; schedules write it.
            step: how many updates were made, 0-d int64; optimizers that need it count it up.
            slots: the vectors named in ``slots``, ``(n,)`` each.
        """
        return ()


optimizers: Registry[Optimizer] = Registry("optimizer", Optimizer)


@optimizers.register("SGD", label="SGD")
@dataclass(frozen=True)
class SGD(Optimizer):
    """One step straight down the slope of this batch."""

    lr: float = learning_rate(0.03)
    formula = r"w \leftarrow w - \eta g"

    def bind(self, p: Array, g: Array, lr: Array, step: Array, *slots: Array) -> Sequence[Call]:
        move = np.zeros_like(p)
        return [call(np.multiply, g, lr, move), call(np.subtract, p, move, p)]


def _momentum() -> float:
    beta: float = param(
        Float(min=0.0, max=0.9999), default=0.9, help="How much of the last step's velocity is kept."
    )
    return beta


@optimizers.register("momentum", label="SGD with momentum")
@dataclass(frozen=True)
class Momentum(Optimizer):
    """Steps gather speed along directions that persist, like a ball rolling downhill. Polyak 1964."""

    lr: float = learning_rate(0.01)
    momentum: float = _momentum()
    slots = ("velocity",)
    formula = r"v \leftarrow \mu v + g, \quad w \leftarrow w - \eta v"

    def bind(self, p: Array, g: Array, lr: Array, step: Array, *slots: Array) -> Sequence[Call]:
        (v,) = slots
        move, mu = np.zeros_like(p), np.array(self.momentum, p.dtype)
        return [
            call(np.multiply, v, mu, v),
            call(np.add, v, g, v),
            call(np.multiply, v, lr, move),
            call(np.subtract, p, move, p),
        ]


@optimizers.register("nesterov", label="SGD with Nesterov momentum")
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Momentum that looks where the velocity is about to take it. Nesterov 1983; in PyTorch's form."""

    lr: float = learning_rate(0.01)
    momentum: float = _momentum()
    slots = ("velocity",)
    formula = r"v \leftarrow \mu v + g, \quad w \leftarrow w - \eta (g + \mu v)"

    def bind(self, p: Array, g: Array, lr: Array, step: Array, *slots: Array) -> Sequence[Call]:
        (v,) = slots
        move, mu = np.zeros_like(p), np.array(self.momentum, p.dtype)
        return [
            call(np.multiply, v, mu, v),
            call(np.add, v, g, v),
            call(np.multiply, v, mu, move),
            call(np.add, move, g, move),
            call(np.multiply, move, lr, move),
            call(np.subtract, p, move, p),
        ]


@optimizers.register("Adam", label="Adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps of about the same size for every weight, whatever the size of its gradient. Kingma & Ba 2015."""

    lr: float = learning_rate(0.001)
    beta1: float = param(
        Float(min=0.0, max=0.9999),
        default=0.9,
        help="How slowly the mean of the gradients moves.",
        label="β₁",
    )
    beta2: float = param(
        Float(min=0.0, max=0.99999),
        default=0.999,
        help="How slowly the mean of the squared gradients moves.",
        label="β₂",
    )
    eps: float = param(
        Float(min=0.0, open_min=True, log=True),
        default=1e-8,
        help="Keeps the division away from 0.",
        label="ε",
        advanced=True,
    )
    slots = ("m", "v")
    formula = (
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad "
        r"w \leftarrow w - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}"
    )

    def bind(self, p: Array, g: Array, lr: Array, step: Array, *slots: Array) -> Sequence[Call]:
        m, v = slots
        work, denominator = np.zeros_like(p), np.zeros_like(p)
        b1, b2 = self.beta1, self.beta2
        c1, c2, eps = (np.array(c, p.dtype) for c in (1.0 - b1, 1.0 - b2, self.eps))
        root, size = np.array(1.0, p.dtype), np.array(0.0, p.dtype)

        def correct_bias() -> None:
            step[()] += 1
            t = int(step)
            root[()] = np.sqrt(1.0 - b2**t)
            size[()] = float(lr) / (1.0 - b1**t)

        return [
            call(np.subtract, g, m, work),
            call(np.multiply, work, c1, work),
            call(np.add, m, work, m),
            call(np.multiply, g, g, work),
            call(np.subtract, work, v, work),
            call(np.multiply, work, c2, work),
            call(np.add, v, work, v),
            call(correct_bias),
            call(np.sqrt, v, denominator),
            call(np.divide, denominator, root, denominator),
            call(np.add, denominator, eps, denominator),
            call(np.divide, m, denominator, work),
            call(np.multiply, work, size, work),
            call(np.subtract, p, work, p),
        ]
