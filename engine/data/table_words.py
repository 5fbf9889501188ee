"""Tables in words: what a column holds and may be, which rows were left out, and what else is worth saying of one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from engine.core import Array
from engine.data import roles
from engine.data.columns import COUNTING, Column
from engine.data.encoding import RARE, Block
from engine.data.report import Note, left_out
from engine.data.roles import CATEGORY, GROUP, Choice
from engine.errors import DataError, Offer, clipped, counted, shown

#: inputs that one column may make without being asked for them
MOST_WIDTH = 200
#: names of columns that say which rows belong together, and kinds that such a column has at least
_BELONGS = re.compile(
    r"(?:^|[^a-z])(?:patient|subject|person|participant|user|customer|client|session|group|series|visitor|student|animal|device|site)"
    r"s?(?:$|[^a-z])",
    re.IGNORECASE,
)
_LEAST_GROUPS = 5
#: words that stand in a row of sums
_SUMS = ("total", "totals", "sum", "sums", "summe", "gesamt", "somme", "suma")


def usual_role(column: Column) -> str:
    """What a column is for where nobody says."""
    return roles.NUMBER if column.is_number else roles.DATE if column.dates else roles.CATEGORY


def possible(column: Column, role: str) -> bool:
    """Whether a column can have a role."""
    if role == roles.NUMBER:
        return column.is_number
    if role == roles.DATE:
        return bool(column.dates)
    if role in (roles.CATEGORY, roles.ORDERED):
        return column.has_kinds(MOST_WIDTH)
    return True


def holding(column: Column) -> str:
    """What a column holds, in words."""
    if column.useless:
        if column.useless.startswith("of more than"):
            return f"words, {len(column.classes()[0]):,} kinds"
        return {COUNTING: "counts the rows"}.get(column.useless, column.useless)
    if column.is_number:
        comma = column.mark == "," and any("," in kind for kind in column.cells.kinds)
        what = "whole numbers" if column.is_whole else "numbers"
        return f"{what}, decimal comma" if comma else what
    if column.dates:
        return f"dates, {column.dates}" if column.dates_unsure else "dates"
    return f"words, {counted(len(column.classes()[0]), 'kind')}"


def rows_said(
    inputs: Sequence[Column],
    wanted: Sequence[Column],
    drops: Sequence[Column],
    kept: Array,
    lines: Array,
    word: str,
    where: str,
) -> tuple[Note, ...]:
    """Which rows were left out. Raises DataError where none is left."""
    if kept.all():
        return ()
    reasons: dict[str, list[str]] = defaultdict(list)
    lost = ~kept
    nowhere = np.zeros(len(kept), bool)
    unknown, huge, gaps = (
        np.any([nowhere, *(c.gaps for c in wanted)], axis=0),
        np.any([nowhere, *(c.huge for c in (*inputs, *wanted))], axis=0),
        np.any([nowhere, *(c.gaps for c in drops)], axis=0),
    )
    for why, rows in (
        ("without a target", lost & unknown),
        ("with a number that is too large", lost & huge & ~unknown),
        ("with an empty cell", lost & gaps & ~huge & ~unknown),
    ):
        reasons[why] = [f"{word} {line}" for line in lines[rows].tolist()]
    if not kept.any():
        raise DataError(
            f"Of the {len(kept):,} rows of {where} none has all its cells; expected some. "
            f"Choose another way with what is missing, such as {shown(roles.MEAN)}, or fewer columns.",
            offers=[Offer("Fill empty cells with the mean", (("missing", roles.MEAN),))] if drops else (),
        )
    said = left_out("row", reasons)
    if reasons["with an empty cell"]:
        offers = (
            Offer("Mark what is missing", (("missing", roles.MARK),)),
            Offer("Fill it with the mean of the training rows", (("missing", roles.MEAN),)),
        )
        said = (Note(said[0].text, offers, lost=True),)
    return said


def sums_said(columns: Sequence[Column], footer: int) -> tuple[Note, ...]:
    """Says so where the last row holds the sums of the others."""
    if footer or len(columns[0]) < 4:
        return ()
    numbers = [c for c in columns if c.is_number and not c.gaps[-1]]
    sums = 0
    for c in numbers:
        above = np.nan_to_num(c.numbers[:-1])
        total = float(above.sum())
        sums += bool(np.ptp(above) and abs(total - c.numbers[-1]) <= 1e-6 * max(abs(total), 1e-12))
    last = [c.cells.texts([len(c) - 1])[0].casefold() for c in columns if not c.is_number]
    if not sums or not (any(text in _SUMS for text in last) or (sums == len(numbers) > 1)):
        return ()
    offer = Offer("Leave the last row out", (("footer", 1),))
    return (Note("The last row holds the sums of the others: it is no sample.", (offer,)),)


def group_said(columns: Sequence[Column], targets: Sequence[str], recipe: str) -> tuple[Note, ...]:
    """Says so where a column, by its name, tells which rows belong together, and each of its kinds comes up a few times."""
    given = roles.parsed(recipe)
    for column in columns:
        name = column.name
        if name in targets or name in given or not _BELONGS.search(name) or column.useless == COUNTING:
            continue
        if column.is_number and not column.is_whole:
            continue
        codes = column.classes()[1]
        kinds, rows = int(codes.max(initial=-1)) + 1, int((codes >= 0).sum())
        if kinds >= _LEAST_GROUPS and 2 * kinds <= rows:
            changed = roles.written(given | {name: Choice(GROUP)})
            words = (
                f"{clipped(name, 40)} has {kinds:,} kinds that come up {rows / kinds:.3g} times on average: where it says which rows belong "
                "together, these should not come into two parts."
            )
            return (
                Note(
                    words, (Offer(f"Keep rows of one {clipped(name, 30)} together", (("roles", changed),)),)
                ),
            )
    return ()


def rare_said(blocks: Sequence[Block], rare: bool) -> tuple[Note, ...]:
    """Kinds of categories that hardly come up: that they could be one, or are."""
    for block in blocks:
        if block.role != CATEGORY or block.codes is None:
            continue
        counts = np.bincount(block.codes[block.codes >= 0], minlength=len(block.kinds))
        few_rows = int(((counts > 0) & (counts < RARE)).sum())
        name = clipped(block.name, 40)
        if rare and block.kinds and block.kinds[-1] in ("other", "other kinds"):
            offer = Offer("Keep rare kinds", (("rare", False),))
            return (Note(f"Kinds of {name} in fewer than {RARE} rows are one, {block.kinds[-1]}.", (offer,)),)
        if not rare and 2 <= few_rows < len(block.kinds):
            offer = Offer("Take rare kinds as one, other", (("rare", True),))
            return (Note(f"{few_rows} kinds of {name} come up in fewer than {RARE} rows each.", (offer,)),)
    return ()
