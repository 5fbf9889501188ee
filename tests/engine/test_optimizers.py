"""Every registered optimizer, step by step, against its algorithm as it was published, written here in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

from engine.core import Array, run_calls
from engine.errors import SpecError
from engine.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, optimizers
from engine.spec import Bool
from tests.engine.catalogue import case_id

STEPS = 7
#: rates that change on the way, as a schedule's do
RATES = (0.1, 0.1, 0.07, 0.07, 0.2, 0.2, 0.01)

Path = Iterator[Array]
References = dict[type[Optimizer], Callable[[Any, Array, Array], Path]]


def sgd(o: SGD, w: Array, gradients: Array) -> Path:
    """Sutskever et al. 2013 in PyTorch's form: the rate outside the velocity; the first velocity is the first gradient."""
    v = None
    for rate, g in zip(RATES, gradients, strict=True):
        g = g + o.weight_decay * w
        if o.momentum:
            v = g if v is None else o.momentum * v + (1 - o.dampening) * g
            g = g + o.momentum * v if o.nesterov else v
        w = w - rate * g
        yield w


def adagrad(o: Adagrad, w: Array, gradients: Array) -> Path:
    """Duchi et al. 2011, the diagonal form."""
    seen = 0.0
    for rate, g in zip(RATES, gradients, strict=True):
        g = g + o.weight_decay * w
        seen = seen + g**2
        w = w - rate * g / (np.sqrt(seen) + o.eps)
        yield w


def rmsprop(o: RMSprop, w: Array, gradients: Array) -> Path:
    """Tieleman & Hinton 2012; momentum gathers the divided gradients, the rate outside, as in Graves 2013 and PyTorch."""
    mean, v = 0.0, 0.0
    for rate, g in zip(RATES, gradients, strict=True):
        g = g + o.weight_decay * w
        mean = o.alpha * mean + (1 - o.alpha) * g**2
        v = o.momentum * v + g / (np.sqrt(mean) + o.eps)
        w = w - rate * v
        yield w


def adam(o: Adam, w: Array, gradients: Array) -> Path:
    """Kingma & Ba 2015, algorithm 1; weight decay is part of the gradient (L2)."""
    m, v = 0.0, 0.0
    for t, (rate, g) in enumerate(zip(RATES, gradients, strict=True), 1):
        g = g + o.weight_decay * w
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        w = w - rate * (m / (1 - o.beta1**t)) / (np.sqrt(v / (1 - o.beta2**t)) + o.eps)
        yield w


def adamw(o: AdamW, w: Array, gradients: Array) -> Path:
    """Loshchilov & Hutter 2019, algorithm 2: the decay stands beside the gradient and is scaled by the rate."""
    m, v = 0.0, 0.0
    for t, (rate, g) in enumerate(zip(RATES, gradients, strict=True), 1):
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        w = w - rate * (m / (1 - o.beta1**t) / (np.sqrt(v / (1 - o.beta2**t)) + o.eps) + o.weight_decay * w)
        yield w


REFERENCES: References = {SGD: sgd, Adagrad: adagrad, RMSprop: rmsprop, Adam: adam, AdamW: adamw}


def settings(cls: type[Optimizer]) -> Iterator[Optimizer]:
    """Every combination of the default with one other value of each setting: what matters only together is there too."""
    others = {
        p.name: [
            p.default,
            not p.default if isinstance(p.kind, Bool) else 0.01 if 0 < p.default < 1e-3 else 0.3,
        ]
        for p in cls.params()
        if p.name != "lr"
    }
    for values in product(*others.values()):
        try:
            yield cls(**dict(zip(others, values, strict=True)))
        except SpecError:  # such as Nesterov's momentum without momentum
            continue


CASES = [o for cls in optimizers for o in settings(cls)]


def test_every_optimizer_has_a_reference() -> None:
    assert set(REFERENCES) == set(optimizers), "write the published algorithm of each, here"


@dataclass
class Bound:
    """An optimizer on parameters of its own, driven as an update drives it."""

    optimizer: Optimizer
    p: Array

    def __post_init__(self) -> None:
        self.g, self.rate, self.step = np.zeros_like(self.p), np.array(0.0), np.array(0, np.int64)
        slots = [np.zeros_like(self.p) for _ in self.optimizer.slots]
        self.calls = self.optimizer.bind(self.p, self.g, self.rate, self.step, *slots)

    def update(self, rate: float, gradient: Array) -> None:
        self.g[...] = gradient
        self.rate[...] = rate
        self.step += 1
        run_calls(self.calls)
        np.testing.assert_array_equal(self.g, gradient, "the gradient is left as it is")


@pytest.mark.parametrize("optimizer", CASES, ids=case_id)
def test_every_update_is_the_published_one(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=9), rng.normal(size=(STEPS, 9)) * 10.0 ** rng.integers(-3, 3, 9)
    gradients[2, :3] = 0.0  # a unit that was dead for one batch
    bound = Bound(optimizer, start.copy())
    for rate, gradient, expected in zip(
        RATES, gradients, REFERENCES[type(optimizer)](optimizer, start, gradients), strict=True
    ):
        bound.update(rate, gradient)
        np.testing.assert_allclose(bound.p, expected, rtol=1e-12, atol=1e-12)
