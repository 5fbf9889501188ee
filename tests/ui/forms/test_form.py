"""What a form does with what a person types, steps, drags and chooses, and with what changes behind its back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.data import Circle, Preparation
from engine.fit import Fit
from engine.layers import Conv2d, Dropout, Linear
from engine.optimizers import SGD, Adam
from engine.regularizers import L2
from engine.spec import Float, Int, Kind, Spec, param
from playground.document.document import Document
from playground.document.project import Project
from playground.ui.forms import Editor, SpecForm, edits, label_of, tip_of
from playground.ui.forms import editor as editor_module
from playground.ui.forms.field import DRAG
from playground.ui.theme import DARK, LIGHT
from playground.ui.undo import History
from tests.ui.forms.specs import child, pick, toggle, type_into


class Page(QWidget):
    """A form, what it has emitted, and something else that can take the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.form, self.elsewhere = SpecForm(LIGHT), QLineEdit()
        self.emitted: list[Spec] = []
        self.keys: list[str] = []
        self.form.edited.connect(self._take)
        layout = QVBoxLayout(self)
        layout.addWidget(self.form)
        layout.addWidget(self.elsewhere)

    def _take(self, spec: Spec, key: str) -> None:
        self.emitted.append(spec)
        self.keys.append(key)

    def __getitem__(self, name: str) -> Any:
        return child(self.form, name)

    def error(self, name: str) -> str:
        label = self[f"{name}.error"]
        return label.text() if label.isVisible() else ""


@pytest.fixture
def page(qtbot) -> Page:
    page = Page()
    qtbot.addWidget(page)
    page.resize(320, 500)
    with qtbot.waitExposed(page):
        page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.elsewhere.setFocus()
    return page


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


# ---- changes from outside -------------------------------------------------------------------------------------------


def test_a_change_from_outside_is_shown_and_not_emitted(page: Page) -> None:
    page.form.set_spec(Fit())
    page.form.set_spec(Fit(batch_size=64, optimizer=Adam(lr=0.2), regularizer=L2(strength=0.5)))
    assert page["batch_size"].text() == "64"
    assert page["optimizer"].currentText() == "Adam"
    assert child(page["optimizer.row"].editor.inner, "lr").text() == "0.2"
    assert child(page["regularizer.row"].editor.inner, "strength").text() == "0.5"
    assert page.emitted == []
    assert page["batch_size.reset"].isVisible()


def test_a_change_from_outside_leaves_focus_caret_and_typing_alone(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4))
    field = page["out_features"]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "123")
    QTest.keyClick(field, Qt.Key.Key_Left)
    page.form.set_spec(Linear(out_features=4, bias=False))
    assert not page["bias"].isChecked()
    assert field.hasFocus()
    assert field.text() == "123"
    assert field.lineEdit().cursorPosition() == 2


def test_undo_replaces_what_is_being_typed_over_the_value_it_changes(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4))
    type_into(page["out_features"], "0")
    page.form.set_spec(Linear(out_features=5))
    assert page["out_features"].text() == "5"
    assert page.error("out_features") == ""
    assert page["out_features"].hasFocus()


def test_another_subject_drops_what_was_refused(page: Page) -> None:
    page.form.set_spec(Linear(out_features=4, initializer=None), "first")
    type_into(page["out_features"], "0")
    page.form.set_spec(Linear(out_features=4), "second")
    assert page["out_features"].text() == "4"
    assert page.error("out_features") == ""


def test_another_subject_drops_what_was_refused_in_an_inner_form(page: Page) -> None:
    page.form.set_spec(Fit(), "first")
    inner = page["optimizer.row"].editor.inner
    type_into(child(inner, "lr"), "-1")
    assert child(inner, "lr.error").isVisible()
    page.form.set_spec(Fit(), "second")
    assert child(inner, "lr").text() == "0.03"
    assert not child(inner, "lr.error").isVisible()


def test_a_form_takes_specs_of_another_class(page: Page) -> None:
    page.form.set_spec(Linear())
    page.form.set_spec(Dropout(p=0.25))
    assert page["p"].text() == "0.25"
    with pytest.raises(AssertionError, match="has no out_features"):
        page["out_features"]


# ---- nested specs ---------------------------------------------------------------------------------------------------


def test_a_nested_spec_brings_its_own_fields_indented(page: Page) -> None:
    page.form.set_spec(Linear())
    editor = page["initializer.row"].editor
    assert page["initializer"].currentText() == "as in Training"
    assert not editor.below.isVisible()
    pick(page["initializer"], "Normal")
    assert page.emitted[-1].initializer.key == "normal"
    std = child(editor.inner, "std")
    assert std.isVisible()
    label, outer = child(editor.inner, "std.label"), page["initializer.label"]
    assert label.mapTo(page, QPoint()).x() > outer.mapTo(page, QPoint()).x()
    type_into(std, "0.3")
    assert page.emitted[-1].initializer.std == 0.3
    pick(page["initializer"], "as in Training")
    assert page.emitted[-1] == Linear()
    assert not editor.below.isVisible()


def test_stepping_inside_a_nested_spec_is_one_gesture_of_the_outer_form(page: Page) -> None:
    page.form.set_spec(Fit())
    inner = page["optimizer.row"].editor.inner
    child(inner, "lr").setFocus()
    QTest.keyClick(child(inner, "lr"), Qt.Key.Key_Up)
    QTest.keyClick(child(inner, "lr"), Qt.Key.Key_Up)
    assert [spec.optimizer.lr for spec in page.emitted] == [0.05, 0.1]
    assert len(set(page.keys)) == 1
    assert page.keys[0].startswith("optimizer.lr~")


def test_entries_that_do_not_suit_cannot_be_chosen_and_say_why(page: Page) -> None:
    page.form.set_spec(Fit())
    page.form.set_unsuited("loss", {"CrossEntropyLoss": "These data have no classes."})
    combo = page["loss"]
    at = combo.findText("Cross-entropy")
    assert not combo.model().item(at).isEnabled()
    assert combo.itemData(at, Qt.ItemDataRole.ToolTipRole) == "<p>These data have no classes.</p>"
    combo.setFocus()
    for _ in range(combo.count()):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert all(spec.loss.key != "CrossEntropyLoss" for spec in page.emitted)
    page.form.set_unsuited("loss", {})
    assert combo.model().item(at).isEnabled()
    assert "probabilities" in combo.itemData(at, Qt.ItemDataRole.ToolTipRole)


# ---- what the owner adds --------------------------------------------------------------------------------------------


def test_rows_can_be_left_out_and_annotated(page: Page) -> None:
    page.form.set_spec(Preparation())
    page.form.set_hidden({"target", "extra_features"})
    page.form.set_note("normalize", "Measured on the training part.")
    assert not page["target"].isVisible()
    assert not page["extra_features.x1²"].isVisible()
    assert page["normalize.note"].isVisible()
    page.form.set_hidden(())
    page.form.set_note("normalize", "")
    assert page["target"].isVisible()
    assert not page["normalize.note"].isVisible()


@dataclass(frozen=True)
class Folded(Spec):
    """Has something that is seldom needed."""

    often: int = param(Int(), default=1, help="Often.")
    seldom: float = param(Float(), default=1.0, help="Seldom.", advanced=True)


def test_what_is_seldom_needed_is_folded_away_until_it_differs(page: Page) -> None:
    page.form.set_spec(Folded())
    assert page["often"].isVisible()
    assert not page["seldom"].isVisible()
    QTest.mouseClick(page["more"], Qt.MouseButton.LeftButton)
    assert page["seldom"].isVisible()
    QTest.mouseClick(page["more"], Qt.MouseButton.LeftButton)
    assert not page["seldom"].isVisible()
    page.form.set_spec(Folded(seldom=2.0), "another")
    assert page["seldom"].isVisible(), "what differs from the default is not hidden"


def test_an_owner_may_say_what_is_wrong(page: Page) -> None:
    page.form.set_spec(Fit())
    page.form.show_error("loss", "Not for these data.")
    assert page.error("loss") == "Not for these data."
    page.form.set_spec(Fit(batch_size=3))
    assert page.error("loss") == "Not for these data."
    page.form.show_error("loss", "")
    assert page.error("loss") == ""


def test_the_theme_changes_and_nothing_else(page: Page) -> None:
    page.form.set_spec(Fit(batch_size=3))
    type_into(page["epochs"], "0")
    page.form.set_theme(DARK)
    assert page["epochs"].text() == "0"
    assert page.error("epochs")
    assert page.emitted == []


# ---- a kind that is not there yet -----------------------------------------------------------------------------------


class Shout(Kind):
    """Capital letters."""

    def check(self, value: Any) -> str:
        return str(value).upper()

    @property
    def expects(self) -> str:
        return "capital letters"


@dataclass(frozen=True)
class Crier(Spec):
    """Cries."""

    words: str = param(Shout(), default="HO", help="What is cried.", unit="dB")


def test_a_new_kind_needs_one_editor_and_nothing_else(page: Page, monkeypatch) -> None:
    monkeypatch.setattr(editor_module, "_editors", dict(editor_module._editors))
    with pytest.raises(LookupError, match="No form shows a Shout"):
        page.form.set_spec(Crier())

    @edits(Shout)
    class ShoutEditor(Editor):
        def __init__(self, param, theme) -> None:
            super().__init__(param, theme)
            self.edit = QLineEdit()
            self.edit.editingFinished.connect(lambda: self.entered.emit(self.edit.text(), ""))
            self._take(self.edit)

        def show_value(self, value: str) -> None:
            self.edit.setText(value)

    form = SpecForm(LIGHT, page)
    form.set_spec(Crier())
    form.show()
    heard: list[Spec] = []
    form.edited.connect(lambda spec, key: heard.append(spec))
    type_into(child(form, "words"), "hey")
    assert heard == [Crier("HEY")]
    assert child(form, "words").text() == "HEY"


@pytest.mark.parametrize(
    ("name", "label"),
    [("out_features", "Units"), ("bias", "Bias")],
)
def test_labels_are_words(name: str, label: str) -> None:
    assert label_of(next(p for p in Linear.params() if p.name == name)) == label


def test_symbols_stay_as_they_are() -> None:
    assert [label_of(p) for p in Adam.params()[1:3]] == ["β₁", "β₂"]
    assert label_of(Dropout.params()[0]) == "p"


def test_tips_say_help_range_and_default() -> None:
    tip = tip_of(Linear.params()[0])
    assert "How many units" in tip
    assert "A whole number from 1 to 65536." in tip
    assert "Default: 4 units." in tip


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


@pytest.mark.parametrize(
    "first", [Fit(), Fit(optimizer=Adam(), regularizer=L2(), batch_size=3)], ids=["plain", "changed"]
)
def test_tab_goes_through_the_form_as_it_stands(page: Page, first: Fit) -> None:
    page.form.set_spec(first)
    QTest.mouseClick(page["more"], Qt.MouseButton.LeftButton)
    page.form.set_spec(
        Fit(optimizer=Adam(eps=1e-7), regularizer=L2(), early_stopping=5)
    )  # inner forms are made late
    page["loss"].setFocus()
    places = []
    while (stop := QApplication.focusWidget()) is not page.elsewhere:
        at = stop.mapTo(page, stop.rect().center())
        places.append((at.y(), stop.objectName()))
        QTest.keyClick(stop, Qt.Key.Key_Tab)
        if len(places) > 50: raise RuntimeError(repr([n for _,n in places]))
    names = [name for _, name in places]
    assert names[:4] == ["loss", "optimizer", "optimizer.reset", "lr"]
    assert {"strength", "early_stopping", "early_stopping.reset", "eps", "max_norm"} <= set(names)
    for (above, name), (below, after) in zip(places, places[1:], strict=False):
        assert below > above - 8, f"Tab goes up from {name} to {after}"
