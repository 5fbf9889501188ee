"""Pulses as an edit of a project: the network draws exactly what was built."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import EngineError
from engine.layers import LeakyReLU, ReLU, Sigmoid, Tanh
from engine.pulses import Pulse, curve
from playground.document import edits, pulses
from playground.document.examples import example
from playground.runner.messages import Curve
from playground.runner.session import Session

START = example("pulses").project
BUILT = (Pulse(-2.0, -0.5, -0.9, 0.4), Pulse(0.25, 2.5, 1.1, 0.8), Pulse(2.5, 3.0, 0.3, 0.1))


def drawn(session: Session) -> tuple[np.ndarray, np.ndarray]:
    want = Curve("linear2", 301)
    frame = session.frame([want])
    return np.linspace(*frame.extent, 301), frame.data.transform.inverse_target(frame.answer(want).T)[:, 0]


def test_the_example_begins_with_one_pulse():
    (pulse,) = pulses.bench(START).built(START)
    assert (pulse.left, pulse.right, pulse.height, pulse.ramp) == pytest.approx(
        (0.7, 2.5, 0.9, 0.8), rel=1e-6
    )


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("kind", [ReLU, Sigmoid, Tanh])
def test_the_network_draws_what_was_built_in_the_units_of_the_data(kind, scaled):
    project = edits.set_layer(START, "relu1", kind())
    if scaled:
        preparation = project.preparation.replace(normalize="standardize", target="standardize")
        project = edits.set_preparation(project, preparation)
    session = Session()
    session.load(START)
    built = edits.build_pulses(project, BUILT)
    session.load(built)
    x, y = drawn(session)
    np.testing.assert_allclose(y, curve(BUILT, x, kind), atol=2e-5)
    assert built.network["linear1"].layer.out_features == len(BUILT) * pulses.bench(built).size
    for one, other in zip(pulses.bench(built).built(built), BUILT, strict=True):
        np.testing.assert_allclose(
            (one.left, one.right, one.height, one.ramp),
            (other.left, other.right, other.height, other.ramp),
            rtol=2e-5,
            atol=1e-6,
        )


def test_more_pulses_replace_what_was_learned_and_reset_comes_back_to_them():
    session = Session()
    session.load(START)
    session.play()
    session.train(60.0, 20)
    session.pause()
    session.load(edits.build_pulses(START, BUILT))
    x, y = drawn(session)
    np.testing.assert_allclose(y, curve(BUILT, x), atol=2e-5)
    session.play()
    session.train(60.0, 20)
    session.pause()
    assert np.abs(drawn(session)[1] - y).max() > 1e-3
    session.reset()
    np.testing.assert_array_equal(drawn(session)[1], y)


def test_it_learns_from_there():
    session = Session()
    session.load(edits.build_pulses(START, BUILT))
    before = session.trainer.train_score.loss
    session.play()
    session.train(60.0, 600)
    session.pause()
    assert session.trainer.score()[0].loss < 0.5 * before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda p: edits.set_layer(p, "relu1", LeakyReLU()), "made of ReLU, Sigmoid or Tanh"),
        (lambda p: edits.add_layer(p, "Linear", 1), "this one has 4 layers"),
        (lambda p: edits.set_source(p, example("circle").project.source), "one input"),
        (
            lambda p: edits.set_layer(p, "linear1", p.network["linear1"].layer.replace(bias=False)),
            "with biases",
        ),
    ],
)
def test_where_there_is_no_place_for_pulses_it_is_said_what_there_has_to_be(change, why):
    with pytest.raises(EngineError, match=why):
        edits.build_pulses(change(START), BUILT)


def test_none_and_too_many_are_refused():
    for many in (0, 25):
        with pytest.raises(EngineError, match="expected 1 to 24"):
            edits.build_pulses(START, BUILT[:1] * many)


def test_weights_that_were_drawn_or_set_by_hand_are_no_pulses():
    bench = pulses.bench(START)
    assert bench.built(edits.new_weights(START)) is None
    assert bench.built(edits.set_weight(START, "linear1", "weight", (0, 0), 1.0, 2.0)) is None
