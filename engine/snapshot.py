"""What a run hands out about itself: a step it has made, a moment to return to, the batch that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.core import Array
from engine.evaluate import Score
from engine.schedules import Memory


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
