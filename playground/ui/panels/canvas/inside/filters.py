"""The weights of a unit as a picture: the filters of a Conv2d, and what a unit of a Linear looks for in a flattened picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from engine.layers import Shape
from playground.runner.rows import Rows
from playground.ui.kit.colours import draw_part, indexed_image, magnitudes, signed_index
from playground.ui.kit.grid import cell_at, cells_rect, centred
from playground.ui.panels.canvas.layout import Tile

if TYPE_CHECKING:
    from playground.ui.panels.canvas.inside.base import Stage
    from playground.ui.panels.canvas.plan import Block

Array = NDArray[Any]

MOST_SLICES = 16  #: input channels whose slices are shown; the editor reaches the others


def grid_of(channels: int) -> tuple[int, int]:
    """Rows and columns in which the slices of so many input channels are laid: as square as can be."""
    shown = min(channels, MOST_SLICES)
    columns = int(np.ceil(np.sqrt(shown)))
    return int(np.ceil(shown / columns)), columns


class Filters:
    """The pictures left of a column's tiles: one per unit, the slices of its input channels in rows and columns.

    The scale is one for all of a layer, so that filters can be compared.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._shape: Shape = ()
        self._flat = False  # the weights are one row per unit, as a Linear has them
        self._image = QImage()  # all pictures, one below the other
        self._grid = (1, 1)
        self._laid: tuple[object, ...] = ()  # what the places were found for
        self._places: list[
            tuple[QRectF, QRectF]
        ] = []  # per tile: where its picture is drawn, and where it is in the image
        self.limit = 1.0

    def show(self, block: Block, tiles: Sequence[Tile], weights: Mapping[str, Array | Rows]) -> None:
        """Take the weights ``(units, …)``; nothing where they make no picture."""
        self._shape = block.filter
        self._flat = len(block.parameters.get("weight", ())) == 2
        weight = weights.get("weight")
        if not block.filter or weight is None:
            self._image = QImage()
            return
        channels, height, width = block.filter
        rows, columns = self._grid = grid_of(channels)
        self._lay(tiles)
        whole = weight.largest if isinstance(weight, Rows) else float(magnitudes(weight.reshape(1, -1))[0])
        self.limit = whole or 1.0
        slices = weight[[t.unit for t in tiles]].reshape(len(tiles), *block.filter)[:, :MOST_SLICES]
        padded = np.zeros((len(tiles), rows * columns, height, width), np.float32)
        padded[:, : slices.shape[1]] = slices
        picture = padded.reshape(-1, rows, columns, height, width).swapaxes(2, 3)
        index = signed_index(picture.reshape(-1, columns * width), self.limit)
        self._image = indexed_image(index, self._stage.look.tables["values"]).convertToFormat(
            QImage.Format.Format_RGB32
        )

    def _lay(self, tiles: Sequence[Tile]) -> None:
        if self._laid == (self._shape, tiles):
            return
        self._laid = (self._shape, tiles)
        height, width = self._grid[0] * self._shape[1], self._grid[1] * self._shape[2]
        self._places = [
            (self._picture(tile.filter or QRectF()), QRectF(0, i * height, width, height))
            for i, tile in enumerate(tiles)
        ]

    def paint(self, painter: QPainter) -> None:
        """Draw all filters. The painter must not smooth: cells are numbers, not a blurred picture."""
        if not self._image.isNull():
            for target, source in self._places:
                draw_part(painter, target, self._image, source)

    def paint_rim(self, painter: QPainter, tile: Tile) -> None:
        """The lines round the filter and between its slices."""
        if tile.filter is None or not self._shape:
            return
        look, rect = self._stage.look, self._picture(tile.filter)
        rows, columns = grid_of(self._shape[0])
        painter.setPen(QPen(look.sunken, 1.2))
        x = [rect.left() + rect.width() * c / columns for c in range(1, columns)]
        y = [rect.top() + rect.height() * r / rows for r in range(1, rows)]
        painter.drawLines([QLineF(at, rect.top(), at, rect.bottom()) for at in x])
        painter.drawLines([QLineF(rect.left(), at, rect.right(), at) for at in y])
        painter.setPen(QPen(look.faint, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)

    def cell_at(self, at: QPointF, tile: Tile) -> tuple[int, ...] | None:
        """The index in ``weight`` of the cell at a point."""
        if tile.filter is None or not self._shape:
            return None
        channels, height, width = self._shape
        rows, columns = grid_of(channels)
        found = cell_at(self._picture(tile.filter), at, rows * height, columns * width)
        if found is None:
            return None
        row, column = found
        c, i, j = row // height * columns + column // width, row % height, column % width
        if c >= min(channels, MOST_SLICES):
            return None
        return (tile.unit, (c * height + i) * width + j) if self._flat else (tile.unit, c, i, j)

    def cell_rect(self, index: tuple[int, ...], tile: Tile) -> QRectF | None:
        """Where the cell of that index is drawn."""
        if tile.filter is None or not self._shape:
            return None
        channels, height, width = self._shape
        c, i, j = index[1:] if len(index) == 4 else (int(n) for n in np.unravel_index(index[1], self._shape))
        if c >= min(channels, MOST_SLICES):
            return None
        rows, columns = grid_of(channels)
        row, column = c // columns * height + i, c % columns * width + j
        size = (rows * height, columns * width)
        return cells_rect(self._picture(tile.filter), size, (row,), (column,))

    def _picture(self, rect: QRectF) -> QRectF:
        """The largest place in ``rect`` in which all cells are square."""
        channels, height, width = self._shape
        rows, columns = grid_of(channels)
        return centred(rect, rows * height, columns * width)
