"""What a network, its data and its training are together before the first update: what cannot be trained, and what will hardly learn.

Shapes are checked elsewhere (``Network.problems``). Here a last layer is held against what the loss asks, batches against what
layers need of them, and first weights against each other.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from engine.core import Parameter
from engine.data.base import Dataset
from engine.fit import Fit
from engine.initializers import HeNormal, Initializer, XavierUniform
from engine.layers import Activation, Identity, Layer, LayerNorm, Linear, PReLU, ReLU, Tanh
from engine.losses import LABELS, Loss, Regression, numbers_in_words
from engine.network import INPUT, Network, Node
from engine.problems import AppendLayer, Problem, Remedy, RemoveNode, SetFit, SetLayer

#: samples in a batch from which on the statistics of a batch are worth something
USUAL = 16


def review(network: Network, data: Dataset, fit: Fit, given: Collection[str] = ()) -> tuple[Problem, ...]:
    """All there is to say about ``network`` trained on ``data`` as ``fit`` says, errors first.

    Args:
        network: may be half-built; what needs the whole of it is then left out.
        data: the training part.
        given: nodes whose weights are not drawn, but were given or set by hand.
    """
    found = list(_batches(network, data, fit))
    whole = not network.problems(data.in_shape)
    if whole and len(network):
        found += [*_last_layer(network, data, fit.loss), *_alike(network, data, fit, given)]
    return tuple(found)


# --- the last layer against the loss ----------------------------------------------------------------------------------


def _last_layer(network: Network, data: Dataset, loss: Loss) -> Iterator[Problem]:
    given = network.output_range
    if data.task not in loss.tasks or loss.fits(given, data):
        return
    if network.shapes(data.in_shape)[network.output_id] != loss.out_shape(data):
        return  # an error, and another layer comes
    node = _narrowing(network)
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
    yield Problem(
        node.id, f"{what}; {_asked(loss.after(given), data)}. {_to_do(remedies)}", "warning", remedies
    )


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
    chosen = getattr(loss, "taught", "")
    if data.classes and chosen in LABELS:  # by somebody: left alone, the last layer decides
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


def _batches(network: Network, data: Dataset, fit: Fit) -> Iterator[Problem]:
    """Layers that compare the samples of a batch, and a batch of one."""
    count, size = len(data), min(fit.batch_size, len(data))
    if size > 1 and count % size != 1:
        return
    shapes = network.known_shapes(data.in_shape)
    for node in network.nodes:
        if node.id not in shapes or node.layer.least_batch(*network.in_shapes_of(node.id, shapes)) < 2:
            continue
        better = batch_size_without_rest(count, max(fit.batch_size, USUAL))
        remedies: list[Remedy] = []
        if better:
            remedies.append(SetFit(f"Batches of {better}", "batch_size", better))
        if math.prod(shapes[node.id]) > 1:
            remedies.append(SetLayer("Use LayerNorm", node.id, LayerNorm()))
        batches = (
            "batches of one sample"
            if size == 1
            else f"{count:,} samples in batches of {size:,}, the last of one sample"
        )
        yield Problem(
            node.id,
            f"{node.layer.label} compares the samples of a batch and needs at least two in each; there are {batches}. "
            "Choose another batch size, or LayerNorm, which looks at each sample alone.",
            remedies=tuple(remedies),
        )


def batch_size_without_rest(count: int, wanted: int) -> int:
    """The batch size nearest to ``wanted`` with which no batch of ``count`` samples has one alone; 0 where there is none."""
    sizes = [size for size in range(2, count + 1) if count % size != 1]
    return min(sizes, key=lambda size: (abs(size - wanted), -size), default=0)


# --- first weights ----------------------------------------------------------------------------------------------------


@cache
def draws_alike(initializer: Initializer) -> bool:
    """Whether all weights begin as the same number."""
    drawn = initializer.draw(Parameter((4, 4), 4, 4), np.random.default_rng(0))
    return bool((drawn == drawn.flat[0]).all())


def _alike(network: Network, data: Dataset, fit: Fit, given: Collection[str]) -> Iterator[Problem]:
    """Hidden layers all of whose units begin with the same weights."""
    shapes = network.shapes(data.in_shape)
    units: dict[str, int] = {}  # of layers whose weights are drawn
    for node in network.nodes:
        drawn = [
            p.shape[0]
            for p in node.layer.parameters(*network.in_shapes_of(node.id, shapes)).values()
            if not p.is_bias
        ]
        if drawn:
            units[node.id] = drawn[0]
    for node in network.nodes:
        if units.get(node.id, 0) < 2 or node.id in given or getattr(node.layer, "frozen", False):
            continue
        own: Initializer | None = getattr(node.layer, "initializer", None)
        initializer = own or fit.initializer
        if not draws_alike(initializer):
            continue
        behind = _behind(network, node.id)
        if not any(n.id in units for n in behind):
            continue
        straight = any(isinstance(n.layer, ReLU | PReLU) for n in behind)
        choices = (("He", HeNormal()), ("Xavier", XavierUniform()))
        remedies = tuple(
            SetFit(f"Use {name}", "initializer", better)
            if own is None
            else SetLayer(f"Use {name}", node.id, node.layer.replace(initializer=better))
            for name, better in (choices if straight else choices[::-1])
        )
        yield Problem(
            node.id,
            f"All first weights are alike ({initializer.label}), so its {units[node.id]} units compute the same, get the same "
            "gradients and stay copies of one another: a symmetry that only random weights break. Use He or Xavier initialization.",
            "warning",
            remedies,
        )


def _behind(network: Network, node_id: str) -> list[Node]:
    """The nodes that read from it, directly or through others."""
    reached = {node_id}
    found = []
    for node in network.nodes:
        if node.id != node_id and reached.intersection(network.inputs_of(node.id)):
            reached.add(node.id)
            found.append(node)
    return found
