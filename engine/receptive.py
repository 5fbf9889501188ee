"""Which part of the picture a unit can see, and how much each pixel of it moves the unit."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np

from engine.core import Array, Shape, run_calls
from engine.errors import ShapeError, SpecError
from engine.layers import LayerNorm
from engine.layers.enlarge import Enlarging
from engine.losses import Loss
from engine.model import Model
from engine.network import INPUT, Network, Node
from engine.program import Parameters, Program
from engine.windows import axes, slides, windows


@dataclass(frozen=True)
class Box:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right`` of a map, both ends included; padding lies outside the map."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1

    @property
    def empty(self) -> bool:
        return self.height < 1 or self.width < 1

    def joined(self, other: Box) -> Box:
        """The smallest box round both."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )

    def within(self, shape: Shape) -> Box:
        """What of it lies on a map ``(C, H, W)``."""
        _, height, width = shape
        return Box(
            max(0, self.top), min(height - 1, self.bottom), max(0, self.left), min(width - 1, self.right)
        )


def receptive_field(
    network: Network, shapes: Mapping[str, Shape], node_id: str, cell: tuple[int, int] = (0, 0)
) -> dict[str, Box]:
    """What the unit at ``cell`` of a node sees of every map before it, back to "input", with the padding of that map.

    ``shapes`` as from ``network.shapes``. Where paths join, the box round all of them. A unit of a layer that is no map sees all.
    What sees nothing but padding has an empty box before it. Batch statistics, which join everything while training, are left out.
    """
    i, j = cell
    shape = shapes[node_id]
    found = {node_id: Box(i, i, j, j) if len(shape) == 3 else Box(0, 0, 0, 0)}
    for node in reversed(network.nodes):
        if node.id not in found:
            continue
        for source in network.inputs_of(node.id):
            if len(shapes[source]) != 3:
                box = Box(0, 0, 0, 0)
            else:
                box = _before(node, found[node.id], shapes[source], shapes[node.id])
            found[source] = found[source].joined(box) if source in found else box
    return found


def _before(node: Node, box: Box, in_shape: Shape, shape: Shape) -> Box:
    _, height, width = in_shape
    everything = Box(0, height - 1, 0, width - 1)
    if len(shape) == 3:
        box = box.within(shape)  # padding is made of zeros, not of units that see something
    if box.empty:
        return Box(0, -1, 0, -1)
    if isinstance(node.layer, LayerNorm):
        rows = (box.top, box.bottom) if node.layer.normalized_ndim == 1 else (0, height - 1)
        return Box(*rows, 0, width - 1)
    if len(shape) != 3:
        return everything
    if isinstance(node.layer, Enlarging):
        rows, columns = node.layer.seen_by(in_shape, (box.top, box.bottom), (box.left, box.right))
        return Box(*rows, *columns)
    if not slides(node.layer):
        return box if shape[1:] == in_shape[1:] else everything
    found = axes(node.layer, in_shape)
    if found is None:
        seen = windows(node.layer, in_shape)
        down, across = seen.rows[box.top : box.bottom + 1], seen.columns[box.left : box.right + 1]
        return Box(down[0][0], down[-1][-1], across[0][0], across[-1][-1])
    down_axis, across_axis = found
    return Box(
        down_axis.seen(box.top)[0],
        down_axis.seen(box.bottom)[-1],
        across_axis.seen(box.left)[0],
        across_axis.seen(box.right)[-1],
    )


class Saliency:
    """How much a unit of one node moves with each pixel: ∂unit/∂input (Simonyan, Vedaldi & Zisserman 2013), asked again and again.

    Args:
        model: is not changed; its present weights count, in inference mode.
        node_id: whose units are asked about. Raises SpecError where there is no such node.
    """

    def __init__(self, model: Model, node_id: str) -> None:
        network = model.network
        ids = [n.id for n in network.nodes]
        if node_id not in ids:
            raise SpecError(
                f"There is no node {node_id!r}; there are {', '.join(ids) or 'none'}. Choose one."
            )
        until = Network(network.resolved().nodes[: ids.index(node_id) + 1])
        self._program = Program(until, model.in_shape, 1, _aside(model), training=False, input_gradient=True)

    def of(self, x: Array, index: tuple[int, ...]) -> Array:
        """For one input ``in_shape``: the gradient of unit ``index`` of the node, ``in_shape``. Raises ShapeError where it has no such unit."""
        program = self._program
        shape = program.output.shape[:-1]
        if len(index) != len(shape) or not all(0 <= k < n for k, n in zip(index, shape, strict=True)):
            raise ShapeError(f"Unit {index} was asked for of a layer {shape}. Choose one that exists.")
        program.x[..., 0] = x
        program.forward()
        program.d_output[...] = 0
        program.d_output[(*index, 0)] = 1
        program.backward()
        return np.array(program.gradient(INPUT)[..., 0])


class SampleGradients:
    """∂L/∂output of every node for one sample alone, in inference mode. The model's own gradients are left as they are."""

    def __init__(self, model: Model, loss: Loss) -> None:
        self._outputs, loss = model.outputs, loss.after(model.network.output_range)
        self._program = Program(
            model.network, model.in_shape, 1, _aside(model), training=False, input_gradient=True
        )
        out = self._program.output
        self._target = np.zeros((self._outputs, 1), out.dtype)
        self._value = np.zeros((), out.dtype)
        steps = loss.attach(out, self._target, self._program.d_output, self._value)
        self._loss, self._calls = loss, (*steps.forward, *steps.backward)

    def run(self, x: Array, y: Array) -> float:
        """Forward and back for one input ``in_shape`` with its target ``y`` (a label, or ``(outputs,)``); returns the loss."""
        program = self._program
        self._target[...] = self._loss.targets(np.asarray(y)[None], self._outputs).T
        program.x[..., 0] = x
        program.forward()
        run_calls(self._calls)
        program.backward()
        return float(self._value)

    def gradient(self, node_id: str) -> Array:
        """Of the node's output at the last ``run``, in its own shape; "input" works too. A copy."""
        return np.array(self._program.gradient(node_id)[..., 0])


def _aside(model: Model) -> Parameters:
    """The model's parameters, with room of their own for gradients: those of training must stay as they are."""
    store = copy(model.store)
    store.gradients = np.zeros_like(model.store.gradients)
    store.gradient_views = {
        i: model.network[i].layer.arrange(store.gradients[s], store.specs[i]) for i, s in store.slices.items()
    }
    return store


@dataclass(frozen=True, eq=False)
class Strongest:
    """The samples that move a channel most.

    Args:
        samples: ``(n,)`` places, strongest first.
        values: ``(n,)``, the channel's largest value in each.
        cells: ``(n, 2)``, row and column where it stands.
    """

    samples: Array
    values: Array
    cells: Array


def strongest(values: Array, channel: int, count: int) -> Strongest:
    """Which of the samples in ``values`` ``(C, H, W, N)`` move ``channel`` most, the ``count`` strongest first."""
    _, _, width, n = values.shape
    flat = values[channel].reshape(-1, n)
    best = flat.argmax(0)
    peaks = flat[best, np.arange(n)]
    order = np.argsort(-peaks, kind="stable")[:count]
    at = best[order]
    return Strongest(order, peaks[order], np.column_stack((at // width, at % width)))
