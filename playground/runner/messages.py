"""What the window and the worker say to each other: commands in, frames out, all of them immutable.

A *want* names something a visible view needs; a frame carries an *answer* for each want that could be met.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from engine.data import Prepared
from engine.log import LogView
from playground.document.project import Project

Array = NDArray[Any]


class State(enum.Enum):
    """What the worker is doing. ``EMPTY``: the project has problems and cannot run."""

    EMPTY = "empty"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DIVERGED = "diverged"
    CRASHED = "crashed"


# --- wants -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """A node's parameters. Answer: ``{"weight": (out, …), "bias": (out,)}``, float32 copies in PyTorch's shapes."""

    node_id: str


@dataclass(frozen=True)
class Gradients:
    """The gradients of a node's parameters at the last step (penalty included). Answer: as for Weights; absent before it."""

    node_id: str


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
    part: str  #: "train", "validation" or "test"
    sample: int


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


Want = Weights | Gradients | Surface | Curve | Maps | Predictions | Histogram


# --- commands ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """The project is now this one. Only what differs from the last one is rebuilt.

    ``another``: it is no edit of the last one, but was opened, say: it begins afresh, and waits. ``Runner.send`` finds out.
    """

    project: Project
    another: bool = False


@dataclass(frozen=True)
class Play:
    """Train until told otherwise."""


@dataclass(frozen=True)
class Pause:
    """Stop after the current step."""


@dataclass(frozen=True)
class Step:
    """Train for one ``"batch"`` or to the end of the ``"epoch"``, then pause."""

    unit: str = "batch"


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


Command = Load | Play | Pause | Step | Reset | SetSpeed | SetWants


# --- frames ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """One moment of training, complete and consistent: every number belongs to the same weights.

    Attributes:
        project: the project it was computed for.
        data: its data.
        state, message, details: what the worker does; why, in a sentence; a stack trace where it crashed.
        broken_node: where the first non-finite number arose, when diverged.
        epoch, step: finished passes over the data; finished updates.
        train_loss, validation_loss: without the penalty, over the whole part; NaN if unknown. Of these very weights while the run is
            paused or slow, else of those at the end of the last finished epoch.
        penalty: the regularization term.
        train_metric, validation_metric: accuracy, or R² for regressions; ``metric_name`` says which.
        epochs_per_second, steps_per_second: 0 while paused.
        log: the history, by epoch.
        extent: ``(low, high)`` of the inputs' axes in raw units, for Surface and Curve.
        answers: see ``answer``.
    """

    project: Project
    data: Prepared | None = None
    state: State = State.EMPTY
    message: str = ""
    details: str = ""
    broken_node: str = ""
    epoch: int = 0
    step: int = 0
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

    @overload
    def answer(self, want: Weights | Gradients) -> Mapping[str, Array] | None: ...
    @overload
    def answer(self, want: Histogram) -> tuple[Array, Array] | None: ...
    @overload
    def answer(self, want: Surface | Curve | Maps | Predictions) -> Array | None: ...
    def answer(self, want: Want) -> Any:
        """The answer to ``want``, or ``None`` when this frame has none (asked too late, node gone, wrong kind of data)."""
        return self.answers.get(want)

    @property
    def finite(self) -> bool:
        """Whether the losses are known numbers."""
        return bool(np.isfinite(self.train_loss))
