"""Data with two inputs: each unit over the plane of both."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from playground.runner.messages import Surface
from playground.ui.kit.colours import draw_part, indexed_image, signed_index
from playground.ui.panels.canvas.inside.tiles import Array, Tiles, ends_of
from playground.ui.panels.canvas.layout import Tile

SPREAD = 2.5


class SurfaceTiles(Tiles):
    """Each tile has a scale of its own, symmetric about 0, since it is there to show where its unit is positive and where negative.

    The scale ends at the largest magnitude on the tile, or at SPREAD times the mean one where that is less: a few high peaks would
    leave the rest of the tile pale. What lies beyond takes the end's colour. The legend says the range of the tile under the mouse.
    """

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._image = QImage()  # all surfaces, one below the other
        self._side = 1

    def want(self) -> Surface:
        return Surface(self.block.shown, every=self.stage.every)

    def clear(self) -> None:
        self._image, self.limits = QImage(), []

    def take(self, values: Array, units: list[int]) -> None:
        values = values[units]
        ends = ends_of(values, SPREAD)
        self.limits = ends.tolist()
        scaled = values / ends.astype(values.dtype)[:, None, None]
        # The first row of a surface is its lowest x2, that of a picture its top.
        index = signed_index(scaled[:, ::-1], 1.0)
        self._side = values.shape[2]
        # Qt paints an indexed image four times as slowly as a plain one, and each image is painted several times.
        indexed = indexed_image(index.reshape(-1, self._side), self.stage.look.tables["values"])
        self._image = indexed.convertToFormat(QImage.Format.Format_RGB32)

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        if i < len(self.limits):
            side = self._side
            draw_part(painter, tile.rect, self._image, QRectF(0, i * side, side, side))
        else:
            painter.fillRect(tile.rect, self.stage.look.panel)
