"""Every registered loss, stepped through in every grain: all that is to be typeset can be."""

import pytest

from engine.losses import losses as registry
from engine.trace import card, moments
from engine.trace.loss import LOSS
from playground.ui.kit import formula
from playground.ui.kit.numbers import fmt
from playground.ui.kit.symbols import plain
from tests.engine.trace.test_losses import trace_of

pytestmark = pytest.mark.slow

CASES = [(cls, task) for cls in registry for task in cls.tasks]


def written(trace) -> dict[str, str]:
    """Each formula of the steps at the loss, by the step that shows it."""
    found = {}
    for grain in ("layer", "unit", "term"):
        for moment in moments(trace, grain, LOSS):
            if moment.node_id != LOSS:
                continue
            one = card(trace, moment, 0 if moment.part != "after" else None, fmt)
            latex = [one.formula, one.numbers, *(e.latex() for e in one.equations)]
            latex += [e.numbers(fmt) for e in one.equations]
            latex += [line for s in one.stages for e in s.equations for line in (e.latex(), e.numbers(fmt))]
            for line in filter(None, latex):
                found.setdefault(line, f"{moment}")
    return found


@pytest.mark.parametrize(("cls", "task"), CASES, ids=lambda v: getattr(v, "key", v))
def test_every_step_at_a_loss_is_typeset(qapp, cls, task) -> None:
    trace = trace_of(cls(), task)
    found = written(trace)
    assert len(found) > 5
    for latex, where in found.items():
        for line in formula.lines(latex):
            assert formula.svg(line), f"{where}: cannot be typeset: {line}"
            assert formula.size(line, 15.0).height() < 4 * 15 + 20, f"{where}: too high: {line}"


@pytest.mark.parametrize(("cls", "task"), CASES, ids=lambda v: getattr(v, "key", v))
def test_symbols_of_a_loss_are_plain_characters_beside_the_formulas(cls, task) -> None:
    trace = trace_of(cls(), task)
    for moment in moments(trace, "unit", LOSS):
        if moment.node_id == LOSS and moment.part != "after":
            result = card(trace, moment, 0, fmt).result
            if result is not None:
                assert not set(plain(result.symbol)) & set("\\{}$^_"), result.symbol
