"""``playground report``: a run as a page or a paper to hand in, with the project inside."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from playground import app
from playground.cli.filming import print_json, stood
from playground.cli.options import DataPath, Memory, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli


@cli.command()
def report(
    what: What,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The report: a name in .html or .pdf.")],
    question: Annotated[str, typer.Option(help="What was asked; stands at its top.")] = "",
    answer: Annotated[str, typer.Option(help="What was found.")] = "",
    author: Annotated[str, typer.Option(help="Who hands it in.")] = "",
    last: Annotated[
        float | None, typer.Option(min=0, help="The epoch up to which a project without a run is trained.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder of the runs that it is compared with.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say how it goes as JSON, a thing a line, for another program.")
    ] = False,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Write a report of a run: data, network, settings, curves, answers and worst samples. Opening it in the program opens the project."""
    from engine.errors import EngineError
    from engine.io import replacing

    app.one_blas_thread()
    app.off_screen()
    ending = out.suffix.lower()
    if ending not in (".html", ".pdf"):
        raise Refusal(f"--out is {out.name}; expected a name in .html or .pdf. Add one of these.")
    project, session = stood(what, last, (data, target, read, allow_outside), allow_memory)
    from playground.document import files
    from playground.runs.kept import Kept
    from playground.ui.application import application
    from playground.ui.shell.report.content import Asked, content
    from playground.ui.shell.report.page import page
    from playground.ui.shell.report.paper import paper

    application()
    kept = Kept(runs or Path())
    if runs is not None:
        kept.read()
    try:
        with app.tidied_when_ended():
            found = content(session, Asked(author, question, answer), list(kept.entries.values()))
            inside = files.carried(project, out)
            plain = files.to_json(files.portable(project, out)).encode("utf-8", "backslashreplace")
            made = page(found, inside) if ending == ".html" else paper(found, inside, plain)
        with replacing(out) as file:
            file.write(made)
    except EngineError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None
    with suppress(BrokenPipeError):
        if as_json:
            print_json({"written": str(out), "bytes": len(made)})
        else:
            typer.echo(f"Written: {out}")
