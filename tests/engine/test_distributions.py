"""Counts are those of the numbers themselves, on any axis; looking changes nothing; the worst layer is named first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from engine import Fit, Model, Network, Trainer, layers, losses, optimizers
from engine.data import Circle, Digits, Preparation, prepare
from engine.distributions import (
    FEW,
    HIGHEST,
    LOWEST,
    PER_DECADE,
    QUANTITIES,
    SAMPLES,
    SIDE,
    Distributions,
    Spread,
    concerns,
    distributions,
    edges,
)  # fmt: skip
from engine.initializers import Constant, HeNormal, Small, VarianceScalingNormal, Zeros

DATA = prepare(Circle(samples=107).make(), Preparation())
NET = Network.chain(
    layers.Linear(6), layers.BatchNorm(), layers.Tanh(), layers.Dropout(p=0.3), layers.Linear(8), layers.ReLU(),
    layers.Linear(1),
)  # fmt: skip
FIT = Fit(optimizer=optimizers.Adam(lr=0.01), batch_size=10)


def trainer(fit: Fit = FIT, network: Network = NET, steps: int = 7) -> Trainer:
    run = Trainer(
        Model(network, DATA.in_shape, 0, dtype="float64", initializer=fit.initializer),
        DATA.train,
        DATA.validation,
        fit,
        0,
    )
    for _ in range(steps):
        run.step()
    return run


class TestSpread:
    RNG = np.random.default_rng(0)
    NUMBERS = np.concatenate([RNG.normal(0.3, 1.0, 5000), np.zeros(700), 1e-4 * RNG.normal(size=300)])

    def test_bins_are_32_to_a_power_of_ten(self) -> None:
        assert (edges()[0], edges()[-1]) == (1e-10, 1e6)
        np.testing.assert_allclose(edges()[1:] / edges()[:-1], 10 ** (1 / 32))

    def test_every_number_is_counted_once(self) -> None:
        found = Spread.of(self.NUMBERS)
        above, _ = np.histogram(self.NUMBERS[self.NUMBERS > 0], edges())
        below, _ = np.histogram(-self.NUMBERS[self.NUMBERS < 0], edges())
        np.testing.assert_array_equal(found.above, above)
        np.testing.assert_array_equal(found.below, below)
        assert (found.zeros, found.small, found.large, found.lost) == (700, 0, 0, 0)
        assert found.total == len(self.NUMBERS)
        assert found.zero_share == 700 / 6000

    def test_mean_and_std_are_those_of_the_numbers(self) -> None:
        found = Spread.of(self.NUMBERS.astype(np.float32))
        assert found.mean == pytest.approx(self.NUMBERS.mean(), rel=1e-5)
        assert found.std == pytest.approx(self.NUMBERS.std(), rel=1e-5)
        assert found.rms == pytest.approx(np.sqrt((self.NUMBERS**2).mean()), rel=1e-5)

    def test_what_no_bin_holds_is_counted_too(self) -> None:
        found = Spread.of(np.array([1e-20, -1e-11, 1e7, -np.inf, np.nan, 0.0, -0.0, 5.0]))
        assert (found.zeros, found.small, found.large, found.lost) == (2, 2, 1, 2)
        assert found.total == 8
        assert found.above.sum() == 1

    def test_a_linear_axis_has_the_shares(self) -> None:
        at = np.linspace(-3, 4, 15)
        share = Spread.of(self.NUMBERS).linear(at)
        own, _ = np.histogram(self.NUMBERS[self.NUMBERS != 0], at)
        # Inside a bin, which is 7 % of its distance from 0 wide, numbers are taken to be even.
        np.testing.assert_allclose(share, own / len(self.NUMBERS), atol=0.01)
        assert share.sum() == pytest.approx(own.sum() / len(self.NUMBERS), abs=2e-3)

    def test_a_linear_axis_through_edges_of_bins_is_exact(self) -> None:
        at = np.concatenate([-edges()[::-PER_DECADE], edges()[::PER_DECADE]])
        own, _ = np.histogram(self.NUMBERS[self.NUMBERS != 0], at)
        np.testing.assert_allclose(Spread.of(self.NUMBERS).linear(at), own / len(self.NUMBERS), atol=1e-12)

    def test_powers_of_ten_have_the_shares_of_both_signs(self) -> None:
        below, above = Spread.of(self.NUMBERS).decades(-6, 2, 2)
        at = 10.0 ** np.arange(-6, 2.1, 0.5)
        np.testing.assert_allclose(above, np.histogram(self.NUMBERS, at)[0] / 6000)
        np.testing.assert_allclose(below, np.histogram(-self.NUMBERS, at)[0] / 6000)

    def test_other_powers_are_refused(self) -> None:
        with pytest.raises(ValueError, match="expected powers of ten from -10 to 6"):
            Spread.of(self.NUMBERS).decades(LOWEST - 1, HIGHEST)

    def test_the_middle_magnitude(self) -> None:
        numbers = np.abs(self.NUMBERS[self.NUMBERS != 0])
        assert Spread.of(self.NUMBERS).magnitude(0.5) == pytest.approx(np.median(numbers), rel=0.05)
        assert math.isnan(Spread.of(np.zeros(4)).magnitude(0.5))

    def test_the_distance_of_two_is_how_far_numbers_move(self) -> None:
        a, b = self.RNG.normal(0, 1, 4000), self.RNG.normal(0.8, 2, 3000)
        found = Spread.of(a).distance(Spread.of(b))
        assert found == pytest.approx(wasserstein_distance(a, b), rel=0.02)
        assert Spread.of(a).distance(Spread.of(a)) == 0
        assert math.isnan(Spread.of(a).distance(Spread.of(np.zeros(0))))

    def test_few_numbers_are_kept(self) -> None:
        np.testing.assert_array_equal(Spread.of(np.array([3.0, np.nan, -1.0])).few, [-1.0, 3.0])
        assert Spread.of(np.ones(FEW + 1)).few is None

    def test_nothing_has_no_mean(self) -> None:
        found = Spread.of(np.zeros(0))
        assert found.total == 0
        assert math.isnan(found.mean)
        assert found.zero_share == 0
        assert found.above.shape == (SIDE,)


class TestARun:
    def test_the_numbers_are_those_of_the_model(self) -> None:
        run = trainer()
        values = run.model.values(DATA.train.x[:SAMPLES])
        found = distributions(run)
        assert (found.samples, found.step) == (len(DATA.train), 7)
        sums = dict(found.of("sums"))
        assert list(sums) == ["0", "1", "4", "6"]
        assert [name for name, _ in found.of("activations")] == ["2", "5"]
        assert [name for name, _ in found.of("weights")] == ["0", "4", "6"]
        assert [name for name, _ in found.of("biases")] == [
            "0",
            "1",
            "4",
            "6",
        ]  # the scales of the normalization are there, too
        for name, spread in (*sums.items(), *found.of("activations")):
            assert spread.total == values[name].size
            assert spread.mean == pytest.approx(values[name].mean(), rel=1e-9, abs=1e-12)
            assert spread.std == pytest.approx(values[name].std(), rel=1e-9)
        assert dict(found.of("activations"))["5"].zero_share == (values["5"] == 0).mean()
        weight = run.model.parameters["4"]["weight"]
        assert dict(found.of("weights"))["4"].std == pytest.approx(weight.std())
        assert dict(found.of("biases"))["4"].mean == pytest.approx(run.model.parameters["4"]["bias"].mean())
        assert found["4"].fan_in == 6

    def test_gradients_of_weights_are_those_of_the_mean_loss(self) -> None:
        network = Network.chain(layers.Linear(6), layers.ReLU(), layers.Linear(1))
        run = trainer(network=network)
        _, expected = run.model.value_and_grad(DATA.train.x, DATA.train.y, FIT.loss)
        spread = dict(distributions(run).of("weight_gradients"))["0"]
        assert spread.rms == pytest.approx(np.sqrt((expected["0.weight"] ** 2).mean()), rel=1e-6)

    def test_updates_are_those_that_come_next(self) -> None:
        network = Network.chain(layers.Linear(40), layers.Tanh(), layers.Linear(1))
        run = trainer(network=network)
        found = dict(distributions(run).of("updates"))["0"]
        before = run.model.parameters["0"]["weight"].copy()
        run.step()
        ratio = np.abs((run.model.parameters["0"]["weight"] - before) / before)
        np.testing.assert_array_equal(found.above, np.histogram(ratio, edges())[0])

    def test_of_many_weights_those_of_some_units_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("engine.distributions.MOST", 100)
        run = trainer(
            network=Network.chain(layers.Linear(90), layers.ReLU(), layers.Linear(40), layers.Linear(1))
        )
        found = dict(distributions(run).of("weights"))
        weight = run.model.parameters["2"]["weight"]
        assert (found["2"].total, found["2"].whole) == (2 * 90, 3600)  # each 36th of 40 units
        assert found["2"].mean == pytest.approx(weight[::36].mean())
        assert (found["3"].total, found["3"].whole) == (40, 0)

    def test_looking_changes_nothing(self) -> None:
        looked, alone = trainer(steps=3), trainer(steps=3)
        distributions(looked)
        for _ in range(4):
            looked.step()
            alone.step()
        for name, array in alone.model.state_dict().items():
            np.testing.assert_array_equal(looked.model.state_dict()[name], array)

    def test_pictures_have_channels(self) -> None:
        digits = prepare(Digits().make(), Preparation())
        net = Network.chain(layers.Conv2d(4, 3), layers.ReLU(), layers.Flatten(), layers.Linear(10))
        run = Trainer(
            Model(net, digits.in_shape, 0),
            digits.train,
            digits.validation,
            Fit(loss=losses.CrossEntropyLoss()),
        )
        run.model.parameters["0"]["bias"][1] = -1e3
        found = distributions(run)
        assert found["1"].silent == 0.25
        assert math.isnan(found["0"].silent)
        assert [one.node_id for one in found.layers] == ["0", "1", "3"]


def deep(gate: layers.Layer, initializer: object, depth: int = 6) -> Distributions:
    chain = [one for _ in range(depth) for one in (layers.Linear(24), gate)]
    return distributions(
        trainer(Fit(initializer=initializer), Network.chain(*chain, layers.Linear(1)), steps=0)
    )


class TestTheWorst:
    def test_is_the_one_whose_signal_has_faded_most(self) -> None:
        found = concerns(deep(layers.Tanh(), Small()), "sums")
        assert found[0].node_id == "12"
        assert "where 1 is good" in found[0].words
        assert [one.size for one in found] == sorted((one.size for one in found), reverse=True)

    def test_is_the_one_that_grew_most(self) -> None:
        found = concerns(deep(layers.ReLU(), VarianceScalingNormal(gain=5.0)), "sums")
        assert found[0].node_id == "10"  # what the network itself gives may be large

    def test_a_sane_start_raises_no_words(self) -> None:
        found = deep(layers.ReLU(), HeNormal())
        assert not any(one.words for one in concerns(found, "sums"))
        assert not any(one.words for one in concerns(found, "weights"))

    def test_weights_are_judged_by_what_they_do_to_a_signal(self) -> None:
        found = concerns(deep(layers.Tanh(), VarianceScalingNormal(gain=10.0)), "weights")
        assert "times what keeps a signal's size" in found[0].words

    def test_all_zero_is_said(self) -> None:
        found = concerns(deep(layers.Tanh(), Zeros()), "weights")
        assert found[0].words == "all numbers are exactly 0"
        assert all(one.size == found[0].size for one in found)

    def test_flat_and_silent_activations_are_said(self) -> None:
        assert "flat" in concerns(deep(layers.Tanh(), Constant(3.0)), "activations")[0].words
        run = trainer(steps=0)
        run.model.parameters["4"]["bias"][...] = -1e3
        assert concerns(distributions(run), "activations")[0].words.endswith(
            "100 % of the units are silent"
        ) or (concerns(distributions(run), "activations")[0].words == "all numbers are exactly 0")

    def test_numbers_that_are_not_finite_come_first(self) -> None:
        run = trainer(steps=0)
        run.model.parameters["4"]["weight"][0, 0] = np.inf
        with np.errstate(all="ignore"):
            found = concerns(distributions(run), "weights")
        assert found[0].node_id == "4"
        assert found[0].size == math.inf

    @pytest.mark.parametrize("quantity", QUANTITIES)
    def test_each_layer_that_has_a_quantity_is_judged(self, quantity: str) -> None:
        found = distributions(trainer())
        assert {one.node_id for one in concerns(found, quantity)} == {name for name, _ in found.of(quantity)}
