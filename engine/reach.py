"""Inputs and targets that lie far from 1, with which no rate of learning suits all weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.core import Array
from engine.data import Dataset, Preparation
from engine.errors import clipped
from engine.layers import BatchNorm, LayerNorm
from engine.network import INPUT, Network
from engine.problems import Problem, SetPreparation

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
    column, low, high = _farthest(train.x)
    if not NEAR < max(-low, high) <= FAR and (low or high):
        what = f"The input {clipped(train.features[column], 40)}"
        yield Problem("input", _sentence(what, low, high), "warning", (_STANDARDIZE_INPUTS,))


def _targets(train: Dataset, preparation: Preparation) -> Iterator[Problem]:
    if train.classes or preparation.target != "none":
        return
    column, low, high = _farthest(train.y)
    if not NEAR < max(-low, high) <= FAR and (low or high):
        what = f"The target {clipped(train.targets[column], 40)}"
        yield Problem("input", _sentence(what, low, high), "warning", (_STANDARDIZE_TARGETS,))


_STANDARDIZE_INPUTS = SetPreparation("Standardize the inputs", "normalize", "standardize")
_STANDARDIZE_TARGETS = SetPreparation("Standardize the targets", "target", "standardize")


def _farthest(values: Array) -> tuple[int, float, float]:
    """The column of ``(N, columns)`` that reaches farthest from 0, and from where to where it reaches."""
    low, high = values.min(axis=0), values.max(axis=0)
    column = int(np.maximum(-low, high).argmax())
    return column, float(low[column]), float(high[column])


def _sentence(what: str, low: float, high: float) -> str:
    reach = f"{low:,.4g} to {high:,.4g}".replace("-", "−")
    return (
        f"{what} reaches from {reach}; expected numbers about 1: a step of learning that suits those is far too long, or too short, for these. "
        "Standardize them."
    )
