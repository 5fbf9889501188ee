"""Files and folders dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from playground.document.files import RUN_SUFFIX

if TYPE_CHECKING:
    from playground.ui.panels.data.view import DataView
    from playground.ui.panels.lesson.view import LessonView
    from playground.ui.shell.docks import Docks


#: how the names of projects end
PROJECTS = (".json", RUN_SUFFIX)


class Drops(QObject):
    """Takes one local file or folder: a project is opened, a model imported, a pack of lessons added, anything else is data."""

    def __init__(
        self,
        window: QWidget,
        open_project: Callable[[Path], object],
        open_model: Callable[[Path], object],
        docks: Docks,
    ) -> None:
        super().__init__(window)
        self._open_project, self._open_model, self._docks = open_project, open_model, docks
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QDropEvent):  # entering, moving and dropping; leaving needs no answer
            return False
        path = dropped(event.mimeData())
        if path is None:
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() == QEvent.Type.Drop:
            self._taker(path.suffix.lower())(path)
        return True

    def _taker(self, ending: str) -> Callable[[Path], object]:
        """Who opens files of this ending."""
        from engine.importing import ENDINGS, NETWORKS
        from playground.lessons.packs import SUFFIX as PACK

        if ending in PROJECTS:
            return self._open_project
        if ending == PACK:
            return self._add_pack
        if ending == ".npz":  # may hold data as well as a model, and is taken for that
            return self._open_data
        return self._open_model if ending in (*NETWORKS, *ENDINGS) else self._open_data

    def _add_pack(self, path: Path) -> None:
        self._docks.bring_forward("lesson")
        cast("LessonView", self._docks.views["lesson"]).add_pack(path)

    def _open_data(self, path: Path) -> None:
        self._docks.bring_forward("data")
        cast("DataView", self._docks.views["data"]).open_path(path)


def dropped(mime: QMimeData) -> Path | None:
    """The one local file or folder that is dragged; ``None`` for anything else."""
    urls = mime.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
