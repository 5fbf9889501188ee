"""Where a network errs: the losses of single samples, spread over the plane. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: how far the loss of a sample reaches, in shares of the plane's width, and how many samples must be near for it to count in full
REACH, FULL = 0.045, 0.5


def loss_map(places: Any, losses: Any, low: float, high: float, resolution: int) -> Floats:
    """The mean loss of the samples near each point of a grid over the plane, fading out where there are none.

    Args:
        places: of the samples, ``(n, 2)``.
        losses: of each, ``(n,)``.
        low, high: the first and the last point of the grid, both ways.
        resolution: its points each way.

    Returns:
        ``(resolution, resolution)``; row i is at the i-th x2.
    """
    axis = np.linspace(low, high, resolution)
    reach = REACH * (high - low)
    losses = np.nan_to_num(np.asarray(losses, float), nan=0.0, posinf=0.0)
    # A normal density is a product of one across and one up: two products of matrices, however many samples.
    across, up = (np.exp(-0.5 * ((axis[:, None] - np.asarray(places)[:, k]) / reach) ** 2) for k in (0, 1))
    weight = up @ across.T
    total = (up * losses) @ across.T
    mean: Floats = total / np.maximum(weight, 1e-12) * (weight / (weight + FULL))
    return mean
