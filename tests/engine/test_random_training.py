"""Twenty steps as PyTorch takes them: optimizers, schedules, clipping, penalties and limits in settings that hypothesis draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import Fit, Model, Network, Trainer, layers
from engine.clipping import ClipNorm, Clipping, ClipValue
from engine.data import Dataset
from engine.losses import CrossEntropyLoss
from engine.optimizers import SGD, Optimizer, optimizers
from engine.regularizers import L2, NoPenalty, Regularizer, regularizers
from engine.schedules import CosineAnnealingLR, ExponentialLR, Schedule, StepLR, schedules
from engine.update import Update
from tests.engine.drawing import specs
from tests.engine.parity import TorchNetwork, accepted, assert_close, torch, torch_optimizer

pytestmark = pytest.mark.slow

STEPS = 20
DTYPES = ("float32", "float64")

often = settings(
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    phases=[
        Phase.explicit,
        Phase.generate,
        Phase.shrink,
    ],  # to explain a failure would run it a hundred times more
)
seeds = st.integers(0, 2**16)
limits = st.sampled_from([0.05, 0.5, 2.0, 100.0])
clippings = st.one_of(st.none(), limits.map(ClipValue), limits.map(ClipNorm))
penalties = st.one_of([specs(cls) for cls in regularizers])


def clip(clipping: Clipping | None, parameters: list[Any]) -> None:
    """As PyTorch does it, in place."""
    if isinstance(clipping, ClipValue):
        torch.nn.utils.clip_grad_value_(parameters, clipping.limit)
    elif isinstance(clipping, ClipNorm):
        torch.nn.utils.clip_grad_norm_(parameters, clipping.max_norm)


def punish(regularizer: Regularizer, module: Any) -> None:
    """Add the penalty's gradient to that of every weight; autograd differentiates l1·Σ|w| + l2/2·Σw²."""
    l1, l2 = regularizer.strengths()
    weights = [
        p for p in module.parameters() if p.ndim > 1
    ]  # neither biases nor the scales of normalizations
    sum(l1 * w.abs().sum() + 0.5 * l2 * (w * w).sum() for w in weights).backward()


def shorten(max_norm: float, module: Any) -> None:
    """Rows of weights longer than ``max_norm`` are brought to it."""
    with torch.no_grad():
        for w in module.parameters():
            if max_norm and w.ndim > 1:
                w *= (max_norm / w.flatten(1).norm(dim=1, keepdim=True)).clamp(max=1.0)


# --- updates: the same gradients given to both, so that nothing but the update is compared -----------------------------

NET = Network.chain(layers.Linear(4), layers.Linear(2))


@pytest.mark.parametrize("cls", list(optimizers), ids=lambda cls: cls.key)
def test_updates(cls: type[Optimizer]) -> None:
    @settings(often, max_examples=25)
    @given(specs(cls), clippings, penalties, st.sampled_from([0.0, 0.7]), seeds)
    def compare(
        optimizer: Optimizer, clipping: Clipping | None, penalty: Regularizer, max_norm: float, seed: int
    ) -> None:
        fit = Fit(optimizer=optimizer, clipping=clipping, regularizer=penalty, max_norm=max_norm)
        for dtype in DTYPES:
            compare_updates(fit, dtype, np.random.default_rng(seed))

    compare()


def compare_updates(fit: Fit, dtype: str, rng: np.random.Generator) -> None:
    """Twenty updates with random gradients and a rate that changes at each."""
    model = Model(NET, (3,), seed=1, dtype=dtype)
    update = Update(model, fit, {}, np.zeros((), np.int64))
    module = TorchNetwork(NET, (3,)).to(getattr(torch, dtype))
    module.load_state_dict({k: torch.tensor(v) for k, v in model.state_dict().items()})
    parameters = list(module.parameters())
    reference = torch_optimizer(fit.optimizer, parameters)
    for _ in range(STEPS):
        model.store.gradients[:] = rng.normal(size=len(model.store.gradients))
        for name, parameter in module.named_parameters():
            node_id, _, kind = name.partition(".")
            parameter.grad = torch.tensor(model.gradients[node_id][kind].copy())
        factor = rng.uniform(0.1, 1.0)
        update.lr[()] = reference.param_groups[0]["lr"] = fit.optimizer.lr * factor
        for c in update.calls:
            c.function(*c.args, **c.kwargs)
        punish(fit.regularizer, module)
        clip(fit.clipping, parameters)
        reference.step()
        shorten(fit.max_norm, module)
        for name, value in module.state_dict().items():
            assert_close(model.state_dict()[name], value, dtype, what=name)


# --- whole runs: forward, loss, backward and update, batch after batch, over several epochs ------------------------------

NETS: dict[tuple[int, ...], Network] = {
    (3,): Network.chain(layers.Linear(5), layers.Tanh(), layers.BatchNorm(eps=0.1), layers.Linear(3)),
    (2, 5, 4): Network.chain(
        layers.Conv2d(3, 3, padding=1),
        layers.SiLU(),
        layers.AvgPool2d(2),
        layers.Flatten(),
        layers.Linear(3),
    ),
}
#: the same schedule in PyTorch; of the others, test_schedules checks the rates, which then are given to PyTorch
THEIRS = (StepLR, ExponentialLR, CosineAnnealingLR)


def gentle(optimizer: Optimizer) -> Optimizer:
    """With large steps, or steps by sign alone, a run soon doubles a rounding error; test_updates takes those."""
    calm = {"lr": min(optimizer.lr, 0.01)}
    for name in {"alpha", "beta2"} & {p.name for p in optimizer.params()}:
        calm[name] = max(getattr(optimizer, name), 0.75)
    return optimizer.replace(**calm)


@pytest.mark.parametrize("cls", list(schedules), ids=lambda cls: cls.key)
def test_trajectories(cls: type[Schedule]) -> None:
    @settings(often, max_examples=12)
    @given(
        st.sampled_from(list(optimizers)).flatmap(specs).map(gentle),
        specs(cls),
        clippings,
        st.sampled_from(
            [NoPenalty(), L2(strength=0.1)]
        ),  # L1's jump at 0 would turn rounding into another run
        st.sampled_from(list(NETS)),
        st.integers(4, 9),
        seeds,
    )
    def compare(
        optimizer: Optimizer,
        schedule: Schedule,
        clipping: Clipping | None,
        penalty: Regularizer,
        shape: tuple[int, ...],
        batch: int,
        seed: int,
    ) -> None:
        fit = Fit(
            loss=CrossEntropyLoss(), optimizer=optimizer, schedule=schedule, clipping=clipping,
            regularizer=penalty, batch_size=batch, epochs=6,
        )  # fmt: skip
        for dtype in DTYPES:
            compare_trajectories(fit, shape, dtype, np.random.default_rng(seed))

    compare()


def compare_trajectories(fit: Fit, shape: tuple[int, ...], dtype: str, rng: np.random.Generator) -> None:
    """Each step's loss, and all parameters and statistics after twenty steps, the last batch of an epoch a smaller one."""
    data = Dataset(rng.normal(size=(35, *shape)), rng.integers(0, 3, 35))
    network = NETS[shape]
    trainer = Trainer(Model(network, shape, seed=1, dtype=dtype), data, None, fit)
    module = TorchNetwork(network, shape).to(getattr(torch, dtype))
    state = {k: torch.tensor(v) for k, v in trainer.model.state_dict().items()}
    module.load_state_dict(state, strict=False)
    reference = torch_optimizer(fit.optimizer, list(module.parameters()))
    schedule = torch_schedule(fit, reference)
    criterion = torch.nn.CrossEntropyLoss()
    for _ in range(STEPS):
        upcoming, epoch = trainer.upcoming(), trainer.epoch
        if schedule is None:
            reference.param_groups[0]["lr"] = rate(trainer)
        x = torch.tensor(np.ascontiguousarray(np.moveaxis(upcoming.x, -1, 0)))
        loss = criterion(module(x), torch.tensor(data.y[upcoming.indices]))
        reference.zero_grad()
        loss.backward()
        punish(fit.regularizer, module)
        clip(fit.clipping, list(module.parameters()))
        reference.step()
        assert_close(np.array(trainer.step().loss), loss, dtype, 1.0, "loss")
        if schedule is not None and trainer.epoch > epoch:
            schedule.step()
    for name, value in trainer.model.state_dict().items():
        assert_close(value, module.state_dict()[name], dtype, 1.0, name)


def torch_schedule(fit: Fit, reference: Any) -> Any:
    """PyTorch's schedule by epochs, where it has the same one."""
    if not isinstance(fit.schedule, THEIRS):
        return None
    kind = getattr(torch.optim.lr_scheduler, fit.schedule.key)
    values = accepted(fit.schedule, kind)
    if isinstance(fit.schedule, CosineAnnealingLR):
        values = {
            "T_max": fit.schedule.T_max or fit.epochs,
            "eta_min": fit.schedule.lowest * fit.optimizer.lr,
        }
    return kind(reference, **values)


def rate(trainer: Trainer) -> float:
    """The rate of the next step."""
    with trainer.rehearsal() as update:
        return float(update.lr)


def test_there_is_something_to_compare() -> None:
    """A run in which nothing moves would agree with anything."""
    data = Dataset(np.random.default_rng(0).normal(size=(32, 3)), np.arange(32) % 3)
    fit = Fit(loss=CrossEntropyLoss(), optimizer=SGD(lr=0.1), batch_size=5)
    trainer = Trainer(Model(NETS[3,], (3,)), data, None, fit)
    before = trainer.model.store.values.copy()
    for _ in range(STEPS):
        trainer.step()
    assert trainer.epoch == 2
    assert np.abs(trainer.model.store.values - before).max() > 0.05
