"""Pulses: the weights that draw them, exactly, and the pulses that weights draw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.errors import SpecError
from engine.layers import LeakyReLU, ReLU, Sigmoid, Tanh
from engine.pulses import Pulse, curve, means, one_more, parts, read, side_by_side

PULSES = (Pulse(-1.0, 2.0, 3.0, 0.5), Pulse(2.5, 4.0, -1.5, 1.0))


def drawn(kind, w, b, v, x):
    bent = {ReLU: lambda z: np.maximum(z, 0), Sigmoid: lambda z: 1 / (1 + np.exp(-z)), Tanh: np.tanh}[kind]
    return (v * bent(np.outer(x, w) + b)).sum(1)


def test_four_relus_are_up_level_down_level():
    w, b, v = parts(ReLU, [Pulse(0.7, 2.5, 0.9, 0.8)])
    np.testing.assert_allclose(w, [1, 1, 1, 1])
    np.testing.assert_allclose(b, [-0.3, -1.1, -2.1, -2.9])
    np.testing.assert_allclose(v, [1.125, -1.125, -1.125, 1.125])
    x = np.array([-5.0, 0.3, 0.7, 1.1, 1.6, 2.1, 2.5, 2.9, 99.0])
    np.testing.assert_allclose(drawn(ReLU, w, b, v, x), [0, 0, 0.45, 0.9, 0.9, 0.9, 0.45, 0, 0], atol=1e-12)


def test_two_sigmoids_are_one_up_and_one_down():
    w, b, v = parts(Sigmoid, [Pulse(-1.0, 2.0, 3.0, 0.5)])
    np.testing.assert_allclose((w, b, v), ([8, 8], [8, -16], [3, -3]))
    # The steepest slope is that of the ramp.
    up = drawn(Sigmoid, w, b, v, np.array([-1 - 1e-5, -1 + 1e-5]))
    assert np.diff(up)[0] / 2e-5 == pytest.approx(3.0 / 0.5, rel=1e-4)
    np.testing.assert_allclose(
        drawn(Sigmoid, w, b, v, np.array([-9.0, -1.0, 0.5, 2.0, 9.0])), [0, 1.5, 3, 1.5, 0], atol=1e-4
    )


def test_tanh_draws_the_same_as_a_sigmoid():
    x = np.linspace(-4, 6, 50)
    np.testing.assert_allclose(curve(PULSES, x, Tanh), curve(PULSES, x, Sigmoid), atol=1e-12)


@pytest.mark.parametrize("kind", [ReLU, Sigmoid, Tanh])
def test_what_is_built_is_read_back_from_float32(kind):
    w, b, v = (a.astype(np.float32) for a in parts(kind, PULSES))
    found = read(kind, w, b, v)
    assert len(found) == 2
    for one, other in zip(found, PULSES, strict=True):
        np.testing.assert_allclose(
            (one.left, one.right, one.height, one.ramp),
            (other.left, other.right, other.height, other.ramp),
            rtol=1e-5,
        )


@pytest.mark.parametrize(("kind", "array"), [(ReLU, 0), (ReLU, 1), (ReLU, 2), (Sigmoid, 0), (Sigmoid, 2)])
def test_weights_that_were_moved_are_no_pulses(kind, array):
    given = [a.copy() for a in parts(kind, PULSES)]
    given[array][1] *= 1.01
    assert read(kind, *given) is None


def test_other_numbers_of_units_and_other_kinds_are_no_pulses():
    w, b, v = parts(ReLU, PULSES)
    assert read(ReLU, w[:-1], b[:-1], v[:-1]) is None
    assert read(LeakyReLU, w, b, v) is None
    assert read(ReLU, -w, b, v) is None
    assert read(ReLU, w, b * np.nan, v) is None
    with pytest.raises(SpecError, match="LeakyReLU"):
        parts(LeakyReLU, PULSES)


@pytest.mark.parametrize(
    "given", [(0, 1, 1, 0), (0, 1, 1, -1), (0, 1, 1, 1.1), (1, 0, 1, 0.1), (0, 1, float("nan"), 0.1)]
)
def test_a_pulse_that_cannot_be_is_refused(given):
    with pytest.raises(SpecError, match="ends at least a ramp apart"):
        Pulse(*given)


def test_pulses_side_by_side_are_as_high_as_asked_in_the_middle_of_each():
    heights = [1.0, -2.0, 0.5]
    found = side_by_side(-3, 3, heights)
    np.testing.assert_allclose(curve(found, np.array([-2.0, 0.0, 2.0])), heights)
    np.testing.assert_allclose(
        curve(found, np.array([-1.0, 1.0])), [-0.5, -0.75]
    )  # half and half where they meet


def test_more_pulses_come_closer_to_a_sine():
    x = np.linspace(-3, 3, 400)
    y = np.sin(x)
    errors = [np.abs(curve(side_by_side(-3, 3, means(x, y, -3, 3, n)), x) - y).mean() for n in (4, 8, 16, 32)]
    assert all(later < 0.65 * sooner for sooner, later in pairwise(errors))


def test_a_piece_without_samples_lies_between_its_neighbours():
    np.testing.assert_allclose(
        means(np.array([0.1, 0.2, 0.9]), np.array([1.0, 3.0, 6.0]), 0, 1, 3), [2, 4, 6]
    )


def test_one_more_goes_where_the_curve_is_furthest():
    x = np.linspace(0, 8, 200)
    y = np.where((x > 5) & (x < 6), 4.0, 0.5)
    found = one_more(x, y, 0, 8, ())
    assert (found.left, found.right) == (5, 6)
    assert found.height == pytest.approx(4.0, rel=0.05)
