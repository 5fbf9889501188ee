"""The figures of a run are those that plain NumPy gives, and taking them changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, losses, optimizers
from engine.clipping import ClipNorm
from engine.data import Circle, Dataset, Digits, Preparation, prepare
from engine.diagnosis import BINS, FEWEST, NEAR_ZERO, NUMBERS, SAMPLES, diagnose
from engine.initializers import Constant, Initializer, Small, Zeros
from engine.layers.activation import SATURATED
from engine.regularizers import L1, L2, Regularizer

DATA = prepare(Circle(samples=107).make(), Preparation())
NET = Network.chain(
    layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Dropout(p=0.3), layers.Linear(8), layers.ReLU(),
    layers.Linear(1),
)  # fmt: skip
FIT = Fit(
    optimizer=optimizers.Adam(lr=0.01),
    regularizer=L2(strength=0.01),
    clipping=ClipNorm(max_norm=0.3),
    batch_size=10,
)


def trainer(fit: Fit = FIT, network: Network = NET, steps: int = 7) -> Trainer:
    run = Trainer(Model(network, DATA.in_shape, 0, dtype="float64"), DATA.train, DATA.validation, fit, 0)
    for _ in range(steps):
        run.step()
    return run


def test_outputs_are_measured_as_numpy_does() -> None:
    run = trainer()
    values = run.model.values(DATA.train.x[:SAMPLES])
    found = diagnose(run)
    assert [one.node_id for one in found.layers] == [n.id for n in NET.nodes]
    assert (found.samples, found.step) == (len(DATA.train), 7)
    for one in found.layers:
        out = values[one.node_id]
        assert one.mean == pytest.approx(out.mean(), rel=1e-12, abs=1e-15)
        assert one.std == pytest.approx(out.std(), rel=1e-12)
        assert one.dead == (out == 0).all(0).mean()
        assert one.zeros == (out == 0).mean()
        np.testing.assert_array_equal(one.outputs.counts, np.histogram(out, BINS)[0])
        assert one.outputs.counts.sum() == out.size


def test_saturation_is_that_of_the_derivative() -> None:
    run = trainer()
    values, found = run.model.values(DATA.train.x), diagnose(run)
    assert found["2"].saturated == pytest.approx((1 - values["2"] ** 2 < SATURATED).mean())
    assert found["5"].saturated == pytest.approx((values["5"] <= 0).mean())
    assert 0 < found["5"].saturated < 1
    assert all(np.isnan(found[i].saturated) for i in "0134")


def test_dead_units_are_counted() -> None:
    run = trainer(steps=0)
    run.model.parameters["4"]["bias"][:3] = -1e3
    assert diagnose(run)["5"].dead >= 3 / 8
    assert diagnose(run)["4"].dead == 0


def test_dead_channels_of_maps_are_counted() -> None:
    digits = prepare(Digits().make(), Preparation())
    net = Network.chain(layers.Conv2d(4, 3), layers.ReLU(), layers.Flatten(), layers.Linear(10))
    fit = Fit(loss=losses.CrossEntropyLoss())
    run = Trainer(Model(net, digits.in_shape, 0), digits.train, digits.validation, fit)
    run.model.parameters["0"]["bias"][1] = -1e3
    assert diagnose(run)["1"].dead == 0.25


@pytest.mark.parametrize("gate", [layers.ReLU(), layers.Tanh()])
@pytest.mark.parametrize("initializer", [Zeros(), Constant(0.1)])
def test_weights_that_begin_alike_are_copies_not_dead_units(
    gate: layers.Layer, initializer: Initializer
) -> None:
    net = Network.chain(layers.Linear(6), gate, layers.Linear(1))
    model = Model(net, DATA.in_shape, 0, initializer=initializer)
    run = Trainer(model, DATA.train, DATA.validation, Fit(initializer=initializer, batch_size=10))
    run.finish_epoch()
    found = diagnose(run)
    assert found["0"].alike
    assert not found["2"].alike, "one unit is no copy"
    assert found["1"].dead == 0.0


def test_units_that_are_both_copies_and_dead_are_called_both() -> None:
    run = Trainer(
        Model(Network.chain(layers.Linear(6), layers.ReLU(), layers.Linear(1)), DATA.in_shape, 0),
        DATA.train, None, Fit(),
    )  # fmt: skip
    run.model.parameters["0"]["weight"][...] = 0.1
    run.model.parameters["0"]["bias"][...] = -100.0
    found = diagnose(run)
    assert found["0"].alike
    assert found["1"].dead == 1.0


def test_gradients_are_those_of_the_looked_at_samples() -> None:
    """Against central differences of the loss, a bias moved a little: it is the sum of ∂L/∂output over samples."""
    run = trainer()
    x, y, bias = DATA.train.x, DATA.train.y, run.model.parameters["6"]["bias"]
    z = run.model.predict(x)[:, 0]
    delta = (1 / (1 + np.exp(-z)) - y) / len(y)  # of binary cross-entropy with logits
    assert diagnose(run)["6"].gradient_norm == pytest.approx(np.linalg.norm(delta), rel=1e-9)
    weight = run.model.parameters["6"]["weight"]
    assert weight.shape == (1, 8)
    expected = delta[:, None] @ weight
    assert diagnose(run)["5"].gradient_norm == pytest.approx(np.linalg.norm(expected), rel=1e-9)
    hidden = run.model.values(x)["5"]
    counts, _ = np.histogram(delta @ hidden, BINS)
    np.testing.assert_array_equal(diagnose(run)["6"].weight_gradients.counts, counts)
    assert bias.size == 1


@pytest.mark.parametrize("optimizer", [cls() for cls in optimizers.optimizers], ids=lambda o: o.key)
def test_the_update_is_the_one_that_training_makes_next(optimizer: optimizers.Optimizer) -> None:
    run = trainer(FIT.replace(optimizer=optimizer, max_norm=1.5))
    before = {i: run.model.parameters[i]["weight"].copy() for i in "046"}
    found = diagnose(run)
    run.step()
    for node_id, old in before.items():
        moved = run.model.parameters[node_id]["weight"] - old
        assert found[node_id].update_ratio == pytest.approx(
            np.linalg.norm(moved) / np.linalg.norm(old), rel=1e-9
        )
        assert found[node_id].update_ratio > 0
    assert np.isnan(found["2"].update_ratio)


def test_a_frozen_layer_does_not_move_and_zero_weights_have_no_ratio() -> None:
    net = Network.chain(layers.Linear(4, frozen=True), layers.Tanh(), layers.Linear(1))
    run = trainer(network=net)
    assert diagnose(run)["0"].update_ratio == 0
    run.model.parameters["2"]["weight"][...] = 0
    assert np.isnan(diagnose(run)["2"].update_ratio)


def test_looking_changes_nothing() -> None:
    looked, alone = trainer(), trainer()
    for _ in range(15):  # past the end of an epoch
        diagnose(looked)
        for run in (looked, alone):
            run.step()
    assert looked.model.store.values.tobytes() == alone.model.store.values.tobytes()
    assert looked.model.store.gradients.tobytes() == alone.model.store.gradients.tobytes()
    assert {k: v.tobytes() for k, v in looked.snapshot().arrays.items()} == {
        k: v.tobytes() for k, v in alone.snapshot().arrays.items()
    }


def test_small_weights_let_gradients_fade() -> None:
    deep = Network.chain(
        *[one for _ in range(8) for one in (layers.Linear(6), layers.Sigmoid())], layers.Linear(1)
    )
    run = trainer(Fit(initializer=Small()), deep, steps=0)
    norms = [one.gradient_norm for one in diagnose(run).layers if one.weights is not None]
    assert norms == sorted(norms)
    assert norms[0] < 1e-4 * norms[-1]


def test_what_is_not_finite_is_not_known() -> None:
    run = trainer(steps=0)
    run.model.parameters["4"]["weight"][...] = np.inf
    found = diagnose(run)
    assert np.isnan(found["4"].mean)
    assert np.isnan(found["6"].gradient_norm)
    assert found["0"].outputs.counts.sum() > 0


def test_of_large_networks_few_samples_are_looked_at() -> None:
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(60, 1, 8, 8)).astype(np.float32), rng.integers(0, 3, 60))
    net = Network.chain(layers.Flatten(), layers.Linear(50_000), layers.Linear(3))
    run = Trainer(Model(net, (1, 8, 8), 0), data, None, Fit(loss=losses.CrossEntropyLoss()))
    assert FEWEST < diagnose(run).samples == NUMBERS // (64 + 64 + 50_000 + 3)
    assert diagnose(trainer(), most=5).samples == 5


def test_weights_near_zero_are_counted_and_an_l1_penalty_makes_more_of_them() -> None:
    net = Network.chain(layers.Linear(20), layers.Tanh(), layers.Linear(1))

    def few(regularizer: Regularizer) -> int:
        fit = Fit(optimizer=optimizers.SGD(lr=0.1), regularizer=regularizer, batch_size=10)
        run = trainer(fit, net, steps=600)
        found, weights = diagnose(run), run.model.state_dict()["0.weight"]
        assert found["0"].near_zero == (int((np.abs(weights) < NEAR_ZERO).sum()), weights.size)
        assert found["1"].near_zero == (0, 0), "an activation has no weights"
        return found["0"].near_zero[0]

    assert few(L1(strength=0.02)) > few(L2(strength=0.02))
