"""Networks in ONNX files, operator by operator; what no layer here computes is named, with its position, and the network can be cut there.

A file of somebody else is data: nothing it names is loaded beside it, and no operator of its own making is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from engine import layers
from engine.core import Array, Shape
from engine.errors import DataError, EngineError, clipped, counted, few, shown
from engine.importing.base import How, Imported, Part
from engine.importing.drafts import Drafts, Unreadable, Value, source_of
from engine.limits import MOST_LAYERS, WEIGHTS_BYTES
from engine.network import INPUT

EXPECTED = "a network in ONNX format"
#: nodes of a file; sets of operators that are known
MOST_NODES, OPSETS = 20_000, range(7, 27)
#: numbers by ONNX's numbers for them
DTYPES: Mapping[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    11: np.dtype("<f8"),
    10: np.dtype("<f2"),
    7: np.dtype("<i8"),
    6: np.dtype("<i4"),
    9: np.dtype("?"),
}

Attributes = Mapping[str, Any]


READERS: dict[str, Callable[[Reading, Any, list[Value], Attributes], Value]] = {}


def reads(*operators: str) -> Callable[[Any], Any]:
    """Decorator of the method-like function that reads a node of these operators and returns its value."""

    def decorate(read: Any) -> Any:
        READERS.update(dict.fromkeys(operators, read))
        return read

    return decorate


def check(model: Any, name: str) -> None:
    graph, opsets = model.graph, {one.domain or "ai.onnx": one.version for one in model.opset_import}
    version = opsets.get("ai.onnx", 0)
    if not graph.node:
        raise DataError(f"{name} holds no network; expected {EXPECTED}. Choose another.")
    if version not in OPSETS:
        raise DataError(
            f"{name} uses version {version} of ONNX's operators; expected {OPSETS[0]} to {OPSETS[-1]}. Convert it with onnx.version_converter."
        )
    if len(graph.node) > MOST_NODES:
        raise DataError(
            f"{name} has {len(graph.node):,} nodes; expected at most {MOST_NODES:,}. Choose a smaller network."
        )
    if model.functions:
        raise DataError(
            f"{name} defines operators of its own, which are not followed; expected {EXPECTED} alone. Inline them first."
        )


class Reading(Drafts):
    """One file as it is read."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.graph = model.graph
        self.values: dict[str, Value] = {"": np.zeros(0)}
        self._readers: dict[str, int] = {}  # how many nodes read each value
        for node in self.graph.node:
            for name in node.input:
                self._readers[name] = self._readers.get(name, 0) + 1
        for output in self.graph.output:
            self._readers[output.name] = self._readers.get(output.name, 0) + 1

    def imported(self) -> Imported:
        for tensor in self.graph.initializer:
            self.values[tensor.name] = array_of(tensor)
        self.in_shape = self._input()
        return self.made(self._follow())

    def _input(self) -> Shape | None:
        """Note the data, and how large a sample is."""
        given = [one for one in self.graph.input if one.name not in self.values]
        if len(given) != 1:
            raise DataError(
                f"The network has {counted(len(given), 'input')} ({few([shown(one.name) for one in given]) or 'none'}); expected one. "
                "Cut it into networks of one input."
            )
        self.values[given[0].name] = INPUT
        dims = given[0].type.tensor_type.shape.dim
        sizes = tuple(int(dim.dim_value) for dim in dims[1:])
        return sizes if sizes and all(size > 0 for size in sizes) and len(sizes) in (1, 3) else None

    def _follow(self) -> str:
        """Read node after node, up to the first that cannot be; returns the id of the last layer."""
        last = INPUT
        for number, node in enumerate(self.graph.node):
            where = f"node {number + 1}, {clipped(node.op_type, 40)}" + (
                f" {clipped(node.name, 40)!r}" if node.name else ""
            )
            count = len(self.drafts)
            try:
                value = self._read(node)
            except (Unreadable, EngineError) as error:
                self.parts.append(Part(where, clipped(node.op_type, 40), "refused", str(error)))
                break
            if node.output:
                self.values[node.output[0]] = value
            if isinstance(value, str):
                last = value
                if len(self.drafts) > count or value in self.drafts:
                    self._report(where, node.op_type, value, new=len(self.drafts) > count)
        else:
            output = self.values.get(self.graph.output[0].name) if self.graph.output else None
            if isinstance(output, str):
                return output
        return last

    def _report(self, where: str, op: str, node_id: str, *, new: bool) -> None:
        draft = self.drafts.get(node_id)
        if draft is None:
            return
        words = f"{draft.layer.label} {node_id}"
        how: How = "understood"
        if not new and op in ("Dropout", "Identity"):
            how, words = "replaced", "left out: in inference it does nothing"
        if new:
            draft.part = len(self.parts)
        self.parts.append(Part(where, op, how, words))

    def _read(self, node: Any) -> Value:
        if node.domain not in ("", "ai.onnx"):
            raise Unreadable(f"it is of the domain {shown(node.domain)}; only ONNX's own operators are known")
        read = READERS.get(node.op_type)
        if read is None:
            raise Unreadable("no layer here computes it")
        if len(self.drafts) >= MOST_LAYERS:
            raise Unreadable(f"a network has at most {MOST_LAYERS:,} layers here")
        missing = [name for name in node.input if name not in self.values]
        if missing:
            raise Unreadable(
                f"it reads {few([shown(name) for name in missing])}, which nothing before it gives"
            )
        attributes = {one.name: _attribute(one) for one in node.attribute}
        return read(self, node, [self.values[name] for name in node.input], attributes)

    # --- what readers use -------------------------------------------------------------------------------------------------

    def border_of(self, name: str, value: Value) -> tuple[str, tuple[int, int, int, int]]:
        """Where a picture comes from, and the zeros round it that the one layer that reads it can put there itself."""
        draft = self.drafts.get(source_of(value))
        if draft is None or not isinstance(draft.layer, layers.ZeroPad2d) or not self.alone(name):
            return source_of(value), (0, 0, 0, 0)
        return draft.sources[0], draft.layer.pads()

    def take_in(self, node_id: str) -> None:
        """Leave out a border, which the layer behind it puts there itself."""
        draft = self.drafts.pop(node_id)
        self.parts[draft.part] = replace(self.parts[draft.part], words="padding of the layer behind it")

    def alone(self, name: str) -> bool:
        """Whether one node alone reads this value, so that what gives it may be changed."""
        return self._readers.get(name, 0) == 1


def array_of(tensor: Any) -> Array:
    """An array in a file. Raises DataError for one that lies elsewhere, or is not as it says."""
    name = clipped(repr(tensor.name), 60)
    if tensor.data_location != 0 or tensor.external_data:
        raise DataError(
            f"The numbers {name} lie in another file, which is not read; expected all in one. Save it with its weights inside."
        )
    dtype = DTYPES.get(tensor.data_type)
    if dtype is None:
        raise DataError(
            f"The numbers {name} are of kind {tensor.data_type}; expected floats or whole numbers. Convert them first."
        )
    dims = tuple(tensor.dims)
    if any(d < 0 for d in dims) or len(dims) > 8 or prod(dims) * dtype.itemsize > WEIGHTS_BYTES:
        raise DataError(
            f"The numbers {name} have the shape {clipped(str(dims), 60)}, which makes no sense. Choose another file."
        )
    if tensor.raw_data:
        flat = (
            np.frombuffer(tensor.raw_data, dtype)
            if len(tensor.raw_data) == prod(dims) * dtype.itemsize
            else np.zeros(0)
        )
    else:
        typed = {
            1: tensor.float_data,
            11: tensor.double_data,
            7: tensor.int64_data,
            6: tensor.int32_data,
            9: tensor.int32_data,
        }
        flat = np.array(typed.get(tensor.data_type, ()), dtype)
    if flat.size != prod(dims):
        raise DataError(
            f"The numbers {name} are not as many as their shape {clipped(str(dims), 60)} says. Choose another file."
        )
    return flat.reshape(dims)


def _attribute(attribute: Any) -> Any:
    kinds: dict[int, Callable[[Any], Any]] = {
        1: lambda a: float(a.f), 2: lambda a: int(a.i), 3: lambda a: a.s.decode(errors="replace"), 4: lambda a: array_of(a.t),
        6: lambda a: [float(v) for v in a.floats], 7: lambda a: [int(v) for v in a.ints],
    }  # fmt: skip
    read = kinds.get(attribute.type)
    if read is None:
        raise Unreadable(f"its attribute {shown(attribute.name)} is of a kind that is not known")
    return read(attribute)


def constant(value: Value, what: str) -> Array:
    """A value that must be known before anything runs."""
    if not isinstance(value, np.ndarray):
        raise Unreadable(f"its {what} follow from the input; expected fixed numbers")
    return value


def number(value: Value, what: str) -> float:
    """A single fixed number."""
    a = constant(value, what)
    if a.size != 1:
        raise Unreadable(f"its {what} is {a.size} numbers; expected one")
    return float(a.reshape(-1)[0])


def weights(values: list[Value], at: int, what: str) -> Array:
    """A weight as float32, which it nearly always is."""
    return np.asarray(constant(values[at], what), np.float32)


def row(bias: Array, size: int) -> Array:
    """A bias as a row of ``size`` numbers."""
    if bias.size not in (1, size):
        raise Unreadable(f"its bias is {bias.size} numbers; expected {size}")
    return np.array(np.broadcast_to(bias.reshape(-1), (size,)))
