"""A walk is a value: every move gives another, and none loses its place."""

import pytest

from engine import layers
from engine.trace import GRAINS
from playground.ui.kit.walk import Walk
from tests.ui.panels.backprop.traced import small, trace_of


@pytest.fixture(scope="module")
def trace():
    return trace_of(small(layers.Linear(3), layers.Tanh(), layers.Linear(1), batch_size=4))


def test_there_and_back_is_the_same_step(trace):
    walk = Walk(trace, "unit")
    seen = [walk.go(i).moment for i in range(walk.last + 1)]
    assert [walk.go(walk.last).go(i).moment for i in reversed(range(walk.last + 1))] == seen[::-1]


def test_it_ends_where_there_is_no_step(trace):
    walk = Walk(trace)
    assert walk.go(-5).at == 0
    assert walk.go(10_000).at == walk.last


@pytest.mark.parametrize("grain", GRAINS)
def test_another_grain_stays_at_the_same_place(trace, grain):
    walk = Walk(trace, "layer")
    for at in range(walk.last + 1):
        here = walk.go(at)
        other = here.with_grain(grain)
        assert other.grain == grain
        assert other.moment.phase == here.moment.phase
        assert grain == "pass" or other.moment.node_id == here.moment.node_id


def test_inside_a_block_only_its_steps_are_fine(trace):
    walk = Walk(trace, "unit").inside("tanh1")
    assert walk.moment.node_id == "tanh1"
    fine = {m.node_id for m in walk.moments if m.grain == "unit"}
    assert fine == {"tanh1"}
    assert len(walk.moments) < len(Walk(trace, "unit").moments)


def test_inside_keeps_the_phase(trace):
    whole = Walk(trace, "unit")
    backward = whole.go(whole.moments.marks()["backward"].start)
    inside = backward.inside("linear1")
    assert (inside.moment.phase, inside.moment.node_id) == ("backward", "linear1")
    assert inside.inside("").within == ""


def test_data_are_no_block_to_go_through(trace):
    assert Walk(trace, "unit").inside("input").within == ""


def test_a_sample_changes_whose_numbers_they_are_and_not_the_step(trace):
    walk = Walk(trace).go(3)
    other = walk.of_sample(None)
    assert (other.sample, other.at, other.moment) == (None, 3, walk.moment)


def test_the_next_update_begins_at_its_first_step(trace):
    other = trace_of(small(layers.Linear(3), layers.Tanh(), layers.Linear(1), batch_size=2))
    walk = Walk(trace, "unit", "tanh1", 3, 7).next_trace(other)
    assert (walk.at, walk.grain, walk.within, walk.sample) == (0, "unit", "tanh1", 0)
