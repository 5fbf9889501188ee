"""A curve of pulses: what one hidden layer can draw, built by hand.

Two sigmoids, one up and one down, make a pulse; so do four ReLUs: up, level, down, level. Pulses side by side, each as high as a curve is
there, come as close to it as one likes (Cybenko 1989; Hornik, Stinchcombe & White 1989; for ReLU, Leshno et al. 1993).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.errors import SpecError
from engine.layers import Layer, ReLU, Sigmoid, Tanh

#: kinds of unit that pulses are made of, and how many each takes
UNITS: dict[type[Layer], int] = {ReLU: 4, Sigmoid: 2, Tanh: 2}
#: pulses at most
MOST = 24
#: two numbers are one where they differ by less of their size: given weights are float32
SAME = 1e-5


@dataclass(frozen=True)
class Pulse:
    """One pulse.

    Args:
        left, right: where it is half as high as it gets.
        height: may be below 0.
        ramp: over which width it rises, and falls; of a sigmoid, the width in which its steepest slope would.

    Raises SpecError unless the ramp is above 0, and left and right at least a ramp apart.
    """

    left: float
    right: float
    height: float
    ramp: float

    def __post_init__(self) -> None:
        numbers = (self.left, self.right, self.height, self.ramp)
        if (
            not all(map(math.isfinite, numbers))
            or self.ramp <= 0
            or self.right - self.left < self.ramp * (1 - SAME)
        ):
            raise SpecError(
                f"A pulse from {self.left:g} to {self.right:g} with ramps of {self.ramp:g} was asked for; expected finite numbers, a ramp above "
                "0, and ends at least a ramp apart. Choose others."
            )


def parts(kind: type[Layer], pulses: Sequence[Pulse]) -> tuple[Array, Array, Array]:
    """The units that draw ``pulses``: weights ``w`` and biases ``b`` of the hidden layer, and what their outputs are multiplied by, ``v``.

    Each is ``(units,)`` float64; the curve is Σ v·f(w·x + b), which is 0 far to the left. Raises SpecError for a
    kind of unit that is not in ``UNITS``.
    """
    if kind not in UNITS:
        raise SpecError(f"Pulses of {kind.__name__} were asked for; expected {_kinds()}. Choose one of them.")
    rows = [row for pulse in pulses for row in _units(kind, pulse)]
    w, b, v = np.array(rows, np.float64).reshape(-1, 3).T
    return w, b, v


def _units(kind: type[Layer], pulse: Pulse) -> list[tuple[float, float, float]]:
    if kind is ReLU:
        half, slope = pulse.ramp / 2, pulse.height / pulse.ramp
        kinks = (pulse.left - half, pulse.left + half, pulse.right - half, pulse.right + half)
        return [(1.0, -kink, sign * slope) for kink, sign in zip(kinks, (1, -1, -1, 1), strict=True)]
    # The steepest slope of a sigmoid is ¼ of its weight; that of tanh, which rises by 2, its weight.
    w, v = (4 / pulse.ramp, pulse.height) if kind is Sigmoid else (2 / pulse.ramp, pulse.height / 2)
    return [(w, -w * pulse.left, v), (w, -w * pulse.right, -v)]


def read(kind: type[Layer], w: Array, b: Array, v: Array) -> tuple[Pulse, ...] | None:
    """The pulses whose ``parts`` these are, in their order; ``None`` where they are anything else."""
    size = UNITS.get(kind)
    if size is None or len(w) % size or not len(w) == len(b) == len(v):
        return None
    if not all(np.isfinite(a).all() for a in (w, b, v)) or not (np.asarray(w) > 0).all():
        return None
    found = []
    for k in range(0, len(w), size):
        rows = slice(k, k + size)
        pulse = _read(kind, *(np.asarray(a[rows], np.float64) for a in (w, b, v)))
        if pulse is None:
            return None
        found.append(pulse)
    return tuple(found)


def _read(kind: type[Layer], w: Array, b: Array, v: Array) -> Pulse | None:
    at = -b / w
    if kind is ReLU:
        ramp = float((at[1] - at[0] + at[3] - at[2]) / 2)
        given = ((at[0] + at[1]) / 2, (at[2] + at[3]) / 2, float(v[0]) * ramp, ramp)
    else:
        size, height = (4.0, float(v[0])) if kind is Sigmoid else (2.0, 2 * float(v[0]))
        given = (at[0], at[1], height, size / float(w[0]))
    try:
        pulse = Pulse(*map(float, given))
    except SpecError:
        return None
    again = np.array(_units(kind, pulse))
    room = SAME * max(1.0, float(np.abs(at).max()))
    same = np.allclose(again[:, 0], w, rtol=SAME, atol=0) and np.allclose(
        -again[:, 1] / again[:, 0], at, rtol=0, atol=room
    )
    return pulse if same and np.allclose(again[:, 2], v, rtol=SAME, atol=SAME * 1e-3) else None


def side_by_side(low: float, high: float, heights: Sequence[float], ramp: float = 0.4) -> tuple[Pulse, ...]:
    """A pulse on each of as many equal pieces of ``low … high`` as there are heights; ``ramp``: in pieces, from above 0 to 1."""
    edges = np.linspace(low, high, len(heights) + 1)
    wide = (high - low) / max(len(heights), 1)
    return tuple(
        Pulse(float(a), float(b), float(h), ramp * wide)
        for a, b, h in zip(edges[:-1], edges[1:], heights, strict=True)
    )


def means(x: Array, y: Array, low: float, high: float, count: int) -> Array:
    """The mean of ``y`` in each of ``count`` equal pieces of ``low … high``; in an empty one, what lies between its neighbours. Both ``(N,)``."""
    piece = np.clip(((x - low) / (high - low) * count).astype(int), 0, count - 1)
    hits = np.bincount(piece, minlength=count)
    total = np.bincount(piece, weights=y, minlength=count)
    there = np.flatnonzero(hits)
    found: Array = np.interp(np.arange(count), there, total[there] / hits[there])
    return found


def _kinds() -> str:
    *most, last = (kind.__name__ for kind in UNITS)
    return f"{', '.join(most)} or {last}"


def one_more(x: Array, y: Array, low: float, high: float, pulses: Sequence[Pulse], pieces: int = 8) -> Pulse:
    """A pulse for the piece of ``low … high`` in which ``pulses`` are furthest from the mean of ``y``; it fills what is missing there.

    ``x``, ``y``: samples ``(N,)``.
    """
    missing = means(x, y - curve(pulses, x), low, high, pieces)
    at = int(np.abs(missing).argmax())
    wide = (high - low) / pieces
    ramp = min((pulse.ramp for pulse in pulses), default=0.4 * wide)
    return Pulse(low + at * wide, low + (at + 1) * wide, float(missing[at]), min(ramp, wide))


def curve(pulses: Sequence[Pulse], x: Array, kind: type[Layer] = ReLU) -> Array:
    """What ``pulses`` draw at ``x`` ``(N,)``."""
    total = np.zeros(len(x))
    for pulse in pulses:
        for w, b, v in _units(kind, pulse):
            total += v * _bent(kind, w * x + b)
    return total


def _bent(kind: type[Layer], z: Array) -> Array:
    if kind is ReLU:
        return np.maximum(z, 0.0)
    found: Array = np.tanh(z) if kind is Tanh else 0.5 * (1.0 + np.tanh(z / 2))
    return found
