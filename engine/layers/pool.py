"""Pooling: fewer, coarser values from neighbouring ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.layers.base import Array, Bind, Call, Layer, Shape, Steps, call, layers
from engine.layers.conv import image_shape, pair, window_positions
from engine.spec import Pair, param


@layers.register("MaxPool2d", category="Convolution")
@dataclass(frozen=True)
class MaxPool2d(Layer):
    """Keeps the largest value of each window; only that one receives gradient."""

    kernel_size: int | tuple[int, int] = param(
        Pair(min=1, max=64), default=2, help="Size of the window.", unit="px"
    )
    stride: int | tuple[int, int] = param(
        Pair(min=0, max=64),
        default=0,
        help="How far the window moves each time; 0: by its own size.",
        unit="px",
    )
    formula = r"y_{cij} = \max_{u,v} x_{c,\, si+u,\, sj+v}"
    gradient_formula = r"\frac{\partial L}{\partial x_{chw}} = \sum_{i,j} \delta_{cij} \cdot [\,x_{chw} \text{ won window } (i, j)\,]"

    def steps(self) -> tuple[int, int]:
        """The stride in both directions, 0 resolved."""
        (kh, kw), (sh, sw) = pair(self.kernel_size), pair(self.stride)
        return sh or kh, sw or kw

    def out_shape(self, *in_shapes: Shape) -> Shape:
        channels, height, width = image_shape("MaxPool2d", in_shapes[0])
        (kh, kw), (sh, sw) = pair(self.kernel_size), self.steps()
        return (
            channels,
            window_positions("MaxPool2d", height, kh, sh, 0, 0),
            window_positions("MaxPool2d", width, kw, sw, 0, 0),
        )

    def bind(self, b: Bind) -> Steps:
        # First within each row of a window, then over its rows: k + k comparisons instead of k·k. This order makes the
        # winner among equals the first in reading order, as in PyTorch.
        (kh, kw), (sh, sw) = pair(self.kernel_size), self.steps()
        channels, _, wo, batch = b.y.shape
        narrow = b.empty((channels, b.x.shape[1], wo, batch))
        across = _Stage(b, 2, b.x, narrow, kw, sw)
        down = _Stage(b, 1, narrow, b.y, kh, sh)
        backward: list[Call] = []
        if b.dx is not None:
            d_narrow = b.empty(narrow.shape)
            backward = [*down.backward(b.dy, d_narrow), *across.backward(d_narrow, b.dx)]
        return Steps([*across.forward, *down.forward], backward)


class _Stage:
    """The maximum of ``k`` neighbours along one axis, and which of them won: the first of equals."""

    def __init__(self, b: Bind, axis: int, x: Array, y: Array, k: int, stride: int) -> None:
        self.b, self.axis, self.k, self.stride, self.count = b, axis, k, stride, y.shape[axis]
        taps = self._taps(x)
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

    def _taps(self, x: Array) -> list[Array]:
        lead = (slice(None),) * self.axis
        end = self.stride * (self.count - 1) + 1
        return [x[(*lead, slice(i, i + end, self.stride))] for i in range(self.k)]

    def backward(self, dy: Array, dx: Array) -> list[Call]:
        """Send ``dy`` to each window's winner; windows that overlap add up."""
        taps = self._taps(dx)
        covers = self.k <= self.stride  # windows do not overlap
        exact = covers and self.k == self.stride and dx.shape[self.axis] == self.k * self.count
        calls: list[Call] = [] if exact else [call(dx.fill, 0)]
        rest = dy
        share = self.b.empty(dy.shape)
        for i, tap in enumerate(taps):
            last = i == self.k - 1
            if covers:
                target = tap
                if last:
                    calls.append(call(np.copyto, tap, rest))
                    break
                calls.append(call(np.multiply, rest, self.wins[i], target))
            else:
                target = share
                if last:
                    calls.append(call(np.add, tap, rest, tap))
                    break
                calls += [call(np.multiply, rest, self.wins[i], share), call(np.add, tap, share, tap)]
            left = self.b.empty(dy.shape) if rest is dy else rest
            calls.append(call(np.subtract, rest, target, left))
            rest = left
        return calls
