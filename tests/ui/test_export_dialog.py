"""Export Program…: written and proved in a process of its own, cancelled, refused, and told what is missing."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.export import TARGETS, Row
from playground.document.examples import example
from playground.runner.messages import Step
from playground.ui.shell import export_dialog
from playground.ui.shell.export_dialog import ExportDialog
from playground.ui.shell.proof_table import share_in_words
from tests.ui.shell import Shell, ToldRunner


def opened(shell: Shell, target: str, folder: Path) -> ExportDialog:
    shell.window.actions_["file.export"].trigger()
    dialog = shell.window.findChild(ExportDialog)
    assert dialog is not None
    shell.qtbot.waitExposed(dialog)
    dialog.target.setCurrentIndex(list(TARGETS).index(target))
    dialog.folder.setText(str(folder))
    return dialog


def press(dialog: ExportDialog, name: str) -> None:
    button = dialog.findChild(object, name)
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def until_over(shell: Shell, dialog: ExportDialog) -> None:
    shell.qtbot.waitUntil(dialog.closes.isVisible, timeout=250_000)


def stand_in(folder: Path, commands: str) -> Path:
    """A program in the place of an interpreter; ``{0}``: a file in ``folder``."""
    if shutil.which("sh") is None:
        pytest.skip("there is no shell to stand in for an interpreter")
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{commands.replace('{0}', str(folder / 'number'))}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("xor").project, tmp_path / "shell").show().until_ready()


@pytest.mark.slow
def test_a_run_is_written_and_proved(shell: Shell, tmp_path: Path) -> None:
    shell.runner.send(Step("epoch"))
    shell.qtbot.waitUntil(lambda: shell.frame.epoch == 1)
    dialog = opened(shell, "numpy", tmp_path / "out")
    press(dialog, "export_prove")
    assert dialog.cancels.isVisible()
    assert not dialog.target.isEnabled()
    until_over(shell, dialog)
    assert dialog.verdict.text() == "The same function", dialog.said.text()
    assert dialog.table.rowCount() == 2 * (len(shell.document.value.network) + 1)
    assert dialog.table.item(0, 0).text().endswith("block 1")
    assert all(row.agrees for row in dialog._rows)
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {"model.py", "train.py", "check.py"}
    first = (tmp_path / "out" / "weights.npz").read_bytes()
    shell.runner.send(Step("epoch"))
    shell.qtbot.waitUntil(lambda: shell.frame.epoch == 2)
    press(dialog, "export_write")
    until_over(shell, dialog)
    assert dialog.verdict.text() == "Written"
    assert (tmp_path / "out" / "weights.npz").read_bytes() != first, "the weights are those of the run"


@pytest.mark.slow
def test_cancelled_it_ends_with_all_that_it_started(shell: Shell, tmp_path: Path) -> None:
    dialog = opened(shell, "numpy", tmp_path / "out")
    endless, number = (
        stand_in(tmp_path, "echo $$ > {0}.part; mv {0}.part {0}; exec sleep 600"),
        tmp_path / "number",
    )
    dialog.python.setText(str(endless))
    press(dialog, "export_prove")
    job = dialog._job
    assert job is not None
    shell.qtbot.waitUntil(number.exists)
    exporting = job._process.processId()
    press(dialog, "export_cancel")
    assert dialog.said.text().startswith("Cancelled. The program is in ")
    assert dialog.exports.isVisible()
    shell.qtbot.waitUntil(lambda: not is_running(exporting))
    shell.qtbot.waitUntil(lambda: not is_running(int(number.read_text("utf-8"))))
    shell.qtbot.waitUntil(lambda: not Path(job._folder).exists())


@pytest.mark.slow
def test_it_ends_with_the_window(shell: Shell, tmp_path: Path) -> None:
    dialog = opened(shell, "numpy", tmp_path / "out")
    endless, number = (
        stand_in(tmp_path, "echo $$ > {0}.part; mv {0}.part {0}; exec sleep 600"),
        tmp_path / "number",
    )
    dialog.python.setText(str(endless))
    press(dialog, "export_prove")
    job = dialog._job
    assert job is not None
    shell.qtbot.waitUntil(number.exists)
    shell.window.close()
    shell.qtbot.waitUntil(lambda: not job.running)
    shell.qtbot.waitUntil(lambda: not is_running(int(number.read_text("utf-8"))))


@pytest.mark.slow
def test_closed_it_ends_with_all_that_it_started(shell: Shell, tmp_path: Path) -> None:
    """The dialog is gone at once; the process must not go with it before it has ended its own."""
    dialog = opened(shell, "numpy", tmp_path / "out")
    endless = stand_in(tmp_path, "echo $$ > {0}.part; mv {0}.part {0}; exec sleep 600")
    number = tmp_path / "number"
    dialog.python.setText(str(endless))
    press(dialog, "export_prove")
    assert dialog._job is not None
    shell.qtbot.waitUntil(number.exists)
    exporting = dialog._job._process.processId()
    dialog.reject()
    shell.qtbot.waitUntil(lambda: not is_running(exporting))
    shell.qtbot.waitUntil(lambda: not is_running(int(number.read_text("utf-8"))))


@pytest.mark.slow
def test_what_cannot_be_is_said(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "model.py").write_text("mine", encoding="utf-8")
    dialog = opened(shell, "numpy", folder)
    press(dialog, "export_write")
    until_over(shell, dialog)
    assert dialog.verdict.text() == "Not exported"
    assert "has not written" in dialog.said.text()
    assert (folder / "model.py").read_text(encoding="utf-8") == "mine"
    dialog.folder.setText(str(tmp_path / "own"))
    dialog.python.setText(str(tmp_path / "no-such-python"))
    press(dialog, "export_prove")
    until_over(shell, dialog)
    assert dialog.verdict.text() == "Written, but not proved"
    assert "cannot be run" in dialog.said.text()


@pytest.mark.slow
def test_a_program_that_gives_other_numbers_is_said(shell: Shell, tmp_path: Path) -> None:
    """By an interpreter that first changes the weights."""
    code = "import numpy as np; w = dict(np.load('weights.npz')); np.savez('weights.npz', **{k: v * np.float32(1.01) for k, v in w.items()})"
    wrong = stand_in(tmp_path, f'{sys.executable} -c "{code}"\nexec {sys.executable} "$@"')
    dialog = opened(shell, "numpy", tmp_path / "out")
    dialog.python.setText(str(wrong))
    press(dialog, "export_prove")
    until_over(shell, dialog)
    assert dialog.verdict.text() == "Other numbers"
    assert "where rounding explains" in dialog.said.text()


def test_what_is_missing_is_offered(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path, ToldRunner()).show()
    monkeypatch.setattr(export_dialog, "find_spec", lambda name: None)
    dialog = opened(shell, "onnx", tmp_path)
    assert "pip install 'chainrule-playground[export]'" in dialog.missing.text()
    dialog.target.setCurrentIndex(list(TARGETS).index("pytorch"))
    assert "pip install torch" in dialog.missing.text()
    dialog.python.setText("/elsewhere/python")
    assert dialog.missing.isHidden(), "another interpreter may have it"
    dialog.target.setCurrentIndex(list(TARGETS).index("numpy"))
    assert dialog.missing.isHidden()


def test_the_folder_follows_the_target_until_it_is_chosen(qtbot, tmp_path: Path) -> None:
    project = example("xor").project.replace(name="a/b: <c>")
    dialog = ExportDialog(
        project, None, Shell(qtbot, project, tmp_path, ToldRunner()).window._appearance.theme
    )
    qtbot.addWidget(dialog)
    assert Path(dialog.folder.text()).name == "a-b-c-numpy"
    dialog.target.setCurrentIndex(1)
    assert Path(dialog.folder.text()).name == "a-b-c-pytorch"
    dialog.folder.setText("")
    QTest.keyClicks(dialog.folder, "mine")
    dialog.target.setCurrentIndex(0)
    assert dialog.folder.text() == "mine"


@pytest.mark.parametrize(
    ("difference", "words"), [(0.0, "0"), (0.5, "50.0 %"), (1e-9, "1.0e−7 %"), (20.0, "2000.0 %")]
)
def test_a_share_is_written_so_that_it_is_never_a_false_zero(difference: float, words: str) -> None:
    assert share_in_words(Row("layer 0", "float32", difference, 1.0, 0)) == words


def test_a_row_is_what_the_command_line_says() -> None:
    row = Row("layer 0", "float32", 1e-7, 1e-6, 3, "sample 4")
    assert Row(**json.loads(json.dumps(vars(row)))) == row
    assert row.share == pytest.approx(0.1)
