"""Networks as plain data (JSON-ready), by the stable keys of the registries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError, SpecError
from engine.layers import registry as layers
from engine.network import Network, Node


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
            f"A network is described by {type(data).__name__}; expected a mapping with a list of 'nodes'. Check the file."
        )
    nodes, wrong = list[Node](), list[str]()
    for number, plain in enumerate(data["nodes"]):
        try:
            nodes.append(_node(number, plain))
        except EngineError as error:
            wrong.append(str(error))
    if wrong:
        raise SpecError(" ".join(wrong))
    return Network(tuple(nodes))


def _node(number: int, plain: Any) -> Node:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("id"), str) or "layer" not in plain:
        raise SpecError(f"Node {number} of the network lacks an 'id' or a 'layer'. Add it.")
    name, inputs = plain["id"], plain.get("inputs", [])
    if not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
        raise SpecError(
            f"The inputs of node {name!r} are {inputs!r}; expected a list of node ids. Correct them."
        )
    try:
        return Node(name, layers.build(plain["layer"]), tuple(inputs))
    except EngineError as error:
        raise SpecError(f"Node {name!r}: {error}") from error
