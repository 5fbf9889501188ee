"""Numbers are written in one way: three significant digits, a real minus, no false zero."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from playground.ui.kit.numbers import MINUS, count, exact, fmt, parse, probability


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.99, "0.990"),
        (0.0291, "0.0291"),
        (1.0, "1.00"),
        (9.996, "10.0"),  # rounding adds a digit
        (123.4, "123"),
        (12345.6, "12346"),
        (-0.41, "−0.410"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.001, "0.00100"),
        (0.00099996, "0.00100"),  # rounded before the limit is asked about
        (0.00012345, "1.23e−4"),
        (-3e-9, "−3.00e−9"),
        (99999.4, "1.00e5"),
        (123456789.0, "1.23e8"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
        (7, "7"),
        (np.int64(-123456), "−123456"),  # counted things are written out
        (np.float32(0.1), "0.100"),
    ],
)
def test_three_significant_digits(value, text):
    assert fmt(value) == text


def test_other_digits():
    assert (fmt(0.6, 2), fmt(0.05, 1), fmt(2 / 3, 6)) == ("0.60", "0.05", "0.666667")


@given(st.floats(-1e300, 1e300), st.integers(1, 6))
def test_reads_back_as_the_rounded_value(value, digits):
    text = fmt(value, digits)
    assert "-" not in text
    back = float(text.replace(MINUS, "-"))
    assert (back == 0) == (value == 0)  # never 0.00 for something that is not 0
    assert back == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.0001, abs=0)


@given(
    st.one_of(
        st.integers(-(10**11), 10**11), st.floats(-1e30, 1e30).filter(lambda v: abs(v) > 1e-30 or v == 0)
    )
)
def test_what_a_field_shows_can_be_typed_back(value):
    assert parse(exact(value)) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e-3", 0.001),
        ("0,01", 0.01),
        ("−4", -4),
        ("60 %", 0.6),
        ("1 000", 1000),
        (".5", 0.5),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        ("four", None),
    ],
)
def test_what_people_type(typed, value):
    assert parse(typed) == value


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, 6, "000,000"), (123, 6, "000,123"), (1234567, 6, "1,234,567"), (12, 0, "12"), (1240, 0, "1,240")],
)
def test_counts_keep_their_width(value, digits, text):
    assert count(value, digits) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1e-9, "<0.001"),
        (0.0004, "<0.001"),
        (0.0009, "<0.001"),
        (0.00123, "0.0012"),
        (0.254, "0.25"),
        (1.0, "1.0"),
    ],
)
def test_probabilities_in_little_room(value, said) -> None:
    assert probability(value) == said
