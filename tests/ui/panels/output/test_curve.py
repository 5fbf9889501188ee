"""The curve goes through the points that the network answers, on the targets' own scale."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from engine.probe import extent
from playground.document.project import data_of
from playground.runner.messages import Curve, State
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.output.curve import CurveFit


@pytest.fixture
def picture(qtbot, context, sine):
    data = data_of(sine)
    made = CurveFit(context(sine), sine, data)
    qtbot.addWidget(made)
    made.show_data(sine, data)
    made.resize(380, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def answer(project, wanted):
    """What the network would have to give, so that the curve is ``wanted(x)`` in raw units."""
    data = data_of(project)
    x = np.linspace(*extent(data), 200)
    return data.transform.target(wanted(x)[:, None]).T


def test_the_fit_is_painted_where_it_runs(picture, frame, sine):
    for box in picture.parts.values():
        box.setChecked(False)
    picture.show_frame(frame(sine, {Curve("out"): answer(sine, lambda x: 0.8 * np.sign(x))}))
    image = picture.plot.viewport().grab().toImage()
    for x, y in ((-2, -0.8), (2, 0.8)):
        at = picture.plot.to_pixel(x, y).toPoint()
        column = [image.pixelColor(at.x(), at.y() + d).lightness() for d in range(-2, 3)]
        assert min(column) < QColor(LIGHT.text).lightness() + 60
        away = image.pixelColor(at.x(), picture.plot.to_pixel(x, -y).toPoint().y())
        assert away == QColor(LIGHT.sunken)


def test_a_unit_under_the_mouse_adds_its_curve(picture, frame, sine, focus):
    units = np.stack([np.full(200, 3.0 * k) for k in range(4)])
    answers = {Curve("out"): answer(sine, np.sin), Curve("hidden"): units}
    focus.hover(("hidden", 3))
    assert Curve("hidden") in picture.wants()
    picture.show_frame(frame(sine, answers))
    assert picture.title == "Unit 4 of hidden"
    low, high = picture.plot.box.viewRange()[1]
    assert high > 9  # in the picture, however large
    focus.hover(None)
    picture.show_frame(frame(sine, answers))
    assert picture.title == "Curve fit"
    assert picture.plot.box.viewRange()[1][1] < 2
    assert low < -0.9


def test_read_out(picture, frame, sine):
    picture.show_frame(frame(sine, {Curve("out"): answer(sine, lambda x: 0.5 * x)}))
    QTest.mouseMove(picture.plot.viewport(), QPoint(2, 2))
    QTest.mouseMove(picture.plot.viewport(), picture.plot.to_pixel(1.0, 0.0).toPoint())
    lines = dict(line.split(" ") for line in picture.plot.read_out.text().split("\n"))
    assert float(lines["network"]) == pytest.approx(0.5 * float(lines["x"]), abs=0.006)
    assert float(lines["x"]) == pytest.approx(1.0, abs=0.05)


def test_half_built_and_crashed_networks_show_the_samples_alone(picture, frame, sine):
    full = frame(sine, {Curve("out"): answer(sine, np.sin)})
    blank = picture.grab().toImage()
    picture.show_frame(full)
    assert picture.grab().toImage() != blank
    picture.show_frame(frame(sine, {Curve("out"): np.zeros((7, 200))}, State.EMPTY))
    assert picture.grab().toImage() == blank
    picture.show_frame(full)
    picture.clear()
    assert picture.grab().toImage() == blank


def test_a_fit_that_runs_away_does_not_squeeze_the_samples(picture, frame, sine):
    before = picture.plot.box.viewRange()[1]
    picture.show_frame(frame(sine, {Curve("out"): answer(sine, lambda x: 1e9 * x)}))
    assert picture.plot.box.viewRange()[1] == before
    broken = answer(sine, np.sin)
    broken[0, 50:60] = np.nan
    picture.show_frame(frame(sine, {Curve("out"): broken}))


def test_theme_changes_live(picture, frame, sine):
    picture.show_frame(frame(sine, {Curve("out"): answer(sine, np.sin)}))
    picture.context.theme.become(DARK)
    image = picture.plot.viewport().grab().toImage()
    at = picture.plot.to_pixel(2.5, -0.9).toPoint()
    assert image.pixelColor(at) == QColor(DARK.sunken)
