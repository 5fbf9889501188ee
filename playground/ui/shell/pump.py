"""Brings the newest frame to the views that are on screen, up to sixty times a second, and tells the worker what they want to see."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from playground.runner.messages import Command, SetWants, State

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.messages import Frame, Want

INTERVAL, LONGEST = 16, 50  #: milliseconds between two frames, at least and at most
SOON = 4  #: milliseconds until the next look into a mailbox that was empty
#: the part of its time that the window may spend on drawing frames; where one takes long, they come less often
SHARE = 0.7
#: seconds of drawing after which the other views wait half an interval: mouse and keys get their turn in between
SLICE = 0.0015
TURN = 0.008  #: seconds of unpacking a frame after which it is shown in a turn of its own
END = object()  #: of a view's ``showing``

log = logging.getLogger(__name__)


class Watcher(Protocol):
    """What the pump serves: every ``View``, and every bar that shows numbers of the run."""

    def isVisible(self) -> bool: ...
    def visibleRegion(self): ...
    def objectName(self) -> str: ...
    def wants(self) -> Iterable[Want]: ...
    def showing(self, before: Project | None, after: Project) -> Iterator[None]: ...
    def show_frame(self, frame: Frame) -> None: ...


class Pump(QObject):
    """Pulls frames while ``window`` is visible and distributes each to the views that can be seen.

    A view that fails is reported once per fault and does not stop the others.

    Attributes:
        frame: the newest one.
        shown: the newest one that all views have had.
        patience: seconds that telling the views of a change may hold the window; the views that are left are told soon after, and
            have no frames before.
    """

    framed = Signal(object)  #: each frame that was taken, after the views have drawn it
    view_failed = Signal(str, str, str)  #: name of the view, sentence, stack trace

    def __init__(
        self,
        window: QWidget,
        take: Callable[[], Frame | None],
        send: Callable[[Command], None],
        views: Iterable[Watcher],
    ) -> None:
        super().__init__(window)
        self._window, self._take, self._send = window, take, send
        self._views = list(views)
        self.frame: Frame | None = None
        self._seen: set[int] = set()  # indices of the views that had the newest frame
        self.shown: Frame | None = None
        self.patience = math.inf
        #: changes that views have not been told of, and how far the first of these views has got
        self._untold: dict[int, tuple[Project | None, Project]] = {}
        self._told: Iterator[None] | None = None
        self._wants: frozenset[Want] | None = None
        self._faults: set[tuple[int, str]] = set()
        self._worked = thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.tick)
        self._later = QTimer(self)
        self._later.setTimerType(Qt.TimerType.PreciseTimer)
        self._later.setSingleShot(True)
        self._later.setInterval(INTERVAL // 2)
        self._later.timeout.connect(self._show)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(1)
        self._telling.timeout.connect(self._tell)
        window.installEventFilter(self)
        if window.isVisible():
            self._timer.start()

    @property
    def running(self) -> bool:
        return self._timer.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        telling = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange)
        # A window that Python's collector takes away hides while it is being destroyed.
        if watched is self._window and event.type() in telling and isValid(self._window):
            if self._window.isVisible() and not self._window.isMinimized():
                self._timer.start()
            else:
                self.stop()
        return False

    def add(self, view: Watcher, project: Project) -> None:
        """Serve one more view, which shows ``project`` at once, and the newest frame when it is seen."""
        self._views.append(view)
        self._untold[len(self._views) - 1] = None, project
        self._tell()

    def stop(self) -> None:
        """Look no more, and want nothing: a window that can't be seen costs nothing."""
        self._timer.stop()
        self._later.stop()
        if self._wants:
            self._wants = frozenset()
            self._send(SetWants(self._wants))

    def end(self) -> None:
        """Stop for good: nobody is told any more, as the views go. One that is being told ends that now, while it is still there."""
        self.stop()
        self._telling.stop()
        self._untold.clear()
        self._told = None

    def show_project(self, before: Project | None, after: Project, since: float | None = None) -> None:
        """Tell every view, seen or not, that the document has changed: who is seen first, and without keeping the mouse waiting.

        ``since``: when (``perf_counter``) the window began to be busy with the change; now, if it did nothing about it before.
        """
        self._told = None
        seen = self._visible()
        for i in (*seen, *(i for i in range(len(self._views)) if i not in seen)):
            # Who has not been told of all of the last change hears of both as one.
            first = self._untold[i][0] if i in self._untold else before
            self._untold[i] = (first if before is not None else None), after
        self._tell(since)

    def _tell(self, since: float | None = None) -> None:
        end = (since or perf_counter()) + self.patience
        while self._untold and not (since and perf_counter() > end):
            i, change = next(iter(self._untold.items()))
            if not self._guarded(i, partial(self._go_on, change)):
                self._told = None
                if self._untold.get(i) is change:
                    del self._untold[i]
            if perf_counter() > end:
                break
        if self._untold:
            self._telling.start()

    def _go_on(self, change: tuple[Project | None, Project], view: Watcher) -> bool:
        """Tell ``view`` a bit more; whether anything is left."""
        self._told = self._told or view.showing(*change)
        return next(self._told, END) is not END

    def look(self) -> None:
        """Take a frame although the window is not seen: somebody waits for what it says besides."""
        if not self.running:
            self.tick()

    def tick(self) -> None:
        """Look once into the mailbox."""
        self._ask()
        if not self._show():  # everybody sees every frame: the next one waits
            return
        began = perf_counter()
        frame = self._take()
        if frame is not None:
            self.frame = frame
            self._seen.clear()
            self._pace()
            if perf_counter() - began > TURN:  # a very large one: unpacking it has taken its time
                self._later.start()
            else:
                self._show()
        elif self.frame is not None and self.frame.state is State.RUNNING:
            self._timer.setInterval(SOON)  # it is on its way: a whole interval more would halve the frames

    def _show(self) -> bool:
        """Show the newest frame to those who can be seen and have not had it, as far as the slice goes; whether all have had it."""
        frame = self.frame
        if frame is None:
            return True
        end = perf_counter() + SLICE
        visible = self._visible()
        # they would take its numbers for those of another network
        if not self._untold.keys().isdisjoint(visible):
            return False
        unseen = [i for i in visible if i not in self._seen]
        for i in unseen:
            self._guarded(i, lambda view: view.show_frame(frame))
            self._seen.add(i)
            if i != unseen[-1] and perf_counter() > end:
                self._later.start()
                return False
        if self.shown is not frame:
            self.shown = frame
            self.framed.emit(frame)
        return True

    def _pace(self) -> None:
        """Leave time for mouse, keys and the other processes: what the last frame cost says when the one after this may come."""
        worked = thread_time()
        needed = round(1000 * (worked - self._worked) / SHARE)
        self._worked = worked
        interval = min(max(needed, INTERVAL), LONGEST)
        if interval != self._timer.interval():
            self._timer.setInterval(interval)

    def _visible(self) -> list[int]:
        """Indices of the views that can be seen."""
        return [
            i for i, view in enumerate(self._views) if view.isVisible() and not view.visibleRegion().isEmpty()
        ]

    def _ask(self) -> None:
        found: set[Want] = set()
        for i in self._visible():
            self._guarded(i, lambda view: found.update(view.wants()))
        wants = frozenset(found)
        if wants != self._wants:
            self._wants = wants
            self._send(SetWants(wants))

    def _guarded(self, index: int, call: Callable[[Watcher], object]) -> object:
        """What ``call`` gives; ``None`` where it fails, which is reported."""
        try:
            return call(self._views[index])
        except Exception as error:  # noqa: BLE001 - a fault of one view must not stop the others, and is reported
            details = traceback.format_exc()
            # The place names the fault: the text may hold numbers that differ from frame to frame.
            frames = traceback.extract_tb(error.__traceback__)
            fault = (index, f"{frames[-1].filename}:{frames[-1].lineno}")
            if fault not in self._faults:
                self._faults.add(fault)
                name = self._views[index].objectName() or type(self._views[index]).__name__
                log.error("The view %s failed:\n%s", name, details)
                self.view_failed.emit(name, f"{type(error).__name__}: {error}", details)
            return None
