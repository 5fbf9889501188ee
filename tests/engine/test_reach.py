"""Columns and targets far from 1 are said before they spoil the training."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import Dataset, Iris, Preparation, Wine, prepare
from engine.layers import BatchNorm, Linear
from engine.network import Network
from engine.problems import Problem
from engine.reach import far_from_one

NET = Network.chain(Linear(2))
PLAIN = Preparation(normalize="none", target="none")


def found(data: Dataset, preparation: Preparation = PLAIN, network: Network = NET) -> tuple[Problem, ...]:
    return far_from_one(prepare(data, preparation).train, preparation, network)


def test_a_table_of_large_numbers_is_to_be_standardized() -> None:
    [problem] = found(Wine().make())
    assert (problem.node_id, problem.level) == ("input", "warning")
    assert problem.message.startswith("The input proline reaches from 2")
    [remedy] = problem.remedies
    assert (remedy.name, remedy.value) == ("normalize", "standardize")
    assert not found(Wine().make(), PLAIN.replace(**{remedy.name: remedy.value}))
    assert not found(Wine().make(), network=Network.chain(BatchNorm(), Linear(2)))
    assert not found(Iris().make())


@pytest.mark.parametrize(
    ("scale", "far"), [(1.0, False), (20.0, False), (1000.0, True), (0.001, True), (0.0, False)]
)
def test_how_far_is_far(scale: float, far: bool) -> None:
    x = np.linspace(-1, 1, 20)[:, None] * [0.1, 1.0] * scale
    assert bool(found(Dataset(x, np.arange(20) % 2))) == far
    targets = found(Dataset(np.ones((20, 1)), x))
    assert bool(targets) == far
    if far:
        assert "The target y2 reaches from" in targets[0].message
        assert not found(Dataset(np.ones((20, 1)), x), PLAIN.replace(target="standardize"))


def test_pictures_are_not_looked_at() -> None:
    assert not found(Dataset(np.full((20, 1, 2, 2), 255.0), np.arange(20) % 2))
