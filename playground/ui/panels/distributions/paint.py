"""A hill over an axis, with the bar of what is exactly 0, and the marks of the axis."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from playground.ui.kit.colours import mix
from playground.ui.kit.theme import Theme
from playground.ui.panels.distributions.model import MIDDLE, Axis, Quantity, Row

#: width in pixels of the bar of what is exactly 0
ZERO = 9.0


def colours(theme: Theme, quantity: Quantity) -> tuple[str, str]:
    """Of now, and of the run beside."""
    return (theme.gradient if quantity.backward else theme.accent), theme.warning


def draw_row(
    painter: QPainter,
    area: QRectF,
    row: Row,
    theme: Theme,
    quantity: Quantity,
    *,
    faint: float = 0.0,
    solid: bool = False,
) -> None:
    """The hill of ``row`` on the bottom of ``area``.

    ``faint``: how far its colour goes towards the ground; ``solid``: the ground does not shine through, as another hill lies behind.
    """
    now, beside = colours(theme, quantity)
    ground = theme.panel if solid else ""
    few = row.spread.few
    if row.other is not None and few is None:
        _hill(painter, area, row.axis, row.other, mix(beside, theme.panel, faint), 0.16, "")
    if few is None:
        _hill(painter, area, row.axis, row.heights, mix(now, theme.panel, faint), 0.3, ground)
    if row.other is not None and few is None:  # its line once more, in front of what would hide it
        _hill(painter, area, row.axis, row.other, mix(beside, theme.panel, faint), 0.0, "")
    if row.other_spread is not None and row.other_spread.zero_share:
        _zeros(painter, area, row.axis, row.other_spread.zero_share, beside, ZERO / 2 + 1)
    if row.spread.zero_share:
        _zeros(painter, area, row.axis, row.spread.zero_share, mix(now, theme.panel, faint), 0.0)
    if few is not None:  # a hill of a handful says little
        other = None if row.other_spread is None else row.other_spread.few
        for numbers, colour, up in ((other, beside, 0.62), (few, now, 0.3)):
            _dots(
                painter,
                area,
                row.axis,
                () if numbers is None else numbers.tolist(),
                mix(colour, theme.panel, faint),
                up,
            )


def _dots(
    painter: QPainter, area: QRectF, axis: Axis, numbers: Sequence[float], colour: str, up: float
) -> None:
    """Each number by itself; those at the same place shine through one another."""
    rim, fill = QColor(colour), QColor(colour)
    fill.setAlphaF(0.45)
    painter.setPen(QPen(rim, 1))
    painter.setBrush(fill)
    for x in numbers:
        at = axis.place(x)
        if 0 <= at <= 1 and not (x == 0 and axis.logarithmic):
            painter.drawEllipse(
                QPointF(area.left() + at * area.width(), area.bottom() - up * min(area.height(), 34.0)),
                3.6,
                3.6,
            )


def _hill(
    painter: QPainter, area: QRectF, axis: Axis, heights: object, colour: str, fill: float, ground: str
) -> None:
    edges = axis.edges()
    middles = (edges[:-1] + edges[1:]) / 2
    values = list(zip(middles.tolist(), heights.tolist(), strict=True))  # type: ignore[attr-defined]
    # The gap of a signed logarithmic axis parts the hill.
    halves = (
        [values]
        if not (axis.logarithmic and axis.signed)
        else [values[: len(values) // 2], values[len(values) // 2 + 1 :]]
    )
    for half in halves:
        if not any(h > 0 for _, h in half):
            continue
        line = QPolygonF(
            [QPointF(area.left() + x * area.width(), area.bottom() - h * area.height()) for x, h in half]
        )
        closed = QPolygonF(line)
        closed.append(QPointF(line.last().x(), area.bottom()))
        closed.prepend(QPointF(line.first().x(), area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        if ground:
            painter.setBrush(QColor(mix(ground, colour, fill)))
            painter.drawPolygon(closed)
        elif fill:
            shade = QColor(colour)
            shade.setAlphaF(fill)
            painter.setBrush(shade)
            painter.drawPolygon(closed)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour), 1.4))
        painter.drawPolyline(line)


def _zeros(painter: QPainter, area: QRectF, axis: Axis, share: float, colour: str, shift: float) -> None:
    """The striped bar: as high as the share of numbers that are exactly 0."""
    wide = ZERO if not axis.logarithmic else min(ZERO, MIDDLE * area.width() * 0.8)
    x = area.left() + min(max(axis.place(0.0), 0.0), 1.0) * area.width() + shift
    bar = QRectF(
        x - wide / 2, area.bottom() - max(share * area.height(), 1.0), wide, max(share * area.height(), 1.0)
    )
    painter.setPen(QPen(QColor(colour), 1))
    painter.setBrush(QBrush(QColor(colour), Qt.BrushStyle.BDiagPattern))
    painter.drawRect(bar)


def draw_marks(
    painter: QPainter, area: QRectF, axis: Axis, theme: Theme, usual: float | None, numbers: bool
) -> None:
    """Faint lines at the marks of the axis, their numbers below ``area``, and a dashed line at ``usual``."""
    line = painter.fontMetrics().height()
    last = -1e9
    for at, word in axis.ticks():
        x = area.left() + at * area.width()
        painter.setPen(QPen(QColor(mix(theme.border, theme.panel, 0.35)), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        wide = painter.fontMetrics().horizontalAdvance(word)
        if numbers and x - wide / 2 > last + 4:
            painter.setPen(QColor(theme.muted))
            painter.drawText(
                QRectF(x - wide, area.bottom() + 1, 2 * wide, line), Qt.AlignmentFlag.AlignHCenter, word
            )
            last = x + wide / 2
    at = axis.place(usual) if usual is not None else 2.0
    if 0 <= at <= 1:
        x = area.left() + at * area.width()
        painter.setPen(QPen(QColor(theme.muted), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
