"""``playground examples`` and ``playground shot``: what there is, and a picture of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from playground import app
from playground.cli.inputs import project_asked_for
from playground.cli.options import DataPath, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli


class ThemeName(StrEnum):
    """Values of --theme."""

    LIGHT = "light"
    DARK = "dark"


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
    room = size_of(size)
    project, _ = project_asked_for(what, data, read, target, allow_outside)
    session = app.train(project, epochs, lambda done: None)
    try:
        app.picture(session, out, room, theme.value)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None


class Detail(StrEnum):
    """Values of --detail."""

    MAPS = "maps"
    ALL = "all"
    BOXES = "boxes"


@cli.command()
def figure(
    what: What,
    out: Annotated[
        Path,
        typer.Option(
            dir_okay=False,
            help="The figure: a name in .svg, .tex (TikZ), .pdf or .png; formulas in one that ends in -formulas.tex.",
        ),
    ],
    detail: Annotated[
        Detail, typer.Option(help="Feature maps and units, every layer, or names and shapes alone.")
    ] = Detail.MAPS,
    width: Annotated[
        float | None, typer.Option(min=10, max=2000, help="In millimetres, such as 85 for a paper's column.")
    ] = None,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
) -> None:
    """Draw the network as textbooks do, or write its formulas in LaTeX."""
    from engine.errors import EngineError
    from engine.io import replacing
    from engine.textbook import figure as drawn
    from engine.textbook import formulas
    from playground.document.project import data_of

    project, _ = project_asked_for(what, data, read, target, allow_outside)
    ending = out.suffix.lower()
    if ending not in (".svg", ".tex", ".pdf", ".png"):
        raise Refusal(f"--out is {out.name}; expected a name in .svg, .tex, .pdf or .png. Add one of these.")
    try:
        drawing = drawn(project.network, data_of(project, wait=True).in_shape, detail.value, project.name)
        if ending == ".tex":
            formulas_alone = out.stem.endswith("-formulas")
            made = (
                formulas(project.network, project.fit, project.name)
                if formulas_alone
                else drawing.tikz(width)
            ).encode()
        elif ending == ".svg":
            made = drawing.svg(width).encode()
        else:
            made = app.drawn(
                drawing.svg(),
                drawing.width if width is None else width,
                ending.removeprefix("."),
                project.name,
            )
        with replacing(out) as file:
            file.write(made)
    except EngineError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None
    typer.echo(f"Written: {out}")


def size_of(words: str) -> tuple[int, int]:
    """Width and height in pixels, from "1280x720"."""
    width, _, height = words.partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384
    ):
        raise Refusal(f"--size is {words!r}; expected WIDTHxHEIGHT in pixels, such as 1280x720.")
    return int(width), int(height)
