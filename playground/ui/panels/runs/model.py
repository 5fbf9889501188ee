"""The table of a project's runs: made cell by cell as somebody looks, so that thousands cost nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from playground.document.project import Project
from playground.runs.kept import Entry, differs
from playground.runs.trial import ENDS
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import tip

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
STAR, NOTE = "★", "note"
#: by what rows are sorted
SORT = Role.UserRole


@dataclass(frozen=True)
class Column:
    """A column: what it is called, what it says, and by what it is sorted."""

    heading: str
    help: str
    text: Callable[[Entry], str]
    key: Callable[[Entry], Any]
    number: bool = True


def _seconds(seconds: float) -> str:
    return f"{fmt(seconds, 2)} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _last(entry: Entry) -> float:
    """The validation loss at the end, or the training's where there is none."""
    train, validation = entry.result.scores[:2]
    return train if math.isnan(validation) else validation


COLUMNS = (
    Column(
        STAR, "Marked by you; a click changes it.", lambda e: STAR if e.star else "☆", lambda e: -e.star, False
    ),
    # What differs is said against the present project, which the model knows.
    Column("what differs", "From the project as it is now.", lambda e: "", lambda e: "", False),
    Column(
        "seed", "Draws first weights and order.", lambda e: str(e.trial.seed), lambda e: float(e.trial.seed)
    ),
    Column(
        "best loss",
        "The lowest validation loss of an epoch (of the training part, where none is for validation).",
        lambda e: fmt(e.result.best[1]),
        lambda e: e.result.score,
    ),
    Column(
        "metric", "Accuracy or R² of that epoch.", lambda e: fmt(e.result.best[2]), lambda e: e.result.best[2]
    ),
    Column("last loss", "The validation loss at the end.", lambda e: fmt(_last(e)), _last),
    Column(
        "epochs", "Passes over the data.", lambda e: str(e.result.epoch), lambda e: float(e.result.epoch)
    ),
    Column("end", "How it ended.", lambda e: ENDS[e.result.end], lambda e: e.result.end, False),
    Column(
        "time", "How long it took beside other work.", lambda e: _seconds(e.result.seconds), lambda e: e.result.seconds
    ),
    Column(NOTE, "Your own words; a double click writes.", lambda e: e.note, lambda e: e.note, False),
)  # fmt: skip


class RunsModel(QAbstractTableModel):
    """Rows are runs. ``edited`` says that a star or note was changed, with the run's key and the value."""

    edited = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._project = Project()
        self._words: dict[str, str] = {}
        self._letters: dict[str, str] = {}

    def show(self, entries: list[Entry]) -> None:
        """List these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def show_project(self, project: Project) -> None:
        """Say what differs from this one."""
        self._project, self._words = project, {}
        if self.entries:
            self.dataChanged.emit(self.index(0, 1), self.index(len(self.entries) - 1, 1))

    def mark(self, letters: Mapping[str, str]) -> None:
        """Call these runs, by their keys, as the pictures beside the table do: A and B."""
        if letters != self._letters:
            self._letters = dict(letters)
            if self.entries:
                self.dataChanged.emit(self.index(0, 1), self.index(len(self.entries) - 1, 1))

    def words(self, entry: Entry) -> str:
        if entry.key not in self._words:
            self._words[entry.key] = differs(entry, self._project)
        return self._words[entry.key]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Role.DisplayRole:
            return COLUMNS[section].heading
        if role == Role.ToolTipRole:
            return COLUMNS[section].help
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        entry, column = self.entries[index.row()], COLUMNS[index.column()]
        if role in (Role.DisplayRole, Role.EditRole):
            letter = f"{self._letters[entry.key]} · " if entry.key in self._letters else ""
            return letter + self.words(entry) if index.column() == 1 else column.text(entry)
        if role == SORT:
            return self.words(entry) if index.column() == 1 else column.key(entry)
        if role == Role.ToolTipRole:
            why = entry.result.message
            said = self.words(entry) if index.column() == 1 else column.text(entry)
            return tip(f"{said}\n{why}" if why else said)
        if role == Role.TextAlignmentRole and column.number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Role.TextAlignmentRole and column.heading == STAR:
            return Qt.AlignmentFlag.AlignCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if COLUMNS[index.column()].heading == NOTE else flags

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.EditRole:
            return False
        self.edited.emit(self.entries[index.row()].key, str(value))
        return True

    def toggle_star(self, row: int) -> None:
        entry = self.entries[row]
        self.edited.emit(entry.key, not entry.star)

    def changed(self, entry: Entry) -> None:
        """A run's star or note is another."""
        for row, old in enumerate(self.entries):
            if old.key == entry.key:
                self.entries[row] = entry
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))


class Sorted(QSortFilterProxyModel):
    """The table sorted by a column, unknown numbers last, and without the rows in which the filter's words are not."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__(model)
        self._model, self._needle = model, ""
        self.setSourceModel(model)
        self.setSortRole(SORT)

    def seek(self, needle: str) -> None:
        """Show only rows that hold ``needle``, in whatever column."""
        self.beginFilterChange()
        self._needle = needle.casefold().strip()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._needle:
            return True
        entry = self._model.entries[row]
        said = (self._model.words(entry), *(column.text(entry) for column in COLUMNS))
        return any(self._needle in words.casefold() for words in said)

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(SORT), right.data(SORT)
        if isinstance(a, float) and isinstance(b, float):
            a, b = (math.inf if math.isnan(x) else x for x in (a, b))
        return bool(a < b)
