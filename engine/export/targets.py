"""The targets there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.export import notebook_target, numpy_target, onnx_target, pytorch_target
from engine.export.base import AUGMENTED, Subject
from engine.export.evidence import DATA_BYTES, STEPS, Evidence, gather
from engine.export.numpy_words import numpy_writers
from engine.export.onnx_target import onnx_writers
from engine.export.pytorch_words import pytorch_writers

#: name → what writes the program into a folder and returns its files
TARGETS: Mapping[str, Callable[[Subject, Evidence, Path], list[Path]]] = {
    "numpy": numpy_target.write,
    "pytorch": pytorch_target.write,
    "notebook": notebook_target.write,
    "onnx": onnx_target.write,
}

#: how each class is written, in every target that has its own way
WRITERS = (numpy_writers, pytorch_writers, onnx_writers)


def export(subject: Subject, target: str, folder: Path, steps: int = STEPS) -> list[Path]:
    """Write ``subject`` as a program for ``target`` into ``folder``; returns the files.

    Args:
        steps: updates that the program repeats to check that it trains alike.

    Raises OSError, and ExportError where something cannot be written in that target.
    """
    evidence = gather(subject, 0 if target == "onnx" else steps)  # that file holds the network alone
    folder.mkdir(parents=True, exist_ok=True)
    return TARGETS[target](subject, evidence, folder)


def notes(subject: Subject) -> list[str]:
    """What does not go along, in sentences."""
    found = [AUGMENTED] if subject.fit.augmentation else []
    if subject.train.x[:1].size * 4 * len(subject.train) > DATA_BYTES:
        found.append("Of the training data only the first samples go along; put the others into data.npz.")
    return found
