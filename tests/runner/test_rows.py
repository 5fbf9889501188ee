"""A few rows of a large array are read by the indices of the whole; what is not there is not known."""

import numpy as np
import pytest

from playground.document.examples import example
from playground.runner.messages import Gradients, Weights
from playground.runner.rows import Rows
from playground.runner.session import Session


@pytest.fixture
def whole() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(10, 3, 2, 2)).astype(np.float32)


@pytest.mark.parametrize(
    "index",
    [4, (4, 1, 0, 1), [3, 5], np.array([5, 4, 4]), (np.array([3, 5]), np.array([0, 2])), []],
    ids=str,
)
def test_rows_that_are_here_are_those_of_the_whole(whole: np.ndarray, index: object) -> None:
    rows = Rows.of(whole, 3, 6)
    found, expected = rows[index], whole[np.array(index, int) if isinstance(index, list) else index]
    np.testing.assert_array_equal(found, expected)
    assert rows.shape == whole.shape
    assert rows.ndim == 4


def test_other_rows_are_not_known(whole: np.ndarray) -> None:
    rows = Rows.of(whole, 3, 6)
    assert [i in rows for i in (2, 3, 5, 6)] == [False, True, True, False]
    assert np.isnan(rows[2, 0, 0, 0])
    assert np.isnan(rows[6]).all()
    found = rows[[2, 3]]
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], whole[3])
    for index in (-1, 10, [0, 10]):
        with pytest.raises(IndexError, match="expected 0 to 9"):
            rows[index]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_magnitude_is_that_of_the_whole(whole: np.ndarray, sign: int) -> None:
    whole[9, 0, 0, 0] = sign * 50.0
    assert Rows.of(whole, 0, 2).largest == 50.0
    assert Rows.of(0 * whole, 0, 2).largest == 0.0


def test_only_these_rows_are_sent_and_they_do_not_change_any_more() -> None:
    session = Session()
    session.load(example("digits-cnn").project)
    session.play()
    session.train(0.0, 2)
    for want in (Weights, Gradients):
        some, all_ = want("conv2d2", (2, 5)), want("conv2d2")
        frame = session.frame([some, all_])
        rows, weight = frame.answer(some)["weight"], frame.answer(all_)["weight"]
        assert rows.rows.shape == (3, *weight.shape[1:])
        np.testing.assert_array_equal(rows[[2, 3, 4]], weight[2:5])
        assert rows.largest == np.abs(weight).max()
        np.testing.assert_array_equal(frame.answer(some)["bias"], frame.answer(all_)["bias"])
        before = rows.rows.copy()
        session.train(0.0, 2)
        np.testing.assert_array_equal(rows.rows, before)
