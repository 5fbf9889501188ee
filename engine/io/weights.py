"""Weights as safetensors files: plain tensors with names, no code inside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.io.whole import replacing


def save_weights(state: Mapping[str, NDArray[Any]], path: str | os.PathLike[str]) -> None:
    """Write a ``state_dict`` to ``path``, replacing it only once everything is written. Raises OSError."""
    from safetensors.numpy import save

    with replacing(path) as file:
        file.write(save({name: np.ascontiguousarray(array) for name, array in state.items()}))


def load_weights(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The ``state_dict`` in a safetensors file. Raises DataError when it is not one, OSError when it cannot be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(Path(path).read_bytes()))
    except SafetensorError as error:
        raise DataError(
            f"{os.fspath(path)} is not a safetensors file ({error}). Choose a file of weights saved as safetensors."
        ) from error
