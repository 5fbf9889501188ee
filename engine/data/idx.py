"""MNIST's file format: a magic number, the sizes, then bytes.

Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, section "File formats". Big-endian; the third byte of the
magic number is the type (8: unsigned bytes), the fourth how many sizes follow.
"""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from engine import progress
from engine.data.images import MOST_BYTES
from engine.errors import DataError
from engine.io.guarded import opened
from engine.limits import DATA_BYTES

IMAGES = 0x00000803  #: three sizes: pictures, rows, columns
LABELS = 0x00000801  #: one size
_NAMES = {IMAGES: "pictures", LABELS: "labels"}
_CHUNK = 1 << 22
_GZIP = b"\x1f\x8b"


def kind(path: Path) -> int | None:
    """IMAGES or LABELS, by the mark at its beginning, or by its name where there is none; ``None`` for any other file.

    Raises DataError.
    """
    with _opened(path) as file:
        found = file.read(4)
    for magic in _NAMES:
        if found == struct.pack(">I", magic):
            return magic
    name = path.name.lower()
    if not re.search("idx[13]|ubyte", name):
        return None
    return LABELS if _names_labels(name) else IMAGES


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked where it is packed. Raises DataError, also for what is raised in the block."""
    with opened(path, DATA_BYTES) as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield unpacked  # type: ignore[misc]


def read(path: Path, magic: int) -> NDArray[np.uint8]:
    """What the file holds: ``(N, H, W)`` for IMAGES, ``(N,)`` for LABELS.

    Raises DataError for a file of another kind, one that is cut short or too long, and one that is too large.
    """
    what = _NAMES[magic]
    with _opened(path) as file:
        found = file.read(4)
        if found != struct.pack(">I", magic):
            raise _unmarked(path, found, magic)
        header = file.read(4 * (magic & 0xFF))
        if len(header) < 4 * (magic & 0xFF):
            raise _cut(path, 4 + len(header), f"{4 + 4 * (magic & 0xFF)} bytes of mark and sizes alone")
        shape = struct.unpack(f">{magic & 0xFF}I", header)
        total = prod(shape)
        if total == 0:
            raise DataError(
                f"{path.name} says that it holds {'×'.join(map(str, shape))} {what}; expected at least one. "
                "Choose another file."
            )
        if total > MOST_BYTES:
            raise DataError(
                f"{path.name} says that it holds {total / 2**30:,.1f} GB of {what}; expected at most "
                f"{MOST_BYTES / 2**30:.2g} GB. Choose a smaller file, or look whether this one is damaged."
            )
        return _bytes(file, total, path, shape)


def _bytes(file: IO[bytes], total: int, path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    out = bytearray()
    while len(out) < total:
        try:
            chunk = file.read(min(_CHUNK, total - len(out)))
        except EOFError:  # the packed file ends before its own end mark
            chunk = b""
        if not chunk:
            raise _cut(path, len(out), f"{'×'.join(map(str, shape))} = {total:,} bytes, as it says itself")
        out += chunk
        progress.report(len(out), total)
    if file.read(1):
        raise DataError(
            f"{path.name} goes on behind its {total:,} bytes; expected its end there. Download or copy it again."
        )
    return np.frombuffer(out, np.uint8).reshape(shape)


def _unmarked(path: Path, found: bytes, magic: int) -> DataError:
    what, mark = _NAMES[magic], struct.pack(">I", magic).hex(" ")
    if not found:
        return DataError(
            f"{path.name} is empty; expected {what} in MNIST's format. Download or copy it again."
        )
    other = next((n for m, n in _NAMES.items() if found == struct.pack(">I", m)), "")
    return DataError(
        f"{path.name} begins with the bytes {found.hex(' ')}"
        + (f", which is a file of {other}" if other else "")
        + f"; expected {mark}, MNIST's mark of a file of {what}. "
        + (f"Choose the file of {what}." if other else "Choose another file, or download this one again.")
    )


def _cut(path: Path, there: int, promised: str) -> DataError:
    return DataError(
        f"{path.name} ends after {there:,} bytes; expected {promised}. It is cut short: "
        "download or copy it again."
    )


# ── names: train-images-idx3-ubyte(.gz) and its like, however they are written ─────────────────────────────────


def _names_labels(name: str) -> bool:
    return re.search("labels|idx1", name, re.IGNORECASE) is not None and "images" not in name.lower()


def find_images(folder: Path) -> Path | None:
    """The file of pictures in a folder: the one to train with where there are several; ``None`` where there is none."""
    found = sorted(p for p in folder.iterdir() if re.search("images.*idx3", p.name.lower()) and p.is_file())
    return next((p for p in found if "train" in p.name.lower()), found[0] if found else None)


def images_in(folder: Path) -> Path:
    """The same. Raises DataError where there is none."""
    found = find_images(folder)
    if found is None:
        raise DataError(
            f"The folder {folder.name} holds no file of pictures; expected one such as train-images-idx3-ubyte.gz. "
            "Choose another folder, or the file itself."
        )
    return found


def partner_of(path: Path) -> Path:
    """The file of labels that belongs to pictures, or of pictures that belongs to labels, packed or not. Raises DataError.

    Small and capital letters do not matter. Raises OSError where the folder cannot be listed.
    """
    plain = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    back = _names_labels(plain)
    what = "pictures" if back else "labels"
    wanted = plain
    for images, labels in (("images", "labels"), ("idx3", "idx1")):
        wanted = _swapped(wanted, labels, images) if back else _swapped(wanted, images, labels)
    if wanted == plain:
        raise DataError(
            f"The name {path.name} does not tell which file of {what} belongs to it; expected a pair such as "
            "train-images-idx3-ubyte and train-labels-idx1-ubyte. Rename both so."
        )
    there = {p.name: p for p in path.parent.iterdir() if p.is_file()}
    as_written = (wanted, f"{wanted}.gz")
    in_any_case = sorted(name for name in there if name.lower() in {n.lower() for n in as_written})
    for name in (*as_written, *in_any_case):
        if name in there:
            return there[name]
    raise DataError(
        f"There is no file of {what} beside {path.name}; expected {wanted} or {wanted}.gz in the same folder. "
        "Put it there, or rename the one that belongs to it."
    )


def _swapped(name: str, old: str, new: str) -> str:
    """``name`` with ``new`` in place of ``old``, in capitals where ``old`` is: all, the first, or none."""

    def like(found: re.Match[str]) -> str:
        word = found[0]
        return new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new

    return re.sub(old, like, name, flags=re.IGNORECASE)
