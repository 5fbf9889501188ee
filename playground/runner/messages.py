"""What the window and the worker say to each other: commands in, frames out, all of them immutable.

A *want* names something a visible view needs; a frame carries an *answer* for each want that could be met.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from engine.data import Prepared
from engine.diagnosis import Diagnosis as Diagnosed
from engine.log import LogView
from engine.problems import Remedy
from engine.receptive import Strongest as StrongestSamples
from playground.document.project import Project
from playground.runs.run import Mark

if (
    TYPE_CHECKING
):  # loading the explanations takes a while, and nobody needs them before an update is looked at
    from engine.gradcheck import Report
    from engine.trace import Nudge, Place, Trace

Array = NDArray[Any]


class State(enum.Enum):
    """What the worker is doing. ``EMPTY``: the project has problems and cannot run."""

    EMPTY = "empty"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DIVERGED = "diverged"
    CRASHED = "crashed"


#: the part of Maps, Predictions … that is no part of the data: a picture that the person has brought
OWN = "own"

# --- wants -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """A node's parameters. Answer: ``{"weight": (out, …), "bias": (out,)}``, float32 copies in PyTorch's shapes.

    ``units``: of a matrix, or a tensor, only these rows (first, end), as ``Rows``.
    """

    node_id: str
    units: tuple[int, int] | None = None


@dataclass(frozen=True)
class Gradients:
    """The gradients of a node's parameters at the last step (penalty included). Answer: as for Weights; absent before it."""

    node_id: str
    units: tuple[int, int] | None = None


@dataclass(frozen=True)
class Surface:
    """Each unit of a node over the plane of a two-feature data set (before any extra features).

    Answer: ``(units, resolution, resolution)`` float32; ``[u, i, j]`` is unit u at ``x2 = linspace(low, high)[i]``,
    ``x1 = linspace(low, high)[j]`` with the bounds of ``Frame.extent``. Node "input" gives the input features.
    With ``every`` = n, only each n-th point both ways, beginning with the first: small pictures need no more.
    """

    node_id: str
    resolution: int = 100
    every: int = 1


@dataclass(frozen=True)
class Curve:
    """Each unit of a node along the axis of a one-feature data set. Answer: ``(units, resolution)`` over ``Frame.extent``."""

    node_id: str
    resolution: int = 200


@dataclass(frozen=True)
class Maps:
    """A node's output for one sample. Answer: ``(C, H, W)`` or ``(features,)`` float32. Node "input" gives the input."""

    node_id: str
    part: str  #: "train", "validation", "test", or "own" for the picture of ShowPicture
    sample: int  #: for "own", the picture's number


@dataclass(frozen=True)
class Predictions:
    """The network's outputs for the first ``count`` samples of a part from ``start``.

    Answer: ``(n, classes)`` probabilities (``Loss.probabilities``) or ``(n, outputs)`` values on the raw target scale.
    """

    part: str
    start: int = 0
    count: int = 12


@dataclass(frozen=True)
class Histogram:
    """How the values that enter a node are spread over training samples (up to 500, fewer of large pictures). Answer: ``(counts, edges)``."""

    node_id: str
    bins: int = 40


@dataclass(frozen=True)
class Deltas:
    """∂L/∂output of a node for one sample alone, as in inference (dropout off). Answer: as for Maps.

    A picture of one's own (part "own") has no target: the class that the network names stands for it.
    """

    node_id: str
    part: str
    sample: int


@dataclass(frozen=True)
class Saliency:
    """How much one unit of a node moves with each number of the input, for one sample. Answer: the gradient, in the input's shape.

    ``unit`` is its index in the node's output, such as ``(channel, row, column)``.
    """

    node_id: str
    unit: tuple[int, ...]
    part: str
    sample: int


@dataclass(frozen=True)
class Strongest:
    """The training samples (of the first few hundred, fewer of large pictures) that move a channel most. Answer: ``engine.receptive.Strongest``."""

    node_id: str
    channel: int
    count: int = 5


@dataclass(frozen=True)
class Diagnosis:
    """What goes on in every layer: dead units, gradient norms, sizes of updates … Answer: ``engine.diagnosis.Diagnosis``.

    At most a few times a second: while the run goes on, an answer may be a quarter of a second old.
    """


Want = (
    Weights
    | Gradients
    | Surface
    | Curve
    | Maps
    | Predictions
    | Histogram
    | Deltas
    | Saliency
    | Strongest
    | Diagnosis
)


# --- commands ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """The project is now this one. Only what differs from the last one is rebuilt.

    Args:
        project: all choices.
        another: it is no edit of the last one, but was opened, say: it begins afresh, and waits.
        returning: it was there before, and undo or redo has brought it back: so is its run, as it was left.
        file: one that was opened and holds its run; training stands where that stands.
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


#: answers that a frame holds: more than there are orders at a time
ANSWERS = 64


@dataclass(frozen=True)
class Saved:
    """What came of the order to save of this ``number``; ``refusal``: why nothing was written, "" where it was."""

    number: int
    refusal: str = ""


@dataclass(frozen=True)
class Play:
    """Train until told otherwise; ``gently``: gather speed within a few seconds, so that the first epochs are seen."""

    gently: bool = False


@dataclass(frozen=True)
class Pause:
    """Stop after the current step."""


@dataclass(frozen=True)
class Step:
    """Train for one ``"batch"`` or to the end of the ``"epoch"``, then pause."""

    unit: str = "batch"


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

    wants: frozenset[Want]


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
    """Pause, and record the next update: frames have its trace from now on.

    ``sample``: place in the batch of the sample to keep, where a network is too large to keep all.
    """

    sample: int = 0


@dataclass(frozen=True)
class ApplyStep:
    """Make the update that is being looked at, as Play would have made it, and record the one after it."""


@dataclass(frozen=True)
class Discard:
    """Look no longer; everything is as it was before."""


@dataclass(frozen=True)
class NudgeCell:
    """Move one number of the recorded update (a parameter's cell or an input) by ±epsilon and see what the loss does."""

    place: Place
    epsilon: float = 1e-6


@dataclass(frozen=True)
class CheckGradients:
    """Check the gradients of all parameters of the recorded update, up to ``cells`` numbers of each. Any other command ends it."""

    cells: int = 30


@dataclass(frozen=True)
class Recover:
    """Load ``project`` after the process that trained it has died, with what that one put aside of this ``run``. Sent by the runner.

    ``opened``: the file where the run had begun, and the project in it, for the case that nothing was put aside yet.
    """

    project: Project
    run: int = 0
    opened: tuple[Path, Project] | None = None


@dataclass(frozen=True)
class CancelCheck:
    """End the check; what it has found stays."""


Command = (
    Load | Play | Pause | Step | StepBack | GoTo | Reset | SetSpeed | SetWants
    | Inspect | ApplyStep | Discard | NudgeCell | CheckGradients | CancelCheck | ShowPicture
    | Recover | Save
)  # fmt: skip


# --- frames ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CheckState:
    """How far a check of all gradients is.

    Args:
        share: done, from 0 to 1.
        reports: one for each parameter that is finished.
        running: whether it goes on.
    """

    share: float = 0.0
    reports: tuple[Report, ...] = ()
    running: bool = True


@dataclass(frozen=True)
class Frame:
    """One moment of training, complete and consistent: every number belongs to the same weights.

    Attributes:
        project: the project it was computed for.
        data: its data.
        state, message, details: what the worker does; why, in a sentence; a stack trace where it crashed.
        broken_node: where the first non-finite number arose, when diverged.
        remedy: an edit after which a diverged run can go on, where one is known.
        epoch, step: finished passes over the data; finished updates.
        best_step: the update after which early stopping has seen the best weights; ``None`` where it holds none.
        earliest_step, latest_step: the steps that GoTo reaches; equal where there is no way back.
        no_way_back: why there is none where the network is too large for it; "" otherwise.
        train_loss, validation_loss: without the penalty, over the whole part; NaN if unknown. Of these very weights while the run is
            paused or slow, else of those at the end of the last finished epoch.
        penalty: the regularization term.
        train_metric, validation_metric: accuracy, or R² for regressions; ``metric_name`` says which.
        epochs_per_second, steps_per_second: 0 while paused.
        log: the history, by epoch.
        extent: ``(low, high)`` of the inputs' axes in raw units, for Surface and Curve.
        answers: see ``answer``.
        unanswered: the last kind of want that an error in the program kept from being answered, and the error; "" for none.
        trace: of the next update, while it is looked at (see Inspect): the same object until there is another.
        nudge, check: the last proof asked for in it; how far the check of all gradients is.
        refusal: why the last command about the trace could not be carried out; "" if it could.
        notice: what has happened to the run and is over, until the person goes on, or the run has made up for it; "" for nothing.
        saved: what came of the last orders to save, oldest first.
        marks: the edits since the run began, oldest first.
        awaited: whether the run of a file that was opened is still to come, as its data, say, are not there yet.
    """

    project: Project
    data: Prepared | None = None
    state: State = State.EMPTY
    message: str = ""
    details: str = ""
    broken_node: str = ""
    remedy: Remedy | None = None
    epoch: int = 0
    step: int = 0
    best_step: int | None = None
    earliest_step: int = 0
    latest_step: int = 0
    no_way_back: str = ""
    train_loss: float = float("nan")
    validation_loss: float = float("nan")
    penalty: float = 0.0
    train_metric: float = float("nan")
    validation_metric: float = float("nan")
    metric_name: str = "accuracy"
    epochs_per_second: float = 0.0
    steps_per_second: float = 0.0
    log: LogView = field(default_factory=LogView)
    extent: tuple[float, float] = (-6.0, 6.0)
    answers: Mapping[Want, Any] = field(default_factory=lambda: MappingProxyType({}))
    unanswered: str = ""
    trace: Trace | None = None
    nudge: Nudge | None = None
    check: CheckState | None = None
    refusal: str = ""
    notice: str = ""
    saved: tuple[Saved, ...] = ()
    marks: tuple[Mark, ...] = ()
    awaited: bool = False

    @overload
    def answer(self, want: Weights | Gradients) -> Mapping[str, Any] | None: ...
    @overload
    def answer(self, want: Histogram) -> tuple[Array, Array] | None: ...
    @overload
    def answer(self, want: Surface | Curve | Maps | Predictions | Deltas | Saliency) -> Array | None: ...
    @overload
    def answer(self, want: Diagnosis) -> Diagnosed | None: ...
    @overload
    def answer(self, want: Strongest) -> StrongestSamples | None: ...
    def answer(self, want: Want) -> Any:
        """The answer to ``want``, or ``None`` when this frame has none (asked too late, node gone, wrong kind of data)."""
        return self.answers.get(want)

    @property
    def finite(self) -> bool:
        """Whether the losses are known numbers."""
        return bool(np.isfinite(self.train_loss))
