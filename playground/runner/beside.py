"""The process in which runs are trained beside the window's own, with less of the processors than that has."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

from playground.runner.race import Race, RaceView
from playground.runs.kept import Kept
from playground.runs.trial import Trial, trial

#: how much it gives way to others (see ``os.nice``)
NICE = 10
#: seconds between two reports, and of training between two looks at the line
REPORT, SLICE = 0.2, 0.1
#: seconds that the process may take to end by itself
PATIENCE = 1.0


@dataclass(frozen=True)
class _Order:
    """A race to begin: its number, its trials as text, and the rest as in ``Race``."""

    number: int
    heats: tuple[tuple[str, ...], ...]
    by_time: bool
    folder: Path


class Beside:
    """Trains one race at a time, in a process of its own that is kept for the next one."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None
        self._number = 0
        self.running = False

    def start(self, heats: Sequence[Sequence[Trial]], by_time: bool, folder: Path) -> None:
        """Begin a race, and give up the one before."""
        if self._line is None or self._process is None or not self._process.is_alive():
            self._open()
        if self._line is None:
            return
        texts = tuple(tuple(one.to_json() for one in heat) for heat in heats)
        self._number += 1
        with suppress(OSError):
            self._line.send(_Order(self._number, texts, by_time, folder))
        self.running = True

    def cancel(self) -> None:
        """Give up what is being trained; what has come to its end is kept."""
        if self._line is not None and self.running:
            with suppress(OSError):
                self._line.send(None)
        self.running = False

    def take(self) -> RaceView | None:
        """The newest report that was not taken yet; ``None`` where there is none. Of a process that has died, one that says so."""
        found = None
        if self._line is None:
            return None
        try:
            while self._line.poll():
                number, view = self._line.recv()
                if number == self._number:  # else the last words of one that was given up
                    found = view
        except (EOFError, OSError):
            died, self._line = self.running, None
            self.running = False
            if died:
                why = (
                    "The process that trained beside was ended; what had come to its end is kept. Try again."
                )
                return RaceView(0, 1, over=True, message=why)
            return None
        if found is not None:
            if not self.running:
                return None  # the last words of one that was given up
            self.running = not found.over
        return found

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.join(PATIENCE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process.close()
            self._process = None
        self.running = False

    def _open(self) -> None:
        self.stop()
        context = multiprocessing.get_context("spawn")  # fork would copy a running Qt
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="beside", daemon=True)
        self._process.start()
        theirs.close()


def _serve(line: Connection) -> None:
    """What the process does, until the other end of ``line`` has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    with suppress(EOFError, OSError):
        order: _Order | None = None
        while True:
            order = line.recv() if order is None else _carry_out(line, order)


def _carry_out(line: Connection, order: _Order) -> _Order | None:
    """Run a race and report of it; returns the next order, ``None`` for none."""
    try:
        heats = [[trial(text) for text in heat] for heat in order.heats]
        race = Race(heats, order.by_time, Kept(order.folder))
        told = 0.0
        while race.go_on(SLICE):
            if line.poll():
                following: _Order | None = line.recv()
                return following
            if perf_counter() - told >= REPORT:
                line.send((order.number, race.view()))
                told = perf_counter()
        line.send((order.number, race.view()))
    except (EOFError, BrokenPipeError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001  who waits for a report must not wait for ever
        why = (
            f"Training beside has failed ({type(error).__name__}: {error}). What had come to its end is kept."
        )
        line.send((order.number, RaceView(0, 1, over=True, message=why)))
    return None
