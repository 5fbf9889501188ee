"""Columns of a table: what its cells say, as numbers or as words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from engine import progress
from engine.core import Array
from engine.data import dates
from engine.data.cells import Cells
from engine.data.report import Note
from engine.errors import Offer, counted, few

#: kinds of words up to which a column is a category by itself
MOST_KINDS = 50
COUNTING, SAME = "counting the rows", "the same in every row"
#: numbers beyond are not float32's
_LARGEST = 3.4e38
#: whole numbers are classes by themselves up to so many kinds, and only where each comes up twenty times
_FEW_KINDS, _EACH = 10, 20
#: a word among so many numbers is a slip
_MOSTLY = 0.9
_LISTED = 3
#: rows from which on two columns are not alike by chance
_ENOUGH = 10
#: that mean an empty cell, in small letters
MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "–", "—", "."})

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}([, ']\d{3})+(\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}([. ']\d{3})+(,\d+)?", re.ASCII),
}
_BETWEEN_GROUPS = {".": re.compile("[, ']"), ",": re.compile("[. ']")}
#: what may stand round a number: a currency, or the apostrophe by which spreadsheets keep a number as text
_ROUND = re.compile(r"^'|^(-?)(?:[$€£¥₹]|USD|EUR|GBP)\s*|\s*(?:[$€£¥₹]|USD|EUR|GBP)$")
_MORE = re.compile(r"['$€£¥₹\N{MINUS SIGN}\N{NO-BREAK SPACE}]|USD|EUR|GBP")
#: numbers that are written where there is none
_NONE_BY_HABIT = (-999.0, -9999.0, -99.0, -1.0, 999.0, 9999.0, 99999.0)
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
    if not text[:1].isdigit() or not text[-1:].isdigit():
        text = _ROUND.sub(r"\1", text)
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
    """One column: as numbers if most of it is, as dates if most of it is, else as words.

    Attributes:
        name: as it stands above it, whole.
        cells: what stands in its rows.
        gaps: ``(rows,)``, where it says nothing.
        is_number: what it is.
        numbers: ``(rows,)`` float64, NaN in gaps; empty for words.
        huge: ``(rows,)``, where its number is beyond float32.
        odd: texts among numbers that are none, and count as gaps, with how often each comes up.
        mark: the decimal mark that its numbers are read with.
        percent: how many of its numbers are given in percent, where others are not: these are divided by 100.
        cleaned: how many of its numbers had more than a number in their cells, such as a currency, and one of them; 0 and "" for none.
        unsure: one of its texts where either mark makes another number of each, and nothing tells which is meant; "" for none.
        dates: which comes first in its dates, the day or the month; "" where it holds none.
        dates_unsure: one of its dates that is another one in the other order, where nothing tells; "" for none.
    """

    def __init__(self, name: str, cells: Cells, missing: Collection[str] = ()) -> None:
        self.name, self.cells = name, cells
        self._counts = cells.counts()
        words = MISSING_WORDS | {word.strip().casefold() for word in missing}
        self._none = np.fromiter((kind.casefold() in words for kind in cells.kinds), bool, len(cells.kinds))
        self.gaps = self._where(self._none)
        if cells.numbers is not None:
            for value in _numbers_in(missing):
                self.gaps |= (cells.codes < 0) & (cells.numbers == value)
        self._plain = len(cells) - int(self._counts.sum())
        self._ways: dict[str, list[float | None]] = {}
        self._told: dict[str, int] = {}
        self.mark, self.unsure, self.percent = ".", "", 0
        self.cleaned: tuple[int, str] = (0, "")
        self.is_number, self.dates, self.dates_unsure = False, "", ""
        self.numbers, self.huge = np.zeros(0), np.zeros(len(cells), bool)
        self.odd: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.cells)

    def _where(self, chosen: Array) -> Array:
        """``(rows,)``: where one of the ``chosen`` ``(kinds,)`` texts stands."""
        if not chosen.any():
            return np.zeros(len(self.cells), bool)
        return np.append(chosen, False)[self.cells.codes]

    def told(self, mark: str) -> int:
        """How many of its cells are numbers with this mark."""
        if mark not in self._ways:
            self._ways[mark] = [
                None if none else number(kind, mark)
                for kind, none in zip(self.cells.kinds, self._none, strict=True)
            ]
            texts = sum(
                int(count)
                for value, count in zip(self._ways[mark], self._counts, strict=True)
                if value is not None
            )
            self._told[mark] = texts + self._plain - (self.cells.points if mark == "," else 0)
        return self._told[mark]

    def settle(self, mark: str, sure: bool) -> None:
        """Read it with ``mark``, unless it is numbers with the other alone. ``sure``: something tells that this is the table's."""
        other = "," if mark == "." else "."
        self.mark = other if self.told(other) > self.told(mark) else mark
        values, kinds = self._ways[self.mark], self.cells.kinds
        told = self.told(self.mark)
        there = len(self.cells) - int(self._counts[self._none].sum())
        self.is_number = told > 0 and told >= _MOSTLY * there and not any(map(is_code, kinds))
        if not self.is_number:
            return
        if not sure and self.told(other) == told:
            differ = (
                c
                for c, a, b in zip(kinds, values, self._ways[other], strict=True)
                if a is not None and a != b
            )
            self.unsure = next(differ, "")
        self._as_numbers(np.array([np.nan if value is None else value for value in values], np.float64))

    def _as_numbers(self, values: Array) -> None:
        """``values``: of its texts, NaN where they are no numbers."""
        cells = self.cells
        is_number = ~np.isnan(values)
        percent = (
            np.fromiter((kind.endswith("%") for kind in cells.kinds), bool, len(cells.kinds)) & is_number
        )
        if percent.any() and (self._plain or not percent[is_number].all()):
            self.percent = int(self._counts[percent].sum())
            values = np.where(percent, values / 100, values)
        more = [
            i for i, kind in enumerate(cells.kinds) if is_number[i] and not percent[i] and _MORE.search(kind)
        ]
        if more:
            self.cleaned = int(self._counts[more].sum()), cells.kinds[more[0]]
        self.odd = {
            kind: int(count)
            for kind, count, ok, none in zip(cells.kinds, self._counts, is_number, self._none, strict=True)
            if count and not ok and not none
        }
        if cells.numbers is not None and not cells.kinds and not self.gaps.any():
            self.numbers = cells.numbers  # not a copy: of many rows that is much
        else:
            self.numbers = np.append(values, np.nan)[cells.codes]
            if cells.numbers is not None:
                plain = cells.codes < 0
                self.numbers[plain] = cells.numbers[plain]
            self.numbers[self.gaps] = np.nan
        self.gaps = np.isnan(self.numbers)
        self.huge = np.abs(self.numbers) > _LARGEST

    def as_dates(self, order: str = dates.AUTO) -> bool:
        """Read its texts as dates, if most of them are; whether they are."""
        if self.is_number or self.cells.numbers is not None:
            return bool(self.dates)
        kinds, there = self.cells.kinds, len(self.cells) - int(self._counts[self._none].sum())
        wanted = [i for i, kind in enumerate(kinds) if not self._none[i] and dates.is_date(kind)]
        if not wanted or self._counts[wanted].sum() < _MOSTLY * there:
            return False
        found, sure = dates.order_of([kinds[i] for i in wanted])
        self.dates = found if order == dates.AUTO else order
        if not sure and order == dates.AUTO:
            self.dates_unsure = next(
                kinds[i]
                for i in wanted
                if dates.moment(kinds[i], dates.DAY_FIRST) != dates.moment(kinds[i], dates.MONTH_FIRST)
            )
        return True

    def seconds(self) -> Array:
        """``(rows,)``: its dates as seconds since 1970, NaN where there is none."""
        order = self.dates or dates.DAY_FIRST
        values = [dates.moment(kind, order) for kind in self.cells.kinds]
        made: Array = np.append([np.nan if value is None else value for value in values], np.nan)[
            self.cells.codes
        ]
        return made

    def take(self, rows: Array) -> Column:
        """The same column of fewer rows."""
        made = object.__new__(Column)
        made.__dict__.update(vars(self))
        made.cells = self.cells.take(rows)
        made._counts = made.cells.counts()
        made.gaps, made.huge = self.gaps[rows], self.huge[rows]
        made.numbers = self.numbers[rows] if self.is_number else self.numbers
        return made

    @cached_property
    def is_whole(self) -> bool:
        there = self.numbers[~self.gaps] if self.is_number else self.numbers
        return self.is_number and bool((there == np.floor(there)).all())

    @property
    def few_kinds(self) -> bool:
        """Whether whole numbers look like classes."""
        if not self.is_whole or not self.has_kinds(_FEW_KINDS):
            return False
        kinds = len(np.unique(self.numbers[~self.gaps]))
        return kinds == 2 or (kinds <= _FEW_KINDS and kinds * _EACH <= len(self.numbers))

    def classes(self) -> tuple[list[str], Array]:
        """Names of its kinds in their order, and ``(rows,)`` the place of each row's among them; −1 in gaps."""
        codes = np.full(len(self), -1, np.int64)
        there = ~self.gaps
        if self.is_number:
            values, codes[there] = np.unique(self.numbers[there], return_inverse=True)
            return [f"{value:.15g}" for value in values], codes
        if self.cells.numbers is not None:  # words among plain numbers, each as short as it can be written
            return Column(self.name, Cells.of_texts(self.cells.texts(range(len(self))))).classes()
        used = [i for i in np.flatnonzero(self._counts) if not self._none[i]]
        used.sort(key=lambda i: self.cells.kinds[i])
        place = np.full(len(self.cells.kinds) + 1, -1)
        place[used] = np.arange(len(used))
        return [self.cells.kinds[i] for i in used], place[self.cells.codes]

    def has_kinds(self, most: int) -> bool:
        """Whether there are ``most`` different ones in it, or fewer."""
        if self.is_number:
            first = self.numbers[: 100 * most]
            if len(np.unique(first[~np.isnan(first)])) > most:  # told without sorting all
                return False
        elif self.cells.numbers is None:
            return int((self._counts[~self._none] > 0).sum()) <= most
        return len(self.classes()[0]) <= most

    @property
    def example(self) -> str:
        """A text of it that is no gap; "" where there is none."""
        there = np.flatnonzero(~self.gaps)
        return self.cells.texts([int(there[0])])[0] if len(there) else ""

    @cached_property
    def useless(self) -> str:
        """Why it is no input by itself; "" if it may be one."""
        if self.gaps.all():
            return "empty"
        if self.is_number:
            there = self.numbers[~self.gaps]
            if len(there) > 1 and (there == there[0]).all():
                return SAME
            return COUNTING if self._counts_rows else ""
        if self.dates:
            return SAME if len(self) > 1 and len(np.unique(self.seconds()[~self.gaps])) == 1 else ""
        kinds = len(self.classes()[0])
        if kinds == 1 and len(self) > 1:
            return SAME
        return f"of more than {MOST_KINDS} kinds of words" if kinds > MOST_KINDS else ""

    @property
    def _counts_rows(self) -> bool:
        there = self.numbers
        if len(there) < 3 or there[0] not in (0, 1) or self.gaps.any() or not self.is_whole:
            return False
        # Some rows may have been left out.
        return bool((np.diff(there) > 0).all()) and there[-1] < 1.5 * len(there)


def is_code(text: str) -> bool:
    """Whether zeros in front make a number a code, as in a zip code."""
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def _numbers_in(words: Collection[str]) -> list[float]:
    values = (number(word.strip(), ".") for word in words)
    return [value for value in values if value is not None]


def columns_of(
    named: Sequence[tuple[str, Cells]],
    decimal: str,
    missing: Collection[str] = (),
    order: str = dates.AUTO,
    fold: bool = False,
) -> list[Column]:
    """Columns from names and cells, all read with one decimal mark where they leave it open.

    Args:
        decimal: "auto", "point" or "comma".
        missing: further texts that say nothing.
        order: of day and month in dates, as in ``dates.ORDERS``.
        fold: words that differ in capital letters or spaces alone are one.
    """
    found = []
    for done, (name, cells) in enumerate(named):
        progress.report(done, len(named) + 1)
        column = Column(name, cells.folded() if fold else cells, missing)
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
        column.as_dates(order)
    return found


def said_of(columns: Sequence[Column], decimal: str) -> tuple[Note, ...]:
    """What was found beside plain numbers, and how it was read."""
    notes: tuple[Note, ...] = ()
    commas = [
        c.name
        for c in columns
        if c.is_number and c.mark == "," and any("," in kind for kind in c.cells.kinds)
    ]
    if commas and decimal == "auto":
        words = f"Numbers have a decimal comma in {few(commas, _LISTED)}."
        notes += (Note(words, (Offer("They have a decimal point", (("decimal", "point"),)),)),)
    unsure = next((c for c in columns if c.unsure), None)
    if unsure is not None and decimal == "auto":
        read = number(unsure.unsure, unsure.mark)
        other = ("comma", "point")[unsure.mark == ","]
        instead = number(unsure.unsure, "." if unsure.mark == "," else ",")
        words = f"“{unsure.unsure}” in {unsure.name} is read as {read:.15g}; with a decimal {other} it would be {instead:.15g}."
        notes += (Note(words, (Offer(f"Its decimal mark is a {other}", (("decimal", other),)),)),)
    for column in [c for c in columns if c.odd][:_LISTED]:
        total = sum(column.odd.values())
        notes += (
            Note(
                f"{counted(total, 'cell')} of {column.name} {'are no numbers' if total > 1 else 'is no number'} "
                f"({few(column.odd, _LISTED)}), and {'count' if total > 1 else 'counts'} as empty."
            ),
        )
    percent = {c.name: c.percent for c in columns if c.percent}
    for name, count in list(percent.items())[:_LISTED]:
        notes += (
            Note(
                f"Of {name}, {counted(count, 'number')} in percent {'was' if count == 1 else 'were'} divided by 100."
            ),
        )
    for column in [c for c in columns if c.cleaned[0]][:_LISTED]:
        count, example = column.cleaned
        notes += (
            Note(
                f"{counted(count, 'cell')} of {column.name} hold more than a number, such as “{example}”, and only that is read."
            ),
        )
    return notes + _said_of_dates(columns) + _sentinels(columns) + _spellings(columns)


def _spellings(columns: Sequence[Column]) -> tuple[Note, ...]:
    """Kinds of words that differ in capital letters or spaces alone."""
    for column in columns:
        if column.is_number or column.dates or column.useless:
            continue
        seen: dict[str, str] = {}
        for kind in column.cells.kinds:
            other = seen.setdefault(" ".join(kind.split()).casefold(), kind)
            if other != kind:
                words = f"“{other}” and “{kind}” are two kinds of {column.name}."
                offer = Offer("Capital letters and spaces make no difference", (("fold", True),))
                return (Note(words, (offer,)),)
    return ()


def _said_of_dates(columns: Sequence[Column]) -> tuple[Note, ...]:
    unsure = next((c for c in columns if c.dates_unsure), None)
    if unsure is None:
        return ()
    other = dates.MONTH_FIRST if unsure.dates == dates.DAY_FIRST else dates.DAY_FIRST
    words = f"“{unsure.dates_unsure}” in {unsure.name} is read with the {unsure.dates}."
    return (Note(words, (Offer(f"Read it with the {other}", (("dates", other),)),)),)


def _sentinels(columns: Sequence[Column]) -> tuple[Note, ...]:
    """Numbers such as −999 that stand far from all others, again and again: they may mean that there is none."""
    notes: tuple[Note, ...] = ()
    for column in columns:
        if not column.is_number or len(notes) == _LISTED:
            continue
        there = column.numbers[~column.gaps]
        for value in _NONE_BY_HABIT:
            often = int((there == value).sum())
            others = there[there != value]
            if often < 2 or len(others) < 4:
                continue
            low, high = np.percentile(others, (25, 75))
            if abs(value - np.median(others)) > 10 * max(high - low, 1e-12):
                words = f"{value:g} comes up {often:,} times in {column.name}, far from all other numbers: it may mean that there is none."
                offer = Offer(f"{value:g} means an empty cell", (("empty", f"{value:g}"),))
                notes += (Note(words.replace("-", "−"), (offer,)),)
                break
    return notes


def telling(columns: Sequence[Column]) -> tuple[list[Column], dict[str, list[str]]]:
    """The columns that say something, and the names of the others by the reason."""
    by_reason: dict[str, list[Column]] = {"": []}
    for column in columns:
        by_reason.setdefault(column.useless, []).append(column)
    used = by_reason.pop("")
    if not used:  # time may be all there is to tell something by
        used = by_reason.pop(COUNTING, [])
    kept: list[Column] = []
    firsts: dict[object, list[Column]] = {}
    for column in used:
        alike = firsts.setdefault(_beginning(column), [])
        twin = next((one for one in alike if _alike(one, column)), None)
        if twin is None:
            kept.append(column)
            alike.append(column)
        else:
            by_reason.setdefault(f"the same as {twin.name}", []).append(column)
    return kept, {why: [column.name for column in those] for why, those in by_reason.items()}


def _beginning(column: Column) -> object:
    """What columns that say the same have in common at least."""
    first = slice(0, 50)
    if column.is_number:
        return column.numbers[first].tobytes()
    return tuple(column.cells.texts(range(min(50, len(column)))))


def _alike(one: Column, other: Column) -> bool:
    """Whether two columns, that begin alike, say the same in every row; of few rows that may be by chance."""
    if one.is_number != other.is_number or len(one) < _ENOUGH:
        return False
    if one.is_number:
        return np.array_equal(one.numbers, other.numbers, equal_nan=True)
    return one.cells.kinds == other.cells.kinds and np.array_equal(one.cells.codes, other.cells.codes)
