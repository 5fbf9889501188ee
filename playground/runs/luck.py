"""Is one setting better than another, or was it luck? The same seeds with both, and what the differences say.

Runs with one seed share first weights, the order of the samples and the masks, so that they are compared in pairs: what a lucky seed gives
both cancels. The interval is a bootstrap of the mean difference (Efron 1979): the differences are drawn again and again, with
replacement, and the middle of the means is kept. Of few differences that would be too narrow, and call luck a finding in one case of
six for five seeds; so it is widened as Student's t is (the expanded percentile interval of Hesterberg 2015); luck is then taken for more
in one case of twelve for five seeds, of twenty for ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array

#: pairs below which nothing is said, draws of the bootstrap, and the share of them that the interval holds
LEAST, DRAWS, SURE = 5, 10_000, 0.95
#: a mean difference below this share of the larger score is of no use to anybody, whatever is sure about it
WORTHLESS = 0.01


@dataclass(frozen=True)
class Luck:
    """What pairs of scores say, in losses: small is good.

    Args:
        pairs: how many could be compared.
        failed: how many could not, as a run had diverged.
        mean: of B − A; below 0 where B is better.
        low, high: the interval of the mean.
        wins: pairs in which B is better.
        verdict: "B", "A" for the better one; "luck" where the interval holds 0; "same" where the difference is worth nothing;
            "few" where there are too few pairs.
        words: all that in a sentence or two.
    """

    pairs: int
    failed: int
    mean: float
    low: float
    high: float
    wins: int
    verdict: str
    words: str


def luck(a: Sequence[float], b: Sequence[float], what: str = "validation loss") -> Luck:
    """Compare losses of A and B, seed by seed; what is not finite has failed.

    The draws begin with the same numbers each time, so that the same scores get the same verdict.
    """
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if math.isfinite(x) and math.isfinite(y)]
    failed, n = len(a) - len(pairs), len(pairs)
    if n == 0:
        return Luck(
            0, failed, math.nan, math.nan, math.nan, 0, "few", "No seed has two sound runs to compare."
        )
    first, second = np.array(pairs).T
    differences = second - first
    mean = float(differences.mean())
    losses, wins = int((differences > 0).sum()), int((differences < 0).sum())
    low, high = interval(differences) if n > 1 else (mean, mean)
    verdict = _verdict(n, mean, low, high, max(first.mean(), second.mean()))
    lost = f" {failed} more could not be compared: a run diverged." if failed else ""
    return Luck(
        n,
        failed,
        mean,
        low,
        high,
        wins,
        verdict,
        _words(verdict, n, mean, low, high, wins if mean < 0 else losses, what) + lost,
    )


def interval(differences: Array) -> tuple[float, float]:
    """The expanded bootstrap interval of the mean of ``differences`` (n,), two of them at least."""
    from scipy.special import ndtr, stdtrit

    n = len(differences)
    drawn = np.random.default_rng(0).integers(0, n, (DRAWS, n))
    means = differences[drawn].mean(1)
    outside = ndtr(math.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - SURE) / 2))
    low, high = np.quantile(means, [outside, 1 - outside])
    return float(low), float(high)


def _verdict(n: int, mean: float, low: float, high: float, size: float) -> str:
    if n < LEAST:
        return "few"
    if low <= 0 <= high:
        return "luck" if low < high else "same"
    if abs(mean) < WORTHLESS * size:
        return "same"
    return "B" if mean < 0 else "A"


def _words(verdict: str, n: int, mean: float, low: float, high: float, won: int, what: str) -> str:
    better = "B" if mean < 0 else "A"
    figures = (
        f"mean difference of the {what} {_signed(mean)}, 95 % interval {_signed(low)} to {_signed(high)}"
    )
    match verdict:
        case "few":
            return f"Too few seeds to tell from luck: {n} of at least {LEAST} ({figures})."
        case "same":
            return f"No difference that matters, over {n} seeds ({figures})."
        case "luck":
            return (
                f"This may be luck: {better} was better with {won} of {n} seeds ({figures}, which holds 0)."
            )
    return f"Larger than luck: {verdict} is better, with {won} of {n} seeds ({figures})."


def _signed(x: float) -> str:
    return f"{x:+.3g}".replace("-", "−")
