"""The curves of a run: exact numbers under the cursor, marks that tell them apart, a fresh start when the log is new."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.log import Log, LogView
from playground.runner.messages import State
from playground.runs.run import Mark
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.curves.view import TO_WORDS, LossView

pytestmark = pytest.mark.slow


def make_log(n, penalty=0.0, validation=True, start=0):
    log = Log()
    for epoch in range(start, start + n):
        loss = 0.7 / (1 + epoch)
        other = loss * 1.5 if validation else np.nan
        log.append(epoch, loss, other, penalty, 1 - loss, 1 - other, 0.1, 1.0)
    return log.view()


@pytest.fixture
def view(qtbot, context, binary):
    made = LossView(context(binary))
    qtbot.addWidget(made)
    made.resize(380, 260)
    made.show_project(None, binary)
    made.show()
    qtbot.waitExposed(made)
    return made


def hover(view, epoch):
    """Put the mouse at that epoch; the lines of the read-out by name."""
    area = view.plot.area()
    QTest.mouseMove(view.plot.viewport(), QPoint(2, 2))
    at = view.plot.to_pixel(epoch, 0.0).x()
    QTest.mouseMove(view.plot.viewport(), QPoint(round(at), round(area.center().y())))
    return dict(line.rsplit(" ", 1) for line in view.plot.read_out.text().split("\n"))


def count_near(image, colour, by=40):
    wanted = QColor(colour).getRgb()[:3]
    pixels = (
        image.pixelColor(x, y).getRgb()[:3] for x in range(image.width()) for y in range(image.height())
    )
    return sum(all(abs(a - b) <= by for a, b in zip(p, wanted, strict=True)) for p in pixels)


def wheel(view, notches, at=None):
    viewport, area = view.plot.viewport(), view.plot.area()
    point = QPointF(at or area.center())
    turned = QWheelEvent(
        point, viewport.mapToGlobal(point), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, turned)


def shown_epochs(view):
    return tuple(view.plot.box.viewRange()[0])


def test_the_wheel_zooms_to_where_the_mouse_is_and_reset_shows_all(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(100)))
    whole, at = shown_epochs(view), view.plot.to_pixel(70.0, -1.0)
    assert not view.reset.isVisible()
    wheel(view, 3, at)
    left, right = shown_epochs(view)
    assert right - left == pytest.approx((whole[1] - whole[0]) / 1.25**3)
    assert view.plot.to_data(at)[0] == pytest.approx(70.0, abs=0.5), "what is under the mouse stays there"
    view.show_frame(frame(binary, log=make_log(101)))
    assert shown_epochs(view) == (left, right), "new epochs do not take it away"
    view.reset.click()
    assert shown_epochs(view) == whole
    assert not view.reset.isVisible()


def test_one_cannot_zoom_out_of_the_curves_nor_drag_away_from_them(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(100)))
    whole = shown_epochs(view)
    wheel(view, -5)
    assert shown_epochs(view) == whole
    wheel(view, 4)
    middle = view.plot.area().center().toPoint()
    viewport = view.plot.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(middle + QPoint(-40, 0)), viewport.mapToGlobal(QPointF(middle)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    before = shown_epochs(view)
    QApplication.sendEvent(viewport, move)
    assert shown_epochs(view)[0] > before[0]
    for _ in range(40):
        view.plot.move_by(QPointF(-100, 0))
    assert shown_epochs(view)[1] == pytest.approx(whole[1])
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=middle)
    assert shown_epochs(view) == whole


def test_zooming_by_keys(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(100)))
    whole = shown_epochs(view)
    QTest.keyClick(view.plot, Qt.Key.Key_Plus)
    assert shown_epochs(view) != whole
    QTest.keyClick(view.plot, Qt.Key.Key_0)
    assert shown_epochs(view) == whole


def test_the_best_epoch_of_early_stopping_is_marked(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(50)))
    assert not view._best.isVisible()
    view.show_frame(frame(binary, log=make_log(51), best_epoch=20))
    assert view._best.isVisible()
    image = view.plot.viewport().grab().toImage()
    x = round(view.plot.to_pixel(20, 0).x())
    strip = image.copy(QRect(x - 2, round(view.plot.area().top()), 5, round(view.plot.area().height())))
    assert count_near(strip, view.context.theme.good) > 10


def test_before_the_first_epoch(view, frame, binary):
    view.show_frame(frame(binary, log=LogView()))
    assert view.plot.note.isVisible()
    assert view.legend.names == ()
    view.show_frame(frame(binary, log=make_log(1)))
    assert view.plot.note.isVisible(), "of one moment there is no curve"
    view.show_frame(frame(binary, log=make_log(2)))
    assert not view.plot.note.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_both_curves_are_painted_and_named(view, frame, binary, theme):
    view.context.theme.become(theme)
    view.show_frame(frame(binary, log=make_log(50)))
    assert view.legend.names == ("train", "validation")
    image = view.plot.viewport().grab().toImage()
    assert count_near(image, theme.train) > 80
    assert count_near(image, theme.validation) > 80


def test_the_curve_is_where_its_numbers_are(view, frame, binary):
    view.log_switch.setChecked(False)
    log = make_log(60, validation=False)
    view.show_frame(frame(binary, log=log))
    image = view.plot.viewport().grab().toImage()
    for epoch in (3, 10):
        at = view.plot.to_pixel(epoch, log["train_loss"][epoch])
        near = [image.pixelColor(round(at.x()), round(at.y()) + d) for d in range(-2, 3)]
        assert any(c.blue() > c.red() + 60 for c in near), epoch


def test_numbers_under_the_cursor_are_exact(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(101, penalty=0.004)))
    assert hover(view, 40) == {"epoch": "40", "train": "0.0171", "validation": "0.0256", "penalty": "0.00400"}
    view.plot.leaveEvent(None)
    assert not view.plot.read_out.isVisible()


def test_keys_move_along_the_curve(view, frame, binary, qtbot):
    view.show_frame(frame(binary, log=make_log(101)))
    hover(view, 50)
    before = view.plot.read_out.text()
    qtbot.keyClick(view.plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.plot.read_out.text() != before


def test_the_penalty_has_its_own_line_where_there_is_one(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(50, penalty=0.3)))
    assert view.legend.names == ("train", "validation", "penalty")
    view.show_frame(frame(binary, log=make_log(50)))
    assert view.legend.names == ("train", "validation")


def test_no_validation_part_no_validation_curve(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(50, validation=False)))
    assert view.legend.names == ("train",)
    assert count_near(view.plot.viewport().grab().toImage(), LIGHT.validation) == 0


def test_log_scale_is_an_axis_not_another_number(view, frame, binary, qtbot):
    view.show_frame(frame(binary, log=make_log(101)))
    assert view.log_switch.isChecked()
    logarithmic = hover(view, 40)
    low, high = view.plot.box.viewRange()[1]
    assert low < -1.5 < 0 <= high + 0.2
    box = view.log_switch
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert view.plot.box.viewRange()[1][0] == 0
    assert hover(view, 40) == logarithmic


def test_accuracy_has_its_own_tab(view, frame, binary, sine, qtbot):
    view.show_frame(frame(binary, log=make_log(50)))
    qtbot.mouseClick(view.findChild(object, "show_metric"), Qt.MouseButton.LeftButton)
    assert hover(view, 20)["train"] == "0.967"
    assert not view.log_switch.isVisible()
    view.show_frame(frame(sine, log=make_log(50)))
    assert view.findChild(object, "show_metric").text() == "R²"
    assert "R²" in view.plot.left.labelText
    qtbot.mouseClick(view.findChild(object, "show_loss"), Qt.MouseButton.LeftButton)
    assert view.log_switch.isVisible()


def test_nothing_is_drawn_again_for_the_same_log(view, frame, binary, monkeypatch):
    log = make_log(50)
    view.show_frame(frame(binary, log=log))
    monkeypatch.setattr(view, "_draw", lambda: pytest.fail("drawn again"))
    view.show_frame(frame(binary, log=LogView(log.rows)))


def test_reset_clears_and_another_run_of_equal_length_is_seen(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(50)))
    first = hover(view, 30)
    other = Log()
    for epoch in range(50):
        other.append(epoch, 0.5, 0.6, 0.0, 0.5, 0.4, 0.1, 1.0)
    view.show_frame(frame(binary, log=other.view()))
    assert hover(view, 30) != first
    view.show_frame(frame(binary, log=make_log(1)))
    assert view.plot.box.viewRange()[0] == [0.0, 10.0]


@pytest.mark.parametrize("epoch", [0, 3, 90])
def test_a_run_that_broke_is_marked_where_and_why(view, frame, binary, epoch):
    view.show_frame(frame(binary, log=make_log(epoch + 1)))
    before = count_near(view.plot.viewport().grab().toImage(), LIGHT.error)
    broken = frame(binary, state=State.DIVERGED, log=make_log(epoch + 1), epoch=epoch, broken_node="hidden")
    view.show_frame(broken)
    assert view._broken.value() == epoch
    assert view._why.toPlainText() == "diverged in hidden"
    words = view.plot.mapFromScene(view._why.mapRectToScene(view._why.boundingRect())).boundingRect()
    assert view.plot.area().toAlignedRect().adjusted(-2, -2, 2, 2).contains(words)
    assert count_near(view.plot.viewport().grab().toImage(), LIGHT.error) > before + 40
    view.show_frame(frame(binary, log=make_log(epoch + 1)))
    assert not view._broken.isVisible()


def stands(view, epoch, colour):
    """How many pixels of about that colour are in the column at that epoch."""
    x, area = round(view.plot.to_pixel(epoch, 0.0).x()), view.plot.area().toRect()
    return count_near(
        view.plot.viewport().grab(QRect(x - 1, area.top() + 2, 3, area.height() - 4)).toImage(), colour
    )


def test_edits_are_marked_and_named_under_the_cursor(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(101)))
    assert stands(view, 60, LIGHT.muted) < 15
    view.show_frame(frame(binary, log=make_log(101), marks=(Mark(60.0, "learning rate 0.1 → 0.01"),)))
    assert stands(view, 60, LIGHT.muted) > 20
    hover(view, 60)
    assert view.plot.read_out.text().endswith("learning rate 0.1 → 0.01")
    hover(view, 30)
    assert "rate" not in view.plot.read_out.text()
    view.show_frame(frame(binary, log=make_log(101)))
    assert stands(view, 60, LIGHT.muted) < 15


def test_the_moment_that_is_looked_at_is_marked_where_it_is_not_the_latest(view, frame, binary):
    log = make_log(101)
    view.show_frame(frame(binary, log=log, epoch=100, step=1000, latest_step=1000))
    assert stands(view, 45, LIGHT.accent) < 5
    view.show_frame(frame(binary, log=log, epoch=45, step=450, latest_step=1000))
    assert stands(view, 45, LIGHT.accent) > 100


def test_a_long_log_is_drawn_through_few_points(view, frame, binary):
    rng = np.random.default_rng(0)
    rows = np.tile(np.arange(32768.0)[:, None], (1, 8))
    rows[:, 1:] = rng.random((32768, 7))
    view.show_frame(frame(binary, log=LogView(rows)))
    assert sum(run.size() for line in view._lines for run in line._runs) <= 3000
    assert view.plot.box.viewRange()[0][1] >= 32767


def test_losses_that_are_no_numbers_leave_gaps(view, frame, binary):
    log = Log()
    for epoch, loss in enumerate([0.5, np.inf, 0.4, np.nan, 0.3, 0.0]):
        log.append(epoch, loss, 0.5, 0.0, 0.5, 0.5, 0.1, 1.0)
    view.show_frame(frame(binary, log=log.view()))
    assert np.isfinite(view.plot.box.viewRange()).all()
    view.log_switch.setChecked(False)
    assert np.isfinite(view.plot.box.viewRange()).all()
    assert hover(view, 1)["train"] == "∞"


def test_running_frames_in_quick_succession_are_not_all_drawn_but_the_last_is(view, frame, binary):
    view.show_frame(frame(binary, log=make_log(2), state=State.RUNNING))
    for n in range(3, 30):
        view.show_frame(frame(binary, log=make_log(n), state=State.RUNNING))
    view.show_frame(frame(binary, log=make_log(30), state=State.PAUSED))
    assert hover(view, 29)["epoch"] == "29"


@pytest.mark.parametrize("size", [(300, 150), (380, 260), (600, 200)])
def test_the_curves_stay_inside_their_axes(view, frame, binary, size):
    view.resize(*size)
    view.show_frame(frame(binary, log=make_log(1200, penalty=0.1)))
    area = view.plot.area()
    assert area.height() > 40
    assert area.width() > 0.6 * size[0]
    assert view.plot.viewport().rect().toRectF().contains(area)
    legend = view.legend.geometry()
    assert view.rect().contains(legend)
    assert not legend.intersects(view.plot.geometry()), "it hides no curve"


@pytest.mark.parametrize(("width", "whole"), [(380, True), (274, True), (190, False)])
def test_in_a_narrow_panel_no_name_of_a_curve_is_cut_off(view, frame, binary, width, whole):
    view.resize(width, 260)
    view.show_frame(frame(binary, log=make_log(50, penalty=0.1)))
    QApplication.processEvents()
    places, metrics = view.legend.places(), view.legend.fontMetrics()
    names = tuple(name for _, name, _ in places)
    assert (names == ("train", "validation", "penalty")) is whole
    left = [x for x, _, _ in places]
    right = [x + TO_WORDS + metrics.horizontalAdvance(name) for x, name, _ in places]
    assert left[0] >= 0
    assert right[-1] <= view.legend.width()
    assert all(end < begin for end, begin in zip(right, left[1:], strict=False))
    if width == 380:
        assert left[0] == view.plot.area().left()


def test_controls_explain_themselves(view):
    for name in ("show_loss", "show_metric", "log_scale"):
        control = view.findChild(object, name)
        assert control.toolTip()
        assert control.accessibleName()
