"""What can be asked before a step shows its number. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.layers import Activation, Dropout, Dropout2d
from engine.layers.pool import LARGEST
from engine.trace import Card, Moment, NotKept, Trace, card
from engine.trace.loss import LOSS
from playground.ui.kit.numbers import fmt
from playground.ui.kit.symbols import plain

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
        number: what is to be typed, where that is asked for rather than one of some options.
        mistakes: numbers that come of well-known slips, and which slip each is.
        base: what the number is counted from: two digits of a small step are more digits of the weight that it moves.
    """

    asked: str
    options: tuple[str, ...] = ()
    right: frozenset[int] = frozenset()
    because: str = ""
    number: float | None = None
    mistakes: tuple[tuple[float, str], ...] = ()
    base: float = 0.0

    def is_right(self, answer: float) -> bool:
        """Whether an answer, the number of an option or a number that was typed, is right."""
        return (
            answer in self.right
            if self.number is None
            else agree(answer - self.base, self.number - self.base)
        )

    def slip(self, answer: float) -> str:
        """What was done wrong where a typed number comes of a well-known slip; "" otherwise."""
        if self.number is None or self.is_right(answer):
            return ""
        return next(
            (words for wrong, words in self.mistakes if agree(answer - self.base, wrong - self.base)), ""
        )


def agree(typed: float, value: float) -> bool:
    """Whether they are the same number to two significant digits."""
    if not np.isfinite(value) or value == 0:
        return typed == value
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 1)
    return bool(abs(typed - value) <= 0.5 * unit * (1 + 1e-6))


def question(trace: Trace, moment: Moment, sample: int | None, numbers: bool = False) -> Question | None:
    """What to ask before ``moment``; ``None`` where there is nothing worth asking.

    ``numbers``: rather for a number to be worked out than for a sign or a comparison.
    """
    try:
        ask = (_number, _option) if numbers else (_option, _number)
        return next((found for one in ask if (found := one(trace, moment, sample)) is not None), None)
    except NotKept:
        return None


def nothing_because(trace: Trace, moment: Moment, sample: int | None) -> str:
    """Why there is nothing to ask at a step."""
    if moment.grain == "pass":
        return "A whole pass works out more numbers than anybody guesses. Take smaller steps: a layer, a unit, a term."
    try:
        card(trace, moment, sample)
    except NotKept as lack:
        return f"There is nothing to guess here. {lack}"
    return "This step only hands numbers on, or has none to work out. Go on."


def _option(trace: Trace, moment: Moment, sample: int | None) -> Question | None:
    """One of some answers to choose from."""
    try:
        if moment.part == "after" or (moment.grain == "pass" and moment.phase == "update"):
            return _new_loss(trace)
        if moment.grain == "term" or moment.grain == "pass":
            return None
        if moment.grain == "layer" and moment.part in ("parameter", "fork"):
            return _of_example(trace, moment, sample)
        if moment.grain == "layer":
            return _of_layer(trace, moment, trace.samples[0] if sample is None else sample)
        if moment.part in ("parameter", "share", "gradient", "value", "fork"):
            return _of_cell(trace, moment, sample)
        if moment.part == "row":
            return _of_step(trace, moment)
    except NotKept:
        return None
    return None


def _number(trace: Trace, moment: Moment, sample: int | None) -> Question | None:
    """The step's own result, to be worked out and typed."""
    if moment.grain == "pass" and moment.phase == "backward":
        return None  # the length of all gradients together
    found = card(trace, moment, sample)
    if found.result is None or not np.isfinite(found.result.value):
        return None
    value = float(found.result.value)
    if moment.grain == "pass" and moment.phase == "update":
        return None
    asked = f"What is {plain(found.result.symbol)} here? Two significant digits are enough."
    if moment.part == "parameter":
        asked = f"What is the gradient of {_cell(moment.name, found.cell or moment.cell)}? Two significant digits are enough."
    base = 0.0
    if moment.part == "row":
        base = float(trace.parameter(moment.node_id, moment.name)[moment.cell])
        name = _cell(moment.name, moment.cell)
        asked = f"What is {name} after the update? Two digits of the step that it makes are enough."
    elif found.result.place is not None and found.result.place.node_id == LOSS:
        asked = "What is the loss here? Two significant digits are enough."
    return Question(
        asked, because=found.why, number=value, mistakes=tuple(_slips(found, moment, value, base)), base=base
    )


def _slips(found: Card, moment: Moment, value: float, old: float) -> Iterator[tuple[float, str]]:
    """Numbers that well-known slips lead to."""
    last = found.equations[-1] if found.equations else None
    if moment.part == "row":
        yield old, "That is the old weight: it still has to move."
        yield (
            2 * old - value,
            "That is the right step in the wrong direction: a weight moves against its gradient.",
        )
        yield value - old, "That is the step itself; it is added to the old weight."
        return
    if last is not None and last.rule == "sum":
        whole = float(np.sum(last.terms.values))
        factor = float(np.prod([one.value for one in last.scale])) if last.scale else 1.0
        if factor not in (1.0, 0.0):
            yield (
                whole,
                f"That is the sum; the factor {fmt(factor)} in front of it is missing (a mean, not a sum).",
            )
        alone = last.terms[-1] if len(last.terms) > 1 else None
        if alone is not None and len(alone.factors) == 1 and moment.phase == "forward":
            yield value - factor * alone.value, "The bias is missing."
    yield 2 * value, "That is twice as much: a ½ is missing, or a 2 too many."
    yield value / 2, "That is half as much: a 2 is missing, or a ½ too many."
    yield -value, "The size is right, the sign is not."


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
        "fork": "what the branches send back together",
    }[moment.part]
    value = found.result.value
    right = 1 if value == 0 else 2 if value > 0 else 0
    return Question(f"Which sign has {what}?", SIGNS, frozenset({right}), found.why)


def _of_example(trace: Trace, moment: Moment, sample: int | None) -> Question | None:
    """Of a whole parameter's gradient, or a whole fork: the sign of the number that its card speaks of."""
    found = card(trace, moment, sample)
    if found.result is None:
        return None
    value = found.result.value
    right = 1 if value == 0 else 2 if value > 0 else 0
    where = (
        _cell(moment.name, found.cell) if moment.part == "parameter" else _cell(moment.node_id, found.cell)
    )
    what = (
        f"the gradient of {where}"
        if moment.part == "parameter"
        else f"what arrives at {where} from all branches together"
    )
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
    if moment.node_id == LOSS or moment.phase not in ("forward", "backward") or moment.part:
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
