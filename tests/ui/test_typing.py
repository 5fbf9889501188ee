"""What is being typed when the project changes lands as an edit of its own first, or is dropped; and nothing comes late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox

from engine.data import FourPoints
from engine.layers import Conv2d, Flatten
from playground.document import edits, files
from playground.document.examples import example
from playground.document.project import Project
from playground.ui.kit.forms.field import StepField
from playground.ui.panels.canvas.targets import Cell
from tests.ui.kit.forms.specs import keys
from tests.ui.shell import Shell, ToldRunner, answering

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project
Button = QMessageBox.StandardButton


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()


def type_only(shell: Shell, dock: str, name: str, text: str) -> StepField:
    """Replace what stands in a field, and leave it at that."""
    shell.window.docks[dock].raise_()
    field = the_field(shell, dock, name)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    keys(field, text)
    return field


def the_field(shell: Shell, dock: str, name: str) -> StepField:
    return shell.window.docks[dock].findChildren(StepField, name)[-1]


def type_units(shell: Shell, text: str = "9") -> None:
    shell.window.focus.select("linear1")
    type_only(shell, "inspector", "out_features", text)


def units(project: Project) -> int:
    return project.network["linear1"].layer.out_features


def trigger(shell: Shell, action: str) -> None:
    shell.window.actions_[action].trigger()


def drop_file(shell: Shell, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    QApplication.sendEvent(shell.window, QDragEnterEvent(QPoint(300, 300), copy, mime, left, none))
    QApplication.sendEvent(shell.window, QDropEvent(QPointF(300, 300), copy, mime, left, none))


@pytest.mark.parametrize("answer", [Button.Cancel, Button.Discard])
def test_a_new_project_asks_about_what_was_typed(shell: Shell, answer: QMessageBox.StandardButton) -> None:
    type_units(shell)
    asked = answering(answer, lambda: shell.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier))
    assert "not saved" in asked
    if answer == Button.Cancel:
        assert units(shell.document.value) == 9
        assert shell.window.history.undoText() == "Change Linear"
    else:
        assert shell.document.value == Project()


def test_a_file_that_is_dropped_asks_about_what_was_typed(shell: Shell, tmp_path: Path) -> None:
    files.save(example("xor").project, tmp_path / "xor.json")
    type_units(shell)
    answering(Button.Discard, lambda: drop_file(shell, tmp_path / "xor.json"))
    assert shell.document.value.network == example("xor").project.network


def test_closing_asks_about_what_was_typed(shell: Shell) -> None:
    type_units(shell)
    answering(Button.Cancel, shell.window.close)
    assert units(shell.document.value) == 9


def test_saving_saves_what_was_typed(shell: Shell, tmp_path: Path) -> None:
    shell.document.path = tmp_path / "mine.json"
    type_units(shell)
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert units(files.load(tmp_path / "mine.json")) == 9


@pytest.mark.parametrize("text", ["", "-3", "abc", "1e400"])
def test_what_is_refused_is_dropped_without_a_question(shell: Shell, text: str) -> None:
    type_units(shell, text)
    trigger(shell, "file.new")
    assert shell.document.value == Project()


def test_what_was_typed_over_a_deleted_block_is_an_edit_of_its_own(shell: Shell) -> None:
    type_units(shell)
    trigger(shell, "edit.delete")
    assert [n.layer for n in shell.document.value.network.nodes] == [n.layer for n in CIRCLE.network.nodes][
        1:
    ]
    trigger(shell, "edit.undo")
    assert units(shell.document.value) == 9
    trigger(shell, "edit.undo")
    assert shell.document.value == CIRCLE


def test_undo_takes_back_what_was_typed(shell: Shell) -> None:
    shell.document.apply(edits.set_seed(CIRCLE, 3), "Seed")
    type_units(shell)
    trigger(shell, "edit.undo")
    assert shell.document.value == edits.set_seed(CIRCLE, 3)
    trigger(shell, "edit.redo")
    assert units(shell.document.value) == 9


def test_undo_drops_what_is_refused(shell: Shell) -> None:
    shell.document.apply(edits.set_seed(CIRCLE, 3), "Seed")
    type_units(shell, "-1")
    trigger(shell, "edit.undo")
    assert shell.document.value == CIRCLE
    assert the_field(shell, "inspector", "out_features").text() == str(units(CIRCLE))


def test_what_was_typed_is_newer_than_what_could_be_redone(shell: Shell) -> None:
    shell.document.apply(edits.set_source(CIRCLE, FourPoints()), "Data")
    trigger(shell, "edit.undo")
    type_only(shell, "data", "samples", "444")
    trigger(shell, "edit.redo")
    assert shell.document.value.source == CIRCLE.source.replace(samples=444)


def test_a_button_that_takes_no_focus_changes_what_was_typed_too(shell: Shell) -> None:
    seed = type_only(shell, "training", "seed", "7")
    assert seed.hasFocus()
    shell.window.docks.views["training"].draw.click()
    shell.window.run.new_weights()
    assert shell.window.history.undoText() == "Draw new weights"
    trigger(shell, "edit.undo")
    trigger(shell, "edit.undo")
    assert shell.document.value.seed == 7


def test_play_takes_what_was_typed_and_keeps_what_is_refused(shell: Shell) -> None:
    type_units(shell)
    trigger(shell, "run.play")
    assert units(shell.document.value) == 9
    type_units(shell, "-1")
    trigger(shell, "run.play")
    assert the_field(shell, "inspector", "out_features").text() == "-1", "the user sees what is wrong"


def test_a_weight_that_is_typed_on_the_canvas_is_taken(shell: Shell) -> None:
    # As if a frame had come: the field of a number that nobody knows is disabled.
    editor = shell.window.canvas.editor
    editor.open(Cell("linear1", "bias", (0,)), "bias", [], 0.5)
    taken: list[float] = []
    editor.changed.connect(lambda cell, value, merge: taken.append(value))
    keys(editor.field, "0.25")
    shell.document.settle()
    assert taken == [0.25]


# ---- nothing comes late ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda project: Project(),
        lambda project: edits.remove(project, ["linear1"]),
        lambda project: edits.set_layer(project, "linear1", Conv2d()),
        lambda project: edits.set_layer(project, "linear1", Flatten()),
    ],
)
def test_a_block_that_has_changed_all_the_same_is_not_written_to(
    shell: Shell, change: Callable[[Project], Project]
) -> None:
    type_units(shell)
    after = change(shell.document.value)
    shell.document.set(after)  # nobody asked the form
    QTest.qWait(20)
    assert shell.document.value is after


def test_an_edit_of_a_block_that_went_before_the_form_heard_of_it_is_none(shell: Shell) -> None:
    type_units(shell)
    shell.window.pump.patience = -1.0  # views are told in later turns
    gone = edits.remove(shell.document.value, ["linear1"])
    shell.document.set(gone)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert shell.document.value is gone
    QTest.qWait(50)
    assert shell.document.value is gone


def type_name(shell: Shell, text: str) -> QLineEdit:
    shell.window.focus.select("linear1")
    shell.window.docks["inspector"].raise_()
    line = shell.child("layer_name")
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    return line


def test_a_name_that_is_being_typed_is_saved_with_the_project(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "p.playground.json"
    files.save(CIRCLE, path)
    shell.document.open(CIRCLE, path)
    type_name(shell, "hidden")
    trigger(shell, "file.save")
    shell.qtbot.waitUntil(lambda: "hidden" in files.load(path).network)
    assert shell.window.history.undoText() == "Name linear1 hidden"


def test_a_name_that_cannot_be_stays_to_be_corrected(shell: Shell) -> None:
    line = type_name(shell, "linear2")
    trigger(shell, "run.play")
    assert shell.document.value.network == CIRCLE.network
    assert line.text() == "linear2"
    assert shell.child("name_refused").isVisible()
