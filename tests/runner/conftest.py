"""Runners to test with. Starting a process takes a second or more of processor, so that one serves a whole file of tests in which none dies."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator

import pytest

from playground.document.project import Project
from playground.runner.messages import Load, Pause, SetSpeed, SetWants
from playground.runner.runner import Runner
from tests.runner.driving import until


@pytest.fixture
def thread() -> Iterator[Runner]:
    """With its worker in a thread of this process."""
    made = Runner(own_process=False)
    made.start()
    yield made
    made.stop()
    assert "training" not in [t.name for t in threading.enumerate()]


@pytest.fixture(scope="module")
def warm() -> Iterator[Runner]:
    """With its worker in a process of its own, as the last test of this file has left it: ``process`` is what tests want."""
    made = Runner()
    made.start()
    yield made
    made.stop()
    assert multiprocessing.active_children() == []


@pytest.fixture
def process(warm: Runner) -> Runner:
    """With its worker in a process of its own, and nothing that it was told before holds any more."""
    nothing = Project(name="nothing")
    for command in (Pause(), SetSpeed(None), SetWants(frozenset()), Load(nothing, another=True)):
        warm.send(command)
    until(warm, lambda f: f.project is nothing and not f.answers)
    return warm


@pytest.fixture(params=["thread", "process"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Both, one after the other."""
    found: Runner = request.getfixturevalue(request.param)
    return found
