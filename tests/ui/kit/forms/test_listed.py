"""Several specs one after another: added, set, moved and removed, each an edit of its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.augmentation import Cutout, Flip, Rotate, Shift, augmentations
from engine.fit import Fit
from playground.ui.kit import style
from playground.ui.kit.forms.listed import Card
from playground.ui.kit.theme import DARK, LIGHT
from tests.ui.kit.forms.specs import Page, child, choose, pick, type_into

THREE = Fit(augmentation=(Flip(), Rotate(), Flip(direction="vertical")))


@pytest.fixture
def listed(page: Page) -> Page:
    page.resize(320, 900)
    page.form.set_spec(THREE)
    return page


def cards(page: Page) -> list[Card]:
    return page["augmentation.row"].editor.cards


def last(page: Page) -> tuple[object, ...]:
    return page.emitted[-1].augmentation


def press(page: Page, name: str) -> None:
    """A button, by keyboard."""
    page[name].setFocus()
    QTest.keyClick(page[name], Qt.Key.Key_Space)


def test_entries_are_added_at_the_end_the_same_one_twice_too(qtbot, page: Page) -> None:
    page.form.set_spec(Fit())
    assert not page["augmentation.row"].editor.below.isVisible()
    for label in ("Rotate", "Flip", "Rotate"):
        choose(page["augmentation"], label)
    assert last(page) == (Rotate(), Flip(), Rotate())
    assert [card.key for card in cards(page)] == ["rotate", "flip", "rotate"]
    qtbot.waitUntil(lambda: all(card.isVisible() for card in cards(page)))


def test_the_fields_of_each_are_its_own(listed: Page) -> None:
    pick(child(cards(listed)[0].form, "direction"), "vertical")
    type_into(child(cards(listed)[1].form, "degrees"), "90")
    assert last(listed) == (Flip(direction="vertical"), Rotate(degrees=90.0), Flip(direction="vertical"))


def test_a_value_that_cannot_be_is_refused_beside_its_field(listed: Page) -> None:
    type_into(child(cards(listed)[1].form, "degrees"), "999")
    assert listed.emitted == []
    assert "from 0 to 180" in child(cards(listed)[1].form, "degrees.error").text()


def test_steps_of_one_gesture_share_a_key_and_other_fields_have_others(listed: Page) -> None:
    for place, name in ((0, "probability"), (0, "probability"), (2, "probability")):
        field = child(cards(listed)[place].form, name)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Down)
    assert listed.keys[0]
    assert listed.keys[0] == listed.keys[1] != listed.keys[2]


def test_order_is_changed_by_keyboard_and_the_focus_goes_along(listed: Page) -> None:
    press(listed, "augmentation.0.down")
    assert last(listed) == (Rotate(), Flip(), Flip(direction="vertical"))
    assert listed["augmentation.1.down"].hasFocus()
    press(listed, "augmentation.1.down")
    assert last(listed) == (Rotate(), Flip(direction="vertical"), Flip())
    assert listed["augmentation.2.up"].hasFocus(), "the last one cannot go further down"
    press(listed, "augmentation.2.up")
    assert last(listed) == (Rotate(), Flip(), Flip(direction="vertical"))
    ends = [(card.buttons["up"].isEnabled(), card.buttons["down"].isEnabled()) for card in cards(listed)]
    assert ends == [(False, True), (True, True), (True, False)]


def test_the_one_that_is_meant_is_removed(listed: Page) -> None:
    press(listed, "augmentation.0.remove")
    assert last(listed) == THREE.augmentation[1:]
    press(listed, "augmentation.1.remove")
    press(listed, "augmentation.0.remove")
    assert last(listed) == ()
    assert cards(listed) == []
    assert listed["augmentation"].hasFocus()
    assert not listed["augmentation.row"].editor.below.isVisible()


def test_a_change_from_outside_is_shown_and_not_emitted(listed: Page) -> None:
    listed.form.set_spec(Fit(augmentation=(Flip(probability=0.9), Shift(), Cutout(size=0.5), Rotate())))
    assert [card.key for card in cards(listed)] == ["flip", "shift", "cutout", "rotate"]
    assert child(cards(listed)[0].form, "probability").text() == "0.9"
    assert child(cards(listed)[2].form, "size").text() == "0.5"
    assert listed.emitted == []


def test_a_change_from_outside_leaves_typing_alone(listed: Page) -> None:
    field = child(cards(listed)[1].form, "degrees")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "7")
    listed.form.set_spec(THREE.replace(batch_size=3))
    assert field.hasFocus()
    assert field.text() == "7"


def test_entries_that_do_not_suit_cannot_be_added_and_say_why(page: Page) -> None:
    page.form.set_unsuited("augmentation", {"flip": "There is no left and right."})
    page.form.set_spec(Fit())
    actions = {a.text(): a for a in page["augmentation"].menu().actions()}
    assert not actions["Flip"].isEnabled()
    assert actions["Flip"].toolTip() == "There is no left and right."
    assert actions["Shift"].isEnabled()
    page.form.set_unsuited("augmentation", {})
    assert actions["Flip"].isEnabled()
    assert actions["Flip"].toolTip() == Flip.help()


def test_tab_goes_through_it_from_top_to_bottom(listed: Page) -> None:
    stops = [stop for stop in listed.form.stops() if stop.isVisible() and stop.isEnabled()]
    first = stops.index(listed["augmentation"])
    for before, after in pairwise(stops[first : first + 8]):
        before.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is after


def test_every_button_says_what_it_does(listed: Page) -> None:
    for card in cards(listed):
        for button in card.buttons.values():
            assert button.toolTip()
            assert type(THREE.augmentation[cards(listed).index(card)]).label in button.accessibleName()


def test_no_card_is_wider_than_a_narrow_panel(page: Page) -> None:
    page.form.setStyleSheet(style.sheet(LIGHT, QApplication.font().pointSizeF()))
    page.form.set_spec(Fit(augmentation=tuple(cls() for cls in augmentations)))
    assert page.form.minimumSizeHint().width() <= 240 - 2 * style.MARGIN - style.SCROLL_BAR


def test_the_theme_reaches_the_cards(listed: Page) -> None:
    def signs() -> list[QImage]:
        return [card.buttons["up"].icon().pixmap(16).toImage() for card in cards(listed)]

    light = signs()
    listed.theme.become(DARK)
    assert all(dark != before for dark, before in zip(signs(), light, strict=True))
