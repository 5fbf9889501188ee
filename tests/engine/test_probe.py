"""Histograms agree with NumPy's, also where there is little or nothing to count."""

import numpy as np
import pytest

from engine.probe import histogram


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [1, 7, 24])
def test_counts_are_numpys(dtype, bins):
    values = np.random.default_rng(0).normal(size=(8, 500)).astype(dtype)
    counts, edges = histogram(values, bins)
    expected, expected_edges = np.histogram(values.astype(np.float64), bins)
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose(
        edges, expected_edges, rtol=0, atol=1e-12 * np.abs(expected_edges).max() + 1e-15
    )


def test_the_largest_value_is_in_the_last_bin():
    counts, edges = histogram(np.array([0.0, 1.0, 1.0]), 4)
    assert counts.tolist() == [1, 0, 0, 2]
    assert edges.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_what_is_not_finite_is_not_counted():
    counts, edges = histogram(np.array([np.nan, 1.0, np.inf, 2.0, -np.inf]), 2)
    assert counts.tolist() == [1, 1]
    assert (edges[0], edges[-1]) == (1.0, 2.0)


@pytest.mark.parametrize("values", [np.zeros(0), np.full(3, np.nan)])
def test_nothing_gives_one_empty_range(values):
    counts, edges = histogram(values, 3)
    assert counts.tolist() == [0, 0, 0]
    assert (edges[0], edges[-1]) == (-0.5, 0.5)


def test_equal_values_get_a_range_round_them():
    counts, edges = histogram(np.full(4, 3.0, np.float32), 2)
    assert counts.sum() == 4
    assert (edges[0], edges[-1]) == (2.5, 3.5)
