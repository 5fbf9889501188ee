"""The ``playground`` command. Nothing heavy is imported before it is known what is asked for."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from typer.exceptions import TyperException

from playground import __version__, app
from playground.lessons.cli import cli as lesson

if TYPE_CHECKING:
    from engine.coach import Advice, Coach
    from engine.data import Source
    from engine.export import Proof, Row
    from engine.importing import Imported
    from playground.document.project import Project
    from playground.runner.session import Session
    from playground.runs.run import Run

WRONG_USE = 2  #: exit code where what was asked for makes no sense
MOST_HINTS = 4  #: ways that a refusal names
FAILED = 1  #: exit code where training went wrong, or a proof failed

DataPath = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="What to learn from instead of the project's data: a table (.csv, .xlsx, .ods, .parquet), MNIST's files, NumPy's arrays (.npz, .npy), or a folder "
        "or .zip of pictures, a folder per class.",
    ),
]
TargetColumn = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="COLUMN",
        help="The column of a table given by --data that is to be predicted; several, separated by commas, are predicted as numbers.",
    ),
]
Reading = Annotated[
    list[str] | None,
    typer.Option(
        "--read",
        metavar="NAME=VALUE",
        help="How --data is read, such as scale=none; may be given several times.",
    ),
]
Outside = Annotated[
    bool,
    typer.Option(
        "--allow-outside",
        help="Let the project file read data outside its own folder; otherwise you are asked, or, where there is no terminal to ask at, the file is refused.",
    ),
]
Memory = Annotated[
    bool,
    typer.Option(
        "--allow-memory",
        help="Let a large network take the gigabytes it needs; otherwise you are asked, or, where there is no terminal to ask at, it is refused.",
    ),
]
What = Annotated[str, typer.Argument(metavar="EXAMPLE|FILE", help="An example's name, or a project file.")]


class ThemeName(StrEnum):
    """Values of --theme."""

    LIGHT = "light"
    DARK = "dark"


class Target(StrEnum):
    """Values of --to."""

    NUMPY = "numpy"
    PYTORCH = "pytorch"
    KERAS = "keras"
    NOTEBOOK = "notebook"
    ONNX = "onnx"


class Plan(StrEnum):
    """Values of --plan. ``AUTO``: a grid where every setting lists its values."""

    AUTO = "auto"
    GRID = "grid"
    RANDOM = "random"


class Refusal(Exception):
    """What was asked for cannot be done; the message says why in one sentence."""


cli = typer.Typer(
    name="playground",
    help="Drag a neural network together, train it live, and see every number.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Chainrule Playground {__version__}")
        raise typer.Exit


@cli.callback(epilog="playground [EXAMPLE|FILE] opens the window.")
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    pass


@cli.command("open", hidden=True)
def open_(what: Annotated[str, typer.Argument(metavar="[EXAMPLE|FILE]")] = "") -> None:
    """Open the window."""
    app.one_blas_thread()
    project, path = _project(what)
    if app.has_display():
        raise typer.Exit(app.open_window(project, path, resume=not what))
    out = Path("runs") / project.name
    typer.echo(
        f"There is no display (DISPLAY and WAYLAND_DISPLAY are unset), so {project.name} is trained without a window into {out}."
    )
    _train(_with_its_data(project, False), None, out)


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
    project, path = _project(what)
    project = _with_its_data(_with_data(project, data, read or (), target), allow_outside)
    if seed is not None:
        from playground.document import edits

        project = edits.set_seed(project, seed)
    if folds is not None:
        if resume:
            raise Refusal("--resume goes on from one run, and --folds makes several. Leave one of them out.")
        _train_folds(
            _with_its_memory(project, allow_memory), folds, epochs, out or Path("runs") / project.name
        )
        return
    run = _run(path, project) if resume else None
    _train(
        _with_its_memory(project, allow_memory), epochs, out or Path("runs") / project.name, run, keep_every
    )


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
    from playground import sweeping

    app.one_blas_thread()
    project = _with_its_data(_with_data(_project(what)[0], data, read or (), target), allow_outside)
    try:
        code = sweeping.sweep(
            _with_its_memory(project, allow_memory),
            vary,
            seeds,
            epochs,
            out,
            plan.value,
            points,
            jobs,
            scheduler,
        )
    except EngineError as error:
        raise Refusal(str(error)) from None
    if code:
        raise typer.Exit(code)


@cli.command()
def coach(
    what: What,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; by default as the project says.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a list for programs: rule, level, epoch, words, remedies.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draws first weights and order; by default the project's.")
    ] = None,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Train, and say what keeps the network from learning, or what is doubtful, in order; exit code 1 where there is a warning."""
    app.one_blas_thread()
    project, _ = _project(what)
    project = _with_its_memory(
        _with_its_data(_with_data(project, data, read or (), target), allow_outside), allow_memory
    )
    if seed is not None:
        from playground.document import edits

        project = edits.set_seed(project, seed)
    _, coach = _coached(project, epochs or project.fit.epochs)
    if as_json:
        import json

        typer.echo(json.dumps([one.to_dict() for one in coach.said], indent=1, ensure_ascii=False))
    else:
        _speak(project, coach)
    if coach.warnings:
        raise typer.Exit(FAILED)


def _when(advice: Advice) -> str:
    return (
        "before the first update" if advice.moment in ("before", "begins") else f"after epoch {advice.epoch}"
    )


def _speak(project: Project, coach: Coach) -> None:
    """All that the coach has said, for people."""
    from playground.document.project import place_in_words

    for one in coach.said:
        place = place_in_words(project, one.node_id)
        typer.echo(
            f"{one.level.capitalize()} {_when(one)}{f', {place}' if place else ''}: {one.title} ({one.rule})"
        )
        typer.echo(f"  {one.words} {one.why}")
        for remedy in one.remedies:
            typer.echo(f"  Try: {remedy.text}")
    if not coach.said:
        typer.echo("The coach has nothing to say: nothing unusual was seen.")


def _coached(
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


@cli.command()
def export(
    what: What,
    to: Annotated[Target, typer.Option(help="What the program is written for.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the program and what it reads.")],
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="Run it in a process of its own and say how far its numbers are from ours."
        ),
    ] = False,
    python: Annotated[
        str,
        typer.Option(
            metavar="PATH", help="The interpreter that proves it; by default the one that runs this."
        ),
    ] = sys.executable,
    steps: Annotated[
        int, typer.Option(min=0, help="Updates that it repeats to prove that it trains alike.")
    ] = 20,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Say what comes of it as JSON, a thing a line, for another program."),
    ] = False,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Write a program that gives the same numbers, checks itself and can be trained further; of a run in a .chainrule file, with its weights."""
    from engine import export as exports
    from engine import progress
    from engine.errors import EngineError
    from playground.runs import files

    tell: Teller = Reporter() if as_json else Console()
    app.one_blas_thread()
    project, path = _project(what)
    project = _with_its_data(_with_data(project, data, read or (), target), allow_outside)
    run = _run(path, project) if path is not None and data is None and files.holds_run(path) else None
    try:
        subject = app.subject(_with_its_memory(project, allow_memory), run)
        with progress.listening(tell.share):
            written = exports.export(subject, to.value, out, steps)
        tell.written(written, exports.notes(subject, to.value, steps))
        with app.tidied_when_ended():
            proof = exports.prove(out, python, tell.row) if prove else None
    except EngineError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(
            f"The program cannot be written to {out}: {error.strerror or error}. Choose another folder."
        ) from None
    if proof is not None:
        tell.proof(proof)
        if not proof.holds:
            raise typer.Exit(FAILED)


@cli.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A network (.onnx), or weights (.safetensors, .npz, .pt, .pth)."),
    ],
    into: Annotated[
        str,
        typer.Option(
            metavar="EXAMPLE|FILE",
            help="A project whose data it is for; weights go into its network, if they fit.",
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Where the project with the network and its weights goes."),
    ] = None,
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Make a network for weights, even if they would fit that of --into."),
    ] = False,
    cut: Annotated[
        bool, typer.Option("--cut", help="Take what stands before the first thing that cannot be read.")
    ] = False,
) -> None:
    """Read a model of another program as data, say layer by layer what was understood, and write it as a project."""
    from engine.errors import EngineError
    from playground.document import edits, files
    from playground.document import imports as reading
    from playground.document.project import Project, problems

    project = _project(into)[0] if into else Project(name=file.stem[:100] or "Imported")
    try:
        found = reading.read(file, project, propose=propose)
        _tell_parts(found)
        if found.refused and not cut:
            raise Refusal("Not everything in it can be read. Give --cut to take what stands before that.")
        made = edits.import_network(project, found.network, found.state)
    except EngineError as error:
        raise Refusal(str(error)) from None
    if out is None:
        return
    try:
        files.save(made, out)
    except files.FileError as error:
        raise Refusal(str(error)) from None
    for problem in problems(made) if into else ():
        typer.echo(f"Note: {problem.message}", err=True)
    typer.echo(f"Written: {out}")


def _tell_parts(found: Imported) -> None:
    """A line for each thing in the file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("where", "there", "here"):
        table.add_column(name)
    styles = {"understood": "", "replaced": "yellow", "refused": "bold red"}
    for part in found.parts:
        sign = {"understood": "", "replaced": "~ ", "refused": "✗ "}[part.how]
        table.add_row(*map(Text, (part.where, part.what, f"{sign}{part.words}")), style=styles[part.how])
    Console().print(table)


class Teller(Protocol):
    """Who says how an export goes."""

    def share(self, done: float) -> None: ...
    def written(self, files: Sequence[Path], notes: Sequence[str]) -> None: ...
    def row(self, row: Row) -> None: ...
    def proof(self, proof: Proof) -> None: ...


class Reporter:
    """To another program, in lines of JSON: ``{"share": 0.5}``, ``{"written": […], "notes": […]}``, ``{"row": …}``, ``{"holds": true}``."""

    def share(self, done: float) -> None:
        self._say(share=round(done, 4))

    def written(self, files: Sequence[Path], notes: Sequence[str]) -> None:
        self._say(written=[*map(str, files)], notes=[*notes])

    def row(self, row: Row) -> None:
        from dataclasses import asdict

        self._say(row=asdict(row))

    def proof(self, proof: Proof) -> None:
        self._say(holds=proof.holds)

    def _say(self, **what: object) -> None:
        import json

        typer.echo(json.dumps(what))
        sys.stdout.flush()


class Console:
    """To a person."""

    def share(self, done: float) -> None: ...

    def written(self, files: Sequence[Path], notes: Sequence[str]) -> None:
        for note in notes:
            typer.echo(f"Note: {note}", err=True)
        typer.echo(f"Written: {', '.join(map(str, files))}")

    def row(self, row: Row) -> None: ...

    def proof(self, proof: Proof) -> None:
        _tell(proof)


def _tell(proof: Proof) -> None:
    """A line for whatever was compared, and what follows."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("what", "numbers", "largest difference", "of the bound", "where"):
        table.add_column(name, justify="left" if name in ("what", "numbers") else "right")
    for row in proof.rows:
        style = None if row.agrees else "bold red"
        share = f"{row.share:.1%}"
        table.add_row(row.what, row.dtype, f"{row.difference:.2g}", share, row.where, style=style)
    Console().print(table)
    worst = proof.worst
    if not proof.holds:
        typer.echo(
            f"The program gives other numbers: {worst.what} in {worst.dtype} differs by {worst.difference:.3g}; "
            f"rounding explains {worst.bound:.3g}.",
            err=True,
        )
        return
    typer.echo(f"Proved: nothing differs by more than {worst.share:.1%} of what rounding explains.")


@cli.command()
def examples() -> None:
    """List the example projects."""
    from rich.console import Console
    from rich.table import Table

    from playground.document.examples import examples as all_examples

    table = Table(box=None, pad_edge=False)
    table.add_column("name", style="bold")
    table.add_column("what it is")
    for example in all_examples():
        table.add_row(example.key, example.sentence)
    Console().print(table)


@cli.command()
def shot(
    what: What,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the PNG goes.")],
    epochs: Annotated[int, typer.Option(min=0, help="Train so far first.")] = 0,
    size: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Of the window, in pixels.")] = "1280x720",
    theme: Annotated[ThemeName, typer.Option(help="Look of the window.")] = ThemeName.LIGHT,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
) -> None:
    """Render the real main window off screen and save it as a picture."""
    app.one_blas_thread()
    width, _, height = size.partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384
    ):
        raise Refusal(f"--size is {size!r}; expected WIDTHxHEIGHT in pixels, such as 1280x720.")
    project = _with_its_data(_with_data(_project(what)[0], data, read or (), target), allow_outside)
    session = app.train(project, epochs, lambda done: None)
    try:
        app.picture(session, out, (int(width), int(height)), theme.value)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None


def _run(path: Path | None, project: Project) -> Run:
    """The run in the file at ``path``, of ``project``."""
    from playground.document.files import FileError
    from playground.runs import files

    if path is None:
        raise Refusal("--resume goes on from a file, and an example holds no run. Give a .chainrule file.")
    try:
        return files.load_run(path, project)
    except FileError as error:
        raise Refusal(str(error)) from None


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
            session = _train(part, epochs, out / f"fold{fold + 1}")
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


def _train(
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
        session, coach = _coached(project, epochs, ending, run, aside, 60 * (minutes or 0.0))
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
        typer.echo(f"Coach, {_when(warned)}: {warned.title}. {warned.words} {warned.why}", err=True)
    typer.echo(_summary(session))
    names = ("metrics.csv", "picture.png", "weights.safetensors", "run.chainrule")
    typer.echo(f"Written: {', '.join(str(out / name) for name in names)}")
    if ending:  # what a shell expects of a program that a signal has ended
        raise typer.Exit(128 + ending[0])
    if session.state is State.DIVERGED:
        raise typer.Exit(FAILED)
    return session


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


def _project(what: str) -> tuple[Project, Path | None]:
    """The example or file called ``what`` (the default example where it is empty), and its path where it is a file."""
    import difflib

    from engine.errors import shown
    from playground.document import files
    from playground.document.examples import DEFAULT, example
    from playground.document.examples import examples as all_examples

    keys = [e.key for e in all_examples()]
    if not what or what in keys:
        return example(what or DEFAULT).project, None
    path = Path(what)
    if not os.path.lexists(path):  # False too for what cannot be a name
        near = difflib.get_close_matches(what[:100], (*keys, *COMMANDS), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Examples are {', '.join(keys)}."
        raise Refusal(f"There is no file and no example called {shown(what)}. {hint}")
    try:
        return files.load(path), path
    except files.FileError as error:
        raise Refusal(str(error)) from None


def _with_data(project: Project, path: Path | None, read: Sequence[str], target: str | None) -> Project:
    """``project`` with what is at ``path`` in place of its own data, and a last layer that fits; itself where there is no path.

    Says what was read and what was changed.

    Args:
        read: parameters of the source, as "scale=none".
        target: the column of a table that is to be predicted.
    """
    if path is None:
        if target is not None:
            raise Refusal("--target names a column of --data, and there is no --data. Add it.")
        if read:
            raise Refusal("--read says how --data is read, and there is no --data. Add it.")
        return project
    import shlex

    from engine.data import source_at
    from engine.errors import DataError, EngineError, clipped
    from playground.document import edits
    from playground.document.project import data_of

    try:
        source = source_at(path)
        if target is not None:
            if all(p.name != "targets" for p in source.params()):
                raise Refusal(
                    f"--target names a column, and --data {clipped(str(path), 100)} has none. Leave --target out, or give a table."
                )
            source = source.replace(targets=target)
        source = source.replace(**dict(_reading(source, words) for words in read))
        changed = edits.set_source(project, source)
        data = data_of(changed).raw
    except EngineError as error:
        offers = error.offers if isinstance(error, DataError) else ()
        ways = (
            " ".join(
                f"--read {shlex.quote(f'{name}={value}')}" for name, value in o.changes if value is not None
            )
            for o in offers
        )
        hints = [way for way in ways if way][:MOST_HINTS]
        hint = f" Try: {'; or '.join(hints)}" if hints else ""
        raise Refusal(f"--data {clipped(str(path), 100)} cannot be used. {error}{hint}") from None
    mended = edits.mend_output(changed)
    for note in (*(note.text for note in data.report), *edits.differences(project, mended)):
        typer.echo(note, err=True)
    return mended


def _reading(source: Source, words: str) -> tuple[str, object]:
    """A parameter of ``source`` and its value, from "name=value"."""
    import json

    from engine.spec import Bool, Float, Int

    name, is_there, value = words.partition("=")
    known = {p.name: p.kind for p in source.params()}
    if not is_there or name not in known:
        raise Refusal(
            f"--read {words!r} says nothing that is known; expected NAME=VALUE with a name of {', '.join(known)}. Correct it."
        )
    try:
        plain = json.loads(value) if isinstance(known[name], Int | Float | Bool) else value
    except ValueError:
        plain = value  # the source says what it expects
    return name, plain


def _with_its_memory(project: Project, allowed: bool) -> Project:
    """``project`` with as much memory as its network takes: where that is ``allowed``, or the user says so now."""
    from engine.problems import AllowMemory
    from playground.document import edits
    from playground.document.project import problems

    for problem in problems(project):
        for remedy in problem.remedies:
            if isinstance(remedy, AllowMemory):
                if not allowed:
                    _ask(problem.message, f"{remedy.text}?", "--allow-memory")
                return edits.mend(project, remedy)
    return project


def _ask(said: str, question: str, option: str) -> None:
    """Go on only if the user says so now. Raises Refusal, naming the ``option``, where there is no terminal to ask at."""
    if not sys.stdin.isatty():
        raise Refusal(f"{said} Give {option} if you want that.")
    if not typer.confirm(f"{said} {question}", err=True):
        raise typer.Abort


def _with_its_data(project: Project, allowed: bool) -> Project:
    """``project`` with the data outside its folder that its file names: where that is ``allowed``, or the user says so now."""
    from playground.document import edits
    from playground.document.project import withheld_in_words

    named = withheld_in_words(project)
    if not named:
        return project
    said = f"{project.name} reads data from outside its own folder: {named}."
    if allowed:
        typer.echo(said, err=True)
    else:
        _ask(said, "Read them?", "--allow-outside")
    return edits.read_outside(project)


cli.add_typer(lesson, name="lesson")

COMMANDS = (
    *(info.name or info.callback.__name__ for info in cli.registered_commands if info.callback),
    *(group.name for group in cli.registered_groups if group.name),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 where training or a proof failed, 2 where the arguments make no sense."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0] not in COMMANDS and not words[0].startswith("-")):
        words.insert(0, "open")  # `playground FILE`
    try:
        result = cli(words, prog_name="playground", standalone_mode=False)
    except TyperException as error:
        # Pydantic, which checks the values for typer, leaves its own words before ours.
        return _refuse(
            f"{error.format_message().replace('Value error, ', '').rstrip('.')}. See `playground --help`."
        )
    except Refusal as error:
        return _refuse(str(error))
    except typer.Abort:
        return 130
    return result if isinstance(result, int) else 0


def _refuse(sentence: str) -> int:
    typer.echo(f"playground: {sentence}", err=True)
    return WRONG_USE
