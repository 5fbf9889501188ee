"""A curve as the sum of what its last layer adds up. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: parts drawn one by one at most; the smallest of more are drawn as one
MOST = 48


@dataclass(frozen=True, eq=False)
class Parts:
    """What each group of units adds.

    Args:
        groups: the units of each, ascending; the last one holds what is left, where there are very many.
        single: ``(units, n)``, v·a of each unit, in the data's units.
        base: what stands alone: the last layer's bias, in the data's units.
    """

    groups: tuple[tuple[int, ...], ...]
    single: Array
    base: float

    @property
    def grouped(self) -> Array:
        """``(groups, n)``, what each group adds."""
        return np.array([self.single[list(group)].sum(0) for group in self.groups]).reshape(
            -1, self.single.shape[1]
        )

    @property
    def stacked(self) -> Array:
        """``(groups + 1, n)``: the base, then with one group more each time; the last is the curve."""
        start = np.full((1, self.single.shape[1]), self.base)
        return np.concatenate([start, self.base + self.grouped.cumsum(0)])

    @property
    def total(self) -> Array:
        """``(n,)``, the curve."""
        found: Array = self.base + self.single.sum(0)
        return found


def parts(
    values: Array, weight: Array, bias: float, y: tuple[float, float], sizes: Sequence[int] = ()
) -> Parts:
    """The parts of a curve.

    Args:
        values: ``(units, n)``, what the last layer reads.
        weight: ``(units,)``, what it multiplies them by.
        bias: what it adds.
        y: ``(shift, scale)`` from its output to the data's units.
        sizes: units of each group, in their order; where they do not add up, each unit is a group.
    """
    shift, scale = y
    single = scale * np.asarray(weight, np.float64)[:, None] * np.asarray(values, np.float64)
    if sum(sizes) == len(single) and sizes:
        ends = np.cumsum(sizes)
        groups = tuple(tuple(range(end - size, end)) for size, end in zip(sizes, ends.tolist(), strict=True))
    else:
        groups = _single_groups(single)
    return Parts(groups, single, shift + scale * bias)


def _single_groups(single: Array) -> tuple[tuple[int, ...], ...]:
    count = len(single)
    if count <= MOST:
        return tuple((k,) for k in range(count))
    large = np.sort(np.argsort(-np.abs(single).max(1), kind="stable")[: MOST - 1])
    rest = np.setdiff1d(np.arange(count), large)
    return (*((int(k),) for k in large), tuple(rest.tolist()))


def in_words(group: tuple[int, ...]) -> str:
    """ "unit 3", "units 4–7", "16 units"."""
    if len(group) == 1:
        return f"unit {group[0]}"
    if group == tuple(range(group[0], group[-1] + 1)):
        return f"units {group[0]}–{group[-1]}"
    return f"{len(group)} units"
