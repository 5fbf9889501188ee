"""Fonts, pens and brushes of the canvas, made once per theme."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

from engine.problems import Level
from playground.ui.kit.colours import mix
from playground.ui.kit.ink import Ink, legible
from playground.ui.kit.theme import Theme, cached

RADIUS = 8.0  #: of cards
TILE_RADIUS = 3.0

#: wires: pixels of width per unit of |weight|, and the limits of the width. A weight of 0 is still a hair, as it takes part.
WIRE_SCALE, HAIR, THICK = 2.6, 0.8, 7.0
LEVELS = 14  #: widths (and strengths of colour) per sign
SMALLEST = 11  #: pixels of the smallest letters
DIM = 0.15  #: strength of what stands back while somebody steps through an update


class Look(Ink):
    """How things on the canvas are drawn in one theme."""

    # The canvas is zoomed: hinting would move letters about at every scale.
    hinting = QFont.HintingPreference.PreferVerticalHinting
    title_size = 13

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.band = QColor(mix(theme.sunken, theme.accent, 0.06))
        self.bundle = QColor(mix(theme.sunken, theme.muted, 0.10))
        self.bars = QColor(mix(theme.panel, theme.muted, 0.28))
        self.faint = QColor(mix(theme.muted, theme.sunken, 0.6))

    @cached_property
    def outline(self) -> QPen:
        """The rim of a card."""
        return QPen(self.border, 1.2)

    @cached_property
    def frame(self) -> QPen:
        """The rim of a tile."""
        return QPen(self.text, 1.6)

    @cached_property
    def chosen(self) -> QPen:
        """The rim of what is selected."""
        return QPen(QColor(self.theme.accent), 2.4)

    @cached_property
    def hover(self) -> QPen:
        """The rim of what is under the mouse."""
        return QPen(QColor(mix(self.theme.accent, self.theme.panel, 0.35)), 2.4)

    @cached_property
    def neutral_wire(self) -> QPen:
        """A wire that has no weight."""
        return _wire(self.faint, 1.1)

    def problem(self, level: Level) -> QColor:
        return QColor(getattr(self.theme, level))

    def tint(self, value: float, limit: float) -> QColor:
        """The signed scale's colour of a value."""
        share = max(-1.0, min(1.0, value / limit)) if limit > 0 else 0.0
        return QColor.fromRgba(self.tables["values"][round(127.5 + 127.5 * share)])

    @cached_property
    def wires(self) -> tuple[QPen, ...]:
        """A pen per bucket of weights: LEVELS for negative ones, the strongest last, then LEVELS for positive ones."""
        return tuple(
            _wire(self._wire_colour(end, level), self.width(level))
            for end in (self.theme.negative, self.theme.positive)
            for level in range(LEVELS)
        )

    @cached_property
    def dimmed_wires(self) -> tuple[QPen, ...]:
        """The same while another unit's wires are to be seen."""
        pens = []
        for pen in self.wires:
            dim = QPen(pen)
            dim.setColor(QColor(mix(pen.color().name(), self.theme.sunken, 0.8)))
            pens.append(dim)
        return tuple(pens)

    @staticmethod
    def width(level: int) -> float:
        """Pixels of a wire of so much strength."""
        return HAIR + (THICK - HAIR) * level / (LEVELS - 1)

    def _wire_colour(self, end: str, level: int) -> QColor:
        # Opaque: see-through strokes cost twice as much, and wires that cross would make up a third colour.
        return QColor(mix(end, self.theme.sunken, 0.62 * (1 - level / (LEVELS - 1)) ** 3))


def _wire(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin)


@cached
def look_of(theme: Theme) -> Look:
    """The look of a theme, made once."""
    return Look(theme)


def write(painter: QPainter, room: QRectF, flags: Qt.AlignmentFlag | Qt.TextFlag | int, text: str) -> None:
    """Draw a text; none where the zoom would make its letters too small to be read."""
    if legible(painter, painter.font().pixelSize()):
        painter.drawText(room, flags, text)


def badge(painter: QPainter, at: QRectF, level: Level, look: Look) -> None:
    """A "!" that says: here is a problem; in a disc for an error, in a triangle for a warning."""
    colour, paper = look.problem(level), look.panel
    painter.setPen(QPen(paper, 1.5))
    painter.setBrush(QBrush(colour))
    if level == "warning":
        at = at.adjusted(0, -2, 0, -4)  # above the title, which is as wide as the card
        top = QPointF(at.center().x(), at.top())
        painter.drawPolygon(QPolygonF([top, at.bottomRight(), at.bottomLeft()]))
        at = at.adjusted(0, at.height() * 0.15, 0, 0)
    else:
        painter.drawEllipse(at)
    painter.setPen(QPen(paper, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    x, y, h = at.center().x(), at.top(), at.height()
    painter.drawLine(QRectF(x, y + h * 0.25, 0, h * 0.32).topLeft(), QRectF(x, y + h * 0.57, 0, 0).topLeft())
    painter.drawPoint(QRectF(x, y + h * 0.76, 0, 0).topLeft())
