"""Pictures: the feature maps of a Conv2d or a pooling layer for the chosen sample, and the sample itself."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from playground.runner.messages import Frame
from playground.ui.kit.colours import draw_part, grey_table, indexed_image, share_index, signed_index
from playground.ui.kit.grid import centred
from playground.ui.panels.canvas.inside.tiles import Array, SampleTiles, end_of
from playground.ui.panels.canvas.layout import Place, Tile
from playground.ui.panels.canvas.plan import Block


class MapTiles(SampleTiles):
    """Maps in the signed scale, one scale for all channels of the layer: a channel that hardly answers looks pale."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._image = QImage()  # all maps, one below the other
        self._limit: float | None = None
        self._places: list[
            tuple[QRectF, QRectF]
        ] = []  # of each map: where it is drawn, and where it is in the image
        self._fills = False  # each fills its tile

    def clear(self) -> None:
        self._image, self._limit = QImage(), None

    def take(self, values: Array, units: list[int]) -> None:
        self._limit = end_of(values)
        self._keep(signed_index(values[units], self._limit), self.stage.look.tables["values"])

    def _keep(self, index: Array, table: list[int]) -> None:
        """Make a picture of table entries ``(tiles, height, width)``."""
        indexed = indexed_image(index.reshape(-1, index.shape[2]), table)
        self._image = indexed.convertToFormat(QImage.Format.Format_RGB32)

    def show_block(self, block: Block, place: Place) -> None:
        _, height, width = block.shape
        fitted = [centred(tile.rect, height, width) for tile in place.tiles]
        self._fills = all(f == tile.rect for f, tile in zip(fitted, place.tiles, strict=True))
        self._places = [(f, QRectF(0, i * height, width, height)) for i, f in enumerate(fitted)]
        super().show_block(block, place)

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        if self._image.isNull() or not self._fills:
            painter.fillRect(tile.rect, self.stage.look.panel)
        if not self._image.isNull():
            target, source = self._places[i]
            draw_part(painter, target, self._image, source)

    def smooth(self) -> bool:
        tiles = self.place.tiles
        return bool(tiles) and self.block.shape[2] > tiles[0].rect.width() / 3

    def limit(self, unit: int) -> float | None:
        return self._limit


class PictureTiles(MapTiles):
    """The chosen picture, in grey: the darkest value of the training data is black, the brightest white."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._range: tuple[object, float, float] = (None, 0.0, 1.0)

    def show_frame(self, frame: Frame) -> None:
        if frame.data is not None and frame.data is not self._range[0]:
            x = frame.data.train.x
            self._range = (frame.data, float(x.min()), float(x.max()))
        super().show_frame(frame)

    def take(self, values: Array, units: list[int]) -> None:
        _, low, high = self._range
        self._keep(share_index((values[units] - low) / ((high - low) or 1.0)), grey_table())

    def limit(self, unit: int) -> float | None:
        return None
