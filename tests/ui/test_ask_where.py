"""Where a file goes: its ending, and a question before anything is replaced that the system's dialog could not ask about."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from playground.ui.kit.questions import ask_where

ENDINGS = {".pdf": "PDF", ".svg": "SVG"}


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def answered(monkeypatch, name: Path | str, kind: str = "") -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(name), kind)))


def question() -> QMessageBox:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    return box


@pytest.mark.parametrize(
    ("typed", "kind", "expected"),
    [
        ("a.pdf", "", "a.pdf"), ("a.SVG", "PDF (*.pdf)", "a.SVG"), ("a", "SVG (*.svg)", "a.svg"), ("a.b", "", "a.b.pdf"), ("a.txt", "", "a.txt"),
    ],
)  # fmt: skip
def test_the_ending(window, tmp_path, monkeypatch, typed: str, kind: str, expected: str) -> None:
    answered(monkeypatch, tmp_path / typed, kind)
    found: list[Path] = []
    ask_where(window, "Save", tmp_path / "it.pdf", ENDINGS, found.append, known=(".txt",))
    assert found == [tmp_path / expected]


def test_what_the_dialog_has_asked_about_is_not_asked_again(window, tmp_path, monkeypatch) -> None:
    (tmp_path / "a.pdf").write_text("older")
    answered(monkeypatch, tmp_path / "a.pdf")
    found: list[Path] = []
    ask_where(window, "Save", tmp_path / "it.pdf", ENDINGS, found.append)
    assert found == [tmp_path / "a.pdf"]


@pytest.mark.parametrize("agreed", [True, False])
def test_a_file_that_gets_its_ending_here_is_not_replaced_without_a_question(
    window, tmp_path, monkeypatch, agreed: bool
) -> None:
    (tmp_path / "a.pdf").write_text("older")
    answered(monkeypatch, tmp_path / "a")
    found: list[Path] = []
    ask_where(window, "Save", tmp_path / "it.pdf", ENDINGS, found.append)
    assert found == []
    box = question()
    assert box.text() == "a.pdf is there already."
    next(b for b in box.buttons() if b.text().replace("&", "") == ("Replace" if agreed else "Cancel")).click()
    assert found == ([tmp_path / "a.pdf"] if agreed else [])


def test_nor_is_what_is_written_beside_it(window, tmp_path, monkeypatch) -> None:
    (tmp_path / "a.csv").write_text("older")
    answered(monkeypatch, tmp_path / "a.pdf")
    found: list[Path] = []
    ask_where(
        window,
        "Save",
        tmp_path / "it.pdf",
        ENDINGS,
        found.append,
        beside=lambda path: [path.with_suffix(".csv")],
    )
    box = question()
    assert box.text() == "a.csv is there already."
    box.reject()
    assert found == []


def test_nobody_chose_anything(window, tmp_path, monkeypatch) -> None:
    answered(monkeypatch, "")
    ask_where(window, "Save", tmp_path / "it.pdf", ENDINGS, lambda path: pytest.fail("nothing was chosen"))
