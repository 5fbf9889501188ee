"""Layers that only change how values are arranged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Shape
from engine.errors import ShapeError
from engine.layers.base import Layer, layers
from engine.spec import Int, param


@layers.register("Flatten", category="Shape")
@dataclass(frozen=True)
class Flatten(Layer):
    """Lays the values of all channels in one row, channel after channel, so that Linear can read them."""

    is_view = True
    formula = r"y_{cHW + iW + j} = x_{cij}"
    gradient_formula = r"\frac{\partial L}{\partial x_{cij}} = \delta_{cHW + iW + j}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return (int(np.prod(in_shapes[0])),)


@layers.register("Unflatten", category="Shape")
@dataclass(frozen=True)
class Unflatten(Layer):
    """Arranges a row of values as a picture, channel after channel: the reverse of Flatten."""

    is_view = True
    channels: int = param(Int(min=1, max=4096), default=1, help="Channels of the picture.")
    height: int = param(Int(min=1, max=4096), default=1, help="Height of the picture.", unit="px")
    width: int = param(Int(min=1, max=4096), default=1, help="Width of the picture.", unit="px")
    formula = r"y_{cij} = x_{cHW + iW + j}"
    gradient_formula = r"\frac{\partial L}{\partial x_{cHW + iW + j}} = \delta_{cij}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        shape = (self.channels, self.height, self.width)
        have, need = int(np.prod(in_shapes[0])), int(np.prod(shape))
        if have != need:
            raise ShapeError(
                f"Unflatten makes {'×'.join(map(str, shape))} = {need} values and gets {have}. "
                "Choose a size with as many values as come in."
            )
        return shape
