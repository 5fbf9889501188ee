"""Arrays with names: read from a file, matched to a network that is there, or made one of."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine import layers
from engine.core import Array, Shape
from engine.data import arrays
from engine.errors import DataError, clipped, counted, few, shown
from engine.importing.base import Imported, Part
from engine.importing.pickled import read_torch
from engine.io.weights import load_weights
from engine.layers.base import Layer
from engine.limits import MOST_LAYERS
from engine.network import Network, Node

T = TypeVar("T")

#: how the names of such files end
ENDINGS = (".safetensors", ".npz", ".pt", ".pth")
#: what PyTorch counts, and nothing here needs
COUNTED = "num_batches_tracked"
#: how often the picture may have been halved between two convolutions, when a network is proposed
MOST_POOLINGS = 5


def read_state(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The arrays in a file by name, all of them numbers, in the order of the file. Raises DataError."""
    ending = Path(path).suffix.lower()
    if ending == ".safetensors":
        # That format does not keep the order in which layers follow one another: their names have to say it.
        found = dict(sorted(load_weights(path).items(), key=lambda one: _in_order(one[0])))
    elif ending in (".pt", ".pth"):
        found = read_torch(path)
    elif ending == ".npz":
        found = {entry.name: arrays.read(entry) for entry in arrays.entries([Path(path)])}
    else:
        raise DataError(
            f"{clipped(Path(path).name, 80)} is no file of weights; expected one in {' or '.join(ENDINGS)}. Choose another."
        )
    kept = {name: np.asarray(a) for name, a in found.items() if not name.endswith(COUNTED)}
    wrong = [name for name, a in kept.items() if a.dtype.kind not in "fiub" or not np.isfinite(a).all()]
    if wrong:
        raise DataError(
            f"{few([shown(name) for name in wrong])} holds no finite numbers; expected them. Choose another file."
        )
    return kept


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key by which "conv2" comes before "conv10"."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def match(expected: Mapping[str, Shape], state: Mapping[str, Array]) -> dict[str, Array]:
    """``state`` under the names of a network that holds arrays of these shapes.

    By name, whatever stands before all of them; else each layer takes the first of the file, in its order, that holds arrays of the same
    names and shapes.
    Raises DataError where they do not fit, naming the first that does not.
    """
    for name_of in (str, _without_common(list(state))):
        renamed = {name_of(key): a for key, a in state.items()}
        if {key: a.shape for key, a in renamed.items()} == dict(expected):
            return renamed
    theirs, ours = _modules(state), _modules(expected)
    left = {name: {key: np.shape(a) for key, a in has.items()} for name, has in theirs.items()}
    found: dict[str, Array] = {}
    for own, wants in ours.items():
        shapes = {key: tuple(shape) for key, shape in wants.items()}
        name = next((name for name, has in left.items() if has == shapes), None)
        if name is None:
            raise _misfit(own, shapes, left)
        del left[name]
        found |= {f"{own}.{key}": np.asarray(a) for key, a in theirs[name].items()}
    if left:
        raise DataError(
            f"The file holds the weights of {counted(len(theirs), 'layer')}; expected {len(ours)}, as the network has. "
            "Change the network, or have one proposed."
        )
    return found


def _misfit(own: str, wants: Mapping[str, Shape], left: Mapping[str, Mapping[str, Shape]]) -> DataError:
    """Which layer finds no weights, and what there is in its place."""
    there = next(iter(left.items()), None)
    has = (
        f"{shown(there[0])} in the file has {_in_words(there[1])}"
        if there
        else "the file holds the weights of fewer layers"
    )
    return DataError(
        f"{has[0].upper()}{has[1:]}; expected {_in_words(wants)}, as {shown(own)} of the network has. Change the network, or have one proposed."
    )


def _without_common(keys: Sequence[str]) -> Callable[[str], str]:
    """A function that takes off the words that stand before every key, as "module."."""
    parts = [key.split(".")[:-1] for key in keys]
    first, last = (min(parts), max(parts)) if parts else ([], [])
    cut = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        cut += len(one) + 1
    return lambda key: key[cut:]


def _modules(named: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """Arrays by the layer they belong to, and by their name in it."""
    found: dict[str, dict[str, T]] = {}
    for key, value in named.items():
        module, _, name = key.rpartition(".")
        found.setdefault(module, {})[name] = value
    return found


def _in_words(shapes: Mapping[str, Shape]) -> str:
    return few(
        [f"{clipped(name, 30)} {'×'.join(map(str, shape)) or 'one number'}" for name, shape in shapes.items()]
    )


# --- a network for them ---------------------------------------------------------------------------------------------------


def propose(state: Mapping[str, Array], in_shape: Shape | None = None) -> Imported:
    """A network in which these arrays have their place: what stands between them is supposed, and said so.

    ``in_shape``: of the samples it may be meant for; tells how often pictures were halved. Raises DataError where there is none.
    """
    if not state:
        raise DataError("The file holds no arrays; expected the weights of a network. Choose another.")
    maker = _Proposal(in_shape)
    for module, own in _modules(state).items():
        maker.add(module, {name: np.asarray(a) for name, a in own.items()})
    return maker.done()


class _Proposal:
    def __init__(self, in_shape: Shape | None) -> None:
        self._in_shape = in_shape
        self._nodes: list[Node] = []
        self._state: dict[str, Array] = {}
        self._parts: list[Part] = []
        self._channels: int | None = None  # of the pictures that the last layer gives
        self._convs: list[int] = []  # where they stand among the nodes
        self._weighted = False  # whether a layer with weights stands before

    def add(self, module: str, own: dict[str, Array]) -> None:
        """The arrays of one layer of the file."""
        shapes = {name: a.shape for name, a in own.items()}
        layer = self._layer(own)
        where = f"{clipped(module or 'the file', 60)}: {_in_words(shapes)}"
        if layer is None or len(self._nodes) > MOST_LAYERS - 4:
            self._parts.append(
                Part(
                    clipped(module or "the file", 60),
                    _in_words(shapes),
                    "refused",
                    "no layer here has such weights",
                )
            )
            return
        if isinstance(layer, layers.Linear | layers.Conv2d):
            if self._weighted:
                self._suppose(layers.ReLU(), "the file does not say which activation stands here")
            if isinstance(layer, layers.Linear) and self._channels is not None:
                self._flatten(own["weight"].shape[1])
            self._channels = layer.out_channels if isinstance(layer, layers.Conv2d) else None
            self._weighted = True
        node_id = self._node(layer)
        if isinstance(layer, layers.Conv2d):
            self._convs.append(len(self._nodes) - 1)
        self._state |= {f"{node_id}.{name}": a for name, a in own.items()}
        self._parts.append(Part(where, layer.label, "understood", f"{layer.label} {node_id}"))

    def _layer(self, own: dict[str, Array]) -> Layer | None:
        """The layer that holds arrays of these names and shapes."""
        names, weight, bias = set(own), own.get("weight"), own.get("bias")
        if "running_mean" in names:
            return layers.BatchNorm(affine=weight is not None) if names <= BATCH_NORM else None
        if weight is None or not names <= {"weight", "bias"}:
            return None
        if bias is not None and bias.shape != weight.shape[:1] and weight.ndim != 1:
            return None
        if weight.ndim == 2 and weight.size:
            return layers.Linear(weight.shape[0], bias=bias is not None)
        if weight.ndim == 4 and weight.size:
            return self._conv(weight, bias is not None)
        if weight.ndim == 1:
            return layers.PReLU(per_channel=weight.size > 1) if bias is None else layers.LayerNorm()
        return None

    def _conv(self, weight: Array, bias: bool) -> Layer | None:
        out, ins, *kernel = weight.shape
        before = self._channels or (self._in_shape[0] if self._in_shape and len(self._in_shape) == 3 else ins)
        groups = before // ins if before % ins == 0 and before > ins else 1
        same = all(k % 2 for k in kernel)
        return layers.Conv2d(
            out, (kernel[0], kernel[1]), padding="same" if same else 0, groups=groups, bias=bias
        )

    def _suppose(self, layer: Layer, why: str) -> None:
        node_id = self._node(layer)
        self._parts.append(Part("between", layer.label, "replaced", f"{layer.label} {node_id}: {why}"))

    def _node(self, layer: Layer) -> str:
        stem = layer.key.lower()
        count = sum(node.layer.key == layer.key for node in self._nodes)
        self._nodes.append(Node(f"{stem}{count + 1}", layer))
        return self._nodes[-1].id

    def _flatten(self, features: int) -> None:
        """Between pictures and rows: as many poolings as the number of features asks for, if the size of the pictures is known."""
        halvings = self._halvings(features)
        for at in sorted(self._convs, reverse=True)[:halvings]:
            behind = (
                at + 2
                if at + 1 < len(self._nodes) and isinstance(self._nodes[at + 1].layer, layers.ReLU)
                else at + 1
            )
            number = sum(isinstance(n.layer, layers.MaxPool2d) for n in self._nodes) + 1
            self._nodes.insert(behind, Node(f"maxpool2d{number}", layers.MaxPool2d(2)))
        if halvings:
            why = f"so that {features:,} features are left of a picture"
            self._parts.append(
                Part("between", "MaxPool2d", "replaced", f"{halvings} × MaxPool2d: supposed {why}")
            )
        if features == self._channels and not halvings:
            self._suppose(layers.GlobalAvgPool2d(), "as many features as channels")
        else:
            self._suppose(layers.Flatten(), "rows follow pictures")

    def _halvings(self, features: int) -> int:
        """How often height and width were halved."""
        if self._channels and features % self._channels == 0 and self._in_shape and len(self._in_shape) == 3:
            cells = features // self._channels
            height, width = self._in_shape[1:]
            for count in range(min(MOST_POOLINGS, len(self._convs)) + 1):
                if (height >> count) * (width >> count) == cells:
                    return count
        return 0

    def done(self) -> Imported:
        if not self._nodes:
            raise DataError(f"No layer here has such weights: {self._parts[0].what}. Choose another file.")
        return Imported(Network(tuple(self._nodes)), None, self._state, tuple(self._parts))


BATCH_NORM = {"weight", "bias", "running_mean", "running_var"}
