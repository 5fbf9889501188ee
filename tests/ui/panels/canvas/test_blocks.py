"""What people do to blocks: drop, move, select, copy, delete; each an undoable edit of the document."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from engine import layers
from engine.data import Source
from engine.errors import DataError
from playground.document import edits
from playground.document.examples import example
from playground.ui.kit import motion
from playground.ui.kit.actions import SPEC
from playground.ui.kit.mime import layer_mime
from playground.ui.kit.text import tip
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.canvas.block import BlockItem
from playground.ui.panels.canvas.gestures import FADED
from playground.ui.panels.canvas.targets import Card
from playground.ui.panels.canvas.tooltip import Words
from tests.ui.panels.canvas.rig import NO_KEY, Rig, project_of

Key, Mod = Qt.Key, Qt.KeyboardModifier


# --- dropping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", range(4))
def test_a_layer_is_dropped_into_the_gap_it_is_over(rig, gap):
    rig.drop_layer("Sigmoid", rig.gap(gap))
    expected = ["Linear", "Tanh", "Linear"]
    expected.insert(gap, "Sigmoid")
    assert rig.layers == expected
    assert rig.focus.node_id == "sigmoid1"
    assert rig.history.undoText() == "Add Sigmoid"
    rig.history.undo()
    assert rig.layers == ["Linear", "Tanh", "Linear"]


def test_nothing_is_left_of_a_block_whose_name_another_has_after_it_is_taken_back(rig):
    rig.drop_layer("Linear", rig.gap(2))
    assert rig.ids == ["linear1", "tanh1", "linear2", "linear3"]
    last = rig.scene.blocks["linear3"]
    rig.history.undo()
    rig.scene.settle()
    assert rig.scene.blocks["linear2"] is last
    drawn = {item for item in rig.scene.items() if isinstance(item, BlockItem)}
    assert drawn == set(rig.scene.blocks.values())
    assert rig.focus.node_id == ""  # the layer that was chosen is gone
    assert not rig.scene.selected


def test_a_mark_says_where_the_layer_will_go(rig):
    rig.drag_layer(layer_mime("ReLU"), rig.gap(1))
    assert rig.scene.mark.isVisible()
    assert rig.scene.mark.x() == rig.scene.layout_.gaps[1]
    assert rig.scene.mark.text == "Insert ReLU"
    rig.drag_layer(layer_mime("ReLU"), rig.gap(3))
    assert rig.scene.mark.x() == rig.scene.layout_.gaps[3]
    rig.leave()
    assert not rig.scene.mark.isVisible()
    assert rig.layers == ["Linear", "Tanh", "Linear"]


def test_what_is_no_layer_may_not_be_dropped(rig):
    text = QMimeData()
    text.setText("ReLU")
    assert not rig.drag_layer(text, rig.gap(1))
    assert not rig.scene.mark.isVisible()


def test_an_empty_canvas_invites(empty):
    invitation = empty.find("invitation")
    assert invitation.isVisible()
    empty.drop_layer("Linear", empty.network.mapFrom(empty.view, invitation.geometry().center()))
    assert empty.layers == ["Linear"]
    assert not invitation.isVisible()


# --- moving -----------------------------------------------------------------------------------------------------------


def test_a_block_is_moved_by_its_card(rig):
    rig.press(rig.card("tanh1"))
    rig.drag_to(rig.gap(3))
    assert rig.scene.mark.isVisible()
    assert rig.scene.blocks["tanh1"].opacity() == FADED
    rig.release(rig.gap(3))
    assert rig.ids == ["linear1", "linear2", "tanh1"]
    assert not rig.scene.mark.isVisible()
    assert rig.scene.blocks["tanh1"].opacity() == 1.0
    rig.history.undo()
    assert rig.ids == ["linear1", "tanh1", "linear2"]


def test_escape_gives_a_move_up(rig):
    rig.press(rig.card("tanh1"))
    rig.drag_to(rig.gap(0))
    rig.key(Key.Key_Escape)
    assert not rig.scene.mark.isVisible()
    rig.release(rig.gap(0))
    assert rig.ids == ["linear1", "tanh1", "linear2"]
    assert not rig.history.canUndo()


def test_dropped_at_its_own_place_nothing_changes(rig):
    rig.press(rig.card("tanh1"))
    rig.drag_to(rig.gap(2))
    rig.release(rig.gap(2))
    assert not rig.history.canUndo()


def test_data_and_loss_stay_at_their_ends(rig):
    for block in ("input", "loss"):
        rig.press(rig.card(block))
        rig.drag_to(rig.gap(1))
        assert not rig.scene.mark.isVisible()
        rig.release(rig.gap(1))
    assert not rig.history.canUndo()


def test_alt_and_arrows_move_the_selected_layers_as_one_edit(rig):
    rig.view.commands.select(["linear1", "tanh1"])
    rig.key(Key.Key_Right, Mod.AltModifier)
    assert rig.layers == ["Linear", "Linear", "Tanh"]
    assert rig.scene.selected == ("linear2", "tanh1")
    rig.key(Key.Key_Right, Mod.AltModifier)  # no further
    rig.key(Key.Key_Left, Mod.AltModifier)
    assert rig.ids == ["linear1", "tanh1", "linear2"]
    assert rig.history.count() == 2


# --- selecting --------------------------------------------------------------------------------------------------------


def test_a_click_selects_and_everybody_learns_of_it(rig):
    rig.click(rig.card("tanh1"))
    assert rig.focus.node_id == "tanh1"
    assert rig.scene.selected == ("tanh1",)
    for block in ("input", "loss"):
        rig.click(rig.card(block))
        assert rig.focus.node_id == block
    rig.click(rig.nowhere())
    assert rig.focus.node_id == ""
    assert rig.scene.selected == ()


def test_somebody_else_may_select(rig):
    rig.focus.select("linear2")
    assert rig.scene.selected == ("linear2",)


def test_control_adds_and_takes_away_shift_extends(rig):
    rig.click(rig.card("linear1"))
    rig.click(rig.card("linear2"), Mod.ControlModifier)
    assert rig.scene.selected == ("linear1", "linear2")
    rig.click(rig.card("linear1"), Mod.ControlModifier)
    assert rig.scene.selected == ("linear2",)
    rig.click(rig.card("linear1"))
    rig.click(rig.card("linear2"), Mod.ShiftModifier)
    assert rig.scene.selected == ("linear1", "tanh1", "linear2")


def test_arrows_and_tab_go_from_block_to_block(rig):
    seen = []
    rig.key(Key.Key_Home)
    for _ in range(5):
        seen.append(rig.focus.node_id)
        rig.key(Key.Key_Right)
    assert seen == ["input", "linear1", "tanh1", "linear2", "loss"]
    assert rig.focus.node_id == "loss"
    rig.key(Key.Key_Left)
    rig.key(Key.Key_Left, Mod.ShiftModifier)
    assert rig.scene.selected == ("tanh1", "linear2")
    rig.key(Key.Key_Backtab)
    assert rig.focus.node_id == "linear1"
    rig.key(Key.Key_Tab)
    assert rig.focus.node_id == "tanh1"
    rig.key(Key.Key_End)
    assert rig.focus.node_id == "loss"


def test_a_screen_reader_hears_what_is_selected(rig):
    rig.click(rig.card("linear1"))
    assert rig.network.accessibleDescription().startswith("Linear, 3 units · 9 params, block 2 of 5")


def test_enter_and_double_click_ask_for_the_options(rig):
    asked = []
    rig.focus.edit_asked.connect(asked.append)
    rig.key(Key.Key_Home)
    rig.key(Key.Key_Right)
    rig.key(Key.Key_Return)
    QTest.mouseDClick(rig.viewport, Qt.MouseButton.LeftButton, NO_KEY, rig.card("tanh1"))
    assert asked == ["linear1", "tanh1"]
    assert rig.focus.node_id == "tanh1"


# --- deleting, copying ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [Key.Key_Delete, Key.Key_Backspace])
def test_delete_takes_the_selected_layers_out(rig, key):
    rig.click(rig.card("linear1"))
    rig.click(rig.card("tanh1"), Mod.ControlModifier)
    rig.key(key)
    assert rig.ids == ["linear1"]
    assert rig.focus.node_id == "linear1"  # what has come to its place
    assert rig.history.undoText() == "Delete 2 layers"
    rig.key(key)
    assert rig.ids == []
    assert rig.focus.node_id == "input"
    rig.history.undo()
    rig.history.undo()
    assert rig.ids == ["linear1", "tanh1", "linear2"]


def test_data_and_loss_cannot_be_deleted_and_a_sentence_says_so(rig):
    rig.click(rig.card("loss"))
    rig.key(Key.Key_Delete)
    assert not rig.history.canUndo()
    assert "always stay" in rig.find("canvas_hint").text()


def test_duplicates_stand_behind(rig):
    rig.click(rig.card("linear1"))
    rig.click(rig.card("tanh1"), Mod.ControlModifier)
    rig.key(Key.Key_D, Mod.ControlModifier)
    assert rig.layers == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert rig.scene.selected == ("linear2", "tanh2")


def test_cut_and_paste_through_the_clipboard(rig, qtbot):
    rig.click(rig.card("linear1"))
    rig.key(Key.Key_X, Mod.ControlModifier)
    assert rig.layers == ["Tanh", "Linear"]
    other = Rig(qtbot, project_of(layers.ReLU()))  # another window
    other.click(other.card("relu1"))
    other.key(Key.Key_V, Mod.ControlModifier)
    assert [n.layer for n in other.project.network.nodes] == [layers.ReLU(), layers.Linear(3)]
    assert other.focus.node_id == "linear1"


def test_pasting_with_nothing_selected_appends(rig):
    rig.click(rig.card("tanh1"))
    rig.key(Key.Key_C, Mod.ControlModifier)
    rig.click(rig.nowhere())
    rig.key(Key.Key_V, Mod.ControlModifier)
    assert rig.layers == ["Linear", "Tanh", "Linear", "Tanh"]


def test_a_clipboard_without_layers_is_no_accident(rig):
    QGuiApplication.clipboard().setText("not a layer")
    rig.view.commands.paste()
    assert "no layers" in rig.find("canvas_hint").text()
    assert not rig.history.canUndo()


def test_select_all(rig):
    rig.key(Key.Key_A, Mod.ControlModifier)
    assert rig.scene.selected == ("linear1", "tanh1", "linear2")


# --- menu -------------------------------------------------------------------------------------------------------------


menu_test = pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)  # no menu can, off screen


def open_menu(rig: Rig, block: str) -> QMenu:
    rig.network.menu_asked.emit(Card(block) if block else None, QPoint(10, 10))
    return rig.view.findChildren(QMenu, "canvas_menu")[-1]  # closed ones go later


def action(menu: QMenu, name: str):
    return next(a for a in menu.actions() if a.objectName() == f"canvas_menu.{name}")


@menu_test
def test_the_menu_can_do_it_all(rig):
    menu = open_menu(rig, "linear1")
    assert rig.focus.node_id == "linear1"
    action(menu, "duplicate").trigger()
    menu.close()
    assert rig.layers == ["Linear", "Linear", "Tanh", "Linear"]


@menu_test
def test_options_are_reset_to_their_defaults(rig):
    assert rig.project.network["linear1"].layer != layers.Linear()
    menu = open_menu(rig, "linear1")
    action(menu, "reset").trigger()
    menu.close()
    assert rig.project.network["linear1"].layer == layers.Linear()
    assert rig.history.undoText() == "Reset options of Linear"


@menu_test
def test_what_has_its_defaults_cannot_be_reset(rig):
    menu = open_menu(rig, "tanh1")
    assert not action(menu, "reset").isEnabled()
    menu.close()
    menu = open_menu(rig, "loss")
    assert not action(menu, "delete").isEnabled()
    menu.close()


@menu_test
def test_the_menu_of_the_empty_canvas(rig):
    menu = open_menu(rig, "")
    assert {a.objectName().split(".")[1] for a in menu.actions() if not a.isSeparator()} == {
        "paste",
        "select_all",
        "fit",
        "zoom_in",
        "zoom_out",
    }
    menu.close()


@menu_test
def test_the_menu_calls_things_as_the_window_does(rig):
    menu = open_menu(rig, "linear1")
    for action_id in ("edit.cut", "edit.copy", "edit.duplicate", "edit.delete"):
        spec, entry = SPEC[action_id], action(menu, action_id.removeprefix("edit."))
        assert (entry.text(), entry.toolTip()) == (spec.text, tip(spec.tip))
        assert entry.shortcut() == QKeySequence(spec.keys[0])
    menu.close()


# --- problems ---------------------------------------------------------------------------------------------------------


def test_the_last_layer_is_mended_at_a_press(rig):
    rig.document.apply(edits.set_layer(rig.project, "linear2", layers.Linear(5)), "5")
    button = rig.find("mend")
    assert button.isVisible()
    assert "5 values" in rig.find("mend_sentence").text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert rig.project.network["linear2"].layer.out_features == 1
    assert not rig.find("mend_offer").isVisible()
    rig.history.undo()
    assert rig.find("mend_offer").isVisible()


def test_a_warning_is_marked_at_its_block_and_said_beside_the_mouse(rig):
    rig.document.apply(edits.add_layer(rig.project, "Sigmoid", len(rig.project.network)), "Add Sigmoid")
    rig.scene.settle()
    item = rig.scene.blocks["sigmoid1"]
    assert item.card.block.problem.level == "warning"
    assert not item.card.block.explains
    assert not rig.find("mend_offer").isVisible(), "it runs: nothing is covered"
    assert item.card.block.shape == (1,)
    words = Words(rig.scene, None).of(Card("sigmoid1"))
    assert words.startswith("<b>Warning</b>")
    assert "Remove the Sigmoid" in words


def test_a_problem_is_said_at_its_block(rig):
    rig.document.apply(edits.add_layer(rig.project, "Conv2d", 1), "Add Conv2d")
    rig.scene.settle()
    item = rig.scene.blocks["conv2d1"]
    assert item.note.isVisible()
    assert "Conv2d reads pictures" in item.note.text
    assert item.card.block.problem
    assert not rig.scene.blocks["linear1"].note.isVisible()


def test_data_that_cannot_be_made_are_explained_at_the_input(rig):
    @dataclass(frozen=True)
    class Broken(Source):
        """Has lost its file."""

        def make(self):
            raise DataError("The file is gone; expected points.csv. Put it back.")

    rig.document.apply(rig.project.replace(source=Broken()), "Broken data")
    rig.scene.settle()
    assert "points.csv" in rig.scene.blocks["input"].note.text
    rig.view.grab()
    rig.history.undo()
    rig.scene.settle()
    assert not rig.scene.blocks["input"].note.isVisible()
    assert rig.scene.place_of("input").tiles


def test_another_theme_draws_everything_anew(rig):
    rig.show_frame({})
    cards = [rig.network.mapFromScene(QPointF(x, 82)) for x in rig.scene.layout_.gaps]
    light = rig.view.grab().toImage()
    rig.view.context.theme.become(DARK)
    rig.view.context.theme.become(LIGHT)
    assert rig.view.grab().toImage() == light
    rig.view.context.theme.become(DARK)
    for at in (*cards, rig.card("linear1")):
        assert rig.colour_at(at).lightness() < 90


# --- looking ----------------------------------------------------------------------------------------------------------


def wide(qtbot) -> Rig:
    """More blocks than the view has room for, however small they are."""
    rig = Rig(qtbot, project_of(*[layers.Linear(2), layers.Tanh()] * 9, layers.Linear(1)), (700, 500))
    assert rig.network.horizontalScrollBar().maximum() > 200
    return rig


def in_view(rig, block_id: str) -> bool:
    seen, room = rig.network.seen(), rig.scene.blocks[block_id].room()
    return seen.left() <= room.left() and room.right() <= seen.right()


def test_a_block_added_out_of_sight_is_glided_to(qtbot):
    rig = wide(qtbot)
    rig.network.scroll_to(QPoint(0, 0))
    rig.view.commands.insert("Sigmoid", 18)
    assert rig.network.scroll_position().x() == 0, "not with a jump"
    rig.scene.settle()
    qtbot.waitUntil(lambda: in_view(rig, "sigmoid1"))
    assert rig.network.fitted


def test_a_block_that_the_canvas_hears_of_after_its_selection_is_glided_to(qtbot, monkeypatch):
    """As in the window, which tells its views bit by bit."""
    rig = wide(qtbot)
    rig.network.scroll_to(QPoint(0, 0))
    told = []
    monkeypatch.setattr(rig.document, "_listeners", [lambda *change: told.append(change)])
    rig.view.commands.insert("Sigmoid", 18)
    assert rig.focus.node_id == "sigmoid1"
    rig.view.show_project(*told[0])
    rig.scene.settle()
    qtbot.waitUntil(lambda: in_view(rig, "sigmoid1"))


def test_an_edit_of_a_block_out_of_sight_does_not_scroll(qtbot):
    rig = wide(qtbot)
    rig.view.commands.click("linear1")
    rig.network.settle()
    end = rig.network.horizontalScrollBar().maximum()
    rig.network.scroll_to(QPoint(end, 0))
    rig.document.apply(edits.set_layer(rig.project, "linear1", layers.Linear(2, bias=False)), "Change")
    rig.scene.settle()
    rig.network.settle()
    assert rig.network.scroll_position().x() > end - 60


def test_a_hand_on_the_canvas_stops_the_glide(qtbot):
    rig = wide(qtbot)
    rig.network.scroll_to(QPoint(0, 0))
    rig.view.commands.insert("Sigmoid", 18)
    rig.press(rig.nowhere())
    before = rig.network.scroll_position()
    rig.release(rig.nowhere())
    rig.network.settle()
    assert rig.network.scroll_position() == before


def test_where_motion_is_reduced_an_added_block_is_there_at_once(qtbot):
    rig = wide(qtbot)
    motion.reduce(True)
    try:
        rig.view.commands.insert("Sigmoid", 18)
        rig.scene.settle()
        assert in_view(rig, "sigmoid1")
    finally:
        motion.reduce(False)


def test_zooming_keeps_the_point_under_the_mouse(rig):
    at = rig.card("tanh1")
    before = rig.network.mapToScene(at)
    for _ in range(4):
        rig.wheel(at, 1, Mod.ControlModifier)
    assert rig.network.zoom == pytest.approx(1.2**4 * 1.0, rel=0.3)
    after = rig.network.mapToScene(at)
    assert (after - before).manhattanLength() < 3
    rig.key(Key.Key_F)
    assert rig.network.fitted
    assert rig.network.seen().contains(rig.scene.blocks["loss"].room())


def test_plus_minus_and_the_limits(rig):
    for key in (Key.Key_Plus, Key.Key_Minus):
        for _ in range(30):
            rig.key(key)
        assert 0.3 < rig.network.zoom < 5
    rig.key(Key.Key_0, Mod.ControlModifier)
    assert rig.network.zoom == pytest.approx(1.0)


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
def test_dragging_the_canvas_pans(rig, button):
    for _ in range(6):
        rig.key(Key.Key_Plus)
    start, position = rig.nowhere(), rig.network.scroll_position()
    rig.press(start, button)
    rig.drag_to(start - QPoint(60, 40), button)
    assert rig.network.scroll_position() == position + QPoint(60, 40)
    rig.key(Key.Key_Escape)
    rig.release(start - QPoint(60, 40), button)
    assert rig.network.scroll_position() == position


def test_a_network_fills_windows_of_every_size(rig):
    for width, height in ((640, 420), (900, 600), (1500, 900)):
        rig.view.resize(width, height)
        QApplication.processEvents()
        assert rig.network.seen().contains(rig.scene.blocks["loss"].room())
        assert rig.network.seen().contains(rig.scene.blocks["input"].room())


def test_zoomed_in_the_selected_block_comes_into_view(rig):
    for _ in range(8):
        rig.key(Key.Key_Plus)
    height = rig.network.seen().center().y()
    for key, block in ((Key.Key_End, "loss"), (Key.Key_Home, "input")):
        rig.key(key)
        rig.network.settle()
        seen, card = rig.network.seen(), rig.scene.blocks[block].card.sceneBoundingRect()
        assert seen.left() < card.center().x() < seen.right()
        assert seen.center().y() == pytest.approx(height, abs=1)


def test_zoomed_in_a_unit_chosen_by_keyboard_comes_into_view(rig):
    for _ in range(8):
        rig.key(Key.Key_Plus)
    rig.view.commands.click("linear1")
    for _ in range(3):
        rig.key(Key.Key_Down)
        unit = rig.view.stage.pinned
        assert rig.network.seen().contains(rig.scene.rect_of(unit).center())


def test_a_block_fades_in_and_another_network_stands_there_at_once(rig):
    rig.document.apply(edits.add_layer(rig.project, "ReLU", 0), "Add ReLU")
    assert rig.scene.blocks["relu1"].opacity() < 1.0
    rig.scene.settle()
    rig.document.apply(example("digits-cnn").project, "Open")
    assert all(block.opacity() == 1.0 for block in rig.scene.blocks.values())


def test_a_scroll_bar_that_appears_does_not_end_the_motion(rig):
    while not rig.network.horizontalScrollBar().maximum():
        rig.document.apply(edits.add_layer(rig.project, "Linear", 0), "Add Linear")
    newest = rig.ids[0]
    assert rig.scene.blocks[newest].opacity() < 1.0


def test_blocks_that_stay_are_the_same_and_move(rig):
    before = dict(rig.scene.blocks)
    x = before["linear2"].x()
    rig.document.apply(edits.add_layer(rig.project, "ReLU", 0), "Add ReLU")
    rig.scene.settle()
    assert all(rig.scene.blocks[i] is item for i, item in before.items())
    assert rig.scene.blocks["linear2"].x() != x
    rig.history.undo()
    rig.scene.settle()
    assert "relu1" not in rig.scene.blocks
    assert rig.scene.blocks["linear2"].x() == x


def test_a_card_that_says_what_is_wrong_offers_what_ends_it(qtbot):
    rig = Rig(
        qtbot, project_of(layers.Conv2d(4), layers.Linear(3), layers.Linear(10), source="Digits"), (1000, 600)
    )
    assert list(rig.view.remedies) == ["linear1"]
    buttons = rig.view.remedies["linear1"].buttons
    flatten = next(b for b in buttons if "Flatten" in b.text())
    note = rig.view._on_area(rig.scene.blocks["linear1"].note.sceneBoundingRect())
    assert rig.view.remedies["linear1"].geometry().left() >= note.left() - 40
    assert rig.view.area.childAt(flatten.mapTo(rig.view.area, flatten.rect().center())) is flatten
    flatten.click()
    assert rig.layers == ["Conv2d", "Flatten", "Linear", "Linear"]
    assert rig.view.remedies == {}


def test_tab_leads_from_the_last_block_to_what_mends_it(qtbot):
    rig = Rig(qtbot, project_of(layers.Linear(4)))
    rig.click(rig.card("loss"))
    rig.key(Key.Key_Tab)
    assert QApplication.focusWidget() is rig.view.offer.buttons[0]


def test_a_focus_that_comes_because_another_was_lost_chooses_nothing(rig):
    field = QLineEdit(rig.view)
    field.show()
    QWidget.setTabOrder(field, rig.network)
    field.setFocus()
    QTest.keyClick(field, Key.Key_Tab)
    assert rig.network.hasFocus()
    assert rig.focus.node_id == "input"
    rig.focus.select("")
    field.setFocus()
    field.hide()  # Qt goes to the next, and calls that Tab
    assert rig.network.hasFocus()
    assert rig.focus.node_id == ""
