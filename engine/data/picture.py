"""A picture to be learned: where a pixel lies is the input, its colour the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.base import Dataset, Source, sources
from engine.data.files import CATEGORY as OWN
from engine.data.files import Opened, chosen
from engine.data.pixels import ENDINGS, picture_at
from engine.data.report import Note
from engine.spec import Choice, File, Int, param

Floats = NDArray[np.float64]

CATEGORY = "Learn a picture"
COLOURS = ("red", "green", "blue")

#: what is said of a picture that was opened alone
ALONE = Note(
    "One picture: from where a pixel lies its colour is learned. To tell pictures apart, choose the folder that holds a folder for each class."
)
#: every pixel is learned from: the network is to hold this one picture, not to foretell others. Few are kept to look between them
_PREPARATION: Mapping[str, Any] = {"normalize": "none", "target": "none", "train": 0.9, "validation": 0.05}


def points_of(picture: Floats) -> Dataset:
    """Each pixel of ``picture`` ``(H, W, 3)``, 0 to 1, as a sample: x and y of its middle, and its colour.

    The longer side reaches from −1 to 1; y points up.
    """
    height, width, _ = picture.shape
    longer = max(height, width)
    x = (2 * np.arange(width) + 1 - width) / longer
    y = (height - 1 - 2 * np.arange(height)) / longer
    places = np.stack(np.meshgrid(x, y), axis=-1)
    return Dataset(places.reshape(-1, 2), picture.reshape(-1, 3), features=("x", "y"), targets=COLOURS)


def picture_of(data: Dataset) -> Floats | None:
    """The picture ``(H, W, 3)`` whose pixels are the samples of ``data``; ``None`` where they are none of ``points_of``."""
    if data.in_shape != (2,) or data.targets != COLOURS:
        return None
    columns, rows = (np.unique(data.x[:, axis], return_inverse=True) for axis in (0, 1))
    height, width = len(rows[0]), len(columns[0])
    if len(data) != height * width:
        return None
    picture = np.zeros((height, width, 3))
    picture[height - 1 - rows[1], columns[1]] = data.y
    return picture


@sources.register("DrawnPicture", category=CATEGORY, label="Drawn picture")
@dataclass(frozen=True)
class DrawnPicture(Source):
    """A small picture drawn for this program: from where a pixel lies the network is to tell its colour."""

    recommended: ClassVar[Mapping[str, Any]] = _PREPARATION

    picture: str = param(Choice(("island", "flower", "rings")), default="island", help="What is drawn.")
    size: int = param(Int(8, 128), default=40, help="Height and width of the picture.", unit="px")

    def make(self) -> Dataset:
        """Draw it: ``x (size², 2)`` from −1 to 1, ``y (size², 3)`` from 0 to 1."""
        fine = 4 * self.size  # drawn larger and averaged, so that edges are soft
        at = (np.arange(fine) + 0.5) / fine * 2 - 1
        x, y = np.meshgrid(at, -at)
        drawn = _DRAWN[self.picture](x, y)
        return points_of(drawn.reshape(self.size, 4, self.size, 4, 3).mean((1, 3)))


def _laid(ground: Floats, where: NDArray[np.bool_], colour: tuple[float, float, float]) -> Floats:
    """``ground`` ``(H, W, 3)`` painted over where it is said."""
    return np.where(where[..., None], np.array(colour), ground)


def _island(x: Floats, y: Floats) -> Floats:
    """Evening sky, sun, sea, and an island with a palm."""
    high = ((y + 0.2) / 1.2).clip(0, 1)[..., None]
    sky = (1 - high) * np.array([0.99, 0.72, 0.42]) + high * np.array([0.24, 0.36, 0.68])
    found = _laid(sky, (x - 0.45) ** 2 + (y - 0.15) ** 2 < 0.07, (1.0, 0.93, 0.62))
    found = _laid(found, y < -0.2, (0.12, 0.45, 0.6))
    found = _laid(found, (y < -0.2) & (abs(x - 0.45) < 0.1 + 0.1 * np.sin(18 * y)), (0.95, 0.72, 0.45))
    found = _laid(found, ((x + 0.35) / 0.55) ** 2 + ((y + 0.55) / 0.25) ** 2 < 1, (0.87, 0.74, 0.48))
    found = _laid(
        found, (abs(x + 0.4 - 0.15 * (y + 0.4) ** 2) < 0.035) & (abs(y + 0.05) < 0.38), (0.4, 0.26, 0.15)
    )
    for turn in (-2.7, -1.9, -1.2, -0.4):
        along = (x + 0.36) * np.cos(turn) - (y - 0.32) * np.sin(turn)
        across = (x + 0.36) * np.sin(turn) + (y - 0.32) * np.cos(turn) + 0.35 * along**2
        found = _laid(
            found,
            (along > 0) & (along < 0.5) & (abs(across) < 0.09 * (1 - along / 0.5) + 0.02),
            (0.13, 0.42, 0.22),
        )
    return found


def _flower(x: Floats, y: Floats) -> Floats:
    """Six petals round a yellow heart, on green."""
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    found = np.zeros((*x.shape, 3)) + np.array([0.22, 0.5, 0.3])
    petals = radius < 0.5 + 0.32 * np.cos(6 * angle)
    found = _laid(found, petals, (0.86, 0.3, 0.5))
    found = _laid(found, petals & (radius < 0.42 + 0.2 * np.cos(6 * angle)), (0.95, 0.6, 0.74))
    return _laid(found, radius < 0.22, (0.98, 0.82, 0.25))


def _rings(x: Floats, y: Floats) -> Floats:
    """Rings that go through all colours: smooth, and hard for a small network."""
    radius = np.hypot(x - 0.15, y + 0.1)
    phases = np.array([0.0, 2 * np.pi / 3, 4 * np.pi / 3])
    found: Floats = 0.5 + 0.45 * np.cos(7 * radius[..., None] - phases)
    return found


_DRAWN: dict[str, Callable[[Floats, Floats], Floats]] = {
    "island": _island,
    "flower": _flower,
    "rings": _rings,
}


@sources.register("PictureFile", category=OWN, label="One picture")
@dataclass(frozen=True)
class PictureFile(Opened):
    """One picture of your own: from where a pixel lies the network is to tell its colour."""

    recommended: ClassVar[Mapping[str, Any]] = _PREPARATION

    path: str = param(
        File(endings=ENDINGS), default="", help="The picture: PNG, JPEG, BMP, GIF, WebP or TIFF."
    )
    size: int = param(
        Int(8, 256), default=64, help="Pixels along its longer side, to which it is made smaller.", unit="px"
    )

    @classmethod
    def preview(cls) -> Self:
        return cls(size=16)

    def suited(self, data: Dataset) -> Mapping[str, Any]:
        return _PREPARATION

    def _files(self) -> list[Path]:
        return [chosen(self.path, "a picture")]

    def _read(self) -> Dataset:
        pixels = picture_at(self._files()[0]).astype(np.float64) / 255.0
        return replace(points_of(smaller(pixels, self.size)), report=(ALONE,))


def smaller(picture: Floats, longer: int) -> Floats:
    """``picture`` ``(H, W, 3)`` with its longer side so many pixels at most, each the mean of those it stands for."""
    height, width, _ = picture.shape
    share = min(1.0, longer / max(height, width))
    rows, columns = (_means(n, max(1, round(share * n))) for n in (height, width))
    found: Floats = np.einsum("ih,hwc,jw->ijc", rows, picture, columns, optimize=True)
    return found


def _means(size: int, count: int) -> Floats:
    """``(count, size)``: how much each of ``size`` cells counts in each of ``count`` that lie over them; rows add up to 1."""
    ends = np.arange(count + 1) * size / count
    cells = np.arange(size)
    overlap = np.minimum(ends[1:, None], cells + 1) - np.maximum(ends[:-1, None], cells)
    shares: Floats = overlap.clip(0) * count / size
    return shares
