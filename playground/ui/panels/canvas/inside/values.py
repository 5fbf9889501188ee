"""Tables, and what follows a Flatten: each unit's value for the chosen sample, as a colour and a number."""

from __future__ import annotations

from PySide6.QtGui import QPainter

from playground.ui.kit.grid import Grid, Laid
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.panels.canvas.inside.tiles import Array, SampleTiles, end_of
from playground.ui.panels.canvas.layout import Tile
from playground.ui.panels.canvas.look import SMALLEST


class ValueTiles(SampleTiles):
    """The scale is one for all units of the layer, shown or not, so that they can be compared."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._grids: list[Grid] = []

    def clear(self) -> None:
        self._grids = []

    def take(self, values: Array, units: list[int]) -> None:
        limit = end_of(values)
        self._grids = [
            Grid("y", "", values[unit].reshape(1, 1), limit=limit, digits=2, least=SMALLEST) for unit in units
        ]

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        if i < len(self._grids):
            paint_grid(painter, self.stage.look, Laid.whole(self._grids[i], tile.rect))
        else:
            painter.fillRect(tile.rect, self.stage.look.panel)

    def limit(self, unit: int) -> float | None:
        return self._grids[0].limit if self._grids else None

    def value(self, unit: int) -> float | None:
        pairs = zip(self.place.tiles, self._grids, strict=False)
        return next((float(grid.cells[0, 0]) for tile, grid in pairs if tile.unit == unit), None)
