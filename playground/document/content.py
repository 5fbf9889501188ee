"""What lies in the files that data come from, as a check sum: a file of the same name may hold something else another day, or elsewhere."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from engine.data import Source
from engine.errors import EngineError
from engine.io.guarded import opened
from engine.spec import File

#: files of a folder that are read, and places whose check sum is remembered
MOST_FILES, KEPT = 200_000, 64
#: bytes of one file: more than any that can be opened
MOST_BYTES = 1 << 44
_known: OrderedDict[str, tuple[tuple[object, ...], str]] = OrderedDict()


def content_of(source: Source) -> str:
    """A check sum of every byte of the files that ``source`` names; "" where it names none, or they cannot be read.

    Files that are as old and as long as last time are not read again.
    """
    if not source.from_disk:
        return ""
    paths = [Path(value) for p, value in source.values() if isinstance(p.kind, File) and value]
    found = [_sum_of(path) for path in paths]
    return "" if not found or not all(found) else hashlib.sha256(" ".join(found).encode()).hexdigest()[:16]


def _sum_of(path: Path) -> str:
    try:
        files = list(_files(path))
        marks = tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, _, s in files)
        known = _known.get(str(path))
        if known is not None and known[0] == marks:
            return known[1]
        digest = hashlib.sha256()
        for name, file, _ in files:
            digest.update(f"{name}\0".encode("utf-8", "surrogateescape"))
            with opened(file, MOST_BYTES) as stream:
                inner = hashlib.sha256()
                while block := stream.read(1 << 20):
                    inner.update(block)
                digest.update(inner.digest())
    except (OSError, EngineError):
        return ""
    _known[str(path)] = marks, digest.hexdigest()
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return digest.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Each plain file, with its name from ``path`` on, in the order of names. Raises OSError, also for more than MOST_FILES."""
    if not path.is_dir():
        yield "", path, _plain(path)
        return
    count = 0
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            count += 1
            if count > MOST_FILES:
                raise OSError(f"There are more than {MOST_FILES:,} files.")
            if stat.S_ISREG(file.stat().st_mode):
                yield file.relative_to(path).as_posix(), file, file.stat()


def _plain(path: Path) -> os.stat_result:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is no plain file.")
    return found
