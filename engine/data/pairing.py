"""Which arrays of a file are inputs, which are targets, and of which part.

What an array holds is told by its name; where that does not tell, by its shape; where several would do, the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.listing import PARTS
from engine.errors import DataError, Offer, clipped, few

if TYPE_CHECKING:
    from engine.data.arrays import Entry

#: letters of a name in a list and on a button
LETTERS = 30

#: what arrays are usually called, without the part; the likelier before the others
_INPUTS = (
    "x",
    "images",
    "imgs",
    "image",
    "img",
    "pictures",
    "pixels",
    "data",
    "features",
    "inputs",
    "input",
    "samples",
)
_TARGETS = (
    "y",
    "labels",
    "label",
    "targets",
    "target",
    "classes",
    "class",
    "outputs",
    "output",
    "answers",
    "t",
)
_PARTS = {**PARTS, "tr": 0, "te": 2}


@dataclass(frozen=True)
class Pair:
    """Inputs and the targets that belong to them; ``part`` as in ``Dataset.parts``, or ``None`` where their names give none."""

    part: int | None
    inputs: Entry
    targets: Entry


@dataclass(frozen=True)
class Role:
    """What a name says.

    Attributes:
        inputs: inputs, or else targets.
        rank: its place among the usual names: the lower, the likelier.
        part: as in ``Dataset.parts``; ``None`` where the name gives none.
        rest: the other words of it.
    """

    inputs: bool
    rank: int
    part: int | None
    rest: tuple[str, ...]


def role(name: str) -> Role | None:
    """Whether an array is called as inputs or targets are: "x_train", "trainX", "kmnist-test-labels"; ``None`` for other names."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name[:200])]
    words = [piece for word in words for piece in _pieces(word)]
    for inputs, usual in ((False, _TARGETS), (True, _INPUTS)):  # "image_labels" are labels
        called = [word for word in words if word in usual]
        if called:
            parts = [_PARTS[word] for word in words if word in _PARTS]
            rest = tuple(word for word in words if word not in _PARTS and word not in (*_INPUTS, *_TARGETS))
            return Role(inputs, usual.index(called[0]), parts[0] if parts else None, rest)
    return None


def _pieces(word: str) -> tuple[str, ...]:
    """ "xtrain" → "x", "train" """
    for part in _PARTS:
        for rest, pieces in ((word.removesuffix(part), 1), (word.removeprefix(part), -1)):
            if rest != word and (rest in _INPUTS or rest in _TARGETS):
                return (rest, part)[::pieces]
    return (word,)


def pairs(found: Sequence[Entry], inputs: str = "", targets: str = "") -> list[Pair]:
    """Which arrays belong together, the parts in their order; ``inputs`` and ``targets`` are names that the user has given.

    Raises DataError, with what could be meant on offer.
    """
    if inputs or targets:
        return [_named(found, inputs, targets)]
    by_name = list(_by_name(found))
    if by_name:
        return by_name
    possible = [
        p
        for p in _all_pairs(found)
        if _may_be_targets(p.targets) and len(p.targets.shape) < len(p.inputs.shape)
    ]
    # A name that tells half of it leaves fewer to choose from.
    told = [
        p
        for p in possible
        if ((r := role(p.inputs.name)) is None or r.inputs)
        and ((r := role(p.targets.name)) is None or not r.inputs)
    ]
    possible = [p for p in told if role(p.inputs.name) or role(p.targets.name)] or told or possible
    if len(possible) == 1:
        return possible
    raise _unclear(found, possible)


def one_of(found: Sequence[Entry], name: str, inputs: bool) -> Entry:
    """The array of a file that holds inputs, or targets, alone. Raises DataError, with what could be meant on offer."""
    may = _may_be_inputs if inputs else _may_be_targets
    called = [e for e in found if e.name == name] if name else []
    usual = [e for e in found if (r := role(e.name)) is not None and r.inputs == inputs]
    fitting = called or [e for e in usual or found if may(e)] or list(found)
    if len(fitting) == 1:
        return fitting[0]
    what = "inputs" if inputs else "targets"
    raise DataError(
        f"{clipped(found[0].path.name, 80)} holds {few([e.in_words for e in found])}; expected to know which are the {what}. Say it.",
        offers=[Offer(f"{clipped(e.name, LETTERS)}", ((what, e.name),)) for e in fitting],
    )


def _by_name(found: Sequence[Entry]) -> Iterator[Pair]:
    best: dict[tuple[bool, int | None], tuple[tuple[bool, int], Entry]] = {}
    for entry in found:
        says = role(entry.name)
        if says is None:
            continue
        # One that does not fit is taken where no other is called so: what is wrong with it can then be said.
        fits = _may_be_inputs(entry) if says.inputs else _may_be_targets(entry)
        key, rank = (says.inputs, says.part), (not fits, says.rank)
        if key not in best or rank < best[key][0]:
            best[key] = rank, entry
    for part in (None, 0, 1, 2):
        if (True, part) in best and (False, part) in best:
            yield Pair(part, best[True, part][1], best[False, part][1])


def _named(found: Sequence[Entry], inputs: str, targets: str) -> Pair:
    def called(name: str) -> Entry:
        for entry in found:
            if entry.name == name:
                return entry
        raise DataError(
            f"There is no array {clipped(name, 80)} in {found[0].path.name}; expected one of "
            f"{few([e.in_words for e in found])}. Choose one of these."
        )

    if inputs and targets:
        return Pair(None, called(inputs), called(targets))
    given = called(inputs or targets)
    others = [p for p in _all_pairs(found) if (p.inputs if inputs else p.targets) == given]
    usual = [
        p
        for p in others
        if (r := role((p.targets if inputs else p.inputs).name)) is not None and r.inputs != bool(inputs)
    ]
    if len(usual or others) == 1:
        return (usual or others)[0]
    raise _unclear(found, usual or others)


def _all_pairs(found: Sequence[Entry]) -> list[Pair]:
    return [
        Pair(None, a, b)
        for a in found
        for b in found
        if a is not b and _may_be_inputs(a) and a.shape[:1] == b.shape[:1]
    ]


def _may_be_inputs(entry: Entry) -> bool:
    return len(entry.shape) in (2, 3, 4) and entry.dtype.kind in "fiub" and 0 not in entry.shape


def _may_be_targets(entry: Entry) -> bool:
    return len(entry.shape) in (1, 2) and entry.dtype.kind in "fiubUS" and 0 not in entry.shape


def _unclear(found: Sequence[Entry], possible: Iterable[Pair]) -> DataError:
    where, held = clipped(found[0].path.name, 80), few([e.in_words for e in found])
    offers = [
        Offer(
            f"{clipped(p.inputs.name, LETTERS)} with {clipped(p.targets.name, LETTERS)}",
            (("inputs", p.inputs.name), ("targets", p.targets.name)),
        )
        for p in possible
    ]
    if offers:
        return DataError(
            f"{where} holds {held}; expected names that tell inputs from targets, such as x and y. Say which are meant.",
            offers=offers,
        )
    if len(found) == 1 and _may_be_inputs(found[0]):
        return DataError(
            f"{where} holds {held} and no targets; expected them beside it, in a file such as labels.npy. Choose the file of targets.",
            offers=[Offer("Choose the file of targets…", (("targets_file", None),))],
        )
    return DataError(
        f"{where} holds {held}, and no two of them are inputs with as many targets; expected arrays such as x and y. Save both under "
        "such names."
    )
