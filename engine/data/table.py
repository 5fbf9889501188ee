"""Tables as text, CSV and its kin: which columns the network reads, which it is to predict, and what was done with every cell."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.base import Dataset, sources
from engine.data.files import CATEGORY, Opened, chosen, labelled, limit_param, spread
from engine.data.report import Note, left_out
from engine.data.text_table import DELIMITERS, Text, decoded, rows_of, told_apart
from engine.errors import DataError, Offer, clipped, counted, few, shown
from engine.io.guarded import read_bytes
from engine.spec import Choice, File, Name, param

ENDINGS = (".csv", ".tsv", ".tab")
#: bytes of a file: each cell becomes a Python string for a while
MOST_BYTES = 1 << 28
#: kinds of words from which on a column is no category, and is left out of the inputs
MOST_KINDS = 50
#: numbers beyond are not float32's
_LARGEST = 3.4e38
#: whole numbers are classes by themselves up to so many kinds, and only where each comes up twenty times
_FEW_KINDS, _EACH = 10, 20
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "–", "—", "."})
#: columns that are the target by their name, where no other is chosen
_TARGETS = ("target", "targets", "label", "labels", "class", "classes", "y", "outcome", "output")
_CLASSES, _NUMBERS, _DROP, _MARK = "classes", "numbers", "leave out", "mark"
_COUNTING = "counting the rows"
_LISTED = 3


@sources.register("TableFile", category=CATEGORY, label="Table (.csv)")
@dataclass(frozen=True)
class TableFile(Opened):
    """A table as text, a row for each sample: columns of numbers and of words are the inputs, one or several others the targets.

    Words become one input for each kind ("colour = red": 1 or 0). Rows without a target, or with too few or too many cells, are left
    out and counted; so are columns that say nothing, such as one that counts the rows.
    """

    path: str = param(File(endings=ENDINGS), default="", help="The file.")
    targets: str = param(
        Name(),
        default="",
        help="Name of the target column, or of several, separated by commas; left empty, the one called target, label, class or "
        "y, else the last.",
    )
    inputs: str = param(
        Name(),
        default="",
        help="Names of the columns that are read, separated by commas; left empty, all that say something.",
        advanced=True,
    )
    answer: str = param(
        Choice(("auto", _CLASSES, _NUMBERS)),
        default="auto",
        label="targets are",
        help="Whether the network tells classes apart or predicts numbers; auto: classes where targets are words, or few whole numbers.",
        advanced=True,
    )
    missing: str = param(
        Choice((_DROP, _MARK)),
        default=_DROP,
        help="Rows with an empty cell are left out, or the cell becomes 0 and one more input says where that was so.",
    )
    delimiter: str = param(
        Choice(("auto", *DELIMITERS)), default="auto", help="What stands between two cells.", advanced=True
    )
    decimal: str = param(
        Choice(("auto", "point", "comma")),
        default="auto",
        label="decimal mark",
        help="What stands before the fraction of a number.",
        advanced=True,
    )
    header: str = param(
        Choice(("auto", "yes", "no")),
        default="auto",
        help="Whether the first row names the columns.",
        advanced=True,
    )
    limit: int = limit_param("rows")

    def _files(self) -> list[Path]:
        return [chosen(self.path, "a table as text (.csv, .tsv)")]

    def _read(self) -> Dataset:
        """``x (N, features)`` float32, ``y (N,)`` or ``(N, outputs)``. Raises DataError."""
        [path] = self._files()
        text, notes = decoded(read_bytes(path, MOST_BYTES), path.name)
        table = _Table(rows_of(text, self.delimiter), self.header, path.name)
        notes += table.notes
        table.keep(spread(len(table.rows), self.limit))
        columns = [_Column(name, cells, self.decimal) for name, cells in table.columns()]
        progress.report(1, 3)
        names = [column.name for column in columns]
        targets = self._targets(names, path.name)
        inputs = [c for c in columns if c.name not in targets]
        if self.inputs:
            read = _listed(self.inputs, names, path.name)
            inputs = [c for c in inputs if c.name in read]
        else:
            inputs, notes_of_columns = _telling(inputs)
            notes += notes_of_columns
        if not inputs:
            raise DataError(
                f"No column of {path.name} can be an input beside {few(targets)}; expected at least one that says something. "
                "Choose other targets, or another file."
            )
        wanted = [c for c in columns if c.name in targets]
        kept = _whole_rows(inputs, wanted, self.missing == _DROP)
        x, features = _inputs([c.take(kept) for c in inputs], self.missing == _MARK)
        progress.report(2, 3)
        notes += (*_cleaned(columns), *self._rows_said(inputs, wanted, kept, table))
        return self._with_targets(x, features, [c.take(kept) for c in wanted], names, path.name, notes)

    def _targets(self, names: list[str], where: str) -> list[str]:
        if self.targets:
            return _listed(self.targets, names, where)
        called = [name for name in names if name.strip().casefold() in _TARGETS]
        return called[:1] or names[-1:]

    def _rows_said(
        self, inputs: Sequence[_Column], wanted: Sequence[_Column], kept: Array, table: _Table
    ) -> tuple[Note, ...]:
        """Which rows were left out. Raises DataError where none is left."""
        reasons: dict[str, list[str]] = defaultdict(list)
        lost = ~kept
        unknown, huge, gaps = (
            np.any([c.gaps for c in wanted], axis=0),
            np.any([c.huge for c in (*inputs, *wanted)], axis=0),
            np.any([c.gaps for c in inputs], axis=0),
        )
        for why, rows in (
            ("without a target", lost & unknown),
            ("with a number that is too large", lost & huge & ~unknown),
            ("with an empty cell", lost & gaps & ~huge & ~unknown),
        ):
            reasons[why] = [f"line {table.lines[i]}" for i in np.flatnonzero(rows)]
        if not kept.any():
            raise DataError(
                f"Of the {len(kept):,} rows of {table.name} none has all its cells; expected some. "
                f"Choose {shown(_MARK)} for what is missing, or fewer columns."
            )
        said = left_out("row", reasons)
        if reasons["with an empty cell"]:
            said = (Note(said[0].text, (Offer("Mark what is missing", (("missing", _MARK),)),)),)
        return said

    def _with_targets(
        self,
        x: Array,
        features: tuple[str, ...],
        wanted: Sequence[_Column],
        names: Sequence[str],
        where: str,
        notes: tuple[Note, ...],
    ) -> Dataset:
        others = [n for n in names if n not in {c.name for c in wanted}]
        change = tuple(
            Offer(f"Predict {clipped(n, 30)}", (("targets", _quoted(n)),)) for n in others[-_LISTED:]
        )
        what = few([c.name for c in wanted])
        whole = len(wanted) == 1 and wanted[0].is_whole
        if self._as_classes(wanted):
            if len(wanted) > 1:
                raise DataError(
                    f"{what} are {len(wanted)} columns of {where} of which one holds words; expected one column of classes, or "
                    "several of numbers. Choose one."
                )
            [column] = wanted
            kinds, y = np.unique(column.words, return_inverse=True)
            words = f"{what} is the target: {len(kinds):,} classes."
            if whole:
                change = (Offer("Predict it as a number", (("answer", _NUMBERS),)), *change)
            notes = (Note(words, change), *notes)
            return labelled(x, y, dict(enumerate(map(str, kinds))), where, report=notes, features=features)
        worded = [c.name for c in wanted if not c.is_number]
        if worded:
            raise DataError(
                f"The column {shown(worded[0])} of {where} holds words such as {shown(_example(wanted, worded[0]))}; expected "
                "numbers to be predicted. Take it for classes, or choose another."
            )
        if whole:
            change = (Offer("Take it for classes", (("answer", _CLASSES),)), *change)
        notes = (
            Note(
                f"{what} {'is the target: a number' if len(wanted) == 1 else 'are the targets: numbers'}.",
                change,
            ),
            *notes,
        )
        y = np.stack([c.numbers for c in wanted], axis=1)
        return Dataset(x, y, features=features, targets=tuple(c.name for c in wanted), report=notes)

    def _as_classes(self, wanted: Sequence[_Column]) -> bool:
        if self.answer != "auto":
            return self.answer == _CLASSES
        return len(wanted) == 1 and (not wanted[0].is_number or wanted[0].few_kinds)


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Table:
    """The rows of a file, all of one length, with the names of their columns.

    Attributes:
        rows: cells.
        lines: of the file, from 1, in which each row begins.
        notes: what is said of rows that do not fit.
    """

    def __init__(self, text: Text, header: str, name: str) -> None:
        self.name = name
        if not text.rows:
            raise DataError(f"{name} holds no rows; expected a table with at least one. Choose another file.")
        width = Counter(len(row) for row in text.rows).most_common(1)[0][0]
        if len(text.rows[0]) != width and header != "no" and len(text.rows[0]) == width - 1:
            text.rows[0].insert(0, "")  # as R writes it: no name above the names of the rows
        fits = [len(row) == width for row in text.rows]
        odd = [
            f"line {line}: {len(row)} cells"
            for row, line, fit in zip(text.rows, text.lines, fits, strict=True)
            if not fit
        ]
        self.rows = [row for row, fit in zip(text.rows, fits, strict=True) if fit]
        self.lines = [line for line, fit in zip(text.lines, fits, strict=True) if fit]
        named = header == "yes" or (header == "auto" and told_apart(self.rows, is_number))
        first = self.rows.pop(0) if named else [f"x{i + 1}" for i in range(width)]
        if named:
            self.lines.pop(0)
        if not self.rows:
            raise DataError(
                f"{name} holds names of columns and no rows; expected at least one. Choose another file."
            )
        self._names = _unique([cell.strip() for cell in first])
        self.notes = (*text.notes, *left_out("row", {f"of other than {width} cells": odd}))
        if header == "auto":
            words, other = (
                ("names the columns", "no") if named else ("is a sample: no names stand above", "yes")
            )
            offer = Offer("It is a sample" if named else "It names the columns", (("header", other),))
            self.notes += (Note(f"The first row {words}.", (offer,)),)

    def keep(self, rows: Array) -> None:
        if len(rows) < len(self.rows):
            self.rows = [self.rows[i] for i in rows]
            self.lines = [self.lines[i] for i in rows]

    def columns(self) -> Iterator[tuple[str, list[str]]]:
        """Names and cells."""
        return zip(self._names, map(list, zip(*self.rows, strict=True)), strict=True)


def _unique(names: list[str]) -> list[str]:
    """Names that are all there and all differ."""
    made: list[str] = []
    for place, name in enumerate(names, 1):
        name = clipped(name, 60) or f"column {place}"
        number = 2
        other = name
        while other in made:
            other, number = f"{name} {number}", number + 1
        made.append(other)
    return made


def _listed(text: str, names: Sequence[str], where: str) -> list[str]:
    """Names of columns that ``text`` lists, separated as in a CSV file. Raises DataError for one that is not there."""
    found = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    for name in found:
        if name not in names:
            raise DataError(
                f"{where} has no column {shown(name)}; expected one of {few(list(names), 8)}. Correct the name."
            )
    return found


def _quoted(name: str) -> str:
    """``name`` as ``_listed`` reads it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name])
    return line.getvalue()


# ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}([, ']\d{3})+(\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}([. ']\d{3})+(,\d+)?", re.ASCII),
}
_BETWEEN_GROUPS = {".": re.compile("[, ']"), ",": re.compile("[. ']")}
_BARE = str.maketrans({"\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with either decimal mark."""
    return _number(cell, ".") is not None or _number(cell, ",") is not None


def _number(cell: str, mark: str) -> float | None:
    """A cell as a number whose fraction begins at ``mark``; ``None`` for what is none. Zeros in front make a code, such as a zip code."""
    text = cell.strip().translate(_BARE).rstrip("%").rstrip()
    if _GROUPED[mark].fullmatch(text):
        text = _BETWEEN_GROUPS[mark].sub("", text)
    if mark == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    digits = text.lstrip("+-")
    if not _PLAIN.fullmatch(text) or (len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()):
        return None
    return float(text)


class _Column:
    """One column, as numbers if most of it is, else as words.

    Attributes:
        is_number: what it is.
        numbers: ``(rows,)`` float64, NaN where nothing or a word stands; empty for words.
        words: ``(rows,)``, "" where nothing stands.
        gaps: ``(rows,)``, where it says nothing.
        huge: ``(rows,)``, where its number is beyond float32.
        odd: cells among numbers that are none.
        mark: its decimal mark, and whether that was told by the numbers themselves.
    """

    def __init__(self, name: str, cells: list[str], decimal: str) -> None:
        self.name = name
        stripped = [cell.strip() for cell in cells]
        empty = np.array([cell.casefold() in _MISSING for cell in stripped])
        self.words = np.array([cell if not gap else "" for cell, gap in zip(stripped, empty, strict=True)])
        marks = (".", ",") if decimal == "auto" else (".",) if decimal == "point" else (",",)
        ways = {}
        for mark in marks:
            ways[mark] = [None if gap else _number(c, mark) for c, gap in zip(stripped, empty, strict=True)]
        self.mark = max(marks, key=lambda mark: sum(v is not None for v in ways[mark]))
        values = ways[self.mark]
        told = sum(v is not None for v in values)
        there = int((~empty).sum())
        # A word among many numbers is a slip; zeros in front anywhere make all of it codes.
        self.is_number = told > 0 and told >= 0.9 * there and not any(_code(c) for c in stripped)
        self.numbers = np.array([np.nan if v is None else v for v in values], np.float64)
        self.odd = [c for c, v, gap in zip(stripped, values, empty, strict=True) if v is None and not gap]
        if not self.is_number:
            self.numbers, self.odd = np.zeros(0), []
        self.gaps = np.isnan(self.numbers) if self.is_number else empty
        self.huge = np.abs(self.numbers) > _LARGEST if self.is_number else np.zeros(len(cells), bool)

    def take(self, rows: Array) -> _Column:
        """The same column of fewer rows."""
        made = object.__new__(_Column)
        made.__dict__.update(vars(self))
        made.words, made.gaps, made.huge = self.words[rows], self.gaps[rows], self.huge[rows]
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
        """Of its words."""
        return list(map(str, np.unique(self.words[~self.gaps])))

    @property
    def useless(self) -> str:
        """Why it is no input; "" if it may be one."""
        if self.gaps.all():
            return "empty"
        if self.is_number:
            there = self.numbers[~self.gaps]
            if len(there) > 1 and (there == there[0]).all():
                return "the same in every row"
            return _COUNTING if self._counts_rows else ""
        kinds = len(self.kinds)
        if kinds == 1 and len(self.words) > 1:
            return "the same in every row"
        return f"of more than {MOST_KINDS} kinds of words" if kinds > MOST_KINDS else ""

    @property
    def _counts_rows(self) -> bool:
        there = self.numbers
        if len(there) < 3 or not self.is_whole or self.gaps.any() or there[0] not in (0, 1):
            return False
        # Some rows may have been left out.
        return bool((np.diff(there) > 0).all()) and there[-1] < 1.5 * len(there)


def _code(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == "0" and cell.isdigit()


def _telling(columns: Sequence[_Column]) -> tuple[list[_Column], tuple[Note, ...]]:
    """The columns that say something, and which were left out."""
    why: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        why[column.useless].append(column.name)
    used = [column for column in columns if not column.useless]
    if not used:  # time may be all there is to tell something by
        used = [column for column in columns if column.useless == _COUNTING]
        why.pop(_COUNTING, None)
    why.pop("", None)
    return used, left_out("column", why)


def _whole_rows(inputs: Sequence[_Column], wanted: Sequence[_Column], drop: bool) -> Array:
    """``(rows,)``: those that can be used."""
    lost = np.any([c.gaps for c in wanted], axis=0) | np.any([c.huge for c in (*inputs, *wanted)], axis=0)
    if drop:
        lost |= np.any([c.gaps for c in inputs], axis=0)
    kept: Array = ~lost
    return kept


def _inputs(columns: Sequence[_Column], mark: bool) -> tuple[Array, tuple[str, ...]]:
    """``(rows, features)`` float32, and the names of the features."""
    made: list[Array] = []
    names: list[str] = []
    for column in columns:
        if column.is_number:
            made.append(np.where(column.gaps, 0.0, column.numbers))
            names.append(column.name)
        else:
            for kind in column.kinds:
                made.append(column.words == kind)
                names.append(f"{column.name} = {clipped(kind, 30)}")
        if mark and column.gaps.any():
            made.append(column.gaps)
            names.append(f"{column.name} is missing")
    return np.stack([one.astype(np.float32) for one in made], axis=1), tuple(names)


def _cleaned(columns: Sequence[_Column]) -> tuple[Note, ...]:
    """What was found beside plain numbers."""
    notes: tuple[Note, ...] = ()
    commas = [c.name for c in columns if c.is_number and c.mark == ","]
    if commas:
        words = f"Numbers have a decimal comma in {few(commas, _LISTED)}."
        notes += (Note(words, (Offer("Commas group thousands", (("decimal", "point"),)),)),)
    odd = [(c.name, c.odd) for c in columns if c.odd]
    for name, cells in odd[:_LISTED]:
        notes += (
            Note(
                f"{counted(len(cells), 'cell')} of {name} {'is no number' if len(cells) == 1 else 'are no numbers'} "
                f"({few(cells, _LISTED)}), and {'counts' if len(cells) == 1 else 'count'} as empty."
            ),
        )
    return notes


def _example(columns: Sequence[_Column], name: str) -> str:
    return next(str(word) for c in columns if c.name == name for word in c.words if word)
