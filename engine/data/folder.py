"""Pictures in folders: one folder per class, named after it."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.base import Dataset, sources
from engine.data.files import CATEGORY, Opened, chosen, labelled, limit_param, spread
from engine.data.images import blank, picture, pillow
from engine.errors import DataError
from engine.spec import Bool, Choice, File, Int, param

#: endings of the files that are looked at
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


@sources.register("ImageFolder", category=CATEGORY, label="Folder of pictures")
@dataclass(frozen=True)
class ImageFolder(Opened):
    """A folder that holds one folder of pictures for each class, named after it."""

    path: str = param(
        File(folder=True),
        default="",
        help="The folder that holds the folders. Brightness is brought to 0..1.",
    )
    size: int = param(
        Int(0, 512),
        default=0,
        help="Height and width to which each picture is brought; 0 leaves them, and they must all be of one size.",
        unit="px",
    )
    fit: str = param(
        Choice(("pad", "crop", "stretch")),
        default="pad",
        help="How a picture becomes square: black bars at its sides, its sides cut off, or squeezed.",
        advanced=True,
    )
    colour: bool = param(
        Bool(), default=True, help="Three channels, red, green and blue; otherwise one, its brightness."
    )
    limit: int = limit_param()

    def _files(self) -> list[Path]:
        return [path for path, _ in pictures_in(self._root())[1]]

    def _root(self) -> Path:
        return chosen(self.path, "a folder that holds one folder of pictures for each class")

    def _read(self) -> Dataset:
        """``x (N, 1 or 3, H, W)`` in 0..1, float32; ``y (N,)``, classes named after their folders. Raises DataError."""
        root = self._root()
        names, found = pictures_in(root)
        rows = spread(len(found), self.limit)
        first = self._pixels(found[rows[0]][0], root)
        x = blank(len(rows), first.shape, "limit")
        for row, at in enumerate(rows):
            path = found[at][0]
            pixels = self._pixels(path, root)
            if pixels.shape != first.shape:
                raise self._mixed(path, pixels, found[rows[0]][0], first, root)
            x[row] = pixels
            progress.report(row + 1, len(rows))
        labels = np.array([found[at][1] for at in rows])
        return labelled(x, labels, dict(enumerate(names)), root.name)

    def _pixels(self, path: Path, root: Path) -> Array:
        """One picture, ``(C, H, W)``. Raises DataError where it cannot be read."""
        image = pillow("Reading pictures")
        from PIL import ImageOps

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", image.DecompressionBombWarning)
                with picture(path) as opened:
                    pixels = self._converted(ImageOps.exif_transpose(opened))
        except DataError as refused:
            error = refused.__cause__ or refused
            if isinstance(error, image.DecompressionBombWarning | image.DecompressionBombError):
                raise DataError(
                    f"{path.relative_to(root)} is too large to be read safely; expected at most "
                    f"{image.MAX_IMAGE_PIXELS:,} pixels. Make it smaller, or take it out of the folder."
                ) from None
            raise DataError(
                f"{path.relative_to(root)} cannot be read as a picture: {_why(path, error)}; expected a whole, readable "
                "PNG, JPEG or the like. Mend it, or take it out of the folder."
            ) from None
        values = np.asarray(pixels, np.float32) / np.float32(255)
        return np.moveaxis(values, -1, 0) if self.colour else values[np.newaxis]

    def _converted(self, picture: Any) -> Any:
        """In the wanted channels and size."""
        from PIL import Image, ImageOps

        if picture.mode.startswith("I;16"):  # 16 bits, which Pillow's own conversion would clip
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        picture = picture.convert("RGB" if self.colour else "L")
        if not self.size:
            return picture
        square = (self.size, self.size)
        if self.fit == "pad":
            return ImageOps.pad(picture, square, Image.Resampling.BILINEAR)
        if self.fit == "crop":
            return ImageOps.fit(picture, square, Image.Resampling.BILINEAR)
        return picture.resize(square, Image.Resampling.BILINEAR)

    def _mixed(self, path: Path, pixels: Array, other: Path, first: Array, root: Path) -> DataError:
        side = max(8, min(64, *first.shape[1:], *pixels.shape[1:]))
        return DataError(
            f"The pictures have different sizes: {other.relative_to(root)} is {first.shape[1]}×{first.shape[2]}, "
            f"{path.relative_to(root)} {pixels.shape[1]}×{pixels.shape[2]}; expected one size. "
            f"Set size to bring them all to one, such as {side}.",
            {"size": side},
        )


def pictures_in(root: Path) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    """Names of the classes, and each picture's file with its label, class by class. Raises DataError.

    Folders without pictures are left out, and so is what is hidden.
    """
    if not root.is_dir():
        raise DataError(
            f"{root.name} is a file; expected a folder that holds one folder of pictures for each class. "
            "Choose the folder."
        )
    names, found, at = list[str](), list[tuple[Path, int]](), root
    try:
        loose = any(map(_is_picture, root.iterdir()))
        for folder in sorted((p for p in root.iterdir() if p.is_dir()), key=_natural):
            if folder.name.startswith("."):
                continue
            at = folder
            pictures = sorted(filter(_is_picture, folder.iterdir()), key=_natural)
            if pictures:
                found += [(picture, len(names)) for picture in pictures]
                names.append(folder.name)
    except OSError as error:
        raise DataError(
            f"The folder {at.name} cannot be read: {error.strerror or error}; expected one that you may read. "
            "Change who may read it, or choose another."
        ) from None
    if not names:
        raise DataError(
            f"The folder {root.name} holds {'pictures, but ' if loose else ''}no folders with pictures in them; expected "
            "one for each class, such as cats and dogs. Sort the pictures into folders."
        )
    if len(names) < 2:
        raise DataError(
            f"The folder {root.name} holds one class only, {names[0]}; expected at least "
            "two. Add a folder with pictures of another class."
        )
    return tuple(names), found


def _why(path: Path, error: BaseException) -> str:
    """What kept a picture from being read, in words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if path.stat().st_size == 0:
        return "it is empty"
    return "it is cut short" if "truncated" in str(error).lower() else "it is damaged or none"


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts "img2" before "img10"."""
    return [(int(part or -1) if part.isdigit() else -1, part) for part in re.split(r"([0-9]+)", path.name)]
