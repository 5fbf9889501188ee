"""What a layer says about the values it can give holds for the values it gives, and is no wider than need be."""

import math

import numpy as np
import pytest

from engine import Model, Network
from engine.layers import (
    ELU,
    Activation,
    Add,
    AvgPool2d,
    Concat,
    Dropout,
    Flatten,
    Hardtanh,
    Identity,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from engine.layers import registry as layers
from engine.layers.activation import SATURATED
from engine.network import Node
from engine.ranges import ANY, Range
from tests.engine.catalogue import case_id, layer_cases, variants

ACTIVATIONS = [layer for cls in layers if issubclass(cls, Activation) for layer in variants(cls)]


@pytest.mark.parametrize(("layer", "shape"), list(layer_cases()), ids=case_id)
def test_no_value_lies_outside(layer: Layer, shape: tuple[int, ...]) -> None:
    nodes = (Node("layer", layer, ("input",) * (layer.arity or 2)),)
    x = np.random.default_rng(0).normal(0, 30, (4, *shape))
    y = Model(Network(nodes), shape).predict(x)
    given = layer.output_range(*(ANY,) * (layer.arity or 2))
    if given.leaks:
        assert 0.9 * abs(y).max() > -y.min(), "what leaks is small"
        return
    assert given.low - 1e-5 <= y.min()
    assert y.max() <= given.high + 1e-5


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=case_id)
def test_the_ends_are_come_near_and_flat_is_what_is_flat(layer: Activation) -> None:
    y, _ = layer.curve(np.linspace(-1e4, 1e4, 400_001))
    reach = layer.reach()
    if reach.leaks:
        y = y[y >= 0]
    for end, value in ((reach.low, y.min()), (reach.high, y.max())):
        assert abs(value) > 50 if math.isinf(end) else value == pytest.approx(end, abs=2e-3)
    near_zero = layer.curve(np.linspace(-3, 3, 301))[1]
    assert reach.flat == bool((abs(near_zero) < (SATURATED if reach.leaks else 1e-12)).any())


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=case_id)
def test_of_bounded_inputs_it_gives_what_its_curve_shows(layer: Activation) -> None:
    given = layer.output_range(Range(0.0, 1.0))
    y, _ = layer.curve(np.linspace(0, 1, 101))
    assert (given.low, given.high) == pytest.approx((y.min(), y.max()))


def test_what_stands_behind_the_last_activation_passes_the_range_on() -> None:
    for behind in (Dropout(), Identity(), ReLU(), LeakyReLU()):
        assert Network.chain(Linear(1), Sigmoid(), behind).output_range == Range(0.0, 1.0)
    assert Network.chain(AvgPool2d(), Tanh(), AvgPool2d(), Flatten()).output_range == Range(-1.0, 1.0)
    assert Network.chain(Linear(4), Sigmoid(), Linear(1)).output_range == ANY
    assert Network.chain(Linear(4), Tanh(), ReLU()).output_range == Range(
        0.0, math.tanh(8.0) and 1.0, flat=True
    )
    assert Network.chain(Linear(3), Softmax()).output_range == Range(0.0, 1.0, shares=True)
    assert Network.chain().output_range == ANY


def test_where_branches_meet() -> None:
    nodes = (Node("a", Sigmoid(), ("input",)), Node("b", Tanh(), ("input",)))
    both = Network((*nodes, Node("both", Concat(), ("a", "b"))))
    assert both.output_range == Range(-1.0, 1.0)
    added = Network((*nodes, Node("sum", Add(), ("a", "b"))))
    assert added.output_range == Range(-1.0, 2.0)
    skip = Network((*nodes, Node("sum", Add(), ("a", "input"))))
    assert skip.output_range == ANY


def test_holding_and_words() -> None:
    assert Range(0.0, 1.0).holds(0.0, 1.0)
    assert Range(0.0, 1.0).holds(-1e-8, 1.0)
    assert not Range(0.0, 1.0).holds(-0.01, 1.0)
    assert not Range(0.0).holds(-math.inf, math.inf)
    assert ANY.holds(-math.inf, math.inf)
    assert Hardtanh(-2.0, 0.5).reach().in_words() == "values from −2 to 0.5"
    assert ELU().reach().in_words() == "no values below −1"
    assert LeakyReLU().reach().in_words() == "hardly any values below 0"
    assert ANY.in_words() == "any number"
