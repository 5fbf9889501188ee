"""The help has a page for all there is, finds it by its words, and opens at what has the focus."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton

from engine.layers import Layer, registry
from engine.losses import losses
from engine.optimizers import Adam
from engine.spec import Float, param
from playground.document.examples import example
from playground.ui.kit.actions import SPECS
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.theme import LIGHT
from playground.ui.panels import PANELS
from playground.ui.shell.help import pages, words
from playground.ui.shell.help.window import HelpWindow
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow


@pytest.fixture
def told(qtbot, tmp_path: Path) -> Shell:
    return Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()


@pytest.fixture
def window(qtbot) -> HelpWindow:
    made = HelpWindow(LIGHT)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def read(window: HelpWindow) -> str:
    """All that stands on the page."""
    return " ".join(label.text() for label in window.page.widget().findChildren(QLabel))


# --- pages -------------------------------------------------------------------------------------------------------------


def test_all_there_is_has_a_page_with_a_sentence(qapp) -> None:
    found = pages.pages()
    assert {f"panel/{panel.key}" for panel in PANELS} <= set(found)
    for name, each in pages.REGISTRIES.items():
        assert {f"{each.kind}/{cls.key}" for cls in each} <= set(found), name
    assert [
        page.id for page in found.values() if not (page.title and page.text and page.text[0][-1] in ".?)")
    ] == []


def test_what_is_registered_has_a_page_at_once(qapp) -> None:
    pages.pages.cache_clear()

    @registry.register("Twice", category="Activation")
    @dataclass(frozen=True)
    class Twice(Layer):
        """Doubles what comes in."""

        formula = "y = 2x"
        extra: float = param(Float(min=0.0), default=1.5, help="Adds to that.")

    try:
        page = pages.pages()["layer/Twice"]
        assert (page.title, page.text, page.formulas) == (
            "Twice",
            ("Doubles what comes in.",),
            (("Formula", "y = 2x"),),
        )
        assert [p.name for p in page.params] == ["extra"]
    finally:
        registry.unregister("Twice")
        pages.pages.cache_clear()


def test_no_link_leads_nowhere_and_no_words_are_of_what_is_gone(qapp) -> None:
    found = pages.pages()
    for page in found.values():
        assert [link for link in page.links if link not in found] == [], page.id
    known = {"network", *(panel.key for panel in PANELS)}
    assert set(words.PANELS) <= known
    assert set(words.KEYS) <= known


def test_the_keys_page_has_every_key_of_the_menus(qapp) -> None:
    said = {what for _, what in pages.pages()[pages.KEYS].keys}
    assert said == {spec.text.rstrip("…") for spec in SPECS if spec.keys}


@pytest.mark.parametrize(
    ("searched", "first"),
    [
        ("batch norm", "word/Batch normalization"),
        ("relu", "layer/ReLU"),
        ("Adam", "optimizer/Adam"),
        ("backprop", "panel/backprop"),
    ],
)
def test_a_search_puts_what_is_called_so_first(qapp, searched: str, first: str) -> None:
    assert pages.found(searched)[0].id == first


def test_an_example_that_is_offered_has_one(qapp) -> None:
    for page in pages.pages().values():
        offered = pages.used_in(page.spec) if page.spec is not None else None
        if offered is not None:
            assert page.spec.__name__ in repr(offered.project)


# --- the window --------------------------------------------------------------------------------------------------------


def test_every_page_can_be_read(window: HelpWindow, qtbot) -> None:
    for page in pages.pages().values():
        window.read(page.id)
        said = read(window)
        assert page.title in said
        assert all(paragraph in said for paragraph in page.text)
        assert [view.latex for view in window.page.widget().findChildren(FormulaView)] == [
            f for _, f in page.formulas
        ]


def test_a_page_tells_settings_with_what_they_may_be_and_their_default(window: HelpWindow) -> None:
    window.read("optimizer/Adam")
    said = read(window)
    for param_ in Adam.params():
        assert param_.help in said
        assert param_.kind.expects[1:] in said


def test_searching_and_going_back_by_keyboard(window: HelpWindow, qtbot) -> None:
    QTest.keyClicks(window.search, "stride")
    assert window.shown == "word/Stride"
    QTest.keyClick(window.search, Qt.Key.Key_Down)
    second = window.shown
    assert second != "word/Stride"
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.shown == "word/Stride")
    window.search.setText("xyzzy")
    assert window.list.count() == 0
    assert "No page" in window.count.text()


def test_a_link_leads_on(window: HelpWindow) -> None:
    window.read("word/Skip connection")
    window.findChild(QPushButton, "link_layer/Add").click()
    assert window.shown == "layer/Add"
    assert "link_word/Skip connection" in {
        b.objectName() for b in window.page.widget().findChildren(QPushButton)
    }


# --- F1 ----------------------------------------------------------------------------------------------------------------


def help_of(shell: Shell) -> HelpWindow:
    shell.window.actions_["help.pages"].trigger()
    return shell.window.findChild(HelpWindow)


def test_f1_opens_the_page_of_the_panel_or_block_or_setting_in_focus(told: Shell) -> None:
    window = told.window
    window.canvas.network.setFocus()
    assert help_of(told).shown == pages.NETWORK
    window.focus.select("tanh1")
    window.canvas.network.setFocus()
    assert help_of(told).shown == "layer/Tanh"
    window.focus.select("loss")
    window.canvas.network.setFocus()
    assert help_of(told).shown == "loss/BCEWithLogitsLoss"
    window.docks["training"].raise_()
    combo = next(c for c in window.docks["training"].findChildren(QComboBox) if c.objectName() == "optimizer")
    combo.setFocus()
    assert help_of(told).shown == "optimizer/SGD"
    told.child("palette_search").setFocus()
    assert help_of(told).shown == "panel/palette"
    told.child("layer_Conv2d").setFocus()
    assert help_of(told).shown == "layer/Conv2d"


def test_a_page_can_be_tried(told: Shell, qtbot) -> None:
    shown = help_of(told)
    shown.read("optimizer/Adam")
    shown.findChild(QPushButton, "try_here").click()
    assert isinstance(told.document.value.fit.optimizer, Adam)
    assert told.window.history.undoText() == "Use Adam"
    told.window.focus.select("linear1")
    shown.read("layer/Dropout")
    shown.findChild(QPushButton, "try_here").click()
    assert [n.layer.key for n in told.document.value.network.nodes][1] == "Dropout"
    shown.read("data set/Spiral")
    shown.findChild(QPushButton, "try_here").click()
    assert told.document.value.source.key == "Spiral"
    shown.read("panel/diagnosis")
    shown.findChild(QPushButton, "try_panel").click()
    assert told.window.docks["diagnosis"].isVisible()


def test_an_example_opens_from_its_page(told: Shell) -> None:
    told.window.history.setClean()
    shown = help_of(told)
    shown.read("layer/Add")
    shown.findChild(QPushButton, "try_example").click()
    assert told.document.value == example("resnet-small").project


@pytest.mark.parametrize("loss", losses.keys())
def test_every_loss_can_be_put_into_the_project(told: Shell, loss: str) -> None:
    told.window.help._use(losses.get(loss))
    assert told.document.value.fit.loss.key == loss


def test_all_keys_at_a_glance_are_those_of_every_panel_too(told: Shell, qtbot) -> None:
    told.window.actions_["help.shortcuts"].trigger()
    dialog = (
        QApplication.activeWindow()
        if QApplication.activeWindow() is not told.window
        else told.child("shortcuts")
    )
    said = {label.text() for label in dialog.findChildren(QLabel)}
    for rows in words.KEYS.values():
        for keys, what in rows:
            assert {keys, what} <= said


def test_every_heading_stands_once(qapp) -> None:
    listed = [page.group for page in pages.pages().values()]
    assert len([one for one, before in pairwise([*listed, ""]) if one != before]) == len(set(listed))
