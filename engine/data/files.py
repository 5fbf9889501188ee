"""Pictures of one's own: MNIST's files, a folder per class, NumPy's .npz. A file is opened by ``make()`` alone.

Whatever a file counts brightness in, a network sees 0 (black) to 1 (white): bytes are divided by 255.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine import progress
from engine.core import Array
from engine.data import idx
from engine.data.base import Dataset, Source, sources
from engine.data.images import blank
from engine.errors import DataError
from engine.spec import File, Int, param

if TYPE_CHECKING:
    from collections.abc import Iterator

CATEGORY = "Own pictures"

#: pictures that are converted at once
_BLOCK = 2048


@dataclass(frozen=True)
class Opened(Source):
    """Pictures from disk."""

    from_disk: ClassVar[bool] = True
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}


def limit_param() -> Any:
    return param(
        Int(0, 10_000_000),
        default=0,
        help="Use only so many pictures, evenly spread over the file; 0 uses all.",
        unit="pictures",
    )


def chosen(path: str, what: str) -> Path:
    """``path``, which must be there. Raises DataError, saying that ``what`` is expected."""
    if not path:
        raise DataError(f"No file is chosen yet; expected {what}. Choose one.")
    found = Path(path).expanduser()
    try:
        there = found.exists()
    except OSError as error:
        raise DataError(
            f"{found.name} cannot be looked at: {error.strerror}; expected {what}. Check it."
        ) from None
    if not there:
        raise DataError(f"There is no {found}; expected {what}. Choose it anew, or put it back.")
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong while ``path`` is read into a DataError."""
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path.name} is damaged or cut short ({error}); expected a whole file. Download or copy it again."
        ) from None
    except MemoryError:
        raise DataError(
            f"{path.name} does not fit into memory; expected so much free. Close other programs, or use a smaller file."
        ) from None
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be read: {error.strerror or error}; expected a whole, readable file. Check it."
        ) from None


def spread(count: int, limit: int) -> Array:
    """Positions of ``limit`` of ``count`` pictures, evenly spread; of all where ``limit`` is 0 or more than there are."""
    if not 0 < limit < count:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).round().astype(np.intp)


def labelled(x: Array, labels: Array, names: Mapping[int, str], where: str) -> Dataset:
    """Pictures with their labels, counted anew from 0.

    Args:
        x: ``(N, C, H, W)`` or ``(N, features)``.
        labels: ``(N,)``, whole numbers.
        names: of the labels; a label without one is called by its number.
        where: what the labels come from, for error texts.

    Raises DataError where there is one class only.
    """
    kinds, y = np.unique(labels, return_inverse=True)
    classes = tuple(names.get(int(kind), str(kind)) for kind in kinds)
    if len(classes) < 2:
        raise DataError(
            f"All {len(labels):,} labels of {where} are {', '.join(classes)}; expected at least two classes. "
            "Add pictures of another class."
        )
    return Dataset(x, y, classes)


def as_pixels(raw: Array, rows: Array, scale: float, shift: float = 0.0) -> Array:
    """``(raw[rows] − shift) / scale`` in float32, reporting progress; ``(len(rows), …)``. Raises DataError for too many."""
    out = blank(len(rows), raw.shape[1:], "limit")
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        np.subtract(raw[rows[part]], np.float32(shift), out[part], casting="unsafe", dtype=np.float32)
        out[part] /= np.float32(scale)
        progress.report(min(start + _BLOCK, len(rows)), len(rows))
    return out


# ── MNIST's format ──────────────────────────────────────────────────────────────────────────────────────────


@sources.register("IdxFiles", category=CATEGORY, label="MNIST files (IDX)")
@dataclass(frozen=True)
class IdxFiles(Opened):
    """Grey pictures in MNIST's own file format, packed (.gz) or not: one file of pictures, one of labels.

    Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, section "File formats".
    """

    images: str = param(
        File(),
        default="",
        help="The file of pictures, such as train-images-idx3-ubyte.gz. Brightness is brought to 0..1.",
    )
    labels: str = param(
        File(),
        default="",
        help="The file of labels; when left empty, the one beside the pictures whose name fits.",
        advanced=True,
    )
    limit: int = limit_param()

    def make(self) -> Dataset:
        """``x (N, 1, H, W)`` in 0..1, float32; ``y (N,)``. Raises DataError."""
        images = chosen(self.images, "a file of pictures, such as train-images-idx3-ubyte.gz")
        if images.is_dir():
            images = idx.images_in(images)
        labels = chosen(self.labels, "a file of labels") if self.labels else idx.partner_of(images)
        with reading(labels):
            y = idx.read(labels, idx.LABELS)
        with reading(images):
            raw = idx.read(images, idx.IMAGES)
        if len(raw) != len(y):
            raise DataError(
                f"{images.name} holds {len(raw):,} pictures and {labels.name} {len(y):,} labels; expected as many of "
                "each. Choose the file of labels that belongs to these pictures."
            )
        rows = spread(len(raw), self.limit)
        x = as_pixels(raw, rows, 255.0)
        return labelled(x[:, np.newaxis], y[rows], {}, labels.name)


# ── NumPy's files ───────────────────────────────────────────────────────────────────────────────────────────

_INPUTS = ("x", "x_train", "images", "train_images", "pixels", "data", "features", "x_test", "test_images")
_LABELS = ("y", "y_train", "labels", "train_labels", "label", "target", "targets", "y_test", "test_labels")


@sources.register("NpzFile", category=CATEGORY, label="NumPy file (.npz)")
@dataclass(frozen=True)
class NpzFile(Opened):
    """Arrays that NumPy's savez has written: pictures, or rows of numbers, with one label each.

    Pictures may be ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` with C = 1 or 3; rows ``(N, features)``. Labels are whole
    numbers or words ``(N,)``, or one-hot ``(N, K)``. Pixels are brought to 0..1: whole numbers are divided by the largest of
    their type (255 for bytes); other numbers between 0 and 255 by 255, unless they lie in 0..1 already; any others from the
    least to the greatest.
    """

    path: str = param(
        File(endings=(".npz",)), default="", help="The file. Brightness of pictures is brought to 0..1."
    )
    limit: int = limit_param()

    def make(self) -> Dataset:
        """``x (N, C, H, W)`` in 0..1 or ``(N, features)``, float32; ``y (N,)``. Raises DataError."""
        path = chosen(self.path, "a file that NumPy's savez has written (.npz)")
        x, y, names = _arrays(path)
        if len(x) != len(y):
            raise DataError(
                f"{path.name} holds {len(x):,} pictures and {len(y):,} labels; expected as many of each. "
                "Save both anew, in the same order."
            )
        rows = spread(len(x), self.limit)
        if x.ndim == 2:
            return labelled(as_pixels(x, rows, 1.0), y[rows], names, path.name)
        low, scale = _range(x)
        return labelled(
            as_pixels(_channels_first(x, path), rows, scale, shift=low), y[rows], names, path.name
        )


def _arrays(path: Path) -> tuple[Array, Array, dict[int, str]]:
    """Pictures as stored, labels ``(N,)`` as whole numbers, and the names of labels that were words."""
    with reading(path):
        if not zipfile.is_zipfile(path):
            raise DataError(
                f"{path.name} is no .npz file: it does not begin as one, or is cut short; expected one that NumPy's "
                "savez has written. Choose another file, or save it again."
            )
        try:
            with np.load(path, allow_pickle=False) as archive:
                x = archive[_name_of(archive.files, _INPUTS, "pictures", path)]
                progress.report(1, 2)
                y = archive[_name_of(archive.files, _LABELS, "labels", path)]
        except DataError:
            raise
        except ValueError as error:
            raise DataError(
                f"{path.name} holds something else than arrays of numbers ({error}); expected only those. "
                "Save pictures and labels as plain arrays."
            ) from None
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "fiub" or 0 in x.shape:
        raise DataError(
            f"The pictures in {path.name} have shape {x.shape} and type {x.dtype}; expected numbers as (N, H, W), "
            "(N, H, W, C), (N, C, H, W) or (N, features). Save them so."
        )
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError(
            f"The pictures in {path.name} hold NaN or infinity; expected finite numbers. Mend or drop those pictures."
        )
    return (x, *_whole(y, path))


def _name_of(names: list[str], usual: tuple[str, ...], what: str, path: Path) -> str:
    """The array that is called as ``what`` usually is."""
    by_lower = {name.lower(): name for name in names}
    for name in usual:
        if name in by_lower:
            return by_lower[name]
    raise DataError(
        f"{path.name} holds {', '.join(names) or 'no arrays'}, and none of them is called as {what} are; expected "
        f"one of {', '.join(usual[:6])}. Save the array under such a name."
    )


def _whole(y: Array, path: Path) -> tuple[Array, dict[int, str]]:
    """Labels ``(N,)`` as whole numbers, with names where they were words."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "fiub" and ((y != 0).sum(axis=1) == 1).all():
        y = y.argmax(axis=1)  # one-hot
    if y.ndim == 1 and y.dtype.kind in "US":
        words, y = np.unique(y.astype(str), return_inverse=True)
        return y, {i: str(word) for i, word in enumerate(words)}
    if y.ndim == 1 and y.dtype.kind == "f" and (y == np.floor(y)).all():
        y = y.astype(np.int64)
    if y.ndim != 1 or y.dtype.kind not in "iub" or not len(y):
        raise DataError(
            f"The labels in {path.name} have shape {y.shape} and type {y.dtype}; expected whole numbers or words, "
            "one for each picture. Save them so."
        )
    return y.astype(np.int64), {}


def _channels_first(x: Array, path: Path) -> Array:
    """A view ``(N, C, H, W)`` of pictures stored in one of the usual ways."""
    if x.ndim == 3:
        return x[:, np.newaxis]
    if x.shape[1] in (1, 3):
        return x
    if x.shape[3] in (1, 3):
        return np.moveaxis(x, -1, 1)
    if x.shape[3] == 4:
        return np.moveaxis(x[..., :3], -1, 1)  # what is transparent is shown in its colour
    raise DataError(
        f"The pictures in {path.name} have shape {x.shape}; expected 1 channel (grey) or 3 (colour), first or last. "
        "Save them so."
    )


def _range(x: Array) -> tuple[float, float]:
    """``(low, scale)`` such that ``(x − low) / scale`` lies in 0..1."""
    if x.dtype.kind == "b":
        return 0.0, 1.0
    if x.dtype.kind == "u" and x.dtype.itemsize <= 2:
        return 0.0, float(np.iinfo(x.dtype).max)
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high - low or 1.0
