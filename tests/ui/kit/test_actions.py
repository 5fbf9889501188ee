"""Actions are complete and free of conflicts, and their keys don't fight with typing."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from playground.runner.messages import State
from playground.ui.kit.actions import MENUS, SPECS, Actions, Situation
from playground.ui.kit.theme import DARK, LIGHT, LiveTheme
from playground.ui.shell.keys import KeyGuard

RUN = ("run.play", "run.batch", "run.epoch")


class Window(QMainWindow):
    """All actions, and one of each kind of field that keys could be meant for."""

    def __init__(self) -> None:
        super().__init__()
        self.done: Counter[str] = Counter()
        self.theme = LiveTheme(LIGHT)
        self.actions_ = Actions(self, {s.id: lambda i=s.id: self.done.update([i]) for s in SPECS}, self.theme)
        self.menus = self.actions_.fill(self.menuBar())
        self.line, self.spin, self.box = QLineEdit(), QSpinBox(), QCheckBox("box")
        self.list, self.combo, self.plain = QListWidget(), QComboBox(), QWidget()
        self.list.addItems(["Alpha", "Softmax"])
        self.combo.addItems(["Adam", "SGD"])
        self.plain.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plain.setMinimumHeight(40)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        for widget in (self.line, self.spin, self.box, self.list, self.combo, self.plain):
            layout.addWidget(widget)
        self.setCentralWidget(middle)
        self.actions_.update(Situation(State.READY, undo="x", redo="y"))


@pytest.fixture
def window(qtbot, qapp: QApplication) -> Window:
    guard = KeyGuard(qapp)
    window = Window()
    window.guard = guard
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    # Qt remembers buttons for the whole application: a press that an earlier test sent without its release would count here.
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
        if QApplication.mouseButtons() & button:
            QTest.mouseRelease(window.windowHandle(), button)
    yield window
    window.plain.setFocus()
    qapp.focusChanged.disconnect(guard._follow)
    guard.deleteLater()


def test_every_action_is_complete() -> None:
    for spec in SPECS:
        assert spec.menu.split("/")[0] in MENUS
        assert spec.tip.endswith(".")
        assert spec.id.startswith(spec.menu.split("/")[0].lower() + ".")


def test_no_two_actions_share_an_id_or_a_key(qapp: QApplication) -> None:
    keys = Counter(QKeySequence(key).toString() for spec in SPECS for key in spec.keys)
    assert [key for key, n in keys.items() if n > 1 or not key] == []
    assert len({spec.id for spec in SPECS}) == len(SPECS)


def test_menus_show_every_action_with_its_key(window: Window) -> None:
    shown = {action.objectName(): action for menu in window.menus.values() for action in menu.actions()}
    for spec in SPECS:
        assert shown[spec.id].text().startswith(spec.text)
        assert shown[spec.id].isShortcutVisibleInContextMenu() or not spec.keys
        assert bool(shown[spec.id].shortcuts()) == bool(spec.keys)


@pytest.mark.parametrize(
    ("situation", "possible"),
    [
        (Situation(State.READY), True),
        (Situation(State.RUNNING), True),
        (Situation(State.DIVERGED), True),
        (Situation(State.EMPTY, problem="There is no layer."), False),
        (Situation(State.CRASHED), True),
    ],
)
def test_only_what_can_run_may_be_run(window: Window, situation: Situation, possible: bool) -> None:
    window.actions_.update(situation)
    assert [window.actions_[i].isEnabled() for i in RUN] == [possible] * 3
    assert window.actions_["run.reset"].isEnabled() is not bool(situation.problem)


def test_a_refusal_says_why(window: Window) -> None:
    window.actions_.update(Situation(State.EMPTY, problem="The network is empty."))
    assert "The network is empty." in window.actions_["run.play"].toolTip()
    window.actions_.update(Situation(State.READY))
    assert "The network is empty." not in window.actions_["run.play"].toolTip()
    assert "(Space)" in window.actions_["run.play"].toolTip()


def test_play_becomes_pause_while_running(window: Window) -> None:
    play = window.actions_["run.play"]
    ready = play.icon().pixmap(16).toImage()
    window.actions_.update(Situation(State.RUNNING))
    assert play.text() == "Pause"
    assert play.icon().pixmap(16).toImage() != ready
    window.actions_.update(Situation(State.PAUSED))
    assert play.text() == "Play"


def test_undo_names_the_edit(window: Window) -> None:
    window.actions_.update(Situation(State.READY, undo="Add Linear"))
    assert window.actions_["edit.undo"].text() == "Undo Add Linear"
    assert not window.actions_["edit.redo"].isEnabled()


def test_icons_follow_the_theme(window: Window) -> None:
    light = window.actions_["file.open"].icon().pixmap(16).toImage()
    window.theme.become(DARK)
    assert window.actions_["file.open"].icon().pixmap(16).toImage() != light


def test_space_plays_where_nobody_types(window: Window) -> None:
    window.plain.setFocus()
    QTest.keyClick(window.plain, Qt.Key.Key_Space)
    assert window.done == {"run.play": 1}


@pytest.mark.parametrize("name", ["line", "spin", "list", "combo"])
@pytest.mark.parametrize("key", ["s", "]"])
def test_typing_starts_no_training(window: Window, name: str, key: str) -> None:
    field = getattr(window, name)
    field.setFocus()
    QTest.keyClick(field, key)
    assert not window.done
    if name == "line":
        assert window.line.text() == key


def test_a_space_that_is_typed_starts_no_training(window: Window) -> None:
    window.line.setFocus()
    QTest.keyClick(window.line, Qt.Key.Key_Space)
    assert not window.done
    assert window.line.text() == " "


@pytest.mark.parametrize("name", ["box", "list", "combo", "plain", "spin"])
@pytest.mark.parametrize("possible", [True, False])
def test_space_is_play_wherever_nobody_types_and_nothing_else(
    window: Window, name: str, possible: bool
) -> None:
    window.actions_.update(Situation(State.READY, problem="" if possible else "There is no layer."))
    widget = getattr(window, name)
    window.spin.setFocus()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(widget, Qt.Key.Key_Space)
    assert window.done == ({"run.play": 1} if possible else {})
    assert not window.box.isChecked()
    assert QApplication.activePopupWidget() is None


def test_enter_presses_a_button_and_opens_a_list(window: Window) -> None:
    window.box.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.box, Qt.Key.Key_Return)
    assert window.box.isChecked()
    opened = []
    window.combo.showPopup = lambda: opened.append(
        True
    )  # the real one would take keyboard and mouse of the screen
    window.combo.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.combo, Qt.Key.Key_Return)
    assert opened
    assert not window.done


def test_the_focus_of_a_button_that_goes_does_not_land_on_the_next(window: Window, qtbot) -> None:
    window.guard.home = window.plain
    window.box.setFocus(Qt.FocusReason.TabFocusReason)
    window.box.hide()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.plain)


def test_letters_belong_to_what_searches_by_them(window: Window) -> None:
    window.plain.setProperty("typing", True)
    window.plain.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.plain, Qt.Key.Key_S)
    assert not window.done
    QTest.keyClick(window.plain, Qt.Key.Key_Space)
    assert window.done == {"run.play": 1}


def test_after_a_click_on_a_button_space_is_play_again(window: Window) -> None:
    # A real press, through the window system's queue: only then does Qt know that a mouse button is down.
    QTest.mouseClick(
        window.windowHandle(),
        Qt.MouseButton.LeftButton,
        pos=window.box.mapTo(window, window.box.rect().center()),
    )
    assert QApplication.focusWidget() is window.box
    checked = window.box.isChecked()
    QTest.keyClick(window.box, Qt.Key.Key_Space)
    assert window.box.isChecked() is checked
    assert window.done == {"run.play": 1}


def test_undo_belongs_to_a_field_only_while_it_has_typing_to_undo(window: Window) -> None:
    window.line.setFocus()
    QTest.keyClick(window.line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.done == {"edit.undo": 1}
    QTest.keyClicks(window.line, "abc")
    QTest.keyClick(window.line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.line.text() == ""
    assert window.done == {"edit.undo": 1}
    QTest.keyClick(window.line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.done == {"edit.undo": 2}, "the typing has been taken back"


def test_a_held_space_does_not_flicker(window: Window) -> None:
    assert not window.actions_["run.play"].autoRepeat()
    assert window.actions_["run.batch"].autoRepeat()
