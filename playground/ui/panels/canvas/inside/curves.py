"""Data with one input: each unit along its axis."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QTransform

from playground.runner.messages import Curve
from playground.ui.panels.canvas.inside.tiles import Array, Tiles, ends_of
from playground.ui.panels.canvas.layout import Tile

RESOLUTION = 64  #: points of a small curve


class CurveTiles(Tiles):
    """Blue above 0, orange below, filled down to the line of 0. Each tile has a scale of its own; the legend says the range."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._paths: list[
            tuple[QPainterPath, QPainterPath, QPainterPath]
        ] = []  # above, below, line; in 0..1 × −1..1

    def want(self) -> Curve:
        return Curve(self.block.shown, RESOLUTION)

    def clear(self) -> None:
        self.limits, self._paths = [], []

    def take(self, values: Array, units: list[int]) -> None:
        import pyqtgraph as pg  # not before the window is painted

        self.limits = ends_of(values[units]).tolist()
        x = np.linspace(0.0, 1.0, values.shape[1])
        around = np.concatenate([[0.0], x, [1.0]])
        self._paths = []
        for row, limit in zip(values[units], self.limits, strict=True):
            y = np.clip(np.nan_to_num(row / limit), -1.0, 1.0).astype(float)
            closed = np.concatenate([[0.0], y, [0.0]])
            above, below = np.maximum(closed, 0.0), np.minimum(closed, 0.0)
            self._paths.append(
                (pg.arrayToQPath(around, above), pg.arrayToQPath(around, below), pg.arrayToQPath(x, y))
            )

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        look, rect = self.stage.look, tile.rect
        painter.fillRect(rect, look.panel)
        if i >= len(self._paths):
            return
        inner = rect.adjusted(1, 3, -1, -3)
        to_tile = QTransform(inner.width(), 0, 0, -inner.height() / 2, inner.left(), inner.center().y())
        above, below, line = (to_tile.map(path) for path in self._paths[i])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for path, sign in ((above, 1.0), (below, -1.0)):
            painter.setBrush(look.tint(0.45 * sign, 1.0))
            painter.drawPath(path)
        painter.setPen(QPen(look.border, 1.0))
        y = inner.center().y()
        painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
        painter.setPen(QPen(look.text, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
