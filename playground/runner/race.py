"""Runs beside each other: the same data, seed and order of batches, trained by turns so that neither gets ahead.

Each lane is a session of its own, and does what it would do alone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter

import numpy as np

from engine.core import Array
from engine.errors import EngineError
from engine.train import Trainer
from playground.document.files import FileError
from playground.runner.messages import State, Surface
from playground.runner.session import Session
from playground.runner.trials import outcome
from playground.runs import files
from playground.runs.kept import Entry, Kept, write_surface
from playground.runs.trial import Result, Trial, thinned

#: points of a surface along each axis
RESOLUTION = 72
#: seconds of a turn
TURN = 0.02
#: updates within which two runs are watched for the first difference
WATCHED = 100_000


@dataclass(frozen=True, eq=False)
class LaneView:
    """One run of a heat, at one moment.

    Args:
        key: its trial's digest.
        epoch, seconds: how far it has come, and in how much time of its own.
        rows: its curves, as in ``Result``.
        end: a key of ENDS; "" while it goes on.
        surface: what the network gives over the plane, ``(outputs, n, n)``; ``None`` where the data have not two features.
    """

    key: str
    epoch: int
    seconds: float
    rows: tuple[tuple[float, ...], ...]
    end: str = ""
    surface: Array | None = None


@dataclass(frozen=True, eq=False)
class RaceView:
    """A race at one moment.

    Args:
        heat, heats: which heat is run, from 0, and how many there are.
        lanes: its runs.
        parted: the update after which the numbers of the first two runs are no longer the same; 0: they differ from the start;
            ``None`` while they are the same, or where there is nothing to compare.
        done: keys of the runs that have been kept so far.
        over: whether all is done.
        message: what went wrong.
    """

    heat: int
    heats: int
    lanes: tuple[LaneView, ...] = ()
    parted: int | None = None
    done: tuple[str, ...] = ()
    over: bool = False
    message: str = ""


@dataclass
class _Lane:
    trial: Trial
    session: Session = field(default_factory=Session)
    seconds: float = 0.0
    result: Result | None = None

    def begin(self) -> None:
        began = perf_counter()
        try:
            self.session.load(self.trial.seeded)
        except (EngineError, MemoryError) as error:
            self.result = Result("refused", str(error) or "It takes more memory than there is.")
            return
        self.seconds += perf_counter() - began
        if self.session.trainer is None:
            self.result = Result("refused", self.session.message, seconds=self.seconds)
        else:
            self.session.play()

    @property
    def trainer(self) -> Trainer | None:
        return self.session.trainer

    @property
    def progress(self) -> float:
        """Epochs, parts of them included."""
        trainer = self.trainer
        return 0.0 if trainer is None else trainer.epoch + trainer.part_of_epoch

    def turn(self, seconds: float, until_epoch: int, most: int | None = None) -> None:
        """Train for a while, and note it when the run is over."""
        began = perf_counter()
        try:
            self.session.train(seconds, most, until_epoch)
            trainer = self.trainer
            running = self.session.state is State.RUNNING
            over = not running or trainer is None or trainer.epoch >= self.trial.epochs
            if over:
                self.session.finish()
        except (EngineError, MemoryError) as error:
            over, self.result = True, Result("refused", str(error) or "It takes more memory than there is.")
        self.seconds += perf_counter() - began
        if over and self.result is None:
            self.result = outcome(self.session, self.seconds)

    def surface(self) -> Array | None:
        project = self.session.project
        if self.trainer is None or not project.network.nodes:
            return None
        want = Surface(project.network.output_id, RESOLUTION)
        answer = self.session.frame([want]).answer(want)
        return None if answer is None else np.asarray(answer)

    def view(self) -> LaneView:
        trainer = self.trainer
        rows = () if trainer is None else thinned(trainer.log.view().rows.tolist())
        return LaneView(
            self.trial.digest,
            0 if trainer is None else trainer.epoch,
            self.seconds,
            rows,
            self.result.end if self.result is not None else "",
            self.surface(),
        )


class Race:
    """Runs heats one after another, the runs of a heat by turns.

    Args:
        heats: trials; the first two of a heat are A and B.
        by_time: runs of a heat get the same time, in place of the same epochs.
        kept: where each is kept when it is over; ``None``: nowhere.
    """

    def __init__(
        self,
        heats: Sequence[Sequence[Trial]],
        by_time: bool = False,
        kept: Kept | None = None,
    ) -> None:
        self.heats, self._by_time, self._kept = tuple(map(tuple, heats)), by_time, kept
        self.heat = 0
        self.done: list[str] = []
        self.message = ""
        self._lanes: list[_Lane] = []
        self._parted: int | None = None
        self._watching = False
        self._begin()

    @property
    def over(self) -> bool:
        return self.heat >= len(self.heats)

    def go_on(self, seconds: float) -> bool:
        """Train for about ``seconds``; whether there is something left to do."""
        end = perf_counter() + seconds
        while not self.over and perf_counter() < end:
            self._round()
        return not self.over

    def view(self) -> RaceView:
        return RaceView(
            min(self.heat, len(self.heats) - 1), len(self.heats), tuple(lane.view() for lane in self._lanes), self._parted,
            tuple(self.done), self.over, self.message,
        )  # fmt: skip

    def _begin(self) -> None:
        self._lanes = [_Lane(trial) for trial in self.heats[self.heat]]
        for lane in self._lanes:
            lane.begin()
        self._parted, self._watching = None, len(self._lanes) > 1
        if self._watching:
            self._look()

    def _round(self) -> None:
        running = [lane for lane in self._lanes if lane.result is None]
        if not running:
            self._end_heat()
        elif self._watching:
            for lane in running:
                lane.turn(TURN, lane.trial.epochs, most=1)
            self._look()
        elif self._by_time:
            behind = min(running, key=lambda lane: lane.seconds)
            behind.turn(TURN, behind.trial.epochs)
        else:
            # To the end of the epoch that the last one is in, so that all stand at the same one.
            last = min(running, key=lambda lane: lane.progress)
            last.turn(TURN, min(int(last.progress) + 1, last.trial.epochs))

    def _look(self) -> None:
        """Whether the first two are still the same, number by number."""
        a, b = self._lanes[0].trainer, self._lanes[1].trainer
        if a is None or b is None:
            self._watching = False
            return
        if not _same(a, b):
            self._parted, self._watching = max(a.steps, b.steps), False
        elif a.steps >= WATCHED or any(lane.result is not None for lane in self._lanes[:2]):
            self._watching = False

    def _end_heat(self) -> None:
        for lane in self._lanes:
            if lane.result is not None and lane.trainer is not None:
                self._keep(lane, lane.result)
        self.heat += 1
        if not self.over:
            self._begin()

    def _keep(self, lane: _Lane, result: Result) -> None:
        if self._kept is None:
            return
        key = lane.trial.digest
        try:
            self._kept.folder.mkdir(parents=True, exist_ok=True)
            files.save(lane.session.project, self._kept.run_file(key), lane.session.current())
            if (surface := lane.surface()) is not None:
                write_surface(self._kept.surface_file(key), surface)
            before = self._kept.take(key)  # what was noted of the same trial stays
            note, star = ("", False) if before is None else (before.note, before.star)
            self._kept.put(Entry(key, lane.trial, result, datetime.now(UTC), note, star))
            self.done.append(key)
        except (OSError, FileError) as error:
            self.message = f"A run cannot be kept: {error}"


def _same(a: Trainer, b: Trainer) -> bool:
    """Whether two networks hold the same numbers in the same places."""
    mine, others = a.model.state_dict(), b.model.state_dict()
    if mine.keys() != others.keys() or a.steps != b.steps:
        return False
    return all(
        mine[name].shape == others[name].shape and np.array_equal(mine[name], others[name], equal_nan=True)
        for name in mine
    )
