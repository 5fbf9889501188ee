"""First weights: drawn in pieces where there are many, to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core import Parameter
from engine.initializers import Initializer, initializers
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
