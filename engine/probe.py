"""Questions about a model that change nothing: its values over a grid, along a line, for one sample; where they fall."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.core import Array
from engine.data import Prepared
from engine.model import Model


class Probe:
    """Every node's output at fixed inputs, asked again and again while the weights move; nothing is allocated per question.

    Args:
        model: is not changed.
        x: prepared inputs ``(N, *in_shape)``, all run at once.
    """

    def __init__(self, model: Model, x: Array) -> None:
        self._program = model.own_program(len(x))
        self.feed(x)

    def feed(self, x: Array) -> None:
        """Other inputs ``(N, *in_shape)``, as many as before."""
        self._program.x[...] = np.moveaxis(x, 0, -1)

    def run(self) -> None:
        """Compute all values with the model's present parameters."""
        self._program.forward()

    def value(self, node_id: str) -> Array:
        """The node's output at the last ``run``: ``(features, N)`` or ``(C, H, W, N)``, a live buffer. "input" works too."""
        return self._program.value(node_id)


def extent(data: Prepared, margin: float = 0.08) -> tuple[float, float]:
    """``(low, high)``: one range for all axes that holds every raw input and a margin, in the data's own units."""
    low, high = float(data.raw.x.min()), float(data.raw.x.max())
    room = margin * (high - low) or 1.0
    if data.raw.axes is not None:
        first, last = data.raw.axes
        return (first if first <= low else low - room), (last if last >= high else high + room)
    return low - room, high + room


@lru_cache(maxsize=8)
def grid(low: float, high: float, resolution: int) -> Array:
    """Raw points of a square grid, ``(resolution², 2)`` float32, row by row: x2 changes slowly, x1 fast, both from ``low`` up."""
    axis = np.linspace(low, high, resolution, dtype=np.float32)
    x2, x1 = np.meshgrid(axis, axis, indexing="ij")
    return np.column_stack((x1.ravel(), x2.ravel()))


def line(low: float, high: float, resolution: int) -> Array:
    """Raw points of a line, ``(resolution, 1)`` float32."""
    return np.linspace(low, high, resolution, dtype=np.float32)[:, None]


def histogram(values: Array, bins: int) -> tuple[Array, Array]:
    """``(counts (bins,), edges (bins + 1,))`` of all finite values in bins of equal width; empty data give one unit-wide empty range.

    As ``np.histogram``, at a fraction of its price for the few thousand values that are looked at for every frame; but equal values, and
    such as differ too little for the bins between them, have a range round them that their size can resolve.
    """
    flat = values.ravel()
    low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    if not np.isfinite(high - low):
        flat = flat[np.isfinite(flat)].astype(np.float64)
        low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    largest = max(abs(low), abs(high))
    if largest > _HALVED:  # the range, or one made wider, may be no number: at a quarter of the size it is
        counts, edges = histogram(flat * 0.25, bins)
        return counts, np.clip(edges, -_QUARTER, _QUARTER) * 4.0
    if high - low <= bins * float(np.spacing(largest)):
        room = max(0.5, bins * 1e-9 * largest)
        low, high = low - room, high + room
    edges = low + (high - low) / bins * np.arange(bins + 1)
    edges[-1] = high
    # Into float64: in float32, a value next to an edge could fall on its other side.
    index = np.subtract(flat, low, dtype=np.float64)
    index *= bins / (high - low)
    return np.bincount(np.minimum(index.astype(np.intp), bins - 1), minlength=bins), edges


#: float64's largest number, halved and in quarters
_HALVED, _QUARTER = np.finfo(np.float64).max / 2.0, np.finfo(np.float64).max / 4.0
