"""The samples themselves as a table: sorted, of one part, only those that the network gets wrong; a row clicked is the sample everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView, QVBoxLayout

from engine.data import Prepared
from engine.data.roles import CATEGORY
from playground.document.project import Project
from playground.runner.messages import Frame, Guesses, State, Want
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import rows_of
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context
from playground.ui.panels.output.part_bar import PartBar
from playground.ui.panels.output.picture import Picture

Array = NDArray[Any]
Index = QModelIndex | QPersistentModelIndex

TRUTH, GUESS = range(2)  #: columns; those of the inputs follow


class RowsModel(QAbstractTableModel):
    """Some rows of a part, in some order; nothing is made of a row before it is seen."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._data: Prepared | None = None
        self._part: Array = np.zeros(0, np.intp)  # places in the raw data
        self.order: Array = np.zeros(0, np.intp)  # places in the part
        self.guesses: Array | None = None
        self.heads: list[str] = []
        self._columns: list[
            tuple[int, int]
        ] = []  # a block's place among the blocks (-1 for none), and its first input
        self._sorted: tuple[int, bool] = (-1, False)
        self._only_wrong = False

    # ---- what is shown -------------------------------------------------------------------------------------------------

    def show_part(self, data: Prepared, part: str) -> None:
        self.beginResetModel()
        self._data, self._part, self.guesses = data, rows_of(data, part), None
        raw = data.raw
        blocks = raw.encoding.blocks if raw.encoding is not None else ()
        self._columns = [(i, block.first) for i, block in enumerate(blocks)] or [
            (-1, i) for i in range(raw.x.shape[1])
        ]
        names = [block.name for block in blocks] or list(raw.features)
        target = next((a.name for a in raw.encoding.about if a.role == "target"), "") if raw.encoding else ""
        self.heads = [target or ("class" if raw.classes else raw.targets[0]), "predicted", *names]
        self._arrange()
        self.endResetModel()

    def show_guesses(self, guesses: Array | None) -> None:
        if guesses is self.guesses:
            return
        self.guesses = guesses
        if self._only_wrong or self._sorted[0] == GUESS:
            self.beginResetModel()
            self._arrange()
            self.endResetModel()
        elif len(self.order):
            self.dataChanged.emit(self.index(0, TRUTH), self.index(len(self.order) - 1, GUESS))

    def show_wrong(self, only: bool) -> None:
        self.beginResetModel()
        self._only_wrong = only
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.beginResetModel()
        self._sorted = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        order = np.arange(len(self._part))
        wrong = self.wrong()
        if self._only_wrong:
            order = np.flatnonzero(wrong) if wrong is not None else order[:0]
        column, down = self._sorted
        values = self._values(column) if 0 <= column < len(self.heads) else None
        if values is not None:
            placed = np.argsort(values[order])
            order = order[placed[::-1] if down else placed]
        self.order = order

    def wrong(self) -> Array | None:
        """``(samples of the part,)``: whose class is not the one that the network names; ``None`` where nothing tells."""
        if self._data is None or self.guesses is None or not self._data.raw.classes:
            return None
        found: Array = self._data.raw.y[self._part[: len(self.guesses)]] != self.guesses
        return found

    def _values(self, column: int) -> Array | None:
        """What a part is sorted by."""
        if self._data is None:
            return None
        raw = self._data.raw
        if column == TRUTH:
            return raw.y[self._part] if raw.classes else raw.y[self._part, 0]
        if column == GUESS:
            return self.guesses
        block, first = self._columns[column - 2]
        codes = raw.encoding.blocks[block].codes if block >= 0 and raw.encoding is not None else None
        return raw.x[self._part, first] if codes is None else codes[self._part]

    # ---- Qt's questions ------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.heads)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self._data is None:
            return None
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.heads[section]
            return tip(f"Sort by {self.heads[section]}") if role == Qt.ItemDataRole.ToolTipRole else None
        if section >= len(self.order):
            return None
        encoding, row = self._data.raw.encoding, int(self._part[self.order[section]])
        if role == Qt.ItemDataRole.DisplayRole:
            lines = encoding.lines if encoding is not None else None
            return f"{row + 1 if lines is None else int(lines[row])}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Sample {self.order[section] + 1:,}" + (
                f", {encoding.row(row)} of the file" if encoding else ""
            )
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._data is None or index.row() >= len(self.order):
            return None
        place = int(self.order[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(place, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and self._is_empty(place, index.column()):
            return "Empty in the file; this stands for it."
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() == GUESS and self._is_wrong(place):
                return QColor(self._theme.error)
            if self._is_empty(place, index.column()):
                return QColor(self._theme.muted)
        if role == Qt.ItemDataRole.TextAlignmentRole and not self._is_words(index.column()):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _is_words(self, column: int) -> bool:
        if self._data is None:
            return False
        raw = self._data.raw
        if column <= GUESS:
            return bool(raw.classes)
        block = self._columns[column - 2][0]
        return block >= 0 and raw.encoding is not None and raw.encoding.blocks[block].codes is not None

    def _is_wrong(self, place: int) -> bool:
        wrong = self.wrong() if self.guesses is not None and place < len(self.guesses) else None
        return wrong is not None and bool(wrong[place])

    def _is_empty(self, place: int, column: int) -> bool:
        if self._data is None or self._data.raw.encoding is None or column <= GUESS:
            return False
        gaps = self._data.raw.encoding.blocks[self._columns[column - 2][0]].gaps
        return gaps is not None and bool(gaps[self._part[place]])

    def _text(self, place: int, column: int) -> str:
        if self._data is None:
            return ""
        raw, row = self._data.raw, int(self._part[place])
        if column == TRUTH:
            return raw.classes[int(raw.y[row])] if raw.classes else fmt(float(raw.y[row, 0]))
        if column == GUESS:
            if self.guesses is None or place >= len(self.guesses):
                return "–"
            guess = self.guesses[place]
            return raw.classes[int(guess)] if raw.classes else fmt(float(guess))
        number, first = self._columns[column - 2]
        block = raw.encoding.blocks[number] if number >= 0 and raw.encoding is not None else None
        if block is not None and block.codes is not None:
            code = int(block.codes[row])
            if code < 0 and block.role == CATEGORY:  # what was put in its place, if anything was
                shares = raw.x[row, block.first : block.first + len(block.kinds)]
                code = int(shares.argmax()) if shares.any() else -1
            return block.kinds[code] if code >= 0 else "–"
        return f"{float(raw.x[row, first]):.6g}".replace("-", "−")


class Rows(Picture):
    """The table of a part."""

    name = "Table of the samples"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self.setObjectName("rows")
        self.set_title("Samples")
        self.bar = PartBar(pages=False)
        self.bar.wrong.setVisible(True)
        self.bar.where.setVisible(True)
        self.model = RowsModel(context.theme)
        self.view = QTableView()
        self.view.setObjectName("rows_view")
        self.view.setAccessibleName("Samples")
        self.view.setToolTip(
            "A row for each sample. Click one to look at it everywhere, and a name to sort by it."
        )
        self.view.setModel(self.model)
        self.view.setFont(small(self.view.font()))
        self.view.horizontalHeader().setFont(self.view.font())
        self.view.verticalHeader().setFont(self.view.font())
        self.view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setCornerButtonEnabled(False)
        rows = self.view.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.view.fontMetrics().height() + 6)
        heads = self.view.horizontalHeader()
        heads.setSectionsClickable(True)
        heads.setHighlightSections(False)
        rows.setHighlightSections(False)
        heads.setSortIndicatorShown(True)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.setDefaultSectionSize(self.view.fontMetrics().averageCharWidth() * 12)
        heads.sortIndicatorChanged.connect(self._sort)
        self.view.selectionModel().currentRowChanged.connect(lambda now, before: self._choose(now))
        self.bar.part_changed.connect(lambda part: self._show_part())
        self.bar.part_changed.connect(lambda part: self.part_changed.emit())
        self.bar.wrong_changed.connect(self._show_wrong)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addWidget(self.view, 1)
        context.focus.sample_changed.connect(lambda sample: self._show_chosen())

    @staticmethod
    def suits(data: Prepared) -> bool:
        return len(data.raw.in_shape) == 1

    @property
    def part(self) -> str:
        return self.bar.part

    def wants(self) -> list[Want[Any]]:
        return [Guesses(self.bar.part)]

    def fill(self) -> None:
        self.bar.show_data(self.data)
        self.bar.wrong.setEnabled(bool(self.data.raw.classes))
        self._show_part()

    def show_frame(self, frame: Frame) -> None:
        found = None if frame.state is State.EMPTY else frame.answer(Guesses(self.bar.part))
        if found is not None or frame.state is State.EMPTY:
            self._keep_place(lambda: self.model.show_guesses(found))

    def clear(self) -> None:
        self.model.show_guesses(None)

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._keep_place(lambda: self.model.sort(column, order))
        self._show_chosen()

    def _show_part(self) -> None:
        self.model.show_part(self.data, self.bar.part)
        self._show_wrong(self.bar.wrong.isChecked() and self.bar.wrong.isEnabled())

    def _show_wrong(self, only: bool) -> None:
        self.model.show_wrong(only)
        self._count()
        self._show_chosen()

    def _keep_place(self, change: Any) -> None:
        """Do what may begin the table anew, and look at the same place of it after."""
        bars = self.view.verticalScrollBar(), self.view.horizontalScrollBar()
        places = [bar.value() for bar in bars]
        change()
        self._count()
        if not self.view.currentIndex().isValid():
            self._show_chosen(scroll=False)
            for bar, place in zip(bars, places, strict=True):
                bar.setValue(place)

    def _count(self) -> None:
        shown, every = len(self.model.order), len(rows_of(self.data, self.bar.part))
        self.bar.where.setText(f"{every:,}" if shown == every else f"{shown:,} of {every:,}")

    def _show_chosen(self, scroll: bool = True) -> None:
        """Mark the row of the chosen sample, if it is among those that are shown."""
        part, index = self.context.focus.sample
        mine = part == self.bar.part
        found = np.flatnonzero(self.model.order == index) if mine else np.zeros(0, np.intp)
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        if len(found):
            at = self.model.index(int(found[0]), max(self.view.currentIndex().column(), 0))
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(at, flags.ClearAndSelect | flags.Rows)
            if scroll:
                self.view.scrollTo(at)
        else:
            selection.clear()
        selection.blockSignals(False)
        self.view.viewport().update()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self.model.order):
            self.context.focus.choose_sample(self.bar.part, int(self.model.order[index.row()]))
