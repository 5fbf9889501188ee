"""What a reader did with the files it was given: what it took, what it left out and why, and what could be had in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.errors import Offer, counted, few

__all__ = ["Note", "Offer", "alike", "left_out"]

#: names of files that are listed for each reason; the others are counted
_LISTED = 4


@dataclass(frozen=True)
class Note:
    """One thing that a reader did: a sentence, and what the user may choose in its place; ``lost``: something is not in the data."""

    text: str
    offers: tuple[Offer, ...] = ()
    lost: bool = False


def left_out(what: str, reasons: Mapping[str, Sequence[str]]) -> tuple[Note, ...]:
    """What was not read, counted and listed: "3 files were left out: 2 are no pictures (a.txt, b.txt), 1 is empty (c.png)."

    Args:
        what: one of them, such as "file".
        reasons: why ("is empty", or "are no pictures" where there are several), and which; reasons without names do not count.

    Returns:
        one note, or none where nothing was left out.
    """
    there = {why: names for why, names in reasons.items() if names}
    total = sum(map(len, there.values()))
    if not total:
        return ()
    were = f"{counted(total, what)} {'was' if total == 1 else 'were'}"
    parts = (f"{len(names):,} {why} ({few(names, _LISTED)})" for why, names in there.items())
    return (Note(f"{were} left out: {', '.join(parts)}.", lost=True),)


def alike(x: Array) -> tuple[Note, ...]:
    """Says so where pictures ``(N, C, H, W)`` hold nothing by which they could be told apart."""
    if all(np.array_equal(picture, x[0]) for picture in x):
        return (Note(f"The {len(x):,} pictures are all alike: there is nothing to tell them apart by."),)
    if all(picture.min() == picture.max() for picture in x):
        return (Note("Each picture is of one brightness alone: nothing is drawn in any of them."),)
    return ()
