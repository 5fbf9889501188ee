"""Pooling: fewer, coarser values from neighbouring ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array, Call, Shape, Steps, call
from engine.errors import ShapeError
from engine.layers.base import Bind, Layer, Layout, layers
from engine.layers.conv import Sides, four_sides, image_shape, pair, same_pads, window_positions
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


def own_padding() -> Sizes | Sides | str:
    """The field of pooling layers, said once."""
    padding: Sizes | Sides | str = param(
        Pair(min=0, max=32, words=("same",), sides=True),
        default=0,
        help="Cells put round the picture, or top+bottom×left+right such as 0+1×0+1; each window must see some of the picture; "
        '"same": as many values as the stride goes into the picture, rounded up.',
        unit="px",
    )
    return padding


def own_dilation() -> Sizes:
    """The field of pooling layers, said once."""
    dilation: Sizes = param(
        Pair(min=1, max=64),
        default=1,
        help="Distance between the pixels of a window.",
        unit="px",
        advanced=True,
    )
    return dilation


def own_ceil_mode() -> bool:
    """The field of pooling layers, said once."""
    field: bool = param(
        Bool(),
        default=False,
        help="Whether a last window that reaches beyond the picture counts, with what it sees of it.",
        label="windows over the edge",
        advanced=True,
    )
    return field


class Pooling(Layer):
    """Base of layers that make one value of each window."""

    keeps_range = True
    kernel_size: Sizes
    stride: Sizes
    padding: Sizes | Sides | str
    dilation: Sizes
    ceil_mode: bool

    def steps(self) -> tuple[int, int]:
        """The stride in both directions, 0 resolved."""
        (kh, kw), (sh, sw) = pair(self.kernel_size), pair(self.stride)
        return sh or kh, sw or kw

    def pads(self, *in_shapes: Shape) -> Sides:
        """``(top, bottom, left, right)``: the padding that was chosen."""
        if isinstance(self.padding, str):
            return same_pads(self.kernel_size, self.steps(), self.dilation, *in_shapes)
        return four_sides(self.padding)

    def border(self, *in_shapes: Shape) -> Sides:
        """``(top, bottom, left, right)``: the padding, and behind it what the last windows see beyond (``ceil_mode``)."""
        pads, (_, *sizes), (_, *counts) = self.pads(*in_shapes), in_shapes[0], self.out_shape(*in_shapes)
        found = list(pads)
        for axis, (size, count, k, s, d) in enumerate(
            zip(sizes, counts, pair(self.kernel_size), self.steps(), pair(self.dilation), strict=True)
        ):
            beyond = (count - 1) * s + d * (k - 1) + 1 - (pads[2 * axis] + size + pads[2 * axis + 1])
            found[2 * axis + 1] += max(0, beyond)
        top, bottom, left, right = found
        return top, bottom, left, right

    def out_shape(self, *in_shapes: Shape) -> Shape:
        name = self.label
        channels, *sizes = image_shape(name, in_shapes[0])
        kernel, steps, dilation, sides = (
            pair(self.kernel_size),
            self.steps(),
            pair(self.dilation),
            self.pads(*in_shapes),
        )
        counts = []
        for size, k, s, d, before, after in zip(
            sizes, kernel, steps, dilation, sides[::2], sides[1::2], strict=True
        ):
            count = window_positions(name, size, k, s, before, after, d, self.ceil_mode)
            if not _all_see(size, count, k, s, before, d):
                spread = f"dilation {d} and " if d > 1 else ""
                raise ShapeError(
                    f"{name}: with {spread}padding {max(before, after)}, all cells of some window lie beside the picture. "
                    f"Pad less{', or lower the dilation' if d > 1 else ''}."
                )
            counts.append(count)
        return channels, *counts


def _all_see(size: int, count: int, k: int, stride: int, before: int, dilation: int) -> bool:
    """Whether each of ``count`` windows has a cell on the picture; one whose cells are spread may span it and touch none."""
    cells = np.arange(count)[:, None] * stride + np.arange(k) * dilation - before
    return bool(((cells >= 0) & (cells < size)).any(axis=1).all())


@layers.register("MaxPool2d", category="Convolution")
@dataclass(frozen=True)
class MaxPool2d(Pooling):
    """Keeps the largest value of each window; only that one receives gradient."""

    kernel_size: Sizes = kernel_size()
    stride: Sizes = own_stride()
    padding: Sizes | Sides | str = own_padding()
    dilation: Sizes = own_dilation()
    ceil_mode: bool = own_ceil_mode()
    formula = r"y_{cij} = \max_{u,v} x_{c,\, si+du-p,\, sj+dv-p}"
    gradient_formula = r"\frac{\partial L}{\partial x_{chw}} = \sum_{i,j} \delta_{cij} \cdot [\,x_{chw} \text{ won window } (i, j)\,]"

    def layout(self, *in_shapes: Shape) -> Layout:
        return Layout(pad=self.border(*in_shapes), fill=-np.inf)

    def bind(self, b: Bind) -> Steps:
        # First within each row of a window, then over its rows: k + k comparisons instead of k·k. This order makes the
        # winner among equals the first in reading order, as in PyTorch.
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), self.steps(), pair(self.dilation)
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
    padding: Sizes | Sides | str = own_padding()
    ceil_mode: bool = own_ceil_mode()
    count_include_pad: bool = param(
        Bool(),
        default=True,
        help="Whether padded zeros count in the mean.",
        label="count padding",
        advanced=True,
    )
    dilation: Sizes = own_dilation()
    formula = r"y_{cij} = \frac{1}{k_h k_w} \sum_{u,v} x_{c,\, si+du-p,\, sj+dv-p}"
    gradient_formula = (
        r"\frac{\partial L}{\partial x_{chw}} = \frac{1}{k_h k_w} \sum_{i,j \text{ that saw it}} \delta_{cij}"
    )

    def layout(self, *in_shapes: Shape) -> Layout:
        return Layout(pad=self.border(*in_shapes))

    def counted(self, *in_shapes: Shape) -> Array:
        """How many cells of each window are counted, ``(rows, columns)``: those of the picture, and of the padding if it is; none beyond."""
        sides, along = self.pads(*in_shapes), []
        (_, *sizes), (_, *counts) = in_shapes[0], self.out_shape(*in_shapes)
        each = zip(
            sizes,
            counts,
            pair(self.kernel_size),
            self.steps(),
            pair(self.dilation),
            sides[::2],
            sides[1::2],
            strict=True,
        )
        for size, count, k, s, d, before, after in each:
            cells = np.arange(count)[:, None] * s + np.arange(k) * d - before
            first, last = (-before, size + after) if self.count_include_pad else (0, size)
            along.append(((cells >= first) & (cells < last)).sum(1))
        return np.outer(*along)

    def bind(self, b: Bind) -> Steps:
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), self.steps(), pair(self.dilation)
        narrow, share = b.empty((len(b.y), b.full.shape[1], *b.y.shape[2:])), b.empty(b.y.shape)
        counts = self.counted(b.x.shape[:-1])
        weight = np.asarray(1.0 / counts, b.y.dtype)[None, :, :, None]
        if (counts == kh * kw).all():
            weight = b.scalar(1.0 / (kh * kw))
        forward = [
            *_sums(b.full, narrow, 2, kw, sw, dw),
            *_sums(narrow, b.y, 1, kh, sh, dh),
            call(np.multiply, b.y, weight, b.y),
        ]
        backward: list[Call] = []
        if b.dfull is not None:
            d_narrow = b.empty(narrow.shape)
            backward = [
                call(np.multiply, b.dy, weight, share),
                call(d_narrow.fill, 0),
                *(call(np.add, tap, share, tap) for tap in _taps(d_narrow, 1, b.y.shape[1], kh, sh, dh)),
                call(b.dfull.fill, 0),
                *(call(np.add, tap, d_narrow, tap) for tap in _taps(b.dfull, 2, b.y.shape[2], kw, sw, dw)),
            ]
        return Steps(forward, backward)


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
        _, height, width = b.x.shape[:-1]
        h, w = pair(self.output_size)
        return by_matrices(b, averages(height, h), averages(width, w))


def by_matrices(b: Bind, rows: Array, columns: Array) -> Steps:
    """Steps of a layer that is a product with a small matrix along each axis: ``rows`` ``(h, H)`` and ``columns`` ``(w, W)``."""
    channels, height, _, batch = b.x.shape
    along_h, along_w = rows.astype(b.y.dtype), columns.astype(b.y.dtype)
    h, w = len(rows), len(columns)
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


@layers.register("GlobalMaxPool2d", category="Convolution")
@dataclass(frozen=True)
class GlobalMaxPool2d(Layer):
    """Keeps the largest value of each channel, wherever it stands; only that one receives gradient. Oquab et al. 2015."""

    keeps_range = True
    formula = r"y_c = \max_{h,w} x_{chw}"
    gradient_formula = (
        r"\frac{\partial L}{\partial x_{chw}} = \delta_c \cdot [\,x_{chw} \text{ is the largest}\,]"
    )

    def out_shape(self, *in_shapes: Shape) -> Shape:
        return (image_shape("GlobalMaxPool2d", in_shapes[0])[0],)

    def bind(self, b: Bind) -> Steps:
        channels, batch = b.y.shape
        cells, best = b.empty((channels, b.x.shape[1] * b.x.shape[2], batch)), b.empty(b.y.shape, np.intp)
        winners = (np.arange(channels)[:, None], best, np.arange(batch))
        forward = [
            call(np.copyto, cells.reshape(b.x.shape), b.x),
            call(cells.argmax, 1, best),  # the first of equals, as in PyTorch
            call(np.maximum.reduce, cells, 1, None, b.y),
        ]
        backward: list[Call] = []
        if b.dx is not None:
            sent = b.empty(cells.shape)
            backward = [
                call(sent.fill, 0),
                call(sent.__setitem__, winners, b.dy),
                call(np.copyto, b.dx, sent.reshape(b.x.shape)),
            ]
        return Steps(forward, backward)


#: the poolings that keep the largest value of a window, and send the gradient to it alone
LARGEST = (MaxPool2d, GlobalMaxPool2d)


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


def _sums(x: Array, y: Array, axis: int, k: int, stride: int, dilation: int) -> list[Call]:
    """Calls that write the sum of each window along ``axis`` into ``y``."""
    first, *others = _taps(x, axis, y.shape[axis], k, stride, dilation)
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
