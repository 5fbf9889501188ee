"""Layers that act at random while training and not at all afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Shape, Steps, call
from engine.layers.base import Bind, Layer, layers
from engine.layers.conv import image_shape
from engine.spec import Float, param


def probability(what: str) -> float:
    """The field of dropout layers, said once."""
    p: float = param(Float(min=0.0, max=0.95), default=0.5, help=f"Probability that {what} is set to 0.")
    return p


def _passed_on(b: Bind) -> Steps:
    return Steps([call(np.copyto, b.y, b.x)], [] if b.dx is None else [call(np.copyto, b.dx, b.dy)])


def _masked(b: Bind, p: float, shape: Shape) -> Steps:
    """Multiply by a mask of ``shape`` that is 0 with probability ``p`` and 1/(1 − p) otherwise."""
    if not b.training or p == 0.0:
        return _passed_on(b)
    silent, scale, factor = b.scalar(p), b.scalar(1.0 / (1.0 - p)), b.empty(shape)
    forward = [
        call(b.rng.random, None, factor.dtype, factor),
        call(np.greater_equal, factor, silent, factor),
        call(np.multiply, factor, scale, factor),
        call(np.multiply, b.x, factor, b.y),
    ]
    return Steps(forward, [] if b.dx is None else [call(np.multiply, b.dy, factor, b.dx)])


@layers.register("Dropout", category="Regularization")
@dataclass(frozen=True)
class Dropout(Layer):
    """While training, silences each value with probability p and scales up the rest, so that no unit is relied on alone.

    Srivastava et al. 2014; "inverted", so that inference needs no change.
    """

    is_random = True
    keeps_range = True
    p: float = probability("a value")
    formula = r"y = \frac{m}{1 - p} x, \quad m \sim \mathrm{Bernoulli}(1 - p)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \frac{m}{1 - p} \delta"

    def bind(self, b: Bind) -> Steps:
        return _masked(b, self.p, b.x.shape)


@layers.register("Dropout2d", category="Regularization")
@dataclass(frozen=True)
class Dropout2d(Layer):
    """While training, silences whole channels, because neighbouring pixels say nearly the same. Tompson et al. 2015."""

    is_random = True
    keeps_range = True
    p: float = probability("a channel")
    formula = r"y_c = \frac{m_c}{1 - p} x_c, \quad m_c \sim \mathrm{Bernoulli}(1 - p)"
    gradient_formula = r"\frac{\partial L}{\partial x_c} = \frac{m_c}{1 - p} \delta_c"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return image_shape("Dropout2d", in_shapes[0])

    def bind(self, b: Bind) -> Steps:
        return _masked(b, self.p, (len(b.x), 1, 1, b.x.shape[3]))


@layers.register("GaussianNoise", category="Regularization")
@dataclass(frozen=True)
class GaussianNoise(Layer):
    """While training, adds a little noise to every value, so that small differences are not learned by heart."""

    is_random = True
    keeps_range = True
    std: float = param(Float(min=0.0), default=0.1, help="Standard deviation of the noise.")
    letters: ClassVar = {"std": r"\sigma"}
    formula = r"y = x + \epsilon, \quad \epsilon \sim \mathcal{N}(0, \sigma^2)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \delta"

    def bind(self, b: Bind) -> Steps:
        if not b.training or self.std == 0.0:
            return _passed_on(b)
        noise, std = b.empty(b.x.shape), b.scalar(self.std)
        forward = [
            call(b.rng.standard_normal, None, noise.dtype, noise),
            call(np.multiply, noise, std, noise),
            call(np.add, b.x, noise, b.y),
        ]
        return Steps(forward, [] if b.dx is None else [call(np.copyto, b.dx, b.dy)])
