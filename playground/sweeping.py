"""The command ``playground sweep``: many short runs, told of as they come in."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from playground import app

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.sweep import Ledger

#: points that the summary names
NAMED = 5
FAILED = 1  #: exit code, as of the command line


def sweep(
    project: Project,
    settings: Sequence[str],
    seeds: int,
    epochs: int | None,
    out: Path,
    plan: str,
    points: int | None,
    jobs: int | None,
    scheduler: str,
) -> int:
    """Carry it out and say what came of it; returns the exit code: 0, FAILED where no run came to a sound end, or that of a program ended by a
    signal.

    Args:
        settings: as ``runs/plan.py`` reads them.
        plan: "grid", "random" or "auto".
        points: of a quasi-random plan; ``None``: as many as are usual.
        jobs: processes; ``None``: one for each processor.

    Raises EngineError, where something in it cannot be.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from playground.runner.sweep import Ledger, Sweep, carry_out
    from playground.runs.plan import POINTS, grid, setting, spread

    asked = tuple(setting(project, words) for words in settings)
    listed = all(one.values or one.count for one in asked)
    by_grid = plan == "grid" or (plan == "auto" and listed and points is None)
    tried = grid(asked) if by_grid else spread(asked, points or POINTS)
    todo = Sweep(
        project,
        asked,
        tried,
        tuple(range(project.seed, project.seed + seeds)),
        epochs or project.fit.epochs,
    )
    ledger = Ledger(out, todo)
    done = len(ledger.results)
    if done:
        typer.echo(f"{done} of {len(set(todo.digests))} runs are done already; the sweep goes on.", err=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar, app.told_to_end() as ending:
        task = bar.add_task(project.name, total=len(set(todo.digests)), completed=done)
        try:
            carry_out(ledger, jobs or os.cpu_count() or 1, lambda _: bar.advance(task), ending, scheduler)
        finally:
            path = ledger.write_table()
    if ledger.results:
        _tell(ledger)
    typer.echo(f"Written: {path}")
    if ending:
        typer.echo(
            f"Ended by {signal.Signals(ending[0]).name}; {len(ledger.results)} of {len(set(todo.digests))} runs are kept. "
            "The same command goes on with the others.",
            err=True,
        )
        return 128 + ending[0]
    return 0 if any(one.score < float("inf") for one in ledger.results.values()) else FAILED


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
        sound = place.median < float("inf")
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
