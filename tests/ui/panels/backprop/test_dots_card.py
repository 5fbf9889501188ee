"""The batch's dots: they are the samples' gradients, their mean is the update's."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from engine.trace import Place
from playground.ui.kit.numbers import fmt
from playground.ui.panels.backprop.dots import DOT, DotsCard, batch_sizes, sentence, standard_error
from tests.ui.panels.backprop.traced import Traced, small


@pytest.fixture
def bench(qtbot):
    bench = Traced(qtbot, DotsCard, small(batch_size=20))
    bench.last()
    return bench


def test_the_mean_of_the_dots_is_the_update_s_gradient(bench):
    place = bench.view.subject.place
    gradient = float(bench.trace.parameter(place.node_id, place.name, "gradient")[place.index])
    assert bench.view.plot.gradients.mean() == pytest.approx(gradient, rel=1e-4)
    assert len(bench.view.plot.gradients) == 20
    assert fmt(float(bench.view.plot.gradients.mean())) in bench.view.words.text()


def test_a_click_on_a_dot_chooses_its_sample(bench, qtbot):
    plot = bench.view.plot
    alone = max(
        range(20), key=lambda i: min(abs(plot.where(i).x() - plot.where(j).x()) for j in range(20) if j != i)
    )
    with qtbot.waitSignal(bench.view.sample_chosen) as chosen:
        QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=plot.where(alone).toPoint())
    assert chosen.args == [alone]
    bench.last(alone)
    assert plot.current == alone


def test_the_chosen_dot_and_no_other_has_a_ring(bench):
    plot = bench.view.plot
    alone = max(
        range(19), key=lambda i: min(abs(plot.where(i).x() - plot.where(j).x()) for j in range(20) if j != i)
    )
    without = plot.grab().toImage()
    bench.last(alone)
    image, ring = plot.grab().toImage(), QColor(plot.theme.text)
    scale = image.devicePixelRatio()

    def pixel(picture, sample):
        at = plot.where(sample)
        return picture.pixelColor(round(at.x() * scale), round((at.y() - DOT - 1.5) * scale))

    assert abs(pixel(image, alone).lightness() - ring.lightness()) < 60
    assert abs(pixel(without, alone).lightness() - ring.lightness()) > 60
    assert abs(pixel(image, 19).lightness() - ring.lightness()) > 60


def test_the_dots_can_be_gone_through_by_keyboard(bench, qtbot):
    plot = bench.view.plot
    plot.setFocus()
    order = np.argsort(plot.gradients, kind="stable").tolist()
    following = order[min(order.index(0) + 1, 19)]
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert fmt(float(plot.gradients[following])) in plot.read_out.text()
    with qtbot.waitSignal(bench.view.sample_chosen) as chosen:
        QTest.keyClick(plot, Qt.Key.Key_Return)
    assert chosen.args == [following]


def test_dots_lie_inside_and_in_order(bench):
    plot = bench.view.plot
    places = [plot.where(i) for i in range(20)]
    area = plot.area().adjusted(-5, -5, 5, 5)
    assert all(area.contains(p) for p in places)
    order = np.argsort(plot.gradients)
    x = [places[i].x() for i in order]
    assert x == sorted(x)


def test_before_its_layer_s_turn_there_are_none(bench):
    bench.go("forward", "linear1")
    assert bench.find("silence").isVisible()
    bench.go("backward", "linear1")
    assert not bench.find("silence").isVisible()


def test_another_weight_has_other_dots(bench):
    before = bench.view.plot.gradients
    bench.focus.choose_place(Place("linear1", "parameter", "weight", (0, 1)))
    assert not np.array_equal(before, bench.view.plot.gradients)


def test_noise_halves_with_four_times_the_samples():
    g = np.array([1.0, 2.0, 4.0, 9.0])
    assert standard_error(g, 16) == pytest.approx(standard_error(g, 4) / 2)
    assert standard_error(g, 4) == pytest.approx(np.std(g, ddof=1) / 2)
    assert np.isnan(standard_error(g[:1], 1))


@pytest.mark.parametrize(
    ("n", "sizes"), [(1, (1,)), (10, (1, 4, 10)), (64, (1, 4, 16, 64)), (512, (16, 64, 256, 512))]
)
def test_batch_sizes_that_are_compared(n, sizes):
    assert batch_sizes(n) == sizes


def test_a_batch_of_one_says_so(qtbot):
    bench = Traced(qtbot, DotsCard, small(batch_size=1))
    bench.last()
    assert bench.view.words.text().startswith("A batch of one")
    bench.view.grab()
    assert "pull the other way" in sentence(np.array([1.0, 2.0, -1.0]))


def test_the_batch_is_a_strip_of_its_samples(bench, qtbot):
    strip = bench.view.strip
    assert strip.shown == bench.trace.samples
    assert strip.isVisible()
    with qtbot.waitSignal(bench.view.sample_chosen) as chosen:
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.place_of(2).center().toPoint())
    assert chosen.args == [2]
    bench.last(2)
    assert strip.current == 2
    with qtbot.waitSignal(bench.view.sample_chosen) as chosen:
        QTest.keyClick(strip, Qt.Key.Key_Right)
    assert chosen.args == [3]
    image = strip.grab().toImage()
    colours = {image.pixelColor(strip.place_of(i).center().toPoint()).name() for i in range(20)}
    assert len(colours) > 3, "samples differ"
