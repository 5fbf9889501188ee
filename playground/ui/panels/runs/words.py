"""What came of runs beside each other, in words. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from engine.coach.picture import Picture, bars
from engine.errors import counted
from playground.runner.race import RaceView
from playground.runner.sweep import Sweep, advice, standings, winner
from playground.runs.fair import unlike
from playground.runs.kept import Entry, differs
from playground.runs.luck import LEAST, luck
from playground.runs.trial import Result, Trial
from playground.ui.kit.numbers import fmt


def parting(view: RaceView) -> str:
    """The first step at which A and B part; "" where there are not two."""
    if len(view.lanes) < 2:
        return ""
    if view.parted is None:
        return "Until now both have the same numbers. "
    if view.parted == 0:
        return "They differ from the start: first weights or layers are others. "
    return f"The first step at which they part is update {view.parted:,}. "


def verdict(first: Sequence[Entry], second: Sequence[Entry]) -> str:
    """Which of two groups of runs, alike in each but for the seed, is better."""
    a, b = ({entry.trial.seed: entry.result for entry in group} for group in (first, second))
    shared = sorted(a.keys() & b.keys())
    if not shared:
        return "The chosen runs have no seed in common, so that they cannot be compared fairly."
    what = differs(second[0], first[0].trial.project)
    scores = [a[seed].score for seed in shared], [b[seed].score for seed in shared]
    why = unlike(first[0].trial.project, second[0].trial.project)
    if why:
        means = f"A {fmean(scores[0]):.4g}, B {fmean(scores[1]):.4g}"
        return (
            f"B has {what}. {why}, so that the best validation losses do not tell which is better ({means})."
        )
    if len(shared) > 1:
        return f"B has {what}. {luck(*scores, 'best validation loss').words}"
    return f"B has {what}. {one_pair(scores[0][0], scores[1][0])}"


def not_comparable(chosen: Sequence[Entry]) -> str:
    """Why none of several runs can be said to be the better; "" where one can, or there is only one."""
    for other in chosen[1:]:
        if why := unlike(chosen[0].trial.project, other.trial.project):
            return f"{why}, so that their losses do not tell which is better. Choose the one run that you want, and keep that."
    return ""


def apart_picture(apart: Sequence[tuple[str, float]]) -> Picture | None:
    """How far the weights of B are from those of A, layer by layer; ``None`` where that is not known."""
    return bars("‖B − A‖ / ‖A‖ of the weights", dict(apart)) if apart else None


def one_run(entry: Entry) -> str:
    """How a run went that has none beside it."""
    found = entry.result
    if math.isinf(found.score):
        return f"It came to no sound end. {found.message}".strip()
    return (
        f"Trained for {counted(found.epoch, 'epoch')}: best loss {fmt(found.best[1], 4)}, after epoch {found.best[0]:,}. Change one "
        "thing, then press Run beside to compare."
    )


def one_pair(a: float, b: float) -> str:
    """Of two losses alone, infinite for what is no sound end."""
    if math.isinf(a) or math.isinf(b):
        gone = " and ".join(letter for letter, x in (("A", a), ("B", b)) if math.isinf(x))
        return f"{gone} came to no sound end."
    if a == b:
        return f"Both reach the same best validation loss, {fmt(a, 4)}."
    better, low, high = ("B", b, a) if b < a else ("A", a, b)
    return (
        f"{better} is better: best validation loss {fmt(low, 4)} against {fmt(high, 4)}. "
        f"One seed may be luck: press {LEAST} seeds."
    )


def missing(sweep: Sweep, results: Mapping[str, Result]) -> tuple[Trial, ...]:
    """The trials of a sweep that are not done; of equal ones, one."""
    unique = dict(zip(sweep.digests, sweep.trials, strict=True))
    return tuple(one for digest, one in unique.items() if digest not in results)


def tried(sweep: Sweep, results: Mapping[str, Result]) -> str:
    """Which of several values is best, and what follows."""
    ranked = standings(sweep, results)
    if not winner(sweep, ranked):
        return " ".join(advice(sweep, results, ranked))
    seeds = f", median of {counted(len(sweep.seeds), 'seed')}" if len(sweep.seeds) > 1 else ""
    best = f"Best: {winner(sweep, ranked)} (best validation loss {fmt(ranked[0].median)}{seeds})."
    return " ".join([best, *advice(sweep, results, ranked)])
