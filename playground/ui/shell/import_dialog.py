"""Import Model…: what is in a file, layer by layer understood, replaced or not to be had; then taken as one edit."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError, clipped, counted
from engine.importing import ENDINGS, NETWORKS, Imported
from engine.network import shape_in_words
from playground.document import edits, imports
from playground.ui.kit.questions import refuse
from playground.ui.kit.text import Label

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.ui.kit.theme import Theme

FILTER = f"Models ({' '.join(f'*{ending}' for ending in (*NETWORKS, *ENDINGS))});;All files (*)"
COLUMNS = ("where", "there", "here")
#: rows that are shown; nobody reads more
MOST_ROWS = 500


def ask_for_model(window: QWidget, document: Document, theme: Theme) -> None:
    """Ask for a file, and show what is in it."""
    folder = document.path.parent if document.path is not None else Path.home()
    name, _ = QFileDialog.getOpenFileName(window, "Import a model", str(folder), FILTER)
    if name:
        open_model(window, document, theme, Path(name))


def open_model(window: QWidget, document: Document, theme: Theme, path: Path) -> None:
    """Show what is in a file, and offer to take it."""
    document.settle()
    try:
        ways = _ways(path, document)
    except EngineError as error:
        refuse(window, "Not imported", error)
        return
    ImportDialog(path, ways, document, theme, window).open()


def _ways(path: Path, document: Document) -> list[tuple[str, Imported]]:
    """How it can be taken, in words, the best first. Raises EngineError where there is none."""
    project = document.value
    found = imports.read(path, project)
    if path.suffix.lower() in NETWORKS:
        return [("", found)]
    proposal = ("A network proposed for these weights", imports.read(path, project, propose=True))
    if found.network is project.network:
        return [("The weights of this network", found), proposal]
    return [proposal]


class ImportDialog(QDialog):
    """``ways``: in which it can be taken; the first one is chosen."""

    def __init__(
        self, path: Path, ways: list[tuple[str, Imported]], document: Document, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("import_dialog")
        self.setWindowTitle("Import Model")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 520)
        self._path, self._ways, self._document, self._theme, self._way = path, ways, document, theme, 0
        title = Label(clipped(path.name, 60))
        title.setProperty("title", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(title)
        for number, (words, _) in enumerate(ways):
            if len(ways) > 1:
                choice = QRadioButton(words)
                choice.setObjectName(f"import_way_{number}")
                choice.setChecked(number == 0)
                choice.toggled.connect(partial(self._choose, number))
                column.addWidget(choice)
        self.said = Label()
        self.said.setObjectName("import_said")
        self.said.setWordWrap(True)
        column.addWidget(self.said)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setObjectName("import_parts")
        self.table.setAccessibleName("What is in the file")
        self._set_up_table()
        column.addWidget(self.table, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.takes = buttons.addButton("Import", QDialogButtonBox.ButtonRole.AcceptRole)
        self.takes.setObjectName("import_take")
        self.takes.setProperty("primary", True)
        self.takes.setDefault(True)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self._show_way()

    def _set_up_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(COLUMNS)
        table.setProperty("roomy", True)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)

    @property
    def found(self) -> Imported:
        """What is taken, as chosen now."""
        return self._ways[self._way][1]

    def _choose(self, number: int, chosen: bool) -> None:
        if chosen:
            self._way = number
            self._show_way()

    def _show_way(self) -> None:
        theme = self._theme
        self.table.setRowCount(0)
        colours = {"understood": theme.text, "replaced": theme.warning, "refused": theme.error}
        signs = {"understood": "", "replaced": "~ ", "refused": "✗ "}
        for number, part in enumerate(self.found.parts[:MOST_ROWS]):
            self.table.insertRow(number)
            for column, text in enumerate((part.where, part.what, signs[part.how] + part.words)):
                item = QTableWidgetItem(clipped(text, 300))
                if column == 2:
                    item.setForeground(QColor(colours[part.how]))
                self.table.setItem(number, column, item)
        self.said.setText(self._summary())
        self.takes.setText("Cut here and import" if self.found.refused else "Import")

    def _summary(self) -> str:
        """How much was understood, and what to do about the rest."""
        found, project = self.found, self._document.value
        counts = {
            how: sum(part.how == how for part in found.parts) for how in ("understood", "replaced", "refused")
        }
        words = f"{counted(counts['understood'], 'layer')} understood"
        words += f", {counts['replaced']} supposed or left out" if counts["replaced"] else ""
        size = sum(a.size for a in found.state.values())
        said = [f"{words}; {counted(size, 'number')} of weights."]
        if found.refused:
            said.append(
                f"From {found.refused[0].where} on it cannot be read; what stands before that can be taken."
            )
        shape = imports.shape_of(project)
        if found.in_shape is not None and shape is not None and found.in_shape != shape:
            said.append(
                f"It reads {shape_in_words(found.in_shape)}; the data are {shape_in_words(shape)}. Choose others after that."
            )
        return " ".join(said)

    def _take(self) -> None:
        found, text = self.found, f"Import {clipped(self._path.name, 40)}"
        try:
            if found.network is self._document.value.network:
                self._document.edit(edits.give_weights, found.state, text=text)
            else:
                self._document.edit(edits.import_network, found.network, found.state, text=text)
        except EngineError as error:
            refuse(self, "Not imported", error)
            return
        self.accept()
