"""``playground sweep``: many short runs, told of as they come in."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground import app
from playground.cli.inputs import project_asked_for, with_its_memory
from playground.cli.options import FAILED, DataPath, Memory, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.sweep import Ledger, Sweep

#: points that the summary names
NAMED = 5


class Searcher(StrEnum):
    """Values of --search."""

    OPTUNA = "optuna"


class Plan(StrEnum):
    """Values of --plan. ``AUTO``: a grid where every setting lists its values."""

    AUTO = "auto"
    GRID = "grid"
    RANDOM = "random"


@cli.command()
def sweep(
    what: What,
    vary: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="PATH=VALUES",
            help="What to vary, such as fit.optimizer.lr=log:1e-4..1, linear1.out_features=4,8,16 or fit.optimizer=SGD,Adam; may be "
            "given several times.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the table; the same command goes on there.")
    ],
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Runs of each point, with seeds from the project's on.")
    ] = 1,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; by default as the project says.")
    ] = None,
    plan: Annotated[
        Plan, typer.Option(help="grid: each value with each other; random: spread evenly over ranges.")
    ] = Plan.AUTO,
    points: Annotated[
        int | None, typer.Option(min=1, help="How many points a random plan has; 20 by default.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes at once; by default one for each processor.")
    ] = None,
    search: Annotated[
        Searcher | None,
        typer.Option(
            help="optuna: choose each point by what came of those before it (extra: sweep); --points says how many."
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option(help="While searching, give up runs that fall behind the others.")
    ] = True,
    budget: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="MINUTES", help="End after so long; the same command goes on."),
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            metavar="tcp://HOST:PORT", help="A Dask cluster computes, in the place of this machine."
        ),
    ] = "",
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Train many times with other settings and seeds; writes table.csv, a row per run, and goes on where it was ended."""
    from engine.errors import EngineError
    from playground.runner.sweep import Ledger, carry_out

    if search and scheduler:
        raise Refusal("--search runs on this machine alone. Leave --scheduler or --search out.")
    if search and plan != Plan.AUTO:
        raise Refusal("--plan says the points beforehand, and --search chooses them. Leave one of them out.")
    app.one_blas_thread()
    project, _ = project_asked_for(what, data, read, target, allow_outside)
    project = with_its_memory(project, allow_memory)
    count = jobs or os.cpu_count() or 1
    try:
        planned = _planned(project, vary, seeds, epochs, plan, points)
        if search:
            from playground.runner.search import Search
            from playground.runs.plan import POINTS

            wanted, found = points or POINTS, Search(out, planned, prune)
            _estimate(project, planned, (wanted - found.done) * len(planned.seeds), count, most=True)
            work = lambda progress, ending: found.carry_out(wanted, count, progress, ending)
            code = _carry_out(found.ledger, work, found.done, wanted, "points", budget)
        else:
            ledger = Ledger(out, planned)
            if not scheduler:
                _estimate(project, planned, len(ledger.missing), count)
            work = lambda progress, ending: carry_out(ledger, count, progress, ending, scheduler)
            total = len(set(planned.digests))
            code = _carry_out(ledger, work, len(ledger.results), total, "runs", budget)
    except EngineError as error:
        raise Refusal(str(error)) from None
    if code:
        raise typer.Exit(code)


def _planned(
    project: Project, settings: Sequence[str], seeds: int, epochs: int | None, plan: Plan, points: int | None
) -> Sweep:
    """What is to be tried. Raises EngineError, where something in it cannot be.

    Args:
        settings: as ``runs/plan.py`` reads them.
        points: of a quasi-random plan; ``None``: as many as are usual.
    """
    from playground.runner.sweep import Sweep
    from playground.runs.plan import POINTS, grid, setting, spread

    asked = tuple(setting(project, words) for words in settings)
    listed = all(one.values or one.count for one in asked)
    by_grid = plan == Plan.GRID or (plan == Plan.AUTO and listed and points is None)
    tried = grid(asked) if by_grid else spread(asked, points or POINTS)
    return Sweep(
        project, asked, tried, tuple(range(project.seed, project.seed + seeds)), epochs or project.fit.epochs
    )


def _estimate(project: Project, planned: Sweep, runs: int, jobs: int, most: bool = False) -> None:
    """Say how long it will take, by training for a moment; ``most``: some runs will be shorter."""
    from playground.runner.trials import seconds_per_epoch

    each = seconds_per_epoch(project)
    if runs <= 0 or each is None:
        return
    seconds = each * planned.epochs * runs / min(jobs, runs, os.cpu_count() or 1)
    said = (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
    bound = "at most about" if most else "about"
    typer.echo(
        f"{runs:,} runs of {planned.epochs:,} epochs, {jobs} at once: {bound} {said}, as the present project trains.",
        err=True,
    )


#: does what is missing: told of progress, and given what says that it is to end
Work = Callable[[Callable[[object], object], Sequence[int]], object]


def _carry_out(ledger: Ledger, work: Work, done: int, total: int, what: str, budget: float | None) -> int:
    """Compute what is missing and say what came of it.

    Returns the exit code: 0, FAILED where no run came to a sound end, or that of a program ended by a signal. Raises EngineError.

    Args:
        done, total: how many of ``what`` there are already, and will be.
        budget: minutes after which it ends.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if done:
        typer.echo(f"{done} of {total} {what} are done already; the sweep goes on.", err=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar, app.told_to_end() as ending:
        task = bar.add_task(ledger.sweep.project.name, total=total, completed=done)
        began, over = perf_counter(), list[int]()
        stops = _Either(ending, over)

        def progress(_: object) -> None:
            bar.advance(task)
            if budget is not None and perf_counter() - began >= 60 * budget:
                over.append(0)

        try:
            work(progress, stops)
        finally:
            path = ledger.write_table()
    if ledger.results:
        _tell(ledger)
    typer.echo(f"Written: {path}")
    if over and not ending:
        typer.echo(
            f"The {budget:g} minutes are over. The same command goes on with what is missing.", err=True
        )
    if ending:
        typer.echo(
            f"Ended by {signal.Signals(ending[0]).name}; {len(ledger.results)} runs are kept. The same command goes on "
            "with what is missing.",
            err=True,
        )
        return 128 + ending[0]
    return 0 if any(one.score < float("inf") for one in ledger.results.values()) else FAILED


class _Either(Sequence[int]):
    """What is in one of two lists that grow."""

    def __init__(self, *lists: Sequence[int]) -> None:
        self._lists = lists

    def __len__(self) -> int:
        return sum(map(len, self._lists))

    def __getitem__(self, index: Any) -> Any:
        return [one for some in self._lists for one in some][index]


def _tell(ledger: Ledger) -> None:
    """The best points in a table, and what follows."""
    from rich.console import Console
    from rich.table import Table

    from playground.document.paths import in_words
    from playground.runner.sweep import advice, standings

    ranked = standings(ledger.sweep, ledger.results)
    table = Table(box=None, pad_edge=False)
    for one in ledger.sweep.settings:
        table.add_column(one.path, style="bold")
    for name in ("best loss, median", "range", "runs", "failed"):
        table.add_column(name, justify="right")
    for place in ranked[:NAMED]:
        sound = place.median < float("inf") and not place.pruned
        table.add_row(
            *map(in_words, place.point),
            f"{place.median:.4g}" if sound else "–",
            f"{place.low:.4g}–{place.high:.4g}" if sound else "–",
            str(place.done),
            str(place.diverged),
        )
    Console().print(table)
    for sentence in advice(ledger.sweep, ledger.results, ranked):
        typer.echo(sentence)
