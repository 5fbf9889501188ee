"""Normalization: values brought to a common scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array, Call, Parameter, Shape, Steps, call
from engine.errors import ShapeError
from engine.layers.base import Bind, Layer, layers
from engine.layers.conv import image_shape
from engine.layers.linear import own_frozen
from engine.optimizers import epsilon
from engine.spec import Bool, Float, Int, param, varying


def affine() -> bool:
    """The field of normalizations, said once."""
    field: bool = param(Bool(), default=True, help="Whether a learned scale γ and shift β follow.")
    return field


@layers.register("BatchNorm", category="Normalization")
@dataclass(frozen=True)
class BatchNorm(Layer):
    """Brings each feature (or channel) to mean 0 and deviation 1 over the batch, then lets it choose its own scale and shift.

    Ioffe & Szegedy 2015. Training uses the batch's statistics, inference running averages of them. It is PyTorch's BatchNorm1d
    on features and BatchNorm2d on pictures.
    """

    eps: float = epsilon(1e-5)
    momentum: float = param(
        Float(min=0.0, max=1.0),
        default=0.1,
        help="How fast the running averages follow the batches.",
        advanced=True,
    )
    affine: bool = affine()
    frozen: bool = own_frozen()
    letters: ClassVar = {"weight": r"\gamma", "bias": r"\beta", "eps": r"\epsilon"}
    formula = varying(
        r"y = \gamma \frac{x - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}} + \beta",
        affine={r"\gamma ": "", r" + \beta": ""},
    )
    gradient_formula = varying(
        r"\frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma_B^2 + \epsilon}} \left( \delta - \bar{\delta} - \hat{x}\, "
        r"\overline{\delta \hat{x}} \right), \quad \frac{\partial L}{\partial \gamma} = \sum \delta \hat{x}, \quad "
        r"\frac{\partial L}{\partial \beta} = \sum \delta",
        affine={
            r"\frac{\gamma}": r"\frac{1}",
            r", \quad \frac{\partial L}{\partial \gamma} = \sum \delta \hat{x}": "",
            r", \quad \frac{\partial L}{\partial \beta} = \sum \delta": "",
        },
    )

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        shape = in_shapes[0][:1]
        return {"weight": Parameter(shape, start=1.0), "bias": Parameter(shape)} if self.affine else {}

    def state(self, *in_shapes: Shape) -> dict[str, Array]:
        return {"running_mean": np.zeros(in_shapes[0][0]), "running_var": np.ones(in_shapes[0][0])}

    def least_batch(self, *in_shapes: Shape) -> int:
        return 2 if math.prod(in_shapes[0][1:]) == 1 else 1

    def bind(self, b: Bind) -> Steps:
        axes = tuple(range(1, b.x.ndim))
        column = (len(b.x), *(1 for _ in axes))
        n = b.x[0].size
        if b.training and n == 1:
            raise ShapeError(
                "BatchNorm got one value per channel in a training batch; its mean would be that value and its deviation 0. "
                "Choose another batch size, such that no batch has a single sample."
            )
        mean, variance = b.empty(column), b.empty(column)
        running_mean, running_var = (
            b.state[name].reshape(column) for name in ("running_mean", "running_var")
        )
        if b.training:
            share, keep, new = b.scalar(1.0 / n), b.scalar(1.0 - self.momentum), b.scalar(self.momentum)
            unbiased = b.scalar(self.momentum * n / (n - 1))
            work, small = b.empty(b.x.shape), b.empty(column)
            statistics = [
                call(np.add.reduce, b.x, axes, None, mean, True),
                call(np.multiply, mean, share, mean),
                call(np.subtract, b.x, mean, work),
                call(np.multiply, work, work, work),
                call(np.add.reduce, work, axes, None, variance, True),
                call(np.multiply, variance, share, variance),
            ]
            for running, batch, weight in ((running_mean, mean, new), (running_var, variance, unbiased)):
                statistics += [
                    call(np.multiply, running, keep, running),
                    call(np.multiply, batch, weight, small),
                    call(np.add, running, small, running),
                ]
        else:
            statistics = [call(np.copyto, mean, running_mean), call(np.copyto, variance, running_var)]
        return _normalize(b, statistics, mean, variance, self.eps, axes, column, through=b.training)


@layers.register("LayerNorm", category="Normalization")
@dataclass(frozen=True)
class LayerNorm(Layer):
    """Brings all values of one sample to mean 0 and deviation 1, then lets each choose its own scale and shift.

    Ba, Kiros & Hinton 2016. The same in training and inference, and for any batch size.
    """

    normalized_ndim: int = param(
        Int(min=0, max=3),
        default=0,
        help="Over how many of the last dimensions: 1 each row of a picture, 2 each channel, 0 the whole sample. (The length of PyTorch's "
        "normalized_shape.)",
        label="last dimensions",
        advanced=True,
    )
    eps: float = epsilon(1e-5)
    elementwise_affine: bool = affine()
    frozen: bool = own_frozen()
    letters: ClassVar = {"weight": r"\gamma", "bias": r"\beta", "eps": r"\epsilon"}
    formula = varying(
        r"y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta",
        elementwise_affine={r"\gamma ": "", r" + \beta": ""},
    )
    gradient_formula = varying(
        r"\frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}} \left( \gamma \delta - \overline{\gamma \delta} - "
        r"\hat{x}\, \overline{\gamma \delta \hat{x}} \right)",
        elementwise_affine={r"\gamma ": ""},
    )

    def normalized_shape(self, *in_shapes: Shape) -> Shape:
        """The last dimensions that are normalized together."""
        return in_shapes[0][-self.normalized_ndim :]

    def out_shape(self, *in_shapes: Shape) -> Shape:
        if self.normalized_ndim > len(in_shapes[0]):
            raise ShapeError(
                f"LayerNorm is to go over the last {self.normalized_ndim} dimensions and gets {len(in_shapes[0])}. Choose fewer, or 0 for all."
            )
        return in_shapes[0]

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        shape = self.normalized_shape(*in_shapes)
        return (
            {"weight": Parameter(shape, start=1.0), "bias": Parameter(shape)}
            if self.elementwise_affine
            else {}
        )

    def bind(self, b: Bind) -> Steps:
        shape = self.normalized_shape(b.x.shape[:-1])
        first = b.x.ndim - 1 - len(shape)
        axes = tuple(range(first, b.x.ndim - 1))
        row = (*b.x.shape[:first], *(1 for _ in axes), b.x.shape[-1])
        mean, variance, work = b.empty(row), b.empty(row), b.empty(b.x.shape)
        share = b.scalar(1.0 / math.prod(shape))
        statistics = [
            call(np.add.reduce, b.x, axes, None, mean, True),
            call(np.multiply, mean, share, mean),
            call(np.subtract, b.x, mean, work),
            call(np.multiply, work, work, work),
            call(np.add.reduce, work, axes, None, variance, True),
            call(np.multiply, variance, share, variance),
        ]
        scale_shape = (*(1 for _ in range(first)), *shape, 1)
        return _normalize(b, statistics, mean, variance, self.eps, axes, scale_shape, through=True)


def _normalize(
    b: Bind,
    statistics: list[Call],
    mean: Array,
    variance: Array,
    eps: float,
    axes: tuple[int, ...],
    scale_shape: Shape,
    *,
    through: bool,
) -> Steps:
    """Steps for y = γ(x − mean)/√(variance + eps) + β.

    ``axes`` are those the statistics run over, ``scale_shape`` is γ's shape against ``x``; with ``through``, the statistics come
    from ``x`` itself and the gradient flows through them too.
    """
    small, one = b.scalar(eps), b.scalar(1.0)
    inverse, normal, d_normal, work = (
        b.empty(mean.shape),
        b.empty(b.x.shape),
        b.empty(b.x.shape),
        b.empty(b.x.shape),
    )
    forward = [
        *statistics,
        call(np.add, variance, small, inverse),
        call(np.sqrt, inverse, inverse),
        call(np.divide, one, inverse, inverse),
        call(np.subtract, b.x, mean, normal),
        call(np.multiply, normal, inverse, normal),
    ]
    backward: list[Call] = []
    if b.params:
        weight, bias = b.params["weight"].reshape(scale_shape), b.params["bias"].reshape(scale_shape)
        d_weight, d_bias = b.grads["weight"].reshape(scale_shape), b.grads["bias"].reshape(scale_shape)
        others = tuple(i for i, size in enumerate(scale_shape) if size == 1)
        forward += [call(np.multiply, normal, weight, b.y), call(np.add, b.y, bias, b.y)]
        backward += [
            call(np.multiply, b.dy, normal, work),
            call(np.add.reduce, work, others, None, d_weight, True),
            call(np.add.reduce, b.dy, others, None, d_bias, True),
            call(np.multiply, b.dy, weight, d_normal),
        ]
    else:
        forward.append(call(np.copyto, b.y, normal))
        backward.append(call(np.copyto, d_normal, b.dy))
    if b.dx is None:
        return Steps(forward, backward)
    if through:
        share, average = b.scalar(mean.size / b.x.size), b.empty(mean.shape)
        backward += [
            call(np.multiply, d_normal, normal, work),
            call(np.add.reduce, work, axes, None, average, True),
            call(np.multiply, average, share, average),
            call(np.multiply, normal, average, work),  # x̂ · mean(δx̂)
            call(np.add.reduce, d_normal, axes, None, average, True),
            call(np.multiply, average, share, average),
            call(np.subtract, d_normal, average, d_normal),
            call(np.subtract, d_normal, work, d_normal),
        ]
    return Steps(forward, [*backward, call(np.multiply, d_normal, inverse, b.dx)])


@layers.register("LocalResponseNorm", category="Normalization")
@dataclass(frozen=True)
class LocalResponseNorm(Layer):
    """Damps a channel where its neighbours answer strongly at the same place. Krizhevsky et al. 2012, section 3.3."""

    size: int = param(
        Int(min=1, max=64), default=5, help="How many neighbouring channels count.", unit="channels"
    )
    alpha: float = param(Float(min=0.0), default=1e-4, help="How strongly they damp.", label="α")
    beta: float = param(Float(min=0.0), default=0.75, help="Exponent.", label="β")
    k: float = param(Float(min=0.0), default=1.0, help="What is added before the exponent.")
    letters: ClassVar = {"size": "n"}
    formula = r"y_c = x_c \left( k + \frac{\alpha}{n} \sum_{c' \text{ near } c} x_{c'}^2 \right)^{-\beta}"
    gradient_formula = (
        r"\frac{\partial L}{\partial x_c} = \delta_c d_c^{-\beta} - \frac{2 \alpha \beta}{n} x_c "
        r"\sum_{c' \text{ near } c} \delta_{c'} x_{c'} d_{c'}^{-\beta - 1}"
    )

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return image_shape("LocalResponseNorm", in_shapes[0])

    def bind(self, b: Bind) -> Steps:
        square, damp, power, work = (b.empty(b.x.shape) for _ in range(4))
        share, k, exponent = b.scalar(self.alpha / self.size), b.scalar(self.k), b.scalar(-self.beta)
        back = b.scalar(-2.0 * self.alpha * self.beta / self.size)
        forward = [
            call(np.multiply, b.x, b.x, square),
            *self._window_sums(square, damp, mirrored=False),
            call(np.multiply, damp, share, damp),
            call(np.add, damp, k, damp),
            call(np.power, damp, exponent, power),
            call(np.multiply, b.x, power, b.y),
        ]
        if b.dx is None:
            return Steps(forward, [])
        backward = [
            call(np.multiply, b.dy, b.y, square),
            call(np.divide, square, damp, square),
            *self._window_sums(square, work, mirrored=True),
            call(np.multiply, work, b.x, work),
            call(np.multiply, work, back, work),
            call(np.multiply, b.dy, power, b.dx),
            call(np.add, b.dx, work, b.dx),
        ]
        return Steps(forward, backward)

    def _window_sums(self, x: Array, y: Array, *, mirrored: bool) -> list[Call]:
        """Calls that write the sum over neighbouring channels into ``y``. An even window reaches one further back (PyTorch)."""
        before, after = self.size // 2, (self.size - 1) // 2
        if mirrored:
            before, after = after, before
        channels, calls = len(x), [call(np.copyto, y, x)]
        for shift in range(1, channels):
            if shift <= before:
                calls.append(call(np.add, y[shift:], x[:-shift], y[shift:]))
            if shift <= after:
                calls.append(call(np.add, y[:-shift], x[shift:], y[:-shift]))
        return calls
