"""Pictures that a person draws or pastes, a class at a time; the project holds them."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.core import Array
from engine.data.base import Dataset, Source, sources
from engine.data.dealing import GOLDEN
from engine.data.numbers import Names
from engine.errors import DataError, SpecError, counted
from engine.spec import Bool, Int, Name, param

#: pictures of a set, classes, and bytes of all of them, at most: few enough to be saved and trained with while one draws
MOST_PICTURES, MOST_CLASSES, MOST_BYTES = 5000, 9, 16_000_000
Bytes = NDArray[np.uint8]


def packed(labels: Array, pixels: Array) -> str:
    """Labels ``(n,)`` and pixels ``(n, C, H, W)`` of 0 to 255 as text: a byte each, packed by zlib, in base 64."""
    rows = np.column_stack((labels.astype(np.uint8), pixels.reshape(len(labels), -1).astype(np.uint8)))
    return base64.b64encode(zlib.compress(rows.tobytes(), 6)).decode("ascii") if len(rows) else ""


def unpacked(text: str, numbers: int) -> tuple[Bytes, Bytes]:
    """Labels ``(n,)`` and pixels ``(n, numbers)``. Raises SpecError where ``text`` is nothing that ``packed`` made, or too much."""
    if not text:
        return np.zeros(0, np.uint8), np.zeros((0, numbers), np.uint8)
    most = min(MOST_BYTES, MOST_PICTURES * (numbers + 1))
    expected = f"expected whole pictures of {counted(numbers, 'byte')}, at most {most // (numbers + 1):,}. Correct the file."
    try:
        if len(text) > 2 * MOST_BYTES:
            raise ValueError
        reader = zlib.decompressobj()
        held = reader.decompress(base64.b64decode(text, validate=True), most + 1)
        if len(held) > most or not reader.eof or len(held) % (numbers + 1):
            raise ValueError
    except (ValueError, binascii.Error, zlib.error):
        raise SpecError(f"PictureSet: its pictures cannot be read; {expected}") from None
    rows = np.frombuffer(held, np.uint8).reshape(-1, numbers + 1)
    return rows[:, 0], rows[:, 1:]


def _first() -> str:
    """A ring and a stroke, two of each, to begin with."""
    across, up = np.meshgrid(np.arange(16) - 7.5, np.arange(16) - 7.5)
    away = np.hypot(across, up)
    rings = [np.clip(2 - abs(away - radius), 0, 1) for radius in (5.0, 6.0)]
    strokes = [np.clip(2 - abs(across + slant * up), 0, 1) * (abs(up) < 6.5) for slant in (0.0, 0.2)]
    return packed(np.array([0, 0, 1, 1]), 255 * np.stack([*rings, *strokes])[:, None])


@sources.register("PictureSet", category="Own data", label="Drawn pictures")
@dataclass(frozen=True)
class PictureSet(Source):
    """Pictures that you draw on a pad, or paste, a few of each class; the project holds them."""

    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}

    pictures: str = param(
        Name(),
        default=_first(),
        help="The pictures, packed: of each its class and its pixels.",
        entered=False,
    )
    size: int = param(
        Int(8, 64), default=16, help="Height and width of each picture.", unit="px", entered=False
    )
    colour: bool = param(
        Bool(), default=False, help="Three channels, red, green and blue; otherwise one.", entered=False
    )
    classes: tuple[str, ...] = param(
        Names(least=2, most=MOST_CLASSES), default=("A", "B"), help="The names of the classes.", entered=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        labels, _ = self._held
        if labels.max(initial=0) >= len(self.classes):
            raise SpecError(
                f"PictureSet: a picture is of class {int(labels.max())} (from 0); expected one of {len(self.classes)}. Correct the file."
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of each picture, ``(C, H, W)``."""
        return 3 if self.colour else 1, self.size, self.size

    @cached_property
    def _held(self) -> tuple[Bytes, Bytes]:
        return unpacked(self.pictures, int(np.prod(self.shape)))

    @property
    def labels(self) -> Bytes:
        """``(n,)``, the class of each picture, counted from 0."""
        return self._held[0]

    @property
    def pixels(self) -> Bytes:
        """``(n, C, H, W)``, from 0 to 255."""
        return self._held[1].reshape(-1, *self.shape)

    def make(self) -> Dataset:
        """``x (n, C, H, W)`` in 0..1, float32; ``y (n,)`` labels. Raises DataError while there are fewer than two pictures."""
        labels, count = self.labels, len(self.labels)
        if count < 2:
            raise DataError(
                f"There {'is 1 picture' if count else 'are no pictures'} yet; expected at least 2, one to train and one to validate. "
                "Draw some in the Data panel."
            )
        # Each keeps its part when others come: they are dealt out evenly, class by class, in the order in which they were drawn.
        turn = np.zeros(count)
        for label in range(len(self.classes)):
            own = labels == label
            turn[own] = (0.5 * label + (np.arange(own.sum()) + 1) * GOLDEN) % 1.0
        x = self.pixels.astype(np.float32) / np.float32(255)
        return Dataset(x, labels.astype(np.int64), self.classes, split_fractions=turn)

    def goes_on_from(self, before: Source) -> bool:
        return (
            isinstance(before, PictureSet)
            and self.shape == before.shape
            and len(self.classes) == len(before.classes)
        )

    # ── other pictures ────────────────────────────────────────────────────────────────────────────────────────────────

    def _with(self, labels: Array, pixels: Array, **changes: Any) -> PictureSet:
        return self.replace(pictures=packed(labels, pixels), **changes)

    def added(self, picture: Array, label: int) -> PictureSet:
        """With one picture more, ``(C, H, W)`` in 0..1. Raises DataError where there are too many."""
        if len(self.labels) >= MOST_PICTURES or (len(self.labels) + 1) * (picture.size + 1) > MOST_BYTES:
            raise DataError(
                f"There are {len(self.labels):,} pictures; expected no more to be drawn. Take some away first."
            )
        pixels = np.clip(np.rint(np.asarray(picture, np.float64) * 255), 0, 255)[None]
        return self._with(np.append(self.labels, label), np.concatenate((self.pixels, pixels)))

    def without(self, number: int) -> PictureSet:
        """Without picture ``number``."""
        return self._with(np.delete(self.labels, number), np.delete(self.pixels, number, axis=0))

    def without_class(self, label: int) -> PictureSet:
        """Without a class and its pictures; the ones after it move up."""
        kept = self.labels != label
        labels = self.labels[kept].astype(int)
        names = tuple(name for number, name in enumerate(self.classes) if number != label)
        return self._with(labels - (labels > label), self.pixels[kept], classes=names)

    def renamed(self, label: int, name: str) -> PictureSet:
        """With another name for a class. Raises SpecError where another one has it."""
        return self.replace(
            classes=tuple(name if number == label else old for number, old in enumerate(self.classes))
        )

    def emptied(self, size: int, colour: bool) -> PictureSet:
        """Without pictures, for others of this size."""
        return self.replace(pictures="", size=size, colour=colour)
