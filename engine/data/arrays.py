"""Files of arrays, NumPy's .npy and .npz: which files belong together, which arrays they hold, and the numbers in them."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from engine.core import Array
from engine.data.images import MOST_BYTES
from engine.data.listing import is_hidden
from engine.data.pairing import LETTERS, role
from engine.errors import DataError, Offer, clipped, few, in_bytes
from engine.io.guarded import archive, foreign, opened
from engine.limits import DATA_BYTES

#: bytes that the arrays of a file may take; numbers of 8 bytes become numbers of 4
_MOST_UNPACKED = 2 * MOST_BYTES
#: arrays in one file, and files of arrays in one folder, that are looked at
_MOST_ARRAYS, _MOST_FILES = 1000, 200
#: bytes of the list of arrays in a file
_MOST_LIST = 4 << 20
ENDINGS = (".npz", ".npy")
_EXPECTED = "a file that NumPy's save or savez has written (.npy, .npz)"


@dataclass(frozen=True)
class Entry:
    """One array of a file, of which the head alone has been read.

    Attributes:
        path: the file.
        member: its name in the .npz, ending included; "" for a .npy.
        name: what it is called.
        shape, dtype: as the file says.
    """

    path: Path
    member: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def in_words(self) -> str:
        """ "x (100, 28, 28)" """
        return f"{clipped(self.name, LETTERS)} {clipped(str(self.shape), LETTERS)}"


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def family(path: Path) -> list[Path]:
    """The files that belong together: ``path``, and those beside it of one array each whose names differ in role or part alone.

    Of a folder: all files of arrays in it.
    """
    with foreign(path):
        is_folder = path.is_dir()
        beside = path if is_folder else path.parent
        called = role(path.stem)
        if not is_folder and called is None:
            return [path]
        names = files_in(beside)
    if is_folder:
        if not names:
            raise DataError(
                f"The folder {clipped(path.name, 80)} holds no {' or '.join(ENDINGS)} file; expected one. Choose another."
            )
        return _one_family(path, names)
    rest = called.rest if called is not None else ()
    others = [p for p in names if p != path and (to := role(p.stem)) is not None and to.rest == rest]
    return [path, *others]


def files_in(folder: Path) -> list[Path]:
    """The files of arrays in a folder, the first ones by name. Raises OSError."""
    return sorted(
        p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not is_hidden(p.name) and p.is_file()
    )[:_MOST_FILES]


def _one_family(folder: Path, names: list[Path]) -> list[Path]:
    """Of the files of a folder those that belong together. Raises DataError where there are several such families."""
    told = [p for p in names if role(p.stem) is not None] or names
    groups: dict[tuple[str, ...], list[Path]] = {}
    for p in told:
        said = role(p.stem)
        groups.setdefault(said.rest if said else (p.name,), []).append(p)
    if len(groups) == 1:
        return told
    raise DataError(
        f"The folder {clipped(folder.name, 80)} holds several sets of arrays: {few([p.name for p in told])}; expected one. Choose one.",
        offers=[
            Offer(clipped(group[0].name, LETTERS), (("path", str(group[0])),)) for group in groups.values()
        ],
    )


def entries(paths: Sequence[Path]) -> list[Entry]:
    """The arrays of a file; of several files, those of the ones that hold a single array, called as the files. Raises DataError."""
    first, *others = paths
    found = _entries_of(first)
    alone = len(found) == 1 and not others
    if len(found) > 1 or alone:
        return [_called_as_file(found[0])] if alone else found
    return [
        _called_as_file(found[0]),
        *(_called_as_file(one[0]) for p in others if len(one := _entries_of(p)) == 1),
    ]


def _called_as_file(entry: Entry) -> Entry:
    """The only array of a file, under the file's name where its own says nothing."""
    if entry.member and role(entry.name) is not None and role(entry.path.stem) is None:
        return entry
    return Entry(entry.path, entry.member, entry.path.stem, entry.shape, entry.dtype)


def _entries_of(path: Path) -> list[Entry]:
    with _members(path) as members:
        return [_entry(path, member, file) for member, file in members]


def read(entry: Entry) -> Array:
    """The numbers. Raises DataError."""
    with _members(entry.path, entry.member) as members:
        for _, file in members:
            with _words(entry.path, entry.name):
                found = npy.read_array(file, allow_pickle=False)
            if found.shape != entry.shape or found.dtype != entry.dtype:
                raise DataError(
                    f"{entry.path.name} has changed while it was read; expected it to stay. Read it again."
                )
            return np.asarray(found)
    raise DataError(
        f"{entry.path.name} no longer holds {clipped(entry.name, 80)}; expected it to stay. Read it again."
    )


@contextmanager
def _members(path: Path, only: str = "") -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """The arrays of a file, each open at its beginning: all, or one. A .npy's is called "". Raises DataError."""
    with foreign(path):
        if path.is_dir():
            raise DataError(
                f"{clipped(path.name, 80)} is a folder; expected a file that NumPy's savez has written (.npz). Choose the file."
            )
    with opened(path, DATA_BYTES, _EXPECTED) as file:
        start = file.read(len(npy.MAGIC_PREFIX))
        file.seek(0)
        if start == npy.MAGIC_PREFIX:
            yield iter([("", file)])
            return
        if not zipfile.is_zipfile(file):
            raise DataError(
                f"{path.name} is no .npz file: it does not begin as one, or is cut short; expected one that NumPy's "
                "savez has written. Choose another file, or save it again."
            )
        with archive(file, path, _MOST_LIST) as packed:
            members = packed.infolist()
            _check(members, path)
            chosen = [m for m in members if m.filename == only] if only else members
            yield ((m.filename, packed.open(m)) for m in chosen)  # type: ignore[misc]


def _check(members: list[zipfile.ZipInfo], path: Path) -> None:
    """Raises DataError where there are too many arrays, or would take more than can be used, before one of them is unpacked."""
    if not members:
        raise DataError(f"{path.name} holds no arrays; expected inputs and targets. Save both in one file.")
    if len(members) > _MOST_ARRAYS:
        raise DataError(
            f"{path.name} holds {len(members):,} files; expected at most {_MOST_ARRAYS:,} arrays. Save inputs and targets as one array each."
        )
    size = sum(member.file_size for member in members)
    if size > _MOST_UNPACKED:
        raise DataError(
            f"{path.name} holds {in_bytes(size)} when unpacked; expected at most {in_bytes(_MOST_UNPACKED)}. "
            "Save fewer samples, or bytes (uint8) in place of larger numbers."
        )


def _entry(path: Path, member: str, file: BinaryIO) -> Entry:
    """What the head of an array says. Raises DataError where it is none, or none of plain values."""
    name = re.sub(r"\.npy$", "", member) or path.stem
    with _words(path, name):
        if file.read(len(npy.MAGIC_PREFIX)) != npy.MAGIC_PREFIX:
            raise DataError(
                f"{clipped(name, 80)} in {path.name} is no array; expected one of numbers. Save the file anew with NumPy's savez."
            )
        # The third version is for arrays of records alone, which are none of numbers.
        head = {b"\1\0": npy.read_array_header_1_0, b"\2\0": npy.read_array_header_2_0}[file.read(2)]
        shape, _, dtype = head(file)
    if not all(type(n) is int and n >= 0 for n in shape):
        raise DataError(
            f"{clipped(name, 80)} in {path.name} has a shape that makes no sense; expected whole numbers. Save it anew."
        )
    if prod(shape) * max(1, dtype.itemsize) > _MOST_UNPACKED:
        raise DataError(
            f"{clipped(name, 80)} in {path.name} says that it takes {in_bytes(prod(shape) * dtype.itemsize)}; expected at most "
            f"{in_bytes(_MOST_UNPACKED)}. Save fewer samples, or look whether the file is damaged."
        )
    return Entry(path, member, name, shape, dtype)


@contextmanager
def _words(path: Path, name: str) -> Iterator[None]:
    """Whatever NumPy makes of one array becomes a sentence; a fault of the file as a whole is for the caller, who opened it."""
    try:
        yield
    except (DataError, OSError, MemoryError, EOFError, zlib.error, zipfile.BadZipFile):
        raise
    except Exception as error:  # noqa: BLE001  a foreign parser raises what it likes
        why = "Python objects" if "pickle" in str(error) else "something that cannot be read"
        raise DataError(
            f"{clipped(name, 80)} in {path.name} holds {why}; expected an array of numbers. Save it as a plain array."
        ) from None
