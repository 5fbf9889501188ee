"""Going back: to the very bits, whatever training remembers; and what is kept stays within its budget."""

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, optimizers, schedules
from engine.augmentation import Jitter
from engine.checkpoints import MOST, Checkpoints
from engine.data import Circle, Dataset, Preparation, prepare
from engine.log import Log
from engine.optimizers import Optimizer
from engine.snapshot import Snapshot
from tests.engine.catalogue import case_id, variants

DATA = prepare(Circle(samples=107).make(), Preparation())
NET = Network.chain(
    layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Dropout(p=0.3), layers.Linear(1)
)


def trainer(fit: Fit, network: Network = NET) -> Trainer:
    return Trainer(Model(network, DATA.in_shape, 0), DATA.train, DATA.validation, fit, 0)


def everything(run: Trainer) -> dict[str, object]:
    """All that a learner could see of a moment, to the bit."""
    parts = {name: a.tobytes() for name, a in run.snapshot().arrays.items()}
    gradients = run.model.store.gradients.tobytes()
    score = run.score()
    return parts | {
        "at": (run.epoch, run.steps, run.part_of_epoch, run.learning_rate, run.batch_loss),
        "gradients": gradients,
        "score": repr(score),
        "early stopping": run.snapshot().watch,
        "next": run.upcoming().x.tobytes(),
    }


def played(
    fit: Fit, steps: int, network: Network = NET
) -> tuple[Trainer, Checkpoints, list[dict[str, object]]]:
    """A run with a moment kept every seventh step, and all that was seen after each step."""
    run, kept = trainer(fit, network), Checkpoints()
    kept.begin(run)
    seen = [everything(run)]
    for at in range(steps):
        run.step()
        if at % 7 == 0:
            kept.add(run.snapshot())
        kept.latest = run.steps
        seen.append(everything(run))
    return run, kept, seen


@pytest.mark.parametrize(
    "optimizer",
    [v for cls in optimizers.optimizers for v in variants(cls)],
    ids=case_id,
)
def test_back_to_the_bit_with_every_optimizer(optimizer: Optimizer) -> None:
    run, kept, seen = played(Fit(optimizer=optimizer, batch_size=20), 33)
    for target in (32, 31, 15, 8, 1, 30, 33):  # back, across epochs, and forward again
        assert kept.go_to(run, target)
        assert everything(run) == seen[target]


@pytest.mark.parametrize(
    "fit",
    [
        Fit(batch_size=20, schedule=schedules.CosineAnnealingLR()),
        Fit(batch_size=20, schedule=schedules.ReduceLROnPlateau(patience=1)),
        Fit(batch_size=20, augmentation=(Jitter(),)),
        Fit(batch_size=20, early_stopping=50),
        Fit(batch_size=2),  # of one, batch norm could make nothing
        Fit(batch_size=1000),
    ],
    ids=repr,
)
def test_back_to_the_bit_with_every_other_memory(fit: Fit) -> None:
    run, kept, seen = played(fit, 29)
    for target in (28, 20, 9, 3, 29):
        assert kept.go_to(run, target)
        assert everything(run) == seen[target]


def test_one_batch_and_one_epoch_back() -> None:
    run, kept, _ = played(Fit(batch_size=20), 0)
    per_epoch = -(-len(DATA.train) // 20)
    for _ in range(2 * per_epoch + 3):
        run.step()
    for unit, expected in (("batch", 2), ("epoch", 0), ("epoch", -per_epoch), ("batch", -per_epoch - 1)):
        kept.back(run, unit)
        assert run.steps == 2 * per_epoch + expected
    kept.back(run, "epoch")
    kept.back(run, "epoch")
    assert run.steps == 0  # and no further


def test_a_second_run_from_an_earlier_moment_repeats_the_first() -> None:
    run, kept, seen = played(Fit(batch_size=20), 40)
    rows = run.log.view().rows.copy()
    kept.go_to(run, 11)
    np.testing.assert_array_equal(run.log.view().rows, rows)  # what was reached stays to be seen
    while run.steps < 40:
        run.step()
    assert everything(run) == seen[40]
    np.testing.assert_array_equal(run.log.view().rows, rows)


def test_going_on_otherwise_writes_the_rows_anew() -> None:
    run, kept, _ = played(Fit(batch_size=20), 60)
    before = run.log.view()
    old = before.rows.copy()
    kept.go_to(run, 20)
    run.update(run.fit.replace(optimizer=optimizers.SGD(lr=0.001)))
    kept.begin(run)
    assert kept.earliest == 20
    run.finish_epoch()
    epochs = run.log.view()["epoch"]
    assert list(epochs) == list(range(run.epoch + 1))
    np.testing.assert_array_equal(before.rows, old)
    assert not kept.go_to(run, 3) or run.steps == 20


def test_a_loss_that_is_the_same_is_no_better() -> None:
    """As in PyTorch's ReduceLROnPlateau and Keras' EarlyStopping: patience runs out where nothing gets better."""
    still = Fit(batch_size=20, optimizer=optimizers.SGD(lr=0.0), early_stopping=3)
    run = trainer(still, Network.chain(layers.Linear(1)))
    run.run(600.0, until_epoch=50)
    assert run.stopped.startswith("Stopped early after epoch 4: ")
    assert "after epoch 1, whose weights" in run.stopped


def test_early_stopping_ends_where_it_would_have_ended() -> None:
    fit = Fit(batch_size=20, optimizer=optimizers.SGD(lr=1.0), early_stopping=2)
    straight, run, kept = trainer(fit), trainer(fit), Checkpoints()
    straight.run(600.0, until_epoch=1000)
    assert straight.stopped
    kept.begin(run)
    while run.epoch < 2:
        run.step()
        kept.add(run.snapshot())
    kept.go_to(run, 2)
    run.run(600.0, until_epoch=1000)
    assert run.stopped == straight.stopped
    np.testing.assert_array_equal(run.model.store.values, straight.model.store.values)


def test_a_way_back_that_was_broken_off_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drags a handle sends one wish after another; the weights that early stopping held are not lost on the way."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    parts = [
        Dataset(x[i : i + 30], rng.integers(0, 2, 30)) for i in (0, 30)
    ]  # by chance: an early epoch is the best one
    net = Network.chain(layers.Linear(30), layers.Tanh(), layers.Linear(1))
    fit = Fit(batch_size=3, optimizer=optimizers.Adam(lr=0.01), early_stopping=12)
    run, kept = Trainer(Model(net, (2,)), *parts, fit), Checkpoints()
    kept.begin(run)
    seen = [everything(run)]
    watched: list[Snapshot] = []
    while run.steps < 1000 and not run.stopped:
        run.step()
        seen.append(everything(run))
        watched.append(run.snapshot())
        if run.steps % 7 == 0:
            kept.add(run.snapshot())
    assert run.stopped, "the test needs a run that stopped"
    message, best = run.stopped, run.steps
    late = len(watched) - 5  # long after the best weights, some steps before the stop
    assert watched[late].best_step is not None
    kept.latest = late
    before = everything(run)
    monkeypatch.setattr("engine.checkpoints.BURST", 0.0)  # asked after each update
    assert not kept.go_to(run, late, go_on=lambda: False)
    assert everything(run) == before
    assert (run.stopped, run.steps) == (message, best)
    assert kept.go_to(run, late - 3)
    assert everything(run) == seen[late - 3]


# --- what is kept ------------------------------------------------------------------------------------------------------


def moment(step: int, size: int = 1000) -> Snapshot:
    arrays = {"parameters": np.zeros(size, np.int8)}
    return Snapshot(0, step, 0, arrays, {}, None, (None, None))  # type: ignore[arg-type]


def test_old_moments_are_sparse_and_the_budget_holds() -> None:
    kept = Checkpoints(budget=100_000)
    for step in range(0, 20_000, 3):
        kept.add(moment(step))
        assert kept.nbytes <= kept.budget
    gaps = np.diff(kept.steps)
    assert kept.steps[0] == 0
    assert kept.steps[-1] == 19_998
    assert gaps[-1] == 3
    quarter = len(gaps) // 4
    assert gaps[1:quarter].mean() > 4 * gaps[-quarter:].mean()
    ages = 19_998 - np.array(kept.steps[:-1])
    assert (gaps <= np.maximum(60, 0.5 * ages)).all(), "going back must not compute half a run again"


def test_a_small_network_keeps_a_bounded_number() -> None:
    kept = Checkpoints()
    for step in range(3 * MOST):
        kept.add(moment(step, 1))
    assert len(kept.steps) <= MOST


def test_where_one_fits_it_is_the_newest() -> None:
    kept = Checkpoints(budget=1500)
    for step in range(5):
        kept.add(moment(step))
    assert kept.steps == (4,)
    assert kept.before(4) is not None
    assert kept.before(3) is None


def test_one_that_does_not_fit_is_refused_in_words() -> None:
    run, kept = trainer(Fit()), Checkpoints(budget=10)
    kept.begin(run)
    assert kept.steps == ()
    assert "none is kept" in kept.refusal
    run.step()
    assert not kept.go_to(run, 0)
    assert run.steps == 1


def test_between_two_moments_some_time_passes() -> None:
    run, kept = trainer(Fit(batch_size=20)), Checkpoints()
    kept.begin(run)
    for _ in range(3):
        run.step()
        kept.note(run)
    assert len(kept.steps) < 4
    assert kept.latest == 3


def test_a_log_that_goes_back_keeps_old_views() -> None:
    log = Log()
    for epoch in range(5):
        log.append(epoch, *[0.5] * 7)
    view = log.view()
    log.append(2, *[0.1] * 7)
    assert list(view["epoch"]) == [0, 1, 2, 3, 4]
    assert list(log.view()["epoch"]) == [0, 1, 2]
    assert log.view()["train_loss"][2] == 0.1
    assert log.view().rows.base is not view.rows.base
