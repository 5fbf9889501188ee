"""The form shows every parameter of every registered spec and edits it by keyboard: a new entry is tested by existing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.errors import SpecError
from engine.spec import Flags, Spec
from playground.lessons.locks import allowed
from playground.ui.kit import style
from playground.ui.kit.forms import SpecForm, in_words, label_of
from playground.ui.kit.theme import LIGHT
from tests.engine.catalogue import others
from tests.ui.kit.forms.specs import SPECS, child, enter, name_of, seek

pytestmark = pytest.mark.slow

WITH_FORM = [cls for cls in SPECS if any(p.entered for p in cls.params())]


@pytest.fixture
def form(qtbot) -> SpecForm:
    form = SpecForm(LIGHT)
    qtbot.addWidget(form)
    form.resize(300, 500)
    with qtbot.waitExposed(form):
        form.show()
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    return form


def unfold(form: SpecForm) -> None:
    more = child(form, "more")
    if not more.isHidden() and not more.isChecked():
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("cls", WITH_FORM, ids=name_of)
def test_what_a_lesson_has_locked_and_opened_again_answers_as_before(form: SpecForm, cls: type[Spec]) -> None:
    form.set_spec(cls())
    unfold(form)
    fields = [one for one in form.findChildren(QWidget) if one.isVisible()]
    before = [one.isEnabled() for one in fields]
    for opened in ("play", *(f"here.{p.name}" for p in cls.params() if p.entered)):
        form.set_locks(allowed(opened), "here")
        for param in cls.params():
            if param.entered:
                is_open = opened == f"here.{param.name}"
                assert child(form, f"{param.name}.row").isEnabled() == is_open
    form.set_spec(WITH_FORM[cls is WITH_FORM[0]]())
    form.set_locks(None, "here")
    form.set_spec(cls())
    unfold(form)
    fields = [one for one in form.findChildren(QWidget) if one.isVisible()]
    assert [one.isEnabled() for one in fields] == before


@pytest.mark.parametrize("cls", WITH_FORM, ids=name_of)
def test_every_parameter_is_shown(form: SpecForm, cls: type[Spec]) -> None:
    form.set_spec(cls())
    unfold(form)
    for param, value in cls().values():
        if not param.entered:
            assert seek(form, param.name) is None
            continue
        label = child(form, f"{param.name}.label")
        assert label.isVisible()
        assert label.text() == label_of(param)
        tip = unescape(label.toolTip())
        assert param.help in tip
        assert param.kind.expects[1:] in tip
        assert f"Default: {in_words(param, param.default)}" in tip
        first = f"{param.name}.{param.kind.options[0]}" if isinstance(param.kind, Flags) else param.name
        control = child(form, first)
        assert control.isVisible()
        assert control.toolTip()
        assert control.accessibleName()
        assert seek(form, f"{param.name}.error") is None
        assert child(form, f"{param.name}.reset").isVisible() == (value != param.default)
        if param.unit:
            unit = child(form, "unit") if len(cls.params()) == 1 else control.findChild(object, "unit")
            assert unit.text() == param.unit
            stands_for = getattr(param.kind, "zero", "") if value == 0 else ""
            assert unit.isVisible() == (not stands_for), "a unit stands behind numbers"


def cases() -> Iterator[Any]:
    """Every spec with one parameter changed, where that is legal."""
    for cls in WITH_FORM:
        for param in (p for p in cls.params() if p.entered):
            for value in others(param.kind, param.default):
                with suppress(SpecError):  # two fields that do not fit together are tried in test_form.py
                    after = cls().replace(**{param.name: value})
                    if after != cls():
                        words = in_words(param, getattr(after, param.name))
                        yield pytest.param(cls, param.name, after, id=f"{cls.__name__}-{param.name}-{words}")


@pytest.mark.parametrize(("cls", "name", "after"), list(cases()))
def test_every_parameter_is_edited_by_keyboard_and_reset(
    form: SpecForm, cls: type[Spec], name: str, after: Spec
) -> None:
    before = cls()
    edits: list[Spec] = []
    form.edited.connect(lambda spec, merge: edits.append(spec))
    form.set_spec(before)
    unfold(form)

    enter(form, name, getattr(after, name))
    assert edits[-1] == after
    assert form.spec == after
    assert before == cls(), "the spec that was given must not change"

    reset = child(form, f"{name}.reset")
    assert reset.isVisible()
    QTest.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert edits[-1] == before
    assert reset.isHidden()


@pytest.mark.parametrize("cls", WITH_FORM, ids=name_of)
def test_no_row_is_wider_than_a_narrow_panel(form: SpecForm, cls: type[Spec]) -> None:
    form.setStyleSheet(style.sheet(LIGHT, QApplication.font().pointSizeF()))
    form.set_spec(cls())
    unfold(form)
    assert form.minimumSizeHint().width() <= 240 - 2 * style.MARGIN - style.SCROLL_BAR
