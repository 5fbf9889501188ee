"""All commands, a module for each group of them, and how the command line is run."""

from __future__ import annotations

import typer
from typer.exceptions import TyperException

# In the order in which help lists what they add.
# isort: off
from playground.cli import training, sweeping, coaching, exchange, showing, filming, reporting, lessons  # noqa: F401

# isort: on
from playground.cli.options import WRONG_USE, Refusal
from playground.cli.root import cli, commands


def run(words: list[str]) -> int:
    """Run what ``words`` ask for; returns the exit code, as of `playground.cli.main`."""
    if not words or (words[0] not in commands() and not words[0].startswith("-")):
        words.insert(0, "open")  # `playground FILE`
    try:
        if words[0] == "open" and len(words) < 3 and not words[-1].startswith("-"):
            training.open_(*words[1:])  # to have typer look at so little takes a tenth of the window's start
            return 0
        result = cli(words, prog_name="playground", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
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
