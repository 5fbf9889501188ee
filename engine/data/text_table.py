"""From the bytes of a text file to rows of cells under names: encoding, delimiter, quotes, comments, header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.data.cells import Cells
from engine.data.report import Note, left_out
from engine.errors import DataError, Offer, clipped, counted, few, shown

#: by their names
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
#: characters of a cell, and lines that are looked at to tell what stands between cells
MOST_CELL, _LOOKED_AT = 1 << 17, 200
#: by their names
ENCODINGS = {
    "UTF-8": "utf-8-sig",
    "Windows-1252": "cp1252",
    "Windows-1250": "cp1250",
    "Windows-1251": "cp1251",
    "Shift JIS": "shift_jis",
    "GB 18030": "gb18030",
}
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_KINDS = {
    b"PK": "an Excel or another packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"PAR1": "a Parquet file",
}


def _called(encoding: str) -> str:
    return {"utf-8": "UTF-8", "utf-16": "UTF-16"}.get(encoding) or next(
        (name for name, known in ENCODINGS.items() if known == encoding), encoding
    )


@dataclass(frozen=True)
class Text:
    """Rows of cells, the line of the file (from 1) in which each begins, and what is said of how they were read.

    ``remarks``: lines that were passed over. ``between``: what stands between cells.
    """

    rows: list[list[str]]
    lines: list[int]
    notes: tuple[Note, ...]
    remarks: Sequence[int] = ()
    between: str = ","


def told_encoding(raw: bytes) -> str:
    """The encoding that the first bytes tell; "" where they tell none."""
    encoding = next((found for mark, found in _MARKS.items() if raw.startswith(mark)), "")
    if not encoding and raw[:400].count(0) * 3 > min(len(raw), 400):
        encoding = "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
    return encoding


def decoded(raw: bytes, name: str, encoding: str = "auto") -> tuple[str, tuple[Note, ...]]:
    """The text, and what is said of its encoding. Raises DataError for what is no text.

    Args:
        encoding: a key of ``ENCODINGS``, or "auto".
    """
    for start, what in _KINDS.items():
        if raw.startswith(start):
            raise DataError(
                f"{name} is {what}; expected a table as text. Save it as CSV, or give it the ending that it should have."
            )
    notes: tuple[Note, ...] = ()
    told = ENCODINGS.get(encoding) or told_encoding(raw) or "utf-8"
    try:
        text = raw.decode(told)
    except UnicodeDecodeError as error:
        if encoding == "auto":
            text = raw.decode("cp1252", "replace")
        else:
            text = raw.decode(told, "replace")
        line = raw.count(b"\n", 0, error.start) + 1
        bad = f"byte {raw[error.start]:#04x} in line {line:,}"
        how = "it is read as Windows-1252" if encoding == "auto" else "what cannot be read became �"
        offers = [
            Offer(f"Read it as {name}", (("encoding", name),)) for name in ENCODINGS if name != encoding
        ]
        notes = (Note(f"The text is no {_called(told)} ({bad}): {how}.", tuple(offers)),)
    except UnicodeError:
        raise DataError(f"{name} is cut short; expected whole text. Copy it again.") from None
    if "\0" in text:
        raise DataError(f"{name} holds zero bytes; expected text. Choose another file, or save it as CSV.")
    return text, notes


def rows_of(text: str, delimiter: str = "auto", skip: int = 0) -> Text:
    """The rows of a table as text. Blank lines are passed over, and so are lines that begin with #, unless they are the names of the
    columns, or too many to be remarks. Raises DataError.

    Args:
        delimiter: a key of ``DELIMITERS``, or "auto".
        skip: lines above the table.
    """
    lines = text.splitlines(keepends=True) if "\n" not in text else io.StringIO(text, newline="").readlines()
    first = min(skip, len(lines))
    between = DELIMITERS.get(delimiter, "")
    head = lines[first].strip() if lines[first:] else ""
    if head.lower().startswith("sep=") and len(head) == 5:  # Excel's own way to say it
        between, first = between or head[4], first + 1
    begins = first
    while first < len(lines) and lines[first].lstrip().startswith("#"):
        first += 1
    told = bool(between)
    between = between or _guessed(lines[first : first + _LOOKED_AT])
    if first > begins and _as_many_cells(lines[first - 1 : first + 1], between):
        first -= 1
    notes: tuple[Note, ...] = ()
    if not told:
        name = next(name for name, mark in DELIMITERS.items() if mark == between)
        others = [other for other in ("comma", "semicolon", "tab") if other != name]
        offers = tuple(Offer(f"Separate at {other}s", (("delimiter", other),)) for other in others)
        notes = (Note(f"Between cells stands a {name}.", offers),)
    rows, places = _cells(lines, first, between)
    all_places = places
    remarks = [i for i, row in enumerate(rows) if i and row[0].lstrip().startswith("#")]
    if remarks and len(remarks) * 10 <= len(rows):
        passed_over = set(remarks)
        rows = [row for i, row in enumerate(rows) if i not in passed_over]
        places = [place for i, place in enumerate(places) if i not in passed_over]
    else:
        remarks = []
    passed = [*range(begins + 1, first + 1), *(all_places[i] for i in remarks)]
    return Text(rows, places, notes, passed, between)


def remarks_said(count: int) -> tuple[Note, ...]:
    """What is said of lines with # in front."""
    if not count:
        return ()
    return (Note(f"{counted(count, 'line')} with # in front {'was' if count == 1 else 'were'} passed over."),)


def _as_many_cells(lines: Sequence[str], between: str) -> bool:
    """Whether two lines have as many cells, more than one."""
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=between, skipinitialspace=True)]
    except csv.Error:
        return False
    return len(widths) == 2 and widths[0] == widths[1] > 1


def _cells(lines: Sequence[str], first: int, between: str) -> tuple[list[list[str]], list[int]]:
    before = csv.field_size_limit(MOST_CELL)
    reader = csv.reader(lines[first:], delimiter=between, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    places: list[int] = []
    begins = first + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                places.append(begins)
            begins = first + reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            why, expected = f"has a cell of more than {MOST_CELL:,} letters", "shorter ones"
        else:
            why = (
                "opens a quote that nothing closes"
                if "end of data" in str(error)
                else clipped(str(error), 80)
            )
            expected = "cells with a quote at both ends or at none"
        raise DataError(
            f"The row at line {begins:,} {why}; expected {expected}. Correct that line."
        ) from None
    finally:
        csv.field_size_limit(before)
    return rows, places


def _guessed(lines: Sequence[str]) -> str:
    """The delimiter by which most lines have the same number of cells, more than one; a comma where none does."""

    def score(between: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=between, skipinitialspace=True) if row]
        except csv.Error:
            return 0.0, 0
        if not widths:
            return 0.0, 0
        width, often = Counter(widths).most_common(1)[0]
        return (often / len(widths) if width > 1 else 0.0), width

    # A space or a comma also stands inside cells and numbers: others are preferred where they do as well.
    marks = [DELIMITERS[name] for name in ("tab", "semicolon", "bar", "comma", "space")]
    best = max(marks, key=lambda mark: (round(score(mark)[0], 2), -marks.index(mark)))
    return best if score(best)[0] > 0 else ","


def told_apart(rows: Sequence[Sequence[str]], is_number: Callable[[str], bool]) -> bool:
    """Whether the first row holds names: no number where numbers stand below, or words that come up nowhere below."""
    head, below = rows[0], rows[1 : 1 + _LOOKED_AT]
    if not below or any(is_number(cell) for cell in head):
        return False
    columns = list(zip(*below, strict=True))
    if any(sum(map(is_number, column)) * 2 > len(column) for column in columns):
        return True
    return all(cell not in column for cell, column in zip(head, columns, strict=True) if cell)


class Table:
    """The rows of a file, all of one length, with the names of their columns. Raises DataError where there are none.

    Args:
        header: whether the first row holds the names: "yes", "no" or "auto".
        name: of the file.
        is_number: tells numbers from words.

    Attributes:
        rows: cells.
        lines: of the file, from 1, in which each row begins.
        names: of the columns.
        width: cells of a row.
        between: what stands between them.
        odd: line and number of cells of the rows that do not fit.
        remarks: lines that were passed over.
    """

    def __init__(self, text: Text, header: str, name: str, is_number: Callable[[str], bool]) -> None:
        self.name, self._notes, self.remarks, self.between = name, text.notes, text.remarks, text.between
        if not text.rows:
            raise DataError(f"{name} holds no rows; expected a table with at least one. Choose another file.")
        self.width = Counter(len(row) for row in text.rows).most_common(1)[0][0]
        if header != "no":
            self._mend_head(text, header == "yes")
        fits = [len(row) == self.width for row in text.rows]
        self.odd = [
            (line, len(row)) for row, line, fit in zip(text.rows, text.lines, fits, strict=True) if not fit
        ]
        self.rows = [row for row, fit in zip(text.rows, fits, strict=True) if fit]
        self.lines = [line for line, fit in zip(text.lines, fits, strict=True) if fit]
        alone = len(self.rows) == 1 and not any(map(is_number, self.rows[0]))
        named = header == "yes" or (header == "auto" and (alone or told_apart(self.rows, is_number)))
        first = self.rows.pop(0) if named else [f"x{i + 1}" for i in range(self.width)]
        if named:
            self.lines.pop(0)
        if not self.rows:
            raise DataError(
                f"{name} holds names of columns and no rows; expected at least one. Choose another file."
            )
        self.names = unique(first)
        self._header = header_said(named) if header == "auto" else ()
        self._renamed = renamed_said(first, self.names)

    def remarks_before(self, line: int) -> int:
        """How many of the remarks stand above a line."""
        return sum(at < line for at in self.remarks)

    def said(self, odd: Sequence[tuple[int, int]], remarks: int) -> tuple[Note, ...]:
        """What is said of how it was read. ``odd``, ``remarks``: as the attributes, those further down as well."""
        rows = [f"line {line}: {counted(count, 'cell')}" for line, count in odd]
        return (
            *self._notes,
            *remarks_said(remarks),
            *left_out("row", {f"of other than {counted(self.width, 'cell')}": rows}),
            *self._header,
            *self._renamed,
        )

    def _mend_head(self, text: Text, told: bool) -> None:
        """Where the first row has one cell less than the others, find out which name is not there."""
        head = text.rows[0]
        if len(head) == self.width:
            return
        if len(head) != self.width - 1:
            if told:
                raise DataError(
                    f"The first row of {self.name} has {counted(len(head), 'cell')} and the others {self.width}; expected a name for "
                    "each column. Correct it, or set header to no."
                )
            return
        others = [row for row in text.rows[1:] if len(row) == self.width]
        if not any(row[-1].strip() for row in others):  # a delimiter at the end of each row
            head.append("")
        else:  # as R writes it: no name above the names of the rows
            head.insert(0, "")
            self._notes += (
                Note("The first column has no name: those that are there stand above the others."),
            )

    def columns(self) -> list[Cells]:
        """The cells of each column."""
        return [Cells.of_texts(column) for column in zip(*self.rows, strict=True)]


def header_said(named: bool) -> tuple[Note, ...]:
    """What is said of the first row, where that is found out."""
    words, other = ("names the columns", "no") if named else ("is a sample: no names stand above", "yes")
    offer = Offer(f"Read it as {'a sample' if named else 'names'}", (("header", other),))
    return (Note(f"The first row {words}.", (offer,)),)


def renamed_said(given: Sequence[str], names: Sequence[str]) -> tuple[Note, ...]:
    """What is said of columns without a name, or with that of another."""
    other = [name for raw, name in zip(given, names, strict=True) if " ".join(raw.split()) != name]
    return (
        (
            Note(
                f"{counted(len(other), 'column')} had no name of {'its' if len(other) == 1 else 'their'} own: {few(other, 4)}."
            ),
        )
        if other
        else ()
    )


def unique(names: Sequence[str]) -> list[str]:
    """Names of one line that are all there and all differ."""
    made: dict[str, None] = {}
    many: Counter[str] = Counter()
    for place, raw in enumerate(names, 1):
        name = " ".join(raw.split()) or f"column {place}"
        other = name
        while other in made:
            many[name] += 1
            other = f"{name} {many[name] + 1}"
        made[other] = None
    return list(made)


def listed(text: str, names: Sequence[str], where: str) -> list[str]:
    """Names of columns that ``text`` lists, separated as in a CSV file. Raises DataError for one that is not there."""
    try:
        found = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        found = [text]
    known = set(names)
    for name in map(str.strip, found):
        if name not in known:
            raise DataError(
                f"{where} has no column {shown(name)}; expected one of {few(list(names), 8)}. Correct the name."
            )
    return [name.strip() for name in found]


def quoted(name: str) -> str:
    """``name`` as ``listed`` reads it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name])
    return line.getvalue()
