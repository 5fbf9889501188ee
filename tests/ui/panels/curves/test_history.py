"""The log becomes curves of few points that lose no peak."""

import numpy as np
import pytest

from engine.log import Log
from playground.ui.panels.curves.history import (
    LOSS,
    METRIC,
    decimate,
    known,
    logarithm,
    loss_range,
    metric_range,
    round_up,
)


@pytest.mark.parametrize("n", [1, 999, 1000, 1001, 4096, 32768, 32769])
def test_few_points_keep_every_peak_and_both_ends(n):
    rng = np.random.default_rng(n)
    x, y = np.arange(n, dtype=float), rng.standard_normal(n)
    y[n // 3], y[n // 2] = 99.0, -99.0
    few_x, few_y = decimate(x, y)
    assert len(few_x) <= 1000
    assert few_y.max() == y.max()
    assert few_y.min() == y.min()
    assert (few_x[-1], few_y[-1]) == (x[-1], y[-1])
    assert few_x[0] < n / 100 + 1
    assert np.all(np.diff(few_x) >= 0)
    assert np.array_equal(y[few_x.astype(int)], few_y)  # real points of the log, none made up


def test_gaps_stay_gaps_only_where_there_is_nothing_else():
    y = np.full(5000, np.nan)
    y[1000] = 3.0
    _, few = decimate(np.arange(5000.0), y)
    assert np.nanmax(few) == 3.0
    assert np.isnan(few).any()


def test_logarithm_leaves_gaps():
    got = logarithm(np.array([100.0, 0.0, -1.0, np.nan]))
    assert got[0] == 2.0
    assert np.isnan(got[1:]).all()


def test_which_curves_there_are():
    log = Log()
    log.append(0, 0.7, np.nan, 0.0, 0.5, np.nan, 0.1, 1.0)
    log.append(1, 0.6, np.nan, 0.0, 0.6, np.nan, 0.1, 1.0)
    assert [t.name for t in known(log.view(), LOSS)] == ["train"]
    log.append(2, 0.5, 0.55, 0.02, 0.7, 0.6, 0.1, 1.0)
    assert [t.name for t in known(log.view(), LOSS)] == ["train", "validation", "penalty"]
    assert [t.name for t in known(log.view(), METRIC)] == ["train", "validation"]


@pytest.mark.parametrize(("value", "end"), [(10, 10), (11, 12), (420, 500), (5001, 6000), (0.07, 0.08)])
def test_axes_end_at_round_values(value, end):
    assert round_up(value) == pytest.approx(end)


def test_ranges_hold_the_curves():
    curves = [np.array([0.9, 0.01]), np.array([np.nan, 0.3])]
    assert loss_range(curves, log_scale=False) == (0.0, 1.0)
    low, high = loss_range([np.log10(c) for c in curves], log_scale=True)
    assert low <= -2
    assert high >= np.log10(0.9)
    assert metric_range([np.array([0.52, 0.99])]) == (0.5, 1.02)
    assert metric_range([np.array([-40.0, 0.9])])[0] == -1.0  # a hopeless R² does not flatten the rest
    assert loss_range([], log_scale=False) == (0.0, 1.0)
    assert np.isfinite(loss_range([], log_scale=True)).all()
