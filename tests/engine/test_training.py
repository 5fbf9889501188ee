"""Training: determinism, exact last batches, live changes, divergence, memory."""

import tracemalloc

import numpy as np
import pytest

from engine import (
    Fit,
    Model,
    Network,
    Trainer,
    clipping,
    layers,
    losses,
    optimizers,
    regularizers,
    train,
    update,
)
from engine.data import Circle, Dataset, MultiGaussian, Preparation, SpiralClasses, prepare
from engine.errors import DataError, DivergedError
from engine.evaluate import Evaluator
from engine.log import CAPACITY, COLUMNS, Log
from tests.engine.catalogue import case_id, variants

DATA = prepare(Circle(samples=107).make(), Preparation())
NET = Network.chain(layers.Linear(4), layers.Tanh(), layers.Linear(1))
SETTINGS = {
    "sgd": Fit(),
    "adam, elastic": Fit(optimizer=optimizers.Adam(lr=0.01), regularizer=regularizers.Elastic()),
    "nesterov, all at once": Fit(optimizer=optimizers.SGD(momentum=0.9, nesterov=True), batch_size=1000),
    "one at a time": Fit(batch_size=1),
    "mse": Fit(loss=losses.MSELoss(), batch_size=7),
}


def trainer(fit: Fit = Fit(), network: Network = NET, seed: int = 0, dtype: str = "float32") -> Trainer:  # noqa: B008
    return Trainer(Model(network, DATA.in_shape, seed, dtype), DATA.train, DATA.validation, fit, seed)


@pytest.mark.parametrize("fit", SETTINGS.values(), ids=SETTINGS.keys())
def test_same_seed_same_numbers_however_it_is_cut(fit: Fit) -> None:
    net = Network.chain(layers.Linear(4), layers.Dropout(p=0.2), layers.Tanh(), layers.Linear(1))
    runs = [trainer(fit, net) for _ in range(3)]
    for _ in range(5):
        runs[0].finish_epoch()
    while runs[1].epoch < 5:
        runs[1].step()
    while runs[2].epoch < 5:
        runs[2].run(0.0001, most=len(DATA.train) * 5)
        assert np.isfinite(runs[2].batch_loss)
    # runs[2] may have gone on a little: a burst ends by the clock, and what a burst contains must not depend on it
    first = len(runs[0].log.view())
    np.testing.assert_array_equal(runs[2].log.view().rows[:first], runs[0].log.view().rows)
    for other in runs[1:2]:
        np.testing.assert_array_equal(other.model.store.values, runs[0].model.store.values)
        np.testing.assert_array_equal(other.log.view().rows, runs[0].log.view().rows)
    assert (trainer(fit, net, seed=1).model.store.values != trainer(fit, net).model.store.values).any()


def test_reset_returns_to_the_beginning() -> None:
    one, other = trainer(SETTINGS["adam, elastic"]), trainer(SETTINGS["adam, elastic"])
    one.finish_epoch()
    one.step()
    one.reset()
    assert (one.epoch, one.steps) == (0, 0)
    for _ in range(3):
        one.finish_epoch()
        other.finish_epoch()
    np.testing.assert_array_equal(one.model.store.values, other.model.store.values)


def test_one_epoch_of_sgd_is_what_the_formula_says() -> None:
    """Batches in the seeded order, the last partial one by its own mean, L2 on weights and not on biases."""
    fit = Fit(optimizer=optimizers.SGD(lr=0.1), batch_size=20, regularizer=regularizers.L2(strength=0.01))
    run = trainer(fit, dtype="float64")
    reference = Model(NET, DATA.in_shape, 0, "float64")
    order = run._order.copy()
    run.finish_epoch()
    for start in range(0, len(order), 20):
        rows = order[start : start + 20]
        _, grads = reference.value_and_grad(DATA.train.x[rows], DATA.train.y[rows], fit.loss)
        for key, g in grads.items():
            node, name = key.split(".")
            p = reference.parameters[node][name]
            p -= 0.1 * (g + (0.01 * p if name == "weight" else 0.0))
    for key, value in reference.state_dict().items():
        np.testing.assert_allclose(run.model.state_dict()[key], value, rtol=1e-12, atol=1e-14)


def test_scores_and_penalty_are_those_of_the_present_weights() -> None:
    run = trainer(Fit(regularizer=regularizers.Elastic(l1=0.1, l2=0.2)), dtype="float64")
    run.finish_epoch()
    z = run.model.predict(DATA.train.x)[:, 0]
    t = DATA.train.y
    assert run.train_score.loss == pytest.approx(np.mean(np.log1p(np.exp(z)) - t * z), rel=1e-12)
    assert run.train_score.metric == ((z > 0) == t).mean()
    weights = [w for k, w in run.model.state_dict().items() if k.endswith("weight")]
    expected = sum(0.1 * np.abs(w).sum() + 0.1 * (w * w).sum() for w in weights)
    assert run.penalty() == pytest.approx(expected, rel=1e-12)


def test_a_layer_may_have_a_penalty_of_its_own() -> None:
    own = layers.Linear(4, regularizer=regularizers.NoPenalty())
    net = Network.chain(own, layers.Tanh(), layers.Linear(1))
    run = trainer(Fit(regularizer=regularizers.L2(strength=2.0)), net, dtype="float64")
    w = run.model.parameters["2"]["weight"]
    assert run.penalty() == pytest.approx((w * w).sum(), rel=1e-12)


def test_live_changes_keep_weights_and_take_effect() -> None:
    run = trainer(Fit(optimizer=optimizers.SGD(lr=0.1)))
    run.step()
    before = run.model.store.values.copy()
    for fit in (
        Fit(optimizer=optimizers.SGD(lr=0.0)),
        Fit(optimizer=optimizers.SGD(lr=0.0), batch_size=9),
        Fit(optimizer=optimizers.SGD(lr=0.0), loss=losses.MSELoss()),
    ):
        run.update(fit)
        run.step()
        np.testing.assert_array_equal(run.model.store.values, before)
    run.update(Fit(optimizer=optimizers.SGD(lr=0.1)))
    run.step()
    assert (run.model.store.values != before).any()


def test_a_change_of_batch_size_in_mid_epoch_still_visits_every_sample_once() -> None:
    run = trainer(Fit(batch_size=10))
    for _ in range(3):
        run.step()
    assert run._position == 30
    run.update(Fit(batch_size=8))
    steps = 0
    while run.epoch == 0:
        run.step()
        steps += 1
    assert steps == -(-(len(DATA.train) - 30) // 8)


def test_adam_keeps_its_memory_when_only_the_rate_changes() -> None:
    run = trainer(Fit(optimizer=optimizers.Adam()))
    run.step()
    m = run.slots["m"]["0"]["weight"].copy()
    assert m.any()
    run.update(Fit(optimizer=optimizers.Adam(lr=0.5)))
    np.testing.assert_array_equal(run.slots["m"]["0"]["weight"], m)


def test_divergence_names_the_node_and_restores_finite_weights() -> None:
    net = Network.chain(layers.Linear(4), layers.ReLU(), layers.Linear(1))
    run = trainer(Fit(optimizer=optimizers.SGD(lr=100.0), loss=losses.MSELoss()), net)
    with pytest.raises(DivergedError, match="Lower the learning rate") as caught:
        run.run(600.0)
    assert caught.value.node_id in {"0", "1", "2", "loss"}
    assert np.isfinite(run.model.store.values).all()
    assert np.isfinite(run.train_score.loss)
    run.update(Fit(optimizer=optimizers.SGD(lr=0.001)))
    run.finish_epoch()
    assert np.isfinite(run.train_score.loss)


def test_a_weight_that_is_not_finite_is_found_where_it_is() -> None:
    run = trainer()
    run.model.parameters["2"]["weight"][0, 0] = np.nan
    with pytest.raises(DivergedError) as caught:
        run.step()
    assert caught.value.node_id == "2"


WIDE = Network.chain(
    layers.Linear(64), layers.Tanh(), layers.Dropout(), layers.Linear(64), layers.ReLU(), layers.Linear(1)
)
PICTURES = Network.chain(
    layers.Conv2d(8, padding="same"), layers.ReLU(), layers.MaxPool2d(), layers.Conv2d(16), layers.Sigmoid(),
    layers.MaxPool2d(2, 1), layers.Flatten(), layers.Linear(10),
)  # fmt: skip


@pytest.mark.parametrize("optimizer", [c() for c in optimizers.optimizers], ids=case_id)
@pytest.mark.parametrize("kind", ["table", "pictures"])
def test_steps_allocate_nothing(kind: str, optimizer: optimizers.Optimizer) -> None:
    """No array comes and goes: the smallest value of a layer here takes 25 kB, and a step may not use 6 kB for a moment.

    (Ufuncs that mix types cast through a buffer whose size ``np.setbufsize`` bounds; made tiny here, it does not count.)
    """
    rng = np.random.default_rng(0)
    if kind == "table":
        data, net, loss = (
            Dataset(rng.normal(size=(100, 2)), np.arange(100) % 2),
            WIDE,
            losses.BCEWithLogitsLoss(),
        )
    else:
        data, net, loss = (
            Dataset(rng.normal(size=(100, 1, 8, 8)), np.arange(100) % 10),
            PICTURES,
            losses.CrossEntropyLoss(),
        )
    fit = Fit(loss, optimizer, regularizers.Elastic(), batch_size=100)
    run = Trainer(Model(net, data.in_shape), data, None, fit)
    step, batch = run._whole, run._queue[0]
    buffer = np.setbufsize(16)
    try:
        step.run([batch])
        tracemalloc.start()
        step.run([batch] * 20)
        assert tracemalloc.get_traced_memory()[1] < 6000
    finally:
        tracemalloc.stop()
        np.setbufsize(buffer)


def test_training_reaches_the_goal_on_every_kind_of_data() -> None:
    for source, loss, outputs, goal in (
        (Circle(noise=0.0), losses.BCEWithLogitsLoss(), 1, 0.95),
        (SpiralClasses(noise=0.0), losses.CrossEntropyLoss(), 3, 0.9),
        (MultiGaussian(noise=0.0), losses.MSELoss(), 1, 0.8),
    ):
        data = prepare(source.make(), Preparation())
        net = Network.chain(
            layers.Linear(24), layers.Tanh(), layers.Linear(24), layers.Tanh(), layers.Linear(outputs)
        )
        run = Trainer(
            Model(net, data.in_shape),
            data.train,
            data.validation,
            Fit(loss=loss, optimizer=optimizers.Adam(lr=0.01)),
        )
        for _ in range(150):
            run.finish_epoch()
        assert run.validation_score.metric > goal, source


@pytest.mark.parametrize(
    "optimizer", [v for c in optimizers.optimizers for v in variants(c)[:1]], ids=case_id
)
def test_every_optimizer_makes_the_loss_smaller(optimizer: optimizers.Optimizer) -> None:
    run = trainer(Fit(optimizer=optimizer.replace(lr=0.01)))
    before = run.train_score.loss
    for _ in range(20):
        run.finish_epoch()
    assert run.train_score.loss < before


def test_train_yields_every_update() -> None:
    model = Model(NET, DATA.in_shape)
    steps = list(train(model, DATA.train, Fit(batch_size=30, epochs=2)))
    per_epoch = -(-len(DATA.train) // 30)
    assert len(steps) == 2 * per_epoch
    assert [s.step for s in steps] == list(range(2 * per_epoch))
    assert all(np.isfinite(s.loss) for s in steps)


def test_data_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(DataError, match=r"samples of shape \(3,\); the model expects \(2,\)"):
        Trainer(Model(NET, (2,)), Dataset(np.zeros((4, 3)), np.array([0, 1, 0, 1])), None, Fit())


def test_log_is_append_only_and_bounded() -> None:
    log = Log()
    log.append(0, *[0.5] * (len(COLUMNS) - 1))
    first = log.view()
    for epoch in range(1, 3 * CAPACITY):
        log.append(epoch, *[float(epoch)] * (len(COLUMNS) - 1))
    assert len(first) == 1
    assert first["train_loss"][0] == 0.5
    rows = log.view()
    assert len(rows) <= CAPACITY
    epochs = rows["epoch"]
    assert epochs[0] == 0
    assert (np.diff(epochs) == log.stride).all()
    np.testing.assert_array_equal(rows["train_loss"][1:], epochs[1:])
    with pytest.raises(ValueError, match="read-only"):
        rows.rows[0, 0] = 1.0


def test_pooling_before_relu_changes_no_number():
    """What a lean program leaves out is computed when it is asked for, and all else is the same."""
    network = Network.chain(
        layers.Conv2d(4, 3, padding="same"), layers.ReLU(), layers.MaxPool2d(2),
        layers.Conv2d(3, 3, padding=1), layers.ReLU(), layers.MaxPool2d(3, stride=2), layers.Flatten(), layers.Linear(5),
    )  # fmt: skip
    model = Model(network, (2, 12, 13), seed=3, dtype="float64")
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, size=(2, 12, 13, 6)).astype(
        float
    )  # many equal values: the first of them must win
    delta = rng.normal(size=(5, 6))
    found = []
    for lean in (False, True):
        program = model.own_program(6, training=True, lean=lean)
        program.x[...], program.d_output[...] = x, delta
        program.forward()
        program.backward()
        gradients = model.store.gradients.copy()
        values = {n.id: program.value(n.id).copy() for n in network.nodes}
        found.append((gradients, values, {n.id: program.gradient(n.id).copy() for n in network.nodes}))
    (one, values, arriving), (other, lean_values, lean_arriving) = found
    np.testing.assert_array_equal(one, other)
    for node_id in values:
        np.testing.assert_array_equal(values[node_id], lean_values[node_id])
        np.testing.assert_array_equal(arriving[node_id], lean_arriving[node_id])


def test_a_lean_program_computes_no_relu_that_only_a_pooling_reads():
    network = Network.chain(layers.Conv2d(4, 3), layers.ReLU(), layers.MaxPool2d(2))
    model = Model(network, (1, 8, 8))
    assert model.own_program(2, lean=True).steps["1"] == ([], [])
    assert model.own_program(2).steps["1"] != ([], [])


@pytest.mark.parametrize("clipping", [None, clipping.ClipNorm(max_norm=0.5)])
@pytest.mark.parametrize("optimizer", [optimizers.SGD(lr=0.1, weight_decay=0.01), optimizers.Adam(lr=0.01)])
def test_blocks_of_parameters_change_no_number(monkeypatch, optimizer, clipping):
    """Networks too large for one call per vector are updated block by block, with the same result, frozen layers left alone."""
    network = Network.chain(
        layers.Linear(7), layers.Tanh(), layers.Linear(5, frozen=True), layers.Tanh(), layers.Linear(1)
    )
    fit = Fit(optimizer=optimizer, regularizer=regularizers.Elastic(), clipping=clipping)
    whole = trainer(fit, network, dtype="float64")
    whole.run(600.0, most=40)
    monkeypatch.setattr(update, "WHOLE_VECTOR", 10)
    monkeypatch.setattr(update, "BLOCK", 13)
    cut = trainer(fit, network, dtype="float64")
    cut.run(600.0, most=40)
    np.testing.assert_array_equal(whole.model.store.values, cut.model.store.values)
    assert whole.penalty() == pytest.approx(cut.penalty(), rel=1e-12)


def test_an_update_of_many_parameters_needs_little_memory_besides():
    model = Model(Network.chain(layers.Linear(1500), layers.Linear(1000)), (900,))
    fit = Fit(losses.MSELoss(), optimizers.SGD(), regularizers.L2())
    tracemalloc.start()
    made = update.Update(model, fit, {}, np.zeros((), np.int64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.calls
    assert peak < 0.4 * model.store.values.nbytes


def test_the_curves_begin_with_what_is_so_when_the_run_begins() -> None:
    data = prepare(Circle().make(), Preparation())
    net = Network.chain(layers.Linear(4), layers.Tanh(), layers.Linear(1))
    run = Trainer(Model(net, (2,)), data.train, data.validation, Fit(losses.BCEWithLogitsLoss()))
    run.model.parameters["2"]["weight"][...] = 3.0
    run.score()
    assert run.log.view()["train_loss"].tolist() == [run.train_score.loss]
    run.update(Fit(losses.MSELoss()))
    assert run.log.view()["train_loss"].tolist() == [run.train_score.loss]
    other = Trainer(Model(net, (2,), seed=5), data.train, data.validation, run.fit)
    other.adopt(run)
    assert other.log.view()["train_loss"].tolist() == [other.train_score.loss]
    other.finish_epoch()
    first = other.log.view()["train_loss"][0]
    other.score()
    assert other.log.view()["train_loss"][0] == first


def test_r2_compares_with_the_mean_and_is_unknown_where_all_targets_are_alike() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    model = Model(Network.chain(layers.Linear(2)), (3,), seed=0, dtype="float64")
    off = ((model.predict(x) - y) ** 2).sum()
    around = ((y - y.mean(axis=0)) ** 2).sum()
    assert Evaluator(model, Dataset(x, y), losses.MSELoss())().metric == pytest.approx(1 - off / around)
    score = Evaluator(model, Dataset(x, np.ones((20, 2))), losses.MSELoss())()
    assert np.isfinite(score.loss)
    assert np.isnan(score.metric)
