"""Save Figure…: a view, or the network as in a textbook, as PNG, SVG, PDF or LaTeX, into a file or onto the clipboard, and the numbers behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.textbook import DETAILS
from playground.ui.kit.questions import ask_where
from playground.ui.kit.text import Label
from playground.ui.kit.view import View
from playground.ui.kit.widgets import ComboBox
from playground.ui.shell import figures
from playground.ui.shell.textbook import Textbook

if TYPE_CHECKING:
    from PySide6.QtGui import QStandardItemModel

    from playground.ui.kit.theme import LiveTheme

#: pixels of the picture in the dialog
ROOM = QSize(420, 320)
#: points below which text is hard to read in print
SMALLEST = 6.0
#: kinds of files by their ending
KINDS = figures.KINDS | {"tex": "LaTeX (TikZ)"}


class FigureDialog(QDialog):
    """Of ``views``, which are seen, each with its title; the first one is chosen."""

    def __init__(
        self,
        views: Sequence[tuple[str, View | Textbook]],
        name: str,
        theme: LiveTheme,
        parent: QWidget | None = None,
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
        self.kind = _choice("figure_kind", "Format", list(KINDS.values()))
        self.detail = _choice("figure_detail", "Detail", list(DETAILS.values()))
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
        for choice in (self.what, self.kind, self.detail, self.width_):
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
            ("What", self.what), ("Detail", self.detail), ("Format", self.kind), ("Width", self.width_), ("Colours", self.light), ("Numbers", self.numbers),
        ):  # fmt: skip
            form.addRow(words, field)
        self._form = form
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
    def view(self) -> View | Textbook:
        return self._views[self.what.currentIndex()][1]

    @property
    def title(self) -> str:
        return f"{self._name}: {self._views[self.what.currentIndex()][0]}"

    @property
    def ending(self) -> str:
        return list(KINDS)[self.kind.currentIndex()]

    @property
    def millimetres(self) -> float:
        return list(figures.WIDTHS.values())[self.width_.currentIndex()]

    def _refresh(self) -> None:
        """What it will be like."""
        view, width = self.view, self.millimetres
        if isinstance(view, Textbook):
            view.show_detail(list(DETAILS)[self.detail.currentIndex()])
        self._form.setRowVisible(self.detail, isinstance(view, Textbook))
        self._offer_latex(isinstance(view, Textbook))
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

    def _offer_latex(self, offered: bool) -> None:
        """LaTeX is for the network alone: other views hold pictures."""
        item = cast("QStandardItemModel", self.kind.model()).item(list(KINDS).index("tex"))
        item.setEnabled(offered)
        self.kind.setItemData(
            list(KINDS).index("tex"),
            None if offered else "Only for the network as in a textbook.",
            Qt.ItemDataRole.ToolTipRole,
        )
        if not offered and self.ending == "tex":
            self.kind.setCurrentIndex(0)

    def _drawn(self, kind: str) -> bytes:
        view = self.view
        if isinstance(view, Textbook) and kind in ("svg", "tex"):
            return (view.drawing.svg if kind == "svg" else view.drawing.tikz)(self.millimetres).encode()
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
        kinds = {f".{self.ending}": KINDS[self.ending]}
        known = [f".{ending}" for ending in KINDS]
        ask_where(
            self,
            "Save the figure",
            Path.home() / f"{stem}.{self.ending}",
            kinds,
            self.save,
            known=known,
            beside=self._beside,
        )

    def _beside(self, path: Path) -> list[Path]:
        """What else is written."""
        numbers = [path.with_suffix(".csv")] if self.numbers.isChecked() and self.numbers.isEnabled() else []
        return [*numbers, *([_formulas(path)] if path.suffix.lower() == ".tex" else [])]

    def save(self, path: Path) -> None:
        """Write the figure, and the numbers beside it where they are wanted.

        A name that ends as another format does says that format; one with no such ending is given that of the chosen one.
        """
        ending = path.suffix.lower().removeprefix(".")
        if ending not in KINDS or (ending == "tex" and not isinstance(self.view, Textbook)):
            ending, path = self.ending, path.with_name(f"{path.name}.{self.ending}")
        table = self.view.as_table() if self.numbers.isChecked() and self.numbers.isEnabled() else None
        try:
            figures.save(path, self._drawn(ending))
            if table is not None:
                figures.save(path.with_suffix(".csv"), figures.csv_of(table))
            if ending == "tex" and isinstance(self.view, Textbook):
                figures.save(_formulas(path), self.view.formulas())
        except OSError as error:
            self.said.setText(f"Not saved: {error.strerror or error}. Choose another place.")
            return
        also = [path.with_suffix(".csv").name] if table is not None else []
        also += [_formulas(path).name] if ending == "tex" else []
        self.said.setText(f"Saved as {' and '.join([path.name, *also])}.")


def _formulas(path: Path) -> Path:
    """Where the formulas go that belong to a network's picture in LaTeX."""
    return path.with_name(f"{path.stem}-formulas.tex")


def _choice(name: str, what: str, words: Sequence[str]) -> QComboBox:
    box = ComboBox()
    box.setObjectName(name)
    box.setAccessibleName(what)
    box.addItems(list(words))
    return box
