"""Networks and weights of other programs, read as data: nothing in a file is run."""

from __future__ import annotations

import os
from pathlib import Path

from engine.core import Shape
from engine.errors import DataError, clipped
from engine.importing.base import How, Imported, Part
from engine.importing.states import ENDINGS, match, propose, read_state

__all__ = ["ENDINGS", "NETWORKS", "How", "Imported", "Part", "match", "propose", "read_network", "read_state"]

#: how the names of files end that hold a network, not weights alone
NETWORKS = (".onnx", ".keras")


def read_network(path: str | os.PathLike[str], in_shape: Shape | None = None) -> Imported:
    """The network in a file, or one that is proposed for the weights in it.

    ``in_shape``: of the samples it may be meant for, where the file does not say. Raises DataError.
    """
    ending = Path(path).suffix.lower()
    if ending == ".onnx":
        from engine.importing.onnx_reader import read_onnx

        return read_onnx(path)
    if ending == ".keras":
        from engine.importing.keras_reader import read_keras

        return read_keras(path)
    if ending in ENDINGS:
        return propose(read_state(path), in_shape)
    raise DataError(
        f"{clipped(Path(path).name, 80)} is no model that is known; expected one in {', '.join((*NETWORKS, *ENDINGS))}. Choose another."
    )
