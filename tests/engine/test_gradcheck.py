"""The gradient check: right gradients are great, wrong ones bad, kinks are named, chance and batch statistics are handled."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses, regularizers
from engine.data import Circle, Dataset
from engine.gradcheck import GradientCheck, Report, Verdict
from engine.layers import Bind, Steps, call
from tests.engine.catalogue import case_id, variants

DATA = Circle(samples=24).make()


def check(
    network: Network, fit: Fit | None = None, data: Dataset = DATA, **parameters: float
) -> GradientCheck:
    model = Model(network, data.in_shape, seed=1)
    return GradientCheck(model, data.x, data.y, fit or Fit())


NETWORKS = {
    "dense": Network.chain(layers.Linear(4), layers.Tanh(), layers.Linear(1)),
    "dropout": Network.chain(layers.Linear(6), layers.Dropout(p=0.4), layers.Sigmoid(), layers.Linear(1)),
    "batch norm": Network.chain(layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Linear(1)),
    "noise": Network.chain(layers.GaussianNoise(), layers.Linear(3), layers.LayerNorm(), layers.Linear(1)),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_right_gradients_pass_with_penalty(network: Network) -> None:
    for report in check(network, Fit(regularizer=regularizers.Elastic(l1=0.01, l2=0.02))).run():
        assert report.verdict in (Verdict.GREAT, Verdict.FAIR), report
        assert report.worst.error < 1e-5


def test_a_wrong_gradient_is_bad() -> None:
    @layers.registry.register("WrongTanh", category="Activation")
    @dataclass(frozen=True)
    class WrongTanh(layers.Tanh):
        """A tanh whose gradient is 1 % too large."""

        def bind(self, b: Bind) -> Steps:
            steps = super().bind(b)
            return Steps(steps.forward, [*steps.backward, call(np.multiply, b.dx, b.scalar(1.01), b.dx)])

    try:
        reports = list(check(Network.chain(layers.Linear(4), WrongTanh(), layers.Linear(1))).run())
    finally:
        layers.registry.unregister("WrongTanh")
    assert {r.verdict for r in reports if r.node_id == "0"} == {Verdict.BAD}
    assert {r.verdict for r in reports if r.node_id == "2"} <= {Verdict.GREAT, Verdict.FAIR}


ACTIVATIONS = [
    layer for cls in layers.registry if issubclass(cls, layers.Activation) for layer in variants(cls)
]


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=case_id)
def test_an_activation_names_exactly_its_kinks(layer) -> None:
    """Where its slope jumps within a billionth: looked for on a grid that has every legal bound, and beside it."""
    at = np.unique(np.concatenate([np.arange(-80, 81) / 8, layer.kinks()]))
    jump = np.abs(layer.slopes(at + 1e-9) - layer.slopes(at - 1e-9)) > 1e-4
    assert tuple(at[jump]) == tuple(sorted(layer.kinks()))


def test_a_kink_is_named_and_not_called_bad() -> None:
    """With a bias of 0 and an input of 0 a ReLU stands exactly on its corner."""
    data = Dataset(np.zeros((2, 2)), np.array([[1.0], [1.0]]))
    model = Model(Network.chain(layers.Linear(1), layers.ReLU()), (2,))
    reports = {r.name: r for r in GradientCheck(model, data.x, data.y, Fit(losses.MSELoss())).run()}
    assert reports["bias"].kinks == 1
    assert reports["bias"].verdict is Verdict.KINK
    assert reports["weight"].verdict is Verdict.GREAT


def test_the_model_is_left_alone() -> None:
    model = Model(NETWORKS["batch norm"], (2,), seed=3)
    before = model.state_dict()
    list(GradientCheck(model, DATA.x, DATA.y, Fit()).run(cells=2))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_progress_and_cancelling() -> None:
    seen: list[float] = []

    def stop_half_way(share: float) -> bool:
        seen.append(share)
        return share < 0.5

    reports = list(check(NETWORKS["dense"]).run(progress=stop_half_way))
    assert len(reports) < 4
    assert seen == sorted(seen)
    assert 0.5 <= seen[-1] < 0.7


def test_many_numbers_are_sampled() -> None:
    (report, *_) = check(Network.chain(layers.Linear(50), layers.Linear(1))).run(cells=7)
    assert (len(report.cells), report.skipped) == (7, 93)


def test_a_planted_fault_is_found_where_it_is_and_nowhere_else() -> None:
    right = [r.verdict for r in check(NETWORKS["dense"]).steps() if isinstance(r, Report)]
    wrong = [r for r in check(NETWORKS["dense"]).steps(planted=True) if isinstance(r, Report)]
    assert [r.verdict for r in wrong] == [Verdict.BAD, *right[1:]]
    assert Verdict.BAD not in right
    assert wrong[0].raw == pytest.approx(0.5, rel=1e-3)


def test_the_raw_error_is_never_rounded_away() -> None:
    for report in check(NETWORKS["dense"]).run():
        assert report.difference == max(abs(c.analytic - c.numeric) for c in report.cells)
        assert report.raw >= report.worst.error
        assert report.raw > 0
