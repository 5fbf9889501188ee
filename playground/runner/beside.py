"""The process in which runs are trained beside the window's own, with less of the processors than that has."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

from playground.runner.experiments import Evidence, carried_out
from playground.runner.race import Origin, Race, RaceView
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
    """A race to begin: its number, its trials as text, and the rest as in ``Race``; ``asked``: an experiment with its only trial."""

    number: int
    heats: tuple[tuple[str, ...], ...]
    by_time: bool
    folder: Path
    origin: Origin | None = None
    seconds: float = math.inf
    asked: str = ""


class Beside:
    """Trains one race at a time, in a process of its own that is kept for the next one."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None
        self._number = 0
        self.running = False

    def start(
        self,
        heats: Sequence[Sequence[Trial]],
        by_time: bool,
        folder: Path,
        origin: Origin | None = None,
        seconds: float = math.inf,
    ) -> None:
        """Begin a race, see ``Race``, and give up what was done before."""
        texts = tuple(tuple(one.to_json() for one in heat) for heat in heats)
        self._give(_Order(self._number + 1, texts, by_time, folder, origin, seconds))

    def ask(self, experiment: str, trial: Trial, origin: Origin | None = None) -> None:
        """Begin an experiment, a key of ``EXPERIMENTS``, and give up what was done before."""
        self._give(_Order(self._number + 1, ((trial.to_json(),),), False, Path(), origin, asked=experiment))

    def _give(self, order: _Order) -> None:
        if self._line is None or self._process is None or not self._process.is_alive():
            self._open()
        if self._line is None:
            return
        self._number = order.number
        with suppress(OSError):
            self._line.send(order)
        self.running = True

    def cancel(self) -> None:
        """Give up what is being trained; what has come to its end is kept."""
        if self._line is not None and self.running:
            with suppress(OSError):
                self._line.send(None)
        self.running = False

    def take(self) -> RaceView | Evidence | None:
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
        told, work = 0.0, _experiment(order, heats) if order.asked else _race(order, heats)
        for view in work:
            if line.poll():
                following: _Order | None = line.recv()
                return following
            if perf_counter() - told >= REPORT or view().over:
                line.send((order.number, view()))
                told = perf_counter()
    except (EOFError, BrokenPipeError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001  who waits for a report must not wait for ever
        why = f"What was done beside has failed ({type(error).__name__}: {error}). What had come to its end is kept."
        line.send((order.number, RaceView(0, 1, over=True, message=why)))
    return None


def _race(order: _Order, heats: list[list[Trial]]) -> Iterator[Callable[[], RaceView | Evidence]]:
    race = Race(heats, order.by_time, Kept(order.folder), order.origin, order.seconds)
    while race.go_on(SLICE):
        yield race.view
    yield race.view


def _experiment(order: _Order, heats: list[list[Trial]]) -> Iterator[Callable[[], RaceView | Evidence]]:
    for evidence in carried_out(order.asked, heats[0][0], order.origin):
        yield partial(_same, evidence)


def _same(evidence: Evidence) -> Evidence:
    return evidence
