"""The first start shows three doors, each of which keeps its promise; the panels behind them are one click away."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.document.examples import example
from playground.runner.messages import Inspect, Play, State
from playground.ui.shell.welcome import DOORS
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow


@pytest.fixture
def told(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("xor").project, tmp_path, ToldRunner()).show()


def enter(shell: Shell, key: str) -> None:
    shell.window.actions_["help.welcome"].trigger()
    page = shell.child("welcome")
    shell.qtbot.waitUntil(page.isVisible)
    QTest.mouseClick(page.cards[key], Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("door", [door.key for door in DOORS])
def test_every_door_opens_its_example(told: Shell, door: str) -> None:
    enter(told, door)
    assert told.document.value == example(door).project


def test_one_is_seen_to_learn_at_once(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path).show().until_ready()
    enter(shell, "circle")
    shell.until(State.RUNNING, epoch=1)


def test_an_update_is_worked_by_hand_in_the_panel_for_it(told: Shell) -> None:
    enter(told, "first-steps")
    assert any(isinstance(command, Inspect) for command in told.runner.commands)
    assert told.window.docks["backprop"].isVisible()
    assert not any(isinstance(command, Play) for command in told.runner.commands)


def test_a_convolution_is_watched_in_the_panel_for_it(told: Shell) -> None:
    enter(told, "digits-cnn")
    assert told.window.docks["convolution"].isVisible()
    assert told.window.focus.node_id == "conv2d1"


def test_the_doors_by_keyboard(told: Shell, qtbot) -> None:
    told.window.actions_["help.welcome"].trigger()
    page = told.child("welcome")
    qtbot.waitUntil(page.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    assert QApplication.focusWidget() is page.cards["first-steps"]
    before = told.document.value
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert told.document.value is before


def test_it_is_remembered_that_it_was_shown(told: Shell) -> None:
    assert not told.settings.welcomed
    enter(told, "circle")
    assert told.settings.welcomed


@pytest.mark.parametrize("key", ["diagnosis", "distributions", "initialization", "backprop", "convolution"])
def test_a_panel_is_one_click_away_and_its_switch_says_whether_it_is_seen(
    told: Shell, qtbot, key: str
) -> None:
    switch, dock = (
        told.window.findChild(type(told.child(f"switch_{key}")), f"switch_{key}"),
        told.window.docks[key],
    )
    told.click(f"switch_{key}")
    assert dock.isVisible()
    qtbot.waitUntil(switch.isChecked)
    dock.close()
    qtbot.waitUntil(lambda: not switch.isChecked())
    told.click(f"switch_{key}")
    told.click(f"switch_{key}")
    assert not dock.isVisible()


def test_from_the_network_to_the_palette_and_back_by_keys(told: Shell) -> None:
    told.window.canvas.network.setFocus()
    told.key(Qt.Key.Key_A)
    search = told.child("palette_search")
    assert QApplication.focusWidget() is search
    QTest.keyClicks(search, "relu")
    QTest.keyClick(search, Qt.Key.Key_Return)
    assert "ReLU" in [node.layer.key for node in told.document.value.network.nodes]
    QTest.keyClick(search, Qt.Key.Key_Escape)
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is told.window.canvas.network


def test_what_a_block_reads_is_reached_by_a_key(told: Shell, qtbot) -> None:
    told.window.focus.select("tanh1")
    told.window.canvas.network.setFocus()
    told.key(Qt.Key.Key_W)
    qtbot.waitUntil(lambda: QApplication.focusWidget().objectName() == "reads_0")
