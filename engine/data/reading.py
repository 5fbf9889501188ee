"""Tables from wherever they stand: text, sheets of spreadsheets, Parquet. Each becomes columns of cells under names."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.core import Array
from engine.data import fast_text, sheets
from engine.data.cells import Cells
from engine.data.columns import is_number
from engine.data.report import Note
from engine.data.text_table import Table, decoded, rows_of, told_encoding
from engine.errors import DataError, Offer
from engine.io.guarded import opened, read_bytes

TEXT_ENDINGS = (".csv", ".tsv", ".tab")
ENDINGS = (*TEXT_ENDINGS, *sheets.SHEET_ENDINGS, *sheets.PARQUET_ENDINGS)
#: bytes of a table as text
MOST_BYTES = 1 << 30
#: text of so many bytes is read in blocks; the first of them tell how
LARGE, SAMPLE = 1 << 18, 1 << 16
_QUICK = (",", ";", "\t", "|")


@dataclass(frozen=True)
class How:
    """How a table is to be read, as in the parameters of ``Tabular``."""

    delimiter: str = "auto"
    header: str = "auto"
    encoding: str = "auto"
    skip: int = 0
    sheet: str = ""


@dataclass(frozen=True, eq=False)
class Read:
    """A table as it stands.

    Args:
        name: of the file.
        names, columns: of each column.
        lines: ``(rows,)`` from 1, in which each row begins.
        word: what these are, "line" or "row".
        notes: what was done.
    """

    name: str
    names: list[str]
    columns: list[Cells]
    lines: Array
    word: str
    notes: tuple[Note, ...]

    def take(self, rows: Array) -> Read:
        """The same table of some of its rows."""
        columns = [cells.take(rows) for cells in self.columns]
        return Read(self.name, self.names, columns, self.lines[rows], self.word, self.notes)


def of_file(path: Path, how: How) -> Read:
    """The table in a file. Raises DataError."""
    ending = path.suffix.lower()
    if ending in sheets.SHEET_ENDINGS:
        return _of_sheet(sheets.sheet(path, how.sheet), path.name, how)
    if ending in sheets.PARQUET_ENDINGS:
        names, columns, notes = sheets.parquet(path)
        rows = np.arange(1, 1 + len(columns[0]))
        return Read(path.name, names, columns, rows, "row", notes)
    with opened(path, MOST_BYTES) as file:
        size = os.fstat(file.fileno()).st_size
        if size >= LARGE:
            found = _in_blocks(file, size, path.name, how)
            if found is not None:
                return found
    return of_text(read_bytes(path, MOST_BYTES), path.name, how)


def of_text(raw: bytes, name: str, how: How) -> Read:
    """The table in a text. Raises DataError."""
    text, notes = decoded(raw, name, how.encoding)
    if len(raw) >= LARGE:
        again = text.encode("utf-8", "replace")
        del raw
        found = _in_blocks(io.BytesIO(again), len(again), name, how)
        if found is not None:
            return Read(name, found.names, found.columns, found.lines, found.word, notes + found.notes)
        del again
    table = Table(rows_of(text, how.delimiter, how.skip), how.header, name, is_number)
    said = notes + table.said(table.odd, len(table.remarks))
    return Read(name, table.names, table.columns(), np.array(table.lines), "line", said)


def _in_blocks(file: BinaryIO, size: int, name: str, how: How) -> Read | None:
    """A table of UTF-8; ``None`` where it is another text, or needs the slower reader."""
    file.seek(0)
    sample = file.read(SAMPLE)
    if told_encoding(sample) not in ("", "utf-8-sig") or how.encoding not in ("auto", "UTF-8"):
        return None
    sample = sample[: sample.rfind(b"\n") + 1]
    if b"\0" in sample or sample.count(b"\r") != sample.count(b"\r\n"):
        return None
    try:
        head = Table(
            rows_of(sample.decode("utf-8-sig"), how.delimiter, how.skip), how.header, name, is_number
        )
        if head.between not in _QUICK or head.lines[0] > 1000:
            return None
        start = 0
        for _ in range(head.lines[0] - 1):
            start = sample.index(b"\n", start) + 1
        if start == 0 and sample.startswith(b"\xef\xbb\xbf"):
            start = 3
        found = fast_text.body(file, start, head.lines[0], head.between, head.width, size)
    except (DataError, UnicodeDecodeError, ValueError, fast_text.Unusual):
        return None  # the slower reader says what is wrong
    if len(found.odd) * 2 > len(found.lines):
        return None
    above = [one for one in head.odd if one[0] < head.lines[0]]
    before = head.remarks_before(head.lines[0])
    notes = head.said(above + found.odd, before + len(found.remarks))
    return Read(name, head.names, found.columns, found.lines, "line", notes)


def _of_sheet(found: sheets.Sheet, name: str, how: How) -> Read:
    """A sheet whose first row may hold names."""
    rows = found.rows[how.skip :]
    lines = found.lines[how.skip :]
    names, first, notes = sheets.named(rows, how.header, name)
    columns = sheets.cells_of(rows[first:], len(names))
    others = [other for other in found.sheets if other != found.name]
    if others:
        offers = tuple(Offer(f"Read the sheet {other}", (("sheet", other),)) for other in others[:4])
        notes = (Note(f"The sheet “{found.name}” is read, one of {len(found.sheets)}.", offers), *notes)
    return Read(name, names, columns, np.array(lines[first:]), "row", notes)
