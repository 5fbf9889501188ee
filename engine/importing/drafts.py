"""A network as it is drafted while a file is read, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine import layers
from engine.core import Array, Shape
from engine.errors import DataError, counted
from engine.importing.base import Imported, Part
from engine.layers.base import Layer
from engine.network import INPUT, Network, Node


class Unreadable(Exception):
    """An operator that cannot be read; the words say why."""


@dataclass
class Draft:
    """A layer to be."""

    id: str
    layer: Layer
    sources: list[str]
    state: dict[str, Array] = field(default_factory=dict)
    part: int = 0  # of the report


@dataclass
class Pending:
    """Part of what several operators compute together, for the one that ends it: "scaled", "bent" or "columns" of a source."""

    what: str
    source: str
    by: Array


#: a value of the graph: a constant, the id of what gives it, or what an operator that comes makes a layer of
Value = Array | str | Pending


class Drafts:
    """The layers that have been read so far, and what is to be said of each thing in the file.

    Attributes:
        drafts: by id, in an order in which inputs come first.
        parts: of the report.
        in_shape: of a sample; ``None`` where the file does not say.
    """

    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.parts: list[Part] = []
        self.in_shape: Shape | None = None

    def layer(self, layer: Layer, *sources: Value, **state: Array) -> str:
        """Add a layer; returns its id."""
        count = sum(draft.layer.key == layer.key for draft in self.drafts.values())
        while (node_id := f"{layer.key.lower()}{count + 1}") in self.drafts:  # some were taken into others
            count += 1
        self.drafts[node_id] = Draft(node_id, layer, [source_of(s) for s in sources], dict(state))
        return node_id

    def is_row(self, value: Value) -> bool:
        """Whether a sample of it is a row of values, not a picture."""
        node_id = source_of(value)
        while node_id in self.drafts:
            draft = self.drafts[node_id]
            if (
                isinstance(draft.layer, layers.Linear | layers.Flatten | layers.GlobalAvgPool2d)
                or draft.layer.key == "GlobalMaxPool2d"
            ):
                return True
            if draft.layer.category == "Convolution" or isinstance(draft.layer, layers.Unflatten):
                return False
            node_id = draft.sources[0]
        return self.in_shape is None or len(self.in_shape) == 1

    # --- what comes of it --------------------------------------------------------------------------------------------------

    def made(self, last: str) -> Imported:
        wanted, left = set[str](), [last]
        while left:
            node_id = left.pop()
            if node_id in self.drafts and node_id not in wanted:
                wanted.add(node_id)
                left += self.drafts[node_id].sources
        kept = [draft for draft in self.drafts.values() if draft.id in wanted]
        if not kept:
            first = next((part for part in self.parts if part.how == "refused"), None)
            why = f" {first.where}: {first.words}." if first is not None else ""
            raise DataError(f"Nothing of the network can be read.{why} Choose another.")
        unread = len(self.drafts) - len(kept)
        if unread:
            self.parts.append(
                Part(
                    "the graph",
                    counted(unread, "layer"),
                    "replaced",
                    "left out: nothing reads what they give",
                )
            )
        nodes, state, before = [], dict[str, Array](), INPUT
        for draft in kept:
            inputs = () if draft.sources == [before] else tuple(draft.sources)
            nodes.append(Node(draft.id, draft.layer, inputs))
            state |= {f"{draft.id}.{name}": a for name, a in draft.state.items()}
            before = draft.id
        return Imported(Network(tuple(nodes)), self.in_shape, state, tuple(self.parts))


def source_of(value: Value) -> str:
    """The id of what gives it. Raises Unreadable for what is no value of the network."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        raise Unreadable("it reads fixed numbers where a value of the network is expected")
    raise Unreadable("no layer here computes it together with what stands before it")
