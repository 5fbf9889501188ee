"""A sum that is shown adds up to what is shown: as many terms as there are, each once, and the rest of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtGui import QPainter

from engine.trace import Equation, Operand
from engine.trace.terms import Column, Few, Function, Products, Term, Terms
from playground.ui.kit.numbers import parse
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.terms import MOST, TermStrip, shown

COUNTS = range(1, 31)


def products(n: int, seed: int = 0) -> Products:
    rng = np.random.default_rng(seed)
    return Products(*(Column(rng.normal(size=n), name) for name in "wx"))


def equation(n: int, rule: str = "sum") -> Equation:
    terms = products(n)
    total = terms.values.sum() if rule == "sum" else terms.values.max()
    return Equation(Operand("y", float(total)), terms, rule)


def numbers_of(terms: Terms) -> list[float]:
    return [term.value for term in terms]


@pytest.mark.parametrize("n", COUNTS)
def test_what_is_shown_of_a_sum_adds_up_at_every_grain(n: int) -> None:
    whole = equation(n)
    for current in range(-1, n):
        found = shown(whole, current)
        values = [chip.term.value for chip in found.chips]
        assert len(values) + found.more == n
        assert found.more >= 0
        assert len(set(values)) == len(values), "no term is shown twice"
        assert set(values) <= set(numbers_of(whole.terms))
        assert sum(values) + (found.rest or 0.0) == pytest.approx(whole.result.value, rel=1e-12, abs=1e-12)
        marked = [chip.term.value for chip in found.chips if chip.current]
        assert marked == ([] if current < 0 else [whole.terms[current].value])
        if found.sorted:
            assert [chip.running for chip in found.chips] == pytest.approx(np.cumsum(values).tolist())


@pytest.mark.parametrize("n", COUNTS)
def test_of_numbers_of_which_the_largest_wins_it_is_shown_and_the_rest_are_smaller(n: int) -> None:
    whole = equation(n, "max")
    found = shown(whole)
    assert max(chip.term.value for chip in found.chips) == whole.result.value
    if found.more:
        left = set(numbers_of(whole.terms)) - {chip.term.value for chip in found.chips}
        assert found.rest == max(left)


def test_of_the_arguments_of_a_function_the_rest_come_to_nothing() -> None:
    terms = Few(*(Term((Operand(f"a_{i}", float(i)),)) for i in range(14)))
    found = shown(Equation(Operand("y", 1.0), terms, "function", Function("f", "f", lambda *a: 1.0)))
    assert (found.more, found.rest) == (14 - MOST, None)


@pytest.mark.parametrize("current", [-1, 0, 5, 8])
@pytest.mark.parametrize("n", [1, 2, 8, 9, 10, 11, 12, 30])
def test_what_is_painted_adds_up(qtbot, monkeypatch, n: int, current: int) -> None:
    current = min(current, n - 1)
    strip = TermStrip(Focus(), LIGHT, "terms")
    qtbot.addWidget(strip)
    strip.resize(5000, 200)
    strip.set_equation(equation(n), current)
    painted: list[str] = []
    drawn = QPainter.drawText

    def record(painter: QPainter, where: object, *rest: object) -> None:
        painted.append(str(rest[-1]))
        drawn(painter, where, *rest)

    monkeypatch.setattr(QPainter, "drawText", record)
    strip.grab()
    monkeypatch.undo()
    # Each product stands behind an equals sign, in the order it is painted; the rest behind its words.
    results = [float(parse(painted[i + 1])) for i, text in enumerate(painted) if text == "="]
    rest = [re.fullmatch(r"(\d+) more terms?: (.*)", text) for text in painted]
    (more,) = [match for match in rest if match] or [None]
    assert len(results) == min(n, MOST)
    assert (more is None) == (n <= MOST)
    assert len(results) + (int(more[1]) if more else 0) == n
    total = sum(results) + (float(parse(more[2])) if more else 0.0)
    assert total == pytest.approx(equation(n).result.value, abs=0.01 * n)


@pytest.mark.parametrize("n", COUNTS)
def test_an_equation_says_how_many_terms_it_leaves_out(n: int) -> None:
    latex = equation(n).latex()
    left = re.search(r"\\ldots_\{\\,(-?\d+)\\", latex)
    written = latex.partition("=")[2].count("w")
    assert written + (int(left[1]) if left else 0) == n
    assert left is None or int(left[1]) > 0
