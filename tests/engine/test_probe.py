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


LARGEST = np.finfo(np.float64).max


@pytest.mark.parametrize(
    "values",
    [
        np.full(5, 1e17, np.float32),
        np.full(5, -3.4e38, np.float32),
        np.full(5, 1e30),
        np.full(5, LARGEST),
        np.array([-LARGEST, LARGEST]),
        np.array([LARGEST, np.nextafter(LARGEST, 0)]),
        np.array([1e17, np.nextafter(1e17, 2e17)]),
        np.array([1.0, np.nextafter(1.0, 2.0)]),
        np.array([0.0, 5e-324]),
        np.array([-1e-45, 1e-45], np.float32),
        np.array([-3.4e38, 3.4e38], np.float32),
    ],
    ids=[
        "1e17",
        "-f32",
        "1e30",
        "f64",
        "-f64..f64",
        "f64-ulp",
        "1e17+ulp",
        "1+ulp",
        "0..tiny",
        "-tiny..tiny",
        "-f32..f32",
    ],
)
@pytest.mark.parametrize("bins", [1, 10, 40])
def test_at_the_edges_of_float_every_value_is_counted_between_finite_ascending_edges(values, bins):
    counts, edges = histogram(values, bins)
    assert counts.sum() == len(values)
    assert len(counts) == bins
    assert np.isfinite(edges).all()
    assert (np.diff(edges / 2) >= 0).all()
    assert edges[0] < edges[-1]
    assert edges[0] <= values.min()
    assert values.max() <= edges[-1]
