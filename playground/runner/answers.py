"""One function per kind of want. Answers are copies: the window keeps them while training goes on."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Mapping
from functools import singledispatchmethod
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np

from engine import probe
from engine.core import Array
from engine.data import Dataset, Prepared
from engine.diagnosis import Diagnosis as Diagnosed
from engine.diagnosis import diagnose
from engine.errors import clipped, shown
from engine.model import Model
from engine.network import INPUT
from engine.probe import Probe
from engine.receptive import Saliency as SaliencyOf
from engine.receptive import SampleGradients, strongest
from engine.receptive import Strongest as StrongestSamples
from engine.train import Trainer
from playground.runner.messages import (
    OWN,
    Curve,
    Deltas,
    Diagnosis,
    Gradients,
    Histogram,
    Maps,
    Predictions,
    Saliency,
    ShowPicture,
    Strongest,
    Surface,
    Want,
    Weights,
)
from playground.runner.rows import Rows

#: samples that histograms look at, at most, and the numbers inside the network that they may cost: a histogram of pictures has
#: enough to count in a few dozen, and is made for every frame
HISTOGRAM_SAMPLES, HISTOGRAM_NUMBERS = 500, 100_000
#: seconds that a diagnosis is good for while the run goes on, and how much of the time making them may take
DIAGNOSIS_AGE, DIAGNOSIS_SHARE = 0.25, 0.1
#: probes kept ready, the last used ones
KEPT_PROBES = 12

log = logging.getLogger(__name__)


def histogram_samples(model: Model) -> int:
    """How many of the first training samples a histogram of ``model`` looks at."""
    numbers = sum(int(np.prod(shape)) for shape in model.shapes.values())
    return max(16, min(HISTOGRAM_SAMPLES, HISTOGRAM_NUMBERS // max(numbers, 1)))


def _copies(arrays: Mapping[str, Array], units: tuple[int, int] | None) -> dict[str, Array | Rows]:
    """Parameters to be sent: whole, or of all that is more than a vector only these rows."""
    return {
        name: Rows.of(a, *units) if units is not None and a.ndim > 1 else np.array(a, np.float32, order="C")
        for name, a in arrays.items()
    }


def _shown(values: Array) -> Array:
    """A copy, float32. What is infinite becomes the largest number there is, so that all the others can be drawn beside it."""
    copy = np.array(values, np.float32)
    if not np.isfinite(copy.sum()):
        np.nan_to_num(copy, copy=False, nan=np.nan)
    return copy


class Answers:
    """Answers wants about one model. Probes are kept between frames and run once a frame, whoever asks.

    Args:
        model, data: what is asked about.
        trainer: of that model; ``None`` while the network is half-built, and then there are no gradients and predictions.
    """

    def __init__(self, model: Model, data: Prepared, trainer: Trainer | None) -> None:
        self._model, self._data, self._trainer = model, data, trainer
        self._first_step = trainer.steps if trainer is not None else 0
        self._probes: dict[object, Probe] = {}
        self._fresh: set[object] = set()
        self._faults: set[tuple[type, str, int | None]] = set()
        #: the last want that could not be answered, and why; "" while there is none
        self.failure = ""
        #: the picture of the person's own
        self.own: ShowPicture | None = None
        self._backs: dict[object, SampleGradients] = {}
        self._saliencies: dict[str, SaliencyOf] = {}
        self._diagnosis: Diagnosed | None = None
        self._diagnosis_due = 0.0
        self._diagnosed: object = None  # what the diagnosis is of
        self._running = False

    def to(self, wants: Collection[Want], running: bool = False) -> dict[Want, Any]:
        """``want → answer`` for all that can be met now. ``running``: another frame follows soon."""
        self._running = running
        self._fresh.clear()
        found = {}
        # An overflowing network is drawn as it is; that it overflows is said elsewhere.
        with np.errstate(all="ignore"):
            for want in wants:
                if getattr(want, "node_id", INPUT) in self._model.shapes:
                    answer = self._guarded(want)
                    if answer is not None:
                        found[want] = answer
        return found

    def _guarded(self, want: Want) -> Any:
        """The answer, or ``None`` where it cannot be computed: what only shows must not stop what trains."""
        try:
            return self._answer(want)
        except Exception as error:  # noqa: BLE001  whatever it is, it is noted, and the other wants are answered
            frames = traceback.extract_tb(error.__traceback__)
            fault = (type(want), frames[-1].filename, frames[-1].lineno)
            if fault not in self._faults:  # the same one would come with every frame
                self._faults.add(fault)
                self.failure = f"{type(want).__name__} ({type(error).__name__}: {clipped(str(error), 200)})"
                log.error("The want %s could not be answered:\n%s", shown(want), traceback.format_exc())
            return None

    def _values(self, key: object, inputs: Callable[[], Array]) -> Probe:
        """The probe under ``key``, run with the present weights."""
        made = self._probes.pop(key, None) or Probe(self._model, inputs())
        self._probes[key] = made
        while len(self._probes) > KEPT_PROBES:
            oldest = next(iter(self._probes))
            del self._probes[oldest]
            self._fresh.discard(oldest)
        if key not in self._fresh:
            made.run()
            self._fresh.add(key)
        return made

    def _part(self, name: str) -> Dataset | None:
        part: Dataset | None = getattr(self._data, name, None)
        return part

    @singledispatchmethod
    def _answer(self, want: Any) -> Any:
        """``None`` where there is no answer."""
        return None

    @_answer.register
    def _(self, want: Weights) -> dict[str, Array | Rows] | None:
        arrays = self._model.parameters.get(want.node_id)
        return _copies(arrays, want.units) if arrays else None

    @_answer.register
    def _(self, want: Gradients) -> dict[str, Array | Rows] | None:
        if self._trainer is None or self._trainer.steps == self._first_step:
            return None  # nothing has been differentiated with this model
        arrays = self._model.gradients.get(want.node_id)
        return _copies(arrays, want.units) if arrays else None

    @_answer.register
    def _(self, want: Surface) -> Array | None:
        shape = self._model.shapes[want.node_id]
        if self._data.raw.in_shape != (2,) or len(shape) != 1:
            return None
        points = probe.grid(*probe.extent(self._data), want.resolution)
        values = self._values(("surface", want.resolution), lambda: self._data.transform(points)).value(
            want.node_id
        )
        surfaces = values.reshape(shape[0], want.resolution, want.resolution)
        return _shown(surfaces[:, :: want.every, :: want.every])

    @_answer.register
    def _(self, want: Curve) -> Array | None:
        if self._data.raw.in_shape != (1,) or len(self._model.shapes[want.node_id]) != 1:
            return None
        points = probe.line(*probe.extent(self._data), want.resolution)
        values = self._values(("curve", want.resolution), lambda: self._data.transform(points)).value(
            want.node_id
        )
        return _shown(values)

    @_answer.register
    def _(self, want: Maps) -> Array | None:
        values = self._of_sample(want.part, want.sample)
        return None if values is None else _shown(values.value(want.node_id)[..., 0])

    @_answer.register
    def _(self, want: Deltas) -> Array | None:
        x, trainer = self._input(want.part, want.sample), self._trainer
        if x is None or trainer is None:
            return None
        key = ("deltas", want.part, want.sample)
        made = self._backs.get(trainer.loss)
        if made is None:
            self._backs = {trainer.loss: SampleGradients(self._model, trainer.loss)}
            made = self._backs[trainer.loss]
        if key not in self._fresh:
            target = self._target(want.part, want.sample)
            if target is None:
                return None
            made.run(x[0], target)
            self._fresh = {f for f in self._fresh if not (isinstance(f, tuple) and f[0] == "deltas")} | {key}
        return _shown(made.gradient(want.node_id))

    @_answer.register
    def _(self, want: Saliency) -> Array | None:
        x, shape = self._input(want.part, want.sample), self._model.shapes[want.node_id]
        fits = len(want.unit) == len(shape) and all(0 <= k < n for k, n in zip(want.unit, shape, strict=True))
        if x is None or want.node_id == INPUT or not fits:
            return None
        if want.node_id not in self._saliencies:
            self._saliencies = {want.node_id: SaliencyOf(self._model, want.node_id)}
        return _shown(self._saliencies[want.node_id].of(x[0], want.unit))

    @_answer.register
    def _(self, want: Strongest) -> StrongestSamples | None:
        shape = self._model.shapes[want.node_id]
        if len(shape) != 3 or not 0 <= want.channel < shape[0]:
            return None
        count = histogram_samples(self._model)
        values = self._values("histogram", lambda: self._data.train.x[:count]).value(want.node_id)
        return strongest(values, want.channel, want.count)

    def _input(self, part: str, sample: int) -> Array | None:
        """One sample as the network reads it, ``(1, *in_shape)``; ``None`` where there is no such."""
        if part == OWN:
            own = self.own
            if own is None or own.number != sample or own.picture.shape != self._data.raw.in_shape:
                return None
            return self._data.transform(own.picture[None])
        samples = self._part(part)
        if samples is None or not 0 <= sample < len(samples):
            return None
        return samples.x[sample : sample + 1]

    def _target(self, part: str, sample: int) -> Array | None:
        """The target of one sample: of an own picture the class that the network names, where there are classes."""
        samples = self._part(part)
        if samples is not None:
            return np.asarray(samples.y[sample])
        values, trainer = self._of_sample(part, sample), self._trainer
        if values is None or trainer is None or not self._data.train.classes:
            return None
        z = np.array(values.value(self._model.network.output_id).T, np.float64)
        return np.asarray(trainer.loss.probabilities(z)[0].argmax())

    def _of_sample(self, part: str, sample: int) -> Probe | None:
        """All values for one sample."""
        x = self._input(part, sample)
        if x is None:
            return None
        if part != OWN:
            return self._values(("sample", part, sample), lambda: x)
        kept = self._probes.get(OWN)
        if kept is not None and OWN not in self._fresh:
            kept.feed(x)  # while somebody draws, one picture follows another
        return self._values(OWN, lambda: x)

    @_answer.register
    def _(self, want: Predictions) -> Array | None:
        part, trainer = self._part(want.part), self._trainer
        if want.part == OWN and trainer is not None and self._data.train.classes:
            own = self._of_sample(OWN, want.start)
            if own is None:
                return None
            z = np.array(own.value(self._model.network.output_id).T, np.float64)
            return trainer.loss.probabilities(z).astype(np.float32)
        if part is None or trainer is None or not 0 <= want.start < len(part) or want.count < 1:
            return None
        samples = part.x[want.start : want.start + want.count]
        key = ("predictions", want.part, want.start, want.count)
        z = np.array(self._values(key, lambda: samples).value(self._model.network.output_id).T, np.float64)
        if not part.classes:
            return _shown(self._data.transform.inverse_target(z))
        return trainer.loss.probabilities(z)[:, : len(part.classes)].astype(np.float32)

    @_answer.register
    def _(self, want: Histogram) -> tuple[Array, Array] | None:
        if want.node_id == INPUT:
            return None
        (source, *_) = self._model.network.inputs_of(want.node_id)
        count = histogram_samples(self._model)
        values = self._values("histogram", lambda: self._data.train.x[:count]).value(source)
        return probe.histogram(values, want.bins)

    @_answer.register
    def _(self, want: Diagnosis) -> Diagnosed | None:
        if self._trainer is None:
            return None
        start = perf_counter()
        if self._diagnosis is not None and self._running and start < self._diagnosis_due:
            return self._diagnosis
        # While paused, frames come for many reasons, and of a large network a diagnosis takes most of a second.
        moment = self._trainer.steps, self._trainer.fit, crc32(self._model.store.values.data)
        if self._diagnosis is None or moment != self._diagnosed:
            self._diagnosis, self._diagnosed = diagnose(self._trainer), moment
            now = perf_counter()
            self._diagnosis_due = now + max(DIAGNOSIS_AGE, (now - start) / DIAGNOSIS_SHARE)
        return self._diagnosis
