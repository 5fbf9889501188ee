"""What was in the window is there again at the next start, however the last one ended."""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.runner.messages import Save, State
from playground.runs import files as runs
from playground.ui.shell.points_dialog import PointsDialog, ago
from playground.ui.shell.recovery import OPENING, STATE, Recovery
from tests.ui.shell import Shell, ToldRunner, answer_file_dialog

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project


@pytest.fixture
def start(qtbot, tmp_path: Path):
    """Opens a window that shows what the last one did."""
    return lambda **more: Shell(qtbot, CIRCLE, tmp_path, recovering=True, **more).show()


def train_an_epoch(shell: Shell) -> None:
    epoch = shell.frame.epoch
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=epoch + 1)


def kept(shell: Shell) -> None:
    """Wait until all there is has been put aside, as it is after some seconds."""
    done: list[str] = []
    shell.window.desk.autosave.keep(done.append)
    shell.qtbot.waitUntil(lambda: bool(done))
    assert done == [""]


def closed(shell: Shell) -> None:
    shell.window.close()
    shell.qtbot.waitUntil(lambda: not shell.window.isVisible())
    shell.runner.stop()


def crashed(shell: Shell) -> None:
    """The window is gone without having heard of it; the lock of a process that is gone holds nobody up."""
    shell.recovery._lock.unlock()
    shell.window.desk.give_up()
    shell.window.close()
    shell.runner.stop()


@pytest.mark.parametrize("end", [closed, crashed])
def test_the_last_session_is_there_again_with_its_run(start, end) -> None:
    first = start().until_ready()
    first.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    train_an_epoch(first)
    loss, step = first.frame.train_loss, first.frame.step
    if end is crashed:
        kept(first)
    end(first)
    again = start()
    again.qtbot.waitUntil(lambda: again.window.pump.shown is not None and again.frame.step == step)
    assert again.document.value.seed == 7
    assert again.document.value.name == CIRCLE.name
    assert again.frame.train_loss == loss
    assert again.frame.log.rows.shape[0] == 2
    assert again.window.isWindowModified(), "the edit is in no file"
    train_an_epoch(again)


def test_its_file_is_known_again(start, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mine.chainrule"
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    first = start().until_ready()
    train_an_epoch(first)
    first.window.desk.save()
    first.qtbot.waitUntil(lambda: not first.window.saving.busy)
    closed(first)
    again = start()
    again.until(State.PAUSED, epoch=1)
    assert again.document.path == path
    assert not again.window.isWindowModified()
    train_an_epoch(again)
    assert again.window.isWindowModified()


def test_nothing_is_asked_and_nothing_is_lost_on_the_way_out(start) -> None:
    shell = start().until_ready()
    train_an_epoch(shell)
    project, step = shell.document.value, shell.frame.step
    shell.window.desk.new()
    shell.qtbot.waitUntil(lambda: shell.document.value == Project())
    assert shell.window.findChild(QMessageBox, "ask_save") is None
    shell.qtbot.waitUntil(shell.window.banner.isVisible)
    assert "after 1 epoch" in shell.window.banner.text.text()
    shell.click("banner_offer0")
    shell.qtbot.waitUntil(lambda: shell.document.value.network == project.network)
    shell.qtbot.waitUntil(lambda: shell.frame.step == step and shell.frame.earliest_step == 0)


def test_a_file_that_is_written_after_another_was_opened_is_not_that_ones(
    start, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "mine.chainrule"
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    shell = start().until_ready()
    shell.window.desk.save()
    shell.window.desk.open_example("xor")
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)
    assert path.exists()
    assert shell.document.path is None
    assert shell.settings.recent == (path,)


def test_a_run_that_text_does_not_hold_is_put_aside(start, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mine.json"
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    shell = start().until_ready()
    train_an_epoch(shell)
    shell.window.desk.save()
    assert not shell.window.isWindowModified()
    shell.window.desk.new()
    shell.qtbot.waitUntil(lambda: shell.window.desk.left is not None)
    assert shell.window.desk.left.epoch == 1
    assert shell.window.desk.left.file == path


def test_who_asks_twice_gets_one(start) -> None:
    shell = start().until_ready()
    train_an_epoch(shell)
    shell.window.desk.open_example("xor")
    shell.window.desk.open_example("spiral")
    shell.qtbot.waitUntil(lambda: shell.document.value.network == example("xor").project.network)
    shell.qtbot.waitUntil(lambda: shell.window.desk.left is not None)
    assert len(shell.recovery.listed()) == 1


def test_an_edit_while_the_project_is_put_aside_is_in_it(start) -> None:
    shell = start().until_ready()
    train_an_epoch(shell)
    shell.window.desk.new()
    shell.document.apply(edits.set_human_error(shell.document.value, 0.25), "Human error")
    shell.qtbot.waitUntil(lambda: shell.window.desk.left is not None)
    assert shell.window.desk.left.project().human_error == 0.25


def test_a_long_run_is_a_point_before_it_is_reset(start) -> None:
    shell = start().until_ready()
    train_an_epoch(shell)
    shell.window.actions_["run.reset"].trigger()
    shell.until_ready()
    assert shell.recovery.listed() == (), "what took a moment is learned again in a moment"
    train_an_epoch(shell)
    shell.window.run.seconds = 200.0
    shell.window.actions_["run.reset"].trigger()
    shell.until_ready()
    [point] = shell.recovery.listed()
    assert point.epoch == 1


def test_a_state_that_was_returned_to_and_left_as_it_was_is_no_second_point(start) -> None:
    shell = start().until_ready()
    train_an_epoch(shell)
    shell.window.desk.open_example("xor")
    shell.qtbot.waitUntil(lambda: shell.window.desk.left is not None)
    for _ in range(2):
        shell.window.desk.back()
        shell.qtbot.waitUntil(lambda: shell.frame.epoch == 1 and shell.window.run.heard)
        shell.window.desk.open_example("xor")
        shell.qtbot.waitUntil(lambda: shell.frame.epoch == 0 and shell.window.run.heard)
    assert len(shell.recovery.listed()) == 1
    assert shell.window.banner.isVisible()


def test_an_edited_project_that_was_not_trained_is_put_aside_and_offered(start) -> None:
    shell = start().until_ready()
    shell.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    shell.window.desk.open_example("xor")
    shell.qtbot.waitUntil(lambda: shell.frame.project.network == example("xor").project.network)
    shell.qtbot.wait(300)
    assert shell.window.banner.text.text() == f"“{CIRCLE.name}” was left, and is put aside."
    assert shell.window.banner.isVisible()


def test_what_nobody_has_touched_leaves_no_trace(start, tmp_path: Path) -> None:
    shell = start().until_ready()
    shell.window.desk.open_example("xor")
    shell.until_ready()
    assert shell.window.desk.left is None
    closed(shell)
    assert list((tmp_path / "recovery" / "windows").iterdir()) == []
    assert list((tmp_path / "recovery" / "points").iterdir()) == []


def test_a_second_window_has_a_place_of_its_own(start) -> None:
    first = start().until_ready()
    first.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    kept(first)
    second = start().until_ready()
    assert second.document.value.seed == CIRCLE.seed
    assert second.recovery.file != first.recovery.file


def test_of_two_windows_one_is_there_again_and_the_other_a_point(start, tmp_path: Path) -> None:
    shells = [start().until_ready(), start().until_ready()]
    for seed, shell in enumerate(shells, 7):
        shell.document.apply(edits.set_seed(CIRCLE, seed), "Seed")
        kept(shell)
    for shell in shells:
        crashed(shell)
    again = start()
    [other] = again.recovery.others
    assert other.unsaved
    assert {again.document.value.seed, other.project().seed} == {7, 8}
    assert again.recovery.listed() == (other,)


def test_what_kills_the_window_is_not_opened_twice(start, tmp_path: Path) -> None:
    first = start().until_ready()
    first.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    kept(first)
    crashed(first)
    recovery = Recovery(tmp_path / "recovery")
    assert recovery.begin() is not None
    assert (recovery.file.parent / OPENING).exists()
    recovery._lock.unlock()  # it died before it stood
    third = Recovery(tmp_path / "recovery")
    assert third.begin() is None
    assert [point.project().seed for point in third.others] == [7]
    third.end(forget=True)


def test_a_state_that_is_damaged_keeps_no_window_from_opening(start, tmp_path: Path) -> None:
    folder = tmp_path / "recovery" / "windows" / "x"
    folder.mkdir(parents=True)
    (folder / STATE).write_bytes(b"PK\x03\x04 and nothing more")
    assert start().until_ready().document.value == CIRCLE
    assert (folder / STATE).exists(), "it may be a newer program's"


def test_where_nothing_can_be_written_the_old_question_is_asked(start, monkeypatch) -> None:
    shell = start().until_ready()
    shell.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    monkeypatch.setattr("playground.ui.shell.autosave.ROOM", 1e15)
    kept_file = shell.recovery.file
    kept_file.write_bytes(b"x")
    shell.window.close()
    box = shell.window.findChild(QMessageBox, "ask_save")
    assert isinstance(box, QMessageBox)
    assert "cannot be kept" in shell.window.banner.text.text()
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert shell.window.isVisible()


def test_a_session_is_kept_as_long_as_its_run_has_not_come(start, qtbot, tmp_path: Path) -> None:
    """Nothing is known of the run before the first frame; the file that holds it must not be taken for worth nothing."""
    first = start().until_ready()
    train_an_epoch(first)
    closed(first)
    silent = ToldRunner()
    again = Shell(qtbot, CIRCLE, tmp_path, silent, recovering=True).show()
    assert again.window.desk.worth_keeping
    again.window.desk.autosave.tick()
    assert again.recovery.file.exists()
    again.window.desk.new()
    assert any(isinstance(command, Save) for command in silent.commands), "it is put aside"
    again.recovery.opened()
    crashed(again)
    third = start()
    third.until(State.PAUSED, epoch=1)


def test_a_refusal_is_not_taken_for_kept(start, monkeypatch) -> None:
    shell = start().until_ready()
    shell.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    monkeypatch.setattr(shell.recovery, "file", Path("/nowhere/at/all.chainrule"))
    done: list[str] = []
    shell.window.desk.autosave.keep(done.append)
    shell.qtbot.waitUntil(lambda: bool(done))
    assert "cannot be written" in done[0]
    shell.window.close()
    shell.qtbot.waitUntil(lambda: shell.window.findChild(QMessageBox, "ask_save") is not None)
    shell.window.findChild(QMessageBox, "ask_save").button(QMessageBox.StandardButton.Cancel).click()
    assert shell.window.isVisible()


def test_the_point_that_is_opened_is_spared(start) -> None:
    shell = start().until_ready()
    for seed in range(22):
        runs.save(edits.set_seed(CIRCLE, seed), shell.recovery.new_point())
    points = shell.recovery.listed()
    shell.recovery.tidy(spare=points[-1].path)
    assert len(shell.recovery.listed()) == 21
    assert points[-1].path.exists()


def test_what_a_killed_writer_left_goes(tmp_path: Path) -> None:
    recovery = Recovery(tmp_path)
    old, new = (recovery.points / f".{name}.part" for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(b"x")
    os.utime(old, (1, 1))
    recovery.begin()
    assert (old.exists(), new.exists()) == (False, True)
    recovery.end(forget=True)


def test_points_are_listed_with_pictures_opened_and_deleted(start) -> None:
    shell = start().until_ready()
    shell.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    train_an_epoch(shell)
    shell.window.desk.new()
    shell.qtbot.waitUntil(lambda: shell.window.desk.left is not None)
    shell.window.actions_["file.points"].trigger()
    dialog = shell.window.findChild(PointsDialog)
    assert dialog is not None
    assert dialog.list.item(0).text() == f"{CIRCLE.name}\n1 epoch · a moment ago · in no file"
    assert not dialog.list.item(0).icon().isNull()
    shell.qtbot.mouseClick(dialog.findChild(type(dialog._opens), "points_open"), Qt.MouseButton.LeftButton)
    shell.qtbot.waitUntil(lambda: shell.document.value.seed == 7)
    shell.window.actions_["file.points"].trigger()
    dialog = shell.window.findChildren(PointsDialog)[-1]
    before = shell.recovery.listed()
    assert len(before) == 1
    dialog._delete()
    dialog.findChild(QMessageBox, "ask_delete").reject()
    assert shell.recovery.listed() == before
    dialog._delete()
    box = dialog.findChildren(QMessageBox, "ask_delete")[-1]
    next(button for button in box.buttons() if button.text() == "Delete").click()
    assert shell.recovery.listed() == ()
    dialog.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "a moment ago"), (60, "1 minute ago"), (7300, "2 hours ago"), (200_000, "2 days ago")],
)
def test_how_long_ago_in_words(seconds: float, words: str) -> None:
    assert ago(seconds) == words
