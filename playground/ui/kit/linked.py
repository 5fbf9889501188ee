"""Numbers that know where they stand: under the mouse they light up in every view, and a click looks into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from engine.trace import BACKWARD, Operand, Place, Trace
from playground.ui.kit.grid import Laid
from playground.ui.kit.grid_paint import paint_lit
from playground.ui.kit.ink import Ink, ink_of
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.symbols import plain
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus

#: widths of the frames round a number that is looked into, and round the one under the mouse
CHOSEN, POINTED = 2.0, 3.0


@dataclass(frozen=True, eq=False)
class Zone:
    """A place on screen that answers the mouse.

    Args:
        rect: where.
        words: its tool tip, or what makes one of a point in it.
        place: the number that stands there; ``None`` where none does that is linked.
        hover: the mouse is at a point.
        press: the left button was pressed, or dragged, at a point.
        click: it was pressed and let go.
    """

    rect: QRectF
    words: str | Callable[[QPointF], str] = ""
    place: Place | None = None
    hover: Callable[[QPointF], None] | None = None
    press: Callable[[QPointF], None] | None = None
    click: Callable[[QPointF], None] | None = None

    def said(self, at: QPointF) -> str:
        """What is said about a point in it."""
        return self.words if isinstance(self.words, str) else self.words(at)


def canonical(trace: Trace | None, place: Place | None) -> Place | None:
    """The same number under one name: what a value's only reader sends back *is* the gradient that arrives there."""
    if trace is None or place is None or place.kind != "share":
        return place
    source = trace.network.inputs_of(place.node_id)[int(place.name)]
    alone = len(trace.readers(source)) == 1 and source != trace.network.output_id
    return Place(source, "gradient", "", place.index) if alone else place


def colour_of(theme: Theme, place: Place | None) -> str:
    """Values and gradients have a colour each; weights and constants are text."""
    if place is None:
        return theme.text
    if place.kind in BACKWARD:
        return theme.gradient
    return theme.accent if place.kind in ("value", "loss", "target") else theme.text


def words_for(operand: Operand) -> str:
    """A tool tip: the number with every digit."""
    return f"{plain(operand.symbol)} = {exact(operand.value)}"


def zone_of(laids: Iterable[Laid], at: QPointF) -> Zone | None:
    """The number of a grid at a point."""
    for laid in laids:
        found = laid.cell_at(at)
        if found is not None:
            # Not a zone of its own for each of thousands of cells: one for the cell under the mouse.
            return Zone(laid.rect_of(*found), laid.words_for(*found), laid.grid.place(*found))
    return None


if TYPE_CHECKING:
    _Base = QWidget
else:
    _Base = object


class Linking(_Base):
    """Mixin before a Qt class that paints by hand: its ``zones`` answer the mouse, and are linked with the other views.

    Attributes:
        focus, theme: of the window.
        zones: places that answer; where two share a point, the later one does.
    """

    focus: Focus
    theme: Theme

    def link(self, focus: Focus, theme: Theme) -> None:
        """Begin to answer and to follow."""
        self.focus, self.theme = focus, theme
        self.zones: Sequence[Zone] = ()
        self._pressed: Zone | None = None
        self.surface.setMouseTracking(True)
        focus.place_changed.connect(self._place_changed)
        focus.chosen_changed.connect(self._place_changed)

    @property
    def surface(self) -> QWidget:
        """What is painted on."""
        return self

    @property
    def origin(self) -> QPointF:
        """The point of the contents at its upper left corner."""
        return QPointF()

    @property
    def ink(self) -> Ink:
        """Fonts and colours, as they are now."""
        return ink_of(self.theme)

    @property
    def trace(self) -> Trace | None:
        """What is stepped through."""
        return self.focus.step.trace if self.focus.step is not None else None

    def written(self, value: float) -> str:
        """A number in as many digits as are asked for."""
        return fmt(value, self.focus.digits)

    # --- light --------------------------------------------------------------------------------------------------------

    def lit(self, place: Place | None) -> bool:
        """Whether the mouse is over this number, here or in another view."""
        return self._same(place, self.focus.place)

    def _same(self, place: Place | None, other: Place | None) -> bool:
        if place is None or other is None:
            return False
        return canonical(self.trace, place) == canonical(self.trace, other)

    def paint_lights(self, painter: QPainter, laids: Iterable[Laid]) -> None:
        """Frame the numbers that are pointed at and looked into, here or in another view."""
        marks = [(p, w) for p, w in ((self.focus.chosen_place, CHOSEN), (self.focus.place, POINTED)) if p]
        for laid in laids if marks and self.trace is not None else ():
            for place, width in marks:
                cell = laid.where(place, lambda other, place=place: self._same(other, place))  # type: ignore[misc]
                if cell is not None:
                    paint_lit(painter, self.ink, laid, cell, width)

    def _place_changed(self, place: Place | None) -> None:
        if self.isVisible():
            self.surface.update()

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def zone_at(self, at: QPointF) -> Zone | None:
        """What answers at a point of the contents."""
        return next((zone for zone in reversed(self.zones) if zone.rect.contains(at)), None)

    def leave(self) -> None:
        """The mouse is over nothing that answers to being hovered."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position() + self.origin
        if self._pressed is not None and self._pressed.press is not None:
            self._pressed.press(_held_in(at, self._pressed.rect))
            return
        zone = self.zone_at(at)
        if zone is None or zone.hover is None:
            self.leave()
        else:
            zone.hover(at)
        answers = zone is not None and bool(zone.place or zone.press or zone.click)
        self.surface.setCursor(Qt.CursorShape.PointingHandCursor if answers else Qt.CursorShape.ArrowCursor)
        self.focus.point_at(zone.place if zone is not None else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position() + self.origin
        zone = self.zone_at(at) if event.button() == Qt.MouseButton.LeftButton else None
        if zone is None:
            event.ignore()
            return
        self._pressed = zone
        if zone.press is not None:
            zone.press(at)
        elif zone.place is not None:
            self.focus.choose_place(zone.place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        at = event.position() + self.origin
        if pressed is not None and pressed.click is not None and pressed.rect.contains(at):
            pressed.click(at)

    def hear(self, event: QEvent) -> bool:
        """What else concerns zones: the mouse leaves, or rests. Whether that was all there is to do."""
        if event.type() == QEvent.Type.Leave:
            self.leave()
            self.focus.point_at(None)
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = QPointF(event.pos()) + self.origin
            zone = self.zone_at(at)
            said = tip(zone.said(at)) if zone is not None else self.toolTip()
            QToolTip.showText(event.globalPos(), said, self.surface)
            return True
        return False


class Linked(Linking, QWidget):
    """Base: a painted widget whose ``zones`` are linked with the other views through the focus."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.link(focus, theme)

    def event(self, event: QEvent) -> bool:
        return self.hear(event) or super().event(event)


def _held_in(at: QPointF, rect: QRectF) -> QPointF:
    """The point of ``rect`` nearest to ``at``: a drag that leaves a map moves along its edge."""
    return QPointF(
        min(max(at.x(), rect.left()), rect.right() - 1e-3), min(max(at.y(), rect.top()), rect.bottom() - 1e-3)
    )
