"""Digits are chosen, and numbers that do not close at the digits shown are said to be about so."""

import math

import pytest

from engine.trace import moments
from engine.trace.cards import card as card_of
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.card import StepCard
from tests.ui.panels.backprop.traced import small, trace_of


def closes(card: StepCard, found) -> bool:
    """Whether the result is what the shown numbers come to, at the digits shown."""
    last, digits = found.equations[-1], card.result.focus.digits
    total = sum(math.prod(float(parse(fmt(f.value, digits))) for f in t.factors) for t in last.terms)
    total *= math.prod(float(parse(fmt(one.value, digits))) for one in last.scale)
    return fmt(total, digits) == fmt(last.result.value, digits)


@pytest.mark.parametrize("digits", [3, 4, 6, 9])
def test_digits_can_be_chosen_and_what_does_not_close_is_said_to_be_about_so(qtbot, digits: int) -> None:
    trace, focus = trace_of(small()), Focus()
    card = StepCard(focus, LIGHT)
    qtbot.addWidget(card)
    card.resize(1200, 500)
    focus.set_digits(digits)
    seen = set()
    for moment in moments(trace, "unit", "linear2"):
        found = card_of(trace, moment, 0, lambda value: fmt(value, digits))
        if not found.equations or found.equations[-1].rule != "sum" or found.result is None:
            continue
        card.show_card(found, "Step 1 of 9", False)
        about = r"\approx" in card.numbers.latex
        assert about is not closes(card, found)
        written = fmt(found.result.value, digits).strip("−")
        assert written.partition("e")[0] in card.numbers.latex
        seen.add(about)
    assert seen
    if digits == 3:
        assert True in seen, "three digits do not always close"
