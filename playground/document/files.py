"""Project files: versioned JSON. Reading is parse → migrate → build; writing replaces a file only once all is written."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.coach import RULES
from engine.data import Opened, Preparation, Source, sources
from engine.errors import EngineError, SpecError, clipped, shown
from engine.fit import Fit
from engine.io import network_from_dict, network_to_dict, replacing
from engine.io.guarded import read_bytes
from engine.limits import MOST_GIVEN, PROJECT_BYTES
from engine.network import Network
from engine.spec import File, Float, Spec, coerce, rounding
from playground.document.carried import is_report, letters, text_in
from playground.document.container import EXPECTED, Container, checked_version, is_container
from playground.document.project import FirstWeights, Project, checked_human_error

FORMAT = "chainrule-playground"
VERSION = 1
#: of a file that holds the project alone, as text, and of one that keeps the run as well
SUFFIX, RUN_SUFFIX = ".playground.json", ".chainrule"
#: what a container calls the project
PROJECT = "project.json"

#: version → function that turns a file's data of that version into the next one's
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


S = TypeVar("S", bound=Spec)


LAST_SEED = 2**63 - 1
#: notes on what was changed on opening that are kept
MOST_NOTES = 3

#: what a weight may be, and how many axes an array of them has at most
WEIGHT, MOST_AXES = Float(), 4


class FileError(ValueError):
    """A file cannot be opened or written; the message names it, says what is so and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(clipped(message))


def to_json(project: Project) -> str:
    """The project as text. Hand edits of weights are left out: they belong to a run, not to the plan of one."""
    data = {
        "format": FORMAT,
        "version": VERSION,
        "name": project.name,
        "seed": project.seed,
        "source": project.source.to_dict(),
        "preparation": project.preparation.to_dict(),
        "network": network_to_dict(project.network),
        "fit": project.fit.to_dict(),
    }
    if project.human_error:
        data["human_error"] = project.human_error
    if project.meant:
        data["meant"] = list(project.meant)
    if project.first_weights:
        data["weights"] = {f"{w.node_id}.{w.name}": w.values for w in project.first_weights}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str, name: str) -> Project:
    """The project that ``text`` describes. Raises FileError, calling the file ``name``."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = clipped(str(error), 120)
        raise FileError(
            f"{name} is not a project file: it is not JSON ({why}). Choose a file saved by this program; "
            "tables and pictures are opened in the Data panel."
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FileError(
            f"{name} is JSON, but not a project of this program. Choose a file saved by this program."
        )
    data = _migrated(data, name)
    try:
        seed = data.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LAST_SEED:
            raise SpecError(
                f"The seed is {shown(seed)}; expected a whole number from 0 to {LAST_SEED}. Correct it."
            )
        with rounding() as rounded:
            project = _built(data)
        return project.replace(
            seed=seed,
            first_weights=_first_weights(data.get("weights", {}), project.network),
            notes=tuple(rounded[:MOST_NOTES]),
        )
    except (EngineError, RecursionError) as error:
        why = "It is nested too deeply. Choose another." if isinstance(error, RecursionError) else str(error)
        raise FileError(f"{clipped(name, 100)} cannot be opened. {why}") from error


def _built(data: Mapping[str, Any]) -> Project:
    return Project(
        name=clipped(str(data.get("name") or "Untitled"), 100),
        source=sources.build(data.get("source")),
        preparation=_build(Preparation, data.get("preparation", {})),
        network=network_from_dict(data.get("network")),
        fit=_build(Fit, data.get("fit", {})),
        human_error=checked_human_error(data.get("human_error", 0.0)),
        meant=_meant(data.get("meant", [])),
    )


def _meant(data: Any) -> tuple[str, ...]:
    """The coach's rules that say nothing; those of a later version are not known, and nothing is lost with them."""
    if not isinstance(data, list):
        raise SpecError(
            f"What is meant so is {shown(data)}; expected a list of the coach's rules. Correct it."
        )
    return tuple(key for key in RULES if key in data)


def _build(cls: type[S], data: Any) -> S:
    if not isinstance(data, Mapping):
        raise SpecError(f"{cls.__name__} is described by {shown(data)}; expected a mapping. Correct it.")
    return cls(**coerce(cls, data))


def _first_weights(data: Any, network: Network) -> tuple[FirstWeights, ...]:
    """Given weights, ``{"node.weight": nested lists}``. Raises SpecError for a node that is not there or for what is no number."""
    if not isinstance(data, Mapping):
        raise SpecError(f"The weights are {shown(data)}; expected a mapping of names to numbers. Correct it.")
    found, left = [], MOST_GIVEN
    for key, values in data.items():
        node_id, _, name = str(key).rpartition(".")
        network[node_id]  # raises where there is no such node
        try:
            numbers = _numbers(values, MOST_AXES)
            shape = np.shape(numbers)  # raises ValueError where rows differ
        except (SpecError, ValueError):
            shape = ()
        if not shape:
            raise SpecError(
                f"The weights {shown(key)} are {shown(values)}; expected lists of finite numbers, all rows alike. Correct them."
            )
        left -= math.prod(shape)
        if left < 0:
            raise SpecError(
                f"The weights are more than {MOST_GIVEN:,} numbers; expected so many at most. Give fewer, and have the others drawn."
            )
        found.append(FirstWeights(node_id, name, numbers))
    return tuple(found)


def _numbers(values: Any, axes: int) -> Any:
    """Nested tuples of numbers. Raises SpecError for what is no number, or too large for one, and for more than ``axes`` levels."""
    if isinstance(values, list) and axes:
        return tuple(_numbers(v, axes - 1) for v in values)
    return WEIGHT.check(values)


def _migrated(data: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        version = checked_version(data.get("version"), VERSION, name)
    except EngineError as error:
        raise FileError(str(error)) from error
    while version < VERSION:
        data, version = MIGRATIONS[version](data), version + 1
    return data


def load(path: str | os.PathLike[str]) -> Project:
    """The project in a file, be it text, a container, named after it, or a report. Raises FileError.

    Data outside the file's own folder are withheld: somebody else may have written it. A caller that has asked the user uses ``edits.read_outside``.
    """
    path = Path(path)
    try:
        report = is_report(path)
        found = None if report or not is_container(path) else Container(path)
        text = text_in(path) if report else _text(path) if found is None else found.text(PROJECT)
    except EngineError as error:
        raise FileError(str(error)) from error
    project = from_json(text, path.name)
    folder = path.absolute().parent
    withheld = outside(project.source, folder)
    source = _with_paths(project.source, lambda data: str(folder / data))
    if isinstance(source, Opened):
        source = source.replace(withheld=withheld)
    notes = (*project.notes, *(found.faults if found is not None else ()))
    return project.replace(name=project.name if report else name_of(path), source=source, notes=notes)


def _text(path: Path) -> str:
    try:
        # -sig: some editors mark text so
        return read_bytes(path, PROJECT_BYTES, EXPECTED).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path.name} is not a project file: it is not text. Choose a file saved by this program."
        ) from error


def name_of(path: Path) -> str:
    """The project's name: the file's, without its ending."""
    return path.name.removesuffix(RUN_SUFFIX).removesuffix(".json").removesuffix(".playground")


def outside(source: Source, folder: Path) -> tuple[str, ...]:
    """The paths that a project file in ``folder`` names and that lead out of it, in full."""
    named = source.paths if isinstance(source, Opened) else ()
    return tuple(str(folder / path) for path in named if not _lies_in(folder, path))


def _lies_in(folder: Path, path: str) -> bool:
    """Whether ``path`` stays in or below ``folder``, links followed."""
    # By its words first: to ask for a path on another computer may tell that computer who asks.
    if not Path(os.path.normpath(folder / path)).is_relative_to(os.path.normpath(folder)):
        return False
    return Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder))


def _with_paths(source: S, moved: Callable[[Path], str]) -> S:
    """``source`` with each file or folder that it reads named anew; itself where it reads none."""
    changes = {
        p.name: moved(Path(value)) for p, value in source.values() if isinstance(p.kind, File) and value
    }
    return source.replace(**changes) if changes else source


def _portable(data: Path, folder: Path) -> str:
    """How a project file in ``folder`` names ``data``: what lies in or below that folder relative to it, so that both move together."""
    inside = data.is_relative_to(folder) and ".." not in data.parts
    return data.relative_to(folder).as_posix() if inside else str(data)


def save(project: Project, path: str | os.PathLike[str]) -> None:
    """Write ``project`` as text; a file that was there stays whole until the new one is complete. Raises FileError.

    Data files that lie beside it, or in folders beside it, are named relative to it.
    """
    path = Path(path)
    if path.suffix == RUN_SUFFIX:
        raise FileError(
            f"{path.name} is the name of a file that holds a run as well, which would be lost; expected one in {SUFFIX} for the "
            "project alone. Choose another name."
        )
    with writing(path), replacing(path) as file:
        # A name may hold bytes that were no text in the file system; their escapes are JSON's as well.
        file.write(to_json(portable(project, path)).encode("utf-8", "backslashreplace"))


def carried(project: Project, path: Path) -> str:
    """``project`` as a report at ``path`` carries it: letters, which ``load`` finds there."""
    return letters(to_json(portable(project, path)))


def portable(project: Project, path: Path) -> Project:
    """``project`` as a file at ``path`` is to name its data."""
    folder = path.absolute().parent
    return project.replace(source=_with_paths(project.source, lambda data: _portable(data, folder)))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what keeps a file from being written into a FileError."""
    try:
        yield
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and not path.parent.is_dir()
        why = f"there is no folder {clipped(str(path.parent), 60)}" if missing else error.strerror or error
        raise FileError(
            f"{path.name} cannot be written: {why}. The project is still open, and an older file is unchanged; "
            "choose another place."
        ) from error
