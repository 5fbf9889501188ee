"""``playground export`` and ``playground import``: programs and weights for others, and from them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from playground import app
from playground.cli.inputs import project_asked_for, project_named, run_in, with_its_memory
from playground.cli.options import FAILED, DataPath, Memory, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli

if TYPE_CHECKING:
    from engine.export import Proof, Row
    from engine.importing import Imported


class Target(StrEnum):
    """Values of --to."""

    NUMPY = "numpy"
    PYTORCH = "pytorch"
    KERAS = "keras"
    NOTEBOOK = "notebook"
    ONNX = "onnx"


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
    project, path = project_asked_for(what, data, read, target, allow_outside)
    run = run_in(path, project) if path is not None and data is None and files.holds_run(path) else None
    try:
        subject = app.subject(with_its_memory(project, allow_memory), run)
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
        typer.Argument(
            metavar="FILE", help="A network (.onnx, .keras), or weights (.safetensors, .npz, .pt, .pth)."
        ),
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

    project = project_named(into)[0] if into else Project(name=file.stem[:100] or "Imported")
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
