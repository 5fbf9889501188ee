"""Weights as safetensors files: plain tensors with names, no code inside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError


def save_weights(state: Mapping[str, NDArray[Any]], path: str | os.PathLike[str]) -> None:
    """Write a ``state_dict`` to ``path``, replacing it only once everything is written. Raises OSError."""
    from safetensors.numpy import save

    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(save({name: np.ascontiguousarray(array) for name, array in state.items()}))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


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
