"""The targets there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.export import keras_target, notebook_target, numpy_target, onnx_target, pytorch_target
from engine.export.base import AUGMENTED, Outline, Subject
from engine.export.evidence import STEPS, Evidence, carried, gather
from engine.export.folder import check_free, write
from engine.export.lines import Line
from engine.export.numpy_words import numpy_writers
from engine.export.onnx_target import onnx_writers
from engine.export.pytorch_words import pytorch_writers


@dataclass(frozen=True)
class Target:
    """What a network can be written for.

    Args:
        label: its name, for people.
        program: the files that say what is computed, by name. Raises ExportError where something cannot be written.
        data: what makes each of the files that these read, by name.
        sentence: what one gets.
        needs: the packages beside NumPy that run it.
        trains: whether the program trains; otherwise it holds the network alone.
        script: network and training in one program that runs alone, line by line; ``None`` where there is no such text.
    """

    label: str
    program: Callable[[Subject], Mapping[str, bytes]]
    data: Mapping[str, Callable[[Subject, Evidence], bytes]]
    sentence: str
    needs: tuple[str, ...] = ()
    trains: bool = True
    script: Callable[[Outline], tuple[Line, ...]] | None = None


TARGETS: Mapping[str, Target] = {
    "numpy": Target(
        "NumPy",
        numpy_target.program,
        numpy_target.READS,
        "Layers, losses and optimizers written out; imports NumPy alone.",
        script=numpy_target.script,
    ),
    "pytorch": Target(
        "PyTorch",
        pytorch_target.program,
        pytorch_target.READS,
        "A module and a training script, with the weights as safetensors.",
        ("torch", "safetensors"),
        script=pytorch_target.script,
    ),
    "keras": Target(
        "Keras",
        keras_target.program,
        keras_target.READS,
        "The network in Keras 3, channels last, with its weights; continued by compile and fit.",
        ("keras",),
        trains=False,
        script=keras_target.script,
    ),
    "notebook": Target(
        "Notebook",
        notebook_target.program,
        numpy_target.READS,
        "The NumPy program in cells of a Jupyter notebook.",
    ),
    "onnx": Target(
        "ONNX",
        onnx_target.program,
        onnx_target.READS,
        "The network in inference, as one file for other programs.",
        ("onnx",),
        trains=False,
    ),
}

#: how each class is written, in every target that has its own way
WRITERS = (numpy_writers, pytorch_writers, onnx_writers)


def export(
    subject: Subject, target: str, folder: Path, steps: int = STEPS, evidence: Evidence | None = None
) -> list[Path]:
    """Write ``subject`` as a program for ``target`` into ``folder``, all of it or nothing; returns the files.

    Only files that an export to that target has written, and nobody has changed since, are replaced.

    Args:
        steps: updates that the program repeats to check that it trains alike.
        evidence: what ``gather`` gives, where it is there already.

    Raises OSError, and ExportError where something cannot be written in that target, or would replace another file.
    """
    how = TARGETS[target]
    program = how.program(subject)  # what cannot be written is known before anything is trained
    check_free(folder, target, (*program, *how.data))
    evidence = evidence or gather(subject, steps if how.trains else 0)
    data = {name: make(subject, evidence) for name, make in how.data.items()}
    return write(folder, target, {**program, **data})


def notes(subject: Subject, target: str, steps: int = STEPS) -> list[str]:
    """What a program that trains does not take along, in sentences; the arguments are those of ``export``."""
    if not TARGETS[target].trains:
        return []
    found = [AUGMENTED] if subject.fit.augmentation else []
    for name, data in (("training", subject.train), ("validation", subject.validation)):
        if data is not None and (count := carried(data, subject, steps)) < len(data):
            found.append(
                f"Of the {len(data):,} {name} samples the first {count:,} go along; put the others into data.npz."
            )
    return found
