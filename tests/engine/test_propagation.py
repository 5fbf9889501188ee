"""The spread of signals and gradients: what theory says is what integrals give, and what the engine gives comes near it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from engine.initializers import HeNormal, LeCunNormal, Orthogonal, Small, VarianceScalingNormal, XavierUniform
from engine.layers import SELU, Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from engine.propagation import Bench, Ladder, Setup, factor, measured, moments, predicted


def density(t: float) -> float:
    return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("std", [0.1, 1.0, 3.0])
def test_half_of_a_relus_square_is_left(std: float) -> None:
    assert moments(ReLU(), 0.0, std) == pytest.approx((std**2 / 2, 0.5), rel=1e-5)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.3), (0.0, 2.0), (0.7, 1.5)])
def test_moments_are_integrals_over_a_bell_curve(mean: float, std: float) -> None:
    square, slope = moments(Tanh(), mean, std)
    assert square == pytest.approx(
        quad(lambda t: math.tanh(mean + std * t) ** 2 * density(t), -9, 9)[0], rel=1e-5
    )
    assert slope == pytest.approx(
        quad(lambda t: (1 - math.tanh(mean + std * t) ** 2) ** 2 * density(t), -9, 9)[0], rel=1e-5
    )


def test_a_leaky_relu_leaves_half_of_one_and_a_square() -> None:
    assert moments(LeakyReLU(0.2), 0.0, 1.0) == pytest.approx(((1 + 0.04) / 2,) * 2, rel=1e-5)


def test_hes_start_keeps_what_a_relu_halves() -> None:
    found = predicted(Setup(depth=30, width=50, activation=ReLU(), initializer=HeNormal()))
    np.testing.assert_allclose(found.sums, math.sqrt(2), rtol=1e-4)
    np.testing.assert_allclose(found.gradients, math.sqrt(0.5), rtol=1e-4)


def test_xaviers_start_halves_the_variance_at_each_relu() -> None:
    found = predicted(Setup(depth=11, width=50, activation=ReLU(), initializer=XavierUniform()))
    np.testing.assert_allclose(found.sums, 2.0 ** (-np.arange(11) / 2), rtol=1e-4)
    assert factor(found.sums) == pytest.approx(math.sqrt(0.5), rel=1e-4)
    # From the last to the first, as often by the same factor.
    np.testing.assert_allclose(found.gradients, 2.0 ** (-(11 - np.arange(11)) / 2), rtol=1e-4)


def test_selu_holds_1_of_itself() -> None:
    """Klambauer et al. 2017: variance 1 is the fixed point of SELU with weights of variance 1/n."""
    found = predicted(Setup(depth=50, width=50, activation=SELU(), initializer=LeCunNormal()))
    np.testing.assert_allclose(found.sums, 1.0, rtol=1e-3)


def test_a_stack_without_bends_multiplies_by_its_gain() -> None:
    setup = Setup(depth=6, width=40, activation=Identity(), initializer=VarianceScalingNormal(gain=1.5))
    found = predicted(setup, mean_square=4.0)
    np.testing.assert_allclose(found.sums, 2.0 * 1.5 ** np.arange(1, 7), rtol=1e-6)
    np.testing.assert_allclose(found.gradients, 1.5 ** np.arange(5, -1, -1.0), rtol=1e-6)


@pytest.mark.parametrize(
    ("mode", "forward", "backward"), [("fan_in", 1.0, 0.5), ("fan_out", 2.0, 1.0), ("fan_avg", None, None)]
)
def test_a_narrowing_stack_tells_the_fans_apart(
    mode: str, forward: float | None, backward: float | None
) -> None:
    """Forward, variances multiply by n_in·σ²; with fan in that is 1 always, with fan out n_in/n_out, whose product is the first over the last."""
    setup = Setup(
        depth=9,
        width=64,
        last=16,
        activation=Identity(),
        initializer=VarianceScalingNormal(gain=1.0, mode=mode),
    )
    assert setup.widths[0] == 64
    assert setup.widths[-1] == 16
    found = predicted(setup)
    if forward is None or backward is None:
        assert 1.0 < found.sums[-1] < 2.0
        assert 0.5 < found.gradients[0] < 1.0
    else:
        assert found.sums[-1] == pytest.approx(forward, rel=1e-6)
        assert found.gradients[0] == pytest.approx(backward, rel=1e-6)


@pytest.mark.parametrize("activation", [ReLU(), Tanh(), Sigmoid(), Identity()])
@pytest.mark.parametrize("gain", [0.7, 1.0, 1.6])
def test_wide_layers_do_as_predicted(activation: Activation, gain: float) -> None:
    setup = Setup(depth=8, width=128, activation=activation, initializer=VarianceScalingNormal(gain=gain))
    theory, seen = predicted(setup), [measured(setup, seed) for seed in range(8)]
    for name in ("sums", "gradients"):
        # Over seeds the logarithms of what is measured lie round what is predicted; chance leaves about 1/√n per layer.
        middle = np.mean([np.log(getattr(one, name)) for one in seen], axis=0)
        np.testing.assert_allclose(middle, np.log(getattr(theory, name)), atol=0.25)


def test_a_bias_moves_the_middle_and_what_follows_from_it() -> None:
    setup = Setup(depth=6, width=128, activation=ReLU(), initializer=HeNormal(), bias=1.0)
    theory = predicted(setup)
    square = quad(lambda t: max(1 + math.sqrt(2) * t, 0) ** 2 * density(t), -9, 9)[0]
    assert theory.sums[1] == pytest.approx(math.sqrt(2 * square), rel=1e-4)
    assert measured(setup).sums[1] == pytest.approx(theory.sums[1], rel=0.15)


def test_what_is_measured_is_what_numpy_gives() -> None:
    setup = Setup(depth=3, width=6, activation=Tanh(), initializer=HeNormal(), bias=0.3)
    bench = Bench()
    found = bench.measured(setup, seed=4)
    model = bench._built[1]
    rng = np.random.default_rng((4, 1))
    x = rng.normal(size=(128, 6)).astype(np.float32)
    arriving = rng.normal(size=(6, 128)).T.astype(np.float32)
    zs, a = [], x
    for i in ("0", "2", "4"):
        zs.append(a @ model.parameters[i]["weight"].T + 0.3)
        a = np.tanh(zs[-1])
    np.testing.assert_allclose(found.sums, [z.std() for z in zs], rtol=1e-5)
    deltas, g = [], arriving
    for i, z in zip(("4", "2", "0"), zs[::-1], strict=True):
        deltas.insert(0, g * (1 - np.tanh(z) ** 2))
        g = deltas[0] @ model.parameters[i]["weight"]
    np.testing.assert_allclose(found.gradients, [np.sqrt((d**2).mean()) for d in deltas], rtol=1e-5)


def test_another_gain_draws_the_same_numbers_at_another_size() -> None:
    bench = Bench()
    first, second = (
        bench.measured(Setup(depth=5, activation=ReLU(), initializer=VarianceScalingNormal(gain=g)))
        for g in (1.0, 2.0)
    )
    np.testing.assert_allclose(second.sums / first.sums, 2.0 ** np.arange(1, 6), rtol=1e-4)


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (Setup(activation=ReLU(), initializer=HeNormal()), ("holds", "holds")),
        (Setup(activation=Sigmoid()), ("holds", "fades")),
        (Setup(activation=ReLU(), initializer=VarianceScalingNormal(gain=3.0)), ("grows", "grows")),
        (Setup(activation=Tanh(), initializer=Small()), ("fades", "fades")),
        (Setup(activation=Identity(), initializer=Orthogonal()), ("holds", "holds")),
    ],
)
def test_verdicts(setup: Setup, said: tuple[str, str]) -> None:
    assert predicted(setup).verdict() == said
    assert measured(setup).verdict() == said


def test_a_hundred_layers_that_explode_are_said_to_grow() -> None:
    setup = Setup(depth=100, width=16, activation=Identity(), initializer=VarianceScalingNormal(gain=100.0))
    assert predicted(setup).verdict() == ("grows", "grows")
    assert measured(setup).verdict() == ("grows", "grows")


def test_nothing_left_fades() -> None:
    assert Ladder(np.array([1.0, 0.0]), np.array([0.0, 1.0])).verdict() == ("fades", "fades")
    assert math.isnan(factor(np.array([1.0, 0.0])))
