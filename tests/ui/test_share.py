"""Share as Code…, and back from the clipboard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QPainter
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


def screenshot(code: str, width: int = 1280, height: int = 720) -> QImage:
    """The picture of a code somewhere on a screen."""
    picture = qr(code)
    assert picture is not None
    screen = QImage(width, height, QImage.Format.Format_RGB32)
    screen.fill(QColor("#334455"))
    painter = QPainter(screen)
    painter.drawPixmap(610, 90, picture)
    painter.end()
    return screen


@pytest.fixture
def readers() -> None:
    for name in ("segno", "zxingcpp"):
        pytest.importorskip(name, reason=f"{name} is not installed: no QR pictures")


def mime_of(image: QImage) -> QMimeData:
    mime = QMimeData()
    mime.setImageData(image)
    return mime


@pytest.mark.parametrize("key", ["xor", "alexnet-small"])
def test_a_screenshot_on_the_clipboard_is_opened(readers, shell: Shell, key: str) -> None:
    QGuiApplication.clipboard().setMimeData(mime_of(screenshot(to_code(example(key).project))))
    shell.window.actions_["file.open_code"].trigger()
    assert shell.document.value.network == example(key).project.network
    assert shell.document.value.seed == example(key).project.seed


def test_both_are_pasted_too(readers, shell: Shell) -> None:
    words = QMimeData()
    words.setText(to_code(example("xor").project))
    for mime in (words, mime_of(screenshot(to_code(example("xor").project)))):
        shell.window.desk.open_example("spiral")
        QGuiApplication.clipboard().setMimeData(mime)
        shell.window.actions_["edit.paste"].trigger()
        assert shell.document.value.network == example("xor").project.network


def test_a_screenshot_in_a_file_is_opened_or_dropped(readers, shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    screenshot(to_code(example("xor").project)).save(str(path))
    shell.window.desk.open_path(path)
    assert shell.document.value.network == example("xor").project.network
    shell.window.desk.open_example("spiral")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    drop(shell, mime)
    assert shell.document.value.network == example("xor").project.network


def test_code_and_picture_are_dropped_from_other_programs(readers, shell: Shell) -> None:
    words = QMimeData()
    words.setText("see: " + to_code(example("xor").project))
    for mime in (words, mime_of(screenshot(to_code(example("xor").project)))):
        shell.window.desk.open_example("spiral")
        drop(shell, mime)
        assert shell.document.value.network == example("xor").project.network
    shell.window.desk.open_example("spiral")
    other = QMimeData()
    other.setText("a shopping list")
    assert not drop(shell, other)


def drop(shell: Shell, mime: QMimeData) -> bool:
    """Whether the window takes it."""
    actions, buttons, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    entering = QDragEnterEvent(QPoint(300, 300), actions, mime, buttons, keys)
    entering.setAccepted(False)
    QApplication.sendEvent(shell.window, entering)
    if entering.isAccepted():
        QApplication.sendEvent(shell.window, QDropEvent(QPointF(300, 300), actions, mime, buttons, keys))
    return entering.isAccepted()


def test_a_picture_without_a_code_is_said(readers, shell: Shell) -> None:
    blank = QImage(200, 200, QImage.Format.Format_RGB32)
    blank.fill(QColor("white"))
    QGuiApplication.clipboard().setMimeData(mime_of(blank))
    shell.window.actions_["file.open_code"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "no code of a project in this picture" in box.text()
    box.accept()


def test_where_the_reader_is_missing_it_is_offered(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    blank = QImage(200, 200, QImage.Format.Format_RGB32)
    QGuiApplication.clipboard().setMimeData(mime_of(blank))
    shell.window.actions_["file.open_code"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "pip install 'chainrule-playground[share]'" in box.text()
    box.accept()
