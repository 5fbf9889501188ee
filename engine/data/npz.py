"""NumPy's own files of several arrays: pictures, or rows of numbers, with their labels."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.base import Dataset, sources
from engine.data.files import CATEGORY, Opened, as_pixels, chosen, labelled, limit_param, spread
from engine.data.images import MOST_BYTES
from engine.errors import DataError, clipped, few
from engine.io.guarded import opened
from engine.limits import DATA_BYTES
from engine.spec import File, param

#: bytes that the arrays of a file may take; numbers of 8 bytes become numbers of 4
_MOST_UNPACKED = 2 * MOST_BYTES

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

    def _files(self) -> list[Path]:
        return [chosen(self.path, "a file that NumPy's savez has written (.npz)")]

    def _read(self) -> Dataset:
        """``x (N, C, H, W)`` in 0..1 or ``(N, features)``, float32; ``y (N,)``. Raises DataError."""
        [path] = self._files()
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
    with opened(path, DATA_BYTES, "a file that NumPy's savez has written (.npz)") as file:
        if not zipfile.is_zipfile(file):
            raise DataError(
                f"{path.name} is no .npz file: it does not begin as one, or is cut short; expected one that NumPy's "
                "savez has written. Choose another file, or save it again."
            )
        _check_size(file, path)
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            # Both names first: whoever misses one need not wait for the other.
            inputs = _name_of(archive.files, _INPUTS, "pictures", path)
            labels = _name_of(archive.files, _LABELS, "labels", path)
            x = _array(archive, inputs, path)
            progress.report(1, 2)
            y = _array(archive, labels, path)
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "fiub" or 0 in x.shape:
        raise DataError(
            f"The pictures in {path.name} have shape {x.shape} and type {x.dtype}; expected numbers as (N, H, W), "
            "(N, H, W, C), (N, C, H, W) or (N, features). Save them so."
        )
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError(
            f"{_unfinite(x)} of the {len(x):,} pictures in {path.name} hold NaN or infinity; expected finite numbers. "
            "Mend or drop those pictures."
        )
    return (x, *_whole(y, path))


def _unfinite(x: Array) -> str:
    return f"{int((~np.isfinite(x)).reshape(len(x), -1).any(axis=1).sum()):,}"


def _check_size(file: BinaryIO, path: Path) -> None:
    """Raises DataError where the arrays, unpacked, would take more than can be used, before one of them is."""
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _MOST_UNPACKED:
        raise DataError(
            f"{path.name} holds {size / 2**30:.3g} GB when unpacked; expected at most {_MOST_UNPACKED / 2**30:.2g} GB. "
            "Save fewer pictures, or bytes (uint8) in place of larger numbers."
        )


def _array(archive: Any, name: str, path: Path) -> Array:
    """One array of the file. Raises DataError where it is none."""
    try:
        found = archive[name]
    except Exception as error:  # objects; protected or packed in an unknown way; a header that makes no sense
        if isinstance(error, OSError | MemoryError | EOFError | zlib.error | zipfile.BadZipFile):
            raise  # of the file as a whole
        why = "Python objects" if "pickle" in str(error) else "something that cannot be read"
        raise DataError(
            f"{clipped(name, 80)} in {path.name} holds {why}; expected an array of numbers. Save it as a plain array."
        ) from None
    if not isinstance(found, np.ndarray):  # the bytes of a member that is no array
        raise DataError(
            f"{clipped(name, 80)} in {path.name} is no array; expected one of numbers. Save the file anew with NumPy's savez."
        )
    return found


def _name_of(names: list[str], usual: tuple[str, ...], what: str, path: Path) -> str:
    """The array that is called as ``what`` usually is."""
    by_lower = {name.lower(): name for name in names}
    for name in usual:
        if name in by_lower:
            return by_lower[name]
    held = f"{few(names)}, and none of them is called as {what} are" if names else "no arrays"
    raise DataError(
        f"{path.name} holds {held}; expected one of {', '.join(usual[:6])}. Save the array under such a name."
    )


def _whole(y: Array, path: Path) -> tuple[Array, dict[int, str]]:
    """Labels ``(N,)`` as whole numbers, with names where they were words."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "fiub" and ((y != 0).sum(axis=1) == 1).all():
        y = y.argmax(axis=1)  # one-hot
    if y.ndim == 1 and y.dtype.kind in "US":
        if y.dtype.kind == "S":  # bytes, of which nobody says how they are written
            y = np.char.decode(y, "utf-8", "replace")
        words, y = np.unique(y, return_inverse=True)
        return y, {i: str(word) for i, word in enumerate(words)}
    if y.ndim == 1 and y.dtype.kind == "f" and len(y):
        broken = y[~(np.isfinite(y) & (y == np.floor(y)))]
        if len(broken):
            raise DataError(
                f"{len(broken):,} of the {len(y):,} labels in {path.name} are no whole numbers, such as {broken[0]}; "
                "expected whole numbers or words, one for each picture. Mend them."
            )
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
