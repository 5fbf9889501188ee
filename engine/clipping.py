"""Limits on gradients, before an update, and on weights, after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array, Call, call
from engine.registry import Registry
from engine.spec import Float, Spec, param


class Clipping(Spec):
    """Base of gradient clipping: ``bind`` returns calls that limit ``g`` in place."""

    def bind(self, g: Array, norm: Array) -> Sequence[Call]:
        """``g``: all gradients ``(n,)``; ``norm`` (0-d): the global norm before clipping, of what learns; it is there by then."""
        return ()


clippings: Registry[Clipping] = Registry("clipping", Clipping)


def norm_calls(parts: Sequence[Array], norm: Array) -> list[Call]:
    """Calls that write √Σg² over all of ``parts``, each ``(n,)``, into the 0-d ``norm``."""
    if not parts:
        return [call(norm.fill, 0)]
    one, *others = parts
    more = np.zeros_like(norm)
    sums = [c for g in others for c in (call(g.dot, g, more), call(np.add, norm, more, norm))]
    return [call(one.dot, one, norm), *sums, call(np.sqrt, norm, norm)]


@clippings.register("value", label="By value")
@dataclass(frozen=True)
class ClipValue(Clipping):
    """Cuts off every single gradient beyond a limit; this can change the direction of the step."""

    limit: float = param(
        Float(min=0.0, open_min=True, log=True), default=1.0, help="Largest size of one gradient."
    )
    formula = r"g_i \leftarrow \min(\max(g_i, -c), c)"

    def bind(self, g: Array, norm: Array) -> Sequence[Call]:
        low, high = np.array(-self.limit, g.dtype), np.array(self.limit, g.dtype)
        return [call(g.clip, low, high, g)]


@clippings.register("norm", label="By global norm")
@dataclass(frozen=True)
class ClipNorm(Clipping):
    """Shortens the whole gradient when it is too long; its direction stays. Pascanu et al. 2013."""

    max_norm: float = param(
        Float(min=0.0, open_min=True, log=True),
        default=1.0,
        help="Greatest length of the gradient.",
        label="max norm",
    )
    formula = r"g \leftarrow g \cdot \min\left(1, \frac{c}{\|g\|}\right)"

    def bind(self, g: Array, norm: Array) -> Sequence[Call]:
        limit, tiny, one = (np.array(v, g.dtype) for v in (self.max_norm, 1e-6, 1.0))
        factor = np.array(1.0, g.dtype)
        return [
            call(np.add, norm, tiny, factor),  # PyTorch's clip_grad_norm_ adds the same 1e-6
            call(np.divide, limit, factor, factor),
            call(np.minimum, factor, one, out=factor),
            call(np.multiply, g, factor, g),
        ]
