"""Inputs and targets that lie far from 1, with which no rate of learning suits all weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.core import Array
from engine.data import Dataset, Preparation
from engine.errors import clipped
from engine.layers import BatchNorm, LayerNorm
from engine.network import INPUT, Network
from engine.problems import Problem, Remedy, SetPreparation

#: what is farther from 0 than this in a column, or nearer in all of them, is far from 1
FAR, NEAR = 30.0, 0.01


def far_from_one(train: Dataset, preparation: Preparation, network: Network) -> tuple[Problem, ...]:
    """A warning each for columns of numbers and for targets that are neither normalized nor near 1.

    Args:
        train: the training part, as the network sees it; pictures are not looked at, as readers bring them to 0..1.
        preparation: how it was prepared.
        network: which may begin by normalizing.
    """
    return (*_inputs(train, preparation, network), *_targets(train, preparation))


def _inputs(train: Dataset, preparation: Preparation, network: Network) -> Iterator[Problem]:
    first = [node.layer for node in network.nodes if INPUT in network.inputs_of(node.id)]
    normalized = preparation.normalize != "none" or all(isinstance(x, BatchNorm | LayerNorm) for x in first)
    if train.is_image or normalized:
        return
    remedy = SetPreparation("Standardize the inputs", "normalize", "standardize")
    yield from _warned("input", train.features, train.x, remedy)


def _targets(train: Dataset, preparation: Preparation) -> Iterator[Problem]:
    if train.classes or len(train.target_shape) > 1 or preparation.target != "none":
        return
    remedy = SetPreparation("Standardize the targets", "target", "standardize")
    yield from _warned("target", train.targets, train.y, remedy)


def _warned(what: str, names: Sequence[str], values: Array, remedy: Remedy) -> Iterator[Problem]:
    """The warning where ``values`` ``(N, columns)`` are far from 1, about the column that reaches farthest from 0."""
    lows, highs = values.min(axis=0), values.max(axis=0)
    column = int(np.maximum(-lows, highs).argmax())
    low, high = float(lows[column]), float(highs[column])
    if NEAR < max(-low, high) <= FAR or low == high == 0:
        return
    reach = f"{low:,.4g} to {high:,.4g}".replace("-", "−")
    message = (
        f"The {what} {clipped(names[column], 40)} reaches from {reach}; expected numbers about 1: a step of learning that suits those is "
        "far too long, or too short, for these. Standardize them."
    )
    yield Problem("input", message, "warning", (remedy,), "far-from-one")
