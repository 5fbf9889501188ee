"""Proof: an exported program is run in a process of its own, and says how far its numbers are from ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from engine.errors import clipped
from engine.export.base import ExportError
from engine.io.guarded import opened

#: seconds after which a program that has not ended is ended
PATIENCE = 1800.0
#: seconds between two looks at what it has said
PAUSE = 0.05
#: bytes of what a program says that are read
MOST_BYTES = 64 << 20
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
        where: which sample or step that is, in words.
    """

    what: str
    dtype: str
    difference: float
    bound: float
    sample: int
    where: str = ""

    @property
    def agrees(self) -> bool:
        return self.difference <= self.bound  # not so for NaN

    @property
    def share(self) -> float:
        """The difference in units of its bound."""
        return self.difference / self.bound


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
        return max(self.rows, key=lambda row: (not row.agrees, row.share))


def prove(
    folder: Path, python: str = sys.executable, seen: Callable[[Row], object] = lambda row: None
) -> Proof:
    """Run the check of the program in ``folder`` in another process, without our packages.

    Of a notebook and a program in one folder, the one written last.

    Args:
        python: the interpreter.
        seen: told each row as soon as it is there.

    Raises ExportError where it does not end, or ends without saying what it found.
    """
    ways = {"network.ipynb": [python, "-c", NOTEBOOK], "check.py": [python, "check.py"]}
    there = [name for name in ways if (folder / name).exists()]
    if not there:
        raise ExportError(f"There is no exported program in {folder}. Export one into it first.")
    command = ways[max(there, key=lambda name: (folder / name).stat().st_mtime_ns)]
    return Proof(tuple(_run([*command, "--json"], folder, seen)))


#: runs the cells of a notebook as a kernel would, up to its check, and prints that as JSON, a row a line
NOTEBOOK = """
import json
with open("network.ipynb", encoding="utf-8") as file:
    cells = json.load(file)["cells"]
names = {"__name__": "__main__"}
for number, cell in enumerate(cells):
    text = "".join(cell["source"])
    if text == "main()":
        names["main"](as_json=True)
        break
    if cell["cell_type"] == "code":
        exec(compile(text, f"cell {number}", "exec"), names)
"""


def _run(command: Sequence[str], folder: Path, seen: Callable[[Row], object]) -> list[Row]:
    """What a check prints, row for row. It prints into files: nobody has to read a pipe while it is waited for."""
    rows: list[Row] = []
    with TemporaryDirectory(prefix="playground-") as place:
        paths = Path(place) / "said", Path(place) / "complained"
        process = _started(command, folder, *paths)
        try:
            with opened(paths[0], MOST_BYTES) as said:
                for line in _lines(said, process):
                    if line == len(rows):
                        return rows
                    rows.append(Row(**line))
                    seen(rows[-1])
        except _Late:
            raise ExportError(
                f"The program in {folder} has not ended after {PATIENCE:g} seconds. Prove it with fewer steps."
            ) from None
        except (ValueError, TypeError):
            pass  # it says something else
        finally:
            process.kill()
            code = process.wait()
        with opened(paths[1], MOST_BYTES) as found:
            words = found.read().decode(errors="replace").strip().splitlines() or ["nothing"]
    raise ExportError(
        f"The program in {folder} ended without a report, code {code}. It said: {clipped(words[-1], MOST_SAID)}"
    )


def _started(command: Sequence[str], folder: Path, said: Path, complained: Path) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with said.open("wb") as out, complained.open("wb") as err:
        try:
            return subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        except OSError as error:
            raise ExportError(
                f"{command[0]} cannot be run: {error.strerror or error}. Name another interpreter."
            ) from None


class _Late(Exception):
    """It has not ended in time."""


def _lines(said: IO[bytes], process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What ``process`` writes, read as JSON line by line as it comes, until it ends. Raises ValueError for what is no JSON, and _Late."""
    end, begun, ended = time.monotonic() + PATIENCE, b"", False
    while not ended:
        try:
            process.wait(PAUSE)
            ended = True
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise _Late from None
        *lines, begun = (begun + said.read()).split(b"\n")
        yield from map(json.loads, lines)
