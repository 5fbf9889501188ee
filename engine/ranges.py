"""Which values a layer can give, whatever comes in: so that a last layer can be held against what the loss asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

SLACK = 1e-6  #: that a target may lie outside: a rounding error of float32


@dataclass(frozen=True)
class Range:
    """Values from ``low`` to ``high``.

    Args:
        low, high: ends; whether they are reached or only come near does not matter here.
        flat: beyond an end the layer cuts off, and where it does, no gradient passes.
        log_shares: e to the power of them does; ends are those of logarithms.
        leaks: it does not cut off quite: values beyond the ends come out, with hardly a gradient.
        shares: the values of a sample add up to 1.
    """

    low: float = -math.inf
    high: float = math.inf
    flat: bool = False
    shares: bool = False
    leaks: bool = False
    log_shares: bool = False

    @property
    def free(self) -> bool:
        """Any number can come out."""
        return self.low == -math.inf and self.high == math.inf

    def holds(self, low: float, high: float) -> bool:
        """Whether all from ``low`` to ``high`` can come out, the ends at least as limits; rounding errors do not count."""
        return (self.low <= low or math.isclose(self.low, low, rel_tol=SLACK, abs_tol=SLACK)) and (
            high <= self.high or math.isclose(self.high, high, rel_tol=SLACK, abs_tol=SLACK)
        )

    def joined(self, *others: Self) -> Range:
        """The range of values that come from any of these."""
        every = (self, *others)
        return Range(
            min(r.low for r in every),
            max(r.high for r in every),
            any(r.flat for r in every),
            self.shares and not others,
            any(r.leaks for r in every),
            self.log_shares and not others,
        )

    def added(self, *others: Self) -> Range:
        """The range of sums of one value of each."""
        every = (self, *others)
        low, high = sum(r.low for r in every), sum(r.high for r in every)
        cut = not math.isinf(low) or not math.isinf(high)
        return Range(low, high, cut and any(r.flat for r in every), leaks=cut and any(r.leaks for r in every))

    def in_words(self) -> str:
        """ "any number", "values between 0 and 1", "values above 0"."""
        if self.shares:
            return "shares that add up to 1"
        if self.log_shares:
            return "logarithms of shares"
        if self.free:
            return "any number"
        low, high = (f"{value:.3g}".replace("-", "−") for value in (self.low, self.high))
        none = "hardly any" if self.leaks else "no"
        if self.high == math.inf:
            return f"{none} values below {low}"
        return f"{none} values above {high}" if self.low == -math.inf else f"values from {low} to {high}"


ANY = Range()
