"""The bar above a panel: its name, and two small buttons to take it out of the window or to hide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QToolButton, QWidget

from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme


class DockTitle(QWidget):
    """Replaces Qt's own title bar, whose buttons know no dark theme.

    Attributes:
        tabbed: the panel shares its place with others, and a tab says its name.
    """

    def __init__(self, dock: QDockWidget, theme: Theme) -> None:
        super().__init__(dock)
        self._dock, self.tabbed = dock, False
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._label = Label(dock.windowTitle())
        self._label.setProperty("heading", True)
        self._float = self._button(
            "float", f"Take the {dock.windowTitle()} panel out of the window, or put it back."
        )
        self._float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self._close = self._button(
            "close", f"Hide the {dock.windowTitle()} panel. View ▸ Panels brings it back."
        )
        self._close.clicked.connect(dock.close)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 2)
        row.setSpacing(2)
        row.addWidget(self._label)
        row.addStretch(1)
        row.addWidget(self._float)
        row.addWidget(self._close)
        self._float.setIcon(icon("dock-window", theme, "muted"))
        self._close.setIcon(icon("close", theme, "muted"))

    def _button(self, what: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{self._dock.objectName()}_{what}")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the View menu does the same by keyboard
        return button

    def set_tabbed(self, tabbed: bool) -> None:
        """Leave out the name where a tab says it already, and be low; the buttons, and what the panel is dragged by, stay."""
        self.tabbed = tabbed
        self._label.setVisible(not tabbed)
        self._row.setContentsMargins(12, *((1, 6, 0) if tabbed else (6, 6, 2)))
