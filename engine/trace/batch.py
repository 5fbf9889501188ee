"""A batch taken apart: who contributed what to a gradient, who was right, how strongly gradients arrive, which units let none pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.layers import Activation
from engine.layers.activation import SATURATED
from engine.network import INPUT
from engine.trace.base import At, explainer_of
from engine.trace.loss import loss_explainer
from engine.trace.record import NotKept, Trace
from engine.trace.terms import Joined, Place, Products, Terms


def sample_gradients(trace: Trace, place: Place) -> Array:
    """Each sample's part in the gradient of one parameter cell, ``(N,)``; together they are the gradient of the batch.

    The loss has divided by the number of samples already, so N times a part is what that sample alone would give.
    Raises NotKept where not all samples are kept.
    """
    at = At(trace, trace.network[place.node_id], None)
    terms = explainer_of(at.layer).parameter(at, place.name, place.index)[-1].terms
    return np.bincount(_samples(terms), weights=terms.values, minlength=trace.size)


def _samples(terms: Terms) -> Array:
    """Which sample each term of a parameter's gradient belongs to."""
    match terms:
        case Products(columns=columns) if columns[0].index is not None:
            first: Array = columns[0].index[:, 0]
            return first
        case Joined(groups=groups):
            return np.concatenate([_samples(g) for g in groups])
    raise NotKept(
        "This gradient is no sum over samples, so it cannot be taken apart by sample. Look at the batch as a whole."
    )


def gradient_norms(trace: Trace, sample: int | None = None) -> dict[str, float]:
    """‖∂L/∂output‖ of every node and of the data, over the kept batch or for one sample, in the network's order."""
    rows = slice(None) if sample is None else slice(trace.row(sample), trace.row(sample) + 1)
    order = (INPUT, *(n.id for n in trace.network.nodes))
    return {i: float(np.linalg.norm(np.asarray(trace.gradients[i][rows], np.float64))) for i in order}


@dataclass(frozen=True, eq=False)
class Saturation:
    """How an activation gates.

    Args:
        share: of its values (over the kept samples) whose slope is below 0.05.
        blocked: units or channels that let no gradient pass: their slope is 0 everywhere, for all samples looked at.
        slopes: local derivatives ``(S, …)``.
    """

    share: float
    blocked: tuple[int, ...]
    slopes: Array


def saturation(trace: Trace, sample: int | None = None) -> dict[str, Saturation]:
    """For every activation: which part of its values lets almost no gradient pass."""
    rows = slice(None) if sample is None else slice(trace.row(sample), trace.row(sample) + 1)
    found = {}
    for node in trace.network.nodes:
        if isinstance(node.layer, Activation):
            x = trace.values[trace.network.inputs_of(node.id)[0]][rows]
            slopes = node.layer.slopes(x)
            flat = (slopes == 0).all(axis=(0, *range(2, x.ndim)))
            blocked = tuple(int(i) for i in np.flatnonzero(flat))
            found[node.id] = Saturation(float((np.abs(slopes) < SATURATED).mean()), blocked, slopes)
    return found


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How the samples of a batch fare.

    Args:
        losses: each kept sample's own loss, ``(S,)``.
        predicted: classes ``(S,)``, or outputs ``(S, K)`` of a regression.
        right: whether each class was right, ``(S,)``; ``None`` for a regression.
    """

    losses: Array
    predicted: Array
    right: Array | None


def sample_outcomes(trace: Trace) -> Outcomes:
    """Losses and predictions of the kept samples: for choosing one to look at."""
    outputs = np.asarray(trace.values[trace.network.output_id], np.float64).reshape(len(trace.samples), -1)
    losses = loss_explainer(trace.fit.loss).sample_losses(trace)
    labels = trace.labels[list(trace.samples)]
    if not np.issubdtype(labels.dtype, np.integer):
        return Outcomes(losses, outputs, None)
    predicted = trace.fit.loss.probabilities(outputs).argmax(1)
    return Outcomes(losses, predicted, predicted == labels)
