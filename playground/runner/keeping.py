"""What survives an edit: the weights of layers that stay or come back, and the numbers that were set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate

import numpy as np

from engine.core import Array, unwarned
from engine.data import Prepared
from engine.footprint import footprint
from engine.initializers import Initializer
from engine.layers import Layer
from engine.model import Model
from engine.network import INPUT, Network, Node
from playground.document.project import FirstWeights, Project, WeightEdit
from playground.runs.store import RunStore


def part_that_fits(network: Network, in_shape: tuple[int, ...]) -> Network:
    """The nodes of a half-built network that can be computed; all of them where only the output is not what is needed."""
    known, nodes, names = network.known_shapes(in_shape), list[Node](), {INPUT}
    for node in network.nodes:
        if node.id in names:
            break  # two nodes with one id: from here on it is not known which of them is read
        names.add(node.id)
        if node.id in known:
            nodes.append(node)
    return Network(tuple(nodes))


def part_agreed_to(network: Network, project: Project, data: Prepared) -> Network:
    """The first nodes of ``network``, as far as they take no more memory than the user of ``project`` has agreed to."""
    sizes = footprint(network, data.in_shape, project.fit, len(data.train))
    sums = accumulate(sizes[node.id] for node in network.nodes)
    return Network(network.nodes[: sum(size <= project.memory for size in sums)])


def arrays_of(model: Model, node_id: str) -> dict[str, Array]:
    """Live parameters and running statistics of a node, by name."""
    return {**model.parameters.get(node_id, {}), **model.store.state.get(node_id, {})}


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: a.shape for name, a in arrays.items()}


def carry_weights(old: Model, new: Model, runs: RunStore) -> None:
    """Give each node of ``new`` the weights it has in ``old``, if it means the same there, or had when it was last there.

    The rest keep their first ones.
    """
    was = {node.first_id: node for node in old.network.nodes}
    for node in new.network.nodes:
        mine = arrays_of(new, node.id)
        if not mine:
            continue
        before = was.get(node.first_id)
        same = before is not None and _means_the_same(before, old, node, new)
        source = arrays_of(old, before.id) if before is not None and same else runs.weights_of(node)
        if _shapes(source) == _shapes(mine):
            for name, array in source.items():
                mine[name][...] = array


def give_weights(given: Iterable[FirstWeights], model: Model) -> None:
    """Begin with the given numbers. Those that do not fit are a problem of the project (``misfits``), which does not run then."""
    for first in given:
        array = arrays_of(model, first.node_id).get(first.name)
        if array is not None and array.shape == first.shape:
            array[...] = np.array(first.values, array.dtype)


def _means_the_same(before: Node, old: Model, node: Node, new: Model) -> bool:
    """Whether a node's weights fit in both models: same kind of layer, same shapes, same way to begin."""
    had = arrays_of(old, before.id)
    if not had or _shapes(had) != _shapes(arrays_of(new, node.id)):
        return False
    one, other = before.layer, node.layer
    # Another initializer must be seen to act.
    return type(one) is type(other) and _own_initializer(one) == _own_initializer(other)


def _own_initializer(layer: Layer) -> Initializer | None:
    found: Initializer | None = getattr(layer, "initializer", None)
    return found


class HandEdits:
    """Which of a project's hand edits the weights contain."""

    def __init__(self) -> None:
        self._seen: tuple[WeightEdit, ...] = ()
        self._wiped = 0  # how many of them, from the first, are no longer in the weights

    def wipe(self, edits: tuple[WeightEdit, ...] = ()) -> None:
        """The weights were drawn anew: ``edits`` were made before, and are not in them."""
        self._seen, self._wiped = edits, len(edits)

    @property
    def wiped(self) -> int:
        """How many edits, from the first, are no longer in the weights."""
        return self._wiped

    def remember(self, edits: tuple[WeightEdit, ...], wiped: int) -> None:
        """The weights are from another time: they contain ``edits`` but for the first ``wiped``."""
        self._seen, self._wiped = edits, wiped

    def follow(self, edits: tuple[WeightEdit, ...], model: Model) -> bool:
        """Put back the cells of edits that were undone, set those of new ones, and leave all others alone; whether there were any."""
        same = 0
        while same < min(len(edits), len(self._seen)) and edits[same] == self._seen[same]:
            same += 1
        undone = [(e, e.before) for e in reversed(self._seen[max(same, self._wiped) :])]
        made = [(e, e.after) for e in edits[same:]]
        self._seen, self._wiped = edits, min(self._wiped, same)
        called = {node.first_id: node.id for node in model.network.nodes}
        for edit, value in (*undone, *made):
            array = model.parameters.get(called.get(edit.node_id, ""), {}).get(edit.name)
            if array is not None and _inside(edit.index, array.shape):
                with unwarned():
                    array[edit.index] = value
        return bool(undone or made)


def _inside(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(0 <= i < n for i, n in zip(index, shape, strict=True))
