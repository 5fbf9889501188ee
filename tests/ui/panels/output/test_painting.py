"""Painting in the plane: strokes of the mouse are edits, the run goes on with its weights, and undo takes a stroke away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import layers, losses, optimizers
from engine.data import Circle, Painted, Typed
from engine.data.points import VALUE
from engine.fit import Fit
from engine.network import Network, Node
from playground.document.document import Document
from playground.document.project import Project, data_of
from playground.runner.messages import Reset, State, Surface, Weights
from playground.ui.panels.output.boundary import Boundary
from playground.ui.panels.output.view import OutputView
from playground.ui.shell.undo import History
from tests.ui.bench import Bench
from tests.ui.panels.projects import make_project
from tests.ui.shell import Shell


class Easel:
    """The Output panel on a project, painted on with the mouse."""

    def __init__(self, view: OutputView, document: Document, history: History) -> None:
        self.view, self.document, self.history = view, document, history
        view.paint.click()

    @property
    def plot(self):
        return self.view.picture.plot

    @property
    def points(self) -> np.ndarray:
        source = self.document.value.source
        assert isinstance(source, Painted)
        return source.points.array

    def at(self, x: float, y: float) -> QPoint:
        return self.plot.to_pixel(x, y).toPoint()

    def tool(self, name: str) -> None:
        self.view.bar.tools[name].click()

    def stroke(self, *places: tuple[float, float], keys=Qt.KeyboardModifier.NoModifier) -> None:
        """Press at the first place, move over the others, let go at the last."""
        on, left = self.plot.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(on, left, keys, self.at(*places[0]))
        for place in places[1:]:
            move(on, self.at(*place), keys)
        QTest.mouseRelease(on, left, keys, self.at(*places[-1]))

    def texts(self) -> list[str]:
        return [self.history.text(i) for i in range(self.history.count())]


def move(widget, at: QPoint, keys) -> None:
    """QTest's own movements know no keys."""
    where = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        where,
        QPointF(widget.mapToGlobal(at)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        keys,
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def easel(qtbot):
    def make(project: Project) -> Easel:
        bench = Bench(qtbot, OutputView, project).show(560, 460)
        return Easel(bench.view, bench.document, bench.history)

    return make


def mine(*rows: tuple[float, float, float], shape: str = "classes") -> Project:
    """A project on painted points, all of which train."""
    table = [(*row, 0.01 * i) for i, row in enumerate(rows)]
    curve = shape == "curve"
    source = Painted(
        table, shape, ("0", "1") if shape == "classes" else (), ("x",) if curve else ("x1", "x2")
    )
    loss = losses.BCEWithLogitsLoss() if shape == "classes" else losses.MSELoss()
    return make_project(source, 1, loss)


FOUR = ((-3.0, -3.0, 0), (3.0, 3.0, 1), (-3.0, 3.0, 0), (3.0, -3.0, 1))


# ---- strokes ---------------------------------------------------------------------------------------------------------


def test_a_stroke_on_a_toy_set_makes_its_points_ones_own(easel, binary) -> None:
    desk = easel(binary)
    before = data_of(binary)
    desk.view.bar.amount.setValue(10)
    desk.stroke((4.0, 4.0))
    after = data_of(desk.document.value)
    assert len(after.raw) == 70
    assert np.abs(after.raw.x[:60] - before.raw.x).max() < 1e-4
    assert np.array_equal(after.raw.y[:60], before.raw.y)
    for part in ("train", "validation", "test"):
        assert set(getattr(before.index, part)) <= set(getattr(after.index, part)), "each stays in its part"
    assert np.linalg.norm(after.raw.x[60:] - 4.0, axis=1).max() < 4 * desk.view.bar.sigma * 14
    assert desk.texts() == ["Paint points"]
    assert "Circle" in desk.view.bar.said.text()
    desk.history.undo()
    assert desk.document.value.source == binary.source


def test_the_movements_of_one_stroke_are_one_edit(easel, qtbot) -> None:
    desk = easel(mine(*FOUR))
    desk.view.bar.tools["brush"].click()
    desk.stroke(*[(x, 0.0) for x in np.linspace(-3, 3, 13)])
    first = len(desk.points)
    assert first > 4 + 3 * desk.view.bar.amount.value()
    desk.stroke((0.0, 2.0))
    assert desk.texts() == ["Paint points", "Paint points"]
    desk.history.undo()
    assert len(desk.points) == first
    desk.history.undo()
    assert len(desk.points) == 4


def test_a_brush_held_still_goes_on_spraying(easel, qtbot) -> None:
    desk = easel(mine(*FOUR))
    QTest.mousePress(desk.plot.viewport(), Qt.MouseButton.LeftButton, pos=desk.at(0, 0))
    amount = desk.view.bar.amount.value()
    qtbot.waitUntil(lambda: len(desk.points) >= 4 + 3 * amount)
    QTest.mouseRelease(desk.plot.viewport(), Qt.MouseButton.LeftButton, pos=desk.at(0, 0))
    count = len(desk.points)
    QTest.qWait(200)
    assert len(desk.points) == count


def test_points_take_the_class_that_is_chosen(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.view.bar.findChild(object, "class_1").click()
    desk.tool("point")
    desk.stroke((1.0, 2.0))
    assert desk.points[-1, :3] == pytest.approx([1, 2, 1], abs=0.05)
    assert "3" in desk.view.bar.findChild(object, "class_1").text()


@pytest.mark.parametrize(
    ("tool", "text", "far"),
    [
        ("line", "Paint a line", lambda p: np.abs(p[:, 1] - np.interp(p[:, 0], [0, 1, 3], [0, 0.5, 0]))),
        ("ring", "Paint a ring", lambda p: np.abs(np.hypot(*p.T) - 3)),
        ("box", "Paint a box", lambda p: np.maximum(np.abs(p - (1.5, 1.0)) - (1.5, 1.0), 0).max(axis=1)),
    ],
)
def test_figures(easel, tool: str, text: str, far) -> None:
    desk = easel(mine(*FOUR))
    desk.view.bar.radius.setValue(1)
    desk.tool(tool)
    end = (3.0, 2.0) if tool == "box" else (3.0, 0.0)
    desk.stroke((0.0, 0.0), (1.0, 0.5), end)
    fresh = desk.points[4:, :2]
    assert len(fresh) == 6 * desk.view.bar.amount.value()
    assert far(fresh).max() < 0.35
    assert desk.texts() == [text]


def test_the_eraser_takes_what_is_under_it(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.tool("eraser")
    desk.stroke((3.0, 3.0), (3.0, 0.0), (3.0, -3.0))
    assert np.array_equal(desk.points[:, 0], [-3.0, -3.0])
    assert desk.texts() == ["Erase points"]


@pytest.mark.parametrize("stops", [2, 41])
def test_a_brush_leaves_nothing_out_however_fast_it_moves(easel, stops: int) -> None:
    desk = easel(mine(*[(x, 0.0, 0) for x in np.linspace(-4, 4, 33)], (0.0, 4.0, 1)))
    desk.tool("eraser")
    desk.stroke(*[(x, 0.0) for x in np.linspace(-4.5, 4.5, stops)])
    assert len(desk.points) == 1
    desk.view.bar.amount.setValue(3)
    desk.tool("brush")
    desk.stroke(*[(x, 0.0) for x in np.linspace(-4.5, 4.5, stops)])
    at = np.histogram(desk.points[1:, 0], bins=6, range=(-5, 5))[0]
    assert at.min() > 0
    assert 40 < at.sum() < 160


def test_a_point_is_dragged_to_be_an_outlier(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.tool("select")
    desk.stroke((-3.0, -3.0), (0.0, 0.0), (2.5, 2.0))
    assert desk.points[0, :3] == pytest.approx([2.5, 2.0, 0], abs=0.1)
    assert np.array_equal(desk.points[1:], [(*row, 0.01 * (i + 1)) for i, row in enumerate(FOUR[1:])])
    assert desk.texts() == ["Move a point"]


def test_a_frame_selects_and_keys_say_what_a_drag_does(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.tool("select")
    desk.stroke((-4.5, 4.5), (-1.0, 1.0), (-1.5, -4.5))
    assert desk.view.painter.selected.tolist() == [0, 2]
    assert desk.view.bar.selection.isVisible()
    assert desk.view.bar.selection.isEnabled()
    desk.stroke((-3.0, 3.0), (-2.0, 3.0))
    assert desk.points[[0, 2], 0] == pytest.approx([-2, -2], abs=0.05)
    desk.stroke((-2.0, 3.0), (-2.0, 1.5), keys=Qt.KeyboardModifier.ShiftModifier)
    assert desk.points[[0, 2], 1] == pytest.approx([-1.5, 1.5], abs=0.05)
    desk.stroke(
        (-2.0, 1.5), (-3.5, 0.0), keys=Qt.KeyboardModifier.ControlModifier
    )  # a quarter, against the clock
    assert desk.points[[0, 2], 0] == pytest.approx([-0.5, -3.5], abs=0.1)
    assert desk.points[[0, 2], 1] == pytest.approx([0, 0], abs=0.1)
    assert desk.texts() == ["Move points", "Resize points", "Turn points"]
    desk.plot.setFocus()
    QTest.keyClick(desk.plot, Qt.Key.Key_Delete)
    assert len(desk.points) == 2
    assert desk.texts()[-1] == "Delete 2 points"
    assert not desk.view.bar.selection.isEnabled()


@pytest.mark.parametrize("what", ["turn_left", "turn_right", "shrink", "grow", "jitter", "recolour"])
def test_what_the_buttons_do_with_the_selected(easel, what: str) -> None:
    desk = easel(mine(*FOUR))
    desk.tool("select")
    desk.stroke((-5.0, 5.0), (5.0, -5.0))
    desk.view.bar.actions_[what].click()
    places, size = desk.points[:, :2], np.hypot(*desk.points[:, :2].T)
    away = np.hypot(3, 3)
    match what:
        case "turn_left" | "turn_right":
            first = np.array(FOUR)[:, :2]
            turn = first[:, 0] * places[:, 1] - first[:, 1] * places[:, 0]
            assert size == pytest.approx(away, rel=1e-4)
            assert (turn > 0).all() if what == "turn_left" else (turn < 0).all()
        case "shrink":
            assert size == pytest.approx(away / 1.15, rel=1e-4)
        case "grow":
            assert size == pytest.approx(away * 1.15, rel=1e-4)
        case "jitter":
            assert 0 < np.abs(places - np.array(FOUR)[:, :2]).max() < 2
        case "recolour":
            assert (desk.points[:, VALUE] == 0).all()
    assert len(desk.texts()) == 1


def test_a_picture_that_was_cleared_is_painted_on(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.view.bar.clear.click()
    assert len(desk.points) == 0
    assert isinstance(desk.view.picture, Boundary)
    assert "no points yet" in desk.plot.note.text()
    desk.tool("point")
    desk.stroke((1.0, 1.0))
    assert len(desk.points) == 1
    assert "1 point yet" in desk.plot.note.text()
    desk.stroke((-1.0, 1.0))
    assert len(data_of(desk.document.value).raw) == 2
    assert desk.plot.note.text() == ""


def test_the_keyboard_paints_too(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.tool("point")
    desk.plot.setFocus()
    QTest.keyClick(desk.plot, Qt.Key.Key_Right)
    QTest.keyClick(desk.plot, Qt.Key.Key_Return)
    assert len(desk.points) == 5
    assert np.abs(desk.points[4, :2]).max() < 0.3


# ---- classes ---------------------------------------------------------------------------------------------------------


def test_a_third_class_brings_loss_and_output_with_it(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.view.bar.add.click()
    project = desk.document.value
    assert project.source.classes == ("0", "1", "2")
    assert type(project.fit.loss) is losses.CrossEntropyLoss
    assert project.network.nodes[-1].layer.out_features == 3
    assert "now gives 3" in desk.view.bar.said.text()
    assert desk.view.bar.label == 2, "the new one is chosen"
    desk.tool("point")
    desk.stroke((0.0, 0.0))
    assert desk.points[-1, VALUE] == 2
    desk.view.bar.remove.click()
    assert desk.document.value.source.classes == ("0", "1")
    assert len(desk.points) == 4
    desk.history.undo()
    assert len(desk.points) == 5


def test_the_first_class_taken_away_leaves_the_others_their_points(easel) -> None:
    project = mine(*FOUR, (0.0, 1.0, 1))
    desk = easel(project)
    desk.view.bar.add.click()
    desk.tool("point")
    desk.stroke((0.0, 0.0))
    desk.view.bar.findChild(object, "class_0").click()
    desk.view.bar.remove.click()
    assert desk.document.value.source.classes == ("1", "2")
    assert desk.points[:, VALUE].tolist() == [0, 0, 0, 1]


def test_a_class_is_renamed_and_no_two_are_called_alike(easel) -> None:
    desk = easel(mine(*FOUR))
    name = desk.view.bar.name
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "yang")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert desk.document.value.source.classes == ("yang", "1")
    assert desk.view.picture.legend.classes == ("yang", "1")
    desk.view.bar.findChild(object, "class_1").click()
    desk.plot.setFocus()
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "yang")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert desk.document.value.source.classes == ("yang", "1")
    assert "already" in desk.view.bar.said.text()


# ---- other sets --------------------------------------------------------------------------------------------------------


def test_a_curve_is_dragged_point_by_point(easel, sine) -> None:
    desk = easel(sine)
    desk.tool("select")
    x, y = data_of(sine).raw.x[7, 0], data_of(sine).raw.y[7, 0]
    desk.stroke((x, y), (x, 0.5 * y), (x, 0.0))
    source = desk.document.value.source
    assert source.shape == "curve"
    moved = np.flatnonzero(np.abs(data_of(desk.document.value).raw.y - data_of(sine).raw.y)[:, 0] > 1e-4)
    assert len(moved) == 1
    assert abs(desk.points[moved[0], 1]) < 0.05
    desk.tool("brush")
    desk.stroke((0.0, 0.5))
    assert len(desk.points) == 60 + desk.view.bar.amount.value()


def test_a_surface_is_painted_as_height(easel, surface) -> None:
    desk = easel(surface)
    bar = desk.view.bar
    assert bar.height_row.isVisible()
    bar.ground.click()
    assert len(desk.points) == 441
    assert not desk.points[:, VALUE].any()
    data = data_of(desk.document.value)
    for part in (data.train, data.validation, data.test):
        for axis in (0, 1):
            assert len(np.unique(part.x[:, axis])) > 14, "no part has whole columns"
    bar.radius.setValue(20)
    bar.height_.setValue(80)
    desk.tool("raise")
    desk.stroke((0.0, 0.0), (1.5, 0.0), (0.0, 0.0), (1.5, 0.0))
    heights, far = desk.points[:, VALUE], np.hypot(*desk.points[:, :2].T)
    assert 0.3 < heights.max() <= 0.8
    assert heights[far < 1].min() > 0.1
    assert heights[far > 5].max() < 0.02
    assert desk.texts() == ["Even ground", "Paint heights"]


def test_data_that_no_plane_shows_cannot_be_painted(easel, iris, qtbot) -> None:
    bench = Bench(qtbot, OutputView, iris).show(560, 460)
    assert not bench.view.paint.isVisible()
    bench.document.set(make_project(Typed(), 1, losses.MSELoss()))
    assert bench.view.paint.isVisible(), "two inputs and a target"


# ---- while it trains -----------------------------------------------------------------------------------------------------


def small() -> Project:
    network = Network(
        (Node("hidden", layers.Linear(8)), Node("tanh", layers.Tanh()), Node("out", layers.Linear(1)))
    )
    return Project(source=Circle(samples=200), network=network, fit=Fit(optimizer=optimizers.Adam(lr=0.01)))


@pytest.mark.slow
def test_training_goes_on_with_its_weights_while_one_paints(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, small(), tmp_path).show(1280, 900).until_ready()
    shell.click("transport_play")
    shell.until(State.RUNNING, epoch=50)
    desk = Easel(shell.window.docks.views["output"], shell.document, shell.window.history)
    before = shell.frame.epoch
    desk.view.bar.findChild(object, "class_1").click()
    desk.stroke(*[(x, 5.0) for x in np.linspace(-5, 5, 21)])
    assert len(desk.points) > 240
    told = shell.document.value
    qtbot.waitUntil(lambda: shell.frame.project == told and shell.frame.epoch > before)
    assert shell.frame.state is State.RUNNING
    epochs = shell.frame.log["epoch"]
    assert np.array_equal(epochs, np.arange(len(epochs))), "one run, without a gap"
    assert "Painted points" in shell.frame.marks[-1].text

    # What the network answers follows the brush: what was painted in the corner is of the other class by now.
    grid = Surface("out", 100)
    qtbot.waitUntil(lambda: (found := shell.frame.answer(grid)) is not None and found[0, -8, 50] > 0)

    shell.click("transport_play")
    shell.until(State.PAUSED)
    weights, epoch = Weights("hidden"), shell.frame.epoch
    was = shell.frame.answer(weights)["weight"]
    desk.stroke((0.0, 0.0))
    painted = shell.document.value
    qtbot.waitUntil(lambda: shell.frame.project == painted)
    assert np.array_equal(shell.frame.answer(weights)["weight"], was)
    shell.window.history.undo()
    assert shell.document.value == told
    shell.window.history.undo()
    assert shell.document.value == small()
    qtbot.waitUntil(lambda: shell.frame.project == small())
    assert np.array_equal(shell.frame.answer(weights)["weight"], was)
    assert shell.frame.epoch == epoch


def test_start_anew_begins_with_fresh_weights_after_each_stroke(easel, qtbot) -> None:
    bench = Bench(qtbot, OutputView, mine(*FOUR)).show(560, 460)
    desk = Easel(bench.view, bench.document, bench.history)
    desk.stroke((0.0, 0.0))
    assert not any(isinstance(command, Reset) for command in bench.sent)
    desk.view.bar.anew.click()
    desk.stroke((1.0, 0.0))
    assert [type(command) for command in bench.sent] == [Reset]


def test_painting_ends_when_the_switch_is_let_go(easel) -> None:
    desk = easel(mine(*FOUR))
    desk.view.paint.click()
    assert desk.view.bar.isHidden()
    desk.stroke((0.0, 0.0))
    assert len(desk.points) == 4


def test_a_click_where_it_errs_puts_a_point_there(qtbot) -> None:
    bench = Bench(qtbot, OutputView, mine(*FOUR)).show(560, 460)
    picture = bench.view.picture
    QTest.mouseClick(
        picture.plot.viewport(), Qt.MouseButton.LeftButton, pos=picture.plot.to_pixel(2.0, 2.0).toPoint()
    )
    assert bench.history.count() == 0, "only where the map of losses is shown"
    picture.errs.setChecked(True)
    QTest.mouseClick(
        picture.plot.viewport(), Qt.MouseButton.LeftButton, pos=picture.plot.to_pixel(2.0, 2.0).toPoint()
    )
    added = bench.document.value.source.points.array[-1]
    assert added[:3] == pytest.approx([2, 2, 1], abs=0.05)
    assert bench.history.text(0) == "Add a point where it errs"


def test_every_painted_point_is_drawn_however_many(easel) -> None:
    desk = easel(mine(*FOUR))
    places = np.random.default_rng(0).uniform(-5, 5, (6000, 2))
    desk.document.set(desk.document.value.replace(source=desk.document.value.source.added(places, 1.0)))
    assert sum(len(points.at) for points in desk.view.picture.points.values()) == 6004


def test_a_class_of_a_toy_set_with_a_number_of_classes_is_renamed(easel, multiclass) -> None:
    desk = easel(multiclass)
    assert desk.view.bar.findChild(object, "class_0").width() < 80, "two in a row"
    name = desk.view.bar.name
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "<b>& first")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert desk.document.value.source.classes == ("<b>& first", "1", "2", "3")
    assert desk.document.value.network == multiclass.network
    assert desk.texts() == ["Rename a class"]
    assert "&amp; first" in desk.view.bar.findChild(object, "class_0").toolTip()


@pytest.mark.parametrize("how", ["opened", "undone"])
def test_what_is_being_painted_never_lands_on_other_points(easel, how: str) -> None:
    desk = easel(mine(*FOUR))
    desk.stroke((1.0, 1.0))
    left, on = Qt.MouseButton.LeftButton, desk.plot.viewport()
    QTest.mousePress(on, left, pos=desk.at(0, 0))  # the edit follows a moment later
    if how == "opened":
        desk.document.open(mine(*FOUR[:3]))
    else:
        desk.history.undo()
    expected = desk.document.value
    assert len(desk.points) == (3 if how == "opened" else 4)
    desk.view.painter.commit()
    assert desk.document.value is expected
    QTest.mouseRelease(on, left, pos=desk.at(0, 0))


def test_the_boundary_stays_on_screen_while_one_paints(easel, frame, plane, binary) -> None:
    desk = easel(binary)
    picture = desk.view.picture
    x1, _ = plane(binary)
    earlier = frame(binary, {Surface("out"): x1[None]})
    desk.view.show_frame(earlier)
    assert not picture.image.image.isNull()
    desk.stroke((0.0, 0.0))
    assert not picture.image.image.isNull(), "the last answer, until the next one comes"
    assert picture.concerns(earlier), "of a stroke ago, as frames are while one paints"
    assert not picture.is_of(earlier)
    desk.document.set(make_project(Circle(samples=61), 1, losses.BCEWithLogitsLoss()))
    assert picture.image.image.isNull(), "other samples"
    assert not picture.concerns(earlier)
