"""The lab's choices become initializers by their names, its answers are those of the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core import Parameter
from engine.initializers import (
    Constant,
    HeNormal,
    HeUniform,
    Initializer,
    Large,
    LeCunNormal,
    Orthogonal,
    SELUGain,
    Small,
    VarianceScalingNormal,
    VarianceScalingUniform,
    XavierNormal,
    XavierUniform,
    initializers,
)
from engine.layers import Linear, ReLU, Sigmoid, Softmax, Tanh
from engine.network import Network
from engine.propagation import Ladder, predicted
from engine.symmetry import Paths
from playground.document.project import Project
from playground.ui.panels.initialization.model import (
    LARGER,
    NORMAL,
    ORTHOGONAL,
    SAME,
    SMALLER,
    UNIFORM,
    Chosen,
    answer,
    asked,
    because,
    extent,
    gate_of,
    said,
    snapped,
    taken,
    through,
    units_said,
    worked,
)  # fmt: skip

ROOT = math.sqrt(2.0)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(ROOT, "fan_in", NORMAL), HeNormal()),
        (Chosen(ROOT, "fan_in", UNIFORM), HeUniform()),
        (Chosen(1.0, "fan_in", NORMAL), LeCunNormal()),
        (Chosen(2.0, "fan_avg", NORMAL), XavierNormal(2.0)),
        (Chosen(1.0, "fan_avg", UNIFORM), XavierUniform()),
        (Chosen(1.5, "fan_out", NORMAL), VarianceScalingNormal(1.5, "fan_out")),
        (Chosen(1.5, "fan_in", UNIFORM), VarianceScalingUniform(1.5, "fan_in")),
        (Chosen(1.5, "fan_in", ORTHOGONAL), Orthogonal(1.5)),
    ],
)
def test_a_choice_is_an_initializer(chosen: Chosen, expected: Initializer) -> None:
    assert chosen.initializer == expected


@pytest.mark.parametrize("cls", list(initializers), ids=lambda cls: cls.key)
def test_what_the_sliders_take_over_draws_as_widely(cls: type[Initializer]) -> None:
    how = cls()
    chosen = taken(Chosen(width=64), how, ReLU())
    if chosen is None:
        assert cls.key in ("zeros", "constant", "normal", "uniform")
        return
    parameter = Parameter((64, 64), 64, 64)
    assert chosen.initializer.mean_square(parameter) == pytest.approx(how.mean_square(parameter))
    assert chosen.activation == ReLU()


def test_a_slider_near_a_gain_with_a_name_has_it() -> None:
    assert snapped(1.41) == ROOT
    assert snapped(1.3) == 1.3


def test_a_stack_narrows_or_widens() -> None:
    assert Chosen(depth=5, width=64, shape="narrowing to ¼").setup.widths == (64, 45, 32, 23, 16)
    assert Chosen(depth=3, width=16, shape="widening to 4×").setup.widths == (16, 32, 64)


def test_the_projects_activation_is_that_of_a_hidden_layer() -> None:
    assert gate_of(Project(network=Network.chain(Linear(4), ReLU(), Linear(1), Sigmoid()))) == ReLU()
    assert gate_of(Project(network=Network.chain(Linear(4), Sigmoid()))) is None
    assert gate_of(Project(network=Network.chain(Linear(4), Softmax(), Linear(1)))) is None


@pytest.mark.parametrize(
    ("then", "right"),
    [
        (2.0, LARGER),
        (1.0, SAME),
        (1.2, SAME),
        (0.81, SAME),
        (0.5, SMALLER),
        (np.nan, LARGER),
        (np.inf, LARGER),
    ],
)
def test_the_answer_is_that_of_the_numbers(then: float, right: str) -> None:
    assert answer(Ladder(np.array([1.0, then]), np.ones(2)), 1) == right


def test_the_tenth_layer_is_asked_about_or_the_last() -> None:
    assert asked(20) == (9, "Will the spread at layer 10 be larger than at layer 1?")
    assert asked(4)[0] == 3


def test_why_has_the_numbers_that_multiply() -> None:
    chosen = Chosen(1.0, "fan_in", NORMAL, depth=12, width=50, activation=ReLU())
    theory = predicted(chosen.setup)
    words = because(chosen.setup, theory, Ladder(theory.sums, theory.gradients), 9)
    assert words == (  # 2^(−9/2) is 0.0442
        "Smaller: predicted 1.00 at layer 1 and 0.0442 at layer 10, measured 1.00 and 0.0442. "
        "ReLU passes on 0.500 of σ², and 50 weights multiply it by 1.00: 0.500 from layer 1 to 2."
    )


def test_chance_is_said_to_be_chance() -> None:
    chosen = Chosen(ROOT, "fan_in", NORMAL, depth=12, width=50, activation=ReLU())
    theory = predicted(chosen.setup)
    words = because(chosen.setup, theory, Ladder(np.linspace(1.0, 2.0, 12), np.ones(12)), 9)
    assert words.startswith(
        "About equal: predicted 1.41 at layer 1 and 1.41 at layer 10, measured 1.00 and 1.82."
    )
    assert words.endswith("That it was measured otherwise is chance: 50 units are few.")


def test_a_layers_numbers_add_up() -> None:
    chosen = Chosen(ROOT, "fan_in", NORMAL, depth=3, width=50, activation=ReLU())
    theory = predicted(chosen.setup)
    words = worked(1, chosen.setup, theory, Ladder(np.array([1.4, 1.5, 1.6]), np.ones(3)))
    assert "σ² = n·σ²(w)·E[a²] = 50·0.0400·1.00" in words
    assert "σ predicted 1.41, measured 1.50" in words


@pytest.mark.parametrize(
    ("spread", "words"),
    [
        ([1.0, 1.05, 1.1], "It keeps its size."),
        ([1.0, 0.1, 0.01], "It is multiplied by 0.100 at each layer: 1/100 of it is left there."),
        ([1.0, 2.0, 4.0], "It is multiplied by 2.00 at each layer: 4.0 times as much arrives there."),
        ([1.0, 0.0, 0.0], "It vanishes on the way."),
        ([1.0, np.inf, np.inf], "It grows beyond all numbers."),
        ([1.0, np.nan, np.nan], "It grows beyond all numbers."),
    ],
)
def test_what_becomes_of_a_spread(spread: list[float], words: str) -> None:
    assert through(np.array(spread), "It", "there") == words


def test_both_ways_are_said() -> None:
    words = said(Ladder(np.array([1.0, 1.0]), np.array([0.01, 1.0])))
    assert (
        words
        == "Forward, the signal keeps its size. Backward, the gradient is multiplied by 0.0100 at each layer: 1/100 of it is left at the first layer."
    )


def test_units_are_counted() -> None:
    weights = np.array(
        [[[1.0, 1.0]] * 3, [[1.0, 1.0], [1.0, 1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 1.0], [2.0, -4.0]]]
    )
    found = Paths(weights, np.arange(3), np.array([0.7, 0.6, 0.5]))
    assert [units_said(found, i) for i in range(3)] == [
        "all 3 units are one, loss 0.700", "2 different units of 3, loss 0.600", "3 different units, loss 0.500",
    ]  # fmt: skip
    assert extent(found) == pytest.approx(4.4)


def test_starts_without_a_gain_of_their_own_leave_the_sliders() -> None:
    assert taken(Chosen(), Constant(0.1)) is None
    assert taken(Chosen(width=100), Small()).gain == pytest.approx(0.1)
    assert taken(Chosen(), Large()).gain == pytest.approx(3 * ROOT)
    assert taken(Chosen(), SELUGain()).gain == 0.75
    assert taken(Chosen(activation=Tanh()), HeNormal()).activation == Tanh()
