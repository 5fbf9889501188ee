"""Project files: versioned JSON. Reading is parse → migrate → build; writing replaces a file only once all is written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from engine.data import Preparation, sources
from engine.errors import EngineError, SpecError
from engine.fit import Fit
from engine.io import network_from_dict, network_to_dict
from engine.spec import Spec, coerce
from playground.document.project import Project

FORMAT = "chainrule-playground"
VERSION = 1
SUFFIX = ".playground.json"

#: version → function that turns a file's data of that version into the next one's
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


S = TypeVar("S", bound=Spec)


class FileError(ValueError):
    """A file cannot be opened or written; the message names it, says what is so and what to do."""


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
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str, name: str) -> Project:
    """The project that ``text`` describes. Raises FileError, calling the file ``name``."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(
            f"{name} is not a project file: it is not JSON ({error}). Choose a file saved by this program."
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FileError(
            f"{name} is JSON, but not a project of this program. Choose a file saved by this program."
        )
    data = _migrated(data, name)
    try:
        seed = data.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise SpecError(f"The seed is {seed!r}; expected a whole number from 0. Correct it.")
        return Project(
            name=str(data.get("name") or "Untitled"),
            source=sources.build(data.get("source")),
            preparation=_build(Preparation, data.get("preparation", {})),
            network=network_from_dict(data.get("network")),
            fit=_build(Fit, data.get("fit", {})),
            seed=seed,
        )
    except EngineError as error:
        raise FileError(f"{name} cannot be opened. {error}") from error


def _build(cls: type[S], data: Any) -> S:
    if not isinstance(data, Mapping):
        raise SpecError(f"{cls.__name__} is described by {data!r}; expected a mapping. Correct it.")
    return cls(**coerce(cls, data))


def _migrated(data: dict[str, Any], name: str) -> dict[str, Any]:
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(
            f"{name} has version {version!r}; expected a whole number from 1 to {VERSION}. Correct the file."
        )
    if version > VERSION:
        raise FileError(
            f"{name} was saved by a newer program (version {version}; this one reads up to {VERSION}). Update this program."
        )
    while version < VERSION:
        data, version = MIGRATIONS[version](data), version + 1
    return data


def load(path: str | os.PathLike[str]) -> Project:
    """The project in a file, named after it. Raises FileError."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors mark text so
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path.name} is not a project file: it is not text. Choose a file saved by this program."
        ) from error
    except OSError as error:
        raise FileError(
            f"{path.name} cannot be read: {error.strerror or error}. Check the path and its permissions."
        ) from error
    return from_json(text, path.name).replace(
        name=path.name.removesuffix(".json").removesuffix(".playground")
    )


def save(project: Project, path: str | os.PathLike[str]) -> None:
    """Write ``project``; a file that was there stays whole until the new one is complete. Raises FileError."""
    path = Path(path)
    target = Path(os.path.realpath(path))  # a link stays a link
    part = target.with_name(target.name + ".part")
    try:
        # A name may hold bytes that were no text in the file system; their escapes are JSON's as well.
        with part.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(to_json(project))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise FileError(
            f"{path.name} cannot be written: {error.strerror or error}. The project is still open, and an older file is unchanged; "
            "choose another place."
        ) from error
