"""Tables, and what follows a Flatten: each unit's value for the chosen sample, as a colour and a number."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from playground.runner.messages import Maps
from playground.ui.kit.numbers import fmt
from playground.ui.panels.canvas.inside.tiles import Array, Tiles, end_of
from playground.ui.panels.canvas.layout import Tile


class ValueTiles(Tiles):
    """The scale is one for all units of the layer, shown or not, so that they can be compared."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._values: list[float] = []
        self._limit = 1.0

    def want(self) -> Maps:
        return Maps(self.block.shown, *self.stage.sample)

    def fits(self, values: Array) -> bool:
        return values.shape == self.block.shape

    def clear(self) -> None:
        self._values = []

    def take(self, values: Array, units: list[int]) -> None:
        self._limit = end_of(values)
        self._values = values[units].tolist()

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        look = self.stage.look
        if i >= len(self._values):
            painter.fillRect(tile.rect, look.panel)
            return
        value = self._values[i]
        colour = look.tint(value, self._limit)
        painter.fillRect(tile.rect, colour)
        dark_paper = colour.lightnessF() < 0.55
        painter.setPen(Qt.GlobalColor.white if dark_paper else Qt.GlobalColor.black)
        painter.setFont(look.tiny)
        painter.drawText(tile.rect, Qt.AlignmentFlag.AlignCenter, fmt(value, 2))

    def limit(self, unit: int) -> float | None:
        return self._limit if self._values else None

    def value(self, unit: int) -> float | None:
        pairs = zip(self.place.tiles, self._values, strict=False)
        return next((value for tile, value in pairs if tile.unit == unit), None)
