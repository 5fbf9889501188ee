"""Plans: which settings several runs try. A grid of values, or points spread evenly over ranges (quasi-random, Halton 1960).

A setting is said as ``PATH=VALUES`` (see ``document/paths.py`` for the path), with values of one of these forms:

    0.1,0.2,0.5     these values; choices and switches likewise: ReLU,Tanh · true,false
    0..0.5          any number of a range; whole ones where whole ones are wanted
    log:1e-4..1     the same, as many below as above each factor of ten
    log:1e-4..1/5   five values of the range, ends included
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Array
from engine.errors import SpecError, clipped, counted, shown
from engine.spec import Int
from playground.document.paths import in_words, place, set_at
from playground.document.project import Project

#: values that a range is given in a grid, where their number is not said; points of a quasi-random plan likewise
GRID, POINTS = 5, 20
#: how many times as far a range is extended by factors at most, and with how many values
FARTHER, EXTENDED = 30.0, 4
#: runs that a plan may have
MOST_TRIALS = 10_000

#: a point of a plan: a value for each setting, in their order
Point = tuple[Any, ...]


@dataclass(frozen=True)
class Setting:
    """What is varied.

    Args:
        path: where in the project.
        values: the values to try; empty for a range.
        low, high: ends of a range.
        log: whether it is walked by factors.
        count: values of the range in a grid; 0 where that is not said.
        whole: whether only whole numbers are meant.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    count: int = 0
    whole: bool = False

    @property
    def listed(self) -> tuple[Any, ...]:
        """The values to try, ends of a range included."""
        if self.values:
            return self.values
        shares = np.linspace(0.0, 1.0, self.count or GRID) if self.count != 1 else np.array([0.5])
        return tuple(dict.fromkeys(self.at(float(share)) for share in shares))

    def at(self, share: float) -> Any:
        """The value at a ``share`` of the way, from 0 to 1."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return self.rounded(value)

    def rounded(self, value: float) -> Any:
        """A value of the range, with four digits: nobody tells more of them apart, and a table is easier to read."""
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else min(max(float(f"{value:.4g}"), self.low), self.high)

    @property
    def words(self) -> str:
        """As ``setting`` reads it: PATH=VALUES."""
        if self.values:
            return f"{self.path}={','.join(map(in_words, self.values))}"
        ends = f"{in_words(self.low)}..{in_words(self.high)}"
        return f"{self.path}={'log:' if self.log else ''}{ends}{f'/{self.count}' if self.count else ''}"

    def extended(self, value: Any) -> Setting | None:
        """The values beyond the border at which ``value`` lies, as far again as they reach so far; ``None`` where it lies at none."""
        border = self.border(value)
        if not border:
            return None
        numbers = sorted(float(v) for v in (self.values or (self.low, self.high)))
        low, high = numbers[0], numbers[-1]
        # By factors where they are so, or the largest is many times the smallest.
        by_factors = low > 0 and (self.log or high >= 8 * low)
        if border == "lower":
            step = min(high / low, FARTHER) if by_factors else high - low
            first, last = (low / step, low) if by_factors else (low - step, low)
        else:
            step = min(high / low, FARTHER) if by_factors else high - low
            first, last = (high, high * step) if by_factors else (high, high + step)
        whole = self.whole or all(isinstance(v, int) for v in self.values or (0.5,))
        ends = [round(x) if whole else float(f"{x:.4g}") for x in (first, last)]
        if not ends[0] < ends[1]:
            return None
        return Setting(self.path, (), ends[0], ends[1], by_factors, self.count or EXTENDED, whole)

    def border(self, value: Any) -> str:
        """At which end of its range ``value`` lies, "lower" or "upper" (the outermost tenth of it); "" for none, and for choices."""
        if self.values:
            numbers = [v for v in self.values if isinstance(v, int | float) and not isinstance(v, bool)]
            if len(numbers) < max(len(self.values), 3):
                return ""
            return "lower" if value == min(numbers) else "upper" if value == max(numbers) else ""
        if self.high <= self.low:
            return ""
        scale = math.log if self.log else float
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return "lower" if share <= 0.1 else "upper" if share >= 0.9 else ""


def setting(project: Project, words: str) -> Setting:
    """The setting that ``words``, ``PATH=VALUES``, ask for. Raises SpecError, naming what is so and what was expected."""
    path, sign, said = words.partition("=")
    path, said = path.strip(), said.strip()
    if not sign or not said:
        raise SpecError(
            f"{shown(words)} says no values; expected PATH=VALUES, such as fit.optimizer.lr=log:1e-4..1. Correct it."
        )
    there = place(project, path)
    if ".." not in said:
        values = tuple(there.read(word) for word in said.split(","))
        return Setting(path, tuple(dict.fromkeys(values)))
    if not there.is_number:
        raise SpecError(
            f"{path} takes {there.kind.expects}, and {shown(said)} is a range. Name the values, separated by commas."
        )
    log, ends = said.startswith("log:"), said.removeprefix("log:")
    ends, slash, many = ends.partition("/")
    low, _, high = ends.partition("..")
    first, last = there.read(low), there.read(high)
    if not first < last:
        raise SpecError(
            f"{path} has the range {clipped(ends, 60)}, which is empty; expected the smaller end first. Correct it."
        )
    if log and first <= 0:
        raise SpecError(
            f"{path} has a range by factors from {first:g}; expected ends above 0. Leave out log:, or begin above 0."
        )
    if slash and not (many.isdecimal() and 1 <= int(many) <= MOST_TRIALS):
        raise SpecError(
            f"{path} has {shown(many)} values of its range; expected a whole number from 1 on. Correct it."
        )
    return Setting(path, (), first, last, log, int(many) if slash else 0, isinstance(there.kind, Int))


def grid(settings: Sequence[Setting]) -> tuple[Point, ...]:
    """Every value with every other, the last setting changing fastest. Raises SpecError where that is more than MOST_TRIALS."""
    many = math.prod(len(one.listed) for one in settings)
    _check_count(many)
    return tuple(itertools.product(*(one.listed for one in settings)))


def spread(settings: Sequence[Setting], count: int, seed: int = 0) -> tuple[Point, ...]:
    """``count`` points spread evenly over the ranges; those of a smaller count are the first of a larger one.

    A point that comes out twice, as where there are only a few choices, is there once. Raises SpecError for more than MOST_TRIALS.
    """
    from scipy.stats import qmc

    _check_count(count)
    shares: Array = qmc.Halton(len(settings), scramble=True, seed=seed).random(count)
    points = (tuple(one.at(float(x)) for one, x in zip(settings, row, strict=True)) for row in shares)
    return tuple(dict.fromkeys(points))


def _check_count(many: int) -> None:
    if not 1 <= many <= MOST_TRIALS:
        raise SpecError(
            f"The plan has {counted(many, 'run')}; expected from 1 to {MOST_TRIALS:,}. Try fewer values, or fewer at once."
        )


def project_at(project: Project, settings: Sequence[Setting], point: Point) -> Project:
    """``project`` with the values of a ``point``. Raises SpecError where they cannot be together."""
    for one, value in zip(settings, point, strict=True):
        project = set_at(project, one.path, value)
    return project


def in_a_row(settings: Sequence[Setting], point: Point) -> str:
    """A point in words: "fit.optimizer.lr 0.1, seed 3"."""
    return ", ".join(f"{one.path} {in_words(value)}" for one, value in zip(settings, point, strict=True))
