"""Units that begin alike: they get the same gradients, so they stay alike, unless noise parts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.data import Dataset
from engine.errors import DivergedError
from engine.fit import Fit
from engine.layers import Activation, Linear
from engine.model import Model
from engine.network import Network
from engine.train import Trainer

#: two units are one where no weight differs by more than this share of the largest
ALIKE = 1e-4
#: the id of the layer whose units are looked at
FIRST = "0"


@dataclass(frozen=True, eq=False)
class Paths:
    """How the units of a hidden layer moved.

    Args:
        weights: the weights that each unit reads its inputs with, at each moment that was kept, ``(moments, units, inputs)``.
        steps: updates made at each, ``(moments,)``.
        losses: over all samples, ``(moments,)``.
    """

    weights: Array
    steps: Array
    losses: Array

    def groups(self, moment: int) -> tuple[tuple[int, ...], ...]:
        """Which units lie on top of each other at a moment, ``((0, 1, 2), (3,))``; the largest groups first."""
        left = list(range(self.weights.shape[1]))
        at = self.weights[moment]
        near = ALIKE * max(float(np.abs(at).max(initial=0.0)), 1e-12)
        found = []
        while left:
            same = [k for k in left if np.abs(at[k] - at[left[0]]).max() <= near]
            found.append(tuple(same))
            left = [k for k in left if k not in same]
        return tuple(sorted(found, key=len, reverse=True))


def paths(
    data: Dataset,
    fit: Fit,
    activation: Activation,
    outputs: int,
    *,
    units: int = 8,
    start: float = 0.5,
    noise: float = 0.0,
    updates: int = 400,
    moments: int = 60,
    seed: int = 0,
) -> Paths:
    """Train one hidden layer whose weights all begin at ``start``, in and out, plus ``noise`` times a standard bell curve.

    Args:
        data: what it learns from.
        fit: how; its initializer is not asked.
        activation: of the hidden layer.
        outputs: how many numbers the network gives.
        units: of the hidden layer.
        updates: how many are made, at most: it ends where the loss is no number any more.
        moments: how many are kept, evenly, the first and the last among them.
        seed: of the noise and the order of samples.
    """
    model = Model(Network.chain(Linear(units), activation, Linear(outputs)), data.in_shape, seed)
    rng = np.random.default_rng((seed, 2))
    for parameters in model.parameters.values():
        weight = parameters["weight"]
        weight[...] = start + noise * rng.normal(size=weight.shape)
    trainer = Trainer(model, data, None, fit.replace(early_stopping=0), seed)
    wanted = np.unique(np.rint(np.linspace(0, updates, min(moments, updates + 1))).astype(int))
    kept, losses = [], []
    with np.errstate(all="ignore"):
        for step in wanted:
            try:
                while trainer.steps < step:
                    trainer.step()
            except DivergedError:
                break
            trainer.score()
            kept.append(np.array(model.parameters[FIRST]["weight"], np.float64))
            losses.append(trainer.train_score.loss)
    return Paths(np.array(kept), wanted[: len(kept)], np.array(losses))
