"""Every registered loss: its gradient is that of its value, and it says what it is a mean over."""

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer
from engine.compiled import compile_calls
from engine.data import Circle, Dataset, Sine, SpiralClasses
from engine.errors import ShapeError
from engine.gradcheck import Verdict
from engine.layers import Linear, Sigmoid, Tanh
from engine.losses import CrossEntropyLoss, HingeLoss, Loss, MSELoss, losses, suited
from engine.optimizers import Adam
from engine.ranges import ANY, Range
from engine.receptive import SampleGradients
from engine.trace import Place, card, moments, nudge, sample_outcomes
from tests.engine.catalogue import case_id, in_domain, variants
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
    z = in_domain(loss, rng.normal(0, 2, (outputs, len(data))))
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
def test_probabilities_add_up_and_agree_with_the_cut(loss: Loss, task: str) -> None:
    data = DATA[task]
    z = np.random.default_rng(0).normal(0, 3, (len(data), loss.out_shape(data)[0]))
    p = loss.probabilities(z)
    assert p.shape == (len(data), max(len(data.classes), getattr(loss, "num_classes", 0)))
    np.testing.assert_allclose(p.sum(1), 1.0)
    said = (z[:, 0] > loss.cut) if z.shape[1] == 1 else z.argmax(1)
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


REGRESSION = [cls for cls in losses if "regression" in cls.tasks]


@pytest.mark.parametrize("cls", REGRESSION, ids=case_id)
def test_two_classes_are_taught_as_what_the_last_layer_can_give(cls: type[Loss]) -> None:
    y = np.array([0, 1, 1])
    for given, wanted, cut in (
        (ANY, [-1, 1, 1], 0.0),
        (Range(-1.0, 1.0), [-1, 1, 1], 0.0),
        (Range(0.0, 1.0), [0, 1, 1], 0.5),
        (Range(low=0.0), [0, 1, 1], 0.5),
        (Range(0.2, 0.8), [-1, 1, 1], 0.0),  # neither: the usual, and a warning
    ):
        loss = cls().after(given)
        np.testing.assert_array_equal(loss.targets(y, 1)[:, 0], wanted)
        assert loss.cut == cut
        p = loss.probabilities(loss.targets(y, 1))
        np.testing.assert_array_equal(p, np.eye(2)[y])
        assert loss.after(ANY) == loss, "once settled, it stays"
    assert cls(taught="0 and 1").after(ANY).cut == 0.5, "who has chosen is obeyed"
    assert "as 0 and 1; an output above 0.5 says the second" in cls(taught="0 and 1").teaching
    assert "as −1 and +1; an output above 0 says the second" in cls().teaching


def test_everything_that_reads_a_squared_error_uses_the_targets_and_the_cut_of_the_last_layer() -> None:
    """Trainer, scores, predictions, gradients of one sample and the recorded update of a network that ends in a Sigmoid."""
    data = DATA["binary"]
    fit = Fit(loss=MSELoss(), optimizer=Adam(lr=0.05), batch_size=8)
    trainer = Trainer(Model(Network.chain(Linear(6), Tanh(), Linear(1), Sigmoid()), (2,)), data, None, fit)
    assert fit.loss.taught == "auto"
    trainer.run(60.0, until_epoch=80)
    z = trainer.model.predict(data.x)
    by_hand = ((z[:, 0] - data.y) ** 2).mean()
    assert trainer.score()[0].loss == pytest.approx(by_hand, rel=1e-4)
    assert trainer.train_score.metric == ((z[:, 0] > 0.5) == data.y).mean() > 0.95
    assert by_hand < 0.05
    value, _ = trainer.model.value_and_grad(data.x, data.y, fit.loss)
    assert value == pytest.approx(by_hand, rel=1e-4)
    alone = SampleGradients(trainer.model, fit.loss)
    assert alone.run(data.x[0], data.y[0]) == pytest.approx(float((z[0, 0] - data.y[0]) ** 2), rel=1e-3)
    trace = trainer.trace()
    np.testing.assert_array_equal(trace.targets[:, 0], trace.labels)
    outcomes = sample_outcomes(trace)
    np.testing.assert_array_equal(outcomes.predicted, trace.values["3"][:, 0] > 0.5)
    assert (
        "taught as 0 and 1"
        in card(trace, next(m for m in moments(trace, "layer") if m.phase == "loss"), 0).sentence
    )
    proof = nudge(trace, Place("0", "parameter", "weight", (0, 0)))
    assert proof.loss == pytest.approx(trace.loss, rel=1e-4)
    assert proof.verdict in (Verdict.GREAT, Verdict.FAIR)


def test_a_loss_of_ones_own_asks_for_nothing() -> None:
    class Own(Loss):
        tasks = ("binary",)

    assert Own().fits(Range(0.0, 1.0), DATA["binary"])


def test_weighted_classes_count_as_often_as_if_they_were_there_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A weight of 3 is every sample of the class three times; whatever the pieces in which a whole part is evaluated."""
    data = DATA["multiclass"]
    model = Model(Network.chain(Linear(3)), (2,), dtype="float64")
    often = np.repeat(np.arange(len(data)), np.where(data.y == 1, 3, 1))
    weighted = CrossEntropyLoss(weight=(1.0, 3.0))
    value, gradients = model.value_and_grad(data.x, data.y, weighted)
    same, other = model.value_and_grad(data.x[often], data.y[often], CrossEntropyLoss())
    assert value == pytest.approx(same, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, other[name], atol=1e-12)
    monkeypatch.setattr("engine.model.PREDICT_BUDGET", 50)  # several pieces, whose classes are not alike
    assert model.piece(len(data)) < len(data) / 2
    fit = Fit(loss=weighted, batch_size=8)
    assert Trainer(model, data, data, fit).train_score.loss == pytest.approx(value, rel=1e-12)
