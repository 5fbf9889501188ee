"""A network as a value: nodes that name their inputs, with shapes known before any data exists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

from engine.errors import ShapeError, SpecError, few, shown
from engine.layers.base import Layer, Shape
from engine.layers.shape import Flatten
from engine.limits import MOST_LAYERS
from engine.problems import FitOutput, InsertLayer, Problem, Remedy, RemoveNode
from engine.ranges import ANY, Range

__all__ = ["INPUT", "Network", "Node", "Problem", "output_mismatch", "sequence_of", "shape_in_words"]

INPUT = "input"  #: the id that stands for the data
RESERVED = (INPUT, "loss")  #: ids that no node may have


@dataclass(frozen=True)
class Node:
    """One layer in a network.

    Args:
        id: unique name; the prefix of its parameters in a ``state_dict``.
        layer: its spec.
        inputs: ids it reads from (``"input"`` for the data); empty means the node before it.
        first: the id it had first, where it has been given another one since; "" else. Two nodes may be equal without it.
    """

    id: str
    layer: Layer
    inputs: tuple[str, ...] = ()
    first: str = field(default="", compare=False)

    @property
    def first_id(self) -> str:
        """Which layer it is, through all edits, whatever it is called by now."""
        return self.first or self.id


@dataclass(frozen=True)
class Network:
    """A directed acyclic graph of layers, in an order in which inputs come before their readers.

    The last node is the output. An empty network is legal and returns its input.
    """

    nodes: tuple[Node, ...] = ()

    @classmethod
    def chain(cls, *layers: Layer) -> Self:
        """Layers one after another, with ids "0", "1", … as in an ``nn.Sequential``."""
        return cls(tuple(Node(str(i), layer) for i, layer in enumerate(layers)))

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def _index(self) -> dict[str, tuple[Node, tuple[str, ...]]]:
        """Each node and what it reads from, by id; of two nodes with one id, which is a problem, the first."""
        index: dict[str, tuple[Node, tuple[str, ...]]] = {}
        previous = INPUT
        for node in self.nodes:
            index.setdefault(node.id, (node, node.inputs or (previous,)))
            previous = node.id
        return index

    def __getstate__(self) -> dict[str, Any]:
        return {"nodes": self.nodes}  # the index is found again; it need not go to another process

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._index

    def __getitem__(self, node_id: str) -> Node:
        found = self._index.get(node_id)
        if found is None:
            raise SpecError(
                f"There is no node {shown(node_id)}; there are {few([n.id for n in self.nodes])}."
            )
        return found[0]

    @property
    def output_id(self) -> str:
        return self.nodes[-1].id if self.nodes else INPUT

    def inputs_of(self, node_id: str) -> tuple[str, ...]:
        """The ids that ``node_id`` reads from, defaults resolved."""
        found = self._index.get(node_id)
        if found is None:
            raise SpecError(f"There is no node {shown(node_id)} in this network.")
        return found[1]

    def edges(self) -> tuple[tuple[str, str], ...]:
        """Every wire as ``(from, to)``."""
        return tuple((source, node.id) for node in self.nodes for source in self.inputs_of(node.id))

    def resolved(self) -> Self:
        """The same graph with every node's inputs written out, so that nodes may be moved or taken out safely."""
        return replace(self, nodes=tuple(replace(n, inputs=self.inputs_of(n.id)) for n in self.nodes))

    def shapes(self, in_shape: Sequence[int]) -> dict[str, Shape]:
        """Shape of one sample after every node, and of the data under "input".

        Raises ShapeError (with the node's id) at the first node that does not fit, SpecError for a wrong wire.
        """
        found, problems = self._infer(tuple(in_shape))
        if problems:
            raise ShapeError(problems[0].message, problems[0].node_id or None)
        return found

    def parameter_count(self, in_shape: Sequence[int]) -> int:
        """How many numbers it learns. Raises as :meth:`shapes`."""
        shapes = self.shapes(in_shape)
        return sum(
            math.prod(parameter.shape)
            for node in self.nodes
            for parameter in node.layer.parameters(*(shapes[i] for i in self.inputs_of(node.id))).values()
        )

    def known_shapes(self, in_shape: Sequence[int]) -> dict[str, Shape]:
        """As :meth:`shapes`, leaving out the nodes that cannot be computed: for drawing a half-built network."""
        return self._infer(tuple(in_shape))[0]

    def ranges(self) -> dict[str, Range]:
        """Which values each node can give, and the data under "input", whose values may be any."""
        found = {INPUT: ANY}
        for node in self.nodes:
            found[node.id] = node.layer.output_range(*(found.get(i, ANY) for i in self.inputs_of(node.id)))
        return found

    @cached_property
    def output_range(self) -> Range:
        """Which values the last node can give."""
        return self.ranges()[self.output_id]

    def least_batch(self, in_shape: Sequence[int]) -> int:
        """Samples that a training batch must have at least. Nodes whose shape is not known ask for nothing."""
        shapes = self.known_shapes(in_shape)
        return max(
            (n.layer.least_batch(*self.in_shapes_of(n.id, shapes)) for n in self.nodes if n.id in shapes),
            default=1,
        )

    def in_shapes_of(self, node_id: str, shapes: Mapping[str, Shape]) -> tuple[Shape, ...]:
        """What ``node_id`` reads, of ``shapes`` as from :meth:`shapes`."""
        return tuple(shapes[i] for i in self.inputs_of(node_id))

    def problems(
        self, in_shape: Sequence[int], out_shape: Sequence[int] | None = None
    ) -> tuple[Problem, ...]:
        """All that keeps this network from running on samples of ``in_shape``.

        ``out_shape``: what the loss needs of the last node; ``None`` skips that check.
        """
        shapes, problems = self._infer(tuple(in_shape))
        if out_shape is not None and not problems:
            got = shapes[self.output_id]
            if got != tuple(out_shape):
                remedies = (FitOutput("Mend the last layer"),) if len(out_shape) == 1 and self.nodes else ()
                problems.append(
                    Problem(self.output_id, output_mismatch(got, tuple(out_shape)), remedies=remedies)
                )
        return tuple(problems)

    def _infer(self, in_shape: Shape) -> tuple[dict[str, Shape], list[Problem]]:
        shapes: dict[str, Shape] = {INPUT: in_shape}
        problems: list[Problem] = []
        seen = {INPUT}
        previous = INPUT
        for node in self.nodes:
            inputs = node.inputs or (previous,)
            previous = node.id
            unknown = [i for i in inputs if i not in seen]
            if node.id in RESERVED:
                problems.append(
                    Problem(
                        node.id, f"A node is called {node.id!r}, which means something else here. Rename it."
                    )
                )
            elif node.id in seen:
                problems.append(Problem(node.id, f"Two nodes are called {shown(node.id)}. Rename one."))
            elif unknown:
                problems.append(
                    Problem(
                        node.id,
                        f"It reads from {shown(unknown[0])}, which does not come before it. Wire it to an earlier block.",
                    )
                )
            elif all(i in shapes for i in inputs):
                try:
                    shapes[node.id] = node.layer.check_inputs(*(shapes[i] for i in inputs))
                except ShapeError as error:
                    problems.append(
                        Problem(
                            node.id,
                            str(error),
                            remedies=_remedies(
                                node, len(self.nodes) < MOST_LAYERS, *(shapes[i] for i in inputs)
                            ),
                        )
                    )
            seen.add(node.id)
        return shapes, problems


def _remedies(node: Node, room: bool, *in_shapes: Shape) -> tuple[Remedy, ...]:
    """The edits after which a layer fits what it reads: where there is ``room``, a Flatten before it; or it goes, if it wants pictures."""
    found: list[Remedy] = []
    flat = Flatten()
    if (
        room
        and len(in_shapes) == 1
        and len(in_shapes[0]) > 1
        and _fits(node.layer, flat.out_shape(*in_shapes))
    ):
        found.append(InsertLayer("Put a Flatten before it", node.id, flat))
    elif len(in_shapes) == 1 and len(in_shapes[0]) == 1:
        found.append(RemoveNode(f"Remove the {node.layer.label}", node.id))
    return tuple(found)


def _fits(layer: Layer, *in_shapes: Shape) -> bool:
    try:
        layer.check_inputs(*in_shapes)
    except ShapeError:
        return False
    return True


def output_mismatch(got: Shape, wanted: Shape) -> str:
    """The sentence for a last layer that does not give what data and loss need."""
    return (
        f"The network gives {shape_in_words(got)} per sample; data and loss need {shape_in_words(wanted)}. "
        "Change the last layer."
    )


def shape_in_words(shape: Shape) -> str:
    """``(10,)`` → "10 values", ``(8, 4, 4)`` → "8×4×4"."""
    if len(shape) == 1:
        return f"{shape[0]} value{'s' if shape[0] != 1 else ''}"
    return "×".join(map(str, shape))


#: letters of the axes of arrays with that many, as PyTorch has them: samples, channels, rows, columns; samples, features
AXES = {2: "N×F", 4: "N×C×H×W"}


def batch_in_words(size: int, shape: Shape) -> str:
    """``32, (8, 4, 4)`` → "32×8×4×4": a whole batch, the samples first."""
    return "×".join(map(str, (size, *shape)))


def sequence_of(mapping: Mapping[str, Layer]) -> Network:
    """A chain with ids of your own: ``{"conv1": Conv2d(…), "relu1": ReLU(), …}``."""
    return Network(tuple(Node(name, layer) for name, layer in mapping.items()))
