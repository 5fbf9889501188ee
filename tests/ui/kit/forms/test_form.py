"""What a form does with changes behind its back, with specs inside specs, and with what its owner says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from engine.data import Preparation
from engine.fit import Fit
from engine.layers import Conv2d, Dropout, Linear
from engine.optimizers import SGD, Adam
from engine.regularizers import L2
from engine.spec import Float, Int, Kind, Spec, param
from playground.ui.kit.forms import Editor, SpecForm, edits, label_of, tip_of
from playground.ui.kit.forms import editor as editor_module
from playground.ui.kit.theme import LIGHT
from tests.ui.kit.forms.specs import Page, child, keys, pick, seek, type_into

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


def test_a_form_takes_specs_of_another_class(page: Page, qtbot) -> None:
    page.form.set_spec(Linear())
    page.form.set_spec(Dropout(p=0.25))
    assert page["p"].text() == "0.25"
    assert not page["out_features"].isVisible()
    qtbot.waitUntil(lambda: seek(page.form, "out_features") is None)


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
        assert len(places) < 60, f"Tab goes round in circles: {places}"
    names = [name for _, name in places]
    assert names[:4] == ["loss", "optimizer", "optimizer.reset", "lr"]
    assert {"strength", "early_stopping", "early_stopping.reset", "eps", "max_norm"} <= set(names)
    for (above, name), (below, after) in pairwise(places):
        assert below > above - 8, f"Tab goes up from {name} to {after}"


# ---- bit by bit -----------------------------------------------------------------------------------------------------


def test_a_form_filled_bit_by_bit_shows_the_old_one_until_the_new_one_is_whole(page: Page) -> None:
    page.form.set_spec(Dropout())
    before = page["p"]
    steps = page.form.setting(Linear(out_features=4))
    for _ in range(2):
        next(steps)
        assert isinstance(page.form.spec, Dropout)
        assert before.isVisible()
    for _ in steps:
        pass
    assert page["out_features"].text() == "4"
    assert not before.isVisible()


def forget_old_rows() -> None:
    """Have those that were replaced deleted now: they bear the names of those that stand in their place."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_form_that_went_while_it_was_filled_is_given_up_without_a_word(qtbot) -> None:
    form = SpecForm(LIGHT)
    steps = form.setting(Linear(out_features=4))
    next(steps)
    shiboken6.delete(form)  # as its window does
    steps.close()


@pytest.mark.parametrize("done", range(1, 12))
def test_a_form_that_was_given_up_half_way_shows_whatever_comes_next(page: Page, done: int) -> None:
    first, second = Fit(), Fit(batch_size=64, optimizer=Adam(lr=0.2), regularizer=L2(strength=0.5))
    page.form.set_spec(first)
    steps = page.form.setting(second)
    for _ in range(done):
        next(steps, None)
    steps.close()
    page.form.set_spec(first)
    forget_old_rows()
    assert page["batch_size"].text() == str(first.batch_size)
    assert page["optimizer"].currentText() == first.optimizer.label
    assert child(page["optimizer.row"].editor.inner, "lr").text() == str(first.optimizer.lr)
    page.form.set_spec(second)
    forget_old_rows()
    assert page["optimizer"].currentText() == "Adam"
    assert child(page["optimizer.row"].editor.inner, "lr").text() == "0.2"
    assert page["regularizer"].currentText() == second.regularizer.label


def test_what_is_hidden_is_filled_when_it_appears(page: Page) -> None:
    page.form.set_hidden({"optimizer"})
    page.form.set_spec(Fit(optimizer=Adam(lr=0.2)))
    assert page["optimizer.row"].editor.inner is None
    page.form.set_hidden(())
    assert page["optimizer"].currentText() == "Adam"
    assert child(page["optimizer.row"].editor.inner, "lr").text() == "0.2"


def test_rows_that_were_replaced_are_not_heard(page: Page) -> None:
    page.form.set_spec(Conv2d())
    field = page["out_channels"]
    field.setFocus()
    keys(field, "7")
    page.form.set_spec(SGD())
    assert page.emitted == []
    field.entered.emit(5, "")
    assert page.emitted == []


def test_what_is_attached_goes_with_a_form_that_never_got_a_spec(qapp: QApplication) -> None:
    form, below = SpecForm(LIGHT), QLineEdit()
    form.attach("batch_size", below)
    assert below.window() is form
    form.set_spec(Fit())
    form.show()
    assert below.isVisible()
    empty, other = SpecForm(LIGHT), QLineEdit()
    empty.attach("batch_size", other)
    for one in (form, empty):
        one.close()
        one.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(other)
