"""The ``playground`` command. Nothing heavy is imported before it is known what is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from playground import app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 where training or a proof failed, 2 where the arguments make no sense."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words and app.has_display():
        app.one_blas_thread()
        from playground.document.examples import DEFAULT, example

        return app.open_window(example(DEFAULT).project, resume=True)
    # To have typer read so little takes a tenth of the window's start.
    from playground.cli.commands import run

    return run(words)
