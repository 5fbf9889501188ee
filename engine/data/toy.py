"""Toy sets: points in the plane, surfaces and curves, drawn from a seed.

The 2-D sets live in the square [−6, 6]², as in TensorFlow Playground, and here every sample does: a picture
of the square hides none. Noise never changes which numbers are drawn, only how far they reach: while somebody
moves the slider, the same points drift and keep their order and labels.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.base import Dataset, Source, sources
from engine.spec import Float, Int, param

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

EDGE = 6.0  #: the 2-D sets lie in [−EDGE, EDGE] on both axes
RADIUS = 5.0  #: how far the noiseless figures reach
FAR = (1.5, 3.0)  #: how far above the truth the target of an outlier lies, where targets lie in −1..1


def _samples(default: int) -> Any:
    return param(Int(10, 100_000), default=default, help="How many points are drawn.", unit="points")


def _noise(help: str) -> Any:
    return param(Float(0.0, 0.5), default=0.1, help=help)


def _outliers(help: str) -> Any:
    return param(Float(0.0, 0.5), default=0.0, help=help)


def _fold(points: Floats) -> Floats:
    """Mirror at ±EDGE whatever lies beyond; clipping would pile points up on the border."""
    return EDGE - np.abs((points + EDGE) % (4 * EDGE) - 2 * EDGE)


def _ring(angle: Floats, radius: Floats | float = 1.0) -> Floats:
    """Points ``(N, 2)`` at ``angle`` (radians, clockwise from straight up) and ``radius``."""
    return np.stack((radius * np.sin(angle), radius * np.cos(angle)), axis=1)


@dataclass(frozen=True)
class _Toy(Source, ABC):
    """Samples drawn from a seed, in shuffled order."""

    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}

    samples: int = _samples(500)
    noise: float = _noise("How far points stray from their place, as a fraction of the figure.")
    seed: int = param(Int(0, 2**31 - 1), default=0, help="Another seed draws other points of the same kind.")
    # On one side: on both, they would pull against one another, and hardly part the losses.
    outliers: float = _outliers(
        "Share of the points whose target lies far too high: what squared errors follow, and absolute ones do not."
    )

    def make(self) -> Dataset:
        """Draw the samples: ``x (samples, 1 or 2)``, ``y (samples,)`` labels or ``(samples, 1)`` targets."""
        rng = np.random.default_rng(self.seed)
        x, y = self._draw(rng)
        order = rng.permutation(self.samples)
        # Drawn apart, so that all others stay where they are; and a larger share adds outliers to those there are.
        x, y = self._spoilt(x[order], y[order], np.random.default_rng((self.seed, 1)))
        return Dataset(x, y, features=("x",) if x.shape[1] == 1 else ("x1", "x2"))

    def _spoilt(self, x: Floats, y: NDArray[Any], rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        """x with y, in which a share of the targets lies far too high."""
        off = rng.uniform(*FAR, len(y))
        y = y.copy()
        rows = self._some(self.outliers, rng)
        y[rows] += off[rows].reshape(-1, *[1] * (y.ndim - 1))
        return x, y

    def _some(self, share: float, rng: np.random.Generator) -> NDArray[np.intp]:
        """Rows of the samples, a share of all; of a larger share these are the first."""
        return rng.permutation(self.samples)[: round(share * self.samples)]

    @abstractmethod
    def _draw(self, rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        """x with y, in any order."""

    def _stray(self, rng: np.random.Generator, reach: float) -> Floats:
        """A step for each point, uniform in ±noise · reach on both axes."""
        return self.noise * rng.uniform(-reach, reach, (self.samples, 2))


# ── 2-D classification ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Cloud(_Toy):
    """Points in the plane in equally large classes (±1 point)."""

    outliers: float = _outliers("Share of the points that lie anywhere in the square.")
    label_noise: float = param(
        Float(0.0, 0.5),
        default=0.0,
        help="Share of the points that are given a wrong class.",
        label="class noise",
    )

    def _spoilt(self, x: Floats, y: NDArray[Any], rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        """x with y, in which a share of the points lies anywhere, and a share has the label of another class."""
        anywhere = rng.uniform(-EDGE, EDGE, x.shape)
        rows = self._some(self.outliers, rng)
        x, y = x.copy(), y.copy()
        x[rows] = anywhere[rows]
        wrong = (y + rng.integers(1, self._count, len(y))) % self._count
        rows = self._some(self.label_noise, rng)
        y[rows] = wrong[rows]
        return x, y

    @property
    def _count(self) -> int:
        return 2

    def _draw(self, rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        label = np.arange(self.samples) % self._count
        return _fold(self._points(label, rng)), label

    @abstractmethod
    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        """Where the points with these labels lie, ``(samples, 2)``."""

    def _arms(self, label: Labels, rng: np.random.Generator, turns: float) -> Floats:
        """One spiral arm per class, points evenly spaced from near the centre to RADIUS."""
        rank = np.arange(self.samples) // self._count + 1
        along = rank / rank[-1]
        angle = 2 * math.pi * (turns * along + label / self._count)
        return _ring(angle, RADIUS * along) + self._stray(rng, 1.0)


@sources.register("Circle", category="2-D classification")
@dataclass(frozen=True)
class Circle(_Cloud):
    """A disc (class 1) inside a ring (class 0): no straight line parts them, but x1² + x2² does."""

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        low, high = np.where(label == 1, [[0.0], [0.5]], [[0.7], [1.0]]) * RADIUS
        radius, angle = rng.uniform(low, high), rng.uniform(0.0, 2 * math.pi, len(label))
        return _ring(angle, radius) + self._stray(rng, RADIUS)


@sources.register("Xor", category="2-D classification", label="Exclusive or")
@dataclass(frozen=True)
class Xor(_Cloud):
    """Class 1 where x1 and x2 differ in sign, class 0 where they agree: no single neuron can learn it."""

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        # A strip of 0.3 along both axes stays free, so that without noise the classes do not touch.
        size = rng.uniform(0.3, RADIUS + 0.3, (len(label), 2))
        first = rng.choice((-1.0, 1.0), len(label))
        second = np.where(label == 1, -first, first)
        signs: Floats = np.stack((first, second), axis=1)
        return size * signs + self._stray(rng, RADIUS)


@sources.register("Gaussian", category="2-D classification")
@dataclass(frozen=True)
class Gaussian(_Cloud):
    """Two round clouds, class 0 at (−2, −2) and class 1 at (2, 2): one neuron is enough."""

    noise: float = _noise("How wide the clouds are: their variance is 0.5 + 7 · noise.")

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        centre = np.where(label == 1, 2.0, -2.0)[:, None]
        return centre + math.sqrt(0.5 + 7 * self.noise) * rng.standard_normal((len(label), 2))


@sources.register("Spiral", category="2-D classification")
@dataclass(frozen=True)
class Spiral(_Cloud):
    """Two arms wound around each other 1¾ times: the hardest of the two-class sets."""

    noise: float = _noise("How far points stray from their arm; neighbouring arms are 1.4 apart.")

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        return self._arms(label, rng, turns=1.75)


@sources.register("Moons", category="2-D classification")
@dataclass(frozen=True)
class Moons(_Cloud):
    """Two half moons that reach into each other: a gently curved border parts them."""

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        angle = rng.uniform(0.0, math.pi, len(label))
        upper = np.stack((np.cos(angle) - 0.5, np.sin(angle) - 0.25), axis=1)
        # The second moon is the first one turned by half a turn about the centre.
        moon = np.where(label[:, None] == 1, -upper, upper)
        return 3.0 * (moon + self.noise * rng.standard_normal((len(label), 2)))


@sources.register("SpiralClasses", category="2-D classification", label="Spiral, several classes")
@dataclass(frozen=True)
class SpiralClasses(_Cloud):
    """A galaxy with one arm per class: the classic test for softmax with a hidden layer."""

    noise: float = _noise("How far points stray from their arm.")
    classes: int = param(Int(2, 6), default=3, help="How many arms, each a class of its own.", unit="classes")

    @property
    def _count(self) -> int:
        return self.classes

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        return self._arms(label, rng, turns=0.75)


@sources.register("Blobs", category="2-D classification")
@dataclass(frozen=True)
class Blobs(_Cloud):
    """Round clouds on a ring, each a class of its own: softmax alone, with no hidden layer, parts them."""

    noise: float = _noise("How wide the clouds are: their standard deviation is 0.4 + 2 · noise.")
    classes: int = param(
        Int(2, 8), default=4, help="How many clouds, each a class of its own.", unit="classes"
    )

    @property
    def _count(self) -> int:
        return self.classes

    def _points(self, label: Labels, rng: np.random.Generator) -> Floats:
        turn = rng.uniform(0.0, 2 * math.pi)
        centre = _ring(turn + 2 * math.pi * label / self._count, 4.0)
        return centre + (0.4 + 2 * self.noise) * rng.standard_normal((len(label), 2))


# ── 2-D regression ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Surface(_Toy):
    """A height over the square, read a little beside each point; so it stays in −1..1 whatever the noise, but for outliers."""

    samples: int = _samples(1200)
    noise: float = _noise("How far beside its point each height is read, as a fraction of the square.")

    def _draw(self, rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        x = rng.uniform(-EDGE, EDGE, (self.samples, 2))
        return x, self._height(_fold(x + self._stray(rng, EDGE)))

    @abstractmethod
    def _height(self, x: Floats) -> Floats:
        """The height at each point, ``(samples,)``."""


@sources.register("Plane", category="2-D regression")
@dataclass(frozen=True)
class Plane(_Surface):
    """A slope that rises evenly from one corner to the other: a single linear neuron fits it."""

    formula: ClassVar[str] = r"y = \frac{x_1 + x_2}{12}"

    def _height(self, x: Floats) -> Floats:
        height: Floats = x.sum(axis=1) / (2 * EDGE)
        return height


@sources.register("MultiGaussian", category="2-D regression", label="Multi-Gaussian")
@dataclass(frozen=True)
class MultiGaussian(_Surface):
    """Six hills and hollows in two rows, flat ground between them: it takes a handful of hidden units."""

    def _height(self, x: Floats) -> Floats:
        centre = np.array([(a, b) for b in (2.5, -2.5) for a in (-4.0, 0.0, 4.0)])
        sign = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
        # Cones of radius 2, as in TensorFlow Playground. They never overlap, so the nearest alone decides.
        distance = np.linalg.norm(x[:, None, :] - centre, axis=2)
        height: Floats = sign[distance.argmin(axis=1)] * np.maximum(0.0, 1.0 - distance.min(axis=1) / 2.0)
        return height


# ── 1-D curves ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Curve(_Toy):
    """y as a function of one x in ±reach. The curve lies in −1..1; noise scatters y around it."""

    reach: ClassVar[float] = 1.0

    samples: int = _samples(200)
    noise: float = _noise("Standard deviation of the error added to y.")

    def _draw(self, rng: np.random.Generator) -> tuple[Floats, NDArray[Any]]:
        x = rng.uniform(-self.reach, self.reach, (self.samples, 1))
        return x, self._value(x) + self.noise * rng.standard_normal((self.samples, 1))

    @abstractmethod
    def _value(self, x: Floats) -> Floats:
        """The curve at each x, ``(samples, 1)``."""


@sources.register("Sine", category="1-D curves")
@dataclass(frozen=True)
class Sine(_Curve):
    """One full wave: a few tanh or ReLU units bend a line into it."""

    formula: ClassVar[str] = r"y = \sin x"
    reach: ClassVar[float] = math.pi

    def _value(self, x: Floats) -> Floats:
        return np.sin(x)


@sources.register("Step", category="1-D curves")
@dataclass(frozen=True)
class Step(_Curve):
    """A jump from −1 to 1 at x = 0: shows how steep a unit can become."""

    formula: ClassVar[str] = r"y = -1 \;\; (x < 0), \quad 1 \;\; (x \geq 0)"

    def _value(self, x: Floats) -> Floats:
        return np.where(x < 0, -1.0, 1.0)


@sources.register("Bump", category="1-D curves")
@dataclass(frozen=True)
class Bump(_Curve):
    """One hill in the middle: two opposed steps added up, the brick that every curve can be built from."""

    formula: ClassVar[str] = r"y = e^{-8 x^2}"

    def _value(self, x: Floats) -> Floats:
        return np.exp(-8.0 * x**2)
