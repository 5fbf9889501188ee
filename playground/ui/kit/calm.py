"""Numbers that are read change a few times a second at most, and all of them at the same frame: they never contradict one another."""

from __future__ import annotations

import math
from time import perf_counter

from playground.runner.messages import Frame, State

#: seconds between two changes while the run goes on
PAUSE = 0.07


class Calm:
    """Says of each frame whether its numbers are to be written; whoever asks about one frame is told the same."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._due, self._since = True, -math.inf

    def due(self, frame: Frame) -> bool:
        """A change of state is shown at once."""
        last = self._frame
        if frame is not last:
            now = perf_counter()
            runs_on = last is not None and frame.state is last.state is State.RUNNING
            self._due = not runs_on or now - self._since >= PAUSE
            self._since = now if self._due else self._since
            self._frame = frame
        return self._due
