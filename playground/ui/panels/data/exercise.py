"""The networks that an exercise asks for: dense layers, or one convolution over a small picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from engine.core import Array
from engine.errors import SpecError
from engine.layers import Conv2d, Flatten, Layer, Linear, Unflatten, registry
from engine.layers.conv import pair
from engine.network import Network, Node
from playground.document import edits

#: activations that a network made here can have
ACTIVATIONS = ("Sigmoid", "Tanh", "ReLU")
#: units of a layer made here, and layers, at most: each weight has a cell
MOST_UNITS, MOST_LAYERS = 30, 4
#: layers whose first weights can be typed
Typable = Linear | Conv2d


def _chain(layers: Sequence[Layer]) -> Network:
    nodes: list[Node] = []
    for layer in layers:
        nodes.append(Node(edits.new_id(Network(tuple(nodes)), layer), layer))
    return Network(tuple(nodes))


def dense(hidden: str, activation: str, last: str, outputs: int, frozen: bool) -> Network:
    """Hidden layers with as many units as ``hidden`` lists, and one that gives ``outputs``.

    Args:
        activation, last: what follows each hidden layer, and the last one; any other word than one of ACTIVATIONS is nothing.
        frozen: biases stay as they are.

    Raises SpecError where the units are no whole numbers.
    """
    units = _numbers(hidden)
    if len(units) >= MOST_LAYERS or not all(1 <= n <= MOST_UNITS for n in units):
        raise SpecError(
            f"The hidden units are {hidden.strip()[:30]!r}; expected up to {MOST_LAYERS - 1} whole numbers from 1 to {MOST_UNITS}. "
            "Type such as 2, or 4, 3."
        )
    layers: list[Layer] = []
    for count, after in (*((n, activation) for n in units), (outputs, last)):
        layers.append(Linear(count, frozen_bias=frozen))
        if after in ACTIVATIONS:
            layers.append(registry.get(after)())
    return _chain(layers)


def convolution(picture: str, kernel: str) -> Network:
    """One filter without bias over a picture, such as "3×3" and "2×2": rows and columns of each. Raises SpecError for what is none."""
    (height, width), (rows, columns) = (
        _size(text, what) for text, what in ((picture, "picture"), (kernel, "filter"))
    )
    if rows > height or columns > width or height * width > 99:
        raise SpecError(
            f"The filter is {rows}×{columns} and the picture {height}×{width}; expected one that fits into a picture of up to 99 cells. "
            "Type smaller ones."
        )
    return _chain((Unflatten(1, height, width), Conv2d(1, (rows, columns), bias=False), Flatten()))


def cells_of(network: Network) -> tuple[int, int]:
    """Inputs and outputs of a network that ``convolution`` made."""
    layer = network.nodes[0].layer
    if not isinstance(layer, Unflatten):
        raise SpecError("That is no network of one convolution; expected one. Make it anew.")
    count = layer.channels * layer.height * layer.width
    return count, math.prod(network.shapes((count,))[network.output_id])


def table_of(layer: Typable, in_shape: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """What stands over the columns and beside the rows of a table of a layer's first weights."""
    bias = ["bias"] if layer.bias else []
    if isinstance(layer, Linear):
        return (
            [f"w from {i + 1}" for i in range(in_shape[0])] + bias,
            [f"unit {i + 1}" for i in range(layer.out_features)],
        )
    (rows, columns), depth = pair(layer.kernel_size), in_shape[0] // layer.groups
    cells = [
        f"w {u + 1},{v + 1}" if depth == 1 else f"w {c + 1}:{u + 1},{v + 1}"
        for c in range(depth)
        for u in range(rows)
        for v in range(columns)
    ]
    return cells + bias, [f"filter {i + 1}" for i in range(layer.out_channels)]


def nested(array: Array) -> tuple[Any, ...]:
    """The numbers of an array as nested tuples."""
    return tuple(nested(row) for row in array) if array.ndim > 1 else tuple(array.tolist())


def _numbers(text: str) -> list[int]:
    words = [word for word in re.split(r"[,;\s]+", text.strip()) if word]
    return [int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0 for word in words]


def _size(text: str, what: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,2})\s*(?:[x×*,;]|\s)\s*(\d{1,2})\s*", text, re.ASCII)
    if found is None or not all(map(int, found.groups())):
        raise SpecError(
            f"The {what} is {text.strip()[:30]!r}; expected its rows and columns. Type such as 3×3."
        )
    return int(found[1]), int(found[2])
