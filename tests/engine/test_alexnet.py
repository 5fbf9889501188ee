"""AlexNet at full size: the paper's shapes and number of parameters, and PyTorch's output and gradients with the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Model, Network, Trainer
from engine.data import Photos, prepare
from engine.layers import Conv2d, Dropout, Linear, MaxPool2d
from engine.losses import CrossEntropyLoss
from engine.network import Node
from playground.document.examples import example

PROJECT = example("alexnet").project
IN_SHAPE = (3, 227, 227)


def test_the_shapes_are_the_papers() -> None:
    """Krizhevsky et al. 2012, figure 2, its two halves together."""
    shapes = PROJECT.network.shapes(IN_SHAPE)
    kinds = (Conv2d, MaxPool2d, Linear)
    assert [shapes[n.id] for n in PROJECT.network.nodes if isinstance(n.layer, kinds)] == [
        (96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13), (384, 13, 13), (384, 13, 13), (256, 13, 13),
        (256, 6, 6), (4096,), (4096,), (1000,),
    ]  # fmt: skip
    specs = [
        node.layer.parameters(*(shapes[i] for i in PROJECT.network.inputs_of(node.id)))
        for node in PROJECT.network.nodes
    ]
    assert sum(p.size for named in specs for p in named.values()) == 62_378_344


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "batch"), [("float32", 2), ("float64", 1)])
def test_output_and_gradients_are_pytorchs(dtype: str, batch: int) -> None:
    """All 62 million gradients; without dropout, whose masks come from another generator.

    In single precision rounding decides which of two cells is the largest of a window in one of some 250,000 windows,
    and that sends a gradient another way: there, those before the last pooling are left to double precision.
    """
    from tests.engine.parity import TorchNetwork, assert_close, torch

    nodes = [
        Node(n.id, Dropout(p=0.0) if isinstance(n.layer, Dropout) else n.layer) for n in PROJECT.network.nodes
    ]
    network = Network(tuple(nodes))
    model = Model(network, IN_SHAPE, seed=0, dtype=dtype, initializer=PROJECT.fit.initializer)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, *IN_SHAPE)).astype(dtype), rng.integers(0, 1000, batch)
    with torch.device("meta"):  # its own first weights would take longer to draw than all that follows
        module = TorchNetwork(network, IN_SHAPE)
    weights = {name: torch.from_numpy(array) for name, array in model.state_dict().items()}
    module.load_state_dict(weights, assign=True)
    output = module(torch.from_numpy(x))
    assert_close(model.predict(x), output, dtype, what="output")
    loss = torch.nn.functional.cross_entropy(output, torch.from_numpy(y))
    loss.backward()
    value, gradients = model.value_and_grad(x, y, CrossEntropyLoss())
    assert value == pytest.approx(loss.item(), rel=1e-5 if dtype == "float32" else 1e-10)
    theirs = dict(module.named_parameters())
    assert set(gradients) == set(theirs)
    for name, gradient in gradients.items():
        if dtype == "float64" or name.startswith("linear"):
            assert_close(gradient, theirs[name].grad, dtype, what=name)


@pytest.mark.slow
def test_it_trains() -> None:
    """A thousand outputs, two classes: from ln 1000 and more, the loss falls as the outputs without a class fade."""
    data = prepare(Photos(samples=10, size=227).make(), PROJECT.preparation)
    model = Model(PROJECT.network, IN_SHAPE, initializer=PROJECT.fit.initializer)
    trainer = Trainer(model, data.train, None, PROJECT.fit.replace(batch_size=3, epochs=2))
    before = trainer.train_score.loss
    trainer.run(600.0, until_epoch=2)
    assert before > 6.0
    assert trainer.train_score.loss < before - 1.0
