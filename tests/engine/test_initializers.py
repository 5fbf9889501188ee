"""First weights: drawn in pieces where there are many, to the same numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core import Parameter
from engine.initializers import (
    HeNormal,
    Initializer,
    LeCunUniform,
    SELUGain,
    VarianceScalingNormal,
    VarianceScalingUniform,
    XavierNormal,
    XavierUniform,
    initializers,
)
from tests.engine.catalogue import case_id, variants


@pytest.mark.parametrize("how", [v for cls in initializers for v in variants(cls)], ids=case_id)
def test_a_large_parameter_is_drawn_in_pieces_to_the_same_numbers(
    how: Initializer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.initializers.PIECE", 50)
    parameter = Parameter((7, 3, 5), 15, 35)
    view = np.zeros((3, 5, 7)).transpose(2, 0, 1)
    how.fill(view, parameter, np.random.default_rng(1))
    np.testing.assert_array_equal(view, how.draw(parameter, np.random.default_rng(1)))


@pytest.mark.parametrize("how", [v for cls in initializers for v in variants(cls)], ids=case_id)
@pytest.mark.parametrize("shape", [(400, 250), (250, 400)])
def test_the_mean_square_is_that_of_the_numbers(how: Initializer, shape: tuple[int, int]) -> None:
    parameter = Parameter(shape, shape[1], shape[0])
    draws = how.draw(parameter, np.random.default_rng(3))
    # 100,000 numbers: their mean square is within 6 standard errors, √(2/n) of it for a bell curve.
    assert np.mean(draws**2) == pytest.approx(how.mean_square(parameter), rel=6 * np.sqrt(2 / draws.size))


@pytest.mark.parametrize(
    ("own", "named"),
    [
        (VarianceScalingNormal(gain=math.sqrt(2.0), mode="fan_in"), HeNormal()),
        (VarianceScalingNormal(gain=1.0, mode="fan_avg"), XavierNormal()),
        (VarianceScalingNormal(gain=0.75, mode="fan_in"), SELUGain()),
        (VarianceScalingUniform(gain=1.0, mode="fan_in"), LeCunUniform()),
        (VarianceScalingUniform(gain=2.0, mode="fan_avg"), XavierUniform(gain=2.0)),
    ],
)
def test_the_named_ones_are_cases_of_gain_and_fan(own: Initializer, named: Initializer) -> None:
    parameter = Parameter((8, 5), 5, 8)
    first, second = (how.draw(parameter, np.random.default_rng(0)) for how in (own, named))
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_fan_out_divides_by_the_units_that_read() -> None:
    parameter = Parameter((8, 5), 5, 8)
    assert VarianceScalingNormal(gain=3.0, mode="fan_out").mean_square(parameter) == pytest.approx(9.0 / 8.0)
