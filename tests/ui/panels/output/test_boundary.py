"""The picture of the plane: its colours mean what the network answers there, and its numbers are computed ones."""

import re

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from engine import losses
from engine.data import Xor
from playground.document.project import data_of
from playground.runner.messages import Predictions, SampleLoss, State, Surface
from playground.ui.kit.colours import area
from playground.ui.kit.dots import Points
from playground.ui.kit.points import rows_of
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.output.boundary import Boundary, unit_name
from playground.ui.panels.output.heat import loss_map
from tests.ui.panels.projects import make_project


@pytest.fixture
def show(qtbot, context):
    """Shows the boundary of a project in a window."""

    def make(project, size=(380, 420), theme=LIGHT) -> Boundary:
        data = data_of(project)
        picture = Boundary(context(project, theme), project, data)
        qtbot.addWidget(picture)
        picture.show_data(project, data)
        picture.resize(*size)
        picture.show()
        qtbot.waitExposed(picture)
        return picture

    return make


def alone(picture: Boundary) -> None:
    """Hide the samples, so that every pixel is the network's answer."""
    for box in picture.parts.values():
        box.setChecked(False)


def colour_at(picture: Boundary, x1: float, x2: float) -> QColor:
    """What is painted at a point of the plane."""
    view = picture.plot.viewport()
    at = picture.plot.to_pixel(x1, x2)
    return view.grab().toImage().pixelColor(round(at.x()), round(at.y()))


def near(colour: QColor, name: str, by: int = 12) -> bool:
    other = QColor(name)
    return all(abs(a - b) <= by for a, b in zip(colour.getRgb()[:3], other.getRgb()[:3], strict=True))


def hover(picture: Boundary, x1: float, x2: float) -> str:
    """Move the mouse there; what the read-out says."""
    QTest.mouseMove(picture.plot.viewport(), QPoint(3, 3))
    QTest.mouseMove(picture.plot.viewport(), picture.plot.to_pixel(x1, x2).toPoint())
    return picture.plot.read_out.text() if picture.plot.read_out.isVisible() else ""


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_two_classes_from_one_logit(show, frame, plane, binary, theme):
    picture = show(binary, theme=theme)
    alone(picture)
    x1, x2 = plane(binary)
    picture.show_frame(frame(binary, {Surface("out"): 20 * (x1 + 3 * (x2 > 0))[None]}))
    # Right is the second class; above the axis, its region reaches three further to the left.
    assert near(colour_at(picture, 4, -3), area(theme, 1))
    assert near(colour_at(picture, -4, -3), area(theme, 0))
    assert near(colour_at(picture, -2, 3), area(theme, 1))
    assert near(colour_at(picture, -4.5, 3), area(theme, 0))
    assert near(colour_at(picture, 0, -3), theme.neutral, by=40)  # as likely as not
    assert picture.title == "Decision boundary"


def test_the_picture_lies_where_its_axes_say(show, frame, plane, binary):
    picture = show(binary)
    alone(picture)
    x1, x2 = plane(binary)
    inside = (np.abs(x1 - 3) < 1) & (np.abs(x2 + 2) < 1)
    picture.show_frame(frame(binary, {Surface("out"): np.where(inside, 50.0, -50.0)[None]}))
    assert near(colour_at(picture, 3, -2), area(LIGHT, 1))
    for x, y in ((4.3, -2), (1.7, -2), (3, -0.7), (3, -3.3), (-2, 3)):
        assert near(colour_at(picture, x, y), area(LIGHT, 0)), (x, y)


def test_outputs_around_zero_with_squared_error(show, frame, plane):
    project = make_project(Xor(samples=60), 1, losses.MSELoss())
    picture = show(project)
    alone(picture)
    x1, x2 = plane(project)
    picture.show_frame(frame(project, {Surface("out"): np.where(x1 * x2 < 0, 1.2, -1.2)[None]}))
    assert near(colour_at(picture, 3, -3), area(LIGHT, 1))
    assert near(colour_at(picture, 3, 3), area(LIGHT, 0))
    assert "class 1" in hover(picture, 3, -3)


def test_several_classes(show, frame, plane, multiclass):
    picture = show(multiclass)
    alone(picture)
    x1, x2 = plane(multiclass)
    quarter = 2 * (x2 > 0) + (x1 > 0)
    logits = np.stack([np.where(quarter == k, 9.0, 0.0) for k in range(4)])
    picture.show_frame(frame(multiclass, {Surface("out"): logits}))
    for k, (x, y) in enumerate([(-3, -3), (3, -3), (-3, 3), (3, 3)]):
        assert near(colour_at(picture, x, y), area(LIGHT, k)), k
    assert picture.legend.classes == ("0", "1", "2", "3")


def test_strength_says_how_sure_and_discretize_hides_it(show, frame, plane, multiclass, qtbot):
    picture = show(multiclass)
    alone(picture)
    logits = np.zeros((4, 100, 100))
    logits[2] = 0.4  # a little likelier than the others, everywhere
    picture.show_frame(frame(multiclass, {Surface("out"): logits}))
    pale = colour_at(picture, 1, 1)
    assert not near(pale, area(LIGHT, 2))
    qtbot.mouseClick(
        picture.discretize, Qt.MouseButton.LeftButton, pos=QPoint(8, picture.discretize.height() // 2)
    )
    assert near(colour_at(picture, 1, 1), area(LIGHT, 2))


def test_regression_is_in_the_signed_scale_of_the_raw_targets(show, frame, plane, surface):
    picture = show(surface)
    alone(picture)
    x1, x2 = plane(surface)
    data = data_of(surface)
    wanted = (x1 + x2) / 12  # in raw units; the network gives it standardized
    answer = data.transform.target(wanted.reshape(-1, 1)).reshape(1, 100, 100)
    picture.show_frame(frame(surface, {Surface("out"): answer}))
    limit = picture.legend.limit
    assert limit == pytest.approx(np.abs(data.raw.y[rows_of(data, "train")]).max())
    assert near(colour_at(picture, 5.5, 5.5), LIGHT.positive, by=30)
    assert near(colour_at(picture, -5.5, -5.5), LIGHT.negative, by=30)
    assert near(colour_at(picture, 3, -3), LIGHT.neutral)
    assert "y 0.5" in hover(picture, 3, 3)


def test_a_unit_under_the_mouse_takes_the_picture_and_gives_it_back(show, frame, plane, binary, focus):
    picture = show(binary)
    alone(picture)
    x1, x2 = plane(binary)
    answers = {Surface("out"): np.full((1, 100, 100), 9.0), Surface("hidden"): np.stack([x1, x1, x2, x1])}
    focus.hover(("hidden", 2))
    assert Surface("hidden") in picture.wants()
    picture.show_frame(frame(binary, answers))
    assert picture.title == "Unit 3 of hidden"
    assert picture.legend.limit == pytest.approx(np.abs(x2).max())
    assert near(colour_at(picture, 0, 5), LIGHT.positive, by=45)
    assert near(colour_at(picture, 0, -5), LIGHT.negative, by=45)
    focus.hover(None)
    picture.show_frame(frame(binary, answers))
    assert picture.title == "Decision boundary"
    assert near(colour_at(picture, 0, -5), area(LIGHT, 1))
    assert picture.wants() == [Surface("out")]


def test_a_unit_without_an_answer_yet_leaves_the_output(show, frame, plane, binary, focus):
    picture = show(binary)
    focus.hover(("hidden", 7))
    picture.show_frame(frame(binary, {Surface("out"): np.zeros((1, 100, 100))}))
    assert picture.title == "Decision boundary"
    picture.show_frame(frame(binary, {Surface("hidden"): np.zeros((4, 100, 100))}))  # it has no unit 8
    assert picture.title == "Decision boundary"


def test_inputs_are_called_features(binary):
    data = data_of(binary)
    assert unit_name(data, "input", 1) == "Feature x2"
    assert unit_name(data, "hidden", 0) == "Unit 1 of hidden"


def test_read_out_is_the_answer_at_a_computed_point(show, frame, plane, binary):
    picture = show(binary)
    x1, x2 = plane(binary)
    z = (x1 - 0.5 * x2)[None]
    picture.show_frame(frame(binary, {Surface("out"): z}))
    text = hover(picture, 2.0, 1.0)
    found = re.fullmatch(r"x1 (\S+)   x2 (\S+)\nprobability of 1: (\S+)\nlogit (\S+)", text)
    assert found, text
    first, second, probability, logit = (float(number.replace("−", "-")) for number in found.groups())
    assert logit == pytest.approx(first - 0.5 * second, abs=0.02)
    assert probability == pytest.approx(1 / (1 + np.exp(-logit)), abs=0.002)
    assert abs(first - 2) < 0.1
    assert abs(second - 1) < 0.1


def test_read_out_follows_the_network_and_goes_with_the_mouse(show, frame, binary):
    picture = show(binary)
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), 1.0)}))
    assert "logit 1.00" in hover(picture, 1, 1)
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), -2.0)}))
    assert "logit −2.00" in picture.plot.read_out.text()
    picture.plot.leaveEvent(None)
    assert not picture.plot.read_out.isVisible()


def test_keys_move_the_cursor(show, frame, plane, binary, qtbot):
    picture = show(binary)
    x1, _ = plane(binary)
    picture.show_frame(frame(binary, {Surface("out"): x1[None]}))
    qtbot.keyClick(picture.plot, Qt.Key.Key_Right)
    before = picture.plot.read_out.text()
    assert picture.plot.read_out.isVisible()
    qtbot.keyClick(picture.plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert picture.plot.read_out.text() != before
    qtbot.keyClick(picture.plot, Qt.Key.Key_Escape)
    assert not picture.plot.read_out.isVisible()


def test_switches_hide_and_show_parts(show, frame, binary, qtbot):
    picture = show(binary)
    assert [p for p in picture.points if picture.points[p].isVisible()] == ["train", "validation"]
    data = data_of(binary)
    x1, x2 = data.raw.x[rows_of(data, "test")[0]]
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), 9.0)}))
    before = colour_at(picture, x1, x2)
    for part in ("train", "validation", "test"):
        box = picture.parts[part]
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert [p for p in picture.points if picture.points[p].isVisible()] == ["test"]
    assert near(colour_at(picture, x1, x2), LIGHT.class_colour(int(data.raw.y[rows_of(data, "test")[0]])))
    assert before != colour_at(picture, x1, x2)


def test_points_are_drawn_in_the_colour_of_their_class(show, binary):
    picture = show(binary, size=(700, 720))
    picture.parts["validation"].setChecked(False)
    data = data_of(binary)
    rows = rows_of(data, "train")
    at, labels = data.raw.x[rows], data.raw.y[rows]
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + 99 * np.eye(len(at))
    lonely = np.flatnonzero(distance.min(axis=1) > 0.5)[:8]
    assert len(lonely) >= 3
    for i in lonely:
        assert near(colour_at(picture, *at[i]), LIGHT.class_colour(int(labels[i])), by=25)


def test_validation_points_are_rings(show, binary):
    picture = show(binary, size=(700, 720))
    picture.parts["train"].setChecked(False)
    data = data_of(binary)
    rows = rows_of(data, "validation")
    at = data.raw.x[rows]
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + 99 * np.eye(len(at))
    i = int(distance.min(axis=1).argmax())
    assert near(colour_at(picture, *at[i]), LIGHT.panel)
    edge = picture.plot.to_pixel(*at[i]) + QPointF(4, 0)
    image = picture.plot.viewport().grab().toImage()
    assert not near(image.pixelColor(round(edge.x()), round(edge.y())), LIGHT.panel)


def test_rings_stand_round_the_wrong_ones_only(show, frame, binary, qtbot):
    picture = show(binary)
    assert not any(isinstance(want, Predictions) for want in picture.wants())
    box = picture.mark_wrong
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    data = data_of(binary)
    answers = {Surface("out"): np.zeros((1, 100, 100))}
    for want in picture.wants():
        if isinstance(want, Predictions):
            answers[want] = np.eye(2)[data.raw.y[rows_of(data, want.part)[: want.count]]]
    assert len(answers) == 3  # train and validation are shown
    wrong = Predictions("validation", 0, len(rows_of(data, "validation")))
    answers[wrong] = answers[wrong].copy()
    answers[wrong][4] = answers[wrong][4][::-1]
    picture.show_frame(frame(binary, answers))
    x, y = picture.rings.at.T
    assert np.column_stack((x, y)).tolist() == [data.raw.x[rows_of(data, "validation")[4]].tolist()]


def test_half_built_networks_show_samples_and_units_but_no_output(show, frame, plane, binary, focus):
    picture = show(binary)
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), 9.0)}))
    assert not picture.image.image.isNull()
    wrong_size = {
        Surface("out"): np.zeros((4, 100, 100)),
        Surface("hidden"): np.stack([plane(binary)[0]] * 4),
    }
    picture.show_frame(frame(binary, wrong_size, State.EMPTY))
    assert picture.image.image.isNull()
    assert picture.points["train"].isVisible()
    focus.hover(("hidden", 0))
    picture.show_frame(frame(binary, wrong_size, State.EMPTY))
    assert not picture.image.image.isNull()
    assert picture.title == "Unit 1 of hidden"


def test_other_data_take_the_old_answer_away(show, frame, binary):
    picture = show(binary)
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), 9.0)}))
    other = binary.replace(source=binary.source.replace(seed=5))
    assert not picture.image.image.isNull()
    picture.show_data(other, data_of(other))
    assert picture.image.image.isNull()
    assert not picture.concerns(frame(binary))
    assert picture.concerns(frame(other))


def test_infinite_values_do_not_break_it(show, frame, binary, focus):
    picture = show(binary)
    broken = np.full((4, 100, 100), np.inf)
    broken[:, :50] = np.nan
    focus.hover(("hidden", 1))
    picture.show_frame(frame(binary, {Surface("hidden"): broken, Surface("out"): broken[:1]}))
    focus.hover(None)
    picture.show_frame(frame(binary, {Surface("out"): np.where(np.isnan(broken[:1]), -np.inf, np.inf)}))
    assert near(colour_at(picture, 0, 4), area(LIGHT, 1), by=60)


@pytest.mark.parametrize("size", [(300, 238), (280, 222), (380, 420), (600, 300), (300, 700)])
def test_nothing_is_clipped_or_overlaps(show, frame, multiclass, size, qtbot):
    picture = show(multiclass, size=size)
    picture.show_frame(frame(multiclass, {Surface("out"): np.zeros((4, 100, 100))}))

    def well_laid_out() -> None:
        area_ = picture.plot.area()
        assert area_.width() == pytest.approx(area_.height(), abs=1.5)
        assert area_.width() > 90
        assert picture.plot.viewport().rect().toRectF().contains(area_)
        widgets = [picture.legend, picture.discretize, picture.mark_wrong, *picture.parts.values()]
        frames = [w.rect().translated(w.mapTo(picture, QPoint(0, 0))) for w in widgets]
        frames.append(picture.plot.geometry())
        for i, one in enumerate(frames):
            assert picture.rect().contains(one), (i, one)
            assert not any(one.intersects(other) for other in frames[:i]), (i, one)

    qtbot.waitUntil(well_laid_out)  # Qt lays out when it next comes to it


def test_theme_changes_live(show, frame, binary):
    picture = show(binary)
    alone(picture)
    picture.show_frame(frame(binary, {Surface("out"): np.full((1, 100, 100), 50.0)}))
    picture.context.theme.become(DARK)
    assert near(colour_at(picture, 1, 1), area(DARK, 1))


def test_controls_explain_themselves(show, binary):
    picture = show(binary)
    for box in (*picture.parts.values(), picture.discretize, picture.mark_wrong):
        assert box.objectName()
        assert box.toolTip()
        assert box.accessibleName()


def test_points_are_drawn_wherever_other_data_lie(show, binary):
    picture = show(binary)
    picture.plot.set_range((-30.0, 30.0), (-30.0, 30.0))
    view = picture.plot.viewport()
    view.grab()
    for dots in picture.plot.box.allChildren():
        if isinstance(dots, Points):
            assert dots.boundingRect().contains(QRectF(-29.0, -29.0, 58.0, 58.0)), dots.part


# ---- where it errs -----------------------------------------------------------------------------------------------------


def test_losses_are_spread_over_the_plane_round_their_samples() -> None:
    heat = loss_map(np.array([[-3.0, 2.0], [3.0, -2.0]]), np.array([4.0, 1.0]), -6.0, 6.0, 61)
    axis = np.linspace(-6, 6, 61)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert (axis[column], axis[row]) == pytest.approx((-3, 2), abs=0.25)
    assert heat[20, 45] == pytest.approx(heat[40, 15] / 4, rel=1e-6)
    assert heat[20, 15] < 1e-6, "where there is no sample, nothing is known"
    crowd = loss_map(np.repeat([[-3.0, 2.0]], 50, axis=0), np.full(50, 4.0), -6.0, 6.0, 61)
    assert crowd.max() == pytest.approx(4.0, rel=0.02), "a mean, not a sum"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_where_it_errs_is_red_and_a_click_asks_for_a_point(show, frame, plane, binary, theme, qtbot):
    picture = show(binary, theme=theme)
    alone(picture)
    picture.parts["train"].setChecked(True)
    data = data_of(binary)
    rows = rows_of(data, "train")
    worst = int(np.abs(data.raw.x[rows]).sum(axis=1).argmax())  # far out, away from most
    losses = np.where(np.arange(len(rows)) == worst, 5.0, 0.0).astype(np.float32)
    picture.errs.setChecked(True)
    assert SampleLoss("train") in picture.wants()
    x1, _ = plane(binary)
    picture.show_frame(frame(binary, {Surface("out"): x1[None], SampleLoss("train"): losses}))
    for points in picture.points.values():
        points.setVisible(False)
    at, far = data.raw.x[rows[worst]], -data.raw.x[rows[worst]]
    ground = QColor(theme.neutral).getRgb()[:3]
    there, elsewhere = (np.array(colour_at(picture, *p).getRgb()[:3]) for p in (at, far))
    assert np.abs(there - ground).sum() > 3 * np.abs(elsewhere - ground).sum()
    assert picture.title.startswith("Loss nearby, up to ")
    with qtbot.waitSignal(picture.point_asked) as asked:
        QTest.mouseClick(
            picture.plot.viewport(), Qt.MouseButton.LeftButton, pos=picture.plot.to_pixel(*at).toPoint()
        )
    place, value = asked.args
    assert place == pytest.approx(at, abs=0.1)
    assert value == data.raw.y[rows[worst]]
    picture.errs.setChecked(False)
    assert picture.title == "Decision boundary"
    assert picture.legend.isVisible()
