"""What the layers of a network are called: by their kind and place, "linear2", until somebody gives a name.

Names are the ids of the nodes: files, given weights, programs and lessons speak of them. When an edit puts a layer in, takes one out or
moves it, those behind it are renamed; ``Node.first_id`` stays, so that weights and whoever looks at a layer go along.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from engine.errors import SpecError, shown
from engine.layers import registry as layers
from engine.network import RESERVED, Network, Node
from playground.document.project import Project

#: letters of a name, and what it is made of: a program has it as the name of an attribute
MOST_LETTERS = 40
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_by_position(name: str) -> bool:
    """Whether a name says kind and place, as "linear2" does; nobody has chosen it."""
    found = re.fullmatch(r"(.+?)(\d+)", name)
    return found is not None and found[1] in {layer.key.lower() for layer in layers}


def checked_name(network: Network, node_id: str, name: str) -> str:
    """``name`` as one that the node can have. Raises SpecError, also where there is no such node."""
    node = network[node_id]
    if len(name) > MOST_LETTERS or not NAME.fullmatch(name):
        raise SpecError(
            f"The name is {shown(name)}; expected a letter, then at most {MOST_LETTERS - 1} letters, digits or _. Choose another."
        )
    if name in RESERVED:
        raise SpecError(f"{name} means something else in every network. Choose another name.")
    if any(other.id == name for other in network.nodes if other is not node):
        raise SpecError(f"Another layer is called {name}. Choose another name.")
    if is_by_position(name):
        raise SpecError(
            f"{name} is a name by position, which changes with it. Choose another; none at all gives it such a name."
        )
    return name


def renamed(before: Network, after: Network) -> dict[str, str]:
    """The layers of both networks that have another name now: old names to new ones; to "" where another layer has the name of one that is gone."""
    now, taken = {node.first_id: node.id for node in after.nodes}, {node.id for node in after.nodes}
    pairs = ((node.id, now.get(node.first_id, "" if node.id in taken else node.id)) for node in before.nodes)
    return {old: new for old, new in pairs if old != new}


def called(network: Network, name: str) -> str:
    """What the layer is called now that ``name`` spoke of when it was written: by that name, or else by its first one."""
    if name in network:
        return name
    return next((node.id for node in network.nodes if node.first_id == name), name)


def by_position(before: Project, after: Project) -> Project:
    """``after``, which an edit has made of ``before``, with every name that nobody has chosen saying the layer's kind and place.

    The very same project where there is nothing to rename.
    """
    nodes = after.network.nodes
    if after.network is before.network or len({node.id for node in nodes}) < len(nodes):
        return after  # of two nodes with one id, it is not known whose name is meant
    firsts, names = _firsts(before.network, nodes), _names(nodes)
    named = tuple(_called(node, names, firsts[node.id]) for node in nodes)
    if all(one is other for one, other in zip(named, nodes, strict=True)):
        return after
    return _with_names(after.replace(network=Network(named)), names)


def _called(node: Node, names: Mapping[str, str], first: str) -> Node:
    """The very same node where nothing of it differs."""
    name, inputs = names[node.id], tuple(names.get(i, i) for i in node.inputs)
    if (name, inputs, first) == (node.id, node.inputs, node.first_id):
        return node
    return replace(node, id=name, inputs=inputs, first="" if first == name else first)


def with_name(project: Project, node_id: str, name: str) -> Project:
    """The node called otherwise, wherever it is spoken of."""
    nodes = tuple(
        replace(
            node,
            id=name if node.id == node_id else node.id,
            inputs=tuple(name if i == node_id else i for i in node.inputs),
            first=node.first_id if node.id == node_id else node.first,
        )
        for node in project.network.nodes
    )
    return _with_names(project.replace(network=Network(nodes)), {node_id: name})


def _with_names(project: Project, names: Mapping[str, str]) -> Project:
    if not any(names.get(one.node_id, one.node_id) != one.node_id for one in project.first_weights):
        return project
    given = tuple(replace(one, node_id=names.get(one.node_id, one.node_id)) for one in project.first_weights)
    return project.replace(first_weights=given)


def _names(nodes: tuple[Node, ...]) -> dict[str, str]:
    """The name that each should have, by the one it has."""
    chosen = {node.id for node in nodes if not is_by_position(node.id)}
    counts, names = Counter[str](), dict[str, str]()
    for node in nodes:
        if node.id in chosen:
            names[node.id] = node.id
            continue
        stem = node.layer.key.lower()
        counts[stem] += 1
        names[node.id] = f"{stem}{counts[stem]}"
    return names


def _firsts(before: Network, nodes: tuple[Node, ...]) -> dict[str, str]:
    """``Node.first`` of each: as before where it was there, else one that no other has or had."""
    was = {node.id: node.first_id for node in before.nodes}
    firsts = {node.id: node.first or was.get(node.id, "") for node in nodes}
    taken = {*was.values(), *firsts.values()}
    for node in nodes:
        if not firsts[node.id]:
            stem, number = node.layer.key.lower(), 1
            first = node.id
            while first in taken:
                first, number = f"{stem}{number}", number + 1
            firsts[node.id] = first
            taken.add(first)
    return firsts
