"""Every spec there is, for tests that visit all of them, and how a person enters a value into a form."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine.augmentation import augmentations
from engine.clipping import clippings
from engine.data import Preparation, sources
from engine.fit import Fit
from engine.initializers import initializers
from engine.layers import registry as layers
from engine.losses import losses
from engine.optimizers import optimizers
from engine.registry import Registry
from engine.regularizers import regularizers
from engine.schedules import schedules
from engine.spec import Bool, Choice, Flags, FloatList, Nested, NestedList, Spec
from playground.ui.kit.forms import SpecForm
from playground.ui.kit.theme import LIGHT, LiveTheme

REGISTRIES: tuple[Registry[Any], ...] = (
    layers,
    losses,
    optimizers,
    schedules,
    clippings,
    augmentations,
    initializers,
    regularizers,
    sources,
)
SPECS: list[type[Spec]] = [Fit, Preparation, *(cls for registry in REGISTRIES for cls in registry)]


def name_of(cls: type[Spec]) -> str:
    return cls.__name__


def seek(form: QWidget, name: str) -> Any:
    """The widget of this objectName that belongs to ``form`` itself, not to a form inside it; None where there is none."""
    for found in reversed(
        form.findChildren(QWidget, name)
    ):  # earlier rows go when the event loop comes to it
        parent = found.parentWidget()
        while not isinstance(parent, SpecForm):
            parent = parent.parentWidget()
        if parent is form:
            return found
    return None


def child(form: QWidget, name: str) -> Any:
    """As ``seek``, where there must be one."""
    found = seek(form, name)
    assert found is not None, f"{form} has no {name}"
    return found


def keys(field: QWidget, text: str) -> None:
    """Type ``text``; QTest knows the keys of ASCII only, and a real minus sign comes from a keyboard all the same."""
    for letter in text:
        if letter.isascii():
            QTest.keyClick(field, letter)
        else:
            QApplication.sendEvent(
                field,
                QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter),
            )


def type_into(field: QWidget, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    """Replace what stands in a field, by keystrokes."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    keys(field, text)
    QTest.keyClick(field, key)


def pick(combo: QComboBox, text: str) -> None:
    """Choose an entry with the arrow keys."""
    combo.setFocus()
    at = combo.findText(text)
    assert at >= 0, f"{text!r} is not among {[combo.itemText(i) for i in range(combo.count())]}"
    for _ in range(combo.count()):
        if combo.currentIndex() == at:
            return
        QTest.keyClick(combo, Qt.Key.Key_Down if combo.currentIndex() < at else Qt.Key.Key_Up)
    raise AssertionError(f"the arrow keys do not reach {text!r}")


def choose(button: QPushButton, text: str) -> None:
    """Choose an entry of a button's menu; the offscreen platform cannot open one for real."""
    action = next(action for action in button.menu().actions() if action.text() == text)
    assert action.isEnabled(), f"{text!r} cannot be chosen"
    action.trigger()


def toggle(box: QCheckBox) -> None:
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)


def enter(form: SpecForm, name: str, value: Any) -> None:
    """Give the parameter ``name`` of ``form`` a value as a person would, with the keyboard alone."""
    param = next(p for p in type(form.spec).params() if p.name == name)
    match param.kind:
        case Bool():
            toggle(child(form, name))
        case Choice():
            pick(child(form, name), value)
        case Flags(options=options):
            for option in options:
                if (option in value) != child(form, f"{name}.{option}").isChecked():
                    toggle(child(form, f"{name}.{option}"))
        case FloatList():
            type_into(child(form, name), ", ".join(map(str, value)))
        case Nested(none_label=nothing):
            pick(child(form, name), nothing if value is None else value.label)
        case NestedList():
            for spec in value:
                choose(child(form, name), spec.label)
        case _:
            type_into(
                child(form, name), "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
            )


class Page(QWidget):
    """A form, what it has emitted, and something else that can take the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.theme = LiveTheme(LIGHT)
        self.form, self.elsewhere = SpecForm(self.theme), QLineEdit()
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
        label = seek(self.form, f"{name}.error")
        return label.text() if label is not None and label.isVisible() else ""
