"""Convolution."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.errors import ShapeError
from engine.initializers import Initializer
from engine.layers.base import (
    Array,
    Bind,
    Call,
    Layer,
    Layout,
    Parameter,
    Shape,
    Steps,
    affine_views,
    call,
    layers,
)
from engine.layers.conv_rows import bind_rows
from engine.layers.linear import own_frozen, own_initializer, own_regularizer
from engine.regularizers import Regularizer
from engine.spec import Bool, Int, Pair, param, varying

#: numbers in an output row of the whole batch from which on working by whole rows is the faster way, and weights up to which it is:
#: each row has a product of its own, and all of them read all weights
LONG_ROW, FEW_WEIGHTS = 64, 30_000
#: bytes of gathered windows worked on at once; they stay in the second-level cache of today's processors
CHUNK_BYTES = 600_000
#: where that is fewer columns, each product would read all weights for little: then so many are worked on
FEW_COLUMNS, ENOUGH_COLUMNS = 100, 512


Size = int | tuple[int, int]
Sides = tuple[int, int, int, int]


def own_filters() -> int:
    """The field of layers with filters, said once: how many."""
    out_channels: int = param(
        Int(min=1, max=4096),
        default=8,
        help="How many filters (output channels) it has.",
        unit="filters",
        label="filters",
    )
    return out_channels


def own_groups() -> int:
    """The field of layers with filters, said once: which channels see one another."""
    groups: int = param(
        Int(min=1, max=4096),
        default=1,
        help="Split the channels into so many groups that do not see one another.",
        advanced=True,
    )
    return groups


def own_bias() -> bool:
    """The field of layers with filters, said once: whether they add a number."""
    bias: bool = param(Bool(), default=True, help="Whether each filter adds a number of its own.")
    return bias


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """``(height, width)`` from one number or two."""
    return value if isinstance(value, tuple) else (value, value)


def four_sides(padding: int | tuple[int, ...]) -> Sides:
    """``(top, bottom, left, right)`` from one number, two or four."""
    if isinstance(padding, tuple) and len(padding) == 4:
        return padding
    h, w = padding if isinstance(padding, tuple) else (padding, padding)
    return h, h, w, w


def same_pads(kernel_size: Size, stride: Size, dilation: Size, *in_shapes: Shape) -> Sides:
    """The padding with which windows over ``in_shapes`` (one picture) stand at ⌈size/stride⌉ rows and columns, whatever the stride.

    Where the cells to be added are odd in number, the bottom and the right get one more: so in PyTorch, which takes stride 1 only, in
    TensorFlow, and in ONNX as SAME_UPPER.
    """
    found: list[int] = []
    sizes = in_shapes[0][1:] if in_shapes else (1, 1)  # with stride 1 the size does not matter
    for size, k, s, d in zip(sizes, *map(pair, (kernel_size, stride, dilation)), strict=True):
        total = max(0, (-(-size // s) - 1) * s + d * (k - 1) + 1 - size)
        found += [total // 2, total - total // 2]
    top, bottom, left, right = found
    return top, bottom, left, right


def image_shape(layer: str, in_shape: Shape) -> tuple[int, int, int]:
    """``in_shape`` as ``(C, H, W)``. Raises ShapeError for anything else."""
    if len(in_shape) != 3:
        raise ShapeError(
            f"{layer} reads pictures (channels × height × width) and gets {in_shape[0]} values. "
            "Choose image data, take it out, or move it before a Flatten."
        )
    return in_shape


def window_positions(
    layer: str,
    size: int,
    kernel: int,
    stride: int,
    before: int,
    after: int,
    dilation: int = 1,
    ceil: bool = False,
) -> int:
    """⌊(n + p − d(k − 1) − 1)/s⌋ + 1, the number of places a window can stand. Raises ShapeError when there is none.

    ``ceil``: the number is rounded up, so that the last one may reach beyond; none begins in the padding behind the picture, though.
    """
    reach = dilation * (kernel - 1) + 1
    count = (size + before + after - reach) // stride + 1
    beyond = (count - 1) * stride + reach < size + before + after
    count += ceil and beyond and count * stride - before < size
    if count < 1:
        padded = f"{size} (with padding {size + before + after})" if before + after else f"{size}"
        raise ShapeError(
            f"{layer}: a window {reach} wide does not fit into a picture {padded} wide. Make the kernel smaller or pad more."
        )
    return count


@layers.register("Conv2d", category="Convolution")
@dataclass(frozen=True)
class Conv2d(Layer):
    """Slides small filters over the picture; each filter answers where its pattern is. (Cross-correlation, as everywhere.)"""

    out_channels: int = own_filters()
    kernel_size: int | tuple[int, int] = param(
        Pair(min=1, max=64), default=3, help="Size of each filter.", unit="px"
    )
    stride: int | tuple[int, int] = param(
        Pair(min=1, max=64), default=1, help="How far the window moves each time.", unit="px"
    )
    padding: int | tuple[int, int] | tuple[int, int, int, int] | str = param(
        Pair(min=0, max=64, words=("valid", "same", "full"), sides=True),
        default=0,
        help='Zeros put round the picture, or top+bottom×left+right such as 0+1×0+1; "valid": none, "same": output as large as the '
        'input (with a stride: as that goes into it, rounded up), "full": every overlap counts.',
        unit="px",
    )
    dilation: int | tuple[int, int] = param(
        Pair(min=1, max=64),
        default=1,
        help="Distance between the pixels a filter looks at.",
        unit="px",
        advanced=True,
    )
    groups: int = own_groups()
    bias: bool = own_bias()
    initializer: Initializer | None = own_initializer()
    regularizer: Regularizer | None = own_regularizer()
    frozen: bool = own_frozen()
    formula = varying(
        r"y_{oij} = \sum_{c,u,v} w_{ocuv}\, x_{c,\, si+du-p,\, sj+dv-p} + b_o", bias={" + b_o": ""}
    )
    gradient_formula = varying(
        r"\frac{\partial L}{\partial w_{ocuv}} = \sum_{n,i,j} \delta_{noij}\, x_{n,c,\, si+du-p,\, sj+dv-p}, \quad "
        r"\frac{\partial L}{\partial b_o} = \sum_{n,i,j} \delta_{noij}, \quad "
        r"\frac{\partial L}{\partial x_{cab}} = \sum_{o,i,j,u,v} w_{ocuv}\, \delta_{oij} \cdot [a = si+du-p,\, b = sj+dv-p]",
        bias={r"\frac{\partial L}{\partial b_o} = \sum_{n,i,j} \delta_{noij}, \quad ": ""},
    )

    def pads(self, *in_shapes: Shape) -> Sides:
        """``(top, bottom, left, right)``. The shape of what it reads matters where "same" padding meets a stride."""
        if self.padding == "same":
            return same_pads(self.kernel_size, self.stride, self.dilation, *in_shapes)
        (kh, kw), (dh, dw) = pair(self.kernel_size), pair(self.dilation)
        if isinstance(self.padding, str):
            return four_sides((dh * (kh - 1), dw * (kw - 1)) if self.padding == "full" else 0)
        return four_sides(self.padding)

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, height, width = image_shape("Conv2d", in_shapes[0])
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), pair(self.stride), pair(self.dilation)
        top, bottom, left, right = self.pads(in_shapes[0])
        for what, number in (("input channels", channels), ("filters", self.out_channels)):
            if number % self.groups:
                raise ShapeError(
                    f"Conv2d: {number} {what} cannot be split into {self.groups} equal groups. Choose a divisor of {number}."
                )
        return (
            self.out_channels,
            window_positions("Conv2d", height, kh, sh, top, bottom, dh),
            window_positions("Conv2d", width, kw, sw, left, right, dw),
        )

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        channels, (kh, kw) = in_shapes[0][0] // self.groups, pair(self.kernel_size)
        fan_out = self.out_channels // self.groups * kh * kw
        weight = Parameter((self.out_channels, channels, kh, kw), channels * kh * kw, fan_out)
        return {"weight": weight} | ({"bias": Parameter((self.out_channels,))} if self.bias else {})

    def layout(self, *in_shapes: Shape) -> Layout:
        return Layout(pad=self.pads(*in_shapes))

    def by_rows(self, batch: int, *in_shapes: Shape) -> bool:
        if not self.groups == pair(self.stride)[0] == pair(self.dilation)[0] == 1:
            return False
        weights = self.out_channels * in_shapes[0][0] * math.prod(pair(self.kernel_size))
        return weights <= FEW_WEIGHTS and self.out_shape(*in_shapes)[2] * batch >= LONG_ROW

    def arrange(self, flat: Array, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
        # Groups are blocks of rows, which the transposed matrix of affine_views could not give as views.
        return affine_views(flat, parameters) if self.groups == 1 else super().arrange(flat, parameters)

    def bind(self, b: Bind) -> Steps:
        # Every window becomes a column, and the convolution one matrix product: "im2col". With the batch last, a shifted
        # window is a few long runs of memory. A row of ones under the columns makes the bias one more weight.
        _, rows, wo, batch = b.y.shape
        kh, kw = pair(self.kernel_size)
        if self.by_rows(batch, b.x.shape[:-1]):
            border = self.pads(b.x.shape[:-1])[:2]
            return bind_rows(b, kw, border, pair(self.stride)[1], pair(self.dilation)[1])
        k = b.full.shape[0] * kh * kw
        matrices = self._matrices(b, k)
        y, dy = Unbroken(b.y), Unbroken(b.dy)
        windows = self._windows(b.full, b.y.shape)
        depth = k + 1
        count = CHUNK_BYTES // (depth * b.y.itemsize)
        if max(count, wo * batch) < FEW_COLUMNS:
            count = ENOUGH_COLUMNS
        step = max(1, min(rows, count // (wo * batch)))
        columns, d_columns = np.ones((depth, step * wo * batch), b.y.dtype), b.empty((k, step * wo * batch))
        forward: list[Call] = []
        backward: list[Call] = [*dy.load]
        if b.dfull is not None:
            backward.append(call(b.dfull.fill, 0))
        for first in range(0, rows, step):
            last = min(first + step, rows)
            n = (last - first) * wo * batch
            cols, d_cols = columns, d_columns
            if (
                n < columns.shape[1]
            ):  # the last, smaller chunk: buffers of its own, as products want contiguous memory
                cols, d_cols = np.ones((depth, n), b.y.dtype), b.empty((k, n))
            cells = cols[:k].reshape(-1, kh, kw, last - first, wo, batch)
            gather = call(np.copyto, cells, windows[:, :, :, first:last])
            here = slice(first * wo * batch, last * wo * batch)
            forward.append(gather)
            if step < rows:
                backward.append(
                    gather
                )  # cheaper to gather again than to keep: the columns are k·k times the picture
            for matrix in matrices:
                forward.append(product(matrix.weight, cols[matrix.rows], y.array[matrix.outputs, here]))
                backward += matrix.gradient_calls(
                    cols[matrix.rows], dy.array[matrix.outputs, here], add=first > 0
                )
                if b.dfull is not None:
                    inner = d_cols[matrix.cells]
                    backward.append(product(matrix.backward_weight, dy.array[matrix.outputs, here], inner))
            if b.dfull is not None:
                backward += self._scatter(d_cols.reshape(cells.shape), b.dfull, first)
        if self.groups > 1 and self.bias:
            bias = b.params["bias"][:, None]
            forward.append(call(np.add, y.array, bias, y.array))
            backward.append(call(np.add.reduce, dy.array, 1, None, b.grads["bias"]))
        return Steps([*forward, *y.store], backward)

    def _matrices(self, b: Bind, k: int) -> list[_Matrix]:
        """The weights as matrices, one per group, and which rows of the columns each reads."""
        m = self.out_channels
        if self.groups == 1:
            weight, gradient = b.flat.reshape(-1, m), b.flat_grad.reshape(-1, m)
            return [
                _Matrix(
                    weight.T,
                    weight[:k],
                    gradient,
                    slice(0, len(weight)),
                    slice(0, k),
                    slice(0, m),
                    True,
                    np.zeros_like(gradient),
                )
            ]
        per_in, per_out = k // self.groups, m // self.groups
        weight, gradient = (a[: m * per_in].reshape(m, per_in) for a in (b.flat, b.flat_grad))
        groups = []
        for g in range(self.groups):
            reads, gives = slice(g * per_in, (g + 1) * per_in), slice(g * per_out, (g + 1) * per_out)
            groups.append(
                _Matrix(
                    weight[gives],
                    weight[gives].T,
                    gradient[gives],
                    reads,
                    reads,
                    gives,
                    False,
                    np.zeros_like(gradient[gives]),
                )
            )
        return groups

    def _windows(self, full: Array, out_shape: Shape) -> Array:
        """``(C, kh, kw, Ho, Wo, B)``: what filter cell (u, v) sees at output (i, j); a view, nothing is copied."""
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), pair(self.stride), pair(self.dilation)
        c, h, w, n = full.strides
        shape = (full.shape[0], kh, kw, *out_shape[1:])
        return as_strided(full, shape, (c, h * dh, w * dw, h * sh, w * sw, n), writeable=False)

    def _scatter(self, d_cells: Array, d_full: Array, first: int) -> list[Call]:
        """Adds every filter cell's share back to the pixels it saw."""
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), pair(self.stride), pair(self.dilation)
        count, wo = d_cells.shape[3:5]
        calls = []
        for u in range(kh):
            for v in range(kw):
                top, left = first * sh + u * dh, v * dw
                seen = d_full[:, top : top + sh * (count - 1) + 1 : sh, left : left + sw * (wo - 1) + 1 : sw]
                calls.append(call(np.add, seen, d_cells[:, u, v], seen))
        return calls


@dataclass(frozen=True)
class _Matrix:
    """The weights of one group as a matrix.

    Args:
        weight: ``(filters, cells)``, with the biases as one more column where ``rows`` includes the row of ones.
        backward_weight: ``(cells, filters)``, without biases.
        gradient: where its gradient goes: transposed, ``(cells, filters)``, if ``transposed``.
        rows, cells: which rows of the columns it reads, with and without the row of ones.
        outputs: which output channels it gives.
        spare: as large as ``gradient``, for the share of one chunk.
    """

    weight: Array
    backward_weight: Array
    gradient: Array
    rows: slice
    cells: slice
    outputs: slice
    transposed: bool
    spare: Array

    def gradient_calls(self, cols: Array, dy: Array, add: bool) -> list[Call]:
        """Calls that write this chunk's weight gradient, or ``add`` it to those of earlier chunks."""
        out = self.spare if add else self.gradient
        found = product(cols, dy.T, out) if self.transposed else product(dy, cols.T, out)
        return [found, call(np.add, self.gradient, out, self.gradient)] if add else [found]


class Unbroken:
    """``(M, Ho, Wo, B)`` as ``(M, N)`` for products; with the copying calls where memory is not in one piece."""

    def __init__(self, array: Array) -> None:
        self.load: list[Call] = []
        self.store: list[Call] = []
        if array.flags.c_contiguous:
            self.array = array.reshape(len(array), -1)
        else:
            piece = np.zeros(array.shape, array.dtype)
            self.array = piece.reshape(len(array), -1)
            self.load, self.store = [call(np.copyto, piece, array)], [call(np.copyto, array, piece)]


def product(a: Array, b: Array, out: Array) -> Call:
    """``out = a @ b`` by the cheapest call that copies nothing: ``dot`` wants whole matrices, ``matmul`` takes slices."""
    whole = all(m.flags.c_contiguous or m.flags.f_contiguous for m in (a, b)) and out.flags.c_contiguous
    return call(a.dot, b, out) if whole else call(np.matmul, a, b, out)
