"""Networks as plain data (JSON-ready), by the stable keys of the registries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError, SpecError, clipped, shown
from engine.layers import registry as layers
from engine.limits import MOST_ID, MOST_INPUTS, MOST_LAYERS
from engine.network import RESERVED, Network, Node

#: wrong nodes that are described; the rest are counted
MOST_WRONG = 3


def network_to_dict(network: Network) -> dict[str, Any]:
    """``{"nodes": [{"id": …, "layer": {"type": …, …}, "inputs": […]}, …]}``; ``inputs`` only where they are not the default."""
    nodes = []
    for node in network.nodes:
        plain: dict[str, Any] = {"id": node.id, "layer": node.layer.to_dict()}
        if node.inputs:
            plain["inputs"] = list(node.inputs)
        nodes.append(plain)
    return {"nodes": nodes}


def network_from_dict(data: Any) -> Network:
    """The network that ``network_to_dict`` described. Raises SpecError, with all that is wrong, node by node."""
    if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
        raise SpecError(
            f"A network is described by {shown(data)}; expected a mapping with a list of 'nodes'. Check the file."
        )
    if len(data["nodes"]) > MOST_LAYERS:
        raise SpecError(
            f"The network has {len(data['nodes']):,} layers; expected at most {MOST_LAYERS:,}. Take some out of the file."
        )
    nodes, wrong = list[Node](), list[str]()
    for number, plain in enumerate(data["nodes"]):
        try:
            nodes.append(_node(number, plain))
        except EngineError as error:
            wrong.append(str(error))
    if wrong:
        more = len(wrong) - MOST_WRONG
        told = [*wrong[:MOST_WRONG], f"And {more:,} more nodes are wrong." if more > 0 else ""]
        raise SpecError(" ".join(filter(None, (clipped(one, 180) for one in told))))
    return Network(tuple(nodes))


def _node(number: int, plain: Any) -> Node:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("id"), str) or "layer" not in plain:
        raise SpecError(f"Node {number} of the network lacks an 'id' or a 'layer'. Add it.")
    name, inputs = plain["id"], plain.get("inputs", [])
    if not 0 < len(name) <= MOST_ID or not name.isprintable() or name in RESERVED:
        raise SpecError(
            f"Node {number} of the network is called {shown(name)}; expected a name of at most {MOST_ID} letters, other than "
            f"{' and '.join(map(repr, RESERVED))}. Rename it."
        )
    if (
        not isinstance(inputs, list)
        or len(inputs) > MOST_INPUTS
        or not all(isinstance(i, str) for i in inputs)
    ):
        raise SpecError(
            f"The inputs of node {shown(name)} are {shown(inputs)}; expected a list of at most {MOST_INPUTS} node ids. "
            "Correct them."
        )
    try:
        return Node(name, layers.build(plain["layer"]), tuple(inputs))
    except EngineError as error:
        raise SpecError(f"Node {shown(name)}: {error}") from error
