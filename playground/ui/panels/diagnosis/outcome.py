"""What came of a remedy that was tried beside the original, in words. No Qt."""

from __future__ import annotations

import math

from engine.log import COLUMNS
from playground.document.project import Project
from playground.runner.race import LaneView, RaceView
from playground.runs.fair import unlike
from playground.ui.kit.numbers import fmt

#: a loss is lower or higher from this share on; below it, it is about the same
CLEAR = 0.9


def under_way(view: RaceView) -> str:
    """How far both have come."""
    epoch = max((lane.epoch for lane in view.lanes), default=0)
    start = f"from epoch {view.began:,}" if view.began else "from the first weights"
    return f"Both train {start}, with the same data, seed and batches: epoch {epoch:,} …"


def judged(lane: LaneView) -> float:
    """The loss at the end: of the validation part, or where there is none, the training part; infinite for what came to no end."""
    if lane.end in ("diverged", "refused"):
        return math.inf
    train, validation = lane.scores
    return train if math.isnan(validation) else validation


def best(lane: LaneView) -> tuple[float, int]:
    """The lowest loss on the way, judged as at the end, and at which epoch."""
    column = COLUMNS.index("train_loss" if math.isnan(lane.scores[1]) else "validation_loss")
    known = [(row[column], round(row[0])) for row in lane.rows if math.isfinite(row[column])]
    return min(known, default=(math.inf, lane.epoch))


def outcome(pair: tuple[Project, Project], view: RaceView, name: str) -> str:
    """Which is better, and by how much."""
    if len(view.lanes) < 2:
        return ""
    a, b = view.lanes[:2]
    start = f"from epoch {view.began:,}" if view.began else "from the first weights of the same seed"
    if b.end == "refused":
        return f"{name}: that cannot be trained. {b.message}"
    if b.end == "diverged":
        return f"It does not help: with it training diverges as well. {b.message}" if a.end == "diverged" else (
            f"It does harm: with it training diverges. {b.message}"
        )  # fmt: skip
    if a.end == "diverged":
        return f"It helps: without it training diverges again, with it the loss is {fmt(judged(b))} at epoch {b.epoch:,}."
    part = "training" if math.isnan(b.scores[1]) else "validation"
    figures = f"{part} loss {fmt(judged(b))} with it, {fmt(judged(a))} without, "
    if a.epoch == b.epoch:
        figures += f"at epoch {b.epoch:,}, both {start}"
    else:
        figures += f"after {b.epoch:,} and {a.epoch:,} epochs, both {start}"
    lowest, at = best(a)
    if lowest < CLEAR * judged(b):
        figures += f"; on its way there, that without was as low as {fmt(lowest)}, at epoch {at:,}"
    if why := unlike(*pair):
        return f"{why}, so that their losses do not tell which is better; {figures}."
    if judged(b) < CLEAR * judged(a):
        return f"It helps: {figures}."
    if judged(a) < CLEAR * judged(b):
        return f"It does harm: {figures}."
    return f"It makes no clear difference: {figures}."
