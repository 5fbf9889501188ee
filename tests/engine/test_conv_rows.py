"""A convolution by whole rows gives what one by whole windows gives, whatever surrounds it."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Model, Network, layers
from engine.layers import conv

SHAPE, BATCH = (3, 9, 8), 4

CONVOLUTIONS = {
    "plain": layers.Conv2d(5, 3),
    "same": layers.Conv2d(5, 3, padding="same"),
    "full": layers.Conv2d(4, (2, 3), padding="full"),
    "one side": layers.Conv2d(4, 3, padding=(0, 2, 1, 0)),
    "uneven": layers.Conv2d(4, (4, 2), padding=(3, 1)),
    "no bias": layers.Conv2d(4, 3, bias=False),
    "one row": layers.Conv2d(4, (1, 3)),
    "columns apart": layers.Conv2d(4, 3, stride=(1, 2), dilation=(1, 2), padding=2),
}
AFTER = {
    "nothing": (),
    "flatten": (layers.Flatten(), layers.Linear(3)),
    "pooling": (layers.ReLU(), layers.MaxPool2d(2), layers.BatchNorm(), layers.Flatten(), layers.Linear(3)),
    "convolution": (layers.Conv2d(2, 3, padding=1), layers.GlobalAvgPool2d()),
    "average": (layers.AvgPool2d(2, padding=1), layers.Tanh(), layers.Dropout(0.5)),
}


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_rows_and_windows_agree(name: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network.chain(layers.Conv2d(3, 3, padding=1), CONVOLUTIONS[name], *AFTER[after])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(*SHAPE, BATCH))
    found = []
    for longest in (1, 10**9):
        monkeypatch.setattr(conv, "LONG_ROW", longest)
        model = Model(network, SHAPE, seed=3, dtype="float64")
        program = model.own_program(BATCH, training=True)
        assert network.nodes[1].layer.by_rows(BATCH, program.shapes["0"]) == (longest == 1)
        program.x[...] = x
        program.d_output[...] = np.random.default_rng(1).normal(size=program.output.shape)
        program.forward()
        program.backward()
        values = {n.id: program.value(n.id).copy() for n in network.nodes}
        found.append(
            (
                values,
                {n.id: program.gradient(n.id).copy() for n in network.nodes},
                model.store.gradients.copy(),
            )
        )
    (values, gradients, learned), (other_values, other_gradients, other_learned) = found
    for node in network.nodes:
        np.testing.assert_allclose(values[node.id], other_values[node.id], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(gradients[node.id], other_gradients[node.id], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(learned, other_learned, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "layer", [layers.Conv2d(4, 3, stride=2), layers.Conv2d(6, 3, groups=3), layers.Conv2d(4, 3, dilation=2)]
)
def test_what_cannot_be_done_by_rows_is_not(layer: layers.Conv2d) -> None:
    assert not layer.by_rows(10**6, (3, 32, 32))
