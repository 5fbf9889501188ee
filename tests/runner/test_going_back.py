"""Stepping back and scrubbing, as the window asks for them."""

import numpy as np
import pytest

from engine.optimizers import SGD
from playground.document import edits
from playground.document.examples import example
from playground.runner.messages import GoTo, Load, Pause, Play, SetWants, State, Step, StepBack, Weights
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until

CIRCLE = example("circle").project
FIRST = next(n.id for n in CIRCLE.network.nodes if n.layer.parameters((2,)))
WANT = Weights(FIRST)


@pytest.fixture
def runner(runner: Runner) -> Runner:
    runner.send(Load(CIRCLE))
    runner.send(SetWants(frozenset({WANT})))
    return runner


def weights_at(runner: Runner, step: int) -> np.ndarray:
    frame = until(runner, lambda f: f.step == step and f.state is not State.RUNNING and WANT in f.answers)
    return frame.answer(WANT)["weight"]


def test_a_step_back_undoes_a_step(runner: Runner) -> None:
    for _ in range(3):
        runner.send(Step())
    third = weights_at(runner, 3)
    runner.send(Step())
    weights_at(runner, 4)
    runner.send(StepBack())
    np.testing.assert_array_equal(weights_at(runner, 3), third)
    runner.send(StepBack("epoch"))
    assert until(runner, lambda f: f.step == 0).state is State.READY


def test_scrubbing_shows_the_moment_and_play_goes_on_from_it(runner: Runner) -> None:
    runner.send(Step())
    first = weights_at(runner, 1)
    runner.send(Play())
    until(runner, lambda f: f.epoch > 20)
    runner.send(GoTo(1))
    frame = until(runner, lambda f: f.step == 1 and f.state is not State.RUNNING)
    np.testing.assert_array_equal(frame.answer(WANT)["weight"], first)
    assert frame.state is State.PAUSED
    assert frame.earliest_step == 0
    assert frame.latest_step > 20
    runner.send(Play())
    far = until(runner, lambda f: f.epoch > 40)
    epochs = far.log["epoch"]
    assert (np.diff(epochs) == 1).all(), "each epoch has one row"
    runner.send(Pause())


def test_what_was_before_a_change_of_settings_is_not_pretended(runner: Runner) -> None:
    for _ in range(4):
        runner.send(Step())
    weights_at(runner, 4)
    runner.send(Load(edits.set_fit(CIRCLE, CIRCLE.fit.replace(optimizer=SGD(lr=0.001)))))
    assert until(runner, lambda f: f.earliest_step == 4).latest_step == 4
    runner.send(StepBack())
    runner.send(Step())
    weights_at(runner, 5)


def test_the_curves_begin_alike_for_whoever_has_gone_back_to_the_start() -> None:
    session = Session()
    session.load(CIRCLE)
    assert session.trainer is not None
    first = session.trainer.log.view().rows.copy()
    session.play()
    session.train(600.0, 3)
    session.go_to(0)
    np.testing.assert_array_equal(session.trainer.log.view().rows, first)
