"""Orders to save, which the worker carries out, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QObject, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from playground.document.project import Project
from playground.runner.messages import Command, Frame, Save

#: pixels of a thumbnail
THUMBNAIL = QSize(320, 200)

Then = Callable[[str], object]  #: called with why nothing was written; "" where it was


class Saving(QObject):
    """Has projects saved with their runs. The run is where it is trained, so that the worker writes the file.

    Args:
        window: goes with it.
        send: to the worker.
        pictured: what thumbnails are taken of.
    """

    def __init__(self, window: QWidget, send: Callable[[Command], None], pictured: QWidget) -> None:
        super().__init__(window)
        self._send, self._pictured = send, pictured
        self._number = 0
        self._waiting: dict[int, Then] = {}

    @property
    def busy(self) -> bool:
        """Whether an order has not been answered."""
        return bool(self._waiting)

    def order(
        self,
        project: Project,
        path: Path,
        then: Then,
        about: Mapping[str, Any] = MappingProxyType({}),
        backup: bool = False,
    ) -> None:
        """Have ``project`` written to ``path``, and call ``then`` once it is."""
        order = Save(self._number + 1, project, path, self._thumbnail(), tuple(about.items()), backup)
        self._order(order, then)

    def order_weights(self, project: Project, path: Path, then: Then) -> None:
        """Have the weights alone written to ``path``, and call ``then`` once they are."""
        self._order(Save(self._number + 1, project, path, weights_alone=True), then)

    def _order(self, order: Save, then: Then) -> None:
        self._number = order.number
        self._waiting[order.number] = then
        self._send(order)

    def see(self, frame: Frame) -> None:
        """Hear from a frame what was saved."""
        for one in frame.saved:
            then = self._waiting.pop(one.number, None)
            if then is not None:
                then(one.refusal)

    def _thumbnail(self) -> bytes:
        """The network as it is on screen, PNG."""
        if not self._pictured.isVisible():
            return b""
        seen = self._pictured.grab()
        small = seen.scaled(
            THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        return png(small)


def png(picture: QPixmap) -> bytes:
    """``picture`` as a file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data().data())
