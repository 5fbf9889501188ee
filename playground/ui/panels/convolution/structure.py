"""What there is to look at in a network: the layers with windows, and what becomes of their output. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.layers import Conv2d, Layer, Shape
from engine.network import INPUT, Network
from engine.windows import slides


@dataclass(frozen=True)
class Stage:
    """A convolution or pooling with what surrounds it.

    Args:
        node_id: its node.
        layer: its spec.
        source: the node it reads.
        in_shape, shape: of one sample, ``(C, H, W)`` or, behind a global pooling, ``(C,)``.
        followers: nodes after it, one after another, that keep the shape and learn nothing: activation, dropout …
        pooling: the pooling that reads the last of them; "" for none.
    """

    node_id: str
    layer: Layer
    source: str
    in_shape: Shape
    shape: Shape
    followers: tuple[str, ...] = ()
    pooling: str = ""

    @property
    def is_convolution(self) -> bool:
        return isinstance(self.layer, Conv2d)

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """Of its output, as maps: one cell each behind a global pooling."""
        channels, height, width = (*self.shape, 1, 1)[:3]
        return channels, height, width

    @property
    def last(self) -> str:
        """The node whose output is what this one's has become."""
        return self.followers[-1] if self.followers else self.node_id


def stages(network: Network, shapes: Mapping[str, Shape]) -> dict[str, Stage]:
    """Every layer with windows, by node id, as far as the network fits together."""
    found: dict[str, Stage] = {}
    for node in network.nodes:
        if node.id not in shapes or not slides(node.layer):
            continue
        (source,) = network.inputs_of(node.id)
        followers, pooling = _after(network, shapes, node.id)
        found[node.id] = Stage(
            node.id, node.layer, source, shapes[source], shapes[node.id], followers, pooling
        )
    return found


def _after(network: Network, shapes: Mapping[str, Shape], node_id: str) -> tuple[tuple[str, ...], str]:
    """``(followers, pooling)`` of a node: as far as one node alone reads the other."""
    followers: list[str] = []
    here = node_id
    while True:
        readers = [n for n in network.nodes if n.id in shapes and here in network.inputs_of(n.id)]
        if len(readers) != 1 or len(network.inputs_of(readers[0].id)) != 1:
            return tuple(followers), ""
        (reader,) = readers
        if slides(reader.layer):
            return tuple(followers), "" if isinstance(reader.layer, Conv2d) else reader.id
        if reader.layer.parameters(shapes[here]) or shapes[reader.id] != shapes[here]:
            return tuple(followers), ""
        followers.append(reader.id)
        here = reader.id


def stage_behind(all_stages: Mapping[str, Stage], node_id: str) -> Stage | None:
    """The stage that explains the maps of a node: its own, or the one it follows."""
    if node_id in all_stages:
        return all_stages[node_id]
    return next((s for s in all_stages.values() if node_id in s.followers), None)


@dataclass(frozen=True)
class Spot:
    """Where somebody looks: the network, a channel of a layer, or one of its windows.

    Args:
        node_id: a stage; "" for the whole network.
        channel: of its output.
        cell: row and column of its output; ``None`` for the whole channel.
    """

    node_id: str = ""
    channel: int = 0
    cell: tuple[int, int] | None = None

    @property
    def level(self) -> int:
        """1 the network, 2 a channel, 3 a window."""
        return 1 if not self.node_id else 2 if self.cell is None else 3

    def up(self) -> Spot:
        """One level up."""
        return replace(self, cell=None) if self.level == 3 else Spot()

    def within(self, all_stages: Mapping[str, Stage]) -> Spot:
        """The same where it still exists, else the nearest that does."""
        stage = all_stages.get(self.node_id)
        if stage is None:
            return Spot()
        channels, height, width = stage.map_shape
        cell = self.cell and (min(self.cell[0], height - 1), min(self.cell[1], width - 1))
        return Spot(self.node_id, min(self.channel, channels - 1), cell)


def pictures(network: Network, shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """The nodes to be shown one after another: the data, then all whose output is maps or a row of values.

    Those that only lay their input out anew are left out.
    """
    found = [INPUT] if INPUT in shapes else []
    found += [n.id for n in network.nodes if n.id in shapes and not n.layer.is_view]
    return tuple(found)
