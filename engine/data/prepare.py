"""From raw samples to what a network is fed: split, extra features, normalization.

What a normalization needs to know is measured on the training part alone: measured on all samples, it would
let the validation and test parts leak into training.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.data.base import PARTS, Dataset
from engine.errors import DataError, ShapeError, SpecError
from engine.spec import Bool, Choice, Flags, Float, Int, Spec, param

Array = NDArray[Any]
Index = NDArray[np.intp]

_EXTRA: dict[str, Callable[[Array, Array], Array]] = {
    "x1²": lambda a, b: a * a,
    "x2²": lambda a, b: b * b,
    "x1·x2": lambda a, b: a * b,
    "sin x1": lambda a, b: np.sin(a),
    "sin x2": lambda a, b: np.sin(b),
}


#: times that a sample of a rare class comes up at most
MOST_REPEATS = 100
#: values of ``deal``
STRATIFIED, SHUFFLED, IN_ORDER = "by class", "shuffled", "in order"
#: samples that are measured at once
_BLOCK = 1024
#: its multiples, taken from 0 to 1, fill that range evenly however many there are
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Preparation(Spec):
    """How samples are split, enriched and normalized before a network sees them."""

    key: ClassVar[str] = "Preparation"
    label: ClassVar[str] = "Preparation"

    given_parts: bool = param(
        Bool(),
        default=True,
        label="split as the files do",
        help="Keep the parts to train, validate and test with that the files give; otherwise all samples are dealt out anew.",
    )
    train: float = param(
        Float(0.1, 1.0),
        default=0.6,
        help="Share of the samples that the network learns from.",
    )
    validation: float = param(
        Float(0.0, 0.9),
        default=0.2,
        help="Share that watches over training; what is left is the test part, kept for the very end.",
    )
    # "none", because on the 2-D sets the numbers in the net are then those on the axes, as in TensorFlow
    # Playground, and SGD was measured to learn the spiral sooner so. Tables recommend "standardize".
    normalize: str = param(
        Choice(("none", "standardize", "min-max")),
        default="none",
        help="Bring each input to mean 0 and standard deviation 1, or to 0..1, as measured in training data.",
    )
    target: str = param(
        Choice(("none", "standardize")),
        default="none",
        help="Bring the targets of a regression to mean 0 and standard deviation 1.",
    )
    reconstruct: bool = param(
        Bool(),
        default=False,
        label="reconstruct the input",
        help="Learn to give back the input itself, a picture from a picture: an autoencoder. What the data ask besides is left aside.",
    )
    input_noise: float = param(
        Float(0.0, 2.0),
        default=0.0,
        label="noise on the inputs",
        help="Standard deviation of noise added to what the network reads, the same in every epoch; targets stay clean. With "
        "reconstruct, it learns to take noise away.",
    )
    extra_features: tuple[str, ...] = param(
        Flags(tuple(_EXTRA)),
        default=(),
        help="Further inputs computed from x1 and x2; for data with exactly two inputs.",
    )
    deal: str = param(
        Choice((STRATIFIED, SHUFFLED, IN_ORDER)),
        default=STRATIFIED,
        label="deal out",
        help="How samples come into parts: each class in the same shares, or just shuffled, or in order: the last ones test, as later days "
        "do. Rows of one group stay together in any case.",
    )
    balance: bool = param(
        Bool(),
        default=False,
        label="repeat rare classes",
        help="Repeat training samples of rarer classes until each class has about as many: the loss then counts all classes alike.",
    )
    equal_together: bool = param(
        Bool(),
        default=False,
        label="equal rows together",
        help="Put samples with the same inputs into one part, so that nothing is tested on what was learnt by heart.",
        advanced=True,
    )
    folds: int = param(
        Int(0, 100),
        default=0,
        help="Cut what does not test into so many folds, of which one validates; 0 takes the shares above instead.",
        advanced=True,
    )
    fold: int = param(
        Int(0, 99),
        default=0,
        help="Which of the folds validates, from 0.",
        advanced=True,
    )
    split_seed: int = param(
        Int(0, 2**31 - 1),
        default=0,
        help="Another seed deals the samples out to the parts differently.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.train + self.validation > 1 + 1e-9:  # shares come out of arithmetic, such as a slider's
            raise SpecError(
                f"Preparation: train {self.train:g} and validation {self.validation:g} are "
                f"{self.train + self.validation:g} together; expected at most 1. Lower one of them."
            )
        if self.folds == 1 or (self.folds and self.fold >= self.folds):
            raise SpecError(
                f"Preparation: fold {self.fold} of {self.folds}; expected at least 2 folds, and a fold below that. Correct it."
            )


class Split(NamedTuple):
    """Which samples of the raw data are in which part: three arrays of positions, without overlap. Those to train with may be repeated."""

    train: Index
    validation: Index
    test: Index


@dataclass(frozen=True, eq=False)
class Scaling:
    """The change of scale ``(x − shift) / scale``: one of each per column or image channel.

    Args:
        kind: "none", "standardize" or "min-max".
        shift, scale: float64, ``(features,)`` or ``(C, 1, 1)``.
    """

    kind: str
    shift: Array
    scale: Array

    @classmethod
    def fit(cls, kind: str, x: Array) -> Scaling:
        """Measure ``x``, ``(N, features)`` or ``(N, C, H, W)``, at least one sample.

        A constant column becomes 0. Raises DataError for a column of numbers too large to be measured.
        """
        axes = (0,) if x.ndim == 2 else (0, 2, 3)
        low, high = (
            edge.astype(np.float64) for edge in (x.min(axes, keepdims=True)[0], x.max(axes, keepdims=True)[0])
        )
        if kind == "none":
            return cls(kind, np.zeros_like(low), np.ones_like(low))
        with np.errstate(over="ignore", invalid="ignore"):
            if kind == "min-max":
                shift, scale = low, high - low
            else:
                shift = x.mean(axes, np.float64, keepdims=True)[0]
                scale = _deviation(x, axes, shift)
        alike = (low == high) & np.isfinite(low)
        measured = alike | (np.isfinite(shift) & np.isfinite(scale))
        if not measured.all():
            column = int(measured.argmin())
            raise DataError(
                f"Column {column} (from 0) reaches from {low.flat[column]:g} to {high.flat[column]:g}; "
                f"expected numbers that can be squared, below about 1e150. Rescale it or do not normalize."
            )
        # scale == 0 alone would not do: rounding leaves a column of 0.1s a deviation of 1e-17. Nor would
        # low == high: the deviation of very small numbers can underflow.
        constant = alike | (scale == 0)
        return cls(kind, np.where(constant, low, shift), np.where(constant, 1.0, scale))

    def __call__(self, x: Array) -> Array:
        """``x`` rescaled; its own array and type when there is nothing to do."""
        if self.kind == "none":
            return x
        with np.errstate(over="ignore"):  # Dataset reports what is not finite, in words
            out: Array = x - self.shift.astype(x.dtype)  # in x's own type: pictures are many numbers
            out /= self.scale.astype(x.dtype)
            return out

    def inverse(self, z: Array) -> Array:
        """What was rescaled to ``z``."""
        if self.kind == "none":
            return z
        with np.errstate(over="ignore"):
            return (z * self.scale + self.shift).astype(z.dtype, copy=False)


def _deviation(x: Array, axes: tuple[int, ...], mean: Array) -> Array:
    """Standard deviation over ``axes``, in float64, without a float64 copy of ``x`` where it is large."""
    if x.dtype == np.float64:
        return np.asarray(x.std(axes, keepdims=True)[0])
    squares = np.zeros_like(mean)
    for start in range(0, len(x), _BLOCK):
        squares += ((x[start : start + _BLOCK] - mean) ** 2).sum(axes, keepdims=True)[0]
    return np.asarray(np.sqrt(squares * mean.size / x.size))


@dataclass(frozen=True, eq=False)
class Transform:
    """What turns raw samples into network input, and network output back into the data's own units.

    Args:
        in_shape: shape of one raw sample.
        extra_features: which columns are appended, before rescaling.
        inputs: rescales the columns or channels.
        targets: rescales the targets of a regression; ``None`` for classes.
    """

    in_shape: tuple[int, ...]
    extra_features: tuple[str, ...]
    inputs: Scaling
    targets: Scaling | None

    def __call__(self, x: Array) -> Array:
        """Network input for raw samples ``x``, ``(N, *in_shape)``. Raises ShapeError for other shapes."""
        x = np.asarray(x)
        if x.shape[1:] != self.in_shape or x.ndim == 0:
            expected = ", ".join(map(str, self.in_shape))
            raise ShapeError(
                f"The samples to transform have shape {x.shape}; expected (N, {expected}) like the raw data. "
                "Pass raw samples, one per row."
            )
        return self.inputs(add_features(x, self.extra_features))

    def target(self, y: Array) -> Array:
        """Targets ``(N, outputs)`` as the network learns them; labels unchanged."""
        return y if self.targets is None else self.targets(y)

    def inverse_target(self, y: Array) -> Array:
        """Network outputs ``(N, outputs)`` in the units of the data; labels unchanged."""
        return y if self.targets is None else self.targets.inverse(y)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data ready for training.

    Attributes:
        made: the samples as their source made them.
        raw: the samples with what is asked of them, before they are rescaled; views draw these. Mostly ``made`` itself.
        index: where the samples of each part stand in ``raw``.
        train, validation, test: the parts as the network sees them, in the order of ``index``; the latter two
            ``None`` when empty.
        transform: the same preparation for any other raw samples, such as the points of a grid.
    """

    made: Dataset
    raw: Dataset
    index: Split
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    transform: Transform

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one sample of network input: ``(features,)`` or ``(C, H, W)``."""
        return self.train.in_shape

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the network's inputs; empty for images."""
        return self.train.features


def prepare(dataset: Dataset, preparation: Preparation) -> Prepared:
    """Split ``dataset``, add features, and normalize with statistics of the training part alone.

    Classes keep their shares in every part (±1 sample, unless there are fewer than ten). A part is empty only
    when its share is 0; the test part also when there are fewer samples than parts.

    Parts that the files give stay as they are, while ``preparation.given_parts``: then only what is missing is drawn. Where they give
    samples to train and to test with, ``preparation.validation`` is the share of the former that validates; where they give samples to
    validate with, but none to test with, nothing tests.

    Raises DataError for a single sample that should both train and validate, and when numbers overflow.
    """
    index = split(dataset, preparation)
    made, dataset = dataset, dataset.fitted(index.train)
    if preparation.reconstruct:
        dataset = reconstruction(dataset)
    extra = preparation.extra_features if dataset.in_shape == (2,) else ()
    regression = dataset.task == "regression"
    transform = Transform(
        dataset.in_shape,
        extra,
        Scaling.fit(preparation.normalize, add_features(dataset.x[index.train], extra)),
        Scaling.fit(preparation.target, dataset.y[index.train]) if regression else None,
    )
    if (
        preparation.balance and dataset.classes
    ):  # after all that is measured: what is repeated says nothing new
        index = index._replace(train=_balanced(dataset.y, index.train))
    names = (*dataset.features, *(_extra_name(e, dataset.features) for e in extra))

    def part(number: int) -> Dataset:
        rows = index[number]
        x, y = transform(dataset.x[rows]), transform.target(dataset.y[rows])
        if preparation.input_noise:
            rng = np.random.default_rng([preparation.split_seed, number])
            x = x + np.asarray(preparation.input_noise * rng.standard_normal(x.shape, np.float32), x.dtype)
        return Dataset(x, y, dataset.classes, names, dataset.targets, dataset.target_shape)

    validation, test = (part(number) if len(index[number]) else None for number in (1, 2))
    return Prepared(made, dataset, index, part(0), validation, test, transform)


def reconstruction(dataset: Dataset) -> Dataset:
    """The same samples, with each one's input as its target: a regression, of a picture to a picture."""
    return replace(dataset, y=dataset.x, classes=(), targets=dataset.features, target_shape=dataset.in_shape)


def _balanced(y: Array, train: Index) -> Index:
    """``train`` with rows of rarer classes again, one after another, until each class has as many as the largest, at most 100 times as
    many as it has."""
    counts = np.bincount(y[train])
    again = [train]
    for label in np.flatnonzero((counts > 0) & (counts < counts.max())).tolist():
        rows = train[y[train] == label]
        again.append(np.resize(rows, min(int(counts.max()), MOST_REPEATS * len(rows)) - len(rows)))
    return np.concatenate(again)


def add_features(x: Array, extra: tuple[str, ...]) -> Array:
    """``x`` ``(N, 2)`` with one column more for each of ``extra``; ``x`` itself when there are none."""
    if not extra:
        return x
    a, b = x[:, 0], x[:, 1]
    with np.errstate(over="ignore"):  # Scaling and Dataset report what is not finite, in words
        return np.column_stack((x, *(_EXTRA[name](a, b) for name in extra)))


def _extra_name(extra: str, features: tuple[str, ...]) -> str:
    """The extra's name with the columns' own names in it: "sin x1" → "sin width"."""
    return re.sub("x([12])", lambda match: features[int(match[1]) - 1], extra)


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
        if (
            fractions is not None
            and len(dataset) > 1
            and not (preparation.folds or preparation.equal_together)
        ):
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
