"""Small expressions over what a learner has: ``metric.validation.loss < 0.05 and network.units <= 8``.

They are parsed by Python's own parser and walked here: names, numbers, comparison, arithmetic, and / or / not, and functions of constants.
No attribute of an object is ever looked up and nothing is evaluated as Python: a lesson of a stranger can ask, not do.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.errors import UnknownName, shown
from playground.lessons.errors import LessonError
from playground.lessons.names import NAMES, Name, Seen, Value

if TYPE_CHECKING:
    from playground.runner.live import Want

#: letters and parts of an expression, letters of a text in it
MOST_LETTERS, MOST_PARTS, MOST_TEXT = 400, 80, 80

_COMPARED: Mapping[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("≤", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: ("≥", operator.ge),
    ast.Eq: ("=", operator.eq),
    ast.NotEq: ("≠", operator.ne),
}
_COMPUTED: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.Div: "/"}


@dataclass(frozen=True)
class Condition:
    """One of the things that a goal asks for, as it stands now.

    Args:
        label: what is looked at, "validation loss".
        now: its value, ``None`` while it is not known.
        sign, asked: what it is compared with; "" and ``None`` where the value itself says yes or no.
        met: whether it is so.
    """

    label: str
    now: Value
    sign: str
    asked: Value
    met: bool


@dataclass(frozen=True)
class Expression:
    """``text``, parsed. Raises LessonError, naming what is wrong in it."""

    text: str

    def __post_init__(self) -> None:
        for node in ast.walk(self._tree):
            self._check(node)
        for node in self._named:
            if isinstance(node, ast.Call):
                self._called(node)
            else:
                self._name(node, called=False)

    @cached_property
    def _tree(self) -> ast.expr:
        if len(self.text) > MOST_LETTERS:
            raise self._wrong(f"it has {len(self.text):,} letters", f"at most {MOST_LETTERS}")
        try:
            tree = ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._wrong(
                "it cannot be read", "comparisons such as metric.validation.loss < 0.05, joined by and"
            ) from None
        if sum(1 for _ in ast.walk(tree)) > MOST_PARTS:
            raise self._wrong("it is too long", f"at most {MOST_PARTS} parts")
        return tree

    def _wrong(self, what: str, expected: str) -> LessonError:
        return LessonError(f"In {shown(self.text)} {what}; expected {expected}. Correct it in the lesson.")

    def _check(self, node: ast.AST) -> None:
        """Refuse whatever is not one of the few kinds of parts."""
        match node:
            case ast.BoolOp() | ast.And() | ast.Or() | ast.Not() | ast.USub() | ast.Load():
                pass
            case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.Compare():
                pass
            case ast.BinOp(op=op) if type(op) in _COMPUTED:
                pass
            case ast.operator() if type(node) in _COMPUTED:
                pass
            case ast.cmpop() if type(node) in _COMPARED:
                pass
            case ast.Constant(value=bool() | int() | float()):
                pass
            case ast.Constant(value=str(text)) if len(text) <= MOST_TEXT:
                pass
            case ast.Name() | ast.Attribute() | ast.Call(func=ast.Name() | ast.Attribute(), keywords=[]):
                pass  # see ``_named``
            case _:
                raise self._wrong(
                    f"{type(node).__name__} stands", "names, numbers, comparison, and, or, not, + − * /"
                )

    def _dotted(self, node: ast.AST) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise self._wrong("a dot follows what is no name", "names such as network.units")
        return ".".join([node.id, *reversed(parts)])

    def _name(self, node: ast.AST, called: bool) -> Name:
        dotted = self._dotted(node)
        found = NAMES.get(dotted)
        if found is None:
            raise LessonError(str(UnknownName("value", dotted, tuple(NAMES))))
        if bool(found.arguments) != called:
            how = f"{dotted}({', '.join(found.arguments)})" if found.arguments else dotted
            raise self._wrong(f"{dotted!r} is used in another way", how)
        return found

    def _called(self, node: ast.Call) -> tuple[Name, tuple[Any, ...]]:
        found = self._name(node.func, called=True)
        values = []
        for argument in node.args:
            match argument:
                case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
                    values.append(value)
                case _:
                    raise self._wrong(
                        f"{found.key} is given what is no constant", "texts in quotes and whole numbers"
                    )
        if not found.accepts(len(values)):
            raise self._wrong(
                f"{found.key} is given {len(values)} values", f"{found.key}({', '.join(found.arguments)})"
            )
        return found, tuple(values)

    @property
    def _named(self) -> Iterator[ast.expr]:
        """The parts that name a value, none of them within another."""

        def within(node: ast.AST) -> Iterator[ast.expr]:
            if isinstance(node, ast.Name | ast.Attribute | ast.Call):
                yield node
                return
            for child in ast.iter_child_nodes(node):
                yield from within(child)

        return within(self._tree)

    @property
    def wants(self) -> frozenset[Want[Any]]:
        """What a frame must answer before it can be known."""
        found: set[Want[Any]] = set()
        for node in self._named:
            if isinstance(node, ast.Call):
                name, values = self._called(node)
                found.update(name.wants(*values))
        return frozenset(found)

    def value(self, seen: Seen) -> Value:
        """What it is now; ``None`` where that is not known yet."""
        return self._value(self._tree, seen)

    def conditions(self, seen: Seen) -> tuple[Condition, ...]:
        """The parts that ``and`` joins, each as it stands now; all of them met is the goal reached."""
        parts = (
            self._tree.values
            if isinstance(self._tree, ast.BoolOp) and isinstance(self._tree.op, ast.And)
            else [self._tree]
        )
        return tuple(self._condition(part, seen) for part in parts)

    def _condition(self, node: ast.expr, seen: Seen) -> Condition:
        met = bool(self._value(node, seen))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            sign = _COMPARED[type(node.ops[0])][0]
            asked = self._value(node.comparators[0], seen)
            return Condition(self._label(node.left, seen), self._value(node.left, seen), sign, asked, met)
        return Condition(self._label(node, seen), self._value(node, seen), "", None, met)

    def _label(self, node: ast.expr, seen: Seen) -> str:
        if isinstance(node, ast.Name | ast.Attribute):
            return self._name(node, called=False).label
        if isinstance(node, ast.Call):
            name, values = self._called(node)
            return name.said(seen, *values)
        if isinstance(node, ast.BinOp):
            sides = (self._label(side, seen) for side in (node.left, node.right))
            return f" {_SIGNS[type(node.op)]} ".join(sides)
        return ast.unparse(node)

    def _value(self, node: ast.expr, seen: Seen) -> Value:
        match node:
            case ast.Constant(value=value):
                return value  # type: ignore[return-value]  # checked above
            case ast.Name() | ast.Attribute():
                return self._name(node, called=False).value(seen)
            case ast.Call():
                name, values = self._called(node)
                return name.value(seen, *values)
            case ast.BoolOp(op=ast.And(), values=values):
                return all(bool(self._value(v, seen)) for v in values)
            case ast.BoolOp(values=values):
                return any(bool(self._value(v, seen)) for v in values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self._value(operand, seen)
                return None if found is None else not found
            case ast.UnaryOp(operand=operand):
                return _computed(operator.sub, 0, self._value(operand, seen))
            case ast.BinOp(left=left, op=op, right=right):
                return _computed(_COMPUTED[type(op)], self._value(left, seen), self._value(right, seen))
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self._value(one, seen) for one in (left, *others)]
                return all(
                    _holds(_COMPARED[type(op)][1], a, b)
                    for op, a, b in zip(ops, sides, sides[1:], strict=False)
                )
        raise AssertionError(node)  # _check has seen every part


def _computed(compute: Callable[[float, float], float], a: Value, b: Value) -> float | None:
    if not (isinstance(a, int | float) and isinstance(b, int | float)):
        return None
    try:
        return compute(a, b)
    except (ZeroDivisionError, OverflowError):
        return None


def _holds(compare: Callable[[Any, Any], bool], a: Value, b: Value) -> bool:
    if a is None or b is None or isinstance(a, str) != isinstance(b, str):
        return False
    if any(isinstance(one, float) and math.isnan(one) for one in (a, b)):
        return False
    return compare(a, b)
