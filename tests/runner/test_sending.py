"""Both ends of the line in this process: what is sent of a frame, what is not sent again, and what each end keeps of it."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator
from multiprocessing import Pipe
from typing import Any

import numpy as np
import pytest

from engine import probe
from playground.document.examples import example
from playground.document.project import Project, data_of
from playground.document.store import Pending
from playground.runner import remote
from playground.runner.messages import Diagnosis, Frame, Load, Surface, Want
from playground.runner.remote import Remote
from playground.runner.serving import Sender
from playground.runner.session import Session

CIRCLE, REGRESSION = example("circle").project, example("regression").project


class Line:
    """A session and its sender at one end, the window's at the other."""

    def __init__(self) -> None:
        self.window, self.session = Remote(), Session()
        self.window._line, self._theirs = Pipe()
        self.sender = Sender(self._theirs)
        self.sender.move(self.window._crate.grown(1 << 20))

    def load(self, project: Project) -> None:
        self.window.send(Load(project))
        loaded = self._theirs.recv()
        self.sender.note(loaded)
        self.session.load(loaded.load.project)

    def frame(self, wants: Collection[Want[Any]] = ()) -> Frame:
        """This moment, as it arrives."""
        self.sender.put(self.session.frame(wants))
        found = self.window.take()
        assert found is not None
        self._theirs.recv()
        self.sender.ask()
        return found

    def close(self) -> None:
        self.sender._room.close()
        self.window.end()
        self._theirs.close()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.close()


def test_what_the_data_say_of_a_frame_is_known_before_they_are_here(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pending(_: Project) -> None:
        raise Pending("They are being made.")

    line.load(REGRESSION)
    monkeypatch.setattr(remote, "data_of", pending)
    first, second = line.frame(), line.frame()
    assert first.data is None
    assert first.metric_name == "R²"
    assert first.extent == probe.extent(data_of(REGRESSION))
    assert second.extent is first.extent, "it is not sent again"


def test_what_was_sent_is_not_kept_but_known_where_it_is_the_same_again(line: Line) -> None:
    line.load(CIRCLE)
    line.session.inspect()
    wants = Surface("linear1"), Diagnosis()
    made = line.session.frame(wants)
    surface = weakref.ref(made.answer(wants[0]))
    line.sender.put(made)
    del made
    assert surface() is None, "a second copy of what the window has"
    first = line.window.take()
    line.sender.ask()
    second = line.frame(wants)
    assert second.answer(Diagnosis()) is first.answer(Diagnosis())
    assert second.trace is first.trace
    np.testing.assert_array_equal(second.answer(wants[0]), first.answer(wants[0]))
