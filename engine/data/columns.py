"""Columns of a table: what its cells say, as numbers or as words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.report import Note
from engine.errors import Offer, counted, few

#: kinds of words up to which a column is a category by itself
MOST_KINDS = 50
COUNTING = "counting the rows"
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ][\d:.]+Z?)?", re.ASCII)
#: numbers beyond are not float32's
_LARGEST = 3.4e38
#: whole numbers are classes by themselves up to so many kinds, and only where each comes up twenty times
_FEW_KINDS, _EACH = 10, 20
#: a word among so many numbers is a slip
_MOSTLY = 0.9
_LISTED = 3
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "–", "—", "."})

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}([, ']\d{3})+(\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}([. ']\d{3})+(,\d+)?", re.ASCII),
}
_BETWEEN_GROUPS = {".": re.compile("[, ']"), ",": re.compile("[. ']")}
_BARE = str.maketrans({"\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with either decimal mark."""
    return number(cell, ".") is not None or number(cell, ",") is not None


def number(cell: str, mark: str) -> float | None:
    """A cell as a number whose fraction begins at ``mark``, of "12 %" the 12; ``None`` for what is none.

    Zeros in front make a code, such as a zip code, which is no number.
    """
    text = cell if cell.isascii() else cell.translate(_BARE).strip()
    text = text.rstrip("%").rstrip() if text.endswith("%") else text
    if mark == "," or not _PLAIN.fullmatch(text):
        if _GROUPED[mark].fullmatch(text):
            text = _BETWEEN_GROUPS[mark].sub("", text)
        elif mark == "," and "." in text:
            return None
        text = text.replace(",", ".") if mark == "," else text
        if not _PLAIN.fullmatch(text):
            return None
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return None
    return float(text)


class Column:
    """One column, as numbers if most of it is, else as words.

    Attributes:
        name: as it stands above it, whole.
        cells: ``rows`` of them, stripped.
        gaps: ``(rows,)``, where it says nothing.
        is_number: what it is.
        numbers: ``(rows,)`` float64, NaN in gaps; empty for words.
        huge: ``(rows,)``, where its number is beyond float32.
        odd: cells among numbers that are none, and count as gaps.
        mark: the decimal mark that its numbers are read with.
        percent: how many of its numbers are given in percent, where others are not: these are divided by 100.
        unsure: one of its cells where either mark makes another number of each, and nothing tells which is meant; "" for none.
    """

    def __init__(self, name: str, cells: Sequence[str]) -> None:
        self.name = name
        self.cells = [cell.strip() for cell in cells]
        self.empty = np.fromiter((cell.casefold() in _MISSING for cell in self.cells), bool, len(self.cells))
        self._ways: dict[str, list[float | None]] = {}
        self._told: dict[str, int] = {}
        self.mark, self.unsure, self.percent = ".", "", 0
        self.is_number, self.gaps = False, self.empty
        self.numbers, self.huge = np.zeros(0), np.zeros(len(self.cells), bool)
        self.odd: list[str] = []

    def told(self, mark: str) -> int:
        """How many of its cells are numbers with this mark."""
        if mark not in self._ways:
            self._ways[mark] = self._read(mark)
            self._told[mark] = sum(value is not None for value in self._ways[mark])
        return self._told[mark]

    def _read(self, mark: str) -> list[float | None]:
        other = "," if mark == "." else "."
        known = self._ways.get(other)
        if known is None or any(mark in cell for cell in self.cells):
            return [
                None if gap else number(cell, mark) for cell, gap in zip(self.cells, self.empty, strict=True)
            ]
        # Without this mark anywhere, it makes a difference only where the other one stands, which can group thousands at most.
        grouped = _GROUPED[mark].fullmatch
        return [
            value if other not in cell else number(cell, mark) if grouped(cell) else None
            for cell, value in zip(self.cells, known, strict=True)
        ]

    def settle(self, mark: str, sure: bool) -> None:
        """Read it with ``mark``, unless it is numbers with the other alone. ``sure``: something tells that this is the table's."""
        other = "," if mark == "." else "."
        self.mark = other if self.told(other) > self.told(mark) else mark
        values, there = self._ways[self.mark], int((~self.empty).sum())
        told = self.told(self.mark)
        # Zeros in front anywhere make all of it codes.
        coded = any(len(cell) > 1 and cell[0] == "0" and cell.isdigit() for cell in self.cells)
        self.is_number = told > 0 and told >= _MOSTLY * there and not coded
        if not self.is_number:
            return
        self.numbers = np.array([np.nan if value is None else value for value in values], np.float64)
        self.gaps = np.isnan(self.numbers)
        self.odd = [
            c for c, v, gap in zip(self.cells, values, self.empty, strict=True) if v is None and not gap
        ]
        if not sure and self.told(other) == told:
            differ = (c for c, a, b in zip(self.cells, values, self._ways[other], strict=True) if a != b)
            self.unsure = next(differ, "")
        percent = np.fromiter((cell.endswith("%") for cell in self.cells), bool, len(self.cells)) & ~self.gaps
        if percent.any() and not percent[~self.gaps].all():
            self.percent = int(percent.sum())
            self.numbers[percent] /= 100
        self.huge = np.abs(self.numbers) > _LARGEST

    def take(self, rows: Array) -> Column:
        """The same column of fewer rows."""
        made = object.__new__(Column)
        made.__dict__.update(vars(self))
        made.cells = [self.cells[i] for i in np.flatnonzero(rows)]
        made.gaps, made.huge = self.gaps[rows], self.huge[rows]
        made.numbers = self.numbers[rows] if self.is_number else self.numbers
        return made

    @property
    def is_whole(self) -> bool:
        there = self.numbers[~self.gaps] if self.is_number else self.numbers
        return self.is_number and bool((there == np.floor(there)).all())

    @property
    def few_kinds(self) -> bool:
        """Whether whole numbers look like classes."""
        kinds = len(np.unique(self.numbers[~self.gaps]))
        return self.is_whole and (kinds == 2 or (kinds <= _FEW_KINDS and kinds * _EACH <= len(self.numbers)))

    @property
    def kinds(self) -> list[str]:
        """Of its words, sorted."""
        return sorted({cell for cell, gap in zip(self.cells, self.gaps, strict=True) if not gap})

    def classes(self) -> tuple[list[str], Array]:
        """Names of its kinds, numbers in their order, and ``(rows,)`` the place of each row's among them; without gaps."""
        if self.is_number:
            values, codes = np.unique(self.numbers, return_inverse=True)
            return [f"{value:.15g}" for value in values], codes
        kinds = self.kinds
        place = {kind: i for i, kind in enumerate(kinds)}
        return kinds, np.array([place[cell] for cell in self.cells])

    @property
    def useless(self) -> str:
        """Why it is no input by itself; "" if it may be one."""
        if self.gaps.all():
            return "empty"
        if self.is_number:
            there = self.numbers[~self.gaps]
            if len(there) > 1 and (there == there[0]).all():
                return "the same in every row"
            return COUNTING if self._counts_rows else ""
        kinds = len(self.kinds)
        if kinds == 1 and len(self.cells) > 1:
            return "the same in every row"
        dates = sum(_DATE.fullmatch(cell) is not None for cell in self.cells)
        if dates >= _MOSTLY * int((~self.gaps).sum()):
            return "of dates"
        return f"of more than {MOST_KINDS} kinds of words" if kinds > MOST_KINDS else ""

    @property
    def _counts_rows(self) -> bool:
        there = self.numbers
        if len(there) < 3 or not self.is_whole or self.gaps.any() or there[0] not in (0, 1):
            return False
        # Some rows may have been left out.
        return bool((np.diff(there) > 0).all()) and there[-1] < 1.5 * len(there)


def columns_of(named: Sequence[tuple[str, Sequence[str]]], decimal: str) -> list[Column]:
    """Columns from names and cells, all read with one decimal mark where they leave it open.

    Args:
        decimal: "auto", "point" or "comma".
    """
    found = []
    for done, (name, cells) in enumerate(named):
        progress.report(done, len(named) + 1)
        column = Column(name, cells)
        column.told("."), column.told(",")
        found.append(column)
    if decimal == "auto":
        votes = Counter(
            "." if column.told(".") > column.told(",") else ","
            for column in found
            if column.told(".") != column.told(",")
        )
        mark = "," if votes[","] > votes["."] else "."
        sure = bool(votes)
    else:
        mark, sure = "." if decimal == "point" else ",", True
    for column in found:
        column.settle(mark, sure)
    return found


def said_of(columns: Sequence[Column], decimal: str) -> tuple[Note, ...]:
    """What was found beside plain numbers, and how it was read."""
    notes: tuple[Note, ...] = ()
    commas = [
        c.name for c in columns if c.is_number and c.mark == "," and any("," in cell for cell in c.cells)
    ]
    if commas and decimal == "auto":
        words = f"Numbers have a decimal comma in {few(commas, _LISTED)}."
        notes += (Note(words, (Offer("They have a decimal point", (("decimal", "point"),)),)),)
    unsure = next((c for c in columns if c.unsure), None)
    if unsure is not None and decimal == "auto":
        read = number(unsure.unsure, unsure.mark)
        other = ("comma", "point")[unsure.mark == ","]
        words = f"“{unsure.unsure}” in {unsure.name} is read as {read:.15g}."
        notes += (Note(words, (Offer(f"Its decimal mark is a {other}", (("decimal", other),)),)),)
    for column in [c for c in columns if c.odd][:_LISTED]:
        many = len(column.odd) > 1
        notes += (
            Note(
                f"{counted(len(column.odd), 'cell')} of {column.name} {'are no numbers' if many else 'is no number'} "
                f"({few(column.odd, _LISTED)}), and {'count' if many else 'counts'} as empty."
            ),
        )
    percent = {c.name: c.percent for c in columns if c.percent}
    for name, count in list(percent.items())[:_LISTED]:
        notes += (
            Note(
                f"Of {name}, {counted(count, 'number')} in percent {'was' if count == 1 else 'were'} divided by 100."
            ),
        )
    return notes


def telling(columns: Sequence[Column]) -> tuple[list[Column], dict[str, list[str]]]:
    """The columns that say something, and the names of the others by the reason."""
    by_reason: dict[str, list[Column]] = {"": []}
    for column in columns:
        by_reason.setdefault(column.useless, []).append(column)
    used = by_reason.pop("")
    if not used:  # time may be all there is to tell something by
        used = by_reason.pop(COUNTING, [])
    return used, {why: [column.name for column in those] for why, those in by_reason.items()}


#: name and values of one input; these are made only when there is a place for them
Input = tuple[str, Callable[[], Array]]


def inputs_of(columns: Sequence[Column], mark: bool) -> list[Input]:
    """The inputs that columns make: their numbers, or 1 and 0 for each kind of their words.

    ``mark``: gaps become 0, and an input of their own says where they are.
    """
    found: list[Input] = []
    for column in columns:
        if column.is_number:
            found.append((column.name, partial(np.nan_to_num, column.numbers)))
        else:
            found.extend((f"{column.name} = {kind}", partial(_is, column, kind)) for kind in column.kinds)
        if mark and column.gaps.any():
            found.append((f"{column.name} is missing", column.gaps.copy))
    return found


def _is(column: Column, kind: str) -> Array:
    return np.fromiter((cell == kind for cell in column.cells), bool, len(column.cells))
