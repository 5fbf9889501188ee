"""Opening and saving from the window: what was done is never lost silently, and a bad file gets a sentence."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from engine.data import NpzFile
from playground.document import edits, files
from playground.document.examples import example
from playground.document.project import Project, problems, withheld
from playground.runner.messages import State
from playground.runs import files as runs
from tests.engine.data.writing import LABELS, PIXELS, write_npz
from tests.ui.shell import Shell, answering

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


def answer_file_dialog(monkeypatch: pytest.MonkeyPatch, which: str, path: Path | None) -> None:
    monkeypatch.setattr(QFileDialog, which, staticmethod(lambda *_: (str(path) if path else "", "")))


def test_title_and_modified_mark_follow_edits(shell: Shell) -> None:
    rename(shell)
    assert shell.window.isWindowModified()
    shell.window.actions_["edit.undo"].trigger()
    assert not shell.window.isWindowModified()


def test_saving_names_the_project_and_cleans_the_mark(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    rename(shell)
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "mine")
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    saved = tmp_path / f"mine{files.SUFFIX}"
    assert files.load(saved).network == CIRCLE.network
    assert shell.window.windowTitle() == "mine[*]"
    assert not shell.window.isWindowModified()
    assert shell.settings.recent == (saved,)
    before = saved.read_bytes()
    shell.document.apply(edits.set_seed(shell.document.value, 5), "Seed")
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert saved.read_bytes() != before, "the second time nobody is asked where"


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


@pytest.mark.parametrize("edited", [False, True])
def test_a_trained_run_can_be_had_back_without_a_question(shell: Shell, edited: bool) -> None:
    train_an_epoch(shell)
    if edited:
        rename(shell)
    before, project = shell.frame, shell.document.value
    leave = lambda: shell.window.desk.open_example("xor")
    if edited:
        answering(Button.Discard, leave)
    else:
        leave()
    shell.until(State.READY)
    assert "after 1 epoch" in shell.window.banner.text.text()
    shell.click("banner_offer0")
    assert not shell.window.banner.isVisible()
    assert shell.document.value is project
    assert shell.window.isWindowModified() == edited
    shell.qtbot.waitUntil(lambda: shell.frame.project is project and shell.frame.step == before.step)
    assert shell.frame.train_loss == before.train_loss


def test_the_offer_goes_with_the_next_run_and_stays_in_the_menu(shell: Shell) -> None:
    train_an_epoch(shell)
    shell.window.desk.open_example("xor")
    shell.until(State.READY)
    assert shell.window.banner.isVisible()
    shell.click("transport_play")
    shell.until(State.RUNNING)
    assert not shell.window.banner.isVisible()
    shell.click("transport_play")
    shell.until(State.PAUSED)
    menu = shell.child("menu.File/Open Recent")
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    assert shell.document.value is CIRCLE
    shell.qtbot.waitUntil(lambda: shell.frame.project is CIRCLE and shell.frame.epoch == 1)


def test_nothing_is_offered_where_nothing_was_trained(shell: Shell) -> None:
    shell.window.desk.open_example("xor")
    shell.until(State.READY)
    assert not shell.window.banner.isVisible()
    assert not shell.window.desk.back()


def test_closing_after_a_long_run_asks_once(shell: Shell) -> None:
    train_an_epoch(shell)
    nothing = lambda: None
    assert not shell.window.desk.asks(nothing, closing=True), (
        "what took a moment is learned again in a moment"
    )
    shell.window.run.seconds = 200.0
    text = answering(Button.Cancel, shell.window.close)
    assert "3 min of training" in text
    assert shell.window.isVisible()
    rename(shell, "precious")
    assert "precious" in answering(Button.Discard, shell.window.close)
    assert not shell.window.isVisible()


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
    assert shell.window.desk.save()
    shell.window.desk.new()
    shell.window.desk.open_path(path)
    assert shell.document.value.source == source


def test_saving_a_strangers_project_lets_it_read_nothing(
    shell: Shell, stranger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.window.desk.open_path(stranger)
    press(question(shell), "Not now")
    answer_file_dialog(monkeypatch, "getSaveFileName", stranger.with_name("copy.playground.json"))
    assert shell.window.desk.save_as()
    shell.window.desk.open_path(stranger.with_name("copy.playground.json"))
    assert len(withheld(shell.document.value)) == 1
    press(question(shell), "Not now")


def test_a_file_that_holds_a_run_is_opened_with_a_word_and_never_overwritten(
    shell: Shell, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "it.chainrule"
    runs.save(example("xor").project, path)
    whole = path.read_bytes()
    shell.window.desk.open_path(path)
    assert shell.window.desk.name == "it"
    assert "is not shown" in " ".join(shell.document.value.notes)
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *args: asked.append(args[2]) or ("", ""))
    )
    assert not shell.window.desk.save()
    assert asked == [str(tmp_path / f"it{files.SUFFIX}")]
    with pytest.raises(files.FileError, match="run as well"):
        files.save(shell.document.value, path)
    assert path.read_bytes() == whole
