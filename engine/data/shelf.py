"""The files in a folder or a .zip, by name, and which of them are pictures of which class and part.

Nothing is unpacked onto the disk: a picture in a .zip is read into memory when its turn comes.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
import zipfile
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

from engine import progress
from engine.data.listing import PARTS, is_hidden
from engine.data.pixels import ENDINGS, UNREAD
from engine.data.report import Note
from engine.errors import DataError, clipped, counted, few, in_bytes
from engine.io.guarded import archive, foreign, opened
from engine.limits import PICTURE_BYTES

#: files that are listed, and how deep folders may lie in one another
MOST_FILES, MOST_DEPTH = 2_000_000, 12
#: bytes of an archive, of the list of what it holds, and of all pictures in it, unpacked
MOST_ARCHIVE, MOST_LIST, MOST_UNPACKED = 64 << 30, 64 << 20, 256 << 30
#: bytes of a small file
_SMALL = 1 << 18
#: how much smaller than its content a packed picture may be: what is packed better is no picture, but meant to fill the memory
MOST_RATIO, RATIO_FROM = 200, 1 << 24

#: what folders are called that hold one part of a data set, and the part
PARTS_OF_FOLDERS = {f"{word}{end}": part for word, part in PARTS.items() for end in ("", "_set", "set")}


class Shelf(ABC):
    """Files by their names, which are paths with "/" between folders.

    Attributes:
        in_words: what holds them, to begin a sentence with.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.in_words = path.name

    @abstractmethod
    def names(self) -> list[str]:
        """All files that are not hidden. Raises DataError where they cannot be listed, or are too many."""

    @abstractmethod
    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to read from. Raises DataError."""

    @abstractmethod
    def files(self, names: list[str]) -> list[Path]:
        """Which files on disk ``names`` are read from."""


class _Folder(Shelf):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.in_words = f"The folder {path.name}"

    def names(self) -> list[str]:
        found = list[str]()
        seen = set[tuple[int, int]]()
        todo = [(self.path, "", 0)]
        while todo:
            at, prefix, depth = todo.pop()
            with foreign(at):
                now = at.stat()
                if (now.st_dev, now.st_ino) in seen:  # a link to a folder above
                    continue
                seen.add((now.st_dev, now.st_ino))
                with os.scandir(at) as entries:
                    for entry in entries:
                        if is_hidden(entry.name):
                            continue
                        if entry.is_dir():
                            if depth < MOST_DEPTH:
                                todo.append((Path(entry.path), f"{prefix}{entry.name}/", depth + 1))
                        else:
                            found.append(prefix + entry.name)
            if len(found) > MOST_FILES:
                raise DataError(
                    f"The folder {self.path.name} holds more than {MOST_FILES:,} files; expected at most so many. Choose a folder "
                    "within it."
                )
            progress.report(0, 1)
        return found

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        with opened(os.path.join(self.path, name), PICTURE_BYTES, "a picture") as file:
            content = file.read(_SMALL)
            if len(content) < _SMALL:  # read at once: Pillow goes to and fro in a file
                yield io.BytesIO(content)
            else:
                file.seek(0)
                yield file

    def files(self, names: list[str]) -> list[Path]:
        return [self.path / name for name in names]


class _Archive(Shelf):
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        super().__init__(path)
        self._archive = archive
        self._members = {
            m.filename: m for m in archive.infolist() if not m.is_dir() and _is_plain(m.filename)
        }

    def names(self) -> list[str]:
        size = sum(member.file_size for member in self._members.values())
        if size > MOST_UNPACKED:
            raise DataError(
                f"{self.path.name} holds {in_bytes(size)} when unpacked; expected at most {in_bytes(MOST_UNPACKED)}. "
                "Choose a smaller one."
            )
        return [name for name in self._members if not any(map(is_hidden, name.split("/")))]

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        member = self._members[name]
        packed_too_well = member.file_size > max(RATIO_FROM, MOST_RATIO * member.compress_size)
        with foreign(name):
            if member.file_size > PICTURE_BYTES or packed_too_well:
                raise DataError(
                    f"{clipped(posixpath.basename(name), 80)} is larger than a picture is ({in_bytes(member.file_size)} when unpacked); "
                    "expected a picture. Leave it out."
                )
            with self._archive.open(member) as file:
                content = file.read(member.file_size + 1)
        yield io.BytesIO(content)

    def files(self, names: list[str]) -> list[Path]:
        return [self.path]


@contextmanager
def shelf(path: Path) -> Iterator[Shelf]:
    """The files of a folder or of a .zip. Raises DataError where it is neither."""
    with foreign(path):
        is_folder = path.is_dir()
    if is_folder:
        yield _Folder(path)
        return
    expected = "a folder, or a .zip, that holds one folder of pictures for each class"
    with opened(path, MOST_ARCHIVE, expected) as file:
        if not zipfile.is_zipfile(file):
            raise DataError(
                f"{clipped(path.name, 80)} is no folder, and no .zip; expected {expected}. Choose the folder."
            )
        with archive(file, path, MOST_LIST) as members:
            yield _Archive(path, members)


def _is_plain(name: str) -> bool:
    """Whether a name in an archive stays below it. No file is written by that name, but an archive with others was made to do harm."""
    return not (
        name.startswith(("/", "\\"))
        or ".." in re.split(r"[/\\]", name)
        or ":" in name.split("/", maxsplit=1)[0]
    )


# ── which picture is of which class and part ────────────────────────────────────────────────────────────────


#: a file's folders and its name
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A picture's name, its class by number, and the part that its folder gives it to (0 where none is given)."""

    name: str
    label: int
    part: int = 0


@dataclass
class Layout:
    """Pictures sorted by part and class.

    Attributes:
        classes: names of the folders.
        found: the pictures.
        split: folders give them to parts.
        within: the folder in which the folders of the classes lie, "" for the one that was chosen.
        left: names of files that were left out, by why.
        table: the file that names the classes, "" where folders do.
        notes: what was made of it.
    """

    classes: tuple[str, ...] = ()
    found: list[Found] = field(default_factory=list)
    split: bool = False
    within: str = ""
    left: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    table: str = ""
    notes: tuple[Note, ...] = ()


def layout(names: list[str], where: str) -> Layout:
    """Which of ``names`` are pictures of which class: one folder for each, and folders for parts above them where there are any.

    Args:
        where: what holds them, for error texts, such as "The folder pets".

    Raises DataError where there are not two classes.
    """
    made = Layout()
    pictures = list[Way]()
    for name in sorted(names):
        ending = posixpath.splitext(name)[1].lower()
        if ending in ENDINGS:
            pictures.append(tuple(name.split("/")))
        elif ending in UNREAD:
            made.left[f"{UNREAD[ending]}, to be saved as JPEG or PNG first"].append(name)
        else:
            made.left["of another kind"].append(name)
    base = _above_classes(pictures)
    parts = _parts(pictures, base)
    made.within = "/".join(pictures[0][:base]) if pictures else ""
    made.split = len({part for part, _ in parts.values()}) > 1
    placed = list[tuple[int, str, Way]]()
    for path in pictures:
        part, depth = parts.get(path[base], (0, len(path))) if parts else (0, base)
        if len(path) > depth + 1:
            placed.append((part, path[depth], path))
        else:
            made.left["in no folder of a class"].append("/".join(path))
    if made.split:
        taught = {name for part, name, _ in placed if part == 0}
        made.left["of a class that is not in the training part"] += [
            "/".join(p) for _, n, p in placed if n not in taught
        ]
        placed = [one for one in placed if one[1] in taught]
    made.classes = tuple(sorted({name for _, name, _ in placed}, key=natural))
    label = {name: number for number, name in enumerate(made.classes)}
    key = cache(natural)  # of folders it is asked for each file
    placed.sort(key=lambda one: (one[0], label[one[1]], [key(name) for name in one[2]]))
    made.found = [Found("/".join(path), label[name], part) for part, name, path in placed]
    if len(made.classes) < 2:
        raise _too_few(made, bool(pictures), where)
    return made


def _above_classes(pictures: list[Way]) -> int:
    """How many folders stand above those of the classes or parts: each holds one other folder and no picture."""
    depth = 0
    while (
        pictures
        and all(len(path) > depth + 2 for path in pictures)
        and len({path[depth] for path in pictures}) == 1
    ):
        depth += 1
    return depth


def _parts(pictures: list[Way], base: int) -> dict[str, tuple[int, int]]:
    """The part that each folder below ``base`` stands for, and how deep in it those of the classes lie; empty where none does.

    A class may be called "train" too: folders stand for parts only where one to train with, with folders in it, stands beside another.
    """
    below = defaultdict[str, list[Way]](list)
    for path in pictures:
        if len(path) > base + 1 and path[base].lower() in PARTS_OF_FOLDERS:
            below[path[base]].append(path)
    found = dict[str, tuple[int, int]]()
    for name, those in below.items():
        depth = base + 1
        while all(len(path) > depth + 2 and path[depth].lower() in PARTS_OF_FOLDERS for path in those):
            depth += 1  # training_set/training_set/cats, as some archives have it
        if any(len(path) > depth + 1 and path[depth].lower() not in PARTS_OF_FOLDERS for path in those):
            found[name] = (PARTS_OF_FOLDERS[name.lower()], depth)
    return found if len(below) > 1 and any(part == 0 for part, _ in found.values()) else {}


def _too_few(made: Layout, loose: bool, where: str) -> DataError:
    if made.classes:
        return DataError(
            f"{where} holds one class only, {made.classes[0]}; expected at least two. Add a folder with pictures of another class."
        )
    kinds = Counter({why.partition(",")[0]: len(left) for why, left in made.left.items() if "," in why})
    if kinds and not loose:
        what = few([counted(count, f"{kind} picture") for kind, count in kinds.items()])
        return DataError(
            f"{where} holds {what}, which cannot be read here; expected JPEG, PNG, BMP, GIF, WebP or TIFF. Save them as JPEG or PNG."
        )
    return DataError(
        f"{where} holds {'pictures, but ' if loose else ''}no folders with pictures in them; expected one for each class, such as "
        "cats and dogs, or a table of their names and classes (.csv). Sort the pictures into folders."
    )


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts "img2" before "img10"."""
    return [(int(part[:18] or -1) if part.isdecimal() else -1, part) for part in re.split(r"([0-9]+)", name)]
