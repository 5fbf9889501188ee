"""What a run hands out about itself: a step it has made, a moment to return to, the batch that comes next."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from engine.core import Array
from engine.evaluate import Score
from engine.schedules import Memory

#: bytes of a moment from which on it is put aside on the disk, where it is one that training may never return to
LARGE_MOMENT = 64 << 20


class StepInfo(NamedTuple):
    """One update: counts from 0, and the loss of its batch (penalty not included) before the update."""

    epoch: int
    step: int
    loss: float


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that training goes on from, at one moment; see ``Trainer.snapshot``."""

    epoch: int
    steps: int
    position: int
    arrays: dict[str, Array]
    randomness: dict[str, Any]
    memory: Memory
    scores: tuple[Score, Score]
    watch: tuple[int | None, float, int] = (None, float("inf"), 0)
    """Early stopping: the step of the best weights, their loss, and epochs waited since."""

    lowest: float = float("inf")
    """The best training loss so far, by which one tells whether this moment is sane."""

    @property
    def best_step(self) -> int | None:
        """The step of the weights that early stopping held; ``None``: it held none."""
        return self.watch[0]

    @property
    def place(self) -> str:
        """When it was, in words."""
        if not self.steps:
            return "the start"
        return f"update {self.steps}" if self.position else f"the end of epoch {self.epoch}"

    @property
    def nbytes(self) -> int:
        return sum(a.nbytes for a in self.arrays.values())


class Upcoming(NamedTuple):
    """A batch as training gathers it.

    ``x`` and ``t``: batch-last, as the program and the loss read them; ``indices`` ``(N,)``: which training samples they are.
    """

    x: Array
    t: Array
    indices: Array


def put_aside(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """A copy of all, to be kept for long: where they are large, views of a file that goes with the last of them, so that no memory
    is taken until they are read. Where the disk has no room for it, a copy in memory."""
    if sum(a.nbytes for a in arrays.values()) >= LARGE_MOMENT:
        with suppress(OSError):
            return _in_a_file(arrays)
    return {name: a.copy() for name, a in arrays.items()}


def _in_a_file(arrays: Mapping[str, Array]) -> dict[str, Array]:
    import tempfile

    # Many a Linux has its /tmp in memory, where nothing would be won; nobody's choice of another folder is overruled.
    folder = "/var/tmp" if tempfile.gettempdir() == "/tmp" and os.path.isdir("/var/tmp") else None
    found, start = {}, 0
    with tempfile.TemporaryFile(dir=folder) as file:
        # Written, not copied into the mapping: that would count as memory of this process until the disk has it.
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).data)
        file.flush()
        kept = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for name, array in arrays.items():
        found[name] = np.frombuffer(kept, array.dtype, array.size, start).reshape(array.shape)
        start += array.nbytes
    return found
