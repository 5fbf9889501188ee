"""A proof as a table: each layer, how far it is off, that in units of what rounding explains, and the sample where it is worst."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from engine.export import Row
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme

_ROW = Qt.ItemDataRole.UserRole
COLUMNS = ("layer", "numbers", "largest difference", "of what rounding explains", "where")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ProofTable(QTableWidget):
    """Rows come one by one. ``titles``: what people call each layer, by the program's name for it."""

    def __init__(self, theme: Theme, titles: Mapping[str, str]) -> None:
        super().__init__(0, len(COLUMNS))
        self.setObjectName("export_proof")
        self.setAccessibleName("Proof, layer by layer")
        self._titles = titles
        self.setHorizontalHeaderLabels(COLUMNS)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.setProperty("roomy", True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegateForColumn(3, ShareBar(theme, self))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def clear(self) -> None:
        self.setRowCount(0)

    def title_of(self, row: Row) -> str:
        """The layer as people call it."""
        name = row.what.removeprefix("layer ")
        return self._titles.get(name, row.what) if row.what.startswith("layer ") else row.what.capitalize()

    def add(self, row: Row) -> None:
        number = self.rowCount()
        self.insertRow(number)
        same = row.difference == 0
        texts = (
            self.title_of(row),
            row.dtype,
            "same bits" if same else fmt(row.difference),
            "",
            "all" if same else row.where,
        )
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column == 2:
                item.setTextAlignment(_RIGHT)
            if column == 3:
                item.setData(_ROW, row)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, share_in_words(row))
                item.setToolTip(f"{fmt(row.difference)} of {fmt(row.bound)}")
            self.setItem(number, column, item)
        self.scrollToBottom()


def share_in_words(row: Row) -> str:
    """The difference in units of its bound."""
    if row.difference == 0:
        return "0"
    share = 100 * row.share
    return f"{share:.1f} %" if 0.05 <= share < 1e5 else f"{fmt(share, 2)} %"


class ShareBar(QStyledItemDelegate):
    """A bar up to the bound, and the share beside it."""

    def __init__(self, theme: Theme, parent: QTableWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        row = index.data(_ROW)
        if row is None:
            return
        theme, rect = self._theme, QRectF(option.rect).adjusted(8, 0, -8, 0)
        words = rect.width() - 74
        bar = QRectF(rect.left(), rect.center().y() - 4, max(20.0, words), 8)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.border))
        painter.drawRect(bar)
        share = row.share if row.agrees else 1.0
        painter.setBrush(QColor(theme.accent if row.agrees else theme.error))
        width = 0.0 if row.difference == 0 else max(2.0, share * bar.width())
        painter.drawRect(QRectF(bar.left(), bar.top(), width, bar.height()))
        painter.setBrush(QColor(theme.text))
        painter.drawRect(QRectF(bar.right() - 1, bar.top() - 3, 1.5, bar.height() + 6))
        painter.setPen(QColor(theme.text if row.agrees else theme.error))
        painter.drawText(rect, _RIGHT, share_in_words(row))
        painter.restore()
