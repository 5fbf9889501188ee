"""Which weight the cards are about: the step's own, the one clicked since, or the most telling one."""

import numpy as np
import pytest
from PySide6.QtCore import QObject

from engine import layers
from engine.trace import Place, moments
from playground.ui.kit.view import Focus, StepAt
from playground.ui.panels.backprop.subject import Subject, in_words
from tests.ui.panels.backprop.traced import small, trace_of


@pytest.fixture(scope="module")
def trace():
    return trace_of(small())


@pytest.fixture
def focus(qapp):
    return Focus()


@pytest.fixture
def subject(focus):
    parent = QObject()
    subject = Subject(focus, parent)
    subject.keep = parent
    return subject


def go(focus, trace, node, phase="forward", grain="layer", part=""):
    walk = moments(trace, grain, node if grain != "layer" else None)
    moment = next(m for m in walk if (m.node_id, m.phase) == (node, phase) and (not part or m.part == part))
    focus.show_step(StepAt(trace, moment, 0))
    return moment


def test_the_largest_gradient_of_the_active_layer_comes_first(focus, subject, trace):
    go(focus, trace, "linear1")
    gradient = np.abs(trace.parameter("linear1", "weight", "gradient"))
    assert gradient[subject.place.index] == gradient.max()
    assert subject.place.node_id == "linear1"


def test_a_layer_that_learns_nothing_leaves_it_to_the_one_before(focus, subject, trace):
    go(focus, trace, "relu1")
    assert subject.place.node_id == "linear1"


def test_the_parameter_of_the_step_is_the_subject(focus, subject, trace):
    moment = go(focus, trace, "linear2", "backward", "unit", "parameter")
    assert subject.place == Place("linear2", "parameter", "weight", moment.cell)


def test_a_click_wins_until_another_layer_s_turn(focus, subject, trace):
    go(focus, trace, "linear2")
    focus.choose_place(Place("linear1", "parameter_gradient", "weight", (2, 0)))
    assert subject.place == Place("linear1", "parameter", "weight", (2, 0))
    go(focus, trace, "relu1", "backward")
    assert subject.place == Place("linear1", "parameter", "weight", (2, 0))
    go(focus, trace, "linear2", "update")
    assert subject.place == Place(
        "linear1", "parameter", "weight", (2, 0)
    )  # its turn it was when it was clicked
    go(focus, trace, "linear1", "update")
    assert subject.place.node_id == "linear1"


def test_a_number_of_the_data_can_be_nudged_and_is_no_parameter(focus, subject, trace):
    go(focus, trace, "linear1")
    weight = subject.place
    focus.choose_place(Place("input", "gradient", "", (0, 1)))
    assert subject.nudged == Place("input", "value", "", (0, 1))
    assert subject.place == weight


@pytest.mark.parametrize(
    "place",
    [
        Place("gone", "parameter", "weight", (0, 0)),
        Place("linear1", "parameter", "weight", (99, 0)),
        Place("linear1", "parameter", "gone", (0,)),
        Place("linear1", "parameter", "weight", (0,)),
        Place("relu1", "value", "", (0, 1)),
    ],
)
def test_what_is_no_parameter_of_this_trace_is_not_taken(focus, subject, trace, place):
    go(focus, trace, "linear1")
    before = subject.place
    focus.choose_place(place)
    assert subject.place == before


def test_nothing_learns_nothing_is_shown(focus, subject):
    go(focus, trace_of(small(layers.Linear(3), layers.Linear(1)), 1), "linear1")
    assert subject.place is not None
    focus.show_step(None)
    assert subject.place is None
    assert subject.nudged is None


def test_in_words():
    assert in_words(Place("linear1", "parameter", "weight", (2, 0))) == "linear1 weight[3, 1]"
    assert in_words(Place("input", "value", "", (4, 1))) == "input[2] of sample 5"
