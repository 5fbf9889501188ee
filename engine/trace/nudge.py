"""Prove it: nudge one number of a recorded update both ways, and see whether the loss moves as back-propagation says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.core import Array, Shape, Steps, call
from engine.gradcheck import Cell, GradientCheck, Report, Verdict, compare
from engine.layers import GlobalMaxPool2d, MaxPool2d
from engine.layers.base import Bind, Layer
from engine.maths import is_explained
from engine.model import Model
from engine.network import INPUT, Network
from engine.program import Program
from engine.trace.base import At
from engine.trace.conv import windows_of
from engine.trace.loss import worked_out
from engine.trace.record import NotKept, Trace
from engine.trace.terms import Place
from engine.update import Update


@dataclass(frozen=True)
class Nudge:
    """What a nudge has shown.

    Args:
        place: of the number that was nudged.
        epsilon: by how much.
        low, loss, high: loss and penalty of the batch with it moved down, left alone, moved up; in float64.
        numeric: (high − low) / 2ε.
        analytic: what back-propagation says, penalty included, in float64.
        error: |analytic − numeric| / max(|analytic|, |numeric|).
        verdict: great, fair, bad, or a kink.
        kinks: the nodes ("loss" for the loss) whose slope jumps somewhere between −ε and +ε.
    """

    place: Place
    epsilon: float
    low: float
    loss: float
    high: float
    numeric: float
    analytic: float
    error: float
    verdict: Verdict
    kinks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fixed(Layer):
    """A random layer as it was in one update: its mask and its noise no longer change."""

    factor: Array
    noise: Array

    def __hash__(self) -> int:
        return id(self)

    def bind(self, b: Bind) -> Steps:
        noise = np.ascontiguousarray(np.moveaxis(self.noise, 0, -1), b.y.dtype)
        # What a layer answers to ones is factor + noise.
        factor = np.ascontiguousarray(np.moveaxis(self.factor, 0, -1), b.y.dtype) - noise
        forward = [call(np.multiply, b.x, factor, b.y), call(np.add, b.y, noise, b.y)]
        return Steps(forward, [] if b.dx is None else [call(np.multiply, b.dy, factor, b.dx)])


class Prover:
    """A float64 copy of a recorded update, with today's masks, in which numbers can be nudged.

    Raises NotKept where the trace has not kept everything.
    """

    def __init__(self, trace: Trace) -> None:
        if trace.left_out:
            raise NotKept(
                f"A nudge runs the whole batch again, and this trace has not all of it. {' '.join(trace.left_out)}"
            )
        self._trace = trace
        self.network = Network(
            tuple(
                replace(n, layer=_Fixed(trace.extras[n.id]["factor"], trace.extras[n.id]["noise"]))
                if n.id in trace.extras
                else n
                for n in trace.network.nodes
            )
        )
        self.model = Model(self.network, trace.in_shape, 0, "float64")
        for node_id, where in self.model.store.slices.items():
            self.model.store.values[where] = trace.parameters["before"][node_id]
        for node_id, arrays in trace.state_before.items():
            for name, array in arrays.items():
                self.model.store.state[node_id][name][...] = array
        store, fit = self.model.store, trace.fit
        self._program = Program(self.network, trace.in_shape, trace.size, store, input_gradient=True)
        self._program.x[...] = np.moveaxis(trace.values[INPUT], 0, -1)
        target = np.ascontiguousarray(fit.loss.targets(trace.labels, trace.targets.shape[1]).T, np.float64)
        self._value = np.zeros(())
        self._loss = fit.loss.attach(self._program.output, target, self._program.d_output, self._value)
        self._update = Update(self.model, fit, {}, np.zeros((), np.int64))

    def loss(self) -> float:
        """Loss of the batch and penalty, as the numbers now are."""
        with np.errstate(all="ignore"):
            self._program.forward()
            for c in self._loss.forward:
                c.function(*c.args, **c.kwargs)
            return float(self._value) + self._update.penalty()

    def gradient(self, place: Place) -> Array:
        """What back-propagation says of the array that ``place`` is in, penalty included."""
        self.loss()
        with np.errstate(all="ignore"):
            for c in self._loss.backward:
                c.function(*c.args, **c.kwargs)
            self._program.backward()
            for c in self._update.stages["penalty"]:
                c.function(*c.args, **c.kwargs)
        if place.node_id == INPUT:
            return np.moveaxis(self._program.gradient(INPUT), -1, 0).copy()
        return self.model.gradients[place.node_id][place.name].copy()

    def nudge(self, place: Place, epsilon: float = 1e-6) -> Nudge:
        """Nudge a parameter's cell, or a cell of the data (node "input", the sample first in the index)."""
        array, gradient = self._array(place), self.gradient(place)
        value = float(array[place.index])
        found, pieces = [], []
        for shift in (-epsilon, 0.0, epsilon):
            array[place.index] = value + shift
            found.append(self.loss())
            pieces.append(self._pieces())
        array[place.index] = value
        low, middle, high = found
        analytic = float(gradient[place.index])
        cell: Cell = compare(
            place.index, analytic, (low, middle, high), epsilon, float(np.abs(gradient).max())
        )
        kinks = tuple(i for i in pieces[0] if not all(np.array_equal(b[i], pieces[0][i]) for b in pieces[1:]))
        verdict = Verdict.KINK if kinks and cell.verdict in (Verdict.BAD, Verdict.KINK) else cell.verdict
        return Nudge(place, epsilon, low, middle, high, cell.numeric, analytic, cell.error, verdict, kinks)

    def _array(self, place: Place) -> Array:
        if place.node_id == INPUT:
            return np.moveaxis(self._program.x, -1, 0)
        arrays = self.model.parameters.get(place.node_id, {})
        if place.name not in arrays:
            raise NotKept(
                f"{place.name or place.kind!r} of node {place.node_id!r} is no number that can be nudged; expected a parameter or an "
                "input. Choose one of those."
            )
        return arrays[place.name]

    def _pieces(self) -> dict[str, Array]:
        """On which smooth piece of each function with kinks every value lies."""
        found: dict[str, Array] = {}
        for node in self.network.nodes:
            source = self.network.inputs_of(node.id)[0]
            x = np.moveaxis(self._program.value(source), -1, 0)
            match node.layer:
                case MaxPool2d() | GlobalMaxPool2d():
                    found[node.id] = self._winners(node.id, x)
                case layer if kinks := layer.kinks():
                    found[node.id] = np.stack([np.sign(x - kink) for kink in kinks])
        loss, t = self._trace.fit.loss, self._trace.targets
        z = np.moveaxis(self._program.output, -1, 0).reshape(len(t), -1)
        if loss.kink and is_explained(type(loss), "value"):
            found["loss"] = np.sign(worked_out(loss, z, t)[loss.kink])
        return found

    def _winners(self, node_id: str, x: Array) -> Array:
        """Which value of each window is the largest, ``(N, C, Ho, Wo)``."""
        windows = windows_of(At(self._trace, self._trace.network[node_id], None))
        height, width = x.shape[2:]
        rows, columns = np.array(windows.rows), np.array(windows.columns)
        seen = x[
            :, :, rows.clip(0, height - 1)[:, None, :, None], columns.clip(0, width - 1)[None, :, None, :]
        ]
        inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[
            None, :, None, :
        ]
        shape: Shape = (*seen.shape[:4], -1)
        winners: Array = np.where(inside, seen, -np.inf).reshape(shape).argmax(-1)
        return winners

    def whole(self) -> GradientCheck:
        """The check of all parameters at once."""
        return GradientCheck(self.model, self._trace.values[INPUT], self._trace.labels, self._trace.fit)


def nudge(trace: Trace, place: Place, epsilon: float = 1e-6) -> Nudge:
    """Nudge one number of a recorded update by ±ε, in float64. Raises NotKept where that cannot be done."""
    return Prover(trace).nudge(place, epsilon)


def check(trace: Trace, cells: int = 30, progress: Callable[[float], bool] | None = None) -> Iterator[Report]:
    """A gradient check of the recorded update: a report per parameter; ``progress`` ends it by returning False."""
    return Prover(trace).whole().run(cells, progress=progress)
