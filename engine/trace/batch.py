"""A batch taken apart: who contributed what to a gradient, who was right, how strongly gradients arrive, which units let none pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.layers import Activation
from engine.layers.activation import SATURATED
from engine.network import INPUT
from engine.trace.base import At, Explainer, Index, explainer_of
from engine.trace.conv import Convolution
from engine.trace.dense import Dense
from engine.trace.loss import loss_explainer
from engine.trace.record import NotKept, Trace
from engine.trace.terms import Joined, Place, Products, Term, Terms


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


@dataclass(frozen=True)
class Sent:
    """One share of what an output cell sends back: where to, and the product δ · local derivative."""

    to: Place
    term: Term


def spread(trace: Trace, node_id: str, cell: Index, sample: int) -> tuple[Sent, ...]:
    """All shares of the gradient at one output cell: for a convolution, the k×k inputs of its window.

    Empty for layers that do not take gradients apart by output (normalizations over a batch).
    """
    at = At(trace, trace.network[node_id], sample)
    explainer, found = explainer_of(at.layer), list[Sent]()
    if isinstance(explainer, Dense | Convolution):
        # Products of a weight and an input: the weight is the local derivative, and nobody else needs to be asked.
        delta = at.dy(cell)
        for term in explainer.forward(at, cell)[-1].terms:
            where = term.factors[-1].place
            if where is not None and where.kind == "value":
                found.append(Sent(Place(node_id, "share", "0", where.index), Term((delta, term.factors[0]))))
        return tuple(found)
    for position in range(len(at.sources)):
        for index in _inputs(at, explainer, cell, position):
            for term in explainer.share(at, position, index[1:])[-1].terms:
                place = term.factors[0].place
                target = place is not None and place.kind == "gradient" and place.index == (sample, *cell)
                if target and len(term.factors) == 2:
                    found.append(Sent(Place(node_id, "share", str(position), index), term))
    return tuple(found)


def _inputs(at: At, explainer: Explainer, cell: Index, position: int) -> list[Index]:
    """The cells of an input, the sample first, that an output cell was made of."""
    operands = (f for e in explainer.forward(at, cell) for t in e.terms for f in t.factors)
    places = (f.place for f in operands if f.place is not None)
    source, here = at.sources[position], at.here
    return list(
        {p.index: None for p in places if (p.kind, p.node_id) == ("value", source) and p.index[0] == here}
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
        dead: units or channels whose slope is 0 everywhere, for all samples looked at.
        slopes: local derivatives ``(S, …)``.
    """

    share: float
    dead: tuple[int, ...]
    slopes: Array


def saturation(trace: Trace, sample: int | None = None) -> dict[str, Saturation]:
    """For every activation: which part of its values lets almost no gradient pass."""
    rows = slice(None) if sample is None else slice(trace.row(sample), trace.row(sample) + 1)
    found = {}
    for node in trace.network.nodes:
        if isinstance(node.layer, Activation):
            x = trace.values[trace.network.inputs_of(node.id)[0]][rows]
            slopes = node.layer.slopes(x)
            silent = (slopes == 0).all(axis=(0, *range(2, x.ndim)))
            dead = tuple(int(i) for i in np.flatnonzero(silent))
            found[node.id] = Saturation(float((np.abs(slopes) < SATURATED).mean()), dead, slopes)
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
