"""What a network, its data and its training are together before the first update: what cannot be trained, and what will hardly learn.

Shapes are checked elsewhere (``Network.problems``). Here a last layer is held against what the loss asks, batches against what
layers need of them, and first weights against each other.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from engine.core import Parameter, Shape
from engine.data.base import Dataset
from engine.errors import counted
from engine.fit import Fit
from engine.initializers import HeNormal, Initializer, XavierUniform
from engine.layers import (
    Activation,
    Identity,
    Layer,
    LayerNorm,
    Linear,
    LogSoftmax,
    PReLU,
    ReLU,
    Sigmoid,
    Tanh,
)
from engine.losses import LABELS, Loss, Regression, losses, numbers_in_words
from engine.network import INPUT, Network, Node
from engine.problems import AppendLayer, Problem, Remedy, RemoveNode, SetFit, SetLayer
from engine.ranges import ANY, Range

#: samples in a batch from which on the statistics of a batch are worth something
USUAL = 16


def review(network: Network, data: Dataset, fit: Fit, given: Collection[str] = ()) -> tuple[Problem, ...]:
    """All there is to say about ``network`` trained on ``data`` as ``fit`` says, errors first.

    Args:
        network: may be half-built; what needs the whole of it is then left out.
        data: the training part.
        given: nodes whose weights are not drawn, but were given or set by hand.
    """
    found = list(batches(network, data, fit))
    whole = not network.problems(data.in_shape)
    if whole and len(network):
        found += [*_last_layer(network, data, fit.loss), *_alike(network, data, fit, given)]
    return tuple(found)


# --- the last layer against the loss ----------------------------------------------------------------------------------


def _last_layer(network: Network, data: Dataset, loss: Loss) -> Iterator[Problem]:
    given = network.output_range
    if not loss.serves(data) or loss.fits(given, data):
        return
    if network.shapes(data.in_shape)[network.output_id] != loss.out_shape(data):
        return  # an error, and another layer comes
    node = network[network.output_id] if given.free else _narrowing(network)
    remedies = _towards(network, node, data, loss)
    label = node.layer.label
    if given.shares:
        what = f"{label} gives {given.in_words()}"
        if network.shapes(data.in_shape)[network.output_id] == (1,):
            what += ", so an only one is always 1"
    elif given.flat and loss.after(given).fits(replace(given, flat=False), data):
        passes = "hardly a gradient passes there" if given.leaks else "no gradient passes where it cuts off"
        what = f"{label} gives {given.in_words()}, and {passes}"
    else:
        what = f"{label} gives {given.in_words()}"
    message = f"{what}; {_asked(loss.after(given), data)}. {_to_do(remedies)}"
    outside = not Range(*loss.domain).holds(
        given.low, given.high
    )  # there is no logarithm of a negative probability
    yield Problem(node.id, message, "error" if outside else "warning", remedies, "last-layer")


def _asked(loss: Loss, data: Dataset) -> str:
    """What the loss asks of the outputs."""
    if not isinstance(loss, Regression):
        return f"{loss.label} asks for {loss.asks}"
    low, high = loss.needs(data)
    if data.classes:
        return f"{loss.label} teaches the two classes as {numbers_in_words(low, high)}"
    return f"the targets it is taught reach from {low:.3g} to {high:.3g}".replace("-", "−")


def _narrowing(network: Network) -> Node:
    """The last node that gives another range than it gets."""
    ranges, node = network.ranges(), network[network.output_id]
    while True:
        sources = network.inputs_of(node.id)
        if len(sources) > 1 or sources[0] == INPUT or ranges[sources[0]] != ranges[node.id]:
            return node
        node = network[sources[0]]


def _towards(network: Network, node: Node, data: Dataset, loss: Loss) -> tuple[Remedy, ...]:
    """The edits after which the last layer gives what the loss asks."""

    def fits(layer: Layer) -> bool:
        nodes = tuple(replace(n, layer=layer) if n.id == node.id else n for n in network.nodes)
        return loss.fits(Network(nodes).output_range, data)

    found: list[Remedy] = []
    shapes = network.shapes(data.in_shape)
    (source, *others) = network.inputs_of(node.id)
    if not others and shapes[source] == shapes[node.id] and fits(Identity()):
        found.append(RemoveNode(f"Remove the {node.layer.label}", node.id))
    if isinstance(node.layer, Activation) and not isinstance(node.layer, Tanh) and fits(Tanh()):
        found.append(SetLayer("Use Tanh", node.id, Tanh()))
    for end in (
        () if loss.fits(ANY, data) else (Sigmoid(), LogSoftmax())
    ):  # what a loss of probabilities asks for
        if node.layer.category == "Activation" and fits(end):
            found.append(SetLayer(f"Use {end.label}", node.id, end))
        elif loss.fits(end.output_range(network.output_range), data):
            found.append(AppendLayer(f"Add a {end.label}", end))
    if loss.twin and losses.get(loss.twin)().fits(network.output_range, data):
        found.append(SetFit(f"Use {loss.twin}", "loss", losses.get(loss.twin)()))
    chosen = getattr(loss, "taught", "")
    if data.classes and chosen in LABELS:  # by the user: with "auto" the last layer decides
        for name, ends in LABELS.items():
            other = loss.replace(taught=name)
            if name != chosen and other.fits(network.output_range, data):
                found.append(SetFit(f"Teach {numbers_in_words(*ends)}", "loss", other))
    out = shapes[network.output_id]
    if not found and len(out) == 1:
        found.append(AppendLayer("Add a Linear", Linear(out[0])))
    return tuple(found)


def _to_do(remedies: tuple[Remedy, ...]) -> str:
    """ "Remove the Sigmoid or use Tanh." """
    first, *others = (remedy.text for remedy in remedies)
    return " or ".join((first, *(text[0].lower() + text[1:] for text in others))) + "."


# --- batches ----------------------------------------------------------------------------------------------------------


def batches(network: Network, data: Dataset, fit: Fit) -> Iterator[Problem]:
    """What keeps it from running: layers that compare the samples of a batch, and a batch of one; told of at the first of them."""
    count, size = len(data), min(fit.batch_size, len(data))
    if size > 1 and count % size != 1:
        return
    shapes = network.known_shapes(data.in_shape)
    found = [
        node
        for node in network.nodes
        if node.id in shapes and node.layer.least_batch(*network.in_shapes_of(node.id, shapes)) > 1
    ]
    if not found:
        return
    first, remedies = found[0], list[Remedy]()
    better = batch_size_without_rest(count, max(fit.batch_size, USUAL))
    if better:
        remedies.append(SetFit(f"Batches of {better}", "batch_size", better))
    if len(found) == 1 and math.prod(shapes[first.id]) > 1:
        remedies.append(SetLayer("Use LayerNorm", first.id, LayerNorm()))
    others = f" (as {len(found) - 1} more of the layers)" if len(found) > 1 else ""
    batches = (
        "batches of one sample"
        if size == 1
        else f"{count:,} samples in batches of {size:,}, the last of one sample"
    )
    yield Problem(
        first.id,
        f"{first.layer.label}{others} compares the samples of a batch and needs at least two in each; there are {batches}. "
        "Choose another batch size, or LayerNorm, which looks at each sample alone.",
        remedies=tuple(remedies),
    )


def batch_size_without_rest(count: int, wanted: int) -> int:
    """The batch size nearest to ``wanted`` with which no batch of ``count`` samples has one alone; 0 where there is none."""
    near = (size for away in range(max(count, wanted)) for size in (wanted + away, wanted - away))
    return next((size for size in near if 2 <= size <= count and count % size != 1), 0)


# --- first weights ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def draws_alike(initializer: Initializer) -> bool:
    """Whether all weights begin as the same number."""
    drawn = initializer.draw(Parameter((4, 4), 4, 4), np.random.default_rng(0))
    return bool((drawn == drawn.flat[0]).all())


def _alike(network: Network, data: Dataset, fit: Fit, given: Collection[str]) -> Iterator[Problem]:
    """Hidden layers all of whose units begin with the same weights; those that begin as Training says are told of at the first."""
    units = _drawn_units(network, network.shapes(data.in_shape))
    hidden = _hidden(network, units)
    shared: list[str] = []
    for node in network.nodes:
        frozen = getattr(node.layer, "frozen", False)
        if units.get(node.id, 0) < 2 or node.id not in hidden or node.id in given or frozen:
            continue
        own: Initializer | None = getattr(node.layer, "initializer", None)
        if not draws_alike(own or fit.initializer):
            continue
        if own is None:
            shared.append(node.id)
            continue
        remedies = [
            SetLayer(f"Use {name}", node.id, node.layer.replace(initializer=better))
            for name, better in _better(network, node.id)
        ]
        yield Problem(node.id, _copies(units[node.id], own, 0), "warning", tuple(remedies), "units-alike")
    if shared:
        first = shared[0]
        better_for_all = [
            SetFit(f"Use {name}", "initializer", better) for name, better in _better(network, first)
        ]
        message = _copies(units[first], fit.initializer, len(shared) - 1)
        yield Problem(first, message, "warning", tuple(better_for_all), "units-alike")


def _copies(units: int, initializer: Initializer, others: int) -> str:
    more = f" (so do those of {counted(others, 'other layer')})" if others else ""
    return (
        f"All first weights are alike ({initializer.label}), so its {units} units compute the same, get the same gradients and stay "
        f"copies of one another{more}: a symmetry that only random weights break. Use He or Xavier initialization."
    )


def _better(network: Network, node_id: str) -> list[tuple[str, Initializer]]:
    """He where a ReLU reads the layer, and Xavier elsewhere; the other one after it."""
    choices: list[tuple[str, Initializer]] = [("He", HeNormal()), ("Xavier", XavierUniform())]
    readers = (node for node in network.nodes if node_id in network.inputs_of(node.id))
    return choices if any(isinstance(node.layer, ReLU | PReLU) for node in readers) else choices[::-1]


def _drawn_units(network: Network, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """How many units each layer has whose weights are drawn."""
    found = {}
    for node in network.nodes:
        parameters = node.layer.parameters(*network.in_shapes_of(node.id, shapes))
        if any(not p.is_bias for p in parameters.values()):
            found[node.id] = shapes[node.id][0]
    return found


def _hidden(network: Network, learning: Collection[str]) -> set[str]:
    """The nodes that one of ``learning`` reads from, directly or through others."""
    found: set[str] = set()
    for node in reversed(network.nodes):
        if node.id in learning or node.id in found:
            found.update(network.inputs_of(node.id))
    return found
