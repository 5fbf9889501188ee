"""Plans of several runs."""

import pytest

from engine.errors import SpecError
from playground.document.examples import example
from playground.document.paths import place
from playground.document.project import Project
from playground.runs.plan import Setting, grid, project_at, setting, spread


@pytest.fixture
def xor() -> Project:
    return example("xor").project


def test_values_ranges_and_factors(xor: Project) -> None:
    assert setting(xor, "fit.optimizer.lr=0.1,0.2,0.1").listed == (0.1, 0.2)
    assert setting(xor, "fit.optimizer.lr=log:1e-3..0.1/3").listed == pytest.approx((0.001, 0.01, 0.1))
    assert setting(xor, "linear1.out_features=2..4").listed == (2, 3, 4)
    assert [s.key for s in setting(xor, "tanh1=ReLU,Tanh").values] == ["ReLU", "Tanh"]


@pytest.mark.parametrize(
    "words",
    ["", "fit.optimizer.lr", "fit.optimizer.lr=", "fit.optimizer.lr=1..0", "fit.optimizer.lr=log:0..1", "tanh1=0..1",
     "fit.optimizer.lr=0..1/x", "fit.optimizer.lr=0..1/0", "fit.optimizer.lr=..", "linear1.out_features=0,1"],
)  # fmt: skip
def test_what_is_no_setting_is_refused_in_words(xor: Project, words: str) -> None:
    with pytest.raises(SpecError, match=r"Correct|separated by commas|Leave out"):
        setting(xor, words)


def test_a_grid_has_each_value_with_each_other(xor: Project) -> None:
    both = [setting(xor, "fit.optimizer.lr=0.1,0.2"), setting(xor, "linear1.out_features=2,3,4")]
    assert grid(both) == ((0.1, 2), (0.1, 3), (0.1, 4), (0.2, 2), (0.2, 3), (0.2, 4))
    changed = project_at(xor, both, (0.2, 3))
    assert place(changed, "linear1.out_features").value == 3
    assert place(changed, "fit.optimizer.lr").value == 0.2
    with pytest.raises(SpecError, match="expected from 1 to 10,000"):
        grid([Setting("fit.optimizer.lr", (), 0, 1, count=10_000)] * 2)


def test_a_spread_plan_fills_the_range_evenly_and_is_the_beginning_of_a_longer_one(xor: Project) -> None:
    over = [setting(xor, "fit.optimizer.lr=log:1e-4..1"), setting(xor, "fit.optimizer.momentum=0..0.9")]
    points = spread(over, 64)
    assert points == spread(over, 128)[:64]
    assert all(1e-4 <= lr <= 1 and 0 <= momentum <= 0.9 for lr, momentum in points)
    per_decade = [sum(10.0**d <= lr < 10.0 ** (d + 1) for lr, _ in points) for d in range(-4, 0)]
    assert all(13 <= count <= 19 for count in per_decade)


def test_a_choice_comes_once_in_a_spread_plan(xor: Project) -> None:
    assert len(spread([setting(xor, "tanh1=ReLU,Tanh,Sigmoid")], 50)) == 3


def test_the_border_of_a_range_is_its_outer_tenth() -> None:
    lr = Setting("fit.optimizer.lr", (), 1e-4, 1.0, log=True)
    assert [lr.border(v) for v in (1e-4, 2e-4, 0.01, 0.5, 1.0)] == ["lower", "lower", "", "upper", "upper"]
    assert [Setting("a", (1, 2, 3)).border(v) for v in (1, 2, 3)] == ["lower", "", "upper"]
    assert Setting("a", ("x", "y", "z")).border("x") == ""


@pytest.mark.parametrize(
    ("words", "value", "more"),
    [
        ("fit.optimizer.lr=log:1e-3..1/4", 1.0, "fit.optimizer.lr=log:1..30/4"),
        ("fit.optimizer.lr=log:1e-3..1e-2/4", 1e-3, "fit.optimizer.lr=log:0.0001..0.001/4"),
        ("fit.optimizer.lr=0.01,0.1,1", 1.0, "fit.optimizer.lr=log:1..30/4"),
        ("linear1.out_features=4,6,8", 8, "linear1.out_features=8..12/4"),
        ("fit.optimizer.lr=0.1,0.2,0.3", 0.2, None),
        ("fit.optimizer=SGD,Adam", None, None),
    ],
)
def test_a_range_is_extended_beyond_the_border_where_the_best_lies(
    words: str, value, more: str | None
) -> None:
    xor = example("xor").project
    found = setting(xor, words).extended(value)
    assert (None if found is None else found.words) == more
    if more is not None:
        assert setting(xor, more) == found
