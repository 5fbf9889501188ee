"""The learner's number in a class: it draws the numbers of the task, as those on the sheet of the same number are drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from playground.lessons.progress import MOST_NUMBER
from playground.ui.kit.text import Label


class NumberCard(QWidget):
    """Shows the number, and takes another. ``given``: called with it."""

    def __init__(self, number: int, given: Callable[[int], object]) -> None:
        super().__init__()
        self.setObjectName("number_card")
        self._given = given
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        label = Label("In a class: your number")
        label.setProperty("muted", True)
        row.addWidget(label)
        self.field = QLineEdit(str(number) if number else "")
        self.field.setObjectName("learner_number")
        self.field.setAccessibleName("Your number in the class")
        self.field.setPlaceholderText("none")
        self.field.setToolTip(
            "From whoever teaches you: with it the lesson has the numbers of your sheet. Empty: those of everybody."
        )
        self.field.setValidator(QIntValidator(0, MOST_NUMBER, self.field))
        self.field.setMaximumWidth(64)
        self.field.returnPressed.connect(self._give)
        row.addWidget(self.field)
        self.button = QPushButton("Use it")
        self.button.setObjectName("use_number")
        self.button.clicked.connect(self._give)
        row.addWidget(self.button)
        row.addStretch(1)

    def _give(self) -> None:
        text = self.field.text()
        self._given(int(text) if text.isascii() and text.isdigit() else 0)
