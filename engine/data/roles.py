"""What each column of a table is for, and what becomes of its empty cells: the part of a recipe that one can choose for each column."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.data.text_table import quoted
from engine.errors import DataError, few, shown

NUMBER, CATEGORY, ORDERED, DATE = "number", "category", "ordered", "date"
TARGET, GROUP, IGNORE = "target", "group", "ignore"
#: roles of inputs, and all roles that a recipe names; targets are a parameter of their own
INPUTS = (NUMBER, CATEGORY, ORDERED, DATE)
ROLES = (*INPUTS, GROUP, IGNORE)

DROP, MARK, MEAN, MEDIAN, MOST, OWN = (
    "leave out",
    "mark",
    "mean",
    "median",
    "most frequent",
    "own category",
)
#: what may become of empty cells
FILLS = (DROP, MARK, MEAN, MEDIAN, MOST, OWN)

#: what each role makes of a column, and what each of FILLS does, for people
ROLE_HELP = {
    NUMBER: "One input: the number.",
    CATEGORY: "One input for each kind: 1 where it stands, else 0.",
    ORDERED: "One input: 0 for the lowest kind, 1 for the next, and so on.",
    DATE: "Days, year, and month, weekday and hour as points of a circle.",
    TARGET: "What the network is to predict.",
    GROUP: "No input: rows of one group come into one part together.",
    IGNORE: "Not read.",
}
FILL_HELP = {
    DROP: "Rows with an empty cell are left out.",
    MARK: "The cell becomes 0, and one more input says where it was empty.",
    MEAN: "The mean of the training rows.",
    MEDIAN: "The median of the training rows.",
    MOST: "What comes up most often in the training rows.",
    OWN: "A kind of its own: “missing”.",
}


def fill_for(role: str, fill: str) -> str:
    """``fill``, or what comes nearest to it for a role that has no such thing: kinds have no mean, and numbers no kind of their own."""
    if role == CATEGORY and fill in (MEAN, MEDIAN):
        return MOST
    return MARK if role in (NUMBER, DATE) and fill == OWN else fill


@dataclass(frozen=True)
class Choice:
    """What is chosen for one column.

    Args:
        role: one of ROLES; "" leaves it to what the column holds.
        fill: one of FILLS; "" for that of the table.
        order: of an ordered column, its kinds from the lowest; empty for the usual order.
    """

    role: str = ""
    fill: str = ""
    order: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """As in a recipe: "ordered[low<high]:median"."""
        order = f"[{'<'.join(self.order)}]" if self.order else ""
        return f"{self.role}{order}{f':{self.fill}' if self.fill else ''}"


_WORDS = re.compile(r"(?P<role>[a-z]*)(?:\[(?P<order>.*)\])?(?::(?P<fill>[a-z ]+))?")


def parsed(text: str) -> dict[str, Choice]:
    """What a recipe says, by column: "colour=category, age=number:median, size=ordered[S<M<L]". Raises DataError."""
    if not text.strip():
        return {}
    try:
        items = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        items = [text]
    found = {}
    for item in items:
        name, is_there, words = item.rpartition("=")
        match = _WORDS.fullmatch(words.strip())
        role, fill = (match["role"], match["fill"] or "") if match else ("?", "")
        if not is_there or (role and role not in ROLES) or (fill and fill not in FILLS):
            raise DataError(
                f"The roles say {shown(item)}; expected a column's name, =, and one of {few(ROLES)}, with : and one of {few(FILLS)} "
                "behind it where cells are empty. Correct it."
            )
        order = tuple(kind.strip() for kind in match["order"].split("<")) if match and match["order"] else ()
        found[name.strip()] = Choice(role, fill, order)
    return found


def written(choices: Mapping[str, Choice]) -> str:
    """The recipe that ``parsed`` reads as ``choices``; what says nothing is left out."""
    return ", ".join(
        quoted(f"{name}={choice.in_words}") for name, choice in choices.items() if choice.in_words
    )


#: orders that people mean by words, in small letters
_SCALES = (
    ("very low", "low", "medium", "high", "very high"),
    ("low", "mid", "high"),
    ("very small", "small", "medium", "large", "very large"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("very bad", "bad", "fair", "good", "very good", "excellent"),
    ("poor", "fair", "average", "good", "excellent"),
    ("none", "mild", "moderate", "severe"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("no", "yes"),
    ("false", "true"),
)


def in_order(kinds: Sequence[str], order: Sequence[str]) -> list[str]:
    """``kinds`` from the lowest: as ``order`` says, else as a scale that people use, else as they come; what is not in it comes last."""
    if order:
        place = {kind: i for i, kind in enumerate(order)}
        return sorted(kinds, key=lambda kind: place.get(kind, len(place)))
    small = {kind: kind.strip().casefold() for kind in kinds}
    scale = next((scale for scale in _SCALES if set(small.values()) <= set(scale)), None)
    return sorted(kinds, key=lambda kind: scale.index(small[kind])) if scale else list(kinds)
