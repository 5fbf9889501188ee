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


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """``(height, width)`` from one number or two."""
    return value if isinstance(value, tuple) else (value, value)


def image_shape(layer: str, in_shape: Shape) -> tuple[int, int, int]:
    """``in_shape`` as ``(C, H, W)``. Raises ShapeError for anything else."""
    if len(in_shape) != 3:
        raise ShapeError(
            f"{layer} reads pictures (channels × height × width) and gets {in_shape[0]} values. "
            "Choose image data, or move it before the Flatten."
        )
    return in_shape


def window_positions(
    layer: str, size: int, kernel: int, stride: int, before: int, after: int, dilation: int = 1
) -> int:
    """⌊(n + p − d(k − 1) − 1)/s⌋ + 1, the number of places a window can stand. Raises ShapeError when there is none."""
    reach = dilation * (kernel - 1) + 1
    if size + before + after < reach:
        padded = f"{size} (with padding {size + before + after})" if before + after else f"{size}"
        raise ShapeError(
            f"{layer}: a window {reach} wide does not fit into a picture {padded} wide. Make the kernel smaller or pad more."
        )
    return (size + before + after - reach) // stride + 1


@layers.register("Conv2d", category="Convolution")
@dataclass(frozen=True)
class Conv2d(Layer):
    """Slides small filters over the picture; each filter answers where its pattern is. (Cross-correlation, as everywhere.)"""

    out_channels: int = param(
        Int(min=1, max=4096),
        default=8,
        help="How many filters (output channels) it has.",
        unit="filters",
        label="filters",
    )
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
        'input, "full": every overlap counts.',
        unit="px",
    )
    dilation: int | tuple[int, int] = param(
        Pair(min=1, max=64),
        default=1,
        help="Distance between the pixels a filter looks at.",
        unit="px",
        advanced=True,
    )
    groups: int = param(
        Int(min=1, max=4096),
        default=1,
        help="Split the channels into so many groups that do not see one another.",
        advanced=True,
    )
    bias: bool = param(Bool(), default=True, help="Whether each filter adds a number of its own.")
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

    def pads(self) -> tuple[int, int, int, int]:
        """``(top, bottom, left, right)``. "same" puts the odd cell at the bottom and right, as PyTorch does."""
        reach = [d * (k - 1) for k, d in zip(pair(self.kernel_size), pair(self.dilation), strict=True)]
        if isinstance(self.padding, str):
            before, after = {
                "valid": ([0, 0], [0, 0]),
                "same": ([r // 2 for r in reach], [r - r // 2 for r in reach]),
                "full": (reach, reach),
            }[self.padding]
            return before[0], after[0], before[1], after[1]
        if isinstance(self.padding, tuple) and len(self.padding) == 4:
            return self.padding
        h, w = pair(self.padding)
        return h, h, w, w

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, height, width = image_shape("Conv2d", in_shapes[0])
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), pair(self.stride), pair(self.dilation)
        top, bottom, left, right = self.pads()
        if self.padding == "same" and (sh, sw) != (1, 1):
            raise ShapeError(
                'Conv2d: padding "same" needs stride 1 and the stride is larger. Give the padding as a number, or as one per side.'
            )
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

    def instead(self, *in_shapes: Shape) -> Layer | None:
        if self.padding != "same" or len(in_shapes[0]) != 3:
            return None
        return self.replace(padding=same_pads(self, in_shapes[0]))

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        channels, (kh, kw) = in_shapes[0][0] // self.groups, pair(self.kernel_size)
        fan_out = self.out_channels // self.groups * kh * kw
        weight = Parameter((self.out_channels, channels, kh, kw), channels * kh * kw, fan_out)
        return {"weight": weight} | ({"bias": Parameter((self.out_channels,))} if self.bias else {})

    def layout(self, *in_shapes: Shape) -> Layout:
        return Layout(pad=self.pads())

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
            return bind_rows(b, kw, self.pads()[:2], pair(self.stride)[1], pair(self.dilation)[1])
        k = b.full.shape[0] * kh * kw
        matrices = self._matrices(b, k)
        y, dy = _Flat(b.y), _Flat(b.dy)
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
                forward.append(_product(matrix.weight, cols[matrix.rows], y.array[matrix.outputs, here]))
                backward += matrix.gradient_calls(
                    cols[matrix.rows], dy.array[matrix.outputs, here], add=first > 0
                )
                if b.dfull is not None:
                    inner = d_cols[matrix.cells]
                    backward.append(_product(matrix.backward_weight, dy.array[matrix.outputs, here], inner))
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


def same_pads(layer: Conv2d, in_shape: Shape) -> tuple[int, int, int, int]:
    """The padding with which ``layer`` gives ⌈size/stride⌉ rows and columns, as "same" does in TensorFlow with any stride.

    Where the cells to be added are odd in number, the bottom and the right get one more.
    """
    found: list[int] = []
    sizes = zip(in_shape[1:], *map(pair, (layer.kernel_size, layer.stride, layer.dilation)), strict=True)
    for size, kernel, stride, dilation in sizes:
        reach = dilation * (kernel - 1) + 1
        total = max(0, (-(-size // stride) - 1) * stride + reach - size)
        found += [total // 2, total - total // 2]
    top, bottom, left, right = found
    return top, bottom, left, right


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
        product = _product(cols, dy.T, out) if self.transposed else _product(dy, cols.T, out)
        return [product, call(np.add, self.gradient, out, self.gradient)] if add else [product]


class _Flat:
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


def _product(a: Array, b: Array, out: Array) -> Call:
    """``out = a @ b`` by the cheapest call that copies nothing: ``dot`` wants whole matrices, ``matmul`` takes slices."""
    whole = all(m.flags.c_contiguous or m.flags.f_contiguous for m in (a, b)) and out.flags.c_contiguous
    return call(a.dot, b, out) if whole else call(np.matmul, a, b, out)
