"""The ``playground`` command itself, to which the modules beside this one add theirs."""

from __future__ import annotations

from typing import Annotated

import typer

from playground import __version__

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


def commands() -> tuple[str, ...]:
    """What all commands are called."""
    return (
        *(info.name or info.callback.__name__ for info in cli.registered_commands if info.callback),
        *(group.name for group in cli.registered_groups if group.name),
    )
