"""Worksheets as files: each kind holds the update's numbers or leaves them out, and failures are said beside the button."""

import csv

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Context, Focus, StepAt
from playground.ui.panels.backprop.export import ExportButton
from playground.ui.panels.backprop.sheet import formulas_of, pieces
from tests.ui.panels.backprop.traced import small, trace_of


@pytest.fixture(scope="module")
def trace():
    return trace_of(small(batch_size=2))


@pytest.fixture
def button(qtbot, trace):
    from engine.trace import moments
    from playground.document.document import Document

    focus = Focus()
    ignore = lambda _: None
    button = ExportButton(Context(Document(small()), focus, ignore, LIGHT))
    qtbot.addWidget(button)
    button.resize(500, 40)
    with qtbot.waitExposed(button):
        button.show()
    focus.show_step(StepAt(trace, moments(trace, "layer")[0], 0))
    return button


def written(qtbot, button, path, ending, answers):
    button.export(path, ending, answers)
    qtbot.waitUntil(lambda: not button.busy)
    assert button.said.text() == f"Saved as {path.name}"
    button.said.hide()
    return path


def test_markdown_with_answers_and_with_blanks(qtbot, button, trace, tmp_path):
    full = written(qtbot, button, tmp_path / "a.md", "md", True).read_text(encoding="utf-8")
    blank = written(qtbot, button, tmp_path / "b.md", "md", False).read_text(encoding="utf-8")
    assert f"**{fmt(trace.loss)}**" in full
    assert f"**{fmt(trace.loss)}**" not in blank
    assert blank.count(r"\_\_\_") > 20


def test_a_table_has_every_number_in_full(qtbot, button, trace, tmp_path):
    path = written(qtbot, button, tmp_path / "a.csv", "csv", True)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert repr(float(trace.loss)) in {row["answer"] for row in rows}
    blank = written(qtbot, button, tmp_path / "b.csv", "csv", False)
    with blank.open(encoding="utf-8", newline="") as file:
        assert {row["answer"] for row in csv.DictReader(file)} == {""}


@pytest.mark.slow
def test_a_pdf_is_made_bit_by_bit(qtbot, button, tmp_path):
    button.export(tmp_path / "a.pdf", "pdf", False)
    assert button.said.text().startswith("Typesetting")
    assert button.canceller.isVisible()
    assert not button.button.isVisible()
    qtbot.waitUntil(lambda: not button.busy)
    contents = (tmp_path / "a.pdf").read_bytes()
    assert contents.startswith(b"%PDF")
    assert len(contents) > 20_000
    assert not list(tmp_path.glob("*.part"))


def test_a_pdf_can_be_cancelled_and_leaves_nothing(qtbot, button, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_text("older", encoding="utf-8")
    button.export(path, "pdf", True)
    assert button.busy
    button.context.focus.show_step(None)  # whoever ends the walk can still cancel
    QTest.mouseClick(button.canceller, Qt.MouseButton.LeftButton)
    assert not button.busy
    assert "Cancelled" in button.said.text()
    assert not button.button.isEnabled()
    assert button.button.isVisible()
    assert not button.canceller.isVisible()
    qtbot.waitUntil(lambda: not button._turn.isActive())
    assert path.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["md", "csv"])
def test_a_place_that_cannot_be_written_to_is_said_beside_the_button(button, tmp_path, ending):
    button.export(tmp_path / "nowhere" / f"a.{ending}", ending, True)
    assert button.said.text().startswith("Not saved: No such file")
    assert button.said.property("problem")
    assert button.said.isVisible()
    assert button.button.isEnabled()
    QTest.mouseClick(button.said, Qt.MouseButton.LeftButton)
    assert not button.said.isVisible()


def test_a_full_disk_leaves_the_older_file_whole(button, tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    path.write_text("older", encoding="utf-8")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    button.export(path, "md", True)
    assert "No space left on device" in button.said.text()
    assert path.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_the_menu_asks_where_to(qtbot, button, tmp_path, monkeypatch):
    asked = []

    def choose(parent, title, suggestion, kinds):
        asked.append((suggestion, kinds))
        return str(tmp_path / "mine"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    menu = button.findChild(QMenu, "export_menu")
    names = {a.objectName(): a for a in menu.actions() if a.objectName()}
    assert len(names) == 6
    names["export_md_blanks"].trigger()
    assert asked[0][0].endswith("to fill in.md")
    assert (tmp_path / "mine.md").exists()


def test_nothing_to_save_while_nobody_steps(qtbot, button):
    button.context.focus.show_step(None)
    assert not button.button.isEnabled()
    QTest.mouseClick(button.button, Qt.MouseButton.LeftButton)
    assert not button.menu.isVisible()


@pytest.mark.parametrize(
    ("latex", "cut"),
    [
        ("y = a + b = 1 + 2", ("y = a + b", "= 1 + 2")),
        ("y = x", ("y = x",)),
        (r"y = \sum_{i = 1} x_i = 3 = 3", (r"y = \sum_{i = 1} x_i", "= 3", "= 3")),
    ],
)
def test_long_formulas_are_cut_at_their_equals_signs(latex, cut):
    assert pieces(latex) == cut
    assert formulas_of(f"- ${latex}$ = **4**") == tuple(dict.fromkeys(cut))
