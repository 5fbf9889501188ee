"""Activations: what a unit makes of its sum, value by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.layers.base import Array, Bind, Layer, Steps, call, layers
from engine.spec import Float, param


class Activation(Layer):
    """Base of layers that act on each value alone; ``curve`` draws them."""

    def curve(self, x: Array) -> tuple[Array, Array]:
        """Value and derivative at each of ``x`` ``(n,)``, computed by the layer's own calls in float64."""
        x = np.asarray(x, np.float64).reshape(1, -1)
        y, dy, dx = np.zeros_like(x), np.ones_like(x), np.zeros_like(x)
        steps = self.bind(Bind((x,), (x,), y, dy, (dx,)))
        for c in (*steps.forward, *steps.backward):
            c.function(*c.args, **c.kwargs)
        return y[0], dx[0]


@layers.register("ReLU", category="Activation")
@dataclass(frozen=True)
class ReLU(Activation):
    """Lets positive values pass and turns negative ones into 0. Nair & Hinton 2010."""

    formula = r"y = \max(0, x)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta \cdot [x > 0]"

    def bind(self, b: Bind) -> Steps:
        zeros, positive = (
            np.zeros_like(b.x),
            b.empty(b.x.shape, bool),
        )  # an array of zeros: maximum with a scalar is slower
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
    formula = r"y = \max(0, x) + a \min(0, x)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta \cdot (1 \text{ if } x > 0 \text{ else } a)"

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

    formula = r"y = \tanh(x)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta \cdot (1 - y^2)"

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

    formula = r"y = \frac{1}{1 + e^{-x}}"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta \cdot y (1 - y)"

    def bind(self, b: Bind) -> Steps:
        half, one, slope = b.scalar(0.5), b.scalar(1.0), b.empty(b.x.shape)
        forward = [  # ½ tanh(x/2) + ½ is the same function and cannot overflow
            call(np.multiply, b.x, half, b.y),
            call(np.tanh, b.y, b.y),
            call(np.multiply, b.y, half, b.y),
            call(np.add, b.y, half, b.y),
        ]
        backward = [
            call(np.subtract, one, b.y, slope),
            call(np.multiply, slope, b.y, slope),
            call(np.multiply, b.dy, slope, b.dx),
        ]
        return Steps(forward, backward)


@layers.register("Identity", category="Activation")
@dataclass(frozen=True)
class Identity(Activation):
    """Passes every value on unchanged."""

    formula = r"y = x"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta"

    def bind(self, b: Bind) -> Steps:
        return Steps([call(np.copyto, b.y, b.x)], [call(np.copyto, b.dx, b.dy)])
