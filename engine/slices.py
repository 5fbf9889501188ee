"""Planes through data of many inputs: over two of them, the others held, or over the two axes along which the samples spread most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.data import Prepared

#: numbers that a grid may take, and samples that the axes are measured on
MOST_NUMBERS, MOST_SAMPLES = 4_000_000, 2000
MARGIN = 0.06


@dataclass(frozen=True, eq=False)
class Axes:
    """Two axes through the inputs as a network sees them.

    Args:
        mean: ``(features,)``, where they cross.
        directions: ``(2, features)``, of length 1 and at right angles.
        shares: how much of the spread of the training samples lies along each, 0 to 1.
    """

    mean: Array
    directions: Array
    shares: tuple[float, float]

    def places(self, x: Array) -> Array:
        """``(N, 2)``: where prepared inputs ``(N, features)`` stand along the axes."""
        made: Array = (x - self.mean) @ self.directions.T
        return made


def principal(data: Prepared) -> Axes:
    """The two principal axes of the training part, or of an even choice of its samples (PCA; Pearson 1901). Of at least two inputs."""
    x = data.train.x
    x = x[:: max(1, len(x) // MOST_SAMPLES)][:MOST_SAMPLES].astype(np.float64)
    mean = x.mean(axis=0)
    _, sizes, rows = np.linalg.svd(x - mean, full_matrices=False)
    directions = np.zeros((2, x.shape[1]))
    directions[: len(rows[:2])] = rows[:2]
    if len(rows) < 2:  # a single sample spreads along nothing
        directions[1, int(np.abs(directions[0]).argmin())] = 1.0
    # An axis points to where its largest component is positive: otherwise it turned about as it liked.
    signs = np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])
    directions *= np.where(signs == 0, 1.0, signs)[:, None]
    total = float((sizes**2).sum()) or 1.0
    shares = [float(size**2) / total for size in sizes[:2]]
    return Axes(mean, directions, (shares[0], shares[1] if len(shares) > 1 else 0.0))


def span(values: Array) -> tuple[float, float]:
    """The range of values with a margin; of equal ones, one round them."""
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 0.5
    return low - room, high + room


def resolution(features: int, wanted: int) -> int:
    """Points of a grid along each axis: as many as are ``wanted``, fewer where there are very many inputs."""
    return max(8, min(wanted, int((MOST_NUMBERS / features) ** 0.5)))


def over_inputs(
    data: Prepared, first: int, second: int, held: Array, size: int
) -> tuple[Array, tuple[float, float], tuple[float, float]]:
    """Prepared inputs ``(size², features)`` over two raw inputs, the others as in ``held`` ``(features,)``, row by row from the lowest of
    ``second`` up; and both ranges."""
    across, up = span(data.raw.x[:, first]), span(data.raw.x[:, second])
    grid = np.repeat(held[None], size * size, axis=0)
    grid[:, first] = np.tile(np.linspace(*across, size), size)
    grid[:, second] = np.repeat(np.linspace(*up, size), size)
    return data.transform(grid), across, up


def over_axes(
    data: Prepared, axes: Axes, size: int
) -> tuple[Array, tuple[float, float], tuple[float, float]]:
    """As ``over_inputs``, over two axes through the inputs as the network sees them."""
    places = axes.places(data.train.x)
    across, up = span(places[:, 0]), span(places[:, 1])
    a, b = np.tile(np.linspace(*across, size), size), np.repeat(np.linspace(*up, size), size)
    grid = axes.mean + np.outer(a, axes.directions[0]) + np.outer(b, axes.directions[1])
    return grid.astype(data.train.x.dtype), across, up
