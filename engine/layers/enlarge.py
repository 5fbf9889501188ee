"""Layers that make pictures larger: transposed convolution, upsampling, a border of zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array, Call, Parameter, Shape, Steps, call
from engine.errors import ShapeError
from engine.initializers import Initializer
from engine.layers.base import Bind, Layer, layers
from engine.layers.conv import (
    CHUNK_BYTES,
    Sides,
    Size,
    Unbroken,
    four_sides,
    image_shape,
    own_bias,
    own_filters,
    own_groups,
    pair,
    product,
)
from engine.layers.linear import own_frozen, own_initializer, own_regularizer
from engine.layers.pool import by_matrices
from engine.ranges import Range
from engine.regularizers import Regularizer
from engine.spec import Bool, Choice, Pair, by_option, param, varying

Stretch = tuple[int, int]  #: from one cell to another along an axis, both included


class Enlarging(Layer):
    """Base of layers that make a larger picture of a picture."""

    def seen_by(self, in_shape: Shape, rows: Stretch, columns: Stretch) -> tuple[Stretch, Stretch]:
        """The rows and the columns of the picture ``in_shape`` that these of the result come from; some may lie beside it."""
        raise NotImplementedError


#: pixels along a side that a picture may be made as large as
LARGEST_SIDE = 4096


@layers.register("ConvTranspose2d", category="Convolution")
@dataclass(frozen=True)
class ConvTranspose2d(Enlarging):
    """Stamps a small filter at every place of the picture, times the value there, and adds up: the way back of a convolution.

    With a stride the picture grows. Zeiler et al. 2010; Dumoulin & Visin 2016, chapter 4.
    """

    out_channels: int = own_filters()
    kernel_size: Size = param(Pair(min=1, max=64), default=3, help="Size of each filter.", unit="px")
    stride: Size = param(
        Pair(min=1, max=64),
        default=1,
        help="How far apart stamps are: how much the picture grows.",
        unit="px",
    )
    padding: Size = param(
        Pair(min=0, max=64), default=0, help="Cells cut off at each side of the result.", unit="px"
    )
    output_padding: Size = param(
        Pair(min=0, max=63),
        default=0,
        help="Rows below and columns on the right that the result has besides; less than the stride.",
        unit="px",
        advanced=True,
    )
    dilation: Size = param(
        Pair(min=1, max=64),
        default=1,
        help="Distance between the cells of a stamp.",
        unit="px",
        advanced=True,
    )
    groups: int = own_groups()
    bias: bool = own_bias()
    initializer: Initializer | None = own_initializer()
    regularizer: Regularizer | None = own_regularizer()
    frozen: bool = own_frozen()
    formula = varying(
        r"y_{oij} = \sum_{c,k,l,u,v} x_{ckl} w_{couv} [i = sk+du-p, j = sl+dv-p] + b_o",
        bias={" + b_o": ""},
    )
    gradient_formula = varying(
        r"\frac{\partial L}{\partial w_{couv}} = \sum_{n,k,l} x_{nckl}\, \delta_{n,o,\, sk+du-p,\, sl+dv-p}, \quad "
        r"\frac{\partial L}{\partial b_o} = \sum_{n,i,j} \delta_{noij}, \quad "
        r"\frac{\partial L}{\partial x_{ckl}} = \sum_{o,u,v} w_{couv}\, \delta_{o,\, sk+du-p,\, sl+dv-p}",
        bias={r"\frac{\partial L}{\partial b_o} = \sum_{n,i,j} \delta_{noij}, \quad ": ""},
    )

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, *sizes = image_shape("ConvTranspose2d", in_shapes[0])
        for what, number in (("input channels", channels), ("filters", self.out_channels)):
            if number % self.groups:
                raise ShapeError(
                    f"ConvTranspose2d: {number} {what} cannot be split into {self.groups} equal groups. Choose a divisor of {number}."
                )
        found = []
        each = zip(
            *map(pair, (self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation)),
            strict=True,
        )
        for size, (k, s, p, more, d) in zip(sizes, each, strict=True):
            if more >= max(s, d):
                raise ShapeError(
                    f"ConvTranspose2d: output padding {more} is not below the stride ({s}) or dilation ({d}). Choose a smaller one."
                )
            side = (size - 1) * s - 2 * p + d * (k - 1) + 1 + more
            if not 1 <= side <= LARGEST_SIDE:
                raise ShapeError(
                    f"ConvTranspose2d: the result would be {side} wide; expected from 1 to {LARGEST_SIDE}. "
                    f"Choose {'less padding or a larger filter' if side < 1 else 'a smaller stride'}."
                )
            found.append(side)
        return (self.out_channels, *found)

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        channels, (kh, kw) = in_shapes[0][0], pair(self.kernel_size)
        filters = self.out_channels // self.groups
        # The fans are PyTorch's, which counts as for the convolution of which this is the way back.
        weight = Parameter((channels, filters, kh, kw), filters * kh * kw, channels * kh * kw)
        return {"weight": weight} | ({"bias": Parameter((self.out_channels,))} if self.bias else {})

    def bind(self, b: Bind) -> Steps:
        # Every value of the picture becomes a column of products with all its filters' cells, one matrix product; the columns are
        # then added to the cells of the result that they are stamped on. The way back gathers them as a convolution does.
        (kh, kw), (ph, pw) = pair(self.kernel_size), pair(self.padding)
        channels, height, width, batch = b.x.shape
        _, rows, columns, _ = b.y.shape
        full, d_full = (b.empty((self.out_channels, *self._stamped(height, width), batch)) for _ in range(2))
        inside = np.s_[:, ph : ph + rows, pw : pw + columns]
        x, dx = Unbroken(b.x), None if b.dx is None else Unbroken(b.dx)
        filters, depth = self.out_channels // self.groups, channels // self.groups
        cells = filters * kh * kw
        weights, d_weights = (a["weight"].reshape(self.groups, depth, cells) for a in (b.params, b.grads))
        step = max(1, min(height, CHUNK_BYTES // (self.groups * cells * width * batch * b.y.itemsize)))
        work, share = b.empty((self.groups, cells, step * width * batch)), b.empty((depth, cells))
        forward: list[Call] = [*x.load, call(full.fill, 0)]
        backward: list[Call] = [call(np.copyto, d_full[inside], b.dy)]
        for first in range(0, height, step):
            last = min(first + step, height)
            here, n = slice(first * width * batch, last * width * batch), (last - first) * width * batch
            stamps = work if n == work.shape[2] else b.empty((self.groups, cells, n))
            shape = (self.out_channels, kh, kw, last - first, width, batch)
            for g in range(self.groups):
                own = slice(g * depth, (g + 1) * depth)
                forward.append(product(weights[g].T, x.array[own, here], stamps[g]))
            forward += [
                call(np.add, seen, stamp, seen)
                for seen, stamp in self._places(full, stamps.reshape(shape), first)
            ]
            backward += [
                call(np.copyto, stamp, seen)
                for seen, stamp in self._places(d_full, stamps.reshape(shape), first)
            ]
            for g in range(self.groups):
                own = slice(g * depth, (g + 1) * depth)
                backward.append(product(x.array[own, here], stamps[g].T, share if first else d_weights[g]))
                if first:
                    backward.append(call(np.add, d_weights[g], share, d_weights[g]))
                if dx is not None:
                    backward.append(product(weights[g], stamps[g], dx.array[own, here]))
        forward.append(call(np.copyto, b.y, full[inside]))
        if "bias" in b.params:
            bias = b.params["bias"][:, None, None, None]
            forward[-1] = call(np.add, full[inside], bias, b.y)
            backward.append(call(np.add.reduce, b.dy, (1, 2, 3), None, b.grads["bias"]))
        return Steps(forward, [*backward, *(dx.store if dx is not None else [])])

    def seen_by(self, in_shape: Shape, rows: Stretch, columns: Stretch) -> tuple[Stretch, Stretch]:
        found = []
        each = zip(
            (rows, columns),
            *map(pair, (self.kernel_size, self.stride, self.padding, self.dilation)),
            strict=True,
        )
        for (first, last), (k, s, p, d) in ((ends, rest) for ends, *rest in each):
            found.append((-((d * (k - 1) - first - p) // s), (last + p) // s))
        return found[0], found[1]

    def _stamped(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns that stamps reach, and what the result has besides; nothing is cut off yet."""
        sizes = zip(
            (height, width),
            *map(pair, (self.kernel_size, self.stride, self.dilation, self.output_padding)),
            strict=True,
        )
        rows, columns = ((n - 1) * s + d * (k - 1) + 1 + more for n, k, s, d, more in sizes)
        return rows, columns

    def _places(self, full: Array, stamps: Array, first: int) -> list[tuple[Array, Array]]:
        """For each cell of a stamp the places of ``full`` it falls on, for the rows from ``first`` on, and its numbers."""
        (kh, kw), (sh, sw), (dh, dw) = pair(self.kernel_size), pair(self.stride), pair(self.dilation)
        count, width = stamps.shape[3:5]
        found = []
        for u in range(kh):
            for v in range(kw):
                top, left = first * sh + u * dh, v * dw
                seen = full[:, top : top + sh * (count - 1) + 1 : sh, left : left + sw * (width - 1) + 1 : sw]
                found.append((seen, stamps[:, u, v]))
        return found


NEAREST = (
    r"y_{cij} = x_{c,\, \lfloor i/s_h \rfloor,\, \lfloor j/s_w \rfloor}",
    r"\frac{\partial L}{\partial x_{chw}} = \sum_{u,v} \delta_{c,\, s_h h + u,\, s_w w + v}",
)
HAT = r"\max(0, 1 - |p_i - h|) \max(0, 1 - |q_j - w|)"
#: where a row and a column of the result lie on the picture
PLACES = r"p_i = \min(\max(\frac{i + 1/2}{s_h} - 1/2, 0), H - 1), \quad q_j = \min(\max(\frac{j + 1/2}{s_w} - 1/2, 0), W - 1)"
BILINEAR = (
    rf"y_{{cij}} = \sum_{{h,w}} {HAT}\, x_{{chw}}, \quad {PLACES}",
    rf"\frac{{\partial L}}{{\partial x_{{chw}}}} = \sum_{{i,j}} {HAT}\, \delta_{{cij}}",
)


@layers.register("Upsample", category="Convolution")
@dataclass(frozen=True)
class Upsample(Enlarging):
    """Makes a picture larger by whole factors: each pixel several times, or with colours that go over into one another."""

    keeps_range = True
    scale_factor: Size = param(Pair(min=1, max=16), default=2, help="How many times as high and wide.")
    mode: str = param(
        Choice(("nearest", "bilinear")),
        default="nearest",
        help="nearest: each pixel is repeated; bilinear: what lies between two is a mixture of both.",
    )
    align_corners: bool = param(
        Bool(),
        default=False,
        help="For bilinear: whether the corner pixels stay in the corners, as in old versions; otherwise the edges stay.",
        advanced=True,
    )
    letters: ClassVar = {"scale_factor": "s"}
    formula = by_option("mode", nearest=NEAREST[0], bilinear=BILINEAR[0])
    gradient_formula = by_option("mode", nearest=NEAREST[1], bilinear=BILINEAR[1])

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, height, width = image_shape("Upsample", in_shapes[0])
        sh, sw = pair(self.scale_factor)
        if max(height * sh, width * sw) > LARGEST_SIDE:
            raise ShapeError(
                f"Upsample: the result would be {height * sh}×{width * sw}; expected sides up to {LARGEST_SIDE}. Choose a smaller factor."
            )
        return channels, height * sh, width * sw

    def seen_by(self, in_shape: Shape, rows: Stretch, columns: Stretch) -> tuple[Stretch, Stretch]:
        found = []
        for weights, (first, last) in zip(self.weights(in_shape), (rows, columns), strict=True):
            seen = np.flatnonzero(weights[first : last + 1].any(0))
            found.append((int(seen[0]), int(seen[-1])))
        return found[0], found[1]

    def weights(self, *in_shapes: Shape) -> tuple[Array, Array]:
        """How much each row of the picture counts in each row of the result, ``(rows, H)``, and likewise for columns."""
        _, *sizes = in_shapes[0]
        rows, columns = (
            interpolation(n, n * s, self.mode == "nearest", self.align_corners)
            for n, s in zip(sizes, pair(self.scale_factor), strict=True)
        )
        return rows, columns

    def bind(self, b: Bind) -> Steps:
        if self.mode == "bilinear":
            return by_matrices(b, *self.weights(b.x.shape[:-1]))
        sh, sw = pair(self.scale_factor)
        copies = [np.s_[:, u::sh, v::sw] for u in range(sh) for v in range(sw)]
        forward = [call(np.copyto, b.y[at], b.x) for at in copies]
        if b.dx is None:
            return Steps(forward, [])
        first, *others = copies
        return Steps(
            forward,
            [call(np.copyto, b.dx, b.dy[first]), *(call(np.add, b.dx, b.dy[at], b.dx) for at in others)],
        )


def interpolation(size: int, count: int, nearest: bool, align_corners: bool) -> Array:
    """``(count, size)``: how much each of ``size`` cells counts in each of ``count`` that lie over them, as PyTorch reckons."""
    at = np.arange(count)
    if nearest:
        return np.eye(size)[at * size // count]
    if align_corners:
        places = at * (size - 1) / max(count - 1, 1)
    else:
        places = np.clip((at + 0.5) * size / count - 0.5, 0, size - 1)
    hat: Array = np.maximum(0.0, 1.0 - abs(places[:, None] - np.arange(size)))
    return hat


@layers.register("ZeroPad2d", category="Convolution")
@dataclass(frozen=True)
class ZeroPad2d(Enlarging):
    """Puts a border of zeros round the picture, of another width at each side if you like."""

    padding: Size | Sides = param(
        Pair(min=0, max=64, sides=True),
        default=1,
        help="Zeros put round the picture, or top+bottom×left+right such as 0+1×0+1.",
        unit="px",
    )
    formula = r"y_{cij} = x_{c,\, i-p_t,\, j-p_l}"
    gradient_formula = r"\frac{\partial L}{\partial x_{chw}} = \delta_{c,\, h+p_t,\, w+p_l}"

    def pads(self, *in_shapes: Shape) -> Sides:
        """``(top, bottom, left, right)``."""
        return four_sides(self.padding)

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, height, width = image_shape("ZeroPad2d", in_shapes[0])
        top, bottom, left, right = self.pads()
        return channels, height + top + bottom, width + left + right

    def output_range(self, *given: Range) -> Range:
        return given[0].joined(Range(0.0, 0.0))

    def seen_by(self, in_shape: Shape, rows: Stretch, columns: Stretch) -> tuple[Stretch, Stretch]:
        top, _, left, _ = self.pads()
        return (rows[0] - top, rows[1] - top), (columns[0] - left, columns[1] - left)

    def bind(self, b: Bind) -> Steps:
        top, _, left, _ = self.pads()
        inside = np.s_[:, top : top + b.x.shape[1], left : left + b.x.shape[2]]
        forward = [call(b.y.fill, 0), call(np.copyto, b.y[inside], b.x)]
        return Steps(forward, [] if b.dx is None else [call(np.copyto, b.dx, b.dy[inside])])
