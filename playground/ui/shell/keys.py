"""Single keys as shortcuts, without taking them from whoever needs them to type or to press a button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

_POPS_UP = QToolButton.ToolButtonPopupMode.InstantPopup


class KeyGuard(QObject):
    """Decides whether a key belongs to the widget that has the focus or to the window's shortcuts.

    Text fields keep what can be typed, but a box for a number has no use for a space; lists keep letters (they find entries by them), and a widget with the property "typing" (it
    searches by letters) does where it was reached by keyboard. Space is Play everywhere else: in the window it presses no button and
    opens no list, Enter does. Undo and Redo belong to a text field only while it has typing to take back, or again. Where a button in
    focus goes, as the offer that was just taken, the focus goes to ``home``, not to whatever stands next.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self.home: QWidget | None = None
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
            if isinstance(old, QAbstractButton) and old.isHidden():
                QTimer.singleShot(0, self, self._go_home)

    def _go_home(self) -> None:
        home = self.home if self.home is not None and isValid(self.home) else None
        if home is not None and home.isVisible() and home.window().isActiveWindow():
            home.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyPress:
            return isinstance(watched, QWidget) and _pressed(watched, event)
        if event.type() != QEvent.Type.ShortcutOverride:
            return False
        if self._keeps(watched, event):
            event.accept()
            return True
        back = event.matches(QKeySequence.StandardKey.Undo)
        again = event.matches(QKeySequence.StandardKey.Redo)
        if ((back or again) and not _has_typing(watched, back)) or _is_space_in_number(watched, event):
            event.ignore()
            return True  # not asked itself: a text field would claim it always
        return False

    def _keeps(self, widget: QObject, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if modifiers or not event.text().isprintable() or not event.text():
            return False
        if isinstance(widget, QAbstractSpinBox | QLineEdit) or _is_typed_into(widget):
            return not _is_space_in_number(widget, event)
        if event.key() == Qt.Key.Key_Space:
            return isinstance(widget, QWidget) and not _in_window(widget)
        if widget.property("typing"):
            return not self._clicked
        return isinstance(widget, QComboBox | QAbstractItemView)


def _is_space_in_number(widget: QObject, event: QKeyEvent) -> bool:
    return isinstance(widget, QAbstractSpinBox) and event.key() == Qt.Key.Key_Space and _in_window(widget)


def _is_typed_into(widget: QObject) -> bool:
    return isinstance(widget, QComboBox) and widget.isEditable()


def _in_window(widget: QWidget) -> bool:
    """Whether it stands in the main window or in a panel taken out of it; a dialog and a list that is open have no Play."""
    return isinstance(widget.window(), QMainWindow | QDockWidget)


def _pressed(widget: QWidget, event: QKeyEvent) -> bool:
    """Have Enter press a button or open a list, and Space neither, nor type into a number, in the main window; whether it was one of these."""
    if (
        not isinstance(widget, QAbstractButton | QComboBox | QAbstractSpinBox)
        or _is_typed_into(widget)
        or not _in_window(widget)
    ):
        return False
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if event.key() == Qt.Key.Key_Space and plain:
        return True
    if (
        isinstance(widget, QAbstractSpinBox)
        or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        or not plain
    ):
        return False
    if not event.isAutoRepeat():
        if isinstance(widget, QComboBox):
            widget.showPopup()
        elif isinstance(widget, QToolButton) and widget.popupMode() == _POPS_UP and widget.menu() is not None:
            widget.showMenu()
        else:
            widget.click()
    return True


def _has_typing(widget: QObject, back: bool) -> bool:
    """Whether ``widget`` is a text field with typing to take ``back``, or to have again."""
    field = widget.lineEdit() if isinstance(widget, QAbstractSpinBox | QComboBox) else widget
    if isinstance(field, QLineEdit):
        return field.isUndoAvailable() if back else field.isRedoAvailable()
    return hasattr(field, "document")  # a QPlainTextEdit or QTextEdit: it keeps its own history
