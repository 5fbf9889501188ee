"""Lays a picture of grids out: a window where there is no room for all, maps as squares, signs between them, words below."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.grid import Grid, Laid
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.kit.linked import Linked, Zone, zone_of
from playground.ui.kit.numbers import fmt
from playground.ui.kit.symbols import draw, plain, width
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.pictures import Histogram, Picture, Sign

#: a cell of a matrix, wide enough for three digits
CELL = (46.0, 22.0)
#: where there is room it may grow so many times
ENLARGED = 1.5
#: cells of a map are at most so large
LARGEST = 34.0
#: from this height on, in pixels, grids may stand on two lines
TALL = 260
TITLE, LINE = 20.0, 13.0
SIGN, SPACE = 20.0, 8.0
BARS, INDENT, BINS = 78.0, 14.0, 14  #: of a histogram: as wide, behind such a gap, so many bars


def words_below(laid: Laid) -> list[str]:
    """The lines below a grid: what is hidden, its shape, and what it is."""
    rows, columns = laid.grid.cells.shape
    hidden = ((rows - len(laid.rows), "rows"), (columns - len(laid.columns), "columns"))
    return [f"+ {n} {what if n > 1 else what[:-1]}" for n, what in hidden if n] + laid.grid.words.split(", ")


def wrapped(words: list[str], metrics: QFontMetricsF, room: float) -> list[str]:
    """``words`` in lines of at most ``room`` pixels, as far as single words let them."""
    lines: list[str] = []
    for given in words:
        line = ""
        for word in given.split(" "):
            longer = f"{line} {word}".strip()
            if line and metrics.horizontalAdvance(longer) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def around(focus: int, size: int, room: int) -> range:
    """``room`` of ``size`` rows with ``focus`` in the middle, as far as the ends allow."""
    room = max(1, min(room, size))
    first = min(max(focus - room // 2, 0), size - room)
    return range(first, first + room)


def _essential(parts: list[Grid | Sign]) -> list[Grid | Sign]:
    """Without the grids that are optional, and the signs that joined them to the others."""
    kept: list[Grid | Sign] = []
    for part in parts:
        if isinstance(part, Grid) and part.optional:
            if kept and isinstance(kept[-1], Sign):
                kept.pop()
        elif isinstance(part, Grid) or kept:
            kept.append(part)
    return kept


class MatrixView(Linked):
    """The picture of a step; what does not fit is windowed round the cell that the step is about."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(focus, theme, name, parent)
        self.picture = Picture()
        self._laid: list[Laid] = []
        self._words: list[list[str]] = []  #: the lines below each
        self._signs: list[tuple[QRectF, Sign]] = []
        self._bottom = 0.0
        self._terse = False  #: signs have no words
        self._cell = CELL
        self.setMinimumSize(240, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_picture(self, picture: Picture) -> None:
        """Show other grids."""
        self.picture = picture
        names = [
            plain(p.title) if isinstance(p, Grid) else f"{p.text} {p.words}".strip() for p in picture.parts
        ]
        self.setAccessibleName(f"{' '.join(names)}. {picture.caption}".strip())
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def resizeEvent(self, event) -> None:
        self._arrange()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Share the room among the grids: maps as squares, columns at full width, wide matrices windowed.

        Numbers come before words: signs have none where columns would be hidden otherwise.
        """
        self._terse = False
        self._lay_lines(self._lines())
        if any(len(one.columns) < one.grid.cells.shape[1] for one in self._laid):
            self._terse = True
            self._lay_lines(self._lines())
        self.update()

    def _lay_lines(self, lines: list[list[Grid | Sign]]) -> None:
        self._laid, self._words, self._signs = [], [], []
        top = 0.0
        for parts in lines:
            room = (self.height() - self._caption_height() - 4) / len(lines) - TITLE - 3 * LINE
            top = self._arrange_line(parts, top, max(CELL[1], room))
        self._bottom = top

    def _lines(self) -> list[list[Grid | Sign]]:
        """The parts, on two lines where one would be too narrow and there is height for two."""
        parts = list(self.picture.parts)
        if self._needed(parts) > self.width() and self.height() < TALL:
            parts = _essential(parts)
        sheets = sum(isinstance(p, Grid) for p in parts)
        if sheets < 3 or self._needed(parts) <= self.width() or self.height() < TALL:
            return [parts]
        ends = [i for i, p in enumerate(parts) if isinstance(p, Sign) and i > 0]
        cut = ends[len(ends) // 2]
        return [parts[:cut], parts[cut:]]

    def _needed(self, parts: list[Grid | Sign]) -> float:
        return sum(
            (110.0 if p.picture else CELL[0] * min(p.cells.shape[1], 3)) + SPACE
            if isinstance(p, Grid)
            else self._sign_width(p)
            for p in parts
        )

    def _arrange_line(self, parts: list[Grid | Sign], top: float, height: float) -> float:
        """Lay out one line from ``top`` on; returns where it ends."""
        sheets = [p for p in parts if isinstance(p, Grid)]
        free = self.width() - 2.0
        free -= sum(self._sign_width(p) if isinstance(p, Sign) else SPACE for p in parts)
        self._cell = self._cell_size(sheets, free, height)
        widths = self._widths(sheets, free, height)
        shown = sum(self._lay(s, 0.0, top, widths[id(s)], height).rect.width() for s in sheets)
        spare = max(0.0, free - shown)  # for words that are wider than their grid
        x, bottom, signs = 1.0, top, list[tuple[float, Sign]]()
        for part in parts:
            if isinstance(part, Sign):
                signs.append((x, part))
                x += self._sign_width(part)
                continue
            laid = self._lay(part, x, top + TITLE, widths[id(part)], height)
            self._laid.append(laid)
            wider = min(spare, max(0.0, self._title_width(laid) - laid.rect.width()))
            spare -= wider
            room = self.width() - x if part is sheets[-1] else laid.rect.width() + wider + SPACE - 3
            self._words.append(wrapped(words_below(laid), QFontMetricsF(small(self.font())), room))
            x += laid.rect.width() + wider + SPACE
            bottom = max(bottom, laid.rect.bottom() + len(self._words[-1]) * LINE + 4)
        highest = max((n.rect.height() for n in self._laid[-len(sheets) :]), default=0.0)
        for left, sign in signs:
            rect = QRectF(left, top + TITLE, self._sign_width(sign), highest)
            self._signs.append((rect, sign))
            bottom = max(bottom, rect.center().y() + (1 + len(self._said(sign))) * LINE + 6)
        return bottom

    @staticmethod
    def _cell_size(sheets: list[Grid], free: float, height: float) -> tuple[float, float]:
        """The cells of matrices: larger where all of them find room all the same."""
        shapes = [s.cells.shape for s in sheets if not s.picture]
        if not shapes or len(shapes) < len(sheets):
            return CELL
        rows, columns = max(s[0] for s in shapes), sum(s[1] for s in shapes)
        scale = min(height / (rows * CELL[1]), free / (columns * CELL[0]), ENLARGED)
        return (CELL[0] * scale, CELL[1] * scale) if scale > 1 else CELL

    def _widths(self, sheets: list[Grid], free: float, height: float) -> dict[int, float]:
        """How wide each grid may be: narrow ones take what they need, the others share the rest."""
        wished = {}
        for sheet in sheets:
            rows, columns = sheet.cells.shape
            if sheet.picture:
                wished[id(sheet)] = columns * min(LARGEST, height / rows)
            else:
                wished[id(sheet)] = columns * self._cell[0]
        left, open_sheets, found = free, sorted(sheets, key=lambda s: wished[id(s)]), {}
        while open_sheets:
            sheet = open_sheets.pop(0)
            share = max(30.0, left / (len(open_sheets) + 1))
            found[id(sheet)] = min(wished[id(sheet)], share)
            left -= found[id(sheet)]
        return found

    def _lay(self, grid: Grid, x: float, y: float, room: float, height: float) -> Laid:
        rows, columns = grid.cells.shape
        if grid.picture:
            side = max(1.0, min(LARGEST, room / columns, height / rows))
            return Laid.whole(grid, QRectF(x, y, side * columns, side * rows))
        row, column = grid.focus
        w, h = self._cell
        shown_rows = around(row, rows, int(height / h + 0.01))
        shown_columns = around(column, columns, int(room / w + 0.01))
        w = min(w, room) if len(shown_columns) == 1 else w
        rect = QRectF(x, y, w * len(shown_columns), h * len(shown_rows))
        return Laid(grid, rect, shown_rows, shown_columns)

    def _title_width(self, laid: Laid) -> float:
        metrics = QFontMetricsF(small(self.font()))
        words = max(metrics.horizontalAdvance(line) for line in words_below(laid))
        return max(words, width(laid.grid.title, self.font())) + 2

    def _said(self, sign: Sign) -> list[str]:
        """The words of a sign, one below another."""
        return [] if self._terse else sign.words.split()

    def _sign_width(self, sign: Sign) -> float:
        if isinstance(sign, Histogram):
            return INDENT + BARS + SPACE
        words = QFontMetricsF(small(self.font()))
        longest = max((words.horizontalAdvance(w) for w in self._said(sign)), default=0.0)
        return max(SIGN, longest + 6) + SPACE

    def _caption_height(self) -> float:
        if not self.picture.caption:
            return 0.0
        metrics = QFontMetricsF(small(self.font()))
        flags = Qt.TextFlag.TextWordWrap
        return metrics.boundingRect(QRectF(0, 0, self.width(), 200), flags, self.picture.caption).height() + 4

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for laid, words in zip(self._laid, self._words, strict=True):
            self._paint_laid(painter, laid, words)
        self.paint_lights(painter, self._laid)
        for rect, sign in self._signs:
            self._paint_sign(painter, rect, sign)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        top = min(self._bottom + 2, self.height() - self._caption_height())
        room = QRectF(0, max(0.0, top), self.width(), self.height() - max(0.0, top))
        painter.drawText(room, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, self.picture.caption)
        painter.end()

    def _paint_bars(self, painter: QPainter, rect: QRectF, shown: Histogram) -> None:
        """Bars on an axis with its ends, and 0 where it lies between them."""
        known = shown.values[np.isfinite(shown.values)]
        if not known.size:
            return
        low, high = float(known.min()), float(known.max())
        counts, _ = np.histogram(
            known, bins=BINS, range=(low, high) if high > low else (low - 0.5, low + 0.5)
        )
        room = QRectF(rect.x() + INDENT, rect.y(), BARS, max(30.0, min(rect.height(), 90.0)))
        theme, each = self.theme, BARS / BINS
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.panel, theme.accent, 0.6)))
        for i, count in enumerate(counts.tolist()):
            height = room.height() * count / int(counts.max())
            painter.drawRect(QRectF(room.x() + i * each, room.bottom() - height, each - 1, height))
        painter.setPen(QColor(theme.border))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        if low < 0 < high:
            x = room.x() + BARS * -low / (high - low)
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        painter.setFont(small(self.font()))
        painter.setPen(QColor(theme.muted))
        below = QRectF(room.x(), room.bottom() + 1, BARS, LINE)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, fmt(low, 2))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, fmt(high, 2))

    def _paint_sign(self, painter: QPainter, rect: QRectF, sign: Sign) -> None:
        if isinstance(sign, Histogram):
            self._paint_bars(painter, rect, sign)
            return
        font = QFont(self.font())
        font.setPointSizeF(max(8.0, font.pointSizeF() * 1.3))
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text))
        middle = rect.center().y()
        top = QRectF(rect.x() - SPACE / 2, middle - 22, rect.width(), 24)
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, sign.text)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        below = QRectF(rect.x() - SPACE / 2, middle + 2, rect.width(), 60)
        align = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(below, align, "\n".join(self._said(sign)))

    def _paint_laid(self, painter: QPainter, laid: Laid, words: list[str]) -> None:
        """A grid with its title above and its words below."""
        colour = QColor(self.theme.gradient if laid.grid.backward else self.theme.text)
        draw(painter, QPointF(laid.rect.x(), laid.rect.y() - 6), laid.grid.title, self.font(), colour)
        paint_grid(painter, self.ink, laid)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        for i, line in enumerate(words):
            painter.drawText(QPointF(laid.rect.x(), laid.rect.bottom() + (i + 1) * LINE - 1), line)

    # --- mouse --------------------------------------------------------------------------------------------------------

    def zone_at(self, at: QPointF) -> Zone | None:
        return zone_of(self._laid, at)
