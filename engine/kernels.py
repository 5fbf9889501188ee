"""Filters that people made before networks learned them, to try on pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.core import Array
from engine.errors import SpecError

#: filters of the sizes 3, 5 and 7 only: they have a middle
SIZES = (3, 5, 7)


def _binomial(size: int) -> Array:
    """1 2 1, 1 4 6 4 1, …: the nearest to a Gaussian bell among small whole numbers."""
    row = np.ones(1)
    for _ in range(size - 1):
        row = np.convolve(row, [1.0, 1.0])
    return row


def _identity(size: int, seed: int) -> Array:
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1.0
    return kernel


def _blur(size: int, seed: int) -> Array:
    return np.full((size, size), 1.0 / size**2)


def _gaussian(size: int, seed: int) -> Array:
    row = _binomial(size)
    kernel = np.outer(row, row)
    scaled: Array = kernel / kernel.sum()
    return scaled


def _sharpen(size: int, seed: int) -> Array:
    kernel: Array = 2.0 * _identity(size, seed) - _gaussian(size, seed)
    if size == 3:
        return np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    return kernel


def _emboss(size: int, seed: int) -> Array:
    at = np.arange(size) - size // 2
    kernel = np.add.outer(at, at).astype(float)
    kernel[size // 2, size // 2] = 1.0
    return kernel


def _sobel_x(size: int, seed: int) -> Array:
    """Smoothed along the edge, the difference across it (Sobel & Feldman 1968)."""
    difference = np.convolve(_binomial(size - 2), [-1.0, 0.0, 1.0])
    return np.outer(_binomial(size), difference)


def _sobel_y(size: int, seed: int) -> Array:
    return _sobel_x(size, seed).T


def _laplace(size: int, seed: int) -> Array:
    if size == 3:
        return np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    kernel: Array = _gaussian(size, seed) - _identity(size, seed)
    return kernel


def gabor(size: int, angle: float = 45.0, wave: float | None = None, width: float | None = None) -> Array:
    """A wave under a bell (Gabor 1946; Daugman 1985), ``(size, size)``, its mean taken off: what first layers of networks learn.

    ``angle``: of the stripes' normal, in degrees, from the right downwards. ``wave``: from stripe to stripe, in cells, 0.56 of
    the size by default. ``width``: standard deviation of the bell, in cells, a quarter of the size by default.
    Raises SpecError where one of the two is not positive.
    """
    wave, width = size / 1.8 if wave is None else wave, size / 4.0 if width is None else width
    if wave <= 0 or width <= 0:
        raise SpecError(
            f"A Gabor filter has wave {wave:g} and width {width:g}; both are lengths above 0. Choose larger ones."
        )
    at, turn = np.arange(size) - size // 2, np.radians(angle)
    along = np.add.outer(np.sin(turn) * at, np.cos(turn) * at)
    bell = np.exp(-np.add.outer(at**2, at**2) / (2 * width**2))
    kernel: Array = bell * np.cos(2 * np.pi * along / wave)
    balanced: Array = kernel - kernel.mean()
    return balanced


def _gabor(size: int, seed: int) -> Array:
    return gabor(size)


def _random(size: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0.0, 1.0 / size, (size, size))


_PRESETS: dict[str, tuple[Callable[[int, int], Array], str]] = {
    "identity": (_identity, "Only the middle counts: the picture stays as it is."),
    "blur": (_blur, "The mean of all neighbours."),
    "Gaussian": (_gaussian, "A mean in which near neighbours count more."),
    "sharpen": (_sharpen, "The middle counts more than all, its neighbours against it."),
    "emboss": (_emboss, "One corner against the other: edges look lit from the side."),
    "Sobel x": (_sobel_x, "Right minus left: answers to upright edges."),
    "Sobel y": (_sobel_y, "Below minus above: answers to level edges."),
    "Laplace": (_laplace, "Neighbours minus the middle: answers to spots and edges of any direction."),
    "Gabor": (_gabor, "Stripes under a bell: answers to texture in one direction."),
    "random": (_random, "Drawn at random, as in a network before it learns."),
}

PRESETS = tuple(_PRESETS)


def kernel(name: str, size: int = 3, seed: int = 0) -> Array:
    """A preset ``(size, size)``. Raises SpecError for an unknown name or size."""
    if name not in _PRESETS or size not in SIZES:
        raise SpecError(
            f"There is no filter {name!r} of size {size}; there are {', '.join(PRESETS)} of sizes 3, 5 and 7. Choose one of them."
        )
    return _PRESETS[name][0](size, seed)


def in_words(name: str) -> str:
    """What a preset does, in a sentence."""
    return _PRESETS[name][1]
