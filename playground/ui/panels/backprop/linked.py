"""Numbers that know where they stand: under the mouse they light up in every view, and a click looks into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.trace import BACKWARD, Operand, Place, Trace
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.symbols import plain


@dataclass(frozen=True)
class Zone:
    """A number on screen.

    Args:
        rect: where, in the widget.
        words: its tool tip.
        place: where it stands; ``None`` for numbers that stand nowhere.
    """

    rect: QRectF
    words: str
    place: Place | None


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


class Linked(QWidget):
    """Base: a painted widget whose ``zones`` are linked with the other views through the focus."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setMouseTracking(True)
        self.focus, self.theme = focus, theme
        self.zones: Sequence[Zone] = ()
        focus.place_changed.connect(self._place_changed)

    def written(self, value: float) -> str:
        """A number in as many digits as are asked for."""
        return fmt(value, self.focus.digits)

    @property
    def trace(self) -> Trace | None:
        """What is stepped through."""
        return self.focus.step.trace if self.focus.step is not None else None

    def lit(self, place: Place | None) -> bool:
        """Whether the mouse is over this number, here or in another view."""
        if place is None or self.focus.place is None:
            return False
        return canonical(self.trace, place) == canonical(self.trace, self.focus.place)

    def zone_at(self, at: QPointF) -> Zone | None:
        """The number at a point."""
        return next((zone for zone in self.zones if zone.rect.contains(at)), None)

    def _place_changed(self, place: Place | None) -> None:
        if self.isVisible():
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        zone = self.zone_at(event.position())
        linked = zone is not None and zone.place is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if linked else Qt.CursorShape.ArrowCursor)
        self.focus.point_at(zone.place if zone is not None else None)

    def leaveEvent(self, event: QEvent) -> None:
        self.focus.point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        zone = self.zone_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and zone is not None and zone.place is not None:
            self.focus.choose_place(zone.place)
        else:
            super().mousePressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            zone = self.zone_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(zone.words) if zone is not None else "", self)
            return True
        return super().event(event)
