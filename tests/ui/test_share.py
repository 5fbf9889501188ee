"""Share as Code…, and back from the clipboard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from playground.document.examples import example
from playground.document.sharing import from_code, to_code
from playground.ui.shell.share_dialog import MOST_QR, ShareDialog, qr
from tests.ui.shell import Shell, ToldRunner


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("spiral").project, tmp_path, ToldRunner()).show()


def test_a_project_goes_out_as_a_code_and_comes_in_again(shell: Shell) -> None:
    shell.window.actions_["file.share"].trigger()
    dialog = shell.window.findChild(ShareDialog)
    assert dialog is not None
    dialog.findChild(object, "share_copy").click()
    code = QGuiApplication.clipboard().text()
    assert code == dialog.text.toPlainText()
    assert from_code(code).network == shell.document.value.network
    dialog.reject()
    shell.window.desk.open_example("xor")
    shell.window.actions_["file.open_code"].trigger()
    assert shell.document.value.network == example("spiral").project.network
    assert shell.document.value.seed == example("spiral").project.seed


def test_what_is_no_code_on_the_clipboard_is_said(shell: Shell) -> None:
    before = shell.document.value
    QGuiApplication.clipboard().setText("a shopping list")
    shell.window.actions_["file.open_code"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "no code of a project" in box.text()
    box.accept()
    assert shell.document.value is before


def test_where_the_package_for_pictures_is_missing_it_is_offered(
    qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    dialog = ShareDialog("chainrule1:abc")
    qtbot.addWidget(dialog)
    assert dialog.picture.isHidden()
    assert "pip install 'chainrule-playground[share]'" in dialog.said.text()
    assert qr("chainrule1:abc") is None


def test_a_picture_of_the_code(qtbot) -> None:
    pytest.importorskip("segno", reason="segno is not installed: no QR pictures")
    code = to_code(example("resnet-small").project)
    picture = qr(code)
    assert picture is not None
    assert picture.width() == picture.height() > 100
    long = ShareDialog("x" * (MOST_QR + 1))
    qtbot.addWidget(long)
    assert "too many for a QR picture" in long.said.text()
