"""The lesson on one row of numbers, and the fields in which its numbers are typed."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from playground.ui.kit.ink import Ink
from playground.ui.kit.numbers import exact
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import filled, label, named
from playground.ui.panels.convolution.bench import choice
from playground.ui.panels.convolution.row import ROWS, RowLesson, read


class RowBench(QWidget):
    """x and w of any length, or one of a few rows to begin with; below, what follows from them."""

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.setObjectName("row_bench")
        self.lesson = RowLesson(ink)
        self.preset = choice(
            "row_preset",
            "Example of a row",
            "Rows to begin with; change their numbers beside it.",
            tuple(ROWS),
            self._take,
        )
        self.fields = {name: self._field(name) for name in "xw"}
        self.trouble = label("row_trouble", little=True, problem=True)
        self.trouble.hide()
        pairs = (part for name, field in self.fields.items() for part in (Label(name), field))
        typed = filled(QHBoxLayout(), self.preset, *pairs, None, gap=8)
        below = filled(QHBoxLayout(), self.lesson, gap=16)
        below.addWidget(label("row_said", self.lesson.in_words(), little=True, muted=True), 1)
        filled(QVBoxLayout(self), typed, self.trouble, below)
        self._write()

    def _field(self, name: str) -> QLineEdit:
        tip = f"The numbers of {name}, with spaces between. Enter takes them."
        field = named(QLineEdit(), f"row_{name}", f"Numbers of {name}", tip)
        field.setMaximumWidth(200)
        field.editingFinished.connect(self._typed)
        return field

    def _write(self) -> None:
        for name, numbers in (("x", self.lesson.signal), ("w", self.lesson.kernel)):
            self.fields[name].setText(" ".join(exact(float(n)) for n in numbers))

    def _take(self, name: str) -> None:
        self.lesson.set_rows(*ROWS[name])
        self._write()
        self.trouble.hide()

    def _typed(self) -> None:
        refused = self.lesson.set_rows(read(self.fields["x"].text()), read(self.fields["w"].text()))
        self.trouble.setText(refused)
        self.trouble.setVisible(bool(refused))
