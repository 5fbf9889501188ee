"""Every registered thing in several settings, made from the declarations alone: a new entry is tested by existing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.core import Array
from engine.data.numbers import Names, Numbers, Table
from engine.errors import ShapeError, SpecError
from engine.layers import Layer, Shape
from engine.layers import registry as layers
from engine.losses import Loss
from engine.registry import Registry
from engine.spec import (
    Bool,
    Choice,
    File,
    Flags,
    Float,
    FloatList,
    Int,
    Kind,
    Name,
    Nested,
    NestedList,
    Pair,
    Spec,
)

#: samples of these shapes are offered to every layer; each must take at least one
SHAPES: tuple[Shape, ...] = ((5,), (1,), (2, 6, 7), (1, 5, 5))
#: layers whose default fits none of these, with settings that do
FITTING: dict[str, dict[str, Any]] = {"Unflatten": {"channels": 5}}
#: settings that are read where weights are drawn and updated, not in ``bind``
NOT_COMPUTED = ("initializer", "regularizer")


def others(kind: Kind, default: Any) -> list[Any]:
    """A few legal values of ``kind`` beside the default."""
    match kind:
        case Bool():
            return [not default]
        case Choice(options=options):
            return [o for o in options if o != default]
        case Flags(options=options):
            return [options]
        case FloatList():
            return [(2.0, 0.5), (0.25, 1.5, 3.0)]
        case File():
            return ["/some/where/else", "C:\\Pictures\\träumerei 1.npz"]
        case Name():
            return ["arr_0", "x' train"]
        case Pair(words=words, sides=sides):
            return [2, (2, 3), (3, 2), 1, *words, *([(0, 1, 2, 1)] if sides else [])]
        case Int():
            return [3, 2]
        case Float():
            return [0.3]
        case Nested(registry=registry):
            return [cls() for cls in registry]
        case Table(least=least):
            row = [0.1 * i for i in range(least)]
            return [Numbers([row, row]), Numbers([[*row, 0.5], [*row, 0.25]])]
        case Names():
            return [("a",), ("a", "träumerei 1")]
        case NestedList(registry=registry):
            return [*((cls(),) for cls in registry), tuple(cls() for cls in registry)]
    raise AssertionError(f"others() does not know {kind}")


def variants(cls: type[Spec]) -> list[Spec]:
    """The default and every single change to another legal value."""
    found = [cls(), cls(**FITTING.get(cls.key, {}))]
    for p in cls.params():
        for value in others(p.kind, p.default):
            try:
                found.append(cls(**{p.name: value}))
            except SpecError:
                continue
    return list(dict.fromkeys(found))


def in_domain(loss: Loss, z: Array) -> Array:
    """``z`` where any number may be given to ``loss``; else squeezed into what may."""
    return z if math.isinf(loss.domain[0]) else 1.0 / (1.0 + np.exp(-z))


def layer_cases() -> Iterator[tuple[Layer, Shape]]:
    """Every layer in every variant on every sample shape it takes.

    What weights begin with and what keeps them small is left as it is: no layer computes anything else for it.
    """
    for cls in layers:
        for layer in variants(cls):
            if any(value != p.default for p, value in layer.values() if p.name in NOT_COMPUTED):
                continue
            for shape in SHAPES:
                inputs = (shape,) * (layer.arity or 2)
                try:
                    layer.check_inputs(*inputs)
                except ShapeError:
                    continue
                yield layer, shape


def case_id(value: Any) -> str:
    """A readable test id, the same in every process: none may hold an address (test_ids.py)."""
    if isinstance(value, Spec):
        changed = [f"{p.name}={v}" for p, v in value.values() if v != p.default]
        return f"{value.key}({', '.join(changed)})"
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Registry):
        return value.kind
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
