"""The columns of a table in the Data panel: roles and empty cells are chosen there, before the data are used and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu

from engine.data import PastedTable, Preparation, TableFile
from engine.layers import Linear
from engine.network import Network
from playground.document.examples import example
from playground.document.project import Project, data_of
from playground.ui.panels.data.columns_table import NAME, ROLE, WIDTH, ColumnsTable
from playground.ui.panels.data.view import DataView
from tests.ui.bench import Bench

HEAD = "id,temp,colour,count,kind\n"
ROWS = [
    f"{i + 1},{'' if i % 7 == 0 else i * 1.5},{'red' if i % 3 else 'blue'},{i * 7 % 23},{'xy'[i % 2]}\n"
    for i in range(60)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(HEAD + "".join(ROWS))
    return tmp_path / "t.csv"


@pytest.fixture
def bench(qtbot, path: Path) -> Bench:
    project = Project(
        source=TableFile(path=str(path)).pinned(),
        preparation=Preparation(normalize="standardize"),
        network=Network.chain(Linear(2)),
    )
    return Bench(qtbot, DataView, project).show(260, 900)


def choose(table: ColumnsTable, column: str, words: str) -> None:
    row = [one.name for one in table.model.columns].index(column)
    next(action for action in table.menu(row).actions() if action.text() == words).trigger()


def shown(table: ColumnsTable, column: int) -> list[str]:
    return [table.model.data(table.model.index(row, column)) for row in range(table.model.rowCount())]


def test_each_column_with_what_it_holds_and_makes(bench: Bench) -> None:
    table = bench.view.columns
    assert shown(table, NAME) == ["id", "temp", "colour", "count", "kind"]
    assert shown(table, ROLE) == ["ignore", "number", "category", "number", "target"]
    assert shown(table, WIDTH) == ["–", "1", "2", "1", "–"]
    below = [table.model.below(one, NAME) for one in table.model.columns]
    assert below == ["counts the rows", "numbers", "words, 2 kinds", "whole numbers", "words, 2 kinds"]
    assert table.model.below(table.model.columns[1], ROLE) == "leave out"
    assert table.isVisible()


def test_a_role_is_an_edit_that_can_be_undone(bench: Bench) -> None:
    before = bench.project
    choose(bench.view.columns, "colour", "ignore")
    assert bench.project.source.roles == "colour=ignore"
    assert data_of(bench.project).features == ("temp", "count")
    bench.history.undo()
    assert bench.project == before
    assert shown(bench.view.columns, ROLE)[2] == "category"


def test_empty_cells_are_filled_as_chosen(bench: Bench) -> None:
    assert len(data_of(bench.project).raw) == 51
    choose(bench.view.columns, "temp", "mean")
    assert bench.project.source.roles == "temp=:mean"
    data = data_of(bench.project)
    assert len(data.raw) == 60
    assert bench.view.columns.model.below(bench.view.columns.model.columns[1], ROLE) == "mean"


def test_the_target_is_another_column_or_several(bench: Bench) -> None:
    table = bench.view.columns
    choose(table, "count", "target")
    assert bench.project.source.targets == "count"
    assert shown(table, ROLE) == ["ignore", "number", "category", "target", "category"]
    choose(table, "temp", "one more target")
    assert bench.project.source.targets == "count, temp"
    assert data_of(bench.project).raw.targets == ("temp", "count")
    choose(table, "temp", "number")
    assert bench.project.source.targets == "count"
    choose(table, "count", "number")
    assert "count is the only target" in bench.view.opener.problem.text()
    assert bench.project.source.targets == "count"


def order_dialog(table: ColumnsTable) -> QInputDialog:
    choose(table, "colour", "Change the order…")
    return next(one for one in table.findChildren(QInputDialog) if one.isVisible())


def test_the_order_of_kinds_is_chosen(bench: Bench) -> None:
    table = bench.view.columns
    choose(table, "colour", "ordered")
    first = data_of(bench.project).raw.x[:4, 1].tolist()
    dialog = order_dialog(table)
    assert dialog.textValue() == "blue < red"
    dialog.setTextValue("red < blue")
    dialog.accept()
    assert bench.project.source.roles == "colour=ordered[red<blue]"
    assert data_of(bench.project).raw.x[:4, 1].tolist() == [1 - value for value in first]


def test_keys_and_the_mouse_open_the_choice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    table, opened = bench.view.columns, list[QMenu]()
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: opened.append(menu))
    place = table.view.visualRect(table.model.index(2, ROLE)).center()
    QTest.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [menu.objectName() for menu in opened] == ["column_menu"]
    table.view.setCurrentIndex(table.model.index(1, NAME))
    QTest.keyClick(table.view, Qt.Key.Key_Return)
    assert "mean" in [action.text() for action in opened[1].actions()]


def test_a_column_that_is_looked_at_shows_what_normalizing_does(bench: Bench) -> None:
    view = bench.view
    column = view.normalization.parentWidget().layout()
    at = column.indexOf
    assert at(view.normalization) == at(view.preparation_form) + 1
    view.columns.view.setCurrentIndex(view.columns.model.index(3, NAME))
    assert at(view.normalization) == at(view.columns) + 1, "where it was clicked"
    assert view.normalization.choice.currentText() == "count"
    before, after = view.normalization.picture.words
    data = data_of(bench.project)
    values = data.raw.x[data.index.train, data.raw.features.index("count")]
    assert f"μ {values.mean():.3g}"[:4] in before
    assert after.startswith("μ 0, σ 1")
    view.columns.view.setCurrentIndex(view.columns.model.index(0, NAME))
    assert at(view.normalization) == at(view.preparation_form) + 1, "it is no input"


def test_roles_are_set_before_the_data_are_used(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b,kind\n" + "".join(f"{i}.5,{i * 3 % 7},{'pq'[i % 2]}\n" for i in range(30)))
    before = bench.project
    bench.view.open_path(other)
    choose(bench.view.preview.columns, "a", "ignore")
    assert bench.project is before
    assert bench.view.preview.isVisible()
    bench.view.preview.use.click()
    assert bench.project.source.roles == "a=ignore"
    assert data_of(bench.project).features == ("b",)


def test_what_was_left_out_is_said_in_the_first_line(qtbot, tmp_path: Path) -> None:
    rows = "".join(f"{'' if i % 4 == 0 else f'{i}.5'},{'xy'[i % 2]}\n" for i in range(40))
    (tmp_path / "mine.csv").write_text("a,kind\n" + rows)
    bench = Bench(qtbot, DataView, example("circle").project).show(260, 900)
    bench.view.open_path(tmp_path / "mine.csv")
    preview = bench.view.preview
    assert preview.contents.text() == "30 rows of 1 number · 2 classes · 10 rows were left out"
    assert preview.report.words().startswith("10 rows were left out:")
    preview.use.click()
    assert bench.project.name == "mine"  # no longer the circle's
    bench.history.undo()
    assert bench.project.name == "Circle"


def test_many_columns_are_searched(qtbot, tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(30)]
    rows = "".join(",".join(f"{i * (j + 2)}.5" for j in range(29)) + f",{'xy'[i % 2]}\n" for i in range(20))
    (tmp_path / "t.csv").write_text(",".join(names) + "\n" + rows)
    bench = Bench(qtbot, DataView, Project(source=TableFile(path=str(tmp_path / "t.csv")))).show(260, 900)
    table = bench.view.columns
    assert table.search.isVisible()
    table.search.setText("c1")
    assert shown(table, NAME) == ["c1", *(f"c1{i}" for i in range(10))]


def test_a_table_is_pasted_and_the_project_holds_it(bench: Bench) -> None:
    QApplication.clipboard().setText("größe\tart\n" + "".join(f"{i},5\t{'xy'[i % 2]}\n" for i in range(20)))
    QTest.keyClick(bench.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert bench.view.preview.isVisible()
    assert "Numbers have a decimal comma in größe." in bench.view.preview.report.words()
    bench.view.preview.use.click()
    assert isinstance(bench.project.source, PastedTable)
    assert np.allclose(data_of(bench.project).raw.x[:, 0], np.arange(20) + 0.5)
    assert not bench.view.opener.again.isVisible()
    QApplication.clipboard().setText("")
    bench.view.paste()
    assert "Nothing was pasted yet" in bench.view.opener.problem.text()


def test_a_file_becomes_part_of_the_project(bench: Bench, path: Path) -> None:
    before = data_of(bench.project).raw
    bench.view.opener.keep.trigger()
    assert isinstance(bench.project.source, PastedTable)
    path.unlink()
    assert np.array_equal(data_of(bench.project).raw.x, before.x)
    assert not bench.view.opener.keep.isEnabled()


def test_what_was_entered_wrongly_is_said_no_longer_than_it_is_so(bench: Bench) -> None:
    form = bench.view.source_form
    form.edited.emit(bench.project.source.replace(empty="x", header="no", targets="nobody"), "")
    wrong = bench.view._wrong
    assert wrong
    row = form._rows[wrong]
    assert "has no column 'nobody'" in row._error.text()
    form.edited.emit(bench.project.source.replace(missing="mean"), "")
    assert row._error.text() == ""


def test_what_is_being_opened_goes_with_the_project(bench: Bench, path: Path) -> None:
    bench.view.open_path(path)
    assert bench.view.preview.isVisible()
    bench.document.open(
        Project(name="another", source=bench.project.source, preparation=bench.project.preparation)
    )
    assert not bench.view.preview.isVisible()
