"""The run is saved where it is trained, goes on from files, and comes back with undo."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from engine.data import ImageFolder, NpzFile
from engine.layers import Flatten, Linear, Tanh
from playground.document import edits
from playground.document.examples import example
from playground.document.files import load
from playground.document.store import Store
from playground.runner.messages import Frame, Load, Play, Save, State, Step
from playground.runner.runner import Runner
from playground.runner.session import Session
from playground.runs import files
from playground.runs.run import Mark
from tests.document.projects import project
from tests.engine.data.writing import LABELS, PIXELS, write_npz
from tests.runner.driving import until
from tests.runner.training import trained, weights

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


# --- files -------------------------------------------------------------------------------------------------------------


def test_opening_a_file_goes_on_bit_for_bit(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    assert [(one.number, one.refusal) for one in session.frame().saved] == [(1, "")]
    session.train(600.0, 25)
    again = Session()
    again.load(load(path), another=True, file=path)
    assert again.frame().step == 40
    assert again.state is State.PAUSED
    again.play()
    again.train(600.0, 25)
    assert same(weights(again), weights(session))


def test_a_half_built_network_keeps_what_it_had_learned(tmp_path: Path) -> None:
    whole = project(Linear(4), Tanh(), Linear(4), Tanh(), Linear(1))
    session, path = trained(whole), tmp_path / "it.chainrule"
    learned = weights(session)
    half = edits.remove(whole, ["linear3"])
    session.load(half)
    assert session.trainer is None
    session.save(Save(1, half, path))
    again = Session()
    opened = load(path)
    again.load(opened, another=True, file=path)
    assert again.trainer is None
    assert opened.network == half.network
    again.load(opened.replace(network=whole.network))
    assert same(weights(again), learned)


def test_a_run_whose_data_are_not_there_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, path = write_npz(tmp_path, x=PIXELS, y=LABELS), tmp_path / "it.chainrule"
    whole = edits.mend_output(edits.set_source(project(Flatten(), Linear(2)), NpzFile(path=str(data))))
    session = trained(whole, 4)
    session.save(Save(1, whole, path))
    there = data.read_bytes()
    data.unlink()
    monkeypatch.setattr("playground.document.project.store", Store())  # another start of the program
    again = Session()
    again.load(load(path), another=True, file=path)
    frame = again.frame()
    assert (frame.state, frame.awaited) == (State.EMPTY, True)
    data.write_bytes(there)
    again.load(load(path))
    assert again.frame().step == 4
    assert same(weights(again), weights(session))


def test_other_data_in_the_place_of_those_that_are_missing_have_another_run(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    again = Session()
    again.load(CIRCLE.replace(source=ImageFolder(path=str(tmp_path / "nowhere"))), another=True, file=path)
    assert again.state is State.EMPTY
    again.load(CIRCLE)
    assert again.frame().step == 0


def test_saving_while_a_run_is_waited_for_keeps_it(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    again = Session()
    again.load(CIRCLE.replace(memory=1), another=True, file=path)  # the user has not agreed to so much memory
    frame = again.frame()
    assert (frame.awaited, again.trainer) == (True, None)
    again.save(Save(2, CIRCLE, path))
    assert files.load_run(path, CIRCLE).snapshot.steps == 40
    again.load(CIRCLE)
    assert again.frame().step == 40
    frame = again.frame()
    assert frame.awaited is False


def test_who_trains_meanwhile_has_another_run(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    again = Session()
    again.load(CIRCLE.replace(memory=1), another=True, file=path)
    smaller = edits.set_layer(CIRCLE, "linear1", Linear(3)).replace(memory=1 << 30)
    again.load(smaller.replace(memory=1))
    again.load(smaller)
    assert again.frame().step == 40, "the run has come, and its layers that stay keep their weights"


def test_after_a_death_while_loading_the_edited_project_is_followed(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    again = Session()
    again.recover(edits.new_weights(CIRCLE), 1, None, (path, CIRCLE))
    assert again.frame().step == 0, "other weights were drawn"
    again = Session()
    again.recover(CIRCLE, 1, None, (path, CIRCLE))
    assert again.frame().step == 40


def test_a_project_whose_data_are_missing_takes_nothing_of_the_last_one(tmp_path: Path) -> None:
    session = trained(CIRCLE)
    gone = CIRCLE.replace(source=ImageFolder(path=str(tmp_path / "nowhere")))
    session.load(gone, another=True)
    session.load(CIRCLE)
    assert session.frame().step == 0


def test_an_order_is_answered_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = trained(CIRCLE)
    monkeypatch.setattr(files, "save", lambda *_: 1 / 0)
    session.save(Save(7, CIRCLE, tmp_path / "it.chainrule"))
    assert "ZeroDivisionError" in session.frame().saved[-1].refusal


def test_what_cannot_be_read_of_a_run_is_said(tmp_path: Path) -> None:
    path = tmp_path / "it.chainrule"
    files.save(CIRCLE, path)
    session = Session()
    session.load(CIRCLE, another=True, file=path)
    assert "begins anew" in session.frame().notice
    assert session.frame().step == 0
    session.play()
    assert session.frame().notice == ""


def test_of_a_file_that_is_cut_short_what_is_whole_is_opened_and_the_rest_named(tmp_path: Path) -> None:
    session, path = trained(CIRCLE), tmp_path / "it.chainrule"
    session.save(Save(1, CIRCLE, path))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"optimizer.safetensors", data.index(b"weights.safetensors") + 400)])
    project = load(path)
    assert project.network == CIRCLE.network
    [note] = project.notes
    assert "cut short" in note
    assert "optimizer.safetensors" in note
    again = Session()
    again.load(project, another=True, file=path)
    assert again.frame().step == 0
    assert "optimizer.safetensors" in again.frame().notice


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    session = trained(CIRCLE)
    session.save(Save(3, CIRCLE, tmp_path / "no" / "it.chainrule"))
    [said] = session.frame().saved
    assert said.number == 3
    assert "it.chainrule cannot be written" in said.refusal


def answer(runner: Runner, number: int) -> Frame:
    return until(runner, lambda frame: any(one.number == number for one in frame.saved))


@pytest.mark.parametrize("own_process", [False, True])
def test_orders_are_carried_out_in_their_place(own_process: bool, tmp_path: Path) -> None:
    runner, path = Runner(own_process), tmp_path / "it.chainrule"
    runner.start()
    try:
        runner.send(Load(CIRCLE, another=True))
        runner.send(Step("epoch"))
        until(runner, lambda frame: frame.epoch == 1 and frame.state is State.PAUSED)
        runner.send(Save(1, CIRCLE, path))
        runner.send(Load(example("xor").project, another=True))
        answer(runner, 1)
        assert files.load_run(path, load(path)).snapshot.epoch == 1
        runner.send(Load(load(path), another=True, file=path))
        until(runner, lambda frame: frame.epoch == 1 and len(frame.log.rows) == 2)
    finally:
        runner.stop()


@pytest.mark.parametrize("own_process", [False, True])
def test_what_was_ordered_is_written_before_the_end(own_process: bool, tmp_path: Path) -> None:
    runner, path = Runner(own_process), tmp_path / "it.chainrule"
    runner.start()
    runner.send(Load(CIRCLE, another=True))
    runner.send(Step("epoch"))
    until(runner, lambda frame: frame.epoch == 1 and frame.state is State.PAUSED)
    other = edits.set_fit(CIRCLE, CIRCLE.fit.replace(epochs=7))
    runner.send(Load(other))
    runner.send(Save(1, other, path))
    runner.stop()
    assert load(path).fit.epochs == 7
    assert files.load_run(path, load(path)).snapshot.epoch == 1
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_order_outlives_the_process_that_was_to_carry_it_out(tmp_path: Path) -> None:
    runner, path = Runner(), tmp_path / "it.chainrule"
    runner.start()
    try:
        runner.send(Load(CIRCLE, another=True))
        runner.send(Play())
        until(runner, lambda frame: frame.epoch > 3)
        os.kill(runner._end._process.pid, signal.SIGSTOP)
        runner.send(Save(1, CIRCLE, path))
        os.kill(runner._end._process.pid, signal.SIGKILL)
        answer(runner, 1)
        assert load(path).network == CIRCLE.network
    finally:
        runner.stop()


def test_without_any_process_the_window_saves_with_what_was_put_aside(tmp_path: Path) -> None:
    runner, path = Runner(), tmp_path / "it.chainrule"
    runner.start()
    try:
        runner.send(Load(CIRCLE, another=True))
        until(runner, lambda frame: frame.state is State.READY)
        remote = runner._end
        remote._let_go(farewell=True)
        remote._broken = True
        runner.send(Save(1, CIRCLE, path))
        answer(runner, 1)
        assert load(path).network == CIRCLE.network
    finally:
        runner.stop()


# --- undo --------------------------------------------------------------------------------------------------------------


def test_a_structural_edit_and_undo_bring_weights_and_history_back() -> None:
    whole = project(Linear(4), Tanh(), Linear(4), Tanh(), Linear(1))
    session = trained(whole)
    learned, earliest = weights(session), session.frame().earliest_step
    shorter = edits.remove(whole, ["linear2", "tanh2"])
    session.load(shorter)
    session.train(600.0, 15)
    other = weights(session)
    session.load(whole, returning=True)
    assert same(weights(session), learned)
    assert (session.frame().step, session.frame().earliest_step) == (40, earliest)
    session.go_to(10)
    assert session.frame().step == 10
    session.load(shorter, returning=True)
    assert same(weights(session), other), "redo brings what was learned after the edit"
    assert session.frame().step == 55


def test_a_source_that_cannot_be_read_in_between_loses_nothing(tmp_path: Path) -> None:
    session = trained(CIRCLE)
    learned = weights(session)
    session.load(CIRCLE.replace(source=ImageFolder(path=str(tmp_path / "nowhere"))))
    session.load(example("xor").project.replace(network=CIRCLE.network))
    session.load(CIRCLE.replace(source=ImageFolder(path=str(tmp_path / "nowhere"))), returning=True)
    session.load(CIRCLE, returning=True)
    assert same(weights(session), learned)


def test_so_does_undoing_new_weights() -> None:
    session = trained(CIRCLE)
    learned = weights(session)
    session.load(edits.new_weights(CIRCLE))
    assert session.frame().step == 0
    session.load(CIRCLE, returning=True)
    assert same(weights(session), learned)
    assert session.frame().step == 40


def test_an_edit_by_hand_that_makes_the_same_network_goes_on_training() -> None:
    whole = project(Linear(4), Tanh(), Linear(1))
    session = trained(whole)
    session.load(edits.set_layer(whole, "linear1", Linear(5)))
    session.play()
    session.train(600.0, 5)
    session.load(whole)
    assert session.frame().step == 45


# --- marks -------------------------------------------------------------------------------------------------------------


def test_edits_in_the_middle_of_a_run_are_marked_until_it_begins_anew(tmp_path: Path) -> None:
    session = Session()
    whole = project(Linear(4), Tanh(), Linear(1))
    session.load(whole)
    slower = edits.set_fit(whole, whole.fit.replace(optimizer=whole.fit.optimizer.replace(lr=0.01)))
    session.load(slower)
    assert session.frame().marks == (), "nothing has been trained yet"
    session.play()
    session.train(600.0, 40)
    at = session.trainer.epoch + session.trainer.part_of_epoch
    for lr in (0.02, 0.04):  # a slider that is dragged
        faster = edits.set_fit(whole, whole.fit.replace(optimizer=whole.fit.optimizer.replace(lr=lr)))
        session.load(faster)
    assert session.frame().marks == (Mark(at, "learning rate 0.01 → 0.04"),)
    session.train(600.0, 10)
    session.load(edits.set_layer(faster, "linear1", Linear(6)))
    marks = session.frame().marks
    assert [mark.text for mark in marks] == ["learning rate 0.01 → 0.04", "Linear: units 4 → 6"]
    assert marks[1].epoch > at
    session.save(Save(1, session.project, tmp_path / "it.chainrule"))
    again = Session()
    again.load(load(tmp_path / "it.chainrule"), another=True, file=tmp_path / "it.chainrule")
    assert again.frame().marks == marks
    session.load(faster, returning=True)
    assert session.frame().marks == marks[:1]
    session.reset()
    assert session.frame().marks == ()


def test_an_edit_that_is_taken_back_at_once_leaves_no_mark() -> None:
    session = trained(CIRCLE)
    session.load(edits.set_fit(CIRCLE, CIRCLE.fit.replace(batch_size=7)))
    assert len(session.frame().marks) == 1
    session.load(CIRCLE)
    assert session.frame().marks == ()
