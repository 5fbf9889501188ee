"""A column of tiles: one per unit or channel, each with its bias dot, its filter if its weights make a picture, and its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from playground.runner.messages import Curve, Frame, Maps, Surface, Want, Weights
from playground.runner.rows import Rows
from playground.ui.kit.colours import magnitudes
from playground.ui.panels.canvas.inside.base import Inside, Stage
from playground.ui.panels.canvas.inside.filters import Filters
from playground.ui.panels.canvas.inside.marks import DOT, Marks, after_box, before_box
from playground.ui.panels.canvas.layout import Tile
from playground.ui.panels.canvas.targets import Cell, More, Sample, Target, Unit

Array = NDArray[Any]

LARGE = 200_000  #: numbers in a layer of which only those of the units that have tiles are sent
REACH = 2.5  #: how far beside a dot the mouse may be


def at_corner(tile: Tile) -> QPointF:
    """Where the dot of a bias is unless somebody steps: at a corner of the unit's tile."""
    return tile.bias


class Tiles(Inside):
    """Base of columns. A subclass says which values it wants of its units and how one of them is painted."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.weights: Mapping[str, Any] = {}  #: as of the last frame that fitted
        self.zeros: set[int] = set()  #: units that give 0 everywhere: their scale has no end
        self.limits: list[float] = []  #: the end of each tile's scale, where each has its own
        self.bias_at: Callable[[Tile], QPointF] = at_corner  #: where the dot of a unit's bias is
        self.filters = Filters(stage)
        self.marks = Marks(self)

    # --- what a subclass says -----------------------------------------------------------------------------------------

    def want(self) -> Surface | Curve | Maps | None:
        """The values of all units of the shown node."""
        return None

    def fits(self, values: Array) -> bool:
        """Whether an answer to ``want`` has the shape it must have for this block."""
        return len(values) == self.block.units

    def take(self, values: Array, units: list[int]) -> None:
        """Make pictures of the values of ``units``."""

    def paint_tile(self, painter: QPainter, i: int, tile: Tile) -> None:
        """Paint picture number ``i``."""

    def smooth(self) -> bool:
        """Whether pictures are smoothed: few cells are numbers and stay crisp, many are a picture."""
        return True

    def clear(self) -> None:
        """Forget all pictures."""

    # --- frames -------------------------------------------------------------------------------------------------------

    def show_block(self, block, place) -> None:
        before = self.block
        changed = (before.shape, before.shown) != (block.shape, block.shown)
        paged = [t.unit for t in self.place.tiles] != [t.unit for t in place.tiles]
        if changed or paged:
            self.clear()
        weight = self.weights.get("weight")
        elsewhere = isinstance(weight, Rows) and any(t.unit not in weight for t in place.tiles)
        if before.parameters != block.parameters or elsewhere:
            self.weights = {}
        super().show_block(block, place)
        self.filters.show(block, place.tiles, self.weights)
        self.marks.refresh(afresh=True)

    def wants(self) -> Iterable[Want]:
        want = self.want()
        if want is not None:
            yield want
        if self.block.parameters:
            yield Weights(self.block.id, self.rows)

    @property
    def rows(self) -> tuple[int, int] | None:
        """Of whose weights and gradients it needs to know; ``None`` for all, where they are few."""
        if max(map(math.prod, self.block.parameters.values()), default=0) <= LARGE or not self.place.tiles:
            return None
        return self.place.tiles[0].unit, self.place.tiles[-1].unit + 1

    def limit(self, unit: int) -> float | None:
        pairs = zip(self.place.tiles, self.limits, strict=False)
        return next((limit for tile, limit in pairs if tile.unit == unit), None)

    def show_frame(self, frame: Frame) -> None:
        if self.block.parameters:
            self.take_weights(frame.answer(Weights(self.block.id, self.rows)))
        want = self.want()
        values = frame.answer(want) if want is not None else None
        if values is not None and self.place.tiles and self.fits(values):
            units = [t.unit for t in self.place.tiles]
            self.zeros = {unit for unit in units if not values[unit].any()}
            self.take(values, units)
        self.marks.refresh()
        self.update()

    def take_weights(self, weights: Mapping[str, Array | Rows] | None) -> None:
        """Draw filters and biases of these weights, if they are this block's."""
        if weights is None or {n: w.shape for n, w in weights.items()} != dict(self.block.parameters):
            return
        self.weights = weights
        self.filters.show(self.block, self.place.tiles, weights)

    # --- painting -----------------------------------------------------------------------------------------------------

    def cover(self) -> QRectF:
        rect = self.place.column.adjusted(-DOT - 4, -DOT - 4, DOT + 4, DOT + 4)
        for extra in (self.place.more, self.place.below):
            rect = rect if extra is None else rect.united(extra.adjusted(-2, -2, 2, 2))
        return rect.united(QRectF(0, rect.top(), self.place.width, rect.height()))

    def draw(self, painter: QPainter) -> None:
        # Smoothing the edges of pictures, which lie under the rims anyway, would cost three times as much as the pictures.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        self.filters.paint(painter)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth())
        if self.stage.light is not None:  # the numbers of the update stand there
            return
        for i, tile in enumerate(self.place.tiles):
            self.paint_tile(painter, i, tile)

    def look_again(self) -> None:
        """What is under the mouse or pinned has changed."""
        self.marks.refresh()

    # --- what is where ------------------------------------------------------------------------------------------------

    def target_at(self, at: QPointF) -> Target | None:
        if self.place.more is not None and self.place.more.contains(at):
            return More(self.block.id)
        if self.place.below is not None:
            for step, box in ((-1, before_box(self.place.below)), (+1, after_box(self.place.below))):
                if box.contains(at):
                    return Sample(self.block.id, step)
        for tile in self.place.tiles:
            away = at - self.bias_at(tile)
            if self.block.has_biases and away.x() ** 2 + away.y() ** 2 <= (DOT + REACH) ** 2:
                return Cell(self.block.id, "bias", (tile.unit,))
        for tile in self.place.tiles:
            if tile.rect.contains(at):
                return Unit(self.block.id, tile.unit)
            cell = self.filters.cell_at(at, tile)
            if cell is not None:
                return Cell(self.block.id, "weight", cell)
        return None


class SampleTiles(Tiles):
    """What the shown node gives for the chosen sample."""

    def want(self) -> Maps:
        return Maps(self.block.shown, *self.stage.sample)

    def fits(self, values: Array) -> bool:
        return values.shape == self.block.shape


def ends_of(values: Array, spread: float = np.inf) -> Array:
    """The ends of signed scales, one per row of ``values``: its largest magnitude, but at most ``spread`` times its mean one.

    1 for a row of zeros and for one with a number that is not finite.
    """
    rows = values.reshape(len(values), -1)
    ends = magnitudes(rows)
    if np.isfinite(spread):
        ends = np.minimum(ends, spread * np.abs(rows).mean(axis=1))
    return np.where(np.isfinite(ends) & (ends > 0), ends, 1.0)


def end_of(values: Array) -> float:
    """The end of one signed scale for all ``values``."""
    return float(ends_of(values.reshape(1, -1))[0])
