"""Tables: counts of who is taken for whom, and predicted numbers against true ones."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from playground.document.project import data_of
from playground.runner.messages import Predictions, State
from playground.ui.kit.colours import readable
from playground.ui.kit.points import rows_of, size_of
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.output.confusion import ConfusionMatrix, count_pairs, measures
from playground.ui.panels.output.table import Classes, Residuals, Values
from tests.ui.bench import pixels


@pytest.fixture
def open_picture(qtbot, context):
    def make(kind, project, size=(380, 400)):
        data = data_of(project)
        picture = kind(context(project), project, data)
        qtbot.addWidget(picture)
        picture.show_data(project, data)
        picture.resize(*size)
        picture.show()
        qtbot.waitExposed(picture)
        return picture

    return make


def guesses(project, part, taken=lambda i, truth: truth):
    """Shares that name class ``taken(i, truth)`` for the i-th sample."""
    data = data_of(project)
    truth = data.raw.y[rows_of(data, part)]
    return np.eye(len(data.raw.classes))[[taken(i, t) for i, t in enumerate(truth)]]


def test_counting():
    got = count_pairs(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    assert got.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_text_stands_out_from_its_ground():
    assert readable(QColor("#ffffff"), LIGHT) == LIGHT.text
    assert readable(QColor("#103060"), LIGHT) == LIGHT.panel
    assert readable(QColor("#101010"), DARK) == DARK.text


def test_confusion_of_the_chosen_part(open_picture, frame, iris, qtbot):
    picture = open_picture(Classes, iris)
    want = Predictions("validation", 0, size_of(picture.data, "validation"))
    assert want in picture.wants()
    picture.show_frame(
        frame(iris, {want: guesses(iris, "validation", lambda i, t: 2 if t == 1 and i % 2 else t)})
    )
    counts = picture.matrix.counts
    truth = data_of(iris).raw.y[rows_of(data_of(iris), "validation")]
    assert counts.sum(axis=1).tolist() == np.bincount(truth).tolist()
    assert counts[1, 2] == sum(t == 1 and i % 2 for i, t in enumerate(truth)) > 0
    assert counts[0, 1] == counts[2, 1] == 0
    picture.bar.choice.setCurrentText("train")
    assert picture.wants()[0] == Predictions("train", 0, size_of(picture.data, "train"))
    assert picture.matrix.counts.size == 0  # the answer for that part is still to come


def test_right_answers_and_mistakes_have_colours_of_their_own(open_picture, frame, iris):
    picture = open_picture(Classes, iris)
    want = picture.wants()[0]
    picture.show_frame(frame(iris, {want: guesses(iris, "validation", lambda i, t: 2 if t == 1 else t)}))
    image = picture.matrix.grab().toImage()

    def colour(i, j):
        return image.pixelColor(picture.matrix.cell(i, j).topLeft().toPoint() + QPoint(6, 6))

    assert colour(0, 0).blue() > colour(0, 0).red()
    assert colour(1, 2).red() > colour(1, 2).blue()
    assert colour(0, 1) == QColor(LIGHT.sunken)


def test_a_cell_explains_itself_and_leads_to_its_samples(open_picture, frame, iris, focus, qtbot):
    picture = open_picture(Classes, iris)
    want = picture.wants()[0]
    picture.show_frame(frame(iris, {want: guesses(iris, "validation", lambda i, t: 2 if t == 1 else t)}))
    truth = data_of(iris).raw.y[rows_of(data_of(iris), "validation")]
    ones = np.flatnonzero(truth == 1)
    cell = picture.matrix.cell(1, 2).center().toPoint()
    QTest.mouseMove(picture.matrix, QPoint(1, 1))
    QTest.mouseMove(picture.matrix, cell)
    assert picture.matrix.read_out.text() == f"versicolor: {len(ones)} of {len(ones)} taken for virginica"
    visited = []
    for _ in range(len(ones) + 1):
        qtbot.mouseClick(picture.matrix, Qt.MouseButton.LeftButton, pos=cell)
        visited.append(focus.sample)
    start = 1 if ones[0] == 0 else 0  # sample 0 was chosen before
    expected = [("validation", int(i)) for i in np.roll(ones, -start)]
    assert visited == [*expected, expected[0]]


def test_cells_by_keyboard(open_picture, frame, iris, focus, qtbot):
    picture = open_picture(Classes, iris)
    picture.show_frame(frame(iris, {picture.wants()[0]: guesses(iris, "validation")}))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(picture.matrix, key)
    assert picture.matrix.read_out.text().splitlines()[0].endswith("recognized")
    truth = data_of(iris).raw.y[rows_of(data_of(iris), "validation")]
    assert truth[focus.sample[1]] == 1


def test_the_chosen_sample_has_a_bar_for_every_class(open_picture, frame, iris, focus):
    picture = open_picture(Classes, iris)
    focus.choose_sample("train", 2)
    want = Predictions("train", 2, 1)
    assert want in picture.wants()
    picture.show_frame(frame(iris, {want: np.array([[0.2, 0.3, 0.5]])}))
    sample = picture.card.sample
    assert sample.index == 2
    assert sample.shares.tolist() == [0.2, 0.3, 0.5]
    assert sample.image.isNull()
    focus.choose_sample("train", 10_000)  # of other data
    assert picture.card.sample is None


def test_half_built_networks_show_no_counts(open_picture, frame, iris):
    picture = open_picture(Classes, iris)
    answers = {picture.wants()[0]: guesses(iris, "validation")}
    picture.show_frame(frame(iris, answers))
    assert picture.matrix.counts.size
    picture.show_frame(frame(iris, answers, State.EMPTY))
    assert picture.matrix.counts.size == 0


def predictions(project, part="validation", shift=0.0):
    data = data_of(project)
    return data.raw.y[rows_of(data, part)].astype(float) + shift


def test_a_perfect_network_lies_on_the_diagonal(open_picture, frame, diabetes):
    picture = open_picture(Values, diabetes)
    want = picture.wants()[0]
    picture.show_frame(frame(diabetes, {want: predictions(diabetes)}))
    (x0, x1), (y0, y1) = picture.plot.box.viewRange()
    assert (x0, x1) == (y0, y1)
    y = predictions(diabetes)[:, 0]
    image = picture.plot.viewport().grab().toImage()
    alone = int(np.argmax(np.min(np.abs(y[:, None] - y[None]) + 999 * np.eye(len(y)), axis=1)))
    at = picture.plot.to_pixel(y[alone], y[alone])
    around = [image.pixelColor(round(at.x()) + d, round(at.y())) for d in (-4, -3, 3, 4)]
    assert any(c.red() > c.blue() + 60 for c in around)  # a ring in the validation colour


def test_predictions_that_leave_the_range_stay_in_the_picture(open_picture, frame, diabetes):
    picture = open_picture(Values, diabetes)
    want = picture.wants()[0]
    untrained = np.zeros_like(predictions(diabetes))
    picture.show_frame(frame(diabetes, {want: untrained}))
    low, high = picture.plot.box.viewRange()[1]
    assert low <= 0 < high
    picture.show_frame(frame(diabetes, {want: np.full_like(untrained, 1e30)}))
    assert (
        picture.plot.box.viewRange()[1][1] < 1e5
    )  # but a run that breaks does not squeeze the truth to nothing
    picture.show_frame(frame(diabetes, {want: np.full_like(untrained, np.nan)}))


def test_points_explain_themselves_and_can_be_chosen(open_picture, frame, diabetes, focus, qtbot):
    picture = open_picture(Values, diabetes)
    want = picture.wants()[0]
    picture.show_frame(frame(diabetes, {want: predictions(diabetes, shift=12.0)}))
    true = predictions(diabetes)[:, 0]
    i = int(true.argmax())
    at = picture.plot.to_pixel(true[i], true[i] + 12).toPoint()
    QTest.mouseMove(picture.plot.viewport(), QPoint(2, 2))
    QTest.mouseMove(picture.plot.viewport(), at)
    text = picture.plot.read_out.text()
    assert text.startswith(f"validation sample {i + 1}\n")
    assert f"true {true[i]:.0f}\npredicted {true[i] + 12:.0f}\nerror +12.0" in text
    qtbot.mouseClick(picture.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert focus.sample == ("validation", i)
    assert picture.picked.at[:, 0].tolist() == [true[i]]
    away = picture.plot.to_pixel(true.max(), true.min()).toPoint()
    QTest.mouseMove(picture.plot.viewport(), away)
    assert not picture.plot.read_out.isVisible()


def test_residuals_stand_over_what_is_predicted(open_picture, frame, diabetes):
    picture = open_picture(Residuals, diabetes)
    want, true = picture.wants()[0], predictions(diabetes)[:, 0]
    picture.show_frame(frame(diabetes, {want: predictions(diabetes, shift=12.0)}))
    assert picture.scatter.at.tolist() == [[value + 12.0, -12.0] for value in true]
    low, high = picture.plot.box.viewRange()[1]
    assert low == -high
    assert high >= 12.0
    assert picture.sum.text() == "mean −12.0 · standard deviation 0"
    half = predictions(diabetes) + np.where(np.arange(len(true)) % 2, 3.0, -3.0)[:, None]
    picture.show_frame(frame(diabetes, {want: half}))
    left = true - half[:, 0]
    assert f"standard deviation {left.std():.2f}" in picture.sum.text()


def test_residuals_of_a_run_that_broke_say_nothing(open_picture, frame, diabetes):
    picture = open_picture(Residuals, diabetes)
    picture.show_frame(
        frame(diabetes, {picture.wants()[0]: np.full((1000, 1), np.nan)[: len(predictions(diabetes))]})
    )
    assert picture.sum.text() == ""


def test_values_change_theme_live(open_picture, frame, diabetes):
    picture = open_picture(Values, diabetes)
    picture.context.theme.become(DARK)
    image = picture.plot.viewport().grab().toImage()
    (x0, x1), (y0, y1) = picture.plot.box.viewRange()
    corner = picture.plot.to_pixel(x0 + 0.02 * (x1 - x0), y1 - 0.02 * (y1 - y0)).toPoint()
    assert image.pixelColor(corner) == QColor(DARK.sunken)


def test_measures_of_each_class() -> None:
    counts = np.array([[8, 2, 0], [1, 4, 0], [5, 0, 0]])
    found = measures(counts)
    assert np.allclose(found[0], [8 / 14, 8 / 10, 2 * 8 / 24])
    assert np.allclose(found[1], [4 / 6, 4 / 5, 2 * 4 / 11])
    assert np.isnan(found[2, 0]), "nothing was taken for it"
    assert found[2, 1:].tolist() == [0, 0]


def test_measures_stand_beside_their_rows_where_there_is_room(qtbot) -> None:
    matrix = ConfusionMatrix(LIGHT)
    qtbot.addWidget(matrix)

    def beside(counts: list[list[int]]) -> np.ndarray:
        matrix.show_counts(np.array(counts), ("cat", "dog"))
        return pixels(matrix.grab().toImage())[:, round(matrix.cells().right()) + 2 :]

    for size, shown in (((460, 240), True), ((460, 40), False), ((180, 240), False)):
        matrix.resize(*size)
        assert matrix.measures_shown() is shown
        assert np.any(beside([[8, 2], [1, 4]]) != beside([[8, 2], [3, 4]])) == shown
    matrix.show_counts(np.array([[8, 2], [1, 4]]), ("cat", "dog"))
    matrix.resize(460, 240)
    matrix.show()
    QTest.mouseMove(matrix, matrix.cell(0, 0).center().toPoint())
    qtbot.waitUntil(
        lambda: "cat: 8 of 10 recognized\nprecision 0.889\nrecall 0.800\nF1 0.842" in matrix.read_out.text()
    )
