"""What shapes learning, asked for by a view: long questions, answered on a copy, bit by bit, so that training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np

from engine.errors import NO_ROOM, EngineError
from playground.runner.live import Live, Want

if TYPE_CHECKING:
    from engine.core import Array
    from engine.landscape import Bench, Cell, Directions, Noise, Plane, Rates, Slicing, Step
    from engine.train import Trainer

__all__ = ["GradientNoise", "LossPlane", "RateRange", "StepLength"]

#: seconds of one bit of work while the run goes on, and how much of the time it may take
BIT, SHARE = 0.012, 0.2
#: seconds between two looks along a step while the run goes on
AGE = 0.1
#: seconds between two looks whether to go on while it stands still
LOOK = 0.004
#: moments of a path at most, and the numbers that all of them may hold
MOST_MOMENTS, MOST_NUMBERS = 200, 20_000_000

A = TypeVar("A")


class Job(Generic[A]):
    """An answer in the making.

    Args:
        make: begins it; each value is what there is so far, the last one complete. What it raises in words is the answer.

    Attributes:
        state: what there is; ``None`` at first.
        done: whether there is no more to come.
    """

    def __init__(self, make: Callable[[], Iterator[A]]) -> None:
        self.state: A | None = None
        self.done = False
        self._make = make
        self._steps: Iterator[A] | None = None
        self._due = 0.0

    def on(self, seconds: float) -> None:
        """Get on with it for about so long."""
        end = perf_counter() + seconds
        try:
            if self._steps is None:
                self._steps = self._make()
            for state in self._steps:
                self.state = state
                if perf_counter() >= end:
                    return
        except EngineError as error:
            self.state = cast(Any, str(error))
        except MemoryError:
            self.state = cast(Any, NO_ROOM)
        self.done = True

    def beside(self) -> None:
        """Another bit, if it has its turn beside training."""
        start = perf_counter()
        if not self.done and start >= self._due:
            self.on(BIT)
            now = perf_counter()
            self._due = now + (now - start) / SHARE


@dataclass(frozen=True)
class Long(Want[A]):
    """A question about the weights as they are when it is first asked. ``asked``: another number asks anew, and is the seed of what is drawn."""

    asked: int = 0

    def steps(self, live: Live, trainer: Trainer) -> Iterator[A]:
        """See ``Job``."""
        raise NotImplementedError

    def key(self, live: Live, trainer: Trainer) -> object:
        """The answer is begun anew when this is another."""
        return self

    def answer(self, live: Live) -> A | None:
        job = self._job(live)
        if job is None:
            return None
        if live.running:
            job.beside()
        return job.state

    def work(self, live: Live, go_on: Callable[[], bool]) -> bool:
        job = self._job(live)
        if job is None or job.done:
            return False
        while not job.done:
            job.on(LOOK)
            if not go_on():
                break
        return True

    def _job(self, live: Live) -> Job[A] | None:
        trainer = live.trainer
        if trainer is None:
            return None
        found: Job[A] = live.kept(
            type(self), self.key(live, trainer), lambda: Job(lambda: self.steps(live, trainer))
        )
        return found


@dataclass(frozen=True)
class LossPlane(Long["Plane | str"]):
    """The loss over a plane through the weights, with the path of the run, which goes on while it trains.

    Answer: ``engine.landscape.Plane``, more of it each time, or why there is none.

    Args:
        along: "path", "weights" (of ``first`` and ``second``), "gradient", "random", "start" (from the first moment that is kept) or
            "run" (from the weights in ``file``, of a run of the same network that is ``called`` so).
    """

    along: str = "path"
    first: Cell | None = None
    second: Cell | None = None
    file: str = ""
    called: str = ""

    def key(self, live: Live, trainer: Trainer) -> object:
        if self.along not in ("path", "start"):
            return self
        # Asked before there was a way, or while it was short: once more when the run stands still for the first time.
        begun: list[bool] = live.kept((LossPlane, "begun"), self, lambda: [False])
        begun[0] = begun[0] or (trainer.steps > 0 and not live.running)
        return self, begun[0]

    def answer(self, live: Live) -> Plane | str | None:
        found = super().answer(live)
        job, trainer = self._job(live), live.trainer
        slicing: Slicing | None = live.last((LossPlane, "slicing"))
        if slicing is None or trainer is None or job is None or not job.done or isinstance(found, str):
            return found
        slicing.stand_at(trainer.steps, trainer.model.store.values)
        return slicing.plane

    def steps(self, live: Live, trainer: Trainer) -> Iterator[Plane | str]:
        from engine.landscape import Bench, Slicing

        bench = Bench(trainer)
        moments = _moments(live, bench)
        made = Slicing(bench, self._directions(live, bench, moments), moments, trainer.steps)
        slicing: Slicing = live.kept((LossPlane, "slicing"), made, lambda: made)
        yield slicing.plane
        while not slicing.done:
            slicing.on()
            yield slicing.plane

    def _directions(self, live: Live, bench: Bench, moments: list[tuple[int, Array]]) -> Directions:
        from engine import landscape

        match self.along:
            case "weights" if self.first is not None and self.second is not None:
                return landscape.cells(bench, self.first, self.second)
            case "gradient":
                return landscape.downhill(bench, self.asked)
            case "random":
                return landscape.random(bench, self.asked)
            case "start":
                if not moments:
                    raise EngineError("There is no earlier moment of this run. Train a little first.")
                at = moments[0][0]
                name = "the start" if not at else f"update {at:,}"
                return landscape.between(bench, moments[0][1], name, self.asked)
            case "run":
                other = self._weights(live, len(bench.here))
                return landscape.between(bench, other, self.called or "the other run", self.asked)
            case "path":
                return landscape.of_path(bench, [values for _, values in moments], self.asked)
        raise EngineError("Two numbers of the network span this plane. Choose them.")

    def _weights(self, live: Live, count: int) -> Array:
        from playground.document.files import FileError
        from playground.runs import files

        if live.project is None:
            raise EngineError("There is no project to compare with. Open one.")
        try:
            values = files.load_run(Path(self.file), live.project).snapshot.arrays["parameters"]
        except FileError as error:
            raise EngineError(str(error)) from error
        if len(values) != count:
            raise EngineError(
                f"That run has {len(values):,} parameters and this network {count:,}; expected as many. Choose a run of the same network."
            )
        return values.astype(np.float64)


@dataclass(frozen=True)
class StepLength(Want["Step | str"]):
    """How long the next update is. Answer: ``engine.landscape.Step`` of this moment, or of a short time ago while the run goes on."""

    def answer(self, live: Live) -> Step | str | None:
        trainer = live.trainer
        if trainer is None:
            return None
        return live.kept(StepLength, id(trainer), _Lengths).answer(trainer, live.running)

    def work(self, live: Live, go_on: Callable[[], bool]) -> bool:
        trainer = live.trainer
        return trainer is not None and live.kept(StepLength, id(trainer), _Lengths).work(trainer, go_on)


class _Lengths:
    """The last look along a step, the next one in the making, what each is of, and from when on another may begin."""

    def __init__(self) -> None:
        self._found: Step | str | None = None
        self._of: object = None
        self._job: Job[Step | str | None] | None = None
        self._job_of: object = None
        self._due = 0.0

    def answer(self, trainer: Trainer, running: bool) -> Step | str | None:
        job = self._asked(trainer, running)
        if job is not None and running:
            job.beside()
            self._take(job)
        return self._found

    def work(self, trainer: Trainer, go_on: Callable[[], bool]) -> bool:
        """Get on with it while the run stands still; whether anything was left to do."""
        job = self._asked(trainer, running=False)
        if job is None:
            return False
        while not job.done:
            job.on(LOOK)
            if not go_on():
                break
        self._take(job)
        return True

    def _asked(self, trainer: Trainer, running: bool) -> Job[Step | str | None] | None:
        """What is in the making, or has to be made now."""
        total = float(trainer.model.store.values.sum())
        moment = (
            trainer.steps,
            trainer.fit,
            total if math.isfinite(total) else None,
        )  # NaN is never the same moment
        if not running and self._job_of != moment:
            self._job = None  # it began while the run went on; where it stands now is what one looks at
        if self._job is None and moment != self._of and (not running or perf_counter() >= self._due):
            self._job, self._job_of = Job(lambda: self._steps(trainer)), moment
        return self._job

    def _take(self, job: Job[Step | str | None]) -> None:
        if job.done:
            self._found, self._of, self._job = job.state, self._job_of, None
            self._due = perf_counter() + AGE

    def _steps(self, trainer: Trainer) -> Iterator[Step | str | None]:
        from engine.landscape import Bench
        from engine.landscape.step import looking

        yield from looking(trainer, Bench(trainer))


@dataclass(frozen=True)
class RateRange(Long["Rates | str"]):
    """A range test of learning rates. Answer: ``engine.landscape.Rates``, more of it each time, or why there is none."""

    def steps(self, live: Live, trainer: Trainer) -> Iterator[Rates | str]:
        from engine.landscape import RateTest

        test = RateTest(trainer)
        while not test.done:
            test.on()
            yield test.rates


@dataclass(frozen=True)
class GradientNoise(Long["Noise | str"]):
    """Gradients of batches by two numbers of the network. Answer: ``engine.landscape.Noise``, more of it each time, or why there is none."""

    first: Cell | None = None
    second: Cell | None = None

    def steps(self, live: Live, trainer: Trainer) -> Iterator[Noise | str]:
        from engine.landscape import Bench, noise

        if self.first is None or self.second is None:
            raise EngineError("Two numbers of the network span this plane. Choose them.")
        yield from noise(Bench(trainer), self.first, self.second, trainer.steps, self.asked)


def _moments(live: Live, bench: Bench) -> list[tuple[int, Any]]:
    """Moments of the run that are kept, some of them where they are many: ``(updates, weights)``."""
    kept = [one for one in live.moments() if len(one.arrays["parameters"]) == len(bench.here)]
    most = max(2, min(MOST_MOMENTS, MOST_NUMBERS // max(len(bench.here), 1)))
    if len(kept) > most:
        kept = [kept[i] for i in np.linspace(0, len(kept) - 1, most).round().astype(int)]
    return [(one.steps, one.arrays["parameters"].astype(np.float64)) for one in kept]
