"""Opening and saving from the window: what was done is never lost silently, and a bad file gets a sentence."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from engine.data import NpzFile
from playground.document import edits, files
from playground.document.container import Container
from playground.document.examples import example
from playground.document.project import Project, problems, withheld
from playground.runner.messages import State
from playground.runs import files as runs
from playground.ui.shell.saving import THUMBNAIL
from tests.engine.data.writing import LABELS, PIXELS, write_npz
from tests.ui.shell import Shell, answer_file_dialog, answering

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project
Button = QMessageBox.StandardButton


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    """The window on circle, ready."""
    return Shell(qtbot, CIRCLE, tmp_path).show().until_ready()


def rename(shell: Shell, name: str = "other") -> None:
    """Some edit."""
    shell.document.apply(edits.rename(shell.document.value, name), "Rename")


def test_title_and_modified_mark_follow_edits(shell: Shell) -> None:
    rename(shell)
    assert shell.window.isWindowModified()
    shell.window.actions_["edit.undo"].trigger()
    assert not shell.window.isWindowModified()


def test_saving_names_the_project_and_cleans_the_mark(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    rename(shell)
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "mine")
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    saved = tmp_path / f"mine{files.RUN_SUFFIX}"
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)
    assert files.load(saved).network == CIRCLE.network
    assert shell.window.windowTitle() == "mine[*]"
    assert not shell.window.isWindowModified()
    assert shell.settings.recent == (saved,)
    before = saved.read_bytes()
    shell.document.apply(edits.set_seed(shell.document.value, 5), "Seed")
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)
    assert saved.read_bytes() != before, "the second time nobody is asked where"
    assert saved.with_name(f"{saved.name}.bak").read_bytes() == before


def test_opening_a_file_shows_it_and_lists_it(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "spiral.playground.json"
    files.save(example("spiral").project, path)
    answer_file_dialog(monkeypatch, "getOpenFileName", path)
    shell.window.actions_["file.open"].trigger()
    assert shell.document.value.network == example("spiral").project.network
    assert shell.window.windowTitle() == "spiral[*]"
    assert not shell.window.history.canUndo()
    menu = next(
        m
        for m in shell.window.findChildren(type(shell.window.createPopupMenu()))
        if m.title() == "Open Recent"
    )
    menu.aboutToShow.emit()
    assert [a.text() for a in menu.actions()] == [path.name]


@pytest.mark.parametrize("content", [b"{", b'{"a": 1}', b"\xff\xfe\x00"])
def test_a_bad_file_is_refused_in_words_and_nothing_is_lost(
    shell: Shell, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    text = answering(Button.Ok, lambda: shell.window.desk.open_path(path))
    assert "bad.json" in text
    assert shell.document.value is CIRCLE
    assert shell.settings.recent == ()


def test_a_file_that_cannot_be_written_leaves_the_mark(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    rename(shell)
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "no" / "such" / "folder.json")
    text = answering(Button.Ok, shell.window.actions_["file.save"].trigger)
    assert "folder.json" in text
    assert shell.window.isWindowModified()


WAYS_OUT = {
    "new": lambda shell: shell.window.actions_["file.new"].trigger(),
    "example": lambda shell: shell.window.desk.open_example("xor"),
    "close": lambda shell: shell.window.close(),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_unsaved_edits_are_asked_about(shell: Shell, way: str) -> None:
    rename(shell, "precious")
    precious = shell.document.value
    text = answering(Button.Cancel, lambda: WAYS_OUT[way](shell))
    assert "precious" in text
    assert shell.document.value is precious
    assert shell.window.isVisible()
    answering(Button.Discard, lambda: WAYS_OUT[way](shell))
    assert shell.document.value is not precious or not shell.window.isVisible()


@pytest.mark.parametrize("way", WAYS_OUT)
def test_saving_on_the_way_out(shell: Shell, way: str, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "kept.json"
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    shell.document.apply(edits.set_seed(CIRCLE, 7), "Seed")
    answering(Button.Save, lambda: WAYS_OUT[way](shell))
    assert files.load(path).seed == 7
    assert shell.document.value.seed == 0 or not shell.window.isVisible()


def test_giving_up_the_file_dialog_stays(shell: Shell, monkeypatch) -> None:
    rename(shell)
    answer_file_dialog(monkeypatch, "getSaveFileName", None)
    answering(Button.Save, shell.window.close)
    assert shell.window.isVisible()
    assert shell.window.isWindowModified()


def test_nothing_is_asked_where_nothing_would_be_lost(shell: Shell) -> None:
    assert shell.window.close()


def test_new_is_an_empty_network(shell: Shell) -> None:
    shell.window.actions_["file.new"].trigger()
    assert shell.document.value == Project()
    assert "empty" in shell.window.actions_["run.play"].toolTip()


def train_an_epoch(shell: Shell) -> None:
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=1)


def test_a_trained_run_is_asked_about_where_nothing_can_be_put_aside(shell: Shell) -> None:
    train_an_epoch(shell)
    text = answering(Button.Cancel, shell.window.close)
    assert "has been trained" in text
    assert shell.window.isVisible()
    answering(Button.Discard, lambda: shell.window.desk.open_example("xor"))
    shell.until(State.READY)
    assert shell.window.desk.left is None


def test_the_question_leaves_room_for_its_title(shell: Shell) -> None:
    rename(shell)
    widths: list[int] = []

    def measure() -> None:
        widths.append(QApplication.activeModalWidget().width())

    QTimer.singleShot(0, measure)
    answering(Button.Cancel, shell.window.close)
    assert widths
    assert widths[0] >= 360


# ---- data outside the project's folder ----------------------------------------------------------------------------


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A project file of somebody else's that names data beside its folder."""
    write_npz(tmp_path, x=PIXELS, y=LABELS)
    path = tmp_path / "theirs" / "p.playground.json"
    path.parent.mkdir()
    data = json.loads(files.to_json(CIRCLE)) | {"source": {"type": "NpzFile", "path": "../set.npz"}}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def question(shell: Shell) -> QMessageBox:
    box = shell.window.findChild(QMessageBox, "ask_outside")
    assert isinstance(box, QMessageBox)
    return box


def press(box: QMessageBox, text: str) -> None:
    [button] = [b for b in box.buttons() if b.text() == text]
    button.click()
    QCoreApplication.sendPostedEvents(box, QEvent.Type.DeferredDelete)


def test_data_outside_the_folder_are_asked_about_once(shell: Shell, stranger: Path) -> None:
    shell.window.desk.open_path(stranger)
    assert "p” reads data from outside its own folder:\n" in question(shell).text()
    assert str(stranger.parents[1] / "set.npz") in question(shell).text()
    assert problems(shell.document.value)[0].node_id == "input"
    press(question(shell), "Read them")
    assert withheld(shell.document.value) == ()
    assert not shell.window.isWindowModified()
    shell.qtbot.waitUntil(lambda: not any(p.node_id == "input" for p in problems(shell.document.value)))
    shell.window.desk.new()
    shell.window.desk.open_path(stranger)
    assert withheld(shell.document.value) == ()
    assert shell.window.findChild(QMessageBox, "ask_outside") is None


def test_not_now_leaves_the_project_open_with_a_button(shell: Shell, stranger: Path) -> None:
    shell.window.desk.open_path(stranger)
    press(question(shell), "Not now")
    [named] = withheld(shell.document.value)
    shell.window.docks["problems"].show()
    shell.qtbot.waitUntil(lambda: shell.child("mend").isVisible())
    shell.click("mend")
    assert withheld(shell.document.value) == ()
    assert shell.settings.reads(stranger, named)
    assert not shell.settings.reads(stranger.with_name("other.json"), named)


def test_data_that_the_user_has_chosen_need_no_question(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = NpzFile(path=str(write_npz(tmp_path, x=PIXELS, y=LABELS)))
    shell.document.apply(edits.set_source(shell.document.value, source), "Choose")
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "p.playground.json"
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    shell.window.desk.save()
    shell.window.desk.new()
    shell.window.desk.open_path(path)
    assert shell.document.value.source == source


def test_saving_a_strangers_project_lets_it_read_nothing(
    shell: Shell, stranger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.window.desk.open_path(stranger)
    press(question(shell), "Not now")
    answer_file_dialog(monkeypatch, "getSaveFileName", stranger.with_name("copy.playground.json"))
    shell.window.desk.save_as()
    shell.window.desk.open_path(stranger.with_name("copy.playground.json"))
    assert len(withheld(shell.document.value)) == 1
    press(question(shell), "Not now")


# ---- files that hold a run ----------------------------------------------------------------------------------------


def saved_as(shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_file_dialog(monkeypatch, "getSaveFileName", path)
    shell.window.desk.save_as()
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)


def test_a_run_is_saved_and_opened_with_its_project(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    train_an_epoch(shell)
    loss, step = shell.frame.train_loss, shell.frame.step
    path = tmp_path / "it.chainrule"
    saved_as(shell, path, monkeypatch)
    assert shell.window.windowTitle() == "it[*]"
    assert not shell.window.isWindowModified()
    shell.window.desk.new()
    shell.until(State.EMPTY)
    shell.window.desk.open_path(path)
    shell.qtbot.waitUntil(lambda: shell.frame.step == step)
    assert shell.frame.train_loss == loss
    assert shell.frame.epoch == 1
    assert shell.frame.earliest_step == 0
    assert not shell.window.isWindowModified()
    train_an_epoch_more(shell)
    assert shell.window.isWindowModified(), "the file does not hold what was learned since"
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    shell.qtbot.waitUntil(lambda: not shell.window.isWindowModified())


def train_an_epoch_more(shell: Shell) -> None:
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=2)


def test_a_file_with_a_run_has_a_picture_of_the_network(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    saved_as(shell, tmp_path / "it.chainrule", monkeypatch)
    picture = QPixmap()
    assert picture.loadFromData(Container(tmp_path / "it.chainrule").read(runs.THUMBNAIL), "PNG")
    assert picture.width() == THUMBNAIL.width() or picture.height() == THUMBNAIL.height()


def test_text_says_that_it_holds_no_weights_and_offers_a_file_that_does(
    shell: Shell, tmp_path: Path, monkeypatch
) -> None:
    train_an_epoch(shell)
    saved_as(shell, tmp_path / "it.playground.json", monkeypatch)
    assert "not the weights" in shell.window.banner.text.text()
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *args: asked.append(args[2]) or ("", ""))
    )
    shell.click("banner_offer0")
    assert asked == [str(tmp_path / "it.chainrule")]


def test_a_run_that_is_damaged_leaves_the_project(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    train_an_epoch(shell)
    path = tmp_path / "it.chainrule"
    saved_as(shell, path, monkeypatch)
    data = path.read_bytes()
    at = data.index(b"weights.safetensors", data.index(b"PK\x03\x04", 5000) if len(data) > 5000 else 0)
    path.write_bytes(data[: at + 200] + bytes([data[at + 200] ^ 255]) + data[at + 201 :])
    shell.window.desk.open_path(path)
    shell.qtbot.waitUntil(lambda: "begins anew" in shell.window.banner.text.text())
    assert shell.document.value.network == CIRCLE.network
    assert shell.frame.step == 0


def test_what_is_left_of_a_file_is_not_saved_over_it(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    train_an_epoch(shell)
    path = tmp_path / "it.chainrule"
    saved_as(shell, path, monkeypatch)
    path.write_bytes(path.read_bytes()[:-2000])
    rest = path.read_bytes()
    shell.window.desk.open_path(path)
    shell.qtbot.waitUntil(lambda: shell.document.path is None)
    assert "cut short" in " ".join(shell.document.value.notes)
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "other.chainrule")
    shell.window.desk.save()
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)
    assert path.read_bytes() == rest
    assert (tmp_path / "other.chainrule").exists()


def test_a_file_that_another_window_has_written_is_not_replaced_without_a_question(
    shell: Shell, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "it.chainrule"
    saved_as(shell, path, monkeypatch)
    runs.save(example("xor").project, path)
    theirs = path.read_bytes()
    shell.document.apply(edits.set_seed(shell.document.value, 5), "Seed")
    shell.window.desk.save()
    box = shell.window.findChild(QMessageBox, "ask_replace")
    assert isinstance(box, QMessageBox)
    assert path.read_bytes() == theirs
    press(box, "Replace")
    shell.qtbot.waitUntil(lambda: not shell.window.saving.busy)
    assert files.load(path).seed == 5


def test_what_cannot_be_written_is_said_and_stays_unsaved(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    rename(shell)
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "no" / "such.chainrule")
    shell.window.actions_["file.save"].trigger()
    shell.qtbot.waitUntil(lambda: shell.window.findChild(QMessageBox, "refused") is not None)
    box = shell.window.findChild(QMessageBox, "refused")
    assert "such.chainrule cannot be written" in box.text()
    press(box, "OK")
    assert shell.window.isWindowModified()
