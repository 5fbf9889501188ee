"""A curve taken apart, and built by hand from pulses that the mouse drags."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.layers import Sigmoid
from engine.pulses import Pulse
from playground.document import edits, pulses
from playground.document.examples import example
from playground.document.project import Project
from playground.runner.messages import Curve, Pause, Play, Reset
from playground.runner.session import Session
from playground.ui.panels.output import pulse_hand
from playground.ui.panels.output.curve import CurveFit
from playground.ui.panels.output.parts import CurveParts
from playground.ui.panels.output.parts_model import in_words, parts
from playground.ui.panels.output.pulse_hand import dragged, places
from playground.ui.panels.output.view import OutputView
from tests.ui.bench import Bench

START = example("pulses").project


class Built(Bench):
    """The output view with the worker's own session, which follows the document."""

    def __init__(self, qtbot, project: Project) -> None:
        super().__init__(qtbot, OutputView, project)
        self.session = Session()
        self.session.load(project)
        self.document.subscribe(lambda before, after: self.session.load(after))
        self.show(520, 420)
        self.framed()

    def framed(self) -> None:
        self.view.show_frame(self.session.frame(tuple(self.view.wants())))

    @property
    def picture(self) -> CurveParts:
        assert type(self.view.picture) is CurveParts
        return self.view.picture

    def at(self, x: float, y: float) -> QPoint:
        return self.picture.plot.to_pixel(x, y).toPoint()

    def drag(self, start: tuple[float, float], *stops: tuple[float, float]) -> None:
        viewport, left = self.picture.plot.viewport(), Qt.MouseButton.LeftButton
        QTest.mouseMove(viewport, self.at(*start))
        QTest.mousePress(viewport, left, pos=self.at(*start))
        for stop in stops:
            QTest.mouseMove(viewport, self.at(*stop))
        QTest.mouseRelease(viewport, left, pos=self.at(*stops[-1]))

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        return pulses.bench(self.project).built(self.project)


@pytest.fixture
def bench(qtbot) -> Built:
    return Built(qtbot, START)


def test_a_project_that_begins_with_pulses_is_shown_in_parts_and_others_as_a_fit(qtbot, bench):
    assert bench.picture.bench.pulses == bench.pulses
    assert type(Bench(qtbot, OutputView, example("regression").project).view.picture) is CurveFit


def test_dragging_an_edge_moves_two_kinks_and_nothing_else_as_one_edit(bench):
    bench.drag((0.7, 0.45), (0.5, 0.4), (0.2, 0.9))
    (pulse,) = bench.pulses
    assert pulse.left == pytest.approx(0.2, abs=0.03)
    assert (pulse.right, pulse.height, pulse.ramp) == pytest.approx((2.5, 0.9, 0.8), rel=1e-5)
    state = bench.session.trainer.model.state_dict()
    np.testing.assert_allclose(
        state["linear1.bias"], [0.4 - pulse.left, -0.4 - pulse.left, -2.1, -2.9], rtol=1e-5
    )
    np.testing.assert_allclose(state["linear1.weight"], 1.0)
    np.testing.assert_allclose(state["linear2.weight"], [[1.125, -1.125, -1.125, 1.125]], rtol=1e-5)
    assert Pause() in bench.sent
    assert bench.history.undoText() == "Drag a pulse"
    bench.history.undo()
    assert bench.project == START


def test_the_top_changes_the_height_and_a_shoulder_the_ramp(bench):
    bench.drag((1.6, 0.9), (1.6, -0.8))
    assert bench.pulses[0].height == pytest.approx(-0.8, abs=0.04)
    height = bench.pulses[0].height
    bench.drag((1.1, height), (0.9, height))
    assert bench.pulses[0].ramp == pytest.approx(0.4, abs=0.06)
    assert bench.pulses[0].left == pytest.approx(0.7, rel=1e-5)


def test_an_edge_does_not_pass_the_other(bench):
    bench.drag((0.7, 0.45), (3.0, 0.45))
    (pulse,) = bench.pulses
    assert pulse.right - pulse.left == pytest.approx(pulse.ramp, rel=1e-4)


def test_keys_move_a_handle_as_the_mouse_does(bench):
    plot = bench.picture.plot
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Right)
    QTest.keyClick(plot, Qt.Key.Key_M)
    for _ in range(5):
        QTest.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(plot, Qt.Key.Key_M)
    assert bench.pulses != pulses.bench(START).built(START)
    moved = bench.project
    QTest.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert bench.project is moved


def test_pulses_side_by_side_approximate_the_sine(bench):
    bench.find("pulse_count").setValue(10)
    bench.find("fill_pulses").click()
    bench.framed()
    assert len(bench.pulses) == 10
    assert bench.project.network["linear1"].layer.out_features == 40
    assert bench.session.trainer.score()[1].metric > 0.95
    assert bench.history.undoText() == "Build 10 pulses"
    found = bench.picture.parts_found
    assert [len(group) for group in found.groups] == [4] * 10
    bench.find("one_pulse_more").click()
    assert len(bench.pulses) == 11
    bench.find("one_pulse_less").click()
    assert len(bench.pulses) == 10


def test_two_sigmoids_are_a_pulse_as_well(qtbot):
    project = edits.build_pulses(edits.set_layer(START, "relu1", Sigmoid()), (Pulse(-1, 1, 0.5, 0.5),))
    bench = Built(qtbot, project)
    bench.drag((1.0, 0.25), (2.0, 0.25))
    assert bench.pulses[0].right == pytest.approx(2.0, abs=0.03)
    assert bench.project.network["linear1"].layer.out_features == 2


def test_it_learns_from_there_and_comes_back(bench):
    bench.find("learn_from_pulses").click()
    assert bench.sent[-1] == Play()
    bench.session.play()
    bench.session.train(60.0, 50)
    bench.framed()
    assert not bench.find("learn_from_pulses").isVisible()
    before = bench.project
    bench.drag((0.7, 0.45), (0.2, 0.45))
    assert bench.project is before, "what has learned is no pulse any more"
    bench.find("back_to_pulses").click()
    assert bench.sent[-1] == Reset()
    bench.session.reset()
    bench.framed()
    assert bench.find("learn_from_pulses").isVisible()


def test_the_parts_add_up_to_the_curve(bench):
    found, want = bench.picture.parts_found, Curve("linear2", 201)
    x = np.linspace(*bench.session.frame().extent, 201)
    np.testing.assert_allclose(found.total, bench.session.frame([want]).answer(want)[0], atol=1e-5)
    np.testing.assert_allclose(found.stacked[-1], found.total)
    table = bench.view.as_table()
    assert table.names == ("x", "unit 0", "unit 1", "unit 2", "unit 3", "bias", "sum")
    rows = np.array(table.rows)
    np.testing.assert_allclose(rows[:, 1:-1].sum(1), rows[:, -1], atol=1e-9)
    np.testing.assert_allclose(found.single[1], -1.125 * np.maximum(x - 1.1, 0), atol=1e-4)


def test_hover_names_the_unit_and_lights_it(bench):
    bench.find("parts_stacked").setChecked(False)
    bench.framed()
    plot, found = bench.picture.plot, bench.picture.parts_found
    low, high = plot.box.viewRange()[1]
    assert low <= found.single.min()
    assert high >= found.single.max(), "all parts in one scale"
    i = 190
    x = float(np.linspace(*bench.session.frame().extent, 201)[i])
    QTest.mouseMove(plot.viewport(), bench.at(x, float(found.single[0, i])))
    assert "unit 0 of pulse 1 adds" in plot.read_out.text()
    assert bench.focus.unit == ("relu1", 0)
    plot.hide_cursor()
    assert bench.focus.unit is None


def test_where_pulses_have_no_place_it_is_said_and_parts_are_shown_all_the_same(qtbot):
    bench = Built(qtbot, example("regression").project)
    bench.view._show(CurveParts)
    bench.framed()
    assert "Linear, ReLU (or Sigmoid, Tanh) and Linear" in bench.find("parts_why").text()
    assert not bench.find("fill_pulses").isVisible()
    found = bench.picture.parts_found
    assert [len(group) for group in found.groups] == [1] * 8
    state = bench.session.trainer.model.state_dict()
    assert found.base == pytest.approx(float(state["linear3.bias"][0]))


def test_a_network_without_a_last_linear_says_so(qtbot):
    bench = Built(qtbot, START)
    bench.view._show(CurveParts)
    bench.document.do(edits.add_layer, "Tanh", 3)
    bench.framed()
    assert "no Linear" in bench.picture.plot.note.text()


# --- without a window -------------------------------------------------------------------------------------------------


def test_parts_are_in_the_units_of_the_data_and_many_are_summed_up():
    values, weight = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 0.5])
    found = parts(values, weight, 0.25, (10.0, 4.0), (2, 1))
    np.testing.assert_allclose(found.grouped, [4 * (values[0] - 2 * values[1]), 2 * values[2]])
    assert found.base == 11.0
    assert parts(values, weight, 0.0, (0.0, 1.0), (2, 2)).groups == ((0,), (1,), (2,))
    many = parts(np.ones((60, 2)), np.arange(60.0), 0.0, (0.0, 1.0))
    assert len(many.groups) == 48
    assert many.groups[-1] == tuple(range(13))
    np.testing.assert_allclose(many.total, np.arange(60).sum())
    assert [in_words(g) for g in ((3,), (4, 5, 6), (1, 5))] == ["unit 3", "units 4–6", "2 units"]


@pytest.mark.parametrize("handle", [pulse_hand.LEFT, pulse_hand.RIGHT, pulse_hand.TOP, pulse_hand.RAMP])
@pytest.mark.parametrize("at", [(-50.0, -9.0), (0.0, 0.0), (50.0, 9.0)])
def test_wherever_a_handle_is_dragged_there_is_a_pulse(handle, at):
    pulse = Pulse(-1.0, 2.0, 3.0, 0.5)
    found = dragged(pulse, handle, at, 0.01)
    assert set(places(found)) == {"left", "right", "top", "ramp"}
