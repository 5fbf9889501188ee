"""Spreadsheets and Parquet, through libraries that are offered where they are missing. Nothing in a file is executed, and none is
unpacked before it is known how large it is."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import numpy as np

from engine import progress
from engine.data import compound
from engine.data.cells import Cells
from engine.data.columns import is_number
from engine.data.report import Note
from engine.data.text_table import header_said, renamed_said, told_apart, unique
from engine.errors import DataError, clipped, few, in_bytes, shown
from engine.io.guarded import archive, foreign, opened

SHEET_ENDINGS, PARQUET_ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods"), (".parquet", ".pq")
#: bytes of a file, and of one unpacked; cells of a sheet or of a Parquet file
MOST_FILE, MOST_UNPACKED, MOST_CELLS = 256 << 20, 1 << 30, 20_000_000
MOST_NUMBERS, MOST_COLUMNS = 100_000_000, 20_000
_MOST_LIST = 4 << 20
_LOOKED_AT = 200
#: what database engines may take while they read
_MEMORY = "2GB"


def _missing(what: str) -> DataError:
    return DataError(
        f"{what} need one more package, which is not installed; expected it. Run: pip install 'chainrule-playground[tables]' "
        "(or save the table as CSV)."
    )


# ---- spreadsheets ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows that are not empty, and their places, from 1."""

    name: str
    rows: list[list[Any]]
    lines: list[int]
    sheets: tuple[str, ...]


def sheet(path: Path, wanted: str = "") -> Sheet:
    """A sheet of a spreadsheet, the first that holds anything where none is ``wanted``. Raises DataError."""
    try:
        import python_calamine as calamine
    except ImportError:
        raise _missing("Spreadsheets") from None
    _check(path)
    with foreign(path, "a spreadsheet (.xlsx, .xls, .ods)"), _panics(path):
        try:
            book = calamine.CalamineWorkbook.from_path(str(path))
        except calamine.PasswordError:
            raise DataError(
                f"{clipped(path.name, 100)} is protected by a password; expected one that can be read. Save it without."
            ) from None
        names = tuple(book.sheet_names)
        if wanted and wanted not in names:
            raise DataError(
                f"{clipped(path.name, 100)} has no sheet {shown(wanted)}; expected one of {few(names)}. Correct the name."
            )
        for name in (wanted,) if wanted else names:
            found = book.get_sheet_by_name(name)
            if found.total_height * max(found.total_width, 1) > MOST_CELLS:
                raise _too_many(path, found.total_height, found.total_width)
            above = found.start[0] if found.start else 0
            rows = found.to_python(skip_empty_area=True)
            there = [i for i, row in enumerate(rows) if any(cell not in ("", None) for cell in row)]
            if there:
                return Sheet(name, [rows[i] for i in there], [above + i + 1 for i in there], names)
    raise DataError(
        f"{clipped(path.name, 100)} holds no rows; expected a table with at least one. Choose another file."
    )


@contextmanager
def _panics(path: Path) -> Iterator[None]:
    """Turn what a library in Rust raises where it gives up, which is no Exception, into a DataError."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(path) from None


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{clipped(path.name, 100)} is damaged; expected a whole spreadsheet. Save it anew, or as CSV."
    )


def _too_many(path: Path, rows: int, columns: int) -> DataError:
    return DataError(
        f"A sheet of {clipped(path.name, 100)} reaches to row {rows:,} and column {columns:,}; expected at most {MOST_CELLS:,} cells. "
        "Delete what stands far from the table, or save it as CSV."
    )


def _check(path: Path) -> None:
    """Raises DataError for a file that would take more memory than is meant, by what it says of itself."""
    with opened(path, MOST_FILE, "a spreadsheet (.xlsx, .xls, .ods)") as file:
        if file.read(len(compound.MAGIC)) == compound.MAGIC:
            file.seek(0)
            if not compound.is_sound(file.read(MOST_FILE)):
                raise _damaged(path)
        if not zipfile.is_zipfile(file):
            return
        with archive(file, path, _MOST_LIST) as packed:
            infos = packed.infolist()
            size = sum(info.file_size for info in infos)
            if size > MOST_UNPACKED:
                raise DataError(
                    f"{clipped(path.name, 100)} takes {in_bytes(size)} unpacked; expected at most {in_bytes(MOST_UNPACKED)}. Save it as CSV."
                )
            for info in infos:
                name = info.filename.lower()
                if re.fullmatch(r"/?xl/worksheets/[^/]*\.xml", name):
                    with packed.open(info) as member:
                        _check_sheet(member, path)
                elif name == "content.xml":
                    with packed.open(info) as member:
                        _check_ods(member, path)


_PLACE = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Za-z]{1,7})([0-9]{1,9})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=[\"']([0-9]{1,9})[\"']")


def _check_sheet(member: IO[bytes], path: Path) -> None:
    """How far the cells of a sheet reach: between the first and the last, each takes memory, empty or not."""
    rows = columns = read = cells = 0
    rest = b""
    while chunk := member.read(1 << 20):
        read += len(chunk)
        if read > MOST_UNPACKED:
            raise DataError(
                f"{clipped(path.name, 100)} is larger than it says; expected a whole file. Save it as CSV."
            )
        text = rest + chunk
        for match in _PLACE.finditer(text):
            cells += 1
            columns = max(columns, _column(match[1]))
            rows = max(rows, int(match[2]))
        for match in _ROW.finditer(text):
            rows = max(rows, int(match[1]))
        if rows * max(columns, 1) > MOST_CELLS and columns:
            raise _too_many(path, rows, columns)
        rest = text[-300:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _check_ods(member: IO[bytes], path: Path) -> None:
    """As ``_check_sheet``: cells and rows that hold something may stand for many of their like."""
    counter = _Repeats(path)
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.begin
    parser.EndElementHandler = counter.end
    parser.EntityDeclHandler = counter.entity
    with foreign(path, "a spreadsheet (.ods)"):
        read = 0
        while chunk := member.read(1 << 20):
            read += len(chunk)
            if read > MOST_UNPACKED:
                raise DataError(
                    f"{clipped(path.name, 100)} is larger than it says; expected a whole file. Save it as CSV."
                )
            parser.Parse(chunk)
        parser.Parse(b"", True)


class _Repeats:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._width = self._full = self._rows = self._columns = 0
        self._repeat = 1

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._rows = self._columns = 0
        elif name == "table:table-row":
            self._repeat = _count(attributes.get("table:number-rows-repeated"))
            self._width = self._full = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._width += _count(attributes.get("table:number-columns-repeated"))
            if any(key.endswith("value-type") for key in attributes):
                self._full = self._width

    def end(self, name: str) -> None:
        if name != "table:table-row":
            return
        self._rows += self._repeat
        self._columns = max(self._columns, self._full)
        if self._full and self._rows * self._columns > MOST_CELLS:
            raise _too_many(self._path, self._rows, self._columns)

    def entity(self, *_: object) -> None:
        raise DataError(
            f"{clipped(self._path.name, 100)} defines entities; expected a plain spreadsheet. Save it as CSV."
        )


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1


def named(rows: Sequence[Sequence[Any]], header: str, where: str) -> tuple[list[str], int, tuple[Note, ...]]:
    """Names of the columns, the first row of samples, and what is said of it. Raises DataError where there are no rows."""
    if not rows:
        raise DataError(f"{where} holds no rows; expected a table with at least one. Choose another file.")
    width = max(map(len, rows))
    head = [[_text(cell) for cell in (*row, *([""] * (width - len(row))))] for row in rows[: 1 + _LOOKED_AT]]
    alone = len(head) == 1 and not any(map(is_number, head[0]))
    is_named = header == "yes" or (header == "auto" and (alone or told_apart(head, is_number)))
    first = head[0] if is_named else [f"x{i + 1}" for i in range(width)]
    if is_named and len(rows) == 1:
        raise DataError(
            f"{where} holds names of columns and no rows; expected at least one. Choose another file."
        )
    names = unique(first)
    notes = (*(header_said(is_named) if header == "auto" else ()), *renamed_said(first, names))
    return names, int(is_named), notes


def cells_of(rows: Sequence[Sequence[Any]], width: int) -> list[Cells]:
    """The columns of rows whose cells are numbers, texts, dates or truth values."""
    found = []
    for i in range(width):
        progress.report(i, width)
        column = [row[i] if i < len(row) else "" for row in rows]
        texts = {
            r: _text(cell)
            for r, cell in enumerate(column)
            if isinstance(cell, bool) or not isinstance(cell, int | float)
        }
        if len(texts) == len(column):
            found.append(Cells.of_texts(texts.values()))
            continue
        if 10 * sum(bool(text) for text in texts.values()) > len(column):  # words, some of which are numbers
            found.append(Cells.of_texts(map(_text, column)))
            continue
        numbers = np.array([np.nan if r in texts else float(cell) for r, cell in enumerate(column)])
        found.append(Cells.of_values(numbers, texts))
    return found


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds() / 86400:.15g}"
    return str(cell)


# ---- Parquet ---------------------------------------------------------------------------------------------------------

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_NESTED = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")


def parquet(path: Path) -> tuple[list[str], list[Cells], tuple[Note, ...]]:
    """Names and cells of the columns of a Parquet file, and what is said of those that cannot be used. Raises DataError."""
    try:
        import duckdb
    except ImportError:
        raise _missing("Parquet files") from None
    with opened(path, MOST_FILE * 4, "a Parquet file"):
        pass
    with foreign(path, "a Parquet file"), _plainly_named(path) as plain, duckdb.connect(":memory:") as base:
        for setting in (
            "autoinstall_known_extensions=false",
            "autoload_known_extensions=false",
            "threads=2",
            f"memory_limit='{_MEMORY}'",
            "TimeZone='UTC'",
        ):
            try:
                base.execute(f"SET {setting}")
            except duckdb.CatalogException:  # a setting of an extension that is not there
                continue
        described = base.execute("DESCRIBE SELECT * FROM read_parquet(?)", [plain]).fetchall()
        [(count,)] = base.execute("SELECT count(*) FROM read_parquet(?)", [plain]).fetchall()
        if count * len(described) > MOST_NUMBERS or len(described) > MOST_COLUMNS:
            raise DataError(
                f"{clipped(path.name, 100)} has {count:,} rows of {len(described):,} columns; expected at most {MOST_NUMBERS:,} cells, and "
                f"{MOST_COLUMNS:,} columns. Keep fewer."
            )
        names, columns, nested = [], [], []
        for done, (name, kind, *_) in enumerate(described):
            progress.report(done, len(described))
            if kind.endswith("]") or kind.startswith(_NESTED):
                nested.append(name)
                continue
            names.append(name)
            columns.append(_column_of(base, plain, name, kind))
    if not columns or not count:
        raise DataError(
            f"{clipped(path.name, 100)} holds no rows that can be read; expected columns of numbers, words or dates. Choose another file."
        )
    notes = (
        (Note(f"Columns that hold lists or parts of their own are not read: {few(nested, 4)}."),)
        if nested
        else ()
    )
    return unique(names), columns, notes


def _column_of(base: Any, path: str, name: str, kind: str) -> Cells:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind.lstrip("U").startswith(_NUMBERS):
        taken = base.execute(
            f"SELECT CAST({quoted} AS DOUBLE) AS c FROM read_parquet(?)", [path]
        ).fetchnumpy()["c"]
        numbers = np.ma.filled(np.ma.asarray(taken, dtype=np.float64), np.nan)
        return Cells.of_values(numbers, {})
    taken = base.execute(f"SELECT CAST({quoted} AS VARCHAR) AS c FROM read_parquet(?)", [path]).fetchnumpy()[
        "c"
    ]
    words = {"true": "yes", "false": "no"} if kind == "BOOLEAN" else {}
    gone = np.ma.getmaskarray(taken)
    texts = np.ma.getdata(taken)
    return Cells.of_texts(
        "" if lost or text is None else words.get(text, text) for text, lost in zip(texts, gone, strict=True)
    )


@contextmanager
def _plainly_named(path: Path) -> Iterator[str]:
    """The path, or that of a copy where its name would be taken for a pattern that others fit as well."""
    full = str(path.absolute())
    if not any(letter in full for letter in "*?[]{}"):
        yield full
        return
    with tempfile.TemporaryDirectory() as folder:
        yield str(shutil.copyfile(path, Path(folder) / "table.parquet"))
