"""Planes, steps, rates and noise against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Fit, Model, Network, layers, losses, optimizers
from engine.data import Dataset
from engine.errors import EngineError
from engine.landscape import (
    Bench,
    Cell,
    RateTest,
    Slicing,
    TooLarge,
    between,
    cells,
    downhill,
    noise,
    of_path,
    random,
    step,
)
from engine.landscape import bench as benches
from engine.landscape.plane import filter_normalized
from engine.landscape.rates import suggestion
from engine.landscape.step import OVERSHOOTS, RIGHT, TOO_SHORT, UPHILL, judged, parabola
from engine.regularizers import L2
from engine.train import Trainer

RNG = np.random.default_rng(5)
X = RNG.standard_normal((40, 2))
Y = X @ np.array([1.5, -0.5]) + 0.25


def linear(lr: float = 0.1, batch: int = 40, **fit: object) -> Trainer:
    """A linear regression, whose loss is a quadratic of its three numbers."""
    net = Network.chain(layers.Linear(out_features=1))
    how = Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=lr), batch_size=batch, **fit)
    return Trainer(Model(net, (2,), seed=3), Dataset(X, Y), None, how)


def deep(**more: object) -> Trainer:
    net = Network.chain(
        layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Dropout(0.2), layers.Linear(1)
    )
    how = Fit(loss=losses.MSELoss(), optimizer=optimizers.Adam(lr=0.01), batch_size=8, **more)
    return Trainer(Model(net, (2,), seed=1), Dataset(X, Y), None, how)


def finished(slicing: Slicing):
    while not slicing.done:
        slicing.on()
    return slicing.plane


def hessian() -> np.ndarray:
    """Of the mean squared error, by the two weights and the bias."""
    ones = np.column_stack([X, np.ones(len(X))])
    return 2 * ones.T @ ones / len(X)


def test_the_loss_over_two_weights_of_a_linear_regression_is_the_quadratic():
    trainer = linear()
    bench = Bench(trainer)
    w, b = (
        trainer.model.state_dict()["0.weight"][0].astype(float),
        float(trainer.model.state_dict()["0.bias"][0]),
    )
    plane = finished(
        Slicing(bench, cells(bench, Cell("0", "weight", (0, 0)), Cell("0", "weight", (0, 1))), (), 0)
    )
    assert plane.names == ("0.weight[0, 0]", "0.weight[0, 1]")
    assert plane.share == 1.0
    w1, w2 = np.meshgrid(plane.across, plane.up)
    by_hand = ((w1[..., None] * X[:, 0] + w2[..., None] * X[:, 1] + b - Y) ** 2).mean(-1)
    np.testing.assert_allclose(plane.losses, by_hand, rtol=1e-9)
    np.testing.assert_allclose(plane.path, [w], rtol=1e-6)
    assert plane.across[0] < w[0] < plane.across[-1]
    assert plane.up[0] < w[1] < plane.up[-1]


def test_the_penalty_takes_part():
    trainer = linear(regularizer=L2(0.3))
    bench = Bench(trainer)
    values = np.array([1.0, 2.0, 0.5])
    bench.model.store.values[...] = values
    parts = bench.model.state_dict()
    residual = X @ parts["0.weight"][0] + parts["0.bias"][0] - Y
    assert bench.penalized
    assert bench.loss_at(values) == pytest.approx(
        (residual**2).mean() + 0.15 * (parts["0.weight"] ** 2).sum()
    )


def test_what_overflows_is_infinite_and_not_nan():
    bench = Bench(linear())
    assert bench.loss_at(np.full(3, 1e200)) == np.inf


def test_nothing_of_the_run_changes():
    trainer = deep()
    for _ in range(7):
        trainer.step()
    other = deep()
    for _ in range(7):
        other.step()
    gradients = trainer.model.store.gradients.copy()
    bench = Bench(trainer)
    finished(Slicing(bench, downhill(bench), (), 7))
    step(trainer, bench)
    test = RateTest(trainer)
    while not test.done:
        test.on()
    list(noise(bench, Cell("0", "weight", (0, 0)), Cell("0", "weight", (1, 0)), 7))
    np.testing.assert_array_equal(trainer.model.store.gradients, gradients)
    for _ in range(20):
        assert trainer.step() == other.step()
    np.testing.assert_array_equal(trainer.model.store.values, other.model.store.values)


def test_the_gradient_direction_is_at_right_angles_to_the_random_one_and_goes_down():
    bench = Bench(linear())
    found = downhill(bench, seed=1)
    size = np.linalg.norm(bench.here)
    np.testing.assert_allclose(np.linalg.norm(found.axes, axis=1), size)
    assert abs(found.axes[0] @ found.axes[1]) < 1e-12 * size**2
    assert bench.loss_at(bench.here + 1e-4 * found.axes[0]) < bench.loss_at(bench.here)
    slope = (
        bench.loss_at(bench.here + 1e-4 * found.axes[0]) - bench.loss_at(bench.here - 1e-4 * found.axes[0])
    ) / 2e-4
    assert slope == pytest.approx(-np.linalg.norm(bench.gradient()) * size, rel=1e-6)


def test_random_directions_are_as_long_as_the_weights_filter_by_filter():
    net = Network.chain(layers.Conv2d(out_channels=3, kernel_size=3), layers.Flatten(), layers.Linear(2))
    data = Dataset(RNG.standard_normal((20, 2, 5, 5)), RNG.integers(0, 2, 20))
    trainer = Trainer(Model(net, (2, 5, 5)), data, None, Fit(loss=losses.CrossEntropyLoss()))
    bench = Bench(trainer)
    drawn = bench.model.store.arranged(filter_normalized(bench, np.random.default_rng(0)))
    for node_id, parts in bench.model.parameters.items():
        rows = parts["weight"].reshape(len(parts["weight"]), -1)
        np.testing.assert_allclose(
            np.linalg.norm(drawn[node_id]["weight"].reshape(rows.shape), axis=1), np.linalg.norm(rows, axis=1)
        )
        assert not drawn[node_id]["bias"].any()
    assert not np.array_equal(*random(bench).axes)
    np.testing.assert_array_equal(random(bench, 4).axes, random(bench, 4).axes)


def test_between_two_runs_the_ends_have_their_losses():
    trainer = linear()
    first = trainer.model.store.values.astype(float)
    for _ in range(30):
        trainer.step()
    bench = Bench(trainer)
    found = between(bench, first, "the start")
    assert found.coordinates(first) == pytest.approx((0, 0), abs=1e-9)
    assert found.coordinates(bench.here) == pytest.approx((1, 0), abs=1e-9)
    middle = found.origin + 0.5 * found.axes[0]
    np.testing.assert_allclose(middle, (first + bench.here) / 2)
    with pytest.raises(EngineError, match="no way between"):
        between(bench, bench.here, "itself")


def test_the_principal_plane_holds_a_path_of_two_dimensions_whole():
    bench = Bench(linear())
    one, other = np.array([1.0, 0, 0.5]), np.array([0.0, 1, -0.5])
    ways = [(k, bench.here + np.cos(k) * one + 0.3 * np.sin(k) * other) for k in range(9)]
    directions = of_path(bench, [values for _, values in ways])
    plane = Slicing(bench, directions, ways, 9).plane
    assert plane.held == pytest.approx(1.0)
    np.testing.assert_allclose(
        np.linalg.norm(plane.path[:-1] - plane.path[-1], axis=1),
        [np.linalg.norm(v - bench.here) for _, v in ways],
    )
    assert plane.steps.tolist() == list(range(10))
    both = cells(bench, Cell("0", "weight", (0, 0)), Cell("0", "weight", (0, 1)))
    assert Slicing(bench, both, ways, 9).plane.held < 0.9


def test_the_path_goes_on_and_goes_back():
    bench = Bench(linear())
    slicing = Slicing(bench, cells(bench, Cell("0", "weight", (0, 0)), Cell("0", "bias", (0,))), (), 4)
    first = slicing.plane
    assert slicing.plane is first
    slicing.stand_at(5, np.array([7.0, 8.0, 9.0]))
    assert slicing.plane.steps.tolist() == [4, 5]
    arranged = bench.model.store.arranged(np.array([7.0, 8.0, 9.0]))["0"]
    assert slicing.plane.path[-1].tolist() == pytest.approx([arranged["weight"][0, 0], arranged["bias"][0]])
    slicing.stand_at(2, bench.here)
    assert slicing.plane.steps.tolist() == [2]


@pytest.mark.parametrize(
    "cell",
    [
        Cell("9", "weight", (0, 0)),
        Cell("0", "weight", (0, 2)),
        Cell("0", "bias", ()),
        Cell("0", "bias", (-1,)),
    ],
)
def test_a_cell_that_is_not_there_is_named(cell):
    bench = Bench(linear())
    with pytest.raises(EngineError, match="Choose a number that there is"):
        cells(bench, Cell("0", "weight", (0, 0)), cell)


def test_a_network_that_is_too_large_says_so(monkeypatch):
    monkeypatch.setattr(benches, "MOST_PARAMETERS", 2)
    with pytest.raises(TooLarge, match="3 parameters"):
        Bench(linear())


# --- step -------------------------------------------------------------------------------------------------------------


def test_the_parabola_goes_through_its_three_points():
    a, b, c = parabola(3.0, 1.0, 2.0)
    assert [a * t * t + b * t + c for t in (0, 0.5, 1)] == pytest.approx([3.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("lowest", "verdict"),
    [(4.0, TOO_SHORT), (1.0, RIGHT), (1.5, RIGHT), (0.6, OVERSHOOTS), (0.4, OVERSHOOTS), (-1.0, UPHILL)],
)
def test_a_step_is_measured_against_the_way_to_the_lowest_point(lowest, verdict):
    found, reach = judged(*((t - lowest) ** 2 + 1 for t in (0.0, 0.5, 1.0)))
    assert found == verdict
    if lowest > 0:
        assert reach == pytest.approx(1 / lowest)


def test_a_loss_that_bends_down_is_too_short_a_step_and_one_that_breaks_overshoots():
    assert judged(1.0, 0.9, 0.7)[0] == TOO_SHORT
    assert judged(1.0, np.inf, np.inf) == (OVERSHOOTS, np.inf)


def test_the_step_of_gradient_descent_on_a_quadratic_reaches_as_far_as_its_curvature_says():
    """Along -lr·g, the lowest point is at gᵀg / (lr · gᵀHg) steps."""
    for lr in (0.05, 0.4, 1.2):
        trainer = linear(lr=lr)
        bench = Bench(trainer)
        order = bench.model.store.arranged(np.arange(3.0))["0"]
        index = [int(order["weight"][0, 0]), int(order["weight"][0, 1]), int(order["bias"][0])]
        gradient = bench.gradient()[index]
        reach = lr * (gradient @ hessian() @ gradient) / (gradient @ gradient)
        found = step(trainer, bench)
        assert found.reach == pytest.approx(reach, rel=1e-3)
        assert found.distance == pytest.approx(lr * np.linalg.norm(gradient), rel=1e-5)
        assert (found.batch, found.samples, found.rate) == (40, 40, pytest.approx(lr))
        np.testing.assert_allclose(found.batch_losses, found.losses)
        trainer.step()
        assert Bench(trainer).loss_at(Bench(trainer).here) == pytest.approx(found.three[2], rel=1e-5)


# --- rates ------------------------------------------------------------------------------------------------------------


def rates_of(trainer: Trainer):
    test = RateTest(trainer)
    while not test.done:
        test.on()
    return test.rates


def test_a_range_test_is_reproducible_and_its_rates_rise_evenly():
    one, other = rates_of(deep()), rates_of(deep())
    np.testing.assert_array_equal(one.losses, other.losses)
    assert (one.low, one.high, one.suggested) == (other.low, other.high, other.suggested)
    ratios = one.rates[1:] / one.rates[:-1]
    np.testing.assert_allclose(ratios, ratios[0])


def test_each_update_has_its_rate():
    """One number, loss w²: each update multiplies w by 1 - 2·rate."""
    net = Network.chain(layers.Linear(out_features=1, bias=False))
    data = Dataset(np.ones((3, 1)), np.zeros(3))
    trainer = Trainer(
        Model(net, (1,)),
        data,
        None,
        Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=9.0), batch_size=2),
    )
    trainer.model.load_state_dict({"0.weight": np.array([[2.0]])})
    test = RateTest(trainer, 1e-3, 0.4, 30)
    while not test.done:
        test.on()
    w = 2.0 * np.cumprod(1 - 2 * test.rates.rates)
    np.testing.assert_allclose(test.rates.losses, w**2, rtol=1e-4)


def test_beyond_the_curvature_the_test_ends_and_the_range_lies_below():
    found = rates_of(linear(lr=1e-5))
    steepest = 2 / np.linalg.eigvalsh(hessian()).max()  # from here on gradient descent diverges
    assert found.diverged
    assert found.done
    assert len(found.rates) < found.planned
    assert found.found
    assert found.low < found.suggested <= found.high < steepest


def test_no_rate_is_suggested_where_the_loss_does_not_fall():
    rates = np.geomspace(1e-4, 1, 5)
    assert np.isnan(suggestion(rates, np.array([1.0, 1.0, 0.99, 1.2, 3.0]), 1.0)).all()
    low, high, suggested = suggestion(rates, np.array([1.0, 0.8, 0.2, 0.1, 3.0]), 1.0)
    assert (low, high, suggested) == (rates[1], pytest.approx(rates[3] / 5), 0.01)


# --- noise ------------------------------------------------------------------------------------------------------------


def test_the_gradients_of_single_samples_are_those_by_hand_and_add_up():
    trainer = linear()
    bench = Bench(trainer)
    found = list(noise(bench, Cell("0", "weight", (0, 0)), Cell("0", "weight", (0, 1)), 0))[-1]
    w, b = bench.model.state_dict()["0.weight"][0], bench.model.state_dict()["0.bias"][0]
    single = 2 * (X @ w + b - Y)[:, None] * X
    assert [cloud.size for cloud in found.clouds] == [1, 32]
    ones = found.clouds[0].at
    np.testing.assert_allclose(np.sort(ones, axis=0), np.sort(single, axis=0))
    np.testing.assert_allclose(ones.mean(0), found.whole)
    np.testing.assert_allclose(found.whole, single.mean(0))
    assert found.share == 1.0
    # Without replacement, 32 of 40: the spread falls by √(32 · 39 / 8).
    expected = found.clouds[0].spread / np.sqrt(32 * 39 / 8)
    assert found.clouds[1].spread == pytest.approx(expected, rel=0.15)


def test_with_batch_normalization_a_single_sample_has_a_gradient():
    bench = Bench(deep())
    found = list(noise(bench, Cell("0", "weight", (0, 0)), Cell("4", "bias", (0,)), 0))[-1]
    np.testing.assert_allclose(found.clouds[0].at.mean(0), found.whole)
