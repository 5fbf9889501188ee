"""Single keys as shortcuts, without taking them from whoever needs them to type or to press a button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)


class KeyGuard(QObject):
    """Decides whether a key belongs to the widget that has the focus or to the window's shortcuts.

    Text fields keep what can be typed; lists keep letters (they find entries by them); a button keeps Space where it was reached
    by keyboard. After a click on a button, Space is Play again. A widget with the property "typing" (it searches by letters) keeps
    letters where it was reached by keyboard. Undo and Redo belong to a text field only while it has typing to take back, or again.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._watched: QWidget | None = None
        self._clicked = False
        application.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        # Only the widget in focus is watched: a filter on the application would run Python at every event there is.
        if old is not None and old is self._watched:
            old.removeEventFilter(self)
        self._watched = new
        if new is not None:
            self._clicked = QApplication.mouseButtons() != Qt.MouseButton.NoButton
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if self._keeps(watched, event):
            event.accept()
            return True
        back = event.matches(QKeySequence.StandardKey.Undo)
        if (back or event.matches(QKeySequence.StandardKey.Redo)) and not _has_typing(watched, back):
            event.ignore()
            return True  # not asked itself: a text field would claim it always
        return False

    def _keeps(self, widget: QObject, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if modifiers or not event.text().isprintable() or not event.text():
            return False
        if isinstance(widget, QAbstractButton):
            return event.key() == Qt.Key.Key_Space and not self._clicked
        if widget.property("typing"):
            return event.key() != Qt.Key.Key_Space and not self._clicked
        return isinstance(widget, QComboBox | QAbstractItemView | QAbstractSpinBox | QLineEdit)


def _has_typing(widget: QObject, back: bool) -> bool:
    """Whether ``widget`` is a text field with typing to take ``back``, or to have again."""
    field = widget.lineEdit() if isinstance(widget, QAbstractSpinBox | QComboBox) else widget
    if isinstance(field, QLineEdit):
        return field.isUndoAvailable() if back else field.isRedoAvailable()
    return hasattr(field, "document")  # a QPlainTextEdit or QTextEdit: it keeps its own history
