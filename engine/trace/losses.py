"""Every loss, stage by stage: what each makes of a sample's outputs, and the gradient that starts the way back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core import Array
from engine.losses import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    MultiMarginLoss,
)
from engine.trace.activation import sigmoid
from engine.trace.loss import LOSS, LossExplainer, Stage, dz, explains_loss, made, outputs, summed, t, z
from engine.trace.record import Trace
from engine.trace.terms import Equation, Few, Function, Operand, Place, Term, few, sub

RATIO = Function("ratio", r"\frac{#0}{#1}", lambda a, b: a / b)
DIFFERENCE = Function("difference", r"#0 - #1", lambda a, b: a - b)


class _Regression(LossExplainer):
    """Losses of the difference between output and target."""

    def residuals(self, trace: Trace, sample: int) -> tuple[Equation, ...]:
        return tuple(
            made(f"r{sub((k,))}", DIFFERENCE, z(trace, sample, k), t(trace, sample, k))
            for k in range(outputs(trace))
        )

    def scale(self, trace: Trace) -> Operand:
        return Operand(
            r"\frac{1}{NK}" if outputs(trace) > 1 else r"\frac{1}{N}", 1.0 / (trace.size * outputs(trace))
        )

    def _first(self, trace: Trace, sample: int) -> tuple[Stage, tuple[Operand, ...]]:
        found = self.residuals(trace, sample)
        return Stage("error", "How far each output is from its target.", found), tuple(
            e.result for e in found
        )


@explains_loss(MSELoss)
class _Squared(_Regression):
    why = "The square has slope 2r: errors pull in proportion to their size. The 2 stays, because there is no ½ in this loss."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        found: Array = ((z - t) ** 2).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        first, r = self._first(trace, sample)
        own = summed(r"\ell", Few(*(Term((e, e)) for e in r)))
        return first, Stage("square", "Errors are squared, so that large ones count most.", (own,))

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        r = self.residuals(trace, sample)[k]
        scale = self.scale(trace)
        double = Operand(scale.symbol.replace(r"\frac{1}", r"\frac{2}"), 2.0 * scale.value)
        return r, Equation(dz(trace, sample, k), few((double, r.result)))


ABS = Function("abs", r"|#0|", abs)
SIGN = Function("sign", r"\mathrm{sign}(#0)", lambda r: float(np.sign(r)))


@explains_loss(L1Loss)
class _Absolute(_Regression):
    why = "The slope of |r| is its sign: every error pulls with the same force, however large."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        found: Array = np.abs(z - t).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        first, r = self._first(trace, sample)
        sizes = tuple(made(f"|r{sub((k,))}|", ABS, e) for k, e in enumerate(r))
        own = summed(r"\ell", few(*(e.result for e in sizes)))
        return first, Stage("size", "Only the size of each error counts.", (*sizes, own))

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        r = self.residuals(trace, sample)[k]
        sign = made(rf"\mathrm{{sign}}(r{sub((k,))})", SIGN, r.result)
        return r, sign, Equation(dz(trace, sample, k), few((self.scale(trace), sign.result)))


HUBER = Function(
    "huber",
    r"\frac{1}{2} #0^2\ \mathrm{if}\ |#0| \leq #1\ \mathrm{else}\ #1 (|#0| - \frac{#1}{2})",
    lambda r, d: 0.5 * r * r if abs(r) <= d else d * (abs(r) - 0.5 * d),
)
CUT = Function("clip", r"\min(\max(#0, -#1), #1)", lambda r, d: min(max(r, -d), d))


@explains_loss(HuberLoss)
class _Huber(_Regression):
    why = "Squared near 0 (slope r), straight beyond δ (slope ±δ): no single error pulls harder than δ."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        r = np.abs(z - t)
        c = np.minimum(r, loss.delta)
        found: Array = (c * (r - 0.5 * c)).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        first, r = self._first(trace, sample)
        parts = tuple(made(f"h{sub((k,))}", HUBER, e, self._delta(trace)) for k, e in enumerate(r))
        own = summed(r"\ell", few(*(e.result for e in parts)))
        return first, Stage(
            "bend", "Small errors are squared and halved, large ones counted straight.", (*parts, own)
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        r = self.residuals(trace, sample)[k]
        cut = made(f"c{sub((k,))}", CUT, r.result, self._delta(trace))
        return r, cut, Equation(dz(trace, sample, k), few((self.scale(trace), cut.result)))

    def _delta(self, trace: Trace) -> Operand:
        loss = trace.fit.loss
        return Operand(r"\delta", getattr(loss, "delta", 1.0), Place(LOSS, "setting", "delta"))


SIGMOID = Function("sigmoid", r"\frac{1}{1 + e^{-#0}}", sigmoid)
SURPRISE = Function(
    "surprise",
    r"-#1 \log \sigma(#0) - (1 - #1) \log(1 - \sigma(#0))",
    lambda x, y: float(y * np.logaddexp(0.0, -x) + (1.0 - y) * np.logaddexp(0.0, x)),
)


@explains_loss(BCEWithLogitsLoss)
class _Binary(LossExplainer):
    why = "The slope of the logarithm and the slope of the sigmoid cancel: all that is left is p − t, divided by N."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        found: Array = (t * np.logaddexp(0.0, -z) + (1.0 - t) * np.logaddexp(0.0, z)).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        p = made("p", SIGMOID, z(trace, sample, 0))
        own = made(r"\ell", SURPRISE, z(trace, sample, 0), t(trace, sample, 0))
        return (
            Stage("probability", "The sigmoid turns the output into a probability of class 1.", (p,)),
            Stage("surprise", "−log of the probability that the true class was given.", (own,)),
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        p = made("p", SIGMOID, z(trace, sample, k))
        error = made("(p - t)", DIFFERENCE, p.result, t(trace, sample, k))
        return p, error, Equation(dz(trace, sample, k), few((self.scale(trace), error.result)))


POWER = Function("exp", r"e^{#0 - #1}", lambda x, m: math.exp(x - m))
NEGATIVE_LOG = Function("-log", r"-\log \frac{e^{#0 - #1}}{#2}", lambda x, m, s: math.log(s) - (x - m))


@explains_loss(CrossEntropyLoss)
class _Classes(LossExplainer):
    why = "The slopes of −log and of the softmax collapse: all that is left is p − t, divided by N."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        s = z - z.max(1, keepdims=True)
        found: Array = (t * (np.log(np.exp(s).sum(1, keepdims=True)) - s)).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        top, powers, total = self._softmax(trace, sample)
        ks = range(outputs(trace))
        ps = tuple(made(f"p{sub((k,))}", RATIO, powers[k].result, total.result) for k in ks)
        logs = tuple(
            made(rf"-\log p{sub((k,))}", NEGATIVE_LOG, z(trace, sample, k), top.result, total.result)
            for k in ks
        )
        own = summed(r"\ell", few(*((t(trace, sample, k), logs[k].result) for k in ks)))
        return (
            Stage(
                "exp",
                "e to the power of each output; the largest is taken off first, which cancels later.",
                (top, *powers),
            ),
            Stage("sum", "What all of them come to.", (total,)),
            Stage("softmax", "Each one's share is its probability.", ps),
            Stage("surprise", "−log of the probability of the true class.", (*logs, own)),
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        top, powers, total = self._softmax(trace, sample)
        p = made(f"p{sub((k,))}", RATIO, powers[k].result, total.result)
        error = made(f"(p{sub((k,))} - t{sub((k,))})", DIFFERENCE, p.result, t(trace, sample, k))
        return (
            top,
            powers[k],
            total,
            p,
            error,
            Equation(dz(trace, sample, k), few((self.scale(trace), error.result))),
        )

    def _softmax(self, trace: Trace, sample: int) -> tuple[Equation, tuple[Equation, ...], Equation]:
        zs = [z(trace, sample, k) for k in range(outputs(trace))]
        top = Equation(Operand("m", max(o.value for o in zs)), few(*zs), "max")
        powers = tuple(made(f"e{sub((k,))}", POWER, o, top.result) for k, o in enumerate(zs))
        return top, powers, summed("S", few(*(e.result for e in powers)))


SLACK = Function("slack", r"1 - #0 \cdot #1", lambda y, x: 1.0 - y * x)
POSITIVE = Function("hinge", r"\max(0, #0)", lambda s: max(0.0, s))
PULL = Function("pull", r"-#0\ \mathrm{if}\ #1 > 0\ \mathrm{else}\ 0", lambda y, s: -y if s > 0 else 0.0)


@explains_loss(HingeLoss)
class _Hinge(LossExplainer):
    why = "Outputs on the right side by the margin pull no more; the others all pull with the same force."

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        found: Array = np.maximum(0.0, 1.0 - t * z).sum(1)
        return found

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        slack = made("s", SLACK, t(trace, sample, 0), z(trace, sample, 0))
        own = made(r"\ell", POSITIVE, slack.result)
        return (
            Stage("slack", "How much is missing to the margin of 1 on the right side.", (slack,)),
            Stage("hinge", "Whoever has the margin pays nothing.", (own,)),
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        slack = made("s", SLACK, t(trace, sample, k), z(trace, sample, k))
        pull = made(r"\ell'", PULL, t(trace, sample, k), slack.result)
        return slack, pull, Equation(dz(trace, sample, k), few((self.scale(trace), pull.result)))


LEAD = Function("lead", r"#0 - #1 + #2", lambda m, y, x: m - y + x)
STEP = Function("step", r"[#0 > 0]", lambda s: float(s > 0))


@explains_loss(MultiMarginLoss)
class _Margins(LossExplainer):
    why = (
        "Every class that comes too close pushes itself down and the true class up, all with the same force."
    )

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        true = t.argmax(1)
        others = np.arange(z.shape[1]) != true[:, None]
        slack = loss.margin - np.take_along_axis(z, true[:, None], 1) + z
        found: Array = np.where(others, np.maximum(0.0, slack), 0.0).sum(1)
        return found

    def scale(self, trace: Trace) -> Operand:
        return Operand(r"\frac{1}{NK}", 1.0 / (trace.size * outputs(trace)))

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        slacks = self._slacks(trace, sample)
        costs = tuple(made(f"h{sub((k,))}", POSITIVE, e.result) for k, e in slacks.items())
        own = summed(r"\ell", few(*(e.result for e in costs)))
        return (
            Stage(
                "slack", "How much the true class lacks of its lead over each other.", tuple(slacks.values())
            ),
            Stage("hinge", "Whoever is far enough behind costs nothing.", (*costs, own)),
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        slacks = self._slacks(trace, sample)
        true = self._true(trace, sample)
        steps = {j: made(f"[s{sub((j,))} > 0]", STEP, e.result) for j, e in slacks.items()}
        scale = self.scale(trace)
        if k != true:
            return slacks[k], steps[k], Equation(dz(trace, sample, k), few((scale, steps[k].result)))
        minus = Operand("-" + scale.symbol, -scale.value)
        total = Equation(dz(trace, sample, k), few(*((minus, e.result) for e in steps.values())))
        return *slacks.values(), *steps.values(), total

    def _slacks(self, trace: Trace, sample: int) -> dict[int, Equation]:
        margin = Operand("m", getattr(trace.fit.loss, "margin", 1.0), Place(LOSS, "setting", "margin"))
        true = self._true(trace, sample)
        return {
            k: made(f"s{sub((k,))}", LEAD, margin, z(trace, sample, true), z(trace, sample, k))
            for k in range(outputs(trace))
            if k != true
        }

    def _true(self, trace: Trace, sample: int) -> int:
        return int(trace.targets[sample].argmax())
