"""Every exception that nobody catches: written down, and shown once, while the program goes on."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.errors import clipped

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from threading import ExceptHookArgs

log = logging.getLogger(__name__)

#: letters of an error's own words that are shown; the details have them all
WORDS = 160


class Faults(QObject):
    """Hears of exceptions in slots, events, threads and finalizers, from ``listen`` on until ``stop``.

    Each kind of fault, told apart by where it happened, is noted in the log and announced once: a fault in something that is drawn sixty
    times a second must not bury what it is about.
    """

    #: a sentence and the stack trace; slots of other objects hear of it on their own thread
    happened = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: set[tuple[type[BaseException], str]] = set()
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)

    def listen(self) -> None:
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._raised
        threading.excepthook = self._raised_in_thread
        sys.unraisablehook = self._unraisable

    def stop(self) -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before

    def _raised(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None = None
    ) -> None:
        if isinstance(error, Exception):
            self._note(error, "in the window")
        else:  # Ctrl+C and the like are no faults
            self._before[0](kind, error, trace)

    def _raised_in_thread(self, args: ExceptHookArgs) -> None:
        if isinstance(args.exc_value, Exception):
            name = args.thread.name if args.thread is not None else "unknown"
            self._note(args.exc_value, f"in the thread {name!r}")

    def _unraisable(self, args: UnraisableHookArgs) -> None:
        if isinstance(args.exc_value, Exception):
            self._note(args.exc_value, "where nobody could be told")

    def _note(self, error: Exception, where: str) -> None:
        steps = traceback.extract_tb(error.__traceback__)
        fault = (type(error), f"{steps[-1].filename}:{steps[-1].lineno}" if steps else where)
        if fault in self._known:
            return
        self._known.add(fault)
        details = "".join(traceback.format_exception(error))
        log.error("An error %s; the program goes on.\n%s", where, details)
        self.happened.emit(f"{type(error).__name__}: {clipped(str(error), WORDS)}", details)
