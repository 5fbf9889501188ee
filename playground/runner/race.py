"""Runs beside each other: the same data, seed and order of batches, trained by turns so that neither gets ahead.

Each lane is a session of its own, and does what it would do alone, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np

from engine.core import Array
from engine.errors import NO_ROOM, EngineError
from engine.train import Trainer
from playground.document.files import FileError
from playground.document.project import Project
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
#: samples times parameters that are computed again to come to the moment that is meant: some seconds
MOST_AGAIN = 1e9
#: numbers of a network up to which the weights of two runs are compared for each report
COMPARED = 2_000_000


@dataclass(frozen=True)
class Origin:
    """A moment of a run from which others go on.

    Args:
        file: holds the run, with the moments that it can return to.
        project: what was trained.
        epoch: after so many finished epochs, computed again from the last moment before that is held; that moment itself where it would
            take long, and the earliest where none is held before.
    """

    file: Path
    project: Project
    epoch: int


def standing_at(session: Session, origin: Origin) -> None:
    """Load the run of ``origin``, and stand at its moment."""
    session.load(origin.project, another=True, file=origin.file)
    run = session.current()
    if run is not None:
        moments = sorted((*run.moments, run.snapshot), key=lambda one: one.steps)
        earlier = [one for one in moments if one.epoch + (one.position > 0) <= origin.epoch]
        session.go_to((earlier[-1] if earlier else moments[0]).steps)
        trainer, epoch = session.trainer, min(origin.epoch, run.snapshot.epoch)
        if trainer is None or trainer.epoch >= epoch:
            return
        # By what it costs, not by the clock: both runs are to begin at the same moment.
        cost = (epoch - trainer.epoch) * len(trainer.train) * trainer.model.store.values.size
        if cost <= MOST_AGAIN:
            session.play()
            session.train(math.inf, until_epoch=epoch)
            session.pause()


@dataclass(frozen=True, eq=False)
class LaneView:
    """One run of a heat, at one moment.

    Args:
        key: its trial's digest.
        epoch, seconds: how far it has come, and in how much time of its own.
        rows: its curves, as in ``Result``.
        end: a key of ENDS; "" while it goes on.
        surface: what the network gives over the plane, ``(outputs, n, n)``; ``None`` where the data have not two features.
        message: why it ended so; "" where there is no more to say.
        scores: training and validation loss at the end; NaN before it, and where there is none.
    """

    key: str
    epoch: int
    seconds: float
    rows: tuple[tuple[float, ...], ...]
    end: str = ""
    surface: Array | None = None
    message: str = ""
    scores: tuple[float, float] = (math.nan, math.nan)


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
        apart: how far the weights of the second run are from those of the first, ``‖B − A‖ / ‖A‖`` of each layer that has as many in
            both; infinite where A's are all 0. Empty where there are not two, or they are too many.
        began: the epoch from which the runs go on.
    """

    heat: int
    heats: int
    lanes: tuple[LaneView, ...] = ()
    parted: int | None = None
    done: tuple[str, ...] = ()
    over: bool = False
    message: str = ""
    apart: tuple[tuple[str, float], ...] = ()
    began: int = 0


@dataclass
class _Lane:
    trial: Trial
    origin: Origin | None = None
    session: Session = field(default_factory=Session)
    seconds: float = 0.0
    result: Result | None = None
    until: int = 0  # the epoch at which it ends
    began: int = 0  # the one at which it began

    def begin(self) -> None:
        began, self.until = perf_counter(), self.trial.epochs
        try:
            if self.origin is not None:
                standing_at(self.session, self.origin)
            self.session.load(self.trial.seeded)
        except (EngineError, MemoryError) as error:
            self.result = Result("refused", str(error) or NO_ROOM)
            return
        self.seconds += perf_counter() - began
        if self.session.trainer is None:
            self.result = Result("refused", self.session.message, seconds=self.seconds)
        else:
            self.began = self.trainer.epoch if self.trainer is not None else 0
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
            over = not running or trainer is None or trainer.epoch >= self.until
        except (EngineError, MemoryError) as error:
            over, self.result = True, Result("refused", str(error) or NO_ROOM)
        self.seconds += perf_counter() - began
        if over and self.result is None:
            self.end()

    def end(self) -> None:
        """It is over, with the epoch at which it stands: what it has come to is what a run of so many epochs comes to."""
        trainer = self.trainer
        cut = self.session.state is State.RUNNING and trainer is not None
        if cut and trainer is not None and trainer.epoch < self.trial.epochs:
            self.trial = replace(self.trial, epochs=max(trainer.epoch, 1))
        self.session.finish()
        self.result = outcome(self.session, self.seconds)

    @property
    def between_epochs(self) -> bool:
        """Whether it stands at the end of an epoch that it has trained."""
        trainer = self.trainer
        return trainer is not None and trainer.epoch > self.began and not trainer.part_of_epoch

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
            self.result.message if self.result is not None else "",
            (math.nan, math.nan) if self.result is None else self.result.scores[:2],
        )


class Race:
    """Runs heats one after another, the runs of a heat by turns.

    Args:
        heats: trials; the first two of a heat are A and B.
        by_time: runs of a heat get the same time, in place of the same epochs: when the first has made its epochs, the others end with
            the epoch in which they are. A run that was ended so is kept as one of as many epochs as it has made.
        kept: where each is kept when it is over; ``None``: nowhere.
        origin: where all runs go on from; ``None``: from their first weights. Their epochs are counted from the first.
        seconds: of training, after which a heat ends with the epoch that its runs are in.
    """

    def __init__(
        self,
        heats: Sequence[Sequence[Trial]],
        by_time: bool = False,
        kept: Kept | None = None,
        origin: Origin | None = None,
        seconds: float = math.inf,
    ) -> None:
        self.heats, self._by_time, self._kept = tuple(map(tuple, heats)), by_time, kept
        self._origin, self._seconds = origin, seconds
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
            tuple(self.done), self.over, self.message, self._apart(), min((lane.began for lane in self._lanes), default=0),
        )  # fmt: skip

    def _apart(self) -> tuple[tuple[str, float], ...]:
        trainers = [lane.trainer for lane in self._lanes[:2]]
        if len(trainers) < 2 or any(t is None or t.model.store.values.size > COMPARED for t in trainers):
            return ()
        return weights_apart(*(t.model.state_dict() for t in trainers if t is not None))

    def _begin(self) -> None:
        self._lanes = [_Lane(trial, self._origin) for trial in self.heats[self.heat]]
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
                lane.turn(TURN, lane.until, most=1)
            self._look()
        elif self._by_time:
            behind = min(running, key=lambda lane: lane.seconds)
            # Not beyond the end of the epoch: there it may have had its time.
            behind.turn(TURN, min(int(behind.progress) + 1, behind.until))
        else:
            # To the end of the epoch that the last one is in, so that all stand at the same one.
            last = min(running, key=lambda lane: lane.progress)
            last.turn(TURN, min(int(last.progress) + 1, last.until))
        self._end_in_time()

    def _end_in_time(self) -> None:
        """End runs that have had their time."""
        running = [lane for lane in self._lanes if lane.result is None]
        if self._by_time and (over := [lane.seconds for lane in self._lanes if lane.result is not None]):
            for lane in running:
                if lane.between_epochs and lane.seconds >= max(over):
                    lane.end()
        elif sum(lane.seconds for lane in self._lanes) >= self._seconds and running:
            furthest = max(math.ceil(lane.progress) for lane in running)
            for lane in running:
                lane.until = min(lane.until, max(furthest, lane.began + 1))
                if lane.between_epochs and lane.progress >= lane.until:
                    lane.end()

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
            self._kept.put(Entry(key, lane.trial, result, datetime.now(UTC), note, star, self._by_time))
            self.done.append(key)
        except (OSError, FileError) as error:
            self.message = f"This run was trained and cannot be kept: {error}"


def weights_apart(a: Mapping[str, Array], b: Mapping[str, Array]) -> tuple[tuple[str, float], ...]:
    """``‖B − A‖ / ‖A‖`` of each layer whose parameters have the same shapes in two ``state_dict``; infinite where A's are all 0."""
    gaps: dict[str, list[float]] = {}
    for name, mine in a.items():
        other = b.get(name)
        layer = name.rpartition(".")[0] or name
        sums = gaps.setdefault(layer, [0.0, 0.0])
        if other is None or other.shape != mine.shape:
            sums[0] = math.nan
        else:
            sums[0] += float(np.square(np.asarray(other, np.float64) - mine).sum())
            sums[1] += float(np.square(mine, dtype=np.float64).sum())
    return tuple(
        (layer, math.sqrt(gap / size) if size else (math.inf if gap else 0.0))
        for layer, (gap, size) in gaps.items()
        if not math.isnan(gap)
    )


def _same(a: Trainer, b: Trainer) -> bool:
    """Whether two networks hold the same numbers in the same places."""
    mine, others = a.model.state_dict(), b.model.state_dict()
    if mine.keys() != others.keys() or a.steps != b.steps:
        return False
    return all(
        mine[name].shape == others[name].shape and np.array_equal(mine[name], others[name], equal_nan=True)
        for name in mine
    )
