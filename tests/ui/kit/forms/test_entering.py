"""What a form does with what a person types, steps and drags: taken, refused in words, or one gesture."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from engine.data import Circle, Preparation
from engine.fit import Fit
from engine.layers import Conv2d, Linear, MaxPool2d
from engine.optimizers import SGD
from playground.document.document import Document
from playground.document.project import Project
from playground.ui.kit.forms.field import DRAG
from playground.ui.shell.undo import History
from tests.ui.kit.forms.specs import Page, child, toggle, type_into


def wheel(widget: QWidget, notches: int) -> None:
    at = widget.rect().center()
    event = QWheelEvent(
        QPointF(at), QPointF(widget.mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


# ---- typing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e-3", 0.001),
        ("0,01", 0.01),
        (".5", 0.5),
        ("5e−4", 0.0005),
        (" 2 ", 2.0),
        ("1 %", 0.01),
        ("+0.3", 0.3),
    ],
)
def test_numbers_may_be_typed_in_many_ways(page: Page, typed: str, value: float) -> None:
    page.form.set_spec(SGD())
    type_into(page["lr"], typed)
    assert page.emitted == [SGD(lr=value)]
    assert page.keys == [""], "what is typed is an edit of its own"


def test_what_was_typed_is_then_written_like_every_number(page: Page) -> None:
    page.form.set_spec(SGD())
    type_into(page["lr"], "0,00000100")
    assert page["lr"].text() == "1e−6"


def test_a_comma_parts_thousands_in_a_whole_number(page: Page) -> None:
    page.form.set_spec(Fit())
    type_into(page["batch_size"], "1,000")
    assert page.emitted == [Fit(batch_size=1000)]


@pytest.mark.parametrize(
    ("typed", "value"), [("5", 5), ("3x7", (3, 7)), ("3 × 7", (3, 7)), ("(2, 4)", (2, 4)), ("4×4", 4)]
)
def test_pairs_may_be_typed_in_many_ways(page: Page, typed: str, value: Any) -> None:
    page.form.set_spec(Conv2d())
    type_into(page["kernel_size"], typed)
    assert page.emitted == [Conv2d(kernel_size=value)]


def test_a_word_instead_of_a_pair_is_typed_or_taken_from_the_menu(page: Page) -> None:
    page.form.set_spec(Conv2d())
    type_into(page["padding"], "Same")
    assert page.emitted == [Conv2d(padding="same")]
    assert not page["padding"].findChild(QLabel, "unit").isVisible(), "a word has no unit"
    menu = page["padding.words"].menu()
    next(action for action in menu.actions() if action.text() == "full").trigger()
    assert page.emitted[-1] == Conv2d(padding="full")
    type_into(page["padding"], "2")
    assert page["padding"].findChild(QLabel, "unit").isVisible()


def test_leaving_a_field_takes_what_was_typed(page: Page) -> None:
    page.form.set_spec(Linear())
    type_into(page["out_features"], "7", Qt.Key.Key_Tab)
    assert page.emitted == [Linear(out_features=7)]


def test_nothing_is_emitted_while_typing_nor_for_the_same_value(page: Page) -> None:
    page.form.set_spec(SGD(lr=0.01))
    page["lr"].setFocus()
    page["lr"].selectAll()
    QTest.keyClicks(page["lr"], "1e-2")
    assert page.emitted == []
    QTest.keyClick(page["lr"], Qt.Key.Key_Return)
    assert page.emitted == []
    assert page["lr"].text() == "0.01"


def test_commit_takes_what_is_being_typed_even_in_an_inner_form(page: Page) -> None:
    page.form.set_spec(Fit())
    inner = page["optimizer.row"].editor.inner
    child(inner, "lr").setFocus()
    child(inner, "lr").selectAll()
    QTest.keyClicks(child(inner, "lr"), "0.5")
    page.form.commit()
    assert page.emitted == [Fit(optimizer=SGD(lr=0.5))]


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [("0", "is 0"), ("abc", "is 'abc'"), ("2.5", "is 2.5"), ("", "is ''"), ("nan", "is 'nan'")],
)
def test_what_cannot_be_is_refused_beside_the_field(page: Page, typed: str, wrong: str) -> None:
    page.form.set_spec(Linear(out_features=4))
    type_into(page["out_features"], typed or "\b")
    assert page.emitted == []
    assert page.form.spec == Linear(out_features=4), "the last good value stays"
    error = page.error("out_features")
    assert wrong in error  # what is so
    assert "expected a whole number from 1 to 65536" in error  # what was expected
    assert "It stays 4" in error
    assert page["out_features"].text() == typed, "what was typed may still be mended"
    row = page["out_features.row"]
    assert row.rect().contains(page["out_features.error"].geometry())


def test_a_refused_value_is_mended_by_typing_on(page: Page) -> None:
    page.form.set_spec(Linear())
    type_into(page["out_features"], "0")
    type_into(page["out_features"], "3")
    assert page.emitted == [Linear(out_features=3)]
    assert page.error("out_features") == ""
    assert not page["out_features"].property("wrong")


def test_escape_returns_to_the_last_good_value(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4))
    type_into(page["out_features"], "none")
    assert page["out_features"].property("wrong")
    QTest.keyClick(page["out_features"], Qt.Key.Key_Escape)
    assert page["out_features"].text() == "4"
    assert page.error("out_features") == ""
    assert page.emitted == []


def test_a_refused_value_stays_while_other_fields_are_edited(page: Page) -> None:
    page.form.set_spec(Linear())
    type_into(page["out_features"], "0")
    toggle(page["bias"])
    assert page.emitted == [Linear(bias=False)]
    assert page["out_features"].text() == "0"
    assert page.error("out_features")


def test_two_fields_that_do_not_fit_together_are_refused_beside_the_one_edited(page: Page) -> None:
    page.form.set_spec(Preparation(train=0.6, validation=0.2))
    type_into(page["validation"], "0.7")
    assert page.emitted == []
    assert "Lower one of them" in page.error("validation")
    assert page.error("train") == ""


# ---- stepping and dragging ------------------------------------------------------------------------------------------


def test_the_steps_of_one_gesture_share_a_merge_key(page: Page, qtbot) -> None:
    page.form.set_spec(Linear(out_features=4))
    page["out_features"].setFocus()
    for _ in range(3):
        QTest.keyClick(page["out_features"], Qt.Key.Key_Up)
    assert [spec.out_features for spec in page.emitted] == [5, 6, 7]
    assert page.keys[0].startswith("out_features")
    assert len(set(page.keys)) == 1
    page["out_features"]._since.invalidate()  # as a pause does
    QTest.keyClick(page["out_features"], Qt.Key.Key_Down)
    assert page.keys[3] not in ("", page.keys[0])


def test_a_step_starts_from_what_is_being_typed(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4))
    page["out_features"].setFocus()
    page["out_features"].selectAll()
    QTest.keyClicks(page["out_features"], "20")
    QTest.keyClick(page["out_features"], Qt.Key.Key_Up)
    assert page.emitted == [Linear(out_features=21)]


def drag(field: QWidget, pixels: int) -> None:
    """Press in the middle of a field, move sideways in several steps, let go."""
    edit = field.lineEdit()
    start = edit.rect().center()
    QTest.mousePress(edit, Qt.MouseButton.LeftButton, pos=start)
    for part in range(1, 9):
        QTest.mouseMove(edit, start + QPoint(pixels * part // 8, 0))
    QTest.mouseRelease(edit, Qt.MouseButton.LeftButton, pos=start + QPoint(pixels, 0))


def test_dragging_a_number_is_one_entry_of_undo(page: Page, qapp) -> None:
    document = Document(Project(source=Circle(noise=0.1)))
    history = History(document, page)
    page.form.edited.connect(
        lambda spec, key: document.apply(document.value.replace(source=spec), "Noise", key)
    )
    document.subscribe(lambda before, after: page.form.set_spec(after.source))
    page.form.set_spec(document.value.source)

    drag(page["noise"], 10 * DRAG)
    assert document.value.source.noise == pytest.approx(0.2)
    assert len(page.emitted) > 1, "the data follow the mouse"
    assert history.count() == 1
    drag(page["noise"], -5 * DRAG)
    assert document.value.source.noise == pytest.approx(0.15)
    assert history.count() == 2, "the next drag is another entry"

    history.undo()
    history.undo()
    assert document.value.source == Circle(noise=0.1)
    assert page["noise"].text() == "0.1"


def test_a_click_on_a_number_selects_it_for_typing(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4))
    QTest.mouseClick(page["out_features"].lineEdit(), Qt.MouseButton.LeftButton)
    QTest.keyClicks(page["out_features"], "9\r")
    assert page.emitted == [Linear(out_features=9)]


def test_the_wheel_changes_nothing_that_has_not_the_focus(page: Page) -> None:
    page.form.set_spec(Fit())
    for name in ("batch_size", "loss"):
        wheel(page[name], 1)
        assert not page[name].hasFocus()
    assert page.emitted == []
    page["batch_size"].setFocus()
    wheel(page["batch_size"], 1)
    assert page.emitted == [Fit(batch_size=11)]
    page["optimizer"].setFocus()
    wheel(page["optimizer"], -1)
    assert page.emitted[-1].optimizer != Fit().optimizer


def test_a_press_that_also_wakes_the_window_may_drag(page: Page) -> None:
    page.form.set_spec(Circle(noise=0.1))
    # Where a press activates the window, the focus comes with the window and not with the mouse.
    page["noise"].setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    drag(page["noise"], 10 * DRAG)
    assert page.form.spec.noise == pytest.approx(0.2)


def test_the_mouse_selects_text_in_a_field_that_is_being_edited(page: Page) -> None:
    page.form.set_spec(Circle(noise=0.125))
    field = page["noise"]
    QTest.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    drag(field, 40)
    assert page.emitted == []
    assert field.hasFocus()


# ---- a 0 that stands for something else -----------------------------------------------------------------------------


def test_a_stride_of_0_is_written_as_what_it_does_and_may_be_typed_so(page: Page) -> None:
    page.form.set_spec(MaxPool2d(stride=3))
    field = page["stride"]
    assert field.text() == "3"
    type_into(field, "0")
    assert field.text() == "= kernel size"
    assert not field.findChild(QLabel, "unit").isVisible(), "it is no number of pixels"
    type_into(field, "= kernel size")
    assert page.emitted == [MaxPool2d()]
    type_into(field, "Kernel size × 2")
    assert page.emitted[-1] == MaxPool2d(stride=(0, 2))
    assert field.text() == "kernel size×2"
    menu = page["stride.words"].menu()
    menu.actions()[0].trigger()
    assert page.emitted[-1] == MaxPool2d()
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert page.emitted[-1] == MaxPool2d(stride=1)
    assert "Default: = kernel size." in page["stride"].toolTip()
    assert "0 px" in page["padding"].toolTip(), "elsewhere a 0 is a 0"
