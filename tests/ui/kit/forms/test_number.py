"""How numbers step, and that no step leaves the range or stands still inside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec import Float, Int, Pair
from playground.ui.kit.forms.number import NumberField, PairField
from playground.ui.kit.theme import LIGHT

BOUNDED = Float(0.0, 0.95)
RATE = Float(min=0.0, max=100.0, log=True)


@pytest.fixture(scope="module")
def fields(qapp):
    return {
        "int": NumberField(Int(1, 65_536), "", LIGHT),
        "seed": NumberField(Int(min=0), "", LIGHT),
        "bounded": NumberField(BOUNDED, "", LIGHT),
        "rate": NumberField(RATE, "", LIGHT),
        "free": NumberField(Float(), "", LIGHT, around=0.1),
        "open": NumberField(Float(min=0.0, open_min=True, log=True), "", LIGHT),
        "pair": PairField(Pair(1, 64), "", LIGHT),
        "sides": PairField(Pair(0, 64, sides=True), "", LIGHT),
    }


@pytest.mark.parametrize(
    ("field", "value", "steps", "expected"),
    [
        ("int", 4, 1, 5),
        ("int", 1, -1, 1),
        ("int", 500, 1, 510),
        ("int", 505, 1, 510),
        ("int", 505, -1, 500),
        ("int", 65_536, 1, 65_536),
        ("seed", 0, 1, 1),
        ("bounded", 0.1, 1, 0.11),
        ("bounded", 0.123, 1, 0.13),
        ("bounded", 0.3, -3, 0.27),
        ("bounded", 0.95, 1, 0.95),
        ("rate", 0.03, 1, 0.05),
        ("rate", 0.03, -1, 0.02),
        ("rate", 0.01, -1, 0.005),
        ("rate", 0.001, 3, 0.01),
        ("rate", 0.0, 1, 1e-9),
        ("rate", 1e-9, -1, 0.0),
        ("rate", 100.0, 1, 100.0),
        ("free", 0.0, -1, -0.01),
        ("free", 0.0, 1, 0.01),
        ("free", -3.0, 1, -2.9),
        ("open", 1e-9, -1, 1e-9),
        ("pair", 3, 1, 4),
        ("pair", (3, 5), -1, (2, 4)),
        ("pair", (1, 5), -1, (1, 4)),
        ("pair", "same", 1, "same"),
    ],
)
def test_steps_are_round(fields, field: str, value, steps: int, expected) -> None:
    fields[field].show_value(value)
    assert (
        fields[field].stepped(value, steps) == pytest.approx(expected, rel=1e-12)
        if not isinstance(expected, str | tuple)
        else fields[field].stepped(value, steps) == expected
    )


@given(st.floats(0.0, 0.95), st.integers(-40, 40))
def test_no_step_leaves_the_range(fields, value: float, steps: int) -> None:
    fields["bounded"].show_value(value)
    BOUNDED.check(fields["bounded"].stepped(value, steps))


@given(st.floats(1e-8, 99.0), st.sampled_from([-1, 1]))
def test_every_step_by_order_of_magnitude_moves(fields, value: float, step: int) -> None:
    fields["rate"].show_value(value)
    after = RATE.check(fields["rate"].stepped(value, step))
    assert (after - value) * step > 0
    assert 1.0 < max(after, value) / min(after, value) <= 10.0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_field_writes_it_reads_back(fields, value: float) -> None:
    written = fields["free"].write(value)
    assert fields["free"].read(written) == pytest.approx(value, rel=1e-11)
    assert "-" not in written, "negative numbers have a real minus sign"


@given(st.integers(1, 64), st.integers(1, 64))
def test_what_a_pair_writes_it_reads_back(fields, height: int, width: int) -> None:
    kind = Pair(1, 64)
    value = kind.check((height, width))
    assert kind.check(fields["pair"].read(fields["pair"].write(value))) == value


@given(st.tuples(*[st.integers(0, 64)] * 4))
def test_what_four_sides_write_is_read_back(fields, sides: tuple[int, ...]) -> None:
    field = fields["sides"]
    value = field.kind.check(sides)
    assert field.kind.check(field.read(field.write(value))) == value
    assert field.kind.check(field.read(str(sides))) == value


def test_four_sides_are_read_only_where_there_are_sides(fields) -> None:
    assert fields["sides"].read("0+1×0+1") == (0, 1, 0, 1)
    assert fields["sides"].read("1×2") == (1, 2)
    assert fields["sides"].stepped((0, 1, 0, 1), 1) == (1, 2, 1, 2)
    assert fields["pair"].read("1+2×3+4") == "1+2×3+4", "to be refused"


def test_the_bar_shows_where_a_value_stands_in_its_range(fields) -> None:
    fields["bounded"].show_value(0.475)
    assert fields["bounded"].share() == pytest.approx(0.5)
    fields["rate"].show_value(1.0)
    assert fields["rate"].share() is None
