"""A recorded update as a sheet to work through: the numbers given, the numbers to find, with or without the answers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.core import Array
from engine.network import INPUT
from engine.trace.cards import Card, card
from engine.trace.moments import Moment, Moments, moments
from engine.trace.record import Trace
from engine.trace.terms import Format, plain

#: steps of one part of one layer that a sheet shows; of larger ones the first so many
SHOWN = 12
BLANK = r"\_\_\_\_\_\_"
TITLES = {"forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}


@dataclass(frozen=True)
class Line:
    """One line of a sheet: phase, where, what is asked, the formula, the numbers put in, and the answer."""

    phase: str
    where: str
    asked: str
    formula: str
    numbers: str
    answer: float


def lines(trace: Trace, sample: int | None = None, fmt: Format = plain) -> Iterator[Line]:
    """The steps of a walk at unit grain, a bounded number of each layer. ``sample``: place in the batch; the first kept by default."""
    n = trace.samples[0] if sample is None else sample
    walk = moments(trace, "unit")
    for _, places in walk.sections():
        for i in places[:SHOWN]:
            moment = walk[i]
            batch = None if moment.part == "parameter" and trace.whole else n
            yield from _lines_of(card(trace, moment, batch, fmt), fmt)


def _lines_of(found: Card, fmt: Format) -> Iterator[Line]:
    for equation in found.equations:
        right = equation.numbers(fmt).removeprefix(f"{equation.result.symbol} = ")
        numbers = right.rsplit(" = ", 1)[0]
        yield Line(
            found.moment.phase, found.title.split(" · ", 1)[-1], equation.result.symbol, equation.latex(), numbers,
            equation.result.value,
        )  # fmt: skip


def _left_out(walk: Moments) -> list[tuple[Moment, int]]:
    """The parts of which a sheet shows the first only, and how many steps each has."""
    return [(first, len(places)) for first, places in walk.sections() if len(places) > SHOWN]


def worksheet(trace: Trace, sample: int | None = None, *, answers: bool = True, fmt: Format = plain) -> str:
    """The update as Markdown with LaTeX formulas.

    Args:
        trace: the recording.
        sample: place in the batch whose walk is shown; the first kept by default. Parameter gradients are of the whole batch.
        answers: put the results in; otherwise leave blanks to fill.
        fmt: how numbers are written.
    """
    n, trace = trace.samples[0] if sample is None else sample, _numbered(trace)
    written = list(lines(trace, n, fmt))
    out = [
        f"# One update, by hand{'' if answers else ' (worksheet)'}", "",
        _heading(trace, n, fmt), "",
        "## Symbols", "", *_symbols(trace, written), "",
        "## Given", "", *_given(trace, n, fmt), "",
    ]  # fmt: skip
    phase = where = ""
    for line in written:
        if line.phase != phase:
            phase, where = line.phase, ""
            out += ["", f"## {TITLES[phase]}"]
        if line.where != where:
            where = line.where
            out += ["", f"**{where}**", ""]
        answer = fmt(line.answer) if answers else BLANK
        numbers = f" = {line.numbers}" if answers and line.numbers else ""
        out += [f"- ${line.formula}{numbers}$ = **{answer}**"]
    more = _left_out(moments(trace, "unit"))
    if more:
        out += ["", f"Of large layers only the first {SHOWN} numbers are on this sheet:"]
        out += [f"- {m.node_id} {m.part} {m.name}".rstrip() + f": {count} in all" for m, count in more]
    out += ["", *_given_weights_after(trace, answers, fmt)]
    return "\n".join(out) + "\n"


def worksheet_csv(trace: Trace, sample: int | None = None, *, answers: bool = True) -> str:
    """The same lines as comma-separated values, numbers in full precision; the answer's column is empty without ``answers``."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["phase", "where", "asked", "formula", "numbers", "answer"])
    for line in lines(_numbered(trace), sample, repr):
        numbers = line.numbers if answers else ""
        table.writerow(
            [line.phase, line.where, line.asked, line.formula, numbers, repr(line.answer) if answers else ""]
        )
    return file.getvalue()


def _numbered(trace: Trace) -> Trace:
    """On a sheet all layers stand below one another: each has letters of its own."""
    return trace.written("layers") if trace.symbols.way == "step" else trace


#: letters beside those of layers, optimizer and loss, and what they stand for; each is listed where it occurs
_BESIDE = {
    r"\eta": "learning rate", r"\Delta": "change", r"\lambda": "strength of the penalty", r"\lambda_1": "strength of the L1 penalty",
    r"\lambda_2": "strength of the L2 penalty", "g_r": "gradient with the penalty", "g_c": "gradient after clipping",
    r"\|g\|": "length of the whole gradient", r"c_{\max}": "limit of the clipping", r"\ell": "loss of one sample", "N": "samples of the batch",
    "K": "outputs", "n": "cells of a window", "u": "what the optimizer multiplies by the rate", r"\hat{m}": "m without its bias", r"\hat{v}": "v without its bias", r"\mu": "mean", r"\sigma^2": "variance", "s": "deviation", r"\hat{x}": "normalized value", r"\epsilon": "a little, against a division by 0",
    r"\bar{g}": "mean of what arrives", "q": "mean of what arrives times the normalized value", "f'": "slope of the activation",
    r"\mu_{\mathrm{run}}": "running mean", r"\sigma^2_{\mathrm{run}}": "running variance", "m": "momentum of the running averages, or the largest value",
    "S": "sum of the powers of e", "e": "2.718…, or a power of it", "T": "sum of the targets", "W": "sum of the weights of the classes",
}  # fmt: skip


def _symbols(trace: Trace, written: Sequence[Line]) -> Iterator[str]:
    """What each letter of the sheet stands for."""
    letters, loss, optimizer = trace.symbols, trace.fit.loss, trace.fit.optimizer
    yield f"- ${letters.values[INPUT]}$: input"
    for node in trace.network.nodes:
        names = node.layer.parameters(*trace.in_shapes(node.id)) if node.id in trace.learners() else ()
        own = ", ".join(
            f"its {name} ${letters.parameter(node.id, node.layer.letter(name))}$" for name in names
        )
        yield f"- ${letters.values[node.id]}$: output of {node.layer.label} ({node.id}){f'; {own}' if own else ''}"
    yield f"- ${letters.targets}$: target; ${letters.loss}$: loss of the batch; a prime: after the update"
    yield f"- $\\partial {letters.loss} / \\partial \\ldots$: how the loss moves with a number, its gradient"
    said = " ".join(line.formula for line in written)
    found = {letter: words for letter, words in _BESIDE.items() if _occurs(letter, said)}
    for line in (*loss.value, *loss.slope):
        letter = loss.letter(line.name)
        if _occurs(letter, said):
            found[letter] = {"cost": "loss of one output or sample", "slope": "its slope"}.get(
                line.name, line.title or line.name
            )
    for p, _ in (*loss.values(), *optimizer.values()):
        letter = (loss if hasattr(loss, p.name) else optimizer).letter(p.name)
        found |= {letter: p.label or p.name} if _occurs(letter, said) else {}
    found |= {
        optimizer.letter(slot): f"{slot.replace('_', ' ')}, which {optimizer.label} remembers"
        for slot in optimizer.slots
    }
    yield from (f"- ${letter}$: {words}" for letter, words in found.items())


def _occurs(letter: str, said: str) -> bool:
    """Whether a letter is written somewhere, and is not part of a word or of another symbol."""
    return re.search(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", said) is not None


def _heading(trace: Trace, sample: int, fmt: Format) -> str:
    return (
        f"Epoch {trace.epoch}, step {trace.step}; sample {sample + 1} of a batch of {trace.size}; loss {trace.fit.loss.label}, "
        f"optimizer {trace.fit.optimizer.label}, learning rate {fmt(trace.learning_rate)}."
    )


def _given(trace: Trace, sample: int, fmt: Format) -> Iterator[str]:
    """Inputs, targets and the weights before the update."""
    row = trace.row(sample)
    yield f"- input: {_numbers(trace.values[INPUT][row], fmt)}"
    yield f"- target: {_numbers(trace.targets[sample], fmt)}"
    for node_id in trace.learners():
        for name, array in trace.arranged(node_id, trace.parameters["before"][node_id]).items():
            label = trace.network[node_id].layer.label
            yield f"- {label} ({node_id}) {name}: {_numbers(array, fmt)}"


def _numbers(array: Array, fmt: Format) -> str:
    """A small array row by row; of a large one its shape."""
    if array.size > 4 * SHOWN:
        return f"{'×'.join(map(str, array.shape))} numbers"
    if array.ndim > 1:
        return "[" + "; ".join(_numbers(part, fmt) for part in array) + "]"
    return ", ".join(fmt(float(v)) for v in array)


def _given_weights_after(trace: Trace, answers: bool, fmt: Format) -> Iterator[str]:
    """The new weights, to check against."""
    yield "## New weights"
    yield ""
    for node_id in trace.learners():
        for name, array in trace.arranged(node_id, trace.parameters["after"][node_id]).items():
            yield f"- {trace.network[node_id].layer.label} ({node_id}) {name}: {_numbers(array, fmt) if answers else BLANK}"
    before, after = (fmt(v) if answers else BLANK for v in (trace.loss, trace.loss_after))
    yield f"- loss of this batch: before {before}, after {after}"
