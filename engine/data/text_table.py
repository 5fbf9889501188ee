"""From the bytes of a text file to rows of cells: encoding, delimiter, quotes, and whether the first row holds names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.data.report import Note
from engine.errors import DataError, Offer, clipped

#: by their names
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
#: characters of a cell, and lines that are looked at to tell what stands between cells
MOST_CELL, _LOOKED_AT = 1 << 17, 200
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_KINDS = {
    b"PK": "an Excel or another packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class Text:
    """Rows of cells, the line of the file (from 1) in which each begins, and what is said of how they were read."""

    rows: list[list[str]]
    lines: list[int]
    notes: tuple[Note, ...]


def decoded(raw: bytes, name: str) -> tuple[str, tuple[Note, ...]]:
    """The text, and what is said of its encoding. Raises DataError for what is no text."""
    for start, what in _KINDS.items():
        if raw.startswith(start):
            raise DataError(f"{name} is {what}; expected a table as text. Save it as CSV.")
    notes: tuple[Note, ...] = ()
    encoding = next((found for mark, found in _MARKS.items() if raw.startswith(mark)), "")
    if not encoding and raw[:400].count(0) * 3 > min(len(raw), 400):
        encoding = "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
        notes = (Note("The text is no UTF-8: it is read as Windows-1252."),)
    if "\0" in text:
        raise DataError(f"{name} holds zero bytes; expected text. Choose another file, or save it as CSV.")
    return text, notes


def rows_of(text: str, delimiter: str = "auto") -> Text:
    """The rows of a table as text; blank lines and lines that begin with # are passed over. Raises DataError.

    Args:
        delimiter: a key of ``DELIMITERS``, or "auto".
    """
    lines = text.splitlines(keepends=True) if "\n" not in text else io.StringIO(text, newline="").readlines()
    first = 0
    between = DELIMITERS.get(delimiter, "")
    head = lines[0].strip() if lines else ""
    if head.lower().startswith("sep=") and len(head) == 5:  # Excel's own way to say it
        between, first = between or head[4], 1
    while first < len(lines) and lines[first].lstrip().startswith("#"):
        first += 1
    told = bool(between)
    between = between or _guessed(lines[first : first + _LOOKED_AT])
    notes: tuple[Note, ...] = ()
    if not told:
        name = next(name for name, mark in DELIMITERS.items() if mark == between)
        others = [other for other in ("comma", "semicolon", "tab") if other != name]
        offers = tuple(Offer(f"It is a {other}", (("delimiter", other),)) for other in others)
        notes = (Note(f"Between cells stands a {name}.", offers),)
    rows, places = _cells(lines, first, between)
    return Text(rows, places, notes)


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
        why = "opens a quote that nothing closes" if "end of data" in str(error) else clipped(str(error), 80)
        raise DataError(
            f"The row at line {begins:,} {why}; expected cells with a quote at both ends or at none. Correct that line."
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
