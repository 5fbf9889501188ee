"""Layers that join branches: skip connections and parallel paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Call, Shape, Steps, call
from engine.errors import ShapeError
from engine.layers.base import Bind, Layer, layers
from engine.ranges import Range


def _in_words(shapes: tuple[Shape, ...]) -> str:
    return " and ".join("×".join(map(str, s)) for s in shapes)


@layers.register("Add", category="Merge")
@dataclass(frozen=True)
class Add(Layer):
    """Adds its inputs value by value; each of them receives the whole gradient. He et al. 2016 build residual nets so."""

    arity = None
    formula = r"y = \sum_k x_k"
    gradient_formula = r"\frac{\partial L}{\partial x_k} = \delta"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        if len(set(in_shapes)) > 1:
            raise ShapeError(
                f"Add joins inputs of one shape and gets {_in_words(in_shapes)}. Change a branch so that they agree, "
                "for example by a 1×1 convolution or by padding."
            )
        return in_shapes[0]

    def output_range(self, *given: Range) -> Range:
        return given[0].added(*given[1:])

    def bind(self, b: Bind) -> Steps:
        first, second, *others = b.xs
        forward = [call(np.add, first, second, b.y), *(call(np.add, b.y, x, b.y) for x in others)]
        return Steps(forward, [call(np.copyto, dx, b.dy) for dx in b.dxs if dx is not None])


@layers.register("Concat", category="Merge")
@dataclass(frozen=True)
class Concat(Layer):
    """Puts its inputs side by side, features after features or channels after channels."""

    arity = None
    keeps_range = True
    formula = r"y = [x_1; x_2; \ldots]"
    gradient_formula = r"\frac{\partial L}{\partial x_k} = \delta_{\text{part } k}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        if len({s[1:] for s in in_shapes}) > 1 or len({len(s) for s in in_shapes}) > 1:
            raise ShapeError(
                f"Concat joins inputs of the same height and width and gets {_in_words(in_shapes)}. "
                "Change a branch so that they agree."
            )
        return (sum(s[0] for s in in_shapes), *in_shapes[0][1:])

    def bind(self, b: Bind) -> Steps:
        forward: list[Call] = []
        backward: list[Call] = []
        start = 0
        for x, dx in zip(b.xs, b.dxs, strict=True):
            part = slice(start, start + len(x))
            forward.append(call(np.copyto, b.y[part], x))
            if dx is not None:
                backward.append(call(np.copyto, dx, b.dy[part]))
            start += len(x)
        return Steps(forward, backward)
