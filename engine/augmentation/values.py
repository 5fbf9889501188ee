"""Changes of what pictures hold where they hold it, and of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.augmentation.base import Augmentation, Draws, Ground, augmentations
from engine.core import Array
from engine.spec import Choice, Float, param


@augmentations.register("flip", label="Flip")
@dataclass(frozen=True)
class Flip(Augmentation):
    """Mirrors a picture, now and then. Right for things that have no left and right; a mirrored 2 is no 2."""

    direction: str = param(
        Choice(("horizontal", "vertical")),
        default="horizontal",
        help="Horizontal exchanges left and right, vertical top and bottom.",
    )
    probability: float = param(
        Float(min=0.0, max=1.0), default=0.5, help="How often a sample is mirrored: 0 never, 1 always."
    )

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        chosen = draws.uniform(0.0, 1.0) < self.probability
        mirrored = x[..., ::-1] if self.direction == "horizontal" else x[..., ::-1, :]
        return np.where(chosen[:, np.newaxis, np.newaxis, np.newaxis], mirrored, x)


@augmentations.register("noise", label="Noise")
@dataclass(frozen=True)
class Noise(Augmentation):
    """Lets every pixel stray from its brightness, as the grain of a photograph does."""

    amount: float = param(
        Float(min=0.0, max=2.0),
        default=0.1,
        help="Standard deviation, as a share of the range from the training data's darkest value to their brightest.",
    )
    formula = r"x' = x + a\,(x_{max} - x_{min})\,\varepsilon, \quad \varepsilon \sim N(0, 1)"

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        spread = (self.amount * (ground.high - ground.low)).astype(x.dtype)
        changed: Array = x + spread * draws.normal(*x.shape[1:]).astype(x.dtype, copy=False)
        return changed


@augmentations.register("cutout", label="Cutout")
@dataclass(frozen=True)
class Cutout(Augmentation):
    """Hides a square somewhere, so that a thing is known by more than one of its parts. DeVries & Taylor 2017."""

    size: float = param(
        Float(min=0.0, max=1.0, open_min=True),
        default=0.25,
        help="Side of the square, as a fraction of the picture's shorter side. Its middle is any pixel; what lies outside is lost.",
    )
    fill: str = param(
        Choice(("mean", "darkest")),
        default="mean",
        help="What the square holds: the training data's mean, which says nothing, or their darkest value.",
    )

    def side(self, shape: tuple[int, int]) -> int:
        """Of the square, in pixels, in pictures of ``shape`` (height, width)."""
        return max(1, round(self.size * min(shape)))

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        side = self.side(x.shape[-2:])
        inside = []
        for length in x.shape[-2:]:
            middle = np.floor(draws.uniform(0, length)).astype(np.intp)
            offset = np.arange(length) - (middle[:, np.newaxis] - side // 2)
            inside.append((offset >= 0) & (offset < side))
        hidden = inside[0][:, np.newaxis, :, np.newaxis] & inside[1][:, np.newaxis, np.newaxis, :]
        return np.where(hidden, ground.level(self.fill).astype(x.dtype), x)


@augmentations.register("jitter", label="Jitter")
@dataclass(frozen=True)
class Jitter(Augmentation):
    """Moves every point a little, so that the network learns the region round a sample and not the sample alone."""

    for_images = False
    amount: float = param(
        Float(min=0.0, max=2.0),
        default=0.1,
        help="Standard deviation, as a share of each column's own. Columns, computed ones too, move independently.",
    )
    formula = r"x' = x + a\,\sigma\,\varepsilon, \quad \varepsilon \sim N(0, 1)"

    def apply(self, x: Array, draws: Draws, ground: Ground) -> Array:
        spread = (self.amount * ground.deviation).astype(x.dtype)
        changed: Array = x + spread * draws.normal(*x.shape[1:]).astype(x.dtype, copy=False)
        return changed
