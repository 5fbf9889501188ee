"""Axes have few, round numbers inside their range."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from playground.ui.kit.axes import NumberAxis, log_ticks, round_ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(1, 20))
def test_ticks_are_inside_and_not_too_many(low, span, count):
    step, ticks = round_ticks(low, low + span, count)
    assert len(ticks) <= count + 1.001
    assert all(low - 1e-5 * step <= t <= low + span + 1e-5 * step for t in ticks)
    assert float(f"{step:.0e}") == pytest.approx(step)  # one digit
    assert f"{step:.0e}"[0] in "125"


def test_ticks_of_a_range():
    assert round_ticks(-6.0, 6.0, 8) == (2.0, [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0])
    assert round_ticks(0.0, 0.0, 5)[1] == []
    assert round_ticks(float("nan"), 1.0, 5)[1] == []


@pytest.mark.parametrize(
    ("low", "high", "count", "values"),
    [
        (-2, 0, 8, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]),
        (-4, 0, 5, [1e-4, 1e-3, 1e-2, 1e-1, 1]),
        (-12, 0, 4, [1e-12, 1e-9, 1e-6, 1e-3, 1]),
        (-0.3, 0.0, 3, [0.6, 0.8, 1.0]),  # less than a decade
    ],
)
def test_logarithmic_ticks(low, high, count, values):
    assert [10**t for t in log_ticks(low, high, count)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("whole", "ticks", "step", "texts"),
    [
        (False, [-0.5, 0.0, 0.5], 0.5, ["−0.5", "0.0", "0.5"]),
        (False, [0.0, 2e5], 2e5, ["0", "2.0e5"]),
        (False, [0.0, 5e-5], 5e-5, ["0", "5.0e−5"]),
        (True, [0.0, 1000.0], 1000.0, ["0", "1,000"]),
    ],
)
def test_how_ticks_are_written(qapp, whole, ticks, step, texts):
    axis = NumberAxis("bottom", whole)
    assert axis.tickStrings(ticks, 1.0, step) == texts


def test_counted_things_have_no_ticks_in_between(qapp):
    step, ticks = NumberAxis("bottom", whole=True).tickValues(0.0, 3.0, 1000.0)[0]
    assert (step, ticks) == (1.0, [0.0, 1.0, 2.0, 3.0])


def test_logarithmic_numbers_have_as_few_digits_as_say_it(qapp):
    axis = NumberAxis("left")
    axis.setLogMode(True)
    assert axis.tickStrings([-4.0, -1.0, 0.0, 1.0], 1.0, 1.0) == ["1e−4", "0.1", "1", "10"]


@pytest.mark.parametrize(("low", "high"), [(-0.35, 0.6), (0.2, 0.95), (-1.2, -0.1)])
def test_a_short_axis_of_a_decade_has_more_than_one_number(low: float, high: float) -> None:
    ticks = log_ticks(low, high, 1.0)
    assert len(ticks) >= 2
    assert all(low - 1e-6 <= tick <= high + 1e-6 for tick in ticks)
