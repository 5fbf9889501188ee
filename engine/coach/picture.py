"""Small plots: what a rule or an experiment has measured, to be drawn beside its words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core import Array
from engine.log import LogView

#: bars, and points of a curve, that a small plot has room for
MOST_BARS, MOST_POINTS = 16, 120


@dataclass(frozen=True)
class Picture:
    """Bars, or curves, with all that it takes to draw and to read them.

    Args:
        kind: "bars": ``values[0]`` has one number for each of ``names``; "curves": ``values[i]`` is the curve ``names[i]`` over ``x``.
        what: what the numbers are.
        names: of the bars, or of the curves.
        values: NaN for what is not known, infinite for what has left all bounds.
        x: of curves, ascending.
        along: what ``x`` is.
        marked: the bar, or the place along ``x``, that the words are about; NaN for none.
        level: a number to compare with; NaN for none.
        called: what ``level`` is.
        log, log_x: whether the numbers, or ``x``, are to be seen by factors.
    """

    kind: Literal["bars", "curves"]
    what: str
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    x: tuple[float, ...] = ()
    along: str = ""
    marked: float = math.nan
    level: float = math.nan
    called: str = ""
    log: bool = False
    log_x: bool = False


def bars(
    what: str,
    heights: Mapping[str, float],
    marked: str = "",
    level: float = math.nan,
    called: str = "",
    log: bool = False,
) -> Picture:
    """A bar per name; of more than MOST_BARS those around the marked one."""
    names = list(heights)
    if len(names) > MOST_BARS:
        at = names.index(marked) if marked in heights else 0
        start = min(max(at - MOST_BARS // 2, 0), len(names) - MOST_BARS)
        names = names[start : start + MOST_BARS]
    place = float(names.index(marked)) if marked in names else math.nan
    values = tuple(float(heights[name]) for name in names)
    return Picture("bars", what, tuple(names), (values,), marked=place, level=level, called=called, log=log)


def curves(
    what: str,
    x: Sequence[float] | Array,
    values: Mapping[str, Sequence[float] | Array],
    along: str = "epoch",
    marked: float = math.nan,
    level: float = math.nan,
    called: str = "",
    log: bool = False,
    log_x: bool = False,
) -> Picture:
    """Curves over ``x``, of many points some."""
    chosen = np.unique(np.linspace(0, max(len(x) - 1, 0), MOST_POINTS).astype(int))[: len(x)]

    def pick(numbers: Sequence[float] | Array) -> tuple[float, ...]:
        return tuple(float(numbers[i]) for i in chosen)

    return Picture(
        "curves", what, tuple(values), tuple(map(pick, values.values())), pick(x), along, marked, level, called, log, log_x
    )  # fmt: skip


def losses(log: LogView, marked: float = math.nan, level: float = math.nan, called: str = "") -> Picture:
    """Training and validation loss by epoch."""
    found = {"training": log["train_loss"], "validation": log["validation_loss"]}
    known = {name: values for name, values in found.items() if np.isfinite(values).any()}
    return curves("loss", log["epoch"], known, marked=marked, level=level, called=called)


def by_layer(
    what: str, layers: Iterable[tuple[str, float]], marked: str, level: float = math.nan, called: str = "", log: bool = False
) -> Picture:  # fmt: skip
    """A bar per layer."""
    return bars(what, dict(layers), marked, level, called, log)
