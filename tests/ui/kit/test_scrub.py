"""Stepping back and scrubbing in the whole window, with real keys and a real drag."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider

from playground.document.examples import example
from playground.document.project import Project
from playground.runner.messages import Frame, GoTo, State
from playground.ui.kit.scrub import Scrub
from tests.ui.shell import Shell

pytestmark = pytest.mark.slow


def test_b_undoes_what_s_did(qtbot, tmp_path) -> None:
    shell = Shell(qtbot, example("circle").project, tmp_path).show().until_ready()
    assert not shell.window.actions_["run.back"].isEnabled()
    for _ in range(3):
        shell.key(Qt.Key.Key_S)
    qtbot.waitUntil(lambda: shell.frame.step == 3)
    shell.key(Qt.Key.Key_B)
    qtbot.waitUntil(lambda: shell.frame.step == 2)
    shell.click("transport_back")
    qtbot.waitUntil(lambda: shell.frame.step == 1)


def test_dragging_to_the_left_edge_shows_the_first_moment(qtbot, tmp_path) -> None:
    shell = Shell(qtbot, example("circle").project, tmp_path).show().until_ready()
    shell.window.run.play_or_pause()
    shell.until(State.RUNNING, epoch=5)
    shell.window.run.play_or_pause()
    shell.until(State.PAUSED, epoch=5)
    reached = shell.frame.step
    slider = shell.child("transport_scrub")
    assert isinstance(slider, QSlider)
    assert slider.value() == slider.maximum() == reached
    y = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 8, y))
    for share in (0.6, 0.3, 0.0):
        QTest.mouseMove(slider, QPoint(int(share * slider.width()), y))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(0, y))
    qtbot.waitUntil(lambda: shell.frame.step == 0)
    assert shell.frame.latest_step == reached
    assert slider.maximum() == reached


def test_where_there_is_no_way_back_the_slider_says_why(qtbot) -> None:
    sent: list[object] = []
    scrub = Scrub(sent.append)
    qtbot.addWidget(scrub)
    project = example("circle").project
    scrub.see(Frame(project, step=7, earliest_step=7, latest_step=7, no_way_back="Too large."))
    assert not scrub.slider.isEnabled()
    assert scrub.slider.toolTip() == "Too large."
    assert sent == []  # following a run is no wish to go anywhere


def test_after_a_change_the_handle_stands_at_the_end(qtbot) -> None:
    scrub = Scrub(lambda command: None)
    qtbot.addWidget(scrub)
    scrub.see(Frame(example("circle").project, step=7, earliest_step=7, latest_step=7))
    assert scrub.slider.value() == scrub.slider.maximum() == 7
    assert scrub.slider.minimum() < 7
    assert not scrub.slider.isEnabled()
    assert "no way back" in scrub.slider.toolTip()


def test_a_click_brings_the_handle_to_where_it_was(qtbot) -> None:
    sent: list[object] = []
    scrub = Scrub(sent.append)
    qtbot.addWidget(scrub)
    scrub.resize(900, 30)
    scrub.show()
    scrub.slider.setEnabled(True)
    scrub.see(Frame(Project(), step=1000, earliest_step=0, latest_step=1000, state=State.PAUSED))
    slider = scrub.slider
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4, slider.height() // 2))
    assert abs(slider.value() - 250) <= 8
    assert sent == [GoTo(slider.value())]
