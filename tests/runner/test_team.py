"""Threads that share a batch: the same bytes with any number of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, losses, optimizers, parts
from engine.data import Dataset
from engine.parts import PartedProgram, share
from playground.runner.team import team

SHAPE = (2, 10, 9)
NETWORK = Network.chain(
    layers.Conv2d(4, 3), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(3)
)


def trained(threads: int) -> tuple[bytes, float]:
    rng = np.random.default_rng(1)
    data = Dataset(rng.normal(size=(100, *SHAPE)).astype(np.float32), np.arange(100) % 3)
    fit = Fit(losses.CrossEntropyLoss(), optimizers.Adam(), batch_size=41)
    run = Trainer(Model(NETWORK, SHAPE), data, None, fit)
    assert isinstance(run.model.program(41, training=True), PartedProgram)
    with team(threads):
        for _ in range(3):
            run.finish_epoch()
    return run.model.store.values.tobytes(), run.train_score.loss


def test_the_number_of_threads_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_WORK", 1000)
    monkeypatch.setattr(parts, "LEAST_SAMPLES", 10)
    assert trained(1) == trained(2) == trained(3)


def test_what_a_part_raises_is_raised_where_it_was_asked_for() -> None:
    def broken() -> None:
        raise MemoryError("no room")

    with team(2):
        with pytest.raises(MemoryError, match="no room"):
            share([lambda: None, broken])
        done: list[int] = []
        share([lambda: done.append(1), lambda: done.append(2)])
    assert sorted(done) == [1, 2]
