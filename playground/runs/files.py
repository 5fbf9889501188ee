"""Project files that keep everything: the project, and the run with its weights, optimizer, random state, curves and History.

A ``.chainrule`` file is a container (see ``playground/document/container.py``) of

    manifest.json           what is inside, with check sums
    project.json            the project, as a file of its own would hold it
    thumbnail.png           a picture of it
    trained.json            the project that the run is of, where that is another: the last one that could run
    run.json                the run: counts, scores, random state, which moments there are
    curves.csv              a row per epoch
    weights.safetensors     the network's weights, named as in PyTorch
    optimizer.safetensors   what the optimizer remembers of each of them
    history.safetensors     other moments: early stopping's best one, those that History returns to
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.checkpoints import Checkpoints
from engine.core import Array
from engine.errors import EngineError, SpecError, clipped, shown
from engine.io import replacing
from engine.io.guarded import foreign
from engine.io.moments import arrays_of, layout, memory_of, plain, snapshot_of, weights_of
from engine.limits import WEIGHTS_BYTES
from engine.log import COLUMNS, LogView
from engine.snapshot import Snapshot
from playground import __version__
from playground.document import container, files
from playground.document.container import Container, Member
from playground.document.files import FileError
from playground.document.project import Project
from playground.runs.run import MARK_LETTERS, MOST_MARKS, Mark, Run

RUN, CURVES, WEIGHTS, OPTIMIZER, HISTORY = (
    "run.json", "curves.csv", "weights.safetensors", "optimizer.safetensors", "history.safetensors",
)  # fmt: skip
TRAINED, THUMBNAIL = "trained.json", "thumbnail.png"
#: of what a file keeps to return to: bytes, or so many times the present moment where that is more; moments
HISTORY_BYTES, HISTORY_TIMES, HISTORY_MOST = 8 << 20, 2, 40
#: updates that a run may have been ahead of where it stands: they are computed again, and a slider reaches so far
MOST_AHEAD = 1 << 30
#: bytes of the curves
CURVES_BYTES = 16 << 20


def save(
    project: Project,
    path: str | os.PathLike[str],
    run: Run | None = None,
    thumbnail: bytes = b"",
    about: Mapping[str, Any] = MappingProxyType({}),
    backup: bool = False,
) -> None:
    """Write ``project`` and its ``run``; a file that was there stays whole until the new one is complete. Raises FileError.

    Args:
        project: as it is to be read again.
        path: of the file.
        run: of ``project``, or of the last one before it that could run; ``None`` for none.
        thumbnail: a picture, PNG; empty for none.
        about: what the manifest says besides.
        backup: whether the file that was there stays beside it, as ``.bak``.
    """
    path = Path(path)
    with files.writing(path), replacing(path, backup=backup) as file:
        members = _members(files.portable(project, path), run, thumbnail)
        container.write(file, members, {**_about(project, run), **about})


def _about(project: Project, run: Run | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "program": __version__,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": project.name,
    }
    if run is not None:
        about |= {"epoch": run.snapshot.epoch, "step": run.snapshot.steps}
    return about


# --- writing ------------------------------------------------------------------------------------------------------------


def _members(project: Project, run: Run | None, thumbnail: bytes) -> Iterator[Member]:
    yield container.text(files.PROJECT, files.to_json(project))
    if thumbnail:
        yield Member(THUMBNAIL, lambda: thumbnail)
    if run is None:
        return
    trained = run.project.replace(source=project.source, name=project.name)  # named as in this file
    if not replace(run, project=trained).is_of(project):
        yield container.text(TRAINED, files.to_json(trained))
    where, now = run.layout, run.snapshot
    others = _others(run)
    yield container.text(RUN, json.dumps(_plain(run, others), indent=1, ensure_ascii=False) + "\n")
    yield container.text(CURVES, _curves(run.log))
    yield Member(WEIGHTS, lambda: _packed(weights_of(now.arrays, where)))
    yield Member(OPTIMIZER, lambda: _packed(memory_of(now.arrays, where)))
    if others:
        yield Member(
            HISTORY,
            lambda: _packed(
                {
                    f"{number}/{group}/{key}": array
                    for number, one in enumerate(others)
                    for group, tensors in (
                        ("weights", weights_of(one.arrays, where)),
                        ("optimizer", memory_of(one.arrays, where)),
                    )
                    for key, array in tensors.items()
                }
            ),
        )


def _others(run: Run) -> list[Snapshot]:
    """The moments to keep besides the present one: those that training may return to, and as much History as there is room for."""
    kept = Checkpoints(max(HISTORY_BYTES, HISTORY_TIMES * run.snapshot.nbytes), HISTORY_MOST)
    for one in run.moments:
        kept.add(one)
    named = [one for one in (run.best, run.sane, run.held) if one is not None]
    unique = {id(one): one for one in (*named, *kept.moments) if one is not run.snapshot}
    return sorted(unique.values(), key=lambda one: one.steps)


def _plain(run: Run, others: list[Snapshot]) -> dict[str, Any]:
    numbers = {id(one): number for number, one in enumerate(others)}
    numbers[id(run.snapshot)] = -1
    history = [numbers[id(one)] for one in run.moments if id(one) in numbers]
    return {
        "in_shape": list(run.in_shape),
        "now": plain(run.snapshot),
        "others": [plain(one) for one in others],
        "best": None if run.best is None else numbers[id(run.best)],
        "sane": None if run.sane is None else numbers[id(run.sane)],
        "held": None if run.held is None else numbers[id(run.held)],
        "history": history,
        "latest": run.latest,
        "marks": [[mark.epoch, mark.text] for mark in run.marks],
    }


def _packed(tensors: Mapping[str, Array]) -> bytes:
    from safetensors.numpy import save as packed

    return packed({name: np.asarray(array, order="C") for name, array in tensors.items()})


def _curves(log: LogView) -> str:
    text = io.StringIO()
    write_curves(log, text)
    return text.getvalue()


def write_curves(log: LogView, file: Any) -> None:
    """Write ``log`` as CSV to a text ``file``."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in log.rows.tolist():
        # Full precision, so that files of two runs can be compared; what is not known stays empty.
        writer.writerow([int(row[0]), *("" if value != value else repr(value) for value in row[1:])])


# --- reading ------------------------------------------------------------------------------------------------------------


def load_run(path: str | os.PathLike[str], project: Project) -> Run:
    """The run in a file from which ``project`` was read: of that, or of the last one before it that could run.

    Raises FileError where there is none, or it is not whole.
    """
    try:
        return _run(Container(path), project)
    except EngineError as error:
        raise FileError(str(error)) from error


def run_or_none(path: str | os.PathLike[str], project: Project) -> Run | None:
    """As ``load_run``; ``None`` where there is none, or it is not whole."""
    try:
        return load_run(path, project)
    except FileError:
        return None


def holds_run(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds a run besides the project; not where it cannot be read."""
    try:
        return container.is_container(path) and RUN in Container(path)
    except EngineError:
        return False


def trained(path: str | os.PathLike[str], project: Project) -> Project:
    """The project that the run in a file is of: ``project``, which was read from it, or the last one before that could run.

    Raises FileError.
    """
    try:
        return _trained(Container(path), project)
    except EngineError as error:
        raise FileError(str(error)) from error


def _trained(found: Container, project: Project) -> Project:
    if TRAINED not in found:
        return project
    last = files.from_json(found.text(TRAINED), TRAINED)
    return last.replace(source=project.source, name=project.name, memory=project.memory)


def is_whole(path: str | os.PathLike[str]) -> bool:
    """Whether nothing of a file that holds a run is missing; also where it is text. Not where it cannot be read."""
    try:
        return not container.is_container(path) or not Container(path).faults
    except EngineError:
        return False


def _run(found: Container, project: Project) -> Run:
    project = _trained(found, project)
    data = found.json(RUN)
    if not isinstance(data, Mapping):
        raise SpecError(f"{RUN} is {shown(data)}; expected a mapping. Use the project without it.")
    try:
        in_shape = tuple(int(n) for n in data["in_shape"])
        where = layout(project.network, in_shape)
        now = snapshot_of(data["now"], arrays_of(_tensors(found, WEIGHTS), _tensors(found, OPTIMIZER), where))
        groups = _grouped(_tensors(found, HISTORY)) if data["others"] else {}
        moments = [
            snapshot_of(
                words, arrays_of(groups[str(number), "weights"], groups[str(number), "optimizer"], where)
            )
            for number, words in enumerate(data["others"])
        ]
        for node_id in {node_id for one in (now, *moments) for node_id in one.randomness}:
            project.network[node_id]  # raises where there is no such node
        one: Callable[[Any], Snapshot | None] = partial(_one, (*moments, now))
        history = sorted(filter(None, map(one, data["history"])), key=lambda moment: moment.steps)
        return Run(
            project, in_shape, now, best=one(data["best"]), sane=one(data["sane"]), moments=tuple(history), held=one(data["held"]),
            latest=min(max(int(data["latest"]), now.steps), now.steps + MOST_AHEAD), log=_log(found), marks=_marks(data.get("marks", [])),
        )  # fmt: skip
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, csv.Error) as error:
        if isinstance(error, EngineError):
            raise
        raise SpecError(
            f"{RUN} is not as this program writes it ({type(error).__name__}: {shown(str(error))}). Use the project without it."
        ) from None


def _marks(data: Any) -> tuple[Mark, ...]:
    return tuple(Mark(float(epoch), clipped(str(text), MARK_LETTERS)) for epoch, text in data[-MOST_MARKS:])


def _one(moments: tuple[Snapshot, ...], number: Any) -> Snapshot | None:
    return None if number is None else moments[number]


def weights_in(path: str | os.PathLike[str]) -> dict[str, Array] | None:
    """The weights in a file that holds a run, by name; ``None`` where there are none, or they cannot be read."""
    try:
        return _tensors(Container(path), WEIGHTS)
    except EngineError:
        return None


def _tensors(found: Container, name: str) -> dict[str, Array]:
    from safetensors.numpy import load

    with foreign(name, "tensors in safetensors format"):
        return dict(load(found.read(name, WEIGHTS_BYTES)))


def _grouped(tensors: Mapping[str, Array]) -> dict[tuple[str, str], dict[str, Array]]:
    groups: dict[tuple[str, str], dict[str, Array]] = {}
    for name, array in tensors.items():
        number, group, key = name.split("/", 2)
        groups.setdefault((number, group), {})[key] = array
    return groups


def _log(found: Container) -> LogView:
    words = found.read(CURVES, CURVES_BYTES).decode("utf-8")
    rows = list(csv.reader(io.StringIO(words)))
    if tuple(rows[0]) != COLUMNS:
        raise SpecError(
            f"{CURVES} has the columns {shown(rows[0])}; expected {', '.join(COLUMNS)}. Use the project without it."
        )
    table = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows[1:]], float).reshape(
        -1, len(COLUMNS)
    )
    if not (np.isfinite(table[:, 0]).all() and (np.diff(table[:, 0]) >= 1).all()):
        raise SpecError(
            f"The epochs in {CURVES} do not ascend; expected one row after another. Use the project without it."
        )
    return LogView(table)
