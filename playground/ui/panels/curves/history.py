"""The log made ready for drawing: which curves there are, how many points they need, how far the axes reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.log import LogView

Array = NDArray[Any]

#: a curve is drawn through at most so many points: more than the plot has pixels is time lost
MOST = 1000

#: an R² this far below 0 says no more than "useless"; drawing it would press everything else flat
WORST_R2 = -1.0

#: the least range of a logarithmic axis
_LEAST_LOG = 0.3


@dataclass(frozen=True)
class Trace:
    """One curve: a column of the log, what people call it, and the part it belongs to ("" for the penalty)."""

    column: str
    name: str
    part: str


LOSS = (
    Trace("train_loss", "train", "train"),
    Trace("validation_loss", "validation", "validation"),
    Trace("penalty", "penalty", ""),
)
METRIC = (Trace("train_metric", "train", "train"), Trace("validation_metric", "validation", "validation"))


def known(log: LogView, traces: tuple[Trace, ...]) -> tuple[Trace, ...]:
    """Those that have something to show: no validation part, no curve; a penalty that is always 0 is none."""
    kept = []
    for trace in traces:
        column = log[trace.column]
        if np.isfinite(column).any() and (trace.part or np.any(column > 0)):
            kept.append(trace)
    return tuple(kept)


def decimate(x: Array, y: Array, most: int = MOST) -> tuple[Array, Array]:
    """``x`` (N,) rising and ``y`` (N,) in at most ``most`` points that keep every peak and the last point.

    Each run of neighbours gives its lowest and its highest point, in their order; NaN only where there is nothing else.
    """
    n = len(x)
    if n <= most:
        return x, y
    run = -(-2 * n // (most - 1))
    runs = -(-n // run)
    cells = np.full(runs * run, np.nan)
    cells[:n] = y
    unknown = np.isnan(cells)
    first = np.arange(0, runs * run, run)
    low = first + np.where(unknown, np.inf, cells).reshape(runs, run).argmin(1)
    high = first + np.where(unknown, -np.inf, cells).reshape(runs, run).argmax(1)
    keep = np.append(np.column_stack((np.minimum(low, high), np.maximum(low, high))).ravel(), n - 1)
    return x[keep], y[keep]


def logarithm(y: Array) -> Array:
    """log₁₀ of ``y``; NaN, a gap in the curve, where it is not positive."""
    positive = y > 0
    return np.log10(np.where(positive, y, 1.0), out=np.full(len(y), np.nan), where=positive)


def round_up(value: float) -> float:
    """The end of an axis for values up to ``value`` > 0: few steps, so that the axis seldom moves."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        m * power for m in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if m * power >= value * (1 - 1e-9)
    )


def loss_range(curves: list[Array], log_scale: bool) -> tuple[float, float]:
    """Where a loss axis begins and ends, in log₁₀ where ``log_scale`` (the curves are then logarithms already)."""
    values = np.concatenate([c[np.isfinite(c)] for c in curves] or [np.zeros(0)])
    if not len(values):
        return (-1.0, 0.0) if log_scale else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if not log_scale:
        return 0.0, round_up(1.02 * high) if high > 0 else 1.0
    low, high = math.floor(low * 10 / 3 - 0.05) * 0.3, math.ceil(high * 10 / 3 + 0.05) * 0.3
    return low, max(high, low + _LEAST_LOG)


def metric_range(curves: list[Array]) -> tuple[float, float]:
    """Where an axis for accuracy or R² begins and ends."""
    values = np.concatenate([c[np.isfinite(c)] for c in curves] or [np.zeros(0)])
    low = max(float(values.min(initial=0.9)), WORST_R2)
    return math.floor(low * 10 + 1e-9) / 10, 1.02
