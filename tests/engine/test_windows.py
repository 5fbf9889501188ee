"""Every number that a window shows equals the engine's own, over kernels, strides, paddings, dilations, groups and channels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine import Model, Network, layers, losses
from engine.errors import ShapeError
from engine.layers.pool import LARGEST
from engine.network import INPUT
from engine.receptive import SampleGradients
from engine.windows import (
    Axis,
    axes,
    channel_maps,
    channel_shares,
    channels_of,
    convolution_cell,
    cost,
    flipped,
    pooling_cell,
    pooling_shares,
    shares_of,
    slides,
    weight_gradient,
    weight_products,
    windows,
)

CONVOLUTIONS = [
    layers.Conv2d(out_channels=out, kernel_size=k, stride=s, padding=p, dilation=d, groups=g, bias=bias)
    for (k, s, p, d), (out, g), bias in itertools.product(
        [
            (1, 1, 0, 1),
            (3, 1, 0, 1),
            (3, 1, "same", 1),
            (2, 1, "full", 1),
            ((2, 3), (2, 1), (1, 2), 1),
            (3, 2, 1, 2),
            (2, 3, 1, (2, 1)),
            ((3, 2), (1, 2), "valid", (2, 3)),
            (3, 2, (0, 1, 0, 1), 1),
            (3, 2, "same", 1),
            ((2, 3), (1, 2), (2, 0, 1, 3), 1),
        ],
        [(1, 1), (4, 1), (4, 2)],
        [True, False],
    )
]
POOLINGS = [
    layers.MaxPool2d(),
    layers.MaxPool2d(kernel_size=3, stride=2),
    layers.MaxPool2d(kernel_size=3, stride=1, padding=1),
    layers.MaxPool2d(kernel_size=(2, 3), stride=(1, 2), dilation=2),
    layers.AvgPool2d(),
    layers.AvgPool2d(kernel_size=3, stride=2, padding=1),
    layers.AvgPool2d(kernel_size=3, stride=2, padding=1, count_include_pad=False),
    layers.MaxPool2d(kernel_size=3, stride=2, padding=(0, 1, 1, 0), ceil_mode=True),
    layers.AvgPool2d(kernel_size=3, stride=3, padding=1, ceil_mode=True),
    layers.AvgPool2d(kernel_size=2, stride=1, dilation=2, padding=(1, 0, 0, 1), count_include_pad=False),
    layers.AvgPool2d(kernel_size=3, stride=2, padding="same"),
    layers.AdaptiveAvgPool2d(output_size=(3, 2)),
    layers.GlobalAvgPool2d(),
    layers.GlobalMaxPool2d(),
]


def name(layer) -> str:
    values = (v for p in type(layer).params() if (v := getattr(layer, p.name)) != p.default)
    return f"{type(layer).__name__}-{'-'.join(map(str, values))}"


def asked(layer, channels: int = 2, flat: bool = False):
    """A model of one layer, a picture, its output as a map, and ∂L/∂output and the parameters' gradients for one sample."""
    net = Network.chain(layers.Identity(), layer, layers.Flatten(), layers.Linear(out_features=3))
    model = Model(net, (channels, 7, 8), seed=1, dtype="float64")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(channels, 7, 8)).round(1)  # few digits, so that equal values occur
    if "1" in model.parameters and "bias" in model.parameters["1"]:
        model.parameters["1"]["bias"][...] = rng.normal(size=model.parameters["1"]["bias"].shape)
    shape = model.shapes["1"]
    y = model.values(x[None], ("1",))["1"][0].reshape(shape if len(shape) == 3 else (*shape, 1, 1))
    back = SampleGradients(model, losses.CrossEntropyLoss())
    back.run(x, np.array(1))
    return model, x, y, back


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=name)
def test_the_sum_of_a_convolution(layer) -> None:
    model, x, y, _ = asked(layer)
    weight, bias = model.parameters["1"]["weight"], model.parameters["1"].get("bias")
    for o, i, j in np.ndindex(*y.shape):
        cell = convolution_cell(layer, x, weight, bias, o, i, j)
        assert cell.z == pytest.approx(y[o, i, j], rel=1e-12, abs=1e-12)
        assert cell.subtotals.sum() + cell.bias == pytest.approx(cell.z)
        assert (cell.products == cell.patch.values * weight[o]).all()
        for (u, row), (v, column) in itertools.product(
            enumerate(cell.patch.rows), enumerate(cell.patch.columns)
        ):
            there = 0 <= row < 7 and 0 <= column < 8
            assert cell.patch.inside[u, v] == there
            for k, c in enumerate(cell.patch.channels):
                assert cell.patch.values[k, u, v] == (x[c, row, column] if there else 0.0)
    for o in range(len(y)):
        maps = channel_maps(layer, x, weight, o)
        np.testing.assert_allclose(maps.sum(0) + (0 if bias is None else bias[o]), y[o], rtol=0, atol=1e-12)


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=name)
def test_the_way_back_through_a_convolution(layer) -> None:
    model, x, y, back = asked(layer)
    weight = model.parameters["1"]["weight"]
    delta, received = back.gradient("1"), back.gradient("0")
    sent = np.zeros_like(received)
    _, loss_gradients = model.value_and_grad(x[None], np.array([1]), losses.CrossEntropyLoss())
    for o in range(len(y)):
        products = weight_products(layer, x, delta, o)
        np.testing.assert_allclose(products.sum((3, 4)), loss_gradients["1.weight"][o], atol=1e-12)
        np.testing.assert_allclose(
            weight_gradient(layer, x, delta, o), loss_gradients["1.weight"][o], atol=1e-12
        )
        last = slice(len(products) - 1, len(products))
        np.testing.assert_array_equal(weight_products(layer, x, delta, o, last), products[last])
        np.testing.assert_allclose(
            channel_shares(layer, weight, delta, o, x.shape, last),
            channel_shares(layer, weight, delta, o, x.shape)[last],
        )
        np.testing.assert_allclose(
            channel_maps(layer, x, weight, o, last), channel_maps(layer, x, weight, o)[last], atol=1e-12
        )
        reads = channels_of(layer, x.shape, o)
        for i, j in np.ndindex(*y.shape[1:]):
            cell = convolution_cell(layer, x, weight, None, o, i, j)
            shares = shares_of(layer, weight, delta, o, i, j)
            for u, v in zip(*np.nonzero(cell.patch.inside), strict=True):
                sent[reads.start : reads.stop, cell.patch.rows[u], cell.patch.columns[v]] += shares[:, u, v]
    np.testing.assert_allclose(sent, received, atol=1e-12)
    sent[...] = 0
    for o in range(len(y)):
        reads = channels_of(layer, x.shape, o)
        sent[reads.start : reads.stop] += channel_shares(layer, weight, delta, o, x.shape)
    np.testing.assert_allclose(sent, received, atol=1e-12)


@pytest.mark.parametrize("layer", POOLINGS, ids=name)
def test_pooling_both_ways(layer) -> None:
    _, x, y, back = asked(layer)
    delta, received = back.gradient("1").reshape(y.shape), back.gradient("0")
    sent = np.zeros_like(received)
    for c, i, j in np.ndindex(*y.shape):
        cell = pooling_cell(layer, x, c, i, j)
        assert cell.result == pytest.approx(y[c, i, j], abs=1e-12)
        assert (cell.winner is not None) == isinstance(layer, LARGEST)
        if cell.winner is not None:
            u, v = cell.winner
            assert cell.patch.inside[u, v]
            assert cell.patch.values[0, u, v] == cell.result
            assert cell.ties == (cell.patch.values[0][cell.patch.inside] == cell.result).sum()
        shares = pooling_shares(layer, x, delta, c, i, j)
        for u, v in zip(*np.nonzero(cell.patch.inside), strict=True):
            sent[c, cell.patch.rows[u], cell.patch.columns[v]] += shares[u, v]
    np.testing.assert_allclose(sent, received, atol=1e-12)


@pytest.mark.parametrize("layer", [*CONVOLUTIONS, *POOLINGS], ids=name)
def test_the_arithmetic_is_the_layers(layer) -> None:
    shape = layer.out_shape((2, 7, 8))
    seen = windows(layer, (2, 7, 8))
    if len(shape) == 3:
        assert (len(seen.rows), len(seen.columns)) == shape[1:]
    found = axes(layer, (2, 7, 8))
    if found is not None and len(shape) == 3:
        assert (found[0].count, found[1].count) == shape[1:]
        for axis, positions in zip(found, (seen.rows, seen.columns), strict=True):
            touched = {k for position in positions for k in position}
            assert axis.unseen == tuple(k for k in range(axis.size) if k not in touched)
    model = Model(Network.chain(layer), (2, 7, 8))
    assert cost(layer, (2, 7, 8)).parameters == model.store.values.size
    if isinstance(layer, layers.Conv2d):
        assert cost(layer, (2, 7, 8)).multiplications == np.prod(shape) * np.prod(
            model.parameters["0"]["weight"].shape[1:]
        )


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "padding"),
    list(itertools.product((5, 7, 8), (2, 3), (1, 2, 3), (1, 2), (0, 1, 2))),
)
def test_what_would_fit_does(size, kernel, stride, dilation, padding) -> None:
    axis = Axis(size, kernel, stride, dilation, padding, padding)
    for p in axis.paddings_that_fit():
        assert Axis(size, kernel, stride, dilation, p, p).left == 0
    for s in axis.strides_that_fit():
        assert Axis(size, kernel, s, dilation, padding, padding).left == 0
    assert 1 in axis.strides_that_fit()
    if axis.left == 0:
        assert axis.paddings_that_fit()[0] == padding
        assert axis.strides_that_fit()[0] == stride
        assert not axis.dropped


def test_the_nearest_window_has_the_cell_in_its_middle() -> None:
    assert [Axis(6, 3, 1, 1, 1, 1).nearest(k) for k in range(6)] == [0, 1, 2, 3, 4, 5]
    assert [Axis(6, 3).nearest(k) for k in range(6)] == [0, 0, 1, 2, 3, 3]
    assert [Axis(6, 2, 2).nearest(k) for k in range(6)] == [0, 0, 1, 1, 2, 2]


def test_dropped_columns_are_counted_without_padding() -> None:
    axis = Axis(8, 3, 3)
    assert (axis.count, axis.left, axis.dropped, axis.unseen) == (2, 2, 2, (6, 7))
    padded = Axis(8, 3, 3, 1, 2, 2)
    assert (padded.count, padded.left, padded.dropped, padded.unseen) == (4, 0, 0, ())
    half = Axis(10, 3, 3, 1, 1, 1)
    assert (half.left, half.dropped, half.unseen) == (0, 0, ())
    assert Axis(5, 1, 2).unseen == (1, 3)  # stepped over


def test_a_flipped_kernel_is_turned_by_half_a_circle() -> None:
    assert flipped(np.array([[1, 2], [3, 4]])).tolist() == [[4, 3], [2, 1]]


def test_only_pictures_are_looked_at_through_windows() -> None:
    assert not slides(layers.Linear())
    with pytest.raises(ShapeError, match="has no windows"):
        axes(layers.ReLU(), (1, 4, 4))
    with pytest.raises(ShapeError, match="reads pictures"):
        axes(layers.Conv2d(), (4,))


def test_a_model_asked_about_keeps_its_gradients() -> None:
    model, x, _, back = asked(layers.Conv2d(out_channels=2))
    model.store.gradients[...] = 7.0
    assert back.run(x, np.array(1)) > 0
    assert (model.store.gradients == 7.0).all()
    assert back.gradient(INPUT).shape == x.shape
