"""The chosen sample, in words."""

from __future__ import annotations

from engine.data import Dataset
from engine.errors import EngineError
from playground.document.project import Project, data_of
from playground.runner.messages import OWN
from playground.ui.kit.numbers import fmt

PARTS = ("validation", "train", "test")


def part_of(project: Project, part: str) -> Dataset | None:
    """The samples of a part; ``None`` where there are none."""
    try:
        data = data_of(project)
    except EngineError:
        return None
    return getattr(data, part, None)


def count_of(project: Project, part: str) -> int:
    samples = part_of(project, part)
    return 0 if samples is None else len(samples)


def present(project: Project, sample: tuple[str, int]) -> tuple[str, int]:
    """The sample itself if it exists, else one that does: the first of its part, or of the first part there is."""
    part, index = sample
    if part == OWN or index < count_of(project, part):
        return sample
    for each in (part, *PARTS):
        if count_of(project, each):
            return each, 0
    return sample


def sample_in_words(project: Project, sample: tuple[str, int]) -> tuple[str, str]:
    """Which sample it is, and what its answer is: ``("validation 3/90", "class 7")``."""
    part, index = sample
    if part == OWN:
        return "your picture", ""
    samples = part_of(project, part)
    if samples is None:
        return "", ""
    which = f"{part} {index + 1}/{len(samples)}"
    if samples.classes:
        name = samples.classes[int(samples.y[index])]
        return which, f"class {name}" if name.isdigit() else name
    if len(samples.target_shape) > 1:
        return which, "a picture"
    return (
        which,
        f"{samples.targets[0]} {fmt(float(data_of(project).transform.inverse_target(samples.y[index : index + 1])[0, 0]))}",
    )
