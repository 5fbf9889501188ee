"""The process that trains is killed, again and again: nothing of the person's is lost, and Play goes on."""

import multiprocessing
import os
import pickle
import signal
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from playground.document import edits
from playground.document.examples import example
from playground.document.project import WeightEdit
from playground.runner import remote
from playground.runner.messages import (
    OWN,
    Frame,
    Inspect,
    Load,
    Maps,
    Pause,
    Play,
    Reset,
    SetSpeed,
    SetWants,
    ShowPicture,
    State,
    Step,
    Weights,
)
from playground.runner.rescue import Shelf
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until, until_so
from tests.runner.dying import die

pytestmark = pytest.mark.slow

CIRCLE, DIGITS = example("circle").project, example("digits-cnn").project
WANT = Weights("linear1")


@pytest.fixture
def runner() -> Iterator[Runner]:
    """On circle, with the weights of its first layer in each frame."""
    made = Runner()
    made.start()
    made.send(Load(CIRCLE))
    made.send(SetWants(frozenset({WANT})))
    yield made
    made.stop()
    assert multiprocessing.active_children() == []


def kill() -> int:
    """Kill the process that trains; which one it was."""
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGKILL)
    return child.pid


def until_aside(runner: Runner, step: int) -> None:
    shelf = Shelf(runner._end._folder)
    until_so(lambda: (runner.take(), (found := shelf.read()) and found.snapshot.steps == step)[1])


def after_death(runner: Runner) -> Frame:
    """The first frame of the process that has replaced the dead one."""
    return until(runner, lambda f: bool(f.notice))


def paused_somewhere(runner: Runner) -> Frame:
    """Paused after some epochs, with all of it put aside."""
    runner.send(Play())
    until(runner, lambda f: f.epoch > 20)
    runner.send(Pause())
    frame = until(runner, lambda f: f.state is State.PAUSED and f.step > 0)
    until_aside(runner, frame.step)
    return frame


def test_killed_while_paused_it_stands_where_it_stood_and_goes_on_bit_for_bit(runner: Runner) -> None:
    before = paused_somewhere(runner)
    kill()
    frame = after_death(runner)
    assert "SIGKILL" in frame.notice
    assert f"after update {before.step:,}." in frame.notice
    assert (frame.state, frame.step, frame.epoch) == (State.PAUSED, before.step, before.epoch)
    assert (frame.train_loss, frame.validation_loss) == (before.train_loss, before.validation_loss)
    np.testing.assert_array_equal(frame.log.rows, before.log.rows)
    np.testing.assert_array_equal(frame.answer(WANT)["weight"], before.answer(WANT)["weight"])
    runner.send(Step("epoch"))
    later = until(runner, lambda f: f.epoch == before.epoch + 1 and f.state is State.PAUSED)
    alone = Session()
    alone.load(CIRCLE)
    alone.play()
    alone.train(600.0, until_epoch=before.epoch + 1)
    assert later.train_loss == alone.frame().train_loss
    np.testing.assert_array_equal(later.log.rows, alone.frame().log.rows)


def test_killed_while_training_it_waits_at_the_last_moment_put_aside(runner: Runner) -> None:
    runner.send(Play())
    until(runner, lambda f: f.step > 0)
    until_so(lambda: Shelf(runner._end._folder).read())
    seen = [until(runner, lambda f: f.state is State.RUNNING).step]
    kill()
    # One more frame may have been on its way, and is seen before the news.
    frame = until(runner, lambda f: bool(f.notice) or seen.append(f.step))
    assert frame.state is State.PAUSED
    assert frame.step > 0
    assert f"after update {frame.step:,}" in frame.notice
    assert f"of {seen[-1]:,}" in frame.notice or frame.step >= seen[-1]
    runner.send(Play())
    assert until(runner, lambda f: f.state is State.RUNNING and f.step > frame.step).notice == ""


def test_news_of_a_death_goes_once_a_run_that_went_on_has_made_up_for_it(runner: Runner, monkeypatch) -> None:
    monkeypatch.setattr(remote, "READABLE", 0.0)
    before = paused_somewhere(runner)
    kill()
    until_so(lambda: (runner.take(), runner._end._why)[1])  # until the death is noticed
    runner.send(Play())  # before anything has been said of it
    assert until(runner, lambda f: bool(f.notice)).step >= before.step
    later = until(runner, lambda f: f.state is State.RUNNING and not f.notice)
    assert later.step > before.step


def test_news_of_a_death_can_be_read_for_a_while(runner: Runner) -> None:
    paused_somewhere(runner)
    kill()
    frame = after_death(runner)
    end = runner._end
    end._lost, end._told = frame.step, True
    end._let_be(frame.step + 1, State.RUNNING)
    assert end._notice
    end._told_at -= remote.READABLE
    end._let_be(frame.step + 1, State.PAUSED)
    assert end._notice, "nobody has gone on"
    end._let_be(frame.step, State.RUNNING)
    assert end._notice, "not made up for"
    end._let_be(frame.step + 1, State.RUNNING)
    assert not end._notice


def test_killed_twice_in_a_row(runner: Runner) -> None:
    before = paused_somewhere(runner)
    for _ in range(remote.RESTARTS):
        killed = kill()
        frame = until(runner, lambda f, killed=killed: bool(f.notice) and runner._end._process.pid != killed)
        assert (frame.state, frame.step) == (State.PAUSED, before.step)
        assert set(frame.answers) == {WANT}
    kill()
    crashed = until(runner, lambda f: f.state is State.CRASHED)
    assert "3 times in a row" in crashed.message
    assert crashed.project is CIRCLE
    assert (crashed.step, len(crashed.log)) == (before.step, len(before.log)), "what was seen last stays"
    runner.send(Play())
    assert until(runner, lambda f: f.state is State.RUNNING).step >= before.step


def test_who_resets_after_all_attempts_begins_anew_without_a_word(runner: Runner) -> None:
    paused_somewhere(runner)
    for _ in range(remote.RESTARTS + 1):
        killed = kill()
        frame = until(
            runner,
            lambda f, killed=killed: (
                f.state is State.CRASHED or (bool(f.notice) and runner._end._process.pid != killed)
            ),
        )
    assert frame.state is State.CRASHED
    runner.send(Reset())
    frame = until(runner, lambda f: f.state is State.READY)
    assert (frame.step, frame.notice) == (0, "")


def test_killed_right_at_the_start(runner: Runner) -> None:
    kill()
    frame = after_death(runner)
    assert frame.state is State.READY
    assert "Nothing of it is lost" in frame.notice
    runner.send(Play())
    until(runner, lambda f: f.epoch > 3)


def test_killed_while_an_update_is_looked_at(runner: Runner) -> None:
    before = paused_somewhere(runner)
    runner.send(Inspect())
    until(runner, lambda f: f.trace is not None)
    kill()
    frame = after_death(runner)
    assert frame.trace is None
    assert frame.step == before.step
    runner.send(Inspect())
    until(runner, lambda f: f.trace is not None)


def test_all_that_the_last_process_was_told_is_told_again() -> None:
    own = Maps("input", OWN, 3)
    runner = Runner()
    runner.start()
    try:
        runner.send(Load(DIGITS))
        runner.send(SetWants(frozenset({own})))
        runner.send(SetSpeed(0.01))
        runner.send(ShowPicture(3, np.full((1, 8, 8), 7.0)))
        before = until(runner, lambda f: f.answer(own) is not None)
        kill()
        frame = until(runner, lambda f: bool(f.notice) and f.answer(own) is not None)
        np.testing.assert_array_equal(frame.answer(own), before.answer(own))
        runner.send(Play())
        until(runner, lambda f: f.state is State.RUNNING and f.step == 1)
        time.sleep(0.1)
        assert (runner.take() or frame).step <= 1, "the speed was told again"
    finally:
        runner.stop()


def test_an_edit_the_dead_process_never_heard_of_is_not_lost(runner: Runner) -> None:
    before = paused_somewhere(runner)
    kill()
    calmer = edits.set_fit(CIRCLE, CIRCLE.fit.replace(batch_size=7))
    runner.send(Load(calmer))
    frame = after_death(runner)
    assert frame.project is calmer
    assert frame.step == before.step
    np.testing.assert_array_equal(frame.answer(WANT)["weight"], before.answer(WANT)["weight"])


def test_what_was_put_aside_of_another_project_is_not_brought_back(runner: Runner) -> None:
    paused_somewhere(runner)
    kill()
    runner.send(
        Load(pickle.loads(pickle.dumps(CIRCLE)), another=True)
    )  # opened from a file: equal, but no edit
    frame = after_death(runner)
    assert (frame.state, frame.step) == (State.READY, 0)


def test_a_reset_is_not_undone_by_a_crash(runner: Runner) -> None:
    paused_somewhere(runner)
    runner.send(Reset())
    until(runner, lambda f: f.state is State.READY and f.step == 0)
    until_so(lambda: Shelf(runner._end._folder).read() is None)
    kill()
    assert after_death(runner).step == 0


def test_hand_edits_can_still_be_undone_after_a_crash(runner: Runner) -> None:
    before = paused_somewhere(runner)
    value = float(before.answer(WANT)["weight"][0, 0])
    edited = CIRCLE.replace(weight_edits=(WeightEdit("linear1", "weight", (0, 0), value, 5.0),))
    runner.send(Load(edited))
    until(runner, lambda f: f.project is edited)
    until_so(lambda: (found := Shelf(runner._end._folder).read()) and found.project.weight_edits)
    kill()
    frame = after_death(runner)
    assert frame.answer(WANT)["weight"][0, 0] == 5.0
    runner.send(Load(CIRCLE))
    frame = until(runner, lambda f: f.project is CIRCLE)
    assert frame.answer(WANT)["weight"][0, 0] == np.float32(value)


def test_a_process_that_always_dies_is_not_started_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner()
    with monkeypatch.context() as patch:
        patch.setattr(remote, "begin", die)
        runner.start()
        runner.send(Load(CIRCLE))
        frame = until(runner, lambda f: f.state is State.CRASHED, 60.0)
    try:
        assert "exit code 7" in frame.message
        assert "3 times in a row" in frame.message
        assert multiprocessing.active_children() == []
        runner.send(SetWants(frozenset({WANT})))  # views do so by themselves
        assert multiprocessing.active_children() == []
        runner.send(Play())
        frame = until(runner, lambda f: f.state is State.RUNNING and f.step > 10)
        assert set(frame.answers) == {WANT}
    finally:
        runner.stop()


def test_noticing_a_death_never_waits(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    until(runner, lambda f: f.state is State.READY)
    process = runner._end._process

    def wait(*_: object) -> None:
        raise AssertionError("it waited for the process")

    with monkeypatch.context() as patch:
        patch.setattr(type(process), "join", wait)
        os.kill(process.pid, signal.SIGKILL)
        after_death(runner)


def test_an_error_inside_training_is_got_over_with_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(own_process=False)
    runner.start()
    try:
        runner.send(Load(CIRCLE))
        runner.send(SetWants(frozenset({WANT})))
        for _ in range(3):
            runner.send(Step())
        until(runner, lambda f: f.step == 3)
        keeper = runner._end._worker._keeper
        until_so(lambda: keeper.last is not None and keeper.last.snapshot.steps == 3)
        with monkeypatch.context() as patch:
            patch.setattr(Session, "train", lambda *_, **__: 1 / 0)
            runner.send(Play())
            crashed = until(runner, lambda f: f.state is State.CRASHED)
        assert "ZeroDivisionError" in crashed.message
        assert "Press Play" in crashed.message
        runner.send(Step())
        assert until(runner, lambda f: f.state is State.PAUSED).step == 4
    finally:
        runner.stop()


def test_a_shelf_with_any_other_byte_is_an_empty_one(tmp_path: Path) -> None:
    session = Session()
    session.load(example("circle").project)
    session.play()
    session.train(60.0, most=3)
    aside, shelf = session.aside(), Shelf(tmp_path)
    assert aside is not None
    shelf.write(aside)
    whole = (tmp_path / "aside").read_bytes()
    found = shelf.read()
    assert found is not None
    assert found.snapshot.steps == 3
    for at in range(0, len(whole), len(whole) // 50):
        (tmp_path / "aside").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert shelf.read() is None, at
    (tmp_path / "aside").write_bytes(whole[:-10])
    assert shelf.read() is None


def test_an_unreadable_shelf_is_an_empty_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.read() is None
    # No pickle; a class that is gone; too few arguments; what is no text; bytes that end too soon.
    for content in (
        b"\x80\x05garbage",
        b"cgone\nGone\n.",
        b"cbuiltins\nint\n(S'x'\ntR.",
        b"cbuiltins\n\xff\n.",
        b"\x80\x05(",
    ):
        (tmp_path / "aside").write_bytes(content + zlib.crc32(content).to_bytes(4, "big"))
        assert shelf.read() is None
