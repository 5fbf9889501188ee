"""What commands of the command line have in common: options, exit codes, and how they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WRONG_USE = 2  #: exit code where what was asked for makes no sense
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


class Refusal(Exception):
    """What was asked for cannot be done; the message says why in one sentence."""
