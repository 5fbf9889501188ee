"""The editor for a spec inside a spec: which one, and under it the fields of that one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.spec import Nested, Param, Spec
from playground.ui.kit.forms.editor import Combo, Editor, edits
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import at_once

if TYPE_CHECKING:
    from playground.lessons.locks import Allowed
    from playground.ui.kit.forms.form import SpecForm

#: how far the fields of the inner spec stand in, in pixels
INDENT = 12


@edits(Nested)
class NestedEditor(Editor):
    """The registry's entries by their labels; the chosen one's own fields stand indented below."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        kind: Nested = param.kind  # type: ignore[assignment]
        self.registry = kind.registry
        self._keys: list[str] = [""] if kind.optional else []
        self._unsuited: Mapping[str, str] = {}
        self._locks: tuple[Allowed, str] | None = None
        self.combo = Combo()
        if kind.optional:
            self.combo.addItem(kind.none_label)
        for cls in self.registry:
            self._keys.append(cls.key)
            self.combo.addItem(cls.label)
            self.combo.explain(self.combo.count() - 1, cls.help())
        self.combo.activated.connect(self._chosen)
        self._take(self.combo)
        self._value: Spec | None = None
        self.inner: SpecForm | None = None  # made when a spec with fields is first shown
        self.below = self._place = QWidget()
        self._place.hide()
        self._indented = QHBoxLayout(self._place)
        self._indented.setContentsMargins(INDENT, 0, 0, 0)

    def _chosen(self, index: int) -> None:
        key = self._keys[index]
        if key != (self._value.key if self._value else ""):
            self.entered.emit(self.registry.get(key)() if key else None, "")

    def show_value(self, value: Any) -> None:
        at_once(self.showing(value))

    def showing(self, value: Any) -> Iterator[None]:
        self._value = value
        self.combo.setCurrentIndex(self._keys.index(value.key if value is not None else ""))
        if value is None or not value.params():
            self._place.hide()
            return
        if self.inner is None:
            self.inner = self._make_inner()
        if type(value) is not type(self.inner.spec):
            self._place.hide()  # while its rows are made
        yield from self.inner.setting(value)
        self._place.show()

    def restart(self, value: Any) -> None:
        self.show_value(value)
        if self.inner is not None and value is not None:
            self.inner.set_spec(value, object())

    def lock_inside(self, locks: tuple[Allowed, str] | None) -> None:
        self._locks = locks
        if self.inner is not None:
            self.inner.set_locks(*(locks or (None, "")))

    def _make_inner(self) -> SpecForm:
        from playground.ui.kit.forms.form import SpecForm  # a form holds editors, and this editor a form

        form = SpecForm(self.theme, self._place)
        form.edited.connect(lambda spec, merge: self.entered.emit(spec, merge and f".{merge}"))
        self._indented.addWidget(form)
        if self._locks is not None:
            form.set_locks(*self._locks)
        return form

    def inner_stops(self) -> list[QWidget]:
        return [] if self.inner is None else self.inner.stops()

    def commit(self) -> None:
        if self.inner is not None and not self._place.isHidden():
            self.inner.commit()

    def annotate(self, unsuited: Mapping[str, str]) -> None:
        if unsuited != self._unsuited:
            self._unsuited = dict(unsuited)
            for index, key in enumerate(self._keys):
                if key:
                    self.combo.forbid(index, unsuited.get(key, ""), self.registry.get(key).help())
