"""A run as a value: what is trained, how far it has come, and all it takes to go on from there, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core import Shape
from engine.io.moments import layout
from engine.log import Log, LogView
from engine.program import Parameters
from engine.snapshot import Snapshot
from engine.train import Trainer
from playground.document.change import TRAINED, diff
from playground.document.project import Project

#: marks that a run has at most, and letters of one
MOST_MARKS, MARK_LETTERS = 200, 200


@dataclass(frozen=True)
class Mark:
    """An edit in the middle of a run: after how many epochs, and what it changed."""

    epoch: float
    text: str


@dataclass(frozen=True, eq=False)
class Run:
    """One moment of a run, with the earlier moments that it can return to.

    Args:
        project: what is trained.
        in_shape: of a sample, once prepared.
        snapshot: the present moment.
        number: which of a session's runs it is; opening another project begins the next one.
        best: early stopping's best moment, if it has one.
        sane: the moment to which training returns if it diverges.
        moments: earlier and later ones that History returns to, ascending.
        held: as in ``Checkpoints``.
        latest: the furthest step that was reached.
        log: its curves.
        wiped: as in ``HandEdits``.
        marks: the edits since it began, oldest first.
    """

    project: Project
    in_shape: Shape
    snapshot: Snapshot
    number: int = 0
    best: Snapshot | None = None
    sane: Snapshot | None = None
    moments: tuple[Snapshot, ...] = ()
    held: Snapshot | None = None
    latest: int = 0
    log: LogView = field(default_factory=LogView)
    wiped: int = 0
    marks: tuple[Mark, ...] = ()

    @property
    def layout(self) -> Parameters:
        """Where each number of its network lies in a moment's arrays."""
        return layout(self.project.network, self.in_shape)

    @property
    def nbytes(self) -> int:
        """What its moments take in memory."""
        return sum(one.nbytes for one in {id(one): one for one in self.held_moments}.values())

    @property
    def held_moments(self) -> tuple[Snapshot, ...]:
        """All moments that are in it; some may be there twice."""
        named = (self.snapshot, self.best, self.sane, self.held)
        return (*(one for one in named if one is not None), *self.moments)

    def is_of(self, project: Project) -> bool:
        """Whether ``project`` trains the same network in the same way, so that it can go on from here, bit for bit."""
        return not diff(self.project, project).touches(TRAINED)

    def give(self, trainer: Trainer) -> None:
        """Bring ``trainer``, made for the same network and data, to the present moment."""
        trainer.return_to(self.snapshot, self.best, self.sane)
        trainer.log = Log.of(self.log)
