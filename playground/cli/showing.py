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
    width, _, height = size.partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384
    ):
        raise Refusal(f"--size is {size!r}; expected WIDTHxHEIGHT in pixels, such as 1280x720.")
    project, _ = project_asked_for(what, data, read, target, allow_outside)
    session = app.train(project, epochs, lambda done: None)
    try:
        app.picture(session, out, (int(width), int(height)), theme.value)
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None
