"""Activations, step by step: a value goes through a curve, a gradient is multiplied by the curve's slope."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.layers import (
    ELU,
    GELU,
    SELU,
    Activation,
    Hardtanh,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from engine.layers.activation import SATURATED, SELU_ALPHA, SELU_SCALE
from engine.layers.base import Layer
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.terms import Equation, Function, Operand, Products, few, plain, sub


def sigmoid(x: float) -> float:
    """1 / (1 + e^−x) without overflow."""
    return 0.5 * math.tanh(0.5 * x) + 0.5


def _softplus(x: float, beta: float) -> float:
    return float(np.logaddexp(0.0, beta * x)) / beta


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def _bell(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Curve:
    """An activation in words of mathematics.

    Args:
        name: of the curve, in LaTeX, as in ``f(x)``.
        value: f of the input and of the settings.
        slope: f′ of what ``slope_of`` names ("x", "y" or "xy") and of the settings.
        settings: ``(symbol, field)`` of the layer's hyper-parameters, in order.
    """

    name: str
    value: Function
    slope: Function
    slope_of: str = "x"
    settings: tuple[tuple[str, str], ...] = ()


def _curve(
    name: str,
    value: tuple[str, Callable[..., float]],
    slope: tuple[str, Callable[..., float]],
    slope_of: str = "x",
    settings: tuple[tuple[str, str], ...] = (),
) -> Curve:
    return Curve(name, Function(name, *value), Function(f"slope of {name}", *slope), slope_of, settings)


def _bent(x: float, alpha: float, scale: float = 1.0) -> float:
    return scale * (x if x > 0 else alpha * math.expm1(x))


def _bent_slope(x: float, alpha: float, scale: float = 1.0) -> float:
    return scale * (1.0 if x > 0 else alpha * math.exp(x))


CURVES: dict[type[Layer], Curve] = {
    Identity: _curve("id", ("#0", lambda x: x), ("1", lambda x: 1.0)),
    ReLU: _curve("ReLU", (r"\max(0, #0)", lambda x: max(0.0, x)), (r"[#0 > 0]", lambda x: float(x > 0))),
    LeakyReLU: _curve(
        "LeakyReLU",
        (r"\max(0, #0) + #1 \cdot \min(0, #0)", lambda x, a: max(0.0, x) + a * min(0.0, x)),
        (r"1\ \mathrm{if}\ #0 > 0\ \mathrm{else}\ #1", lambda x, a: 1.0 if x > 0 else a),
        settings=(("a", "negative_slope"),),
    ),
    Tanh: _curve("tanh", (r"\tanh(#0)", math.tanh), (r"1 - #0^2", lambda y: 1.0 - y * y), "y"),
    Sigmoid: _curve(
        "σ", (r"\frac{1}{1 + e^{-#0}}", sigmoid), (r"#0 \cdot (1 - #0)", lambda y: y * (1.0 - y)), "y"
    ),
    ELU: _curve(
        "ELU",
        (r"#0\ \mathrm{if}\ #0 > 0\ \mathrm{else}\ #1 (e^{#0} - 1)", _bent),
        (r"1\ \mathrm{if}\ #0 > 0\ \mathrm{else}\ #1 e^{#0}", _bent_slope),
        settings=(("α", "alpha"),),
    ),
    SELU: _curve(
        "SELU",
        (r"1.0507 (#0\ \mathrm{if}\ #0 > 0\ \mathrm{else}\ 1.6733 (e^{#0} - 1))", lambda x: _bent(x, SELU_ALPHA, SELU_SCALE)),
        (r"1.0507 (1\ \mathrm{if}\ #0 > 0\ \mathrm{else}\ 1.6733\, e^{#0})", lambda x: _bent_slope(x, SELU_ALPHA, SELU_SCALE)),
    ),
    GELU: _curve(
        "GELU",
        (r"#0 \cdot \Phi(#0)", lambda x: x * _normal_cdf(x)),
        (r"\Phi(#0) + #0 \frac{e^{-#0^2 / 2}}{\sqrt{2 \pi}}", lambda x: _normal_cdf(x) + x * _bell(x)),
    ),
    SiLU: _curve(
        "SiLU",
        (r"#0 \cdot \sigma(#0)", lambda x: x * sigmoid(x)),
        (r"\sigma(#0) + #1 (1 - \sigma(#0))", lambda x, y: sigmoid(x) + y * sigmoid(-x)),
        "xy",
    ),
    Softplus: _curve(
        "softplus",
        (r"\frac{1}{#1} \log(1 + e^{#1 \cdot #0})", _softplus),
        (r"\sigma(#1 \cdot #0)", lambda x, b: sigmoid(b * x)),
        settings=(("β", "beta"),),
    ),
    Hardtanh: _curve(
        "hardtanh",
        (r"\min(\max(#0, #1), #2)", lambda x, a, b: min(max(x, a), b)),
        (r"[#1 < #0 < #2]", lambda x, a, b: float(a < x < b)),
        settings=(("a", "min_val"), ("b", "max_val")),
    ),
}  # fmt: skip


@explains(*CURVES)
class Elementwise(Explainer):
    """Value by value through a curve."""

    share_why = "A curve gates: what arrives is multiplied by the slope at the place where this value stands."

    def curve(self, at: At) -> Curve:
        """The layer's curve; of a subclass, that of the class it inherits from."""
        return next(CURVES[cls] for cls in type(at.layer).__mro__ if cls in CURVES)

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        curve = self.curve(at)
        return (Equation(at.y(index), few(at.x(index), *self._settings(at, curve)), "function", curve.value),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        slope = self.slope(at, index)
        return slope, Equation(at.dx(index), few((at.dy(index), slope.result)))

    def slope(self, at: At, index: Index) -> Equation:
        """The local derivative at a cell."""
        curve = self.curve(at)
        numbers = {"x": (at.x(index),), "y": (at.y(index),), "xy": (at.x(index), at.y(index))}[curve.slope_of]
        terms = few(*numbers, *self._settings(at, curve))
        value = Equation(Operand("", 0.0), terms, "function", curve.slope).evaluate()
        return Equation(Operand(rf"f'(x{sub(index)})", value), terms, "function", curve.slope)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        x, y = at.x(index).value, at.y(index).value
        if y == x:
            return (
                f"{at.layer.label} lets {plain(x)} pass as it is.",
                "The curve bends the space; without it, layers would be one.",
            )
        if y == 0.0:
            return (
                f"{at.layer.label} turns {plain(x)} into 0: this unit is silent for this sample.",
                "ReLU gates: below 0 nothing passes.",
            )
        return (
            f"{at.layer.label} turns {plain(x)} into {plain(y)}.",
            "The curve bends the space; without it, layers would be one.",
        )

    def says_share(
        self, at: At, position: int, index: Index, equations: tuple[Equation, ...]
    ) -> tuple[str, str]:
        slope = equations[0].result.value
        what = f"The gradient that arrives is multiplied by the slope at {plain(at.x(index).value)}, which is {plain(slope)}."
        if slope == 0.0:
            return (
                what,
                "The slope is 0: all of the gradient stops here. What lies before hears nothing through this unit.",
            )
        if abs(slope) < SATURATED:
            return (
                what,
                f"f′ = {plain(slope)}: {100 * (1 - abs(slope)):.1f} % of the gradient stops here; the unit is saturated.",
            )
        share = f"{100 * abs(slope):.0f} % of it pass" if abs(slope) <= 1 else "it grows"
        if slope < 0:
            share += ", turned round"
        return what, f"{self.share_why} Here {share}."

    def _settings(self, at: At, curve: Curve) -> tuple[Operand, ...]:
        return tuple(at.setting(symbol, getattr(at.layer, name), name) for symbol, name in curve.settings)


@explains(Activation, any_bind=True)
class AnyCurve(Elementwise):
    """An activation with calls of its own: its curve is asked for value and slope."""

    def curve(self, at: At) -> Curve:
        layer, name = at.layer, rf"\mathrm{{{at.layer.label}}}"
        return _curve(
            at.layer.label,
            (f"{name}(#0)", lambda x: layer.curve(np.array([x]))[0][0]),
            (f"{name}'(#0)", lambda x: layer.curve(np.array([x]))[1][0]),
        )


@explains(PReLU)
class Learned(Elementwise):
    """A leaky ReLU whose slope is a parameter."""

    letters = {"weight": "a"}  # noqa: RUF012  a ClassVar of the base
    parameter_sentence = "The slope is blamed for every negative input, times what arrived there."
    parameter_why = "Multiplying swaps: the derivative of a·x by a is x; positive inputs do not use a."

    def curve(self, at: At) -> Curve:
        return CURVES[LeakyReLU]

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        return (
            Equation(at.y(index), few(at.x(index), self._a(at, index)), "function", self.curve(at).value),
        )

    def slope(self, at: At, index: Index) -> Equation:
        terms = few(at.x(index), self._a(at, index))
        value = self.curve(at).slope.evaluate(*terms.values)
        return Equation(Operand(rf"f'(x{sub(index)})", float(value)), terms, "function", self.curve(at).slope)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        shape = at.out_shape
        own = [[index[0]], *map(range, shape[1:])] if at.layer.per_channel else [*map(range, shape)]
        cells = grid(at.samples(), *own)
        negative = at.constant(r"\min(0, x)", np.minimum(0.0, at.xs(cells).values))
        terms = Products(at.dys(cells), negative)
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)

    def _a(self, at: At, index: Index) -> Operand:
        return at.p("weight", (index[0] if at.layer.per_channel else 0,))


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
        k, rest = index[0], index[1:]
        cells = grid([at.here], range(at.out_shape[0]), *([r] for r in rest))
        xs = at.xs(cells)
        top = Equation(Operand("m", float(xs.values.max())), Products(xs), "max")
        power = Function("exp", r"e^{#0 - #1}", lambda x, m: math.exp(x - m))
        own = at.x(index)
        e = Equation(
            Operand(f"e{sub((k,))}", math.exp(own.value - top.result.value)),
            few(own, top.result),
            "function",
            power,
        )
        powers = at.constant("e_j", np.exp(xs.values - top.result.value))
        total = Equation(Operand("S", float(powers.values.sum())), Products(powers))
        ratio = Function("ratio", r"\frac{#0}{#1}", lambda a, b: a / b)
        return top, e, total, Equation(at.y(index), few(e.result, total.result), "function", ratio)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        k, rest = index[0], index[1:]
        cells = grid([at.here], range(at.out_shape[0]), *([r] for r in rest))
        y = at.ys(cells).values
        local = y * ((np.arange(len(y)) == k) - y[k])
        column = at.constant(rf"\frac{{\partial y_j}}{{\partial x_{{{k + 1}}}}}", local)
        return (Equation(at.dx(index), Products(at.dys(cells), column)),)
