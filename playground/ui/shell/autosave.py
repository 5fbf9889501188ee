"""Keeps what is in the window without being asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import in_bytes

if TYPE_CHECKING:
    from playground.ui.shell.desk import Desk
    from playground.ui.shell.recovery import Recovery
    from playground.ui.shell.saving import Saving, Then

#: seconds without a change after which the state is kept; seconds after which it is kept even though it goes on changing
QUIET, LONGEST = 10.0, 60.0
#: share of the time that keeping it may take
COST = 0.02
#: times the size of the state that must be free on the disk
ROOM = 3
#: milliseconds after which what was opened at the start has proved to do no harm
HARMLESS = 5000
#: seconds that is waited for a last answer
PATIENCE = 2.0


class Autosave(QObject):
    """Has the desk's state written to this window's file of ``recovery``, now and then, and to points when it is left.

    Nothing is written where nothing has changed.
    """

    failed = Signal(str)  #: nothing can be kept, and why: said once

    def __init__(
        self, desk: Desk, recovery: Recovery, saving: Saving, look: Callable[[], object], parent: QObject
    ) -> None:
        """``look``: takes a frame, also where the window is not seen."""
        super().__init__(parent)
        self.recovery = recovery
        self._desk, self._saving, self._look = desk, saving, look
        self._kept: object = None
        self._seen: object = None
        self._changed = self._free_at = perf_counter()
        self._due = self._changed + LONGEST
        self._ordered = False
        self._refused = False
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.tick)
        self._timer.start()
        QTimer.singleShot(HARMLESS, self, recovery.opened)

    def tick(self) -> None:
        """Keep the state, if it is time to."""
        self._look()
        now, mark = perf_counter(), self._desk.mark()
        if mark != self._seen:
            self._changed, self._seen = now, mark
        if mark == self._kept:
            self._due = now + LONGEST  # counted from the first change
        elif (
            not self._ordered and (now - self._changed >= QUIET or now >= self._due) and now >= self._free_at
        ):
            self.keep(lambda refusal: None)

    def keep(self, then: Then) -> None:
        """Keep the state now, and call ``then``."""
        if not self._desk.worth_keeping:
            with suppress(OSError):
                self.recovery.file.unlink(missing_ok=True)
            self._kept = self._desk.mark()
            then("")
            return
        refusal = self._no_room()
        if refusal:
            self._answered(refusal, then)
            return
        self._ordered = True
        began, mark = perf_counter(), self._desk.mark()

        def answered(refusal: str) -> None:
            now = perf_counter()
            self._ordered = False
            self._due, self._free_at = now + LONGEST, now + (now - began) / COST
            if not refusal:
                self._kept = mark
                self.recovery.tidy(self._desk.in_use)
            self._answered(refusal, then)

        project, about = self._desk.state()
        self._saving.order(project, self.recovery.file, answered, about)

    def add_point(self, path: Path, then: Then) -> None:
        """Make a point of the state, to which one can return, in ``path``, and call ``then``: not later than in a few seconds."""
        refusal = self._no_room()
        if refusal:
            self._answered(refusal, then)
            return
        project, about = self._desk.state()
        once = _Once(then, self)
        self._saving.order(project, path, lambda refusal: self._answered(refusal, once.call), about)

    def finish(self, then: Then) -> None:
        """The window closes: keep the state, and call ``then``, not later than in a few seconds."""
        self._timer.stop()
        if self._desk.mark() == self._kept:
            then("")
        else:
            self.keep(_Once(then, self).call)

    def go_on(self) -> None:
        """The window stays after all."""
        self._timer.start()

    def end(self) -> None:
        """The window is closed."""
        self._timer.stop()
        self.recovery.end(forget=not self._desk.worth_keeping)

    def _answered(self, refusal: str, then: Then) -> None:
        if refusal and not self._refused:
            self.failed.emit(refusal)
        self._refused = bool(refusal)
        then(refusal)

    def _no_room(self) -> str:
        """Why the state is not kept, where the disk has hardly room for it; "" where it has."""
        file = self.recovery.file
        try:
            size = file.stat().st_size
            free = shutil.disk_usage(file.parent).free
        except OSError:  # not there yet, or gone: writing it will tell
            return ""
        if free >= ROOM * size:
            return ""
        return f"The disk has {in_bytes(free)} left, and the last state took {in_bytes(size)}. Make room."


class _Once(QObject):
    """Calls ``then`` with the first answer, or with none when a few seconds are over: what was ordered is done all the same, in its turn."""

    def __init__(self, then: Then, parent: QObject) -> None:
        super().__init__(parent)
        self._then: Then | None = then
        QTimer.singleShot(round(1000 * PATIENCE), self, lambda: self.call(""))

    def call(self, refusal: str) -> None:
        then, self._then = self._then, None
        if then is not None:
            self.deleteLater()
            then(refusal)
