"""Threads that share the parts of a training batch."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.parts import MOST_PARTS, Job, in_turn, share_by
from engine.program import at_work


@contextmanager
def team(processors: int | None = None) -> Iterator[None]:
    """Let as many threads work on batches in parts as there are processors for it.

    Args:
        processors: by default all; a window needs one for itself.
    """
    count = max(1, min(processors if processors is not None else os.cpu_count() or 1, MOST_PARTS))
    helpers = [_Helper() for _ in range(count - 1)]

    def share(jobs: Sequence[Job]) -> None:
        called = helpers[: len(jobs) - 1]
        for number, helper in enumerate(called, 1):
            helper.begin(jobs[number :: len(called) + 1])
        try:
            in_turn(jobs[:: len(called) + 1])
        finally:
            for helper in called:
                helper.wait()
        for helper in called:
            helper.raise_error()

    share_by(share if helpers else in_turn)
    try:
        yield
    finally:
        share_by(in_turn)
        for helper in helpers:
            helper.stop()


class _Helper:
    """A thread that does jobs when it is told to."""

    def __init__(self) -> None:
        # Faster to hand over than events and queues.
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._done.acquire()
        self._jobs: Sequence[Job] | None = ()  # None: it is to stop
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="parts", daemon=True)
        self._thread.start()

    def begin(self, jobs: Sequence[Job]) -> None:
        self._jobs, self._error = jobs, None
        self._go.release()

    def wait(self) -> None:
        """Until the jobs are done."""
        self._done.acquire()

    def raise_error(self) -> None:
        """What a job has raised."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        self._jobs = None
        self._go.release()
        self._thread.join()

    def _work(self) -> None:
        with at_work():
            while True:
                self._go.acquire()
                if self._jobs is None:
                    return
                try:
                    in_turn(self._jobs)
                except BaseException as error:  # noqa: BLE001  ``raise_error`` raises it in the thread that waits
                    self._error = error
                self._done.release()
