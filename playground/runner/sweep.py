"""A sweep: the trials of a plan, computed by several processes or by a cluster, each kept in a file as soon as it is there.

A folder holds one sweep:

    sweep.json          what is tried
    trials/DIGEST.json  the result of each trial that is done
    table.csv           a row per trial

A trial's digest is of all that its numbers follow from, so that a sweep that was ended, in whatever way, goes on with what is missing.
"""

from __future__ import annotations

import csv
import io
import json
import os
import statistics
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.errors import EngineError, SpecError, clipped, counted, few, shown
from engine.io import replacing
from engine.io.guarded import read_bytes
from playground.document import files
from playground.document.paths import SEED, in_words
from playground.document.project import Project, data_of
from playground.runner.trials import carried_out, check_sum
from playground.runs.plan import MOST_TRIALS, Point, Setting, in_a_row, project_at, setting
from playground.runs.trial import ENDS, RESULT_BYTES, Result, Trial, engine_version, result

PLAN, TRIALS, TABLE = "sweep.json", "trials", "table.csv"
#: bytes of sweep.json that are read
PLAN_BYTES = 8 << 20
#: how often workers that have died are replaced, without a trial having come to its end in between
REPLACED = 3
#: seconds that a cluster may take to answer, or until it has its first worker
CLUSTER_PATIENCE = 15


class SweepError(EngineError):
    """A sweep cannot begin or go on; what is done is kept."""


@dataclass(frozen=True)
class Sweep:
    """What is tried.

    Args:
        project: to begin with.
        settings: what is varied.
        points: the values, a tuple for each point.
        seeds: every point is trained with each of them.
        epochs: passes over the data for each trial.
        search: what chooses the points as it goes, "optuna"; "" where they are there from the start.
    """

    project: Project
    settings: tuple[Setting, ...]
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    epochs: int
    search: str = ""

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """All of them, those of a point together. Raises SpecError where values cannot be together."""
        if any(one.path == SEED for one in self.settings):
            raise SpecError("The seed is varied by the number of seeds. Leave it out of the settings.")
        many = len(self.points) * len(self.seeds)
        if many > MOST_TRIALS:
            raise SpecError(
                f"The sweep has {many:,} runs; expected at most {MOST_TRIALS:,}. Try fewer values, or fewer seeds."
            )
        made = (project_at(self.project, self.settings, point) for point in self.points)
        return tuple(Trial(project, seed, self.epochs) for project in made for seed in self.seeds)

    @cached_property
    def digests(self) -> tuple[str, ...]:
        return tuple(one.digest for one in self.trials)

    def about(self) -> dict[str, Any]:
        """What must be equal for a folder to be of this sweep. Not the points: more of them can be tried later."""
        found = {
            "project": json.loads(files.to_json(self.project)),
            "settings": [one.path for one in self.settings],
            "epochs": self.epochs,
            "engine": engine_version(),
            "data": _check_sum_of(self.project),
        }
        return found | ({"search": self.search} if self.search else {})


def _check_sum_of(project: Project) -> str:
    """Of the samples: files may hold others by the time that a sweep goes on. Empty where there are none to be read."""
    try:
        made = data_of(project, wait=True).made
    except EngineError:
        return ""
    return check_sum({"x": made.x, "y": made.y})


@dataclass
class Ledger:
    """The folder of a sweep.

    Args:
        folder: is made where it is not there.
        sweep: whose it is.

    Attributes:
        results: by digest, of what is done.

    Raises SweepError where the folder holds another sweep, or cannot be used.
    """

    folder: Path
    sweep: Sweep
    results: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with _writing(self.folder):
            (self.folder / TRIALS).mkdir(parents=True, exist_ok=True)
            plan = self.folder / PLAN
            about = self.sweep.about()
            if plan.exists():
                self._check(about)
            with replacing(plan) as file:
                file.write((json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
        self._read(self.sweep.digests)

    def _read(self, digests: Sequence[str]) -> None:
        for digest in digests:
            path = self._path(digest)
            if path.exists():
                with suppress(EngineError):  # damaged: it is computed again
                    self.results[digest] = result(read_bytes(path, RESULT_BYTES))

    def _check(self, about: dict[str, Any]) -> None:
        try:
            found = json.loads(read_bytes(self.folder / PLAN, PLAN_BYTES))
        except (ValueError, RecursionError) as error:
            if isinstance(error, EngineError):
                raise SweepError(str(error)) from None
            found = None
        if found == about:
            return
        differs = [key for key in about if not isinstance(found, dict) or found.get(key) != about[key]]
        raise SweepError(
            f"{clipped(str(self.folder), 100)} holds another sweep (it differs in: {few(differs)}); expected an empty folder, or one "
            "of the same sweep, which then goes on. Choose another folder."
        )

    @cached_property
    def _known(self) -> set[str]:
        return set(self.sweep.digests)

    def grow(self, point: Point) -> None:
        """One more point is of the sweep; what is done of it is read. Raises SpecError where its values cannot be together."""
        alone = replace(self.sweep, points=(point,))
        self._known.update(alone.digests)
        self._read(alone.digests)
        self.sweep = replace(self.sweep, points=(*self.sweep.points, point))

    def _path(self, digest: str) -> Path:
        return self.folder / TRIALS / f"{digest}.json"

    @property
    def missing(self) -> list[Trial]:
        """The trials that are not done; of equal ones, one."""
        unique = dict(zip(self.sweep.digests, self.sweep.trials, strict=True))
        return [one for digest, one in unique.items() if digest not in self.results]

    def put(self, digest: str, text: str) -> Result:
        """Keep a result, which came from another process. Raises SpecError where it is none, or of no trial of the sweep."""
        if digest not in self._known:
            raise SpecError(
                f"A worker has sent a result of {shown(digest)}, which is no run of this sweep. Start it again."
            )
        found = result(text)
        with _writing(self.folder), replacing(self._path(digest), durable=False) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        self.results[digest] = found
        return found

    def write_table(self) -> Path:
        """Write table.csv, a row per trial that is done, in the order of the plan; returns its path."""
        path = self.folder / TABLE
        with _writing(self.folder), replacing(path) as file:
            file.write(table(self.sweep, self.results).encode("utf-8", "backslashreplace"))
        return path


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SweepError(
            f"Nothing can be written to {clipped(str(folder), 100)}: {error.strerror or error}. What was done is kept; make room, or choose "
            "another folder."
        ) from None


def table(sweep: Sweep, results: Mapping[str, Result]) -> str:
    """The trials that are done as CSV. Nothing in it depends on who has computed them, or when."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "trial", *(one.path for one in sweep.settings), "seed", "end", "epochs", "updates", "train_loss", "validation_loss",
            "train_metric", "validation_metric", "best_epoch", "best_loss", "best_metric", "metric", "weights", "message",
        ]
    )  # fmt: skip
    per_point = len(sweep.seeds)
    for number, digest in enumerate(sweep.digests):
        if (found := results.get(digest)) is None:
            continue
        point = sweep.points[number // per_point]
        writer.writerow(
            [
                number + 1, *map(in_words, point), sweep.trials[number].seed, ENDS[found.end], found.epoch, found.steps,
                *map(_number, found.scores), found.best[0], *map(_number, found.best[1:]), found.metric, found.weights,
                found.message,
            ]
        )  # fmt: skip
    return text.getvalue()


def _number(x: float) -> str:
    return "" if x != x else repr(x)


def carry_out(
    ledger: Ledger,
    jobs: int,
    progress: Callable[[Result], object],
    ending: Sequence[int] = (),
    scheduler: str = "",
) -> None:
    """Compute what is missing; ends early once there is something in ``ending``.

    Args:
        jobs: processes of this machine that compute.
        progress: is told of each result that has come in.
        scheduler: address of a Dask cluster, which computes in their place.

    Raises SweepError where it cannot go on. What is done by then is kept.
    """
    died = 0
    while missing := ledger.missing:
        if ending:
            return
        before = len(missing)
        try:
            with _cluster(scheduler) if scheduler else nullcontext():
                _compute(ledger, missing, jobs, progress, ending, bool(scheduler))
        except Exception as error:
            if not _is_death(error):
                raise
            died = died + 1 if len(ledger.missing) == before else 1
            if died > REPLACED:
                raise SweepError(
                    f"The processes that compute were ended {died} times without a result ({type(error).__name__}); expected them to live. "
                    "Try fewer at once (--jobs), or a smaller network: they may lack memory."
                ) from None


def _is_death(error: Exception) -> bool:
    """Whether a worker has died, from outside or for want of memory. By name: neither library need be there."""
    return type(error).__name__ in (
        "TerminatedWorkerError",
        "BrokenProcessPool",
        "KilledWorker",
        "CancelledError",
    )


def _compute(
    ledger: Ledger,
    missing: Sequence[Trial],
    jobs: int,
    progress: Callable[[Result], object],
    ending: Sequence[int],
    cluster: bool,
) -> None:
    from joblib import Parallel, delayed, parallel_config

    # One trial at a time: a worker that is ended takes no more with it. All handed over at once: joblib's own threads then have no part in it.
    sender = 0 if cluster else os.getpid()
    options = {"batch_size": 1, "pre_dispatch": "all", "return_as": "generator_unordered"}
    backend = {} if cluster else {"backend": "loky", "n_jobs": jobs, "inner_max_num_threads": 1}
    with parallel_config(**backend) if backend else nullcontext():
        found = Parallel(**options)(delayed(carried_out)(one.to_json(), sender) for one in missing)
        try:
            for digest, text in found:
                progress(ledger.put(digest, text))
                if ending:
                    return
        finally:
            with warnings.catch_warnings():  # that what has not been fetched is lost, as is meant
                warnings.simplefilter("ignore")
                found.close()


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    """A Dask cluster computes what joblib is given meanwhile. Raises SweepError where it cannot."""
    try:
        from distributed import Client
    except ImportError:
        raise SweepError(
            "A cluster needs one more package: pip install 'chainrule-playground[cluster]'. Or leave --scheduler out."
        ) from None
    from joblib import parallel_config

    try:
        client = Client(address, timeout=CLUSTER_PATIENCE, set_as_default=True)  # type: ignore[no-untyped-call, unused-ignore]
    except (OSError, ValueError, TimeoutError) as error:
        raise SweepError(
            f"The scheduler {shown(address)} does not answer ({clipped(str(error), 120)}); expected a Dask scheduler, such as "
            "tcp://127.0.0.1:8786. Start one with: dask scheduler"
        ) from None
    with client:
        _check_workers(client, address)
        with parallel_config(backend="dask", client=client):
            yield


def _check_workers(client: Any, address: str) -> None:
    """Raises SweepError unless there is a worker, and each has this engine."""
    try:
        client.wait_for_workers(1, timeout=CLUSTER_PATIENCE)
    except TimeoutError:
        raise SweepError(
            f"The cluster at {shown(address)} has no workers. Start one with: dask worker {address} --nthreads 1"
        ) from None
    try:
        versions = client.run(engine_version)
    except Exception as error:  # noqa: BLE001  whatever a worker without this program raises
        raise SweepError(
            f"A worker of {shown(address)} cannot run this program ({type(error).__name__}: {clipped(str(error), 120)}); expected "
            "Chainrule Playground there, in the same version. Install it on every worker."
        ) from None
    others = {worker: version for worker, version in versions.items() if version != engine_version()}
    if others:
        worker, version = next(iter(others.items()))
        raise SweepError(
            f"{counted(len(others), 'worker')} of the cluster cannot help: {worker} has engine {version}, and this program has "
            f"{engine_version()}, so that their numbers could differ. Install the same version there."
        )


@dataclass(frozen=True)
class Standing:
    """How a point has done, over its seeds.

    Args:
        point: its values.
        median, low, high: of the best validation loss of the seeds that came to an end.
        done, diverged: how many of its trials are done, and how many of these are worth nothing.
        pruned: how many were given up, as others were better by then.
    """

    point: Point
    median: float
    low: float
    high: float
    done: int
    diverged: int
    pruned: int = 0


def standings(sweep: Sweep, results: Mapping[str, Result]) -> list[Standing]:
    """Every point of which something is done, the best first; those with diverged runs after all others."""
    found = []
    per_point = len(sweep.seeds)
    for number, point in enumerate(sweep.points):
        digests = sweep.digests[number * per_point : (number + 1) * per_point]
        done = [results[d] for d in digests if d in results]
        scores = [one.score for one in done if one.score < float("inf")]
        if done:
            middle = statistics.median(scores) if scores else float("inf")
            ends = (min(scores), max(scores)) if scores else (float("inf"), float("inf"))
            pruned = sum(one.end == "pruned" for one in done)
            found.append(Standing(point, middle, *ends, len(done), len(done) - len(scores) - pruned, pruned))
    return sorted(found, key=lambda one: (one.diverged > 0, one.pruned > 0, one.median))


def advice(sweep: Sweep, results: Mapping[str, Result], ranked: Sequence[Standing]) -> list[str]:
    """What the standings suggest, in sentences: that the best lies at the border of what was tried, or that all have diverged."""
    sound = [one for one in ranked if one.median < float("inf")]
    if not sound:
        why = next((one.message for one in results.values() if one.message), "")
        return [f"No run has come to a sound end. {why}".rstrip()] if ranked else []
    said = []
    for one, value in zip(sweep.settings, sound[0].point, strict=True):
        if border := one.border(value):
            said.append(
                f"The best value of {one.path}, {in_words(value)}, lies at the {border} border of what was tried. Extend it there{_how(one, value)}."
            )
    pruned = sum(one.pruned for one in ranked)
    if pruned:
        said.append(f"{counted(pruned, 'run')} given up early, as others were better by then.")
    bad = sum(one.diverged for one in ranked)
    if bad:
        said.append(f"{counted(bad, 'run')} diverged or could not be trained; they are in the table.")
    return said


def extension(sweep: Sweep, results: Mapping[str, Result]) -> Sweep | None:
    """The sweep with more points, beyond the border at which the best one lies; ``None`` where it lies at none.

    The other settings keep the values of the best point.
    """
    ranked = standings(sweep, results)
    if not winner(sweep, ranked):
        return None
    best = ranked[0].point
    for i, (one, value) in enumerate(zip(sweep.settings, best, strict=True)):
        more = one.extended(value)
        if more is None:
            continue
        try:
            more = setting(sweep.project, more.words)  # raises where a value is out of what the setting takes
        except SpecError:
            continue
        points = [(*best[:i], v, *best[i + 1 :]) for v in more.listed]
        if one.values:
            wide = replace(one, values=tuple(dict.fromkeys((*one.values, *more.listed))))
        else:
            wide = replace(one, low=min(one.low, more.low), high=max(one.high, more.high))
        settings = (*sweep.settings[:i], wide, *sweep.settings[i + 1 :])
        return replace(sweep, settings=settings, points=tuple(dict.fromkeys((*sweep.points, *points))))
    return None


def _how(one: Setting, value: Any) -> str:
    more = one.extended(value)
    return "" if more is None else f": {more.words}"


def winner(sweep: Sweep, ranked: Sequence[Standing]) -> str:
    """The best point in words; "" where there is none."""
    return in_a_row(sweep.settings, ranked[0].point) if ranked and ranked[0].median < float("inf") else ""
