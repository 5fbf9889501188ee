"""NumPy's own files of arrays: pictures, or rows of numbers, with their labels or the numbers to be told."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np

from engine import progress
from engine.core import Array
from engine.data import arrays, pairing
from engine.data.arrays import Entry
from engine.data.base import Dataset, sources
from engine.data.brightness import AUTOMATIC, GROUNDS, Brightness
from engine.data.files import (
    CATEGORY,
    CLASSES,
    NUMBERS,
    Opened,
    answer_param,
    as_pixels,
    brightness_of,
    chosen,
    labelled,
    least_and_greatest,
    limit_param,
    scale_param,
    spread,
)
from engine.data.pairing import Pair
from engine.data.pixels import best_ground
from engine.data.report import Note, left_out
from engine.errors import DataError, Offer, clipped
from engine.spec import Choice, File, Name, param

#: rows of fewer numbers are no pictures
_FEWEST_PIXELS = 49
#: pictures that are looked at for the ground they can be seen on
_LOOKED_AT = 500
#: from so many classes on, whole numbers may be meant as numbers
_MANYCLASSES = 30
#: whole numbers of which more than half differ are no classes, if there are more kinds than these: of ints, of floats
_FEWEST_MANY = {False: 20, True: 2}
#: from here on floats are whole because they hold no more digits
_EXACT = 2.0**53


@sources.register("NpzFile", category=CATEGORY, label="NumPy file (.npz)")
@dataclass(frozen=True)
class NpzFile(Opened):
    """Arrays that NumPy has written, .npz or .npy: pictures, or rows of numbers, each with its label or the numbers to be told.

    Pictures may be ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` with C = 1 or 3, or ``(N, H, W, 4)`` with transparency; rows
    ``(N, features)``. Labels are whole numbers or words ``(N,)``, or one-hot ``(N, K)``; other numbers, ``(N,)`` or ``(N, outputs)``,
    are those of a regression. Arrays of several parts, such as x_train and x_test, are the given split.
    """

    path: str = param(
        File(endings=arrays.ENDINGS), default="", help="The file. Brightness of pictures is brought to 0..1."
    )
    scale: str = scale_param()
    inputs: str = param(
        Name(),
        default="",
        help="Name of the array of inputs; left empty, it is told by its name.",
        advanced=True,
    )
    targets: str = param(
        Name(),
        default="",
        help="Name of the array of targets, labels or numbers; left empty, it is told by its name.",
        advanced=True,
    )
    targets_file: str = param(
        File(endings=arrays.ENDINGS),
        default="",
        help="The file of targets, where they are in another one; left empty, the one beside the inputs whose name fits.",
        advanced=True,
    )
    answer: str = answer_param("words or whole numbers")
    ground: str = param(
        Choice((AUTOMATIC, *GROUNDS)),
        default=AUTOMATIC,
        help="What transparent pixels are laid on; automatic: that on which the fewest pictures vanish.",
        advanced=True,
    )
    limit: int = limit_param()

    def _files(self) -> list[Path]:
        path = chosen(self.path, "a file that NumPy's save or savez has written (.npy, .npz)")
        if self.targets_file:
            return [path, chosen(self.targets_file, "the file of targets")]
        return arrays.family(path)

    def _read(self) -> Dataset:
        """``x (N, C, H, W)`` in 0..1 or ``(N, features)``, float32; ``y (N,)`` or ``(N, outputs)``. Raises DataError."""
        found, pairs = self._pairs()
        for pair in pairs:
            _check(pair, pairs[0])
        raws = [_finite(arrays.read(pair.inputs), "samples", pair.inputs.path.name) for pair in pairs]
        progress.report(1, 2)
        where = pairs[0].inputs.path.name
        targets = _Targets([arrays.read(pair.targets) for pair in pairs], self.answer, where)
        x_raws = [_channels_first(raw, where) for raw in raws]
        brightness, notes = self._brightness(x_raws)
        sizes = [len(raw) for raw in raws]
        rows = spread(sum(sizes), self.limit)
        x = as_pixels(x_raws, rows, brightness.scale, brightness.shift)
        if x.ndim == 4 and x.shape[1] == 4:
            x, said = _on_ground(x, self.ground)
            notes += said
        parts = np.repeat([pair.part or 0 for pair in pairs], sizes)[rows] if len(pairs) > 1 else None
        report = (*_which(found, pairs), *notes, *targets.notes)
        if targets.numbers:
            return Dataset(x, targets.y[rows], parts=parts, report=report)
        return labelled(x, targets.y[rows], targets.names, where, parts, report)

    def _pairs(self) -> tuple[list[Entry], list[Pair]]:
        """All arrays there are, and those that are read. Raises DataError."""
        files = self._files()
        if not self.targets_file:
            found = arrays.entries(files)
            return found, pairing.pairs(found, self.inputs, self.targets)
        path, other = files
        found, others = arrays.entries([path]), arrays.entries([other])
        inputs = pairing.one_of(found, self.inputs, True)
        targets = pairing.one_of(others, self.targets, False)
        return [inputs, targets], [Pair(None, inputs, targets)]

    def _brightness(self, raws: list[Array]) -> tuple[Brightness, tuple[Note, ...]]:
        """The change of scale, and what is said of it; rows that are no pictures have none."""
        if raws[0].ndim != 2:
            return brightness_of(raws, self.scale)
        if _flat_pictures(raws):
            return brightness_of(raws, self.scale, "These rows are pictures, row by row; their brightness")
        return Brightness(0.0, 1.0), ()


def _flat_pictures(raws: list[Array]) -> bool:
    """Whether rows are pictures, pixel after pixel: many whole numbers that bytes hold, as many as a square has, or three times so many."""
    width = raws[0].shape[1]
    low, high = least_and_greatest(raws)
    square = any(width % c == 0 and isqrt(width // c) ** 2 == width // c for c in (1, 3))
    if width < _FEWEST_PIXELS or not square or low < 0 or not 1 < high <= 255:
        return False
    return all(raw.dtype.kind in "iub" or bool((raw == np.floor(raw)).all()) for raw in raws)


def _check(pair: Pair, first: Pair) -> None:
    """Raises DataError where the shapes of a pair, or of two parts, do not fit together."""
    x, y = pair.inputs, pair.targets
    where = clipped(x.path.name, 80)
    for entry in (x, y):
        if entry.dtype.hasobject:
            raise DataError(
                f"{clipped(entry.name, 80)} in {where} holds Python objects; expected an array of numbers. Save it as a plain array."
            )
    if len(x.shape) not in (2, 3, 4) or x.dtype.kind not in "fiub" or 0 in x.shape:
        raise DataError(
            f"The inputs {x.in_words} in {where} are of type {clipped(str(x.dtype), 40)}; expected numbers as (N, H, W), (N, H, W, C), "
            "(N, C, H, W) or (N, features). Save them so."
        )
    if x.shape[0] != (y.shape[0] if y.shape else 0):
        raise DataError(
            f"{where} holds {x.shape[0]:,} inputs and {y.shape[0] if y.shape else 0:,} targets; expected as many of each. "
            "Save both anew, in the same order."
        )
    if x.shape[1:] != first.inputs.shape[1:]:
        raise DataError(
            f"The inputs of two parts differ: {first.inputs.in_words} and {x.in_words}; expected samples of one shape. Save them so."
        )


def _finite(values: Array, what: str, where: str) -> Array:
    """``values``. Raises DataError where some of them are not finite."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum())
        raise DataError(
            f"{bad:,} of the {len(values):,} {what} in {where} hold NaN or infinity; expected finite numbers. Mend or drop those samples."
        )
    return values


def _which(found: list[Entry], pairs: list[Pair]) -> tuple[Note, ...]:
    """Which arrays were taken, where their names alone do not tell, and which were not read."""
    used = {entry for pair in pairs for entry in (pair.inputs, pair.targets)}
    notes: tuple[Note, ...] = ()
    untold = any(
        (r := pairing.role(e.name)) is None or r.inputs != is_x
        for p in pairs
        for e, is_x in ((p.inputs, True), (p.targets, False))
    )
    if untold:
        notes = (
            Note(
                f"{clipped(pairs[0].inputs.in_words, 80)} are the inputs, {clipped(pairs[0].targets.in_words, 80)} the targets."
            ),
        )
    return notes + left_out("array", {"not needed": [e.name for e in found if e not in used]})


# ── targets ─────────────────────────────────────────────────────────────────────────────────────────────────────


class _Targets:
    """Targets of one or several parts, as labels with names or as numbers.

    Attributes:
        y: labels ``(N,)``, or numbers ``(N,)`` or ``(N, outputs)``.
        numbers: whether they are to be predicted as numbers.
        names: of labels that were words.
        notes: what is said of them.
    """

    def __init__(self, raws: list[Array], answer: str, where: str) -> None:
        self.notes: tuple[Note, ...] = ()
        self._where = where
        self.names: dict[int, str] = {}
        self.numbers = False
        y = self._joined([self._words(raw) for raw in raws])
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.dtype.kind == "U":
            if answer == NUMBERS or y.ndim != 1:
                raise self._wrong(y, "numbers" if answer == NUMBERS else "one word for each sample")
            words, codes = np.unique(y, return_inverse=True)
            self.names = {i: str(word) for i, word in enumerate(words)}
            self.y: Array = codes
            return
        if y.ndim not in (1, 2) or y.dtype.kind not in "fiub" or y.size == 0:
            raise self._wrong(y, "numbers or words, one for each sample, or a row of numbers for each")
        y = _finite(y, "targets", where)
        if answer != NUMBERS and y.ndim == 2 and _one_hot(y):
            y = y.argmax(axis=1)
        whole = y.dtype.kind in "iub" or bool(((y == np.floor(y)) & (abs(y) < _EXACT)).all())
        self._decide(y, answer, whole)

    def _decide(self, y: Array, answer: str, whole: bool) -> None:
        """Classes or numbers, and a note where both may be meant."""
        kinds = len(np.unique(y)) if y.ndim == 1 else 0
        fewest = _FEWEST_MANY[y.dtype.kind == "f"]
        classes = whole and y.ndim == 1 and not (kinds > fewest and kinds > len(y) / 2)
        if answer == CLASSES and (not whole or y.ndim != 1):
            raise self._wrong(y, "whole numbers or words, one for each sample, to be classes")
        self.numbers = answer == NUMBERS or (answer == "auto" and not classes)
        self.y = y.astype(np.float64) if self.numbers else y.astype(np.int64)
        if self.numbers and whole and y.ndim == 1 and kinds < len(y):
            words = f"The targets are predicted as numbers, of which {kinds:,} differ."
            self.notes = (Note(words, (Offer("Take them for classes", (("answer", CLASSES),)),)),)
        elif not self.numbers and kinds > _MANYCLASSES:
            words = f"The targets are taken for {kinds:,} classes."
            self.notes = (Note(words, (Offer("Predict them as numbers", (("answer", NUMBERS),)),)),)
        elif self.numbers:
            count = 1 if y.ndim == 1 else y.shape[1]
            self.notes = (
                Note(
                    f"The targets are {'numbers' if count == 1 else f'{count:,} numbers each'}: a regression."
                ),
            )

    def _words(self, y: Array) -> Array:
        """Words that were written as bytes, decoded."""
        if y.dtype.kind != "S":
            return y
        try:
            return np.char.decode(y, "utf-8")
        except UnicodeDecodeError:
            self.notes += (Note("The names of the classes are no UTF-8: they are read as Latin-1."),)
            return np.char.decode(y, "latin-1")

    def _joined(self, ys: list[Array]) -> Array:
        kinds = {"words" if y.dtype.kind == "U" else "numbers" for y in ys}
        shapes = {y.shape[1:] for y in ys}
        if len(kinds) > 1 or len(shapes) > 1:
            raise DataError(
                f"The targets of two parts in {self._where} differ in shape or type; expected them alike. Save them so."
            )
        return ys[0] if len(ys) == 1 else np.concatenate(ys)

    def _wrong(self, y: Array, expected: str) -> DataError:
        return DataError(
            f"The targets in {self._where} have shape {clipped(str(y.shape), 40)} and type {clipped(str(y.dtype), 40)}; expected "
            f"{expected}. Save them so, or choose others."
        )


def _one_hot(y: Array) -> bool:
    top = y.max()
    return (
        y.shape[1] > 1
        and top > 0
        and bool((((y == top).sum(axis=1) == 1) & ((y != 0).sum(axis=1) == 1)).all())
    )


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────


def _channels_first(x: Array, where: str) -> Array:
    """A view ``(N, C, H, W)`` of pictures stored in one of the usual ways; rows as they are."""
    if x.ndim == 2:
        return x
    if x.ndim == 3:
        return x[:, np.newaxis]
    if x.shape[1] in (1, 3):
        return x
    if x.shape[3] in (1, 3, 4):
        return np.moveaxis(x, -1, 1)
    raise DataError(
        f"The pictures in {where} have shape {x.shape}; expected 1 channel (grey), 3 (colour) or 4 (with transparency), first or "
        "last. Save them so."
    )


def _on_ground(x: Array, ground: str) -> tuple[Array, tuple[Note, ...]]:
    """Pictures ``(N, 4, H, W)`` in 0..1 laid on their ground: ``(N, 3, H, W)``, and a note where anything is transparent."""
    alpha = x[:, 3:]
    if float(alpha.min()) >= 1:
        return x[:, :3], ()
    ground = best_ground(_seen(x)) if ground == AUTOMATIC else ground
    laid = x[:, :3] * alpha
    laid += np.float32(GROUNDS[ground]) * (1 - alpha)
    offers = tuple(Offer(f"Lay them on {name}", (("ground", name),)) for name in GROUNDS if name != ground)
    return laid, (Note(f"Transparent pixels are laid on {ground}.", offers),)


def _seen(x: Array) -> list[tuple[float, ...]]:
    """Of some pictures ``(N, 4, H, W)`` in 0..1: how much what is drawn differs from each of GROUNDS, on average."""
    some = x[spread(len(x), _LOOKED_AT)]
    shade, alpha = some[:, :3].mean(axis=1), some[:, 3]
    drawn = alpha.sum(axis=(1, 2))
    differ = np.stack([(alpha * abs(shade - ground)).sum(axis=(1, 2)) for ground in GROUNDS.values()], axis=1)
    return [tuple(row) for row in differ[drawn > 0] / drawn[drawn > 0, np.newaxis]]
