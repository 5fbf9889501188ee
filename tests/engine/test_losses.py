"""Every registered loss: its gradient is that of its value, and it says what it is a mean over."""

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer
from engine.data import Circle, Dataset, Sine, SpiralClasses
from engine.errors import ShapeError
from engine.layers import Linear, Tanh
from engine.losses import CrossEntropyLoss, HingeLoss, Loss, losses, suited
from engine.optimizers import Adam
from engine.program import compile_calls
from tests.engine.catalogue import case_id, variants
from tests.engine.numeric import directional, relative_error

DATA = {
    "binary": Circle(samples=40).make(),
    "multiclass": SpiralClasses(samples=40).make(),
    "regression": Sine(samples=40).make(),
}
CASES = [(loss, task) for cls in losses for loss in variants(cls) for task in loss.tasks]


def bound(loss: Loss, data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray, object, object]:
    (outputs,) = loss.out_shape(data)
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, (outputs, len(data)))
    t = np.ascontiguousarray(loss.targets(data.y, outputs).T)
    dz, value = np.zeros_like(z), np.zeros(())
    steps = loss.bind(z, t, dz, value)
    return z, dz, value, compile_calls(steps.forward), compile_calls(steps.backward)


@pytest.mark.parametrize(("loss", "task"), CASES, ids=case_id)
def test_gradient(loss: Loss, task: str) -> None:
    z, dz, value, forward, backward = bound(loss, DATA[task])
    forward()
    backward()
    gradient = dz.copy()
    direction = np.random.default_rng(1).normal(size=z.shape)

    def f() -> float:
        forward()
        return float(value)

    assert relative_error((gradient * direction).sum(), directional(f, z, direction)) < 1e-6


@pytest.mark.parametrize(("loss", "task"), [c for c in CASES if c[1] != "regression"], ids=case_id)
def test_probabilities_add_up_and_agree_with_the_sign(loss: Loss, task: str) -> None:
    data = DATA[task]
    z = np.random.default_rng(0).normal(0, 3, (len(data), loss.out_shape(data)[0]))
    p = loss.probabilities(z)
    assert p.shape == (len(data), max(len(data.classes), getattr(loss, "num_classes", 0)))
    np.testing.assert_allclose(p.sum(1), 1.0)
    said = (z[:, 0] > 0) if z.shape[1] == 1 else z.argmax(1)
    np.testing.assert_array_equal(p.argmax(1), said)


@pytest.mark.parametrize("cls", list(losses), ids=case_id)
def test_says_what_it_is(cls: type[Loss]) -> None:
    assert cls.formula
    assert cls.gradient_formula
    assert "mean" in cls.factor
    assert cls.tasks


def test_a_loss_for_another_task_names_those_that_fit() -> None:
    with pytest.raises(ShapeError, match=r"these data are regression. Choose Mean squared error"):
        losses.get("CrossEntropyLoss")().out_shape(DATA["regression"])
    assert suited("binary")[0].key == "BCEWithLogitsLoss"
    assert suited("multiclass")[0].key == "CrossEntropyLoss"
    assert suited("regression")[0].key == "MSELoss"


def test_hinge_by_hand() -> None:
    z, dz, value, forward, backward = bound(HingeLoss(), DATA["binary"])
    forward()
    backward()
    t = 2.0 * DATA["binary"].y - 1.0
    assert float(value) == pytest.approx(np.maximum(0, 1 - t * z[0]).mean())
    np.testing.assert_allclose(dz[0], np.where(t * z[0] < 1, -t, 0) / len(t))


@pytest.mark.parametrize("key", ["BCEWithLogitsLoss", "CrossEntropyLoss"])
def test_the_loss_of_sure_and_right_answers_is_small_and_never_negative(key: str) -> None:
    data, loss = DATA["binary"], losses.get(key)()
    (outputs,) = loss.out_shape(data)
    t = np.ascontiguousarray(loss.targets(data.y, outputs).T, np.float32)
    for size in (5.0, 15.0, 40.0):
        z = (size * (2 * t - 1)).astype(np.float32)
        value = np.zeros((), np.float32)
        compile_calls(loss.bind(z, t, np.zeros_like(z), value).forward)()
        exact = np.log1p(np.exp(-size * outputs))  # two logits: right by twice as much
        assert 0 <= float(value) <= max(1.01 * exact, 1e-7)


def test_cross_entropy_takes_a_network_made_for_more_classes() -> None:
    """It learns that the others do not occur; its answer is one of the data's classes from the first."""
    data, loss = DATA["binary"], CrossEntropyLoss(num_classes=6)
    assert loss.out_shape(data) == (6,)
    assert CrossEntropyLoss(num_classes=2).out_shape(DATA["multiclass"]) == (len(DATA["multiclass"].classes),)
    fit = Fit(loss=loss, optimizer=Adam(lr=0.05), epochs=60)
    trainer = Trainer(Model(Network.chain(Linear(8), Tanh(), Linear(6)), (2,)), data, None, fit)
    trainer.model.parameters["2"]["bias"][3] = 5.0  # a class that these data lack is all the network sees
    assert trainer.score()[0].metric == pytest.approx(0.5, abs=0.3)
    trainer.run(600.0, until_epoch=fit.epochs)
    shares = loss.probabilities(trainer.model.predict(data.x))
    assert shares[:, 2:].sum(axis=1).max() < 0.05
    assert (shares.argmax(axis=1) == data.y).mean() == trainer.train_score.metric > 0.9
