"""One parameter in a form: its name, its editor, the way back to its default, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from engine.spec import Nested, NestedList, Param, Spec
from playground.ui.kit.forms.editor import editor_for, in_words
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, escaped
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import at_once

if TYPE_CHECKING:
    from playground.lessons.locks import Allowed

#: letters of a label that always stay on one line
LONG = 13

_UNSET = object()


def label_of(param: Param) -> str:
    """The parameter's name for people: "out_features" → "Out features"; symbols such as λ stay as they are."""
    text = param.called
    return text[0].upper() + text[1:] if len(text) > 2 and text[0].isascii() else text


def with_unit(param: Param, value: Any) -> str:
    """A value in words, with its unit where it is a number."""
    words = in_words(param, value)
    return f"{words} {param.unit}" if param.unit and words[-1].isdigit() else words


def tip_of(param: Param) -> str:
    """Help, range and default of a parameter, as a tool tip."""
    allowed = param.kind.expects
    default = "" if param.required else f"<br>Default: {escaped(with_unit(param, param.default))}."
    return (
        f"<p><b>{label_of(param)}</b><br>{escaped(param.help)}</p>"
        f"<p>{escaped(allowed[0].upper() + allowed[1:])}.{default}</p>"
    )


def help_page(param: Param, value: Any) -> str:
    """The page of the help about what is chosen; "" where it is only a number or a word."""
    if isinstance(param.kind, Nested) and isinstance(value, Spec):
        return f"{param.kind.registry.kind}/{value.key}"
    return ""


class Row(QWidget):
    """Label, reset button and editor on one line; below it what the editor needs, an error, a note.

    ``entered`` carries the value a person entered, legal or not, and a merge key.
    """

    entered = Signal(object, str)

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__()
        self.param = param
        self.shown: Any = _UNSET
        self.setObjectName(f"{param.name}.row")
        tip = tip_of(param)
        self.label = Label(label_of(param))
        self.label.setObjectName(f"{param.name}.label")
        self.label.setToolTip(tip)
        # In a narrow panel a long name takes two lines; a shorter one lets its box become smaller first.
        self.label.setWordWrap(len(self.label.text()) > LONG)
        self.editor = editor_for(param, theme)
        self.editor.entered.connect(self.entered)
        control = self.editor.control
        control.setObjectName(control.objectName() or param.name)
        control.setToolTip(tip)
        control.setAccessibleName(f"{label_of(param)} ({param.unit})" if param.unit else label_of(param))
        control.setAccessibleDescription(param.help)
        self.label.setBuddy(control)
        self.reset = self._reset_button()
        self._error: QLabel | None = None
        self._note: QLabel | None = None
        self._lay_out()
        self.reset.setIcon(icon("restore", theme, "muted"))

    def _reset_button(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"{self.param.name}.reset")
        button.setProperty("flat", True)
        button.setIconSize(QSize(13, 13))
        button.setFixedSize(20, 20)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        words = "" if self.param.required else in_words(self.param, self.param.default)
        button.setToolTip(f"Back to the default: {words}.")
        button.setAccessibleName(f"Reset {label_of(self.param)} to {words}")
        button.clicked.connect(lambda: self.entered.emit(self.param.default, ""))
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the row must not jump when it appears
        button.setSizePolicy(policy)
        button.hide()
        return button

    def _line(self, name: str, look: str, at: int) -> QLabel:
        """A line of text below the editor. Most rows never need one, and forms are made while somebody waits."""
        line = Label()
        line.setObjectName(f"{self.param.name}.{name}")
        line.setProperty(look, True)
        line.setWordWrap(True)
        self._layout.insertWidget(at, line)
        return line

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.label, stretch=1)
        top.addWidget(self.reset)
        top.addWidget(self.editor)
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        if self.editor.below is not None:
            layout.addWidget(self.editor.below)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        if menu is None:
            super().contextMenuEvent(event)
        else:
            menu.popup(event.globalPos())

    def menu(self) -> QMenu | None:
        """What can be done with the parameter besides: try several values, where whoever owns the form can do that."""
        names, widget = [self.param.name], self.parentWidget()
        ask: Callable[[str], object] | None = None
        while widget is not None and ask is None:
            if isinstance(widget, Row):
                if isinstance(widget.param.kind, NestedList):
                    break  # of which one, a name does not say
                names.insert(0, widget.param.name)
            ask, widget = getattr(widget, "asks_several", None), widget.parentWidget()
        if ask is None:
            return None
        menu = QMenu(self)
        menu.setObjectName("row_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Try several values…", partial(ask, ".".join(names)))
        return menu

    # --- value --------------------------------------------------------------------------------------------------------

    def show_value(self, value: Any) -> None:
        """Show the spec's value. What is being typed, refused or not, stays as long as the value is the one it is typed over."""
        at_once(self.showing(value))

    def showing(self, value: Any) -> Iterator[None]:
        """``show_value`` bit by bit."""
        if value is self.shown or (type(value) is type(self.shown) and value == self.shown):
            return
        self.shown = value
        self.setProperty("help_page", help_page(self.param, value))
        try:
            yield from self.editor.showing(value)
        except GeneratorExit:  # given up: nobody knows what stands here now
            self.shown = _UNSET
            raise
        self.show_error("")
        self.reset.setVisible(not self.param.required and value != self.param.default)

    def set_locks(self, locks: tuple[Allowed, str] | None) -> None:
        """Answer, or not: what a lesson has opened, and the path of this field; ``None``: it answers. Fields inside it may where it does not."""
        whole = locks is None or locks[0].field(locks[1])
        inside = locks is not None and not whole and locks[0].within(locks[1])
        self.setEnabled(whole or inside)
        self.editor.control.setEnabled(whole)
        self.reset.setEnabled(whole)
        self.editor.lock_inside(None if whole else locks)

    def stops(self) -> list[QWidget]:
        """What Tab goes to, in order: the editor, the reset button, the fields of an inner form."""
        return [*self.editor.stops(), self.reset, *self.editor.inner_stops()]

    def show_again(self) -> None:
        """Show the value itself instead of what was typed."""
        self.editor.restart(self.shown)
        self.show_error("")

    def show_error(self, sentence: str) -> None:
        """Say what is wrong with what was entered; "" for nothing."""
        if self._error is None:
            if not sentence:
                return
            self._error = self._line("error", "problem", 1)
        if sentence != self._error.text():
            self._error.setText(sentence)
            self.editor.mark(bool(sentence))
        self._error.setVisible(bool(sentence))

    def set_note(self, text: str) -> None:
        """A muted sentence under the row; "" for none."""
        if self._note is None:
            if not text:
                return
            self._note = self._line("note", "muted", 1 if self._error is None else 2)
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def attach(self, widget: QWidget) -> None:
        """Show ``widget`` at the lower end of the row."""
        self._layout.addWidget(widget)
