"""What is put aside of a run, so that it can go on after training, or the whole process that trains, has died.

Putting a moment aside costs a copy and a file, so it is done now and then: at most a small share of the time goes into it. The file lies
in a folder that only this program's own two processes use, and is gone when they are.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, thread_time
from typing import BinaryIO

from engine.io import replacing
from playground.runs.run import Run

#: seconds between two moments that are put aside, at least
EVERY = 0.5
#: share of the time that putting aside may take
COST = 0.01


class _Summed:
    """A file to write to, and the check sum of what has been written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sum = file, 0

    def write(self, data: bytes | memoryview) -> int:
        self.sum = zlib.crc32(data, self.sum)
        return self._file.write(data)


def _is_whole(file: BinaryIO) -> bool:
    """Whether the file's last four bytes are the check sum of all before them; afterwards it stands at its beginning."""
    left, found = file.seek(0, os.SEEK_END) - 4, 0
    file.seek(0)
    while left > 0 and (piece := file.read(min(left, 1 << 20))):
        found, left = zlib.crc32(piece, found), left - len(piece)
    whole = file.read() == found.to_bytes(4, "big")
    file.seek(0)
    return whole


class Shelf:
    """The file in which a process keeps what it has put aside, for the one that may have to replace it.

    Args:
        folder: private to this program, as what is read there is believed.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "aside"

    def write(self, run: Run) -> None:
        """Replace what was there, all at once. Raises OSError."""
        with replacing(self._path, durable=False) as file:  # it need not outlast the machine
            summed = _Summed(file)
            pickle.dump(run, summed, protocol=5)
            file.write(summed.sum.to_bytes(4, "big"))

    def read(self) -> Run | None:
        """What was put aside last; ``None`` where there is nothing, or nothing that can be read."""
        try:
            with self._path.open("rb") as file:
                if not _is_whole(file):
                    return None
                found = pickle.load(file)
        except Exception:  # noqa: BLE001  of a broken one, unpickling raises whatever it comes across
            return None
        return found if isinstance(found, Run) else None

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


class Keeper:
    """Puts a run aside whenever it has gone on, but seldom enough to cost next to nothing.

    Args:
        aside: the present moment; ``None`` where there is nothing worth it.
        mark: is another one whenever ``aside`` is; ``None`` while nothing can be trained, and then what was put aside stays.
        shelf: where to; without one, it is kept here alone.
    """

    def __init__(
        self, aside: Callable[[], Run | None], mark: Callable[[], object], shelf: Shelf | None
    ) -> None:
        self._aside, self._mark, self._shelf = aside, mark, shelf
        self._marked: object = None
        self._due = 0.0
        self.last: Run | None = None

    def left(self) -> float | None:
        """Seconds until there is something to put aside; ``None``: nothing has changed."""
        return None if self._mark() in (None, self._marked) else max(self._due - perf_counter(), 0.0)

    def look(self) -> None:
        """Put this moment aside if it is time to. Call it often, between updates."""
        if perf_counter() < self._due or (mark := self._mark()) in (None, self._marked):
            return
        self._marked, before = mark, thread_time()
        # Where there is no room for it, there is no way back after a crash, and that is said then.
        with contextlib.suppress(OSError, MemoryError):
            self.last = None
            self.last = self._aside()
            if self._shelf is not None:
                if self.last is None:
                    self._shelf.clear()
                else:
                    self._shelf.write(self.last)
        # Of processor: on a busy machine, most of the time that passes is not taken from training.
        self._due = perf_counter() + max(EVERY, (thread_time() - before) / COST)
