"""Files and folders dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from playground.document.carried import REPORTS
from playground.document.files import RUN_SUFFIX
from playground.ui.kit.codes import carries_code, holds_code, is_picture

if TYPE_CHECKING:
    from playground.ui.panels.data.view import DataView
    from playground.ui.panels.lesson.view import LessonView
    from playground.ui.shell.desk import Desk
    from playground.ui.shell.docks import Docks


#: how the names of projects end
PROJECTS = (".json", RUN_SUFFIX, *REPORTS)


class Drops(QObject):
    """Takes one local file or folder: a project is opened, a QR picture of one too, a model imported, a pack of lessons added,
    anything else is data. The code of a project may also be dropped as text, or its picture from another program."""

    def __init__(
        self,
        window: QWidget,
        desk: Desk,
        open_model: Callable[[Path], object],
        docks: Docks,
    ) -> None:
        super().__init__(window)
        self._desk, self._open_model, self._docks = desk, open_model, docks
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QDropEvent):  # entering, moving and dropping; leaving needs no answer
            return False
        path = dropped(event.mimeData())
        if path is None and not carries_code(event.mimeData()):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() == QEvent.Type.Drop and path is None:
            self._desk.open_carried(event.mimeData())
        elif event.type() == QEvent.Type.Drop and path is not None:
            self._taker(path)(path)
        return True

    def _taker(self, path: Path) -> Callable[[Path], object]:
        """Who opens this file."""
        from engine.importing import ENDINGS, NETWORKS
        from playground.lessons.packs import SUFFIX as PACK

        ending = path.suffix.lower()
        if ending in PROJECTS or (is_picture(path) and holds_code(path)):
            return self._desk.open_path
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
