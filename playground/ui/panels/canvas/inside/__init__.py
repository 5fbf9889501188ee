"""Which picture shows the inside of which block.

A layer that says nothing gets a picture that suits its shape: a column of tiles, or a small card if it gives back what it gets. To give
a layer's card a picture of its own, name its class here; subclasses inherit it.
"""

from __future__ import annotations

from engine.layers import Activation, Dropout, Dropout2d
from engine.network import INPUT
from playground.ui.panels.canvas.inside.activation import CurvePicture
from playground.ui.panels.canvas.inside.base import Inside, Stage
from playground.ui.panels.canvas.inside.curves import CurveTiles
from playground.ui.panels.canvas.inside.dropout import SharePicture
from playground.ui.panels.canvas.inside.losses import LossReadOut
from playground.ui.panels.canvas.inside.maps import MapTiles, PictureTiles
from playground.ui.panels.canvas.inside.surface import SurfaceTiles
from playground.ui.panels.canvas.inside.tiles import Tiles
from playground.ui.panels.canvas.inside.values import ValueTiles
from playground.ui.panels.canvas.plan import LOSS, Block, Mode

#: layer class → the picture in its card
IN_CARD: dict[type, type[Inside]] = {Activation: CurvePicture, Dropout: SharePicture, Dropout2d: SharePicture}

#: how the units of a column are drawn
_UNITS: dict[Mode, type[Tiles]] = {Mode.PLANE: SurfaceTiles, Mode.LINE: CurveTiles, Mode.SAMPLE: ValueTiles}


def picture_in_card(block: Block) -> type[Inside] | None:
    """The picture in a block's card, if it has one."""
    kinds = type(block.layer).__mro__
    return next((IN_CARD[kind] for kind in kinds if kind in IN_CARD), None)


def column_under_card(block: Block, mode: Mode) -> type[Inside] | None:
    """The column under a block's card, if it has one."""
    if block.id == LOSS:
        return LossReadOut
    if not block.units:
        return None
    if len(block.shape) == 3:
        return PictureTiles if block.id == INPUT else MapTiles
    return _UNITS[mode]


__all__ = ["IN_CARD", "Inside", "Stage", "Tiles", "column_under_card", "picture_in_card"]
