"""Windows that slide over a picture: where they stand, what each one sees and adds up, and what of the picture does not fit.

Everything here works on plain arrays of one sample, ``(C, H, W)``, and gives what the layers of :mod:`engine.layers` compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Array, Shape
from engine.errors import ShapeError
from engine.gathering import gathered
from engine.layers import AdaptiveAvgPool2d, AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer
from engine.layers.conv import image_shape, pair
from engine.layers.pool import LARGEST, Pooling

EVERY = slice(None)  #: all channels that a filter reads
FAR = 8  #: how far a padding or stride that would fit may be from the chosen one to be worth naming


@dataclass(frozen=True)
class Axis:
    """A window along one side of a picture.

    Args:
        size: cells of the picture.
        kernel, stride, dilation: of the window.
        before, after: cells of padding at either end.
        ceil: a last window may reach beyond, if it begins on the picture or before it.
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    ceil: bool = False

    @property
    def reach(self) -> int:
        """d(k − 1) + 1: from the first to the last cell that a window sees."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def count(self) -> int:
        """⌊(n + p − d(k − 1) − 1)/s⌋ + 1: how many places there are for it (Dumoulin & Visin 2016); with ``ceil`` rounded up."""
        count = (self.size + self.before + self.after - self.reach) // self.stride + 1
        beyond = (count - 1) * self.stride + self.reach < self.size + self.before + self.after
        return count + (self.ceil and beyond and count * self.stride - self.before < self.size)

    @property
    def left(self) -> int:
        """Cells of the padded side behind the last window: it does not fit once more."""
        return max(0, self.size + self.before + self.after - (self.count - 1) * self.stride - self.reach)

    @property
    def dropped(self) -> int:
        """Of those, how many belong to the picture and not to its padding."""
        return max(0, self.left - self.after)

    @property
    def unseen(self) -> tuple[int, ...]:
        """Cells of the picture that no window sees: dropped at the end, or stepped over."""
        seen = {k for i in range(self.count) for k in self.seen(i)}
        return tuple(k for k in range(self.size) if k not in seen)

    def seen(self, position: int) -> tuple[int, ...]:
        """The cells that window ``position`` sees; those below 0, or not below ``size``, are padding."""
        start = position * self.stride - self.before
        return tuple(start + u * self.dilation for u in range(self.kernel))

    def nearest(self, cell: int) -> int:
        """The window whose middle is nearest to a cell of the picture."""
        middle = (cell + self.before - (self.reach - 1) / 2) / self.stride
        return min(max(0, round(middle)), self.count - 1)

    def paddings_that_fit(self) -> tuple[int, ...]:
        """Equal paddings at both ends with which nothing is left over, the nearest to the present one first."""
        chosen = self.before
        found = [
            p
            for p in range(max(self.reach, self.stride, chosen + 1))
            if self.size + 2 * p >= self.reach and (self.size + 2 * p - self.reach) % self.stride == 0
        ]
        return tuple(sorted((p for p in found if abs(p - chosen) <= FAR), key=lambda p: (abs(p - chosen), p)))

    def strides_that_fit(self) -> tuple[int, ...]:
        """Strides up to the window's reach with which nothing is left over, the nearest to the present one first."""
        room = self.size + self.before + self.after - self.reach
        found = [s for s in range(1, max(self.reach, self.stride) + 1) if room % s == 0]
        return tuple(sorted(found, key=lambda s: (abs(s - self.stride), s)))


@dataclass(frozen=True)
class Windows:
    """Where windows stand: for every output row the input rows it sees, for every output column the input columns.

    Positions below 0, or not below the picture's size, are padding.
    """

    rows: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[int, ...], ...]

    def seen_by(self, h: int, w: int) -> Array:
        """The windows that see the cell ``(h, w)``: ``(n, 4)``, each output row, output column, and row and column in the window."""
        down = [(i, u) for i, seen in enumerate(self.rows) for u, row in enumerate(seen) if row == h]
        across = [
            (j, v) for j, seen in enumerate(self.columns) for v, column in enumerate(seen) if column == w
        ]
        found = [(i, j, u, v) for i, u in down for j, v in across]
        return np.array(found, np.intp).reshape(-1, 4)

    def counts(self, height: int, width: int) -> Array:
        """How many windows see each cell, ``(H, W)``."""
        down, across = (
            np.array([sum(seen.count(k) for seen in axis) for k in range(size)])
            for axis, size in ((self.rows, height), (self.columns, width))
        )
        return np.outer(down, across)


def slides(layer: Layer) -> bool:
    """Whether a layer looks at a picture through windows."""
    return isinstance(layer, (Conv2d, Pooling, GlobalAvgPool2d, GlobalMaxPool2d, AdaptiveAvgPool2d))


def axes(layer: Layer, in_shape: Shape) -> tuple[Axis, Axis] | None:
    """How its windows go down and across; ``None`` for an adaptive pooling, whose windows differ in size.

    Raises ShapeError for what is no picture.
    """
    if not slides(layer):
        raise ShapeError(f"{layer.label} has no windows. Choose a convolution or a pooling.")
    _, height, width = image_shape(layer.label, in_shape)
    given: Any = layer
    match given:
        case GlobalAvgPool2d() | GlobalMaxPool2d():
            return Axis(height, height), Axis(width, width)
        case AdaptiveAvgPool2d():
            return None
        case Conv2d():
            (sh, sw), ceil = pair(given.stride), False
        case _:
            (sh, sw), ceil = given.steps(), given.ceil_mode
    (kh, kw), (dh, dw), (top, bottom, left, right) = (
        pair(given.kernel_size),
        pair(given.dilation),
        given.pads(in_shape),
    )
    return Axis(height, kh, sh, dh, top, bottom, ceil), Axis(width, kw, sw, dw, left, right, ceil)


def windows(layer: Layer, in_shape: Shape) -> Windows:
    """All windows of a convolution or pooling over a picture ``(C, H, W)``."""
    found = axes(layer, in_shape)
    if found is None:
        given: Any = layer
        h, w = pair(given.output_size)
        return Windows(_stretches(in_shape[1], h), _stretches(in_shape[2], w))
    down, across = found
    rows, columns = (tuple(axis.seen(i) for i in range(axis.count)) for axis in (down, across))
    return Windows(rows, columns)


def _stretches(size: int, count: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(range(i * size // count, -(-(i + 1) * size // count))) for i in range(count))


@dataclass(frozen=True)
class Cost:
    """What a layer costs for one sample.

    Args:
        products: numbers that each output adds up (for a pooling: looks at), the bias not counted.
        multiplications: of all outputs together.
        parameters: numbers that it learns.
    """

    products: int
    multiplications: int
    parameters: int


def cost(layer: Layer, in_shape: Shape) -> Cost:
    """Products of one output, multiplications and parameters of a convolution or pooling."""
    parameters = sum(p.size for p in layer.parameters(in_shape).values())
    if isinstance(layer, Conv2d):
        kh, kw = pair(layer.kernel_size)
        each = in_shape[0] // layer.groups * kh * kw
        return Cost(each, each * int(np.prod(layer.out_shape(in_shape))), parameters)
    seen = windows(layer, in_shape)
    return Cost(len(seen.rows[0]) * len(seen.columns[0]), 0, parameters)


# --- one window --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Patch:
    """What one window sees.

    Args:
        channels: which channels of the picture.
        rows, columns: which rows and columns; outside the picture for padding.
        values: ``(channels, kh, kw)``; padding is 0.
        inside: ``(kh, kw)``; False where a cell is padding.
    """

    channels: range
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    values: Array
    inside: Array


def patch(layer: Layer, x: Array, channel: int, i: int, j: int) -> Patch:
    """What the window at output ``(channel, i, j)`` sees of ``x`` ``(C, H, W)``."""
    seen = _window(layer, x.shape, i, j)
    reads = channels_of(layer, x.shape, channel)
    values, inside = gathered(x[reads.start : reads.stop], *seen)
    return Patch(reads, seen[0], seen[1], values, inside)


def _window(layer: Layer, in_shape: Shape, i: int, j: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows and columns of one window, without working out all others."""
    found = axes(layer, in_shape)
    if found is not None:
        return found[0].seen(i), found[1].seen(j)
    every = windows(layer, in_shape)
    return every.rows[i], every.columns[j]


def channels_of(layer: Layer, in_shape: Shape, channel: int) -> range:
    """The input channels that output ``channel`` reads: those of its group, or its own in a pooling."""
    if not isinstance(layer, Conv2d):
        return range(channel, channel + 1)
    depth, filters = in_shape[0] // layer.groups, layer.out_channels // layer.groups
    first = channel // filters * depth
    return range(first, first + depth)


@dataclass(frozen=True, eq=False)
class ConvolutionCell:
    """One output of a convolution, with all it is the sum of: ``z = Σ subtotals + bias``.

    Args:
        patch: what the window sees.
        kernel, products: ``(channels, kh, kw)``.
        subtotals: ``(channels,)``, the products of each channel added up.
        bias: 0 where the layer has none.
        z: the output.
    """

    patch: Patch
    kernel: Array
    products: Array
    subtotals: Array
    bias: float
    z: float


def convolution_cell(
    layer: Conv2d, x: Array, weight: Array, bias: Array | None, channel: int, i: int, j: int
) -> ConvolutionCell:
    """The sum behind output ``(channel, i, j)``, in float64, for ``x`` ``(C, H, W)`` and ``weight`` ``(out, C/groups, kh, kw)``."""
    seen = patch(layer, x, channel, i, j)
    kernel = weight[channel].astype(np.float64)
    products = seen.values.astype(np.float64) * kernel
    subtotals = products.sum((1, 2))
    own = 0.0 if bias is None else float(bias[channel])
    return ConvolutionCell(seen, kernel, products, subtotals, own, float(subtotals.sum()) + own)


@dataclass(frozen=True, eq=False)
class PoolingCell:
    """One output of a pooling.

    Args:
        patch: what the window sees, one channel.
        result: the largest value, or the mean.
        winner: row and column in the window of the value that is kept; ``None`` for a mean.
        ties: how many values are as large as the winner, itself included.
        share: what each value counts in a mean, and the part of the gradient it is sent; 1 for a maximum.
    """

    patch: Patch
    result: float
    winner: tuple[int, int] | None
    ties: int
    share: float

    @property
    def values(self) -> int:
        """How many values of the picture there are to choose from."""
        return int(self.patch.inside.sum())


def pooling_cell(layer: Layer, x: Array, channel: int, i: int, j: int) -> PoolingCell:
    """How output ``(channel, i, j)`` of a pooling comes about. Of equal values the first in reading order wins, as in PyTorch."""
    seen = patch(layer, x, channel, i, j)
    values = seen.values[0].astype(np.float64)
    if isinstance(layer, LARGEST):
        ranked = np.where(seen.inside, values, -np.inf)
        u, v = np.unravel_index(int(ranked.argmax()), ranked.shape)
        best = float(ranked[u, v])
        return PoolingCell(seen, best, (int(u), int(v)), int((ranked == best).sum()), 1.0)
    counted = values_counted(layer, x.shape, i, j)
    return PoolingCell(seen, float(values.sum() / counted), None, 0, 1.0 / counted)


def values_counted(layer: Layer, in_shape: Shape, i: int, j: int) -> int:
    """By how many the sum of the window at ``(i, j)`` is divided in a mean."""
    if isinstance(layer, AvgPool2d):
        return int(layer.counted(in_shape)[i, j])
    rows, columns = _window(layer, in_shape, i, j)
    return len(rows) * len(columns)


# --- a whole map -------------------------------------------------------------------------------------------------------


def channel_maps(layer: Conv2d, x: Array, weight: Array, channel: int, only: slice = EVERY) -> Array:
    """What each input channel adds to an output channel, before the sum: ``(channels, H', W')`` float64.

    Their sum and the bias are the output. ``only``: of the channels that it reads, these.
    """
    kernel = weight[channel, only].astype(np.float64)
    maps: Array = np.einsum("cuvij,cuv->cij", _cells(layer, x, channel, only), kernel)
    return maps


def _cells(layer: Conv2d, x: Array, channel: int, only: slice) -> Array:
    """``(channels, kh, kw, H', W')``: what each cell of the kernel sees at each output."""
    reads, (top, bottom, left, right) = channels_of(layer, x.shape, channel)[only], layer.pads(x.shape)
    padded = np.pad(x[reads.start : reads.stop].astype(np.float64), ((0, 0), (top, bottom), (left, right)))
    (sh, sw), (dh, dw), (kh, kw) = pair(layer.stride), pair(layer.dilation), pair(layer.kernel_size)
    _, ho, wo = layer.out_shape(x.shape)
    c, h, w = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded, (len(reads), kh, kw, ho, wo), (c, h * dh, w * dw, h * sh, w * sw), writeable=False
    )


# --- the way back ------------------------------------------------------------------------------------------------------


def weight_products(layer: Conv2d, x: Array, delta: Array, channel: int, only: slice = EVERY) -> Array:
    """All that one filter's weights are blamed for: ``(channels, kh, kw, H', W')``, the value seen times δ at each place.

    ``delta`` ``(out, H', W')`` is ∂L/∂output; ``only`` as in ``channel_maps``.
    """
    products: Array = _cells(layer, x, channel, only) * delta[channel].astype(np.float64)
    return products


def weight_gradient(layer: Conv2d, x: Array, delta: Array, channel: int) -> Array:
    """This sample's part of ∂L/∂w for one filter, ``(channels, kh, kw)``: ``weight_products`` added up over the places."""
    blamed = delta[channel].astype(np.float64)
    gradient: Array = np.einsum("cuvij,ij->cuv", _cells(layer, x, channel, EVERY), blamed)
    return gradient


def flipped(kernel: Array) -> Array:
    """A kernel turned by half a circle: what the gradient is convolved with on its way back."""
    return kernel[..., ::-1, ::-1]


def shares_of(layer: Conv2d, weight: Array, delta: Array, channel: int, i: int, j: int) -> Array:
    """What the output ``(channel, i, j)`` sends back to the cells it saw: δ·w, ``(channels, kh, kw)``."""
    shares: Array = weight[channel].astype(np.float64) * float(delta[channel, i, j])
    return shares


def channel_shares(
    layer: Conv2d, weight: Array, delta: Array, channel: int, in_shape: Shape, only: slice = EVERY
) -> Array:
    """What one filter sends back to each input channel it reads, ``(channels, H, W)``: δ convolved with the flipped kernel.

    Added up over all filters it is the gradient that arrives at the input. ``only`` as in ``channel_maps``.
    """
    reads, (top, bottom, left, right) = channels_of(layer, in_shape, channel)[only], layer.pads(in_shape)
    _, height, width = in_shape
    padded = np.zeros((len(reads), height + top + bottom, width + left + right))
    (sh, sw), (dh, dw), (kh, kw) = pair(layer.stride), pair(layer.dilation), pair(layer.kernel_size)
    ho, wo = delta.shape[1:]
    kernel = weight[channel, only]
    for u in range(kh):
        for v in range(kw):
            seen = padded[
                :, u * dh : u * dh + sh * (ho - 1) + 1 : sh, v * dw : v * dw + sw * (wo - 1) + 1 : sw
            ]
            seen += kernel[:, u, v, None, None] * delta[channel]
    return padded[:, top : top + height, left : left + width]


def pooling_shares(layer: Layer, x: Array, delta: Array, channel: int, i: int, j: int) -> Array:
    """What the output ``(channel, i, j)`` of a pooling sends back to its window, ``(kh, kw)``: all to the winner, or to each its share."""
    cell = pooling_cell(layer, x, channel, i, j)
    sent = np.zeros(cell.patch.inside.shape)
    if cell.winner is not None:
        sent[cell.winner] = float(delta[channel, i, j])
    else:
        sent[cell.patch.inside] = float(delta[channel, i, j]) * cell.share
    return sent
