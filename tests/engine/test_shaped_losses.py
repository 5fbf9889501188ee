"""Losses over outputs of any shape: pictures from pictures, several numbers, several yes and no."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers
from engine.data import Dataset
from engine.diagnosis import diagnose
from engine.errors import DataError, ShapeError
from engine.gradcheck import GradientCheck, Verdict
from engine.layers import conv
from engine.losses import BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, Loss, MSELoss
from engine.network import Node
from engine.optimizers import Adam
from engine.receptive import SampleGradients
from engine.review import review
from engine.trace import card, loss_gradient, loss_stages, moments, sample_outcomes
from tests.engine.catalogue import case_id
from tests.engine.trace.tracing import check, check_painted, check_places

SHAPED = [MSELoss(), L1Loss(), HuberLoss(delta=0.4), BCEWithLogitsLoss()]
PICTURE = Network.chain(layers.Conv2d(2, 3, padding=1), layers.Tanh(), layers.Conv2d(1, 3, padding=1))
#: the loss reads a picture that lies in memory with a border, which the branch that ends nowhere asks for
BORDERED = Network((
    Node("out", layers.Conv2d(1, 3, padding=1)), Node("idle", layers.Conv2d(1, 3, padding=1), ("out",)),
    Node("end", layers.Identity(), ("out",)),
))  # fmt: skip


def data(count: int = 12, seed: int = 0) -> Dataset:
    """Pictures whose targets are pictures between 0 and 1."""
    rng = np.random.default_rng(seed)
    return Dataset(rng.normal(size=(count, 1, 6, 5)), rng.uniform(size=(count, 1, 6, 5)))


def by_hand(loss: Loss, z: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The cost of each output, by PyTorch's definitions."""
    r = z - t
    match loss:
        case MSELoss():
            return r**2
        case L1Loss():
            return abs(r)
        case HuberLoss(delta=d):
            return np.where(abs(r) <= d, r**2 / 2, d * (abs(r) - d / 2))
    return np.logaddexp(0, z) - t * z


@pytest.mark.parametrize("network", [PICTURE, BORDERED], ids=["chain", "border"])
@pytest.mark.parametrize("longest", [1, 10**9], ids=["by rows", "by windows"])
@pytest.mark.parametrize("loss", SHAPED, ids=case_id)
def test_value_and_gradients_over_pictures(
    loss: Loss, longest: int, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the last picture lies in memory: with a border, by rows, or plain."""
    monkeypatch.setattr(conv, "LONG_ROW", longest)
    given = data()
    model = Model(network, given.in_shape, seed=1, dtype="float64")
    value, _ = model.value_and_grad(given.x, given.y.reshape(-1, 1, 6, 5), loss)
    assert value == pytest.approx(by_hand(loss, model.predict(given.x), given.y.reshape(-1, 1, 6, 5)).mean())
    for report in GradientCheck(model, given.x, given.y, Fit(loss=loss)).run(cells=12):
        assert report.verdict in (Verdict.GREAT, Verdict.FAIR), report


@pytest.mark.parametrize("loss", SHAPED, ids=case_id)
def test_the_same_as_pytorch(loss: Loss) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")
    from tests.engine.parity import TorchNetwork, accepted, assert_close

    given = data()
    for dtype in ("float32", "float64"):
        model = Model(PICTURE, given.in_shape, seed=1, dtype=dtype)
        module = TorchNetwork(PICTURE, given.in_shape).to(getattr(torch, dtype))
        module.load_state_dict({k: torch.tensor(v) for k, v in model.state_dict().items()})
        kind = getattr(torch.nn, loss.key)
        target = given.y.reshape(-1, 1, 6, 5).astype(dtype)
        theirs = kind(**accepted(loss, kind))(
            module(torch.tensor(given.x.astype(dtype))), torch.tensor(target)
        )
        theirs.backward()
        value, gradients = model.value_and_grad(given.x.astype(dtype), target, loss)
        assert_close(np.asarray(value), theirs, dtype)
        for name, parameter in module.named_parameters():
            assert_close(gradients[name], parameter.grad, dtype, what=name)


def test_numbers_that_do_not_fit_are_refused_in_words() -> None:
    model = Model(PICTURE, (1, 6, 5))
    with pytest.raises(
        ShapeError, match=r"shape \(3, 4\), 4 numbers for each sample, and the network gives 30"
    ):
        model.value_and_grad(np.zeros((3, 1, 6, 5)), np.zeros((3, 4)), MSELoss())
    with pytest.raises(DataError, match="30 targets and the shape"):
        Dataset(np.zeros((3, 2)), np.zeros((3, 30)), target_shape=(1, 2, 3))


@pytest.mark.parametrize("loss", SHAPED, ids=case_id)
def test_a_run_over_pictures_and_what_looks_into_it(loss: Loss) -> None:
    given = data(24)
    assert given.task == "regression"
    assert given.target_shape == (1, 6, 5) == loss.out_shape(given)
    fit = Fit(loss=loss, optimizer=Adam(lr=0.05), batch_size=5)
    trainer = Trainer(Model(PICTURE, given.in_shape, seed=2, dtype="float64"), given, data(7, 1), fit)
    before = trainer.train_score.loss
    trainer.run(60.0, until_epoch=40)
    said = loss.numbers(trainer.model.predict(given.x)).reshape(len(given), -1)
    spread = ((given.y - given.y.mean(0)) ** 2).sum()
    assert trainer.score()[0].loss < before
    assert trainer.train_score.metric == pytest.approx(1 - ((said - given.y) ** 2).sum() / spread)
    assert not [p for p in review(PICTURE, given, fit) if p.severity == "error"]
    assert diagnose(trainer).layers
    alone = SampleGradients(trainer.model, loss)
    own = by_hand(loss, trainer.model.predict(given.x[:1]).reshape(-1), given.y[0]).mean()
    assert alone.run(given.x[0], given.y[0]) == pytest.approx(own)


@pytest.mark.parametrize("loss", SHAPED, ids=case_id)
def test_each_equation_of_the_loss_gives_the_engines_number(loss: Loss) -> None:
    """Of small pictures every output has equations of its own, of larger ones those that cost most."""
    for shape in ((1, 6, 5), (1, 9, 8)):
        rng = np.random.default_rng(3)
        given = Dataset(rng.normal(size=(6, *shape)), rng.uniform(size=(6, *shape)))
        fit = Fit(loss=loss, batch_size=4)
        trace = Trainer(Model(PICTURE, shape, seed=2, dtype="float64"), given, None, fit).trace()
        for stage in loss_stages(trace, 1):
            check(stage.equations)
            check_painted(stage.equations)
            check_places(trace, stage.equations)
            assert len(stage.equations) <= 41
        own = next(s for s in reversed(loss_stages(trace, 1)) if s.title != "mean").equations[-1].evaluate()
        assert own == pytest.approx(sample_outcomes(trace).losses[1])
        assert loss_stages(trace, 1)[-1].equations[-1].result.value == trace.loss
        for k in (0, 17, 29):
            equations = loss_gradient(trace, 1, k)
            check(equations)
            check_painted(equations)
            check_places(trace, equations)
            assert equations[-1].result.value == trace.gradients["2"][1].reshape(-1)[k]
        steps = moments(trace, "unit", "loss")
        first = next(m for m in steps if m.part == "gradient")
        assert "channel 1, row 1, column 1" in card(trace, first, 1).sentence


def test_several_yes_and_no_are_one_loss() -> None:
    """As PyTorch's mean over all; targets that are no probabilities are refused with another loss."""
    rng = np.random.default_rng(0)
    given = Dataset(rng.normal(size=(8, 3)), rng.integers(0, 2, (8, 4)).astype(float))
    loss = BCEWithLogitsLoss()
    assert loss.serves(given)
    model = Model(Network.chain(layers.Linear(4)), (3,), dtype="float64")
    value, _ = model.value_and_grad(given.x, given.y, loss)
    assert value == pytest.approx(by_hand(loss, model.predict(given.x), given.y).mean())
    with pytest.raises(ShapeError, match="targets from 0 to 1; these data are regression"):
        loss.out_shape(Dataset(given.x, 3 * given.y))
    assert not CrossEntropyLoss().serves(given)
