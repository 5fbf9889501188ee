"""Layers that only change how values are arranged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.layers.base import Layer, Shape, layers


@layers.register("Flatten", category="Shape")
@dataclass(frozen=True)
class Flatten(Layer):
    """Lays the values of all channels in one row, channel after channel, so that Linear can read them."""

    is_view = True
    formula = r"y_{cHW + iW + j} = x_{cij}"
    gradient_formula = r"\frac{\partial L}{\partial x_{cij}} = \delta_{cHW + iW + j}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return (int(np.prod(in_shapes[0])),)
