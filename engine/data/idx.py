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
from engine.errors import DataError, in_bytes
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
    return LABELS if names_labels(name) else IMAGES


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
                f"{path.name} says that it holds {in_bytes(total)} of {what}; expected at most "
                f"{in_bytes(MOST_BYTES)}. Choose a smaller file, or look whether this one is damaged."
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


def names_labels(name: str) -> bool:
    """Whether a file is called as MNIST's labels are."""
    return re.search("labels|idx1", name, re.IGNORECASE) is not None and "images" not in name.lower()
