"""Keras files: read within limits, and followed by the table of layers."""

from __future__ import annotations

import os

from engine.importing import keras_layers  # noqa: F401  it fills the table
from engine.importing.base import Imported
from engine.importing.keras_file import read_model
from engine.importing.keras_reading import READERS, Reading

__all__ = ["KERAS_LAYERS", "read_keras"]

#: all that are known
KERAS_LAYERS = tuple(sorted(("InputLayer", *READERS)))


def read_keras(path: str | os.PathLike[str]) -> Imported:
    """The network in a ``.keras`` file, as far as it can be read: up to the first layer that cannot be, which ``refused`` names.

    Raises DataError for what is no such file, and where h5py is not installed.
    """
    return Reading(read_model(path)).imported()
