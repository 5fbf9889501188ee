"""``playground FILE`` and ``playground train``: training with a window and without."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground import app
from playground.cli.inputs import project_asked_for, project_named, run_in, with_its_data, with_its_memory
from playground.cli.options import FAILED, DataPath, Memory, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli

if TYPE_CHECKING:
    from engine.coach import Advice, Coach
    from playground.document.project import Project
    from playground.runner.session import Session
    from playground.runs.run import Run


@cli.command("open", hidden=True)
def open_(what: Annotated[str, typer.Argument(metavar="[EXAMPLE|FILE]")] = "") -> None:
    """Open the window."""
    app.one_blas_thread()
    project, path = project_named(what)
    if app.has_display():
        raise typer.Exit(app.open_window(project, path, resume=not what))
    out = Path("runs") / project.name
    typer.echo(
        f"There is no display (DISPLAY and WAYLAND_DISPLAY are unset), so {project.name} is trained without a window into {out}."
    )
    trained(with_its_data(project, False), None, out)


@cli.command()
def train(
    what: What,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; by default as the project says.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draws first weights and order; by default the project's.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the results; by default runs/NAME.")
    ] = None,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=100,
            help="Train so many times, each time with another fold of the samples to validate with, and say how far results agree.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on from the run in a .chainrule file, bit for bit; --epochs counts from its first.",
        ),
    ] = False,
    keep_every: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="MINUTES",
            help="Write run.chainrule every so many minutes while it trains, so that --resume can go on after a crash.",
        ),
    ] = None,
) -> None:
    """Train without a window; writes metrics.csv, picture.png, weights.safetensors and run.chainrule, from which --resume goes on."""
    app.one_blas_thread()
    project, path = project_asked_for(what, data, read, target, allow_outside)
    if seed is not None:
        from playground.document import edits

        project = edits.set_seed(project, seed)
    if folds is not None:
        if resume:
            raise Refusal("--resume goes on from one run, and --folds makes several. Leave one of them out.")
        if keep_every is not None:
            raise Refusal(
                "--keep-every puts one run aside, and --folds makes several. Leave one of them out."
            )
        _train_folds(
            with_its_memory(project, allow_memory), folds, epochs, out or Path("runs") / project.name
        )
        return
    run = run_in(path, project) if resume else None
    trained(
        with_its_memory(project, allow_memory), epochs, out or Path("runs") / project.name, run, keep_every
    )


def trained(
    project: Project, epochs: int | None, out: Path, run: Run | None = None, minutes: float | None = None
) -> Session:
    """Train with a progress bar, write the results, and say in one line how it ended; ``minutes``: between two moments put aside."""
    from playground.document.project import place_in_words, warnings
    from playground.runner.messages import State

    for warning in warnings(project):
        place = place_in_words(project, warning.node_id)
        typer.echo(f"Warning: {f'{place}: ' if place else ''}{warning.message}", err=True)
    epochs = epochs or project.fit.epochs
    aside = None if minutes is None else lambda session: _put_aside(session, out)
    with app.told_to_end() as ending:
        session, coach = coached(project, epochs, ending, run, aside, 60 * (minutes or 0.0))
    try:
        app.save_results(session, out)
    except OSError as error:
        raise Refusal(
            f"The results cannot be written to {out}: {error.strerror or error}. Choose another folder."
        ) from None
    if ending:
        typer.echo(
            f"Ended by {signal.Signals(ending[0]).name}; what was trained until then is kept.", err=True
        )
    if session.message:
        typer.echo(session.message, err=True)
    warned = next((one for one in coach.warnings if one.moment != "before" and one.rule != "diverged"), None)
    if warned is not None:
        typer.echo(f"Coach, {when(warned)}: {warned.title}. {warned.words} {warned.why}", err=True)
    typer.echo(_summary(session))
    names = ("metrics.csv", "picture.png", "weights.safetensors", "run.chainrule")
    typer.echo(f"Written: {', '.join(str(out / name) for name in names)}")
    if ending:  # what a shell expects of a program that a signal has ended
        raise typer.Exit(128 + ending[0])
    if session.state is State.DIVERGED:
        raise typer.Exit(FAILED)
    return session


def _train_folds(project: Project, folds: int, epochs: int | None, out: Path) -> None:
    """Train once for each fold, into a folder each, and say how good all were on what validated them: mean and standard deviation."""
    from statistics import fmean, stdev

    from engine.errors import EngineError
    from playground.document import edits
    from playground.document.project import data_of

    metrics, losses, name, diverged = [], [], "", False
    for fold in range(folds):
        try:
            preparation = project.preparation.replace(folds=folds, fold=fold)
            part = edits.set_preparation(project, preparation)
            if data_of(part).validation is None:
                raise Refusal(
                    "--folds needs samples to validate with, and there are none. Give some, or leave --folds out."
                )
        except EngineError as error:
            raise Refusal(f"{project.name} cannot be trained in {folds} folds. {error}") from None
        typer.echo(f"Fold {fold + 1} of {folds}")
        try:
            session = trained(part, epochs, out / f"fold{fold + 1}")
        except typer.Exit as ended:
            if ended.exit_code != FAILED:
                raise
            diverged = True  # said already; the others are worth something all the same
            continue
        frame = session.frame()
        name = frame.metric_name
        metrics.append(frame.validation_metric)
        losses.append(frame.validation_loss)
    if len(metrics) > 1:
        typer.echo(
            f"{len(metrics)} folds: validation {name} {fmean(metrics):.4f} ± {stdev(metrics):.4f} · validation loss {fmean(losses):.6g} "
            f"± {stdev(losses):.6g} (mean and standard deviation)"
        )
    if diverged:
        raise typer.Exit(FAILED)


def coached(
    project: Project,
    epochs: int,
    ending: Sequence[int] = (),
    run: Run | None = None,
    aside: Callable[[Session], object] | None = None,
    every: float = 0.0,
) -> tuple[Session, Coach]:
    """Train with a progress bar, the coach beside it; see ``app.train``. Raises Refusal for what cannot be trained."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from engine.errors import EngineError
    from playground.runner.messages import State

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeRemainingColumn(),
    )
    told: list[Coach] = []
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(project.name, total=epochs)
        try:
            progress = lambda done: bar.update(task, completed=done)
            session = app.train(project, epochs, progress, ending, run, told.append, aside, every)
        except EngineError as error:
            raise Refusal(str(error)) from None
    if session.state is State.EMPTY or not told:
        raise Refusal(f"{project.name} cannot be trained. {session.message}")
    return session, told[-1]


def when(advice: Advice) -> str:
    return (
        "before the first update" if advice.moment in ("before", "begins") else f"after epoch {advice.epoch}"
    )


def _put_aside(session: Session, out: Path) -> None:
    """Write the run as it stands; training goes on where that fails."""
    from playground.document.files import FileError
    from playground.runs import files

    try:
        out.mkdir(parents=True, exist_ok=True)
        files.save(session.project, out / "run.chainrule", session.current())
    except (OSError, FileError) as error:
        typer.echo(f"The run is not put aside: {error}", err=True)


def _summary(session: Session) -> str:
    """The metrics of a run in one line."""
    frame = session.frame()
    parts = [
        f"epoch {frame.epoch}",
        f"train loss {frame.train_loss:.6g}",
        f"validation loss {frame.validation_loss:.6g}",
    ]
    parts += [
        f"train {frame.metric_name} {frame.train_metric:.4f}",
        f"validation {frame.metric_name} {frame.validation_metric:.4f}",
    ]
    return " · ".join(part for part in parts if "nan" not in part)
