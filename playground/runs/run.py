"""A run as a value: what is trained, how far it has come, and all it takes to go on from there, bit for bit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from engine.core import Array, Shape
from engine.io.moments import layout, weights_of
from engine.log import Log, LogView
from engine.program import Parameters
from engine.snapshot import Snapshot
from engine.train import Trainer
from playground.document.project import Project


def new_id() -> str:
    """A name for a run that no other has."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Mark:
    """An edit that was made while the run went on.

    Args:
        epoch: passes over the data that were finished then, as a fraction.
        step: updates that were.
        text: what was changed.
    """

    epoch: float
    step: int
    text: str


@dataclass(frozen=True, eq=False)
class Run:
    """One moment of a run, with the earlier moments that it can return to.

    Args:
        project: what is trained.
        in_shape: of a sample, once prepared.
        snapshot: the present moment.
        id: names the run; edits leave it as it is, opening another project begins a run with another one.
        origin: the id of the run, in a file, that this one goes on from; "" where it has begun by itself.
        best: early stopping's best moment, if it has one.
        sane: the moment to which training returns if it diverges.
        moments: earlier and later ones that History returns to, ascending.
        held: as in ``Checkpoints``.
        latest: the furthest step that was reached.
        log: its curves.
        marks: edits on the way, oldest first.
        wiped: as in ``HandEdits``.
    """

    project: Project
    in_shape: Shape
    snapshot: Snapshot
    id: str = ""
    origin: str = ""
    best: Snapshot | None = None
    sane: Snapshot | None = None
    moments: tuple[Snapshot, ...] = ()
    held: Snapshot | None = None
    latest: int = 0
    log: LogView = field(default_factory=LogView)
    marks: tuple[Mark, ...] = ()
    wiped: int = 0

    def replace(self, **changes: Any) -> Run:
        return replace(self, **changes)

    @property
    def nbytes(self) -> int:
        """What its moments take, each counted once."""
        kept = {
            id(one): one.nbytes
            for one in (self.snapshot, self.best, self.sane, self.held, *self.moments)
            if one
        }
        return sum(kept.values())

    @cached_property
    def weights(self) -> dict[str, Array]:
        """Its network's weights at the present moment: ``{"0.weight": …}``, views in PyTorch's shapes."""
        return weights_of(self.snapshot.arrays, self.layout)

    @cached_property
    def layout(self) -> Parameters:
        """Where each number of its network lies in a moment's arrays."""
        return layout(self.project.network, self.in_shape)

    def give(self, trainer: Trainer) -> None:
        """Bring ``trainer``, made for the same network and data, to the present moment."""
        trainer.return_to(self.snapshot, self.best, self.sane)
        trainer.log = Log.of(self.log)
