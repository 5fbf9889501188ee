r"""How equations name numbers: by x, y and δ of the step at hand, with the number of each layer, or as textbooks with a and z.

The layer's number is a superscript in brackets, ``y^{[2]}_{1}``, or in the textbook's way ``a^{2}_{1}``, where it counts layers with
weights; a sample of a batch stands behind it in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.layers import Activation, Conv2d, ConvTranspose2d, Linear, LogSoftmax, Softmax
from engine.network import INPUT, Network

#: by the step at hand · with the layer's number · as textbooks have it
Way = Literal["step", "layers", "textbook"]
WAYS: dict[Way, str] = {
    "step": "x, y, δ of each step",
    "layers": "Numbered by layer",
    "textbook": "Textbook: aᴸ, zᴸ",
}

_SUMS = (Linear, Conv2d, ConvTranspose2d)


@dataclass(frozen=True)
class Symbols:
    """The letters of a network's numbers.

    Args:
        way: which of the ways.
        values: ``node id → letter`` of its output; empty where each step has x and y of its own.
        numbers: ``node id → number``, as its parameters carry it.
        targets: the letter of what outputs should be.
        loss: that of the loss.
    """

    way: Way = "step"
    values: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    targets: str = "t"
    loss: str = "L"

    def value(self, node_id: str, own: str) -> str:
        """The letter of a node's output; ``own`` where each step has its own."""
        return self.values.get(node_id, own)

    def gradient(self, node_id: str, below: str) -> str:
        """∂loss/∂output, or δ where each step has its own."""
        if self.way == "step":
            return rf"\delta{below}"
        return rf"\frac{{\partial {self.loss}}}{{\partial {self.values[node_id]}{below}}}"

    def parameter(self, node_id: str, letter: str) -> str:
        """A parameter's letter, with the layer's number."""
        number = self.numbers.get(node_id, "")
        return f"{letter}^{{{number}}}" if number else letter


def of_sample(letter: str, n: int) -> str:
    """``letter`` of the sample ``n`` of a batch, counted from 1 as it is written."""
    found = re.search(r"\^\{([^{}]*)\}$", letter)
    return f"{letter[: found.start()]}^{{{found[1]}({n + 1})}}" if found else f"{letter}^{{({n + 1})}}"


def primed(symbol: str) -> str:
    """``symbol`` after the update."""
    found = re.search(r"\^\{([^{}]*)\}", symbol)
    if found is None:
        return f"{symbol}'"
    return f"{symbol[: found.start()]}^{{{found[1]}\\prime}}{symbol[found.end() :]}"


def symbols(network: Network, way: Way) -> Symbols:
    """The letters of ``network``, said in a way."""
    if way == "step":
        return Symbols()
    if way == "layers":
        numbers = {node.id: f"[{i + 1}]" for i, node in enumerate(network.nodes)}
        values = {INPUT: "x"} | {i: f"y^{{{number}}}" for i, number in numbers.items()}
        return Symbols(way, values, numbers)
    values, numbers, taken, at = {INPUT: "x"}, dict[str, str](), set[str](), 0
    for node in network.nodes:
        at += isinstance(node.layer, _SUMS)
        numbers[node.id] = str(at)
        kinds = ((_SUMS, "z"), ((Activation, Softmax, LogSoftmax), "a"))
        stem = next((letter for classes, letter in kinds if isinstance(node.layer, classes)), "h")
        while f"{stem}^{{{at}}}" in taken:  # two of a kind in one layer, such as a pool and a norm
            stem = rf"\tilde{{{stem}}}"
        values[node.id] = f"{stem}^{{{at}}}"
        taken.add(values[node.id])
    return Symbols(way, values, numbers, "y", "J")
