"""What can be asked before a step shows its number. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.layers import Activation, Dropout, Dropout2d
from engine.layers.pool import LARGEST
from engine.trace import Moment, NotKept, Trace, card
from engine.trace.loss import LOSS
from playground.ui.kit.numbers import fmt

SIGNS = ("negative", "zero", "positive")
#: layers behind which whole units may receive nothing, or give nothing
_GATES = (Activation, Dropout, Dropout2d, *LARGEST)
CHOICES = 4  #: at most so many answers to choose from


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        asked: in words.
        options: to choose from.
        right: which of them are right.
        because: the rule behind it, said with the answer.
    """

    asked: str
    options: tuple[str, ...]
    right: frozenset[int]
    because: str = ""


def question(trace: Trace, moment: Moment, sample: int | None) -> Question | None:
    """What to ask before ``moment``; ``None`` where there is nothing worth asking."""
    try:
        if moment.part == "after" or (moment.grain == "pass" and moment.phase == "update"):
            return _new_loss(trace)
        if moment.grain == "term" or moment.grain == "pass":
            return None
        if moment.grain == "layer":
            return _of_layer(trace, moment, trace.samples[0] if sample is None else sample)
        if moment.part in ("parameter", "share", "gradient", "value"):
            return _of_cell(trace, moment, sample)
        if moment.part == "row":
            return _of_step(trace, moment)
    except NotKept:
        return None
    return None


def _of_cell(trace: Trace, moment: Moment, sample: int | None) -> Question | None:
    """Its sign, or, every second time, whether it is larger than its neighbour."""
    found = card(trace, moment, sample)
    if found.result is None:
        return None
    if moment.part == "parameter" and sum(moment.cell) % 2:
        compared = _compared(trace, moment)
        if compared is not None:
            return compared
    what = {
        "value": "this value",
        "parameter": "the gradient of this parameter",
        "share": "the gradient that is sent back here",
        "gradient": "the gradient at this output",
    }[moment.part]
    value = found.result.value
    right = 1 if value == 0 else 2 if value > 0 else 0
    return Question(f"Which sign has {what}?", SIGNS, frozenset({right}), found.why)


def _compared(trace: Trace, moment: Moment) -> Question | None:
    """Which of two neighbouring cells of a parameter has the larger gradient."""
    gradient = np.abs(trace.parameter(moment.node_id, moment.name, "gradient"))
    last = (*moment.cell[:-1], moment.cell[-1] - 1) if moment.cell[-1] else None
    if last is None or gradient[last] == gradient[moment.cell] or not trace.whole:
        return None
    cells = (last, moment.cell)
    larger = int(gradient[cells[1]] > gradient[cells[0]])
    options = tuple(_cell(moment.name, cell) for cell in cells)
    return Question(
        "Over the batch, whose gradient is larger in size?", options, frozenset({larger}),
        "A weight's gradient is what came in, times what arrives: large inputs get large gradients.",
    )  # fmt: skip


def _of_step(trace: Trace, moment: Moment) -> Question | None:
    old = float(trace.parameter(moment.node_id, moment.name)[moment.cell])
    new = float(trace.parameter(moment.node_id, moment.name, "after")[moment.cell])
    right = 1 if new == old else 2 if new > old else 0
    name = _cell(moment.name, moment.cell)
    return Question(
        f"Which way does {name} move?", ("down", "not at all", "up"), frozenset({right}),
        "A weight moves against its gradient.",
    )  # fmt: skip


def _new_loss(trace: Trace) -> Question | None:
    before, after = trace.loss, trace.loss_after
    if not (np.isfinite(before) and np.isfinite(after)) or before == after:
        return None
    change = after - before
    guesses = [after, before - change, max(before + 6 * change, 0.0) if change < 0 else before + 6 * change]
    options = tuple(fmt(g) for g in sorted(guesses))
    if len(set(options)) < len(options) or fmt(before) in options:
        right = 0 if change < 0 else 1
        return Question(
            "What does the update do to the loss of this batch?", ("it falls", "it rises"), frozenset({right})
        )
    right = options.index(fmt(after))
    return Question(
        f"The loss of this batch was {fmt(before)}. What is it after the update?", options, frozenset({right}),
        "A small step against the gradient lowers the loss by about the step times the gradient.",
    )  # fmt: skip


def _of_layer(trace: Trace, moment: Moment, sample: int) -> Question | None:
    if moment.node_id == LOSS or moment.phase not in ("forward", "backward"):
        return None
    layer, row = trace.network[moment.node_id].layer, trace.row(sample)
    if isinstance(layer, _GATES):
        array = trace.values[moment.node_id] if moment.phase == "forward" else trace.share(moment.node_id, 0)
        return _nothing(array[row], moment.phase)
    if moment.phase == "backward":
        return _louder(trace, moment, row)
    return None


def _nothing(array: Any, phase: str) -> Question | None:
    """Which of a few units or channels give or receive nothing."""
    sizes = np.abs(array).reshape(len(array), -1).sum(axis=1)
    silent, loud = np.flatnonzero(sizes == 0).tolist(), np.flatnonzero(sizes > 0).tolist()
    if not silent or not loud:
        return None
    shown = sorted(silent[:1] + loud[: CHOICES - 1])
    noun = "channel" if np.ndim(array) == 3 else "unit"
    right = frozenset(i for i, unit in enumerate(shown) if unit in silent)
    asked = f"Which {noun} gives 0?" if phase == "forward" else f"Which {noun} receives no gradient?"
    return Question(
        asked, tuple(f"{noun} {u + 1}" for u in shown), right,
        "Where the forward value was cut off, nothing passes, on the way back either.",
    )  # fmt: skip


def _louder(trace: Trace, moment: Moment, row: int) -> Question | None:
    """Whether the layer makes the gradient longer or shorter."""
    arrives = float(np.linalg.norm(trace.gradients[moment.node_id][row]))
    sent = float(np.linalg.norm(trace.share(moment.node_id, 0)[row]))
    if arrives == sent or not (arrives and sent):
        return None
    return Question(
        f"A gradient of length {fmt(arrives)} arrives. Is what the layer sends on longer or shorter?",
        ("shorter", "longer"), frozenset({int(sent > arrives)}),
        f"It sends on {fmt(sent)}: small weights shrink gradients, large ones blow them up, layer after layer.",
    )  # fmt: skip


def _cell(name: str, cell: Sequence[int]) -> str:
    return f"{name}[{', '.join(str(i + 1) for i in cell)}]"
