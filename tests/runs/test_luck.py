"""Better, or lucky?"""

import math

import numpy as np
import pytest

from playground.runs.luck import interval, luck


def test_a_difference_that_every_seed_shows_is_larger_than_luck() -> None:
    a = [0.50, 0.52, 0.48, 0.51, 0.49]
    found = luck(a, [x - 0.1 for x in a])
    assert (found.verdict, found.wins, found.pairs) == ("B", 5, 5)
    assert (found.mean, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1))
    assert found.words.startswith("Larger than luck: B is better, with 5 of 5 seeds")
    turned = luck([x - 0.1 for x in a], a)
    assert (turned.verdict, turned.wins) == ("A", 0)
    assert "A is better, with 5 of 5" in turned.words


def test_differences_of_both_signs_may_be_luck() -> None:
    found = luck([0.5] * 6, [0.4, 0.6, 0.45, 0.58, 0.5, 0.44])
    assert found.verdict == "luck"
    assert found.low < 0 < found.high
    assert "may be luck: B was better with 3 of 6" in found.words


def test_a_tie_is_nobodys_win() -> None:
    found = luck([1.0] * 5, [1.0, 1.0, 1.0, 1.5, 1.2])
    assert found.wins == 0
    assert "A was better with 2 of 5" in found.words


def test_pairing_cancels_what_a_seed_gives_both() -> None:
    """The seeds differ by far more than A and B do, and yet each says the same."""
    a = np.array([0.1, 0.9, 0.4, 0.7, 0.2, 0.6])
    assert luck(a, a - 0.02 + 0.001 * np.arange(6)).verdict == "B"


def test_the_interval_is_that_of_the_mean() -> None:
    """Of many normal numbers, 1.96 standard errors to both sides."""
    x = np.random.default_rng(1).normal(0.3, 1.0, 400)
    low, high = interval(x)
    error = 1.96 * x.std() / math.sqrt(len(x))
    assert (low, high) == pytest.approx((x.mean() - error, x.mean() + error), abs=0.02)
    assert interval(x) == (low, high)


@pytest.mark.parametrize(("seeds", "most"), [(5, 42), (10, 30)])
def test_luck_is_taken_for_more_about_as_seldom_as_it_says(seeds: int, most: int) -> None:
    """Pairs without a true difference: in one case of twelve, or twenty, give or take what 400 vary."""
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(400):
        a = rng.normal(1.0, 0.2, seeds)
        wrong += luck(a, rng.normal(1.0, 0.2, seeds)).verdict in ("A", "B")
    assert wrong <= most


def test_what_cannot_be_told_is_said() -> None:
    assert luck([0.5] * 3, [0.1] * 3).verdict == "few"
    assert luck([], []).words.startswith("No seed has two sound runs")
    assert luck([0.5] * 5, [0.5] * 5).verdict == "same"
    assert luck([0.5] * 5, [0.4999] * 5).verdict == "same"
    lost = luck([0.5] * 6, [0.4] * 5 + [math.inf])
    assert (lost.pairs, lost.failed, lost.verdict) == (5, 1, "B")
    assert "1 more could not be compared" in lost.words
