"""The ``playground`` command. Nothing heavy is imported before it is known what is asked for."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from playground import __version__, app

if TYPE_CHECKING:
    from engine.data import Source
    from engine.export import Proof
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
        help="What to learn from instead of the project's data: a table (.csv), MNIST's files, NumPy's arrays (.npz, .npy), or a folder "
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
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Write a program that gives the same numbers, checks itself and can be trained further; of a run in a .chainrule file, with its weights."""
    from engine import export as exports
    from engine.errors import EngineError
    from playground.runs import files

    app.one_blas_thread()
    project, path = _project(what)
    project = _with_its_data(_with_data(project, data, read or (), target), allow_outside)
    run = _run(path, project) if path is not None and data is None and files.holds_run(path) else None
    try:
        subject = app.subject(_with_its_memory(project, allow_memory), run)
        written = exports.export(subject, to.value, out, steps)
        for note in exports.notes(subject, to.value, steps):
            typer.echo(f"Note: {note}", err=True)
        typer.echo(f"Written: {', '.join(map(str, written))}")
        proof = exports.prove(out, python) if prove else None
    except EngineError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(
            f"The program cannot be written to {out}: {error.strerror or error}. Choose another folder."
        ) from None
    if proof is not None:
        _tell(proof)


def _tell(proof: Proof) -> None:
    """A line for whatever was compared, and what follows. Ends with FAILED where the proof does."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("what", "numbers", "largest difference", "of the bound", "sample"):
        table.add_column(name, justify="left" if name in ("what", "numbers") else "right")
    for row in proof.rows:
        style = None if row.agrees else "bold red"
        share = f"{row.difference / row.bound:.1%}"
        table.add_row(row.what, row.dtype, f"{row.difference:.2g}", share, str(row.sample), style=style)
    Console().print(table)
    worst = proof.worst
    if not proof.holds:
        typer.echo(
            f"The program gives other numbers: {worst.what} in {worst.dtype} differs by {worst.difference:.3g}; "
            f"rounding explains {worst.bound:.3g}.",
            err=True,
        )
        raise typer.Exit(FAILED)
    typer.echo(
        f"Proved: nothing differs by more than {worst.difference / worst.bound:.1%} of what rounding explains."
    )


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


def _train(
    project: Project, epochs: int | None, out: Path, run: Run | None = None, minutes: float | None = None
) -> None:
    """Train with a progress bar, write the results, and say in one line how it ended; ``minutes``: between two moments put aside."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from engine.errors import EngineError
    from playground.document.project import place_in_words, warnings
    from playground.runner.messages import State

    for warning in warnings(project):
        place = place_in_words(project, warning.node_id)
        typer.echo(f"Warning: {f'{place}: ' if place else ''}{warning.message}", err=True)
    epochs = epochs or project.fit.epochs
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar, app.told_to_end() as ending:
        task = bar.add_task(project.name, total=epochs)
        try:
            aside = None if minutes is None else lambda session: _put_aside(session, out)
            progress = lambda done: bar.update(task, completed=done)
            session = app.train(project, epochs, progress, ending, run, aside, 60 * (minutes or 0.0))
        except EngineError as error:
            raise Refusal(str(error)) from None
    if session.state is State.EMPTY:
        raise Refusal(f"{project.name} cannot be trained. {session.message}")
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
    typer.echo(_summary(session))
    names = ("metrics.csv", "picture.png", "weights.safetensors", "run.chainrule")
    typer.echo(f"Written: {', '.join(str(out / name) for name in names)}")
    if ending:  # what a shell expects of a program that a signal has ended
        raise typer.Exit(128 + ending[0])
    if session.state is State.DIVERGED:
        raise typer.Exit(FAILED)


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


COMMANDS = tuple(info.name or info.callback.__name__ for info in cli.registered_commands if info.callback)


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
