"""Weights alone go to files and come from them, and are kept as what the run begins with."""

import gc
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.io import load_weights, save_weights
from playground.document.document import Document
from playground.document.examples import example
from playground.runner.messages import Save, State
from playground.ui.shell.saving import Saving
from playground.ui.shell.weights import WeightFiles
from tests.ui.shell import Shell, answer_file_dialog

CIRCLE = example("circle").project


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, CIRCLE, tmp_path).show().until_ready()


def train_an_epoch(shell: Shell) -> None:
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=1)


@pytest.mark.slow
def test_saved_weights_are_loaded_and_undone(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "w.safetensors"
    train_an_epoch(shell)
    trained = shell.frame.train_loss
    answer_file_dialog(monkeypatch, "getSaveFileName", path.with_suffix(""))
    shell.window.actions_["file.save_weights"].trigger()
    shell.qtbot.waitUntil(path.exists)
    assert set(load_weights(path)) == {f"linear{i}.{name}" for i in (1, 2, 3) for name in ("weight", "bias")}
    shell.window.actions_["run.reset"].trigger()
    shell.until_ready()
    answer_file_dialog(monkeypatch, "getOpenFileName", path)
    shell.window.actions_["file.load_weights"].trigger()
    shell.qtbot.waitUntil(lambda: shell.frame.project is shell.document.value)
    assert shell.frame.step == 0
    assert shell.frame.train_loss == trained
    assert shell.window.history.undoText() == "Weights of w.safetensors"
    shell.window.actions_["edit.undo"].trigger()
    assert shell.document.value is CIRCLE


@pytest.mark.slow
def test_what_is_kept_is_where_reset_returns_to(shell: Shell) -> None:
    train_an_epoch(shell)
    trained = shell.frame.train_loss
    shell.window.actions_["run.keep_weights"].trigger()
    shell.qtbot.waitUntil(lambda: shell.frame.project.first_weights != ())
    assert (shell.frame.step, shell.frame.train_loss) == (0, trained)
    shell.window.actions_["run.batch"].trigger()
    shell.until(State.PAUSED)
    shell.window.actions_["run.reset"].trigger()
    shell.qtbot.waitUntil(lambda: shell.frame.step == 0)
    assert shell.frame.train_loss == trained
    shell.window.actions_["edit.undo"].trigger()
    shell.qtbot.waitUntil(lambda: shell.frame.epoch == 1)
    assert shell.frame.train_loss == trained, "undo brings the run back that had led there"


@pytest.mark.slow
def test_weights_of_another_network_are_refused_in_words(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "w.safetensors"
    save_weights({"linear1.weight": np.zeros((3, 2), np.float32)}, path)
    answer_file_dialog(monkeypatch, "getOpenFileName", path)
    shell.window.actions_["file.load_weights"].trigger()
    box = shell.window.findChild(QMessageBox, "refused")
    assert "linear1" in box.text()
    box.close()
    assert shell.document.value is CIRCLE


def test_a_window_that_goes_before_the_answer_comes_leaves_no_folder(qapp) -> None:
    window, sent = QWidget(), list[Save]()
    weights = WeightFiles(window, Document(CIRCLE), Saving(window, sent.append, window), str, str)
    weights.keep()
    folder = sent[0].path.parent
    assert folder.is_dir()
    shiboken6.delete(window)
    del weights, window
    gc.collect()
    assert not folder.exists()
