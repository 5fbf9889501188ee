"""Moments of a run that it can return to: how one steps back and scrubs, within a stated amount of memory.

Nothing but some moments is kept. Whatever lies between is computed again from the nearest earlier one, and comes out the same, bit for
bit, as training follows from the seed alone. So which moments are kept, and when, changes no number: only how long going back takes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from time import perf_counter

from engine.errors import in_bytes
from engine.snapshot import Snapshot
from engine.train import Trainer

#: bytes for kept moments: a quarter of a gigabyte is little beside what a window and a set of pictures need, and holds
#: twenty moments of a network of a million parameters trained with Adam
BUDGET = 256 << 20
#: moments kept at most: thinning them and finding one among them must stay cheap, however small a network is
MOST = 1000
#: seconds of training between two of them, at least: what lies between is computed again in less time than a person notices
EVERY = 0.05
#: making one may cost this share of the time that training gets
COST = 0.005
#: seconds of computing again between two questions whether to go on
BURST = 0.01


class Checkpoints:
    """Snapshots of one run, dense where they are new and ever sparser the older they are.

    Args:
        budget: bytes for what is kept. The newest moment is on top of it until old ones have been let go of, and so are the
            weights that early stopping held at the beginning.
        most: how many moments.

    Attributes:
        held: the best moment that early stopping held before the first one here; ``None``: it held none.
        latest: the furthest step that was reached, kept or not.
        refusal: why nothing can be kept; "" while it can.
        nbytes: what the kept moments take.
    """

    def __init__(self, budget: int = BUDGET, most: int = MOST) -> None:
        self.budget, self.most, self.latest, self.refusal = budget, most, 0, ""
        self._kept: list[Snapshot] = []
        self.nbytes = 0
        self.held: Snapshot | None = None
        self._due = 0.0

    @property
    def steps(self) -> tuple[int, ...]:
        """Which moments are kept, as finished updates, ascending."""
        return tuple(one.steps for one in self._kept)

    @property
    def moments(self) -> tuple[Snapshot, ...]:
        """What is kept, ascending."""
        return tuple(self._kept)

    @property
    def earliest(self) -> int | None:
        """The first step that one can return to; ``None`` if there is none."""
        return self._kept[0].steps if self._kept else None

    def before(self, step: int) -> Snapshot | None:
        """The last moment before ``step``, or the first one of all if that is ``step`` itself."""
        at = bisect_left(self._kept, step, key=_steps)
        if at:
            return self._kept[at - 1]
        return self._kept[0] if self._kept and self._kept[0].steps == step else None

    def begin(self, trainer: Trainer) -> None:
        """Forget all, and keep this moment: what was before it cannot be computed again, as settings or weights were others."""
        self.resume((), trainer.best, trainer.steps)
        self.note(trainer)

    def resume(self, moments: Iterable[Snapshot], held: Snapshot | None, latest: int) -> None:
        """Forget all, and go on from what was kept of the same run before: its ``moments``, ``held`` and ``latest``."""
        self._kept, self.nbytes, self.latest, self.refusal, self._due = [], 0, latest, "", 0.0
        self.held = held
        for one in moments:
            self.add(one)

    def note(self, trainer: Trainer) -> None:
        """Keep this moment, unless the last one was a short time ago. Call it often, between updates."""
        self.latest = max(self.latest, trainer.steps)
        now = perf_counter()
        if now < self._due or self.refusal:
            return
        if trainer.nbytes > self.budget:
            self.refusal = _too_large(trainer.nbytes, self.budget)
            return
        self.add(trainer.snapshot())
        after = perf_counter()
        self._due = after + max(EVERY, (after - now) / COST)

    def add(self, snapshot: Snapshot) -> None:
        """Keep ``snapshot``, and let go of old ones where there is no room. One that is larger than the budget is not kept."""
        self.latest = max(self.latest, snapshot.steps)
        if snapshot.nbytes > self.budget:
            self.refusal = _too_large(snapshot.nbytes, self.budget)
            return
        at = bisect_left(self._kept, snapshot.steps, key=_steps)
        if at < len(self._kept) and self._kept[at].steps == snapshot.steps:
            return
        insort(self._kept, snapshot, key=_steps)
        self.nbytes += snapshot.nbytes
        if len(self._kept) > self.most or self.nbytes > self.budget:
            self._thin()

    def _thin(self) -> None:
        """Let a quarter go: between two moments there may be a share of their age, and that share grows until the rest fits."""
        share = 1.0 / self.most
        while True:
            kept = self._spaced(share)
            size = sum(one.nbytes for one in kept)
            if len(kept) <= 2 or (len(kept) <= self.most * 3 // 4 and size <= self.budget * 3 // 4):
                break
            share *= 1.5
        # Where not even two fit, the newest: one step back matters more than the beginning, which is a Reset away.
        self._kept = kept if size <= self.budget else kept[-1:]
        self.nbytes = sum(one.nbytes for one in self._kept)

    def _spaced(self, share: float) -> list[Snapshot]:
        """The first and the last, and of those between them the ones at least ``share`` of their age apart."""
        newest = self._kept[-1].steps
        kept = [self._kept[-1]]
        for one in reversed(self._kept[1:-1]):
            if kept[-1].steps - one.steps >= share * (newest - one.steps):
                kept.append(one)
        return [self._kept[0], *reversed(kept)]

    # --- going there --------------------------------------------------------------------------------------------------

    def go_to(self, trainer: Trainer, step: int, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Bring ``trainer`` to where it stood after ``step`` updates, bit for bit; whether it got there.

        Args:
            trainer: the one whose moments these are.
            step: below the earliest or above the latest, the nearest that can be reached.
            go_on: asked every few milliseconds; if it says no, training stands somewhere on the way, or where it stood.
        """
        if not self._kept:
            return False
        self.latest = max(self.latest, trainer.steps)
        step = min(max(step, self._kept[0].steps), self.latest)
        start = self.before(step)
        if start is None or step == trainer.steps:
            return True
        if not start.steps <= trainer.steps < step:
            if not self._find_best(trainer, start, go_on):
                return False
            trainer.return_to(start, trainer.best)
        return _repeat(trainer, step, go_on)

    def back(self, trainer: Trainer, unit: str, go_on: Callable[[], bool] = lambda: True) -> bool:
        """One ``"batch"`` back, or to the beginning of the ``"epoch"`` (of the one before, at its very beginning)."""
        return self.go_to(
            trainer, trainer.steps - (_steps_of_epoch(trainer) if unit == "epoch" else 1), go_on
        )

    def _find_best(self, trainer: Trainer, start: Snapshot, go_on: Callable[[], bool]) -> bool:
        """Give ``trainer.best`` the weights that early stopping held at ``start``: those it holds now, or computed again.

        Whether it got them. If ``go_on`` says no on the way, training is back where it stood: to go on from ``start`` without
        them would not be the same run.
        """
        wanted, held = start.best_step, trainer.best
        if wanted is None:
            trainer.best = None
        elif held is None or held.steps != wanted:
            source = self.before(wanted)
            if source is None:
                trainer.best = self.held
                return True
            return_here = _way_back(trainer)
            trainer.return_to(source, None)
            if not _repeat(trainer, wanted, go_on):
                return_here()
                return False
            trainer.best = trainer.snapshot()
        return True


def _steps(one: Snapshot) -> int:
    return one.steps


def _way_back(trainer: Trainer) -> Callable[[], None]:
    """Brings everything back to this moment, with what its last update left behind."""
    here, best, stopped, loss = trainer.snapshot(), trainer.best, trainer.stopped, trainer.batch_loss
    gradients = trainer.model.store.gradients.copy()

    def return_here() -> None:
        trainer.return_to(here, best)
        trainer.stopped, trainer.batch_loss = stopped, loss
        trainer.model.store.gradients[...] = gradients

    return return_here


def _repeat(trainer: Trainer, step: int, go_on: Callable[[], bool]) -> bool:
    trainer.repeating = True
    try:
        while trainer.steps < step:
            trainer.run(BURST, step - trainer.steps)
            if trainer.steps < step and not go_on():
                return False
    finally:
        trainer.repeating = False
    return True


def _steps_of_epoch(trainer: Trainer) -> int:
    """Updates since this epoch began; at its very beginning those of the one before."""
    samples = len(trainer.train)
    done = round(trainer.part_of_epoch * samples) or samples
    return -(-done // min(trainer.fit.batch_size, samples))


def _too_large(size: int, budget: int) -> str:
    return (
        f"One moment of this network takes {in_bytes(size)}, and {in_bytes(budget)} are there for all, so none is kept. "
        "To step back, use a smaller network, or an optimizer that remembers less."
    )
