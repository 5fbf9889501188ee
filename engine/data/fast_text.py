"""Large tables as text, a block of lines at a time and without a loop over cells: plain numbers by NumPy's own parser, the rest as text.

It reads what ``text_table`` reads, and the same from it; where something is not as usual it says so (``Unusual``), and the slower
reader, which knows how to tell of it, does the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.cells import Cells
from engine.data.columns import MISSING_WORDS, is_code, number
from engine.data.text_table import MOST_CELL

#: bytes of a block, and of a row at most
BLOCK, MOST_ROW = 1 << 21, 1 << 24
_NEWLINE, _RETURN, _QUOTE, _SPACE = 10, 13, 34, 32
_DIGIT, _POINT, _SIGN, _POWER, _BETWEEN, _OTHER = range(6)
_CLASS = np.full(256, _OTHER, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = _DIGIT
_CLASS[ord(".")] = _POINT
_CLASS[[ord("+"), ord("-")]] = _SIGN
_CLASS[[ord("e"), ord("E")]] = _POWER
_CLASS[ord(",")] = _BETWEEN
#: spaces around a cell that are taken away one after another
_MOST_SPACES = 40
#: more than this share of texts make a column words
_FEW = 0.1


class Unusual(Exception):
    """Something that only the slower reader reads."""


@dataclass(frozen=True, eq=False)
class Body:
    """What stands below the names.

    Args:
        columns: their cells.
        lines: ``(rows,)`` in which each row begins, from 1.
        odd: line and number of cells of the rows that are too short or too long.
        remarks: lines with # in front.
    """

    columns: list[Cells]
    lines: Array
    odd: list[tuple[int, int]]
    remarks: list[int]


def body(file: BinaryIO, start: int, line: int, between: str, width: int, size: int) -> Body:
    """The rows from byte ``start``, which begins line ``line``. Raises Unusual, and UnicodeDecodeError for what is no UTF-8.

    Args:
        between: what stands between two cells.
        width: cells of a row.
        size: bytes of the file.
    """
    texts: set[int] = set()
    while True:
        columns = [_Column(i in texts) for i in range(width)]
        found = _pass(file, start, line, ord(between), columns, size)
        if isinstance(found, Body):
            return found
        texts |= found


class _Column:
    """A column that grows block by block."""

    def __init__(self, is_text: bool) -> None:
        self.is_text = is_text
        self.place: dict[bytes, int] = {}
        self.points = self.grouped = 0
        self._numbers: list[Array] = []
        self._codes: list[Array | int] = []  # a number of rows where all are plain numbers

    def add_texts(self, cells: list[bytes]) -> None:
        place = self.place
        self._codes.append(np.array([place.setdefault(cell, len(place)) for cell in cells], np.int32))

    def add_numbers(self, values: Array, rows: Array, texts: list[bytes]) -> None:
        """``values`` ``(n,)``, with ``texts`` at ``rows`` in place of some."""
        self._numbers.append(values)
        if not len(rows):
            self._codes.append(len(values))
            return
        codes = np.full(len(values), -1, np.int32)
        place = self.place
        codes[rows] = [place.setdefault(text, len(place)) for text in texts]
        self._codes.append(codes)

    def needs_text(self) -> bool:
        """Whether what a cell says is lost where it is kept as a number."""
        if self.is_text:
            return False
        kinds = [_clean(raw) for raw in self.place]
        counts = sum(
            np.bincount(codes[codes >= 0], minlength=len(kinds))
            for codes in self._codes
            if not isinstance(codes, int)
        )
        telling = [i for i, kind in enumerate(kinds) if kind.casefold() not in MISSING_WORDS]
        rows = sum(map(len, self._numbers))
        if (
            telling
            and isinstance(counts, np.ndarray)
            and (counts[telling].sum() > _FEW * rows or any(is_code(kinds[i]) for i in telling))
        ):
            return True
        comma = any(number(kinds[i], ",") is not None and number(kinds[i], ".") is None for i in telling)
        return self.points > 0 and (self.points == self.grouped or comma)

    def cells(self, keep: Array | None) -> Cells:
        kinds: dict[str, int] = {}
        cleaned = [kinds.setdefault(_clean(raw), len(kinds)) for raw in self.place]
        rows = sum(codes if isinstance(codes, int) else len(codes) for codes in self._codes)
        codes: Array
        if self.place:
            parts = [np.full(c, -1, np.int32) if isinstance(c, int) else c for c in self._codes]
            codes = np.append(np.array(cleaned, np.int32), np.int32(-1))[np.concatenate(parts)]
        else:
            codes = np.broadcast_to(np.int32(-1), (rows,))
        self._codes.clear()
        numbers = None
        if not self.is_text:
            numbers = np.concatenate(self._numbers) if self._numbers else np.zeros(0)
            self._numbers.clear()
        made = Cells(list(kinds), codes, numbers, self.points)
        return made if keep is None else made.take(keep)


def _clean(raw: bytes) -> str:
    text = raw.decode()
    if text.startswith('"'):
        text = text.strip()[1:-1].replace('""', '"')
    return text.strip()


def _pass(
    file: BinaryIO, start: int, line: int, between: int, columns: list[_Column], size: int
) -> Body | set[int]:
    """The rows; or, where some cells are lost as numbers, the places of the columns that are to be read as text."""
    lines, odd, remarks = [], list[tuple[int, int]](), list[int]()
    first = True
    for block, done in _blocks(file, start, between):
        progress.report(done, size)
        cut = _Cut(block, between, len(columns))
        odd += [(line + int(at), int(count)) for at, count in cut.odd if not cut.is_remark(at)]
        remarks += [line + int(at) for at, _ in cut.odd if cut.is_remark(at)]
        crosses = cut.crosses
        remarks += (line + cut.lines[crosses]).tolist()
        _add(cut, columns)
        lines.append(line + cut.lines)
        line += cut.line_count
        if first:  # before much of it has to be read again
            first = False
            for i, column in enumerate(columns):
                if column.needs_text():
                    columns[i] = _Column(True)
                    columns[i].add_texts(cut.texts(i))
    again = {i for i, column in enumerate(columns) if column.needs_text()}
    if again:
        return again
    where = np.concatenate(lines) if lines else np.zeros(0, np.int64)
    if not len(where):
        raise Unusual
    marked = np.array(remarks, np.int64)
    keep = None
    if len(marked):
        inside = np.isin(where, marked)
        if len(marked) * 10 <= len(where) + len(marked):
            keep = ~inside if inside.any() else None
        elif inside.sum() < len(marked):
            raise Unusual  # some rows with # in front are no rows, others are
        else:
            remarks = []
    cells = [column.cells(keep) for column in columns]
    return Body(cells, where if keep is None else where[keep], odd, remarks)


def _blocks(file: BinaryIO, start: int, between: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines of the file, and how many bytes are read so far."""
    file.seek(start)
    rest, done = b"", start
    while True:
        new = file.read(BLOCK)
        done += len(new)
        block = rest + new
        if not new and block and not block.endswith(b"\n"):
            block += b"\n"
        if not block:
            return
        end = _last_line(block) if new else len(block)
        if end:
            yield block[:end], done
        rest = block[end:]
        if not new:
            if rest:
                raise Unusual
            return
        if len(rest) > MOST_ROW:
            raise Unusual


def _last_line(block: bytes) -> int:
    """Where the last whole line ends: at a newline that stands in no quotes."""
    end = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        before = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', before, end)
        end = before
    return end


class _Cut:
    """A block cut into cells.

    Attributes:
        starts, ends: ``(rows, columns)`` of the cells in the block, spaces around them left out.
        lines: ``(rows,)`` in which each begins, from 0.
        line_count: lines of the block.
        odd: line and number of cells of rows of another length.
        crosses: ``(rows,)``, those that begin with #.
    """

    def __init__(self, block: bytes, between: int, width: int) -> None:
        if b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
            raise Unusual
        if not block.isascii():
            block.decode()
        self.block, self.buf = block, np.frombuffer(block, np.uint8)
        buf = self.buf
        newlines = buf == _NEWLINE
        seps = np.flatnonzero((buf == between) | newlines)
        if b'"' in block:
            seps = self._outside_quotes(seps, between)
        ends_row = np.flatnonzero(buf[seps] == _NEWLINE)
        if not len(ends_row) or ends_row[-1] != len(seps) - 1:
            raise Unusual
        counts = np.diff(ends_row, prepend=-1)
        row_ends = seps[ends_row]
        row_starts = np.concatenate(([0], row_ends[:-1] + 1))
        if b'"' in block:
            all_lines = np.flatnonzero(newlines)
            at = np.searchsorted(all_lines, row_starts)
            self.line_count = len(all_lines)
        else:
            at = np.arange(len(counts))
            self.line_count = len(counts)
        blank = ~np.logical_or.reduceat((buf > _SPACE) & (buf != between), row_starts)
        good = (counts == width) & ~blank
        wrong = np.flatnonzero((counts != width) & ~blank)
        self.odd = list(zip(at[wrong].tolist(), counts[wrong].tolist(), strict=True))
        self._odd_starts = dict(zip(at[wrong].tolist(), row_starts[wrong].tolist(), strict=True))
        if not good.all():
            seps = seps[np.repeat(good, counts)]
            row_starts, at = row_starts[good], at[good]
        self.lines = at
        self.ends = seps.reshape(-1, width)
        self.starts = np.empty_like(self.ends)
        self.starts[:, 0] = row_starts
        self.starts[:, 1:] = self.ends[:, :-1] + 1
        if b"\r" in block:
            self.ends = self.ends.copy()
            self.ends[:, -1] -= buf[np.maximum(self.ends[:, -1] - 1, 0)] == _RETURN
        if b" " in block or (b"\t" in block and between != 9):
            self._strip()
        if len(self.starts) and int((self.ends - self.starts).max()) > MOST_CELL:
            raise Unusual
        first = self.starts[:, 0]
        self.crosses = (buf[first] == ord("#")) & (first < self.ends[:, 0])

    def is_remark(self, line: int) -> bool:
        return self.block[self._odd_starts[line] :][:200].lstrip(b" ").startswith(b"#")

    def _outside_quotes(self, seps: Array, between: int) -> Array:
        buf, quotes = self.buf, np.flatnonzero(self.buf == _QUOTE)
        if len(quotes) % 2:
            raise Unusual
        opening, closing = quotes[::2], quotes[1::2]
        before = buf[np.maximum(opening - 1, 0)]
        begins = (before == between) | (before == _NEWLINE) | (before == _QUOTE) | (opening == 0)
        behind = buf[np.minimum(closing + 1, len(buf) - 1)]
        ends = (behind == between) | (behind == _NEWLINE) | (behind == _RETURN) | (behind == _QUOTE)
        if not (begins.all() and ends.all()):
            raise Unusual
        outside: Array = seps[np.searchsorted(quotes, seps) % 2 == 0]
        return outside

    def _strip(self) -> None:
        """Leave out spaces and tabs around cells."""
        buf, last = self.buf, len(self.buf) - 1
        self.ends = self.ends.copy()
        for _ in range(_MOST_SPACES):
            before = np.isin(buf[self.starts], (_SPACE, 9)) & (self.starts < self.ends)
            self.starts += before
            behind = np.isin(buf[np.clip(self.ends - 1, 0, last)], (_SPACE, 9)) & (self.starts < self.ends)
            self.ends -= behind
            if not (before.any() or behind.any()):
                return
        raise Unusual

    def texts(self, column: int) -> list[bytes]:
        block = self.block
        places = zip(self.starts[:, column].tolist(), self.ends[:, column].tolist(), strict=True)
        return [block[start:end] for start, end in places]


def _add(cut: _Cut, columns: list[_Column]) -> None:
    for i, column in enumerate(columns):
        if column.is_text:
            column.add_texts(cut.texts(i))
    wanted = [i for i, column in enumerate(columns) if not column.is_text]
    if not wanted or not len(cut.starts):
        return
    starts, ends = cut.starts[:, wanted], cut.ends[:, wanted]
    values, bad, points, grouped = _numbers(cut.buf, starts.ravel(), ends.ravel(), len(wanted))
    values, bad = values.reshape(-1, len(wanted)), bad.reshape(-1, len(wanted))
    for place, i in enumerate(wanted):
        rows = np.flatnonzero(bad[:, place])
        where = zip(starts[rows, place].tolist(), ends[rows, place].tolist(), strict=True)
        column = columns[i]
        column.add_numbers(np.ascontiguousarray(values[:, place]), rows, [cut.block[a:b] for a, b in where])
        column.points += int(points[place])
        column.grouped += int(grouped[place])


def _numbers(buf: Array, starts: Array, ends: Array, width: int) -> tuple[Array, Array, Array, Array]:
    """The numbers in cells ``(n,)``, row by row: values, which are no plain numbers, and by column how many have a point, and how many of
    these could be thousands."""
    lengths = ends - starts
    edge = np.zeros(len(buf) + 2, np.int8)
    edge[starts] += 1
    edge[ends + 1] -= 1
    text = buf[np.cumsum(edge[: len(buf)], dtype=np.int8).view(bool)]
    stops = np.cumsum(lengths + 1) - 1
    if len(text) != stops[-1] + 1:
        raise Unusual
    text[stops] = ord(",")
    begins = stops - lengths
    kind = np.append(_CLASS[text], (_BETWEEN, _BETWEEN)).astype(np.uint8)
    inner = np.zeros(len(text), bool)
    inner[stops] = True
    bad = _no_numbers(text, kind, inner, begins, stops)
    dots = np.flatnonzero(kind == _POINT)
    owner = np.searchsorted(stops, dots)
    fine = ~bad[owner]
    dots, owner = dots[fine], owner[fine]
    points = np.bincount(owner % width, minlength=width)
    before = dots - begins[owner] - (kind[begins[owner]] == _SIGN)
    thousands = (stops[owner] - dots == 4) & (before >= 1) & (before <= 3)
    for ahead in (1, 2, 3):
        thousands &= kind[np.minimum(dots + ahead, len(kind) - 1)] == _DIGIT
    grouped = np.bincount(owner[thousands] % width, minlength=width)
    if bad.any():
        text[np.repeat(bad, lengths + 1) & ~inner] = ord("0")
    raw = text[:-1].tobytes()
    if (lengths == 0).any():
        raw = raw.replace(b",,", b",0,").replace(b",,", b",0,")
        raw = b"0" * raw.startswith(b",") + raw + b"0" * raw.endswith(b",") or b"0"
    values = np.fromstring(raw, np.float64, sep=",")
    if len(values) != len(starts):
        raise Unusual
    values[bad] = np.nan
    return values, bad, points, grouped


def _no_numbers(text: Array, kind: Array, inner: Array, begins: Array, stops: Array) -> Array:
    """Which cells are no plain numbers: -1.5, .5, 2e-3."""
    bad: Array = stops == begins

    def flag(places: Array) -> None:
        bad[np.searchsorted(stops, places)] = True

    size = len(text)
    other = np.flatnonzero((kind[:size] == _OTHER) | ((kind[:size] == _BETWEEN) & ~inner))
    flag(other)
    is_begin = np.zeros(size + 2, bool)
    is_begin[begins] = True
    signs = np.flatnonzero(kind[:size] == _SIGN)
    after_power = (signs > 0) & (kind[np.maximum(signs - 1, 0)] == _POWER) & ~is_begin[signs]
    follows = kind[signs + 1]
    ok = (is_begin[signs] & ((follows == _DIGIT) | (follows == _POINT))) | (after_power & (follows == _DIGIT))
    flag(signs[~ok])
    dots = np.flatnonzero(kind[:size] == _POINT)
    owner = np.searchsorted(stops, dots)
    bad[owner[1:][owner[1:] == owner[:-1]]] = True
    digit_before = (kind[np.maximum(dots - 1, 0)] == _DIGIT) & ~is_begin[dots]
    flag(dots[~(digit_before | (kind[dots + 1] == _DIGIT))])
    powers = np.flatnonzero(kind[:size] == _POWER)
    if len(powers):
        holder = np.searchsorted(stops, powers)
        bad[holder[1:][holder[1:] == holder[:-1]]] = True
        before, behind = kind[np.maximum(powers - 1, 0)], kind[powers + 1]
        ok = ~is_begin[powers] & ((before == _DIGIT) | (before == _POINT))
        ok &= (behind == _DIGIT) | (behind == _SIGN)
        flag(powers[~ok])
        point_at = np.full(len(stops), -1)
        point_at[owner] = dots
        bad[holder[point_at[holder] > powers]] = True
    zero = (
        (text[np.minimum(begins, size - 1)] == ord("0"))
        & (kind[begins] == _DIGIT)
        & (kind[begins + 1] == _DIGIT)
    )
    signed = kind[begins] == _SIGN
    after = np.minimum(begins + 1, size - 1)
    zero |= signed & (text[after] == ord("0")) & (kind[begins + 2] == _DIGIT)
    bad |= zero
    return bad
