"""How a layer explains itself: one explainer per kind of layer, found by the layer's class; a layer nobody explained has a general one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.core import Array, Shape
from engine.layers.base import Layer
from engine.network import Node
from engine.trace.record import NotKept, Trace
from engine.trace.symbols import of_sample
from engine.trace.terms import Column, Equation, Kind, Operand, Place, sub

Index = tuple[int, ...]


@dataclass(frozen=True)
class At:
    """What is being explained: a node in a trace, for one sample of the batch or (``None``) for all of it."""

    trace: Trace
    node: Node
    sample: int | None

    @property
    def layer(self) -> Any:
        """The node's layer; each explainer knows its class."""
        return self.node.layer

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids it reads from."""
        return self.trace.network.inputs_of(self.node.id)

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        return self.trace.in_shapes(self.node.id)

    @property
    def out_shape(self) -> Shape:
        return self.trace.shapes[self.node.id]

    @property
    def here(self) -> int:
        """The sample, or the first one that is kept."""
        return self.trace.samples[0] if self.sample is None else self.sample

    def samples(self) -> tuple[int, ...]:
        """The samples a parameter's gradient is summed over. Raises NotKept where they are not all kept."""
        if self.sample is not None:
            return (self.sample,)
        if not self.trace.whole:
            raise NotKept(f"The whole batch is not in this trace. {' '.join(self.trace.left_out)}")
        return self.trace.samples

    # --- single numbers ---

    def x(self, index: Index, position: int = 0, sample: int | None = None) -> Operand:
        """The input cell ``index`` (without the sample)."""
        return self._cell("value", self.sources[position], index, self.x_letter(position), sample=sample)

    def y(self, index: Index, sample: int | None = None) -> Operand:
        return self._cell("value", self.node.id, index, self.y_letter, sample=sample)

    def dy(self, index: Index, sample: int | None = None) -> Operand:
        """δ, the gradient that arrives."""
        return self._cell("gradient", self.node.id, index, "", sample=sample)

    def dx(self, index: Index, position: int = 0, sample: int | None = None) -> Operand:
        """What it sends to an input: the whole gradient of that input, or its share where others read it too."""
        n = self.here if sample is None else sample
        value = self.trace.share(self.node.id, position)[(self.trace.row(n), *index)]
        symbol = self._partial(self.x_letter(position) + sub(index))
        return Operand(symbol, float(value), Place(self.node.id, "share", str(position), (n, *index)))

    def p(self, name: str, index: Index) -> Operand:
        """A parameter's cell before the update."""
        value = self.trace.parameter(self.node.id, name)[index]
        return Operand(
            self.p_letter(name) + sub(index), float(value), Place(self.node.id, "parameter", name, index)
        )

    def dp(self, name: str, index: Index, value: float | None = None) -> Operand:
        """The gradient of a parameter's cell: of the batch, or ``value`` where it is of one sample only."""
        symbol = self._partial(self.p_letter(name) + sub(index))
        if value is not None:
            return Operand(symbol, value)
        found = self.trace.parameter(self.node.id, name, "gradient")[index]
        return Operand(symbol, float(found), Place(self.node.id, "parameter_gradient", name, index))

    def extra(self, name: str, index: Index, symbol: str) -> Operand:
        """A number the layer keeps to itself, such as today's dropout factor."""
        value = self.trace.extras[self.node.id][name][(self.trace.row(self.here), *index)]
        return Operand(symbol, float(value), Place(self.node.id, "mask", name, (self.here, *index)))

    def setting(self, symbol: str, value: float, name: str = "") -> Operand:
        """A hyper-parameter or a constant."""
        return Operand(symbol, float(value), Place(self.node.id, "setting", name) if name else None)

    def letter(self, name: str) -> str:
        letter: str = self.layer.letter(name)
        return letter

    def p_letter(self, name: str) -> str:
        """A parameter's letter, as the trace's symbols have it."""
        return self.trace.symbols.parameter(self.node.id, self.letter(name))

    def x_letter(self, position: int = 0) -> str:
        own = "x" if len(self.sources) == 1 else f"x^{{[{position + 1}]}}"
        return self.trace.symbols.value(self.sources[position], own)

    @property
    def y_letter(self) -> str:
        return self.trace.symbols.value(self.node.id, "y")

    def _partial(self, symbol: str) -> str:
        return rf"\frac{{\partial {self.trace.symbols.loss}}}{{\partial {symbol}}}"

    def _cell(
        self, kind: Kind, node_id: str, index: Index, letter: str, sample: int | None = None
    ) -> Operand:
        n = self.here if sample is None else sample
        arrays = self.trace.values if kind == "value" else self.trace.gradients
        value = arrays[node_id][(self.trace.row(n), *index)]
        symbol = letter + sub(index) if kind == "value" else self.trace.symbols.gradient(node_id, sub(index))
        return Operand(symbol, float(value), Place(node_id, kind, "", (n, *index)))

    # --- many at once ---

    def xs(self, index: Array, position: int = 0, inside: Array | None = None) -> Column:
        """Input cells: ``index`` ``(n, 1 + d)``, the sample first; cells that are not ``inside`` count as 0."""
        letter = self.x_letter(position)
        return self._cells("value", self.sources[position], self.trace.values, letter, index, inside)

    def ys(self, index: Array) -> Column:
        return self._cells("value", self.node.id, self.trace.values, self.y_letter, index, None)

    def dys(self, index: Array, inside: Array | None = None) -> Column:
        """As ``xs``: the gradients that arrive at output cells."""
        return self._cells("gradient", self.node.id, self.trace.gradients, "", index, inside)

    def ps(self, name: str, index: Array) -> Column:
        """Parameter cells: ``index`` ``(n, d)``."""
        array, letter = self.trace.parameter(self.node.id, name), self.p_letter(name)
        return Column(
            _gathered(array, index), lambda at: letter + sub(at), self.node.id, "parameter", name, index
        )

    def extras(self, name: str, letter: str, index: Array) -> Column:
        array = self.trace.extras[self.node.id][name]
        return Column(
            _gathered(array, self._rows(index)),
            lambda at: letter + sub(at[1:]),
            self.node.id,
            "mask",
            name,
            index,
        )

    def constant(self, symbol: str, values: Array) -> Column:
        return Column(np.asarray(values, np.float64), symbol)

    def _cells(
        self,
        kind: Kind,
        node_id: str,
        arrays: Mapping[str, Array],
        letter: str,
        index: Array,
        inside: Array | None,
    ) -> Column:
        safe = self._rows(index)
        if inside is not None:
            safe = np.where(inside[:, None], safe, 0)
        values = _gathered(arrays[node_id], safe)
        if inside is not None:
            values = np.where(inside, values, 0.0)
        many, symbols = self.sample is None and self.trace.size > 1, self.trace.symbols

        def symbol(at: Index) -> str:
            if kind == "value":
                return (of_sample(letter, at[0]) if many else letter) + sub(at[1:])
            if symbols.way == "step":
                return (of_sample(r"\delta", at[0]) if many else r"\delta") + sub(at[1:])
            own = symbols.values[node_id]
            return self._partial((of_sample(own, at[0]) if many else own) + sub(at[1:]))

        return Column(values, symbol, node_id, kind, "", index, inside)

    def _rows(self, index: Array) -> Array:
        if self.trace.whole:
            return index
        rows = index.copy()
        rows[:, 0] = [self.trace.row(int(n)) for n in index[:, 0]]
        return rows


def _gathered(array: Array, index: Array) -> Array:
    return np.asarray(array[tuple(index.T)], np.float64)


def grid(*ranges: Sequence[int] | Array) -> Array:
    """All combinations, ``(n, d)``, the last changing fastest."""
    axes = np.meshgrid(*(np.asarray(r) for r in ranges), indexing="ij")
    return np.stack([a.ravel() for a in axes], axis=1).astype(np.intp)


class Explainer:
    """Base of explainers.

    Each method returns equations, of which the last gives the number that was asked for and earlier ones what it needs. A sum over
    samples begins its index with the sample, so that it can be taken apart by sample.
    """

    #: what happens, in a sentence, and the rule behind it
    forward_sentence: ClassVar[str] = "{layer} computes this value from what comes in."
    forward_why: ClassVar[str] = ""
    share_sentence: ClassVar[str] = (
        "{layer} passes back what arrived, times how much each output moves with this input."
    )
    share_why: ClassVar[str] = "The chain rule: the gradient that arrives, times the local derivative."
    parameter_sentence: ClassVar[str] = "How the loss moves with this parameter, added up over the batch."
    parameter_why: ClassVar[str] = (
        "A parameter that acts in many places is blamed in each; the blames add up."
    )

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        """How the output cell ``index`` came about."""
        raise NotImplementedError

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        """What the input cell ``index`` of input ``position`` is sent of the gradient."""
        raise NotImplementedError

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        """The gradient of a parameter's cell: over the batch, or the part of one sample."""
        raise NotImplementedError

    def forward_counts(self, at: At) -> int | Array:
        """Terms of each output cell's last equation: one number, or an array in the output's shape."""
        return len(self.forward(at, (0,) * len(at.out_shape))[-1].terms)

    def share_counts(self, at: At, position: int) -> int | Array:
        """As ``forward_counts``, for the cells of an input."""
        return len(self.share(at, position, (0,) * len(at.in_shapes[position]))[-1].terms)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        """``(what happens, why)``."""
        return self.forward_sentence.format(layer=at.layer.label), self.forward_why

    def says_share(
        self, at: At, position: int, index: Index, equations: tuple[Equation, ...]
    ) -> tuple[str, str]:
        return self.share_sentence.format(layer=at.layer.label), self.share_why

    def says_parameter(self, at: At, name: str, index: Index) -> tuple[str, str]:
        return self.parameter_sentence.format(layer=at.layer.label), self.parameter_why


_EXPLAINERS: dict[type[Layer], Explainer] = {}
_ANY_BIND: set[type[Layer]] = set()


def explains(*kinds: type[Layer], any_bind: bool = False) -> Callable[[type[Explainer]], type[Explainer]]:
    """Class decorator: this explainer is for these layers, and for their subclasses that compute in the same way.

    ``any_bind``: also for subclasses with calls of their own.
    """

    def decorate(cls: type[Explainer]) -> type[Explainer]:
        made = cls()
        for kind in kinds:
            _EXPLAINERS[kind] = made
            if any_bind:
                _ANY_BIND.add(kind)
        return cls

    return decorate


def explainer_of(layer: Layer) -> Explainer:
    """The explainer of a layer: its own, or the general one."""
    own_bind = False
    for cls in type(layer).__mro__:
        if cls in _EXPLAINERS and (not own_bind or cls in _ANY_BIND):
            return _EXPLAINERS[cls]
        own_bind = own_bind or "bind" in vars(cls)
    return _EXPLAINERS[Layer]
