"""One picture file: what it says of itself, and its pixels as numbers. Pillow reads it, and only as a format named here.

Left to itself Pillow takes a file for whatever its first bytes say, and starts Ghostscript for one that is PostScript.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.data.brightness import GROUNDS, by_content
from engine.data.images import FORMATS, Pixels, pillow
from engine.errors import DataError, clipped
from engine.io.guarded import read_bytes
from engine.limits import PICTURE_BYTES

#: endings of the files that are looked at
ENDINGS = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm",
    ".pbm", ".pnm",
)  # fmt: skip
#: endings of pictures that cannot be read here, and what these are called
UNREAD = {
    ".heic": "HEIC", ".heif": "HEIC", ".avif": "AVIF", ".jxl": "JPEG XL", ".jp2": "JPEG 2000", ".svg": "SVG",
    ".psd": "PSD", ".eps": "PostScript", ".ps": "PostScript", ".pdf": "PDF", ".tga": "TGA", ".ico": "ICO",
    ".exr": "EXR", ".dcm": "DICOM", ".dng": "raw", ".cr2": "raw", ".cr3": "raw", ".nef": "raw", ".arw": "raw",
}  # fmt: skip

#: pixels that a picture may have: some steps need three copies of four bytes each
MOST_PIXELS = 1 << 26
#: a picture that differs from its ground by less than this, on average over what is drawn, cannot be seen on it
_SEEN = 0.1
#: it is looked at with its longer side about so long, at most; one of the user's own is read so
_LOOKED_AT, _OWN = 512, 1024

_ORIENTATION = 0x0112  # of EXIF
#: channels that differ by no more, of 255, make no colour: JPEG rounds
_TINGE = 8
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")
#: by the value of EXIF's orientation: how the picture is stood upright
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip


class Unreadable(DataError):
    """One picture cannot be read.

    Attributes:
        why: in a few words, such as "cut short".
    """

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The picture cannot be read: {why}; expected a whole one. Choose another, or save it anew."
        )
        self.why = why


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture says of itself.

    Attributes:
        height, width: standing upright.
        wide: one channel of numbers that 8 bits do not hold; only then are these known:
        low, high: the least and greatest of them.
        whole: they are whole numbers.
        frames: it holds several pictures, of which the first is read.
        transparent: it may be so in parts.
        seen: where parts of it are transparent: how much what is drawn differs from each of GROUNDS, 0 to 1, on average.
    """

    height: int
    width: int
    wide: bool = False
    low: float = 0.0
    high: float = 255.0
    whole: bool = True
    frames: bool = False
    transparent: bool = False
    seen: tuple[float, ...] = ()


@dataclass(frozen=True)
class Look:
    """How a picture is brought to numbers.

    Attributes:
        colour: three channels, otherwise one.
        size: height and width; 0 leaves them,
        most: but makes the longer side so long at most, where that is not 0.
        fit: "pad", "crop" or "stretch".
        ground: brightness under what is transparent, 0 to 1.
        bars: the number at the sides of a padded picture of wide numbers; those of others are 0.
    """

    colour: bool
    size: int = 0
    most: int = 0
    fit: str = "pad"
    ground: float = 1.0
    bars: float = 0.0


@contextmanager
def reading(stream: BinaryIO) -> Iterator[Any]:
    """Pillow's image of what ``stream`` holds, not yet decoded, for ``facts`` and then ``numbers``.

    Whatever goes wrong in the block becomes Unreadable; Pillow's warnings are dropped.
    """
    image = pillow("Reading pictures")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with image.open(stream, formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise image.DecompressionBombError
                yield picture
    except Unreadable:
        raise
    except image.DecompressionBombError:
        raise Unreadable(f"of more than {MOST_PIXELS:,} pixels") from None
    except MemoryError:
        raise Unreadable("too large for the memory") from None
    except Exception as error:  # Pillow raises what it likes
        raise Unreadable(_why(stream, error)) from error


def facts(picture: Any) -> Facts:
    """What a picture says; decoded only where its mode does not tell. Raises Unreadable, and whatever Pillow does."""
    turned = _orientation(picture) > 4
    width, height = (picture.height, picture.width) if turned else picture.size
    frames = picture.format != "MPO" and bool(getattr(picture, "is_animated", False))
    if _wide(picture.mode):
        values = np.asarray(picture)
        low, high = float(values.min()), float(values.max())
        if not np.isfinite(low + high):
            raise Unreadable("with NaN or infinity in it")
        whole = values.dtype.kind in "iu"
        return Facts(height, width, wide=True, low=low, high=high, whole=whole, frames=frames)
    transparent = picture.has_transparency_data
    seen = _seen(picture.convert("RGBA")) if transparent else ()
    return Facts(height, width, frames=frames, transparent=transparent, seen=seen)


def numbers(picture: Any, look: Look) -> Pixels:
    """The pixels, ``(1 or 3, H, W)``: 0 to 255, or whatever its wide numbers are. Raises whatever Pillow does."""
    picture = _stood_upright(picture)
    flat = "RGB" if look.colour else "L"
    if _wide(picture.mode):
        image = pillow("Reading pictures")
        picture = _resized(image.fromarray(np.asarray(picture, np.float32)), look)
    elif picture.has_transparency_data:
        picture = _on_ground(_resized(_in_mode(picture, "RGBA"), look), look.ground).convert(flat)
    else:
        picture = _resized(_in_mode(picture, flat), look)
    values = np.asarray(_padded(picture, look), np.float32)
    if values.ndim == 3:
        return np.moveaxis(values, -1, 0)
    return np.repeat(values[np.newaxis], 3 if look.colour else 1, axis=0)


def best_ground(seen: Sequence[tuple[float, ...]]) -> str:
    """The name of the ground on which the fewest pictures vanish: white where others are no better, then black, then grey.

    ``seen``: of each picture, as in Facts.
    """
    vanish = np.zeros(len(GROUNDS), int)
    for picture in filter(None, seen):
        vanish += np.asarray(picture) < _SEEN
    return tuple(GROUNDS)[int(vanish.argmin())]


def laid_on_ground(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture ``(h, w, 4)`` on the ground where it can be seen best: ``(h, w, 3)``."""
    image = pillow("Reading pictures").fromarray(rgba)
    return np.asarray(_on_ground(image, GROUNDS[best_ground([_seen(image)])]).convert("RGB"))


def picture_at(path: Path) -> NDArray[np.uint8]:
    """One picture of the user's, read as those of a data set are, its longer side 1,024 pixels at most: ``(h, w, 3)``, 0 to 255.

    Raises DataError.
    """
    content = read_bytes(path, PICTURE_BYTES, "a picture")
    try:
        with reading(io.BytesIO(content)) as picture:
            found = facts(picture)
            values = numbers(picture, Look(colour=True, most=_OWN, ground=GROUNDS[best_ground([found.seen])]))
    except Unreadable as error:
        raise DataError(
            f"{clipped(path.name, 80)} cannot be read as a picture: {error.why}; expected a whole PNG, JPEG, BMP, GIF, WebP, TIFF or "
            "PGM. Choose another, or save it anew."
        ) from None
    used = by_content(found.low, found.high if found.wide else float(values.max()))
    bright = (values - np.float32(used.shift)) * np.float32(255.0 / used.scale)
    return np.ascontiguousarray(np.moveaxis(np.clip(bright, 0, 255).round().astype(np.uint8), 0, -1))


def brightness_at(path: Path) -> NDArray[np.uint8]:
    """How bright each pixel of a picture is, as large as it is: ``(h, w)``, 0 to 255. Raises DataError."""
    content = read_bytes(path, PICTURE_BYTES, "a picture")
    try:
        with reading(io.BytesIO(content)) as picture:
            return np.asarray(picture.convert("L"), np.uint8)
    except Unreadable as error:
        raise DataError(
            f"{clipped(path.name, 80)} cannot be read as a picture: {error.why}; expected a whole PNG, JPEG or WebP."
        ) from None


def _why(stream: BinaryIO, error: Exception) -> str:
    """What kept a picture from being read, in words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if not stream.seek(0, io.SEEK_END):
        return "empty"
    return "cut short" if "truncated" in str(error).lower() else "damaged or no picture"


def _orientation(picture: Any) -> int:
    try:  # the base class's own: that of PNG decodes the picture, to look behind it too
        return int(pillow("Reading pictures").Image.getexif(picture).get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  a picture whose EXIF is damaged is a picture
        return 1


def _stood_upright(picture: Any) -> Any:
    turn = _UPRIGHT.get(_orientation(picture))
    return picture.transpose(getattr(pillow("Reading pictures").Transpose, turn)) if turn else picture


def _wide(mode: str) -> bool:
    """One channel of more than 8 bits, which Pillow's own conversion would clip."""
    return mode in ("I", "F") or mode.startswith("I;16")


def coloured(picture: Any) -> bool:
    """Whether colours are seen in a picture, which is made small for that. Raises whatever Pillow does."""
    if picture.mode in _GREY_MODES or _wide(picture.mode):
        return False
    if picture.mode == "P":
        palette = np.asarray(picture.getpalette("RGB"), np.int16).reshape(-1, 3)
        used = np.asarray(picture.histogram()[: len(palette)]) > 0
        clear = picture.info.get("transparency", b"")
        hidden = [clear] if isinstance(clear, int) else [i for i, alpha in enumerate(clear) if not alpha]
        used[[i for i in hidden if i < len(used)]] = False
        return bool((np.ptp(palette[used], axis=1) > _TINGE).any()) if used.any() else False
    picture.thumbnail((_LOOKED_AT, _LOOKED_AT))
    rgba = np.asarray(picture.convert("RGBA"))
    return bool(((np.ptp(rgba[..., :3], axis=-1) > _TINGE) & (rgba[..., 3] > 0)).any())


def _seen(rgba: Any) -> tuple[float, ...]:
    """``Facts.seen`` of Pillow's image in mode RGBA."""
    grey = rgba.convert("LA")
    grey = np.asarray(grey.reduce(max(1, max(grey.size) // _LOOKED_AT)))
    shade, alpha = grey[..., 0] / 255.0, grey[..., 1].astype(np.float64)
    total = alpha.sum()
    if not total or alpha.min() == 255:  # nothing is drawn; nothing is transparent
        return ()
    return tuple(float((alpha * abs(shade - ground)).sum() / total) for ground in GROUNDS.values())


def _on_ground(rgba: Any, ground: float) -> Any:
    image = pillow("Reading pictures")
    shade = round(255 * ground)
    return image.alpha_composite(image.new("RGBA", rgba.size, (shade, shade, shade, 255)), rgba)


def _in_mode(picture: Any, mode: str) -> Any:
    return picture if picture.mode == mode else picture.convert(mode)


def _resized(picture: Any, look: Look) -> Any:
    """In the wanted size; what is to be padded, as large as it can be within."""
    from PIL import Image, ImageOps

    width, height = picture.size
    if look.size and look.fit == "crop":
        return ImageOps.fit(picture, (look.size, look.size), Image.Resampling.BILINEAR)
    size = (look.size, look.size)
    if not look.size or look.fit == "pad":
        longer = max(width, height)
        side = look.size or min(longer, look.most or longer)
        size = (max(1, round(width / longer * side)), max(1, round(height / longer * side)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BILINEAR)


def _padded(picture: Any, look: Look) -> Any:
    """With bars at the sides, where it has not the wanted size yet."""
    square = (look.size, look.size)
    if not look.size or picture.size == square:
        return picture
    padded = pillow("Reading pictures").new(picture.mode, square, look.bars if picture.mode == "F" else 0)
    padded.paste(picture, (round((look.size - picture.width) / 2), round((look.size - picture.height) / 2)))
    return padded
