"""Questions in a box of their own, which the window does not wait for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Button = QMessageBox.StandardButton
Role = QMessageBox.ButtonRole

#: pixels of a question's words, at least, as a title bar leaves no room for its own over a narrow one; and up to which a line is not broken
NARROWEST, WIDEST = 360, 560


@dataclass(frozen=True)
class Choice:
    """A button of a question.

    Args:
        button: one of Qt's own, or its words.
        act: what it does, once the box is closed.
        role: of a button with words of its own.
    """

    button: Button | str
    act: Callable[[], object] = lambda: None
    role: Role = Role.AcceptRole


def ask(
    window: QWidget, name: str, title: str, text: str, more: str, choices: Sequence[Choice], default: int = 0
) -> QMessageBox:
    """Ask, and do what the chosen one of ``choices`` says; Escape does nothing.

    Opened, not executed: the answer to another question may have led here, and that must come to its end.

    Args:
        window: over which it is asked.
        name: of the box.
        title: in its title bar.
        text: what is so.
        more: what is asked.
        choices: the buttons.
        default: which of them the Enter key presses.
    """
    box = QMessageBox(window)
    box.setObjectName(name)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(more)
    widest = max(map(box.fontMetrics().horizontalAdvance, text.split("\n"))) + 8
    width = min(max(widest, NARROWEST), WIDEST)
    box.setStyleSheet(
        f"QLabel#qt_msgbox_label, QLabel#qt_msgbox_informativelabel {{ min-width: {width}px; }}"
    )
    buttons = [
        box.addButton(c.button, c.role) if isinstance(c.button, str) else box.addButton(c.button)
        for c in choices
    ]
    box.setDefaultButton(buttons[default])

    def answered() -> None:
        box.deleteLater()
        for button, choice in zip(buttons, choices, strict=True):
            if box.clickedButton() is button:
                choice.act()

    box.finished.connect(answered)
    box.open()
    return box


def refuse(window: QWidget, title: str, why: object) -> None:
    """Say why something was not done."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, str(why), Button.Ok, window)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setObjectName("refused")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
