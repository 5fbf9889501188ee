"""Files of arrays, NumPy's .npy and .npz: which arrays they hold, and which of these are inputs, which are targets, of which part.

What an array holds is told by its name; where that does not tell, by its shape; where several would do, the user is asked.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from engine.core import Array
from engine.data.images import MOST_BYTES
from engine.data.listing import is_hidden
from engine.errors import DataError, Offer, clipped, few
from engine.io.guarded import foreign, opened
from engine.limits import DATA_BYTES

#: bytes that the arrays of a file may take; numbers of 8 bytes become numbers of 4
_MOST_UNPACKED = 2 * MOST_BYTES
#: arrays in one file, and files of arrays in one folder, that are looked at
_MOST_ARRAYS, _MOST_FILES = 1000, 200
#: letters of a name in a sentence and on a button
_LETTERS = 30
ENDINGS = (".npz", ".npy")
_EXPECTED = "a file that NumPy's save or savez has written (.npy, .npz)"

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
_PARTS = {
    **dict.fromkeys(("train", "training", "tr"), 0),
    **dict.fromkeys(("val", "valid", "validation", "dev"), 1),
    **dict.fromkeys(("test", "testing", "te"), 2),
}


@dataclass(frozen=True)
class Entry:
    """One array of a file, of which the head alone has been read.

    Attributes:
        path: the file.
        member: its name in the .npz, ending included; "" for a .npy.
        name: what it is called.
        shape, dtype: as the file says.
    """

    path: Path
    member: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def in_words(self) -> str:
        """ "x (100, 28, 28)" """
        return f"{clipped(self.name, _LETTERS)} {clipped(str(self.shape), _LETTERS)}"


@dataclass(frozen=True)
class Pair:
    """Inputs and the targets that belong to them; ``part`` as in ``Dataset.parts``, or ``None`` where their names give none."""

    part: int | None
    inputs: Entry
    targets: Entry


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def family(path: Path) -> list[Path]:
    """The files that belong together: ``path``, and those beside it of one array each whose names differ in role or part alone.

    Of a folder: all files of arrays in it.
    """
    with foreign(path):
        is_folder = path.is_dir()
        beside = path if is_folder else path.parent
        called = role(path.stem)
        if not is_folder and called is None:
            return [path]
        names = sorted(
            p
            for p in beside.iterdir()
            if p.suffix.lower() in ENDINGS and not is_hidden(p.name) and p.is_file()
        )[:_MOST_FILES]
    if is_folder:
        if not names:
            raise DataError(
                f"The folder {clipped(path.name, 80)} holds no {' or '.join(ENDINGS)} file; expected one. Choose another."
            )
        return _one_family(path, names)
    rest = called.rest if called is not None else ()
    others = [p for p in names if p != path and (to := role(p.stem)) is not None and to.rest == rest]
    return [path, *others]


def files_in(folder: Path) -> list[Path]:
    """The files of arrays in a folder. Raises OSError."""
    those = (
        p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not is_hidden(p.name) and p.is_file()
    )
    return sorted(islice(those, _MOST_FILES))


def _one_family(folder: Path, names: list[Path]) -> list[Path]:
    """Of the files of a folder those that belong together. Raises DataError where there are several such families."""
    told = [p for p in names if role(p.stem) is not None] or names
    groups: dict[tuple[str, ...], list[Path]] = {}
    for p in told:
        said = role(p.stem)
        groups.setdefault(said.rest if said else (p.name,), []).append(p)
    if len(groups) == 1:
        return told
    raise DataError(
        f"The folder {clipped(folder.name, 80)} holds several sets of arrays: {few([p.name for p in told])}; expected one. Choose one.",
        offers=[
            Offer(clipped(group[0].name, _LETTERS), (("path", str(group[0])),)) for group in groups.values()
        ],
    )


def entries(paths: Sequence[Path]) -> list[Entry]:
    """The arrays of a file; of several files, those of the ones that hold a single array, called as the files. Raises DataError."""
    first, *others = paths
    found = _entries_of(first)
    alone = len(found) == 1 and not others
    if len(found) > 1 or alone:
        return [_called_as_file(found[0])] if alone else found
    return [
        _called_as_file(found[0]),
        *(_called_as_file(one[0]) for p in others if len(one := _entries_of(p)) == 1),
    ]


def _called_as_file(entry: Entry) -> Entry:
    """The only array of a file, under the file's name where its own says nothing."""
    if entry.member and role(entry.name) is not None and role(entry.path.stem) is None:
        return entry
    return Entry(entry.path, entry.member, entry.path.stem, entry.shape, entry.dtype)


def _entries_of(path: Path) -> list[Entry]:
    with _members(path) as members:
        return [_entry(path, member, file) for member, file in members]


def read(entry: Entry) -> Array:
    """The numbers. Raises DataError."""
    with _members(entry.path, entry.member) as members:
        for _, file in members:
            with _words(entry.path, entry.name):
                found = npy.read_array(file, allow_pickle=False)
            if found.shape != entry.shape or found.dtype != entry.dtype:
                raise DataError(
                    f"{entry.path.name} has changed while it was read; expected it to stay. Read it again."
                )
            return np.asarray(found)
    raise DataError(
        f"{entry.path.name} no longer holds {clipped(entry.name, 80)}; expected it to stay. Read it again."
    )


@contextmanager
def _members(path: Path, only: str = "") -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """The arrays of a file, each open at its beginning: all, or one. A .npy's is called "". Raises DataError."""
    with foreign(path):
        if path.is_dir():
            raise DataError(
                f"{clipped(path.name, 80)} is a folder; expected a file that NumPy's savez has written (.npz). Choose the file."
            )
    with opened(path, DATA_BYTES, _EXPECTED) as file:
        start = file.read(len(npy.MAGIC_PREFIX))
        file.seek(0)
        if start == npy.MAGIC_PREFIX:
            yield iter([("", file)])
            return
        if not zipfile.is_zipfile(file):
            raise DataError(
                f"{path.name} is no .npz file: it does not begin as one, or is cut short; expected one that NumPy's "
                "savez has written. Choose another file, or save it again."
            )
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check(members, path)
            chosen = [m for m in members if m.filename == only] if only else members
            yield ((m.filename, archive.open(m)) for m in chosen)  # type: ignore[misc]


def _check(members: list[zipfile.ZipInfo], path: Path) -> None:
    """Raises DataError where there are too many arrays, or would take more than can be used, before one of them is unpacked."""
    if not members:
        raise DataError(f"{path.name} holds no arrays; expected inputs and targets. Save both in one file.")
    if len(members) > _MOST_ARRAYS:
        raise DataError(
            f"{path.name} holds {len(members):,} files; expected at most {_MOST_ARRAYS:,} arrays. Save inputs and targets as one array each."
        )
    size = sum(member.file_size for member in members)
    if size > _MOST_UNPACKED:
        raise DataError(
            f"{path.name} holds {size / 2**30:.3g} GB when unpacked; expected at most {_MOST_UNPACKED / 2**30:.2g} GB. "
            "Save fewer samples, or bytes (uint8) in place of larger numbers."
        )


def _entry(path: Path, member: str, file: BinaryIO) -> Entry:
    """What the head of an array says. Raises DataError where it is none, or none of plain values."""
    name = re.sub(r"\.npy$", "", member) or path.stem
    with _words(path, name):
        if file.read(len(npy.MAGIC_PREFIX)) != npy.MAGIC_PREFIX:
            raise DataError(
                f"{clipped(name, 80)} in {path.name} is no array; expected one of numbers. Save the file anew with NumPy's savez."
            )
        # The third version is for arrays of records alone, which are none of numbers.
        head = {b"\1\0": npy.read_array_header_1_0, b"\2\0": npy.read_array_header_2_0}[file.read(2)]
        shape, _, dtype = head(file)
    if not all(type(n) is int and n >= 0 for n in shape):
        raise DataError(
            f"{clipped(name, 80)} in {path.name} has a shape that makes no sense; expected whole numbers. Save it anew."
        )
    if prod(shape) * max(1, dtype.itemsize) > _MOST_UNPACKED:
        raise DataError(
            f"{clipped(name, 80)} in {path.name} says that it takes {prod(shape) * dtype.itemsize / 2**30:,.3g} GB; expected at most "
            f"{_MOST_UNPACKED / 2**30:.2g} GB. Save fewer samples, or look whether the file is damaged."
        )
    return Entry(path, member, name, shape, dtype)


@contextmanager
def _words(path: Path, name: str) -> Iterator[None]:
    """Whatever NumPy makes of one array becomes a sentence; what is wrong with the file as a whole is said by whoever opened it."""
    try:
        yield
    except (DataError, OSError, MemoryError, EOFError, zlib.error, zipfile.BadZipFile):
        raise
    except Exception as error:  # noqa: BLE001  a foreign parser raises what it likes
        why = "Python objects" if "pickle" in str(error) else "something that cannot be read"
        raise DataError(
            f"{clipped(name, 80)} in {path.name} holds {why}; expected an array of numbers. Save it as a plain array."
        ) from None


# ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────


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
        Pair(None, a, b)
        for a in found
        for b in found
        if a is not b
        and _may_be_inputs(a)
        and _may_be_targets(b)
        and len(b.shape) < len(a.shape)
        and _as_many(a, b)
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
        offers=[Offer(f"{clipped(e.name, _LETTERS)}", ((what, e.name),)) for e in fitting],
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
        Pair(None, a, b) for a in found for b in found if a is not b and _may_be_inputs(a) and _as_many(a, b)
    ]


def _may_be_inputs(entry: Entry) -> bool:
    return len(entry.shape) in (2, 3, 4) and entry.dtype.kind in "fiub" and 0 not in entry.shape


def _may_be_targets(entry: Entry) -> bool:
    return len(entry.shape) in (1, 2) and entry.dtype.kind in "fiubUS" and 0 not in entry.shape


def _as_many(a: Entry, b: Entry) -> bool:
    return a.shape[:1] == b.shape[:1]


def _unclear(found: Sequence[Entry], possible: Iterable[Pair]) -> DataError:
    where, held = clipped(found[0].path.name, 80), few([e.in_words for e in found])
    offers = [
        Offer(
            f"{clipped(p.inputs.name, _LETTERS)} with {clipped(p.targets.name, _LETTERS)}",
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
