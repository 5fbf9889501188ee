"""The worker's manners: what it restarts and keeps, how it keeps a speed, when it makes frames, and that it sleeps when idle."""

import threading
import time

import numpy as np
import pytest

from engine.layers import Linear
from engine.optimizers import SGD
from playground.document import edits
from playground.document.examples import example
from playground.runner import session
from playground.runner.messages import (
    Command,
    Frame,
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
)
from playground.runner.rescue import Shelf
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until, until_so

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project


# --- what a Load keeps -------------------------------------------------------------------------------------------------


def test_another_project_begins_afresh_and_waits(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Play())
    until(runner, lambda f: f.epoch > 2)
    again = example("circle").project  # equal, but opened anew
    runner.send(Load(again, another=True))
    frame = until(runner, lambda f: f.project is again)
    assert (frame.state, frame.epoch, len(frame.log)) == (State.READY, 0, 1)


def test_an_undo_brings_a_layer_back_with_its_weights(runner: Runner) -> None:
    want = Weights("linear2")
    runner.send(SetWants(frozenset({want})))
    runner.send(Load(CIRCLE))
    runner.send(Step("epoch"))
    before = until(runner, lambda f: f.epoch == 1 and f.state is State.PAUSED).answer(want)["weight"]
    without = edits.remove(CIRCLE, ["linear2"])
    runner.send(Load(without))
    assert until(runner, lambda f: f.project is without).answer(want) is None
    runner.send(Load(CIRCLE))
    after = until(runner, lambda f: f.project is CIRCLE and f.answer(want) is not None).answer(want)["weight"]
    np.testing.assert_array_equal(after, before)


def test_the_curves_arrive_whole_and_begin_anew(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Play())
    long = until(runner, lambda f: f.epoch >= 300)  # longer than the first table, taken in many pieces
    np.testing.assert_array_equal(long.log["epoch"], np.arange(long.epoch + 1))
    rows = long.log.rows.copy()
    runner.send(Pause())
    runner.send(Reset())
    short = until(runner, lambda f: f.state is State.READY)
    assert len(short.log) == 1
    np.testing.assert_array_equal(short.log.rows, rows[:1])
    np.testing.assert_array_equal(long.log.rows, rows, err_msg="a view that was given out has changed")


def test_divergence_stops_the_run_and_says_where(runner: Runner) -> None:
    linear = edits.set_layer(edits.set_layer(CIRCLE, "tanh1", Linear(4)), "tanh2", Linear(4))
    wild = edits.set_fit(linear, linear.fit.replace(optimizer=SGD(lr=100.0, momentum=0.99)))
    runner.send(Load(wild))
    runner.send(Play())
    frame = until(runner, lambda f: f.state is State.DIVERGED)
    assert frame.broken_node in [n.id for n in wild.network.nodes]
    assert "Lower the learning rate" in frame.message
    calm = edits.set_fit(wild, CIRCLE.fit)
    runner.send(Load(calm))
    runner.send(Play())
    until(runner, lambda f: f.state is State.RUNNING and f.project is calm)


@pytest.mark.parametrize(
    "after", [Reset(), Load(CIRCLE), Load(edits.new_weights(CIRCLE))], ids=["reset", "load", "edit"]
)
def test_a_crash_is_got_over(thread: Runner, monkeypatch: pytest.MonkeyPatch, after: Command) -> None:
    thread.send(Load(CIRCLE))
    until(thread, lambda f: f.state is State.READY)
    with monkeypatch.context() as patch:
        patch.setattr(Session, "train", lambda *_, **__: 1 / 0)
        thread.send(Play())
        crashed = until(thread, lambda f: f.state is State.CRASHED)
    assert "ZeroDivisionError" in crashed.message
    assert crashed.details.startswith("Traceback")
    thread.send(after)
    assert until(thread, lambda f: f.state is State.READY).message == ""
    thread.send(Play())
    until(thread, lambda f: f.step > 10)


def test_training_goes_on_while_nobody_reads_large_frames(process: Runner) -> None:
    process.send(Load(example("spiral").project))
    process.send(SetWants(frozenset(Surface(i, 150) for i in ("linear1", "tanh1", "linear2", "tanh2"))))
    process.send(Play())
    first = until(process, lambda f: f.state is State.RUNNING and len(f.answers) == 4)
    shelf = Shelf(process._end._folder)  # tells how far it is, though nobody looks
    later = until_so(lambda: (found := shelf.read()) and found.snapshot.steps > first.step + 500 and found)
    until(process, lambda f: f.step > later.snapshot.steps)


def test_memory_that_runs_out_is_a_sentence(thread: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the network looked small enough before it was made."""

    def full(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 3 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(session, "Model", full)
        thread.send(Load(CIRCLE))
        frame = until(thread, lambda f: f.state is State.CRASHED)
    assert "more memory than there is (MemoryError" in frame.message
    thread.send(Load(edits.set_seed(CIRCLE, 3)))
    until(thread, lambda f: f.state is State.READY)


def test_before_there_is_a_project_there_is_no_frame(thread: Runner) -> None:
    """The process that replaces a dead one is told the wants first: a frame of nothing would say that all was lost."""
    thread.send(SetWants(frozenset({Weights("linear1")})))
    thread.send(SetSpeed(None))
    until_so(lambda: thread._end._worker._wants)
    assert thread.take() is None
    thread.send(Load(CIRCLE))
    assert until(thread, lambda _: True).project is CIRCLE


# --- speed -------------------------------------------------------------------------------------------------------------


def test_commands_and_wants_interrupt_a_slow_speed_at_once(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    thread.send(SetSpeed(0.01))
    thread.send(Play())
    until(thread, lambda f: f.state is State.RUNNING and f.step == 1)
    thread.send(SetWants(frozenset({Weights("linear1")})))
    frame = until(thread, lambda f: f.answer(Weights("linear1")) is not None, seconds=60)
    assert frame.step == 1
    thread.send(Pause())
    assert until(thread, lambda f: f.state is State.PAUSED, seconds=60).step == 1


def test_a_slow_run_shows_the_loss_of_every_step(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    thread.send(SetSpeed(20.0))
    thread.send(Play())
    seen: dict[
        int, float
    ] = {}  # which steps are seen depends on the machine; that each has its own loss does not
    until(thread, lambda f: seen.update({f.step: f.train_loss}) or len(seen) >= 4)
    assert len(set(seen.values())) == len(seen)


def test_a_quick_speed_is_kept_on_the_whole(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    thread.send(SetSpeed(1000.0))
    start = time.perf_counter()
    thread.send(Play())
    last = until(thread, lambda f: f.step > 300)
    # At full speed it would be ten times as many; a machine that does much else can only make it fewer.
    assert last.step / (time.perf_counter() - start) < 1500


def test_resetting_in_the_middle_of_an_epoch_step_ends_it(thread: Runner) -> None:
    long = edits.set_fit(CIRCLE, CIRCLE.fit.replace(batch_size=1))
    long = edits.set_source(long, long.source.replace(samples=50_000))
    thread.send(Load(long))
    thread.send(Step("epoch"))
    until(thread, lambda f: f.state is State.RUNNING and f.step > 0)
    thread.send(Reset())
    assert until(thread, lambda f: f.step == 0).state is State.READY


def test_rates_never_go_below_nothing(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    thread.send(Play())
    until(thread, lambda f: f.steps_per_second > 0)
    other = edits.new_weights(CIRCLE)
    thread.send(Load(other))
    frame = until(thread, lambda f: f.project is other and f.step > 0)
    assert frame.steps_per_second >= 0
    assert frame.epochs_per_second >= 0


# --- economy -----------------------------------------------------------------------------------------------------------


def test_an_idle_worker_sleeps(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    until(thread, lambda f: f.state is State.READY)
    before = time.process_time()
    threading.Event().wait(0.3)
    assert thread.take() is None
    assert time.process_time() - before < 0.1


def test_frames_are_made_only_when_the_last_one_was_taken(
    thread: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    original = Session.frame

    def counted(self: Session, *arguments: object) -> Frame:
        made.append(self.trainer.steps if self.trainer else -1)
        return original(self, *arguments)

    monkeypatch.setattr(Session, "frame", counted)
    thread.send(Load(CIRCLE))
    thread.send(Play())
    until(thread, lambda f: f.step > 100)
    before = len(made)
    threading.Event().wait(0.2)  # dozens of bursts, and nobody takes a frame
    assert len(made) <= before + 1
    last = made[-1]
    assert until(thread, lambda f: f.step > last)


def test_commands_are_carried_out_in_order(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    for _ in range(25):
        thread.send(Step("batch"))
    thread.send(Play())
    thread.send(Pause())
    assert until(thread, lambda f: f.state is State.PAUSED).step >= 25


def test_a_gentle_start_shows_the_first_epochs_and_then_goes_at_full_speed(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    until(thread, lambda f: f.state is State.READY)
    thread.send(Play(gently=True))
    steps: list[int] = []
    until(thread, lambda f: steps.append(f.step) or f.step > 10_000)
    first = [step for step in dict.fromkeys(steps) if 0 < step <= 300]
    assert len(first) > 3, f"the first updates are seen: {first}"
    thread.send(Pause())
    paused = until(thread, lambda f: f.state is State.PAUSED)
    alone = Session()
    alone.load(CIRCLE)
    alone.play()
    alone.train(600.0, most=paused.step)
    alone.pause()
    assert paused.train_loss == alone.frame().train_loss, "how fast it goes changes no number"


def test_a_slow_speed_stays_slow_in_a_gentle_start(thread: Runner) -> None:
    thread.send(Load(CIRCLE))
    thread.send(SetSpeed(0.01))
    thread.send(Play(gently=True))
    until(thread, lambda f: f.step == 1)
    threading.Event().wait(0.2)
    frame = thread.take()
    assert frame is None or frame.step == 1
