"""Work beside the window, of which only the newest of a kind counts."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.propagation import Bench

Job = Callable[[Bench], Any]

log = logging.getLogger(__name__)

#: milliseconds between two looks at what has been done
LOOK = 5
#: seconds a closing window waits for what is being done
PATIENCE = 0.5


class _Desk:
    """What waits, and what has been done. The thread knows nothing of the window, which may go at any time."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._waiting: dict[str, deque[Job]] = {kind: deque() for kind in kinds}
        self._benches = {kind: Bench() for kind in kinds}
        self._lock = threading.Lock()
        self.busy = False
        self.found: deque[tuple[str, Any]] = deque()

    def put(self, kind: str, jobs: Sequence[Job]) -> bool:
        """Have these done in place of what waits of their kind; whether a thread is to be started for them."""
        with self._lock:
            self._waiting[kind] = deque(jobs)
            idle, self.busy = not self.busy, self.busy or bool(jobs)
        return idle and bool(jobs)

    def clear(self) -> None:
        """Nothing that waits is done any more."""
        with self._lock:
            for jobs in self._waiting.values():
                jobs.clear()

    def work(self) -> None:
        """Do what waits, those of the first kind first, until nothing does."""
        while True:
            with self._lock:
                kind = next((kind for kind, jobs in self._waiting.items() if jobs), None)
                if kind is None:
                    self.busy = False
                    return
                job = self._waiting[kind].popleft()
            try:
                found = job(self._benches[kind])
            except Exception:  # whatever it is: what is asked next is done all the same
                log.exception("What was asked of %s could not be computed.", kind)
                self._benches[kind] = Bench()
                continue
            self.found.append((kind, found))


class Computing(QObject):
    """Does jobs on a thread of its own; what is asked anew of a kind is done in place of what waits.

    Args:
        kinds: in which order they are done.
    """

    done = Signal(str, object)  #: the kind, and what the job gave

    def __init__(self, kinds: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._desk = _Desk(kinds)
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self, interval=LOOK)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether something is still to be done, or to be told of."""
        return self._desk.busy or bool(self._desk.found)

    def ask(self, kind: str, jobs: Sequence[Job]) -> None:
        """Do these, one after another; ``done`` tells of each."""
        if self._desk.put(kind, jobs):
            self._thread = threading.Thread(target=self._desk.work, name="initialization", daemon=True)
            self._thread.start()
        self._timer.start()

    def give_up(self) -> None:
        """Nothing that waits is done any more, and nothing is told."""
        self._desk.clear()
        self._timer.stop()
        self._desk.found.clear()

    def stop(self) -> None:
        """Give up, and wait for what is being done, but not for long: the thread knows nothing of the window, and ends with the program."""
        self.give_up()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _look(self) -> None:
        busy = self._desk.busy  # before the last results are taken, not after
        while self._desk.found:
            self.done.emit(*self._desk.found.popleft())
        if not busy:
            self._timer.stop()
