"""What is unfair in the data of a table once they are dealt out: what tells the answer, stands in two parts, or hardly comes up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.core import Array
from engine.data.base import PARTS
from engine.data.dealing import IN_ORDER, hashes
from engine.data.encoding import Block, Encoding
from engine.data.prepare import Preparation, Prepared
from engine.data.roles import CATEGORY, DATE, IGNORE
from engine.errors import clipped, counted, few
from engine.problems import Problem, SetPreparation, SetRole

#: right answers, or share of the variance, by one column alone from which on it is suspect
TELLS = 0.98
#: share of the largest class from which on accuracy says little
MOSTLY = 0.9
#: samples of a class in a part below which it is rare
RARE = 5
#: rows that are looked at, bins of a number, least rows that a judgement takes
_ROWS, _BINS, _LEAST = 20_000, 64, 30
_LETTERS = 40
_PURPOSE = dict(zip(PARTS, ("to train with", "to validate with", "to test with"), strict=True))


def alarms(data: Prepared, preparation: Preparation) -> tuple[Problem, ...]:
    """Warnings about a table, a row or a column named in each; none for other data."""
    encoding = data.raw.encoding
    if encoding is None:
        return ()
    found = [
        *(_telling(data, encoding) if not preparation.reconstruct else ()),
        *_duplicates(data, encoding, preparation),
        *_groups(data, encoding),
        *_unseen(data, encoding),
        *_rare(data),
        *_times(encoding, preparation),
    ]
    return tuple(found)


def _warning(message: str, *remedies: SetPreparation | SetRole) -> Problem:
    return Problem("input", message, "warning", remedies)


# ---- a column that tells the target ----------------------------------------------------------------------------------


def _telling(data: Prepared, encoding: Encoding) -> Iterator[Problem]:
    raw = data.raw
    train = data.index.train[:_ROWS]
    judged = data.index.validation[:_ROWS] if len(data.index.validation) else train
    if len(encoding.blocks) < 2 or len(train) < _LEAST or len(judged) < 10:
        return
    what = next((about.name for about in encoding.about if about.role == "target"), "the target")
    for block in encoding.blocks:
        learnt, asked = _bins(block, raw.x, train, judged)
        if raw.classes:
            counts = np.zeros((int(max(learnt.max(), asked.max())) + 1, len(raw.classes)), np.int64)
            np.add.at(counts, (learnt, raw.y[train]), 1)
            known = counts.sum(axis=1) > 0
            right = (counts.argmax(axis=1)[asked] == raw.y[judged]) & known[asked]
            score, base = float(right.mean()), float(np.bincount(raw.y[judged]).max() / len(judged))
            suspect = score >= TELLS and score > base + 0.01
            says = f"{score:.1%} of the answers are right by it alone"
        else:
            score = max(
                _explained(learnt, asked, raw.y[train, j], raw.y[judged, j]) for j in range(raw.y.shape[1])
            )
            suspect = score >= TELLS
            says = f"it alone explains {score:.1%} of it"
        if suspect:
            name = clipped(block.name, _LETTERS)
            yield _warning(
                f"The column {name} tells {clipped(what, _LETTERS)}: {says}; expected that no column does. Unless it is known before "
                f"{clipped(what, _LETTERS)} is, leave it out.",
                SetRole(f"Leave out {name}", block.name, IGNORE),
            )


def _bins(block: Block, x: Array, train: Array, judged: Array) -> tuple[Array, Array]:
    """Of the rows to learn from and of those to be judged: whole numbers that are equal where the column is, or nearly."""
    if block.role == CATEGORY and block.codes is not None:
        return block.codes[train] + 1, block.codes[judged] + 1
    learnt, asked = x[train, block.first], x[judged, block.first]
    edges = np.unique(np.quantile(learnt, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.searchsorted(edges, learnt), np.searchsorted(edges, asked)


def _explained(learnt: Array, asked: Array, y: Array, true: Array) -> float:
    """R² of predicting the mean of a bin."""
    size = int(max(learnt.max(), asked.max())) + 1
    sums, counts = np.bincount(learnt, y, size), np.bincount(learnt, minlength=size)
    means = np.where(counts, sums / np.maximum(counts, 1), y.mean())
    spread = float(((true - true.mean()) ** 2).sum())
    return 1.0 - float(((true - means[asked]) ** 2).sum()) / spread if spread > 0 else 0.0


# ---- rows in two parts -----------------------------------------------------------------------------------------------


def _duplicates(data: Prepared, encoding: Encoding, preparation: Preparation) -> Iterator[Problem]:
    index = data.index
    others = np.concatenate([index.validation, index.test])
    if not len(others):
        return
    keys = hashes(data.raw.x)
    # Sorted, as np.unique and np.isin keep other threads waiting for as long as they take.
    learnt = np.sort(keys[index.train])
    if np.count_nonzero(learnt[1:] != learnt[:-1]) + 1 < len(learnt) / 2:
        return  # few inputs of few kinds come up again and again
    place = np.minimum(np.searchsorted(learnt, keys[others]), len(learnt) - 1)
    twice = others[learnt[place] == keys[others]]
    if not len(twice):
        return
    row = int(twice[0])
    same = int(index.train[np.flatnonzero(keys[index.train] == keys[row])[0]])
    remedies = (
        []
        if preparation.equal_together
        else [SetPreparation("Keep equal rows together", "equal_together", True)]
    )
    yield _warning(
        f"{counted(len(twice), 'row')} to validate or test with {'has' if len(twice) == 1 else 'have'} the very inputs of a row to train "
        f"with, such as {encoding.row(row)} those of {encoding.row(same)}; expected none, as they may be known by heart. Keep equal rows "
        "in one part.",
        *remedies,
    )


def _groups(data: Prepared, encoding: Encoding) -> Iterator[Problem]:
    groups, index = encoding.groups, data.index
    if groups is None:
        return
    others = np.concatenate([index.validation, index.test])
    twice = others[np.isin(groups[others], groups[index.train])]
    if len(twice):
        row = int(twice[0])
        same = int(index.train[np.flatnonzero(groups[index.train] == groups[row])[0]])
        yield _warning(
            f"Rows of one {clipped(encoding.group, _LETTERS)} stand in two parts, such as {encoding.row(row)} and {encoding.row(same)}; "
            "expected each group in one. Have the samples dealt out anew."
        )


def _times(encoding: Encoding, preparation: Preparation) -> Iterator[Problem]:
    if encoding.times is None or preparation.deal == IN_ORDER:
        return
    name = next(block.name for block in encoding.blocks if block.role == DATE)
    yield _warning(
        f"The rows have dates ({clipped(name, _LETTERS)}) and are shuffled, so what comes later helps to tell what came before; expected the "
        "latest rows to test with, where the future is to be told. Deal them out in order.",
        SetPreparation("Test on the latest", "deal", IN_ORDER),
    )


# ---- what hardly comes up --------------------------------------------------------------------------------------------


def _unseen(data: Prepared, encoding: Encoding) -> Iterator[Problem]:
    for block, kinds in encoding.unseen(data.index.train):
        rows = np.flatnonzero(np.isin(block.codes, kinds)) if block.codes is not None else np.zeros(0)
        if not len(rows):
            continue
        yield _warning(
            f"{few([block.kinds[kind] for kind in kinds], 3)} of {clipped(block.name, _LETTERS)} "
            f"{'come' if len(kinds) > 1 else 'comes'} up in no row to train with, but in {encoding.row(int(rows[0]))}; expected every kind "
            "there. The network sees 0 in all inputs of that column then: choose another split seed, or more data."
        )


def _rare(data: Prepared) -> Iterator[Problem]:
    raw, index = data.raw, data.index
    if not raw.classes:
        return
    for part, rows in zip(PARTS, index, strict=True):
        if not len(rows):
            continue
        counts = np.bincount(raw.y[rows], minlength=len(raw.classes))
        missing = [raw.classes[k] for k in np.flatnonzero(counts == 0)]
        if missing:
            yield _warning(
                f"There is no row of {few(missing, 4)} {_PURPOSE[part]}; expected some of every class. Change the shares, or find more rows."
            )
        rare = np.flatnonzero((counts > 0) & (counts < RARE))
        if len(rare) and part == "train":
            named = few([f"{raw.classes[k]} ({counts[k]})" for k in rare], 4)
            yield _warning(
                f"Hardly any rows of {named} to train with; expected {RARE} of a class at least. Find more, or leave these rows out."
            )
    counts = np.bincount(raw.y[index.train], minlength=len(raw.classes))
    share = float(counts.max() / counts.sum())
    if share >= MOSTLY:
        name = clipped(raw.classes[int(counts.argmax())], _LETTERS)
        yield _warning(
            f"{share:.1%} of the rows to train with are {name}: a network that always says so has that accuracy; expected classes of like "
            "size. Repeat rare classes, or look at the confusion matrix rather than at the accuracy.",
            SetPreparation("Repeat rare classes", "balance", True),
        )
