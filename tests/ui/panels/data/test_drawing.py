"""Pictures drawn by hand in the Data panel: each press of a class makes a sample, and the network follows."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.data import PictureSet
from engine.data.framing import fitted
from engine.losses import CrossEntropyLoss
from playground.document.examples import example
from playground.document.project import data_of, problems
from playground.runner.messages import ShowPicture
from playground.runner.session import Session
from playground.ui.kit.own_pictures import dropped
from playground.ui.panels.data.drawing import placed
from playground.ui.panels.data.view import DataView
from tests.ui.bench import Bench


@pytest.fixture
def bench(qtbot):
    made = Bench(qtbot, DataView, example("digits-cnn").project).show(260, 700)
    made.view.drawing.trigger()
    return made


def draw(bench, *points):
    pad = bench.view.bench.pad
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(pad, QPoint(*point))
        pad._stroke(QPoint(*point).toPointF(), False)  # offscreen, moves have no button
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[-1]))


def slash(bench):
    draw(bench, (20, 20), (60, 60), (110, 110))


def bar(bench):
    draw(bench, (64, 10), (64, 60), (64, 118))


def test_it_begins_empty_as_large_as_the_pictures_that_were_there(bench):
    source = bench.project.source
    assert isinstance(source, PictureSet)
    assert (source.shape, len(source.labels)) == ((1, 8, 8), 0)
    assert bench.view.bench.isVisible()
    assert "no pictures yet" in bench.view.problem.text()


def test_what_is_drawn_becomes_a_sample_of_the_class_that_is_pressed(bench):
    slash(bench)
    expected = placed(bench.view.bench.pad.drawing(), (1, 8, 8))
    bench.find("take_0").click()
    assert bench.view.bench.pad.empty
    bar(bench)
    QTest.keyClick(bench.view.bench.pad, Qt.Key.Key_2)
    source = bench.project.source
    assert source.labels.tolist() == [0, 1]
    np.testing.assert_allclose(source.pixels[0] / 255, expected, atol=0.5 / 255)
    assert expected[0, 0, 7] < 0.1 < expected[0, 4, 4], "as it was drawn, not mirrored"
    assert not problems(bench.project), "loss and last layer follow"
    assert bench.history.undoText() == "Draw B"
    bench.history.undo()
    assert bench.project.source.labels.tolist() == [0]
    assert bench.find("class_count_1").text() == "0"


def test_an_empty_pad_gives_no_sample(bench):
    bench.find("take_0").click()
    assert not len(bench.project.source.labels)
    assert "Draw one first" in bench.view.bench.said.text()


def test_a_third_class_is_learned_by_a_network_that_fits_it(bench):
    for _ in range(2):
        slash(bench)
        bench.find("take_0").click()
        bar(bench)
        bench.find("take_1").click()
    assert data_of(bench.project).raw.classes == ("A", "B")
    bench.find("add_class").click()
    assert bench.project.source.classes == ("A", "B", "C")
    draw(bench, (10, 64), (60, 64), (118, 64))
    bench.find("take_2").click()
    assert not problems(bench.project)
    assert isinstance(bench.project.fit.loss, CrossEntropyLoss)
    name = bench.find("class_name_2")
    name.setText("bar")
    name.editingFinished.emit()
    assert bench.project.source.classes == ("A", "B", "bar")
    name.setText("A")
    name.editingFinished.emit()
    assert bench.project.source.classes == ("A", "B", "bar")
    assert "called A already" in bench.view.bench.said.text()
    bench.find("remove_class_0").click()
    assert bench.project.source.classes == ("B", "bar")
    assert not problems(bench.project)


def test_a_run_goes_on_while_pictures_come(bench):
    for act in (slash, bar) * 3:
        act(bench)
        bench.view.bench.take(0 if act is slash else 1)
    session = Session()
    session.load(bench.project)
    for _ in range(20):
        session.trainer.step()
    weights = session.trainer.model.store.values.copy()
    slash(bench)
    bench.view.bench.take(0)
    session.load(bench.project)
    assert session.trainer.steps == 20
    np.testing.assert_array_equal(session.trainer.model.store.values, weights)
    assert len(session.frame().data.raw) == 7


def test_a_dense_network_gets_a_flatten(qtbot):
    made = Bench(qtbot, DataView, example("circle").project).show(260, 700)
    made.view.drawing.trigger()
    for act, label in ((slash, 0), (bar, 1)):
        act(made)
        made.view.bench.take(label)
    assert not problems(made.project)
    assert made.project.network.nodes[0].layer.label == "Flatten"


def test_the_network_says_what_it_sees_while_one_draws(bench, qtbot):
    slash(bench)
    qtbot.waitUntil(lambda: any(isinstance(c, ShowPicture) for c in bench.sent))
    shown = [c for c in bench.sent if isinstance(c, ShowPicture)][-1]
    np.testing.assert_allclose(shown.picture, placed(bench.view.bench.pad.drawing(), (1, 8, 8)), atol=1e-6)
    assert bench.focus.picture == shown.number
    bench.find("bench_clear").click()
    assert bench.focus.picture == 0


def test_a_click_on_a_picture_takes_it_away(bench):
    slash(bench)
    bench.view.bench.take(0)
    bar(bench)
    bench.view.bench.take(0)
    strip = bench.find("strip_0")
    assert strip.numbers == [1, 0], "the newest first"
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.SIDE + strip.GAP + 5, 5))
    assert len(bench.project.source.labels) == 1
    assert bench.project.source.pixels[0, 0, :, 3:5].sum() > 2 * 255, "the bar is left"


def test_a_picture_is_pasted_and_dropped(bench):
    image = QImage(30, 20, QImage.Format.Format_RGB888)
    image.fill(QColor("#ff8000"))
    for x in range(15):
        for y in range(20):
            image.setPixelColor(x, y, QColor("#000000"))
    QApplication.clipboard().setImage(image)
    bench.find("bench_paste").click()
    bench.view.bench.take(0)
    data = QMimeData()
    data.setImageData(image)
    bench.view.bench.pad.dropped.emit(dropped(data))
    bench.view.bench.take(1)
    first, second = bench.project.source.pixels
    np.testing.assert_array_equal(first, second)
    pixels = np.zeros((20, 30, 3))
    pixels[:, 15:] = (255, 128, 0)
    np.testing.assert_allclose(first / 255, fitted(pixels, (1, 8, 8), 0, 1), atol=0.6 / 255)
    QApplication.clipboard().setText("no picture")
    bench.find("bench_paste").click()
    assert "no picture on the clipboard" in bench.view.bench.said.text()


def test_size_and_colour_can_be_chosen_while_there_are_no_pictures(bench):
    box = bench.find("picture_size")
    box.setCurrentText("28×28")
    box.activated.emit(box.currentIndex())
    bench.find("picture_colour").click()
    assert bench.project.source.shape == (3, 28, 28)
    slash(bench)
    bench.view.bench.take(0)
    assert not box.isEnabled()
    bench.find("bench_anew").click()
    assert box.isEnabled()
    assert not len(bench.project.source.labels)


def test_other_data_hide_it(bench):
    bench.history.undo()
    assert not bench.view.bench.isVisible()
    assert bench.view.help.isVisible()
