"""Import Model…: weights into the network, or a network for them; what cannot be read is cut off; all of it is one edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from engine import Model
from engine.io import save_weights
from playground.document.examples import example
from playground.document.project import data_of, problems
from playground.ui.shell.import_dialog import ImportDialog
from tests.engine.importing.models import whole_files, written
from tests.ui.shell import Shell, ToldRunner, answer_file_dialog


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("digits-cnn").project, tmp_path / "shell", ToldRunner()).show()


def weights_of(shell: Shell, seed: int) -> dict[str, np.ndarray]:
    project = shell.document.value
    return Model(project.network, data_of(project).in_shape, seed=seed).state_dict()


def opened(shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch) -> ImportDialog:
    answer_file_dialog(monkeypatch, "getOpenFileName", path)
    shell.window.actions_["file.import"].trigger()
    dialog = shell.window.findChild(ImportDialog)
    assert dialog is not None
    shell.qtbot.waitExposed(dialog)
    return dialog


def take(dialog: ImportDialog) -> None:
    QTest.mouseClick(dialog.takes, Qt.MouseButton.LeftButton)


def words(dialog: ImportDialog) -> list[str]:
    return [dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())]


def test_weights_that_fit_become_the_first_ones(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    state = weights_of(shell, 9)
    save_weights({f"module.{name}": a for name, a in state.items()}, tmp_path / "theirs.safetensors")
    dialog = opened(shell, tmp_path / "theirs.safetensors", monkeypatch)
    assert words(dialog) == ["Conv2d conv2d1", "Conv2d conv2d2", "Linear linear1"]
    network = shell.document.value.network
    take(dialog)
    assert shell.document.value.network is network
    given = {
        f"{one.node_id}.{one.name}": np.array(one.values, "f4") for one in shell.document.value.first_weights
    }
    assert given.keys() == state.keys()
    assert all(given[name].tobytes() == a.astype("f4").tobytes() for name, a in state.items())
    assert shell.window.history.undoText() == "Import theirs.safetensors"
    shell.window.history.undo()
    assert shell.document.value.first_weights == ()


def test_or_a_network_is_proposed(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    save_weights(weights_of(shell, 9), tmp_path / "theirs.safetensors")
    dialog = opened(shell, tmp_path / "theirs.safetensors", monkeypatch)
    QTest.mouseClick(
        dialog.findChild(object, "import_way_1"),
        Qt.MouseButton.LeftButton,
        pos=dialog.findChild(object, "import_way_1").rect().center() * 0.2,
    )
    assert any(text.startswith("~ ReLU") for text in words(dialog))
    take(dialog)
    assert not problems(shell.document.value)
    assert len(shell.document.value.first_weights) == 6
    shell.window.history.undo()
    assert (
        shell.document.value.network is example("digits-cnn").project.network
        or len(shell.document.value.network) == 8
    )


def test_a_network_of_another_size_is_imported_and_the_data_said_to_differ(
    shell: Shell, tmp_path: Path, monkeypatch
) -> None:
    pytest.importorskip("onnx")
    dialog = opened(shell, written(tmp_path, ".onnx", whole_files()[".onnx"]()), monkeypatch)
    assert "It reads 2×6×6; the data are 1×8×8" in dialog.said.text()
    take(dialog)
    assert [n.layer.key for n in shell.document.value.network.nodes][:2] == ["Conv2d", "BatchNorm"]
    assert problems(shell.document.value), "and so do the problems"


def test_what_cannot_be_read_is_cut_off(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    onnx = pytest.importorskip("onnx")
    proto = onnx.load_model_from_string(whole_files()[".onnx"]())
    proto.graph.node[3].op_type = "Sin"
    dialog = opened(shell, written(tmp_path, ".onnx", proto.SerializeToString()), monkeypatch)
    assert dialog.takes.text() == "Cut here and import"
    assert words(dialog)[-1] == "✗ no layer here computes it"
    assert "From node 4, Sin" in dialog.said.text()
    take(dialog)
    assert [n.layer.key for n in shell.document.value.network.nodes] == ["Conv2d", "BatchNorm", "ReLU"]


def test_what_is_no_model_is_refused_in_words(shell: Shell, tmp_path: Path, monkeypatch) -> None:
    before = shell.document.value
    answer_file_dialog(monkeypatch, "getOpenFileName", written(tmp_path, ".pt", b"PK no"))
    shell.window.actions_["file.import"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "file.pt is damaged" in box.text()
    box.accept()
    assert shell.document.value is before


def test_a_model_that_is_dropped_is_imported(shell: Shell, tmp_path: Path) -> None:
    save_weights(weights_of(shell, 9), tmp_path / "theirs.safetensors")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "theirs.safetensors"))])
    held = Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (QDragEnterEvent(QPoint(10, 10), *held), QDropEvent(QPointF(10, 10), *held)):
        QApplication.sendEvent(shell.window, event)
    assert shell.window.findChild(ImportDialog) is not None
