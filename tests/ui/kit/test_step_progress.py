"""What is known when: nothing of what comes later, everything of what came before."""

import numpy as np
import pytest

from engine import layers
from engine.trace import moments
from playground.ui.kit.step_progress import Progress
from tests.ui.panels.backprop.traced import small, trace_of


@pytest.fixture(scope="module")
def trace():
    return trace_of(small())


@pytest.fixture(scope="module")
def picture():
    chain = (layers.Conv2d(2), layers.ReLU(), layers.MaxPool2d(), layers.Flatten(), layers.Linear(10))
    return trace_of(small(*chain, source="Digits", batch_size=4))


def known(array):
    return 0 if array is None else int(np.isfinite(array).sum())


@pytest.mark.parametrize("grain", ["pass", "layer", "unit", "term"])
def test_each_step_knows_more_than_the_one_before_and_the_last_knows_all(trace, grain):
    nodes = ("input", *(n.id for n in trace.network.nodes))
    before = -1
    for moment in moments(trace, grain):
        progress = Progress(trace, moment, 0)
        now = sum(known(progress.value(n)) + known(progress.gradient(n)) for n in nodes)
        now += progress.loss + progress.loss_after
        for node_id in trace.learners():
            for name, array in trace.arranged(node_id, trace.parameters["before"][node_id]).items():
                for index in np.ndindex(*array.shape):
                    now += progress.parameter_gradient(node_id, name, index)
                    now += progress.updated(node_id, name, index)
        assert now >= before
        before = now
    numbers = sum(2 * trace.values[n][0].size for n in nodes) + 2
    assert before == numbers + 2 * sum(len(trace.parameters["before"][n]) for n in trace.learners())


def test_what_is_known_is_the_trace_s(picture):
    for moment in moments(picture, "layer"):
        progress = Progress(picture, moment, 2)
        for node in picture.network.nodes:
            value, gradient = progress.value(node.id), progress.gradient(node.id)
            assert value is None or np.array_equal(value, picture.values[node.id][2])
            assert gradient is None or np.array_equal(gradient, picture.gradients[node.id][2])


def test_a_map_fills_cell_by_cell(picture):
    node = picture.network.nodes[0].id
    walk = moments(picture, "unit", node)
    first, second, tenth = (known(Progress(picture, walk[i], 0).value(node)) for i in (0, 1, 9))
    assert (first, second, tenth) == (1, 2, 10)


def test_a_cell_is_known_when_its_last_term_is_added(trace):
    node = trace.network.nodes[0].id
    walk = [m for m in moments(trace, "term", node) if m.node_id == node and m.phase == "forward"]
    counts = [known(Progress(trace, m, 0).value(node)) for m in walk if m.cell in ((0,), (1,))]
    assert counts == [0, 0, 1, 1, 1, 2]  # two inputs and a bias each


def test_shares_of_several_readers_are_added_where_they_join():
    from engine import Fit, Model, Network, Node, losses, optimizers
    from engine.data import Dataset
    from engine.train import Trainer

    rng = np.random.default_rng(0)
    network = Network(
        (
            Node("a", layers.Linear(2)),
            Node("b", layers.Linear(2), ("a",)),
            Node("sum", layers.Add(), ("a", "b")),
            Node("out", layers.Linear(1)),
        )
    )
    fit = Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=0.1), batch_size=4)
    data = Dataset(rng.normal(size=(4, 2)), rng.normal(size=(4, 1)))
    trace = Trainer(Model(network, (2,), 0, "float64"), data, None, fit).trace()
    walk = {m.node_id: m for m in moments(trace, "layer") if m.phase == "backward"}
    partly = Progress(trace, walk["sum"], 0).gradient("a")
    np.testing.assert_array_equal(partly, trace.share("sum", 0)[0])
    other = Progress(trace, walk["b"], 0).gradient("a")
    np.testing.assert_array_equal(other, trace.share("b", 0)[0], "what this step sends, and no more")
    fork = next(m for m in moments(trace, "layer") if m.part == "fork")
    np.testing.assert_array_equal(Progress(trace, fork, 0).gradient("a"), trace.gradients["a"][0])
    assert Progress(trace, fork, 0, veiled=True).gradient("a") is None
    assert not Progress(trace, fork, 0).parameter_gradient("a", "bias", (0,))
    second = next(m for m in moments(trace, "unit") if m.part == "fork" and m.cell == (1,))
    np.testing.assert_array_equal(
        Progress(trace, second, 0, veiled=True).gradient("a"), [trace.gradients["a"][0, 0], np.nan]
    )


def test_a_veil_hides_the_step_s_own_number_and_no_other(trace):
    first, last = trace.network.nodes[0].id, trace.network.nodes[-1].id
    moment = next(m for m in moments(trace, "layer") if m.node_id == last)
    veiled = Progress(trace, moment, 0, veiled=True)
    assert veiled.value(last) is None
    assert known(veiled.value(first)) == 3
    after = moments(trace, "layer")[-1]
    assert Progress(trace, after, 0).loss_after
    assert not Progress(trace, after, 0, veiled=True).loss_after
