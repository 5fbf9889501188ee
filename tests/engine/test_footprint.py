"""What a network takes is known from its shapes, before any of it is made."""

import pytest

from engine import Fit, Model, Network, Trainer, layers, optimizers
from engine.data import Circle, Preparation, prepare
from engine.footprint import footprint, machine

DATA = prepare(Circle(samples=100).make(), Preparation())
NET = Network.chain(layers.Linear(50), layers.Tanh(), layers.Linear(1))


@pytest.mark.parametrize(
    "optimizer",
    [optimizers.SGD(), optimizers.SGD(momentum=0.9), optimizers.RMSprop(), optimizers.Adam()],
    ids=lambda one: f"{len(one.slots)} of {type(one).__name__}",
)
@pytest.mark.parametrize("early_stopping", [0, 5])
def test_weights_count_as_often_as_they_are_kept(
    optimizer: optimizers.Optimizer, early_stopping: int
) -> None:
    fit = Fit(optimizer=optimizer, batch_size=10, early_stopping=early_stopping)
    trainer = Trainer(Model(NET, DATA.in_shape), DATA.train, DATA.validation, fit)
    trainer.run(10.0, most=10)
    store = trainer.model.store
    moments = {id(one): one for one in (trainer._kept, trainer.best) if one is not None}
    kept = trainer.nbytes + store.gradients.nbytes + sum(one.nbytes for one in moments.values())
    sizes = footprint(NET, DATA.in_shape, fit, len(DATA.train))
    values = 4 * 10 * (2 + 2 * 50 + 2 * 50 + 2 * 1)
    # Position, count of updates and the like are a few bytes, and the two moments may be the same one.
    shared = 0 if len(moments) == 1 + bool(early_stopping) else trainer.nbytes
    assert sum(sizes.values()) - values == pytest.approx(kept + shared, abs=64)


def test_what_lies_on_the_disk_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = Fit(optimizer=optimizers.Adam(), batch_size=10, early_stopping=5)
    in_memory = sum(footprint(NET, DATA.in_shape, fit, len(DATA.train)).values())
    monkeypatch.setattr("engine.footprint.LARGE_MOMENT", 1)
    weights = Model(NET, DATA.in_shape).store.values.nbytes
    assert in_memory - sum(footprint(NET, DATA.in_shape, fit, len(DATA.train)).values()) == 2 * 3 * weights


def test_batches_are_no_larger_than_the_data() -> None:
    small, large = (
        footprint(NET, DATA.in_shape, Fit(batch_size=size), len(DATA.train))
        for size in (len(DATA.train), 4096)
    )
    assert small == large
    assert footprint(NET, DATA.in_shape, Fit(batch_size=1), len(DATA.train))["1"] == 2 * 4 * 50


def test_what_cannot_be_computed_takes_nothing() -> None:
    broken = Network.chain(layers.Linear(3), layers.MaxPool2d(kernel_size=2), layers.Linear(9))
    assert set(footprint(broken, (2,), Fit(), 100)) == {"input", "0"}


def test_this_computer_says_how_much_it_has() -> None:
    found = machine()
    assert found is None or found > 1 << 28
