"""How samples are dealt out to the parts: in shares, by class, in order, in folds, groups kept together, or as the files say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.data.base import PARTS, Dataset
from engine.errors import DataError

if TYPE_CHECKING:
    from engine.data.prepare import Preparation

Array = NDArray[Any]
Index = NDArray[np.intp]

#: times that a sample of a rare class comes up at most
MOST_REPEATS = 100
#: values of ``deal``
STRATIFIED, SHUFFLED, IN_ORDER = "by class", "shuffled", "in order"
#: its multiples, taken from 0 to 1, fill that range evenly however many there are
GOLDEN = 0.6180339887498949


class Split(NamedTuple):
    """Which samples of the raw data are in which part: three arrays of positions, without overlap. Those to train with may be repeated."""

    train: Index
    validation: Index
    test: Index


def given_parts(dataset: Dataset, preparation: Preparation) -> tuple[str, ...]:
    """Which of ``PARTS`` the split takes from the files as they are; none where it is drawn.

    Files that give samples to no part to train with give no split at all: there would be nothing to learn from.
    """
    if not preparation.given_parts or dataset.parts is None:
        return ()
    there = np.bincount(dataset.parts, minlength=len(PARTS)) > 0
    if not there[0] or there.sum() < 2:
        return ()
    return tuple(name for name, is_there in zip(PARTS, there, strict=True) if is_there)


def split_in_words(dataset: Dataset, preparation: Preparation) -> str:
    """Where the split comes from, where that is not the shares alone; otherwise ""."""
    given = given_parts(dataset, preparation)
    if not given:
        return ""
    if "validation" in given:
        return f"The files say which samples are for {' and which for '.join(map(_purpose, given))}."
    rest = (
        f"{100 * preparation.validation:.3g} % of those for training are drawn to validate."
        if preparation.validation
        else "Nothing validates: its share is 0."
    )
    return f"The files say which samples are for training and which for testing. {rest}"


def _purpose(part: str) -> str:
    return {"train": "training", "validation": "validation", "test": "testing"}[part]


def split(dataset: Dataset, preparation: Preparation) -> Split:
    """Deal the samples out to the parts, each class in the given shares. See ``prepare``."""
    given = given_parts(dataset, preparation)
    if not given:
        # Rounded, because 1 − 0.7 − 0.3 is not 0 in binary, and nobody asked for a test part then.
        rest = round(1 - preparation.train - preparation.validation, 12)
        shares = np.array([preparation.train, preparation.validation, max(rest, 0.0)])
        fractions = dataset.split_fractions
        # Folds and equal rows that stay together say more than where each sample would go by itself.
        together = preparation.folds or preparation.equal_together
        if fractions is not None and len(dataset) > 1 and not together:
            return Split(*_dealt_by(fractions, shares, preparation.split_seed))
        return Split(*_dealt(dataset, np.arange(len(dataset)), shares, preparation))
    rows = [np.flatnonzero(dataset.parts == part) for part in range(len(PARTS))]
    share = 0.0 if "validation" in given else preparation.validation
    if not share:
        preparation = preparation.replace(folds=0, fold=0)
    train, validation, _ = _dealt(dataset, rows[0], np.array([1 - share, share, 0.0]), preparation)
    return Split(train, validation if share else rows[1], rows[2])


def dealt_at(fractions: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Where ``Dataset.split_fractions`` stands after the turn that a split seed gives it: from 0 to below 1; below the share that trains, it trains."""
    turned: NDArray[np.float64] = (fractions + seed * GOLDEN) % 1.0
    return turned


def _dealt_by(fractions: NDArray[np.float64], shares: NDArray[np.float64], seed: int) -> list[Index]:
    """Samples dealt out to three parts, each by its own number; at least one trains, and one validates where any should."""
    at = dealt_at(fractions, seed)
    part = np.searchsorted(np.cumsum(shares)[:2], at, side="right")
    if shares[2] == 0:
        part = np.minimum(part, 1 if shares[1] > 0 else 0)
    if not (part == 0).any():
        part[at.argmin()] = 0
    if shares[1] > 0 and not (part == 1).any():
        tests = np.flatnonzero(part == 2)
        part[tests[at[tests].argmin()] if len(tests) else at.argmax()] = 1
    return [np.flatnonzero(part == p) for p in range(3)]


def _dealt(
    dataset: Dataset, rows: Index, shares: NDArray[np.float64], preparation: Preparation
) -> list[Index]:
    """``rows`` of the samples dealt out to three parts in the given shares, as ``preparation.deal`` says, groups kept together."""
    n = len(rows)
    if n == 1 and shares[1] > 0:
        raise DataError(
            "The data set has 1 sample to train with; expected at least 2, one to train and one to validate. "
            "Add samples, or set validation to 0."
        )
    groups = _groups(dataset, rows, preparation)
    order = _order(dataset, rows, preparation)
    part = np.empty(n, np.intp)
    if groups is not None:
        part = _by_groups(groups, order, shares, preparation)
    elif preparation.folds:
        part[order] = _in_folds(_labels(dataset, rows, preparation)[order], shares, preparation)
    else:
        labels = _labels(dataset, rows, preparation)
        counts = _counts(np.bincount(labels), shares)
        # One shuffled order for all shares: moving a slider adds samples to a part without exchanging the others.
        for label, row in enumerate(counts):
            part[order[labels[order] == label]] = np.repeat(np.arange(3), row)
    dealt = [rows[order[part[order] == p]] for p in range(3)]
    if not len(dealt[0]) or (shares[1] > 0 and not len(dealt[1])):
        raise DataError(
            f"The {n:,} samples stand in too few groups to give each part some; expected at least one group to train and one to validate. "
            "Give the group column another role, or change the shares."
        )
    return dealt


def _labels(dataset: Dataset, rows: Index, preparation: Preparation) -> Index:
    """Of which kind each sample is, where each kind is to come into every part."""
    by_class = dataset.classes and preparation.deal == STRATIFIED
    labels: Index = dataset.y[rows] if by_class else np.zeros(len(rows), np.int64)
    return labels


def _order(dataset: Dataset, rows: Index, preparation: Preparation) -> Index:
    """Places in ``rows`` in the order in which they are dealt out."""
    if preparation.deal != IN_ORDER:
        return np.random.default_rng(preparation.split_seed).permutation(len(rows))
    times = dataset.encoding.times if dataset.encoding is not None else None
    return np.arange(len(rows)) if times is None else np.argsort(times[rows], kind="stable")


def _groups(dataset: Dataset, rows: Index, preparation: Preparation) -> Index | None:
    """``(rows,)``, a number for each group of samples that stay together; ``None`` where each stands alone."""
    groups = dataset.encoding.groups if dataset.encoding is not None else None
    if not preparation.equal_together:
        return None if groups is None else groups[rows]
    found: Index = np.unique(hashes(dataset.x[rows]), return_inverse=True)[1]
    if groups is None:
        return found
    # Equal rows join the groups in which they stand.
    joined = np.unique(groups[rows], return_inverse=True)[1]
    while True:
        least = np.full(found.max() + 1, len(joined))
        np.minimum.at(least, found, joined)
        fewest = np.full(joined.max() + 1, len(joined))
        np.minimum.at(fewest, joined, least[found])
        now = fewest[joined]
        if np.array_equal(now, joined):
            return now
        joined = now


def hashes(x: Array) -> NDArray[np.uint64]:
    """``(N,)``: a number for each sample, the same for equal ones, and hardly ever for others."""
    flat = np.ascontiguousarray(x.reshape(len(x), -1) + x.dtype.type(0))  # −0 is 0
    words = flat.view(np.uint32 if flat.dtype.itemsize == 4 else np.uint64)
    factors: Array = np.random.default_rng(0).integers(1, 2**63, (words.shape[1],), dtype=np.uint64)
    factors |= np.uint64(1)
    total = np.zeros(len(x), np.uint64)
    for place in range(words.shape[1]):
        factor = factors[place]
        mixed = (words[:, place].astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)) * factor
        total += mixed ^ (mixed >> np.uint64(29))
        total *= np.uint64(0xBF58476D1CE4E5B9)
    return total


def _by_groups(groups: Index, order: Index, shares: NDArray[np.float64], preparation: Preparation) -> Index:
    """The part of each sample: whole groups, in the order in which they come up, to the part that lacks most of its share."""
    kinds, first, inverse, sizes = np.unique(
        groups[order], return_index=True, return_inverse=True, return_counts=True
    )
    wanted = np.asarray(shares, np.float64)
    if preparation.folds:
        rest = 1 - wanted[2]
        wanted = np.array([*[rest / preparation.folds] * preparation.folds, wanted[2]])
    total, given = float(len(order)), np.zeros(len(wanted))
    chosen = np.zeros(len(kinds), np.intp)
    in_order = preparation.deal == IN_ORDER and not preparation.folds
    for kind in np.argsort(first, kind="stable"):
        if in_order:
            # Filled up one after another.
            behind = np.cumsum(wanted) * total
            place = int(np.searchsorted(behind, given.sum() + sizes[kind] / 2))
            place = min(place, len(wanted) - 1)
        else:
            lacks = np.where(wanted > 0, wanted * total - given, -np.inf)
            place = int(lacks.argmax())
        chosen[kind] = place
        given[place] += sizes[kind]
    if preparation.folds:
        chosen = np.where(chosen == preparation.folds, 2, np.where(chosen == preparation.fold, 1, 0))
    part = np.empty(len(order), np.intp)
    part[order] = chosen[inverse]
    return part


def _in_folds(labels: Index, shares: NDArray[np.float64], preparation: Preparation) -> Index:
    """The part of each sample, in the order in which they are dealt out; of each kind every fold has as many, give or take one."""
    test = np.array([1 - shares[2], 0.0, shares[2]])
    counts = _counts(np.bincount(labels), test)
    part = np.empty(len(labels), np.intp)
    dealt = 0
    for label, row in enumerate(counts):
        places = np.flatnonzero(labels == label)
        kept, tested = places[: row[0]], places[row[0] :]
        fold = (dealt + np.arange(len(kept))) % preparation.folds
        if preparation.deal == IN_ORDER:
            fold = np.sort(fold)
        dealt += len(kept)
        part[kept] = np.where(fold == preparation.fold, 1, 0)
        part[tested] = 2
    return part


def _counts(sizes: NDArray[np.intp], shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """How many samples of each class ``(K,)`` go to each part: ``(K, 3)``, rows adding up to ``sizes``.

    Every entry is its exact quota rounded down or up. Which parts get the odd samples is decided by what each
    is still owed over the classes so far; looking at each class alone would give them all to the same part.
    """
    quotas = np.outer(sizes, shares)
    counts = np.floor(quotas + 1e-9).astype(np.intp)  # 1e-9: a quota of 2.9999999999999996 means 3
    owed = np.zeros(3)
    for quota, count in zip(quotas, counts, strict=True):
        rest = quota - count
        owed += rest
        most_owed = np.argsort(np.where(rest > 1e-9, -owed, np.inf), kind="stable")
        up = most_owed[: round(float(rest.sum()))]
        count[up] += 1
        owed[up] -= 1
    # In a small set a part may have come off empty. The entry that was rounded up most gives it a sample, out of
    # the parts that have more than one; of two samples in all, none is left to test with.
    for p in range(3):
        sums = counts.sum(axis=0)
        if shares[p] == 0 or sums[p] > 0:
            continue
        may_give = sums > 1
        if not may_give.any():
            may_give = np.array([False, False, p < 2])
        surplus = np.where((counts > 0) & may_give, counts - quotas, -np.inf)
        label, giver = np.unravel_index(surplus.argmax(), surplus.shape)
        if surplus[label, giver] > -np.inf:
            counts[label, giver] -= 1
            counts[label, p] += 1
    return counts


def balanced(y: Array, train: Index) -> Index:
    """``train`` with rows of rarer classes again, one after another, until each class has as many as the largest, at most 100 times as
    many as it has."""
    counts = np.bincount(y[train])
    again = [train]
    for label in np.flatnonzero((counts > 0) & (counts < counts.max())).tolist():
        rows = train[y[train] == label]
        again.append(np.resize(rows, min(int(counts.max()), MOST_REPEATS * len(rows)) - len(rows)))
    return np.concatenate(again)
