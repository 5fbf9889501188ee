"""Stepping inside from the window: the worker pauses, the dock comes, and Apply is the very step that Play would have done."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from playground.document import edits
from playground.document.examples import example
from playground.runner.messages import Frame, NextUpdate, Play, State, Weights
from playground.runner.session import Session
from tests.ui.panels.backprop.traced import trace_of
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    """The window on xor, ready."""
    return Shell(qtbot, example("xor").project, tmp_path).show().until_ready()


def stepping(shell: Shell):
    """Wait for the walk."""
    view = shell.window.docks.views["backprop"]
    shell.qtbot.waitUntil(lambda: view.stepper.walk is not None)
    return view


def test_the_button_brings_the_dock_high_enough(shell: Shell) -> None:
    assert not shell.window.docks["backprop"].isVisible()
    shell.click("transport_inspect")
    view = stepping(shell)
    assert view.isVisible()
    assert view.hasFocus()
    shell.qtbot.waitUntil(lambda: shell.window.docks["backprop"].height() >= 295)
    assert shell.window.centralWidget().height() > 150


def test_who_steps_has_read_what_was_good_to_know(shell: Shell) -> None:
    banner = shell.window.banner
    shell.window.run.offer("Circle was left.", "Back to “Circle”", lambda: None)
    assert banner.isVisible()
    shell.key(Qt.Key.Key_I)
    stepping(shell)
    assert not banner.isVisible()


def test_a_running_network_is_paused_by_the_key(shell: Shell) -> None:
    shell.window._send(Play())
    shell.until(State.RUNNING, epoch=1)
    shell.key(Qt.Key.Key_I)
    view = stepping(shell)
    shell.until(State.PAUSED)
    assert view.stepper.walk.trace.step == shell.frame.step


def test_keys_belong_to_the_dock_while_it_has_the_focus(shell: Shell) -> None:
    shell.click("transport_inspect")
    view = stepping(shell)
    shell.key(Qt.Key.Key_Right)
    assert view.stepper.walk.at == 1
    shell.key(Qt.Key.Key_Space)
    assert view.stepper.playing
    shell.key(Qt.Key.Key_Space)
    assert not view.stepper.playing
    assert shell.frame.state is not State.RUNNING


def test_apply_is_the_step_that_play_would_have_done(shell: Shell) -> None:
    shell.click("transport_inspect")
    view = stepping(shell)
    first = view.stepper.walk.trace
    node = first.learners()[0]
    after = first.parameter(node, "weight", "after")
    shell.key(Qt.Key.Key_End)
    shell.click("backprop_apply")
    shell.qtbot.waitUntil(lambda: view.stepper.walk is not None and view.stepper.walk.trace is not first)
    walk = view.stepper.walk
    assert (walk.trace.step, walk.at) == (first.step + 1, 0)
    assert np.array_equal(walk.trace.parameter(node, "weight", "before"), after)
    plain = Session()
    plain.load(example("xor").project)
    plain.play()
    plain.train(600.0, most=1)
    assert np.array_equal(plain.frame(frozenset({Weights(node)})).answer(Weights(node))["weight"], after)


def test_discard_leaves_the_run_as_it_was(shell: Shell) -> None:
    shell.click("transport_inspect")
    view = stepping(shell)
    shell.click("backprop_discard")
    shell.qtbot.waitUntil(lambda: view.stepper.walk is None)
    assert shell.window.focus.step is None
    assert shell.frame.step == 0


def test_an_edit_while_the_dock_is_hidden_ends_the_walk_everywhere(shell: Shell) -> None:
    shell.click("transport_inspect")
    stepping(shell)
    shell.window.docks["backprop"].hide()
    shell.document.apply(edits.new_weights(shell.document.value), "Draw new weights")
    assert shell.window.focus.step is None


def test_play_ends_the_walk_also_while_the_dock_is_hidden(shell: Shell) -> None:
    shell.click("transport_inspect")
    stepping(shell)
    shell.window.docks["backprop"].hide()
    shell.window._send(Play())
    shell.qtbot.waitUntil(lambda: shell.window.focus.step is None)


@pytest.mark.parametrize("key", ["first-steps", "first-convolution"])
def test_a_starter_is_opened_and_stepped_through(shell: Shell, key: str) -> None:
    shell.window.docks.bring_forward("backprop")
    shell.qtbot.waitUntil(shell.child(f"backprop_starter_{key}").isVisible)
    shell.click(f"backprop_starter_{key}")
    view = stepping(shell)
    assert shell.document.value.name == example(key).project.name
    assert view.stepper.walk.trace.network == example(key).project.network


def test_step_inside_goes_on_where_somebody_stands(shell: Shell) -> None:
    inspect = shell.window.actions_["run.inspect"]
    inspect.trigger()
    shell.qtbot.waitUntil(lambda: shell.window.stepper.walk is not None)
    shell.window.stepper.step(+1)
    shell.window.stepper.step(+1)
    at = shell.window.focus.step
    shell.window.docks["backprop"].hide()
    inspect.trigger()
    shell.qtbot.waitUntil(shell.window.backprop.isVisible)
    shell.qtbot.wait(100)
    assert shell.window.focus.step == at


def test_opening_an_equal_project_ends_the_walk_too(qtbot, tmp_path: Path) -> None:
    told = Shell(qtbot, example("xor").project, tmp_path, ToldRunner()).show()
    window = told.window
    before = Frame(told.document.value, answers={NextUpdate(): trace_of(told.document.value, 1)})

    def see() -> None:
        told.runner.frame = before
        window.pump.tick()
        qtbot.waitUntil(lambda: window.pump.shown is before)

    see()
    assert window.focus.step is not None
    told.document.open(example("xor").project)
    assert window.stepper.walk is None
    assert window.focus.step is None
    window.stepper.step(+1)
    see()  # still of the project before
    assert window.focus.step is None


def test_while_the_panel_is_closed_the_network_is_shown_as_usual(shell: Shell) -> None:
    shell.window.step_inside()
    shell.qtbot.waitUntil(lambda: shell.window.stepper.walk is not None)
    shell.window.stepper.step(+1)
    at = shell.window.focus.step
    assert shell.window.canvas.stage.light is not None
    shell.window.docks["backprop"].close()
    shell.qtbot.waitUntil(lambda: shell.window.canvas.stage.light is None)
    assert shell.window.stepper.walk is not None
    shell.window.docks.bring_forward("backprop")
    shell.qtbot.waitUntil(lambda: shell.window.focus.step == at)
    assert shell.window.canvas.stage.light is not None
