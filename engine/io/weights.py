"""Weights as safetensors files: plain tensors with names, no code inside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.io.guarded import foreign, read_bytes
from engine.io.whole import replacing
from engine.limits import WEIGHTS_BYTES


def save_weights(state: Mapping[str, NDArray[Any]], path: str | os.PathLike[str]) -> None:
    """Write a ``state_dict`` to ``path``, replacing it only once everything is written. Raises OSError."""
    with replacing(path) as file:
        file.write(packed(state))


def packed(state: Mapping[str, NDArray[Any]]) -> bytes:
    """A ``state_dict`` as such a file holds it."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in state.items()})


def load_weights(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The ``state_dict`` in a safetensors file. Raises DataError when it is not one, or cannot be read."""
    from safetensors.numpy import load

    expected = "a file of weights in safetensors format, of numbers that NumPy knows"
    with foreign(path, expected):
        return dict(load(read_bytes(path, WEIGHTS_BYTES, expected)))
