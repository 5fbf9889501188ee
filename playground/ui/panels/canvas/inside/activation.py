"""In the card of an activation: its curve, and where the values that enter it fall."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from engine.layers import Activation
from playground.runner.messages import Frame, Histogram, Want
from playground.ui.panels.canvas.inside.base import Inside
from playground.ui.panels.canvas.layout import CARD_HEIGHT

HEAD = 23.0  #: height of the card's title
BINS = 24
LEAST = 3.0  #: the axis reaches at least so far on both sides of 0


class CurvePicture(Inside):
    """The curve over a histogram, both on the axis of the entering values."""

    def __init__(self, stage) -> None:
        super().__init__(stage)
        self._counts, self._edges = np.zeros(0), np.zeros(0)
        self._reach = LEAST
        self._curve: tuple[object, QPainterPath, float, float] | None = None  # key, path, low, high

    def wants(self) -> Iterable[Want]:
        yield Histogram(self.block.id, BINS)

    def show_frame(self, frame: Frame) -> None:
        answer = frame.answer(Histogram(self.block.id, BINS))
        if answer is None:
            return
        self._counts, self._edges = answer
        # In whole steps: an axis that breathes with every frame could not be read.
        self._reach = max(LEAST, float(np.ceil(np.abs(self._edges).max(initial=0.0))))
        self.update()

    def cover(self) -> QRectF:
        card = self.place.card
        return QRectF(card.left() + 6, HEAD, card.width() - 12, CARD_HEIGHT - HEAD - 6)

    def draw(self, painter: QPainter) -> None:
        look, rect = self.stage.look, self.boundingRect()
        path, low, high = self._path()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.bars)
        painter.drawRects(self._bars(rect))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x_scale, y_scale = rect.width() / (2 * self._reach), (rect.height() - 3) / ((high - low) or 1.0)
        to_rect = QTransform(x_scale, 0, 0, -y_scale, rect.center().x(), rect.bottom() - 1.5 + low * y_scale)
        painter.setPen(QPen(look.faint, 0.8))
        zero = to_rect.map(QPointF(0, 0))
        painter.drawLine(QPointF(rect.left(), zero.y()), QPointF(rect.right(), zero.y()))
        painter.drawLine(QPointF(zero.x(), rect.top()), QPointF(zero.x(), rect.bottom()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(look.theme.category_colour(self.block.category)), 1.8))
        painter.drawPath(to_rect.map(path))

    def _path(self) -> tuple[QPainterPath, float, float]:
        """The curve from −reach to reach, and its lowest and highest value, with 0 among them."""
        key = (self.block.layer, self._reach)
        if self._curve is None or self._curve[0] != key:
            x = np.linspace(-self._reach, self._reach, 61)
            layer = self.block.layer
            y = layer.curve(x)[0] if isinstance(layer, Activation) else x
            path = QPainterPath()
            path.addPolygon(QPolygonF(list(map(QPointF, x.tolist(), y.tolist()))))
            self._curve = (key, path, min(float(y.min()), 0.0), max(float(y.max()), 0.0))
        return self._curve[1:]

    def _bars(self, rect: QRectF) -> list[QRectF]:
        """The histogram, its highest bar as high as the picture."""
        if not self._counts.any():
            return []
        scale = rect.width() / (2 * self._reach)
        xs = (rect.center().x() + self._edges * scale).tolist()
        hs = (self._counts * (rect.height() / self._counts.max())).tolist()
        bars = zip(xs[:-1], xs[1:], hs, strict=True)
        return [QRectF(left, rect.bottom() - h, max(right - left, 0.8), h) for left, right, h in bars if h]
