"""eˣ − 1 and log(1 + eˣ) as calls: NumPy's own functions are right to the last digit, but on most processors they work number by number."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.core import Array, Call, call

#: numbers from which on several fast passes over them take less time than one slow one
MANY = 1000


def expm1_calls(x: Array, y: Array) -> list[Call]:
    """Calls that write eˣ − 1 into ``y``; for negative ``x``, which is overwritten. ``x`` and ``y`` have one shape and do not overlap.

    Many float32 numbers go through 2t/(1 − t) with t = tanh(x/2), where NumPy has a vector form of tanh but none of expm1: within
    3 units in the last place.
    """
    if x.dtype != np.float32 or x.size < MANY or _in_vectors("expm1") or not _in_vectors("tanh"):
        return [call(np.expm1, x, y)]
    half, one, two = (np.array(v, x.dtype) for v in (0.5, 1.0, 2.0))
    return [
        call(np.multiply, x, half, x),
        call(np.tanh, x, x),
        call(np.subtract, one, x, y),
        call(np.divide, x, y, y),
        call(np.multiply, y, two, y),
    ]


def softplus_calls(x: Array, y: Array) -> list[Call]:
    """Calls that write log(1 + eˣ) into ``y``. ``x`` and ``y`` have one shape and do not overlap.

    Many float32 numbers go through max(x, 0) + log(1 + u) with u = e⁻ˡˣˡ, and log(1 + u) = log(w) − ((w − 1) − u)/w for w = 1 + u rounded,
    which keeps the digits that w has lost (Kahan's correction, as in N. Higham, Accuracy and Stability of Numerical Algorithms, 1.14.1):
    within 5 units in the last place.
    """
    if x.dtype != np.float32 or x.size < MANY:
        return [call(np.logaddexp, np.zeros((), x.dtype), x, y)]
    one, zeros, u, w = np.ones((), x.dtype), np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    return [
        call(np.abs, x, u),
        call(np.negative, u, u),
        call(np.exp, u, u),
        call(np.add, u, one, w),
        call(np.subtract, w, one, y),
        call(np.subtract, y, u, y),
        call(np.divide, y, w, y),
        call(np.log, w, w),
        call(np.subtract, w, y, w),
        call(np.maximum, x, zeros, out=y),
        call(np.add, y, w, y),
    ]


@cache
def _in_vectors(function: str) -> bool:
    """Whether NumPy computes a function of float32 with vector instructions on this processor."""
    current = np.lib.introspect.opt_func_info(func_name=f"^{function}$", signature="float32")
    return any("baseline" not in how["current"] for how in current.get(function, {}).values())
