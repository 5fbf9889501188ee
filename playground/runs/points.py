"""States that were put aside: the last session, and the points that one can return to. Files of the program's own, never the user's.

Each is a ``.chainrule`` file whose manifest says besides

    file        the project's own file; null while it has none
    clean       whether it was as that file held it
    withheld    whether its data may not be read without a question
    stamp       what that file looked like when it was read or written last
    saved_step  the update up to which that file holds the run
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.data import Opened
from engine.errors import EngineError, clipped
from playground.document import edits, files
from playground.document.container import Container
from playground.document.project import Project
from playground.runs.files import THUMBNAIL

#: how many points there are, and the bytes they may take together
MOST, MOST_BYTES = 20, 1 << 30


@dataclass(frozen=True)
class Point:
    """A state that was put aside.

    Args:
        path: of the file it lies in.
        name: the project's.
        saved: when.
        epoch, step: how far it was trained; ``None`` where it has no run.
        file, clean, withheld, stamp, saved_step: as in the manifest.
    """

    path: Path
    name: str
    saved: datetime
    epoch: int | None = None
    step: int | None = None
    file: Path | None = None
    clean: bool = True
    withheld: bool = False
    stamp: tuple[int, int] | None = None
    saved_step: int = 0

    @property
    def unsaved(self) -> bool:
        """Whether there is something in it that is in no other file."""
        return not self.clean or self.step not in (None, 0, self.saved_step)

    def project(self) -> Project:
        """The project in it. Raises FileError."""
        project = files.load(self.path).replace(name=self.name)
        # This program wrote the file, and the user had let it read the data, or not.
        return project if self.withheld else edits.read_outside(project)

    def thumbnail(self) -> bytes:
        """A picture of it, PNG; empty where there is none."""
        try:
            found = Container(self.path)
            return found.read(THUMBNAIL) if THUMBNAIL in found else b""
        except EngineError:
            return b""


def about(
    project: Project, file: Path | None, clean: bool, stamp: tuple[int, int] | None, saved_step: int
) -> Mapping[str, Any]:
    """What the manifest of a state that is put aside says besides, see the module."""
    withheld = isinstance(project.source, Opened) and bool(project.source.withheld)
    named = None if file is None else str(file)
    return {"file": named, "clean": clean, "withheld": withheld, "stamp": stamp, "saved_step": saved_step}


def stamp(path: Path | None) -> tuple[int, int] | None:
    """Changes whenever the file at ``path`` is written: its time, in nanoseconds, and its size in bytes; ``None``: it is not there."""
    if path is None:
        return None
    try:
        found = path.stat()
    except (OSError, ValueError):  # gone, or a name that can be none
        return None
    return found.st_mtime_ns, found.st_size


def point(path: Path) -> Point | None:
    """The state in a file; ``None`` where there is none that can be read."""
    try:
        said = Container(path).about
        file, at = said.get("file"), said.get("stamp")
        epoch, step, saved_step = (_count(said.get(key)) for key in ("epoch", "step", "saved_step"))
        return Point(
            path,
            clipped(str(said.get("name") or "Untitled"), 100),
            datetime.fromisoformat(str(said.get("saved"))).astimezone(UTC),
            epoch,
            step,
            Path(file) if isinstance(file, str) else None,
            said.get("clean") is not False,
            said.get("withheld") is not False,
            (int(at[0]), int(at[1])) if isinstance(at, Sequence) and len(at) == 2 else None,
            saved_step or 0,
        )
    except (EngineError, ValueError, TypeError, OverflowError, OSError):
        return None


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and said >= 0 else None


def points(folder: Path) -> tuple[Point, ...]:
    """All that lie in ``folder``, newest first."""
    found = (point(path) for path in _files(folder))
    return tuple(sorted(filter(None, found), key=lambda one: one.saved, reverse=True))


def tidy(folder: Path, spare: Path | None = None, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
    """Let go of the points in ``folder`` that say least: close together for their age, until there are few enough, small enough.

    ``spare``: one that is in use.
    """
    files_there = [path for path in _files(folder) if path != spare]
    if len(files_there) <= most and sum(map(_size, files_there)) <= most_bytes:
        return  # as mostly: nothing need be opened
    kept = [one for one in points(folder) if one.path != spare]
    now = datetime.now(UTC)
    while len(kept) > 1 and (len(kept) > most or sum(_size(one.path) for one in kept) > most_bytes):
        ages = [(now - one.saved).total_seconds() for one in kept]
        gone = kept.pop(least(ages))
        with suppress(OSError):
            gone.path.unlink()


def least(ages: Sequence[float]) -> int:
    """Which of several ``ages`` in seconds, ascending, is nearest to the one before it, as a share of itself; never the first."""
    return min(range(1, len(ages)), key=lambda i: (ages[i] - ages[i - 1]) / max(ages[i], 1e-9))


def _files(folder: Path) -> Iterable[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == files.RUN_SUFFIX]
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
