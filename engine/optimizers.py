"""Optimizers: how a gradient becomes an update. Defaults, names and arithmetic are PyTorch's.

Parameters, gradients and each kind of memory are one long vector each, so that an update is a few calls for the whole network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.core import Array, Call, call
from engine.errors import SpecError
from engine.maths import Expression, Let, is_explained, juxtaposed, truth
from engine.registry import Registry
from engine.spec import Bool, Float, Spec, param


def learning_rate(default: float) -> float:
    """The field every optimizer has, said once."""
    rate: float = param(
        Float(min=0.0, max=100.0, log=True),
        default=default,
        help="How far one step goes along the gradient.",
        label="learning rate",
    )
    return rate


def weight_decay(default: float = 0.0) -> float:
    """The field of optimizers that can shrink weights themselves, said once."""
    decay: float = param(
        Float(min=0.0, max=10.0, log=True),
        default=default,
        help="How strongly every parameter, biases too, is pulled towards 0 at each step.",
        label="weight decay",
        advanced=True,
    )
    return decay


def epsilon(default: float) -> float:
    """The small number that keeps a division away from 0, said once."""
    eps: float = param(
        Float(min=0.0, open_min=True, log=True),
        default=default,
        help="Keeps the division away from 0.",
        label="ε",
        advanced=True,
    )
    return eps


Scratch = Callable[[Array], Array]


class _Formula:
    """The formula of an optimizer: its update; asked of the class, in the usual settings."""

    def __get__(self, optimizer: Optimizer | None, owner: type[Optimizer]) -> str:
        if not is_explained(owner, "update"):
            return ""
        update = list((optimizer or owner()).update())  # type: ignore[call-arg]  # registered ones have defaults
        lines, known = [], dict[str, str | Expression]()
        for i, let in enumerate(update):
            found = let.expression(lambda name: known.get(name, owner.letter(name)))
            if let.inline and not any(later.name in let.names for later in update[i + 1 : -1]):
                known[let.name] = found
            else:
                lines.append(rf"{owner.letter(let.name)} \leftarrow {juxtaposed(found.latex)}")
        return r", \quad ".join(lines)


class Optimizer(Spec):
    """Base of optimizers: ``slots`` names the vectors it keeps per parameter; ``bind`` returns the calls of one update."""

    lr: float
    formula = _Formula()
    letters: ClassVar[Mapping[str, str]] = {
        "lr": r"\eta", "momentum": r"\mu", "dampening": r"\tau", "weight_decay": r"\lambda_w", "eps": r"\epsilon",
        "velocity": "v", "sum": "s", "square": "s", "m_hat": r"\hat{m}", "v_hat": r"\hat{v}",
    }  # fmt: skip

    def update(self) -> Iterator[Let]:
        """The maths of one update in these settings, line by line: from the gradient ``g`` to the new weight ``w``, which the last line gives.

        Lines read ``w``, ``g``, settings, what is remembered (each slot under its name), ``t``, which counts updates from 1, and earlier lines.
        """
        return iter(())

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the vectors it remembers, all zero at first."""
        return ()

    def pull(self, l2: float) -> tuple[float, float]:
        """``(λ, limit)``: how strongly weights are pulled towards 0 under an L2 penalty of strength ``l2``, and the η·λ beyond which that
        pull overshoots further at each update. λ is 0 where gradients are divided by their size: no pull is too strong for them.
        """
        return 0.0, math.inf

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        """Calls that change ``p`` in place.

        Args:
            p, g: parameters and gradients, ``(n,)``; ``g`` must be left as it is.
            lr: the current learning rate, 0-d; schedules write it.
            step: which update this is, counted from 1, 0-d; the caller counts.
            slots: the vectors named in ``slots``, ``(n,)`` each.
            scratch: makes a vector like another to work in, whose contents nobody needs afterwards.
        """
        return ()


optimizers: Registry[Optimizer] = Registry("optimizer", Optimizer)


def _constants(p: Array, *values: float) -> tuple[Array, ...]:
    return tuple(np.array(v, p.dtype) for v in values)


def _decayed(p: Array, g: Array, decay: float, scratch: Scratch) -> tuple[Array, list[Call]]:
    """The gradient with ``decay · p`` added, and the calls that compute it; ``g`` itself without decay."""
    if not decay:
        return g, []
    total = scratch(p)
    return total, [call(np.multiply, p, np.array(decay, p.dtype), total), call(np.add, total, g, total)]


def _decay(o: SGD | Adagrad | RMSprop | Adam) -> Iterator[Let]:
    """The line of ``_decayed``, where there is decay."""
    if o.weight_decay:
        yield Let("g", lambda g, weight_decay, w: g + weight_decay * w, symbol="g_d")


def _adaptive(direction: Callable[..., Any]) -> Iterator[Let]:
    """The lines of a step by η against a direction that is divided by its size."""
    yield Let("u", direction, "adaptive step", inline=True)
    yield Let("w", lambda w, lr, u: w - lr * u)


@optimizers.register("SGD", label="SGD")
@dataclass(frozen=True)
class SGD(Optimizer):
    """Steps down the slope of this batch; with momentum, steps that gather speed along directions that persist.

    Momentum: Polyak 1964. Nesterov 1983, in PyTorch's form.
    """

    lr: float = learning_rate(0.03)
    momentum: float = param(
        Float(min=0.0, max=0.9999), default=0.0, help="How much of the last step's velocity is kept."
    )
    nesterov: bool = param(
        Bool(),
        default=False,
        help="Look where the velocity is about to lead before stepping; needs momentum.",
    )
    dampening: float = param(
        Float(min=0.0, max=1.0),
        default=0.0,
        help="How much less the new gradient counts once there is velocity.",
        advanced=True,
    )
    weight_decay: float = weight_decay()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and (not self.momentum or self.dampening):
            raise SpecError(
                f"SGD: nesterov is on with momentum {self.momentum:g} and dampening {self.dampening:g}; expected momentum above 0 "
                "and no dampening. Set those first, or turn nesterov off."
            )

    @property
    def slots(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def pull(self, l2: float) -> tuple[float, float]:
        mu, strength = self.momentum, l2 + self.weight_decay
        if not mu:
            return strength, 2.0
        if self.nesterov:
            return strength, 2.0 * (1.0 + mu) / (1.0 + 2.0 * mu)
        kept = 1.0 - self.dampening
        return strength, 2.0 * (1.0 + mu) / kept if kept else math.inf

    def update(self) -> Iterator[Let]:
        yield from _decay(self)
        if not self.momentum:
            yield Let("w", lambda w, lr, g: w - lr * g)
            return
        if self.dampening:  # as in PyTorch, the first update counts fully
            yield Let(
                "velocity",
                lambda momentum, velocity, dampening, t, g: (
                    momentum * velocity + (1 - dampening * truth(t > 1)) * g
                ),
            )
        else:
            yield Let("velocity", lambda momentum, velocity, g: momentum * velocity + g)
        if self.nesterov:
            yield Let("u", lambda g, momentum, velocity: g + momentum * velocity, inline=True)
            yield Let("w", lambda w, lr, u: w - lr * u)
        else:
            yield Let("w", lambda w, lr, velocity: w - lr * velocity)

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        move = scratch(p)
        g, calls = _decayed(p, g, self.weight_decay, scratch)
        if not self.momentum:
            return [*calls, call(np.multiply, g, lr, move), call(np.subtract, p, move, p)]
        (v,) = slots
        mu, undamped = _constants(p, self.momentum, 1.0 - self.dampening)
        calls.append(call(np.multiply, v, mu, v))
        if self.dampening:
            share = np.array(1.0, p.dtype)

            def first_step_counts_fully() -> None:  # as in PyTorch
                share[()] = 1.0 if step == 1 else undamped

            calls += [
                call(first_step_counts_fully),
                call(np.multiply, g, share, move),
                call(np.add, v, move, v),
            ]
        else:
            calls.append(call(np.add, v, g, v))
        if self.nesterov:
            calls += [
                call(np.multiply, v, mu, move),
                call(np.add, move, g, move),
                call(np.multiply, move, lr, move),
            ]
        else:
            calls.append(call(np.multiply, v, lr, move))
        return [*calls, call(np.subtract, p, move, p)]


@optimizers.register("Adagrad", label="Adagrad")
@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Gives every weight a rate of its own that falls with all the gradient it has ever seen. Duchi et al. 2011."""

    lr: float = learning_rate(0.01)
    eps: float = epsilon(1e-10)
    weight_decay: float = weight_decay()

    @property
    def slots(self) -> tuple[str, ...]:
        return ("sum",)

    def update(self) -> Iterator[Let]:
        yield from _decay(self)
        yield Let("sum", lambda sum, g: sum + g**2)
        yield from _adaptive(lambda g, sum, eps: g / (np.sqrt(sum) + eps))

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        (s,) = slots
        work, root, (eps,) = scratch(p), scratch(p), _constants(p, self.eps)
        g, calls = _decayed(p, g, self.weight_decay, scratch)
        return [
            *calls,
            call(np.multiply, g, g, work),
            call(np.add, s, work, s),
            call(np.sqrt, s, root),
            call(np.add, root, eps, root),
            call(np.divide, g, root, work),
            call(np.multiply, work, lr, work),
            call(np.subtract, p, work, p),
        ]


@optimizers.register("RMSprop", label="RMSprop")
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divides each step by the recent size of that weight's gradients. Tieleman & Hinton 2012."""

    lr: float = learning_rate(0.01)
    alpha: float = param(
        Float(min=0.0, max=0.9999), default=0.99, help="How slowly the mean of g² moves.", label="α"
    )
    eps: float = epsilon(1e-8)
    momentum: float = param(
        Float(min=0.0, max=0.9999), default=0.0, help="How much of the last step's velocity is kept."
    )
    weight_decay: float = weight_decay()

    @property
    def slots(self) -> tuple[str, ...]:
        return ("square", "velocity") if self.momentum else ("square",)

    def update(self) -> Iterator[Let]:
        yield from _decay(self)
        yield Let("square", lambda alpha, square, g: alpha * square + (1 - alpha) * g**2)
        if not self.momentum:
            yield from _adaptive(lambda g, square, eps: g / (np.sqrt(square) + eps))
            return
        yield Let("u", lambda g, square, eps: g / (np.sqrt(square) + eps), "adaptive step", inline=True)
        yield Let("velocity", lambda momentum, velocity, u: momentum * velocity + u)
        yield Let("w", lambda w, lr, velocity: w - lr * velocity)

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        s = slots[0]
        work, root = scratch(p), scratch(p)
        alpha, rest, eps, mu = _constants(p, self.alpha, 1.0 - self.alpha, self.eps, self.momentum)
        g, calls = _decayed(p, g, self.weight_decay, scratch)
        calls += [
            call(np.multiply, s, alpha, s),
            call(np.multiply, g, g, work),
            call(np.multiply, work, rest, work),
            call(np.add, s, work, s),
            call(np.sqrt, s, root),
            call(np.add, root, eps, root),
            call(np.divide, g, root, work),
        ]
        if self.momentum:
            v = slots[1]
            calls += [call(np.multiply, v, mu, v), call(np.add, v, work, v), call(np.copyto, work, v)]
        return [*calls, call(np.multiply, work, lr, work), call(np.subtract, p, work, p)]


def _beta(default: float, what: str, label: str) -> float:
    beta: float = param(
        Float(min=0.0, max=0.99999),
        default=default,
        help=f"How slowly the mean of {what} moves.",
        label=label,
    )
    return beta


@optimizers.register("Adam", label="Adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps of about the same size for every weight, whatever the size of its gradient. Kingma & Ba 2015."""

    lr: float = learning_rate(0.001)
    beta1: float = _beta(0.9, "the gradients", "β₁")
    beta2: float = _beta(0.999, "the squared gradients", "β₂")
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay()

    @property
    def slots(self) -> tuple[str, ...]:
        return ("m", "v")

    def update(self) -> Iterator[Let]:
        yield from _decay(self)
        yield from self._moments()

    def _moments(self) -> Iterator[Let]:
        yield Let("m", lambda beta1, m, g: beta1 * m + (1 - beta1) * g)
        yield Let("v", lambda beta2, v, g: beta2 * v + (1 - beta2) * g**2)
        yield Let("m_hat", lambda m, beta1, t: m / (1 - beta1**t), "ratio")
        yield Let("v_hat", lambda v, beta2, t: v / (1 - beta2**t), "ratio")
        yield from _adaptive(lambda m_hat, v_hat, eps: m_hat / (np.sqrt(v_hat) + eps))

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        g, calls = _decayed(p, g, self.weight_decay, scratch)
        return [*calls, *self._update(p, g, lr, step, scratch, *slots)]

    def _update(
        self, p: Array, g: Array, lr: Array, step: Array, scratch: Scratch, m: Array, v: Array
    ) -> list[Call]:
        work, denominator = scratch(p), scratch(p)
        b1, b2 = self.beta1, self.beta2
        c1, c2, eps, root, size = _constants(p, 1.0 - b1, 1.0 - b2, self.eps, 1.0, 0.0)

        def correct_bias() -> None:
            t = step.item()
            root[()] = (1.0 - b2**t) ** 0.5
            size[()] = lr.item() / (1.0 - b1**t)

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


@optimizers.register("AdamW", label="AdamW")
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weight decay acts on the weights directly instead of through the gradient. Loshchilov & Hutter 2019."""

    weight_decay: float = weight_decay(0.01)

    def pull(self, l2: float) -> tuple[float, float]:
        return self.weight_decay, 2.0

    def update(self) -> Iterator[Let]:
        if self.weight_decay:
            yield Let("w", lambda lr, weight_decay, w: (1 - lr * weight_decay) * w, symbol=r"\tilde{w}")
        yield from self._moments()

    def bind(
        self, p: Array, g: Array, lr: Array, step: Array, *slots: Array, scratch: Scratch = np.zeros_like
    ) -> Sequence[Call]:
        decay, keep, one = _constants(p, self.weight_decay, 1.0, 1.0)
        shrink = [
            call(np.multiply, lr, decay, keep),
            call(np.subtract, one, keep, keep),
            call(np.multiply, p, keep, p),
        ]
        return [*(shrink if self.weight_decay else []), *self._update(p, g, lr, step, scratch, *slots)]
