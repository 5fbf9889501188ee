"""Schedules give PyTorch's rates, and the trainer uses them."""

import inspect
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, optimizers
from engine.data import Circle, Preparation, prepare
from engine.schedules import (
    ConstantRate,
    CosineAnnealingLR,
    ExponentialLR,
    Memory,
    OneCycleLR,
    Progress,
    ReduceLROnPlateau,
    Schedule,
    StepLR,
    WarmUp,
    schedules,
)  # fmt: skip
from tests.engine.catalogue import case_id, variants

DATA = prepare(Circle(samples=100).make(), Preparation())
EPOCHS = 20


def theirs(schedule: Schedule, steps: int) -> list[float]:
    """PyTorch's learning rates for a base rate of 1: before each epoch, or before each of ``steps`` updates."""
    torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.0)
    s = torch.optim.lr_scheduler
    match schedule:
        case CosineAnnealingLR(T_max=period, lowest=low):
            made: Any = s.CosineAnnealingLR(optimizer, period or EPOCHS, eta_min=low)
        case OneCycleLR(pct_start=p, div_factor=d, final_div_factor=f):
            made = s.OneCycleLR(
                optimizer,
                1.0,
                total_steps=steps + 1,
                pct_start=p,
                div_factor=d,
                final_div_factor=f,
                cycle_momentum=False,
            )
        case ConstantRate():
            made = s.ConstantLR(optimizer, factor=1.0)
        case _:
            kind = getattr(s, schedule.key)
            accepted = inspect.signature(kind).parameters
            made = kind(optimizer, **{p.name: v for p, v in schedule.values() if p.name in accepted})
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return rates


@pytest.mark.parametrize(
    "schedule",
    [v for c in (StepLR, ExponentialLR, CosineAnnealingLR, ConstantRate) for v in variants(c)],
    ids=case_id,
)
def test_rates_by_epoch_are_pytorchs(schedule: Schedule) -> None:
    ours = [schedule.factor(Progress(epoch, EPOCHS)) for epoch in range(EPOCHS)]
    np.testing.assert_allclose(ours, theirs(schedule, EPOCHS), rtol=1e-9, atol=1e-15)


def test_one_cycle_rises_and_falls_like_pytorchs() -> None:
    """PyTorch counts whole steps to the peak, so on a fine grid of steps the two curves meet."""
    steps = 10_000
    ours = [OneCycleLR().factor(Progress(EPOCHS * i / steps, EPOCHS)) for i in range(steps)]
    np.testing.assert_allclose(ours, theirs(OneCycleLR(), steps), atol=2e-3)


def test_warm_up_by_hand() -> None:
    rise = WarmUp(length=4.0, start=0.2)
    assert [round(rise.factor(Progress(e)), 12) for e in (0, 1, 2, 4, 9)] == [0.2, 0.4, 0.6, 1.0, 1.0]


def test_plateau_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, threshold=0.01)
    schedule, memory = ReduceLROnPlateau(reduction=0.5, patience=2, threshold=0.01), Memory()
    for loss in [1.0, 0.9, 0.95, 0.91, 0.899, 0.898, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.4]:
        reference.step(loss)
        memory = schedule.remember(memory, loss)
        assert schedule.factor(Progress(1.0, memory=memory)) == pytest.approx(optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize("schedule", [c() for c in schedules], ids=case_id)
def test_the_trainer_uses_the_schedule(schedule: Schedule) -> None:
    net = Network.chain(layers.Linear(3), layers.Tanh(), layers.Linear(1))
    fit = Fit(optimizer=optimizers.SGD(lr=0.5), schedule=schedule, epochs=EPOCHS)
    run = Trainer(Model(net, (2,)), DATA.train, DATA.validation, fit)
    for epoch in range(5):
        expected = 0.5 * schedule.factor(Progress(epoch, EPOCHS, run._memory))
        assert run.learning_rate == pytest.approx(expected, rel=1e-6)
        run.finish_epoch()
    assert schedule.formula
    assert len(run.log.view()["learning_rate"]) == 6
