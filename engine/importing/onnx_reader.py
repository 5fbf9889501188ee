"""ONNX files: read within limits, and followed by the table of operators."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import DataError, clipped
from engine.importing import onnx_operators, onnx_pictures  # noqa: F401  they fill the table
from engine.importing.base import Imported
from engine.importing.onnx_file import EXPECTED, READERS, Reading, check
from engine.io.guarded import foreign, read_bytes
from engine.limits import WEIGHTS_BYTES

__all__ = ["OPERATORS", "read_onnx"]

#: all that are known
OPERATORS = tuple(sorted(READERS))


def read_onnx(path: str | os.PathLike[str]) -> Imported:
    """The network in a file, as far as it can be read: up to the first operator that cannot be, which ``refused`` names.

    Raises DataError for what is no such file, or has no network of this kind, and where onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise DataError(
            "To read ONNX files needs one more package: pip install 'chainrule-playground[export]'. Install it, or take the weights as "
            ".safetensors."
        ) from error
    with foreign(path, EXPECTED):
        model = onnx.ModelProto()
        model.ParseFromString(read_bytes(path, WEIGHTS_BYTES, EXPECTED))
        check(model, clipped(Path(path).name, 80))
        return Reading(model).imported()
