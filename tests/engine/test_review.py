"""What is said before the first update is so: what fits learns, what does not is named, and its remedies end it."""

from dataclasses import replace

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer
from engine.data import Blobs, Circle, Dataset, Digits, Gaussian, Sine, Xor
from engine.errors import ShapeError
from engine.initializers import Constant, HeNormal, Initializer, Normal, XavierUniform, Zeros, initializers
from engine.layers import (
    Add,
    BatchNorm,
    Conv2d,
    Flatten,
    Hardtanh,
    Identity,
    LayerNorm,
    Linear,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from engine.layers import registry as layers
from engine.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    Loss,
    MSELoss,
    MultiMarginLoss,
    NLLLoss,
    losses,
)
from engine.network import Node
from engine.optimizers import Adam
from engine.problems import AppendLayer, Problem, Remedy, RemoveNode, SetFit, SetLayer
from engine.review import batch_size_without_rest, draws_alike, review
from tests.engine.catalogue import case_id

XOR = Xor(samples=80, noise=0.0).make()
DATA = {
    "binary": Gaussian(samples=60, noise=0.0).make(),
    "multiclass": Blobs(samples=60, noise=0.0).make(),
    "regression": Sine(samples=60).make(),
}
POSITIVE = Dataset(DATA["regression"].x, DATA["regression"].y * 0.4 + 0.5)  # all in 0.1 … 0.9
ACTIVATIONS = [cls for cls in layers if cls.category == "Activation"]


def mended(network: Network, fit: Fit, remedy: Remedy) -> tuple[Network, Fit]:
    """The edit that a remedy names, made by hand."""
    match remedy:
        case RemoveNode(node_id=i):
            nodes = network.resolved().nodes
            (source,) = network.inputs_of(i)
            return Network(
                tuple(
                    replace(n, inputs=tuple(source if k == i else k for k in n.inputs))
                    for n in nodes
                    if n.id != i
                )
            ), fit
        case SetLayer(node_id=i, layer=layer):
            return Network(tuple(replace(n, layer=layer) if n.id == i else n for n in network.nodes)), fit
        case AppendLayer(layer=layer):
            return Network((*network.nodes, Node("new", layer))), fit
        case SetFit(name=name, value=value):
            return network, fit.replace(**{name: value})
    raise AssertionError(remedy)


def trained(network: Network, data: Dataset, fit: Fit, epochs: int = 100) -> Trainer:
    trainer = Trainer(Model(network, data.in_shape, 3, initializer=fit.initializer), data, None, fit, 0)
    trainer.run(60.0, until_epoch=epochs)
    return trainer


def learns(network: Network, data: Dataset, fit: Fit) -> bool:
    """Whether a small network comes to be mostly right."""
    return trained(network, data, fit).score()[0].metric > 0.85


# --- the last layer against the loss ----------------------------------------------------------------------------------

CASES = [(loss, task, act) for loss in losses for task in loss.tasks for act in ACTIVATIONS]


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "task", "activation"), CASES, ids=case_id)
def test_every_loss_after_every_activation_fits_and_learns_or_is_warned_of(
    loss: type[Loss], task: str, activation: type
) -> None:
    data = DATA[task]
    (outputs,) = loss().out_shape(data)
    network = Network.chain(Linear(16), Tanh(), Linear(outputs), activation())
    fit = Fit(loss=loss(), optimizer=Adam(lr=0.02), batch_size=10)
    found = review(network, data, fit)
    if not found:
        assert learns(network, data, fit)
        return
    (problem,) = found
    given = network.output_range
    inside = loss.domain[0] <= given.low and given.high <= loss.domain[1]
    assert (problem.node_id, problem.level) == ("3", "warning" if inside else "error")
    assert problem.message.startswith(activation.label)
    assert problem.remedies
    for remedy in problem.remedies:
        assert review(*swap(mended(network, fit, remedy), data)) == ()
    assert learns(*swap(mended(network, fit, problem.remedies[0]), data))


def swap(pair: tuple[Network, Fit], data: Dataset) -> tuple[Network, Dataset, Fit]:
    return pair[0], data, pair[1]


def last(layer: object, loss: Loss, data: Dataset = DATA["binary"]) -> Problem | None:
    (outputs,) = loss.out_shape(data)
    found = review(Network.chain(Linear(4), Tanh(), Linear(outputs), layer), data, Fit(loss=loss))
    return found[0] if found else None


def texts(problem: Problem | None) -> list[str]:
    return [remedy.text for remedy in problem.remedies] if problem else []


def test_which_pairs_fit() -> None:
    assert last(Sigmoid(), MSELoss()) is None, "taught as 0 and 1"
    assert last(Tanh(), MSELoss()) is None
    assert last(Tanh(), HingeLoss()) is None
    assert last(Sigmoid(), MSELoss(), POSITIVE) is None
    assert last(ReLU(), MSELoss(), POSITIVE) is None, "all targets are above 0"
    assert last(Sigmoid(), MultiMarginLoss(margin=0.5), DATA["multiclass"]) is None


def test_what_is_said_and_offered() -> None:
    assert texts(last(Sigmoid(), BCEWithLogitsLoss())) == ["Remove the Sigmoid", "Use BCELoss"]
    assert texts(last(Identity(), BCELoss())) == ["Use Sigmoid", "Use BCEWithLogitsLoss"]
    assert texts(last(Linear(1), BCELoss())) == ["Add a Sigmoid", "Use BCEWithLogitsLoss"]
    assert texts(last(Softmax(), NLLLoss(), DATA["multiclass"])) == ["Use LogSoftmax"]
    assert texts(last(LogSoftmax(), CrossEntropyLoss(), DATA["multiclass"])) == [
        "Remove the LogSoftmax",
        "Use NLLLoss",
    ]
    below = last(Tanh(), BCELoss())
    assert below is not None
    assert below.message.startswith(
        "Tanh gives values from −1 to 1; Binary cross-entropy of probabilities asks for probabilities"
    )
    assert texts(last(Sigmoid(), HingeLoss())) == ["Remove the Sigmoid", "Use Tanh"]
    assert texts(last(Softmax(), CrossEntropyLoss(), DATA["multiclass"])) == ["Remove the Softmax"]
    shares = last(Softmax(), MSELoss())
    assert shares is not None
    assert "an only one is always 1" in shares.message
    cut_off = last(ReLU(), MSELoss())
    assert cut_off is not None
    assert "no gradient passes where it cuts off" in cut_off.message
    assert "as 0 and 1. Remove the ReLU or use Tanh." in cut_off.message
    beyond = last(Sigmoid(), MSELoss(), DATA["regression"])
    assert beyond is not None
    assert "the targets it is taught reach from −" in beyond.message
    assert "neither" not in beyond.message
    narrow = last(Hardtanh(0.2, 0.8), MSELoss())
    assert narrow is not None
    assert "values from 0.2 to 0.8" in narrow.message


def test_a_last_layer_of_the_wrong_size_is_no_matter_of_ranges() -> None:
    assert review(Network.chain(Linear(4), Sigmoid()), DATA["binary"], Fit()) == ()


def test_who_has_chosen_other_numbers_may_go_back() -> None:
    problem = last(Sigmoid(), MSELoss(taught="-1 and +1"))
    assert texts(problem) == ["Remove the Sigmoid", "Use Tanh", "Teach 0 and 1"]
    assert last(Sigmoid(), MSELoss(taught="0 and 1")) is None
    assert last(Tanh(), MSELoss(taught="0 and 1")) is None


def test_the_layer_that_narrows_is_named_through_those_that_pass_on() -> None:
    network = Network.chain(Conv2d(1), Sigmoid(), Flatten(), Linear(1), Sigmoid(), layers.get("Dropout")())
    data = Dataset(Digits().make().x[:40], np.arange(40) % 2)
    (problem,) = review(network, data, Fit())
    assert problem.node_id == "4"
    assert texts(problem) == ["Remove the Sigmoid", "Use BCELoss"]


def test_where_nothing_can_be_removed_a_linear_is_added() -> None:
    nodes = (
        Node("a", Linear(1), ("input",)), Node("s", Sigmoid(), ("a",)), Node("b", Linear(1), ("input",)),
        Node("r", ReLU(), ("b",)), Node("sum", Add(), ("s", "r")),
    )  # fmt: skip
    (problem,) = review(Network(nodes), DATA["binary"], Fit())
    assert problem.node_id == "sum"
    assert texts(problem) == ["Add a Linear"]
    assert review(Network((*nodes, Node("new", Linear(1)))), DATA["binary"], Fit()) == ()


@pytest.mark.parametrize("seed", range(3))
def test_xor_with_a_sigmoid_at_the_end_and_squared_error_is_learned(seed: int) -> None:
    """Two sigmoid units and one, taught by squared error: the network of most first tutorials."""
    data = Dataset(np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0]))
    network = Network.chain(Linear(4), Sigmoid(), Linear(1), Sigmoid())
    fit = Fit(loss=MSELoss(), optimizer=Adam(lr=0.1), batch_size=4)
    assert review(network, data, fit) == ()
    trainer = Trainer(Model(network, (2,), seed), data, None, fit, seed)
    trainer.run(60.0, until_epoch=1500)
    assert trainer.score()[0].loss < 0.01
    assert trainer.train_score.metric == 1.0


# --- batches ----------------------------------------------------------------------------------------------------------


def normed(count: int, size: int) -> tuple[Problem, ...]:
    data = DATA["binary"].take(np.arange(count))
    return review(Network.chain(Linear(4), BatchNorm(), Tanh(), Linear(1)), data, Fit(batch_size=size))


@pytest.mark.parametrize(("count", "size"), [(60, 1), (41, 10), (41, 2), (41, 40), (2, 1), (9, 4)])
def test_batch_norm_over_one_sample_is_refused(count: int, size: int) -> None:
    data = DATA["binary"].take(np.arange(count))
    network = Network.chain(Linear(4), BatchNorm(), Tanh(), Linear(1))
    fit = Fit(batch_size=size)
    (problem,) = review(network, data, fit)
    assert (problem.node_id, problem.level) == ("1", "error")
    with pytest.raises(ShapeError, match="one value per channel"):
        trained(network, data, fit, 1)
    assert len(problem.remedies) == 2
    for remedy in problem.remedies:
        after, better = mended(network, fit, remedy)
        assert review(after, data, better) == ()
        trained(after, data, better, 1)


@pytest.mark.parametrize(("count", "size"), [(60, 10), (41, 41), (41, 100), (42, 10), (4, 2)])
def test_batch_norm_over_more_is_not(count: int, size: int) -> None:
    assert normed(count, size) == ()


def test_a_single_sample_leaves_no_batch_size() -> None:
    (problem,) = normed(1, 10)
    assert texts(problem) == ["Use LayerNorm"]


def test_maps_have_more_than_one_value_in_a_channel() -> None:
    """As in PyTorch: one picture of several pixels is enough, one pixel is not."""
    data = Dataset(Digits().make().x[:30], np.arange(30) % 2)
    large = Network.chain(Conv2d(2), BatchNorm(), Flatten(), Linear(1))
    assert review(large, data, Fit(batch_size=1)) == ()
    pixel = Network.chain(Conv2d(2, kernel_size=8, padding=0), BatchNorm(), Flatten(), Linear(1))
    (problem,) = review(pixel, data, Fit(batch_size=1))
    assert problem.node_id == "1"


def test_several_such_layers_are_told_of_once() -> None:
    deep = Network.chain(Linear(4), BatchNorm(), Linear(4), BatchNorm(), Linear(1))
    (problem,) = review(deep, DATA["binary"], Fit(batch_size=1))
    assert problem.node_id == "1"
    assert "as 1 more of the layers" in problem.message
    assert texts(problem) == ["Batches of 16"]


def test_half_built_networks_are_told_of_batches_too() -> None:
    found = review(Network.chain(Linear(4), BatchNorm(), Conv2d()), DATA["binary"], Fit(batch_size=1))
    assert [problem.node_id for problem in found] == ["1"]


def test_batch_sizes() -> None:
    for count in range(2, 60):
        for wanted in (1, 2, 16, 50):
            size = batch_size_without_rest(count, wanted)
            assert 2 <= size <= count
            assert count % size != 1
    assert batch_size_without_rest(300, 16) == 16
    assert batch_size_without_rest(1, 10) == 0


def test_a_batch_size_changed_in_the_midst_of_an_epoch_leaves_no_sample_alone() -> None:
    data = DATA["binary"].take(np.arange(60))
    network = Network.chain(Linear(4), BatchNorm(), Tanh(), Linear(1))
    trainer = Trainer(Model(network, (2,)), data, None, Fit(batch_size=10))
    for _ in range(3):
        trainer.step()
    trainer.update(Fit(batch_size=29))  # 30 are left: 29 and one
    sizes = []
    while trainer.epoch == 0:
        sizes.append(trainer.upcoming().x.shape[-1])
        trainer.step()
    assert sizes == [30]
    assert np.isfinite(trainer.train_score.loss)


# --- first weights ----------------------------------------------------------------------------------------------------

HIDDEN = Network.chain(Linear(6), Tanh(), Linear(1))


@pytest.mark.parametrize("cls", list(initializers), ids=case_id)
def test_who_draws_alike(cls: type[Initializer]) -> None:
    assert draws_alike(cls()) == (cls in (Zeros, Constant, Initializer))
    assert draws_alike(Normal(std=0.0))


def test_alike_first_weights_of_hidden_layers_are_named() -> None:
    data = XOR
    fit = Fit(initializer=Zeros(), optimizer=Adam(lr=0.05))
    (problem,) = review(HIDDEN, data, fit)
    assert (problem.node_id, problem.level) == ("0", "warning")
    assert "symmetry" in problem.message
    assert texts(problem) == ["Use Xavier", "Use He"]
    assert not learns(HIDDEN, data, fit)
    for remedy in problem.remedies:
        assert review(*swap(mended(HIDDEN, fit, remedy), data)) == ()
        assert learns(*swap(mended(HIDDEN, fit, remedy), data))
    straight = Network.chain(Linear(6), ReLU(), Linear(1))
    assert texts(review(straight, data, fit)[0])[0] == "Use He"


def test_layers_that_begin_alike_together_are_told_of_once() -> None:
    deep = Network.chain(Linear(6), Tanh(), Linear(6), Tanh(), Linear(6), Tanh(), Linear(1))
    (problem,) = review(deep, DATA["binary"], Fit(initializer=Zeros()))
    assert problem.node_id == "0"
    assert "so do those of 2 other layers" in problem.message


def test_a_layers_own_initializer_is_what_is_changed() -> None:
    network = Network.chain(Linear(6, initializer=Constant(0.3)), Tanh(), Linear(1))
    (problem,) = review(network, DATA["binary"], Fit())
    assert problem.remedies[0] == SetLayer("Use Xavier", "0", Linear(6, initializer=XavierUniform()))
    assert problem.remedies[1] == SetLayer("Use He", "0", Linear(6, initializer=HeNormal()))


def test_where_nothing_is_hidden_nothing_is_said() -> None:
    data = DATA["binary"]
    zeros = Fit(initializer=Zeros())
    assert review(Network.chain(Linear(1)), data, zeros) == ()
    assert review(Network.chain(Linear(1), Tanh(), Linear(1)), data, zeros) == ()
    assert review(HIDDEN, data, zeros, given={"0"}) == ()
    assert (
        review(
            Network.chain(Linear(3)), DATA["multiclass"], Fit(loss=CrossEntropyLoss(), initializer=Zeros())
        )
        == ()
    )
    assert review(Network.chain(Linear(6, frozen=True), Tanh(), Linear(1)), data, zeros) == ()
    assert review(Network.chain(Linear(6), LayerNorm(), Linear(1)), Circle(samples=30).make(), Fit()) == ()
