"""Fully connected layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import ShapeError
from engine.initializers import Initializer, initializers
from engine.layers.base import Array, Bind, Layer, Layout, Parameter, Shape, Steps, affine_views, call, layers
from engine.regularizers import Regularizer, regularizers
from engine.spec import Bool, Int, Nested, param, varying


def own_initializer() -> Initializer | None:
    """The field of layers with weights: a way to begin that overrides the project's."""
    field: Initializer | None = param(
        Nested(initializers, optional=True, none_label="as in Training"),
        default=None,
        help="How this layer's weights begin; by default as chosen under Training.",
        label="initializer",
    )
    return field


def own_regularizer() -> Regularizer | None:
    """The field of layers with weights: a penalty that overrides the project's."""
    field: Regularizer | None = param(
        Nested(regularizers, optional=True, none_label="as in Training"),
        default=None,
        help="The penalty on this layer's weights; by default as chosen under Training.",
        label="regularization",
    )
    return field


def own_frozen() -> bool:
    """The field of layers that learn: leave this one as it is."""
    field: bool = param(
        Bool(),
        default=False,
        help="Whether training leaves this layer's parameters as they are.",
        advanced=True,
    )
    return field


def is_frozen(layer: Layer, name: str = "") -> bool:
    """Whether training leaves the parameter ``name`` of a layer as it is; without a name: all that it has."""
    return bool(getattr(layer, "frozen", False)) or (
        name == "bias" and bool(getattr(layer, "frozen_bias", False))
    )


@layers.register("Linear", category="Dense")
@dataclass(frozen=True)
class Linear(Layer):
    """Every unit adds up all inputs, each times its own weight, plus a bias."""

    out_features: int = param(
        Int(min=1, max=65_536),
        default=4,
        help="How many units (outputs) it has.",
        unit="units",
        label="units",
    )
    bias: bool = param(Bool(), default=True, help="Whether each unit adds a number of its own.")
    initializer: Initializer | None = own_initializer()
    regularizer: Regularizer | None = own_regularizer()
    frozen: bool = own_frozen()
    frozen_bias: bool = param(
        Bool(),
        default=False,
        help="Whether training leaves the biases alone as they are, as some exercises by hand do.",
        advanced=True,
    )
    formula = varying(r"y_j = \sum_i w_{ji} x_i + b_j", bias={" + b_j": ""})
    gradient_formula = varying(
        r"\frac{\partial L}{\partial w_{ji}} = \sum_n \delta_{nj} x_{ni}, \quad "
        r"\frac{\partial L}{\partial b_j} = \sum_n \delta_{nj}, \quad \frac{\partial L}{\partial x_i} = \sum_j w_{ji} \delta_j",
        bias={r"\frac{\partial L}{\partial b_j} = \sum_n \delta_{nj}, \quad ": ""},
    )

    def out_shape(self, *in_shapes: Shape) -> Shape:
        if len(in_shapes[0]) != 1:
            raise ShapeError(
                f"Linear reads a row of values and gets {'×'.join(map(str, in_shapes[0]))}. Put a Flatten before it."
            )
        return (self.out_features,)

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        n_in, n_out = in_shapes[0][0], self.out_features
        weight = {"weight": Parameter((n_out, n_in), n_in, n_out)}
        return weight | {"bias": Parameter((n_out,))} if self.bias else weight

    def layout(self, *in_shapes: Shape) -> Layout:
        return Layout(ones=self.bias)

    def arrange(self, flat: Array, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
        return affine_views(flat, parameters)

    def bind(self, b: Bind) -> Steps:
        n_in, n_out = b.x.shape[0], self.out_features
        weight = b.flat.reshape(
            -1, n_out
        )  # (n_in + 1, n_out): the last row is the bias, met by the row of ones in b.full
        gradient = b.flat_grad.reshape(-1, n_out)
        # ndarray.dot rather than np.matmul: a third of the cost per call, and it lets go of the GIL, so windows stay smooth.
        forward = [call(weight.T.dot, b.full, b.y)]
        backward = [call(b.full.dot, b.dy.T, gradient)]
        if (
            b.dy.shape[1] == 1
        ):  # one column by one row: products are slow at that, and large ones all there is to such a step
            backward = [call(np.multiply, b.full, b.dy.T, gradient)]
        if b.dx is not None:
            backward.append(call(weight[:n_in].dot, b.dy, b.dx))
        return Steps(forward, backward)
