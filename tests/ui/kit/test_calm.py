"""Numbers that are read: all views write those of the same frames."""

import pytest

from playground.document.project import Project
from playground.runner.messages import Frame, State
from playground.ui.kit import calm
from playground.ui.kit.calm import Calm


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(calm, "perf_counter", lambda: now[0])
    return now


def frame(state: State = State.RUNNING) -> Frame:
    return Frame(Project(), state=state)


def test_whoever_asks_about_a_frame_is_told_the_same(clock: list[float]) -> None:
    told, first, second, third = Calm(), frame(), frame(), frame()
    assert [told.due(first), told.due(first)] == [True, True]
    clock[0] += calm.PAUSE / 2
    assert not told.due(second)
    clock[0] += calm.PAUSE
    assert not told.due(second), "the one who asks later must not differ"
    assert [told.due(third), told.due(third)] == [True, True]


def test_a_change_of_state_and_a_run_that_rests_are_shown_at_once(clock: list[float]) -> None:
    told = Calm()
    assert told.due(frame())
    assert told.due(frame(State.PAUSED))
    assert told.due(frame(State.PAUSED))
    assert told.due(frame())
    assert not told.due(frame())
