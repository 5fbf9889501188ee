"""Grids of numbers as data: what stands in each cell, how it is written there, what is ringed, and where each number belongs.

A ``Grid`` says what is to be seen, a ``Laid`` where; ``grid_paint`` draws it, ``linked`` lets its cells answer the mouse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage

from engine.trace import Place
from playground.ui.kit.colours import clear_image, indexed_image, share_index, signed_index
from playground.ui.kit.ink import Ink, Table, advance
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.symbols import plain

Array = NDArray[Any]

#: numbers are written into cells at least so wide, and so high; of smaller ones the mouse tells them
LEGIBLE = (26.0, 13.0)
#: cells of such a height, in pixels, have room for a note below their number
NOTED = 34.0
#: the fonts of numbers, and the height of cell that each needs, in pixels: the first in which all numbers of a grid fit is taken
LETTERS = ((12, 20.0), (11, 15.0), (10, 0.0))
SMALL = LETTERS[-1][0]
#: whole numbers below are written without decimals
WHOLE = 1000
#: of so many cells each is asked whether a number is its own
FEW = 400


@dataclass(frozen=True)
class Ring:
    """A frame round cells: ``rows`` and ``columns`` from the first to behind the last.

    ``style``: "strong" for the one that matters most, "weak" for others that take part, "winner" of a window, "cursor" for a window.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    style: Literal["strong", "weak", "winner", "cursor"] = "weak"


def cell_ring(row: int, column: int, style: Literal["strong", "weak", "winner", "cursor"] = "strong") -> Ring:
    """A frame round one cell."""
    return Ring((row, row + 1), (column, column + 1), style)


def nowhere(row: int, column: int) -> Place | None:
    """The place of numbers that stand nowhere else."""
    return None


@dataclass(frozen=True, eq=False)
class Grid:
    """One grid of numbers.

    Args:
        title: LaTeX symbol.
        words: what it is, and its shape.
        cells: ``(rows, columns)``; NaN where a number is not known yet: such cells have no colour.
        backward: gradients, in their own colours.
        place: where a cell's number stands in the update that is stepped through.
        rings: frames.
        picture: its cells are the pixels of a map: square, and seen as a whole.
        limit: the end of its colour scale.
        struck: ``(rows, columns)``, true where a cell lets nothing pass.
        optional: may be left out where room is short.
        inside: ``(rows, columns)``, false where a cell is padding.
        notes: a second, small line for each cell.
        power: numbers are written as multiples of this power of ten.
        grey: what is black and what is white, of a picture in grey; ``None`` for the signed scale.
        before, unknown: what stands before each number, and in place of one that is not known.
        digits: significant ones, at most.
        least: the smallest font that its numbers are written in, in pixels.
    """

    title: str
    words: str
    cells: Array
    backward: bool = False
    place: Callable[[int, int], Place | None] = nowhere
    rings: tuple[Ring, ...] = ()
    picture: bool = False
    limit: float = 1.0
    struck: Array | None = None
    optional: bool = False
    inside: Array | None = None
    notes: Sequence[Sequence[str]] | None = None
    power: int = 0
    grey: tuple[float, float] | None = None
    before: str = ""
    unknown: str = "–"
    digits: int = 3
    least: int = SMALL

    @property
    def focus(self) -> tuple[int, int]:
        """The cell that must be seen, where there is no room for all."""
        strong = next((r for r in self.rings if r.style == "strong"), self.rings[0] if self.rings else None)
        return (strong.rows[0], strong.columns[0]) if strong is not None else (0, 0)

    @property
    def table(self) -> Table:
        """Its colours."""
        return "grey" if self.grey is not None else "gradients" if self.backward else "values"


@dataclass(frozen=True)
class Written:
    """What is written into the cells: numbers and notes, a text for each cell ("" where none fits), and in letters how high."""

    numbers: list[list[str]]
    notes: Sequence[Sequence[str]] | None
    pixels: int


@dataclass(frozen=True, eq=False)
class Laid:
    """A grid with its place on screen: the rows and columns that are shown."""

    grid: Grid
    rect: QRectF
    rows: range
    columns: range
    _images: dict[int, QImage] = field(default_factory=dict, repr=False)

    @classmethod
    def whole(cls, grid: Grid, rect: QRectF) -> Laid:
        """All of a grid, in ``rect``."""
        rows, columns = grid.cells.shape
        return cls(grid, rect, range(rows), range(columns))

    # --- where things are ---------------------------------------------------------------------------------------------

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell."""
        return self.rect.width() / len(self.columns), self.rect.height() / len(self.rows)

    def rect_of(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        w, h = self.cell
        x = self.rect.x() + (column - self.columns.start) * w
        return QRectF(x, self.rect.y() + (row - self.rows.start) * h, w, h)

    def rect_round(self, ring: Ring) -> QRectF | None:
        """Where the cells of a ring are, as far as they are shown."""
        rows = range(max(ring.rows[0], self.rows.start), min(ring.rows[1], self.rows.stop))
        columns = range(max(ring.columns[0], self.columns.start), min(ring.columns[1], self.columns.stop))
        if not rows or not columns:
            return None
        return self.rect_of(rows[0], columns[0]).united(self.rect_of(rows[-1], columns[-1]))

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The cell under a point."""
        found = cell_at(self.rect, at, len(self.rows), len(self.columns))
        return None if found is None else (self.rows[found[0]], self.columns[found[1]])

    def where(self, place: Place, same: Callable[[Place | None], bool]) -> tuple[int, int] | None:
        """The shown cell whose number stands at ``place``, as ``same`` tells; ``None`` for none.

        Asked are the cells that bear the last of the place's indices, one way or the other, or all of them in one; then its column, as
        maps may stand one below the other; and of a few cells then all.
        """
        if self.grid.place is nowhere or not place.index or self._is_elsewhere(place):
            return None
        last, two = place.index[-1], place.index[-2:]
        flat = divmod(last, self.grid.cells.shape[1])
        likely: tuple[tuple[int, ...], ...] = (two, (last, 0), (0, last), two[::-1], flat)
        candidates: Iterable[tuple[int, ...]] = chain(likely, ((row, last) for row in self.rows))
        if len(self.rows) * len(self.columns) <= FEW:
            candidates = chain(candidates, product(self.rows, self.columns))
        for at in candidates:
            inside = len(at) == 2 and at[0] in self.rows and at[1] in self.columns
            if inside and same(self.grid.place(at[0], at[1])):
                return at[0], at[1]
        return None

    def _is_elsewhere(self, place: Place) -> bool:
        """Whether all cells stand in another map than a place does: there may be hundreds of maps."""
        first, last = (self.grid.place(self.rows[k], self.columns[k]) for k in (0, -1))
        if first is None or last is None or len(first.index) != len(place.index):
            return False
        other = "share" not in (first.kind, place.kind) and first.node_id != place.node_id
        return first.index[:-2] == last.index[:-2] and (other or first.index[:-2] != place.index[:-2])

    def words_for(self, row: int, column: int) -> str:
        """What is said of a cell: its number with every digit."""
        value, inside = float(self.grid.cells[row, column]), self.grid.inside
        number = "not computed yet" if math.isnan(value) else exact(value)
        padding = " (padding)" if inside is not None and not inside[row, column] else ""
        return f"{plain(self.grid.title)}[{row + 1}, {column + 1}] = {number}{padding}"

    # --- what is painted ----------------------------------------------------------------------------------------------

    @cached_property
    def shown(self) -> Array:
        """The numbers of the cells that are shown."""
        part: Array = self.grid.cells[
            self.rows.start : self.rows.stop, self.columns.start : self.columns.stop
        ]
        return part

    @cached_property
    def index(self) -> NDArray[np.uint8]:
        """Which colour of its table each has."""
        values, grey = np.asarray(self.shown, np.float32), self.grid.grey
        if grey is None:
            return signed_index(values, self.grid.limit)
        return share_index((values - grey[0]) / ((grey[1] - grey[0]) or 1.0))

    def image(self, ink: Ink) -> QImage:
        """The cells as colours, a pixel each; what is not known is seen through."""
        table = ink.tables[self.grid.table]
        if id(table) not in self._images:
            unknown = np.isnan(self.shown)
            self._images[id(table)] = (
                clear_image(self.index, table, unknown) if unknown.any() else indexed_image(self.index, table)
            )
        return self._images[id(table)]

    @cached_property
    def written(self) -> Written | None:
        """The numbers in the cells; ``None`` where these are too small for any."""
        (width, height), grid = self.cell, self.grid
        if width < LEGIBLE[0] or height < LEGIBLE[1]:
            return None
        room = width - 3
        scaled = self.shown / 10.0**grid.power if grid.power else self.shown
        numbers = [[self._text(v, room) for v in row] for row in scaled.tolist()]
        fonts = (p for p, high in LETTERS if height >= high and p > grid.least)
        fits = lambda p: all(advance(t, p) <= room - 3 for row in numbers for t in row)
        pixels = next((p for p in fonts if fits(p)), grid.least)
        # All cells have their notes or none: some alone would look as if they were special.
        noted = (
            grid.notes is not None
            and height >= NOTED
            and all(advance(note, SMALL) <= room - 3 for row in grid.notes for note in row)
        )
        return Written(numbers, grid.notes if noted else None, pixels)

    def _text(self, value: float, room: float) -> str:
        if math.isnan(value):
            return self.grid.unknown
        before, least = self.grid.before, self.grid.least
        said = short(value, room - advance(before, least) if before else room, self.grid.digits, least)
        return before + said if said else ""


# --- numbers ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def short(value: float, width: float, most: int = 3, pixels: int = SMALL) -> str:
    """A number with as many digits, ``most`` at most, as fit so many pixels in a font so high; "" where not even one does.

    A last resort is to leave out the 0 in front of the point.
    """
    if abs(value) < WHOLE and value.is_integer():
        texts = [fmt(int(value))]
    else:
        texts = []
        for digits in range(most, 0, -1):
            said = fmt(value, digits)
            texts += [said, said.replace("0.", ".", 1)] if abs(value) < 1 and digits < most else [said]
    return next((text for text in texts if advance(text, pixels) <= width), "")


def power_of(values: Array) -> int:
    """The power of ten that a matrix is written as multiples of: 0 where its largest number is written well as it is."""
    most = float(np.nan_to_num(np.abs(values), posinf=0.0).max(initial=0.0))
    return 0 if most == 0 or 0.01 <= most < 10_000 else math.floor(math.log10(most))


def power_in_words(power: int) -> str:
    """· 10⁻⁴; "" for none."""
    return f" · 10{str(power).translate(_RAISED)}" if power else ""


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# --- geometry -----------------------------------------------------------------------------------------------------------


def fitted(rect: QRectF, height: int, width: int) -> QRectF:
    """The largest rectangle of these proportions in ``rect``, at its top left; whole pixels per cell where there is room."""
    scale = min(rect.width() / width, rect.height() / height)
    if scale >= 2:
        scale = float(int(scale))
    return QRectF(rect.x(), rect.y(), width * scale, height * scale)


def centred(rect: QRectF, height: float, width: float) -> QRectF:
    """The largest rectangle of these proportions in the middle of ``rect``."""
    scale = min(rect.width() / width, rect.height() / height)
    found = QRectF(0, 0, width * scale, height * scale)
    found.moveCenter(rect.center())
    return found


def cell_at(rect: QRectF, at: QPointF, height: int, width: int) -> tuple[int, int] | None:
    """Row and column of the matrix drawn in ``rect`` under a point."""
    if not rect.contains(at):
        return None
    i = int((at.y() - rect.y()) * height / rect.height())
    j = int((at.x() - rect.x()) * width / rect.width())
    return min(i, height - 1), min(j, width - 1)


def cells_rect(rect: QRectF, size: tuple[int, int], rows: Sequence[int], columns: Sequence[int]) -> QRectF:
    """Where cells from the first to the last of ``rows`` and ``columns`` lie on a matrix ``size`` drawn in ``rect``."""
    y, x = rect.height() / size[0], rect.width() / size[1]
    return QRectF(
        rect.x() + columns[0] * x,
        rect.y() + rows[0] * y,
        (columns[-1] - columns[0] + 1) * x,
        (rows[-1] - rows[0] + 1) * y,
    )
