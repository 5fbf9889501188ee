"""Commands: what the window tells the worker. All of them are immutable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core import Array
from playground.document.project import Project
from playground.runner.live import Want

__all__ = [
    "ApplyStep",
    "Command",
    "Discard",
    "GoTo",
    "Inspect",
    "Load",
    "Pause",
    "Play",
    "Quiet",
    "Recover",
    "Reset",
    "Save",
    "SetSpeed",
    "SetWants",
    "ShowPicture",
    "Step",
    "StepBack",
]


@dataclass(frozen=True)
class Load:
    """The project is now this one. Only what differs from the last one is rebuilt.

    Args:
        project: all choices.
        another: it is no edit of the last one, but was opened, say: it begins afresh, and waits.
        returning: it was there before, and undo or redo has brought it back: so is its run, as it was left.
        file: one that was opened and holds its run; training stands where that stands. Of an edit: one that holds a run of ``project``,
            which is taken up; undo brings the run back that was left for it.
    """

    project: Project
    another: bool = False
    returning: bool = False
    file: Path | None = None


@dataclass(frozen=True)
class Save:
    """Write the project and its run to a file; ``Frame.saved`` says what came of it.

    Args:
        number: of the order, ascending.
        project: as it is to be written.
        path: of the file, which is replaced.
        thumbnail: a picture of it, PNG; empty for none.
        about: what the file's manifest says besides.
        backup: whether the file that is replaced stays beside it.
        weights_alone: only the weights are written, as safetensors.
    """

    number: int
    project: Project
    path: Path
    thumbnail: bytes = b""
    about: tuple[tuple[str, Any], ...] = ()
    backup: bool = False
    weights_alone: bool = False


@dataclass(frozen=True)
class Play:
    """Train until told otherwise; ``gently``: gather speed within a few seconds, so that the first epochs are seen."""

    gently: bool = False


@dataclass(frozen=True)
class Pause:
    """Stop after the current step."""


@dataclass(frozen=True)
class Step:
    """Train for one ``"batch"`` or to the end of the ``"epoch"``, or of so many epochs, then pause."""

    unit: str = "batch"
    count: int = 1


@dataclass(frozen=True)
class StepBack:
    """Undo one ``"batch"``, or go to where the ``"epoch"`` began (at its very beginning: the one before), and pause there."""

    unit: str = "batch"


@dataclass(frozen=True)
class GoTo:
    """Pause where the run stood after ``step`` updates, or as near as it can return to (see ``Frame.earliest_step``)."""

    step: int


@dataclass(frozen=True)
class Reset:
    """Back to the first weights of this seed, hand edits forgotten, epoch 0."""


@dataclass(frozen=True)
class SetSpeed:
    """At most so many steps per second; ``None`` for as fast as it goes."""

    steps_per_second: float | None


@dataclass(frozen=True)
class SetWants:
    """What the views on screen need from now on."""

    wants: frozenset[Want[Any]]


@dataclass(frozen=True, eq=False)
class ShowPicture:
    """A picture of the person's own, asked about as part "own": drawn, or from a file.

    Args:
        number: of the picture; answers about another number are not given.
        picture: ``(C, H, W)``, in the units of the raw data.
    """

    number: int
    picture: Array


@dataclass(frozen=True)
class Inspect:
    """Pause, and record the next update: every frame answers ``NextUpdate`` from now on.

    Args:
        sample: place in the batch of the sample to keep, where a network is too large to keep all.
        guest: a sample, as ``(part, index)``, that takes the place of the batch's first, to be followed; ``None``: the batch as it comes.
    """

    sample: int = 0
    guest: tuple[str, int] | None = None


@dataclass(frozen=True)
class ApplyStep:
    """Make the update that is being looked at, as Play would have made it, and record the one after it."""


@dataclass(frozen=True)
class Discard:
    """Look no longer; everything is as it was before."""


@dataclass(frozen=True)
class Recover:
    """Load ``project`` after the process that trained it has died, with what that one put aside of this ``run``. Sent by the runner.

    ``opened``: the file where the run had begun, and the project in it, for the case that nothing was put aside yet.
    """

    project: Project
    run: int = 0
    opened: tuple[Path, Project] | None = None


#: what changes nothing of the run: what is looked at, and how fast it goes
Quiet = SetWants | SetSpeed | ShowPicture
Command = (
    Load | Play | Pause | Step | StepBack | GoTo | Reset | Inspect | ApplyStep | Discard | Recover | Save | Quiet
)  # fmt: skip
