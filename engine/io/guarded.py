"""The one way to read other people's files: plain files only, never more than is meant, and every failure said in words.

Such a file may have been made to do harm. A pipe is never waited for, a device never read, and whatever a foreign parser
(Pillow, NumPy, zipfile, safetensors …) raises over it becomes a DataError.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from engine.errors import DataError, EngineError, clipped, in_bytes

#: what the system is asked for on top: not to wait for who writes into a pipe, nothing done to line ends (Windows)
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def foreign(
    path: str | os.PathLike[str], expected: str = "a whole file, or a folder, that you may read"
) -> Iterator[None]:
    """Turn whatever goes wrong while ``path`` is read or parsed into a DataError; what the engine says itself stays as it is.

    Put only reading and parsing into the block: an error in the caller's own code there is taken for a fault of the file.

    Args:
        path: what is read; named in the sentence.
        expected: what it should be.
    """
    name = _named(path)
    try:
        yield
    except EngineError:
        raise
    except MemoryError:
        raise DataError(
            f"{name} does not fit into memory; expected so much free. Close other programs, or use a smaller file."
        ) from None
    except OSError as error:
        if error.strerror is None:  # of a parser, such as Pillow's UnidentifiedImageError
            raise _damaged(name, "damaged, cut short, or another kind of file", expected) from error
        raise DataError(
            f"{name} cannot be read: {error.strerror}; expected {expected}. Choose another, or change who may read it."
        ) from None
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(name, f"damaged or cut short ({clipped(str(error), 80)})", expected) from None
    except Exception as error:  # a foreign parser raises what it likes
        raise _damaged(name, "damaged, cut short, or another kind of file", expected) from error


def _damaged(name: str, how: str, expected: str) -> DataError:
    return DataError(f"{name} is {how}; expected {expected}. Choose another, or download or copy it again.")


@contextmanager
def opened(
    path: str | os.PathLike[str], limit: int, expected: str = "a whole file that you may read"
) -> Iterator[BinaryIO]:
    """A plain file of at most ``limit`` bytes, to read from; the block is as in ``foreign``.

    Raises DataError for what is no plain file, or larger, before anything of it is read.
    """
    with foreign(path, expected), _plain(path, limit, expected) as file:
        yield file


def read_bytes(
    path: str | os.PathLike[str], limit: int, expected: str = "a whole file that you may read"
) -> bytes:
    """All of a plain file. Raises DataError as ``opened`` does."""
    with opened(path, limit, expected) as file:
        found = file.read(
            os.fstat(file.fileno()).st_size + 1
        )  # no more, as room is made for all that is asked for
        if len(found) <= limit:  # some of the system's own files say that they are empty, and never end
            found += (
                file.read(limit + 1 - len(found)) if found and not os.fstat(file.fileno()).st_size else b""
            )
        if len(found) > limit:
            raise _too_large(path, len(found), limit)
        return found


def archive(file: BinaryIO, path: str | os.PathLike[str], most: int) -> zipfile.ZipFile:
    """The .zip that ``file``, opened from ``path``, holds. Raises DataError where the list of its members takes more than ``most`` bytes."""
    bounded = _Bounded(file, path, most)
    found = zipfile.ZipFile(bounded)
    bounded.most = None
    return found


class _Bounded:
    """A file from which no more than ``most`` bytes are read at once, as long as there is such a limit.

    ``zipfile`` reads the whole list of members at once, as long as the archive says that it is.
    """

    def __init__(self, file: BinaryIO, path: str | os.PathLike[str], most: int) -> None:
        self._file, self._path = file, path
        self.most: int | None = most
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if self.most is not None and size > self.most:
            raise DataError(
                f"{_named(self._path)} lists more files than can be read here; expected a list of at most {in_bytes(self.most)}. "
                "Unpack it, or choose a smaller one."
            )
        return self._file.read(size)


def _named(path: str | os.PathLike[str]) -> str:
    """A file's name in a sentence."""
    # No Path is made, as this is asked for each of many thousand pictures.
    return clipped(os.path.basename(path) or os.fspath(path), 100)


def _plain(path: str | os.PathLike[str], limit: int, expected: str) -> BinaryIO:
    # Asked before it is opened, as to open a device may do something to it, and once more, as it may have been exchanged.
    _check(path, os.stat(path), limit, expected)
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    try:
        _check(path, os.fstat(file.fileno()), limit, expected)
    except BaseException:
        file.close()
        raise
    return file


def _check(path: str | os.PathLike[str], found: os.stat_result, limit: int, expected: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "no plain file")
        raise DataError(f"{_named(path)} is {kind}; expected {expected}. Choose a file.")
    if found.st_size > limit:
        raise _too_large(path, found.st_size, limit)


def _too_large(path: str | os.PathLike[str], size: int, limit: int) -> DataError:
    return DataError(
        f"{_named(path)} is larger than can be read here ({in_bytes(size)}); expected at most {in_bytes(limit)}. Choose a smaller file."
    )
