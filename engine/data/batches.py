"""In which order an epoch visits the samples."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

# Keeps this stream apart from whatever else is drawn from the same seed, such as the initial weights.
_STREAM = 0x0E70C4
#: orders drawn at a time, at most, and the indices that those may hold: setting up a generator costs more than a small permutation
TOGETHER, INDICES = 64, 1 << 18


def epoch_order(n: int, seed: int, epoch: int) -> NDArray[np.intp]:
    """The order of ``n`` samples in an epoch: a permutation ``(n,)`` of 0 … n − 1, read-only.

    A pure function, so that a run can be replayed, and stepped back into any epoch, with nothing remembered.
    Raises DataError when ``n``, ``seed`` or ``epoch`` is negative.
    """
    if n < 0 or seed < 0 or epoch < 0:
        raise DataError(f"n is {n}, seed {seed}, epoch {epoch}; expected none below 0. Count from 0 upwards.")
    together = max(1, min(TOGETHER, INDICES // max(n, 1)))
    order: NDArray[np.intp] = _orders(n, seed, epoch // together, together)[epoch % together]
    return order


@lru_cache(maxsize=2)
def _orders(n: int, seed: int, block: int, together: int) -> NDArray[np.intp]:
    """Orders ``(together, n)`` of the epochs from ``block · together`` on."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAM, block)))
    orders = rng.permuted(np.tile(np.arange(n, dtype=np.intp), (together, 1)), axis=1)
    orders.flags.writeable = False
    return orders
