"""The lab measures what its sliders say, asks before it shows, and makes a start the project's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest

from engine.initializers import HeNormal, LeCunNormal, Orthogonal, VarianceScalingNormal, XavierUniform
from engine.layers import Linear, ReLU, Sigmoid, Tanh
from engine.network import Network
from engine.propagation import measured, predicted
from playground.document.examples import example
from playground.document.project import Project
from playground.ui.kit.text import RIGHT, WRONG
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.initialization.computing import Computing
from playground.ui.panels.initialization.model import GATES, STARTS, answer
from playground.ui.panels.initialization.view import InitializationView
from tests.ui.bench import Bench, ink

PROJECT = Project(network=Network.chain(Linear(8), Tanh(), Linear(1)))


@pytest.fixture
def bench(qtbot):
    yield from opened(qtbot, PROJECT)


def opened(qtbot, project: Project, theme=LIGHT):
    made = Bench(qtbot, InitializationView, project, theme=theme).show(1000, 360)
    wait(qtbot, made)
    yield made
    made.view.end()


def wait(qtbot, bench: Bench) -> None:
    view = bench.view
    qtbot.waitUntil(lambda: not view._calm.isActive() and not view.computing.busy, timeout=20_000)
    qtbot.wait(1)  # what was done is told of in the event loop


def pick(box, text: str) -> None:
    box.setCurrentText(text)
    assert box.currentText() == text


def test_it_begins_with_what_the_project_begins_with(bench: Bench) -> None:
    chosen = bench.view.stack.chosen
    assert chosen.initializer == XavierUniform() == bench.project.fit.initializer
    assert chosen.activation == Tanh()


def test_it_shows_what_is_measured_and_predicted(bench: Bench) -> None:
    view = bench.view
    setup = view.stack.chosen.setup
    assert (setup.depth, setup.width) == (20, 64)
    np.testing.assert_array_equal(view._seen.sums, measured(setup).sums)
    np.testing.assert_array_equal(view._theory.sums, predicted(setup).sums)
    table = view.as_table()
    assert len(table.rows) == 20
    assert table.rows[4] == (
        5,
        *(
            float(a[4])
            for a in (view._theory.sums, view._seen.sums, view._theory.gradients, view._seen.gradients)
        ),
    )
    assert view.words.text().startswith("Forward, the signal is multiplied by ")


def test_a_slider_measures_anew(qtbot, bench: Bench) -> None:
    view = bench.view
    pick(view.stack.mode, "what it reads (fan in)")
    pick(view.stack.drawn, "bell curve")
    pick(view.stack.activation, "ReLU")
    view.stack.gain.setValue(141)
    view.stack.depth_slider.setValue(33)
    view.stack.bias.setValue(10)
    wait(qtbot, bench)
    assert view._setup.initializer == HeNormal()
    assert (view._setup.activation, view._setup.depth, view._setup.bias) == (ReLU(), 33, 0.1)
    assert len(view._seen.sums) == 33


def test_other_numbers_can_be_drawn(qtbot, bench: Bench) -> None:
    before = bench.view._seen.sums
    bench.find("draw_others").click()
    wait(qtbot, bench)
    assert (bench.view._seen.sums != before).all()
    np.testing.assert_array_equal(bench.view._seen.sums, measured(bench.view._setup, 1).sums)


def test_the_curves_are_where_the_numbers_are(bench: Bench) -> None:
    plot, seen = bench.view.plot, bench.view._seen
    image = plot.grab().toImage()
    at = plot.to_pixel(3, math.log10(seen.sums[2])).toPoint()
    far = ink(image, LIGHT.accent)[at.y() - 2 : at.y() + 3, at.x() - 2 : at.x() + 3]
    assert far.min() < 60


def test_the_numbers_of_a_layer_stand_at_the_cursor(bench: Bench) -> None:
    plot = bench.view.plot
    plot.probed.emit((3.2, 0.0))
    assert plot.read_out.text().startswith("layer 3\nσ² = n·σ²(w)·E[a²] = 64·")


def test_the_start_becomes_the_projects_as_one_edit(qtbot, bench: Bench) -> None:
    view = bench.view
    pick(view.stack.drawn, "bell curve")
    pick(view.stack.mode, "what reads it (fan out)")
    view.stack.gain.setValue(130)
    bench.find("use_start").click()
    assert bench.project.fit.initializer == VarianceScalingNormal(1.3, "fan_out")
    assert bench.project.network is PROJECT.network
    assert bench.history.undoText() == "Start with Gain and fan, normal"
    bench.history.undo()
    assert bench.project == PROJECT


def test_the_sliders_take_what_the_project_has(qtbot, bench: Bench) -> None:
    bench.document.apply(PROJECT.replace(fit=PROJECT.fit.replace(initializer=Orthogonal(1.2))), "x")
    bench.find("take_start").click()
    assert bench.view.stack.chosen.initializer == Orthogonal(1.2)
    assert not bench.view.stack.mode.isEnabled()


def test_predict_first_hides_what_is_asked(qtbot, bench: Bench) -> None:
    view = bench.view
    view.predict.click()
    wait(qtbot, bench)
    assert bench.find("lab_question").text() == "Will the spread at layer 10 be larger than at layer 1?"
    assert not view.words.isVisible()
    assert not any(np.isfinite(view.plot.dots[name].at[1:]).any() for name in ("sums", "gradients"))
    right = answer(view._seen, 9)
    assert right == "smaller"
    bench.find("answer_larger").click()
    assert view.feedback.text().startswith(f"{WRONG} Smaller: predicted ")
    assert len(view.plot.dots["sums"].at) == 20
    view.stack.gain.setValue(300)
    wait(qtbot, bench)
    assert bench.find("answer_larger").isVisible()
    assert not view.feedback.isVisible()
    assert len(view.plot.dots["sums"].at) == 1


def test_a_right_answer_is_told_from_a_wrong_one(qtbot, bench: Bench) -> None:
    view = bench.view
    view.predict.click()
    wait(qtbot, bench)
    bench.find("answer_smaller").click()
    assert view.feedback.text().startswith(f"{RIGHT} Smaller: predicted ")


def starts_of(qtbot, bench: Bench):
    bench.view.tabs.choose("starts")
    picture = bench.view.starts
    qtbot.waitUntil(lambda: len(picture.ladders) == len(STARTS) * len(GATES), timeout=30_000)
    return picture


def test_the_picture_of_starts_has_what_each_does(qtbot, bench: Bench) -> None:
    picture = starts_of(qtbot, bench)
    he, xavier = (
        next(i for i, (name, _) in enumerate(STARTS) if name == wanted) for wanted in ("He", "Xavier")
    )
    relu, sigmoid, tanh = (GATES.index(one) for one in (ReLU(), Sigmoid(), Tanh()))
    assert picture.ladders[relu, he].verdict() == ("holds", "holds")
    assert picture.ladders[relu, xavier].verdict() == ("fades", "fades")
    assert picture.ladders[sigmoid, xavier].verdict() == ("holds", "fades")
    assert picture.own == (tanh, xavier)
    assert picture.words((relu, he)).startswith("He with ReLU. Forward, the signal keeps its size.")


def test_a_click_makes_a_start_the_projects(qtbot, bench: Bench) -> None:
    picture = starts_of(qtbot, bench)
    cell = (GATES.index(ReLU()), 3)
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=picture.place(cell).center().toPoint())
    assert bench.project.fit.initializer == HeNormal()
    assert [node.layer for node in bench.project.network.nodes] == [Linear(8), ReLU(), Linear(1)]
    assert bench.history.undoText() == "Start with He normal and ReLU"
    assert picture.own == cell
    assert bench.view.stack.chosen.initializer == HeNormal()
    bench.history.undo()
    assert bench.project == PROJECT


def test_starts_are_chosen_by_keyboard(qtbot, bench: Bench) -> None:
    picture = starts_of(qtbot, bench)
    picture.setFocus()
    QTest.keyClick(picture, Qt.Key.Key_Right)  # at the project's own first
    QTest.keyClick(picture, Qt.Key.Key_Left)
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert bench.project.fit.initializer == LeCunNormal()


def units_of(qtbot, bench: Bench):
    bench.view.tabs.choose("units")
    wait(qtbot, bench)
    return bench.view.pictures


def test_equal_units_lie_on_top_of_each_other(qtbot, bench: Bench) -> None:
    alone, noisy = units_of(qtbot, bench)
    assert alone.isVisible()
    assert not noisy.isVisible()
    assert alone.title.startswith("Without noise: all 8 units are one, loss ")
    bench.view.units.noise.setValue(10)
    wait(qtbot, bench)
    assert noisy.title.startswith("With noise: 8 different units, loss ")
    assert alone.title.startswith("Without noise: all 8 units are one")
    assert noisy.paths.losses[-1] < alone.paths.losses[-1]


def test_units_are_drawn_where_they_stand_at_the_moment(qtbot, bench: Bench) -> None:
    alone, _ = units_of(qtbot, bench)
    bench.view.units.moment.setValue(0)
    assert bench.view.words.text().startswith("After 0 updates, on the project's data (Circle).")
    at = alone.at((0.5, 0.5))
    around = ink(alone.grab().toImage(), LIGHT.class_colour(0))[:, :]
    assert around[round(at.y()) + 8, round(at.x())] < 30
    bench.view.units.moment.setValue(60)
    assert bench.view.words.text().startswith("After 3,000 updates")


def test_data_of_another_kind_give_way_to_the_circle(qtbot) -> None:
    made = next(opened(qtbot, example("digits-mlp").project))
    made.view.tabs.choose("units")
    wait(qtbot, made)
    assert "on the circle" in made.view.words.text()
    made.view.end()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda one: one.name)
@pytest.mark.parametrize("page", ["ladder", "starts", "units"])
def test_every_page_says_what_it_is(qtbot, theme, page: str) -> None:
    made = next(opened(qtbot, PROJECT, theme))
    made.view.tabs.choose(page)
    wait(qtbot, made)
    assert made.find("lab_says").text()
    assert (ink(made.view.grab().toImage(), theme.panel) > 90).any()
    made.view.end()


def test_what_is_hidden_computes_nothing(qtbot, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.view.hide()
    asked = []
    monkeypatch.setattr(bench.view.computing, "ask", lambda *given: asked.append(given))
    bench.view.stack.gain.setValue(250)
    bench.document.apply(PROJECT.replace(fit=PROJECT.fit.replace(initializer=HeNormal())), "x")
    assert not asked
    bench.view.show()
    assert asked


def test_what_cannot_be_computed_does_not_keep_the_next_from_it(qtbot, caplog) -> None:
    parent = QObject()
    computing, found = Computing(("a",), parent), []
    computing.done.connect(lambda kind, what: found.append((kind, what)))
    computing.ask("a", [lambda bench: 1 // 0])
    qtbot.waitUntil(lambda: not computing.busy)
    computing.ask("a", [lambda bench: "b"])
    qtbot.waitUntil(lambda: found == [("a", "b")])
    assert "ZeroDivisionError" in caplog.text
    computing.stop()


def test_a_slider_is_moved_by_keys_and_says_its_value(bench: Bench) -> None:
    gain = bench.find("gain")
    gain.setFocus()
    gain.setValue(142)
    QTest.keyClick(gain, Qt.Key.Key_Left)
    assert gain.value() == 141
    assert bench.find("gain_value").text() == "1.41 = √2"
