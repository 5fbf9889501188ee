"""One place for one frame: the worker leaves the newest, the window takes it when it is ready to draw."""

from __future__ import annotations

from collections import deque

from playground.runner.messages import Frame


class Mailbox:
    """Holds at most one frame; a newer one replaces it. Each method is one atomic step, so no lock is needed."""

    def __init__(self) -> None:
        self._place: deque[Frame] = deque(maxlen=1)

    @property
    def wanted(self) -> bool:
        """Whether the last frame has been taken, so that making another is worth the work."""
        return not self._place

    def put(self, frame: Frame) -> None:
        self._place.append(frame)

    def take(self) -> Frame | None:
        """The newest frame that was not taken yet, or ``None``."""
        try:
            return self._place.popleft()
        except IndexError:
            return None
