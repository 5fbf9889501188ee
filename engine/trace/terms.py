"""What an explanation is made of: numbers that know where they stand, and equations that can be worked out again from them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, overload

import numpy as np

from engine.core import Array
from engine.maths import PRODUCT, Expression, Maths

Kind = Literal[
    "value", "gradient", "share", "parameter", "parameter_gradient", "slot", "target", "mask", "statistic", "loss",
    "setting", "step", "updated",
]  # fmt: skip
Rule = Literal["sum", "max", "function"]
#: kinds of numbers that flow backward, and those that belong to a parameter
BACKWARD: tuple[Kind, ...] = ("gradient", "share", "parameter_gradient")
OF_PARAMETERS: tuple[Kind, ...] = ("parameter", "parameter_gradient", "slot", "step", "updated")
Format = Callable[[float], str]

#: terms of a long sum that are written out; the others are counted
WRITTEN = 6


@dataclass(frozen=True)
class Place:
    """Where a number stands, so that a picture can point at it.

    Args:
        node_id: the node; "input" for the data, "loss" for the loss.
        kind: "value" (a node's output), "gradient" (what arrives at it), "share" (what this node sends to its input ``name``),
            "parameter", "parameter_gradient", "slot" (``name`` is "slot/parameter"), "target", "mask", "statistic", "loss", …
        name: which parameter, slot, statistic or stage; for shares the position of the input as text.
        index: the cell in public shapes; for values, gradients, shares, targets and masks the sample's place in the batch first.
    """

    node_id: str
    kind: Kind
    name: str = ""
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Operand:
    """A number in an equation.

    Args:
        symbol: LaTeX.
        value: in full precision.
        place: where it stands; ``None`` for constants and for intermediate results that stand nowhere.
    """

    symbol: str
    value: float
    place: Place | None = None


@dataclass(frozen=True)
class Term:
    """A product of one or more numbers."""

    factors: tuple[Operand, ...]

    @property
    def value(self) -> float:
        return math.prod(f.value for f in self.factors)


class Terms(Sequence[Term]):
    """The terms of an equation, made one by one as somebody looks: a sum over a batch of pictures may have 50,000."""

    @property
    @abstractmethod
    def values(self) -> Array:
        """The product of each, ``(n,)`` float64."""

    @abstractmethod
    def _term(self, i: int) -> Term: ...

    @overload
    def __getitem__(self, i: int) -> Term: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, i: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(i, slice):
            return tuple(self._term(j) for j in range(*i.indices(len(self))))
        if not -len(self) <= i < len(self):
            raise IndexError(
                f"Term {i} of {len(self)} was asked for; expected one that exists. Ask for another."
            )
        return self._term(i % len(self))

    @cached_property
    def order(self) -> Array:
        """The terms' numbers ``(n,)``, largest product first."""
        return np.argsort(-np.abs(self.values), kind="stable")


class Few(Terms):
    """Terms that are listed."""

    def __init__(self, *terms: Term) -> None:
        self._terms = terms

    def __len__(self) -> int:
        return len(self._terms)

    @property
    def values(self) -> Array:
        return np.array([t.value for t in self._terms], np.float64)

    def _term(self, i: int) -> Term:
        return self._terms[i]


def few(*products: Operand | tuple[Operand, ...]) -> Few:
    """Terms from operands; a tuple of them is a product."""
    return Few(*(Term(p if isinstance(p, tuple) else (p,)) for p in products))


@dataclass(frozen=True, eq=False)
class Column:
    """The same factor of many products: δ of every position, say.

    Args:
        values: ``(n,)`` float64.
        symbol: LaTeX, or a function that gives it from a cell's index.
        node_id, kind, name: as in Place; without a node, the numbers stand nowhere.
        index: ``(n, d)``; ``None`` for numbers without one.
        inside: ``(n,)``; False where the number is no cell but the padding round a picture.
    """

    values: Array
    symbol: str | Callable[[tuple[int, ...]], str]
    node_id: str = ""
    kind: Kind = "value"
    name: str = ""
    index: Array | None = None
    inside: Array | None = None

    def operand(self, i: int) -> Operand:
        value = float(self.values[i])
        if self.inside is not None and not self.inside[i]:
            return Operand("0", value)
        at = () if self.index is None else tuple(int(k) for k in self.index[i])
        symbol = self.symbol if isinstance(self.symbol, str) else self.symbol(at)
        stands = self.index is not None and self.node_id
        return Operand(symbol, value, Place(self.node_id, self.kind, self.name, at) if stands else None)


class Products(Terms):
    """Terms with the same factors each, kept as columns of numbers."""

    def __init__(self, *columns: Column) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @cached_property
    def values(self) -> Array:
        product: Array = np.prod([c.values for c in self.columns], axis=0)
        return product

    def _term(self, i: int) -> Term:
        return Term(tuple(c.operand(i) for c in self.columns))


class Joined(Terms):
    """One group of terms after another: the products of a unit, then its bias."""

    def __init__(self, *groups: Terms) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return sum(map(len, self.groups))

    @cached_property
    def values(self) -> Array:
        return np.concatenate([g.values for g in self.groups])

    def _term(self, i: int) -> Term:
        for group in self.groups:
            if i < len(group):
                return group[i]
            i -= len(group)
        raise IndexError("Terms were counted wrongly; expected the groups to add up. Report this.")


@dataclass(frozen=True)
class Function:
    """A named function of the terms, in LaTeX (``#0`` is the first term) and as something to evaluate in float64."""

    name: str
    latex: str
    evaluate: Callable[..., float]


@dataclass(frozen=True)
class Equation:
    """``result = scale · Σ terms``, ``max terms`` or ``function(terms)``, recomputable from what it shows.

    Args:
        result: the engine's own number, where the engine keeps it.
        terms: what it is made of.
        rule: how they combine.
        function: for the rule "function".
        scale: factors in front of a sum.
    """

    result: Operand
    terms: Terms
    rule: Rule = "sum"
    function: Function | None = None
    scale: tuple[Operand, ...] = ()

    def settled(self) -> Equation:
        """With what it comes to as its result."""
        return replace(self, result=replace(self.result, value=self.evaluate()))

    @property
    def order(self) -> Array:
        """The numbers of the terms ``(n,)``, those that count most first: the largest products, or where the largest wins, the largest."""
        return np.argsort(-self.terms.values, kind="stable") if self.rule == "max" else self.terms.order

    def evaluate(self) -> float:
        """The result worked out again in float64, from the shown operands alone."""
        with np.errstate(all="ignore"):
            if self.rule == "function" and self.function is not None:
                return float(self.function.evaluate(*(float(v) for v in self.terms.values)))
            if self.rule == "max":
                return float(self.terms.values.max())
            return math.prod(s.value for s in self.scale) * float(self.terms.values.sum())

    def latex(self, most: int = WRITTEN) -> str:
        """The equation in symbols; of a long one the largest terms and the last, and how many more there are."""
        return f"{self.result.symbol} = {self._right(lambda o: o.symbol, most, numbers=False)}"

    def numbers(self, fmt: Format, most: int = WRITTEN) -> str:
        """The same with this step's numbers, written by ``fmt``."""
        right = self._right(lambda o: number_in_latex(o.value, fmt), most, numbers=True)
        result = number_in_latex(self.result.value, fmt, alone=True)
        # Where one number is handed on as it is, once is enough.
        return (
            f"{self.result.symbol} = {result if right in (result, f'({result})') else f'{right} = {result}'}"
        )

    def _right(self, write: Callable[[Operand], str], most: int, *, numbers: bool) -> str:
        dot = r" \cdot " if numbers else r"\, "
        if self.rule == "function" and self.function is not None:
            return self._inside_function(write, dot)
        shown, left = self._shown(most)
        parts = [dot.join(write(f) for f in t.factors) for t in shown]
        if left:
            parts.insert(len(parts) - 1, rf"\ldots_{{\,{left}\, \mathrm{{more}}}}")
        if self.rule == "max":
            return rf"\max({', '.join(parts)})"
        total = (" + ".join(parts) if parts else "0").replace("+ -", "- ")
        if not self.scale:
            return total
        front = dot.join(write(s) for s in self.scale)
        if len(parts) == 1 and " + " not in total and "- " not in total:
            return f"{front} {dot.strip()} {total}"
        return rf"{front} \left( {total} \right)"

    def _inside_function(self, write: Callable[[Operand], str], dot: str) -> str:
        text = self.function.latex if self.function is not None else ""
        for i in reversed(range(min(len(self.terms), 10))):
            factors = self.terms[i].factors
            written = dot.join(write(f) for f in factors)
            # What is raised to a power has to be one thing: 1.2 · 10^-5 has an exponent already, and a_1 b_1 has two factors.
            one = not set(written) & set("^ ") or (len(factors) == 1 and written.startswith("("))
            text = text.replace(f"#{i}^", f"{written if one else f'({written})'}^")
            text = text.replace(f"#{i}", written)
        return text

    def _shown(self, most: int) -> tuple[list[Term], int]:
        """The terms that are written, in order: of a long sum the largest and the last one, which may be the bias."""
        n = len(self.terms)
        if n <= most:
            return list(self.terms), 0
        largest = [int(i) for i in self.order[:most] if i != n - 1][: most - 1]
        return [self.terms[i] for i in (*sorted(largest), n - 1)], n - most


def stated(
    symbol: str | Operand, maths: Maths, operands: Sequence[Operand], name: str, *, summed: bool = False
) -> Equation:
    """``maths`` of ``operands`` as an equation; for a result that has a symbol only, it is worked out.

    ``summed``: with its terms, where it is a sum of products. What is no operand but made of some, such as (1 − β), becomes one.
    """
    if isinstance(symbol, str):
        symbol = Operand(symbol, float(maths.evaluate(*(o.value for o in operands))))
    if not summed or not maths.products:
        return Equation(symbol, few(*operands), "function", Function(name, maths.template, maths.evaluate))
    if min(map(min, maths.products)) >= 0:
        return Equation(symbol, few(*(tuple(operands[i] for i in p) for p in maths.products)))
    given = dict(zip(maths.names, operands, strict=True))
    written = maths.expression(lambda n: Expression(given[n].symbol, value=given[n].value, origin=given[n]))
    products = ((f.origin or Operand(f.at(PRODUCT), float(f.value)) for f in p) for p in written.products)
    return Equation(symbol, few(*map(tuple, products)))


def number_in_latex(value: float, fmt: Format, *, alone: bool = False) -> str:
    """A number for a formula; negative ones in parentheses unless they stand ``alone``."""
    text = fmt(value).replace("\N{MINUS SIGN}", "-")
    mantissa, e, power = text.partition("e")
    if e:
        text = rf"{mantissa} \cdot 10^{{{int(power)}}}"
    text = text.replace("∞", r"\infty")
    if not text.startswith("-"):
        return text
    text = "{-}" + text[1:]  # in braces it is a sign, set close to its number, and no difference
    return text if alone else f"({text})"


def plain(value: float) -> str:
    """Four significant digits: how numbers are written where nobody says otherwise."""
    return f"{value:.4g}"


def sub(index: Sequence[int], *, first: str = "") -> str:
    """The subscript of a cell, counted from 1 as in formulas; ``first`` is put before it."""
    parts = ([first] if first else []) + [str(i + 1) for i in index]
    return f"_{{{','.join(parts)}}}" if parts else ""
