"""What is drawn of spreads is what the numbers say, on every axis."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers
from engine.data import Circle, Preparation, prepare
from engine.distributions import Distributions, Spread, distributions
from engine.initializers import HeNormal, Small
from playground.ui.panels.distributions.model import BY_KEY, MIDDLE, Axis, axis_of, row, rows, summary

DATA = prepare(Circle(samples=100).make(), Preparation())
SUMS, GRADIENTS, UPDATES = (BY_KEY[key] for key in ("sums", "gradients", "updates"))
RNG = np.random.default_rng(0)
NUMBERS = np.concatenate([RNG.normal(size=4000), np.zeros(1000)])


def deep(initializer: object = None) -> Distributions:
    network = Network.chain(
        *[one for _ in range(5) for one in (layers.Linear(16), layers.Tanh())], layers.Linear(1)
    )
    fit = Fit(initializer=initializer or HeNormal())
    return distributions(
        Trainer(Model(network, (2,), 0, initializer=fit.initializer), DATA.train, None, fit, 0)
    )


def test_a_linear_axis_goes_from_end_to_end() -> None:
    axis = Axis(-2.0, 2.0)
    assert [axis.place(x) for x in (-2.0, 0.0, 1.0, 2.0)] == [0.0, 0.5, 0.75, 1.0]
    assert [word for _, word in axis.ticks()] == ["−2.0", "−1.0", "0", "1.0", "2.0"]


def test_a_signed_axis_of_powers_has_a_gap_for_what_is_0() -> None:
    axis = Axis(-6, 0, True)
    assert axis.place(0.0) == 0.5
    assert axis.place(1.0) == pytest.approx(1.0)
    assert axis.place(-1.0) == pytest.approx(0.0)
    assert axis.place(1e-6) == pytest.approx(0.5 + MIDDLE / 2)
    assert axis.place(1e-3) == pytest.approx(0.5 + MIDDLE / 2 + (1 - MIDDLE) / 4)


def test_an_axis_of_sizes_has_one_side() -> None:
    axis = Axis(-4, 0, True, signed=False)
    assert [axis.place(x) for x in (1e-4, 1e-3, 1.0)] == pytest.approx([0.0, 0.25, 1.0])
    assert len(axis.edges()) == len(axis.heights(Spread.of(NUMBERS))) + 1


@pytest.mark.parametrize("axis", [Axis(-5.0, 5.0), Axis(-6, 1, True), Axis(-6, 1, True, signed=False)])
def test_bars_hold_the_share_that_lies_there(axis: Axis) -> None:
    heights = axis.heights(Spread.of(NUMBERS))
    kept = NUMBERS[NUMBERS > 0] if axis.logarithmic and not axis.signed else NUMBERS[NUMBERS != 0]
    assert heights.sum() == pytest.approx(len(kept) / len(NUMBERS), abs=0.002)
    edges = axis.edges()
    # A bar's place is that of the numbers in it.
    places = np.array([axis.place(float(x)) for x in kept])
    counted = np.histogram(places, edges)[0] / len(NUMBERS)
    np.testing.assert_allclose(heights, counted, atol=0.006)


def test_an_axis_holds_all_but_a_few_of_the_numbers() -> None:
    spread = Spread.of(NUMBERS)
    for quantity, powers in ((SUMS, False), (GRADIENTS, True)):
        assert row("a", spread, axis_of([spread], quantity, powers)).beyond < 0.05


def test_what_is_never_below_0_leaves_that_side_out() -> None:
    axis = axis_of([Spread.of(np.maximum(NUMBERS, 0))], SUMS, False)
    assert axis.low > -0.1 * axis.high


@pytest.mark.parametrize(
    "numbers", [np.zeros(5), np.zeros(0), np.full(3, np.nan), np.array([1e-30]), np.array([1e20])]
)
@pytest.mark.parametrize("quantity", [SUMS, GRADIENTS, UPDATES])
@pytest.mark.parametrize("powers", [False, True])
def test_odd_numbers_have_an_axis_too(numbers: np.ndarray, quantity, powers: bool) -> None:
    spread = Spread.of(numbers)
    axis = axis_of([spread], quantity, powers)
    assert axis.high > axis.low
    made = row("a", spread, axis)
    assert np.isfinite(made.heights).all()
    assert made.figures
    assert "a: " in made.full
    assert axis.ticks()


def test_the_highest_bar_of_both_runs_is_1() -> None:
    a, b = Spread.of(NUMBERS), Spread.of(3 * NUMBERS)
    made = row("a", a, axis_of([a, b], SUMS, False), b)
    assert max(made.heights.max(), made.other.max()) == pytest.approx(1.0)
    assert made.figures[1].startswith("moved ")
    assert "earth mover" in made.full


def test_layers_stand_in_the_order_of_the_network_where_nothing_is_unusual() -> None:
    found = deep()
    assert [one.name for one in rows(found, SUMS)] == ["0", "2", "4", "6", "8", "10"]
    assert summary(found, SUMS) == "Nothing unusual in any layer."


def test_the_worst_stand_first_if_so_wished() -> None:
    found = deep(Small())
    first = [one.name for one in rows(found, SUMS)]
    assert first[0] == "10"
    assert [one.name for one in rows(found, SUMS, worst_first=False)] == ["0", "2", "4", "6", "8", "10"]
    assert summary(found, SUMS).startswith("Most unusual: 10, about ")


def test_one_axis_for_all_or_one_for_each() -> None:
    found = deep(Small())
    assert len({one.axis for one in rows(found, SUMS)}) == 1
    assert len({one.axis for one in rows(found, SUMS, shared=False)}) == 6


def test_a_layer_is_found_by_its_name() -> None:
    assert [one.name for one in rows(deep(), SUMS, seek=" 1")] == ["10"]


def test_layers_that_the_other_run_lacks_stand_alone() -> None:
    found, other = deep(), deep(Small())
    short = Distributions(other.layers[:1], 10, 0)
    made = {one.name: one for one in rows(found, SUMS, other=short)}
    assert made["0"].other is not None
    assert made["2"].other is None
