"""The sheet: an exercise is typed number by number, and trained as it stands there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import layers, losses
from engine.data import Circle, Typed
from engine.layers import Linear, Sigmoid
from engine.optimizers import SGD
from playground.document.project import data_of, problems
from playground.runner.messages import State
from playground.runner.session import Session
from playground.ui.panels.data.number_table import MOST_ROWS, NotANumber, NumberTable
from playground.ui.panels.data.sheet import Sheet
from playground.ui.panels.data.view import DataView
from tests.ui.bench import Bench
from tests.ui.panels.projects import make_project


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, DataView, make_project(Circle(samples=60), 1, losses.BCEWithLogitsLoss())).show(
        280, 600
    )


def sheet_of(bench: Bench) -> Sheet:
    bench.view.typing.trigger()
    found = bench.view.findChild(Sheet)
    bench.qtbot.waitExposed(found)
    bench.qtbot.waitUntil(found.isActiveWindow)
    return found


def type_row(table: NumberTable, row: int, *texts: str) -> None:
    """Each number by the keyboard, ended by Enter, which goes on to the next cell."""
    table.setFocus()
    table.setCurrentCell(row, 0)
    for text in texts:
        for letter in text:
            QTest.keyClick(QApplication.focusWidget(), letter)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        QApplication.processEvents()  # Qt takes what was typed a moment later


def test_an_exercise_is_typed_and_trained(bench: Bench, qtbot) -> None:
    sheet = sheet_of(bench)
    sheet.targets.setValue(2)
    type_row(sheet.rows, 0, "0.05", "0.10", "0.01", "0.99")
    assert sheet.rows.rowCount() == 2, "there is always room for one more"
    type_row(sheet.weights["linear1"], 0, "0.15", "0.20", "0.35")
    assert "is empty" in sheet.problem.text()
    assert not sheet.use.isEnabled()
    type_row(sheet.weights["linear1"], 1, "0.25", "0.30", "0.35")
    type_row(sheet.weights["linear2"], 0, "0.40", "0.45", "0.60")
    type_row(sheet.weights["linear2"], 1, "0.50", "0.55", "0.60")
    sheet.frozen.click()
    assert "0.751365070, 0.772928465" in sheet.answer.text()
    assert "0.298371109" in sheet.answer.text()
    QTest.mouseClick(sheet.use, Qt.MouseButton.LeftButton)

    project = bench.project
    assert bench.history.text(0) == "Type numbers"
    assert project.source == Typed([[0.05, 0.10, 0.01, 0.99]])
    assert [type(node.layer) for node in project.network.nodes] == [Linear, Sigmoid, Linear, Sigmoid]
    assert all(node.layer.frozen_bias for node in project.network.nodes[::2])
    assert (type(project.fit.loss), project.fit.optimizer) == (losses.MSELoss, SGD(lr=0.5))
    assert problems(project) == ()
    assert data_of(project).validation is None

    session = Session()
    session.load(project)
    assert session.trainer.train_score.loss == pytest.approx(0.298371109, abs=1e-7)
    session.play()
    session.train(600.0, until_epoch=1)
    weights = session.trainer.model.state_dict()
    assert weights["linear2.weight"].ravel() == pytest.approx(
        [0.35891648, 0.408666186, 0.511301270, 0.561370121], abs=1e-7
    )
    assert weights["linear1.bias"] == pytest.approx([0.35, 0.35], abs=1e-7)
    session.train(600.0, until_epoch=9_999)
    session.pause()
    assert session.trainer.train_score.loss == pytest.approx(0.0000351085, rel=2e-3)  # in float32
    assert session.state is State.PAUSED

    bench.history.undo()
    assert bench.project.source == Circle(samples=60)


def test_what_was_typed_is_there_again(bench: Bench) -> None:
    sheet = sheet_of(bench)
    sheet.rows.paste("1 2 3\n4 5 6.5")
    sheet.weights["linear1"].paste("1 2 3\n4 5 6")
    sheet.use.click()
    assert bench.find("edit_numbers").isVisible()
    bench.qtbot.waitUntil(lambda: bench.view.findChild(Sheet) is None)
    bench.find("edit_numbers").click()
    again = bench.view.findChild(Sheet)
    assert again.rows.numbers() == [[1, 2, 3], [4, 5, 6.5]]
    assert again.network.currentText() == "as on the canvas"
    assert again.weights["linear1"].numbers() == [[1, 2, 3], [4, 5, 6]]
    assert again.weights["linear2"].is_empty
    again.rows.item(0, 0).setText("1.5")
    again.use.click()
    assert bench.project.source.rows.array[0, 0] == 1.5
    assert bench.project.first_weights[0].values == ((1.0, 2.0), (4.0, 5.0))


def test_rows_come_from_a_spreadsheet_by_the_clipboard(bench: Bench) -> None:
    sheet = sheet_of(bench)
    QGuiApplication.clipboard().setText("0,5\t1\t2,25\r\n-1\t1e-3\t7 %\r\n")
    sheet.rows.setFocus()
    QTest.keyClick(sheet.rows, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert sheet.rows.numbers() == [[0.5, 1, 2.25], [-1, 0.001, 0.07]]
    assert sheet.use.isEnabled()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1 2 3", [[1, 2, 3]]),
        ("1;2,5;3", [[1, 2.5, 3]]),
        ("1.5,2,3", [[1.5, 2, 3]]),
        ("1,2,3\n4,5,6", [[1, 2, 3], [4, 5, 6]]),
        ("1, 2, 3", [[1, 2, 3]]),
        ("1\t2\t3\t4\t5", [[1, 2, 3]]),
    ],
)
def test_how_pasted_cells_are_parted(bench: Bench, text: str, numbers: list[list[float]]) -> None:
    sheet = sheet_of(bench)
    sheet.rows.paste(text)
    assert sheet.rows.numbers() == numbers


def test_what_is_no_number_is_said_and_changes_nothing(bench: Bench) -> None:
    sheet, before = sheet_of(bench), bench.project
    sheet.rows.paste("1 2 3\n4 <b>x</b> 6")
    assert "Row 2, x2" in sheet.problem.text()
    assert "expected a number" in sheet.problem.text()
    assert not sheet.use.isEnabled()
    sheet.rows.item(1, 1).setText("5")
    assert sheet.use.isEnabled()
    sheet.rows.item(1, 1).setText("1e60")
    assert "too large" in sheet.problem.text()
    sheet.rows.item(1, 1).setText("5")
    for wrong in ("x", "0", "99", "1,1,1,1"):
        sheet.hidden.setText(wrong)
        sheet.hidden.textEdited.emit(wrong)
        assert "whole numbers" in sheet.problem.text(), wrong
    sheet.hidden.setText("3, 2")
    sheet.hidden.textEdited.emit("3, 2")
    assert list(sheet.weights) == ["linear1", "linear2", "linear3"]
    sheet.rate.setText("-1")
    sheet.rate.textEdited.emit("-1")
    assert "learning rate" in sheet.problem.text()
    sheet.reject()
    assert bench.project is before


def test_a_table_takes_so_many_rows_only(qtbot) -> None:
    table = NumberTable("t", "the rows", grows=True)
    qtbot.addWidget(table)
    table.show_columns(["a"])
    table.paste("\n".join(["1"] * (3 * MOST_ROWS)))
    assert len(table.numbers()) == MOST_ROWS
    table.fill([[1.0], [2.0]])
    assert table.numbers() == [[1.0], [2.0]]
    table.item(0, 0).setText("one")
    with pytest.raises(NotANumber, match="Row 1, a of the rows is 'one'"):
        table.numbers()


def test_a_target_can_be_a_class(bench: Bench) -> None:
    sheet = sheet_of(bench)
    sheet.as_classes.click()
    sheet.rows.paste("0 0 0\n0 1 1\n1 0 2")
    assert sheet.weights["linear2"].rowCount() == 3
    sheet.use.click()
    project = bench.project
    assert data_of(project).raw.y.tolist() == [0, 1, 2]
    assert type(project.fit.loss) is losses.CrossEntropyLoss
    assert project.network.nodes[-1].layer.out_features == 3
    assert problems(project) == ()


def test_the_network_on_the_canvas_learns_the_rows(bench: Bench) -> None:
    sheet = sheet_of(bench)
    sheet.network.setCurrentIndex(0)
    sheet.targets.setValue(2)
    sheet.inputs.setValue(3)
    sheet.rows.paste("1 2 3 4 5")
    assert [table.columnCount() for table in sheet.weights.values()] == [4, 5]
    assert [table.rowCount() for table in sheet.weights.values()] == [4, 2]
    sheet.use.click()
    ids = [node.id for node in bench.project.network.nodes]
    assert ids == ["hidden", "tanh", "out"]
    assert bench.project.network["out"].layer == layers.Linear(2)
    assert problems(bench.project) == ()
    assert np.array_equal(data_of(bench.project).train.y, [[4, 5]])


def test_what_a_set_wants_for_itself_does_not_outlast_it(bench: Bench) -> None:
    sheet = sheet_of(bench)
    sheet.rows.paste("1 2 3")
    sheet.use.click()
    assert bench.project.preparation.train == 1.0
    bench.find("source_Xor").click()
    bench.qtbot.waitUntil(lambda: bench.project.source.key == "Xor")
    assert (bench.project.preparation.train, bench.project.preparation.validation) == (0.6, 0.2)


def test_a_convolution_is_typed_and_its_published_numbers_come_out(bench: Bench) -> None:
    """Zhang et al., Dive into Deep Learning, chapter 7.2: 0 … 8 under the filter 0 1 2 3 gives 19, 25, 37 and 43."""
    sheet = sheet_of(bench)
    sheet.network.setCurrentIndex(2)
    assert (sheet.inputs.value(), sheet.targets.value()) == (9, 4)
    type_row(sheet.rows, 0, *"012345678", "19", "25", "37", "43")
    table = sheet.weights["conv2d1"]
    assert (table.rowCount(), table.columnCount()) == (1, 4)
    type_row(table, 0, *"0123")
    assert sheet.answer.text().startswith("Outputs of row 1: 19.0000000, 25.0000000, 37.0000000, 43.0000000")
    assert "Mean squared error 0" in sheet.answer.text()
    sheet.use.click()
    project = bench.project
    assert problems(project) == ()
    assert [node.layer.label for node in project.network.nodes] == ["Unflatten", "Conv2d", "Flatten"]
    session = Session()
    session.load(project)
    data = data_of(project)
    assert session.trainer.model.predict(data.train.x).tolist() == [[19.0, 25.0, 37.0, 43.0]]
    again = Sheet(bench.view.context, bench.view)
    assert again.weights["conv2d1"].texts() == [["0", "1", "2", "3"]], "what was typed is there again"
    again.reject()


@pytest.mark.parametrize(
    ("picture", "kernel", "why"),
    [
        ("3", "2×2", "The picture is '3'"),
        ("3×3", "4×1", "fits into a picture"),
        ("0×3", "1×1", "The picture is '0×3'"),
        ("40×40", "2×2", "up to 99 cells"),
    ],
)
def test_a_convolution_that_is_none_is_said(bench: Bench, picture: str, kernel: str, why: str) -> None:
    sheet = sheet_of(bench)
    sheet.network.setCurrentIndex(2)
    sheet.picture.setText(picture)
    sheet.kernel.setText(kernel)
    sheet.kernel.textEdited.emit(kernel)
    assert why in sheet.problem.text()
    assert not sheet.use.isEnabled()


def test_a_table_without_hidden_units_gives_its_published_digits(bench: Bench) -> None:
    """Trask 2015, "A Neural Network in 11 lines of Python", part 1: three inputs, one sigmoid, no bias, 10,000 updates.

    His rule adds the four samples up and leaves the 2 of the square out: of the mean squared error that is a learning rate of 2.
    """
    sheet = sheet_of(bench)
    sheet.inputs.setValue(3)
    for row, numbers in enumerate(("0010", "0110", "1011", "1111")):
        type_row(sheet.rows, row, *numbers)
    sheet.hidden.clear()
    sheet.hidden.textEdited.emit("")
    sheet.frozen.setChecked(True)
    sheet.rate.setText("2")
    sheet.rate.textEdited.emit("2")
    first = 2 * np.random.RandomState(1).random_sample((3, 1)) - 1
    sheet.weights["linear1"].paste("\t".join([*(f"{w:.15g}" for w in first.ravel()), "0"]))
    sheet.use.click()
    session = Session()
    session.load(bench.project)
    for _ in range(10_000):
        session.trainer.step()
    model = session.trainer.model
    assert model.parameters["linear1"]["bias"].tolist() == [0.0]
    outputs = model.predict(data_of(bench.project).raw.x)[:, 0]
    np.testing.assert_allclose(outputs, [0.00966449, 0.00786506, 0.99358898, 0.99211957], atol=2e-6)
