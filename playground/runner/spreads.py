"""How the numbers of a run are spread at the moments that it can return to, and those of a run that was kept beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from engine.distributions import Distributions, Spread, distributions
from engine.errors import NO_ROOM, EngineError
from engine.model import Model
from engine.snapshot import Snapshot
from engine.train import Trainer
from playground.document import files
from playground.document.files import FileError
from playground.document.project import data_of, problems
from playground.runs.files import load_run

if TYPE_CHECKING:
    from playground.runner.live import Live

#: moments that a film has, at most
FRAMES = 32
#: how much of the time looking at earlier moments may take while the run goes on
SHARE = 0.05
#: bytes that a moment may take: of a larger network, earlier moments are not looked at
MOST_BYTES = 32 << 20


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """One moment of a film: after which update and epoch, and how the numbers were spread then."""

    step: int
    epoch: int
    spread: Spread


@dataclass(frozen=True, eq=False)
class Film:
    """Moments of one layer, oldest first.

    Args:
        frames: those that have been looked at.
        missing: how many are still to be looked at.
        refusal: why there are none; "" where there can be some.
    """

    frames: tuple[FilmFrame, ...] = ()
    missing: int = 0
    refusal: str = ""


class Projector:
    """Looks at earlier moments of a run, each once, by going there and back.

    Args:
        trainer: whose moments they are. Each time it stands again where it stood, bit for bit.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._seen: dict[int, tuple[Snapshot, Distributions]] = {}
        self._first: Snapshot | None = None
        self._due = 0.0
        self._last: tuple[object, Film] | None = None

    def film(self, moments: Sequence[Snapshot], node_id: str, quantity: str, running: bool) -> Film:
        """What is known of ``moments``, ascending; looks at one more where there is time."""
        missing = (
            self.look(moments, 1) if not running or perf_counter() >= self._due else self._missing(moments)
        )
        steps = sorted(self._seen)
        key = node_id, quantity, tuple(steps), missing
        if self._last is None or self._last[0] != key:
            frames = [
                FilmFrame(step, found.epoch, spread)
                for step in steps
                for found in (self._seen[step][1],)
                if (spread := _spread_of(found, node_id, quantity)) is not None
            ]
            self._last = key, Film(tuple(frames), missing)
        return self._last[1]

    def look(self, moments: Sequence[Snapshot], most: int, go_on: Callable[[], bool] = lambda: True) -> int:
        """Look at up to ``most`` of the moments that were chosen and not seen yet; how many are left."""
        for _ in range(most):
            unseen = self._unseen(moments)
            if not unseen:
                break
            # The one that is farthest from all that were seen: what is known soon spans the whole run.
            one = max(unseen, key=lambda m: min((abs(m.steps - step) for step in self._seen), default=0))
            start = perf_counter()
            self._seen[one.steps] = one, self._seen_from(one)
            now = perf_counter()
            self._due = now + (now - start) / SHARE
            if not go_on():
                break
        return self._missing(moments)

    def _seen_from(self, moment: Snapshot) -> Distributions:
        here = self._trainer.snapshot()
        try:
            self._trainer.restore(moment)
            return distributions(self._trainer)
        finally:
            self._trainer.restore(here)

    def _missing(self, moments: Sequence[Snapshot]) -> int:
        return len(self._unseen(moments))

    def _unseen(self, moments: Sequence[Snapshot]) -> list[Snapshot]:
        wanted = chosen(moments)
        if (
            moments and self._first is not moments[0]
        ):  # another run begins there, or its beginning was let go of
            self._first = moments[0]
            self._seen.clear()
        steps = {one.steps for one in wanted}
        for step in [step for step in self._seen if step not in steps]:
            del self._seen[step]
        return [one for one in wanted if one.steps not in self._seen]


def chosen(moments: Sequence[Snapshot]) -> list[Snapshot]:
    """Up to about ``FRAMES`` of the moments, evenly over the run, and mostly the same ones while it grows.

    Of each stretch, which is as long as a power of two, the first.
    """
    if not moments:
        return []
    first, length = moments[0].steps, moments[-1].steps - moments[0].steps
    stretch = 2 ** max(0, math.ceil(math.log2(max(length, 1) / FRAMES)))
    found: list[Snapshot] = []
    for one in moments:
        if not found or (one.steps - first) // stretch > (found[-1].steps - first) // stretch:
            found.append(one)
    return found


def _spread_of(found: Distributions, node_id: str, quantity: str) -> Spread | None:
    return next((spread for name, spread in found.of(quantity) if name == node_id), None)


def film(live: Live, node_id: str, quantity: str) -> Film | None:
    """What the want ``SpreadFilm`` answers."""
    if live.trainer is None:
        return None
    if live.trainer.nbytes > MOST_BYTES:
        return Film(refusal="The network is too large for its earlier moments to be looked at.")
    return _projector(live, live.trainer).film(live.moments(), node_id, quantity, live.running)


def film_on(live: Live, go_on: Callable[[], bool]) -> bool:
    """Look at earlier moments while ``go_on()``; whether anything was left to do."""
    if live.trainer is None or live.trainer.nbytes > MOST_BYTES:
        return False
    projector, moments = _projector(live, live.trainer), live.moments()
    before = projector._missing(moments)
    if before:
        projector.look(moments, before, go_on)
    return before > 0


def _projector(live: Live, trainer: Trainer) -> Projector:
    made: Projector = live.kept(
        Projector, (id(trainer), id(trainer.train), trainer.fit), lambda: Projector(trainer)
    )
    return made


def kept_spreads(file: str) -> Distributions | str:
    """How the numbers of the run in ``file`` are spread; why that cannot be said, in words, where it cannot."""
    try:
        project = files.load(file)
        if found := problems(project):
            return f"That run cannot be shown. {found[0].message}"
        data, run = data_of(project, wait=True), load_run(file, project)
        if run.in_shape != data.train.in_shape or run.snapshot.position >= len(data.train):
            return "That run cannot be shown. Its data have changed since; expected those it was trained on. Train it again."
        model = Model(project.network, data.in_shape, project.seed, initializer=project.fit.initializer)
        trainer = Trainer(model, data.train, None, project.fit, project.seed)
        run.give(trainer)
        return distributions(trainer)
    except (FileError, EngineError, OSError, MemoryError) as error:
        return f"That run cannot be shown. {str(error) or NO_ROOM}"
