"""The code of a network: the node through which all goes that it knows of a sample, and what it makes of any code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.core import Array
from engine.errors import SpecError
from engine.layers.base import Shape
from engine.model import Model
from engine.network import INPUT, Network
from engine.program import Program


def decoder(network: Network, node_id: str) -> Network | None:
    """What comes behind a node, reading the code in place of the data; ``None`` where some of it also reads what lies before.

    ``node_id`` may be "input": then all of the network. Raises SpecError where there is no such node.
    """
    nodes = network.resolved().nodes
    ids = [node.id for node in nodes]
    if node_id not in (INPUT, *ids):
        raise SpecError(f"There is no node {node_id!r}; there are {', '.join(ids) or 'none'}. Choose one.")
    needed = {network.output_id}
    for node in reversed(nodes):
        if node.id in needed and node.id != node_id:
            needed |= set(network.inputs_of(node.id))
    behind = ids[ids.index(node_id) + 1 :] if node_id != INPUT else ids
    kept = [node for node in nodes if node.id in needed and node.id in behind]
    known = {node_id} | {node.id for node in kept}
    if any(source not in known for node in kept for source in node.inputs):
        return None
    back = {node_id: INPUT}
    return Network(tuple(replace(n, inputs=tuple(back.get(i, i) for i in n.inputs)) for n in kept))


def code_of(network: Network, shapes: Mapping[str, Shape], units: int = 2) -> str:
    """The last node of so many units through which everything goes, and behind which something is; "" where there is none.

    ``shapes`` as from ``network.known_shapes``.
    """
    for node in reversed(network.nodes[:-1]):
        if shapes.get(node.id) == (units,) and decoder(network, node.id):
            return node.id
    return ""


class Decoder:
    """What a model gives for any code, asked again and again while the weights move.

    Args:
        model: is not changed; its present weights count, in inference mode.
        node_id: whose output is the code; see ``decoder``. Raises SpecError where there is none, or where it is no code.
    """

    def __init__(self, model: Model, node_id: str) -> None:
        behind = decoder(model.network, node_id)
        if behind is None:
            raise SpecError(
                f"What lies behind {node_id} also reads what lies before it; expected all to go through it. Choose another node."
            )
        self._program = Program(behind, model.shapes[node_id], 1, model.store, training=False)

    def of(self, code: Array) -> Array:
        """The network's output, in its own shape, for one code of the node's shape. A copy."""
        self._program.x[..., 0] = code
        self._program.forward()
        return np.array(self._program.output[..., 0])
