"""Activations, step by step: a value goes through a curve, a gradient is multiplied by the curve's slope."""

from __future__ import annotations

import numpy as np

from engine.layers import Activation, LogSoftmax, PReLU, Softmax
from engine.layers.activation import SATURATED
from engine.maths import Maths, function, is_explained
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.terms import Equation, Operand, Products, few, plain, stated, sub


@explains(Activation, any_bind=True)
class Elementwise(Explainer):
    """Value by value through a curve: the layer's own ``value`` and ``slope``, or where it says none, its calls."""

    share_why = "A curve gates: what arrives is multiplied by the slope at the place where this value stands."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (self._stated(at, index, at.y(index), "value"),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        slope = self._stated(at, index, f"f'({at.x(index).symbol})", "slope")
        return slope, Equation(at.dx(index), few((at.dy(index), slope.result)))

    def _stated(self, at: At, index: Index, result: str | Operand, what: str) -> Equation:
        """The layer's ``value`` or ``slope`` at a cell."""
        layer, k, prime = at.layer, *((1, "'") if what == "slope" else (0, ""))
        calls = function(rf"\mathrm{{{layer.label}}}{prime}(#0)", lambda x: layer.curve(np.array([x]))[k][0])
        said = is_explained(type(layer), what)
        maths: Maths = getattr(layer, what) if said else Maths(lambda x: calls(x))  # noqa: PLW0108  names are read
        name = f"slope of {layer.label}" if k else layer.label
        return stated(result, maths, [self._operand(at, index, n) for n in maths.names], name)

    def _operand(self, at: At, index: Index, name: str) -> Operand:
        """What a curve reads: x, y, a setting, a constant or a parameter."""
        if name in ("x", "y"):
            return at.x(index) if name == "x" else at.y(index)
        is_setting = any(p.name == name for p in at.layer.params())
        return at.setting(at.letter(name), getattr(at.layer, name), name if is_setting else "")

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        x, y, label = at.x(index).value, at.y(index).value, at.layer.label
        if y == 0.0 != x:
            what = f"{label} turns {plain(x)} into 0: this unit is silent for this sample."
            return what, "ReLU gates: below 0 nothing passes."
        what = f"lets {plain(x)} pass as it is" if y == x else f"turns {plain(x)} into {plain(y)}"
        return f"{label} {what}.", "The curve bends the space; without it, layers would be one."

    def says_share(
        self, at: At, position: int, index: Index, equations: tuple[Equation, ...]
    ) -> tuple[str, str]:
        slope = equations[0].result.value
        what = f"The gradient that arrives is multiplied by the slope at {plain(at.x(index).value)}, which is {plain(slope)}."
        if slope == 0.0:
            why = "The slope is 0: all of the gradient stops here. What lies before hears nothing through this unit."
            return what, why
        if abs(slope) < SATURATED:
            stopped = f"{100 * (1 - abs(slope)):.1f} %"
            return what, f"f′ = {plain(slope)}: {stopped} of the gradient stops here; the unit is saturated."
        share = f"{100 * abs(slope):.0f} % of it pass" if abs(slope) <= 1 else "it grows"
        if slope < 0:
            share += ", turned round"
        return what, f"{self.share_why} Here {share}."


@explains(PReLU)
class Learned(Elementwise):
    """A leaky ReLU whose slope is a parameter."""

    parameter_sentence = "The slope is blamed for every negative input, times what arrived there."
    parameter_why = "Multiplying swaps: the derivative of a·x by a is x; positive inputs do not use a."

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        shape = at.out_shape
        own = [[index[0]], *map(range, shape[1:])] if at.layer.per_channel else [*map(range, shape)]
        cells = grid(at.samples(), *own)
        negative = at.constant(r"\min(0, x)", np.minimum(0.0, at.xs(cells).values))
        terms = Products(at.dys(cells), negative)
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)

    def _operand(self, at: At, index: Index, name: str) -> Operand:
        if name == "weight":
            return at.p(name, (index[0] if at.layer.per_channel else 0,))
        return super()._operand(at, index, name)


@explains(Softmax)
class Shares(Explainer):
    """All values of a sample compete: each output depends on every input."""

    forward_sentence = (
        "Each value is raised to a power of e and divided by the sum of all, so that together they are 1."
    )
    forward_why = (
        "The largest is taken off first: that changes nothing in the quotient, and keeps e from overflowing."
    )
    share_sentence = "Every probability moves when this input does: its own up, all others down."
    share_why = "∂yⱼ/∂xₖ is yⱼ(1 − yₖ) for j = k and −yⱼyₖ for the others; the contributions add up."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        top, e, total = self._powers(at, index)
        ratio = Maths(lambda a, b: a / b)
        return top, e, total, stated(at.y(index), ratio, [e.result, total.result], "ratio")

    def _powers(self, at: At, index: Index) -> tuple[Equation, Equation, Equation]:
        """The largest input, this one's power of e, and the sum of all powers."""
        k, rest = index[0], index[1:]
        cells = grid([at.here], range(at.out_shape[0]), *([r] for r in rest))
        xs = at.xs(cells)
        top = Equation(Operand("m", 0.0), Products(xs), "max").settled()
        e = stated(f"e{sub((k,))}", Maths(lambda x, m: np.exp(x - m)), [at.x(index), top.result], "exp")
        powers = at.constant("e_j", np.exp(xs.values - top.result.value))
        total = Equation(Operand("S", 0.0), Products(powers)).settled()
        return top, e, total

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        k, rest = index[0], index[1:]
        cells = grid([at.here], range(at.out_shape[0]), *([r] for r in rest))
        y = at.ys(cells).values
        local = y * ((np.arange(len(y)) == k) - y[k])
        column = at.constant(rf"\frac{{\partial y_j}}{{\partial x_{{{k + 1}}}}}", local)
        return (Equation(at.dx(index), Products(at.dys(cells), column)),)


@explains(LogSoftmax)
class LogShares(Shares):
    """The logarithm of the softmax, in one step."""

    forward_sentence = (
        "The logarithm of the probability: this value less the logarithm of the sum of all powers of e."
    )
    share_sentence = "Raising one value takes from the probability of all, its own included."
    share_why = "Whatever arrives goes straight through; the sum of all that arrives, times the probability, is taken off."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        top, e, total = self._powers(at, index)
        less = Maths(lambda x, m, S: x - m - np.log(S))
        return top, e, total, stated(at.y(index), less, [at.x(index), top.result, total.result], "logarithm")

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        cells = grid([at.here], range(at.out_shape[0]), *([r] for r in index[1:]))
        p = stated(f"p{sub((index[0],))}", Maths(lambda y: np.exp(y)), [at.y(index)], "probability")  # noqa: PLW0108  names are read
        arriving = Equation(Operand("D", 0.0), Products(at.dys(cells))).settled()
        minus = Operand("-" + p.result.symbol, -p.result.value)
        return p, arriving, Equation(at.dx(index), few(at.dy(index), (minus, arriving.result)))
