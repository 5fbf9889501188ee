"""Networks as plain data (JSON-ready), by the stable keys of the registries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import SpecError
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
    """The network that ``network_to_dict`` described. Raises SpecError or UnknownName, naming the node."""
    if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
        raise SpecError(
            f"A network is described by {type(data).__name__}; expected a mapping with a list of 'nodes'. Check the file."
        )
    nodes = []
    for number, plain in enumerate(data["nodes"]):
        if not isinstance(plain, Mapping) or not isinstance(plain.get("id"), str) or "layer" not in plain:
            raise SpecError(f"Node {number} of the network lacks an 'id' or a 'layer'. Add it.")
        inputs = plain.get("inputs", [])
        if not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
            raise SpecError(
                f"The inputs of node {plain['id']!r} are {inputs!r}; expected a list of node ids. Correct them."
            )
        nodes.append(Node(plain["id"], layers.build(plain["layer"]), tuple(inputs)))
    return Network(tuple(nodes))
