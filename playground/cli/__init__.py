"""The ``playground`` command, a module for each group of commands. Nothing heavy is imported before it is known what is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

# In the order in which help lists what they add.
# isort: off
from playground.cli import training, sweeping, coaching, exchange, showing, lessons  # noqa: F401

# isort: on
from playground.cli.options import WRONG_USE, Refusal
from playground.cli.root import cli, commands

__all__ = ["cli", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 where training or a proof failed, 2 where the arguments make no sense."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0] not in commands() and not words[0].startswith("-")):
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
