"""The samples as a table: sorted, of one part, only the wrong ones; a row clicked is the sample everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine import losses
from engine.data import Dataset, Prepared, TableFile, prepare
from engine.data.prepare import Preparation
from playground.document.project import data_of
from playground.runner.messages import Guesses
from playground.ui.kit.theme import LIGHT, LiveTheme
from playground.ui.panels.output.rows import GUESS, TRUTH, Rows, RowsModel
from tests.ui.panels.projects import make_project


@pytest.fixture
def project(tmp_path: Path):
    rows = "".join(
        f"{'' if i % 6 == 0 else i * 7 % 31},{'red' if i % 3 else ''},{'xy'[i % 2]}\n" for i in range(60)
    )
    (tmp_path / "t.csv").write_text("size,colour,kind\n" + rows)
    source = TableFile(path=str(tmp_path / "t.csv"), missing="mean", roles="colour=category:own category")
    return make_project(source, 2, losses.CrossEntropyLoss())


@pytest.fixture
def rows(qtbot, context, project) -> Rows:
    data = data_of(project)
    picture = Rows(context(project), project, data)
    qtbot.addWidget(picture)
    picture.show_data(project, data)
    picture.resize(400, 300)
    picture.show()
    qtbot.waitExposed(picture)
    return picture


def column(rows: Rows, number: int) -> list[str]:
    model = rows.model
    return [model.data(model.index(row, number)) for row in range(model.rowCount())]


def test_a_row_for_each_sample_of_a_part(rows: Rows) -> None:
    data = rows.data
    assert rows.model.heads == ["kind", "predicted", "size", "colour"]
    assert column(rows, TRUTH) == [data.raw.classes[label] for label in data.validation.y]
    assert set(column(rows, 3)) == {"red", "missing"}
    rows.bar.part = "train"
    assert rows.model.rowCount() == len(data.train)
    lines = [rows.model.headerData(i, Qt.Orientation.Vertical) for i in range(3)]
    assert lines == [str(data.raw.encoding.lines[i]) for i in data.index.train[:3]]


def test_what_stands_for_an_empty_cell_is_said(rows: Rows) -> None:
    data, model = rows.data, rows.model
    gaps = data.raw.encoding.blocks[0].gaps[data.index.validation]
    for row, gap in enumerate(gaps):
        told = model.data(model.index(row, 2), Qt.ItemDataRole.ToolTipRole)
        assert (told == "Empty in the file; this stands for it.") == bool(gap)


def test_sorted_by_a_name_that_is_clicked(rows: Rows) -> None:
    heads = rows.view.horizontalHeader()
    heads.setSortIndicator(2, Qt.SortOrder.DescendingOrder)
    shown = [float(text) for text in column(rows, 2)]
    assert shown == sorted(shown, reverse=True)
    heads.setSortIndicator(TRUTH, Qt.SortOrder.AscendingOrder)
    assert column(rows, TRUTH) == sorted(column(rows, TRUTH))


def test_only_the_wrong_ones(rows: Rows, project, frame) -> None:
    truth = rows.data.validation.y
    guesses = np.where(np.arange(len(truth)) % 4 == 0, 1 - truth, truth).astype(np.int32)
    rows.bar.wrong.setChecked(True)
    assert rows.model.rowCount() == 0, "nothing tells yet"
    rows.show_frame(frame(project, {Guesses("validation"): guesses}))
    assert rows.model.rowCount() == sum(guesses != truth)
    assert all(a != b for a, b in zip(column(rows, TRUTH), column(rows, GUESS), strict=True))
    assert rows.bar.where.text() == f"{sum(guesses != truth)} of {len(truth)}"
    rows.bar.wrong.setChecked(False)
    assert rows.model.rowCount() == len(truth)


def test_a_row_clicked_is_the_sample_everywhere(rows: Rows, focus) -> None:
    rows.view.horizontalHeader().setSortIndicator(2, Qt.SortOrder.AscendingOrder)
    place = rows.view.visualRect(rows.model.index(4, 1)).center()
    QTest.mouseClick(rows.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert focus.sample == ("validation", int(rows.model.order[4]))
    focus.choose_sample("validation", 0)
    assert int(rows.model.order[rows.view.currentIndex().row()]) == 0
    focus.choose_sample("train", 3)
    assert not rows.view.currentIndex().isValid()


def test_a_million_rows_are_shown_without_making_them(qtbot, qapp) -> None:
    x = np.random.default_rng(0).normal(size=(1_000_000, 4)).astype(np.float32)
    data: Prepared = prepare(
        Dataset(x, (x[:, :1] > 0).astype(np.int64)[:, 0]), Preparation(train=1.0, validation=0.0)
    )
    model = RowsModel(LiveTheme(LIGHT))
    model.show_part(data, "train")
    model.sort(3)
    assert model.rowCount() == 1_000_000
    values = x[data.index.train[model.order], 1]
    assert (np.diff(values) >= 0).all()
    assert model.data(model.index(999_999, 3)) == f"{values[-1]:.6g}"
