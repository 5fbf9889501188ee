r"""Maths that is said once: an ordinary function of NumPy, which gives numbers for numbers and LaTeX for symbols.

>>> slope = Maths(lambda x, alpha: np.where(x > 0, 1, alpha * np.exp(x)))
>>> float(slope.evaluate(2.0, 1.0))
1.0
>>> slope.expression({"x": "x", "alpha": r"\alpha"}.get).latex
'1 \\text{ if } x > 0 \\text{ else } \\alpha \\cdot e^{x}'
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

CHOICE, SUM, PRODUCT, POWER, ATOM = range(5)  #: how tightly an expression holds together
DOT = r" \cdot "


@dataclass(frozen=True, eq=False)
class Expression:
    """What symbols come to, as LaTeX.

    Args:
        latex: how it is written.
        level: how tightly it holds together.
        value: its number, where its symbols have one.
        products: the factors of each term of a sum; of anything else, itself.
        origin: what a symbol stands for.
    """

    latex: str
    level: int = ATOM
    value: Any = math.nan
    products: tuple[tuple[Expression, ...], ...] = ()
    origin: Any = None

    @property
    def terms(self) -> tuple[tuple[Expression, ...], ...]:
        return self.products or ((self,),)

    def at(self, level: int) -> str:
        """Written where ``level`` is asked for: in parentheses, if it would fall apart there."""
        if self.level >= level:
            return self.latex
        left, right = (r"\left(", r"\right)") if r"\frac" in self.latex else ("(", ")")
        return f"{left}{self.latex}{right}"

    def _join(self, other: Any, sign: str, value: Any) -> Expression:
        other = symbol_of(other)
        right = other.at(SUM if sign == "+" else PRODUCT)
        terms = other.terms if sign == "+" else (-other).products
        return Expression(f"{self.at(SUM)} {sign} {right}", SUM, value, self.terms + terms)

    def __add__(self, other: Any) -> Expression:
        return self._join(other, "+", self.value + _number(other))

    def __sub__(self, other: Any) -> Expression:
        return self._join(other, "-", self.value - _number(other))

    def __neg__(self) -> Expression:
        products = tuple(
            (replace(a, latex="-" + a.at(PRODUCT), level=ATOM, value=-a.value, origin=None), *b)
            for a, *b in self.terms
        )
        return Expression("-" + self.at(PRODUCT), SUM, -self.value, products)

    def __mul__(self, other: Any) -> Expression:
        other = symbol_of(other)
        factors = tuple(f for e in (self, other) for f in (e.terms[0] if len(e.terms) == 1 else (e,)))
        minus = self.latex.startswith("-") and len(self.terms) == 1
        left, level = (self.latex, SUM) if minus else (self.at(PRODUCT), PRODUCT)
        return Expression(left + DOT + other.at(PRODUCT), level, self.value * other.value, (factors,))

    def __truediv__(self, other: Any) -> Expression:
        return Expression(
            rf"\frac{{{self.latex}}}{{{symbol_of(other).latex}}}", POWER, self.value / _number(other)
        )

    def __pow__(self, power: Any) -> Expression:
        squared = ((self, self),) if isinstance(power, int) and power == 2 else ()
        written = f"{self.at(ATOM)}^{{{symbol_of(power).latex}}}"
        return Expression(written, POWER, self.value ** _number(power), squared)

    __radd__ = lambda self, other: symbol_of(other) + self
    __rsub__ = lambda self, other: symbol_of(other) - self
    __rmul__ = lambda self, other: symbol_of(other) * self
    __rtruediv__ = lambda self, other: symbol_of(other) / self
    __abs__ = lambda self: np.abs(self)  # noqa: PLW0108  the table below stands later
    __gt__ = lambda self, other: self._related(">", other, self.value > _number(other))
    __lt__ = lambda self, other: self._related("<", other, self.value < _number(other))
    __le__ = lambda self, other: self._related(r"\leq", other, self.value <= _number(other))

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any) -> Any:
        return (_WRITTEN.get(ufunc) or function(rf"\{ufunc.__name__}(#0)", ufunc))(*args)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _WRITTEN[func](*args)

    def _related(self, sign: str, other: Any, holds: Any) -> Expression:
        return Expression(f"{self.at(SUM)} {sign} {symbol_of(other).at(SUM)}", CHOICE, holds)


def symbol_of(value: Any) -> Expression:
    """``value`` as an expression: numbers are written as they are."""
    if isinstance(value, Expression):
        return value
    return Expression(r"\frac{1}{2}" if value == 0.5 else f"{value:g}", ATOM if value >= 0 else SUM, value)


def _number(value: Any) -> Any:
    return value.value if isinstance(value, Expression) else value


def function(latex: str, numbers: Callable[..., Any], level: int = ATOM) -> Callable[..., Any]:
    """A function of numbers and arrays that can be written: ``#0`` in ``latex`` is its first argument."""

    def apply(*args: Any) -> Any:
        found = numbers(*map(_number, args))
        if not any(isinstance(a, Expression) for a in args):
            return found
        text = re.sub(r"#(\d)", lambda m: symbol_of(args[int(m[1])]).latex, latex)
        return Expression(text, level, found)

    return apply


def _where(holds: Any, value: Any, other: Any) -> Expression:
    a, b = (symbol_of(v).at(SUM) for v in (value, other))
    found = np.where(*map(_number, (holds, value, other)))[()]
    return Expression(rf"{a} \text{{ if }} {holds.latex} \text{{ else }} {b}", CHOICE, found)


#: how NumPy's functions are written, where not by their name
_WRITTEN: dict[Any, Callable[..., Any]] = {
    np.exp: function("e^{#0}", np.exp, POWER), np.expm1: function("e^{#0} - 1", np.expm1, SUM),
    np.sqrt: function(r"\sqrt{#0}", np.sqrt), np.abs: function("|#0|", np.abs), np.sign: function(r"\mathrm{sign}(#0)", np.sign),
    np.maximum: function(r"\max(#0, #1)", np.maximum), np.minimum: function(r"\min(#0, #1)", np.minimum), np.where: _where,
    np.add: lambda a, b: symbol_of(a) + b, np.subtract: lambda a, b: symbol_of(a) - b,
    np.multiply: lambda a, b: symbol_of(a) * b, np.divide: lambda a, b: symbol_of(a) / b,
}  # fmt: skip

sigmoid = function(r"\sigma(#0)", lambda x: 0.5 * np.tanh(0.5 * x) + 0.5)
log_sigmoid = function(r"\log(\sigma(#0))", lambda x: -np.logaddexp(0.0, -x))
#: as PyTorch's losses of probabilities have it: of 0 not minus infinity, but -100
clamped_log = function(r"\log(#0)", lambda x: np.maximum(np.log(x), -100.0))
softplus = function(r"\log(1 + e^{#0})", lambda x: np.logaddexp(0.0, x))
normal_cdf = function(
    r"\Phi(#0)", np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)), otypes=[float])
)
normal_density = function(
    r"\frac{e^{-#0^{2} / 2}}{\sqrt{2 \pi}}", lambda x: np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi), POWER
)
#: the curve near the normal distribution that GELU's tanh form has (Hendrycks & Gimpel 2016): ½ (1 + tanh(root · (x + cubic · x³)))
BELL_ROOT, BELL_CUBIC = math.sqrt(2.0 / math.pi), 0.044715
bell_gate = function("g(#0)", lambda x: 0.5 * np.tanh(BELL_ROOT * x * (1.0 + BELL_CUBIC * x * x)) + 0.5)
bell_gate_slope = function(
    "g'(#0)",
    lambda x: 2.0 * bell_gate(x) * (1.0 - bell_gate(x)) * BELL_ROOT * (1.0 + 3.0 * BELL_CUBIC * x * x),
)
#: how the two are written out
BELL_GATE = r", \quad g(x) = \frac{1}{2} \left( 1 + \tanh \left( \sqrt{\frac{2}{\pi}} (x + 0.044715 x^{3}) \right) \right)"
BELL_GATE_SLOPE = r", \quad g'(x) = 2 g(x) (1 - g(x)) \sqrt{\frac{2}{\pi}} (1 + 3 \cdot 0.044715 x^{2})"
#: 1 where a relation holds, else 0
truth = function("[#0]", lambda holds: 1.0 * holds)
between = function("[#0 < #1 < #2]", lambda low, x, high: 1.0 * ((low < x) & (x < high)))


#: how what has a name is written
Symbols = Callable[[str], "str | Expression"]


class Maths:
    """A function of named numbers: the names of its parameters are those of the letters and settings it reads."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        code = function.__code__
        self.names: tuple[str, ...] = code.co_varnames[: code.co_argcount]

    def evaluate(self, *values: Any) -> Any:
        """Its number or array for numbers or arrays, float64, in the order of ``names``."""
        with np.errstate(all="ignore"):
            return self.function(*map(np.float64, values))

    def expression(self, symbol: Symbols) -> Expression:
        """Written in the symbols that there are for ``names``."""
        given = (symbol(name) for name in self.names)
        with np.errstate(all="ignore"):
            return symbol_of(self.function(*(Expression(s) if isinstance(s, str) else s for s in given)))

    @cached_property
    def _numbered(self) -> Expression:
        return self.expression(lambda name: f"#{self.names.index(name)}")

    @property
    def template(self) -> str:
        """LaTeX in which ``#0`` is the first of ``names``."""
        return self._numbered.latex

    @cached_property
    def products(self) -> tuple[tuple[int, ...], ...]:
        """The terms of a sum of products, as places in ``names``; empty where it is none, −1 where a factor is made of several."""
        places = {f"#{i}": i for i in range(len(self.names))}
        return tuple(tuple(places.get(f.latex, -1) for f in p) for p in self._numbered.products)

    def often(self, name: str) -> bool:
        """Whether it is written with ``name`` more than once."""
        return name in self.names and self.template.count(f"#{self.names.index(name)}") > 1


class Let(Maths):
    """A line of a longer computation: ``name = function(…)``.

    Args:
        name: what the line gives, for later lines to read.
        function: of what earlier lines gave, of settings, and of what is given.
        title, sentence: where a new stage begins: what it is called, and what happens in it.
        over: "sum" or "max": the one of ``function`` over all outputs, instead of one number for each.
        symbol: how the result is written, where ``name`` was given before, and not with a prime.
        inline: formulas write it out where it is read, unless something that it reads changes in between.
    """

    def __init__(
        self, name: str, function: Callable[..., Any], title: str = "", sentence: str = "",
        *, over: str = "", symbol: str = "", inline: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(function)
        self.name, self.title, self.sentence = name, title, sentence
        self.over, self.symbol, self.inline = over, symbol, inline


def written_out(lines: Iterable[Let], known: dict[str, Expression], letter: Symbols) -> Expression:
    """The last of ``lines`` in what is ``known``: what earlier lines gave is written out in it."""
    known, found = dict(known), Expression("")
    for line in lines:
        found = line.expression(lambda name: known.get(name, letter(name)))
        known.setdefault(line.name, found)
    return found


def is_explained(cls: type, by: str) -> bool:
    """Whether the maths that ``cls`` has under the name ``by`` is that of its calls: said with ``bind`` or after it."""
    for base in cls.__mro__:
        if by in vars(base):
            return bool(vars(base)[by])
        if "bind" in vars(base):
            return False
    return False


def juxtaposed(latex: str) -> str:
    """As formulas of letters are written: without dots between factors."""
    return latex.replace(DOT, " ")
