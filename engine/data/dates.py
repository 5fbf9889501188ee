"""Dates in tables: which texts are dates, whether day or month comes first, and the numbers that networks can use of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engine.core import Array

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ](.+))?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:[T ](.+))?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)
#: two digits of a year below are of this century
_CENTURY = 70
#: values of the parameter ``dates``
AUTO, DAY_FIRST, MONTH_FIRST = "auto", "day first", "month first"
ORDERS = (AUTO, DAY_FIRST, MONTH_FIRST)
_DAY = 86400.0


def is_date(text: str) -> bool:
    """Whether a text is a date, whichever comes first, the day or the month."""
    return moment(text, DAY_FIRST) is not None or moment(text, MONTH_FIRST) is not None


def moment(text: str, order: str) -> float | None:
    """A text as seconds since 1970, whatever its time zone; ``None`` for what is no date in this order."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, clock = int(found[1]), int(found[3]), int(found[4]), found[5]
    elif found := _YEAR_LAST.fullmatch(text):
        first, second, year, clock = int(found[1]), int(found[3]), int(found[4]), found[5]
        day, month = (first, second) if order != MONTH_FIRST else (second, first)
        if len(found[4]) == 2:
            year += 2000 if year < _CENTURY else 1900
    else:
        return None
    hour = minute = second_ = 0
    if clock is not None:
        time = _CLOCK.fullmatch(clock.strip())
        if time is None:
            return None
        hour, minute, second_ = int(time[1]), int(time[2]), int(time[3] or 0)
    try:
        when = datetime(year, month, day, hour, minute, second_)
    except ValueError:
        return None
    return (when - datetime(1970, 1, 1)).total_seconds()


def order_of(texts: Sequence[str]) -> tuple[str, bool]:
    """Whether the day or the month comes first in these dates, and whether something tells: a date that the other order has not."""
    ways = {order: sum(moment(text, order) is None for text in texts) for order in (DAY_FIRST, MONTH_FIRST)}
    if ways[DAY_FIRST] != ways[MONTH_FIRST]:
        return min(ways, key=lambda order: ways[order]), True
    alike = all(moment(text, DAY_FIRST) == moment(text, MONTH_FIRST) for text in texts)
    return DAY_FIRST, alike


def parts(seconds: Array) -> list[tuple[str, Array]]:
    """What can be told of dates by name: days, year, and month, weekday and hour as points of a circle; what never differs is left out.

    Args:
        seconds: ``(rows,)`` since 1970, NaN in gaps.

    Returns:
        names and ``(rows,)`` float64, NaN in gaps.
    """
    days = np.floor(seconds / _DAY)
    whole = np.nan_to_num(days).astype("datetime64[D]")
    year = whole.astype("datetime64[Y]").astype(np.float64) + 1970
    month = (whole.astype("datetime64[M]").astype(np.int64) % 12).astype(np.float64)
    weekday = (np.nan_to_num(days) + 3) % 7  # 1970 began on a Thursday; Monday is 0
    hour = np.nan_to_num(seconds - days * _DAY) / 3600
    there = ~np.isnan(seconds)
    first = float(days[there].min()) if there.any() else 0.0
    found = [("days", seconds / _DAY - first), ("year", year)]
    for name, value, around in (("month", month, 12), ("weekday", weekday, 7), ("hour", hour, 24)):
        turn = 2 * np.pi * value / around
        found += [(f"{name} (sin)", np.sin(turn)), (f"{name} (cos)", np.cos(turn))]
        if not np.ptp(value[there]) if there.any() else True:
            del found[-2:]
    if there.any() and not np.ptp(year[there]):
        found = [one for one in found if one[0] != "year"]
    return [(name, np.where(there, value, np.nan)) for name, value in found]
