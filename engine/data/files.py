"""Data of one's own: what all kinds of files share. A file is opened by ``make()`` alone.

Whatever a file counts brightness in, a network sees 0 (black) to 1 (white), unless the user wants it otherwise.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from engine import progress
from engine.core import Array
from engine.data.base import Dataset, Source
from engine.data.brightness import BY_CONTENT, BY_TYPE, Brightness, by_content
from engine.data.images import blank
from engine.data.report import Note, alike
from engine.errors import DataError, Offer, clipped, few
from engine.io.guarded import foreign
from engine.spec import Choice, File, Int, param

if TYPE_CHECKING:
    from engine.data.encoding import Encoding

#: value of the parameter ``scale``: numbers stay as they are
UNSCALED = "none"

CATEGORY = "Own data"

#: values of the parameter ``answer``
CLASSES, NUMBERS = "classes", "numbers"

_STANDARD = {False: "none", True: "standardize"}

#: pictures that are converted at once
_BLOCK = 2048


@dataclass(frozen=True)
class Opened(Source, ABC):
    """Samples from disk: pictures, or rows of numbers.

    Attributes:
        seen: the state of the files that is meant, as ``pinned`` found it; "" for whatever they hold when they are read. It is no
            parameter and is not saved: on another computer, or after a copy, it would say nothing.
        withheld: paths that are not even looked at, as a stranger's file names them and the user has not been asked. No parameter
            either: a path that the user chooses is none of them.
    """

    from_disk: ClassVar[bool] = True
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "target": "none"}

    seen: str = field(default="", kw_only=True, repr=False)
    withheld: tuple[str, ...] = field(default=(), kw_only=True, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders it names."""
        return tuple(value for p, value in self.values() if isinstance(p.kind, File) and value)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Those of ``paths`` that are withheld."""
        return tuple(path for path in self.paths if path in self.withheld)

    def _may_be_read(self) -> None:
        """Raises DataError where a path is withheld."""
        if self.waits_for:
            named = " and ".join(clipped(os.path.normpath(path), 160) for path in self.waits_for)
            raise DataError(
                f"The project's data are at {named}, outside the project's own folder, and have not been read; expected your "
                "agreement first. Agree to read them, or choose other data."
            )

    def pinned(self) -> Self:
        """This source, tied to its files as they are now. Once they change it is no longer equal to itself pinned anew.

        Raises DataError where they cannot be found, or are withheld.
        """
        self._may_be_read()
        return self.replace(seen=_state(self._files()))

    def suited(self, data: Dataset) -> Mapping[str, Any]:
        """As the built-in sets: pictures stay as they are; columns and targets beyond −1..1 are standardized."""
        inputs = not data.is_image and float(np.abs(data.x).max()) > 1
        target = not data.classes and float(np.abs(data.y).max()) > 1
        return {"normalize": _STANDARD[inputs], "target": _STANDARD[target]}

    def make(self) -> Dataset:
        """Read the samples. Raises DataError, also where they are withheld, or no longer as they were seen."""
        self._may_be_read()
        data = self._read()
        # Afterwards: what was changed while it was read is other data too.
        if self.seen and _state(self._files()) != self.seen:
            raise DataError(
                f"The files of {self._files()[0].parent.name} have changed on disk since they were opened; expected them as "
                "they were. Read them again to use what they hold now."
            )
        return data

    @abstractmethod
    def _files(self) -> list[Path]:
        """All that ``_read`` reads, at least one. Raises DataError."""

    @abstractmethod
    def _read(self) -> Dataset:
        """The samples. Raises DataError."""


def _state(files: list[Path]) -> str:
    """What is another one as soon as one of ``files`` is changed, added, renamed or gone. Raises DataError."""
    digest = hashlib.sha256()
    for file in files:
        with foreign(file):
            now = file.stat()
        digest.update(
            f"{file.absolute()}\0{now.st_size}\0{now.st_mtime_ns}\0".encode("utf-8", "surrogateescape")
        )
    return digest.hexdigest()[:16]


def limit_param(of: str = "pictures") -> Any:
    return param(
        Int(0, 10_000_000),
        default=0,
        help=f"Use only so many {of}, evenly spread over the file; 0 uses all.",
        unit=of,
    )


def answer_param(auto: str) -> Any:
    """What targets are taken for. ``auto``: of which targets classes are made by themselves, in words."""
    return param(
        Choice(("auto", CLASSES, NUMBERS)),
        default="auto",
        label="targets are",
        help=f"Whether the network tells classes apart or predicts numbers; auto: classes where targets are {auto}.",
        advanced=True,
    )


def scale_param() -> Any:
    return param(
        Choice((BY_CONTENT, BY_TYPE, UNSCALED)),
        default=BY_CONTENT,
        help="What counts as white in pictures: what they hold tells, or the type of their numbers does (255 for bytes); none leaves "
        "the numbers as they are.",
        advanced=True,
    )


def least_and_greatest(raws: Sequence[Array]) -> tuple[float, float]:
    return min(float(raw.min()) for raw in raws), max(float(raw.max()) for raw in raws)


def brightness_of(
    raws: Sequence[Array], scale: str, what: str = "Brightness"
) -> tuple[Brightness, tuple[Note, ...]]:
    """By what pictures are scaled, and what is said of it: all parts of a set alike.

    Args:
        scale: value of ``scale_param``.
        what: begins the sentence.
    """
    low, high = least_and_greatest(raws)
    dtype = raws[0].dtype
    full = dtype.kind == "u" and dtype.itemsize <= 2  # larger types are not used in full by pictures
    return scale_used(low, high, float(np.iinfo(dtype).max) if full else 0.0, scale, what)


def scale_used(
    low: float, high: float, full: float, scale: str, what: str = "Brightness"
) -> tuple[Brightness, tuple[Note, ...]]:
    """By what numbers from ``low`` to ``high`` are scaled, and what is said of it.

    Args:
        full: the most that numbers of their type can be, where pictures use all of it; otherwise 0.
        scale, what: as in ``brightness_of``.
    """
    told = by_content(low, high)
    typed = Brightness(0.0, full) if full else told
    ways = {
        BY_CONTENT: (told, f"By content: {told.to_do}"),
        BY_TYPE: (typed, f"By type: {typed.to_do}"),
        UNSCALED: (Brightness(0.0, 1.0), "Leave the numbers as they are"),
    }
    used = ways[scale][0]
    seen, offers = {used}, []
    for name, (way, words) in ways.items():
        if way not in seen:
            seen.add(way)
            offers.append(Offer(words, (("scale", name),)))
    if not offers:
        return used, ()
    reach = (f"{end:,.4g}" if abs(end) < 1e4 else f"{end:,.6g}" for end in (low, high))
    words = f"{what} reaches from {' to '.join(reach)} and {used.in_words}.".replace("-", "−")
    return used, (Note(words, tuple(offers)),)


def chosen(path: str, what: str) -> Path:
    """``path``, which must be there. Raises DataError, saying that ``what`` is expected."""
    if not path:
        raise DataError(f"No file is chosen yet; expected {what}. Choose one.")
    with foreign(path, what):
        found = Path(path).expanduser()
        there = found.exists()
    if not there:
        raise DataError(
            f"There is no {clipped(str(found), 200)}; expected {what}. Choose it anew, or put it back."
        )
    return found


def spread(count: int, limit: int) -> Array:
    """Positions of ``limit`` of ``count`` pictures, evenly spread; of all where ``limit`` is 0 or more than there are."""
    if not 0 < limit < count:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).round().astype(np.intp)


def labelled(
    x: Array,
    labels: Array,
    names: Mapping[int, str],
    where: str,
    parts: Array | None = None,
    report: tuple[Note, ...] = (),
    features: tuple[str, ...] = (),
    encoding: Encoding | None = None,
) -> Dataset:
    """Pictures, or rows of numbers, with their labels, counted anew from 0.

    Args:
        x: ``(N, C, H, W)`` or ``(N, features)``.
        labels: ``(N,)``, whole numbers.
        names: of the labels; a label without one is called by its number.
        where: what the labels come from, for error texts.
        parts, report, features, encoding: as in Dataset; pictures that are all alike, and classes that none is given of to train with, are reported, too.

    Raises DataError where there is one class only.
    """
    kinds, y = np.unique(labels, return_inverse=True)
    classes = tuple(names.get(int(kind), str(kind)) for kind in kinds)
    if len(classes) < 2:
        raise DataError(
            f"All {len(labels):,} labels of {where} are {', '.join(classes)}; expected at least two classes. "
            "Add samples of another class."
        )
    report = (*alike(x), *report) if x.ndim == 4 else report
    if parts is not None and 0 in parts:
        unlearnt = sorted(set(range(len(classes))) - set(np.unique(y[parts == 0]).tolist()))
        if unlearnt:
            report += (Note(f"Nothing is given to train with of {few([classes[i] for i in unlearnt])}."),)
    return Dataset(x, y, classes, features, parts=parts, report=report, encoding=encoding)


def as_pixels(raws: Sequence[Array], rows: Array, scale: float, shift: float = 0.0) -> Array:
    """``(raw − shift) / scale`` in float32 of some rows, reporting progress; ``(len(rows), …)``. Raises DataError for too many.

    Args:
        raws: arrays that are counted through, one behind the other, all of one shape but for the first axis.
        rows: which of them, ascending.
    """
    out = blank(len(rows), raws[0].shape[1:], "limit")
    wide = max(abs(shift), scale) > 1e38  # beyond float32, though the result is not
    first = done = 0
    for raw in raws:
        here = rows[np.searchsorted(rows, first) : np.searchsorted(rows, first + len(raw))] - first
        for start in range(0, len(here), _BLOCK):
            block = here[start : start + _BLOCK]
            part = slice(done, done + len(block))
            with np.errstate(over="ignore", invalid="ignore"):  # Dataset says where a number is too large
                if wide:
                    out[part] = (raw[block] - shift) / scale
                else:
                    np.subtract(raw[block], np.float32(shift), out[part], casting="unsafe", dtype=np.float32)
                    out[part] /= np.float32(scale)
            done += len(block)
            progress.report(done, len(rows))
        first += len(raw)
    return out
