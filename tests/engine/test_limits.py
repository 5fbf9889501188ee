"""Clipping, max-norm, frozen layers, early stopping, snapshots."""

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, optimizers
from engine.clipping import ClipNorm, ClipValue
from engine.data import Circle, Dataset, Preparation, prepare
from engine.schedules import ReduceLROnPlateau

DATA = prepare(Circle(samples=100).make(), Preparation())
NET = Network.chain(layers.Linear(4), layers.Tanh(), layers.Linear(1))


def trainer(fit: Fit, network: Network = NET, validation: Dataset | None = DATA.validation) -> Trainer:
    return Trainer(Model(network, DATA.in_shape, dtype="float64"), DATA.train, validation, fit)


def gradient_of_first_batch(fit: Fit) -> np.ndarray:
    run = trainer(fit)
    run.step()
    return run.model.store.gradients.copy()


def test_clipping_by_norm_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")
    free = gradient_of_first_batch(Fit())
    parameter = torch.nn.Parameter(torch.zeros(len(free), dtype=torch.float64))
    parameter.grad = torch.tensor(free)
    limit = float(np.linalg.norm(free)) / 3
    torch.nn.utils.clip_grad_norm_([parameter], limit)
    clipped = gradient_of_first_batch(Fit(clipping=ClipNorm(max_norm=limit)))
    np.testing.assert_allclose(clipped, parameter.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(
        gradient_of_first_batch(Fit(clipping=ClipNorm(max_norm=1e6))), free, rtol=1e-12
    )


def test_clipping_by_value() -> None:
    free = gradient_of_first_batch(Fit())
    limit = float(np.abs(free).max()) / 4
    np.testing.assert_array_equal(
        gradient_of_first_batch(Fit(clipping=ClipValue(limit=limit))), free.clip(-limit, limit)
    )


@pytest.mark.parametrize(
    "clipping", [None, ClipNorm(max_norm=0.01), ClipValue(limit=0.01)], ids=["off", "norm", "value"]
)
def test_the_norm_before_clipping_is_logged(clipping: object) -> None:
    run = trainer(Fit(clipping=clipping, batch_size=1000, optimizer=optimizers.SGD(lr=0.0)))
    run.finish_epoch()
    free = np.linalg.norm(gradient_of_first_batch(Fit(batch_size=1000, optimizer=optimizers.SGD(lr=0.0))))
    assert run.log.view()["gradient_norm"][-1] == pytest.approx(free, rel=1e-9)


def test_max_norm_shortens_long_weights_and_leaves_short_ones() -> None:
    run = trainer(Fit(optimizer=optimizers.SGD(lr=0.0), max_norm=1.0))
    w = run.model.parameters["0"]["weight"]
    w[...] = [[3.0, 4.0], [0.3, 0.4], [-6.0, 8.0], [0.0, 0.0]]
    run.step()
    np.testing.assert_allclose(w, [[0.6, 0.8], [0.3, 0.4], [-0.6, 0.8], [0.0, 0.0]], rtol=1e-12)


@pytest.mark.parametrize(
    "optimizer", [optimizers.SGD(lr=0.1), optimizers.Adam(lr=0.1, weight_decay=0.1)], ids=["SGD", "Adam"]
)
def test_frozen_layers_stay_and_the_others_learn_as_ever(optimizer: optimizers.Optimizer) -> None:
    def run(frozen: str) -> dict[str, np.ndarray]:
        net = Network.chain(*(layers.Linear(3, frozen=str(i) in frozen) for i in range(3)), layers.Linear(1))
        made = trainer(Fit(optimizer=optimizer), net)
        before = made.model.state_dict()
        for _ in range(3):
            made.step()
        after = made.model.state_dict()
        for key, value in before.items():
            same = np.array_equal(value, after[key])
            assert same == (key[0] in frozen), key
        return after

    run("1")
    run("02")
    run("012")
    run("")


@pytest.mark.parametrize(
    "optimizer", [optimizers.SGD(lr=0.1), optimizers.Adam(lr=0.1, weight_decay=0.1)], ids=["SGD", "Adam"]
)
def test_a_bias_is_frozen_without_its_weights(optimizer: optimizers.Optimizer) -> None:
    def run(held: str) -> dict[str, np.ndarray]:
        net = Network.chain(
            *(layers.Linear(3, frozen_bias=str(i) in held) for i in range(3)), layers.Linear(1)
        )
        made = trainer(Fit(optimizer=optimizer), net)
        for key, value in made.model.parameters.items():
            value["bias"][...] = 0.5 + int(key)
        before = made.model.state_dict()
        made.step()
        after = made.model.state_dict()
        for key, value in before.items():
            assert np.array_equal(value, after[key]) == (key.endswith("bias") and key[0] in held), key
        return after

    free = run("")
    for held in ("1", "02", "012"):
        after = run(held)
        for key, value in free.items():
            if not (key.endswith("bias") and key[0] in held):
                assert np.array_equal(value, after[key]), "the others learn as ever"


def test_the_norm_leaves_frozen_biases_out() -> None:
    net = Network.chain(layers.Linear(4, frozen_bias=True), layers.Tanh(), layers.Linear(1))
    free = trainer(Fit(optimizer=optimizers.SGD(lr=0.1), clipping=ClipNorm(max_norm=1e9)), net)
    free.step()
    parts = [free.model.gradients["0"]["weight"], *free.model.gradients["2"].values()]
    assert np.abs(free.model.gradients["0"]["bias"]).max() > 0
    assert free.gradient_norm() == pytest.approx(
        float(np.linalg.norm(np.concatenate([g.ravel() for g in parts]))), rel=1e-12
    )


def test_max_norm_and_the_norm_leave_frozen_layers_out() -> None:
    net = Network.chain(layers.Linear(4, frozen=True), layers.Tanh(), layers.Linear(1))
    run = trainer(Fit(optimizer=optimizers.SGD(lr=0.1), clipping=ClipNorm(max_norm=0.01), max_norm=0.1), net)
    w = run.model.parameters["0"]["weight"]
    w[...] = 3.0
    run.step()
    np.testing.assert_array_equal(w, np.full_like(w, 3.0))
    free = trainer(Fit(optimizer=optimizers.SGD(lr=0.1), clipping=ClipNorm(max_norm=1e9)), net)
    free.step()
    learning = np.concatenate([g.ravel() for g in free.model.gradients["2"].values()])
    assert np.abs(free.model.gradients["0"]["weight"]).max() > 0
    assert free.gradient_norm() == pytest.approx(float(np.linalg.norm(learning)), rel=1e-12)


def overfitting() -> Trainer:
    """Labels by chance: the validation loss can only get worse after a while."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    part = [Dataset(x[i : i + 30], rng.integers(0, 2, 30)) for i in (0, 30)]
    net = Network.chain(layers.Linear(30), layers.Tanh(), layers.Linear(30), layers.Tanh(), layers.Linear(1))
    fit = Fit(optimizer=optimizers.Adam(lr=0.02), early_stopping=5)
    return Trainer(Model(net, (2,)), part[0], part[1], fit)


def test_early_stopping_returns_to_the_best_weights() -> None:
    run = overfitting()
    run.run(600.0)
    losses = run.log.view()["validation_loss"]
    best = int(np.argmin(losses[1:])) + 1
    assert "Stopped early" in run.stopped
    assert f"after epoch {best}," in run.stopped
    assert len(losses) == best + 5 + 1
    assert run.epoch == best
    assert run.validation_score.loss == losses[best]
    assert run.score()[1].loss == pytest.approx(losses[best], rel=1e-6)
    steps = run.steps
    run.step()
    assert run.stopped == ""
    assert run.steps == steps + 1


@pytest.mark.parametrize("at", [0, 3, 7, 23])
def test_a_snapshot_is_a_true_way_back(at: int) -> None:
    net = Network.chain(
        layers.Linear(4), layers.BatchNorm(), layers.Dropout(p=0.3), layers.Tanh(), layers.Linear(1)
    )
    fit = Fit(optimizer=optimizers.Adam(), schedule=ReduceLROnPlateau(patience=0), batch_size=16)
    run = trainer(fit, net)
    for _ in range(at):
        run.step()
    mark = run.snapshot()
    first = [run.step().loss for _ in range(15)]
    values, state = run.model.store.values.copy(), run.model.store.state["1"]["running_var"].copy()
    run.restore(mark)
    assert [run.step().loss for _ in range(15)] == first
    np.testing.assert_array_equal(run.model.store.values, values)
    np.testing.assert_array_equal(run.model.store.state["1"]["running_var"], state)
    assert mark.nbytes > 3 * run.model.store.values.nbytes
