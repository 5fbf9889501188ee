"""Tables: which columns the network reads and as what, which it is to predict, and what was done with every cell."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine import progress
from engine.core import Array
from engine.data import dates, roles
from engine.data.base import Dataset, sources
from engine.data.columns import COUNTING, Column, columns_of, said_of, telling
from engine.data.encoding import About, Block, Encoding, block_of, write
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
from engine.data.reading import ENDINGS, TEXT_ENDINGS, How, Read, of_file, of_text
from engine.data.report import Note, left_out
from engine.data.roles import DROP, FILLS, GROUP, IGNORE, TARGET, Choice
from engine.data.table_words import group_said, holding, possible, rare_said, rows_said, sums_said, usual_role
from engine.data.text_table import DELIMITERS, ENCODINGS, decoded, listed, quoted
from engine.errors import DataError, Offer, clipped, few, in_bytes, shown
from engine.io.guarded import read_bytes
from engine.spec import Bool, File, Int, Name, param
from engine.spec import Choice as OneOf

__all__ = ["ENDINGS", "MOST_PASTED", "PastedTable", "TableFile", "Tabular", "embedded"]

#: inputs of a sample, and bytes of all together
MOST_INPUTS, MOST_INPUT_BYTES = 10_000, 1 << 30
#: letters of a table that the project holds itself
MOST_PASTED = 4_000_000
#: columns that are the target by their name, where no other is chosen
_TARGETS = ("target", "targets", "label", "labels", "class", "classes", "y", "outcome", "output")
_LISTED = 6  #: other targets that are offered


@dataclass(frozen=True)
class Tabular(Opened):
    """A row for each sample: columns of numbers, words and dates are the inputs, one or several others the targets.

    What has to be learnt from the data to make numbers of cells, such as the mean that stands for an empty one, is learnt from the
    training part alone (``engine.data.prepare``).
    """

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
    roles: str = param(
        Name(),
        default="",
        help="What single columns are for, such as “colour=category, age=number:median, size=ordered[S<M<L], id=ignore”.",
        advanced=True,
    )
    answer: str = answer_param("words, or few whole numbers")
    missing: str = param(
        OneOf(FILLS),
        default=DROP,
        help="Rows with an empty cell are left out, or the cell is filled: with 0 and one more input that says so, with what the training "
        "rows have, or as a kind of its own.",
    )
    empty: str = param(
        Name(),
        default="",
        label="also empty",
        help="What else means that a cell is empty, such as “-999, unknown”, separated by commas.",
        advanced=True,
    )
    fold: bool = param(
        Bool(),
        default=False,
        label="fold words",
        help="Words that differ in capital letters or spaces alone are one kind.",
        advanced=True,
    )
    rare: bool = param(
        Bool(),
        default=False,
        label="rare kinds as one",
        help="Kinds of a category that come up in fewer than 5 rows are one input, other.",
        advanced=True,
    )
    dates: str = param(
        OneOf(dates.ORDERS),
        default=dates.AUTO,
        help="What comes first in dates such as 3/4/2024.",
        advanced=True,
    )
    decimal: str = param(
        OneOf(("auto", "point", "comma")),
        default="auto",
        label="decimal mark",
        help="What stands before the fraction of a number.",
        advanced=True,
    )
    header: str = param(
        OneOf(("auto", "yes", "no")),
        default="auto",
        help="Whether the first row names the columns.",
        advanced=True,
    )
    skip: int = param(
        Int(0, 100_000),
        default=0,
        help="Lines above the table, such as a title.",
        unit="lines",
        advanced=True,
    )
    footer: int = param(
        Int(0, 100_000),
        default=0,
        help="Rows at the end that are no samples, such as sums.",
        unit="rows",
        advanced=True,
    )
    limit: int = limit_param("rows")

    @abstractmethod
    def _table(self) -> Read:
        """The table as it stands. Raises DataError."""

    def _how(self) -> How:
        return How(header=self.header, skip=self.skip)

    def _read(self) -> Dataset:
        """``x (N, inputs)`` float32, ``y (N,)`` or ``(N, outputs)``, empty cells not yet filled. Raises DataError."""
        table = self._table()
        where = table.name
        rows = len(table.lines)
        if self.footer:
            table = table.take(np.arange(max(rows - self.footer, 1)))
        if 0 < self.limit < rows:
            table = table.take(spread(len(table.lines), self.limit))
        empty = [word for word in self.empty.split(",") if word.strip()]
        columns = columns_of(
            list(zip(table.names, table.columns, strict=True)), self.decimal, empty, self.dates, self.fold
        )
        notes, lines = table.notes, table.lines
        word = table.word
        del table
        names = [column.name for column in columns]
        targets = self._targets(names, where)
        wanted = [c for c in columns if c.name in targets]
        inputs, group, chosen_roles, why = self._inputs_of(columns, targets, names, where)
        notes += left_out("column", why)
        if not inputs:
            raise DataError(
                f"No column of {where} can be an input beside {few(targets)}; expected at least one that says something. "
                "Choose other targets, or another file."
            )
        fills = {
            name: roles.fill_for(choice.role, choice.fill or self.missing)
            for name, choice in chosen_roles.items()
        }
        drops = [c for c in inputs if fills[c.name] == DROP]
        kept = _whole_rows(inputs, wanted, drops)
        notes += (*said_of(columns, self.decimal), *sums_said(columns, self.footer))
        if group is None:
            notes += group_said(columns, targets, self.roles)
        notes += rows_said(inputs, wanted, drops, kept, lines, word, where)
        about = self._about(columns, wanted, inputs, group, chosen_roles, fills, why)
        if not kept.all():
            inputs = [c.take(kept) for c in inputs]
            wanted = [c.take(kept) for c in wanted]
            group = group.take(kept) if group is not None else None
            lines = lines[kept]
        del columns
        x, features, blocks = self._blocks(inputs, chosen_roles, fills, where)
        notes += rare_said(blocks, self.rare)
        by_name = {block.name: block for block in blocks}
        about = tuple(_with_block(one, by_name.get(one.name)) for one in about)
        times = next((c.seconds() for c in inputs if chosen_roles[c.name].role == roles.DATE), None)
        encoding = Encoding(
            blocks,
            about,
            lines.astype(np.int32),
            _codes(group) if group is not None else None,
            group.name if group is not None else "",
            times if times is not None and not np.isnan(times).any() else None,
            word,
        )
        return self._with_targets(x, features, wanted, names, where, notes, encoding)

    def _inputs_of(
        self, columns: Sequence[Column], targets: Sequence[str], names: list[str], where: str
    ) -> tuple[list[Column], Column | None, dict[str, Choice], dict[str, list[str]]]:
        """The columns that become inputs, the one of groups, what is chosen for each, and why others are left out."""
        given = roles.parsed(self.roles)
        listed(", ".join(map(quoted, given)), names, where)  # raises for one that is not there
        by_name = {c.name: c for c in columns}
        others = [c for c in columns if c.name not in targets]
        if self.inputs:
            read = listed(self.inputs, names, where)
            others = [
                c for c in others if c.name in read or given.get(c.name, Choice()).role not in ("", IGNORE)
            ]
        asked = [c for c in others if given.get(c.name, Choice()).role not in ("", IGNORE, GROUP)]
        groups = [c for c in others if given.get(c.name, Choice()).role == GROUP]
        if len(groups) > 1:
            raise DataError(
                f"{few([c.name for c in groups])} are {len(groups)} groups; expected one. Give the others another role."
            )
        free = [c for c in others if not given.get(c.name, Choice()).role]
        if self.inputs:
            used, why = free, dict[str, list[str]]()
        else:
            used, why = telling(free)
            if asked and all(c.useless == COUNTING for c in used):
                used, why = [], why | ({COUNTING: [c.name for c in used]} if used else {})
        ignored = [c.name for c in others if given.get(c.name, Choice()).role == IGNORE]
        if ignored:
            why["not wanted"] = ignored
        taken = {c.name for c in (*asked, *used)}
        inputs = [by_name[name] for name in names if name in taken]
        found = {}
        for c in inputs:
            one = given.get(c.name, Choice())
            found[c.name] = Choice(one.role or usual_role(c), one.fill, one.order)
        return inputs, groups[0] if groups else None, found, why

    def _about(
        self,
        columns: Sequence[Column],
        wanted: Sequence[Column],
        inputs: Sequence[Column],
        group: Column | None,
        chosen_roles: Mapping[str, Choice],
        fills: Mapping[str, str],
        why: Mapping[str, Sequence[str]],
    ) -> tuple[About, ...]:
        """All columns, for people; how wide inputs are comes later."""
        reasons = {name: reason for reason, those in why.items() for name in those}
        target = {c.name for c in wanted}
        found = []
        for column in columns:
            name, gaps = column.name, int(column.gaps.sum())
            role = (
                TARGET
                if name in target
                else GROUP
                if group is not None and name == group.name
                else chosen_roles[name].role
                if name in chosen_roles
                else IGNORE
            )
            holds = holding(column)
            if role == IGNORE and reasons.get(name, "").startswith("the same as "):
                holds = f"{holds}; {reasons[name]}"
            can = tuple(r for r in roles.ROLES if possible(column, r))
            fill = fills.get(name, "") if gaps else ""
            found.append(
                About(name, holds, role, fill, int(role == TARGET), gaps, clipped(column.example, 40), can)
            )
        return tuple(found)

    def _blocks(
        self,
        columns: Sequence[Column],
        chosen_roles: Mapping[str, Choice],
        fills: Mapping[str, str],
        where: str,
    ) -> tuple[Array, tuple[str, ...], tuple[Block, ...]]:
        """``(rows, inputs)`` float32, and the names of the inputs. Raises DataError for too many."""
        blocks, features, first = [], list[str](), 0
        for column in columns:
            choice = chosen_roles[column.name]
            block, names = block_of(column, choice.role, fills[column.name], choice.order, first, self.rare)
            first += block.width
            blocks.append(block)
            features += names
        count = len(columns[0])
        if first > MOST_INPUTS or 4 * first * count > MOST_INPUT_BYTES:
            raise DataError(
                f"The columns of {where} make {first:,} inputs for each of {count:,} rows; expected at most {MOST_INPUTS:,} "
                f"inputs, and {in_bytes(MOST_INPUT_BYTES)} in all. Choose fewer columns, or set limit to fewer rows."
            )
        x = np.empty((count, first), np.float32)
        for done, (block, column) in enumerate(zip(blocks, columns, strict=True)):
            progress.report(done, len(blocks))
            write(block, column, x)
        return x, tuple(features), tuple(blocks)

    def _targets(self, names: list[str], where: str) -> list[str]:
        if self.targets:
            return listed(self.targets, names, where)
        called = [name for name in names if name.strip().casefold() in _TARGETS]
        return called[:1] or names[-1:]

    def _with_targets(
        self,
        x: Array,
        features: tuple[str, ...],
        wanted: Sequence[Column],
        names: Sequence[str],
        where: str,
        notes: tuple[Note, ...],
        encoding: Encoding,
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
            if len(kinds) == len(y) > 2 and not column.is_number:
                raise DataError(
                    f"{what} has another word in each of {len(y):,} rows; expected classes that come up again. Choose another target.",
                    offers=change,
                )
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
                encoding=encoding,
            )
        worded = [c for c in wanted if not c.is_number]
        if worded:
            raise DataError(
                f"The column {shown(worded[0].name)} of {where} holds words such as {shown(worded[0].example)}; expected "
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
            x,
            y,
            features=features,
            targets=tuple(clipped(c.name, 60) for c in wanted),
            report=notes,
            encoding=encoding,
        )

    def _as_classes(self, wanted: Sequence[Column]) -> bool:
        if self.answer != "auto":
            return self.answer == CLASSES
        return len(wanted) == 1 and (not wanted[0].is_number or wanted[0].few_kinds)


@sources.register("TableFile", category=CATEGORY, label="Table")
@dataclass(frozen=True)
class TableFile(Tabular):
    """A table with a row for each sample: columns of numbers, words and dates are the inputs, one or several others the targets.

    Words become one input for each kind ("colour = red": 1 or 0), dates days, month and weekday. Rows without a target, or with too few
    or too many cells, are left out and counted; so are columns that say nothing, such as one that counts the rows.
    """

    path: str = param(File(endings=ENDINGS), default="", help="The file.")
    sheet: str = param(
        Name(),
        default="",
        help="Of a spreadsheet, the sheet's name; left empty, the first that holds anything.",
        advanced=True,
    )
    delimiter: str = param(
        OneOf(("auto", *DELIMITERS)), default="auto", help="What stands between two cells.", advanced=True
    )
    encoding: str = param(
        OneOf(("auto", *ENCODINGS)),
        default="auto",
        help="How letters are written in the file.",
        advanced=True,
    )

    def _files(self) -> list[Path]:
        return [chosen(self.path, f"a table ({', '.join(ENDINGS)})")]

    def _how(self) -> How:
        return How(self.delimiter, self.header, self.encoding, self.skip, self.sheet)

    def _table(self) -> Read:
        return of_file(self._files()[0], self._how())


@sources.register("PastedTable", category=CATEGORY, label="Pasted table")
@dataclass(frozen=True)
class PastedTable(Tabular):
    """A table that was pasted, from a spreadsheet or as text; the project holds it."""

    text: str = param(Name(), default="", help="The table, as it was pasted.", advanced=True)
    delimiter: str = param(
        OneOf(("auto", *DELIMITERS)), default="auto", help="What stands between two cells.", advanced=True
    )

    def _files(self) -> list[Path]:
        return []

    def _how(self) -> How:
        return How(self.delimiter, self.header, "UTF-8", self.skip)

    def _table(self) -> Read:
        if not self.text.strip():
            raise DataError(
                "Nothing was pasted yet; expected a table. Copy cells in a spreadsheet and paste them."
            )
        return of_text(self.text.encode("utf-8", "replace"), "the pasted table", self._how())


def embedded(source: TableFile) -> PastedTable:
    """The same table, held by the source itself. Raises DataError where it is no text, or too long."""
    [path] = source._files()
    if path.suffix.lower() not in TEXT_ENDINGS:
        raise DataError(
            f"{clipped(path.name, 100)} is no table as text; expected one to be kept in the project. Save it as CSV, and open that."
        )
    text, _ = decoded(read_bytes(path, 4 * MOST_PASTED), path.name, source.encoding)
    if len(text) > MOST_PASTED:
        raise DataError(
            f"{clipped(path.name, 100)} has {len(text):,} letters; expected {MOST_PASTED:,} at most to be kept in the project. Leave it a file."
        )
    shared = {
        p.name: value for p, value in source.values() if p.name in {p.name for p in PastedTable.params()}
    }
    return PastedTable(**shared, text=text)


def _with_block(about: About, block: Block | None) -> About:
    if block is None:
        return about
    return replace(about, width=block.width, kinds=block.kinds if block.role == roles.ORDERED else ())


def _codes(column: Column) -> Array:
    """A number for each kind of a column, empty cells a kind each."""
    codes = column.classes()[1].copy()
    gaps = codes < 0
    codes[gaps] = codes.max(initial=-1) + 1 + np.arange(int(gaps.sum()))
    return codes


def _whole_rows(inputs: Sequence[Column], wanted: Sequence[Column], drops: Sequence[Column]) -> Array:
    """``(rows,)``: those that can be used."""
    lost = np.any([c.gaps for c in wanted], axis=0) | np.any([c.huge for c in (*inputs, *wanted)], axis=0)
    if drops:
        lost |= np.any([c.gaps for c in drops], axis=0)
    kept: Array = ~lost
    return kept
