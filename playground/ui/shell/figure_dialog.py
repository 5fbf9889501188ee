"""Save Figure…: a view as PNG, SVG or PDF, into a file or onto the clipboard, and the numbers behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from playground.ui.kit.text import Label
from playground.ui.kit.view import View
from playground.ui.shell import figures

if TYPE_CHECKING:
    from playground.ui.kit.theme import LiveTheme

#: pixels of the picture in the dialog
ROOM = QSize(420, 320)
#: points below which text is hard to read in print
SMALLEST = 6.0


class FigureDialog(QDialog):
    """Of ``views``, which are seen, each with its title; the first one is chosen."""

    def __init__(
        self, views: Sequence[tuple[str, View]], name: str, theme: LiveTheme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("figure_dialog")
        self.setWindowTitle("Save Figure")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._views, self._name, self._theme = views, name, theme
        self.picture = Label()
        self.picture.setObjectName("figure_picture")
        self.picture.setAccessibleName("The figure")
        self.picture.setFixedSize(ROOM + QSize(2, 2))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.what = _choice("figure_what", "What", [title for title, _ in views])
        self.kind = _choice("figure_kind", "Format", list(figures.KINDS.values()))
        self.width_ = _choice("figure_width", "Width", list(figures.WIDTHS))
        self.light = QCheckBox("in the colours of print")
        self.light.setObjectName("figure_light")
        self.light.setToolTip("Dark on white, whatever the window's colours are.")
        self.light.setChecked(True)
        self.numbers = QCheckBox("as .csv beside it")
        self.numbers.setObjectName("figure_numbers")
        self.said = Label()
        self.said.setObjectName("figure_said")
        self.said.setProperty("muted", True)
        self.said.setWordWrap(True)
        self.copies = QPushButton("Copy")
        self.copies.setObjectName("figure_copy")
        self.copies.setToolTip("Put it onto the clipboard, as a picture and as a drawing.")
        self.saves = QPushButton("Save…")
        self.saves.setObjectName("figure_save")
        self.saves.setProperty("primary", True)
        self.saves.setDefault(True)
        self._lay_out()
        for choice in (self.what, self.kind, self.width_):
            choice.currentIndexChanged.connect(self._refresh)
        self.light.toggled.connect(self._refresh)
        self.copies.clicked.connect(self._copy)
        self.saves.clicked.connect(self._ask)
        self.resize(820, 420)
        self._refresh()

    def _lay_out(self) -> None:
        closes = QPushButton("Close")
        closes.clicked.connect(self.reject)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        for words, field in (
            ("What", self.what), ("Format", self.kind), ("Width", self.width_), ("Colours", self.light), ("Numbers", self.numbers),
        ):  # fmt: skip
            form.addRow(words, field)
        side = QVBoxLayout()
        side.addLayout(form)
        side.addWidget(self.said)
        side.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.picture)
        row.addLayout(side, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (closes, self.copies, self.saves):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        column.addLayout(row)
        column.addLayout(buttons)

    @property
    def view(self) -> View:
        return self._views[self.what.currentIndex()][1]

    @property
    def title(self) -> str:
        return f"{self._name}: {self._views[self.what.currentIndex()][0]}"

    @property
    def ending(self) -> str:
        return list(figures.KINDS)[self.kind.currentIndex()]

    @property
    def millimetres(self) -> float:
        return list(figures.WIDTHS.values())[self.width_.currentIndex()]

    def _refresh(self) -> None:
        """What it will be like."""
        view, width = self.view, self.millimetres
        picture = figures.preview(view, ROOM, self._theme, self.light.isChecked())
        self.picture.setPixmap(QPixmap.fromImage(picture))
        height = width * view.height() / max(1, view.width())
        points = figures.text_size(view, width)
        words = f"In print it is {width:g} × {height:.0f} mm, its text {points:.1f} pt."
        if points < SMALLEST:
            words += " That is hard to read: make the panel narrower, or the figure wider."
        self.said.setText(words)
        table = view.as_table()
        self.numbers.setEnabled(table is not None)
        self.numbers.setToolTip("" if table is not None else "This view has no table of numbers behind it.")

    def _drawn(self, kind: str) -> bytes:
        return figures.drawn(
            self.view, kind, self.millimetres, self._theme, self.title, self.light.isChecked()
        )

    def _copy(self) -> None:
        mime = QMimeData()
        with figures.printed(self.view, self._theme, self.light.isChecked()):
            mime.setImageData(figures.image(self.view, self.millimetres, self._theme.panel))
        mime.setData("image/svg+xml", self._drawn("svg"))
        QGuiApplication.clipboard().setMimeData(mime)
        self.said.setText("Copied.")

    def _ask(self) -> None:
        """Ask where to, and write it there."""
        stem = re.sub(r"[^\w .()-]+", " ", self.title).strip()[:60] or "figure"
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the figure", str(Path.home() / f"{stem}.{self.ending}"), f"{figures.KINDS[self.ending]} (*.{self.ending})"
        )  # fmt: skip
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Write the figure, and the numbers beside it where they are wanted.

        A name that ends as another format does says that format; one with no such ending is given that of the chosen one.
        """
        ending = path.suffix.lower().removeprefix(".")
        if ending not in figures.KINDS:
            ending, path = self.ending, path.with_name(f"{path.name}.{self.ending}")
        table = self.view.as_table() if self.numbers.isChecked() and self.numbers.isEnabled() else None
        try:
            figures.save(path, self._drawn(ending))
            if table is not None:
                figures.save(path.with_suffix(".csv"), figures.csv_of(table))
        except OSError as error:
            self.said.setText(f"Not saved: {error.strerror or error}. Choose another place.")
            return
        also = f" and {path.with_suffix('.csv').name}" if table is not None else ""
        self.said.setText(f"Saved as {path.name}{also}.")


def _choice(name: str, what: str, words: Sequence[str]) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(what)
    box.addItems(list(words))
    return box
