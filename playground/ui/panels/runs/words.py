"""What came of runs beside each other, in words. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from engine.data import Preparation
from engine.errors import counted
from playground.document.change import diff
from playground.document.project import Project
from playground.runner.race import RaceView
from playground.runner.sweep import Sweep, advice, standings, winner
from playground.runs.kept import Entry, differs
from playground.runs.luck import LEAST, luck
from playground.runs.trial import Result
from playground.ui.kit.numbers import fmt

#: settings of the preparation that leave alone what is judged: they change what a network reads, or which samples it learns from
INPUTS_ONLY = ("normalize", "input_noise", "extra_features", "balance")


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
    unlike = _unlike(first[0].trial.project, second[0].trial.project)
    if unlike:
        means = f"A {fmean(scores[0]):.4g}, B {fmean(scores[1]):.4g}"
        return f"B has {what}. {unlike}, so that the best validation losses do not tell which is better ({means})."
    if len(shared) > 1:
        return f"B has {what}. {luck(*scores, 'best validation loss').words}"
    return f"B has {what}. {one_pair(scores[0][0], scores[1][0])}"


def _unlike(a: Project, b: Project) -> str:
    """Why the losses of two projects are not about the same; "" where they are."""
    if a.fit.loss != b.fit.loss:
        return "They have different losses"
    usual = {key: getattr(Preparation(), key) for key in INPUTS_ONLY}
    plain = [one.preparation.replace(**usual) for one in (a, b)]
    if diff(a, b).touches({"source"}) or plain[0] != plain[1]:
        return "They are judged by different samples"
    return ""


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


def tried(sweep: Sweep, results: Mapping[str, Result]) -> str:
    """Which of several values is best, and what follows."""
    ranked = standings(sweep, results)
    if not winner(sweep, ranked):
        return " ".join(advice(sweep, results, ranked))
    seeds = f", median of {counted(len(sweep.seeds), 'seed')}" if len(sweep.seeds) > 1 else ""
    best = f"Best: {winner(sweep, ranked)} (best validation loss {fmt(ranked[0].median)}{seeds})."
    return " ".join([best, *advice(sweep, results, ranked)])
