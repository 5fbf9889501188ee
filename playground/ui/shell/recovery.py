"""Where the state of each window is kept, so that the next start finds it again: beside the settings, never in the user's own files."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile, QStandardPaths

from playground.document import files
from playground.runs.points import Point, point, points, tidy

#: of a window's folder: its state, the lock that says that the window is there, and a mark that its state is just being opened
STATE, LOCK, OPENING = f"state{files.RUN_SUFFIX}", "lock", "opening"

#: seconds after which nobody writes to a file any more that never came to its end
ABANDONED = 600.0


def place() -> Path:
    """The folder of the person who is logged in."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "recovery"


class Recovery:
    """The states of windows in ``root``: one that is this window's, and points to return to.

    Attributes:
        file: where this window's state is kept.
        points: the folder of the points.
        others: states that other windows, or this one before, have left, newest first; they are points now.
    """

    def __init__(self, root: Path) -> None:
        """Raises OSError where nothing can be kept."""
        self._windows, self.points = root / "windows", root / "points"
        for folder in (self._windows, self.points):
            folder.mkdir(parents=True, exist_ok=True)
        self.others: tuple[Point, ...] = ()
        self._lock: QLockFile | None = None
        self.file = root / STATE

    def begin(self, resume: bool = True) -> Point | None:
        """Take the place of the window that was there last, if ``resume``, and give its state; a place of its own otherwise.

        A state whose opening never came to its end is not opened a second time. Raises OSError.
        """
        self._sweep()
        self.tidy()
        left = self._left()
        mine = left.pop(0) if resume and left and not (left[0][0].path.parent / OPENING).exists() else None
        for one, lock in left:
            self._shelve(one, lock)
        if mine is not None:
            found, self._lock = mine
            self.file = found.path
            (found.path.parent / OPENING).touch()
            return found
        folder = self._windows / secrets.token_hex(8)
        folder.mkdir()
        self.file, self._lock = folder / STATE, _locked(folder)
        return None

    def opened(self) -> None:
        """The window stands: what it had opened did it no harm."""
        with suppress(OSError):
            (self.file.parent / OPENING).unlink(missing_ok=True)

    def end(self, forget: bool) -> None:
        """The window closes. ``forget``: there is nothing worth finding again."""
        self.opened()
        if self._lock is not None:
            self._lock.unlock()
        if forget:
            shutil.rmtree(self.file.parent, ignore_errors=True)

    def new_point(self) -> Path:
        """The file for another point."""
        return self.points / f"{secrets.token_hex(8)}{files.RUN_SUFFIX}"

    def tidy(self, spare: Path | None = None) -> None:
        """Let old points go where there are many; ``spare``: one that is in use."""
        tidy(self.points, spare)

    def listed(self) -> tuple[Point, ...]:
        """The points, newest first."""
        return points(self.points)

    def _sweep(self) -> None:
        """Take away what writers that were killed have left."""
        for part in (*self._windows.glob("*/.*.part"), *self.points.glob(".*.part")):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > ABANDONED:
                    part.unlink()

    def _left(self) -> list[tuple[Point, QLockFile]]:
        """The states whose windows are gone, newest first, each locked."""
        found = []
        for folder in sorted(self._windows.iterdir()):
            lock = _locked(folder)
            if lock is None:
                continue
            state = point(folder / STATE)
            if state is not None:
                found.append((state, lock))
                continue
            lock.unlock()
            if not (folder / STATE).exists():  # what cannot be read may be a newer program's
                shutil.rmtree(folder, ignore_errors=True)
        return sorted(found, key=lambda one: one[0].saved, reverse=True)

    def _shelve(self, one: Point, lock: QLockFile) -> None:
        """Make a state that was left a point."""
        to = self.points / f"{one.path.parent.name}{files.RUN_SUFFIX}"
        try:
            os.replace(one.path, to)
        except OSError:
            lock.unlock()
            return
        self.others += tuple(filter(None, [point(to)]))
        lock.unlock()
        shutil.rmtree(one.path.parent, ignore_errors=True)


def _locked(folder: Path) -> QLockFile | None:
    """The lock of a window's folder, taken; ``None`` where the window is there."""
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)  # however old: what counts is whether the process that holds it is there
    return lock if lock.tryLock(0) else None
