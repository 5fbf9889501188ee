"""Paints a picture of grids: colours for all cells, numbers where they can be read, a window where there is no room for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.trace import Place
from playground.ui.kit.colours import gradient_table, indexed_image, signed_index, signed_table
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.plot import small
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.linked import Linked, Zone
from playground.ui.panels.backprop.pictures import Picture, Ring, Sheet, Sign
from playground.ui.panels.backprop.symbols import draw, plain, width

#: numbers are written in cells from this size on, in pixels
LEGIBLE = 22.0
#: a cell of a matrix, wide enough for three digits
CELL = (46.0, LEGIBLE)
#: where there is room it may grow so many times
ENLARGED = 1.5
#: cells of a map are at most so large
LARGEST = 34.0
#: from this height on, in pixels, grids may stand on two lines
TALL = 260
TITLE, LINE = 20.0, 13.0
SIGN, SPACE = 20.0, 8.0


@dataclass(frozen=True, eq=False)
class Laid:
    """A sheet with its place on screen: the rows and columns that are shown, and how large a cell is."""

    sheet: Sheet
    rect: QRectF
    rows: range
    columns: range
    cell: tuple[float, float]

    def rect_of(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        w, h = self.cell
        return QRectF(
            self.rect.x() + (column - self.columns.start) * w,
            self.rect.y() + (row - self.rows.start) * h,
            w,
            h,
        )

    def words(self) -> list[str]:
        """The lines below it: what is hidden, its shape, and what it is."""
        rows, columns = self.sheet.cells.shape
        hidden = ((rows - len(self.rows), "rows"), (columns - len(self.columns), "columns"))
        return [f"+ {n} {what}" for n, what in hidden if n] + self.sheet.words.split(", ")

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The cell under a point."""
        if not self.rect.contains(at):
            return None
        row = self.rows.start + int((at.y() - self.rect.y()) / self.cell[1])
        column = self.columns.start + int((at.x() - self.rect.x()) / self.cell[0])
        return min(row, self.rows.stop - 1), min(column, self.columns.stop - 1)


def around(focus: int, size: int, room: int) -> range:
    """``room`` of ``size`` rows with ``focus`` in the middle, as far as the ends allow."""
    room = max(1, min(room, size))
    first = min(max(focus - room // 2, 0), size - room)
    return range(first, first + room)


def _essential(parts: list[Sheet | Sign]) -> list[Sheet | Sign]:
    """Without the grids that are optional, and the signs that joined them to the others."""
    kept: list[Sheet | Sign] = []
    for part in parts:
        if isinstance(part, Sheet) and part.optional:
            if kept and isinstance(kept[-1], Sign):
                kept.pop()
        elif isinstance(part, Sheet) or kept:
            kept.append(part)
    return kept


class MatrixView(Linked):
    """The picture of a step; what does not fit is windowed round the cell that the step is about."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(focus, theme, name, parent)
        self.picture = Picture()
        self._laid: list[Laid] = []
        self._signs: list[tuple[QRectF, Sign]] = []
        self._images: dict[tuple[int, Theme], QImage] = {}
        self._bottom = 0.0
        self._cell = CELL
        self.setMinimumSize(240, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_picture(self, picture: Picture) -> None:
        """Show other grids."""
        self.picture = picture
        names = [
            plain(p.title) if isinstance(p, Sheet) else f"{p.text} {p.words}".strip() for p in picture.parts
        ]
        self.setAccessibleName(f"{' '.join(names)}. {picture.caption}".strip())
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def resizeEvent(self, event) -> None:
        self._arrange()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Share the room among the grids: maps as squares, columns at full width, wide matrices windowed."""
        self._laid, self._signs = [], []
        self._images.clear()
        lines = self._lines()
        top = 0.0
        for parts in lines:
            room = (self.height() - self._caption_height() - 4) / len(lines) - TITLE - 3 * LINE
            top = self._arrange_line(parts, top, max(LEGIBLE, room))
        self._bottom = top
        self.update()

    def _lines(self) -> list[list[Sheet | Sign]]:
        """The parts, on two lines where one would be too narrow and there is height for two."""
        parts = list(self.picture.parts)
        if self._needed(parts) > self.width() and self.height() < TALL:
            parts = _essential(parts)
        sheets = sum(isinstance(p, Sheet) for p in parts)
        if sheets < 3 or self._needed(parts) <= self.width() or self.height() < TALL:
            return [parts]
        ends = [i for i, p in enumerate(parts) if isinstance(p, Sign) and i > 0]
        cut = ends[len(ends) // 2]
        return [parts[:cut], parts[cut:]]

    def _needed(self, parts: list[Sheet | Sign]) -> float:
        return sum(
            (110.0 if p.picture else CELL[0] * min(p.cells.shape[1], 3)) + SPACE
            if isinstance(p, Sheet)
            else self._sign_width(p)
            for p in parts
        )

    def _arrange_line(self, parts: list[Sheet | Sign], top: float, height: float) -> float:
        """Lay out one line from ``top`` on; returns where it ends."""
        sheets = [p for p in parts if isinstance(p, Sheet)]
        free = self.width() - 2.0
        free -= sum(self._sign_width(p) if isinstance(p, Sign) else SPACE for p in parts)
        self._cell = self._cell_size(sheets, free, height)
        widths = self._widths(sheets, free, height)
        spare = max(0.0, free - sum(widths.values()))  # for words that are wider than their grid
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
            x += laid.rect.width() + wider + SPACE
            bottom = max(bottom, laid.rect.bottom() + len(laid.words()) * LINE + 4)
        highest = max((n.rect.height() for n in self._laid[-len(sheets) :]), default=0.0)
        for left, sign in signs:
            rect = QRectF(left, top + TITLE, self._sign_width(sign), highest)
            self._signs.append((rect, sign))
            bottom = max(bottom, rect.center().y() + (1 + len(sign.words.split())) * LINE + 6)
        return bottom

    @staticmethod
    def _cell_size(sheets: list[Sheet], free: float, height: float) -> tuple[float, float]:
        """The cells of matrices: larger where all of them find room all the same."""
        shapes = [s.cells.shape for s in sheets if not s.picture]
        if not shapes or len(shapes) < len(sheets):
            return CELL
        rows, columns = max(s[0] for s in shapes), sum(s[1] for s in shapes)
        scale = min(height / (rows * CELL[1]), free / (columns * CELL[0]), ENLARGED)
        return (CELL[0] * scale, CELL[1] * scale) if scale > 1 else CELL

    def _widths(self, sheets: list[Sheet], free: float, height: float) -> dict[int, float]:
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

    def _lay(self, sheet: Sheet, x: float, y: float, room: float, height: float) -> Laid:
        rows, columns = sheet.cells.shape
        if sheet.picture:
            side = max(1.0, min(LARGEST, room / columns, height / rows))
            return Laid(
                sheet, QRectF(x, y, side * columns, side * rows), range(rows), range(columns), (side, side)
            )
        row, column = sheet.focus
        w, h = self._cell
        shown_rows = around(row, rows, int(height / h + 0.01))
        shown_columns = around(column, columns, int(room / w + 0.01))
        w = min(w, room) if len(shown_columns) == 1 else w
        rect = QRectF(x, y, w * len(shown_columns), h * len(shown_rows))
        return Laid(sheet, rect, shown_rows, shown_columns, (w, h))

    def _title_width(self, laid: Laid) -> float:
        metrics = QFontMetricsF(small(self.font()))
        words = max(metrics.horizontalAdvance(line) for line in laid.words())
        return max(words, width(laid.sheet.title, self.font())) + 2

    def _sign_width(self, sign: Sign) -> float:
        words = QFontMetricsF(small(self.font()))
        longest = max((words.horizontalAdvance(w) for w in sign.words.split(" ")), default=0.0)
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
        for laid in self._laid:
            self._paint_sheet(painter, laid)
        for rect, sign in self._signs:
            self._paint_sign(painter, rect, sign)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        top = min(self._bottom + 2, self.height() - self._caption_height())
        room = QRectF(0, max(0.0, top), self.width(), self.height() - max(0.0, top))
        painter.drawText(room, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, self.picture.caption)
        painter.end()

    def _paint_sign(self, painter: QPainter, rect: QRectF, sign: Sign) -> None:
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
        painter.drawText(below, align, sign.words.replace(" ", "\n"))

    def _paint_sheet(self, painter: QPainter, laid: Laid) -> None:
        theme, sheet = self.theme, laid.sheet
        colour = QColor(theme.gradient if sheet.backward else theme.text)
        draw(painter, QPointF(laid.rect.x(), laid.rect.y() - 6), sheet.title, self.font(), colour)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(laid.rect, self._image(laid))
        if laid.cell[1] >= LEGIBLE:
            self._paint_numbers(painter, laid)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(theme.border))
        painter.drawRect(laid.rect)
        for ring in sheet.rings:
            self._paint_ring(painter, laid, ring)
        self._paint_lit(painter, laid)
        self._paint_struck(painter, laid)
        self._paint_words(painter, laid)

    def _paint_struck(self, painter: QPainter, laid: Laid) -> None:
        """A stroke through every cell that lets nothing pass, where cells are large enough for one."""
        struck = laid.sheet.struck
        if struck is None or laid.cell[1] < 8:
            return
        painter.setPen(QPen(QColor(self.theme.error), 1.6))
        part = struck[laid.rows.start : laid.rows.stop, laid.columns.start : laid.columns.stop]
        for r, c in np.argwhere(part).tolist():
            cell = laid.rect_of(laid.rows[r], laid.columns[c]).adjusted(3, 3, -3, -3)
            painter.drawLine(cell.bottomLeft(), cell.topRight())

    def _paint_words(self, painter: QPainter, laid: Laid) -> None:
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self.theme.muted))
        for i, line in enumerate(laid.words()):
            painter.drawText(QPointF(laid.rect.x(), laid.rect.bottom() + (i + 1) * LINE - 1), line)

    def _image(self, laid: Laid) -> QImage:
        """The cells that are shown as colours."""
        key = (id(laid), self.theme.now)
        if key not in self._images:
            sheet = laid.sheet
            part = sheet.cells[laid.rows.start : laid.rows.stop, laid.columns.start : laid.columns.stop]
            table = gradient_table(self.theme) if sheet.backward else signed_table(self.theme)
            self._images[key] = indexed_image(signed_index(np.asarray(part, np.float32), sheet.limit), table)
        return self._images[key]

    def _paint_numbers(self, painter: QPainter, laid: Laid) -> None:
        image = self._image(laid)
        for r, row in enumerate(laid.rows):
            for c, column in enumerate(laid.columns):
                text, font = self._fitted(float(laid.sheet.cells[row, column]), laid.cell[0])
                painter.setFont(font)
                ground = image.pixelColor(c, r)
                painter.setPen(QColor("#10151d") if ground.lightnessF() > 0.48 else QColor("#ffffff"))
                painter.drawText(laid.rect_of(row, column), Qt.AlignmentFlag.AlignCenter, text)

    def _fitted(self, value: float, room: float) -> tuple[str, QFont]:
        """A number with as many digits as a cell is wide for, in a small font or a smaller one; "" where none fits."""
        fonts = (small(self.font()), small(small(self.font())))
        for digits in (3, 2, 1):
            for font in fonts:
                text = fmt(value, digits)
                if QFontMetricsF(font).horizontalAdvance(text) <= room - 2:
                    return text, font
        return "", fonts[1]  # the tool tip tells it

    def _paint_ring(self, painter: QPainter, laid: Laid, ring: Ring) -> None:
        rows = range(max(ring.rows[0], laid.rows.start), min(ring.rows[1], laid.rows.stop))
        columns = range(max(ring.columns[0], laid.columns.start), min(ring.columns[1], laid.columns.stop))
        if not rows or not columns:
            return
        rect = laid.rect_of(rows[0], columns[0]).united(laid.rect_of(rows[-1], columns[-1]))
        small_cells = laid.cell[1] < 8
        painter.setPen(QPen(QColor(self.theme.text), 2.0 if ring.strong or small_cells else 1.4))
        grown = 1.0 if small_cells else -0.5
        painter.drawRect(rect.adjusted(-grown, -grown, grown, grown))

    def _paint_lit(self, painter: QPainter, laid: Laid) -> None:
        """A frame round the cell that the mouse is over, here or in another view."""
        place = self.focus.place
        if place is None or not place.index:
            return
        row, column = self._where(laid, place)
        if row in laid.rows and column in laid.columns and self.lit(laid.sheet.place(row, column)):
            colour = self.theme.gradient if laid.sheet.backward else self.theme.accent
            painter.setPen(QPen(QColor(colour), 3.0))
            painter.drawRect(laid.rect_of(row, column))

    def _where(self, laid: Laid, place: Place) -> tuple[int, int]:
        """Where a place would be on a sheet: its last indices, if the sheet agrees."""
        candidates = [
            place.index[-2:],
            (place.index[-1], 0),
            (0, place.index[-1]),
            tuple(reversed(place.index[-2:])),
        ]
        for at in candidates:
            inside = len(at) == 2 and at[0] in laid.rows and at[1] in laid.columns
            if inside and self.lit(laid.sheet.place(*at)):
                return at[0], at[1]
        return -1, -1

    # --- mouse --------------------------------------------------------------------------------------------------------

    def zone_at(self, at: QPointF) -> Zone | None:
        for laid in self._laid:
            found = laid.cell_at(at)
            if found is not None:
                value, place = float(laid.sheet.cells[found]), laid.sheet.place(*found)
                where = ", ".join(str(k + 1) for k in found)
                number = "not computed yet" if np.isnan(value) else exact(value)
                # Not a rect of its own for each of thousands of cells: one for the cell under the mouse.
                return Zone(laid.rect_of(*found), f"{plain(laid.sheet.title)}[{where}] = {number}", place)
        return None
