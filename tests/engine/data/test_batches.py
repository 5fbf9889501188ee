"""The order in which an epoch visits the samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import epoch_order
from engine.errors import DataError

SEEDS = st.integers(0, 2**31 - 1)


@given(n=st.integers(0, 300), seed=SEEDS, epoch=st.integers(0, 10**6))
def test_it_is_a_permutation_and_the_same_whenever_asked(n: int, seed: int, epoch: int) -> None:
    order = epoch_order(n, seed, epoch)
    assert sorted(order) == list(range(n))
    epoch_order(n, seed, epoch + 1)  # no memory
    assert np.array_equal(order, epoch_order(n, seed, epoch))


@given(seed=SEEDS, epoch=st.integers(0, 10**6))
def test_seeds_and_epochs_differ(seed: int, epoch: int) -> None:
    here = epoch_order(50, seed, epoch)
    for other in ((seed + 1, epoch), (seed, epoch + 1), (epoch, seed)):
        if other != (seed, epoch):
            assert not np.array_equal(here, epoch_order(50, *other))


def test_the_order_is_apart_from_what_else_is_drawn_from_the_seed() -> None:
    for seed in range(5):
        order = epoch_order(50, seed, 0)
        for stream in (seed, [seed, 0], np.random.SeedSequence(seed).spawn(1)[0]):
            assert not np.array_equal(order, np.random.default_rng(stream).permutation(50))


def test_every_place_is_as_likely_for_every_sample() -> None:
    first = np.bincount([epoch_order(4, 0, epoch)[0] for epoch in range(2000)])
    assert abs(first / 2000 - 0.25).max() < 0.04


@pytest.mark.parametrize("arguments", [(-1, 0, 0), (5, -1, 0), (5, 0, -1)])
def test_nothing_may_be_negative(arguments: tuple[int, int, int]) -> None:
    n, seed, epoch = arguments
    with pytest.raises(DataError, match=f"n is {n}, seed {seed}, epoch {epoch}; expected none below 0"):
        epoch_order(*arguments)
