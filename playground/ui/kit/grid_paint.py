"""Paints grids of numbers: colours for all cells, numbers where they can be read, and frames round those that matter."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from playground.ui.kit.grid import SMALL, Laid, Ring
from playground.ui.kit.ink import Ink, advance, legible

#: cells larger than this stand apart, in pixels
APART = 8.0


def paint_grid(painter: QPainter, ink: Ink, laid: Laid) -> None:
    """All of a grid but what is written beside it. Leaves the painter without smooth edges."""
    grid, rect, cell = laid.grid, laid.rect, laid.cell
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    draw(painter, laid.image(ink), rect)
    if min(cell) > APART and (not grid.picture or laid.written is not None):
        for j in laid.columns[1:]:
            x = rect.x() + (j - laid.columns.start) * cell[0]
            painter.fillRect(QRectF(x - 1, rect.y(), 1, rect.height()), ink.panel)
        for i in laid.rows[1:]:
            y = rect.y() + (i - laid.rows.start) * cell[1]
            painter.fillRect(QRectF(rect.x(), y - 1, rect.width(), 1), ink.panel)
    if grid.inside is not None:
        for i, j in np.argwhere(~grid.inside).tolist():
            painter.fillRect(laid.rect_of(i, j).adjusted(0, 0, -1, -1), ink.hatch)
    _paint_numbers(painter, ink, laid)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.border)
    painter.drawRect(rect)
    if grid.struck is not None and cell[1] >= APART:
        painter.setPen(ink.struck)
        for i, j in np.argwhere(grid.struck).tolist():
            if i in laid.rows and j in laid.columns:
                inner = laid.rect_of(i, j).adjusted(3, 3, -3, -3)
                painter.drawLine(inner.bottomLeft(), inner.topRight())
    for ring in grid.rings:
        paint_ring(painter, ink, laid, ring)


def _paint_numbers(painter: QPainter, ink: Ink, laid: Laid) -> None:
    written = laid.written
    if written is None or not legible(painter, written.pixels):
        return
    width, height = laid.cell
    papers, index = ink.papers(laid.grid.table), laid.index.tolist()
    unknown, inside, clear = np.isnan(laid.shown), laid.grid.inside, (ink.text, ink.muted)
    pixels, used = written.pixels, ink.letters[written.pixels]
    base, below = 4.0, 0.0
    for i, row in enumerate(written.numbers):
        for j, text in enumerate(row):
            paper, faint = clear if unknown[i, j] else papers[index[i][j]]
            middle = laid.rect.x() + (j + 0.5) * width - 0.5
            y = laid.rect.y() + i * height
            noted = written.notes is not None and (inside is None or bool(inside[i, j]))
            base, below = (
                (height * 0.36 + 3, height * 0.84) if noted else ((height - 1) / 2 + 0.36 * pixels, 0.0)
            )
            painter.setFont(used)
            painter.setPen(paper)
            # Twice as fast as a text in a rectangle.
            painter.drawText(QPointF(middle - advance(text, pixels) / 2, y + base), text)
            if noted and written.notes is not None:
                note = written.notes[i][j]
                painter.setFont(ink.tiny)
                painter.setPen(faint)
                painter.drawText(QPointF(middle - advance(note, SMALL) / 2, y + below), note)


def paint_ring(painter: QPainter, ink: Ink, laid: Laid, ring: Ring) -> None:
    """A frame round some cells."""
    rect = laid.rect_round(ring)
    if rect is None:
        return
    if ring.style == "cursor":
        draw_cursor(painter, ink, rect.adjusted(0, 0, -1, -1))
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if ring.style == "winner" and min(laid.cell) > APART:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(ink.winner)
        painter.drawRoundedRect(rect.adjusted(1, 1, -2, -2), 5, 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return
    tiny = laid.cell[1] < APART
    painter.setPen(QPen(ink.text, 1.4 if ring.style == "weak" and not tiny else 2.0))
    grown = 1.0 if tiny else -0.5
    painter.drawRect(rect.adjusted(-grown, -grown, grown, grown))


def paint_lit(painter: QPainter, ink: Ink, laid: Laid, cell: tuple[int, int], width: float = 3.0) -> None:
    """A frame round the number that the mouse is over, or (narrower) that is looked into, here or in another view."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.gradient if laid.grid.backward else ink.accent, width))
    painter.drawRect(laid.rect_of(*cell))


def draw_cursor(painter: QPainter, ink: Ink, rect: QRectF) -> None:
    """The cursor of a window round some cells."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    rect = rect.adjusted(-0.5, -0.5, 0.5, 0.5)
    for pen in (ink.cursor, ink.cursor_inside):
        painter.setPen(pen)
        painter.drawRect(rect)


def draw(painter: QPainter, image: QImage, rect: QRectF, rim: QColor | None = None) -> None:
    """A picture in ``rect``, with a rim: with sharp pixels where each has room for two or more of the screen's."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, 2 * image.width() > rect.width())
    painter.drawImage(rect, image)
    if rim is not None:
        painter.setPen(rim)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
