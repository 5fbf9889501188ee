"""Memory that two processes see: arrays are put there once and taken out once, and never go through a pipe.

A frame holds some hundred kilobytes of arrays, sixty times a second. Through a pipe they would be copied in pieces of 64 kB, with both
processes taking turns for each; here each side makes one copy. The window owns the memory, so that none is left behind whatever
becomes of the other process.

Where there is too little of such memory (in a container, say), arrays go through the pipe after all.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import math
import os
import pickle
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from engine.core import Array

#: arrays begin at multiples of this, as they like to
ALIGN = 64


def _cells_of(memory: SharedMemory | None) -> memoryview:
    if memory is None or memory.buf is None:
        raise ValueError("This shared memory is closed; expected it open. Ask before it is given back.")
    return memory.buf


@dataclass
class Room:
    """A piece of shared memory, by name: what the window sends when it has made one. No name: arrays go through the pipe."""

    name: str
    size: int

    def opened(self) -> Room:
        """The same, ready to be written to."""
        self._memory = SharedMemory(self.name) if self.name else None
        return self

    @property
    def is_pipe(self) -> bool:
        """Whether there is no shared memory, only the pipe."""
        return not self.name

    @property
    def cells(self) -> memoryview:
        return _cells_of(self._memory)

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()

    def give_back(self) -> None:
        """Do away with the memory, where whoever made it has died."""
        if self._memory is not None:
            self._memory.close()
            with contextlib.suppress(FileNotFoundError):
                self._memory.unlink()


@dataclass(frozen=True)
class TooSmall:
    """What was to be sent does not fit; ``size`` bytes are needed."""

    size: int


@dataclass(frozen=True)
class Packed:
    """A pickled value whose arrays lie in the first ``size`` bytes of the room, or of ``cells`` where there is no room."""

    words: bytes
    size: int
    cells: bytes = b""


class _Places:
    """Arrays and their places in a room. Python's own out-of-band pickling does the same at four times the price per array."""

    def __init__(self) -> None:
        self.arrays: list[tuple[int, Array]] = []
        self.end = 0

    def reduce(self, array: Array) -> Any:
        """How pickle writes an array: as its place."""
        if array.dtype.hasobject:
            return array.__reduce_ex__(5)
        start = -(-self.end // ALIGN) * ALIGN
        self.end = start + array.nbytes
        self.arrays.append((start, array))
        return _array_at, (start, array.dtype.str, array.shape)


class _Cells:
    """Where the arrays of the value that is being unpacked lie: pickle has no way to hand it on."""

    now: bytes | memoryview = b""


def _array_at(start: int, dtype: str, shape: tuple[int, ...]) -> Array:
    # A copy of its own: who keeps one array of a frame does not keep all the others.
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    return np.ndarray(shape, kind, bytes(_Cells.now[start : start + size]))


def packed(value: object, room: Room) -> Packed | TooSmall:
    """Put the arrays of ``value`` into the room, and say the rest; TooSmall, and nothing done, where they do not fit."""
    file = io.BytesIO()
    places = _Places()
    packer = pickle.Pickler(file, protocol=5)
    # No method of a pickler's own: in a circle with it, the arrays would stay until they are collected.
    packer.dispatch_table = copyreg.dispatch_table | {np.ndarray: places.reduce}
    packer.dump(value)
    if places.end > room.size and not room.is_pipe:
        return TooSmall(places.end)
    own = bytearray(places.end + 1 if room.is_pipe else 0)
    cells = memoryview(own) if room.is_pipe else room.cells
    for start, array in places.arrays:
        np.ndarray(array.shape, array.dtype, cells, start)[...] = array
    return Packed(file.getvalue(), places.end, bytes(own))


def _reserved(size: int) -> SharedMemory | None:
    """Shared memory that is really there; ``None`` where there is too little.

    The system promises more than it has, and ends a process that writes where there is nothing (SIGBUS).
    """
    try:
        memory = SharedMemory(create=True, size=size)
    except OSError:
        return None
    file = getattr(memory, "_fd", -1)  # no public way leads to it
    if hasattr(os, "posix_fallocate") and file >= 0:
        try:
            os.posix_fallocate(file, 0, size)
        except OSError:
            memory.close()
            memory.unlink()
            return None
    return memory


class Crate:
    """The window's end of a room. Used by one thread."""

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None

    def grown(self, size: int) -> Room:
        """Make room for ``size`` bytes and half as much again, if there is as much, and give up the old one."""
        self.empty()
        self._memory = _reserved(max(ALIGN, size + size // 2))
        return Room(self._memory.name, self._memory.size) if self._memory is not None else Room("", 0)

    def unpacked(self, message: Packed) -> Any:
        """The value again. Its arrays are copies, and read-only."""
        _Cells.now = message.cells or (_cells_of(self._memory) if self._memory is not None else b"")
        try:
            return pickle.loads(message.words)
        finally:
            _Cells.now = b""

    def empty(self) -> None:
        """Give the memory back."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
            # a process that took this one for dead has been faster
            with contextlib.suppress(FileNotFoundError):
                memory.unlink()
