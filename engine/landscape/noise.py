"""How much the gradient of a batch differs from that of all samples, in the plane of two weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.errors import EngineError
from engine.landscape.bench import Bench
from engine.landscape.plane import Cell, place

#: batches drawn of each size, and parameters times samples that all of them may go through
BATCHES, MOST_WORK = 200, 100_000_000
#: sizes that are looked at beside "all"
SIZES = (1, 32)


@dataclass(frozen=True, eq=False)
class Cloud:
    """Gradients of batches of one size.

    Args:
        size: samples in each.
        at: ``(k, 2)``, ∂L/∂w of the two weights.
        spread: root mean square distance of ``at`` from that of all samples.
        against: share of the batches whose whole gradient points against the one of all samples: their step would raise the loss.
    """

    size: int
    at: Array
    spread: float
    against: float


@dataclass(frozen=True, eq=False)
class Noise:
    """Gradients of the loss (penalty left out) by two weights, of batches of several sizes and of all samples.

    Args:
        cells: the two.
        step: updates made so far.
        whole: ``(2,)``, of all samples.
        clouds: by size, the smallest first.
        samples: how many all are.
        share: done, from 0 to 1.
    """

    cells: tuple[Cell, Cell]
    step: int
    whole: Array
    clouds: tuple[Cloud, ...]
    samples: int
    share: float


def noise(bench: Bench, first: Cell, second: Cell, steps: int, seed: int = 0) -> Iterator[Noise]:
    """What there is after each few batches, the last one complete. Batches are drawn without replacement, by ``seed``.

    Raises EngineError where there is no such cell, or both are one.
    """
    if first == second:
        raise EngineError(f"Both axes are {first.words}. Choose two different numbers.")
    places = [place(bench.model, cell) for cell in (first, second)]
    count = len(bench.data)
    whole = bench.gradient()
    sizes = [size for size in SIZES if size < count]
    clouds: list[Cloud] = []
    for k, size in enumerate(sizes):
        rng = np.random.default_rng([seed, size])
        most = max(20, min(BATCHES, MOST_WORK // (size * len(whole))))
        batches = list(_drawn(rng, count, size, most))
        at, against = [], 0
        for i, batch in enumerate(batches):
            gradient = bench.gradient(bench.data.take(batch))
            at.append(gradient[places])
            against += bool(gradient @ whole < 0)
            if i % 10 == 9 or i == len(batches) - 1:
                one = _cloud(size, np.array(at), whole[places], against)
                last = k == len(sizes) - 1 and i == len(batches) - 1
                share = 1.0 if last else (k + (i + 1) / len(batches)) / len(sizes)
                yield Noise((first, second), steps, whole[places], (*clouds, one), count, share)
        clouds.append(one)
    if not sizes:
        yield Noise((first, second), steps, whole[places], (), count, 1.0)


def _drawn(rng: np.random.Generator, count: int, size: int, most: int) -> Iterator[Array]:
    """``most`` batches: of single samples each at most once, of larger ones each batch anew."""
    if size == 1:
        yield from rng.permutation(count)[:most, None]
        return
    for _ in range(most):
        yield rng.choice(count, size, replace=False)


def _cloud(size: int, at: Array, whole: Array, against: int) -> Cloud:
    spread = float(np.sqrt(((at - whole) ** 2).sum(axis=1).mean()))
    return Cloud(size, at, spread, against / len(at))
