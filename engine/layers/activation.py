"""Activations: what a unit makes of its sum, value by value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array, Call, Parameter, Shape, Steps, call, run_calls
from engine.errors import SpecError
from engine.exponentials import expm1_calls, softplus_calls
from engine.layers.base import Bind, Layer, layers
from engine.layers.linear import own_frozen
from engine.maths import (
    BELL_CUBIC,
    BELL_GATE,
    BELL_GATE_SLOPE,
    BELL_ROOT,
    Maths,
    bell_gate,
    bell_gate_slope,
    between,
    normal_cdf,
    normal_density,
    sigmoid,
    softplus,
    truth,
)  # fmt: skip
from engine.ranges import ANY, Range
from engine.spec import Bool, Choice, Float, by_option, param

#: slopes below this let almost nothing of a gradient pass
SATURATED = 0.05
#: how far from 0, and at how many points, the curve of an activation is looked at to see which values it gives
WIDE, POINTS = 8.0, 1001


class Activation(Layer):
    """Base of layers that act on each value alone; ``curve`` draws them."""

    def reach(self) -> Range:
        """Which values it can give at all; by default any."""
        return ANY

    def output_range(self, *given: Range) -> Range:
        (source,) = given
        reach = self.reach()
        if source.free:
            return reach
        # Of what is bounded already, its own calls show what it makes. Each of these functions rises on the whole.
        low = source.low if math.isfinite(source.low) else min(-WIDE, source.high - WIDE)
        high = source.high if math.isfinite(source.high) else max(WIDE, source.low + WIDE)
        y, slopes = self.curve(np.linspace(low, high, POINTS))
        return Range(
            float(y.min()) if math.isfinite(source.low) else reach.low,
            float(y.max()) if math.isfinite(source.high) else reach.high,
            source.flat or (reach.flat and bool((slopes[1:-1] == 0).any())),
        )

    def curve(self, x: Array) -> tuple[Array, Array]:
        """Value and derivative at each of ``x`` ``(n,)``, computed by the layer's own calls in float64."""
        x = np.asarray(x, np.float64).reshape(1, -1)
        y, dy, dx = np.zeros_like(x), np.ones_like(x), np.zeros_like(x)
        steps = self.bind(Bind((x,), (x,), y, dy, (dx,)))
        run_calls((*steps.forward, *steps.backward))
        return y[0], dx[0]

    def slopes(self, x: Array) -> Array:
        """Derivative at each of ``x``, of any shape; float64."""
        return self.curve(x.ravel())[1].reshape(x.shape)


@layers.register("ReLU", category="Activation")
@dataclass(frozen=True)
class ReLU(Activation):
    """Lets positive values pass and turns negative ones into 0. Nair & Hinton 2010."""

    value = Maths(lambda x: np.maximum(0, x))
    slope = Maths(lambda x: truth(x > 0))

    def reach(self) -> Range:
        return Range(low=0.0, flat=True)

    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def bind(self, b: Bind) -> Steps:
        zeros = np.zeros_like(b.x)  # an array: maximum with a scalar is slower
        positive = b.empty(b.x.shape, bool)
        forward = [call(np.maximum, b.x, zeros, out=b.y)]
        backward = [call(np.greater, b.x, zeros, positive), call(np.multiply, b.dy, positive, b.dx)]
        return Steps(forward, backward)


@layers.register("LeakyReLU", category="Activation")
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """As ReLU, with a small slope on the negative side, so that no unit dies. Maas et al. 2013."""

    negative_slope: float = param(
        Float(min=0.0, max=1.0), default=0.01, help="Slope for negative inputs.", label="negative slope"
    )
    letters: ClassVar = {"negative_slope": "a"}
    value = Maths(lambda x, negative_slope: np.maximum(0, x) + negative_slope * np.minimum(0, x))
    slope = Maths(lambda x, negative_slope: np.where(x > 0, 1, negative_slope))

    def reach(self) -> Range:
        leaks = 0.0 < self.negative_slope < SATURATED
        return Range(low=0.0, flat=True, leaks=leaks) if self.negative_slope < SATURATED else ANY

    def kinks(self) -> tuple[float, ...]:
        return () if self.negative_slope == 1.0 else (0.0,)

    def bind(self, b: Bind) -> Steps:
        slope, zero, rest = b.scalar(self.negative_slope), b.scalar(0.0), b.scalar(1.0 - self.negative_slope)
        positive, factor = b.empty(b.x.shape, bool), b.empty(b.x.shape)
        forward = [
            call(np.multiply, b.x, slope, b.y),
            call(np.maximum, b.x, b.y, out=b.y),
        ]  # right as slope <= 1
        backward = [
            call(np.greater, b.x, zero, positive),
            call(np.multiply, positive, rest, factor),
            call(np.add, factor, slope, factor),
            call(np.multiply, b.dy, factor, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Tanh", category="Activation")
@dataclass(frozen=True)
class Tanh(Activation):
    """Squeezes any value smoothly between -1 and 1."""

    value = Maths(lambda x: np.tanh(x))  # noqa: PLW0108  names are read
    slope = Maths(lambda y: 1 - y**2)

    def reach(self) -> Range:
        return Range(-1.0, 1.0)

    def bind(self, b: Bind) -> Steps:
        one, slope = b.scalar(1.0), b.empty(b.x.shape)
        backward = [
            call(np.multiply, b.y, b.y, slope),
            call(np.subtract, one, slope, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps([call(np.tanh, b.x, b.y)], backward)


@layers.register("Sigmoid", category="Activation")
@dataclass(frozen=True)
class Sigmoid(Activation):
    """Squeezes any value smoothly between 0 and 1."""

    value = Maths(lambda x: 1 / (1 + np.exp(-x)))
    slope = Maths(lambda y: y * (1 - y))

    def reach(self) -> Range:
        return Range(0.0, 1.0)

    def bind(self, b: Bind) -> Steps:
        half, one, slope = b.scalar(0.5), b.scalar(1.0), b.empty(b.x.shape)
        backward = [
            call(np.subtract, one, b.y, slope),
            call(np.multiply, slope, b.y, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(_sigmoid(b.x, b.y, half), backward)


@layers.register("Identity", category="Activation")
@dataclass(frozen=True)
class Identity(Activation):
    """Passes every value on unchanged."""

    value = Maths(lambda x: x)
    slope = Maths(lambda x: 1)

    def bind(self, b: Bind) -> Steps:
        return Steps([call(np.copyto, b.y, b.x)], [call(np.copyto, b.dx, b.dy)])


@layers.register("ELU", category="Activation")
@dataclass(frozen=True)
class ELU(Activation):
    """As ReLU, but bends negative values smoothly towards -α, so that the mean stays near 0. Clevert et al. 2016."""

    alpha: float = param(
        Float(min=0.0), default=1.0, help="Where very negative values end: at minus this.", label="α"
    )
    value = Maths(lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)))
    slope = Maths(lambda x, alpha: np.where(x > 0, 1, alpha * np.exp(x)))

    def reach(self) -> Range:
        return Range(low=-self.alpha, flat=not self.alpha)

    def kinks(self) -> tuple[float, ...]:
        return () if self.alpha == 1.0 else (0.0,)

    def bind(self, b: Bind) -> Steps:
        return _exponential(b, self.alpha, 1.0)


@layers.register("SELU", category="Activation")
@dataclass(frozen=True)
class SELU(Activation):
    """An ELU whose two constants keep mean 0 and deviation 1 from layer to layer. Klambauer et al. 2017."""

    alpha: float = param(
        Float(min=0.0),
        default=1.6732632423543772,
        help="Where very negative values end: at minus this, times the scale.",
        label="α",
        advanced=True,
    )
    scale: float = param(
        Float(min=0.0, open_min=True),
        default=1.0507009873554805,
        help="What all values are multiplied by.",
        label="λ",
        advanced=True,
    )
    letters: ClassVar = {"scale": r"\lambda"}
    value = Maths(lambda x, alpha, scale: scale * np.where(x > 0, x, alpha * np.expm1(x)))
    slope = Maths(lambda x, alpha, scale: scale * np.where(x > 0, 1, alpha * np.exp(x)))

    def reach(self) -> Range:
        return Range(low=-self.scale * self.alpha, flat=not self.alpha)

    def kinks(self) -> tuple[float, ...]:
        return () if self.alpha == 1.0 else (0.0,)

    def bind(self, b: Bind) -> Steps:
        return _exponential(b, self.alpha, self.scale)


def _exponential(b: Bind, alpha: float, scale: float) -> Steps:
    """y = scale · (max(0, x) + alpha · (e^min(0, x) − 1)), and its gradient."""
    zero, a, s = b.scalar(0.0), b.scalar(alpha * scale), b.scalar(scale)
    negative, bent, positive = b.empty(b.x.shape), b.empty(b.x.shape), b.empty(b.x.shape, bool)
    forward = [
        call(np.minimum, b.x, zero, out=negative),
        *expm1_calls(negative, bent),
        call(np.multiply, bent, a, bent),
        call(np.maximum, b.x, zero, out=b.y),
        call(np.multiply, b.y, s, b.y),
        call(np.add, b.y, bent, b.y),
    ]
    slope = b.empty(b.x.shape)
    rest = b.scalar(scale - alpha * scale)
    backward = [  # slope = bent + a, where x > 0 (there bent is 0) it is scale: add the difference
        call(np.greater, b.x, zero, positive),
        call(np.multiply, positive, rest, slope),
        call(np.add, slope, bent, slope),
        call(np.add, slope, a, slope),
        call(np.multiply, b.dy, slope, b.dx),
    ]
    return Steps(forward, backward)


@layers.register("GELU", category="Activation")
@dataclass(frozen=True)
class GELU(Activation):
    """Passes a value on as far as it stands out from a bell curve; a smooth relative of ReLU. Hendrycks & Gimpel 2016."""

    approximate: str = param(
        Choice(("none", "tanh")),
        default="none",
        help="none: by the bell curve itself; tanh: by a curve near it (at most 0.0005 off), as GPT-2 has it.",
        advanced=True,
    )
    value = by_option(
        "approximate", none=Maths(lambda x: x * normal_cdf(x)), tanh=Maths(lambda x: x * bell_gate(x))
    )
    slope = by_option(
        "approximate",
        none=Maths(lambda x: normal_cdf(x) + x * normal_density(x)),
        tanh=Maths(lambda x: bell_gate(x) + x * bell_gate_slope(x)),
    )
    formula_ends = by_option(
        "approximate",
        none=(r", \quad \Phi(x) = \frac{1}{2} \left( 1 + \mathrm{erf} \frac{x}{\sqrt{2}} \right)", ""),
        tanh=(BELL_GATE, BELL_GATE_SLOPE),
    )

    def reach(self) -> Range:
        return Range(
            low=-0.1701
        )  # the lowest point of the dip, at x = −0.75; of the tanh form, the lower one

    def bind(self, b: Bind) -> Steps:
        return self._by_tanh(b) if self.approximate == "tanh" else self._by_erf(b)

    def _by_tanh(self, b: Bind) -> Steps:
        # The gate ½ (1 + tanh u) with u = r·x·(1 + c·x²) has slope 2·gate·(1 − gate)·u′, and u′ = r·(1 + 3c·x²).
        cubic, root, half, one, two, steep = (
            b.scalar(v) for v in (BELL_CUBIC, BELL_ROOT, 0.5, 1.0, 2.0 * BELL_ROOT, 3.0 * BELL_CUBIC)
        )
        square, gate, slope, rest = (b.empty(b.x.shape) for _ in range(4))
        forward = [
            call(np.multiply, b.x, b.x, square),
            call(np.multiply, square, cubic, gate),
            call(np.add, gate, one, gate),
            call(np.multiply, gate, b.x, gate),
            call(np.multiply, gate, root, gate),
            call(np.tanh, gate, gate),
            call(np.multiply, gate, half, gate),
            call(np.add, gate, half, gate),
            call(np.multiply, b.x, gate, b.y),
        ]
        backward = [
            call(np.multiply, square, steep, slope),
            call(np.add, slope, one, slope),
            call(np.subtract, one, gate, rest),
            call(np.multiply, slope, rest, slope),
            call(np.multiply, slope, two, slope),
            call(np.multiply, slope, b.y, slope),
            call(np.add, slope, gate, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)

    def _by_erf(self, b: Bind) -> Steps:
        try:
            from scipy.special import ndtr  # Φ; NumPy has no error function
        except ImportError as error:
            raise SpecError(
                "GELU needs SciPy, which is not installed. Install scipy, or choose SiLU."
            ) from error
        phi, slope, half, density = (
            b.empty(b.x.shape),
            b.empty(b.x.shape),
            b.scalar(-0.5),
            b.scalar(1 / np.sqrt(2 * np.pi)),
        )
        forward = [call(ndtr, b.x, phi), call(np.multiply, b.x, phi, b.y)]
        backward = [
            call(np.multiply, b.x, b.x, slope),
            call(np.multiply, slope, half, slope),
            call(np.exp, slope, slope),
            call(np.multiply, slope, density, slope),
            call(np.multiply, slope, b.x, slope),
            call(np.add, slope, phi, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("SiLU", category="Activation")
@dataclass(frozen=True)
class SiLU(Activation):
    """The value times its own sigmoid, also called swish; a smooth relative of ReLU. Elfwing et al. 2018."""

    value = Maths(lambda x: x * sigmoid(x))
    slope = Maths(lambda x, y: sigmoid(x) + y * (1 - sigmoid(x)))

    def reach(self) -> Range:
        return Range(low=-0.279)  # the lowest point of the dip, at x = −1.28

    def bind(self, b: Bind) -> Steps:
        half, one, gate, slope = b.scalar(0.5), b.scalar(1.0), b.empty(b.x.shape), b.empty(b.x.shape)
        forward = [*_sigmoid(b.x, gate, half), call(np.multiply, b.x, gate, b.y)]
        backward = [
            call(np.subtract, one, gate, slope),
            call(np.multiply, slope, b.y, slope),
            call(np.add, slope, gate, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Mish", category="Activation")
@dataclass(frozen=True)
class Mish(Activation):
    """The value times the tanh of its softplus; a smooth relative of ReLU that dips below 0. Misra 2019."""

    value = Maths(lambda x: x * np.tanh(softplus(x)))
    slope = Maths(lambda x: np.tanh(softplus(x)) + x * sigmoid(x) * (1 - np.tanh(softplus(x)) ** 2))

    def reach(self) -> Range:
        return Range(low=-0.309)  # the lowest point of the dip, at x = −1.19

    def bind(self, b: Bind) -> Steps:
        half, one = b.scalar(0.5), b.scalar(1.0)
        soft, gate, slope, bend = (b.empty(b.x.shape) for _ in range(4))
        forward = [
            *softplus_calls(b.x, soft),
            call(np.tanh, soft, gate),
            call(np.multiply, b.x, gate, b.y),
        ]
        backward = [
            *_sigmoid(b.x, slope, half),
            call(np.multiply, slope, b.x, slope),
            call(np.multiply, gate, gate, bend),
            call(np.subtract, one, bend, bend),
            call(np.multiply, slope, bend, slope),
            call(np.add, slope, gate, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Hardswish", category="Activation")
@dataclass(frozen=True)
class Hardswish(Activation):
    """A SiLU made of two lines and a parabola between them, which is cheap to compute. Howard et al. 2019."""

    value = Maths(lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6)
    slope = Maths(lambda x: np.where(abs(x) < 3, x / 3 + 1 / 2, truth(x > 0)))

    def reach(self) -> Range:
        return Range(low=-0.375, flat=True)  # the lowest point of the dip, at x = −1.5

    def kinks(self) -> tuple[float, ...]:
        return (-3.0, 3.0)

    def bind(self, b: Bind) -> Steps:
        three, half, third, sixth, low, high = (b.scalar(v) for v in (3.0, 0.5, 1 / 3, 1 / 6, 0.0, 6.0))
        gate, slope, size = b.empty(b.x.shape), b.empty(b.x.shape), b.empty(b.x.shape)
        inside, positive = b.empty(b.x.shape, bool), b.empty(b.x.shape, bool)
        forward = [
            call(np.add, b.x, three, gate),
            call(gate.clip, low, high, gate),
            call(np.multiply, gate, sixth, gate),
            call(np.multiply, b.x, gate, b.y),
        ]
        backward = [
            call(np.abs, b.x, size),
            call(np.less, size, three, inside),
            call(np.greater, b.x, low, positive),
            call(np.multiply, b.x, third, slope),
            call(np.add, slope, half, slope),
            call(np.copyto, size, positive),
            call(np.copyto, size, slope, where=inside),
            call(np.multiply, b.dy, size, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Hardsigmoid", category="Activation")
@dataclass(frozen=True)
class Hardsigmoid(Activation):
    """A sigmoid made of three straight lines: 0 below -3, 1 above 3. Courbariaux et al. 2015."""

    value = Maths(lambda x: np.minimum(np.maximum(x / 6 + 1 / 2, 0), 1))
    slope = Maths(lambda x: between(-3, x, 3) / 6)

    def reach(self) -> Range:
        return Range(0.0, 1.0, flat=True)

    def kinks(self) -> tuple[float, ...]:
        return (-3.0, 3.0)

    def bind(self, b: Bind) -> Steps:
        sixth, half, low, high, three = (b.scalar(v) for v in (1 / 6, 0.5, 0.0, 1.0, 3.0))
        slope, inside = b.empty(b.x.shape), b.empty(b.x.shape, bool)
        forward = [
            call(np.multiply, b.x, sixth, b.y),
            call(np.add, b.y, half, b.y),
            call(b.y.clip, low, high, b.y),
        ]
        backward = [
            call(np.abs, b.x, slope),
            call(np.less, slope, three, inside),
            call(np.multiply, inside, sixth, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Softplus", category="Activation")
@dataclass(frozen=True)
class Softplus(Activation):
    """A ReLU with a rounded corner. Dugas et al. 2001."""

    beta: float = param(
        Float(min=0.0, open_min=True), default=1.0, help="How sharp the corner is.", label="β"
    )
    value = Maths(lambda x, beta: 1 / beta * softplus(beta * x))
    slope = Maths(lambda x, beta: sigmoid(beta * x))

    def reach(self) -> Range:
        return Range(low=0.0)

    def bind(self, b: Bind) -> Steps:
        beta, inverse, half = b.scalar(self.beta), b.scalar(1.0 / self.beta), b.scalar(0.5)
        scaled, slope = b.empty(b.x.shape), b.empty(b.x.shape)
        forward = [
            call(np.multiply, b.x, beta, scaled),
            *softplus_calls(scaled, b.y),
            call(np.multiply, b.y, inverse, b.y),
        ]
        return Steps(forward, [*_sigmoid(scaled, slope, half), call(np.multiply, b.dy, slope, b.dx)])


@layers.register("Hardtanh", category="Activation")
@dataclass(frozen=True)
class Hardtanh(Activation):
    """Cuts values off at two bounds: a tanh made of three straight lines."""

    min_val: float = param(Float(), default=-1.0, help="Lower bound.", label="lower bound")
    max_val: float = param(
        Float(), default=1.0, help="Upper bound; above the lower one.", label="upper bound"
    )
    letters: ClassVar = {"min_val": "a", "max_val": "b"}
    value = Maths(lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val))
    slope = Maths(lambda x, min_val, max_val: between(min_val, x, max_val))

    def reach(self) -> Range:
        return Range(self.min_val, self.max_val, flat=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_val >= self.max_val:
            raise SpecError(
                f"Hardtanh: min_val {self.min_val:g} is not below max_val {self.max_val:g}; expected a lower and an upper bound. "
                "Exchange or change them."
            )

    def kinks(self) -> tuple[float, ...]:
        return (self.min_val, self.max_val)

    def bind(self, b: Bind) -> Steps:
        low, high = b.scalar(self.min_val), b.scalar(self.max_val)
        above, below = b.empty(b.x.shape, bool), b.empty(b.x.shape, bool)
        backward = [
            call(np.greater, b.x, low, above),
            call(np.less, b.x, high, below),
            call(np.logical_and, above, below, above),
            call(np.multiply, b.dy, above, b.dx),
        ]
        return Steps([call(b.x.clip, low, high, b.y)], backward)


@layers.register("PReLU", category="Activation")
@dataclass(frozen=True)
class PReLU(Layer):
    """A leaky ReLU that learns its slope for negative values. He et al. 2015."""

    per_channel: bool = param(
        Bool(), default=False, help="One slope for each feature or channel instead of one for all."
    )
    init: float = param(Float(), default=0.25, help="The slope it begins with.")
    frozen: bool = own_frozen()
    letters: ClassVar = {"weight": "a"}
    value = Maths(lambda x, weight: np.maximum(0, x) + weight * np.minimum(0, x))
    slope = Maths(lambda x, weight: np.where(x > 0, 1, weight))
    formula_ends = ("", r", \quad \frac{\partial L}{\partial a} = \sum \delta \min(0, x)")

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        return {"weight": Parameter((in_shapes[0][0] if self.per_channel else 1,), start=self.init)}

    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def bind(self, b: Bind) -> Steps:
        column = (-1, *(1 for _ in b.x.shape[1:]))
        slope, d_slope = b.params["weight"].reshape(column), b.grads["weight"].reshape(column)
        axes = tuple(range(1 if self.per_channel else 0, b.x.ndim))
        zero, one = b.scalar(0.0), b.scalar(1.0)
        negative, work, factor, positive = (
            b.empty(b.x.shape),
            b.empty(b.x.shape),
            b.empty(b.x.shape),
            b.empty(b.x.shape, bool),
        )
        forward = [
            call(np.minimum, b.x, zero, out=negative),
            call(np.multiply, negative, slope, work),
            call(np.maximum, b.x, zero, out=b.y),
            call(np.add, b.y, work, b.y),
        ]
        backward = [
            call(np.multiply, b.dy, negative, work),
            call(np.add.reduce, work, axes, None, d_slope, True),
        ]
        if b.dx is not None:
            rest = b.empty(slope.shape)
            backward += [
                call(np.greater, b.x, zero, positive),
                call(np.subtract, one, slope, rest),
                call(np.multiply, positive, rest, factor),
                call(np.add, factor, slope, factor),
                call(np.multiply, b.dy, factor, b.dx),
            ]
        return Steps(forward, backward)


@layers.register("Softmax", category="Activation")
@dataclass(frozen=True)
class Softmax(Layer):
    """Turns the values of a sample into probabilities that add up to 1 (over features, or over channels at each pixel).

    Losses with logits contain it already; use it where probabilities are wanted inside a network.
    """

    formula = r"y_k = \frac{e^{x_k}}{\sum_j e^{x_j}}"
    gradient_formula = r"\frac{\partial L}{\partial x_k} = y_k \left( \delta_k - \sum_j \delta_j y_j \right)"

    def output_range(self, *given: Range) -> Range:
        return Range(0.0, 1.0, shares=True)

    def bind(self, b: Bind) -> Steps:
        top, work = b.empty((1, *b.x.shape[1:])), b.empty(b.x.shape)
        forward = [
            call(np.maximum.reduce, b.x, 0, None, top, True),
            call(np.subtract, b.x, top, work),
            call(np.exp, work, work),
            call(np.add.reduce, work, 0, None, top, True),
            call(np.divide, work, top, b.y),
        ]
        backward = [
            call(np.multiply, b.dy, b.y, work),
            call(np.add.reduce, work, 0, None, top, True),
            call(np.subtract, b.dy, top, work),
            call(np.multiply, work, b.y, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("LogSoftmax", category="Activation")
@dataclass(frozen=True)
class LogSoftmax(Layer):
    """The logarithm of the softmax, without rounding small probabilities to 0 (over features, or over channels at each pixel).

    What NLLLoss asks for; the two together are CrossEntropyLoss.
    """

    formula = r"y_k = x_k - \log \sum_j e^{x_j}"
    gradient_formula = r"\frac{\partial L}{\partial x_k} = \delta_k - e^{y_k} \sum_j \delta_j"

    def output_range(self, *given: Range) -> Range:
        return Range(high=0.0, log_shares=True)

    def bind(self, b: Bind) -> Steps:
        top, total, work = b.empty((1, *b.x.shape[1:])), b.empty((1, *b.x.shape[1:])), b.empty(b.x.shape)
        forward = [
            call(np.maximum.reduce, b.x, 0, None, top, True),
            call(np.subtract, b.x, top, b.y),
            call(np.exp, b.y, work),
            call(np.add.reduce, work, 0, None, total, True),
            call(np.log, total, total),
            call(np.subtract, b.y, total, b.y),
        ]
        backward = [
            call(np.exp, b.y, work),
            call(np.add.reduce, b.dy, 0, None, total, True),
            call(np.multiply, work, total, work),
            call(np.subtract, b.dy, work, b.dx),
        ]
        return Steps(forward, backward)


def _sigmoid(x: Array, y: Array, half: Array) -> list[Call]:
    """Calls for ½ tanh(x/2) + ½: the sigmoid without overflow."""
    return [
        call(np.multiply, x, half, y),
        call(np.tanh, y, y),
        call(np.multiply, y, half, y),
        call(np.add, y, half, y),
    ]
