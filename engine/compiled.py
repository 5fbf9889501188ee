"""Functions that make many calls, one after the other, generated as Python code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.core import Array, Call, call


class _Source:
    """Generated code: straight lines, as a loop over the calls would cost a tiny network 6 to 15 % of its speed."""

    def __init__(self, arguments: Mapping[str, Array | None]) -> None:
        #: name of an argument → the array that it takes the place of, wherever a call names that
        self._arguments = arguments
        self._constants: dict[int, tuple[str, Any]] = {}

    def lines(self, calls: Iterable[Call], indent: int) -> str:
        """A line for each call. Strings among its arguments stand for the function's own ``arguments``."""
        found = []
        for c in calls:
            inside = [self.name(a) for a in c.args]
            inside += [f"{key}={self.name(value)}" for key, value in c.kwargs.items()]
            found.append(f"{' ' * indent}{self.name(c.function)}({', '.join(inside)})")
        return "\n".join(found) or f"{' ' * indent}pass"

    def name(self, value: Any) -> str:
        if isinstance(value, str) and value in self._arguments:
            return value
        for name, array in self._arguments.items():
            if array is not None and value is array:
                return name
            if array is not None and getattr(value, "__self__", None) is array:
                return f"{name}.{value.__name__}"
        return self._constants.setdefault(id(value), (f"v{len(self._constants)}", value))[0]

    def function(self, arguments: str, body: str) -> Callable[..., Any]:
        names = ", ".join(n for n, _ in self._constants.values())
        source = (
            f"def make(values):\n    [{names}] = values\n    def run({arguments}):\n{body}\n    return run\n"
        )
        scope: dict[str, Any] = {}
        exec(compile(source, "<program>", "exec"), scope)
        run: Callable[..., Any] = scope["make"]([value for _, value in self._constants.values()])
        return run


def compile_calls(calls: Iterable[Call], arguments: tuple[str, ...] = ()) -> Callable[..., None]:
    """One function that makes all ``calls`` in order. Strings among a call's arguments stand for the function's own ``arguments``."""
    source = _Source(dict.fromkeys(arguments))
    return source.function(", ".join(arguments), source.lines(calls, 8))


def compile_steps(
    x: Array, t: Array, forward: Sequence[Call], value: Array, backward: Sequence[Call]
) -> Callable[[Sequence[tuple[Array, Array]]], tuple[int, float]]:
    """One function that makes training steps, each with a batch: ``forward``, which writes ``value``, then ``backward``.

    It stops before the ``backward`` of a value that is not finite: that must not reach the weights. It returns how many steps it has
    made, and the last value.

    Args:
        x, t: the buffers from which the calls read a batch. The function is given the batches as a sequence of pairs of arrays like
            them. These take their place where every call names the whole buffer; else they are copied into it.
    """
    calls = [*forward, *backward]
    buffers = {"x": x, "t": t}
    direct = {name: buffer if _named_whole(buffer, calls) else None for name, buffer in buffers.items()}
    load = [call(np.copyto, buffers[name], name) for name, buffer in direct.items() if buffer is None]
    source = _Source(direct)
    item = source.name(value.item)
    body = f"""\
        count, value = 0, 0.0
        for x, t in batches:
{source.lines([*load, *forward], 12)}
            value = {item}()
            if value - value != 0.0:  # inf - inf and nan are not 0
                break
{source.lines(backward, 12)}
            count += 1
        return count, value"""
    return source.function("batches", body)


def _named_whole(buffer: Array, calls: Iterable[Call]) -> bool:
    """Whether calls name ``buffer``, and none reads or writes it through another array, such as a view of it.

    Where no call names it, one may know it all the same: a program in parts loads from it inside its own functions.
    """
    named = [
        a
        for c in calls
        for a in (*c.args, *c.kwargs.values(), getattr(c.function, "__self__", None))
        if isinstance(a, np.ndarray) and np.may_share_memory(a, buffer)
    ]
    return bool(named) and all(a is buffer for a in named)
