"""The table of runs on the screen: what is sorted, filtered and chosen in it."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from playground.runs.kept import Entry
from playground.ui.kit.fonts import small
from playground.ui.panels.runs.model import COLUMNS, NOTE, STAR, RunsModel, Sorted

#: the text that a column has room for, where that is not its heading
SAMPLES = {
    STAR: "★★",
    "what differs": "learning rate 0.03 →",
    "end": "cannot be trained",
    NOTE: "a note of mine",
}


class RunsTable(QTableView):
    """Shows ``model``. A click on a star changes it; ``delete_key`` is triggered by Delete."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self.setObjectName("runs_table")
        self.setAccessibleName("Runs of this project")
        self._model, self.sorted = model, Sorted(model)
        self.setModel(self.sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # as they come: the newest first
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)  # Tab goes on to what stands behind it
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # values stand at the end
        self.setFont(small(self.font()))
        self.horizontalHeader().setFont(self.font())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for i, column in enumerate(COLUMNS):
            sample = SAMPLES.get(column.heading, f"{column.heading}  ⌄")
            self.setColumnWidth(i, self.fontMetrics().horizontalAdvance(sample) + 18)
        self.horizontalHeader().setStretchLastSection(True)
        self.setMinimumWidth(350)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.clicked.connect(self._clicked)
        self.delete_key = QAction("Delete", self)
        self.delete_key.setShortcut(Qt.Key.Key_Delete)
        self.delete_key.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.addAction(self.delete_key)

    def chosen(self) -> list[Entry]:
        """The runs that are selected, in the order of the table."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._entry(row) for row in rows]

    def choose(self, keys: Collection[str]) -> None:
        """Select these runs and no others."""
        model = self.selectionModel()
        selection = model.selection()
        selection.clear()
        for row in range(self.sorted.rowCount()):
            if self._entry(row).key in keys:
                selection.select(self.sorted.index(row, 0), self.sorted.index(row, len(COLUMNS) - 1))
        model.select(selection, model.SelectionFlag.ClearAndSelect)

    def _entry(self, row: int) -> Entry:
        return self._model.entries[self.sorted.mapToSource(self.sorted.index(row, 0)).row()]

    def _clicked(self, index) -> None:
        if COLUMNS[index.column()].heading == STAR:
            self._model.toggle_star(self.sorted.mapToSource(index).row())
