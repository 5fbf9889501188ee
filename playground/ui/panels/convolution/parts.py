"""Parts of the drawing that levels 2 and 3 share: the picture with its padding, the output map, wires to the sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath

from engine.network import INPUT
from engine.windows import Axis, axes, windows
from playground.ui.kit.grid import Laid, cells_rect
from playground.ui.kit.grid_paint import draw, draw_cursor
from playground.ui.kit.ink import CENTRE, Ink, write
from playground.ui.panels.convolution.scope import Scope
from playground.ui.panels.convolution.structure import Stage

Array = NDArray[Any]


@dataclass(frozen=True)
class Framed:
    """A map with its padding round it.

    Args:
        outer: with padding.
        inner: the map itself.
        size: its height and width in cells.
        down, across: how windows go over it; ``None`` where they differ in size.
    """

    outer: QRectF
    inner: QRectF
    size: tuple[int, int]
    down: Axis | None
    across: Axis | None

    @classmethod
    def of(cls, stage: Stage, at: QPointF, side: float) -> Framed:
        """The input of a stage, as large as fits a square of ``side``."""
        _, height, width = stage.in_shape
        found = axes(stage.layer, stage.in_shape)
        down, across = found or (None, None)
        top, left = (down.before, across.before) if down and across else (0, 0)
        rows = height + (down.before + down.after if down else 0)
        columns = width + (across.before + across.after if across else 0)
        scale = side / max(rows, columns)
        scale = float(int(scale)) if scale >= 2 else scale
        outer = QRectF(at.x(), at.y(), columns * scale, rows * scale)
        inner = QRectF(at.x() + left * scale, at.y() + top * scale, width * scale, height * scale)
        return cls(outer, inner, (height, width), down, across)

    def window_at(self, at: QPointF, stage: Stage) -> tuple[int, int] | None:
        """The window in whose middle a point is."""
        scale = self.inner.width() / self.size[1]
        row = int((at.y() - self.inner.y()) // scale)
        column = int((at.x() - self.inner.x()) // scale)
        if self.down is not None and self.across is not None:
            return self.down.nearest(row), self.across.nearest(column)
        seen = windows(stage.layer, stage.in_shape).seen_by(row, column)
        return (int(seen[0][0]), int(seen[0][1])) if len(seen) else None

    def window(self, stage: Stage, cell: tuple[int, int]) -> QRectF:
        """Where the window of an output cell lies."""
        if self.down is not None and self.across is not None:
            rows, columns = self.down.seen(cell[0]), self.across.seen(cell[1])
        else:
            every = windows(stage.layer, stage.in_shape)
            rows, columns = every.rows[cell[0]], every.columns[cell[1]]
        return cells_rect(self.inner, self.size, rows, columns)

    def paint_window(self, painter: QPainter, ink: Ink, stage: Stage, cell: tuple[int, int]) -> None:
        """The window of an output cell; where it is dilated, the cells that it really sees are marked."""
        down, across = self.down, self.across
        if down is not None and across is not None and (down.dilation > 1 or across.dilation > 1):
            for row in down.seen(cell[0]):
                for column in across.seen(cell[1]):
                    seen = cells_rect(self.inner, self.size, (row,), (column,))
                    draw_cursor(painter, ink, seen.adjusted(1.5, 1.5, -1.5, -1.5))
        draw_cursor(painter, ink, self.window(stage, cell))

    def paint(self, painter: QPainter, ink: Ink, shown: Laid | None) -> None:
        """Padding hatched, the map, and over it what no window sees."""
        if self.outer != self.inner:
            painter.fillRect(self.outer, ink.panel)
            painter.fillRect(self.outer, ink.hatch)
        paint_map(painter, ink, shown, self.inner)
        painter.setPen(ink.border)
        painter.drawRect(self.outer)
        scale = self.inner.width() / self.size[1]
        for axis, down in ((self.down, True), (self.across, False)):
            if axis is None or not axis.dropped:
                continue
            length = axis.dropped * scale
            strip = (
                QRectF(self.inner.x(), self.inner.bottom() - length, self.inner.width(), length)
                if down
                else QRectF(self.inner.right() - length, self.inner.y(), length, self.inner.height())
            )
            painter.fillRect(strip, ink.dropped)


def paint_map(painter: QPainter, ink: Ink, shown: Laid | None, rect: QRectF) -> None:
    """A map without numbers; while it is unknown, its place."""
    if shown is None:
        painter.fillRect(rect, ink.neutral)
    else:
        draw(painter, shown.image(ink), rect, ink.border)


def paint_output(
    painter: QPainter, scope: Scope, shown: Laid | None, rect: QRectF, size: tuple[int, int]
) -> None:
    """An output map with the cursor on it; while the window slides, only as far as it has come."""
    ink, cell = scope.ink, scope.cell
    paint_map(painter, ink, shown, rect)
    if scope.filled is not None:
        i, j = scope.filled
        y, x = rect.height() / size[0], rect.width() / size[1]
        rest = [
            QRectF(rect.x() + (j + 1) * x, rect.y() + i * y, (size[1] - j - 1) * x, y),
            QRectF(rect.x(), rect.y() + (i + 1) * y, rect.width(), (size[0] - i - 1) * y),
        ]
        for empty in rest:
            painter.fillRect(empty, ink.sunken)
        painter.setPen(ink.border)
        painter.drawRect(rect)
    if cell is not None and cell[0] < size[0] and cell[1] < size[1]:
        draw_cursor(painter, ink, cells_rect(rect, size, (cell[0],), (cell[1],)))


def paint_wire(painter: QPainter, ink: Ink, start: QPointF, end: QPointF) -> None:
    """A wire that leaves and arrives level."""
    path = QPainterPath(start)
    middle = (start.x() + end.x()) / 2
    path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(ink.wire)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_plus(painter: QPainter, ink: Ink, at: QPointF) -> None:
    """The sum."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(ink.text)
    painter.setBrush(ink.panel)
    painter.drawEllipse(at, 13.0, 13.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    write(painter, QRectF(at.x() - 13, at.y() - 14, 26, 26), "+", ink.text, ink.large, CENTRE)


def elided(text: str, metrics: QFontMetricsF, width: float) -> str:
    """A text that may be cut off in its middle."""
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)


def source_in_words(stage: Stage, channel: int, width: float, ink: Ink) -> str:
    """Whose channel an input is; where it is narrow, which channel."""
    name = "picture" if stage.source == INPUT else stage.source
    said = f"{name} · channel {channel + 1}"
    return said if ink.small_metrics.horizontalAdvance(said) <= width + 24 else f"channel {channel + 1}"
