"""A worked example fades after two right rounds and comes back after two wrong ones; its numbers are the engine's."""

from collections.abc import Iterable

import pytest

from playground.document.examples import example
from playground.lessons.faded import LEVELS, Fading, exercise
from playground.runner.session import Session


def after(rounds: Iterable[bool], most: int = LEVELS) -> Fading:
    fading = Fading()
    for right in rounds:
        fading = fading.after(right, most)
    return fading


@pytest.mark.parametrize(
    ("rounds", "most", "level", "done"),
    [
        ([], 3, 0, False),
        ([True], 3, 1, False),
        ([True, True], 3, 1, False),
        ([True, True, True], 3, 2, False),
        ([True, True, False, True, True], 3, 2, False),
        ([True, True, False, True], 3, 1, False),
        ([True] * 3 + [False, False], 3, 1, False),
        ([True, False, False], 3, 0, False),
        ([True] * 7, 3, 3, True),
        ([True] * 3, 1, 1, True),
        ([True] * 3 + [False, False], 1, 0, True),
    ],
)
def test_two_right_fade_and_two_wrong_step_back(
    rounds: list[bool], most: int, level: int, done: bool
) -> None:
    found = after(rounds, most)
    assert (found.level, found.done) == (level, done)


@pytest.mark.parametrize("key", ["first-steps", "circle", "first-convolution"])
def test_more_is_left_blank_at_each_level(key: str) -> None:
    session = Session()
    session.load(example(key).project, another=True)
    session.inspect()
    trace = session.inspection.trace
    rounds = [exercise(trace, level, "{:.4g}".format) for level in range(LEVELS + 1)]
    blanks = [[line.blank for line in lines] for lines in rounds]
    assert not any(blanks[0])
    assert blanks[1] == [False] * (len(blanks[1]) - 1) + [True]
    last = [line.node_id == rounds[0][-1].node_id for line in rounds[0]]
    assert blanks[2] == last
    assert 1 < sum(last) < len(last)
    assert all(blanks[3])
    for line in rounds[1]:
        assert line.numbers, "at the first level the last numbers are put in"
    assert all(not line.numbers for line in rounds[3])


def test_the_answers_are_the_engines() -> None:
    session = Session()
    session.load(example("first-steps").project, another=True)
    session.inspect()
    trace = session.inspection.trace
    lines = exercise(trace, 3, str)
    row = trace.row(trace.samples[0])
    arrives = trace.gradients["linear2"][row][0]
    assert [line.answer for line in lines] == pytest.approx([
        arrives, *trace.gradients["tanh1"][row], *trace.gradients["linear1"][row],
        *trace.parameter("linear1", "weight", "gradient")[0],
    ])  # fmt: skip
    assert "w_{1,1} = " in lines[1].given[0]
