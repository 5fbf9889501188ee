"""After a divergence: back at the last sane moment, the cause named, advice that helps, and not a word on the terminal."""

from __future__ import annotations

import contextlib
import math
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import (
    Fit,
    Model,
    Network,
    clipping,
    initializers,
    layers,
    losses,
    optimizers,
    regularizers,
    train,
)
from engine.data import Dataset
from engine.errors import DivergedError
from engine.problems import Remedy, SetFit, SetPreparation
from engine.train import SANE, Trainer
from tests.engine.catalogue import case_id

SGD = optimizers.SGD
rng = np.random.default_rng(0)
POINTS = Dataset(rng.normal(size=(60, 2)), np.arange(60) % 2)
LINE = Dataset(rng.normal(size=(60, 2)), rng.normal(size=(60, 1)))
DEEP = Network.chain(layers.Linear(8), layers.Tanh(), layers.Linear(1))


def diverged(
    fit: Fit, data: Dataset = POINTS, network: Network = DEEP, validation: Dataset | None = None
) -> tuple[Trainer, DivergedError]:
    run = Trainer(Model(network, data.in_shape, initializer=fit.initializer), data, validation, fit)
    with pytest.raises(DivergedError) as caught:
        run.run(600.0, until_epoch=2000)
    return run, caught.value


def mended(fit: Fit, remedy: Remedy | None) -> Fit:
    assert isinstance(remedy, SetFit)
    return fit.replace(**{remedy.name: remedy.value})


@pytest.mark.parametrize(
    "fit",
    [
        Fit(regularizer=regularizers.L2(10.0), optimizer=SGD(lr=0.3)),
        Fit(optimizer=SGD(0.3, weight_decay=10.0)),
    ],
    ids=["penalty", "weight decay"],
)
def test_an_overshooting_pull_is_named_with_its_number_and_the_weights_are_sane(fit: Fit) -> None:
    run, error = diverged(fit)
    assert "η·λ = 0.3 × 10 = 3" in str(error)
    assert "Use λ below 6.67, or a learning rate below 0.2." in str(error)
    losses_seen = run.log.view()["train_loss"]
    assert losses_seen.max() > 1e6, "the test needs a run that goes wrong for some epochs before it overflows"
    assert run.train_score.loss <= SANE * losses_seen.min()
    assert run.score()[0].loss == run.train_score.loss, "the weights are those of that moment"
    assert f"{run.train_score.loss:.3g}, was within 10 times the best" in str(error)
    run.update(mended(fit, error.remedy))
    run.run(600.0, until_epoch=run.epoch + 50)
    assert run.train_score.loss <= SANE * losses_seen.min()


def test_weights_that_learned_come_back_not_those_of_the_last_finite_epoch() -> None:
    run = Trainer(Model(DEEP, (2,)), POINTS, None, Fit(optimizer=SGD(lr=0.1)))
    run.run(600.0, until_epoch=20)
    good = run.model.store.values.copy()
    run.update(Fit(optimizer=SGD(lr=0.3, weight_decay=10.0)))
    with pytest.raises(DivergedError, match="back at the end of epoch 20,"):
        run.run(600.0)
    np.testing.assert_array_equal(run.model.store.values, good)


@pytest.mark.parametrize("disk", ["", "full"])
def test_a_large_network_comes_back_from_the_disk_and_from_memory_where_that_is_full(
    disk: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("engine.snapshot.LARGE_MOMENT", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fit = Fit(optimizer=optimizers.Adam(lr=0.01), early_stopping=1000)
    run = Trainer(Model(DEEP, (2,)), POINTS, None, fit)
    with no_room_on_the_disk() if disk else contextlib.nullcontext():
        run.run(600.0, until_epoch=20)
    assert run.best is not None
    assert (
        run.sane.arrays["parameters"].flags.owndata
        == run.best.arrays["parameters"].flags.owndata
        == bool(disk)
    )
    assert not list(tmp_path.iterdir()), "it has no name, and so goes with the program, however that ends"
    now = run.snapshot()
    for name, array in run.sane.arrays.items():
        np.testing.assert_array_equal(array, now.arrays[name], strict=True)
    run.update(Fit(optimizer=SGD(lr=0.3, weight_decay=10.0)))
    with pytest.raises(DivergedError, match="back at the end of epoch 20,"):
        run.run(600.0)
    np.testing.assert_array_equal(run.model.store.values, now.arrays["parameters"])


@contextlib.contextmanager
def no_room_on_the_disk() -> Iterator[None]:
    """No file may be longer than some of the numbers."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_another_loss_begins_its_own_measure() -> None:
    """A loss of another kind may be a thousand times larger and yet be sane."""
    run = Trainer(Model(DEEP, (2,)), POINTS, None, Fit(optimizer=SGD(lr=0.0)))
    run.model.store.values[...] *= 1000.0
    run.score()
    run._lowest = 1e-9
    run.update(Fit(loss=losses.MSELoss(), optimizer=SGD(lr=0.0)))
    run.run(600.0, until_epoch=3)
    assert run._kept.epoch == 3


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(),
        SGD(momentum=0.5),
        SGD(momentum=0.9),
        SGD(momentum=0.9, nesterov=True),
        SGD(momentum=0.5, nesterov=True),
        SGD(momentum=0.9, dampening=0.5),
        optimizers.AdamW(weight_decay=4.0),
    ],
    ids=case_id,
)
def test_the_limit_of_a_pull_is_where_weights_begin_to_grow(optimizer: optimizers.Optimizer) -> None:
    """Against the update itself, without any gradient but the pull's."""
    decay = 4.0
    strength, limit = optimizer.replace(weight_decay=decay).pull(0.0)
    assert strength == decay
    for share, grows in ((0.98, False), (1.02, True)):
        p, g = np.ones(1), np.zeros(1)
        slots = [np.zeros(1) for _ in optimizer.slots]
        lr, step = np.array(share * limit / decay), np.zeros((), np.int64)
        calls = optimizer.replace(weight_decay=decay).bind(p, g, lr, step, *slots)
        largest = []
        for _ in range(2000):
            step += 1
            for c in calls:
                c.function(*c.args, **c.kwargs)
            largest.append(abs(p.item()))
        assert (max(largest[-20:]) > max(largest[:20])) is grows


@pytest.mark.parametrize("optimizer", [optimizers.Adam(), optimizers.RMSprop(), optimizers.Adagrad()])
def test_no_pull_is_too_strong_where_gradients_are_divided_by_their_size(
    optimizer: optimizers.Optimizer,
) -> None:
    run = Trainer(Model(DEEP, (2,)), POINTS, None, Fit(regularizer=regularizers.L2(1e4), optimizer=optimizer))
    run.run(600.0, until_epoch=200)
    assert math.isfinite(run.train_score.loss)
    assert optimizer.pull(1e4)[0] == 0.0


def steep(**more: object) -> SGD:
    return SGD(lr=more.pop("lr", 100.0), **more)


LINEAR = Network.chain(layers.Linear(4), layers.Linear(1))


@pytest.mark.parametrize(
    ("named", "fit", "data"),
    [
        ("learning rate, 100,", Fit(losses.MSELoss(), steep()), LINE),
        (
            "acts 1/(1 − 0.99) = 100 times",
            Fit(losses.MSELoss(), steep(lr=0.5, momentum=0.99)),
            LINE,
        ),
        ("inputs reach", Fit(losses.MSELoss(), steep(lr=0.1)), Dataset(LINE.x * 1e6, LINE.y)),
        ("targets reach", Fit(losses.MSELoss(), steep(lr=2.0)), Dataset(LINE.x, LINE.y * 1e6)),
        (
            "first weights reach",
            Fit(losses.MSELoss(), steep(lr=0.1), initializer=initializers.Normal(std=1e4)),
            LINE,
        ),
        ("L1 penalty is", Fit(losses.MSELoss(), steep(lr=1.0), regularizers.L1(1e30)), LINE),
        (
            "L2 penalty of 0 is",
            Fit(losses.MSELoss(), steep(lr=0.1)),
            LINE,
        ),
    ],
    ids=["rate", "momentum", "inputs", "targets", "weights", "l1", "a layer's own penalty"],
)
def test_the_cause_is_named_and_the_remedy_is_one(named: str, fit: Fit, data: Dataset) -> None:
    network = LINEAR
    if "of 0" in named:
        network = Network.chain(layers.Linear(4, regularizer=regularizers.L2(100.0)), layers.Linear(1))
    _, error = diverged(fit, data, network)
    assert named in str(error)
    remedy = error.remedy
    assert remedy is not None
    if isinstance(remedy, SetPreparation):
        assert remedy.value == "standardize"
    else:
        after = mended(fit, remedy)
        assert after != fit
        assert after.optimizer.lr < fit.optimizer.lr or after.replace(optimizer=fit.optimizer) != fit


def test_a_clipped_penalty_is_not_blamed() -> None:
    fit = Fit(
        losses.MSELoss(), SGD(lr=100.0), regularizers.L2(10.0), clipping=clipping.ClipNorm(max_norm=1e30)
    )
    assert "learning rate, 100," in str(diverged(fit, LINE, LINEAR)[1])


def test_with_early_stopping_a_divergence_returns_to_the_best_weights() -> None:
    fit = Fit(optimizer=SGD(lr=0.05), early_stopping=1000)
    validation = Dataset(rng.normal(size=(30, 2)), np.arange(30) % 2)
    run = Trainer(Model(DEEP, (2,)), POINTS, validation, fit)
    run.run(600.0, until_epoch=30)
    best = int(np.argmin(run.log.view()["validation_loss"][1:])) + 1
    loss = run.log.view()["validation_loss"][best]
    run.update(fit.replace(optimizer=SGD(lr=0.3, weight_decay=10.0)))
    with pytest.raises(DivergedError, match=f"the moment with the best validation loss, {loss:.3g}."):
        run.run(600.0)
    assert (run.epoch, run.score()[1].loss) == (best, loss)


def test_settings_at_the_edge_of_float32_are_said_without_a_warning() -> None:
    """pytest makes an error of each warning."""
    for fit in (
        Fit(regularizer=regularizers.L2(3e38)),
        Fit(initializer=initializers.Normal(std=1e38)),
        Fit(max_norm=3e38),
        Fit(clipping=clipping.ClipValue(limit=3e38)),
        Fit(optimizer=optimizers.Adam(eps=1e-37)),
    ):
        run = Trainer(Model(DEEP, (2,), initializer=fit.initializer), POINTS, None, fit)
        with contextlib.suppress(DivergedError):
            run.run(600.0, until_epoch=2)
        run.penalty(), run.gradient_norm(), run.snapshot()


def test_the_generator_ends_with_the_best_weights_on_every_way_out() -> None:
    rng = np.random.default_rng(0)
    part = [Dataset(rng.normal(size=(30, 2)), rng.integers(0, 2, 30)) for _ in range(2)]
    net = Network.chain(layers.Linear(30), layers.Tanh(), layers.Linear(30), layers.Tanh(), layers.Linear(1))
    fit = Fit(optimizer=optimizers.Adam(lr=0.02), early_stopping=1000, epochs=40)
    straight = Trainer(Model(net, (2,)), *part, fit)
    straight.run(600.0, until_epoch=40)
    seen = straight.log.view()["validation_loss"]
    best = seen[1:].min()
    assert best < seen[-1], "the test needs a run that gets worse"
    over, left = Model(net, (2,)), Model(net, (2,))
    for _ in train(over, part[0], fit, part[1]):
        pass
    for step in train(left, part[0], fit, part[1]):
        if step.epoch == 35:
            break
    for model in (over, left):
        assert Trainer(model, *part, fit).validation_score.loss == best


@pytest.mark.parametrize("patience", [1, 3])
def test_early_stopping_waits_as_many_epochs_as_it_is_told(patience: int) -> None:
    rng = np.random.default_rng(0)
    part = [Dataset(rng.normal(size=(30, 2)), rng.integers(0, 2, 30)) for _ in range(2)]
    run = Trainer(Model(DEEP, (2,)), *part, Fit(optimizer=SGD(lr=0.5), early_stopping=patience))
    run.run(600.0, until_epoch=1000)
    found = re.search(r"after epoch (\d+): .* after epoch (\d+),", run.stopped)
    assert found, run.stopped
    assert int(found[1]) - int(found[2]) == patience
    assert run.epoch == int(found[2])


def test_a_run_that_ends_at_its_best_keeps_what_it_has() -> None:
    run = Trainer(Model(DEEP, (2,)), POINTS, POINTS, Fit(optimizer=SGD(lr=0.1), early_stopping=5))
    run.run(600.0, until_epoch=10)
    before = run.model.store.values.copy()
    assert run.finish() == ""
    np.testing.assert_array_equal(run.model.store.values, before)
