"""Words that all parts of the engine share: arrays and shapes, calls written down to be made again and again, parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Array = NDArray[Any]

#: round what may overflow on the way: what is not finite is looked for where it matters, and said in words. ``with`` or decorator.
unwarned = partial(np.errstate, over="ignore", invalid="ignore", divide="ignore")


class Call(NamedTuple):
    """``function(*args, **kwargs)``, to be run again and again on the same buffers."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    """Write down a call; nothing runs yet."""
    return Call(function, args, kwargs)


def run_calls(calls: Iterable[Call]) -> None:
    """Make the calls in order; ``engine.compiled.compile_calls`` makes a faster function of those that run often."""
    for c in calls:
        c.function(*c.args, **c.kwargs)


class Steps(NamedTuple):
    """What ``bind`` returns. ``backward`` reads ``dy`` and writes ``dx`` and the parameter gradients (overwriting them)."""

    forward: Sequence[Call]
    backward: Sequence[Call]


@dataclass(frozen=True)
class Parameter:
    """A learnable array as PyTorch shapes it, with the fans that initializers use.

    One with ``fan_in = 0`` is not drawn but begins as ``start`` throughout, and penalties leave it alone: biases, and the
    scales of normalizations.
    """

    shape: Shape
    fan_in: int = 0
    fan_out: int = 0
    start: float = 0.0

    @property
    def is_bias(self) -> bool:
        return self.fan_in == 0

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))
