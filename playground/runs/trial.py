"""A trial: a project, a seed and a budget, as text; and what came of it. What comes of it does not depend on who computes it.

Both are JSON, so that they go to another process or machine, and nothing that comes from there is executed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import engine
from engine.errors import SpecError, clipped, shown
from engine.io.guarded import read_bytes
from engine.log import COLUMNS
from playground import __version__
from playground.document import edits, files
from playground.document.content import content_of
from playground.document.project import Project

#: bytes of a file of the engine's source
SOURCE_BYTES = 4 << 20
#: bytes of a result's text that are read
RESULT_BYTES = 64 << 20
#: rows of the curves that a result keeps: of a longer run, every second, fourth … one
MOST_ROWS = 2000
#: how a trial can end, with the words for it
ENDS = {
    "finished": "finished",
    "stopped": "stopped early",
    "diverged": "diverged",
    "refused": "cannot be trained",
    "pruned": "given up",
}


@cache
def engine_version() -> str:
    """This program's version and a check sum of the engine's source: two that are equal compute the same numbers."""
    digest, folder = hashlib.sha256(), Path(engine.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(read_bytes(path, SOURCE_BYTES).replace(b"\r\n", b"\n"))
    return f"{__version__}+{digest.hexdigest()[:12]}"


@dataclass(frozen=True)
class Trial:
    """What to train: ``project`` with ``seed``, for ``epochs`` passes."""

    project: Project
    seed: int
    epochs: int

    @property
    def seeded(self) -> Project:
        """The project as it is trained: as the command line's ``--seed`` makes it."""
        return self.project if self.seed == self.project.seed else edits.set_seed(self.project, self.seed)

    def to_json(self) -> str:
        """As text; data files are named in full."""
        data = {
            "engine": engine_version(),
            "seed": self.seed,
            "epochs": self.epochs,
            "memory": self.project.memory,
            "data": self.content,
            "project": json.loads(files.to_json(self.project)),
        }
        return json.dumps(data, ensure_ascii=False)

    @cached_property
    def content(self) -> str:
        """A check sum of the files that the data come from; "" where they come from none."""
        return content_of(self.project.source)

    @cached_property
    def digest(self) -> str:
        """Of all that its numbers follow from."""
        return hashlib.sha256(self.to_json().encode("utf-8", "backslashreplace")).hexdigest()[:16]


def trial(text: str, of_any_engine: bool = False) -> Trial:
    """The trial that ``text`` describes. Raises SpecError, also for one that was made for another version of the engine.

    ``of_any_engine``: not for that; it is to be shown, not computed.
    """
    try:
        data = json.loads(text)
        made_for, seed, epochs, memory = (
            str(data["engine"]),
            int(data["seed"]),
            int(data["epochs"]),
            int(data["memory"]),
        )
        content, described = str(data.get("data", "")), json.dumps(data["project"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SpecError(
            f"A trial is described by {shown(text)} ({type(error).__name__}); expected a project, a seed and a number of epochs."
        ) from None
    if made_for != engine_version() and not of_any_engine:
        raise SpecError(
            f"The trial is for engine {shown(made_for)}, and this worker has {engine_version()}: their numbers could differ. "
            "Install the same version on both."
        )
    try:
        made = Trial(files.from_json(described, "The trial's project").replace(memory=memory), seed, epochs)
    except files.FileError as error:
        raise SpecError(str(error)) from None
    if of_any_engine:
        vars(made)["content"] = content  # what it was about, whatever the files hold by now
    elif content and made.content and made.content != content:
        raise SpecError(
            "The data files hold something else here than where the trial was made; expected the same content, byte for byte. Copy the "
            "files anew."
        )
    return made


@dataclass(frozen=True)
class Result:
    """What came of a trial.

    Args:
        end: a key of ENDS.
        message: why it ended so; "" where it simply finished.
        epoch, steps: how far it was trained.
        metric: what the metric is called.
        rows: its curves, columns as in ``engine.log.COLUMNS``, at most MOST_ROWS.
        weights: a check sum of the network's weights at the end.
        scores: training loss, validation loss, training metric, validation metric of those weights; NaN where there is none.
        best: epoch, validation loss and validation metric of the epoch with the lowest validation loss (training, where no part is
            for validation).
        seconds: how long it took; the one thing that depends on who has computed it.
    """

    end: str
    message: str = ""
    epoch: int = 0
    steps: int = 0
    metric: str = "accuracy"
    rows: tuple[tuple[float, ...], ...] = ()
    weights: str = ""
    scores: tuple[float, float, float, float] = (math.nan,) * 4
    best: tuple[int, float, float] = (0, math.nan, math.nan)
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """By which trials are compared, small is good: the best validation loss; infinite where it is worth nothing."""
        sound = self.end in ("finished", "stopped") and not math.isnan(self.best[1])
        return self.best[1] if sound else math.inf

    def to_json(self) -> str:
        data = vars(self) | {
            "rows": [[_finite(x) for x in row] for row in self.rows],
            "scores": [_finite(x) for x in self.scores],
            "best": [_finite(x) for x in self.best],
        }
        return json.dumps(data, ensure_ascii=False)


def result(text: str | bytes) -> Result:
    """The result that ``text`` describes. Raises SpecError."""
    try:
        data = json.loads(text)
        rows = tuple(tuple(_number(x) for x in row) for row in data["rows"])
        if data["end"] not in ENDS or any(len(row) != len(COLUMNS) for row in rows):
            raise ValueError(data["end"])
        scores, best = [_number(x) for x in data["scores"]], [_number(x) for x in data["best"]]
        return Result(
            data["end"], clipped(str(data["message"])), int(data["epoch"]), int(data["steps"]), clipped(str(data["metric"]), 40),
            rows, clipped(str(data["weights"]), 64), (scores[0], scores[1], scores[2], scores[3]),
            (int(best[0]), best[1], best[2]), float(data["seconds"]),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise SpecError(
            f"A result is described by {shown(text)} ({type(error).__name__}); expected what a worker of this program writes. "
            "Compute it again."
        ) from None


def _finite(x: float) -> float | str | None:
    """JSON has no word for what is not finite."""
    return x if math.isfinite(x) else None if math.isnan(x) else str(x)


def _number(x: float | str | None) -> float:
    return math.nan if x is None else float(x)


def best_of(rows: Sequence[Sequence[float]]) -> tuple[int, float, float]:
    """Epoch, loss and metric of the row with the lowest validation loss; of the training's, where nothing is for validation.

    The first of several; epoch 0 and NaN where there is none.
    """
    loss, metric = ("validation_loss", "validation_metric")
    at = COLUMNS.index(loss)
    if all(math.isnan(row[at]) for row in rows):
        loss, metric = "train_loss", "train_metric"
        at = COLUMNS.index(loss)
    sound = [row for row in rows if math.isfinite(row[at])]
    if not sound:
        return 0, math.nan, math.nan
    best = min(sound, key=lambda row: row[at])
    return int(best[0]), best[at], best[COLUMNS.index(metric)]


def thinned(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """At most MOST_ROWS of ``rows``, the last one among them."""
    stride = -(-len(rows) // MOST_ROWS) or 1
    kept = [tuple(row) for row in rows[::stride]]
    if rows and tuple(rows[-1]) != kept[-1]:
        kept.append(tuple(rows[-1]))
    return tuple(kept)
