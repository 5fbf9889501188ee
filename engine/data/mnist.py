"""MNIST's files, and the many sets that are laid out as it is: which files belong together, and what they hold.

"train-images-idx3-ubyte.gz" and its like, however they are written, packed or not, in one folder or in the usual folders of folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.core import Array
from engine.data import idx
from engine.data.base import Dataset, sources
from engine.data.brightness import Brightness
from engine.data.files import (
    CATEGORY,
    Opened,
    as_pixels,
    brightness_of,
    chosen,
    labelled,
    limit_param,
    scale_param,
    spread,
)
from engine.data.listing import PARTS, is_hidden
from engine.data.report import Note
from engine.errors import DataError, Offer, clipped, few
from engine.io.guarded import foreign, read_bytes
from engine.spec import Bool, Choice, File, param

#: files and folders that are looked at, and how deep folders may lie in one another
_MOST_LISTED, _MOST_DEPTH = 5000, 3
#: bytes of a file of names
_MOST_NAMES = 1 << 20
#: how names say what a file's part is
_PARTS = {**PARTS, "t10k": 2}
_USUAL = Brightness(0.0, 255.0)
_AUTO, _AS_STORED, _TURNED = "auto", "as stored", "turned"


@sources.register("IdxFiles", category=CATEGORY, label="MNIST files (IDX)")
@dataclass(frozen=True)
class IdxFiles(Opened):
    """Grey pictures in MNIST's own file format, packed (.gz) or not: one file of pictures, one of labels.

    Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, section "File formats".
    """

    images: str = param(
        File(),
        default="",
        help="The file of pictures, such as train-images-idx3-ubyte.gz, or its folder. Brightness is brought to 0..1.",
    )
    labels: str = param(
        File(),
        default="",
        help="The file of labels; when left empty, the one beside the pictures whose name fits.",
        advanced=True,
    )
    test_files: bool = param(
        Bool(),
        default=True,
        help="Read the files to test with too, such as t10k-…, where they lie beside those to train with.",
    )
    turn: str = param(
        Choice((_AUTO, _AS_STORED, _TURNED)),
        default=_AUTO,
        help="Whether rows and columns are exchanged: EMNIST's pictures lie on their side; auto knows it by its name.",
        advanced=True,
    )
    names: str = param(
        File(),
        default="",
        help="A file of the classes' names; when left empty, EMNIST's, such as emnist-letters-mapping.txt, where it lies beside.",
        advanced=True,
    )
    scale: str = scale_param()
    limit: int = limit_param()

    def _files(self) -> list[Path]:
        pairs, names = self._found()
        return [file for _, *pair in pairs for file in pair] + ([names] if names is not None else [])

    def _found(self) -> tuple[list[tuple[int, Path, Path]], Path | None]:
        """Each part with its pictures and labels, and the file of names. Raises DataError."""
        images = chosen(self.images, "a file of pictures, such as train-images-idx3-ubyte.gz")
        with foreign(images):
            if images.is_dir():
                images = images_in(images)
            part, those = parts_of(images)
            labels = (
                chosen(self.labels, "a file of labels")
                if self.labels
                else those.get((part, False)) or partner_of(images)
            )
            pairs = [(part, images, labels)]
            if self.test_files and part == 0:
                for other in (1, 2):
                    pictures, answers = those.get((other, True)), those.get((other, False))
                    if pictures is not None and answers is not None:
                        pairs.append((other, pictures, answers))
            if self.names:
                return pairs, chosen(self.names, "a file of the classes' names")
            return pairs, _mapping_of(images)

    def _read(self) -> Dataset:
        """``x (N, 1, H, W)`` in 0..1, float32; ``y (N,)``. Raises DataError."""
        pairs, names_file = self._found()
        names: Mapping[int, str] = _names_in(names_file) if names_file is not None else {}
        raws, ys = list[Array](), list[Array]()
        for _, images, labels in pairs:
            y, raw = idx.read(labels, idx.LABELS), idx.read(images, idx.IMAGES)
            _check(raw, y, images, labels, raws, pairs[0][1])
            raws.append(raw)
            ys.append(y)
        sizes = [len(raw) for raw in raws]
        rows = spread(sum(sizes), self.limit)
        turned = self.turn == _TURNED or (self.turn == _AUTO and "emnist" in pairs[0][1].name.lower())
        brightness, notes = brightness_of(raws, self.scale)
        if brightness == _USUAL:  # the usual scale of bytes needs no note
            notes = ()
        upright = [raw.swapaxes(1, 2) if turned else raw for raw in raws]
        x = as_pixels(upright, rows, brightness.scale, brightness.shift)
        parts = np.repeat([part for part, *_ in pairs], sizes)[rows] if len(pairs) > 1 else None
        report = (*notes, *self._report(turned, names_file))
        where = pairs[0][2].name
        return labelled(x[:, np.newaxis], np.concatenate(ys)[rows], names, where, parts, report)

    def _report(self, turned: bool, names: Path | None) -> tuple[Note, ...]:
        notes = list[Note]()
        if turned:
            because = (
                "EMNIST's files hold pictures that lie on their side: they were turned."
                if self.turn == _AUTO
                else ("Rows and columns of the pictures were exchanged.")
            )
            notes.append(Note(because, (Offer("Leave them as stored", (("turn", _AS_STORED),)),)))
        if names is not None:
            notes.append(Note(f"The names of the classes are those in {clipped(names.name, 60)}."))
        return tuple(notes)


def _check(raw: Array, y: Array, images: Path, labels: Path, before: list[Array], first: Path) -> None:
    if len(raw) != len(y):
        raise DataError(
            f"{images.name} holds {len(raw):,} pictures and {labels.name} {len(y):,} labels; expected as many of "
            "each. Choose the file of labels that belongs to these pictures."
        )
    if before and before[0].shape[1:] != raw.shape[1:]:
        raise DataError(
            f"{first.name} holds pictures of {'×'.join(map(str, before[0].shape[1:]))} pixels and {images.name} of "
            f"{'×'.join(map(str, raw.shape[1:]))}; expected one size. Read them without the files to test with.",
            offers=[Offer("Leave them out", (("test_files", False),))],
        )


# ── names of classes ────────────────────────────────────────────────────────────────────────────────────────────


def _mapping_of(images: Path) -> Path | None:
    """EMNIST's file of names beside its pictures: emnist-letters-mapping.txt."""
    said = says(images.name)
    if said is None or "emnist" not in said.rest:
        return None
    found = images.with_name(f"{said.rest}-mapping.txt")
    return found if found.is_file() else None


def _names_in(path: Path) -> dict[int, str]:
    """Names of labels: lines of a label and the codes of its letters, as EMNIST has them, or one name a line, from label 0.

    Raises DataError.
    """
    expected = "a name a line, or a label and the numbers of its letters, as EMNIST has them"
    lines = read_bytes(path, _MOST_NAMES, expected).decode("utf-8", "replace").split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    coded = [line.split() for line in lines]
    try:
        if coded and all(len(words) > 1 and all(map(str.isdecimal, words)) for words in coded):
            return {int(label): "".join(chr(int(code)) for code in codes) for label, *codes in coded}
    except (ValueError, OverflowError):  # no letter has such a number
        raise DataError(
            f"{clipped(path.name, 80)} holds numbers that stand for no letters; expected {expected}. Choose another file of names."
        ) from None
    if not lines:
        raise DataError(
            f"{clipped(path.name, 80)} is empty; expected {expected}. Choose another file of names."
        )
    return {label: clipped(line, 60) for label, line in enumerate(lines)}


# ── names of files ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Says:
    """What a file's name says.

    Attributes:
        images: pictures, or else labels.
        part: as in ``Dataset.parts``; ``None`` where it gives none.
        rest: what else it says, such as "emnist-letters".
    """

    images: bool
    part: int | None
    rest: str


def says(name: str) -> Says | None:
    """What a file is by its name; ``None`` for other files than MNIST's."""
    plain = re.sub(r"\.gz$", "", name.lower())
    if is_hidden(name) or not re.search("idx[13]|ubyte", plain):
        return None
    words = [
        w for w in re.split(r"[-_. ]+", plain) if w and not re.fullmatch("images|labels|idx[13]|ubyte", w)
    ]
    parts = [_PARTS[w] for w in words if w in _PARTS]
    rest = "-".join(w for w in words if w not in _PARTS)
    return Says(not idx.names_labels(plain), parts[0] if parts else None, rest)


@dataclass
class _Set:
    """Files that belong together: by part, and whether they are pictures or labels."""

    files: dict[tuple[int, bool], Path] = field(default_factory=dict)


def _sets(files: list[Path]) -> dict[tuple[Path, str], _Set]:
    """Files sorted by folder and name; an unpacked one goes before a packed one of the same name."""
    found: dict[tuple[Path, str], _Set] = {}
    for path in sorted(files, key=lambda p: (p.suffix.lower() == ".gz", p)):
        said = says(path.name)
        if said is None:
            continue
        folder, part = path.parent, said.part
        if (
            says(folder.name) is not None
        ):  # a folder for each file, called as it, as some archives are unpacked
            folder = folder.parent
        elif part is None and folder.name.lower() in _PARTS:
            part, folder = _PARTS[folder.name.lower()], folder.parent
        found.setdefault((folder, said.rest), _Set()).files.setdefault((part or 0, said.images), path)
    return {key: one for key, one in found.items() if any(images for _, images in one.files)}


def _listed(root: Path, depth: int) -> list[Path]:
    """Files in a folder and the folders in it, nearest first. Raises OSError where the folder itself cannot be listed."""
    found, todo, seen = list[Path](), [(root, 0)], 0
    while todo and seen < _MOST_LISTED:
        at, level = todo.pop(0)
        try:
            entries = sorted(os.scandir(at), key=lambda e: e.name)
        except OSError:
            if at == root:
                raise
            continue
        for entry in entries[: _MOST_LISTED - seen]:
            seen += 1
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                if level < depth:
                    todo.append((Path(entry.path), level + 1))
            elif entry.is_file():
                found.append(Path(entry.path))
    return found


def holds_idx(folder: Path) -> bool:
    """Whether a folder, or one in it, holds files of pictures in MNIST's format. Raises OSError."""
    return bool(_sets(_listed(folder, _MOST_DEPTH)))


def images_in(folder: Path) -> Path:
    """The file of pictures in a folder: the one to train with. Raises DataError where there is none, or several sets are on offer."""
    found = [one.files for one in _sets(_listed(folder, _MOST_DEPTH)).values()]
    first = [files[min(key for key in files if key[1])] for files in found]
    if not first:
        raise DataError(
            f"The folder {clipped(folder.name, 80)} holds no file of pictures; expected one such as train-images-idx3-ubyte.gz. "
            "Choose another folder, or the file itself."
        )
    if len(first) > 1:
        names = [path.relative_to(folder).as_posix() for path in first]
        raise DataError(
            f"The folder {clipped(folder.name, 80)} holds {len(first):,} sets: {few(names)}; expected one. Choose one.",
            offers=[
                Offer(_short(name), (("images", str(path)),)) for name, path in zip(names, first, strict=True)
            ],
        )
    return first[0]


def _short(name: str) -> str:
    """A set's name on a button: "emnist-letters-train", "MNIST/raw/train"."""
    return clipped(
        re.sub(r"[-_.]?(images|idx3|ubyte|gz)", "", name, flags=re.IGNORECASE).rstrip("/") or name, 40
    )


def parts_of(images: Path) -> tuple[int, dict[tuple[int, bool], Path]]:
    """The part of a file of pictures, and the files of its set by part and whether they are pictures. Raises OSError."""
    said = says(images.name)
    if said is None:
        return 0, {}
    near = images.parent
    up = (
        near.parent
        if says(near.name) is not None or (said.part is None and near.name.lower() in _PARTS)
        else near
    )
    for one in _sets(_listed(up, 0 if up == near else 1)).values():
        for (part, pictures), path in one.files.items():
            if pictures and path == images:
                return part, one.files
    return said.part or 0, {}


def partner_of(path: Path) -> Path:
    """The file of labels that belongs to pictures, or of pictures that belongs to labels, packed or not. Raises DataError.

    Small and capital letters do not matter. Raises OSError where the folder cannot be listed.
    """
    plain = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    back = idx.names_labels(plain)
    what = "pictures" if back else "labels"
    wanted = plain
    for images, labels in (("images", "labels"), ("idx3", "idx1")):
        wanted = _swapped(wanted, labels, images) if back else _swapped(wanted, images, labels)
    if wanted == plain:
        raise DataError(
            f"The name {path.name} does not tell which file of {what} belongs to it; expected a pair such as "
            "train-images-idx3-ubyte and train-labels-idx1-ubyte. Rename both so.",
            offers=[] if back else [Offer("Choose the file of labels…", (("labels", None),))],
        )
    there = {p.name: p for p in path.parent.iterdir() if not is_hidden(p.name) and p.is_file()}
    as_written = (wanted, f"{wanted}.gz")
    in_any_case = sorted(name for name in there if name.lower() in {n.lower() for n in as_written})
    for name in (*as_written, *in_any_case):
        if name in there:
            return there[name]
    raise DataError(
        f"There is no file of {what} beside {path.name}; expected {wanted} or {wanted}.gz in the same folder. "
        "Put it there, or rename the one that belongs to it.",
        offers=[] if back else [Offer("Choose the file of labels…", (("labels", None),))],
    )


def _swapped(name: str, old: str, new: str) -> str:
    """``name`` with ``new`` in place of ``old``, in capitals where ``old`` is: all, the first, or none."""

    def like(found: re.Match[str]) -> str:
        word = found[0]
        return new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new

    return re.sub(old, like, name, flags=re.IGNORECASE)
