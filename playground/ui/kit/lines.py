"""Curves that cost next to nothing to paint, with markers that are kept as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from playground.ui.kit.points import Look, symbol

Array = NDArray[Any]


class Line(pg.GraphicsObject):
    """A curve through points in the plot's units, with gaps where y is NaN.

    Qt strokes a smooth line one pixel wide twenty times as fast as a wider one, so a heavy curve is that line drawn again,
    half a pixel away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pen, self._weight = QPen(), 2
        self._runs: list[QPolygonF] = []
        self._look: Look | None = None
        self._mark = QPixmap()
        self._marks: list[QPointF] = []

    def style(self, colour: str, weight: int = 2, dotted: bool = False, mark: Look | None = None) -> None:
        """Colour and weight, 1 to 3; ``mark`` is drawn on the points that ``set_data`` marks."""
        # Not cosmetic: on a figure of more dots than the screen has pixels, it is as many more wide.
        self._pen, self._weight = QPen(QColor(colour), 1.0), weight
        if dotted:
            self._pen.setStyle(Qt.PenStyle.DashLine)
        self._look, self._mark = mark, QPixmap()
        self.update()

    def set_data(self, x: Array, y: Array, marks: Array | None = None) -> None:
        """Points ``x, y`` (N,); ``marks`` are the indices of those that get a marker."""
        finite = np.isfinite(y)
        edges = np.flatnonzero(np.diff(finite.astype(np.int8), prepend=0, append=0))
        self._runs = [
            pg.functions.arrayToQPolygonF(x[a:b], y[a:b])
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
        self._marks = [QPointF(x[i], y[i]) for i in (() if marks is None else marks) if finite[i]]
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        if self._runs:
            self.set_data(np.zeros(0), np.zeros(0))

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()  # or viewRect stays as it was
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        """In pixels, so that neither pen nor markers are stretched."""
        to_pixels = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._pen)
        runs = [to_pixels.map(run) for run in self._runs]
        for run in runs:
            if run.size() == 1:
                painter.drawPoint(run.first())
            painter.drawPolyline(run)
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        for again in range(1, round(self._weight * ratio)):
            shift = QPointF(0.3 * (again % 2), 0.6 * again) / ratio
            painter.translate(shift)
            for run in runs:
                painter.drawPolyline(run)
            painter.translate(-shift)
        if self._look is not None and self._marks:
            self._draw_marks(painter, self._look, [to_pixels.map(point) for point in self._marks], ratio)

    def _draw_marks(self, painter: QPainter, look: Look, at: list[QPointF], ratio: float) -> None:
        if self._mark.isNull() or self._mark.devicePixelRatio() != ratio:
            self._mark = symbol(look, ratio)
        half = self._mark.width() / ratio / 2
        for point in at:
            painter.drawPixmap(QPointF(point.x() - half, point.y() - half), self._mark)
