"""The most memory that training steps take, ours and PyTorch's, each in a fresh process of its own.

    python -m benchmarks.memory [WORK ...]

What counts is the peak while a model is made and takes three steps, above what the process held with everything imported and the
batch in memory; and that by the number of parameters. What our engine puts aside on the disk (the way back of a large network) is not
in it. The networks are those of ``benchmarks.engine``, and a dense one of 34 M parameters with two optimizers; the small ones are left
out, as a few hundred kilobytes drown in what an interpreter allocates anyway. Needs Linux, which says how much memory a process has
held at most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.engine import STEPS, dense, ours, pytorch
from engine import Model

LIMIT = 1.1  #: how many times PyTorch's ours may be
SMALLEST = 8.0  #: MiB; below, a ratio says nothing

#: name → network, sample shape, batch, classes, optimizer
WORKS: dict[str, tuple[Any, ...]] = {name: (*row[:4], "SGD") for name, *row in STEPS} | {
    f"dense 34 M, batch 8, {how}": (dense(4096, 4096), (4096,), 8, 4096, how) for how in ("SGD", "Adam")
}


def held(which: str) -> float:
    """MiB of this process: "VmRSS" now, "VmHWM" at most since the last reset."""
    line = next(text for text in Path("/proc/self/status").read_text().splitlines() if text.startswith(which))
    return int(line.split()[1]) / 1024


def peak(who: str, name: str) -> float:
    """MiB that three steps of the work ``name`` take. Call it in a process that has done nothing else."""
    network, shape, batch, classes, how = WORKS[name]
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    before = held("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    if who == "ours":
        ours(network, shape, batch, classes, 4, how)(0.0)
    else:
        step = pytorch(network, shape, batch, classes, how)
        for _ in range(3):
            step()
    return held("VmHWM") - before


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", nargs="*", help="only rows whose name contains one of these")
    parser.add_argument("--who", choices=("ours", "torch"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.who:
        print(peak(chosen.who, chosen.work[0]))
        return 0
    met = True
    for name, (network, shape, *_) in WORKS.items():
        if chosen.work and not any(w.lower() in name.lower() for w in chosen.work):
            continue
        mine, theirs = (
            float(
                subprocess.run(
                    [sys.executable, "-m", "benchmarks.memory", name, "--who", who],
                    check=True, capture_output=True, text=True,
                ).stdout
            )
            for who in ("ours", "torch")
        )  # fmt: skip
        if max(mine, theirs) < SMALLEST:
            continue
        good = mine <= LIMIT * theirs
        met &= good
        verdict = "ok" if good else "ABOVE"
        each = 2**20 / len(Model(network, shape).store.values)
        print(
            f"{name:38} ours {mine:8,.0f} MiB  torch {theirs:8,.0f} MiB  {mine / theirs:5.2f}×  (limit {LIMIT:g}: {verdict})   "
            f"{mine * each:,.1f} and {theirs * each:,.1f} bytes per parameter",
            flush=True,
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
