"""Units that begin alike stay alike, bit for bit up to rounding; noise parts them."""

from __future__ import annotations

import numpy as np
import pytest

from engine import optimizers
from engine.data import Circle, Preparation, prepare
from engine.fit import Fit
from engine.layers import ReLU, Tanh
from engine.losses import MSELoss
from engine.symmetry import Paths, paths

DATA = prepare(Circle(samples=100).make(), Preparation()).train
FIT = Fit(optimizer=optimizers.SGD(lr=0.1))


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_equal_units_stay_one(start: float) -> None:
    found = paths(DATA, FIT, Tanh(), 1, units=5, start=start, updates=50)
    assert found.groups(0) == found.groups(-1) == ((0, 1, 2, 3, 4),)


def test_they_move_all_the_same() -> None:
    found = paths(DATA, FIT, Tanh(), 1, units=5, start=0.5, updates=50)
    assert np.abs(found.weights[-1] - found.weights[0]).max() > 0.01
    assert found.losses[-1] < found.losses[0]


def test_noise_parts_them() -> None:
    found = paths(DATA, FIT, Tanh(), 1, units=5, noise=0.1, updates=50)
    assert len(found.groups(0)) == len(found.groups(-1)) == 5


def test_the_noise_is_that_of_the_weights() -> None:
    found = paths(DATA, FIT, ReLU(), 1, units=400, start=0.3, noise=0.2, updates=0)
    assert found.weights.shape == (1, 400, 2)
    assert found.weights.mean() == pytest.approx(0.3, abs=0.03)
    assert found.weights.std() == pytest.approx(0.2, rel=0.1)


def test_moments_are_kept_evenly_from_the_first_to_the_last() -> None:
    found = paths(DATA, FIT, Tanh(), 1, updates=100, moments=11)
    np.testing.assert_array_equal(found.steps, np.arange(0, 101, 10))
    assert found.weights.shape == (11, 8, 2)


def test_a_run_that_diverges_ends_there() -> None:
    found = paths(
        DATA,
        Fit(loss=MSELoss(), optimizer=optimizers.SGD(lr=100.0)),
        ReLU(),
        1,
        noise=0.5,
        updates=100,
        moments=101,
    )
    assert 1 <= len(found.steps) < 101
    assert np.isfinite(found.weights).all()
    assert found.weights.shape[0] == found.losses.shape[0] == len(found.steps)


def test_groups_are_of_units_that_lie_on_top_of_each_other() -> None:
    weights = np.array([[[1.0, 2.0], [0.5, 0.0], [1.0, 2.00001], [3.0, 1.0]]])
    assert Paths(weights, np.zeros(1), np.zeros(1)).groups(0) == ((0, 2), (1,), (3,))
