"""A worked example that fades: the backward pass of the learner's own next update, with more and more of it left blank. No Qt.

Fading backwards, from the last step on, after Atkinson, Renkl and Merrill (2003).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.trace import Trace
    from engine.trace.terms import Equation

#: levels with blanks: the last number, all of the last layer, the whole way back; at level 0 all is shown
LEVELS = 3
LEVEL_WORDS = (
    "worked out",
    "the last number is yours",
    "the last layer is yours",
    "the whole way back is yours",
)
#: rounds in a row that are right before more is left blank, or wrong before less is
ROUNDS = 2
#: numbers of one part of one layer that are asked for
SHOWN = 2
#: numbers that are put into one line, at most
MOST_GIVEN = 12
#: significant digits that must agree
DIGITS = 2


@dataclass(frozen=True)
class Fading:
    """How far somebody has come.

    Args:
        level: how much is left blank, 0 to ``LEVELS``.
        right, wrong: rounds in a row, at this level.
        done: two rounds in a row were right at the last level asked for.
    """

    level: int = 0
    right: int = 0
    wrong: int = 0
    done: bool = False

    def after(self, right: bool, most: int = LEVELS) -> Fading:
        """After one more round; ``most``: the last level asked for. At level 0 nothing is asked, and having read it is enough."""
        if self.level == 0:
            return Fading(1, done=self.done)
        if not right:
            wrong = self.wrong + 1
            back = wrong >= ROUNDS
            return Fading(self.level - back, 0, 0 if back else wrong, self.done)
        if self.right + 1 < ROUNDS:
            return replace(self, right=self.right + 1, wrong=0)
        if self.level >= most:
            return Fading(most, done=True)
        return Fading(self.level + 1, done=self.done)


@dataclass(frozen=True)
class Line:
    """One number of the backward pass.

    Args:
        node_id: the layer that works it out, or "loss".
        where: in words.
        formulas: LaTeX in symbols, what is needed first.
        numbers: LaTeX of the same with numbers put in, without what it comes to; "" where that is left to the learner.
        given: LaTeX of the numbers in it that are no gradients and stand in the network, "w = 0.7".
        answer: what it comes to.
        blank: it is asked for.
    """

    node_id: str
    where: str
    formulas: tuple[str, ...]
    numbers: str
    given: tuple[str, ...]
    answer: float
    blank: bool


def exercise(trace: Trace, level: int, write: Callable[[float], str]) -> tuple[Line, ...]:
    """The way back of one sample, in its order; () where the trace has no room for it. ``write``: how numbers are written."""
    from engine.trace import NotKept

    try:
        found = list(_lines(trace, write))
    except NotKept:
        return ()
    if not found:
        return ()
    last = found[-1].node_id
    for i, line in enumerate(found):
        blank = (
            level >= LEVELS or (level == 2 and line.node_id == last) or (level == 1 and i == len(found) - 1)
        )
        found[i] = replace(line, blank=blank, numbers=line.numbers if not blank or level == 1 else "")
    return tuple(found)


def _lines(trace: Trace, write: Callable[[float], str]) -> Iterator[Line]:
    """What is sent back by each layer but the first with weights; of that one its weights' gradients."""
    from engine.trace import card, moments

    sample, first = trace.samples[0], next(iter(trace.learners()), "")
    walk = moments(trace, "unit")
    for head, places in walk.sections():
        last = head.node_id == first
        if (
            head.phase != "backward"
            or (last and head.name != "weight")
            or (not last and head.part == "parameter")
        ):
            continue
        for at in places[:SHOWN]:
            found = card(trace, walk[at], sample)
            if not found.equations:
                continue
            equation = found.equations[-1]
            numbers = equation.numbers(write).rsplit(" = ", 1)[0].partition(" = ")[2]
            formulas = tuple(one.latex() for one in found.equations)
            if formulas[-1].endswith(r"\, 1"):
                continue  # it only hands on what arrives
            yield Line(
                head.node_id, found.title.partition(" · ")[2], formulas, numbers, tuple(_given(found.equations, write)),
                float(equation.result.value), False,
            )  # fmt: skip
            if last and head.part != "parameter":
                return
        if last:
            return


def _given(equations: Sequence[Equation], write: Callable[[float], str]) -> Iterator[str]:
    """The numbers that are put in and that neither a line before nor one of these equations comes to."""
    from engine.trace.terms import number_in_latex

    known = {one.result.symbol for one in equations}
    for equation in equations:
        operands = [factor for term in equation.terms for factor in term.factors]
        for one in (*equation.scale, *operands):
            plain = one.symbol.replace(".", "").isdigit()
            if one.symbol not in known and not plain and not one.symbol.startswith(r"\delta"):
                known.add(one.symbol)
                yield f"{one.symbol} = {number_in_latex(one.value, write, alone=True)}"
            if len(known) > MOST_GIVEN:
                return
