"""Tables as text, CSV and its kin: which columns the network reads, which it is to predict, and what was done with every cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core import Array
from engine.data.base import Dataset, sources
from engine.data.columns import Column, columns_of, inputs_of, is_number, said_of, telling
from engine.data.files import (
    CATEGORY,
    CLASSES,
    NUMBERS,
    Opened,
    answer_param,
    chosen,
    labelled,
    limit_param,
    spread,
)
from engine.data.report import Note, left_out
from engine.data.text_table import DELIMITERS, Table, decoded, listed, quoted, rows_of
from engine.errors import DataError, Offer, clipped, few, in_bytes, shown
from engine.io.guarded import read_bytes
from engine.spec import Choice, File, Name, param

ENDINGS = (".csv", ".tsv", ".tab")
#: bytes of a file: each cell becomes a Python string for a while
MOST_BYTES = 1 << 28
#: inputs of a sample, and bytes of all together
MOST_INPUTS, MOST_INPUT_BYTES = 10_000, 1 << 30
#: columns that are the target by their name, where no other is chosen
_TARGETS = ("target", "targets", "label", "labels", "class", "classes", "y", "outcome", "output")
_DROP, _MARK = "leave out", "mark"
_LISTED = 6  #: other targets that are offered


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
    answer: str = answer_param("words, or few whole numbers")
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
        table = Table(rows_of(text, self.delimiter), self.header, path.name, is_number)
        notes += table.notes
        table.keep(spread(len(table.rows), self.limit))
        columns = columns_of(table.columns(), self.decimal)
        names = [column.name for column in columns]
        targets = self._targets(names, path.name)
        wanted, inputs = (
            [c for c in columns if c.name in targets],
            [c for c in columns if c.name not in targets],
        )
        if self.inputs:
            read = listed(self.inputs, names, path.name)
            inputs = [c for c in inputs if c.name in read]
        else:
            inputs, why = telling(inputs)
            notes += left_out("column", why)
        if not inputs:
            raise DataError(
                f"No column of {path.name} can be an input beside {few(targets)}; expected at least one that says something. "
                "Choose other targets, or another file."
            )
        kept = _whole_rows(inputs, wanted, self.missing == _DROP)
        notes += (*said_of(columns, self.decimal), *self._rows_said(inputs, wanted, kept, table))
        x, features = self._inputs([c.take(kept) for c in inputs], path.name)
        return self._with_targets(x, features, [c.take(kept) for c in wanted], names, path.name, notes)

    def _inputs(self, columns: Sequence[Column], where: str) -> tuple[Array, tuple[str, ...]]:
        """``(rows, features)`` float32, and the names of the features. Raises DataError for too many."""
        found, count = inputs_of(columns, self.missing == _MARK), len(columns[0].cells)
        if len(found) > MOST_INPUTS or 4 * len(found) * count > MOST_INPUT_BYTES:
            raise DataError(
                f"The columns of {where} make {len(found):,} inputs for each of {count:,} rows; expected at most {MOST_INPUTS:,} "
                f"inputs, and {in_bytes(MOST_INPUT_BYTES)} in all. Choose fewer columns, or set limit to fewer rows."
            )
        x = np.empty((count, len(found)), np.float32)
        for i, (_, values) in enumerate(found):
            x[:, i] = values()
        return x, tuple(clipped(name, 60) for name, _ in found)

    def _targets(self, names: list[str], where: str) -> list[str]:
        if self.targets:
            return listed(self.targets, names, where)
        called = [name for name in names if name.strip().casefold() in _TARGETS]
        return called[:1] or names[-1:]

    def _rows_said(
        self, inputs: Sequence[Column], wanted: Sequence[Column], kept: Array, table: Table
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
        wanted: Sequence[Column],
        names: Sequence[str],
        where: str,
        notes: tuple[Note, ...],
    ) -> Dataset:
        others = [n for n in names if n not in {c.name for c in wanted}]
        change = tuple(
            Offer(f"Predict {clipped(n, 30)}", (("targets", quoted(n)),)) for n in others[-_LISTED:]
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
            kinds, y = column.classes()
            words = f"{what} is the target: {len(kinds):,} classes."
            if whole:
                change = (Offer("Predict it as a number", (("answer", NUMBERS),)), *change)
            notes = (Note(words, change), *notes)
            return labelled(
                x,
                y,
                dict(enumerate(clipped(kind, 60) for kind in kinds)),
                where,
                report=notes,
                features=features,
            )
        worded = [c.name for c in wanted if not c.is_number]
        if worded:
            example = next(c for c in wanted if c.name == worded[0]).kinds[0]
            raise DataError(
                f"The column {shown(worded[0])} of {where} holds words such as {shown(example)}; expected "
                "numbers to be predicted. Take it for classes, or choose another."
            )
        if whole:
            change = (Offer("Take it for classes", (("answer", CLASSES),)), *change)
        notes = (
            Note(
                f"{what} {'is the target: a number' if len(wanted) == 1 else 'are the targets: numbers'}.",
                change,
            ),
            *notes,
        )
        y = np.stack([c.numbers for c in wanted], axis=1)
        return Dataset(
            x, y, features=features, targets=tuple(clipped(c.name, 60) for c in wanted), report=notes
        )

    def _as_classes(self, wanted: Sequence[Column]) -> bool:
        if self.answer != "auto":
            return self.answer == CLASSES
        return len(wanted) == 1 and (not wanted[0].is_number or wanted[0].few_kinds)


def _whole_rows(inputs: Sequence[Column], wanted: Sequence[Column], drop: bool) -> Array:
    """``(rows,)``: those that can be used."""
    lost = np.any([c.gaps for c in wanted], axis=0) | np.any([c.huge for c in (*inputs, *wanted)], axis=0)
    if drop:
        lost |= np.any([c.gaps for c in inputs], axis=0)
    kept: Array = ~lost
    return kept
