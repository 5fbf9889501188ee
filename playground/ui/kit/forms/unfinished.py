"""What a user is typing at this moment: taken or dropped before anything else changes what it is typed over."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

from playground.ui.kit.forms.field import StepField
from playground.ui.kit.forms.row import Row


def take_typed() -> Row | StepField | None:
    """Take what is being typed, as if the user had pressed Enter. Returns where, if it is in a form and there still."""
    typed = QApplication.focusWidget()
    place = _typed_into(typed)
    if isinstance(place, Row):
        place.editor.commit()
    elif place is not None:
        place.commit()
    elif isinstance(typed, QLineEdit) and typed.isModified():  # a name, of a layer or a class
        typed.editingFinished.emit()
    return place if place is not None and isValid(place) else None


def settle_typed() -> None:
    """Take what is being typed; what is refused is dropped, so that it can't be meant for what comes next."""
    place = take_typed()
    if isinstance(place, Row):
        place.show_again()
    elif place is not None:
        place.show_value(place.value())


def _typed_into(widget: QWidget | None) -> Row | StepField | None:
    """The row of a form, or the single box, that ``widget`` belongs to."""
    field: StepField | None = None
    while widget is not None and not isinstance(widget, Row):
        field = widget if isinstance(widget, StepField) else field
        widget = widget.parentWidget()
    return widget or field
