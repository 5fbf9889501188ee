"""From the columns of a table to inputs of a network, and what has to be learnt from the training rows for that: means, most frequent
kinds, which kinds there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.core import Array
from engine.data import dates, roles
from engine.data.columns import Column
from engine.data.roles import CATEGORY, DATE, MARK, MEAN, MEDIAN, MOST, NUMBER, ORDERED, OWN
from engine.errors import DataError, clipped

#: what a kind for empty cells is called
MISSING = "missing"
#: letters of an input's name, and rows below which a kind is rare
_LETTERS, RARE = 60, 5


@dataclass(frozen=True)
class About:
    """A column, for people.

    Args:
        name: whole.
        holds: what it was taken for, with the reason: "numbers", "words, 3 kinds", "dates, day first", "the same in every row".
        role: what it is for, one of ``roles.ROLES`` or ``roles.TARGET``.
        fill: what becomes of its empty cells; "" where there are none.
        width: how many inputs (or targets) it makes.
        gaps: its empty cells.
        example: a cell of it.
        can: the roles that it can have.
        kinds: of an ordered column, from the lowest.
    """

    name: str
    holds: str
    role: str
    fill: str
    width: int
    gaps: int
    example: str
    can: tuple[str, ...]
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Block:
    """The inputs that one column makes.

    Args:
        name: the column's.
        role: one of ``roles.INPUTS``.
        first, width: its places among the inputs; that of a mark for empty cells is the last of them.
        fill: what becomes of empty cells.
        gaps: ``(rows,)`` where it is empty; ``None`` where it is nowhere.
        codes: of a category, ``(rows,)`` the place of each row's kind among ``kinds``, −1 in gaps; else ``None``.
        kinds: of words.
    """

    name: str
    role: str
    first: int
    width: int
    fill: str = ""
    gaps: Array | None = None
    codes: Array | None = None
    kinds: tuple[str, ...] = ()

    @property
    def places(self) -> slice:
        """Among the inputs, without a mark."""
        return slice(self.first, self.first + self.width - (self.fill == MARK and self.gaps is not None))

    def take(self, rows: Array) -> Block:
        gaps = None if self.gaps is None else self.gaps[rows]
        return replace(self, gaps=gaps, codes=None if self.codes is None else self.codes[rows])


@dataclass(frozen=True, eq=False)
class Encoding:
    """How the rows of a table became numbers.

    Args:
        blocks: a column of inputs each.
        about: all columns, those that are not read as well.
        lines: ``(rows,)`` of the file, from 1, or the rows of a sheet.
        groups: ``(rows,)`` whole numbers; rows of one number stay together. ``None`` where there is no such column.
        group: that column's name.
        times: ``(rows,)`` by which the rows are in order; ``None`` where nothing but their places says that.
        word: what the lines are called.
    """

    blocks: tuple[Block, ...] = ()
    about: tuple[About, ...] = ()
    lines: Array | None = None
    groups: Array | None = None
    group: str = ""
    times: Array | None = None
    word: str = "line"

    def take(self, rows: Array) -> Encoding:
        """That of some rows, by place or mask."""
        blocks = tuple(block.take(rows) for block in self.blocks)
        one = [None if a is None else a[rows] for a in (self.lines, self.groups, self.times)]
        return Encoding(blocks, self.about, one[0], one[1], self.group, one[2], self.word)

    def row(self, index: int) -> str:
        """Which row of the file, in words: "line 7"."""
        return f"row {index + 1}" if self.lines is None else f"{self.word} {int(self.lines[index])}"

    def fitted(self, x: Array, train: Array) -> Array:
        """``x`` with the empty cells filled by what the ``train`` rows hold, and inputs of kinds that none of these has at 0.

        ``x`` itself where nothing is to be learnt.
        """
        out = x
        for block in self.blocks:
            filled = _filled(block, x, train)
            for places, rows, values in filled:
                if out is x:
                    out = x.copy()
                out[rows, places] = values
        return out

    def unseen(self, train: Array) -> Iterator[tuple[Block, list[int]]]:
        """Categories with kinds that no ``train`` row has, and the places of these kinds."""
        for block in self.blocks:
            if block.codes is None or block.role != CATEGORY:
                continue
            seen = np.bincount(block.codes[train] + 1, minlength=len(block.kinds) + 1)[1:] > 0
            if not seen.all():
                yield block, np.flatnonzero(~seen).tolist()


def _filled(block: Block, x: Array, train: Array) -> Iterator[tuple[slice | int, Array, Array | float]]:
    """What changes in the inputs of a column: places, rows and values."""
    if block.codes is not None and block.role == CATEGORY:
        there = block.codes[train]
        counts = np.bincount(there[there >= 0], minlength=len(block.kinds))
        first = np.full(len(block.kinds) + 1, -1)
        first[block.codes[::-1]] = np.arange(len(x) - 1, -1, -1)
        for kind in range(len(block.kinds)):
            place, now = block.first + kind, float(counts[kind] > 0)
            if first[kind] >= 0 and x[first[kind], place] != now:  # other rows were the training part before
                yield place, block.codes == kind, now
        if block.gaps is not None and block.fill == MOST and block.gaps.any():
            yield block.places, block.gaps, np.eye(len(block.kinds), dtype=x.dtype)[int(counts.argmax())]
        return
    if block.gaps is None or block.fill not in (MEAN, MEDIAN, MOST) or not block.gaps.any():
        return
    known = train[~block.gaps[train]]
    values = x[known, block.places]
    if not len(values):
        yield block.places, block.gaps, 0.0
    elif block.fill == MEAN:
        yield block.places, block.gaps, values.mean(axis=0, dtype=np.float64)
    elif block.fill == MEDIAN:
        yield block.places, block.gaps, np.median(values, axis=0)
    else:
        yield block.places, block.gaps, np.array([_most_frequent(column) for column in values.T])


def _most_frequent(values: Array) -> float:
    found, counts = np.unique(values, return_counts=True)
    return float(found[counts.argmax()])


def rare_as_one(kinds: tuple[str, ...], codes: Array) -> tuple[tuple[str, ...], Array]:
    """Kinds that come up in fewer than ``RARE`` rows as one, the last; as they are where that is not several. Codes below 0 stay."""
    counts = np.bincount(codes[codes >= 0], minlength=len(kinds))
    rare = (counts > 0) & (counts < RARE)
    if rare.sum() < 2:
        return kinds, codes
    kept = [kind for kind, gone in zip(kinds, rare, strict=True) if not gone]
    place = np.append(np.where(rare, len(kept), np.cumsum(~rare) - 1), -1).astype(codes.dtype)
    return (*kept, "other kinds" if "other" in kept else "other"), place[codes]


def block_of(
    column: Column, role: str, fill: str, order: tuple[str, ...], first: int, rare: bool = False
) -> tuple[Block, list[str]]:
    """The inputs of a column from place ``first``, and their names. Raises DataError where it cannot have this role.

    ``rare``: rare kinds of a category are one, see ``rare_as_one``.
    """
    gaps = column.gaps if column.gaps.any() else None
    fill = fill if gaps is not None else ""
    kinds: tuple[str, ...] = ()
    codes = None
    if role in (CATEGORY, ORDERED):
        found, codes = column.classes()
        kinds = tuple(roles.in_order(found, order)) if role == ORDERED else tuple(found)
        if kinds != tuple(found):
            place = np.array([kinds.index(kind) for kind in found] + [-1])
            codes = place[codes]
        codes = codes.astype(np.int32)
        if rare and role == CATEGORY:
            kinds, codes = rare_as_one(kinds, codes)
        if fill == OWN:
            codes[codes < 0] = len(kinds)
            kinds += (MISSING,)
            gaps = None
    if role == CATEGORY:
        names = [f"{column.name} = {kind}" for kind in kinds]
    elif role == DATE:
        names = [f"{column.name}: {name}" for name, _ in dates.parts(column.seconds())]
    else:
        names = [column.name]
    if role == NUMBER and not column.is_number:
        raise DataError(
            f"The column {clipped(column.name, 60)} holds words such as “{clipped(column.example, 40)}”; expected numbers for the role "
            "number. Choose category, or ignore it."
        )
    if role == DATE and not column.dates:
        raise DataError(
            f"The column {clipped(column.name, 60)} holds “{clipped(column.example, 40)}”, which is no date; expected dates for the role "
            "date. Choose another role."
        )
    if fill == MARK and gaps is not None:
        names.append(f"{column.name} is missing")
    names = [clipped(name, _LETTERS) for name in names]
    return Block(column.name, role, first, len(names), fill, gaps, codes, kinds), names


def write(block: Block, column: Column, out: Array) -> None:
    """The inputs of ``column`` into ``out`` ``(rows, inputs)``; empty cells are 0."""
    places = range(block.places.start, block.places.stop)
    if block.role == CATEGORY and block.codes is not None:
        out[:, block.places] = 0
        rows = np.flatnonzero(block.codes >= 0)
        out[rows, block.first + block.codes[rows]] = 1
    elif block.role == ORDERED and block.codes is not None:
        out[:, block.first] = np.maximum(block.codes, 0)
    elif block.role == DATE:
        for place, (_, values) in zip(places, dates.parts(column.seconds()), strict=True):
            out[:, place] = np.nan_to_num(values)
    else:
        out[:, block.first] = column.numbers
        if block.gaps is not None:
            out[block.gaps, block.first] = 0
    if block.width > len(places):
        out[:, block.first + block.width - 1] = column.gaps
