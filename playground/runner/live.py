"""A run as it is at this moment, to be asked about, and the base of all questions: the wants of the views on screen."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from engine import probe
from engine.core import Array
from engine.data import Dataset, Prepared
from engine.errors import clipped, shown
from engine.model import Model
from engine.probe import Probe
from engine.snapshot import Snapshot
from engine.train import Trainer
from playground.document.project import Project
from playground.runner.inspecting import Inspection

if TYPE_CHECKING:
    from engine.trace import Guest

#: what belongs to ``messages``
__all__ = ["OWN", "OfNode", "Want"]

#: the part of Maps, Predictions … that is no part of the data: a picture that the person has brought
OWN = "own"
#: samples that histograms look at, at most, and the numbers inside the network that they may cost: a histogram of pictures has
#: enough to count in a few dozen, and is made for every frame
HISTOGRAM_SAMPLES, HISTOGRAM_NUMBERS = 500, 100_000
#: probes kept ready, the last used ones
KEPT_PROBES = 12

A = TypeVar("A")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Want(Generic[A]):
    """Something that a visible view needs to know of the run. A subclass in ``wants`` is all it takes to have another kind.

    It crosses from the window to the process that trains, and its answer comes back: both are immutable, and can be pickled.
    """

    def answer(self, live: Live) -> A | None:
        """The answer, ``None`` where there is none. A copy: the window keeps it while training goes on.

        The same object as last time, where it is known to be the same, is not sent again.
        """
        raise NotImplementedError

    def work(self, live: Live, go_on: Callable[[], bool]) -> bool:
        """Get on with an answer that takes long, while ``go_on()``, and training stands still; whether anything was left to do."""
        return False


@dataclass(frozen=True)
class OfNode(Want[A]):
    """What is asked about one node; there is no answer while the model has none of this id."""

    node_id: str


def histogram_samples(model: Model) -> int:
    """How many of the first training samples a histogram of ``model`` looks at."""
    numbers = sum(int(np.prod(shape)) for shape in model.shapes.values())
    return max(16, min(HISTOGRAM_SAMPLES, HISTOGRAM_NUMBERS // max(numbers, 1)))


class Live:
    """Answers wants about one model. Probes are kept between frames and run once a frame, whoever asks.

    Args:
        model, data: what is asked about.
        trainer: of that model; ``None`` while the network is half-built, and then there are no gradients and predictions.
        inspection: of its next update.

    Attributes:
        first_step: the step at which ``trainer`` took over.
        running: whether another frame follows soon.
        moment: counts the times it was asked.
        failure: the last want that could not be answered, and why; "" while there is none.
        own: number and picture of the person's own, if there is one.
        project: as it is edited, where it is known.
        moments: gives those of the run that are kept, ascending.
    """

    def __init__(self, model: Model, data: Prepared, trainer: Trainer | None, inspection: Inspection) -> None:
        self.model, self.data, self.trainer, self.inspection = model, data, trainer, inspection
        self.first_step = trainer.steps if trainer is not None else 0
        self.running, self.moment, self.failure = False, 0, ""
        self.own: tuple[int, Array] | None = None
        self.project: Project | None = None
        self.moments: Callable[[], tuple[Snapshot, ...]] = tuple
        self._probes: dict[object, Probe] = {}
        self._fresh: set[object] = set()
        self._kept: dict[object, tuple[object, Any]] = {}
        self._faults: set[tuple[type, str, int | None]] = set()

    def answers(self, wants: Collection[Want[Any]], running: bool = False) -> dict[Want[Any], Any]:
        """``want → answer`` for all that can be met now. ``running``: another frame follows soon."""
        self.running = running
        self.moment += 1
        self._fresh.clear()
        found = {want: self._guarded(want, want.answer) for want in wants if self._known(want)}
        return {want: answer for want, answer in found.items() if answer is not None}

    def work(self, wants: Collection[Want[Any]], go_on: Callable[[Want[Any]], bool]) -> bool:
        """Get on with what takes long, see ``Want.work``; whether anything was left to do."""
        worked = [
            self._guarded(want, partial(want.work, go_on=partial(go_on, want)))
            for want in wants
            if self._known(want)
        ]
        return any(worked)

    def _known(self, want: Want[Any]) -> bool:
        return not isinstance(want, OfNode) or want.node_id in self.model.shapes

    def _guarded(self, want: Want[Any], call: Callable[[Live], Any]) -> Any:
        """What ``call`` gives, or ``None`` where it fails: what only shows must not stop what trains."""
        try:
            # An overflowing network is drawn as it is; that it overflows is said elsewhere.
            with np.errstate(all="ignore"):
                return call(self)
        except Exception as error:  # noqa: BLE001  whatever it is, it is noted, and the other wants are answered
            frames = traceback.extract_tb(error.__traceback__)
            fault = (type(want), frames[-1].filename, frames[-1].lineno)
            if fault not in self._faults:  # the same one would come with every frame
                self._faults.add(fault)
                self.failure = f"{type(want).__name__} ({type(error).__name__}: {clipped(str(error), 200)})"
                log.error("The want %s could not be answered:\n%s", shown(want), traceback.format_exc())
            return None

    @cached_property
    def _extent(self) -> tuple[float, float]:
        return probe.extent(self.data)

    # --- what wants look into -----------------------------------------------------------------------------------------

    def values(self, key: object, inputs: Callable[[], Array]) -> Probe:
        """All values inside the network, of the ``inputs`` that are known as ``key``, with the present weights."""
        made = self._probes.pop(key, None) or Probe(self.model, inputs())
        self._probes[key] = made
        while len(self._probes) > KEPT_PROBES:
            oldest = next(iter(self._probes))
            del self._probes[oldest]
            self._fresh.discard(oldest)
        if key not in self._fresh:
            made.run()
            self._fresh.add(key)
        return made

    def outputs(self, values: Probe) -> Array:
        """What the network's last node gives, ``(N, outputs)`` float64."""
        last = np.moveaxis(values.value(self.model.network.output_id), -1, 0)
        return np.array(last.reshape(len(last), -1), np.float64)

    def of_some(self, node_id: str) -> Array:
        """The values of a node for the first training samples, as many as a histogram looks at."""
        count = histogram_samples(self.model)
        return self.values("histogram", lambda: self.data.train.x[:count]).value(node_id)

    def on_axes(self, points: Callable[[float, float, int], Array], resolution: int, node_id: str) -> Array:
        """The values of a node at all ``points`` (of a line, or of a grid) that the data's axes span."""
        inputs = lambda: self.data.transform(points(*self._extent, resolution))
        return self.values((points, resolution), inputs).value(node_id)

    def kept(self, kind: object, key: object, make: Callable[[], A]) -> A:
        """What was made last of this kind, made anew where ``key`` is another."""
        if kind not in self._kept or self._kept[kind][0] != key:
            self._kept[kind] = key, make()
        found: A = self._kept[kind][1]
        return found

    def last(self, kind: object) -> Any:
        """What was made last of this kind, whatever has changed since; ``None`` before."""
        return self._kept[kind][1] if kind in self._kept else None

    def part(self, name: str) -> Dataset | None:
        """A part of the data; ``None`` where there is none of this name."""
        found: Dataset | None = getattr(self.data, name, None)
        return found

    def input(self, part: str, sample: int) -> Array | None:
        """One sample as the network reads it, ``(1, *in_shape)``; ``None`` where there is no such."""
        if part == OWN:
            number, picture = self.own or (None, np.empty(0))
            if number != sample or picture.shape != self.data.raw.in_shape:
                return None
            return self.data.transform(picture[None])
        samples = self.part(part)
        if samples is None or not 0 <= sample < len(samples):
            return None
        return samples.x[sample : sample + 1]

    def target(self, part: str, sample: int) -> Array | None:
        """The target of one sample: of an own picture the class that the network names, where there are classes."""
        samples = self.part(part)
        if samples is not None:
            return np.asarray(samples.y[sample])
        values, trainer = self.of_sample(part, sample), self.trainer
        if values is None or trainer is None or not self.data.train.classes:
            return None
        return np.asarray(trainer.loss.probabilities(self.outputs(values))[0].argmax())

    def guest(self, part: str, sample: int) -> Guest | None:
        """A sample with its target, to stand in a batch; ``None`` where there is no such, or nobody knows its target."""
        x = self.input(part, sample)
        y = self.target(part, sample) if x is not None else None
        from engine.trace import Guest

        return None if x is None or y is None else Guest(part, sample, x[0], y)

    def of_sample(self, part: str, sample: int) -> Probe | None:
        """All values for one sample."""
        x = self.input(part, sample)
        if x is None:
            return None
        if part != OWN:
            return self.values(("sample", part, sample), lambda: x)
        kept = self._probes.get(OWN)
        if kept is not None and OWN not in self._fresh:
            kept.feed(x)  # while somebody draws, one picture follows another
        return self.values(OWN, lambda: x)
