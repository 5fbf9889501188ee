"""The palette: every layer is there, found by search, dragged, double-clicked, and reached by keyboard."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QColor, QDrag, QHelpEvent, QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.layers import Dropout, Linear, ReLU, Tanh, registry
from engine.network import Network
from playground.document.project import Project
from playground.ui.kit import style
from playground.ui.kit.mime import layer_key
from playground.ui.kit.text import escaped
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.palette import LayerItem, PaletteView
from tests.ui.bench import Bench, pixels

pytestmark = pytest.mark.slow

MLP = Project(network=Network.chain(Linear(4), Tanh(), Linear(1)))
LAYERS = pytest.mark.parametrize("cls", list(registry), ids=lambda cls: cls.__name__)


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, PaletteView, MLP).show(280, 700)


def item(bench: Bench, key: str) -> LayerItem:
    return bench.find(f"layer_{key}")


def shown(bench: Bench) -> list[str]:
    return [i.layer.key for i in bench.view.items if i.isVisible()]


def keys_of(bench: Bench) -> list[str]:
    return [node.layer.key for node in bench.project.network.nodes]


# ---- what there is --------------------------------------------------------------------------------------------------


def test_every_layer_is_there_under_its_category(bench: Bench) -> None:
    assert shown(bench) == [cls.key for members in registry.by_category().values() for cls in members]
    for category, members in registry.by_category().items():
        title = bench.find(f"category_{category}")
        assert title.text() == category
        assert all(item(bench, cls.key).y() > title.y() for cls in members)


@LAYERS
def test_every_item_has_its_name_help_and_formula(bench: Bench, cls) -> None:
    one = item(bench, cls.key)
    assert one.accessibleName() == cls.label
    assert one.toolTip()
    at = one.rect().center()
    QApplication.sendEvent(one, QHelpEvent(QEvent.Type.ToolTip, at, one.mapToGlobal(at)))
    assert escaped(cls.help()) in one.toolTip()
    assert cls.category in one.toolTip()
    png = re.search(r'base64,([^"]+)"', one.toolTip())
    assert png is not None, "the formula should be drawn"
    picture = QImage.fromData(QByteArray.fromBase64(png[1].encode()))
    assert pixels(picture)[..., 3].max() > 200
    assert len(base64.b64decode(png[1])) < 60_000


def test_a_layer_registered_later_is_there_too(qtbot) -> None:
    registry.register("Brand", category="New things", label="Brand new")(
        type("Brand", (Dropout,), {"__doc__": "New."})
    )
    try:
        bench = Bench(qtbot, PaletteView, MLP).show(280, 700)
        assert item(bench, "Brand").accessibleName() == "Brand new"
        assert bench.find("category_New things")
    finally:
        registry.unregister("Brand")


@LAYERS
def test_the_dot_has_the_colour_of_the_category(bench: Bench, cls) -> None:
    one = item(bench, cls.key)
    dot = pixels(one.grab().toImage())[one.height() // 2, 13, :3]
    assert tuple(dot) == QColor(LIGHT.category_colour(cls.category)).getRgb()[:3]


@pytest.mark.parametrize(("width", "columns"), [(180, 1), (250, 2), (340, 2)])
def test_there_are_two_columns_where_there_is_room(qtbot, width: int, columns: int) -> None:
    bench = Bench(qtbot, PaletteView, MLP).show(width, 400)
    assert len({i.x() for i in bench.view.items}) == columns
    places = [i.geometry() for i in bench.view.items]
    assert not any(a.intersects(b) for n, a in enumerate(places) for b in places[:n])
    room = bench.view.width()
    assert all(i.mapTo(bench.view, i.rect().topRight()).x() < room for i in bench.view.items)


@pytest.mark.parametrize("width", [240, 250, 300])
def test_no_name_is_cut_short(qtbot, width: int) -> None:
    bench = Bench(qtbot, PaletteView, MLP)
    bench.view.setStyleSheet(
        style.sheet(LIGHT, QApplication.font().pointSizeF())
    )  # scroll bars as in the window
    bench.show(width, 400)
    assert [i.layer.key for i in bench.view.items if i.width() < i.sizeHint().width()] == []


# ---- search ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"), [("tanh", {"Tanh", "Hardtanh"}), ("MaxPool", {"MaxPool2d"}), ("no such layer", set())]
)
def test_search_by_name(bench: Bench, words: str, found: set[str]) -> None:
    bench.view.search.setFocus()
    QTest.keyClicks(bench.view.search, words)
    assert found <= set(shown(bench))
    assert len(shown(bench)) < len(bench.view.items)
    assert all(item(bench, key).matches(words) for key in shown(bench))
    assert bench.find("nothing").isVisible() == (not found)


def test_search_by_what_it_does(bench: Bench) -> None:
    QTest.keyClicks(bench.view.search, "filters picture")
    assert "Conv2d" in shown(bench)
    assert not bench.find("category_Dense").isVisible()
    QTest.keyClick(bench.view.search, Qt.Key.Key_Escape)
    assert len(shown(bench)) == len(bench.view.items)


def test_enter_in_the_search_takes_the_first(bench: Bench) -> None:
    QTest.keyClicks(bench.view.search, "dropout")
    QTest.keyClick(bench.view.search, Qt.Key.Key_Return)
    assert keys_of(bench) == ["Linear", "Tanh", "Linear", "Dropout"]
    QTest.keyClicks(bench.view.search, "relu")
    assert bench.view.search.text() == "relu", "the next word seeks anew"


# ---- inserting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selected", "at"), [("", 3), ("0", 1), ("1", 2), ("2", 3), ("input", 0), ("loss", 3)]
)
def test_a_double_click_inserts_behind_the_selected_block(bench: Bench, selected: str, at: int) -> None:
    bench.focus.select(selected)
    QTest.mouseDClick(item(bench, "ReLU"), Qt.MouseButton.LeftButton)
    assert bench.project.network.nodes[at].layer == ReLU()
    assert len(bench.project.network) == 4
    assert bench.focus.node_id == bench.project.network.nodes[at].id, "the new block is selected"
    assert bench.history.undoText() == "Add ReLU"
    bench.history.undo()
    assert bench.project == MLP


def test_a_row_of_double_clicks_builds_from_left_to_right(bench: Bench) -> None:
    bench.focus.select("input")
    for key in ("Linear", "ReLU", "Dropout"):
        QTest.mouseDClick(item(bench, key), Qt.MouseButton.LeftButton)
    assert keys_of(bench)[:3] == ["Linear", "ReLU", "Dropout"]


@LAYERS
def test_every_layer_can_be_inserted(bench: Bench, cls) -> None:
    one = item(bench, cls.key)
    one.setFocus()
    QTest.keyClick(one, Qt.Key.Key_Return)
    assert bench.project.network.nodes[-1].layer == cls()


# ---- dragging -------------------------------------------------------------------------------------------------------


@pytest.fixture
def drags(monkeypatch) -> list[tuple[QMimeData, Qt.DropAction]]:
    """What would have been dragged: Qt's own loop would wait for a real mouse."""
    seen: list[tuple[QMimeData, Qt.DropAction]] = []

    def execute(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        assert not drag.pixmap().isNull()
        seen.append((layer_key(drag.mimeData()), actions))
        return actions

    monkeypatch.setattr(QDrag, "exec", execute)
    return seen


def test_a_drag_carries_the_key_of_the_layer(bench: Bench, drags) -> None:
    one = item(bench, "Dropout")
    start = QPoint(20, 10)
    QTest.mousePress(one, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(one, start + QPoint(1, 0))
    assert drags == [], "a trembling hand does not drag"
    QTest.mouseMove(one, start + QPoint(30, 30))
    QTest.mouseRelease(one, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 30))
    assert drags == [("Dropout", Qt.DropAction.CopyAction)]
    assert bench.project == MLP, "where it is dropped decides"


def test_a_click_neither_drags_nor_inserts(bench: Bench, drags) -> None:
    QTest.mouseClick(item(bench, "ReLU"), Qt.MouseButton.LeftButton)
    assert item(bench, "ReLU").hasFocus()
    assert drags == []
    assert bench.project == MLP


# ---- keyboard -------------------------------------------------------------------------------------------------------


def test_arrows_go_from_item_to_item_as_they_lie(bench: Bench) -> None:
    view = bench.view
    QTest.keyClick(view.search, Qt.Key.Key_Down)
    assert item(bench, shown(bench)[0]).hasFocus()
    first = view.items[0]
    QTest.keyClick(first, Qt.Key.Key_Down)
    second = QApplication.focusWidget()
    assert isinstance(second, LayerItem)
    assert second.y() > first.y()
    assert second.x() == first.x()
    QTest.keyClick(second, Qt.Key.Key_Right)
    third = QApplication.focusWidget()
    assert (third.y(), third.x() > second.x()) == (second.y(), True)
    QTest.keyClick(third, Qt.Key.Key_Left)
    QTest.keyClick(second, Qt.Key.Key_Up)
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_Up)
    assert view.search.hasFocus()


def test_every_item_is_reached_by_arrows(bench: Bench) -> None:
    QTest.keyClick(bench.view.search, Qt.Key.Key_Down)
    seen = {QApplication.focusWidget()}
    for _ in range(len(bench.view.items)):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
        seen.add(QApplication.focusWidget())
    assert seen == set(bench.view.items)


def test_typing_on_an_item_searches(bench: Bench) -> None:
    one = bench.view.items[0]
    one.setFocus()
    QTest.keyClicks(one, "d")
    assert bench.view.search.hasFocus()
    QTest.keyClicks(bench.view.search, "rop")
    assert bench.view.search.text() == "drop"
    assert "Dropout" in shown(bench)


def test_letters_on_an_item_are_no_shortcuts_of_the_window(bench: Bench) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, "s")
    event.ignore()
    QApplication.sendEvent(bench.view.items[0], event)
    assert event.isAccepted()
    save = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier, "\x13")
    save.ignore()
    QApplication.sendEvent(bench.view.items[0], save)
    assert not save.isAccepted()


def test_the_theme_changes_what_is_painted(bench: Bench) -> None:
    bench.view.context.theme.become(DARK)
    one = item(bench, "Linear")
    dot = pixels(one.grab().toImage())[one.height() // 2, 13, :3]
    np.testing.assert_array_equal(dot, QColor(DARK.category_colour("Dense")).getRgb()[:3])


def test_enter_takes_the_layer_that_is_called_so_before_those_that_speak_of_it(qtbot) -> None:
    bench = Bench(qtbot, PaletteView, Project())
    bench.show(250, 500)
    QTest.keyClicks(bench.view.search, "add")
    QTest.keyClick(bench.view.search, Qt.Key.Key_Return)
    assert [node.layer.key for node in bench.project.network.nodes] == ["Add"]
