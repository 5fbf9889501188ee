"""Files and folders dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from engine.importing import ENDINGS, NETWORKS
from playground.document.files import RUN_SUFFIX
from playground.lessons.packs import SUFFIX as PACK
from playground.ui.panels.data.view import DataView
from playground.ui.panels.lesson.view import LessonView

if TYPE_CHECKING:
    from playground.ui.shell.docks import Docks


#: how the names of projects end
PROJECTS = (".json", RUN_SUFFIX)
#: and those of other programs' models; .npz may be data as well, and is taken for that
MODELS = tuple(ending for ending in (*NETWORKS, *ENDINGS) if ending != ".npz")


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
        if ending in PROJECTS:
            return self._open_project
        if ending == PACK:
            return self._add_pack
        return self._open_model if ending in MODELS else self._open_data

    def _add_pack(self, path: Path) -> None:
        self._docks.bring_forward("lesson")
        panel = self._docks.views["lesson"]
        if isinstance(panel, LessonView):
            panel.add_pack(path)

    def _open_data(self, path: Path) -> None:
        self._docks.bring_forward("data")
        panel = self._docks.views["data"]
        if isinstance(panel, DataView):
            panel.open_path(path)


def dropped(mime: QMimeData) -> Path | None:
    """The one local file or folder that is dragged; ``None`` for anything else."""
    urls = mime.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
