"""Proof: an exported program is run in a process of its own, and says how far its numbers are from ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import clipped
from engine.export.base import ExportError

#: seconds after which a program that has not ended is ended
PATIENCE = 1800.0
#: of what a program said before it failed, so many letters are repeated
MOST_SAID = 300


@dataclass(frozen=True)
class Row:
    """One thing that was compared.

    Args:
        what: "layer 0", "the first 20 losses".
        dtype: the type of numbers the program computed in.
        difference: the largest, relative to its bound; its size.
        bound: what rounding explains there.
        sample: of the inputs in check.npz; of losses, the step.
    """

    what: str
    dtype: str
    difference: float
    bound: float
    sample: int

    @property
    def agrees(self) -> bool:
        return self.difference <= self.bound  # not so for NaN


@dataclass(frozen=True)
class Proof:
    """What came of it, layer by layer in the order of the network, then the losses."""

    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        return bool(self.rows) and all(row.agrees for row in self.rows)

    @property
    def worst(self) -> Row:
        """What is nearest to its bound, or furthest beyond."""
        return max(self.rows, key=lambda row: (not row.agrees, row.difference / row.bound))


def prove(folder: Path, python: str = sys.executable) -> Proof:
    """Run the check of the program in ``folder`` in another process, without our packages; ``python``: the interpreter.

    Of a notebook and a program in one folder, the one written last.

    Raises ExportError where it does not end, or ends without saying what it found.
    """
    ways = {"network.ipynb": [python, "-c", NOTEBOOK], "check.py": [python, "check.py"]}
    there = [name for name in ways if (folder / name).exists()]
    if not there:
        raise ExportError(f"There is no exported program in {folder}. Export one into it first.")
    command = ways[max(there, key=lambda name: (folder / name).stat().st_mtime_ns)]
    return Proof(tuple(_run([*command, "--json"], folder)))


#: runs the cells of a notebook as a kernel would, up to its check, and prints that as JSON
NOTEBOOK = """
import json
with open("network.ipynb", encoding="utf-8") as file:
    cells = json.load(file)["cells"]
names = {"__name__": "__main__"}
for number, cell in enumerate(cells):
    text = "".join(cell["source"])
    if text == "main()":
        print(json.dumps(list(names["report"]())))
        break
    if cell["cell_type"] == "code":
        exec(compile(text, f"cell {number}", "exec"), names)
"""


def _run(command: Sequence[str], folder: Path) -> list[Row]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"The program in {folder} has not ended after {PATIENCE:g} seconds. Prove it with fewer steps."
        ) from None
    except OSError as error:
        raise ExportError(
            f"{command[0]} cannot be run: {error.strerror or error}. Name another interpreter."
        ) from None
    try:
        return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]
    except (ValueError, IndexError, TypeError):
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ExportError(
            f"The program in {folder} ended without a report, code {done.returncode}. It said: {clipped(said, MOST_SAID)}"
        ) from None
