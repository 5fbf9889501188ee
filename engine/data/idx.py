"""MNIST's file format: a magic number, the sizes, then bytes.

Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, section "File formats". Big-endian; the third byte of the
magic number is the type (8: unsigned bytes), the fourth how many sizes follow.
"""

from __future__ import annotations

import gzip
import re
import struct
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from engine import progress
from engine.data.images import MOST_BYTES
from engine.errors import DataError

IMAGES = 0x00000803  #: three sizes: pictures, rows, columns
LABELS = 0x00000801  #: one size
_NAMES = {IMAGES: "pictures", LABELS: "labels"}
_CHUNK = 1 << 22
_GZIP = b"\x1f\x8b"


def is_idx(path: Path) -> bool:
    """Whether a file begins as one of these. Raises OSError, or what unpacking raises."""
    with _opened(path) as file:
        return file.read(4) in (struct.pack(">I", IMAGES), struct.pack(">I", LABELS))


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def read(path: Path, magic: int) -> NDArray[np.uint8]:
    """What the file holds: ``(N, H, W)`` for IMAGES, ``(N,)`` for LABELS.

    Raises DataError for a file of another kind, one that is cut short or too long, and one that is too large. OSError, EOFError
    and zlib.error are the caller's to translate.
    """
    what = _NAMES[magic]
    with _opened(path) as file:
        found = file.read(4)
        if found != struct.pack(">I", magic):
            other = next((n for m, n in _NAMES.items() if found == struct.pack(">I", m)), "")
            raise DataError(
                f"{path.name} begins with the bytes {found.hex(' ') or 'of nothing'}"
                + (f", which is a file of {other}" if other else "")
                + f"; expected {struct.pack('>I', magic).hex(' ')}, MNIST's mark of a file of {what}. Choose that one."
            )
        header = file.read(4 * (magic & 0xFF))
        if len(header) < 4 * (magic & 0xFF):
            raise _cut(path, 4 + len(header), "its sizes")
        shape = struct.unpack(f">{magic & 0xFF}I", header)
        total = prod(shape)
        if total == 0:
            raise DataError(
                f"{path.name} says that it holds {'×'.join(map(str, shape))} {what}; expected at least one. "
                "Choose another file."
            )
        if total > MOST_BYTES:
            raise DataError(
                f"{path.name} says that it holds {total / 2**30:.3g} GB of {what}; expected at most "
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
            raise _cut(path, len(out), f"{'×'.join(map(str, shape))} = {total:,} bytes")
        out += chunk
        progress.report(len(out), total)
    if file.read(1):
        raise DataError(
            f"{path.name} goes on behind its {total:,} bytes; expected its end there. Download or copy it again."
        )
    return np.frombuffer(out, np.uint8).reshape(shape)


def _cut(path: Path, there: int, promised: str) -> DataError:
    return DataError(
        f"{path.name} ends after {there:,} bytes; expected {promised}, as it says itself. It is cut short: "
        "download or copy it again."
    )


def images_in(folder: Path) -> Path:
    """The file of pictures in a folder: the one to train with where there are several. Raises DataError."""
    found = sorted(p for p in folder.iterdir() if re.search(r"images.*idx3", p.name) and p.is_file())
    if not found:
        raise DataError(
            f"The folder {folder.name} holds no file of pictures; expected one such as train-images-idx3-ubyte.gz. "
            "Choose another folder, or the file itself."
        )
    return next((p for p in found if p.name.startswith("train")), found[0])


def partner_of(path: Path) -> Path:
    """The file of labels that belongs to pictures, or of pictures that belongs to labels, packed or not. Raises DataError."""
    plain = path.name.removesuffix(".gz")
    swaps = (("images", "labels"), ("idx3", "idx1"))
    back = "labels" in plain and "images" not in plain
    for images, labels in swaps:
        plain = plain.replace(labels, images) if back else plain.replace(images, labels)
    for name in (plain, f"{plain}.gz"):
        if name != path.name and (path.parent / name).is_file():
            return path.parent / name
    what = "pictures" if back else "labels"
    raise DataError(
        f"There is no file of {what} beside {path.name}; expected {plain} or {plain}.gz in the same folder. "
        f"Put it there, or choose the file of {what} yourself."
    )
