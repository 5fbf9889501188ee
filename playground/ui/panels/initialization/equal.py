"""Units as points in the plane of their two weights: equal ones lie on top of each other, and part when noise is added.

Two runs stand side by side that differ in nothing but the noise.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.symmetry import Paths
from playground.ui.kit.axes import round_ticks
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme


class UnitsPicture(QWidget):
    """Where each unit stands at a moment, and how it came there; under a title."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 150)
        self._theme = theme
        self.paths: Paths | None = None
        self.moment, self.title, self.reach = 0, "", 1.0

    def sizeHint(self) -> QSize:
        return QSize(300, 260)

    def show_paths(self, paths: Paths, moment: int, title: str, reach: float) -> None:
        """Draw a moment of ``paths``; ``reach``: half the side of the square that is seen of the plane."""
        self.paths, self.moment, self.title, self.reach = paths, moment, title, reach
        self.setAccessibleName(f"Units in the plane of their weights. {title}")
        self.setToolTip(
            f"{title}\nEach dot is a unit, at its two weights; a number counts those on top of each other. Lines show where they came from."
        )
        self.update()

    def area(self) -> QRectF:
        """The square between the axes."""
        line = self.fontMetrics().height()
        side = max(min(self.width() - 50, self.height() - 2 * line - 8), 20)
        return QRectF((self.width() - side) / 2 + 14, line + 4, side, side)

    def at(self, weights: tuple[float, float]) -> QPointF:
        """Where a unit with these weights is drawn."""
        area = self.area()
        x, y = ((w / self.reach + 1) / 2 for w in weights)
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.area()
        painter.setPen(QColor(theme.text))
        title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), area.top() - 2), Qt.AlignmentFlag.AlignCenter, title)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.sunken))
        painter.drawRect(area)
        if self.paths is None:
            painter.end()
            return
        self._draw_axes(painter, area)
        groups, now = self.paths.groups(self.moment), self.paths.weights[self.moment]
        for group in groups:
            colour = theme.class_colour(group[0])
            trail = [self.at(tuple(w)) for w in self.paths.weights[: self.moment + 1, group[0]]]
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(mix(colour, theme.sunken, 0.35)), 1.4))
            painter.drawPolyline(QPolygonF(trail))
            painter.setBrush(QColor(theme.sunken))
            painter.drawEllipse(trail[0], 2.4, 2.4)
        for group in groups[::-1]:
            self._draw_unit(painter, self.at(tuple(now[group[0]])), group)
        painter.end()

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        theme, line = self._theme, self.fontMetrics().height()
        painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DotLine))
        middle = self.at((0.0, 0.0))
        painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
        painter.setPen(QColor(theme.muted))
        _, ticks = round_ticks(-self.reach, self.reach, 4)
        for tick in ticks:
            x, y = self.at((tick, 0.0)).x(), self.at((0.0, tick)).y()
            painter.drawText(
                QRectF(x - 30, area.bottom() + 1, 60, line), Qt.AlignmentFlag.AlignHCenter, fmt(tick + 0.0, 2)
            )
            box = QRectF(area.left() - 44, y - line / 2, 40, line)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, fmt(tick + 0.0, 2)
            )
        inside = (
            QRectF(middle.x() + 5, area.top() + 1, 30, line),
            QRectF(area.right() - 32, middle.y() + 1, 30, line),
        )
        for box, name, side in zip(
            inside, ("w₂", "w₁"), (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True
        ):
            painter.drawText(box, side, name)

    def _draw_unit(self, painter: QPainter, at: QPointF, group: tuple[int, ...]) -> None:
        theme = self._theme
        colour, many = theme.class_colour(group[0]), len(group)
        radius = 5.0 if many == 1 else 11.0
        painter.setPen(QPen(QColor(theme.panel), 1.5))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(at, radius, radius)
        if many > 1:
            font = painter.font()
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QColor("#ffffff" if QColor(colour).lightnessF() < 0.6 else "#000000"))
            painter.drawText(
                QRectF(at.x() - 14, at.y() - 8, 28, 16), Qt.AlignmentFlag.AlignCenter, f"{many}×"
            )
            font.setBold(False)
            painter.setFont(font)
