"""Points that a person has made: painted onto the plane or along a curve, or typed number by number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.base import Dataset, Source, sources
from engine.data.dealing import GOLDEN, dealt_at
from engine.data.numbers import Floats, Names, Numbers, Table
from engine.data.prepare import Prepared
from engine.errors import DataError, SpecError, counted
from engine.spec import Bool, Choice, Float, Int, Name, param

Shape = Literal["classes", "heights", "curve"]

#: points of a painting, at most: more than a window draws, and few enough to be saved and trained while one paints
MOST_POINTS = 20_000
#: classes that have a colour and a shape of their own
MOST_CLASSES = 8
#: digits that count of a painted number: a pixel is a thousandth of the picture
DIGITS = 6

#: columns of ``Painted.points``: where a point lies in its picture, what it is there, and by which number it is dealt out
ACROSS, UP, VALUE, DEAL = range(4)

#: two points of each of two classes, to begin with
_FIRST = ((-2.0, -2.0, 0, 0.1), (2.0, 2.0, 1, 0.1), (-2.0, -1.0, 0, 0.7), (2.0, 1.0, 1, 0.7))


@sources.register("Painted", category="Own data", label="Painted points")
@dataclass(frozen=True)
class Painted(Source):
    """Points that you paint yourself, with the brush in the Output panel: several classes, heights over the plane, or a curve."""

    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}

    points: Numbers = param(
        Table(4),
        default=Numbers(_FIRST),
        help="Each point: where it lies, its class or height, and the number by which it is dealt out to the parts.",
        entered=False,
    )
    shape: str = param(
        Choice(("classes", "heights", "curve")),
        default="classes",
        help="What the points are: members of classes, heights over the plane, or places on a curve.",
        entered=False,
    )
    classes: tuple[str, ...] = param(
        Names(most=MOST_CLASSES), default=("0", "1"), help="The names of the classes.", entered=False
    )
    features: tuple[str, ...] = param(
        Names(least=1, most=2), default=("x1", "x2"), help="The names of the inputs.", entered=False
    )
    low: float = param(Float(), default=-6.0, help="Where the axes of the picture begin.", entered=False)
    high: float = param(Float(), default=6.0, help="Where the axes of the picture end.", entered=False)
    origin: str = param(
        Name(),
        default="",
        help="Which set was there before the first stroke.",
        entered=False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        table = self.points.array
        if len(table) > MOST_POINTS:
            raise SpecError(
                f"Painted: there are {counted(len(table), 'point')}; expected at most {MOST_POINTS:,}. Take some away."
            )
        if table.shape[1] != 4:
            raise SpecError(
                f"Painted: points have {table.shape[1]} numbers each; expected 4. Correct the file."
            )
        if self.low >= self.high:
            raise SpecError(
                f"Painted: the axes reach from {self.low:g} to {self.high:g}; expected that they end above their beginning. "
                "Correct the file."
            )
        if len(self.features) != (1 if self.shape == "curve" else 2) or bool(self.classes) != (
            self.shape == "classes"
        ):
            raise SpecError(
                f"Painted: {self.shape} are given with the inputs {', '.join(self.features)} and "
                f"{len(self.classes)} classes; expected two inputs, for a curve one, and classes only where the "
                "points belong to some. Correct the file."
            )
        labels, deal = table[:, VALUE], table[:, DEAL]
        known = np.isin(labels, np.arange(len(self.classes))) if self.classes else np.True_
        if len(table) and not (np.all(known) and deal.min() >= 0 and deal.max() < 1):
            raise SpecError(
                "Painted: a point is of no class that there is, or is dealt out by a number outside of 0 to 1. Correct the file."
            )

    def make(self) -> Dataset:
        """``x (points, 1 or 2)``, ``y (points,)`` labels or ``(points, 1)``. Raises DataError while there are fewer than two points."""
        table = self.points.array
        if len(table) < 2:
            raise DataError(
                f"There {'is 1 point' if len(table) else 'are no points'} yet; expected at least 2, one to train and one to validate. "
                "Press Paint in the Output panel, and paint some."
            )
        axes, deal = (self.low, self.high), table[:, DEAL]
        if self.shape == "curve":
            return Dataset(
                table[:, :1], table[:, UP:VALUE], (), self.features, ("y",), split_fractions=deal, axes=axes
            )
        x, value = table[:, :VALUE], table[:, VALUE]
        y = value.astype(np.int64) if self.classes else value[:, None]
        return Dataset(x, y, self.classes, self.features, split_fractions=deal, axes=axes)

    def goes_on_from(self, before: Source) -> bool:
        if isinstance(before, Painted):
            return self.shape == before.shape and len(self.classes) == len(before.classes)
        return bool(self.origin) and _mark_of(before) == self.origin

    def with_points(self, table: NDArray[Any]) -> Painted:
        """Other points ``(n, 4)``, rounded as painted ones are."""
        return self.replace(points=Numbers(_rounded(table)))

    def without_class(self, label: int) -> Painted:
        """Without a class and its points; the ones after it move up."""
        table = self.points.array[self.points.array[:, VALUE] != label].copy()
        table[table[:, VALUE] > label, VALUE] -= 1
        left = tuple(name for number, name in enumerate(self.classes) if number != label)
        return self.replace(points=Numbers(table.reshape(-1, 4)), classes=left)

    def renamed(self, label: int, name: str) -> Painted:
        """With another name for a class. Raises SpecError where another one has it."""
        names = (name if number == label else old for number, old in enumerate(self.classes))
        return self.replace(classes=tuple(names))

    def added(self, places: Floats, value: float) -> Painted:
        """With points at ``places (n, 2)`` of one class or height, as far as there is room for them.

        The parts get their shares of them whatever their number: they are dealt out evenly, class by class.
        """
        table = self.points.array
        places = places[: max(0, MOST_POINTS - len(table))]
        of_it = int((table[:, VALUE] == value).sum()) if self.classes else len(table)
        deal = (0.5 * (value if self.classes else 0) + (of_it + np.arange(len(places)) + 1) * GOLDEN) % 1.0
        fresh = np.column_stack((places, np.full(len(places), value), deal))
        return self.with_points(np.concatenate((table, fresh)))


def _rounded(table: NDArray[Any]) -> Floats:
    """``(n, 4)`` points with no more digits than count: they are kept as text."""
    table = np.array(table, np.float64).reshape(-1, 4)
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(table)))
    scale = 10.0 ** np.clip(DIGITS - 1 - np.where(np.isfinite(size), size, 0.0), -300, 300)
    rounded: Floats = (table * scale).round() / scale
    rounded[:, DEAL] = np.where(rounded[:, DEAL] < 1, rounded[:, DEAL], 0.0)
    return rounded


def _mark_of(source: Source) -> str:
    """What tells a source, with all its settings, from others."""
    return blake2b(json.dumps(source.to_dict(), sort_keys=True).encode(), digest_size=12).hexdigest()


def paintable(data: Dataset) -> bool:
    """Whether samples can become painted points: two inputs and a class or a number each, or one input and a number."""
    if len(data) > MOST_POINTS or len(data.classes) > MOST_CLASSES:
        return False
    one_number = bool(data.classes) or data.y.shape[1] == 1
    return (data.in_shape == (2,) and one_number) or (
        data.in_shape == (1,) and one_number and not data.classes
    )


def as_painted(source: Source, data: Prepared, axes: tuple[float, float], seed: int = 0) -> Painted:
    """The samples of ``source`` as painted points, each in the part that it is in now.

    Args:
        source, data: what is there, ``paintable``.
        axes: the range that its pictures show.
        seed: the split seed of the preparation.
    """
    raw, count = data.raw, len(data.raw)
    deal = np.zeros(count)
    sizes = np.array([len(rows) for rows in data.index], float)
    start = np.concatenate(([0.0], np.cumsum(sizes)[:-1])) / count
    for rows, begin, size in zip(data.index, start, sizes, strict=True):
        deal[rows] = begin + (np.arange(len(rows)) + 0.5) / max(size, 1) * size / count
    deal = (deal - dealt_at(np.zeros(1), seed)[0]) % 1.0
    if raw.in_shape == (1,):
        table = np.column_stack((raw.x[:, 0], raw.y[:, 0], np.zeros(count), deal))
        shape = "curve"
    else:
        shape = "classes" if raw.classes else "heights"
        table = np.column_stack((raw.x, raw.y.reshape(count, -1)[:, 0], deal))
    low, high = (float(f"{end:.{DIGITS}g}") for end in axes)
    names = tuple(name[:40] for name in raw.features)
    features = names if len(set(names)) == len(names) else ("x1", "x2")[: len(names)]
    return Painted(Numbers(_rounded(table)), shape, raw.classes, features, low, high, _mark_of(source))


@sources.register("Typed", category="Own data", label="Typed numbers")
@dataclass(frozen=True)
class Typed(Source):
    """Rows of numbers that you type yourself, inputs and targets, as an exercise gives them; all of them train."""

    recommended: ClassVar[Mapping[str, Any]] = {
        "normalize": "none", "target": "none", "train": 1.0, "validation": 0.0, "extra_features": ()
    }  # fmt: skip

    rows: Numbers = param(
        Table(2),
        default=Numbers(((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))),
        help="The numbers of each row: its inputs, then its targets.",
        entered=False,
    )
    inputs: int = param(
        Int(1, 99), default=2, help="How many of the numbers of a row are inputs.", entered=False
    )
    as_classes: bool = param(
        Bool(),
        default=False,
        help="Whether the target is a class, counted from 0, in place of a number.",
        label="target is a class",
        entered=False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        width, targets = self.rows.array.shape[1], self.rows.array.shape[1] - self.inputs
        if targets < 1:
            raise SpecError(
                f"Typed: rows have {counted(width, 'number')}, {self.inputs} of them inputs; expected one target at least. "
                "Add a column."
            )
        y = self.rows.array[:, self.inputs :]
        if self.as_classes and (
            targets > 1 or (y != y.round()).any() or y.min(initial=0) < 0 or y.max(initial=0) >= 100
        ):
            raise SpecError(
                "Typed: targets are to be classes; expected one target, a whole number from 0 to 99 in each row. "
                "Correct the targets, or take them for numbers."
            )

    def make(self) -> Dataset:
        """``x (rows, inputs)``, ``y (rows,)`` labels or ``(rows, targets)``. Raises DataError where there are no rows."""
        table = self.rows.array
        if not len(table):
            raise DataError("No row has been typed yet; expected at least 1. Type inputs and targets.")
        x, y = table[:, : self.inputs], table[:, self.inputs :]
        return Dataset(x, y[:, 0].astype(np.int64) if self.as_classes else y)

    def goes_on_from(self, before: Source) -> bool:
        return (
            isinstance(before, Typed)
            and (self.inputs, self.as_classes) == (before.inputs, before.as_classes)
            and self.rows.array.shape[1] == before.rows.array.shape[1]
            and not self.as_classes
        )
