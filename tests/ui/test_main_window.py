"""The whole window: it runs, refuses in words, remembers, and never loses work silently."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMessageBox, QSlider, QToolButton, QWidget

from engine.optimizers import SGD
from playground import __version__
from playground.document import edits
from playground.document.examples import example
from playground.document.project import problems
from playground.runner.messages import Frame, GoTo, Load, Play, Reset, SetSpeed, State
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels import PANELS
from playground.ui.shell.refusal import Words
from playground.ui.shell.transport import SPEEDS, speed_in_words
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow

CIRCLE = example("circle").project
Button = QMessageBox.StandardButton


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    """The window on circle, ready."""
    return Shell(qtbot, CIRCLE, tmp_path).show().until_ready()


@pytest.fixture
def told(qtbot, tmp_path: Path) -> Shell:
    """The window with a worker that only shows what it is told."""
    return Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()


def rename(shell: Shell, name: str = "other") -> None:
    """Some edit."""
    shell.document.apply(edits.rename(shell.document.value, name), "Rename")


# --- running -----------------------------------------------------------------------------------------------------------


def test_it_opens_ready_to_play(shell: Shell) -> None:
    assert shell.window.windowTitle() == "Circle[*]"
    assert not shell.window.isWindowModified()
    assert shell.window.actions_["run.play"].isEnabled()
    assert shell.frame.project is CIRCLE
    assert not shell.window.banner.isVisible()


def test_play_and_pause_by_mouse_and_by_space(shell: Shell) -> None:
    shell.click("transport_play")
    shell.until(State.RUNNING, epoch=3)
    assert shell.window.actions_["run.play"].text() == "Pause"
    shell.key(Qt.Key.Key_Space)
    shell.until(State.PAUSED)
    assert shell.window.actions_["run.play"].text() == "Play"
    shell.click("transport_play")
    shell.until(State.RUNNING)


def test_steps(shell: Shell) -> None:
    shell.click("transport_step")
    shell.qtbot.waitUntil(lambda: shell.frame.step == 1)
    shell.key(Qt.Key.Key_S)
    shell.qtbot.waitUntil(lambda: shell.frame.step == 2)
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=1)
    assert shell.frame.epoch == 1


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # an open menu does
def test_the_step_button_repeats_what_was_chosen_last(shell: Shell) -> None:
    button = shell.child("transport_step")
    menu = button.menu()
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[1]).center())
    shell.until(State.PAUSED, epoch=1)
    shell.click("transport_step")
    shell.until(State.PAUSED, epoch=2)
    assert button.text() == "Step epoch"


def test_reset_gives_the_same_numbers_and_new_weights_others(shell: Shell) -> None:
    first = shell.frame.train_loss
    shell.key(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    shell.until(State.PAUSED, epoch=1)
    assert shell.frame.train_loss != first
    shell.click("transport_reset")
    shell.until(State.READY)
    assert shell.frame.train_loss == first
    shell.window.actions_["run.new_weights"].trigger()
    shell.qtbot.waitUntil(lambda: shell.frame.project.seed == 1)
    assert shell.frame.train_loss != first
    shell.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    shell.qtbot.waitUntil(lambda: shell.frame.project.seed == 0)
    assert shell.frame.train_loss == first


def test_speed_is_a_log_scale_that_says_its_value(told: Shell) -> None:
    slider = told.child("transport_speed")
    assert isinstance(slider, QSlider)
    assert SPEEDS[slider.value()] is None, "as fast as it goes, to begin with"
    slider.setFocus()
    told.key(Qt.Key.Key_Home)
    assert told.runner.commands[-1] == SetSpeed(1)
    assert told.child("transport_speed_value").text() == "1 step/s"
    told.window.canvas.setFocus()
    told.key(Qt.Key.Key_BracketRight)
    assert told.runner.commands[-1] == SetSpeed(2)
    told.key(Qt.Key.Key_BracketLeft)
    told.key(Qt.Key.Key_BracketLeft)
    assert told.runner.commands[-1] == SetSpeed(1)
    slider.setFocus()
    told.key(Qt.Key.Key_End)
    assert told.runner.commands[-1] == SetSpeed(None)
    assert told.child("transport_speed_value").text() == "max speed"
    finite = [math.log10(s) for s in SPEEDS if s]
    assert max(b - a for a, b in pairwise(finite)) < 0.41
    assert speed_in_words(10_000) == "10k steps/s"


# --- what keeps it from running -----------------------------------------------------------------------------------------


def test_a_problem_forbids_play_in_words_and_shows_itself(shell: Shell) -> None:
    broken = edits.remove(CIRCLE, {CIRCLE.network.output_id})
    shell.document.apply(broken, "Delete Linear")
    play, pill = shell.window.actions_["run.play"], shell.child("transport_problems")
    assert not play.isEnabled()
    assert "need 1 value" in play.toolTip()
    assert pill.text() == "1 problem"
    assert not shell.window.docks["problems"].isVisible()
    shell.click("transport_problems")
    assert shell.window.docks["problems"].isVisible()
    shell.window.actions_["edit.undo"].trigger()
    assert play.isEnabled()
    assert not pill.isVisible()


def test_problems_behind_another_panel_come_to_the_front(shell: Shell) -> None:
    problems, backprop = shell.window.docks["problems"], shell.window.docks["backprop"]
    backprop.show()
    problems.show()
    shell.window.tabifyDockWidget(problems, backprop)
    backprop.raise_()
    shell.qtbot.waitUntil(lambda: problems.visibleRegion().isEmpty())
    shell.document.apply(edits.add_layer(CIRCLE, "Sigmoid", len(CIRCLE.network)), "Add Sigmoid")
    shell.click("transport_warnings")
    shell.qtbot.waitUntil(lambda: not problems.visibleRegion().isEmpty())
    shell.click("transport_warnings")
    assert not problems.isVisible()


def test_a_warning_leaves_play_and_numbers_and_shows_the_panel(shell: Shell) -> None:
    late = edits.add_layer(CIRCLE, "Sigmoid", len(CIRCLE.network))
    pill = shell.child("transport_warnings")
    assert not pill.isVisible()
    shell.document.apply(late, "Add Sigmoid")
    assert shell.window.actions_["run.play"].isEnabled()
    assert pill.isVisible()
    assert (pill.text(), pill.accessibleName()) == ("1", "1 warning")
    assert "Remove the Sigmoid" in pill.toolTip()
    assert shell.window.metrics.isVisible()
    shell.click("transport_warnings")
    assert shell.window.docks["problems"].isVisible()
    shell.document.apply(
        edits.add_layer(late, "BatchNorm", 0).replace(fit=late.fit.replace(batch_size=1)), "Both"
    )
    assert not pill.isVisible(), "what forbids Play comes first"
    assert shell.child("transport_problems").text() == "1 problem"
    shell.window.actions_["edit.undo"].trigger()
    shell.window.actions_["edit.undo"].trigger()
    assert not pill.isVisible()


def test_the_reason_is_read_in_full_leads_to_its_block_and_moves_nothing(shell: Shell) -> None:
    places = lambda: {
        w.objectName(): w.geometry() for w in shell.window.transport.findChildren(QWidget) if w.isVisible()
    }
    before, canvas = places(), shell.window.canvas.geometry()
    shell.document.apply(edits.remove(CIRCLE, {CIRCLE.network.output_id}), "Delete Linear")
    words = shell.child("transport_problem")
    shell.qtbot.waitUntil(words.isVisible)
    message = problems(shell.document.value)[0].message
    assert words.text() == message, "not a word is left out"
    assert words.heightForWidth(words.width()) <= words.height()
    after = places()
    moved = {
        name
        for name in before.keys() & after.keys()
        if name.startswith("transport") and before[name] != after[name]
    }
    assert not moved
    assert shell.window.canvas.geometry() == canvas
    shell.click("transport_problem")
    assert shell.window.focus.node_id == problems(shell.document.value)[0].node_id


def test_where_there_is_no_room_the_reason_ends_in_an_ellipsis(qtbot) -> None:
    words = Words()
    qtbot.addWidget(words)
    words.resize(120, 30)
    long = "This is a sentence with far more words than so small a place has room for, whoever reads it."
    words.say(long, leads=True)
    assert words.text().endswith(" …")
    assert long.startswith(words.text().removesuffix(" …"))
    assert long in words.toolTip()
    words.resize(900, 30)
    words.show()
    assert words.text() == long


def test_a_message_moves_nothing_and_a_notice_goes_with_the_next_run(told: Shell) -> None:
    canvas = told.window.canvas.geometry()
    told.runner.frame = Frame(CIRCLE, state=State.PAUSED, step=7, notice="It was ended. " * 20)
    told.until(State.PAUSED)
    banner = told.window.banner
    assert banner.isVisible()
    assert told.window.canvas.geometry() == canvas
    assert canvas.contains(banner.geometry())
    assert banner.text.heightForWidth(banner.text.width()) <= banner.text.height(), "nothing is cut off"
    told.window.resize(1000, 640)
    told.qtbot.waitUntil(lambda: told.window.rect().contains(banner.geometry()))
    told.runner.frame = Frame(CIRCLE, state=State.CRASHED, message="It was ended, again. " * 12)
    told.until(State.CRASHED)  # now beside two buttons
    told.qtbot.waitUntil(lambda: told.child("banner_offer1").isVisible())
    assert banner.text.heightForWidth(banner.text.width()) <= banner.text.height(), "nothing is cut off"
    told.runner.frame = Frame(CIRCLE, state=State.RUNNING, step=8)
    told.until(State.RUNNING)
    assert not banner.isVisible()


def test_an_offer_that_comes_while_a_run_goes_on_goes_with_the_next_one(told: Shell) -> None:
    """Of which no other state may have been seen in between."""
    told.runner.frame = Frame(CIRCLE, state=State.RUNNING, step=8)
    told.until(State.RUNNING)
    other = CIRCLE.replace(name="other")
    told.document.set(other)
    told.window.run.offer("“circle” was left.", "Back", lambda: None)
    told.runner.frame = Frame(CIRCLE, state=State.RUNNING, step=9)  # the last words of the run that was left
    told.qtbot.waitUntil(lambda: told.frame.step == 9)
    assert told.window.banner.isVisible()
    told.runner.frame = Frame(other, state=State.RUNNING, step=1)
    told.qtbot.waitUntil(lambda: told.frame.step == 1)
    assert not told.window.banner.isVisible()


def test_a_jump_on_the_history_ends_a_film_of_it(told: Shell) -> None:
    told.window.docks.bring_forward("convolution")
    replay = told.window.docks.views["convolution"].network.replay
    told.runner.frame = Frame(CIRCLE, state=State.PAUSED, step=90, latest_step=90)
    told.until(State.PAUSED)
    replay.show()
    replay.see(told.frame)
    replay.play.setChecked(True)
    assert told.runner.commands[-1] == GoTo(0)
    assert replay.play.isChecked()
    told.window.transport.scrub.slider.setValue(40)
    assert told.runner.commands[-1] == GoTo(40)
    assert not replay.play.isChecked()


def test_one_can_step_back_only_where_there_is_a_moment_to_go_back_to(told: Shell) -> None:
    back = told.window.actions_["run.back"]
    told.runner.frame = Frame(CIRCLE, state=State.PAUSED, step=7, earliest_step=3, latest_step=7)
    told.until(State.PAUSED)
    assert back.isEnabled()
    told.runner.frame = Frame(CIRCLE, state=State.PAUSED, step=3, earliest_step=3, latest_step=7)
    told.qtbot.waitUntil(lambda: not back.isEnabled())
    assert "since the run began or a setting was changed" in back.toolTip()
    told.runner.frame = Frame(
        CIRCLE, state=State.PAUSED, step=3, latest_step=3, earliest_step=3, no_way_back="Too large."
    )
    told.qtbot.waitUntil(lambda: told.frame.no_way_back != "")
    assert not back.isEnabled()


def test_divergence_is_said_and_can_be_calmed(qtbot, tmp_path: Path) -> None:
    wild = edits.set_fit(CIRCLE, CIRCLE.fit.replace(optimizer=SGD(lr=100.0)))
    wild = edits.set_source(wild, example("surface").project.source)
    wild = edits.mend_output(wild)
    shell = Shell(qtbot, wild, tmp_path).show().until_ready()
    shell.click("transport_play")
    shell.until(State.DIVERGED)
    banner = shell.window.banner
    assert banner.isVisible()
    assert "no longer" in banner.text.text()
    assert shell.window.actions_["run.play"].isEnabled()
    shell.click("banner_offer0")
    assert shell.document.value.fit.optimizer.lr == pytest.approx(30.0)
    shell.qtbot.waitUntil(lambda: shell.frame.project is shell.document.value)
    shell.window.actions_["edit.undo"].trigger()
    assert shell.document.value.fit.optimizer.lr == pytest.approx(100.0)


def test_reset_ends_divergence(told: Shell) -> None:
    told.runner.frame = Frame(
        CIRCLE, state=State.DIVERGED, message="It broke at linear1.", broken_node="linear1"
    )
    told.until(State.DIVERGED)
    assert told.window.banner.text.text() == "It broke at linear1."
    told.click("banner_offer1")
    assert told.runner.commands[-1] == Reset()
    told.runner.frame = Frame(CIRCLE, state=State.READY)
    told.until(State.READY)
    assert not told.window.banner.isVisible()


def test_a_crash_is_said_with_details_to_copy_and_the_window_lives(told: Shell) -> None:
    told.runner.frame = Frame(
        CIRCLE, state=State.CRASHED, message="MemoryError: too much.", details="line 1\nline 2"
    )
    told.until(State.CRASHED)
    assert "too much" in told.window.banner.text.text()
    assert told.window.actions_["run.play"].isEnabled(), "Play mends it"
    assert told.window.actions_["run.reset"].isEnabled()
    told.click("banner_offer0")
    dialog = told.child("details")
    told.qtbot.waitUntil(dialog.isVisible)
    QTest.mouseClick(told.child("details_copy"), Qt.MouseButton.LeftButton)
    assert "line 2" in QApplication.clipboard().text()
    dialog.close()
    told.click("banner_offer1")
    assert told.runner.commands[-1] == Reset()


def test_a_panel_that_fails_is_said_and_the_others_go_on(told: Shell, monkeypatch, caplog) -> None:
    def fail(frame: Frame) -> None:
        raise ValueError("no room")

    monkeypatch.setattr(told.window.docks.views["losses"], "show_frame", fail)
    told.runner.frame = Frame(CIRCLE, state=State.READY)
    told.until(State.READY)
    assert "no room" in told.window.banner.text.text()
    assert told.window.pump.running
    told.click("banner_close")
    assert not told.window.banner.isVisible()


# --- panels ------------------------------------------------------------------------------------------------------------


def test_selecting_a_block_brings_its_form_forward(told: Shell) -> None:
    inspector = told.window.docks.views["inspector"]
    assert inspector.visibleRegion().isEmpty(), "training stands before it"
    told.window.focus.select(CIRCLE.network.nodes[0].id)
    told.qtbot.waitUntil(lambda: not inspector.visibleRegion().isEmpty())


def test_asking_to_edit_a_block_puts_the_keyboard_into_its_form(told: Shell) -> None:
    told.window.docks["inspector"].hide()
    told.window.focus.ask_edit(CIRCLE.network.nodes[0].id)
    inspector = told.window.docks.views["inspector"]
    told.qtbot.waitUntil(lambda: inspector.isAncestorOf(QApplication.focusWidget()))


@pytest.mark.slow
def test_what_was_chosen_in_one_project_is_not_chosen_in_the_next(told: Shell) -> None:
    focus = told.window.focus
    focus.select("linear1")
    focus.choose_sample("train", 7)
    told.window.desk.open_example("spiral")
    assert "linear1" in told.window.canvas.scene.blocks
    assert (focus.node_id, focus.sample, told.window.canvas.commands.selection) == ("", ("validation", 0), ())


@pytest.mark.slow
def test_validation_accuracy_has_room_beside_warnings(told: Shell) -> None:
    bent = edits.add_layer(told.document.value, "Sigmoid", len(told.document.value.network))
    told.document.apply(bent, "Bend the last layer")
    told.runner.frame = Frame(bent, state=State.RUNNING)
    accuracy = told.window.metrics.readouts["validation_metric"]
    told.qtbot.waitUntil(lambda: told.window.metrics.state.state is State.RUNNING)
    assert told.window.width() == 1280
    assert told.child("transport_warnings").isVisible()
    assert accuracy.isVisible()


@pytest.mark.slow
def test_panels_that_are_not_seen_are_not_made(qtbot, tmp_path: Path) -> None:
    seen = [panel.key for panel in PANELS if panel.shown]
    for _ in ("the first time", "as it was left"):
        shell = Shell(qtbot, CIRCLE, tmp_path).show().until_ready()
        made = shell.window.docks.views.made
        assert made == tuple(shell.window.docks.views[key] for key in seen)
        shell.window.actions_["view.reset_layout"].trigger()
        assert shell.window.docks.views.made == made
        shell.window.close()


def test_the_layout_is_remembered_and_can_be_reset(qtbot, tmp_path: Path) -> None:
    first = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show(970, 640)  # the screen is small: 800 × 800
    first.click("losses_close")
    first.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.window.docks["output"])
    first.window.close()
    second = Shell(qtbot, CIRCLE, tmp_path, ToldRunner())
    assert second.window.height() == first.window.height()
    second.window.show()
    docks = second.window.docks
    assert not docks["losses"].isVisible()
    assert second.window.dockWidgetArea(docks["output"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    second.window.actions_["view.reset_layout"].trigger()
    assert docks["losses"].isVisible()
    assert {p.key: second.window.dockWidgetArea(docks[p.key]) for p in PANELS} == {
        p.key: p.area for p in PANELS
    }
    assert second.window.tabifiedDockWidgets(docks["inspector"]) == [docks["training"]]


def test_a_layout_that_makes_no_sense_is_ignored(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, CIRCLE, tmp_path, ToldRunner())
    shell.settings.layout = QByteArray(b"nonsense")
    shell.settings.geometry = QByteArray(b"nonsense")
    again = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()
    assert again.window.docks["output"].isVisible()


def test_a_panel_that_becomes_a_tab_can_still_be_taken_out_and_closed(told: Shell, qtbot) -> None:
    dock = told.window.docks["training"]
    qtbot.waitUntil(lambda: dock.titleBarWidget().tabbed)
    told.click("training_float")
    assert dock.isFloating()
    qtbot.mouseClick(told.child("training_close"), Qt.MouseButton.LeftButton)
    assert not dock.isVisible()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (3840, 2160)])
def test_nothing_is_clipped(qtbot, tmp_path: Path, width: int, height: int) -> None:
    shell = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show(width, height)
    qtbot.waitUntil(lambda: shell.window.docks["inspector"].titleBarWidget().tabbed)
    window = shell.window
    assert (window.width(), window.height()) == (width, height)
    shown = [d for d in window.findChildren(QDockWidget) if not d.visibleRegion().isEmpty()]
    assert len(shown) == 5
    for part in (*shown, window.canvas, window.transport):
        inside = window.rect().contains(part.geometry())
        assert inside, f"{part.objectName()} reaches out of the window"
        least = part.minimumSizeHint().boundedTo(part.maximumSize())
        assert part.width() >= least.width(), f"{part.objectName()} is too narrow"
        assert part.height() >= least.height(), f"{part.objectName()} is too low"
    for button in window.transport.findChildren(QWidget):
        if button.isVisible() and button.objectName().startswith("transport_"):
            assert button.width() >= button.minimumSizeHint().width(), f"{button.objectName()} is clipped"
    assert window.canvas.width() > width * 0.45


def test_a_hidden_panel_wants_nothing(told: Shell) -> None:
    told.runner.frame = Frame(CIRCLE, state=State.READY)
    told.until(State.READY)
    wanted = lambda: next(c.wants for c in reversed(told.runner.commands) if hasattr(c, "wants"))
    before = wanted()
    told.click("output_close")
    told.qtbot.waitUntil(lambda: len(wanted()) < len(before))


# --- look --------------------------------------------------------------------------------------------------------------


def test_the_theme_is_toggled_everywhere_and_remembered(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, CIRCLE, tmp_path, ToldRunner()).show()
    window = shell.window
    window.actions_["view.theme.light"].trigger()
    light = window.grab().toImage()
    shell.click("transport_theme")
    assert {view.context.theme.now for view in window.views} == {DARK}
    assert shell.settings.theme == "dark"
    assert window.actions_["view.theme.dark"].isChecked()
    dark = window.grab().toImage()
    corners = [(2, 2), (4, window.height() - 4), (window.width() // 2, window.height() // 2)]
    for at in corners:
        assert dark.pixelColor(*at).lightness() < 80 < 200 < light.pixelColor(*at).lightness()
    window.close()
    again = Shell(qtbot, CIRCLE, tmp_path, ToldRunner())
    assert again.window.canvas.context.theme.now is DARK
    again.window.actions_["view.theme.light"].trigger()
    assert {view.context.theme.now for view in again.window.views} == {LIGHT}


# --- commands ----------------------------------------------------------------------------------------------------------


def test_the_worker_hears_of_every_project_once(told: Shell) -> None:
    loads = lambda: [c.project for c in told.runner.commands if isinstance(c, Load)]
    assert loads() == [CIRCLE]
    rename(told)
    told.window.actions_["edit.undo"].trigger()
    assert loads() == [CIRCLE, edits.rename(CIRCLE, "other"), CIRCLE]


def test_menus_reach_the_canvas(told: Shell) -> None:
    told.window.canvas.setFocus()
    told.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    told.key(Qt.Key.Key_Delete)
    assert not told.document.value.network.nodes
    told.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert told.document.value is CIRCLE
    told.key(Qt.Key.Key_Space)
    assert told.runner.commands[-1] == Play()


def test_the_first_play_of_a_run_begins_slowly(told: Shell) -> None:
    told.runner.frame = Frame(CIRCLE, state=State.READY)
    told.until(State.READY)
    told.click("transport_play")
    assert told.runner.commands[-1] == Play(gently=True)
    told.runner.frame = Frame(CIRCLE, state=State.PAUSED, step=7)
    told.until(State.PAUSED)
    told.click("transport_play")
    assert told.runner.commands[-1] == Play()


def test_help_lists_every_key(told: Shell) -> None:
    told.key(Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    dialog = told.child("shortcuts")
    told.qtbot.waitUntil(dialog.isVisible)
    words = {label.text() for label in dialog.findChildren(QLabel)}
    assert {"Play", "Space", "Step One Batch", "S", "Undo", "Ctrl+Z"} <= words
    dialog.close()


def test_about_names_the_versions(told: Shell) -> None:
    told.window.actions_["help.about"].trigger()
    box = told.child("about")
    told.qtbot.waitUntil(box.isVisible)
    assert __version__ in box.text()
    assert "numpy 2." in box.informativeText()
    box.close()


def test_a_layer_can_be_watched_at_work_from_its_form(shell: Shell) -> None:
    shell.window.desk.open_example("digits-cnn")
    shell.window.focus.select("conv2d1")
    watch = shell.window.docks.views["inspector"].watch
    shell.qtbot.waitUntil(lambda: watch.isVisible() and watch.height() > 0)  # laid out
    QTest.mouseClick(watch, Qt.MouseButton.LeftButton)
    view = shell.window.docks.views["convolution"]
    shell.qtbot.waitUntil(view.isVisible)
    assert view.network.scope.spot.node_id == "conv2d1"
    assert view.network.scope.spot.level == 2


@pytest.mark.parametrize("key", ["circle", "digits-mlp"])
def test_the_panels_fit_into_a_small_screen(qtbot, tmp_path: Path, key: str) -> None:
    """Qt lays docks upon each other where their least heights are more than there is; 22 pixels are the window's own bar."""
    window = Shell(qtbot, example(key).project, tmp_path, ToldRunner()).show(1280, 720 - 22).window
    qtbot.waitUntil(lambda: window.docks.seen("output"))
    output, losses = window.docks["output"].geometry(), window.docks["losses"].geometry()
    assert output.bottom() < losses.top()
    assert losses.height() >= window.docks["losses"].minimumSizeHint().height()


def test_play_and_pause_are_equally_wide(qtbot, tmp_path: Path) -> None:
    window = Shell(qtbot, example("xor").project, tmp_path).show().until_ready().window
    button = window.findChild(QToolButton, "transport_play")
    paused = button.sizeHint().width(), button.minimumWidth()
    window.actions_["run.play"].setIconText("Pause")
    assert button.sizeHint().width() <= paused[1] >= paused[0]
