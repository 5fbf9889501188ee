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
    """``(counts (bins,), edges (bins + 1,))`` of all finite values; empty data give one unit-wide empty range."""
    flat = values[np.isfinite(values)].ravel()
    if not flat.size:
        return np.zeros(bins, np.int64), np.linspace(-0.5, 0.5, bins + 1)
    return np.histogram(flat, bins=bins)
