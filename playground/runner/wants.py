"""The wants: what views on screen ask about the run. Each is one class, its fields the question, ``answer`` the answer.

A subclass of ``Want`` (or ``OfNode``) in this file, named in ``__all__``, is all that another kind takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic
from zlib import crc32

import numpy as np

from engine import diagnosis, distributions, probe, receptive, slices
from engine.bottleneck import Decoder, decoder
from engine.coach import Told
from engine.core import Array
from engine.data import Dataset
from engine.evaluate import Evaluator, SampleLosses, Score
from engine.network import INPUT
from engine.train import Trainer
from playground.runner.coaching import Follower
from playground.runner.inspecting import CheckState
from playground.runner.landscape import GradientNoise, LossPlane, RateRange, StepLength
from playground.runner.live import OWN, A, Live, OfNode, Want
from playground.runner.rows import Rows
from playground.runner.spreads import Film, film, film_on, kept_spreads

if TYPE_CHECKING:  # loading the explanations takes a while, and is not needed before an update is looked at
    from engine.trace import Nudge, Place, Trace

__all__ = [
    "CheckGradients",
    "Coaching",
    "Codes",
    "Curve",
    "Decoded",
    "Deltas",
    "Diagnosis",
    "GradientNoise",
    "Gradients",
    "Guesses",
    "Histogram",
    "KeptSpreads",
    "LossPlane",
    "Maps",
    "NextUpdate",
    "NudgeCell",
    "PartScore",
    "Plane",
    "Predictions",
    "RateRange",
    "Saliency",
    "SampleLoss",
    "SpreadFilm",
    "Spreads",
    "StepLength",
    "Strongest",
    "Surface",
    "Weights",
]

#: seconds that a diagnosis is good for while the run goes on, and how much of the time making them may take
DIAGNOSIS_AGE, DIAGNOSIS_SHARE = 0.25, 0.1
#: inputs of a ``Plane`` that stand for the principal axes
PCA = -1
#: samples of a part up to which all are answered while the run goes on, and that are answered at once
MOST_GUESSES, GUESSED_AT_ONCE = 20_000, 8192


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
class Plane(OfNode[tuple[Array, tuple[float, float], tuple[float, float]]]):
    """Each unit of a node over two inputs of a table, the others as in one sample; ``PCA`` for both: over the two principal axes.

    Answer: ``(units, n, n)`` float32, where ``[u, i, j]`` is unit u at the i-th of n places up and the j-th across, n at most
    ``resolution``; and the ranges across and up, of raw inputs, or along the axes.
    """

    first: int
    second: int
    part: str
    sample: int
    resolution: int = 64

    def answer(self, live: Live) -> tuple[Array, tuple[float, float], tuple[float, float]] | None:
        raw, shape = live.data.raw, live.model.shapes[self.node_id]
        if len(raw.in_shape) != 1 or raw.in_shape[0] < 2 or len(shape) != 1:
            return None
        features, rows = raw.in_shape[0], getattr(live.data.index, self.part, ())
        size = slices.resolution(features, self.resolution)
        if self.first == PCA:
            axes = live.kept((Plane, PCA), id(live.data), lambda: slices.principal(live.data))
            made = lambda: slices.over_axes(live.data, axes, size)
        elif (
            max(self.first, self.second) < features
            and min(self.first, self.second) >= 0
            and 0 <= self.sample < len(rows)
        ):
            held = raw.x[rows[self.sample]]
            made = lambda: slices.over_inputs(live.data, self.first, self.second, held, size)
        else:
            return None
        inputs, across, up = live.kept(Plane, (id(live.data), self), made)
        values = live.values((Plane, self), lambda: inputs).value(self.node_id)
        return _shown(values.reshape(shape[0], size, size)), across, up


@dataclass(frozen=True)
class Guesses(Want[Array]):
    """What the network says of each sample of a part. Answer: ``(N,)``, the class that it names (int32), or its first output in the units
    of the data (float32).

    While the run goes on, those of the end of an epoch; of a large part then, those of when it was last standing still.
    """

    part: str

    def answer(self, live: Live) -> Array | None:
        part, trainer = live.part(self.part), live.trainer
        if part is None or trainer is None:
            return None
        old: Array | None = live.last((Guesses, self.part))
        if live.running and len(part) > MOST_GUESSES:
            return old
        now = trainer.epoch if live.running else (trainer.steps, float(live.model.store.values.sum()))
        return live.kept((Guesses, self.part), (now, id(part)), lambda: self._made(live, part, trainer))

    def _made(self, live: Live, part: Dataset, trainer: Trainer) -> Array:
        classes, found = len(part.classes), []
        for start in range(0, len(part), GUESSED_AT_ONCE):
            z = np.asarray(live.model.predict(part.x[start : start + GUESSED_AT_ONCE]), np.float64)
            if classes:
                found.append(trainer.loss.probabilities(z)[:, :classes].argmax(axis=1).astype(np.int32))
            else:
                found.append(live.data.transform.inverse_target(z)[:, 0].astype(np.float32))
        return np.concatenate(found)


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
            return _shown(live.data.transform.inverse_target(trainer.loss.numbers(z)))
        return trainer.loss.probabilities(z)[:, : len(classes)].astype(np.float32)


class _Aged:
    """The last answer to a question that costs much, and until when it is good enough."""

    def __init__(self) -> None:
        self._found: tuple[object, Array] | None = None
        self._due = 0.0

    def of(self, live: Live, key: object, make: Callable[[], Array]) -> Array:
        start = perf_counter()
        moment = live.trainer.steps if live.trainer is not None else 0
        now = (key, moment, float(live.model.store.values.sum()))
        if self._found is not None and (
            self._found[0] == now or (live.running and start < self._due and self._found[0][0] == key)  # type: ignore[index]
        ):
            return self._found[1]
        self._found = now, make()
        end = perf_counter()
        self._due = end + (end - start) / DIAGNOSIS_SHARE
        return self._found[1]


@dataclass(frozen=True)
class Codes(OfNode[Array]):
    """What a node of few units gives for each of the first ``count`` samples of a part. Answer: ``(n, units)`` float32.

    While the run goes on, an answer may be some updates old.
    """

    part: str
    count: int = 300

    def answer(self, live: Live) -> Array | None:
        part = live.part(self.part)
        if part is None or len(live.model.shapes[self.node_id]) != 1:
            return None
        x = part.x[: max(1, self.count)]

        def made() -> Array:
            return _shown(live.values(("codes", self.part, len(x)), lambda: x).value(self.node_id).T)

        return live.kept((Codes, self.part), None, _Aged).of(live, (self, id(part)), made)


@dataclass(frozen=True)
class Decoded(OfNode[Array]):
    """What the network gives where a node gives ``code``. Answer: its output in its own shape, on the raw target scale, float32.

    None where the node has another number of units, or where something goes round it.
    """

    code: tuple[float, ...]

    def answer(self, live: Live) -> Array | None:
        trainer = live.trainer
        if trainer is None or live.model.shapes[self.node_id] != (len(self.code),):
            return None
        if (
            live.kept((Decoded, "can"), self.node_id, lambda: decoder(live.model.network, self.node_id))
            is None
        ):
            return None
        made = live.kept(Decoded, self.node_id, lambda: Decoder(live.model, self.node_id))
        z = made.of(np.array(self.code, live.model.dtype))
        said = trainer.loss.numbers(z.reshape(1, -1).astype(np.float64))
        return _shown(live.data.transform.inverse_target(said).reshape(z.shape))


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


class _Losses:
    """The last losses of samples, and until when they are good enough."""

    def __init__(self) -> None:
        self._ready: tuple[object, SampleLosses] | None = None
        self._found: tuple[object, Array] | None = None
        self._due = 0.0

    def of(self, live: Live, trainer: Trainer, part: Dataset, name: str, count: int) -> Array:
        start, key = perf_counter(), (name, count, trainer.loss, id(part))
        moment = (*key, trainer.steps, float(live.model.store.values.sum()))
        if self._found is not None and (
            self._found[0] == moment or (live.running and start < self._due and self._found[0][:4] == key)  # type: ignore[index]
        ):
            return self._found[1]
        if self._ready is None or self._ready[0] != key:
            self._ready = key, SampleLosses(trainer.loss, live.model.outputs, part)
        values = live.values(("losses", name, count), lambda: part.x[:count])
        self._found = moment, self._ready[1](live.outputs(values).T).astype(np.float32)
        now = perf_counter()
        self._due = now + (now - start) / DIAGNOSIS_SHARE
        return self._found[1]


@dataclass(frozen=True)
class SampleLoss(Want[Array]):
    """The loss of each of the first ``count`` samples of a part, penalty not included. Answer: ``(n,)`` float32.

    While the run goes on, an answer may be some updates old.
    """

    part: str
    count: int = 500

    def answer(self, live: Live) -> Array | None:
        part, trainer = live.part(self.part), live.trainer
        if part is None or trainer is None or self.count < 1:
            return None
        count = min(self.count, len(part))
        return live.kept((SampleLoss, self.part), None, _Losses).of(live, trainer, part, self.part, count)


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


class _Looked(Generic[A]):
    """What was last seen of a run, of which moment that is, and until when it is good enough. ``look`` looks at the run."""

    def __init__(self, look: Callable[[Trainer], A]) -> None:
        self._look = look
        self._found: A | None = None
        self._due = 0.0
        self._of: object = None

    def of(self, trainer: Trainer, running: bool) -> A:
        start = perf_counter()
        if self._found is not None and running and start < self._due:
            return self._found
        # While paused, frames come for many reasons, and of a large network a diagnosis takes most of a second.
        moment = trainer.steps, trainer.fit, crc32(trainer.model.store.values.data)
        if self._found is None or moment != self._of:
            self._found, self._of = self._look(trainer), moment
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
        return _diagnosed(live).of(live.trainer, live.running)


def _diagnosed(live: Live) -> _Looked[diagnosis.Diagnosis]:
    return live.kept(Diagnosis, None, lambda: _Looked(diagnosis.diagnose))


@dataclass(frozen=True)
class Spreads(Want[distributions.Distributions]):
    """How all numbers of every layer are spread. Answer: ``engine.distributions.Distributions``, as often as a ``Diagnosis``."""

    def answer(self, live: Live) -> distributions.Distributions | None:
        if live.trainer is None:
            return None
        look = live.kept(Spreads, None, lambda: _Looked(distributions.distributions))
        return look.of(live.trainer, live.running)


@dataclass(frozen=True)
class SpreadFilm(OfNode[Film]):
    """How one quantity of a node was spread at moments that the run can return to. Answer: ``playground.runner.spreads.Film``.

    Earlier moments are looked at one after another, so the answer grows; it is the same object while it does not.
    """

    quantity: str = "sums"

    def answer(self, live: Live) -> Film | None:
        return film(live, self.node_id, self.quantity)

    def work(self, live: Live, go_on: Callable[[], bool]) -> bool:
        return film_on(live, go_on)


@dataclass(frozen=True)
class KeptSpreads(Want["distributions.Distributions | str"]):
    """As ``Spreads``, of the run in a file. Answer: ``engine.distributions.Distributions``, or why there are none, in words."""

    file: str

    def answer(self, live: Live) -> distributions.Distributions | str | None:
        return live.kept(KeptSpreads, self.file, lambda: kept_spreads(self.file))


@dataclass(frozen=True)
class Coaching(Want[Told]):
    """What the coach says of the run. Answer: ``engine.coach.Told``, the same object until it says something else.

    It looks after an epoch, a few times a second at most, and takes a small part of the time.
    """

    def answer(self, live: Live) -> Told | None:
        trainer = live.trainer
        if trainer is None or live.project is None:
            return None
        diagnosed = _diagnosed(live)
        return live.kept(Coaching, None, Follower).told(
            live.project, live.data, trainer, live.running, lambda: diagnosed.of(trainer, live.running)
        )


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
