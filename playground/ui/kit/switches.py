"""Small switches below or beside a picture, in as many rows as they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QMargins, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QLayout, QLayoutItem, QToolButton, QWidget

from playground.ui.kit.fonts import small


class FlowLayout(QLayout):
    """Puts widgets side by side and begins a new row where the width ends; what wraps is never wider than that."""

    def __init__(self, parent: QWidget | None = None, gap: int = 8, row_gap: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap, self._row_gap = gap, row_gap
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def in_one_row(self) -> int:
        """The width that they take side by side."""
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        return sum(widths) + self._gap * max(0, len(widths) - 1)

    def _place(self, rect: QRect, move: bool) -> int:
        """Lay the items out in ``rect``; returns the height that they take."""
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if 0 < rect.width() < size.width() and item.hasHeightForWidth():
                size = QSize(rect.width(), item.heightForWidth(rect.width()))
            if x > rect.x() and x + size.width() > rect.x() + rect.width():
                x, y, row = rect.x(), y + row + self._row_gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, row = x + size.width() + self._gap, max(row, size.height())
        return y + row - rect.y()


def switch(name: str, text: str, tip: str, on: bool, changed: Callable[[bool], None]) -> QCheckBox:
    """A small check box that calls ``changed`` with its new state."""
    box = QCheckBox(text)
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setAccessibleName(text)
    box.setAccessibleDescription(tip)
    box.setFont(small(box.font()))
    box.setIconSize(QSize(14, 14))
    box.setChecked(on)
    # Reached by Tab, but a click leaves the focus where it was, so that Space stays Play.
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.toggled.connect(changed)
    return box


class Tabs(QObject):
    """Small buttons of which one is down. ``chosen`` carries its key.

    Args:
        name: begins the names of the buttons, before their keys.
        tabs: key, text and tool tip of each; the first is down at first.

    Attributes:
        buttons: by key, to be laid out by whoever has them made.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget, name: str, tabs: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(parent)
        group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        for key, text, tip in tabs:
            button = self.buttons[key] = QToolButton()
            button.setObjectName(f"{name}_{key}")
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            button.setCheckable(True)
            button.setFont(small(button.font()))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on, key=key: self.chosen.emit(key))
            group.addButton(button)
        next(iter(self.buttons.values())).setChecked(True)

    @property
    def key(self) -> str:
        """Of the one that is down."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Put one down, as a click does."""
        self.buttons[key].click()
