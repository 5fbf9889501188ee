"""Runs of the lab: each a trial that was trained to its end, kept with its weights, to be compared, opened and thrown away.

A folder holds of each

    ID.json         the trial, its result, when it was made, and what the person has noted
    ID.chainrule    the project with the run: weights, optimizer, curves
    ID.surface.npy  of data with two features, what the network gives over the plane; float32 (outputs, n, n)

Where ID is the trial's digest: the same trial has one place, whoever has trained it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.core import Array
from engine.errors import EngineError, clipped
from engine.io import replacing
from engine.io.guarded import foreign, opened, read_bytes
from playground.document import files
from playground.document.change import diff
from playground.document.files import RUN_SUFFIX
from playground.document.project import Project
from playground.runs.trial import ENDS, RESULT_BYTES, Result, Trial, result, trial

#: letters of a note, entries that are read (the newest), bytes of a surface
NOTE_LETTERS, MOST_ENTRIES, SURFACE_BYTES = 200, 500, 64 << 20
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class Entry:
    """A run of the lab.

    Args:
        key: its trial's digest.
        trial, result: what was trained, and what came of it.
        made: when.
        note, star: the person's.
        by_time: it got as much time as the runs beside it, whatever epochs it made in it.
    """

    key: str
    trial: Trial
    result: Result
    made: datetime
    note: str = ""
    star: bool = False
    by_time: bool = False

    @property
    def group(self) -> Project:
        """What runs that differ in nothing but the seed have in common."""
        return self.trial.project.replace(seed=0, name="", weight_edits=())


def differs(entry: Entry, current: Project) -> str:
    """What differs from ``current``, in words; the seed is left to a column of its own."""
    words = diff(current.replace(seed=0), entry.trial.project.replace(seed=0)).words
    return words or "as it is now"


def folder_of(root: Path, project: Project, path: Path | None) -> Path:
    """Where in ``root`` the runs of a project lie: of its file ``path``, or of its name where it has none."""
    whose = f"name {project.name}" if path is None else f"file {path.absolute()}"
    return root / hashlib.sha256(whose.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Kept:
    """The runs in ``folder``, which is made with the first one; newest last.

    Files of the program's own; one that is damaged is passed over. One of an older engine is kept and shown as it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}

    def read(self) -> None:
        """Take in what lies there."""
        with suppress(OSError):
            paths = [path for path in self.folder.glob("*.json") if _ID.fullmatch(path.stem)]
            paths.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for path in paths[:MOST_ENTRIES]:
                self.take(path.stem)
        self.entries = dict(sorted(self.entries.items(), key=lambda item: item[1].made))

    def take(self, key: str) -> Entry | None:
        """The entry ``key`` as it lies in the folder now, which is in ``entries`` then; ``None`` where it cannot be read."""
        try:
            data = json.loads(read_bytes(self.folder / f"{key}.json", RESULT_BYTES))
            found = Entry(
                key,
                trial(json.dumps(data["trial"]), of_any_engine=True),
                result(json.dumps(data["result"])),
                datetime.fromisoformat(str(data["made"])).astimezone(UTC),
                clipped(str(data.get("note", "")), NOTE_LETTERS),
                data.get("star") is True,
                data.get("by_time") is True,
            )
        except (EngineError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None
        self.entries[key] = found
        return found

    def put(self, entry: Entry) -> None:
        """Write ``entry``, in the place of an older one. Raises FileError."""
        path = self.folder / f"{entry.key}.json"
        data = {
            "trial": json.loads(entry.trial.to_json()),
            "result": json.loads(entry.result.to_json()),
            "made": entry.made.isoformat(timespec="microseconds"),
            "note": entry.note,
            "star": entry.star,
            "by_time": entry.by_time,
        }
        with files.writing(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(path, durable=False) as file:
                file.write(json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        self.entries[entry.key] = entry

    def annotate(self, key: str, note: str | None = None, star: bool | None = None) -> None:
        """Change what the person has noted. Raises FileError."""
        entry = self.entries[key]
        note = entry.note if note is None else clipped(note.strip(), NOTE_LETTERS)
        self.put(replace(entry, note=note, star=entry.star if star is None else star))

    def delete(self, keys: Sequence[str]) -> None:
        """Throw runs away, files and all."""
        for key in keys:
            self.entries.pop(key, None)
            for path in (self.folder / f"{key}.json", self.run_file(key), self.surface_file(key)):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def run_file(self, key: str) -> Path:
        return self.folder / f"{key}{RUN_SUFFIX}"

    def surface_file(self, key: str) -> Path:
        return self.folder / f"{key}.surface.npy"

    def surface(self, key: str) -> Array | None:
        """What the network of a run gives over the plane, ``(outputs, n, n)``; ``None`` where that is not known."""
        path = self.surface_file(key)
        if not path.exists():
            return None
        try:
            with opened(path, SURFACE_BYTES) as file, foreign(path):
                found: Array = np.load(file, allow_pickle=False)
        except EngineError:
            return None
        return found if found.ndim == 3 and found.dtype == np.float32 else None


def write_surface(path: Path, values: Array) -> None:
    """Write a surface as ``Kept.surface`` reads it."""
    with replacing(path, durable=False) as file:
        np.save(file, np.ascontiguousarray(values, np.float32), allow_pickle=False)


def table(entries: Sequence[Entry], current: Project) -> str:
    """Runs as CSV, a row for each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["what differs", "seed", "end", "epochs", "best_epoch", "best_loss", "best_metric", "train_loss", "validation_loss",
         "train_metric", "validation_metric", "metric", "seconds", "made", "star", "note", "weights"]
    )  # fmt: skip
    for entry in entries:
        found = entry.result
        numbers = [("" if math.isnan(x) else repr(x)) for x in (*found.best[1:], *found.scores)]
        writer.writerow(
            [differs(entry, current), entry.trial.seed, ENDS[found.end], found.epoch, found.best[0], *numbers, found.metric,
             f"{found.seconds:.3f}", entry.made.isoformat(), "yes" if entry.star else "", entry.note, found.weights]
        )  # fmt: skip
    return text.getvalue()
