"""The start page shows every example as a picture of what it learns, and opens what is chosen."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from playground.document import edits, files
from playground.document.examples import DEFAULT, example, examples
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.shell import thumbnails
from playground.ui.shell.start_page import StartPage
from playground.ui.shell.thumbnails import SIZE, paint
from tests.ui.bench import pixels
from tests.ui.shell import Shell, ToldRunner

pytestmark = pytest.mark.slow

ISSUE = ("xor", "circle", "spiral", "regression", "digits-mlp", "digits-cnn")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Train but a moment, and keep pictures where no other test finds them."""
    monkeypatch.setattr(thumbnails, "BUDGET", 0.05)
    monkeypatch.setattr(QStandardPaths, "writableLocation", staticmethod(lambda _: str(tmp_path / "cache")))


@pytest.fixture
def page(qtbot, tmp_path: Path) -> StartPage:
    path = tmp_path / "mine.json"
    files.save(example("xor").project, path)
    page = StartPage(LIGHT, [path])
    page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(page, before_close_func=lambda p: p.reject())
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page


def test_every_example_has_a_card_with_a_picture(hasty, page: StartPage, qtbot) -> None:
    assert set(ISSUE) <= set(page.cards) == {e.key for e in examples()}
    qtbot.waitUntil(lambda: all(not c.picture.pixmap().isNull() for c in page.cards.values()))
    for found in examples():
        card = page.cards[found.key]
        assert (card.accessibleName(), card.toolTip()) == (found.title, found.sentence)
        colours = np.unique(pixels(card.picture.pixmap().toImage()).reshape(-1, 4), axis=0)
        assert len(colours) > 20, f"the picture of {found.key} shows next to nothing"


def test_a_card_opens_its_example(page: StartPage, qtbot) -> None:
    with qtbot.waitSignal(page.example_chosen) as chosen:
        QTest.mouseClick(page.cards["spiral"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["spiral"]
    assert not page.isVisible()


def test_cards_by_keyboard(page: StartPage, qtbot) -> None:
    keys = list(page.cards)
    page.cards[keys[0]].setFocus()
    for key, now in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Left, 3),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Up, 0),
    ):
        QTest.keyClick(QApplication.focusWidget(), key)
        assert QApplication.focusWidget() is page.cards[keys[now]]
    with qtbot.waitSignal(page.example_chosen) as chosen:
        QTest.keyClick(page.cards[keys[3]], Qt.Key.Key_Space)
    assert chosen.args == [keys[3]]


def test_a_recent_file_opens(page: StartPage, qtbot, tmp_path: Path) -> None:
    button = page.findChild(QPushButton, "recent_0")
    assert button.text() == "mine.json"
    with qtbot.waitSignal(page.file_chosen) as chosen:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert chosen.args == [tmp_path / "mine.json"]


def test_closing_ends_the_work(page: StartPage) -> None:
    page.reject()
    assert page._thumbnails._pool.waitForDone(0)


def test_pictures_are_kept_and_their_keeping_is_exact(qtbot, tmp_path: Path, monkeypatch) -> None:
    made: list[str] = []

    def note(project, *rest) -> QImage:
        made.append(project.name)
        return paint(project, *rest)

    monkeypatch.setattr(thumbnails, "paint", note)

    def show(theme) -> QImage:
        shop = thumbnails.Thumbnails(1.0, theme)
        with qtbot.waitSignal(shop.ready) as ready:
            shop.start((DEFAULT,))
        shop.stop()
        return ready.args[1]

    first = show(LIGHT)
    assert pixels(show(LIGHT)).tolist() == pixels(first).tolist()
    assert made == ["Circle"], "the second time it is not made anew"
    show(DARK)
    assert made == ["Circle", "Circle"]


def test_a_picture_shows_what_has_been_learnt(qapp, monkeypatch) -> None:
    monkeypatch.setattr(thumbnails, "BUDGET", 30.0)  # time enough: the epochs end it
    monkeypatch.setattr(thumbnails, "POINTS", 0)
    image = paint(example("circle").project, LIGHT)
    assert (image.width(), image.height()) == SIZE
    middle, corner = image.pixelColor(66, 66), image.pixelColor(10, 66)
    assert middle.red() > middle.green(), "the class inside"
    assert corner.green() > corner.red(), "the class outside"


def test_pictures_of_pictures(qapp, monkeypatch) -> None:
    """A learned picture in its colours; of an autoencoder what goes in beside what should come out."""
    monkeypatch.setattr(thumbnails, "BUDGET", 3.0)
    sea = paint(example("learned-picture").project, LIGHT).pixelColor(20, 120)
    assert sea.blue() > sea.red() + 40
    digits = paint(example("denoising-autoencoder").project, LIGHT)
    shades = [
        [digits.pixelColor(x, y).red() for x in range(left, left + 40) for y in range(48, 84)]
        for left in (24, 68)
    ]
    noisy, clean = (sum(20 < shade < 100 for shade in half) for half in shades)
    assert noisy > clean


def test_an_example_that_cannot_run_still_has_a_picture(qapp) -> None:
    circle = example("circle").project
    assert not paint(edits.remove(circle, {circle.network.output_id}), LIGHT).isNull()


def test_the_tool_bar_opens_it_and_a_choice_shows_that_project(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()
    shell.click("transport_examples")
    page = shell.child("start_page")
    qtbot.waitUntil(page.isVisible)
    QTest.mouseClick(page.cards["digits-cnn"], Qt.MouseButton.LeftButton)
    assert shell.document.value == example("digits-cnn").project
    assert shell.window.windowTitle().startswith(example("digits-cnn").project.name)
