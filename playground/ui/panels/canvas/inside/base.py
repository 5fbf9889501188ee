"""What every live picture on the canvas is: an item that says what it wants of a frame, and draws it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from playground.runner.messages import Frame, Want
from playground.ui.kit.calm import Calm
from playground.ui.kit.theme import Theme
from playground.ui.panels.canvas.item import Item
from playground.ui.panels.canvas.layout import Place
from playground.ui.panels.canvas.look import Look, look_of
from playground.ui.panels.canvas.plan import Block, Mode
from playground.ui.panels.canvas.step_plan import Spotlight
from playground.ui.panels.canvas.targets import Target, Unit


@dataclass
class Stage:
    """What all pictures share. One object per canvas; the scene changes it and asks for repainting.

    Args:
        theme: of the window.
        mode: how units are drawn.
        sample: the chosen sample, ``(part, index)``.
        sample_name: the same in words, with its class or target.
        every: of the grid's points along each side, each so many-th is drawn.
        pinned: the unit whose wires are to be seen.
        hovered: what is under the mouse.
        compact: there is little room: cards stack their words.
        light: while somebody steps through an update, what the step is about.
        calm: when numbers that are read change.
    """

    theme: Theme
    mode: Mode = Mode.PLANE
    sample: tuple[str, int] = ("validation", 0)
    sample_name: tuple[str, str] = ("", "")
    every: int = 2
    pinned: Unit | None = None
    hovered: Target | None = None
    compact: bool = False
    light: Spotlight | None = None
    calm: Calm = field(default_factory=Calm)

    @property
    def look(self) -> Look:
        """Fonts and colours, as they are now."""
        return look_of(self.theme)


class Inside(Item):
    """Base of pictures. Coordinates are the block's: origin at the upper left corner of its room."""

    def __init__(self, stage: Stage, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self.block = Block("", "", "")
        self.place = Place(0.0, 0.0, QRectF())

    def show_block(self, block: Block, place: Place) -> None:
        """Draw this block, there."""
        self.block, self.place = block, place
        self.set_bounds(self.cover())
        self.update()

    def cover(self) -> QRectF:
        """All that it draws on."""
        return QRectF(0, 0, self.place.width, self.place.card.bottom())

    def wants(self) -> Iterable[Want]:
        """What it needs in frames."""
        return ()

    def show_frame(self, frame: Frame) -> None:
        """Draw a moment of training; what does not fit this block is of another project and is left out."""

    def look_again(self) -> None:
        """What is under the mouse or pinned has changed."""
        self.update()

    def target_at(self, at: QPointF) -> Target | None:
        """What is at a point."""
        return None

    def limit(self, unit: int) -> float | None:
        """The end of the signed scale in which ``unit`` is drawn; ``None`` while there are no values."""
        return None

    def value(self, unit: int) -> float | None:
        """The one number that the tile of ``unit`` shows; ``None`` where it shows many, or none yet."""
        return None
