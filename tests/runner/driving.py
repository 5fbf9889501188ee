"""Waiting for frames of a runner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from playground.runner.messages import Frame
from playground.runner.runner import Runner


def until(runner: Runner, holds: Callable[[Frame], bool], seconds: float = 120.0) -> Frame:
    """The first frame for which ``holds``; fails after ``seconds``."""
    end = time.perf_counter() + seconds
    frame = None
    while time.perf_counter() < end:
        frame = runner.take() or frame
        if frame is not None and holds(frame):
            return frame
        threading.Event().wait(0.001)
    raise AssertionError(f"not reached; last frame: {frame and (frame.state, frame.message, frame.step)}")
