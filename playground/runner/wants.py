"""The wants: what views on screen ask about the run. Each is one class, its fields the question, ``answer`` the answer.

A subclass of ``Want`` (or ``OfNode``) in this file, named in ``__all__``, is all that another kind takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from engine import diagnosis, probe, receptive
from engine.core import Array
from engine.evaluate import Evaluator, Score
from engine.network import INPUT
from engine.train import Trainer
from playground.runner.inspecting import CheckState
from playground.runner.live import OWN, Live, OfNode, Want
from playground.runner.rows import Rows

if TYPE_CHECKING:  # loading the explanations takes a while, and is not needed before an update is looked at
    from engine.trace import Nudge, Place, Trace

__all__ = [
    "CheckGradients",
    "Curve",
    "Deltas",
    "Diagnosis",
    "Gradients",
    "Histogram",
    "Maps",
    "NextUpdate",
    "NudgeCell",
    "PartScore",
    "Predictions",
    "Saliency",
    "Strongest",
    "Surface",
    "Weights",
]

#: seconds that a diagnosis is good for while the run goes on, and how much of the time making them may take
DIAGNOSIS_AGE, DIAGNOSIS_SHARE = 0.25, 0.1


def _copies(arrays: Mapping[str, Array] | None, units: tuple[int, int] | None) -> dict[str, Any] | None:
    """Parameters to be sent: whole, or of all that is more than a vector only these rows."""
    return {
        name: Rows.of(a, *units) if units is not None and a.ndim > 1 else np.array(a, np.float32, order="C")
        for name, a in (arrays or {}).items()
    } or None


def _shown(values: Array) -> Array:
    """A copy, float32. What is infinite becomes the largest number there is, so that all the others can be drawn beside it."""
    copy = np.array(values, np.float32)
    if not np.isfinite(copy.sum()):
        np.nan_to_num(copy, copy=False, nan=np.nan)
    return copy


@dataclass(frozen=True)
class Weights(OfNode[Mapping[str, Any]]):
    """A node's parameters. Answer: ``{"weight": (out, …), "bias": (out,)}``, float32 copies in PyTorch's shapes.

    ``units``: of a matrix, or a tensor, only these rows (first, end), as ``Rows``.
    """

    units: tuple[int, int] | None = None

    def answer(self, live: Live) -> Mapping[str, Any] | None:
        return _copies(live.model.parameters.get(self.node_id), self.units)


@dataclass(frozen=True)
class Gradients(OfNode[Mapping[str, Any]]):
    """The gradients of a node's parameters at the last step (penalty included). Answer: as for Weights; absent before it."""

    units: tuple[int, int] | None = None

    def answer(self, live: Live) -> Mapping[str, Any] | None:
        if live.trainer is None or live.trainer.steps == live.first_step:
            return None  # nothing has been differentiated with this model
        return _copies(live.model.gradients.get(self.node_id), self.units)


@dataclass(frozen=True)
class Surface(OfNode[Array]):
    """Each unit of a node over the plane of a two-feature data set (before any extra features).

    Answer: ``(units, resolution, resolution)`` float32; ``[u, i, j]`` is unit u at ``x2 = linspace(low, high)[i]``,
    ``x1 = linspace(low, high)[j]`` with the bounds of ``Frame.extent``. Node "input" gives the input features.
    With ``every`` = n, only each n-th point both ways, beginning with the first: small pictures need no more.
    """

    resolution: int = 100
    every: int = 1

    def answer(self, live: Live) -> Array | None:
        shape = live.model.shapes[self.node_id]
        if live.data.raw.in_shape != (2,) or len(shape) != 1:
            return None
        values = live.on_axes(probe.grid, self.resolution, self.node_id)
        surfaces = values.reshape(shape[0], self.resolution, self.resolution)
        return _shown(surfaces[:, :: self.every, :: self.every])


@dataclass(frozen=True)
class Curve(OfNode[Array]):
    """Each unit of a node along the axis of a one-feature data set. Answer: ``(units, resolution)`` over ``Frame.extent``."""

    resolution: int = 200

    def answer(self, live: Live) -> Array | None:
        if live.data.raw.in_shape != (1,) or len(live.model.shapes[self.node_id]) != 1:
            return None
        return _shown(live.on_axes(probe.line, self.resolution, self.node_id))


@dataclass(frozen=True)
class Maps(OfNode[Array]):
    """A node's output for one sample. Answer: ``(C, H, W)`` or ``(features,)`` float32. Node "input" gives the input."""

    part: str  #: "train", "validation", "test", or "own" for the picture of ShowPicture
    sample: int  #: for "own", the picture's number

    def answer(self, live: Live) -> Array | None:
        values = live.of_sample(self.part, self.sample)
        return None if values is None else _shown(values.value(self.node_id)[..., 0])


@dataclass(frozen=True)
class Predictions(Want[Array]):
    """The network's outputs for the first ``count`` samples of a part from ``start``.

    Answer: ``(n, classes)`` probabilities (``Loss.probabilities``) or ``(n, outputs)`` values on the raw target scale.
    """

    part: str
    start: int = 0
    count: int = 12

    def answer(self, live: Live) -> Array | None:
        part, trainer, classes = live.part(self.part), live.trainer, live.data.train.classes
        if trainer is None:
            return None
        if self.part == OWN and classes:
            values = live.of_sample(OWN, self.start)
        elif part is not None and 0 <= self.start < len(part) and self.count >= 1:
            samples = part.x[self.start : self.start + self.count]
            values = live.values(("predictions", self.part, self.start, self.count), lambda: samples)
        else:
            values = None
        if values is None:
            return None
        z = live.outputs(values)
        if not classes:
            return _shown(live.data.transform.inverse_target(z))
        return trainer.loss.probabilities(z)[:, : len(classes)].astype(np.float32)


@dataclass(frozen=True)
class PartScore(Want[Score]):
    """How good the network is over the whole of a part, with the present weights; while the run goes on, those of an epoch's end.

    Answer: ``Score(loss, metric)``, the penalty not included, the metric accuracy or R².
    """

    part: str

    def answer(self, live: Live) -> Score | None:
        part, trainer = live.part(self.part), live.trainer
        if part is None or trainer is None:
            return None
        # Weights that were edited by hand are others at the same step.
        now = trainer.epoch if live.running else (trainer.steps, float(live.model.store.values.sum()))
        ready = live.kept((PartScore, "ready"), self.part, lambda: Evaluator(live.model, part, trainer.loss))
        return live.kept(PartScore, (self.part, now), ready)


@dataclass(frozen=True)
class Histogram(OfNode[tuple[Array, Array]]):
    """How the values that enter a node are spread over training samples (up to 500, fewer of large pictures). Answer: ``(counts, edges)``."""

    bins: int = 40

    def answer(self, live: Live) -> tuple[Array, Array] | None:
        if self.node_id == INPUT:
            return None
        (source, *_) = live.model.network.inputs_of(self.node_id)
        return probe.histogram(live.of_some(source), self.bins)


@dataclass(frozen=True)
class Deltas(OfNode[Array]):
    """∂L/∂output of a node for one sample alone, as in inference (dropout off). Answer: as for Maps.

    A picture of one's own (part "own") has no target: the class that the network names stands for it.
    """

    part: str
    sample: int

    def answer(self, live: Live) -> Array | None:
        x, trainer = live.input(self.part, self.sample), live.trainer
        target = live.target(self.part, self.sample) if x is not None else None
        if x is None or trainer is None or target is None:
            return None
        back = live.kept(
            receptive.SampleGradients,
            trainer.loss,
            lambda: receptive.SampleGradients(live.model, trainer.loss),
        )
        live.kept(Deltas, (live.moment, self.part, self.sample), lambda: back.run(x[0], target))
        return _shown(back.gradient(self.node_id))


@dataclass(frozen=True)
class Saliency(OfNode[Array]):
    """How much one unit of a node moves with each number of the input, for one sample. Answer: the gradient, in the input's shape.

    ``unit`` is its index in the node's output, such as ``(channel, row, column)``.
    """

    unit: tuple[int, ...]
    part: str
    sample: int

    def answer(self, live: Live) -> Array | None:
        x, shape = live.input(self.part, self.sample), live.model.shapes[self.node_id]
        fits = len(self.unit) == len(shape) and all(0 <= k < n for k, n in zip(self.unit, shape, strict=True))
        if x is None or self.node_id == INPUT or not fits:
            return None
        made = live.kept(Saliency, self.node_id, lambda: receptive.Saliency(live.model, self.node_id))
        return _shown(made.of(x[0], self.unit))


@dataclass(frozen=True)
class Strongest(OfNode[receptive.Strongest]):
    """The training samples (of the first few hundred, fewer of large pictures) that move a channel most. Answer: ``engine.receptive.Strongest``."""

    channel: int
    count: int = 5

    def answer(self, live: Live) -> receptive.Strongest | None:
        shape = live.model.shapes[self.node_id]
        if len(shape) != 3 or not 0 <= self.channel < shape[0]:
            return None
        return receptive.strongest(live.of_some(self.node_id), self.channel, self.count)


class _Diagnosed:
    """The last diagnosis, what it is of, and until when it is good enough."""

    def __init__(self) -> None:
        self._found: diagnosis.Diagnosis | None = None
        self._due = 0.0
        self._of: object = None

    def of(self, trainer: Trainer, running: bool) -> diagnosis.Diagnosis:
        start = perf_counter()
        if self._found is not None and running and start < self._due:
            return self._found
        # While paused, frames come for many reasons, and of a large network a diagnosis takes most of a second.
        moment = trainer.steps, trainer.fit, crc32(trainer.model.store.values.data)
        if self._found is None or moment != self._of:
            self._found, self._of = diagnosis.diagnose(trainer), moment
            now = perf_counter()
            self._due = now + max(DIAGNOSIS_AGE, (now - start) / DIAGNOSIS_SHARE)
        return self._found


@dataclass(frozen=True)
class Diagnosis(Want[diagnosis.Diagnosis]):
    """What goes on in every layer: dead units, gradient norms, sizes of updates … Answer: ``engine.diagnosis.Diagnosis``.

    At most a few times a second: while the run goes on, an answer may be a quarter of a second old.
    """

    def answer(self, live: Live) -> diagnosis.Diagnosis | None:
        if live.trainer is None:
            return None
        return live.kept(Diagnosis, None, _Diagnosed).of(live.trainer, live.running)


@dataclass(frozen=True)
class NextUpdate(Want["Trace"]):
    """The update that comes next, every number of it. Answer: its trace, while it is looked at (see Inspect), whoever asks."""

    def answer(self, live: Live) -> Trace | None:
        return live.inspection.trace


@dataclass(frozen=True)
class NudgeCell(Want["Nudge | str"]):
    """One number of the update that is looked at (a parameter's cell or an input), moved by ±epsilon to see what the loss does.

    Answer: ``engine.trace.Nudge``, or why it cannot be done, in words.
    """

    place: Place
    epsilon: float = 1e-6

    def answer(self, live: Live) -> Nudge | str | None:
        return live.inspection.nudge(self.place, self.epsilon)


@dataclass(frozen=True)
class CheckGradients(Want[CheckState]):
    """The gradients of all parameters of the update that is looked at, checked, up to ``cells`` numbers of each.

    Answer: how far it is. It goes on while it is wanted and nothing else is to be done.
    """

    cells: int = 30
    planted: bool = False  #: as if back-propagation had a fault, to see it found

    def answer(self, live: Live) -> CheckState | None:
        return live.inspection.check((self.cells, self.planted))

    def work(self, live: Live, go_on: Callable[[], bool]) -> bool:
        return live.inspection.check_on((self.cells, self.planted), go_on)
