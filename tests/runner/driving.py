"""Waiting for frames of a runner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from playground.runner.messages import Frame
from playground.runner.runner import Runner

T = TypeVar("T")

#: seconds after which a test gives up: far more than anything takes, so that a busy machine fails no test
LONG = 120.0


def until_so(holds: Callable[[], T], seconds: float = LONG) -> T:
    """What ``holds`` gives, once that is true; fails after ``seconds``."""
    end = time.perf_counter() + seconds
    while not (found := holds()):
        assert time.perf_counter() < end, "not reached"
        threading.Event().wait(0.001)
    return found


def until(runner: Runner, holds: Callable[[Frame], bool], seconds: float = LONG) -> Frame:
    """The first frame for which ``holds``; fails after ``seconds``."""
    end = time.perf_counter() + seconds
    frame = None
    while time.perf_counter() < end:
        frame = runner.take() or frame
        if frame is not None and holds(frame):
            return frame
        threading.Event().wait(0.001)
    raise AssertionError(f"not reached; last frame: {frame and (frame.state, frame.message, frame.step)}")
