"""Receptive fields against what really moves, and gradients of units against differences."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Model, Network, layers
from engine.errors import ShapeError, SpecError
from engine.network import INPUT, Node
from engine.receptive import Box, Saliency, receptive_field, strongest

CHAIN = Network.chain(
    layers.Conv2d(out_channels=2, kernel_size=3, padding=1),
    layers.Tanh(),
    layers.AvgPool2d(kernel_size=2),
    layers.Conv2d(out_channels=3, kernel_size=(2, 3), stride=(1, 2), dilation=(2, 1)),
    layers.LocalResponseNorm(),
)
SKIP = Network(
    (
        Node("a", layers.Conv2d(out_channels=2, kernel_size=3, padding="same")),
        Node("b", layers.Tanh(), ("a",)),
        Node("c", layers.Conv2d(out_channels=2, kernel_size=5, padding="same"), ("b",)),
        Node("sum", layers.Add(), ("a", "c")),
        Node("pool", layers.AdaptiveAvgPool2d(output_size=(3, 2)), ("sum",)),
    )
)
STRIDES = Network.chain(  # the second's padding lies behind rows that the first does not reach
    layers.Conv2d(out_channels=2, kernel_size=3, stride=2),
    layers.Conv2d(out_channels=2, kernel_size=3, padding=1),
    layers.AvgPool2d(kernel_size=2, stride=1, padding=1),
)
ADAPTIVE = Network.chain(
    layers.AdaptiveAvgPool2d(output_size=(4, 3)), layers.Conv2d(out_channels=1, kernel_size=3, padding=1)
)


@pytest.mark.parametrize(
    "network", [CHAIN, SKIP, STRIDES, ADAPTIVE], ids=["chain", "skip", "strides", "adaptive"]
)
def test_exactly_the_pixels_in_the_field_move_the_unit(network) -> None:
    model = Model(network, (1, 12, 11), seed=3, dtype="float64")
    last = network.output_id
    x = np.random.default_rng(0).normal(size=(1, 12, 11))
    asked = Saliency(model, last)
    for i, j in np.ndindex(*model.shapes[last][1:]):
        box = receptive_field(network, model.shapes, last, (i, j))[INPUT].within((1, 12, 11))
        moved = np.abs(asked.of(x, (0, i, j))[0]) > 0
        rows, columns = np.nonzero(moved)
        # Dilated windows have gaps, but what lies in them is inside the box, and its edges are seen.
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (
            box.top,
            box.bottom,
            box.left,
            box.right,
        )


def test_the_field_is_named_for_every_map_on_the_way() -> None:
    shapes = CHAIN.shapes((1, 12, 11))
    found = receptive_field(CHAIN, shapes, "4", (1, 0))
    assert found["3"] == Box(1, 1, 0, 0)
    assert found["2"] == Box(1, 3, 0, 2)
    assert found["0"] == Box(2, 7, 0, 5)
    assert found[INPUT] == Box(1, 8, -1, 6)  # reaches into the padding
    assert (found[INPUT].height, found[INPUT].width) == (8, 8)


def test_what_sees_only_padding_sees_nothing() -> None:
    net = Network.chain(
        layers.Conv2d(out_channels=1), layers.Conv2d(out_channels=1, kernel_size=1, padding=2), layers.Tanh()
    )
    found = receptive_field(net, net.shapes((1, 6, 5)), "2", (0, 0))
    assert found[INPUT].empty
    assert found[INPUT].joined(Box(1, 2, 3, 4)) == Box(1, 2, 3, 4)


def test_a_dense_unit_sees_everything() -> None:
    net = Network.chain(layers.Conv2d(out_channels=1), layers.Flatten(), layers.Linear(out_features=2))
    assert receptive_field(net, net.shapes((1, 6, 5)), "2")[INPUT] == Box(0, 5, 0, 4)


@pytest.mark.parametrize(("node", "unit"), [("1", (1, 2, 3)), ("3", (2, 1, 0)), ("4", (0, 1, 1))])
def test_saliency_is_the_derivative(node, unit) -> None:
    model = Model(CHAIN, (1, 12, 11), seed=3, dtype="float64")
    rng = np.random.default_rng(1)
    x, way = rng.normal(size=(1, 12, 11)), rng.normal(size=(1, 12, 11))
    got = (Saliency(model, node).of(x, unit) * way).sum()
    low, high = (model.values((x + e * way)[None], (node,))[node][(0, *unit)] for e in (-1e-5, 1e-5))
    assert got == pytest.approx((high - low) / 2e-5, rel=1e-6)


def test_questions_that_make_no_sense_are_refused() -> None:
    model = Model(CHAIN, (1, 12, 11))
    with pytest.raises(SpecError, match="no node 'x'"):
        Saliency(model, "x")
    with pytest.raises(ShapeError, match="Choose one that exists"):
        Saliency(model, "3").of(np.zeros((1, 12, 11)), (3, 0, 0))


def test_the_strongest_samples_come_first_with_their_places() -> None:
    values = np.zeros((2, 3, 4, 5))
    values[1, 2, 3, 4], values[1, 0, 1, 2], values[0, 0, 0, 0] = 5.0, 3.0, 9.0
    found = strongest(values, 1, 2)
    assert found.samples.tolist() == [4, 2]
    assert found.values.tolist() == [5.0, 3.0]
    assert found.cells.tolist() == [[2, 3], [0, 1]]
