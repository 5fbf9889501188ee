"""Networks as plain data: what is written is what is read, and what cannot be read is named."""

import json

import pytest

from engine.errors import SpecError
from engine.io import network_from_dict, network_to_dict
from engine.layers import Add, Layer, Linear, ReLU, Tanh
from engine.layers import registry as layers
from engine.network import Network, Node
from engine.spec import Spec
from tests.engine.catalogue import case_id, variants


def through_json(network: Network) -> Network:
    return network_from_dict(json.loads(json.dumps(network_to_dict(network))))


@pytest.mark.parametrize("layer", [v for cls in layers for v in variants(cls)], ids=case_id)
def test_every_layer_in_every_setting_comes_back(layer: Spec) -> None:
    assert isinstance(layer, Layer)
    network = Network((Node("a", layer),))
    assert through_json(network) == network


def test_wires_come_back_and_the_usual_ones_are_not_written() -> None:
    network = Network((Node("a", Linear(3)), Node("b", Tanh()), Node("sum", Add(), ("b", "a"))))
    plain = network_to_dict(network)
    assert ["inputs" in node for node in plain["nodes"]] == [False, False, True]
    assert through_json(network) == network


def test_all_that_is_wrong_is_said_at_once_and_where() -> None:
    plain = network_to_dict(Network((Node("a", Linear(3)), Node("b", ReLU()), Node("c", Tanh()))))
    plain["nodes"][0]["layer"]["out_features"] = -1
    plain["nodes"][1]["layer"]["type"] = "RELU6"
    plain["nodes"].append({"layer": {"type": "ReLU"}})
    with pytest.raises(SpecError) as caught:
        network_from_dict(plain)
    message = str(caught.value)
    assert "'a'" in message
    assert "out_features is -1" in message
    assert "'b'" in message
    assert "Did you mean" in message
    assert "ReLU6" in message or "ReLU" in message
    assert "Node 3" in message
    assert "'c'" not in message


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {"nodes": 3},
        {"nodes": ["Linear"]},
        {"nodes": [{"id": 7, "layer": {"type": "ReLU"}}]},
        {"nodes": [{"id": "a", "layer": "ReLU"}]},
        {"nodes": [{"id": "a", "layer": {"type": ["ReLU"]}}]},
        {"nodes": [{"id": "a", "layer": {"type": "ReLU"}, "inputs": "b"}]},
        {"nodes": [{"id": "a", "layer": {"type": "ReLU"}, "inputs": [1]}]},
        {"nodes": [{"id": "a", "layer": {"type": "ReLU", "slope": 1}}]},
        {"nodes": [{"id": "a", "layer": {"type": "Linear", "initializer": {"type": "nonsense"}}}]},
        {"nodes": [{"id": "a", "layer": {"type": "Linear", "initializer": "zeros"}}]},
    ],
)
def test_what_is_no_network_is_refused_in_words(plain: object) -> None:
    with pytest.raises(SpecError, match=r"[.?]$"):
        network_from_dict(plain)
