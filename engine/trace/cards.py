"""The step card: what happens, the formula, the same with this step's numbers, the result, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.layers import LogSoftmax, Sigmoid
from engine.layers.linear import is_frozen
from engine.losses import BCELoss, NLLLoss
from engine.network import INPUT
from engine.trace.base import At, Explainer, Index, explainer_of
from engine.trace.loss import LOSS, Stage, loss_explainer, loss_gradient, loss_stages, output_cell
from engine.trace.moments import Moment
from engine.trace.record import Trace
from engine.trace.terms import Equation, Format, Operand, Place, few, number_in_latex, plain, sub
from engine.trace.update import UpdateRow, update_rows


@dataclass(frozen=True)
class Card:
    """One step, explained.

    Args:
        moment: which.
        title: phase and place, short.
        sentence: what happens.
        formula: LaTeX in symbols; "" where there is none.
        numbers: the same with this step's numbers.
        result: the number computed; ``None`` for a whole pass.
        why: the rule behind it.
        equations: all that is needed, intermediate results first; the last gives ``result``.
        boxes: ``(arrives, local, sent)`` where a gradient is multiplied by one local derivative.
        contributions: what each reader sends back, where several read the same value, and ``total`` adds them up.
        row: of the update table, in the update phase.
        cell: which the card speaks of; of a whole layer or parameter, the example.
        joined: the two slopes that cancel, multiplied out, where a loss and its activation stand apart.
        stages: of the loss, in the loss phase.
    """

    moment: Moment
    title: str
    sentence: str
    formula: str = ""
    numbers: str = ""
    result: Operand | None = None
    why: str = ""
    equations: tuple[Equation, ...] = ()
    boxes: tuple[Operand, Operand, Operand] | None = None
    contributions: tuple[Operand, ...] = ()
    total: Equation | None = None
    row: UpdateRow | None = None
    stages: tuple[Stage, ...] = ()
    cell: Index = ()
    joined: tuple[str, str] = ("", "")


PASSES = {
    "forward": (
        "Forward",
        "The batch goes through all layers; every value is kept, because the way back needs it.",
    ),
    "loss": ("Loss", "One number says how wrong the outputs are."),
    "backward": (
        "Backward",
        "The blame goes back, layer by layer; each multiplies what arrives by its own derivative.",
    ),
    "update": ("Update", "Every weight moves against its gradient; then the same batch is run again."),
}


def card(trace: Trace, moment: Moment, sample: int | None = 0, fmt: Format = plain) -> Card:
    """The card of a step.

    Args:
        trace: the recording.
        moment: from :func:`engine.trace.moments`.
        sample: place in the batch; ``None`` for the whole batch: parameter gradients are then added up over all samples (values
            and gradients inside are still those of the first kept sample).
        fmt: how numbers are written.

    Raises NotKept where the trace has no room for what is asked.
    """
    n = trace.samples[0] if sample is None else sample
    if moment.grain == "pass":
        return _pass_card(trace, moment, fmt)
    if moment.part == "after":
        return _after(trace, moment, fmt)
    if moment.node_id == LOSS:
        return (
            _first_gradient(trace, moment, n, fmt)
            if moment.phase == "backward"
            else _loss(trace, moment, n, fmt)
        )
    # Only a parameter's gradient is a sum over samples; all else happens to one of them.
    at = At(trace, trace.network[moment.node_id], sample if moment.part == "parameter" else n)
    if moment.phase == "forward":
        return _forward(at, moment, fmt)
    if moment.phase == "update":
        return _update(at, moment, fmt)
    return _backward(at, moment, fmt)


def _pass_card(trace: Trace, moment: Moment, fmt: Format) -> Card:
    title, sentence = PASSES[moment.phase]
    results = {
        "loss": Operand(trace.symbols.loss, trace.loss, Place(LOSS, "loss")),
        "backward": Operand(r"\|g\|", trace.norm, Place("", "statistic", "norm")),
        "update": Operand(trace.symbols.loss + "'", trace.loss_after, Place(LOSS, "loss", "after")),
    }
    result = results.get(moment.phase)
    numbers = f"{result.symbol} = {number_in_latex(result.value, fmt, alone=True)}" if result else ""
    return Card(
        moment, title, sentence, trace.fit.loss.formula if moment.phase == "loss" else "", numbers, result
    )


def _of(
    moment: Moment,
    title: str,
    equations: tuple[Equation, ...],
    words: tuple[str, str],
    fmt: Format,
    **more: Any,
) -> Card:
    """A card about the last of ``equations``, or about one of its terms."""
    last = equations[-1]
    if moment.grain == "term" and moment.term >= 0 and moment.part in ("value", "parameter", "share", "fork"):
        return _term(moment, title, equations, fmt, **more)
    return Card(
        moment, title, words[0], last.latex(), last.numbers(fmt), last.result, words[1], equations, **more
    )  # fmt: skip


def _term(moment: Moment, title: str, equations: tuple[Equation, ...], fmt: Format, **more: Any) -> Card:
    last = equations[-1]
    term = last.terms[moment.term]
    symbols = r" \cdot ".join(f.symbol for f in term.factors)
    product = Operand(symbols, term.value)
    written = r" \cdot ".join(number_in_latex(f.value, fmt) for f in term.factors)
    numbers = (
        f"{written} = {number_in_latex(term.value, fmt, alone=True)}" if len(term.factors) > 1 else written
    )
    so_far = float(last.terms.values[: moment.term + 1].sum())
    sentence = f"Term {moment.term + 1} of {len(last.terms)}."
    why = "" if last.rule != "sum" else f"Together with those before it: {fmt(so_far)}."
    if last.rule == "max":
        why = "It competes with the others; the largest wins."
    more["boxes"] = (
        (term.factors[0], term.factors[1], product)
        if moment.phase == "backward" and len(term.factors) == 2 and _is_gradient(term.factors[0])
        else None
    )
    return Card(moment, title, sentence, symbols, numbers, product, why, equations, **more)


def _is_gradient(operand: Operand) -> bool:
    return operand.place is not None and operand.place.kind == "gradient"


def _formula(trace: Trace, usual: str, example: Equation) -> str:
    """A layer's or loss's formula in its own letters; where letters are those of the network, the example's equation."""
    return usual if trace.symbols.way == "step" else example.latex()


def _name(at: At, cell: Index | None = None) -> str:
    where = f" · {cell_in_words(at.out_shape, cell)}" if cell is not None else ""
    return f"{at.layer.label} ({at.node.id}){where}"


def cell_in_words(shape: tuple[int, ...], cell: Index) -> str:
    """ "unit 3", or "channel 2, row 4, column 1" of a picture; counted from 1."""
    names = ("unit",) if len(shape) == 1 else ("channel", "row", "column")
    return ", ".join(f"{name} {i + 1}" for name, i in zip(names, cell, strict=False))


def _forward(at: At, moment: Moment, fmt: Format) -> Card:
    cell = moment.cell or _example(at.trace.values[at.node.id][at.trace.row(at.here)])
    explainer = explainer_of(at.layer)
    equations = explainer.forward(at, cell)
    words = explainer.says_forward(at, cell, equations)
    if moment.part:
        return _of(moment, f"Forward · {_name(at, cell)}", equations, words, fmt)
    whole = at.layer.help()
    last = equations[-1]
    return Card(
        moment,
        f"Forward · {_name(at)}",
        whole,
        _formula(at.trace, at.layer.formula, last),
        last.numbers(fmt),
        last.result,
        words[1],
        equations,
        cell=cell,
    )


def _example(values: Any) -> Index:
    """The cell with the largest value: something to see in a card about a whole layer."""
    flat = int(abs(values).argmax())
    found = []
    for size in reversed(values.shape):
        flat, i = divmod(flat, size)
        found.append(int(i))
    return tuple(reversed(found))


def _loss(trace: Trace, moment: Moment, sample: int, fmt: Format) -> Card:
    stages, explainer = loss_stages(trace, sample), loss_explainer(trace.fit.loss)
    label = trace.fit.loss.label
    if not moment.part:
        last = stages[-1].equations[-1]
        factor = f" It is the {trace.fit.loss.factor}." if trace.fit.loss.factor else ""
        teaching = trace.fit.loss.teaching if np.issubdtype(trace.labels.dtype, np.integer) else ""
        sentence = f"{trace.fit.loss.help()}{factor} {teaching}".strip()
        return Card(
            moment, f"Loss · {label}", sentence, _formula(trace, trace.fit.loss.formula, last), last.numbers(fmt), last.result, explainer.why(trace.fit.loss),
            tuple(e for s in stages for e in s.equations), stages=stages,
        )  # fmt: skip
    stage = stages[min(moment.cell[0], len(stages) - 1)]
    equations = stage.equations if moment.term < 0 else stage.equations[: moment.term + 1]
    last = equations[-1]
    return Card(
        moment, f"Loss · {label} · {stage.title}", stage.sentence, last.latex(), last.numbers(fmt), last.result, "",
        equations, stages=stages,
    )  # fmt: skip


def _output_in_words(trace: Trace, k: int) -> str:
    shape = trace.shapes[trace.network.output_id]
    return f"output {k + 1}" if len(shape) == 1 else f"output {cell_in_words(shape, output_cell(trace, k))}"


def _first_gradient(trace: Trace, moment: Moment, sample: int, fmt: Format) -> Card:
    k = moment.cell[0] if moment.cell else 0
    equations = loss_gradient(trace, sample, k)
    if moment.term >= 0:
        equations = equations[: moment.term + 1]
    last = equations[-1]
    formula = last.latex() if moment.part else _formula(trace, trace.fit.loss.gradient_formula, last)
    sentence = f"How much the loss moves with {_output_in_words(trace, k)} of the network: the gradient that starts the way back."
    why = loss_explainer(trace.fit.loss).why(trace.fit.loss)
    return Card(
        moment,
        f"Backward · {trace.fit.loss.label}",
        sentence,
        formula,
        last.numbers(fmt),
        last.result,
        why,
        equations,
    )


def _backward(at: At, moment: Moment, fmt: Format) -> Card:
    explainer = explainer_of(at.layer)
    if moment.part == "fork":
        return _fork(at, moment, fmt)
    if moment.part == "parameter" and not moment.cell:
        return _whole_parameter(at, moment, explainer, fmt)
    if moment.part == "parameter":
        equations = explainer.parameter(at, moment.name, moment.cell)
        words = explainer.says_parameter(at, moment.name, moment.cell)
        title = f"Backward · {_name(at)} · {moment.name}{sub(moment.cell)}".replace("_{", "[").replace(
            "}", "]"
        )
        return _of(moment, title, equations, words, fmt)
    if moment.part == "share":
        return _share(at, moment, int(moment.name), moment.cell, explainer, fmt)
    cell = _example(at.trace.share(at.node.id, 0)[at.trace.row(at.here)])
    found = _share(at, moment, 0, cell, explainer, fmt)
    return Card(
        moment, f"Backward · {_name(at)}", found.sentence, _formula(at.trace, at.layer.gradient_formula, found.equations[-1]), found.numbers, found.result, found.why,
        found.equations, found.boxes, found.contributions, found.total, cell=cell, joined=found.joined,
    )  # fmt: skip


def _whole_parameter(at: At, moment: Moment, explainer: Explainer, fmt: Format) -> Card:
    """All cells of a parameter's gradient at once, with the largest as the example."""
    cell = _example(at.trace.parameter(at.node.id, moment.name, "gradient"))
    equations = explainer.parameter(at, moment.name, cell)
    sentence, why = explainer.says_parameter(at, moment.name, cell)
    last = equations[-1]
    whole = " of the whole batch" if at.sample is None and at.trace.size > 1 else ""
    title = f"Backward · {_name(at)} · the gradient of {moment.name}{whole}"
    return Card(
        moment, title, sentence, last.latex(), last.numbers(fmt), last.result, why, equations, cell=cell
    )


def _fork(at: At, moment: Moment, fmt: Format) -> Card:
    """Where several nodes have read a value, what each of them sends back is added."""
    row, who = at.trace.row(at.here), at.trace.readers(at.node.id)
    # What to see in a card about a whole fork: a cell where every branch sends something, and most of it.
    least = np.min([np.abs(at.trace.share(*reader)[row]) for reader in who], axis=0)
    every = [np.abs(at.trace.share(*reader)[row]) for reader in who]
    cell = moment.cell or _example(least if least.any() else np.sum(every, axis=0))
    branches = _branches(at, at.node.id, cell)
    total = _joint(at, at.node.id, cell, branches)
    names = [reader for reader, _ in who]
    sentence = (
        f"{', '.join(names[:-1])} and {names[-1]} have read {_name(at, cell)}: what they send back is added."
    )
    if not least.any() and not moment.cell:
        sentence += " There is no cell here to which all of them send something."
    why = "The loss moves along every branch at once when this value does: by the chain rule their shares add up."
    return _of(
        moment, f"Backward · the branches join at {at.node.id}", (total,), (sentence, why), fmt,
        contributions=branches, total=total, cell=cell,
    )  # fmt: skip


def _share(at: At, moment: Moment, position: int, cell: Index, explainer: Explainer, fmt: Format) -> Card:
    equations = explainer.share(at, position, cell)
    words = explainer.says_share(at, position, cell, equations)
    last = equations[-1]
    boxes = None
    if last.rule == "sum" and len(last.terms) == 1 and len(last.terms[0].factors) == 2 and not last.scale:
        boxes = (*last.terms[0].factors, last.result)
    source = at.sources[position]
    name = "the data" if source == INPUT else source
    title = f"Backward · {_name(at)} → {name} · {cell_in_words(at.in_shapes[position], cell)}"
    joined = _joined(at, cell, fmt)
    words = (words[0], JOINED[type(at.trace.fit.loss)]) if joined[0] else words
    shared = source == INPUT and len(at.trace.readers(INPUT)) > 1  # elsewhere a fork has a card of its own
    branches = _branches(at, source, cell) if shared else ()
    total = _joint(at, source, cell, branches) if shared else None
    return _of(
        moment, title, equations, words, fmt, boxes=boxes, contributions=branches, total=total, cell=cell,
        joined=joined,
    )  # fmt: skip


JOINED = {
    BCELoss: "The slope of the loss times that of the sigmoid: what stands below the line stands beside it as well, and cancels. "
    "How sure the output was matters no more; only how far off it is.",
    NLLLoss: "The loss pulls at the true class alone; the LogSoftmax takes the same pull from all classes, in proportion to their "
    "probability. Together: only how far off each probability is.",
}


def _joined(at: At, cell: Index, fmt: Format) -> tuple[str, str]:
    """Of a Sigmoid before BCELoss or a LogSoftmax before NLLLoss, both slopes as one product: in letters, in numbers; else ""."""
    trace, loss = at.trace, at.trace.fit.loss
    pair = (type(at.layer), type(loss))
    if at.node.id != trace.network.output_id or pair not in ((Sigmoid, BCELoss), (LogSoftmax, NLLLoss)):
        return "", ""
    below, scale = sub(cell), loss_explainer(loss).scale(trace)
    y, t = at.y(cell), float(trace.targets[at.here, int(np.ravel_multi_index(cell, at.out_shape))])
    p = y.value if isinstance(loss, BCELoss) else math.exp(y.value)
    result = at.dx(cell)
    if not math.isclose(scale.value * (p - t), result.value, rel_tol=1e-3, abs_tol=1e-9):
        return "", ""  # a probability was rounded to 0 or 1: apart, the two do not cancel any more

    def written(value: float) -> str:
        return number_in_latex(value, fmt)

    numbers = [written(v) for v in (p, t, 1 - p, scale.value)]
    letter = f"p{below}" if isinstance(loss, NLLLoss) else y.symbol
    letters = [letter, trace.symbols.targets + below, f"(1 - {letter})", scale.symbol]
    found = []
    for (p_, t_, rest, n), dot in ((letters, " "), (numbers, r" \cdot ")):
        front = "" if scale.value == 1 else n + dot
        left = f"{front}({p_} - {t_})" if front else f"{p_} - {t_}"
        bottom = f"{p_}{dot}{rest}"
        apart = rf"{front}\frac{{{p_} - {t_}}}{{{bottom}}} \cdot {bottom}"
        if isinstance(loss, NLLLoss):
            apart = f"-{front}{t_} + {front}{p_}"
        found.append(f"{result.symbol} = {apart} = {left}")
    said = number_in_latex(scale.value * (p - t), fmt, alone=True)
    return found[0], f"{found[1]} = {said}"


def _branches(at: At, source: str, cell: Index) -> tuple[Operand, ...]:
    """What every reader of ``source`` sends to its cell."""
    n = at.here
    return tuple(
        Operand(
            rf"\mathrm{{from\ {reader}}}",
            float(at.trace.share(reader, position)[(at.trace.row(n), *cell)]),
            Place(reader, "share", str(position), (n, *cell)),
        )
        for reader, position in at.trace.readers(source)
    )


def _joint(at: At, source: str, cell: Index, branches: tuple[Operand, ...]) -> Equation:
    """Their sum, the gradient that arrives at it."""
    n = at.here
    value = float(at.trace.gradients[source][(at.trace.row(n), *cell)])
    place = Place(source, "gradient", "", (n, *cell))
    return Equation(Operand(at.trace.symbols.gradient(source, sub(cell)), value, place), few(*branches))


def _update(at: At, moment: Moment, fmt: Format) -> Card:
    optimizer, trace = at.trace.fit.optimizer, at.trace
    if not moment.part:
        names = at.layer.parameters(*at.in_shapes)
        name = next(iter(names))
        cell = _example(trace.parameter(at.node.id, name, "gradient"))
    else:
        name, cell = moment.name, moment.cell
    (row,) = update_rows(trace, at.node.id, name, [cell])
    equations = row.equations if moment.term < 0 else row.equations[: moment.term + 1]
    last = equations[-1]
    title = f"Update · {_name(at)}" + (
        f" · {name}[{', '.join(str(i + 1) for i in cell)}]" if moment.part else ""
    )
    sentence = (
        f"{'This layer' if is_frozen(at.layer) else 'This bias'} is frozen: it receives gradients, and stays as it is."
        if row.frozen
        else f"{optimizer.label}: {optimizer.help()}"
    )
    formula = last.latex() if moment.part else optimizer.formula
    why = "The weight moves against its gradient, so that the loss falls." if not row.frozen else ""
    return Card(
        moment, title, sentence, formula, last.numbers(fmt), last.result, why, equations, row=row, cell=cell
    )


def _after(trace: Trace, moment: Moment, fmt: Format) -> Card:
    before, after = (
        Operand(trace.symbols.loss, trace.loss, Place(LOSS, "loss")),
        Operand(trace.symbols.loss + "'", trace.loss_after, Place(LOSS, "loss", "after")),
    )
    minus = Operand("-" + trace.symbols.loss, -trace.loss, before.place)
    change = Operand(r"\Delta " + trace.symbols.loss, trace.loss_after - trace.loss)
    equation = Equation(change, few(after, minus))
    words = "fell" if change.value < 0 else "rose" if change.value > 0 else "stayed"
    where = (
        f"at {fmt(trace.loss)}" if words == "stayed" else f"from {fmt(trace.loss)} to {fmt(trace.loss_after)}"
    )
    sentence = f"The same batch is run again with the new weights: its loss {words} {where}."
    why = {
        "fell": "A small enough step against the gradient makes the loss of this batch smaller.",
        "rose": "The step was too long for the bend of the loss here, or the optimizer went by earlier batches as well.",
        "stayed": "Nothing that moved counts for this batch: its gradients are 0, or all that learns is frozen.",
    }[words]
    return Card(
        moment,
        "Update · loss again",
        sentence,
        equation.latex(),
        equation.numbers(fmt),
        after,
        why,
        (equation,),
    )
