"""Pictures: changes of place. What comes in from outside is the border drawn on, or a value of the training data.

The value that was 0 before a normalization cannot be known here; "edge" needs no such knowledge, which is why it is the default.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.augmentation.base import Augmentation, Draws, Ground, augmentations
from engine.core import Array
from engine.spec import Choice, Float, param


def _fill_param() -> str:
    return param(  # type: ignore[no-any-return]
        Choice(("edge", "darkest", "mean")),
        default="edge",
        help="What comes in from outside: the picture's own edge drawn on, the training data's darkest value, or their mean.",
    )


#: pixels that are moved at once: what is computed of so many stays in the processor's cache, twice as fast
BLOCK = 1 << 14


class Affine(Augmentation):
    """Base of changes that keep straight lines straight."""

    fill: str

    def matrices(self, draws: Draws, shape: tuple[int, int]) -> Array:
        """Where each pixel comes from: ``(n, 3, 3)``, for ``(y, x, 1)`` in pixels from the middle of ``shape`` (height, width)."""
        return np.broadcast_to(np.eye(3), (draws.count, 3, 3))

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        return moved(x, [self.matrices(draws, x.shape[-2:])], self.fill, ground)


def moved(x: Array, matrices: Sequence[Array], fill: str, ground: Ground) -> Array:
    """Pictures ``x`` ``(n, C, H, W)`` after the changes of ``matrices``, first to last."""
    total = matrices[0]
    for matrix in matrices[1:]:
        total = total @ matrix  # the last change is the first that is met on the way back to the old picture
    height, width = x.shape[-2:]
    m = total.astype(x.dtype)[:, :2, :, np.newaxis, np.newaxis]  # (n, 2, 3, 1, 1)
    y = (np.arange(height, dtype=x.dtype) - (height - 1) / 2)[:, np.newaxis].astype(x.dtype)
    across = (np.arange(width, dtype=x.dtype) - (width - 1) / 2).astype(x.dtype)
    at_y = (m[:, 0, 0] * y + (m[:, 0, 2] + x.dtype.type((height - 1) / 2))) + m[:, 0, 1] * across
    at_x = (m[:, 1, 0] * y + (m[:, 1, 2] + x.dtype.type((width - 1) / 2))) + m[:, 1, 1] * across
    return _sampled(x, at_y, at_x, fill, ground)


def _sampled(x: Array, at_y: Array, at_x: Array, fill: str, ground: Ground) -> Array:
    """The values of pictures ``x`` ``(n, C, H, W)`` at places ``at_y``, ``at_x`` ``(n, H, W)`` between the pixels: bilinear."""
    size = max(1, BLOCK // (x.shape[-2] * x.shape[-1]))
    blocks = (slice(start, start + size) for start in range(0, len(x), size))
    return np.concatenate([_sampled_block(x[b], at_y[b], at_x[b], fill, ground) for b in blocks])


def _sampled_block(x: Array, at_y: Array, at_x: Array, fill: str, ground: Ground) -> Array:
    n, channels, height, width = x.shape
    # One more pixel all round, of what lies outside: no place has a neighbour that is missing.
    rim = np.empty((channels, n, height + 2, width + 2), x.dtype)
    if fill != "edge":
        rim[...] = ground.level(fill)[:, np.newaxis]
    rim[:, :, 1:-1, 1:-1] = x.swapaxes(0, 1)
    if fill == "edge":
        rim[:, :, 0, 1:-1], rim[:, :, -1, 1:-1] = rim[:, :, 1, 1:-1], rim[:, :, -2, 1:-1]
        rim[..., 0], rim[..., -1] = rim[..., 1], rim[..., -2]
    at_y, at_x = np.clip(at_y + 1, 0, height + 1), np.clip(at_x + 1, 0, width + 1)
    top, left = np.minimum(at_y.astype(np.intp), height), np.minimum(at_x.astype(np.intp), width)
    down, right = at_y - top.astype(x.dtype), at_x - left.astype(x.dtype)
    first = (np.arange(n) * ((height + 2) * (width + 2)))[:, np.newaxis, np.newaxis]
    corner = first + top * (width + 2) + left
    below = corner + (width + 2)
    out = np.empty_like(x)
    for channel in range(channels):
        flat = rim[channel].reshape(-1)
        upper, lower = flat.take(corner), flat.take(below)
        corner += 1
        below += 1
        upper += right * (flat.take(corner) - upper)
        lower += right * (flat.take(below) - lower)
        corner -= 1
        below -= 1
        out[:, channel] = upper + down * (lower - upper)
    return out


@augmentations.register("shift", label="Shift")
@dataclass(frozen=True)
class Shift(Affine):
    """Moves a picture up, down and sideways, by whole pixels, so that a thing is known wherever it stands."""

    amount: float = param(
        Float(min=0.0, max=1.0),
        default=0.1,
        help="Moved by up to this fraction of the picture, in both directions.",
    )
    fill: str = _fill_param()

    def matrices(self, draws: Draws, shape: tuple[int, int]) -> Array:
        found = np.array(super().matrices(draws, shape))
        for axis, side in enumerate(shape):
            most = math.floor(self.amount * side + 1e-9)  # 0.7 × 10 is less than 7
            # Each number of pixels from −most to most is as likely as any other.
            found[:, axis, 2] = np.minimum(np.floor(draws.uniform(-most, most + 1)), most)
        return found


@augmentations.register("rotate", label="Rotate")
@dataclass(frozen=True)
class Rotate(Affine):
    """Turns a picture about its middle, so that a thing is known when it is held askew."""

    degrees: float = param(
        Float(min=0.0, max=180.0), default=15.0, help="Turned by up to so much, either way.", unit="°"
    )
    fill: str = _fill_param()

    def matrices(self, draws: Draws, shape: tuple[int, int]) -> Array:
        angle = np.radians(draws.uniform(-self.degrees, self.degrees))
        found = np.array(super().matrices(draws, shape))
        found[:, 0, 0] = found[:, 1, 1] = np.cos(angle)
        found[:, 0, 1] = np.sin(angle)
        found[:, 1, 0] = -found[:, 0, 1]
        return found


@augmentations.register("scale", label="Scale")
@dataclass(frozen=True)
class Scale(Affine):
    """Makes a picture larger or smaller about its middle, so that a thing is known from near and far."""

    amount: float = param(
        Float(min=0.0, max=3.0),
        default=0.15,
        help="0.15: at most 1.15 times as large, at least 1/1.15; as often larger as smaller.",
    )
    fill: str = _fill_param()

    def matrices(self, draws: Draws, shape: tuple[int, int]) -> Array:
        most = math.log1p(self.amount)
        found = np.array(super().matrices(draws, shape))
        found[:, 0, 0] = found[:, 1, 1] = np.exp(-draws.uniform(-most, most))
        return found


@augmentations.register("elastic", label="Elastic")
@dataclass(frozen=True)
class Elastic(Augmentation):
    """Bends a picture smoothly here and there, as handwriting varies. Simard, Steinkraus & Platt 2003."""

    strength: float = param(
        Float(min=0.0, max=50.0),
        default=1.0,
        help="How far pixels move: the root mean square over the picture.",
        unit="px",
    )
    smoothness: float = param(
        Float(min=0.3, max=50.0),
        default=4.0,
        help="Pixels nearer to one another than this move alike: small crumples the picture, large sways it.",
        unit="px",
    )
    fill: str = _fill_param()

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        height, width = x.shape[-2:]
        moves = 2.0 * draws.field(2, height, width).astype(x.dtype, copy=False) - 1.0
        # A Gaussian blur along an axis is a product with a banded matrix: for small pictures the fastest way.
        moves = self._blur(height, x.dtype) @ moves @ self._blur(width, x.dtype)
        size = np.sqrt(np.mean(np.square(moves), axis=(1, 2, 3), keepdims=True) * 2.0)
        moves *= x.dtype.type(self.strength) / np.maximum(size, np.finfo(x.dtype).tiny)
        rows, columns = (np.arange(side, dtype=x.dtype) for side in (height, width))
        return _sampled(x, moves[:, 0] + rows[:, np.newaxis], moves[:, 1] + columns, self.fill, ground)

    def _blur(self, side: int, dtype: np.dtype[np.generic]) -> Array:
        """The weights of each neighbour along an axis, symmetric ``(side, side)``."""
        apart = np.subtract.outer(np.arange(side), np.arange(side)) / self.smoothness
        return np.exp(-0.5 * apart * apart).astype(dtype)
