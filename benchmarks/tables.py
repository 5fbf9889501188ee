"""A large table as text: how long it takes to read, and how much memory, by what its numbers take.

    python -m benchmarks.tables [ROWS]

Processor time counts, as other work on the machine is none of the reader's; memory is the peak above what the process held before, by
8 bytes for each number. Each is taken in a process of its own. Needs Linux.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.memory import held
from engine.data import Preparation, prepare, source_at

COLUMNS = 9
SECONDS, TIMES = 5.0, 3.0  #: at most, for a million rows; and bytes by those of the numbers


def write(path: Path, rows: int) -> None:
    """Normally distributed numbers with all their digits."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="ascii") as file:
        file.write(",".join(f"c{i}" for i in range(COLUMNS)) + "\n")
        for start in range(0, rows, 10_000):
            block = rng.normal(size=(min(10_000, rows - start), COLUMNS)).tolist()
            file.writelines(",".join(map(repr, row)) + "\n" for row in block)


def measure(path: Path) -> tuple[float, float]:
    """Seconds of the processor, and MiB. Call it in a process that has done nothing else."""
    before = held("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    start = time.process_time()
    source = source_at(path)
    data = source.make()
    prepare(data, Preparation(**source.suited(data)))
    return time.process_time() - start, held("VmHWM") - before


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.file is not None:
        print(*measure(chosen.file))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path, chosen.rows)
        size = path.stat().st_size
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.tables", "--file", str(path)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    seconds, mebibytes = map(float, ran.stdout.split())
    times = mebibytes * 2**20 / (8 * chosen.rows * COLUMNS)
    limit = SECONDS * chosen.rows / 1e6
    good = seconds <= limit and times <= TIMES
    print(
        f"{chosen.rows:,} × {COLUMNS} ({size / 1e6:,.0f} MB): {seconds:.1f} s of the processor (limit {limit:.1f}), {mebibytes:,.0f} MiB, "
        f"{times:.1f} × the numbers (limit {TIMES:g}): {'ok' if good else 'ABOVE'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
