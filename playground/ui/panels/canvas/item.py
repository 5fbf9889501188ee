"""The base of everything drawn on the canvas."""

from __future__ import annotations

import logging

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

log = logging.getLogger(__name__)


class Item(QGraphicsItem):
    """A graphics item whose faults are logged once. A subclass says ``draw``.

    An exception that leaves ``paint`` goes through Qt's painting, which does not expect one, and ends the whole program.
    """

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self._bounds = QRectF()
        self._faulty = False

    def draw(self, painter: QPainter) -> None:
        """Paint it; edges are smoothed already."""

    def set_bounds(self, bounds: QRectF) -> None:
        """All that it draws on is inside ``bounds``, in its own coordinates."""
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            self.draw(painter)
        except Exception:
            if not self._faulty:
                log.exception("The canvas could not draw %s.", type(self).__name__)
            self._faulty = True
