"""Pulses built by hand: how a project's hidden layer draws a curve, and the weights that follow from the pulses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine import pulses
from engine.core import Array
from engine.data import Prepared
from engine.errors import EngineError, SpecError, counted
from engine.layers import Layer, Linear
from engine.pulses import Pulse
from playground.document.project import Project, data_of


@dataclass(frozen=True)
class Bench:
    """Where pulses are built: a Linear that reads one number, units that bend, a Linear that adds them up.

    Args:
        hidden, last: ids of the two Linear layers.
        kind: of the units between them.
        x: ``(shift, scale)``: the network reads (x − shift) / scale of an input in the data's units.
        y: ``(shift, scale)``: a target in the data's units is shift + scale · what the network gives.
    """

    hidden: str
    last: str
    kind: type[Layer]
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def size(self) -> int:
        """Units that a pulse takes."""
        return pulses.UNITS[self.kind]

    def state(self, built: Sequence[Pulse]) -> dict[str, Array]:
        """The weights of the network that draws these pulses, in the data's units, as ``Model.state_dict``."""
        w, b, v = pulses.parts(self.kind, [self._inside(pulse) for pulse in built])
        return {
            f"{self.hidden}.weight": w[:, None],
            f"{self.hidden}.bias": b,
            f"{self.last}.weight": v[None],
            f"{self.last}.bias": np.array([0.0 - self.y[0] / self.y[1]]),
        }

    def built(self, project: Project) -> tuple[Pulse, ...] | None:
        """The pulses that the project's given weights draw, in the data's units; ``None`` where they are anything else, or drawn by chance."""
        given = {(one.node_id, one.name): np.array(one.values) for one in project.first_weights}
        keys = ((self.hidden, "weight"), (self.hidden, "bias"), (self.last, "weight"), (self.last, "bias"))
        if project.weight_edits or not all(key in given for key in keys):
            return None
        w, b, v, c = (given[key] for key in keys)
        if not np.isclose(c[0], -self.y[0] / self.y[1], rtol=1e-5, atol=1e-6):
            return None
        found = pulses.read(self.kind, w[:, 0], b, v[0])
        return None if found is None else tuple(map(self._outside, found))

    def _inside(self, pulse: Pulse) -> Pulse:
        (shift, scale), height = self.x, pulse.height / self.y[1]
        return Pulse((pulse.left - shift) / scale, (pulse.right - shift) / scale, height, pulse.ramp / scale)

    def _outside(self, pulse: Pulse) -> Pulse:
        (shift, scale), height = self.x, pulse.height * self.y[1]
        return Pulse(shift + scale * pulse.left, shift + scale * pulse.right, height, pulse.ramp * scale)


def bench(project: Project) -> Bench:
    """The project's. Raises EngineError, which says what there has to be, where there is none."""
    data, nodes = data_of(project), project.network.nodes
    kinds = tuple(pulses.UNITS)
    chain = all(not node.inputs for node in nodes)
    if data.in_shape != (1,) or data.raw.in_shape != (1,) or data.raw.classes or data.raw.y.shape[1:] != (1,):
        raise SpecError("Pulses are built on a curve: one input, one number to foretell. Choose such data.")
    if (
        len(nodes) != 3
        or not chain
        or not isinstance(nodes[0].layer, Linear)
        or not isinstance(nodes[2].layer, Linear)
    ):
        raise SpecError(
            f"Pulses are built in a network of Linear, ReLU (or Sigmoid, Tanh) and Linear; this one has {counted(len(nodes), 'layer')}. "
            "Take the others out, or open the example “A curve of pulses”."
        )
    hidden, between, last = (node.layer for node in nodes)
    if not isinstance(between, kinds) or not (
        getattr(hidden, "bias", False) and getattr(last, "bias", False)
    ):
        raise SpecError(
            "Pulses are made of ReLU, Sigmoid or Tanh between two Linear layers with biases. Choose these."
        )
    return Bench(nodes[0].id, nodes[2].id, type(between), *_scales(data))


def _scales(data: Prepared) -> tuple[tuple[float, float], tuple[float, float]]:
    """How the data's units and the network's belong together, read off two points of each."""
    zero, one = data.transform(np.array([[0.0], [1.0]]))[:, 0]
    scale = 1.0 / float(one - zero)
    base, step = data.transform.inverse_target(np.array([[0.0], [1.0]]))[:, 0]
    return (-float(zero) * scale, scale), (float(base), float(step - base))


def reason(project: Project) -> str:
    """Why pulses cannot be built here, in words; "" where they can."""
    try:
        bench(project)
    except EngineError as error:
        return str(error)
    return ""
