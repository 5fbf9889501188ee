"""Layers that act at random while training and not at all afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.layers.base import Bind, Layer, Steps, call, layers
from engine.spec import Float, param


@layers.register("Dropout", category="Regularization")
@dataclass(frozen=True)
class Dropout(Layer):
    """While training, silences each value with probability p and scales up the rest, so that no unit is relied on alone.

    Srivastava et al. 2014; "inverted", so that inference needs no change.
    """

    is_random = True
    p: float = param(Float(min=0.0, max=0.95), default=0.5, help="Probability that a value is set to 0.")
    formula = r"y = \frac{m}{1 - p} x, \quad m \sim \mathrm{Bernoulli}(1 - p)"
    gradient_formula = r"\frac{\partial L}{\partial x} = \frac{m}{1 - p} \delta"

    def bind(self, b: Bind) -> Steps:
        if not b.training or self.p == 0.0:
            return Steps([call(np.copyto, b.y, b.x)], [] if b.dx is None else [call(np.copyto, b.dx, b.dy)])
        p, scale = b.scalar(self.p), b.scalar(1.0 / (1.0 - self.p))
        factor = b.empty(b.x.shape)
        forward = [
            call(b.rng.random, None, factor.dtype, factor),
            call(np.greater_equal, factor, p, factor),
            call(np.multiply, factor, scale, factor),
            call(np.multiply, b.x, factor, b.y),
        ]
        return Steps(forward, [] if b.dx is None else [call(np.multiply, b.dy, factor, b.dx)])
