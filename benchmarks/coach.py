"""What the coach finds: projects with a fault each, and healthy ones, each with several seeds.

    python -m benchmarks.coach [--seeds N] [--only WORD] [--tuned]

A fault is found where its own rule is the first to warn (of a fault that is only worth a hint: the first to speak) within 20 epochs.
Precision of a rule: how many of the runs in which it was the first to warn have the fault that it names. Recall: in how many of the
runs with that fault it was. Ten of the faults were kept apart while thresholds were chosen; they are counted by themselves. Every
warning on an example, trained as long as it says (at most 60 epochs), is a false alarm. What is printed depends on no clock.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from engine.coach import RULES, Advice, Coach
from playground import app
from playground.document.project import Project
from tests.coach.zoo import EPOCHS, ZOO, Fault, healthy, with_seed

SEEDS = 5
#: epochs that an example is followed for, at most
LONGEST = 60
#: examples whose epochs take long, and how far these are followed, with how many seeds
LARGE = {
    "lenet5": (12, 2),
    "alexnet-small": (10, 2),
    "resnet-small": (10, 2),
    "tutorial-mnist": (20, 3),
    "notes-cnn": (20, 3),
}


def coached(project: Project, epochs: int) -> tuple[Advice, ...]:
    """All that the coach says of a run, in order."""
    told: list[Coach] = []
    session = app.train(project, epochs, lambda done: None, coached=told.append)
    if session.trainer is None or not told:
        raise SystemExit(f"{project.name} cannot be trained: {session.message}")
    return told[-1].said


def first(fault: Fault, said: tuple[Advice, ...]) -> Advice | None:
    """What was said first of a fault, of its level."""
    heard = [one for one in said if fault.level == "hint" or one.level == "warning"]
    return heard[0] if heard else None


def faults(seeds: int, only: str, tuned: bool) -> Iterator[tuple[Fault, list[Advice | None]]]:
    """Each fault with what was said first of it, once for each seed."""
    with tempfile.TemporaryDirectory() as folder:
        for fault in ZOO:
            if only in fault.name and not (tuned and fault.apart):
                made = fault.make(Path(folder))
                yield fault, [first(fault, coached(with_seed(made, seed), EPOCHS)) for seed in range(seeds)]


def false_alarms(seeds: int, only: str) -> Iterator[tuple[str, int, list[Advice]]]:
    """Each example, how many runs of it were made, and the warnings in them."""
    for key, project in healthy():
        if only in key:
            epochs, most = LARGE.get(key, (LONGEST, seeds))
            runs = [
                coached(with_seed(project, project.seed + s), min(epochs, project.fit.epochs))
                for s in range(min(seeds, most))
            ]
            yield key, len(runs), [one for said in runs for one in said if one.level == "warning"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of each project")
    parser.add_argument("--only", default="", metavar="WORD", help="only projects whose name contains it")
    parser.add_argument(
        "--tuned", action="store_true", help="without the faults that were kept apart, and without examples"
    )
    options = parser.parse_args()
    app.one_blas_thread()
    spoke, right, runs = Counter[str](), Counter[str](), Counter[str]()
    counts: dict[bool, list[int]] = defaultdict(lambda: [0, 0])
    print(f"{'fault':44} {'its rule':26} {'first':>7}   what else was first")
    for fault, heard in faults(options.seeds, options.only, options.tuned):
        names = [None if one is None else one.rule for one in heard]
        hits = sum(name in fault.rules for name in names)
        others = Counter(name or "(silent)" for name in names if name not in fault.rules)
        mark = " *" if fault.apart else ""
        print(
            f"{fault.name + mark:44} {fault.rules[0]:26} {hits:3}/{len(names):<3}   {', '.join(f'{k} {n}×' for k, n in others.items())}",
            flush=True,
        )
        counts[fault.apart][0] += hits
        counts[fault.apart][1] += len(names)
        for name in names:
            # Where two rules name a fault, it counts as the first's.
            own = fault.rules[0] if name in fault.rules else name
            runs[fault.rules[0]] += 1
            spoke[own or ""] += own is not None
            right[fault.rules[0]] += name in fault.rules
    print(f"\n{'rule':26} {'precision':>10} {'recall':>8} {'runs':>6}")
    for key in RULES:
        if runs[key] or spoke[key]:
            precision = f"{right[key] / spoke[key]:.2f}" if spoke[key] else "–"
            recall = f"{right[key] / runs[key]:.2f}" if runs[key] else "–"
            print(f"{key:26} {precision:>10} {recall:>8} {runs[key]:>6}")
    for apart, words in ((False, "tuned on"), (True, "kept apart (*)")):
        hits, total = counts[apart]
        if total:
            print(f"{words:16} {hits}/{total} = {hits / total:.1%} found first by their own rule")
    if options.tuned:
        return 0
    alarms = total = 0
    for key, made, warnings in false_alarms(options.seeds, options.only):
        total += made
        alarms += len(warnings)
        for one in warnings:
            print(f"false alarm on {key}: {one.rule} after epoch {one.epoch}: {one.words}")
    print(f"healthy          {alarms} warnings in {total} runs of the examples")
    hits, made = (sum(column) for column in zip(*counts.values(), strict=True)) if counts else (0, 0)
    return int(alarms > 0 or hits < 0.95 * made)


if __name__ == "__main__":
    sys.exit(main())
