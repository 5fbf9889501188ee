"""Pooling: fewer, coarser values from neighbouring ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array, Call, Shape, Steps, call
from engine.errors import ShapeError
from engine.layers.base import Bind, Layer, Layout, layers
from engine.layers.conv import image_shape, pair, window_positions
from engine.spec import Bool, Pair, param

Sizes = int | tuple[int, int]


def kernel_size(default: Sizes = 2) -> Sizes:
    """The field of pooling layers, said once."""
    size: Sizes = param(Pair(min=1, max=64), default=default, help="Size of the window.", unit="px")
    return size


def own_stride() -> Sizes:
    """The field of pooling layers, said once."""
    stride: Sizes = param(
        Pair(min=0, max=64, zero="kernel size"),
        default=0,
        help="How far the window moves each time; 0: by its own size.",
        unit="px",
    )
    return stride


def own_padding() -> Sizes:
    """The field of pooling layers, said once."""
    padding: Sizes = param(
        Pair(min=0, max=32),
        default=0,
        help="Cells put round the picture; at most half the window.",
        unit="px",
    )
    return padding


class Pooling(Layer):
    """Base of layers that make one value of each window."""

    keeps_range = True
    kernel_size: Sizes
    stride: Sizes
    padding: Sizes

    def steps(self) -> tuple[int, int]:
        """The stride in both directions, 0 resolved."""
        (kh, kw), (sh, sw) = pair(self.kernel_size), pair(self.stride)
        return sh or kh, sw or kw

    def dilations(self) -> tuple[int, int]:
        """Distance between the cells of a window, in both directions."""
        return pair(getattr(self, "dilation", 1))

    def out_shape(self, *in_shapes: Shape) -> Shape:
        name = self.label
        channels, height, width = image_shape(name, in_shapes[0])
        (kh, kw), (sh, sw), (ph, pw) = pair(self.kernel_size), self.steps(), pair(self.padding)
        dh, dw = self.dilations()
        if 2 * ph > kh or 2 * pw > kw:
            raise ShapeError(
                f"{name}: padding {max(ph, pw)} is more than half of the window, so that some windows would see no picture. "
                "Pad less."
            )
        rows = window_positions(name, height, kh, sh, ph, ph, dh)
        columns = window_positions(name, width, kw, sw, pw, pw, dw)
        if not (_all_see(height, rows, kh, sh, ph, dh) and _all_see(width, columns, kw, sw, pw, dw)):
            raise ShapeError(
                f"{name}: with dilation {max(dh, dw)} and padding {max(ph, pw)}, all cells of some window lie beside the picture. "
                "Pad less, or lower the dilation."
            )
        return channels, rows, columns


def _all_see(size: int, count: int, k: int, stride: int, padding: int, dilation: int) -> bool:
    """Whether each of ``count`` windows has a cell on the picture; one whose cells are spread may span it and touch none."""
    if dilation == 1 or not padding:
        return True
    cells = np.arange(count)[:, None] * stride + np.arange(k) * dilation - padding
    return bool(((cells >= 0) & (cells < size)).any(axis=1).all())


@layers.register("MaxPool2d", category="Convolution")
@dataclass(frozen=True)
class MaxPool2d(Pooling):
    """Keeps the largest value of each window; only that one receives gradient."""

    kernel_size: Sizes = kernel_size()
    stride: Sizes = own_stride()
    padding: Sizes = own_padding()
    dilation: Sizes = param(
        Pair(min=1, max=64),
        default=1,
        help="Distance between the pixels of a window.",
        unit="px",
        advanced=True,
    )
    formula = r"y_{cij} = \max_{u,v} x_{c,\, si+du-p,\, sj+dv-p}"
    gradient_formula = r"\frac{\partial L}{\partial x_{chw}} = \sum_{i,j} \delta_{cij} \cdot [\,x_{chw} \text{ won window } (i, j)\,]"

    def layout(self, *in_shapes: Shape) -> Layout:
        ph, pw = pair(self.padding)
        return Layout(pad=(ph, ph, pw, pw), fill=-np.inf)

    def bind(self, b: Bind) -> Steps:
        # First within each row of a window, then over its rows: k + k comparisons instead of k·k. This order makes the
        # winner among equals the first in reading order, as in PyTorch.
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), self.steps(), self.dilations()
        narrow = b.empty((len(b.y), b.full.shape[1], *b.y.shape[2:]))
        across = _Maximum(b, 2, b.full, narrow, kw, sw, dw)
        down = _Maximum(b, 1, narrow, b.y, kh, sh, dh)
        backward: list[Call] = []
        if b.dfull is not None:
            d_narrow = b.empty(narrow.shape)
            backward = [*down.backward(b.dy, d_narrow), *across.backward(d_narrow, b.dfull)]
        return Steps([*across.forward, *down.forward], backward)


@layers.register("AvgPool2d", category="Convolution")
@dataclass(frozen=True)
class AvgPool2d(Pooling):
    """Replaces each window by its mean; every value in it receives an equal share of the gradient."""

    kernel_size: Sizes = kernel_size()
    stride: Sizes = own_stride()
    padding: Sizes = own_padding()
    count_include_pad: bool = param(
        Bool(),
        default=True,
        help="Whether padded zeros count in the mean.",
        label="count padding",
        advanced=True,
    )
    formula = r"y_{cij} = \frac{1}{k_h k_w} \sum_{u,v} x_{c,\, si+u-p,\, sj+v-p}"
    gradient_formula = (
        r"\frac{\partial L}{\partial x_{chw}} = \frac{1}{k_h k_w} \sum_{i,j \text{ that saw it}} \delta_{cij}"
    )

    def layout(self, *in_shapes: Shape) -> Layout:
        ph, pw = pair(self.padding)
        return Layout(pad=(ph, ph, pw, pw))

    def bind(self, b: Bind) -> Steps:
        (kh, kw), (sh, sw) = pair(self.kernel_size), self.steps()
        narrow, share = b.empty((len(b.y), b.full.shape[1], *b.y.shape[2:])), b.empty(b.y.shape)
        weight = self._weights(b)
        forward = [
            *_sums(b.full, narrow, 2, kw, sw),
            *_sums(narrow, b.y, 1, kh, sh),
            call(np.multiply, b.y, weight, b.y),
        ]
        backward: list[Call] = []
        if b.dfull is not None:
            d_narrow = b.empty(narrow.shape)
            backward = [
                call(np.multiply, b.dy, weight, share),
                call(d_narrow.fill, 0),
                *(call(np.add, tap, share, tap) for tap in _taps(d_narrow, 1, b.y.shape[1], kh, sh)),
                call(b.dfull.fill, 0),
                *(call(np.add, tap, d_narrow, tap) for tap in _taps(b.dfull, 2, b.y.shape[2], kw, sw)),
            ]
        return Steps(forward, backward)

    def _weights(self, b: Bind) -> Array:
        """1 / number of cells that count, per window."""
        (kh, kw), (sh, sw), (ph, pw) = pair(self.kernel_size), self.steps(), pair(self.padding)
        if self.count_include_pad or not (ph or pw):
            return b.scalar(1.0 / (kh * kw))
        inside = np.zeros(b.full.shape[1:3])
        inside[ph : ph + b.x.shape[1], pw : pw + b.x.shape[2]] = 1.0
        _, ho, wo, _ = b.y.shape
        counts = [
            [inside[i * sh : i * sh + kh, j * sw : j * sw + kw].sum() for j in range(wo)] for i in range(ho)
        ]
        return np.asarray(1.0 / np.array(counts), b.y.dtype)[None, :, :, None]


@layers.register("AdaptiveAvgPool2d", category="Convolution")
@dataclass(frozen=True)
class AdaptiveAvgPool2d(Layer):
    """Averages down to a size of your choice, whatever the size of the picture, so that any picture fits what follows."""

    keeps_range = True
    output_size: Sizes = param(
        Pair(min=1, max=64), default=1, help="Height and width of the result.", unit="px"
    )
    formula = (
        r"y_{cij} = \mathrm{mean}\; x_{c,\, \lfloor iH/h \rfloor \ldots \lceil (i+1)H/h \rceil,\, \ldots}"
    )
    gradient_formula = (
        r"\frac{\partial L}{\partial x_{chw}} = \sum_{i,j \text{ that saw it}} \frac{\delta_{cij}}{n_{ij}}"
    )

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return (image_shape("AdaptiveAvgPool2d", in_shapes[0])[0], *pair(self.output_size))

    def bind(self, b: Bind) -> Steps:
        # Each axis is a product with a small matrix whose rows average one stretch of it.
        channels, height, width, batch = b.x.shape
        h, w = pair(self.output_size)
        along_h, along_w = (averages(n, k).astype(b.y.dtype) for n, k in ((height, h), (width, w)))
        narrow, flat = b.empty((channels, height, w, batch)), b.empty((channels, h, w * batch))
        tall = narrow.reshape(channels, height, w * batch)
        forward = [
            call(np.matmul, along_w, b.x, narrow),
            call(np.matmul, along_h, tall, flat),
            call(np.copyto, b.y, flat.reshape(b.y.shape)),
        ]
        backward: list[Call] = []
        if b.dx is not None:
            d_tall = b.empty(tall.shape)
            backward = [
                call(np.copyto, flat.reshape(b.y.shape), b.dy),
                call(np.matmul, along_h.T.copy(), flat, d_tall),
                call(np.matmul, along_w.T.copy(), d_tall.reshape(narrow.shape), b.dx),
            ]
        return Steps(forward, backward)


@layers.register("GlobalAvgPool2d", category="Convolution")
@dataclass(frozen=True)
class GlobalAvgPool2d(Layer):
    """Replaces each channel by its mean, so that one value per channel is left. Lin et al. 2014."""

    keeps_range = True
    formula = r"y_c = \frac{1}{HW} \sum_{h,w} x_{chw}"
    gradient_formula = r"\frac{\partial L}{\partial x_{chw}} = \frac{\delta_c}{HW}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return (image_shape("GlobalAvgPool2d", in_shapes[0])[0],)

    def bind(self, b: Bind) -> Steps:
        share, small = b.scalar(1.0 / (b.x.shape[1] * b.x.shape[2])), b.empty(b.y.shape)
        forward = [call(np.add.reduce, b.x, (1, 2), None, b.y), call(np.multiply, b.y, share, b.y)]
        backward: list[Call] = []
        if b.dx is not None:
            backward = [call(np.multiply, b.dy, share, small), call(np.copyto, b.dx, small[:, None, None])]
        return Steps(forward, backward)


def averages(size: int, count: int) -> Array:
    """``(count, size)``: row i averages the cells from ⌊i·size/count⌋ up to ⌈(i+1)·size/count⌉, as PyTorch does."""
    matrix = np.zeros((count, size))
    for i in range(count):
        start, stop = i * size // count, -(-(i + 1) * size // count)
        matrix[i, start:stop] = 1.0 / (stop - start)
    return matrix


def _taps(x: Array, axis: int, count: int, k: int, stride: int, dilation: int = 1) -> list[Array]:
    """Views of ``x``: tap i holds the i-th cell of each of ``count`` windows along ``axis``."""
    lead = (slice(None),) * axis
    reach = stride * (count - 1) + 1
    return [x[(*lead, slice(i * dilation, i * dilation + reach, stride))] for i in range(k)]


def _sums(x: Array, y: Array, axis: int, k: int, stride: int) -> list[Call]:
    """Calls that write the sum of each window along ``axis`` into ``y``."""
    first, *others = _taps(x, axis, y.shape[axis], k, stride)
    if not others:
        return [call(np.copyto, y, first)]
    return [call(np.add, first, others[0], y), *(call(np.add, y, tap, y) for tap in others[1:])]


class _Maximum:
    """The maximum of ``k`` neighbours along one axis, and which of them won: the first of equals."""

    def __init__(self, b: Bind, axis: int, x: Array, y: Array, k: int, stride: int, dilation: int) -> None:
        self.b, self.axis, self.k, self.stride, self.dilation = b, axis, k, stride, dilation
        self.count = y.shape[axis]
        taps = _taps(x, axis, self.count, k, stride, dilation)
        self.wins = [b.empty(y.shape, bool) for _ in range(k - 1)]
        self.forward: list[Call] = []
        if k == 1:
            self.forward.append(call(np.copyto, y, taps[0]))
            return
        # From the last tap to the first, so that wins[i] says "tap i is at least as large as all after it".
        best = taps[-1]
        for i in reversed(range(k - 1)):
            self.forward.append(call(np.greater_equal, taps[i], best, self.wins[i]))
            self.forward.append(call(np.maximum, taps[i], best, out=y))
            best = y

    def backward(self, dy: Array, dx: Array) -> list[Call]:
        """Send ``dy`` to each window's winner; windows that overlap add up."""
        taps = _taps(dx, self.axis, self.count, self.k, self.stride, self.dilation)
        apart = (
            self.k <= self.stride and self.dilation == 1
        )  # no two windows share a cell: write instead of adding
        covered = apart and self.k == self.stride and dx.shape[self.axis] == self.k * self.count
        calls: list[Call] = [] if covered else [call(dx.fill, 0)]
        rest, share = dy, self.b.empty(dy.shape)
        spare = self.b.empty(dy.shape)
        *others, last = taps
        for i, (tap, wins) in enumerate(zip(others, self.wins, strict=True)):
            target = tap if apart else share
            calls.append(call(np.multiply, rest, wins, target))
            if not apart:
                calls.append(call(np.add, tap, share, tap))
            left = last if apart and i == len(others) - 1 else spare
            calls.append(call(np.subtract, rest, target, left))
            rest = left
        if rest is not last:
            calls.append(call(np.copyto, last, rest) if apart else call(np.add, last, rest, last))
        return calls
