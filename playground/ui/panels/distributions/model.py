"""What is drawn of spreads: which axis, how high each bar, in which order, and what is said. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.distributions import HIGHEST, LOWEST, Concern, Distributions, Spread, concerns
from playground.ui.kit.axes import round_step
from playground.ui.kit.numbers import count, fmt

#: bars of a linear axis, and of each power of ten
BARS, PER_DECADE = 60, 4
#: share of a logarithmic axis in its middle that is for the numbers that are exactly 0
MIDDLE = 0.08
#: share of the numbers that may lie beyond an axis, where it is not drawn for a few far ones
BEYOND = 0.002


@dataclass(frozen=True)
class Quantity:
    """Something that is looked at in every layer.

    Args:
        key: as in ``engine.distributions.QUANTITIES``.
        title: on its switch.
        says: what its picture says, in a sentence for who has never seen one.
        look: what to look for.
        backward: it is about gradients, and has their colour.
        logarithmic: it is drawn by powers of ten at first.
        signed: it can lie below 0.
    """

    key: str
    title: str
    says: str
    look: str
    backward: bool = False
    logarithmic: bool = False
    signed: bool = True


SHOWN = (
    Quantity(
        "sums", "Sums z",
        "Each hill counts what the units of a layer add up, over many samples, before their activation bends it.",
        "Good: hills of about the same width from layer to layer. Ever narrower: the signal dies out. Ever wider: it explodes.",
    ),
    Quantity(
        "activations", "Activations a",
        "Each hill counts what comes out of an activation; the striped bar is the share of values that are exactly 0.",
        "Good: spread out, with half zeros after a ReLU. Two towers at the ends of a tanh: saturated. All in the striped bar: dead.",
    ),
    Quantity(
        "gradients", "Gradients ∂L/∂z",
        "Each hill counts how much the loss would change if a sum were a little larger, by powers of ten, on both sides of 0.",
        "Good: hills at about the same place in all layers. Towards the middle from last layer to first: gradients vanish.",
        backward=True, logarithmic=True,
    ),
    Quantity(
        "weights", "Weights w",
        "Each hill counts the weights of a layer, without its biases.",
        "At the start you see what the initializer drew; while it learns, the hill widens. Weights that are all equal stand as one line.",
    ),
    Quantity(
        "weight_gradients", "∂L/∂w",
        "Each hill counts the gradients of a layer's weights, by powers of ten: how strongly the loss pulls at each of them.",
        "Good: the same place in all layers. A layer whose hill lies powers of ten nearer to 0 hardly learns.",
        backward=True, logarithmic=True,
    ),
    Quantity(
        "updates", "Update ÷ weight",
        "Each hill counts how much of itself a weight is moved by the next update: at 1e−3, by a thousandth.",
        "Good: round the dashed line at 1e−3. Far to the right the steps are too large, far to the left nothing is learned.",
        backward=True, logarithmic=True, signed=False,
    ),
    Quantity(
        "biases", "Biases b",
        "Each hill counts the biases of a layer, and the scales of normalizations; few numbers are drawn as dots.",
        "They begin at 0 and move little. One that is far out can hold a ReLU shut for every sample.",
    ),
)  # fmt: skip

BY_KEY: Mapping[str, Quantity] = {one.key: one for one in SHOWN}


@dataclass(frozen=True)
class Axis:
    """Where numbers lie from left, 0, to right, 1.

    Args:
        low, high: of a linear axis the numbers at its ends; of a logarithmic one the powers of ten of the smallest and largest magnitude.
        logarithmic: by powers of ten.
        signed: of a logarithmic one, both sides of 0 are there, with a gap for 0 itself between them.
    """

    low: float
    high: float
    logarithmic: bool = False
    signed: bool = True

    def place(self, x: float) -> float:
        """Where ``x`` lies; 0 to 1, or beyond that for what is beyond the axis."""
        if not self.logarithmic:
            return (x - self.low) / (self.high - self.low)
        if x == 0:
            return 0.5 if self.signed else 0.0
        share = (math.log10(abs(x)) - self.low) / (self.high - self.low)
        if not self.signed:
            return share
        side = (1 - MIDDLE) / 2
        return 0.5 + math.copysign(MIDDLE / 2 + side * max(share, 0.0), x)

    def edges(self) -> Array:
        """Places of the edges of the bars, ``(bars + 1,)``; those of a signed logarithmic axis leave the middle out: see ``heights``."""
        if not self.logarithmic:
            return np.linspace(0.0, 1.0, BARS + 1)
        bars = round(self.high - self.low) * PER_DECADE
        if not self.signed:
            return np.linspace(0.0, 1.0, bars + 1)
        side = (1 - MIDDLE) / 2
        return np.concatenate([np.linspace(0.0, side, bars + 1), np.linspace(1 - side, 1.0, bars + 1)])

    def heights(self, spread: Spread) -> Array:
        """The share of all numbers in each bar; of a signed logarithmic axis there is an empty one in its middle, ``(len(edges) − 1,)``."""
        if not self.logarithmic:
            return spread.linear(np.linspace(self.low, self.high, BARS + 1))
        below, above = spread.decades(round(self.low), round(self.high), PER_DECADE)
        return np.concatenate([below[::-1], [0.0], above]) if self.signed else above

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """``(place, number)`` of the marks."""
        if not self.logarithmic:
            step = round_step(self.high - self.low, 5)
            first = math.ceil(self.low / step - 1e-6)
            values = [k * step for k in range(first, math.floor(self.high / step + 1e-6) + 1)]
            return tuple((self.place(v), fmt(v + 0.0, 2)) for v in values)
        stride = max(1, math.ceil((self.high - self.low) / (4 if self.signed else 8)))
        powers = range(math.ceil(self.low), math.floor(self.high) + 1)
        kept = [p for p in powers if (p - round(self.high)) % stride == 0]
        right = [(self.place(10.0**p), fmt(10.0**p, 1)) for p in kept]
        if not self.signed:
            return tuple(right)
        left = [(1 - at, "−" + word) for at, word in right[::-1]]
        return (*left, (0.5, "0"), *right)


def axis_of(spreads: Sequence[Spread], quantity: Quantity, logarithmic: bool) -> Axis:
    """One on which all of ``spreads`` can be seen."""
    sizes = [size for one in spreads if not math.isnan(size := one.magnitude(1 - BEYOND))]
    if not logarithmic:
        most = max(sizes, default=1.0) * 1.05
        if most <= 0 or not math.isfinite(most):
            most = 1.0
        # One beyond which nothing lies on one side would leave half of the picture empty.
        low = (
            -most
            if any(one.below.any() for one in spreads) or not any(one.above.any() for one in spreads)
            else -0.06 * most
        )
        return Axis(low, most)
    small = [size for one in spreads if not math.isnan(size := one.magnitude(0.02))]
    high = math.ceil(math.log10(max(sizes, default=1.0)) + 1e-9)
    low = math.floor(math.log10(min(small, default=1e-3)) - 1e-9)
    if not quantity.signed:  # its usual place is always to be seen
        low, high = min(low, -4), max(high, -2)
    low, high = max(low, LOWEST), min(max(high, low + 2, LOWEST + 2), HIGHEST)
    return Axis(min(low, high - 2), high, True, quantity.signed)


@dataclass(frozen=True, eq=False)
class Row:
    """One layer, or one moment.

    Args:
        name: which.
        spread: of now.
        axis: its own, or that of all.
        heights: of its bars, from 0 to 1, the highest of both runs at 1.
        other: likewise of the run beside it; ``None`` where there is none.
        other_spread: of that run.
        words: what is unusual; "" where nothing is.
    """

    name: str
    spread: Spread
    axis: Axis
    heights: Array
    other: Array | None = None
    other_spread: Spread | None = None
    words: str = ""

    @property
    def figures(self) -> tuple[str, str]:
        """Its size in figures, and how it differs from the other run, or how much of it is exactly 0."""
        spread = self.spread
        one_sided = self.axis.logarithmic and not self.axis.signed
        size = f"median {fmt(spread.magnitude(0.5), 2)}" if one_sided else f"σ {fmt(spread.std)}"
        if spread.lost:
            size = "not finite"
        if self.other_spread is not None:
            return size, f"moved {fmt(spread.distance(self.other_spread), 2)}"
        share = spread.zero_share
        if share:
            return size, f"0: {fmt(100 * share, 2)} %"
        return size, "" if self.axis.logarithmic else f"mean {fmt(spread.mean, 2)}"

    @property
    def numbers(self) -> str:
        """How many numbers there are, in words."""
        many = self.spread.whole or self.spread.total
        return f"{count(many)} number{'s' * (many != 1)}"

    @property
    def full(self) -> str:
        """All its figures, for a tool tip."""
        spread = self.spread
        parts = [
            f"{self.name}: {self.numbers}, mean {fmt(spread.mean)}, standard deviation {fmt(spread.std)}"
        ]
        if spread.whole:
            parts.append(f"{count(spread.total)} of them were counted, those of evenly chosen units")
        if spread.zeros:
            parts.append(f"{count(spread.zeros)} of them are exactly 0 (the striped bar)")
        beyond = self.beyond
        if beyond:
            parts.append(f"{fmt(100 * beyond, 2)} % lie beyond the axis")
        if spread.lost:
            parts.append(f"{spread.lost:,} are not finite")
        if self.other_spread is not None:
            parts.append(
                f"the run beside: standard deviation {fmt(self.other_spread.std)}; to make one of the other, numbers move by "
                f"{fmt(spread.distance(self.other_spread), 2)} on average (earth mover's distance)"
            )
        if self.words:
            parts.append(self.words)
        return ".\n".join(parts) + "."

    @property
    def beyond(self) -> float:
        """The share of its numbers that no bar shows."""
        found = 1.0 - float(self.axis.heights(self.spread).sum()) - self.spread.zero_share
        return found if found > 1e-4 else 0.0


def rows(
    found: Distributions,
    quantity: Quantity,
    *,
    logarithmic: bool = False,
    shared: bool = True,
    worst_first: bool = True,
    seek: str = "",
    other: Distributions | None = None,
) -> tuple[Row, ...]:
    """The layers to be drawn, in their order.

    Args:
        found: of now.
        quantity: which.
        logarithmic: by powers of ten.
        shared: all layers have one axis, so that widths can be compared; else each its own.
        worst_first: layers of which something is said before the others, the most unusual first; the others, and without it all, in
            the order of the network.
        seek: only layers in whose names this stands.
        other: of the run beside.
    """
    judged = concerns(found, quantity.key)
    words = {one.node_id: one.words for one in judged}
    spreads, others = dict(found.of(quantity.key)), {} if other is None else dict(other.of(quantity.key))
    bad = [one.node_id for one in judged if one.words] if worst_first else []
    names = [*bad, *(name for name in spreads if name not in bad)]
    names = [name for name in names if seek.strip().lower() in name.lower()]
    both = {name: [spreads[name], *([others[name]] if name in others else [])] for name in names}
    whole = axis_of([one for pair in both.values() for one in pair], quantity, logarithmic)
    return tuple(
        row(
            name, spreads[name], whole if shared else axis_of(both[name], quantity, logarithmic),
            others.get(name), words.get(name, ""),
        )
        for name in names
    )  # fmt: skip


def row(name: str, spread: Spread, axis: Axis, other: Spread | None = None, words: str = "") -> Row:
    """One line of a picture."""
    heights = axis.heights(spread)
    beside = None if other is None else axis.heights(other)
    most = max(float(heights.max(initial=0.0)), 0.0 if beside is None else float(beside.max(initial=0.0)))
    scale = 1.0 / most if most > 0 else 0.0
    return Row(name, spread, axis, heights * scale, None if beside is None else beside * scale, other, words)


def worst(found: Distributions, quantity: Quantity) -> Concern | None:
    """The layer of which most is to be said; ``None`` where nothing is unusual."""
    return next((one for one in concerns(found, quantity.key) if one.words), None)


def summary(found: Distributions, quantity: Quantity) -> str:
    """What this picture says of this network, in a sentence."""
    one = worst(found, quantity)
    if one is None:
        return "Nothing unusual in any layer."
    return f"Most unusual: {one.node_id}, {one.words}."
