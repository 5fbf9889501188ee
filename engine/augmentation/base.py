"""What an augmentation is, the chance it draws on, and what it knows of the training data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.core import Array
from engine.registry import Registry
from engine.spec import Spec

# Keeps this stream apart from whatever else is drawn from the same seed, such as the order of the samples.
_STREAM = 0xA06


@dataclass(frozen=True, eq=False)
class Ground:
    """What the training part is like, so that a change can be small or large against it, whatever the normalization.

    Attributes:
        low, high, mean, deviation: of each channel ``(C, 1, 1)`` or column ``(features,)``, as the network sees them.
    """

    low: Array
    high: Array
    mean: Array
    deviation: Array

    @classmethod
    def of(cls, x: Array) -> Ground:
        """Measure ``x``, ``(N, features)`` or ``(N, C, H, W)``."""
        axes = (0,) if x.ndim == 2 else (0, 2, 3)
        parts = (x.min(axes, keepdims=True), x.max(axes, keepdims=True), x.mean(axes, keepdims=True))
        return cls(*(part[0] for part in (*parts, x.std(axes, keepdims=True))))

    def level(self, fill: str) -> Array:
        """The value of each channel that ``fill`` names: "darkest" or "mean"."""
        return self.low if fill == "darkest" else self.mean


class Draws:
    """Random numbers of samples that stand at places ``position`` … ``position + count − 1`` of an epoch's order.

    A place has its own stretch of a counter-based stream (Philox; Salmon et al. 2011), which can be entered anywhere. ``link`` tells
    the entries of a chain apart; each call draws other numbers.
    """

    def __init__(self, seed: int, epoch: int, link: int, position: int, count: int) -> None:
        self.count = count
        self._seed, self._key, self._position, self._calls = seed, (_STREAM, epoch, link), position, 0

    def uniform(self, low: float, high: float) -> Array:
        """A number from ``low`` to ``high`` for each sample: float64 ``(count,)``."""
        # One step of the generator gives four numbers of 64 bits; a sample takes the first.
        return low + (high - low) * self._at(1).random((self.count, 4))[:, 0]

    def field(self, *shape: int) -> Array:
        """Numbers from 0 to below 1, many for each sample: float32 ``(count, *shape)``."""
        size = math.prod(shape)
        steps = -(-size // 8)  # of eight numbers of 32 bits
        numbers = self._at(steps).random((self.count, 8 * steps), np.float32)
        return numbers[:, :size].reshape(self.count, *shape)

    def normal(self, *shape: int) -> Array:
        """Standard normal numbers: float32 ``(count, *shape)``. Box & Muller 1958.

        NumPy's own method takes more or fewer random bits from number to number, so that no place would have a stretch of its own.
        """
        size = math.prod(shape)
        half = -(-size // 2)
        flat = self.field(2, half)
        radius = np.sqrt(-2.0 * np.log1p(-flat[:, 0]))
        angle = np.float32(2.0 * np.pi) * flat[:, 1]
        both = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
        return both[:, :size].reshape(self.count, *shape)

    def _at(self, steps: int) -> np.random.Generator:
        """A new stream, ``steps`` of the generator for each sample, at the first sample's."""
        seeds = np.random.SeedSequence(self._seed, spawn_key=(*self._key, self._calls))
        self._calls += 1
        bits = np.random.Philox(seeds)
        bits.advance(self._position * steps)
        return np.random.Generator(bits)


class Augmentation(Spec):
    """Base of augmentations: ``apply`` changes samples, never their targets."""

    #: made for pictures; otherwise for points and tables
    for_images: ClassVar[bool] = True

    @classmethod
    def unsuited(cls, in_shape: tuple[int, ...]) -> str:
        """Why it makes no sense for samples of ``in_shape``, in words; "" where it does."""
        if cls.for_images == (len(in_shape) == 3):
            return ""
        suited = ", ".join(c.label for c in augmentations if c.for_images != cls.for_images)
        made, found = ("pictures", "rows of numbers") if cls.for_images else ("rows of numbers", "pictures")
        return (
            f"The augmentation {cls.label} is made for {made}; the samples are {found}. "
            f"Remove it in Training, or choose {suited} instead."
        )

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        """Samples ``(n, *in_shape)`` changed, in the same type; ``x`` itself may be overwritten."""
        return x


augmentations: Registry[Augmentation] = Registry("augmentation", Augmentation)
