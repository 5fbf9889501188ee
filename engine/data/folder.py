"""Pictures in folders: one folder per class, named after it, in a folder or in a .zip."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from engine import progress
from engine.data import images
from engine.data.base import Dataset, sources
from engine.data.brightness import AUTOMATIC, GROUNDS
from engine.data.doubles import doubles, told
from engine.data.files import CATEGORY, Opened, chosen, labelled, limit_param, scale_param, scale_used, spread
from engine.data.images import Pixels, blank, fitting_size, room_for
from engine.data.name_list import arranged
from engine.data.pixels import Facts, Look, Unreadable, best_ground, coloured, facts, numbers, reading
from engine.data.report import Note, Offer, left_out
from engine.data.shelf import Found, Layout, Shelf, shelf
from engine.errors import DataError, clipped, counted, few, in_bytes
from engine.spec import Bool, Choice, File, Int, Name, param

#: values of the parameter "unreadable"
REFUSE, LEAVE_OUT = "refuse", "leave out"
#: another value of the parameter "doubles"
KEEP = "keep"
#: kinds of numbers in pictures
BYTES, WHOLE, FRACTIONS = "8 bits", "16 bits or more", "fractions"
#: share of the work that looking at the pictures is; reading them is the rest
_LOOKING = 0.6
#: sides that a picture is offered to be brought to, at most where sizes differ, and at least
_USUAL_SIDE, _LEAST_SIDE = 64, 32
#: the largest side that pictures may be brought to
_LARGEST_SIDE = 512


@sources.register("ImageFolder", category=CATEGORY, label="Folder of pictures")
@dataclass(frozen=True)
class ImageFolder(Opened):
    """A folder, or a .zip, that holds one folder of pictures for each class, named after it.

    Folders called train, validation (val, valid) and test above those of the classes give the pictures to these parts. Pictures in
    folders within that of a class belong to it. Where folders do not tell, a table beside the pictures may (labels.csv: file, label,
    perhaps split). What is hidden is skipped; what else is no picture is left out, and counted.
    """

    path: str = param(
        File(folder=True),
        default="",
        help="The folder, or .zip, that holds the folders. Brightness is brought to 0..1.",
    )
    size: int = param(
        Int(0, _LARGEST_SIDE),
        default=0,
        help="Height and width to which each picture is brought; 0 leaves them, and they must all be of one size.",
        unit="px",
    )
    fit: str = param(
        Choice(("pad", "crop", "stretch")),
        default="pad",
        help="How a picture becomes square: black bars at its sides, its sides cut off, or squeezed.",
        advanced=True,
    )
    colour: bool = param(
        Bool(), default=True, help="Three channels, red, green and blue; otherwise one, its brightness."
    )
    ground: str = param(
        Choice((AUTOMATIC, *GROUNDS)),
        default=AUTOMATIC,
        help="What is seen where a picture is transparent; automatic: white, unless pictures would vanish on it.",
        advanced=True,
    )
    scale: str = scale_param()
    unreadable: str = param(
        Choice((REFUSE, LEAVE_OUT)),
        default=REFUSE,
        help="What to do where pictures are damaged: refuse them all, naming those, or use the others.",
        advanced=True,
    )
    doubles: str = param(
        Choice((KEEP, LEAVE_OUT)),
        default=KEEP,
        help="What to do with pictures that nearly equal another one: keep them, or use the first of each.",
        advanced=True,
    )
    label_column: str = param(
        Name(),
        default="",
        help="Where a table names the pictures: its column that holds the classes; empty for the one that looks so.",
        advanced=True,
    )
    limit: int = limit_param()

    def _files(self) -> list[Path]:
        with shelf(self._root()) as files:
            made = arranged(files, self.label_column)
            tables = [made.table] if made.table else []
            return files.files([found.name for found in made.found] + tables)

    def _root(self) -> Path:
        return chosen(self.path, "a folder, or a .zip, that holds one folder of pictures for each class")

    def _read(self) -> Dataset:
        """``x (N, 1 or 3, H, W)`` in 0..1, float32; ``y (N,)``, classes named after their folders. Raises DataError."""
        root = self._root()
        with shelf(root) as files:
            made = arranged(files, self.label_column)
            those = [made.found[at] for at in spread(len(made.found), self.limit)]
            return _Reading(self, files, made, those).dataset(root.name)


def any_coloured(files: Shelf, found: Sequence[Found]) -> bool:
    """Whether any picture may have colours; what cannot be read is for ``make`` to report."""
    for at, one in enumerate(found):
        _report(at / len(found))
        with (
            _noting(one.name, defaultdict(list)),
            files.opened(one.name) as stream,
            reading(stream) as picture,
        ):
            if coloured(picture):
                return True
    return False


class _Reading:
    """The pictures of one source while they are read.

    Each is looked at, and where its numbers follow from itself alone they are taken at once. Others have to wait until all have been
    looked at: for the ground on which they can be seen, and for what black is.

    Attributes:
        those, facts: the pictures that can be read, and what they say of themselves.
        x: their pixels, row by row; ``None`` before the first.
        late: rows that are still to be filled.
        bad: names of the others, by why.
    """

    def __init__(self, source: ImageFolder, files: Shelf, made: Layout, those: list[Found]) -> None:
        self.source, self.files, self.made = source, files, made
        self.total = len(those)
        self.those, self.facts, self.late = list[Found](), list[Facts](), list[int]()
        self.x: Pixels | None = None
        self.bad = defaultdict[str, list[str]](list)
        look = self._look(0.0, 255.0, BYTES)
        for at, one in enumerate(those):
            _report(_LOOKING * at / len(those))
            seen = values = None
            with _noting(one.name, self.bad), files.opened(one.name) as stream, reading(stream) as picture:
                told = facts(picture)
                if self._at_once(told):
                    values = numbers(picture, look)
                seen = told
            if seen is not None:
                self._take(one, seen, values)
        automatic = source.ground == AUTOMATIC
        self.ground = best_ground([picture.seen for picture in self.facts]) if automatic else source.ground

    def _look(self, low: float, high: float, kind: str, ground: str = "white") -> Look:
        return Look(
            colour=self.source.colour,
            size=self.source.size,
            fit=self.source.fit,
            ground=GROUNDS[ground],
            bars=scale_used(low, high, _most(kind, high), self.source.scale)[0].shift,  # what becomes 0
        )

    def _shape_of(self, picture: Facts) -> tuple[int, int, int]:
        side = self.source.size
        return 3 if self.source.colour else 1, side or picture.height, side or picture.width

    def _at_once(self, picture: Facts) -> bool:
        """Whether its numbers follow from itself alone, and nothing is known that forbids to read all."""
        first = self._shape_of(self.facts[0] if self.facts else picture)
        alone = not picture.wide and not picture.transparent
        return alone and self._shape_of(picture) == first and self.total <= room_for(first)

    def _take(self, one: Found, picture: Facts, values: Pixels | None) -> None:
        row = len(self.those)
        self.those.append(one)
        self.facts.append(picture)
        if values is None:
            self.late.append(row)
            return
        if self.x is None:
            self.x = blank(self.total, values.shape, "limit")
        self.x[row] = values

    def dataset(self, where: str) -> Dataset:
        """Raises DataError."""
        x = self._pixels()
        scaled = self._scale(x)
        x, twice = self._without_doubles(x)
        y = np.array([one.label for one in self.those])
        parts = np.array([one.part for one in self.those]) if self.made.split else None
        notes = (
            *self.made.notes,
            *self._placed(),
            *self._squared(),
            *twice,
            *scaled,
            *self._on_ground(),
            *left_out("file", {**self.made.left, **self.bad}),
        )
        return labelled(x, y, dict(enumerate(self.made.classes)), where, parts, notes)

    def _pixels(self) -> Pixels:
        """The pictures that can be read, as bright as their files say; ``those`` and ``facts`` become theirs. Raises DataError."""
        if not self.those:
            raise self._unreadable()
        shape = self._shape()
        x = blank(len(self.those), shape, "limit") if self.x is None else self.x
        looks = {
            kind: self._look(low, high, kind, self.ground) for kind, (low, high) in self._ranges().items()
        }
        whole = set(range(len(self.those))) - set(self.late)
        for done, row in enumerate(self.late):
            one, look = self.those[row], looks[_kind(self.facts[row])]
            with (
                _noting(one.name, self.bad),
                self.files.opened(one.name) as stream,
                reading(stream) as picture,
            ):
                values = numbers(picture, look)
                if values.shape != shape:
                    raise Unreadable("changed while it was read")
                x[row] = values
                whole.add(row)
            _report(_LOOKING + (1 - _LOOKING) * (done + 1) / len(self.late))
        if self.bad and (self.source.unreadable == REFUSE or not whole):
            raise self._unreadable(some_left=bool(whole))
        rows = sorted(whole)
        for at, row in enumerate(rows):  # closed up in place, as all of them are much memory
            if at != row:
                x[at] = x[row]
        self.those, self.facts = [self.those[row] for row in rows], [self.facts[row] for row in rows]
        return x[: len(rows)]

    def _ranges(self) -> dict[str, tuple[float, float]]:
        """The least and the greatest number of the pictures of each kind, as far as it is known before they are read."""
        kinds = defaultdict[str, list[Facts]](list)
        for picture in self.facts:
            kinds[_kind(picture)].append(picture)
        return {
            kind: (min(p.low for p in those), max(p.high for p in those)) for kind, those in kinds.items()
        }

    def _shape(self) -> tuple[int, int, int]:
        """Of each picture. Raises DataError where they differ, or where all would take too much memory."""
        count, first = len(self.those), self.facts[0]
        shape = self._shape_of(first)
        most = min(_LARGEST_SIDE, fitting_size(count, shape[0]))
        for one, picture in zip(self.those, self.facts, strict=True):
            if self._shape_of(picture) != shape:
                shortest = min(min(p.height, p.width) for p in self.facts)
                fit = max(8, min(_USUAL_SIDE, shortest, most))
                raise DataError(
                    f"The pictures have different sizes: {clipped(self.those[0].name, 80)} is {first.height}×{first.width}, "
                    f"{clipped(one.name, 80)} {picture.height}×{picture.width}; expected one size. Set size to bring them all to "
                    f"one, such as {fit}.",
                    {"size": fit},
                    [
                        Offer(f"Set size to {fit}, {how}", (("size", fit), ("fit", way)))
                        for way, how in (
                            ("pad", "with bars at their sides"),
                            ("crop", "their sides cut off"),
                            ("stretch", "squeezed"),
                        )
                        if way != self.source.fit
                    ],
                )
        if count > room_for(shape) and max(shape[1:]) > _USUAL_SIDE:
            raise _too_large(count, shape, most)
        return shape

    # ── what was done, in words ────────────────────────────────────────────────────────────────────────────

    def _scale(self, x: Pixels) -> list[Note]:
        """Bring ``x`` to 0..1, in place: pictures of each kind by one rule."""
        ranges, notes = self._ranges(), list[Note]()
        for kind, (low, high) in ranges.items():
            rows = [row for row, picture in enumerate(self.facts) if _kind(picture) == kind]
            if kind == BYTES:
                low, high = (
                    min(float(x[row].min()) for row in rows),
                    max(float(x[row].max()) for row in rows),
                )
            of_these = f" of {counted(len(rows), 'picture')} of {kind}" if len(ranges) > 1 else ""
            used, said = scale_used(low, high, _most(kind, high), self.source.scale, f"Brightness{of_these}")
            for row in rows:  # one by one, as all of them are much memory
                x[row] -= np.float32(used.shift)
                x[row] /= np.float32(used.scale)
            notes += said
        return notes

    def _without_doubles(self, x: Pixels) -> tuple[Pixels, list[Note]]:
        """Count pictures that nearly equal another, and leave them out where that is wished; ``x`` in 0..1."""
        first = doubles(x)
        late = np.flatnonzero(first != np.arange(len(x)))
        if not len(late) or not first.any():  # none, or all of one: which is said elsewhere
            return x, []
        said = told(first, [one.name for one in self.those], [one.label for one in self.those])
        if self.source.doubles == KEEP:
            return x, [
                Note(
                    f"{said}. In two parts of the data they would be known by heart.",
                    (Offer("Use the first of each", (("doubles", LEAVE_OUT),)),),
                )
            ]
        kept = np.flatnonzero(first == np.arange(len(x)))
        self.those, self.facts = [self.those[row] for row in kept], [self.facts[row] for row in kept]
        return x[kept], [
            Note(f"{said}: the first of each is used.", (Offer("Keep all", (("doubles", KEEP),)),))
        ]

    def _squared(self) -> list[Note]:
        """How pictures that are not square became so, and how else they could."""
        odd = sum(picture.height != picture.width for picture in self.facts) if self.source.size else 0
        if not odd:
            return []
        ways = {
            "pad": "bars stand at their sides",
            "crop": "their sides are cut off",
            "stretch": "they are squeezed",
        }
        offers = {"pad": "Put bars at their sides", "crop": "Cut their sides off", "stretch": "Squeeze them"}
        return [
            Note(
                f"{counted(odd, 'picture')} {'is' if odd == 1 else 'are'} not square: {ways[self.source.fit]}.",
                tuple(
                    Offer(words, (("fit", fit),)) for fit, words in offers.items() if fit != self.source.fit
                ),
            )
        ]

    def _on_ground(self) -> list[Note]:
        count = sum(bool(picture.seen) for picture in self.facts)
        if not count:
            return []
        others = [name for name in GROUNDS if name != self.ground]
        what = f"{counted(count, 'picture')} {'is' if count == 1 else 'are'}"
        return [
            Note(
                f"{what} transparent in parts: laid on {self.ground}.",
                tuple(Offer(f"Lay on {name}", (("ground", name),)) for name in others),
            )
        ]

    def _placed(self) -> list[Note]:
        """What was made of folders, and which classes got no picture."""
        notes = list[Note]()
        if self.made.within:
            notes.append(Note(f"The folders of the classes lie in {clipped(self.made.within, 80)}."))
        several = sum(picture.frames for picture in self.facts)
        if several:
            hold = "holds" if several == 1 else "hold"
            notes.append(Note(f"{counted(several, 'file')} {hold} more than one picture: the first is read."))
        classes = self.made.classes
        gone = [name for label, name in enumerate(classes) if label not in {one.label for one in self.those}]
        if gone:
            notes.append(Note(f"Not one picture was read of {few(gone)}."))
        return notes

    def _unreadable(self, some_left: bool = False) -> DataError:
        """All pictures that cannot be read, with the offer to leave them out where others are left."""
        count = sum(map(len, self.bad.values()))
        parts = "; ".join(f"{why}: {few(names)}" for why, names in self.bad.items())
        return DataError(
            f"{count:,} of {self.total:,} pictures cannot be read ({clipped(parts, 400)}); expected whole PNG, JPEG or the like. "
            f"{'Leave them out, or mend them.' if some_left else 'Mend them.'}",
            offers=[Offer("Leave these out", (("unreadable", LEAVE_OUT),))] if some_left else [],
        )


@contextmanager
def _noting(name: str, bad: dict[str, list[str]]) -> Iterator[None]:
    """Add ``name`` to ``bad``, by why, where it cannot be read."""
    try:
        yield
    except Unreadable as error:
        bad[error.why].append(name)
    except DataError as error:  # it cannot even be opened
        so = str(error).partition(";")[0]
        bad[so.removeprefix(posixpath.basename(name)).strip().removeprefix("is ")].append(name)


def _report(share: float) -> None:
    progress.report(round(1000 * share), 1000)


def _kind(picture: Facts) -> str:
    return BYTES if not picture.wide else WHOLE if picture.whole else FRACTIONS


def _most(kind: str, high: float) -> float:
    """The most that pictures of a kind use, by their type alone; 0 where that does not tell."""
    return {BYTES: 255.0, WHOLE: 65535.0 if high <= 65535 else 0.0}.get(kind, 0.0)


def _too_large(count: int, shape: tuple[int, int, int], most: int) -> DataError:
    """Pictures that are larger than all would have room for: made smaller, and fewer where that does not do."""
    side = max(most, _LEAST_SIDE)
    remedy = {"size": side}
    if side > most:
        remedy["limit"] = room_for((shape[0], side, side))
    words = " and ".join(f"{name} to {value:,}" for name, value in remedy.items())
    return DataError(
        f"{count:,} pictures of {shape[1]}×{shape[2]} pixels take {in_bytes(4 * count * prod(shape))} as numbers; expected at "
        f"most {in_bytes(images.MOST_BYTES)}. Set {words}.",
        remedy,
        [Offer(f"Set size to {_USUAL_SIDE}, to learn sooner", (("size", _USUAL_SIDE),))]
        if side > _USUAL_SIDE
        else (),
    )
