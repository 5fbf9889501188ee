"""Axes with few, round numbers, written as everywhere in the window."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg

from playground.ui.kit.numbers import MINUS, fmt

#: pixels that a number needs along the axis
SPACE = {"left": 30.0, "bottom": 54.0}


def round_step(span: float, count: float) -> float:
    """The smallest of 1, 2, 5 · 10ⁿ that cuts ``span`` into at most ``count`` pieces; ``span`` must be positive."""
    rough = span / max(count, 1.0)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))


def round_ticks(low: float, high: float, count: float, least: float = 0.0) -> tuple[float, list[float]]:
    """Multiples of a round step inside ``low … high``, and the step, which is at least ``least``."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return 1.0, []
    step = max(round_step(high - low, count), least)
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return step, [k * step for k in range(first, last + 1)]


def log_ticks(low: float, high: float, count: float) -> list[float]:
    """Round values for a logarithmic axis from 10**low to 10**high, as their logarithms."""
    if high - low < 0.7:  # within a decade round steps fit better than powers
        _, values = round_ticks(10**low, 10**high, count)
        found = [math.log10(v) for v in values if v > 0]
    else:
        per_decade = count / (high - low)
        digits = (1, 2, 5) if per_decade >= 3 else (1, 3) if per_decade >= 2 else (1,)
        found = _digits(low, high, digits, max(1, math.ceil(1 / per_decade)))
    if len(found) < 2:  # one number alone is no scale
        fine = _digits(low, high, (1, 2, 5), 1)
        return [fine[0], fine[-1]] if len(fine) > 1 else found
    return found


def _digits(low: float, high: float, digits: Sequence[int], stride: int) -> list[float]:
    """The logarithms of these digits times every ``stride``-th power of ten, inside ``low … high``."""
    powers = [p for p in range(math.floor(low), math.ceil(high) + 1) if p % stride == 0]
    ticks = [p + math.log10(d) for p in powers for d in digits]
    return [t for t in ticks if low - 1e-6 <= t <= high + 1e-6]


class NumberAxis(pg.AxisItem):
    """One axis. ``whole`` for counted things: no ticks between whole numbers."""

    def __init__(self, orientation: str, whole: bool = False) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.whole = whole
        self.space = SPACE[orientation]
        self.enableAutoSIPrefix(False)
        # The number at the end of an axis may reach beyond it by half its width.
        self.setStyle(
            tickTextOffset=4, autoExpandTextSpace=False, autoReduceTextSpace=False, hideOverlappingLabels=16
        )

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """One level of ticks: ``[(spacing, values)]``."""
        count = max(size / self.space, 1.0)
        if self.logMode:
            return [(1.0, log_ticks(minVal, maxVal, count))]
        return [round_ticks(minVal, maxVal, count, 1.0 if self.whole else 0.0)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The numbers at ``values``."""
        if self.logMode:
            return [_short(10.0**v) for v in values]
        if self.whole:
            return [f"{round(v):,}" for v in values]
        largest = float(np.abs(values).max(initial=0.0))
        if spacing < 1e-4 or largest >= 1e5:
            digits = 1 + math.ceil(math.log10(max(largest / spacing, 1.0)) - 1e-9)
            return [fmt(v, max(2, digits)) for v in values]
        places = max(0, -math.floor(math.log10(spacing) + 1e-9))
        return [f"{v + 0.0:.{places}f}".replace("-", MINUS) for v in values]


def _short(value: float) -> str:
    """With as few digits as say it: 0.05, 0.35, 20."""
    return next(
        (fmt(value, d) for d in (1, 2) if math.isclose(float(f"{value:.{d - 1}e}"), value)), fmt(value)
    )
