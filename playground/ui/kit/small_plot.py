"""A small plot of what the coach has measured: bars or curves, with the numbers that it takes to read them."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.coach.picture import Picture
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme

#: pixels
WIDTH, LEAST, HEIGHT, GAP, THICKEST = 236, 150, 118, 4, 34
#: factors of ten below the largest number that bars by factors reach down to, at least
DECADES = 1.0


class SmallPlot(QWidget):
    """Draws a ``Picture``; hidden while there is none."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(LEAST)
        self.setMaximumWidth(WIDTH)
        self._theme = theme
        self.picture: Picture | None = None
        self.hide()
        theme.follow(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def show_picture(self, picture: Picture | None) -> None:
        if picture != self.picture:
            self.picture = picture
            words = "" if picture is None else in_words(picture)
            self.setAccessibleName(words)
            self.setToolTip(tip(words))
            self.update()
        self.setVisible(picture is not None)

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: object) -> None:
        if self.picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        self._head(painter, self.picture, line)
        below = QRectF(0, line + GAP, self.width(), self.height() - 2 * line - 2 * GAP)
        if self.picture.kind == "bars":
            self._bars(painter, self.picture, below, line)
        else:
            self._curves(painter, self.picture, below, line)
        painter.end()

    def _colour(self, i: int) -> str:
        return (self._theme.accent, self._theme.warning, *self._theme.classes)[i]

    def _head(self, painter: QPainter, picture: Picture, line: int) -> None:
        """What is drawn; of several curves their names in their colours."""
        metrics = QFontMetricsF(self.font())
        painter.setPen(QColor(self._theme.muted))
        names = picture.names if picture.kind == "curves" and len(picture.names) > 1 else ()
        room = self.width() - sum(metrics.horizontalAdvance(name) + 22 for name in names)
        words = metrics.elidedText(picture.what, Qt.TextElideMode.ElideRight, max(room, 40))
        painter.drawText(QPointF(0, metrics.ascent()), words)
        x = metrics.horizontalAdvance(words) + 8
        for i, name in enumerate(names):
            if x + 13 + metrics.horizontalAdvance(name) > self.width() + 1:
                name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.width() - x - 13)
            painter.setPen(self._pen(i))
            painter.drawLine(QPointF(x, line / 2), QPointF(x + 10, line / 2))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(x + 13, metrics.ascent()), name)
            x += metrics.horizontalAdvance(name) + 22

    def _pen(self, i: int) -> QPen:
        pen = QPen(QColor(self._colour(i)), 1.6)
        pen.setStyle(Qt.PenStyle.SolidLine if i == 0 else Qt.PenStyle.DashLine)
        return pen

    def _bars(self, painter: QPainter, picture: Picture, room: QRectF, line: int) -> None:
        heights, metrics = picture.values[0], QFontMetricsF(self.font())
        room = room.adjusted(0, line, 0, 0)  # the number of a bar stands above it
        place = scale([*heights, picture.level], picture.log, True)
        each = room.width() / len(heights)
        wide = min(each * 0.7, THICKEST)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        free = -math.inf  # up to where something is written below
        for i, (name, height) in enumerate(zip(picture.names, heights, strict=True)):
            middle, marked = (i + 0.5) * each, i == picture.marked
            top = room.bottom() - place(height) * room.height()
            colour = QColor(self._theme.warning if marked else self._theme.accent)
            painter.fillRect(QRectF(middle - wide / 2, top, wide, max(room.bottom() - top, 1.5)), colour)
            painter.setPen(QColor(self._theme.text if marked else self._theme.muted))
            number = fmt(int(height) if height.is_integer() and abs(height) < 1e5 else height)
            width = metrics.horizontalAdvance(number)
            if marked or width < each:
                # Above whatever bar it reaches over.
                reach = [
                    h
                    for j, h in enumerate(heights)
                    if abs(j - i) * each < width / 2 + wide / 2 + abs(min(middle - width / 2, 0))
                ]
                highest = max((place(h) for h in reach), default=0.0)
                self._written(painter, number, middle, room.bottom() - highest * room.height() - 2)
            said = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(each - 4, 70 if marked else 0))
            width = metrics.horizontalAdvance(said)
            shown = width < each or (marked and len(heights) > 1)
            if shown and middle - width / 2 > free:
                self._written(painter, said, middle, room.bottom() + 2 + metrics.ascent())
                free = middle + width / 2 + 4
        self._level(painter, picture, room, place)

    def _curves(self, painter: QPainter, picture: Picture, room: QRectF, line: int) -> None:
        metrics = QFontMetricsF(self.font())
        values = [v for curve in picture.values for v in curve]
        known = [v for v in (*values, picture.level) if math.isfinite(v)] or [0.0]
        ends = [fmt(min(known)), fmt(max(known))]
        room = room.adjusted(max(map(metrics.horizontalAdvance, ends)) + 6, 2, -2, 0)
        place = scale([*values, picture.level], picture.log, False)
        along = scale(picture.x, picture.log_x, False)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.drawLine(room.bottomLeft(), room.topLeft())
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(
            QPointF(room.left() - metrics.horizontalAdvance(ends[0]) - 4, room.bottom()), ends[0]
        )
        painter.drawText(
            QPointF(room.left() - metrics.horizontalAdvance(ends[1]) - 4, room.top() + metrics.ascent() - 2),
            ends[1],
        )
        self._feet(painter, picture, room, metrics)
        if math.isfinite(picture.marked):
            x = room.left() + along(picture.marked) * room.width()
            painter.setPen(QPen(QColor(self._theme.text), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        for i, curve in reversed(list(enumerate(picture.values))):
            points = [
                QPointF(room.left() + along(x) * room.width(), room.bottom() - place(y) * room.height())
                for x, y in zip(picture.x, curve, strict=True)
                if math.isfinite(y)
            ]
            painter.setPen(self._pen(i))
            painter.drawPolyline(QPolygonF(points))
            painter.setPen(QPen(QColor(self._theme.error), 1.6))
            for x in (x for x, y in zip(picture.x, curve, strict=True) if math.isinf(y)):
                # How bad it is has no number: a cross at the upper edge.
                at = QPointF(room.left() + along(x) * room.width(), room.top() + 4)
                for sign in (-1, 1):
                    painter.drawLine(at + QPointF(-3, -3 * sign), at + QPointF(3, 3 * sign))
        self._level(painter, picture, room, place)

    def _feet(self, painter: QPainter, picture: Picture, room: QRectF, metrics: QFontMetricsF) -> None:
        """The ends of the axis below, and what is along it."""
        if not picture.x:
            return
        base = room.bottom() + 2 + metrics.ascent()
        first, last = fmt(picture.x[0]), fmt(picture.x[-1])
        painter.drawText(QPointF(room.left(), base), first)
        painter.drawText(QPointF(room.right() - metrics.horizontalAdvance(last), base), last)
        taken = sum(map(metrics.horizontalAdvance, (first, picture.along, last)))
        if taken + 12 < room.width():
            self._written(painter, picture.along, room.center().x(), base)

    def _level(self, painter: QPainter, picture: Picture, room: QRectF, place) -> None:
        if not math.isfinite(picture.level):
            return
        y = room.bottom() - place(picture.level) * room.height()
        painter.setPen(QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        metrics = QFontMetricsF(self.font())
        if picture.called and metrics.horizontalAdvance(picture.called) < room.width():
            x = room.right() - metrics.horizontalAdvance(picture.called)
            above = y - 3 > room.top() + metrics.ascent()
            painter.drawText(QPointF(x, y - 3 if above else y + metrics.ascent() + 1), picture.called)

    def _written(self, painter: QPainter, text: str, middle: float, base: float) -> None:
        width = QFontMetricsF(self.font()).horizontalAdvance(text)
        x = min(max(middle - width / 2, 0), self.width() - width)
        painter.drawText(QPointF(x, base), text)


def scale(values, log: bool, from_zero: bool):
    """Where a number stands, from 0 (the lowest) to 1 (the highest); what cannot be placed stands at an end.

    ``from_zero``: 0 is the lowest; by factors, something below the smallest.
    """
    known = np.array([v for v in values if math.isfinite(v) and (v > 0 or not log)], float)
    if not len(known):
        return lambda value: 1.0 if value == math.inf else 0.0
    if log:
        known = np.log10(known)
    low, high = float(known.min()), float(known.max())
    if from_zero:
        low = min(low - max(DECADES, 0.1 * (high - low)), high - 1) if log else min(low, 0.0)
    span = high - low or 1.0

    def place(value: float) -> float:
        if value == math.inf:
            return 1.0
        if not math.isfinite(value) or (log and value <= 0):
            return 0.0
        return min(max(((math.log10(value) if log else value) - low) / span, 0.0), 1.0)

    return place


def in_words(picture: Picture) -> str:
    """What is drawn, with its numbers, for whoever does not see it."""
    level = f" {picture.called.capitalize()}: {fmt(picture.level)}." if picture.called else ""
    if picture.kind == "bars":
        each = (f"{name} {fmt(value)}" for name, value in zip(picture.names, picture.values[0], strict=True))
        return f"{picture.what.capitalize()}: {', '.join(each)}.{level}"
    said = []
    for name, curve in zip(picture.names, picture.values, strict=True):
        known = [v for v in curve if math.isfinite(v)]
        if known:
            said.append(f"{name} from {fmt(known[0])} to {fmt(known[-1])}, lowest {fmt(min(known))}")
    return f"{picture.what.capitalize()} by {picture.along}: {'; '.join(said)}.{level}"
