"""The columns of a table: what each holds, what it is for, what becomes of its empty cells, and how many inputs it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QInputDialog,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.data.encoding import About
from engine.data.roles import FILL_HELP, FILLS, GROUP, IGNORE, ORDERED, ROLE_HELP, TARGET, fill_for
from engine.errors import clipped
from playground.ui.kit.fonts import small
from playground.ui.kit.text import button_text, tip

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme

NAME, ROLE, WIDTH = range(3)
HEADS = ("Column", "Role", "In")
HELP = (
    "Its name, and what it was taken for.",
    "What it is for, and what becomes of its empty cells. Click to change it.",
    "How many inputs of the network it makes.",
)
#: rows that are shown at once; more scroll, and from so many on they can be searched
SHOWN, SEARCHED = 7, 13
#: value of the signal ``asked``: the column becomes one more target
ALSO_TARGET = "also a target"
Index = QModelIndex | QPersistentModelIndex


class ColumnsModel(QAbstractTableModel):
    """The columns whose names hold what is searched for."""

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[About, ...] = ()
        self._sought = ""
        self.columns: list[About] = []

    def show_columns(self, columns: Sequence[About]) -> None:
        self._all = tuple(columns)
        self._arrange()

    def seek(self, text: str) -> None:
        self._sought = text.strip().casefold()
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self.columns = [one for one in self._all if self._sought in one.name.casefold()]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.columns)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        return HELP[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        about, column = self.columns[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(about, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._tip(about, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{HEADS[column]}: {self._text(about, column) or 'none'}" + (
                f", {about.holds}" if column == NAME else ""
            )
        if role == Qt.ItemDataRole.TextAlignmentRole and column == WIDTH:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    @staticmethod
    def _text(about: About, column: int) -> str:
        if column == NAME:
            return about.name
        if column == ROLE:
            return about.role
        return f"{about.width:,}" if about.width and about.role != TARGET else "–"

    @staticmethod
    def below(about: About, column: int) -> str:
        """The second line of a cell."""
        if column == NAME:
            return about.holds
        if column == ROLE and about.gaps:
            return about.fill or f"{about.gaps:,} empty"
        return ""

    @staticmethod
    def _tip(about: About, column: int) -> str:
        if column == NAME:
            example = f", such as “{about.example}”" if about.example else ""
            return f"{about.name}: {about.holds}{example}."
        if column == ROLE:
            empty = f" {about.gaps:,} cells are empty. {FILL_HELP.get(about.fill, '')}" if about.gaps else ""
            return f"{about.role}: {ROLE_HELP[about.role]}{empty}".rstrip()
        return HELP[WIDTH]


class _TwoLines(QStyledItemDelegate):
    """The name of a column with what it holds below; an arrow where a click opens a choice."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = self._theme
        model = index.model()
        if not isinstance(model, ColumnsModel):
            return
        about, column = model.columns[index.row()], index.column()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            colour = QColor(theme.accent)
            colour.setAlpha(30)
            painter.fillRect(option.rect, colour)
        place = option.rect.adjusted(6, 0, -5, 0)
        metrics, line = painter.fontMetrics(), painter.fontMetrics().height()
        below = model.below(about, column)
        top = place.y() + (place.height() - (2 * line if below else line)) // 2
        first, second = (QRect(place.x(), top + line * i, place.width(), line) for i in range(2))
        side = Qt.AlignmentFlag.AlignRight if column == WIDTH else Qt.AlignmentFlag.AlignLeft
        if column == ROLE and about.can:
            self._arrow(painter, first)
            first = first.adjusted(0, 0, -14, 0)
        strong = column == ROLE and about.role in (TARGET, GROUP)
        quiet = about.role == IGNORE or column == WIDTH
        painter.setPen(QColor(theme.accent if strong else theme.muted if quiet else theme.text))
        middle = Qt.TextElideMode.ElideMiddle if column == NAME else Qt.TextElideMode.ElideRight
        words = metrics.elidedText(str(index.data() or ""), middle, first.width())
        painter.drawText(first, side | Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(QColor(theme.muted))
        words = metrics.elidedText(below, Qt.TextElideMode.ElideRight, second.width())
        painter.drawText(second, side | Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def _arrow(self, painter: QPainter, place: QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._theme.muted))
        x, y = place.right() - 4, place.center().y() + 1
        painter.drawLine(QPoint(x - 3, y - 2), QPoint(x, y + 1))
        painter.drawLine(QPoint(x, y + 1), QPoint(x + 3, y - 2))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, 2 * option.fontMetrics.height() + 6)


class _Columns(QTableView):
    opened = Signal(QModelIndex)  #: Enter or Space on a cell

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class ColumnsTable(QWidget):
    """A row for each column; hidden where there are none."""

    asked = Signal(str, str, str)  #: of a column, "role", "fill" or "order" ("low < high") is to be this
    looked_at = Signal(str)  #: a column was clicked

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.model = ColumnsModel()
        self.search = QLineEdit()
        self.search.setObjectName("column_search")
        self.search.setPlaceholderText("Find a column")
        self.search.setAccessibleName("Find a column")
        self.search.setToolTip("Show only the columns with this in their name.")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.model.seek)
        self.view = _Columns()
        self.view.setObjectName("columns_view")
        self.view.setAccessibleName("Columns of the table")
        self.view.setToolTip("The columns of the table. Click a role to change it.")
        self.view.setModel(self.model)
        self.view.setItemDelegate(_TwoLines(theme, self.view))
        self.view.setFont(small(self.view.font()))
        self.view.horizontalHeader().setFont(self.view.font())
        self.view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setTabKeyNavigation(False)
        rows = self.view.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(2 * self.view.fontMetrics().height() + 6)
        heads = self.view.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setMinimumSectionSize(24)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.view.clicked.connect(self._clicked)
        self.view.opened.connect(self._open)
        selection = self.view.selectionModel()
        selection.currentRowChanged.connect(lambda now, before: self._look(now))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.search)
        column.addWidget(self.view)
        self.hide()

    def show_columns(self, columns: Sequence[About]) -> None:
        """Show what a table's columns are; none where it is empty."""
        scrolled = self.view.verticalScrollBar().value()
        current = self.view.currentIndex()
        self.model.show_columns(columns)
        self.search.setVisible(len(columns) >= SEARCHED)
        row = self.view.verticalHeader().defaultSectionSize()
        head = self.view.horizontalHeader().sizeHint().height()
        self.view.setFixedHeight(head + min(max(len(columns), 1), SHOWN) * row + 2)
        metrics = self.view.fontMetrics()
        self.view.setColumnWidth(ROLE, metrics.horizontalAdvance("category") + 27)
        widest = max((f"{one.width:,}" for one in columns), key=len, default="")
        self.view.setColumnWidth(WIDTH, max(map(metrics.horizontalAdvance, (widest, HEADS[WIDTH]))) + 17)
        self.setVisible(bool(columns))
        self.view.verticalScrollBar().setValue(scrolled)
        if current.isValid() and current.row() < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(current.row(), current.column()))

    def _look(self, index: QModelIndex) -> None:
        if index.isValid():
            self.looked_at.emit(self.model.columns[index.row()].name)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == ROLE:
            self._open(index)

    def _open(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        menu = self.menu(index.row())
        if menu.isEmpty():
            menu.deleteLater()
        else:
            place = self.view.visualRect(index.siblingAtColumn(ROLE)).bottomLeft()
            menu.popup(self.view.viewport().mapToGlobal(place))

    def menu(self, row: int) -> QMenu:
        """The choice of a role, and of what becomes of empty cells, for a row that is shown."""
        about = self.model.columns[row]
        menu = QMenu(self.view)
        menu.setObjectName("column_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        if not about.can:
            return menu
        for role in (*about.can, TARGET):
            self._choice(menu, about, "role", role, role, ROLE_HELP[role], role == about.role)
        if about.role != TARGET and "number" in about.can:
            more = "Predict it besides the present target, as a number."
            self._choice(menu, about, "role", ALSO_TARGET, "one more target", more, False)
        if about.role == ORDERED:
            menu.addSeparator()
            change = menu.addAction("Change the order…")
            change.setObjectName("column_order")
            change.setToolTip(tip(f"Now {' < '.join(about.kinds)}."))
            change.triggered.connect(lambda: self._ask_order(about))
        if about.gaps and about.role not in (TARGET, GROUP, IGNORE):
            menu.addSeparator()
            menu.addAction("Empty cells:").setEnabled(False)  # a section's title is not shown in every style
            for fill in FILLS:
                if fill_for(about.role, fill) == fill:
                    self._choice(menu, about, "fill", fill, fill, FILL_HELP[fill], fill == about.fill)
        return menu

    def _ask_order(self, about: About) -> None:
        dialog = QInputDialog(self)
        dialog.setObjectName("column_order_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(f"Order of {clipped(about.name, 40)}".replace("[*]", "[*][*]"))
        dialog.setLabelText("From the lowest to the highest:")
        dialog.setTextValue(" < ".join(about.kinds))
        dialog.textValueSelected.connect(lambda text: self.asked.emit(about.name, "order", text))
        dialog.open()

    def _choice(
        self, menu: QMenu, about: About, what: str, value: str, words: str, does: str, is_now: bool
    ) -> None:
        action = menu.addAction(button_text(words))
        action.setObjectName(f"column_{value}")
        action.setToolTip(does)
        action.setCheckable(True)
        action.setChecked(is_now)
        if not is_now:
            action.triggered.connect(lambda: self.asked.emit(about.name, what, value))
