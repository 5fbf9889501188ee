"""The code of an autoencoder: found where all goes through it, and decoded as the network itself does."""

import numpy as np
import pytest

from engine import layers
from engine.bottleneck import Decoder, code_of, decoder
from engine.errors import SpecError
from engine.model import Model
from engine.network import Network, Node
from playground.document.examples import example

AUTOENCODER = example("denoising-autoencoder").project.network
SHAPE = (1, 8, 8)


def test_the_example_has_a_code_of_two_numbers():
    assert code_of(AUTOENCODER, AUTOENCODER.shapes(SHAPE)) == "linear2"
    assert code_of(AUTOENCODER, AUTOENCODER.shapes(SHAPE), units=3) == ""
    assert [n.id for n in decoder(AUTOENCODER, "linear2").nodes][:2] == ["linear3", "tanh2"]


@pytest.mark.parametrize("node", ["input", "linear2", "tanh2", "unflatten1"])
def test_a_sample_s_own_code_gives_what_the_network_gives(node):
    model = Model(AUTOENCODER, SHAPE, seed=3, dtype="float64")
    x = np.random.default_rng(0).random((4, *SHAPE))
    codes, outputs = model.values(x, (node,))[node], model.predict(x)
    made = Decoder(model, node)
    for code, output in zip(codes, outputs, strict=True):
        np.testing.assert_allclose(made.of(code), output, rtol=1e-12, atol=1e-14)
    model.store.values *= 0.5  # it follows the weights
    np.testing.assert_allclose(
        made.of(model.values(x, (node,))[node][0]), model.predict(x)[0], rtol=1e-12, atol=1e-14
    )


def test_what_goes_round_it_makes_it_no_code():
    nodes = (
        Node("wide", layers.Linear(4)),
        Node("code", layers.Linear(2)),
        Node("out", layers.Linear(4)),
        Node("sum", layers.Add(), ("out", "wide")),
    )
    network = Network(nodes)
    assert decoder(network, "code") is None
    assert code_of(network, network.shapes((4,))) == ""
    assert code_of(Network(nodes[:3]), Network(nodes[:3]).shapes((4,))) == "code"
    with pytest.raises(SpecError, match="all to go through it"):
        Decoder(Model(network, (4,)), "code")
    with pytest.raises(SpecError, match="no node 'nobody'"):
        decoder(network, "nobody")


def test_a_branch_that_ends_nowhere_does_not_matter():
    nodes = (
        Node("wide", layers.Linear(4)),
        Node("code", layers.Linear(2)),
        Node("aside", layers.Linear(3), ("wide",)),
        Node("out", layers.Linear(4), ("code",)),
    )
    network = Network(nodes)
    assert code_of(network, network.shapes((4,))) == "code"
    assert [n.id for n in decoder(network, "code").nodes] == ["out"]


def test_the_last_node_is_no_code():
    network = Network((Node("a", layers.Linear(3)), Node("out", layers.Linear(2))))
    assert code_of(network, network.shapes((4,))) == ""
