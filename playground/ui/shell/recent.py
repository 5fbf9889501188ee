"""The menu of files that were used last, and of the run that was left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidget

from playground.ui.kit.text import button_text, tip

if TYPE_CHECKING:
    from playground.ui.shell.desk import Desk
    from playground.ui.shell.settings import Settings


class RecentMenu(QMenu):
    """Lists them anew whenever it opens."""

    def __init__(self, desk: Desk, settings: Settings, parent: QWidget) -> None:
        super().__init__("Open Recent", parent)
        self.setObjectName("menu.File/Open Recent")
        self._desk, self._settings = desk, settings
        self.aboutToShow.connect(self._list)

    def _list(self) -> None:
        self.clear()
        left = self._desk.left
        if left is not None:
            self.addAction(button_text(f"Back to “{left.name}” as it was left"), self._desk.back)
            self.addSeparator()
        for path in self._settings.recent:
            action = self.addAction(button_text(path.name), partial(self._desk.open_path, path))
            action.setToolTip(tip(str(path)))
        if self.isEmpty():
            self.addAction("No files yet").setEnabled(False)
