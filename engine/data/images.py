"""Pictures that need no file: drawn shapes, letters of a font, and patches of two photographs.

All are ``(N, C, size, size)``, float32, brightness from 0 (black) to 1 (white). As in the toy sets, noise never changes which
numbers are drawn: while somebody moves the slider, the same pictures grow grainy.
"""

from __future__ import annotations

import string
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import isqrt, prod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engine import progress
from engine.data.base import Dataset, Source, sources
from engine.data.real import bunch
from engine.errors import DataError, in_bytes
from engine.io.guarded import opened
from engine.limits import PICTURE_BYTES
from engine.spec import Bool, Choice, Float, Int, param

Pixels = NDArray[np.float32]
Floats = NDArray[np.float64]

CATEGORY = "Pictures"

#: bytes that the pictures of a set may take; training and normalizing need about as much again
MOST_BYTES = 1 << 30
#: bytes that drawn ones may take: a hundred thousand of 28 px have room, and none takes minutes to draw
MOST_DRAWN = 400 << 20
#: pictures that are drawn at once, in bytes of their pixels
_BLOCK_BYTES = 1 << 22


def blank(count: int, shape: tuple[int, ...], limit: str, most: int = 0) -> Pixels:
    """Room for ``count`` pictures of ``shape``: uninitialized ``(count, *shape)``, float32.

    Raises DataError where they would take more than ``most`` bytes (``MOST_BYTES`` where it is 0) or than there is; ``limit`` is the
    parameter that says how many pictures there are.
    """
    most = most or MOST_BYTES
    size = 4 * count * prod(shape)
    what = f"{count:,} pictures of {'×'.join(map(str, shape))} take {in_bytes(size)} as numbers"
    if size > most:
        fit = most // (4 * prod(shape))
        if fit < 2:  # two classes need two pictures
            raise DataError(
                f"{what}; expected at most {in_bytes(most)}, which is not even two of them. "
                "Choose smaller pictures, or make these smaller."
            )
        raise DataError(
            f"{what}; expected at most {in_bytes(most)}, which is {fit:,} pictures. "
            f"Set {limit} to so many, or fewer.",
            {limit: fit},
        )
    try:
        return np.empty((count, *shape), np.float32)
    except MemoryError:
        raise DataError(f"{what}; expected so much free memory. Set {limit} to fewer pictures.") from None


def room_for(shape: tuple[int, ...]) -> int:
    """How many pictures of ``shape`` have room in ``MOST_BYTES``."""
    return MOST_BYTES // (4 * prod(shape))


def fitting_size(count: int, channels: int) -> int:
    """The side of the largest squares of which ``count`` have room in ``MOST_BYTES``: a multiple of 8 where that is above 8."""
    side = isqrt(MOST_BYTES // (4 * count * channels))
    return side // 8 * 8 if side > 8 else max(1, side)


def pillow(what: str) -> Any:
    """The module ``PIL.Image``, for ``what``. Raises DataError where Pillow is missing."""
    try:
        from PIL import Image
    except ImportError:
        raise DataError(
            f"{what} needs Pillow, which is missing; expected it to be installed. Run: pip install Pillow"
        ) from None
    return Image


#: the formats that are read. Whatever Pillow knows beside them may start other programs (PostScript starts Ghostscript).
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


@dataclass(frozen=True)
class _Pictures(Source, ABC):
    """Pictures drawn from a seed, classes mixed and equally large (±1 picture)."""

    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}

    samples: int = param(Int(10, 100_000), default=1000, help="How many pictures are drawn.", unit="pictures")
    noise: float = param(
        Float(0.0, 0.5), default=0.1, help="How far single pixels stray from their brightness, as grain does."
    )
    seed: int = param(
        Int(0, 2**31 - 1), default=0, help="Another seed draws other pictures of the same kind."
    )
    size: int = param(Int(8, 256), default=28, help="Height and width of each picture.", unit="px")

    @classmethod
    def preview(cls) -> Self:
        return cls(samples=10)

    def make(self) -> Dataset:
        """Draw them: ``x (samples, channels, size, size)`` in 0..1, float32; ``y (samples,)``. Raises DataError."""
        names = self._classes()
        shape = (self._channels, self.size, self.size)
        x = blank(self.samples, shape, "samples", MOST_DRAWN)
        rng = np.random.default_rng(self.seed)
        y = rng.permutation(np.arange(self.samples) % len(names))
        block = max(1, _BLOCK_BYTES // (4 * prod(shape)))
        for start in range(0, self.samples, block):
            part = x[start : start + block]
            self._draw(part, y[start : start + block], rng)
            part += np.float32(self.noise) * rng.standard_normal(part.shape, np.float32)
            np.clip(part, 0.0, 1.0, part)
            progress.report(start + len(part), self.samples)
        return Dataset(x, y, names)

    @property
    def _channels(self) -> int:
        return 1

    @abstractmethod
    def _classes(self) -> tuple[str, ...]:
        """Their names, by label."""

    @abstractmethod
    def _draw(self, out: Pixels, labels: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Fill ``out (n, C, size, size)`` with noiseless pictures of the classes ``labels (n,)``."""


# ── drawn shapes ────────────────────────────────────────────────────────────────────────────────────────────
# Each function gives the signed distance of points (x, y) to the edge of a figure that reaches to radius 1: negative inside.


def _circle(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.hypot(x, y) - 1.0)


def _square(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.maximum(abs(x), abs(y)) - 0.5**0.5)


def _triangle(x: Floats, y: Floats) -> Floats:
    slanted = 0.75**0.5 * abs(x) - 0.5 * y
    return np.asarray(np.maximum(slanted, y) - 0.5)


def _cross(x: Floats, y: Floats) -> Floats:
    x, y = abs(x), abs(y)
    return np.minimum(np.maximum(x - 0.95, y - 0.3), np.maximum(x - 0.3, y - 0.95))


def _ring(x: Floats, y: Floats) -> Floats:
    return np.asarray(abs(np.hypot(x, y) - 0.8) - 0.2)


def _star(x: Floats, y: Floats) -> Floats:
    # All ten edges are mirror images of the one from a tip, at angle 0, to a notch, at angle π/5.
    fold = np.pi / 5
    angle = fold - abs(np.arctan2(y, x) % (2 * fold) - fold)
    radius = np.hypot(x, y)
    along, across = 0.42 * np.cos(fold) - 1.0, 0.42 * np.sin(fold)
    away = (radius * np.cos(angle) - 1.0) * across - radius * np.sin(angle) * along
    return np.asarray(away / np.hypot(along, across))


_FIGURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
    "star": _star,
}


@sources.register("Shapes", category=CATEGORY, label="Drawn shapes")
@dataclass(frozen=True)
class Shapes(_Pictures):
    """Circles, squares, triangles, crosses and more, anywhere in the picture, large or small, turned: which shape is it?"""

    classes: int = param(
        Int(2, len(_FIGURES)), default=4, help=f"How many kinds of shapes, of {', '.join(_FIGURES)}."
    )
    colour: bool = param(
        Bool(),
        default=False,
        help="Draw each shape in some colour on another: three channels, red, green and blue, instead of one.",
    )

    @property
    def _channels(self) -> int:
        return 3 if self.colour else 1

    def _classes(self) -> tuple[str, ...]:
        return tuple(_FIGURES)[: self.classes]

    def _draw(self, out: Pixels, labels: NDArray[np.int64], rng: np.random.Generator) -> None:
        n = len(out)
        radius = rng.uniform(0.4, 0.85, (n, 1, 1))
        turn = rng.uniform(0.0, 2 * np.pi, (n, 1, 1))
        place = rng.uniform(-1.0, 1.0, (2, n, 1, 1)) * (0.95 - radius)
        paint, ground = rng.uniform(0.0, 1.0, (2, n, self._channels, 1, 1))
        if self.colour:
            # Far enough apart in one channel at least, or nothing could be seen.
            paint[:, 0] = (ground[:, 0] + rng.uniform(0.4, 0.6, (n, 1, 1))) % 1.0
        else:
            paint[:], ground[:] = 1.0, 0.0
        centres = (np.arange(self.size) + 0.5) * 2 / self.size - 1
        for label, figure in enumerate(_FIGURES.values()):
            rows = labels == label
            if not rows.any():
                continue
            x, y = centres - place[0, rows], centres[:, np.newaxis] - place[1, rows]
            cos, sin, r = np.cos(turn[rows]), np.sin(turn[rows]), radius[rows]
            distance = r * figure((cos * x + sin * y) / r, (cos * y - sin * x) / r)
            inside = np.clip(0.5 - distance * self.size / 2, 0.0, 1.0)[:, np.newaxis]  # edges are smooth
            out[rows] = ground[rows] + (paint[rows] - ground[rows]) * inside


# ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────

_SYMBOLS = {
    "digits": string.digits,
    "0 and 1": "01",
    "capital letters": string.ascii_uppercase,
    "small letters": string.ascii_lowercase,
    "digits and letters": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}
#: strokes from thin to bold are drawn in so many steps
_WEIGHTS = 6


@cache
def _font(size: int) -> Any:
    """The font that comes with Pillow, ``size`` pixels high. Raises DataError without it."""
    pillow("Drawing letters")
    from PIL import ImageFont

    try:
        return ImageFont.load_default(size)
    except ImportError:
        raise DataError(
            "This Pillow cannot draw fonts: it was built without FreeType; expected one with it. "
            "Run: pip install --force-reinstall Pillow"
        ) from None


@cache
def _glyph(symbol: str, side: int, weight: int) -> Any:
    """A symbol, white on black, in the middle of a grey picture of ``side × side`` pixels; ``weight`` from 0 to 5."""
    from PIL import Image, ImageDraw

    font = _font(round(0.72 * side))
    picture = Image.new("L", (side, side))
    ImageDraw.Draw(picture).text(
        (side / 2, side / 2),
        symbol,
        fill=255,
        font=font,
        anchor="mm",
        stroke_width=round(weight * side / 100),
        stroke_fill=255,
    )
    # The font's own middle is that of its capitals; an "o" or a "g" is brought to the middle too.
    left, top, right, bottom = picture.getbbox() or (0, 0, side, side)
    return picture.transform(
        (side, side),
        Image.Transform.AFFINE,
        (1, 0, (left + right - side) / 2, 0, 1, (top + bottom - side) / 2),
        Image.Resampling.BILINEAR,
    )


#: pixels from which on edges look smooth by themselves
_LARGE = 64


@sources.register("Glyphs", category=CATEGORY, label="Printed letters")
@dataclass(frozen=True)
class Glyphs(_Pictures):
    """Printed digits or letters, turned, moved, thin or bold: which one is it?"""

    symbols: str = param(Choice(tuple(_SYMBOLS)), default="digits", help="What is printed.")
    rotation: float = param(
        Float(0.0, 180.0), default=15.0, help="Each is turned by up to so much, either way.", unit="°"
    )
    shift: float = param(
        Float(0.0, 0.3),
        default=0.1,
        help="Each is moved by up to this fraction of the picture, in both directions.",
    )
    thickness: float = param(
        Float(0.0, 1.0),
        default=0.5,
        help="How far strokes differ: 0 draws all alike, 1 from thin to very bold.",
    )

    def _classes(self) -> tuple[str, ...]:
        return tuple(_SYMBOLS[self.symbols])

    def _draw(self, out: Pixels, labels: NDArray[np.int64], rng: np.random.Generator) -> None:
        image = pillow("Drawing letters")
        names = self._classes()
        # Small pictures need smooth edges: they are drawn twice as large, then averaged.
        times = 2 if self.size < _LARGE else 1
        side = times * self.size
        drawn = rng.uniform(-1.0, 1.0, (len(out), 3))
        weights = rng.uniform(0.0, 1.0, len(out))
        for row, label in enumerate(labels):
            angle = np.radians(self.rotation * drawn[row, 0])
            weight = round(self.thickness * weights[row] * (_WEIGHTS - 1))
            cos, sin, middle = float(np.cos(angle)), float(np.sin(angle)), side / 2
            x, y = middle + side * self.shift * drawn[row, 1:]
            # Where a pixel of the new picture comes from in the old one.
            matrix = (cos, sin, middle - cos * x - sin * y, -sin, cos, middle + sin * x - cos * y)
            glyph = _glyph(names[label], side, weight)
            turned = glyph.transform((side, side), image.Transform.AFFINE, matrix, image.Resampling.BILINEAR)
            out[row, 0] = np.asarray(turned.reduce(times), np.float32) / np.float32(255)


# ── photographs ─────────────────────────────────────────────────────────────────────────────────────────────

_PHOTOS = {"temple": "china.jpg", "flower": "flower.jpg"}


@cache
def _photos() -> tuple[Any, ...]:
    """The two photographs, as Pillow's images. Raises DataError without scikit-learn or Pillow."""
    image = pillow("Showing photographs")
    # To import scikit-learn takes two seconds, and all that is needed are two files that come with it.
    spec = find_spec("sklearn")
    folder = Path(spec.origin).parent / "datasets" / "images" if spec and spec.origin else Path()
    files = [folder / name for name in _PHOTOS.values()]
    if all(file.is_file() for file in files):
        return tuple(map(_in_colour, files))
    found = bunch("sample_images")
    by_name = dict(
        zip(
            (str(name).replace("\\", "/").split("/")[-1] for name in found.filenames),
            found.images,
            strict=True,
        )
    )
    return tuple(image.fromarray(np.ascontiguousarray(by_name[name])) for name in _PHOTOS.values())


def _in_colour(path: Path) -> Any:
    image = pillow("Reading pictures")
    with opened(path, PICTURE_BYTES, "a picture") as file, image.open(file, formats=FORMATS) as found:
        return found.convert("RGB")


@sources.register("Photos", category=CATEGORY, label="Photographs")
@dataclass(frozen=True)
class Photos(_Pictures):
    """Square pieces of two colour photographs, a temple and a flower: which of the two is it from?

    Pieces overlap, so that those to validate with are more like those to train with than other photographs would be.
    """

    samples: int = param(Int(10, 100_000), default=200, help="How many pieces are cut out.", unit="pictures")
    noise: float = param(
        Float(0.0, 0.5), default=0.0, help="How far single pixels stray from their brightness, as grain does."
    )
    size: int = param(
        Int(8, 256), default=32, help="Height and width to which each piece is brought.", unit="px"
    )

    @property
    def _channels(self) -> int:
        return 3

    def _classes(self) -> tuple[str, ...]:
        return tuple(_PHOTOS)

    def _draw(self, out: Pixels, labels: NDArray[np.int64], rng: np.random.Generator) -> None:
        image, photos = pillow("Showing photographs"), _photos()
        drawn = rng.uniform(0.0, 1.0, (len(out), 3))
        for row, label in enumerate(labels):
            photo = photos[label]
            longest = min(photo.size)
            shortest = min(longest, max(self.size, longest // 4))  # nothing is blown up
            side = shortest + drawn[row, 0] * (longest - shortest)
            left, top = (photo.width - side) * drawn[row, 1], (photo.height - side) * drawn[row, 2]
            piece = photo.resize(
                (self.size, self.size),
                image.Resampling.BILINEAR,
                box=(left, top, left + side, top + side),
            )
            out[row] = np.moveaxis(np.asarray(piece, np.float32), -1, 0) / np.float32(255)
