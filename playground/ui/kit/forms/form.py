"""A form for any spec, made from its declaration alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from engine.errors import SpecError
from engine.spec import Spec
from playground.ui.kit.forms.editor import in_words
from playground.ui.kit.forms.row import Row, label_of
from playground.ui.kit.icons import icon
from playground.ui.kit.style import GAP
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import at_once

if TYPE_CHECKING:
    from playground.lessons.locks import Allowed


class SpecForm(QWidget):
    """Shows a spec and emits another one for each edit; it never changes the one it was given.

    Attributes:
        asks_several: called with the name of a parameter ("lr", or "optimizer.lr" in an inner form) whose values the person wants to
            vary; ``None``: that is not offered.

    ``edited`` carries the new, checked spec and a merge key: empty for an edit of its own, the same for all steps of one gesture. What
    cannot be is refused beside its field, and the spec stays as it was.
    """

    edited = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.asks_several: Callable[[str], object] | None = None
        self._spec: Spec | None = None
        self._subject: object = None
        self._rows: dict[str, Row] = {}
        self._hidden: frozenset[str] = frozenset()
        self._notes: dict[str, str] = {}
        self._unsuited: dict[str, Mapping[str, str]] = {}
        self._attached: dict[str, QWidget] = {}
        self._locks: tuple[Allowed, str] | None = None
        self._more = self._more_button()
        self._ordered: list[QWidget] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._waiting = QWidget(self)  # holds what belongs below rows that are not there yet
        self._waiting.hide()
        self._body = QWidget(self)  # holds the rows
        layout.addWidget(self._body)

    def _more_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("more")
        button.setText("More")
        button.setProperty("flat", True)
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip("Settings that are seldom changed.")
        button.setAccessibleName("More settings")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.toggled.connect(self._arrange)
        button.hide()
        return button

    # --- spec ---------------------------------------------------------------------------------------------------------

    @property
    def spec(self) -> Spec | None:
        return self._spec

    def set_spec(self, spec: Spec, subject: object = None) -> None:
        """Show ``spec``, without emitting.

        ``subject``: whose spec it is, such as a node's id. As long as it is the same, unfinished typing stays where its value has not
        changed; under another subject it is dropped.
        """
        at_once(self.setting(spec, subject))

    def setting(self, spec: Spec, subject: object = None) -> Iterator[None]:
        """``set_spec`` bit by bit. Given up half-way, it leaves the form as it was, or with some of its values."""
        other, another = subject != self._subject, type(spec) is not type(self._spec)
        # Rows are put together, and filled, out of sight: each that is shown on its own would have all of them laid out anew.
        body = self._new_body() if another else self._body
        rows = {} if another else self._rows
        try:
            if another:
                yield from self._fill_body(body, rows, spec)
            else:
                self._spec = spec
            unfold = False
            for param, value in spec.values():
                if param.name in self._hidden or not param.entered:
                    continue
                row = rows[param.name]
                # What is not as usual must not lie hidden; but who folds it away again has seen it.
                unfold |= param.advanced and value != param.default and (other or value != row.shown)
                yield from row.showing(value)
                if other:
                    row.show_again()
        except GeneratorExit:
            if another and isValid(body):  # given up by whom the window took with it, when it went
                body.deleteLater()
            raise
        self._spec, self._subject = spec, subject
        if another:
            self._take_body(body, rows)
        self._order_stops()
        if unfold:
            self._more.setChecked(True)
        if another:
            self._body.show()

    def _new_body(self) -> QWidget:
        body = QWidget(self)
        body.hide()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        return body

    def _fill_body(self, body: QWidget, rows: dict[str, Row], spec: Spec) -> Iterator[None]:
        """Make a row for each parameter, those that are seldom changed last."""
        for param in sorted((p for p in spec.params() if p.entered), key=lambda p: p.advanced):
            row = rows[param.name] = Row(param, self._theme)
            row.entered.connect(lambda value, merge, name=param.name: self._enter(name, value, merge))
            row.editor.annotate(self._unsuited.get(param.name, {}))
            row.set_note(self._notes.get(param.name, ""))
            body.layout().addWidget(row)  # type: ignore[union-attr]
            yield

    def _take_body(self, body: QWidget, rows: dict[str, Row]) -> None:
        """Put these rows where the others stood."""
        before, replaced = self._body, self._rows
        self._body, self._rows = body, rows
        if self._locks is not None:
            self._lock_rows(rows)
        for name, widget in self._attached.items():
            if name in rows:
                rows[name].attach(widget)
        layout = body.layout()
        usual = sum(not row.param.advanced for row in rows.values())
        if usual < len(rows):
            layout.insertWidget(usual, self._more, alignment=Qt.AlignmentFlag.AlignLeft)  # type: ignore[union-attr]
        else:
            self._more.setParent(body)
        self._more.setChecked(False)
        self._arrange()
        for row in replaced.values():
            row.blockSignals(True)  # as it loses the focus it would tell what was typed over another spec
        before.hide()
        before.deleteLater()
        self.layout().replaceWidget(before, body)  # type: ignore[union-attr]

    def _arrange(self) -> None:
        """Show the rows that are wanted now."""
        opened = self._more.isChecked()
        advanced = [
            name for name, row in self._rows.items() if row.param.advanced and name not in self._hidden
        ]
        for name, row in self._rows.items():
            row.setVisible(name not in self._hidden and (opened or not row.param.advanced))
        self._more.setVisible(bool(advanced))
        self._more.setIcon(icon("chevron-down" if opened else "chevron-right", self._theme, "muted"))

    def stops(self) -> list[QWidget]:
        """What Tab goes to, in order, as it stands on screen."""
        usual = [stop for row in self._rows.values() if not row.param.advanced for stop in row.stops()]
        advanced = [stop for row in self._rows.values() if row.param.advanced for stop in row.stops()]
        return [*usual, self._more, *advanced]

    def _order_stops(self) -> None:
        # Left alone, Tab goes in the order of making, and inner forms are made last.
        stops = self.stops()
        if stops != self._ordered:
            self._ordered = stops
            for before, after in pairwise(stops):
                QWidget.setTabOrder(before, after)

    def _enter(self, name: str, value: Any, merge: str) -> None:
        row, spec = self._rows[name], self._spec
        if spec is None:
            return
        try:
            value = row.param.kind.check(value)
        except SpecError as error:
            row.show_error(f"{label_of(row.param)} {error}. It stays {in_words(row.param, row.shown)}.")
            return
        try:
            after = spec.replace(**{name: value})
        except SpecError as error:  # two fields that do not fit together
            row.show_error(str(error).removeprefix(f"{type(spec).__name__}: "))
            return
        if after == spec:
            row.show_again()
            return
        self.set_spec(after, self._subject)
        self.edited.emit(after, merge and f"{name}{merge}")

    def commit(self) -> None:
        """Take what is being typed, as if the person had pressed Enter."""
        for row in tuple(self._rows.values()):
            row.editor.commit()

    # --- what the owner adds ------------------------------------------------------------------------------------------

    def set_hidden(self, names: Collection[str]) -> None:
        """Leave these parameters out."""
        if frozenset(names) != self._hidden:
            appearing = self._hidden.difference(names)
            self._hidden = frozenset(names)
            for name in appearing & self._rows.keys():  # what nobody saw was not filled
                self._rows[name].show_value(getattr(self._spec, name))
            self._arrange()

    def set_note(self, name: str, text: str) -> None:
        """A muted sentence under a parameter; "" for none."""
        self._notes[name] = text
        if name in self._rows:
            self._rows[name].set_note(text)

    def attach(self, name: str, widget: QWidget) -> None:
        """Show ``widget`` below a parameter and all that belongs to it."""
        self._attached[name] = widget
        if name in self._rows:
            self._rows[name].attach(widget)
        else:  # of a form that never gets a spec, it must go with the form
            widget.setParent(self._waiting)

    def set_unsuited(self, name: str, reasons: Mapping[str, str]) -> None:
        """Registry entries that a nested parameter cannot take now, each with the reason."""
        self._unsuited[name] = reasons
        if name in self._rows:
            self._rows[name].editor.annotate(reasons)

    def set_locks(self, allowed: Allowed | None, path: str) -> None:
        """Let only the fields answer that a lesson has opened; ``path``: of the spec that is shown, "fit" say."""
        locks = None if allowed is None else (allowed, path)
        if locks != self._locks:
            self._locks = locks
            self._lock_rows(self._rows)

    def _lock_rows(self, rows: Mapping[str, Row]) -> None:
        for name, row in rows.items():
            row.set_locks(None if self._locks is None else (self._locks[0], f"{self._locks[1]}.{name}"))

    def show_error(self, name: str, sentence: str) -> None:
        """Say what is wrong with a parameter, for reasons the spec itself does not know; "" for nothing."""
        if name in self._rows:
            self._rows[name].show_error(sentence)
