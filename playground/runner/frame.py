"""Frames: what the worker tells the window, each of them one moment. All of them are immutable."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.data import Prepared
from engine.log import LogView
from engine.problems import Remedy
from playground.document.project import Project
from playground.runner.live import A, Want
from playground.runner.wants import NextUpdate
from playground.runs.run import Mark

if TYPE_CHECKING:
    from engine.trace import Trace

__all__ = ["ANSWERS", "Frame", "Saved", "State"]


class State(enum.Enum):
    """What the worker is doing. ``EMPTY``: the project has problems and cannot run."""

    EMPTY = "empty"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DIVERGED = "diverged"
    CRASHED = "crashed"


#: answers that a frame holds: more than there are orders at a time
ANSWERS = 64


@dataclass(frozen=True)
class Saved:
    """What came of the order to save of this ``number``; ``refusal``: why nothing was written, "" where it was."""

    number: int
    refusal: str = ""


@dataclass(frozen=True)
class Frame:
    """One moment of training, complete and consistent: every number belongs to the same weights.

    Attributes:
        project: the project it was computed for.
        data: its data; ``None`` where there are none, or not here yet.
        extent: ``(low, high)`` of the inputs' axes in raw units, for Surface and Curve.
        metric_name: what the metric is: accuracy, or R² for regressions.
        state, message, details: what the worker does; why, in a sentence; a stack trace where it crashed.
        broken_node: where the first non-finite number arose, when diverged.
        remedy: an edit after which a diverged run can go on, where one is known.
        epoch, step: finished passes over the data; finished updates.
        best_step, best_epoch: the update and the epoch after which early stopping has seen the best weights; ``None``: it holds none.
        earliest_step, latest_step: the steps that GoTo reaches; equal where there is no way back.
        no_way_back: why there is none where the network is too large for it; "" otherwise.
        train_loss, validation_loss: without the penalty, over the whole part; NaN if unknown. Of these very weights while the run is
            paused or slow, else of those at the end of the last finished epoch.
        penalty: the regularization term.
        train_metric, validation_metric: see ``metric_name``.
        epochs_per_second, steps_per_second: 0 while paused.
        log: the history, by epoch.
        answers: see ``answer``.
        unanswered: the last kind of want that an error in the program kept from being answered, and the error; "" for none.
        refusal: why the next update cannot be looked at, though Inspect asked for it; "" if it can.
        notice: what has happened to the run and is over, until the person goes on, or the run has made up for it; "" for nothing.
        saved: what came of the last orders to save, oldest first.
        marks: the edits since the run began, oldest first.
        awaited: whether the run of a file that was opened is still to come, as its data, say, are not there yet.
    """

    project: Project
    data: Prepared | None = None
    extent: tuple[float, float] = (-6.0, 6.0)
    metric_name: str = "accuracy"
    state: State = State.EMPTY
    message: str = ""
    details: str = ""
    broken_node: str = ""
    remedy: Remedy | None = None
    epoch: int = 0
    step: int = 0
    best_step: int | None = None
    best_epoch: int | None = None
    earliest_step: int = 0
    latest_step: int = 0
    no_way_back: str = ""
    train_loss: float = float("nan")
    validation_loss: float = float("nan")
    penalty: float = 0.0
    train_metric: float = float("nan")
    validation_metric: float = float("nan")
    epochs_per_second: float = 0.0
    steps_per_second: float = 0.0
    log: LogView = field(default_factory=LogView)
    answers: Mapping[Want[Any], Any] = field(default_factory=lambda: MappingProxyType({}))
    unanswered: str = ""
    refusal: str = ""
    notice: str = ""
    saved: tuple[Saved, ...] = ()
    marks: tuple[Mark, ...] = ()
    awaited: bool = False

    def answer(self, want: Want[A]) -> A | None:
        """The answer to ``want``, or ``None`` when this frame has none (asked too late, node gone, wrong kind of data)."""
        found: A | None = self.answers.get(want)
        return found

    @property
    def trace(self) -> Trace | None:
        """Of the next update, while it is looked at (see Inspect): the same object until there is another."""
        return self.answer(NextUpdate())
