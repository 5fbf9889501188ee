"""A number of the update that is stepped through is one number, in whichever room it is seen: lit in one, it is lit in the others."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine import layers
from engine.trace import Place, moments
from playground.document.document import Document
from playground.runner.messages import Frame, NextUpdate, State
from playground.ui.kit import motion
from playground.ui.kit.numbers import fmt
from playground.ui.kit.step_progress import number_at
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.theme import LIGHT, LiveTheme
from playground.ui.kit.view import Context, Focus, StepAt
from playground.ui.panels.backprop.view import BackpropView
from playground.ui.panels.canvas.step_plan import Spot
from playground.ui.panels.canvas.targets import Cell, Unit
from playground.ui.panels.canvas.view import CanvasView
from playground.ui.panels.convolution.structure import Spot as Look
from playground.ui.panels.convolution.view import ConvolutionView
from tests.ui.panels.backprop.traced import small, trace_of

CNN = (
    layers.Conv2d(2, padding="same"),
    layers.ReLU(),
    layers.Conv2d(3),
    layers.MaxPool2d(),
    layers.Flatten(),
    layers.Linear(10),
)


class Rooms:
    """Canvas, Backprop and Convolution in one window's context, stepping through one update."""

    def __init__(self, qtbot, batch_size: int = 4) -> None:
        self.project = small(*CNN, source="Digits", batch_size=batch_size)
        self.trace = trace_of(self.project)
        self.focus = Focus()
        self.stepper = Stepper(self.focus, lambda command: None)
        context = Context(
            Document(self.project), self.focus, lambda command: None, LiveTheme(LIGHT), self.stepper
        )
        self.canvas, self.backprop = CanvasView(context), BackpropView(context)
        self.convolution = ConvolutionView(context)
        self.focus.setParent(self.convolution)
        for view, size in (
            (self.canvas, (1200, 700)),
            (self.backprop, (1300, 600)),
            (self.convolution, (1300, 600)),
        ):
            qtbot.addWidget(view)
            view.show_project(None, self.project)
            view.resize(*size)
            with qtbot.waitExposed(view):
                view.show()
        self.canvas.scene.settle()
        frame = Frame(self.project, state=State.PAUSED, answers={NextUpdate(): self.trace})
        self.stepper.see(frame)
        self.scope = self.convolution.network.scope

    def go(self, phase: str, node: str = "", part: str = "", cell: tuple[int, ...] | None = None) -> None:
        """To the first step like this; without a node to the last of all."""
        self.stepper.set_grain("unit" if part else "layer")
        if part:
            self.focus.select(node)
        walk = self.stepper.walk
        assert walk is not None
        steps = range(walk.last + 1)
        fits = lambda m: (m.phase, m.node_id) == (phase, node) and m.part == part and cell in (None, m.cell)
        self.stepper.go(next(i for i in steps if fits(walk.moments[i])) if node else walk.last)

    def look(self, node: str, channel: int = 0, cell: tuple[int, int] | None = None, backward: bool = False):
        """Look at a channel, or a window, in Convolution; returns the level that shows it."""
        self.scope.backward = backward
        self.scope.go(Look(node, channel, cell))
        self.scope.restyled.emit()
        return self.convolution.network.levels.level

    def painted(self) -> dict[str, QWidget]:
        """What is painted by each room: the surfaces that numbers stand on."""
        level = self.convolution.network.levels.level
        return {
            "canvas": self.canvas.network.viewport(),
            "backprop": self.backprop.tools.picture,
            "convolution": level.viewport(),
        }

    def pictures(self):
        """Of each room."""
        return {name: widget.grab().toImage() for name, widget in self.painted().items()}

    def hover(self, surface: QWidget, at: QPointF) -> None:
        none = Qt.MouseButton.NoButton
        keys = Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(QEvent.Type.MouseMove, at, surface.mapToGlobal(at), none, none, keys)
        QApplication.sendEvent(surface, move)


@pytest.fixture(autouse=True)
def still(qapp):
    motion.reduce(True)
    yield
    motion.reduce(False)


@pytest.fixture
def rooms(qtbot) -> Rooms:
    return Rooms(qtbot)


def laid_with(level, place: Place):
    """Where a level of Convolution shows a number."""
    found = ((laid, laid.where(place, lambda other: other == place)) for laid in filter(None, level.laids()))
    return next((laid, cell) for laid, cell in found if cell is not None)


WEIGHT = Place("conv2d2", "parameter", "weight", (1, 1, 0, 2))
VALUE = Place("conv2d2", "value", "", (0, 1, 2, 3))
READ = Place("relu1", "value", "", (0, 1, 3, 4))
GRADIENT = Place("conv2d2", "gradient", "", (0, 0, 2, 3))
FORWARD, BACKWARD = ("forward", "conv2d2", "value", (1, 2, 3)), ("backward", "conv2d2", "share", (0, 2, 3))
LEVELS = {1: (), 2: ("conv2d2", 1), 3: ("conv2d2", 1, (2, 3))}


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize(
    ("place", "step"),
    [(WEIGHT, FORWARD), (VALUE, FORWARD), (READ, FORWARD), (GRADIENT, BACKWARD)],
    ids=lambda x: x.kind if isinstance(x, Place) else x[0],
)
def test_a_number_under_the_mouse_in_convolution_is_lit_in_the_other_rooms(rooms, level, place, step) -> None:
    rooms.go(*step)
    node, _, *cell = LEVELS[level]
    shown = rooms.look(node, place.index[1], *cell, backward=place.kind == "gradient")
    rooms.focus.choose_place(WEIGHT)  # Backprop shows the kernel of its channel
    before = rooms.pictures()
    laid, cell = laid_with(shown, place)
    rooms.hover(shown.viewport(), laid.rect_of(*cell).center() - shown.origin)
    assert rooms.focus.place == place
    lit = [name for name, picture in rooms.pictures().items() if picture != before[name]]
    assert {"canvas", "backprop"} <= set(lit)
    spot = rooms.canvas.scene.step.pointed
    if place is WEIGHT:
        assert spot == Spot(Cell("conv2d2", "weight", place.index))
    else:
        owner = "conv2d1" if place is READ else "conv2d2"
        assert spot == Spot(Unit(owner, place.index[1]), place.index[2:], place.kind == "gradient")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_number_pointed_at_elsewhere_is_lit_in_convolution(rooms, level) -> None:
    rooms.go(*FORWARD)
    shown = rooms.look(*LEVELS[level]) if LEVELS[level] else rooms.look("")
    places = (VALUE, READ) if level == 1 else (WEIGHT, VALUE, READ)
    before = shown.viewport().grab().toImage()
    for place in places:
        rooms.focus.point_at(place)
        after = shown.viewport().grab().toImage()
        laid, cell = laid_with(shown, place)
        corner = (laid.rect_of(*cell).topLeft() - shown.origin).toPoint()
        assert after.pixelColor(corner) == shown.ink.accent
        rooms.focus.point_at(None)
        assert shown.viewport().grab().toImage() == before


def test_the_canvas_and_backprop_point_into_convolution(rooms) -> None:
    rooms.go(*FORWARD)
    shown = rooms.look(*LEVELS[3])
    before = shown.viewport().grab().toImage()
    canvas = rooms.canvas
    at = canvas.network.mapFromScene(canvas.scene.step.rect_of(Spot(Unit("conv2d2", 1), (2, 3))).center())
    rooms.hover(canvas.network.viewport(), QPointF(at))
    assert rooms.focus.place == VALUE
    assert shown.viewport().grab().toImage() != before
    rooms.focus.point_at(None)
    picture = rooms.backprop.tools.picture
    laid = next(laid for laid in picture._laid if laid.grid.title == "w")
    rooms.hover(picture, laid.rect_of(0, 2).center())
    assert rooms.focus.place.kind == "parameter"
    assert shown.viewport().grab().toImage() != before


def test_a_click_in_convolution_looks_into_the_number_everywhere(rooms) -> None:
    rooms.go(*FORWARD)
    shown = rooms.look(*LEVELS[3])
    before = rooms.pictures()
    laid, cell = laid_with(shown, WEIGHT)
    at = (laid.rect_of(*cell).center() - shown.origin).toPoint()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert rooms.focus.chosen_place == WEIGHT
    assert rooms.canvas.scene.step.chosen == Spot(Cell("conv2d2", "weight", WEIGHT.index))
    assert all(picture != before[name] for name, picture in rooms.pictures().items())


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("node", ["conv2d1", "conv2d2", "maxpool2d1"])
def test_every_number_of_convolution_stands_where_its_place_says(
    qtbot, node, level, backward, batch_size
) -> None:
    rooms = Rooms(qtbot, batch_size)
    rooms.go("update")  # everything is known
    shown = rooms.look(*(() if level == 1 else (node, 1, (1, 0))[:level])) if level > 1 else rooms.look("")
    rooms.look(rooms.scope.spot.node_id, rooms.scope.spot.channel, rooms.scope.spot.cell, backward)
    compared = 0
    for laid in filter(None, shown.laids()):
        for row, column in np.ndindex(*laid.grid.cells.shape):
            place = laid.grid.place(row, column)
            if place is not None:
                expected = number_at(rooms.trace, place)
                assert float(laid.grid.cells[row, column]) == pytest.approx(expected, rel=1e-4, abs=1e-7), (
                    place
                )
                compared += 1
    assert compared > 8


def test_only_what_the_steps_have_come_to_is_told(rooms) -> None:
    rooms.go("forward", "relu1")
    window = rooms.look("conv2d2", 1, (2, 3))
    assert np.isnan(window.cell().z)
    assert rooms.scope.maps("conv2d2") is None
    np.testing.assert_array_equal(rooms.scope.maps("relu1"), rooms.trace.values["relu1"][0])
    assert rooms.scope.deltas("relu1") is None
    rooms.go(*FORWARD)
    assert window.cell().z == pytest.approx(number_at(rooms.trace, VALUE), rel=1e-4)
    rooms.focus.veil(True)
    assert np.isnan(window.cell().z)
    number = fmt(number_at(rooms.trace, VALUE))
    assert number not in " ".join(text.text for text in window.texts())
    rooms.focus.veil(False)
    assert f"z = {number}" in [text.text for text in window.texts()]


def test_a_window_that_is_half_known_has_no_winner_yet(rooms) -> None:
    rooms.go(*FORWARD)
    window = rooms.look("conv2d2", 1, (2, 3))
    pool = list(window.laids())[-1]
    assert pool.grid.words == "maxpool2d1"
    assert np.isnan(pool.grid.cells).any()
    assert [ring.style for ring in pool.grid.rings] == ["cursor"]
    assert not any("winner" in text.text for text in window.texts())
    rooms.go("update")
    assert [ring.style for ring in list(window.laids())[-1].grid.rings] == ["winner", "cursor"]


def test_shares_that_are_to_be_predicted_are_not_told(rooms) -> None:
    rooms.go(*BACKWARD)
    spread = rooms.look("conv2d2", 1, backward=True)
    assert any(text.text == "δ sent back to it" for text in spread.texts())
    rooms.focus.veil(True)
    assert not any(text.text == "δ sent back to it" for text in spread.texts())


def test_the_sum_that_is_painted_is_the_sum_of_its_parts(rooms) -> None:
    rooms.go("update")
    window = rooms.look("conv2d2", 1, (2, 3))
    parts = window.cell().subtotals
    (said,) = (t.text for t in window.texts() if t.text.startswith(fmt(float(parts[0]))) and " " in t.text)
    sign = "−" if parts[1] < 0 else "+"
    assert said == f"{fmt(float(parts[0]))} {sign} {fmt(abs(float(parts[1])))}"


def test_another_sample_of_the_batch_is_another_in_all_rooms(rooms) -> None:
    rooms.go("update")
    rooms.look("")
    assert rooms.convolution.findChild(QWidget, "convolution_sample").text().startswith("1 of batch of 4")
    QTest.mouseClick(rooms.convolution.findChild(QWidget, "convolution_sample_on"), Qt.MouseButton.LeftButton)
    assert rooms.focus.step.sample == 1
    np.testing.assert_array_equal(rooms.scope.maps("conv2d1"), rooms.trace.values["conv2d1"][1])
    assert rooms.convolution.findChild(QWidget, "convolution_sample").text().startswith("2 of batch of 4")


def test_nothing_is_pointed_at_while_nobody_steps(rooms) -> None:
    rooms.go(*FORWARD)
    shown = rooms.look(*LEVELS[2])
    laid, cell = laid_with(shown, WEIGHT)
    rooms.stepper._show(None)
    assert rooms.focus.step is None
    rooms.hover(shown.viewport(), laid.rect_of(*cell).center() - shown.origin)
    assert rooms.focus.place is None


def test_a_step_of_another_network_is_not_shown(rooms) -> None:
    other = trace_of(small(layers.Conv2d(2), layers.Flatten(), layers.Linear(10), source="Digits"))
    rooms.focus.show_step(StepAt(other, moments(other, "layer")[-1], 0))
    assert rooms.scope.progress is None
