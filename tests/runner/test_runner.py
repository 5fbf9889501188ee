"""The worker, in a thread and in a process of its own: commands in order, frames when taken, the same numbers as without it, and an end."""

import numpy as np
import pytest

from engine.layers import Linear
from playground.document import edits
from playground.document.examples import example
from playground.document.project import data_of
from playground.runner.messages import (
    Load,
    Pause,
    Play,
    Reset,
    SetSpeed,
    SetWants,
    State,
    Step,
    Surface,
    Weights,
)  # fmt: skip
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until

CIRCLE = example("circle").project


def test_states_follow_commands(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    assert until(runner, lambda f: f.state is State.READY).step == 0
    runner.send(Play())
    assert until(runner, lambda f: f.step > 100).epochs_per_second >= 0
    runner.send(Pause())
    paused = until(runner, lambda f: f.state is State.PAUSED)
    assert paused.steps_per_second == 0
    runner.send(Step("batch"))
    stepped = until(runner, lambda f: f.step > paused.step)
    assert stepped.step == paused.step + 1
    runner.send(Step("epoch"))  # counted from there: the one batch may have been an epoch's last
    after = until(runner, lambda f: f.state is State.PAUSED and f.epoch > stepped.epoch)
    assert after.epoch == stepped.epoch + 1
    runner.send(Reset())
    assert until(runner, lambda f: f.state is State.READY).epoch == 0


def test_the_same_numbers_with_and_without_the_thread(runner: Runner) -> None:
    runner.send(SetWants(frozenset({Surface("linear3"), Weights("linear1")})))
    runner.send(Load(CIRCLE))
    for _ in range(3):
        runner.send(Step("epoch"))
    frame = until(runner, lambda f: f.epoch == 3 and f.state is State.PAUSED)
    alone = Session()
    alone.load(CIRCLE)
    alone.play()
    alone.train(600.0, until_epoch=3)
    assert frame.train_loss == alone.frame().train_loss
    np.testing.assert_array_equal(frame.log.rows, alone.frame().log.rows)
    np.testing.assert_array_equal(
        frame.answer(Weights("linear1"))["weight"], alone.trainer.model.parameters["linear1"]["weight"]
    )


def test_wants_are_met_at_once_when_idle(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    until(runner, lambda f: f.state is State.READY)
    runner.send(SetWants(frozenset({Surface("tanh1", 20)})))
    frame = until(runner, lambda f: f.answer(Surface("tanh1", 20)) is not None)
    assert frame.answer(Surface("tanh1", 20)).shape == (4, 20, 20)


def test_slow_speed_is_kept_and_interrupted(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(SetSpeed(2.0))
    runner.send(Play())
    until(runner, lambda f: f.step >= 1)
    frame = until(runner, lambda f: f.step >= 3)
    assert frame.step < 100  # at full speed there would be thousands
    runner.send(SetSpeed(None))
    until(runner, lambda f: f.step > 1000)


def test_edits_while_running(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Play())
    until(runner, lambda f: f.step > 10)
    wider = edits.add_layer(CIRCLE, Linear(2), 4)
    runner.send(Load(wider))
    frame = until(runner, lambda f: f.project is wider and f.step > 200)
    assert frame.state is State.RUNNING
    runner.send(Load(edits.remove(wider, ["linear3"])))
    assert "Change the last layer" in until(runner, lambda f: f.state is State.EMPTY).message


def test_log_and_project_arrive_as_they_are(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Play())
    early = until(runner, lambda f: len(f.log) > 20)
    copy = early.log.rows.copy()
    late = until(runner, lambda f: len(f.log) > 400)
    assert late.project is CIRCLE
    assert late.data is data_of(CIRCLE)
    np.testing.assert_array_equal(late.log["epoch"], np.arange(len(late.log)))
    np.testing.assert_array_equal(late.log.rows[: len(copy)], copy)
    np.testing.assert_array_equal(early.log.rows, copy)
    runner.send(Reset())
    assert len(until(runner, lambda f: f.epoch < 100).log) < 110


def test_a_crash_is_shown_and_survived(thread: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = thread  # only there can it be made to fail
    runner.send(Load(CIRCLE))
    until(runner, lambda f: f.state is State.READY)
    with monkeypatch.context() as patch:
        patch.setattr(Session, "train", lambda *_, **__: 1 / 0)
        runner.send(Play())
        frame = until(runner, lambda f: f.state is State.CRASHED)
    assert "ZeroDivisionError" in frame.message
    assert "Traceback" in frame.details
    runner.send(Load(CIRCLE))
    runner.send(Play())
    until(runner, lambda f: f.step > 10)


def test_stopping_before_starting_is_harmless() -> None:
    Runner().stop()
