"""Convolution by whole rows: the fast way where a picture row of the batch is long and windows move by one row.

With rows first in memory, ``(H, C, W, B)``, only the *columns* of each window are gathered: ``(H, C·kw, Wo·B)``. The kh rows of them that
an output row needs are then one piece of memory, so that the matrices of all output rows are one overlapping view, and all
products one call. Against gathering whole windows that is kh times less copying, little enough to be kept for the backward pass.
There the same view over the arriving gradient sums over the kernel's rows inside the product.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from engine.core import Array, Call, Steps, call
from engine.layers.base import Bind

#: multiplications up to which OpenBLAS takes its path for small matrices, which copies nothing: up to a quarter less time
SMALL_PRODUCT = 1_000_000


def bind_rows(b: Bind, kw: int, border: tuple[int, int], stride: int, dilation: int) -> Steps:
    """The calls of a convolution whose windows move by one row and have no gaps between their rows.

    Args:
        b: buffers; ``params["weight"]`` is ``(M, C, kh, kw)``.
        kw: columns of the kernel.
        border: rows of zeros above and below the picture in ``b.full``.
        stride, dilation: of the columns.
    """
    m, ho, wo, batch = b.y.shape
    c, height, _, _ = b.full.shape
    weight, d_weight = (views["weight"].transpose(2, 1, 3, 0) for views in (b.params, b.grads))
    kh, n, inside = len(weight), wo * batch, slice(border[0], height - border[1])
    # The last row of each block is ones, which makes the bias one more weight: it is read below the window's first row.
    k = c * kw + ("bias" in b.params)
    w, dw = b.empty((kh, k, m)), b.empty((kh, k, m))
    columns = b.empty((height, k, n))  # the border's rows stay zero
    columns[:, c * kw :] = 1.0
    cells = columns[:, : c * kw].reshape(height, c, kw, wo, batch)[inside]
    y, dy, each = _Rows(b.y), _Rows(b.dy), b.empty((ho, kh * k, m))
    forward = [
        call(np.copyto, cells, _shifted(b.full, kw, wo, stride, dilation)[inside]),
        call(np.copyto, w[:, : c * kw].reshape(weight.shape), weight),
        _products(w.reshape(-1, m).T, _stacked(columns, ho, kh), y.array),
        *y.store,
    ]
    backward = [
        *dy.load,
        call(np.matmul, _stacked(columns, ho, kh), dy.array.transpose(0, 2, 1), each),
        call(np.add.reduce, each, 0, None, dw.reshape(-1, m)),
        call(np.copyto, d_weight, dw[:, : c * kw].reshape(weight.shape)),
    ]
    if "bias" in b.params:
        forward.insert(0, call(np.copyto, w[0, -1], b.params["bias"]))
        backward.append(call(np.copyto, b.grads["bias"], dw[0, -1]))
    if b.dfull is not None:
        # The arriving gradient, with as many rows of zeros round it as windows reach beyond it.
        framed, turned = b.empty((ho + 2 * (kh - 1), m, n)), b.empty((c, kw, kh, m))
        d_columns = b.empty((height, c * kw, n))
        shares = d_columns.reshape(height, c, kw, wo, batch)[inside]
        seen = _shifted(b.dfull, kw, wo, stride, dilation)[inside]
        rows = _stacked(framed, height, kh)[inside]
        backward += [
            call(np.copyto, framed[kh - 1 : kh - 1 + ho], dy.array),
            call(np.copyto, turned, weight[::-1].transpose(1, 2, 0, 3)),
            _products(turned.reshape(c * kw, kh * m), rows, d_columns[inside]),
            call(b.dfull.fill, 0),
            *(call(np.add, seen[:, :, v], shares[:, :, v], seen[:, :, v]) for v in range(kw)),
        ]
    return Steps(forward, backward)


def _shifted(full: Array, kw: int, wo: int, stride: int, dilation: int) -> Array:
    """``(H, C, kw, Wo, B)``: what column v of the kernel sees at output column j; a view of ``full`` ``(C, H, W, B)``."""
    c, h, w, s = full.strides
    shape = (full.shape[1], full.shape[0], kw, wo, full.shape[3])
    return as_strided(full, shape, (h, c, w * dilation, w * stride, s))


def _products(a: Array, stack: Array, out: Array) -> Call:
    """``out[i] = a @ stack[i]``, each in equal blocks of columns, small enough for OpenBLAS's path where they can be."""
    columns = stack.shape[2]
    least = -(-a.size * columns // SMALL_PRODUCT)
    blocks = next((count for count in range(least, 4 * least) if columns % count == 0), 1)
    return call(np.matmul, a, _in_blocks(stack, blocks), _in_blocks(out, blocks))


def _in_blocks(stack: Array, count: int) -> Array:
    """``(H, count, K, N / count)`` from ``(H, K, N)``; a view."""
    h, k, n = stack.shape
    row, line, step = stack.strides
    return as_strided(stack, (h, count, k, n // count), (row, n // count * step, line, step))


def _stacked(rows: Array, count: int, kh: int) -> Array:
    """``(count, kh·K, N)`` from ``(H, K, N)``: matrix i is rows i to i + kh − 1, one below the other; a view."""
    _, k, n = rows.shape
    return as_strided(rows, (count, kh * k, n), rows.strides, writeable=False)


class _Rows:
    """``(M, Ho, Wo, B)`` as ``(Ho, M, N)`` for products; with the copying calls where a row does not lie in one piece."""

    def __init__(self, array: Array) -> None:
        m, ho, wo, batch = array.shape
        rows = array.transpose(1, 0, 2, 3)
        self.load: list[Call] = []
        self.store: list[Call] = []
        if array.strides[2:] == (batch * array.itemsize, array.itemsize):
            self.array = as_strided(rows, (ho, m, wo * batch), (*rows.strides[:2], array.itemsize))
        else:
            piece = np.zeros(rows.shape, array.dtype)
            self.array = piece.reshape(ho, m, wo * batch)
            self.load, self.store = [call(np.copyto, piece, rows)], [call(np.copyto, rows, piece)]
