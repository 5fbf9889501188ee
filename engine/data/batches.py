"""In which order an epoch visits the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

# Keeps this stream apart from whatever else is drawn from the same seed, such as the initial weights.
_STREAM = 0x0E70C4


def epoch_order(n: int, seed: int, epoch: int) -> NDArray[np.intp]:
    """The order of ``n`` samples in an epoch: a permutation ``(n,)`` of 0 … n − 1.

    A pure function, so that a run can be replayed, and stepped back into any epoch, with nothing remembered.
    Raises DataError when ``n``, ``seed`` or ``epoch`` is negative.
    """
    if n < 0 or seed < 0 or epoch < 0:
        raise DataError(f"n is {n}, seed {seed}, epoch {epoch}; expected none below 0. Count from 0 upwards.")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAM, epoch)))
    return rng.permutation(n)
