"""The editor for several specs one after another: a card for each, to be set, moved and removed, and a menu to add more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.spec import NestedList, Param, Spec
from playground.ui.kit.forms.editor import Editor, edits
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, escaped, tip
from playground.ui.kit.theme import Theme

if TYPE_CHECKING:
    from playground.ui.kit.forms.form import SpecForm

#: the buttons of a card: name, icon, what it does to the spec that is called {}
BUTTONS = (
    ("up", "chevron-up", "Put {} earlier"),
    ("down", "chevron-down", "Put {} later"),
    ("remove", "close", "Remove {}"),
)


class Card(QFrame):
    """One spec of the list: its name, its buttons, its fields."""

    edited = Signal(object, str)
    pressed = Signal(str)  #: the name of a button

    def __init__(self, spec: Spec, name: str, theme: Theme) -> None:
        from playground.ui.kit.forms.form import SpecForm  # a form holds editors, and this editor forms

        super().__init__()
        self.setProperty("card", True)
        self.setObjectName(name)
        self.key, label = spec.key, type(spec).label
        title = Label(label)
        title.setToolTip(f"<p>{escaped(spec.help())}</p>")
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(title, stretch=1)
        self.buttons: dict[str, QToolButton] = {}
        for which, _, words in BUTTONS:
            button = self.buttons[which] = QToolButton()
            button.setObjectName(f"{name}.{which}")
            button.setProperty("flat", True)
            button.setIconSize(QSize(13, 13))
            button.setFixedSize(20, 20)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(f"{words.format(label)}.")
            button.setAccessibleName(words.format(label))
            button.clicked.connect(partial(self.pressed.emit, which))
            top.addWidget(button)
        self.form: SpecForm = SpecForm(theme)
        self.form.edited.connect(self.edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 5, 4, 6)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.form)
        self.form.setVisible(bool(spec.params()))
        for which, picture, _ in BUTTONS:
            self.buttons[which].setIcon(icon(picture, theme, "muted"))

    def stops(self) -> list[QWidget]:
        return [*self.buttons.values(), *self.form.stops()]


@edits(NestedList)
class ListEditor(Editor):
    """A menu of the registry's entries; what was chosen stands below, in order."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        kind: NestedList = param.kind  # type: ignore[assignment]
        self._value: tuple[Spec, ...] = ()
        self.cards: list[Card] = []
        self.button = QPushButton("Add")
        self.button.setProperty("menu", True)
        self.menu = QMenu(self.button)
        self.menu.setToolTipsVisible(True)
        self.actions_: dict[str, QAction] = {}
        for cls in kind.registry:
            action = self.actions_[cls.key] = self.menu.addAction(cls.label)
            action.setToolTip(cls.help())
            action.triggered.connect(partial(self._add, cls))
        self.button.setMenu(self.menu)
        self._take(self.button)
        self.below = QWidget()
        self._column = QVBoxLayout(self.below)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.below.hide()

    # --- edits --------------------------------------------------------------------------------------------------------

    def _add(self, cls: Callable[[], Spec], _checked: bool = False) -> None:
        self.entered.emit((*self._value, cls()), "")

    def _pressed(self, card: Card, which: str) -> None:
        at = self.cards.index(card)
        if which == "remove":
            self.entered.emit(self._value[:at] + self._value[at + 1 :], "")
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        to = at - 1 if which == "up" else at + 1
        changed = list(self._value)
        changed.insert(to, changed.pop(at))
        self.entered.emit(tuple(changed), "")
        if to < len(self.cards):
            there = self.cards[to].buttons
            other = "down" if which == "up" else "up"  # at an end the pressed one is disabled
            there[which if there[which].isEnabled() else other].setFocus(Qt.FocusReason.OtherFocusReason)

    def _edited(self, card: Card, spec: Spec, merge: str) -> None:
        at = self.cards.index(card)
        changed = (*self._value[:at], spec, *self._value[at + 1 :])
        self.entered.emit(changed, merge and f".{at}.{merge}")

    # --- value --------------------------------------------------------------------------------------------------------

    def show_value(self, value: Any) -> None:
        self._show(value)

    def restart(self, value: Any) -> None:
        self._show(value, object())

    def _show(self, value: tuple[Spec, ...], subject: object = None) -> None:
        self._value = value
        for at, spec in enumerate(value):
            if at == len(self.cards) or self.cards[at].key != spec.key:
                self._drop(at)
                self._make(at, spec)
            self.cards[at].form.set_spec(spec, subject)
        self._drop(len(value))
        for at, card in enumerate(self.cards):
            card.buttons["up"].setEnabled(at > 0)
            card.buttons["down"].setEnabled(at < len(value) - 1)
        if self.below is not None:
            self.below.setVisible(bool(value))

    def _make(self, at: int, spec: Spec) -> None:
        card = Card(spec, f"{self.param.name}.{at}", self.theme)
        card.edited.connect(partial(self._edited, card))
        card.pressed.connect(partial(self._pressed, card))
        self.cards.append(card)
        self._column.addWidget(card)

    def _drop(self, start: int) -> None:
        """Take the cards from ``start`` on away."""
        for card in self.cards[start:]:
            card.blockSignals(True)  # as it loses the focus it would tell what was typed
            self._column.removeWidget(card)
            card.setParent(None)  # gone at once, for whoever looks for a field by its name
            card.deleteLater()
        del self.cards[start:]

    def inner_stops(self) -> list[QWidget]:
        return [stop for card in self.cards for stop in card.stops()]

    def commit(self) -> None:
        for card in tuple(self.cards):
            card.form.commit()

    def annotate(self, unsuited: Mapping[str, str]) -> None:
        for cls in self.param.kind.registry:  # type: ignore[attr-defined]
            reason = unsuited.get(cls.key, "")
            self.actions_[cls.key].setEnabled(not reason)
            self.actions_[cls.key].setToolTip(tip(reason or cls.help()))
