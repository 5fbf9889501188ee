"""A table to type numbers into, or to paste them from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.errors import clipped
from playground.ui.kit.numbers import exact, parse

#: rows that are typed or pasted, at most
MOST_ROWS = 1000
#: letters of a pasted text that are looked at
_PASTED = 1 << 20


class NotANumber(ValueError):
    """Something in a table is no number; the message says where, what is expected and what to do."""


class NumberTable(QTableWidget):
    """Cells of numbers. Enter goes on to the next cell; what is pasted fills the cells from the current one.

    Args:
        name: its objectName.
        what: what the table holds, for the reader of a screen and for errors.
        grows: there is always an empty row below.
    """

    edited = Signal()

    def __init__(self, name: str, what: str, grows: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(what)
        self._what, self._grows, self._filling = what, grows, False
        self._columns: tuple[str, ...] = ()
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setDefaultSectionSize(76)
        self.horizontalHeader().setMinimumSectionSize(40)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(26)
        self.setTabKeyNavigation(
            False
        )  # while a number is typed, Tab goes to the next cell; else out of the table
        self.itemChanged.connect(self._changed)

    def show_columns(self, columns: Sequence[str], rows: Sequence[str] | None = None) -> None:
        """These columns, and where ``rows`` is given these rows; what is in the cells stays."""
        self._filling, self._columns = True, tuple(columns)
        self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(list(columns))
        if rows is not None:
            self.setRowCount(len(rows))
            self.setVerticalHeaderLabels(list(rows))
        self._filling = False
        self._grow()
        self.updateGeometry()

    def fill(self, numbers: Sequence[Sequence[float]]) -> None:
        """These numbers, with every digit that matters."""
        self.show_texts([[exact(value) for value in row] for row in numbers])

    def show_texts(self, texts: Sequence[Sequence[str]]) -> None:
        """These words, without saying that they were ``edited``."""
        self._filling = True
        if self._grows:
            self.setRowCount(len(texts))
        for i, row in enumerate(texts):
            for j, text in enumerate(row):
                self.setItem(i, j, QTableWidgetItem(text))
        self._filling = False
        self._grow()

    def texts(self) -> list[list[str]]:
        """What is in the cells; rows without anything are left out where the table grows."""
        found = [[self._text(i, j) for j in range(self.columnCount())] for i in range(self.rowCount())]
        return [row for row in found if any(row)] if self._grows else found

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text().strip() if item is not None else ""

    @property
    def is_empty(self) -> bool:
        return not any(any(row) for row in self.texts())

    def numbers(self) -> list[list[float]]:
        """What is in the cells, as numbers. Raises NotANumber for what is none, and for an empty cell."""
        found: list[list[float]] = []
        for row in self.texts():
            values: list[float] = []
            for j, text in enumerate(row):
                number = parse(text)
                if number is None:
                    where = f"Row {len(found) + 1}, {self._columns[j]} of {self._what}"
                    is_ = f"is {clipped(text, 30)!r}" if text else "is empty"
                    raise NotANumber(f"{where} {is_}; expected a number. Type one.")
                values.append(float(number))
            found.append(values)
        return found

    def sizeHint(self) -> QSize:
        rows = self.rowCount() * 26 + self.horizontalHeader().sizeHint().height() + 6
        columns = self.columnCount() * 76 + self.verticalHeader().sizeHint().width() + 8
        return QSize(min(columns, 420), min(rows, 240))

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 160), min(self.sizeHint().height(), 84))

    # ---- typing ----------------------------------------------------------------------------------------------------------

    def _changed(self, item: QTableWidgetItem) -> None:
        if not self._filling:
            self._grow()
            self.edited.emit()

    def _grow(self) -> None:
        if not self._grows:
            return
        last = self.rowCount() - 1
        used = last >= 0 and any(self._text(last, j) for j in range(self.columnCount()))
        if last < 0 or (used and self.rowCount() < MOST_ROWS):
            self.setRowCount(self.rowCount() + 1)
            self.updateGeometry()

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        if hint is QAbstractItemDelegate.EndEditHint.SubmitModelCache:  # Enter
            row, column = self.currentRow(), self.currentColumn() + 1
            self.setCurrentCell(*((row, column) if column < self.columnCount() else (row + 1, 0)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste(QGuiApplication.clipboard().text())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            for item in self.selectedItems():
                item.setText("")
        else:
            super().keyPressEvent(event)

    def paste(self, text: str) -> None:
        """Fill the cells from the current one with rows of ``text``, parted by tabs, semicolons or spaces; what has no cell is left out.

        Commas part numbers too, where no point stands in any of them and each row has several: otherwise they are decimal marks.
        """
        rows = [line for line in text[:_PASTED].splitlines() if line.strip()][:MOST_ROWS]
        first_row, first = max(self.currentRow(), 0), max(self.currentColumn(), 0)
        apart = _apart(rows)
        self._filling = True
        for i, line in enumerate(rows):
            if first_row + i >= self.rowCount():
                if not self._grows:
                    break
                self.setRowCount(first_row + i + 1)
            for j, cell in enumerate(re.split(apart, line.strip("\r\n"))):
                if first + j < self.columnCount():
                    self.setItem(first_row + i, first + j, QTableWidgetItem(cell.strip()))
        self._filling = False
        self._grow()
        self.edited.emit()


def _apart(rows: list[str]) -> str:
    """The pattern that parts the cells of pasted rows."""
    if any("\t" in row for row in rows):
        return "\t"
    if any(";" in row for row in rows):
        return ";"
    if any("." in row and "," in row for row in rows):
        return ","
    if any(" " in row.strip() for row in rows):
        return r",?\s+"
    return "," if rows and all(row.count(",") > 1 for row in rows) else r"\s+"
