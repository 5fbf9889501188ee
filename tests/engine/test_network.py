"""Networks as values: shapes before data, problems in words, graphs that fork and skip."""

import numpy as np
import pytest

from engine.errors import ShapeError, SpecError
from engine.layers import Conv2d, Flatten, Identity, Linear, MaxPool2d, ReLU, Tanh, registry
from engine.model import Model
from engine.network import Network, Node
from engine.problems import InsertLayer, RemoveNode
from tests.engine.numeric import gradient_errors, program_for

CNN = Network.chain(Conv2d(8, padding="same"), ReLU(), MaxPool2d(2), Flatten(), Linear(10))


def test_parameters_are_counted_before_they_are_drawn() -> None:
    assert CNN.parameter_count((1, 8, 8)) == Model(CNN, (1, 8, 8)).store.values.size


def test_shapes_are_known_before_data() -> None:
    assert CNN.shapes((1, 8, 8)) == {
        "input": (1, 8, 8), "0": (8, 8, 8), "1": (8, 8, 8), "2": (8, 4, 4), "3": (128,), "4": (10,),
    }  # fmt: skip


def test_every_problem_stands_at_its_node_and_what_can_be_known_is() -> None:
    network = Network.chain(Linear(4), Conv2d(8), ReLU())
    problems = network.problems((2,))
    assert [p.node_id for p in problems] == ["1"]
    assert "reads pictures" in problems[0].message
    assert network.known_shapes((2,)) == {"input": (2,), "0": (4,)}
    with pytest.raises(ShapeError) as caught:
        network.shapes((2,))
    assert caught.value.node_id == "1"


def test_a_dense_layer_on_pictures_is_refused_with_what_to_do() -> None:
    with pytest.raises(ShapeError, match="Put a Flatten before it"):
        Model(Network.chain(Linear()), (1, 4, 4))


def test_a_flatten_is_offered_to_all_that_would_fit_behind_one() -> None:
    mended = set()
    for kind in registry:
        for problem in Network.chain(kind()).problems((3, 8, 8)):
            for remedy in problem.remedies:
                assert remedy == InsertLayer("Put a Flatten before it", "0", Flatten())
                assert not Network.chain(Flatten(), kind()).problems((3, 8, 8))
                mended.add(kind)
    assert Linear in mended
    (only,) = Network.chain(Conv2d(8)).problems((4,))[0].remedies
    assert only == RemoveNode("Remove the Conv2d", "0")


def test_the_output_must_be_what_data_and_loss_need() -> None:
    (problem,) = CNN.problems((1, 8, 8), (3,))
    assert problem.node_id == "4"
    assert problem.message.startswith("The network gives 10 values per sample; data and loss need 3 values.")


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ((Node("a", Linear(2)), Node("a", ReLU())), "Two nodes are called 'a'"),
        ((Node("a", Linear(2), ("b",)), Node("b", ReLU())), "which does not come before it"),
        ((Node("a", Linear(2), ("input", "input")),), "reads 1 input and has 2"),
    ],
)
def test_wrong_wires_are_named(nodes: tuple[Node, ...], text: str) -> None:
    (problem, *_) = Network(nodes).problems((2,))
    assert text in problem.message


def test_an_empty_network_is_legal() -> None:
    assert Network().shapes((3,)) == {"input": (3,)}
    assert Network().parameter_count((3,)) == 0
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(Model(Network(), (3,)).predict(x), x)


def test_unknown_node() -> None:
    with pytest.raises(SpecError, match="There is no node 'x'"):
        CNN["x"]


FORKS = {
    "two readers that want different borders": Network((
        Node("a", Conv2d(2, 3, padding=1), ("input",)),
        Node("b", Conv2d(2, 5, padding=2), ("a",)),
        Node("c", MaxPool2d(2), ("a",)),
        Node("d", Flatten(), ("a",)),
        Node("e", Linear(3), ("d",)),
    )),
    "a view read twice": Network((
        Node("f", Flatten()),
        Node("a", Linear(4), ("f",)),
        Node("b", Linear(4), ("f",)),
        Node("c", Tanh(), ("b",)),
    )),
    "view of a view": Network.chain(ReLU(), Flatten(), Flatten(), Linear(2, bias=False)),
    "input read by view and picture layer": Network((
        Node("a", Conv2d(1, 3, padding="same"), ("input",)),
        Node("f", Flatten(), ("input",)),
        Node("b", Linear(2), ("f",)),
    )),
    "dropped borders": Network.chain(MaxPool2d(2), Conv2d(2, 2, stride=2), Identity()),
}  # fmt: skip


@pytest.mark.parametrize("network", FORKS.values(), ids=FORKS.keys())
def test_gradients_of_forks_and_views(network: Network) -> None:
    errors = gradient_errors(program_for(network, (2, 7, 7), 3))
    assert max(errors.values()) < 1e-6, errors


def test_a_branch_that_ends_nowhere_leaves_the_gradient_of_a_shown_value_alone() -> None:
    """The output is a view of what the idle branch reads as well: the branch may not overwrite the loss's gradient there."""
    nodes = (Node("dense", Linear(8)), Node("idle", Tanh(), ("dense",)), Node("out", Flatten(), ("dense",)))
    errors = gradient_errors(program_for(Network(nodes), (3,), batch=2))
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(1, 2, 1), (2, 1, 1), (3, 2, 1), (3, 2, 2), (4, 3, 1), (5, 4, 1)]
)
def test_same_padding_gives_the_size_divided_by_the_stride(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    for layer in (
        Conv2d(1, kernel, stride=stride, dilation=dilation, padding="same"),
        MaxPool2d(kernel, stride=stride, dilation=dilation, padding="same"),
    ):
        shape = (1, size, size)
        assert layer.out_shape(shape) == (1, -(-size // stride), -(-size // stride))
        top, bottom, left, right = layer.pads(shape)
        assert layer.replace(padding=(top, bottom, left, right)).out_shape(shape) == layer.out_shape(shape)
        assert bottom - top in (0, 1)
        assert (top, bottom) == (left, right)
