r"""The LaTeX of our formulas, worked out: what is painted as an equation must be one.

The subset is what formulas here are written in, read as people read them: ``\sum`` takes the product behind it and ends before
the next + or −; a function without brackets takes the product behind it; ``\text{ if } … \text{ else }`` binds least. What
else is written, or could be read in two ways (``a / b c``), is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from scipy.special import erf, expit, ndtr


@dataclass(frozen=True)
class Scope:
    """What the symbols stand for.

    Args:
        names: numbers and arrays by symbol, such as ``x``, ``\\beta_1`` or ``\\hat{x}``; ``∂x`` is the gradient of ``x``. Of a tuple
            of arrays the one is meant whose axes stand below the symbol.
        ranges: the values of each letter that counts: ``{"i": range(3)}``.
        outside: what an array holds beyond its border, by symbol; others have no beyond.
        texts: what ``\\text{…}`` says of the counted letters, as a function of the scope.
        axes: what a sum or mean without letters runs over; all there is by default.
    """

    names: Mapping[str, Any]
    ranges: Mapping[str, range] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, Callable[[Scope], bool]] = field(default_factory=dict)
    axes: tuple[int, ...] | None = None

    def with_(self, **names: Any) -> Scope:
        return replace(self, names={**self.names, **names})

    def counted(self, letters: tuple[str, ...]) -> Iterator[Scope]:
        """The scope for every value of the letters."""
        for values in product(*(self.ranges[letter] for letter in letters)):
            yield self.with_(**dict(zip(letters, values, strict=True)))


Value = Callable[[Scope], Any]


def gelu_gate(x: Any) -> Any:
    """GELU's tanh form without its x (Hendrycks & Gimpel 2016, section 2)."""
    return 0.5 * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * np.power(x, 3))))


def gelu_gate_slope(x: Any) -> Any:
    u = np.sqrt(2.0 / np.pi) * (x + 0.044715 * np.power(x, 3))
    return 0.5 / np.cosh(u) ** 2 * np.sqrt(2.0 / np.pi) * (1.0 + 3.0 * 0.044715 * np.power(x, 2))


CONSTANTS: dict[str, Any] = {"e": np.e, r"\pi": np.pi, r"\infty": np.inf}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    r"\tanh": np.tanh, r"\log": np.log, r"\exp": np.exp, r"\cos": np.cos, r"\sin": np.sin, r"\cosh": np.cosh, r"\sinh": np.sinh, r"\sigma": expit, r"\Phi": ndtr,
    "g": gelu_gate, "g'": gelu_gate_slope, "sign": np.sign, "erf": erf, r"\max": lambda *v: _fold(np.maximum, v), r"\min": lambda *v: _fold(np.minimum, v),
}  # fmt: skip
RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, ">": operator.gt, "=": operator.eq,
    r"\leq": operator.le, r"\geq": operator.ge, r"\neq": operator.ne,
}  # fmt: skip
CLOSING = {")", "]", "}", ",", r"\right", r"\rfloor", r"\rceil", "+", "-", "/", "if", "else", *RELATIONS}


def _fold(two: Callable[[Any, Any], Any], values: tuple[Any, ...]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = two(result, value)
    return result


TOKEN = re.compile(
    r"\\(?:[,;!\ ]|quad\b|left\.|right\.)|\s+"  # room
    r"|(?P<branch>\\(?:text|mathrm)\{\s*(?:if|else)\s*\})"
    r"|(?P<text>\\text\{[^{}]*\})|(?P<roman>\\mathrm\{[^{}]*\})"
    r"|(?P<token>\\[a-zA-Z]+|\\\||\d+(?:\.\d+)?|\#\d|.)"
)


@lru_cache(maxsize=4096)
def tokens(latex: str) -> tuple[str, ...]:
    """The words of a formula, without the room between them."""
    found = []
    for match in TOKEN.finditer(latex.replace("{-}", "-")):
        if match["branch"]:
            found.append("if" if "if" in match["branch"] else "else")
        elif match["roman"]:
            found.append(match["roman"][8:-1])
        elif match["text"]:
            found.append("“" + match["text"][6:-1].strip())
        elif match["token"]:
            found.append(match["token"])
    return tuple(found)


class Reader:
    """Recursive descent; each method reads one level and returns how to work it out."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words, self.at, self.bars = words, 0, 0

    # --- words --------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self, expected: str = "") -> str:
        word = self.next
        if not word or (expected and word != expected):
            raise ValueError(f"{word or 'the end'!r} where {expected or 'more'!r} was expected: {self}")
        self.at += 1
        return word

    def __str__(self) -> str:
        return " ".join((*self.words[: self.at], "▸", *self.words[self.at :]))

    def group(self) -> tuple[str, ...]:
        """The words of the braces that follow, or the one word."""
        if self.next != "{":
            return (self.take(),)
        start, depth = self.at + 1, 0
        while True:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
            if not depth:
                return self.words[start : self.at - 1]

    # --- levels -------------------------------------------------------------------------------------------------------

    def whole(self) -> Value:
        value = self.choice()
        if self.next:
            raise ValueError(f"{self.next!r} was not understood: {self}")
        return value

    def choice(self) -> Value:
        value = self.sum()
        if self.next != "if":
            return value
        self.take()
        condition = self.condition()
        self.take("else")
        other = self.choice()

        def chosen(s: Scope) -> Any:
            holds = condition(s)
            if np.ndim(holds):
                return np.where(holds, value(s), other(s))
            return value(s) if holds else other(s)

        return chosen

    def condition(self) -> Value:
        """Relations, chained as in ``a < x < b`` and joined by commas."""
        parts = []
        while True:
            left = self.sum()
            if self.next not in RELATIONS:
                raise ValueError(f"a relation was expected: {self}")
            while self.next in RELATIONS:
                relation, right = RELATIONS[self.take()], self.sum()
                parts.append((relation, left, right))
                left = right
            if self.next != ",":
                return lambda s: _fold(operator.and_, tuple(r(a(s), b(s)) for r, a, b in parts))
            self.take()

    def sum(self) -> Value:
        terms = []
        while True:
            minus = self.next == "-"
            if self.next in ("-", "+"):
                self.take()
            terms.append((-1.0 if minus else 1.0, self.product()))
            if self.next not in ("-", "+"):
                break
        if len(terms) == 1 and terms[0][0] > 0:
            return terms[0][1]
        return lambda s: sum(sign * term(s) for sign, term in terms)

    def product(self) -> Value:
        value, divided = self.power(), False
        while self.next and self.next not in CLOSING - {"/"} and not (self.bars and self.next == "|"):
            if self.next == "/":
                self.take()
                value, divided = _quotient(value, self.power()), True
            else:
                if self.next == r"\cdot":
                    self.take()
                elif divided:
                    raise ValueError(f"what the quotient divides by can be read in two ways: {self}")
                value = _times(value, self.power())
        return value

    def power(self) -> Value:
        base = self.atom()
        if self.next != "^":
            return base
        self.take()
        exponent = Reader(self.group()).whole()
        return lambda s: np.power(np.asarray(base(s), np.float64), exponent(s))

    def atom(self) -> Value:
        word = self.take()
        if word[0].isdigit():
            return lambda s: float(word)
        match word:
            case "(":
                return self.until(")")
            case "{":
                return self.until("}")
            case r"\lfloor":
                inner = self.until(r"\rfloor")
                return lambda s: np.floor(inner(s))
            case r"\lceil":
                inner = self.until(r"\rceil")
                return lambda s: np.ceil(inner(s))
            case r"\left":
                closing = {"(": ")", "[": "]"}[self.take()]
                inner = self.choice()
                self.take(r"\right")
                self.take(closing)
                return inner
            case "[":
                return self.iverson()
            case "|":
                self.bars += 1
                inner = self.sum()
                self.bars -= 1
                self.take("|")
                return lambda s: np.abs(inner(s))
            case r"\|":
                inner = self.product_until(r"\|")
                return lambda s: np.linalg.norm(inner(s))
            case r"\frac":
                return self.fraction()
            case r"\sqrt":
                inner = Reader(self.group()).whole()
                return lambda s: np.sqrt(inner(s))
            case r"\overline":
                inner = Reader(self.group()).whole()
                return lambda s: _over(np.mean, inner(s), s)
            case r"\sum":
                return self.counted(np.sum)
            case r"\max" | r"\min" if self.next == "_":
                return self.counted({r"\max": np.max, r"\min": np.min}[word])
            case "g" if self.next == "'":
                self.take()
                return self.applied(FUNCTIONS["g'"])
            case _ if word in FUNCTIONS and (self.next in ("(", r"\left") or word in (r"\log", "erf")):
                return self.applied(FUNCTIONS[word])
        self.at -= 1
        return self.name()

    def until(self, closing: str) -> Value:
        bars, self.bars = self.bars, 0
        inner = self.choice()
        self.bars = bars
        self.take(closing)
        return inner

    def product_until(self, closing: str) -> Value:
        end = self.words.index(closing, self.at)
        inner = Reader(self.words[self.at : end]).whole()
        self.at = end + 1
        return inner

    def iverson(self) -> Value:
        """1 where what stands in the brackets is so: a relation, or a text."""
        end = self.words.index("]", self.at)
        text = next((w for w in self.words[self.at : end] if w.startswith("“")), "")
        if text:
            self.at = end + 1
            return lambda s: float(s.texts[text[1:]](s))
        condition = self.condition()
        self.take("]")
        return lambda s: 1.0 * condition(s)

    def fraction(self) -> Value:
        above, below = self.group(), self.group()
        if above[0] == r"\partial":  # ∂L/∂x is one symbol, ∂x
            inside = Reader(below)
            inside.take(r"\partial")
            return inside.name("∂")
        return _quotient(Reader(above).whole(), Reader(below).whole())

    def applied(self, function: Callable[..., Any]) -> Value:
        left = self.next == r"\left"
        if left:
            self.take()
        if self.next != "(":
            argument = self.product()
            return lambda s: function(argument(s))
        self.take()
        bars, self.bars = self.bars, 0
        arguments = [self.choice()]
        while self.next == ",":
            self.take()
            arguments.append(self.choice())
        self.bars = bars
        if left:
            self.take(r"\right")
        self.take(")")
        return lambda s: function(*(a(s) for a in arguments))

    def counted(self, reduce: Callable[..., Any]) -> Value:
        r"""``\sum_{i,j \neq k}`` and the like, and the product behind it."""
        if self.next != "_":
            body = self.product()
            return lambda s: _over(reduce, body(s), s)
        self.take()
        under = Reader(self.group())
        letters = [under.symbol()]
        while under.next == ",":
            under.take()
            letters.append(under.symbol())
        holds: Value = lambda s: True
        if under.next.startswith("“"):
            text = under.take()
            holds = lambda s: s.texts[text[1:]](s)
        elif under.next:
            relation, right = RELATIONS[under.take()], under.sum()
            holds = lambda s: relation(s.names[letters[-1]], right(s))
        body = self.product()
        return lambda s: reduce([body(one) for one in s.counted(tuple(letters)) if holds(one)], axis=0)

    def symbol(self) -> str:
        word = self.take()
        if word in (r"\hat", r"\bar", r"\tilde"):
            word += "{" + "".join(self.group()) + "}"
        while self.next == "'":
            word += self.take()
        return word

    def name(self, before: str = "") -> Value:
        """A symbol, with what stands below it: part of its name, or the cell of an array."""
        if not (self.next[:1].isalpha() or self.next[:1] in ("\\", "#")):
            raise ValueError(f"{self.next!r} was not understood: {self}")
        symbol = before + self.symbol()
        if self.next != "_":
            return lambda s: _whole(_named(s, symbol))
        self.take()
        below = self.group()
        while self.next == "'":
            symbol += self.take()
        full = f"{symbol}_{''.join(below)}"
        return lambda s: s.names[full] if full in s.names else _cell(s, symbol, below)


def _named(scope: Scope, symbol: str) -> Any:
    if symbol in scope.names:
        return scope.names[symbol]
    if symbol in CONSTANTS:
        return CONSTANTS[symbol]
    mean = re.fullmatch(r"\\bar\{(.*)\}", symbol)
    if mean:
        return _over(np.mean, scope.names[mean[1]], scope)
    raise ValueError(f"nobody says what {symbol!r} is; known are {', '.join(scope.names)}")


def _whole(found: Any) -> Any:
    return found[0] if isinstance(found, tuple) else found


def _cell(scope: Scope, symbol: str, below: tuple[str, ...]) -> Any:
    found = _named(scope, symbol)
    arrays = [np.asarray(a) for a in (found if isinstance(found, tuple) else (found,))]
    fitting = [(a, i) for a in arrays if (i := _indices(below, a.ndim)) is not None]
    if not fitting:
        raise ValueError(
            f"{symbol}_{''.join(below)} is no cell of {symbol}, of shape {[a.shape for a in arrays]}"
        )
    array, found = max(fitting, key=lambda pair: pair[0].ndim)
    index = tuple(int(i(scope)) for i in found)
    if symbol in scope.outside and not all(0 <= i < n for i, n in zip(index, array.shape, strict=True)):
        return scope.outside[symbol]
    if any(i < 0 for i in index):
        raise IndexError(f"{symbol}{index} lies outside {array.shape}")
    return array[index]


@lru_cache(maxsize=4096)
def _indices(below: tuple[str, ...], axes: int) -> tuple[Value, ...] | None:
    """What stands below a symbol as one expression for each axis: parted by commas, or letter by letter; None if it does not fit."""
    reader = Reader(below)
    found = [reader.sum()]
    while reader.next == ",":
        reader.take()
        found.append(reader.sum())
    if len(found) != axes:
        reader, found = Reader(below), []
        while reader.next and reader.next not in CLOSING:
            found.append(reader.atom())
        if reader.next:
            return None
    return tuple(found) if len(found) == axes else None


def _over(reduce: Callable[..., Any], value: Any, scope: Scope) -> Any:
    return reduce(value) if scope.axes is None else reduce(value, axis=scope.axes, keepdims=True)


def _times(a: Value, b: Value) -> Value:
    return lambda s: a(s) * b(s)


def _quotient(a: Value, b: Value) -> Value:
    return lambda s: a(s) / b(s)


# --- formulas -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def read(latex: str) -> Value:
    """How to work out an expression. Raises ValueError where it is not understood."""
    return Reader(tokens(latex)).whole()


def evaluate(latex: str, scope: Scope) -> Any:
    """An expression in numbers."""
    with np.errstate(all="ignore"):  # a branch that is not taken may overflow
        return read(latex)(scope)


@dataclass(frozen=True)
class Statement:
    r"""``left = right``, ``left \leftarrow right`` or ``left \sim right``; without a sign between, ``left`` alone."""

    left: str
    sign: str
    right: str
    holds: str = ""  # the relation behind ``\text{ for }``

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters below the left side, each once."""
        below = re.search(r"_(\{[^{}]*\}|\w)", self.left.removeprefix(r"\frac{\partial L}{\partial "))
        return tuple(dict.fromkeys(w for w in tokens(below[1]) if w.isalpha())) if below else ()


def statements(formula: str) -> list[Statement]:
    """The parts of a formula, which ``\\quad`` sets apart."""
    found = []
    for part in re.split(r",?\s*\\quad\s*", formula):
        equation, _, holds = part.partition(r"\text{ for }")
        left, sign, right = [*re.split(r"\s(=|\\leftarrow|\\sim)\s", equation, maxsplit=1), "", ""][:3]
        found.append(Statement(left.strip(), sign, right.strip(), holds.strip()))
    return found


def defined(formula: str, scope: Scope) -> Scope:
    """The scope with what the formula itself says of symbols that are not known: ``…, \\quad r = z - t``."""
    for statement in statements(formula):
        if (
            statement.sign == "="
            and re.fullmatch(r"\\?[a-zA-Z]+", statement.left)
            and statement.left not in scope.names
        ):
            scope = scope.with_(**{statement.left: evaluate(statement.right, scope)})
    return scope


def check_formula(formula: str, scope: Scope, rtol: float = 1e-9) -> int:
    """Each equation of a formula holds, for every value of the letters below its left side. Returns how many numbers were compared."""
    scope, compared = defined(formula, scope), 0
    for statement in statements(formula):
        if statement.sign != "=":
            continue
        letters = tuple(letter for letter in statement.letters if letter in scope.ranges)
        for one in scope.counted(letters):
            if statement.holds and not Reader(tokens(statement.holds)).condition()(one):
                continue
            left = np.asarray(evaluate(statement.left, one))
            if statement.right.startswith(r"\pm"):
                left, right = np.abs(left), evaluate(statement.right.removeprefix(r"\pm"), one)
            else:
                right = evaluate(statement.right, one)
            size = max(float(np.abs(left).max()), 1e-3)
            np.testing.assert_allclose(
                np.broadcast_to(right, left.shape), left, rtol=rtol, atol=rtol * size,
                err_msg=f"{statement.left} = {statement.right} at {[one.names[k] for k in letters]}",
            )  # fmt: skip
            compared += left.size
    return compared


def performed(formula: str, scope: Scope) -> Scope:
    r"""The scope after the assignments ``\leftarrow`` of a formula, one after the other."""
    for statement in statements(formula):
        if statement.sign == r"\leftarrow":
            scope = scope.with_(**{statement.left: evaluate(statement.right, scope)})
    return scope
