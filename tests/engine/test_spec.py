"""Hyper-parameters said once: checks, plain data, registries."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import numpy as np
import pytest

from engine.data import sources
from engine.errors import SpecError, UnknownName
from engine.initializers import initializers
from engine.layers import Conv2d, Layer, Linear
from engine.layers import registry as layers
from engine.losses import losses
from engine.optimizers import SGD, optimizers
from engine.registry import Registry
from engine.regularizers import L2, regularizers
from engine.spec import (
    Bool,
    Choice,
    File,
    Flags,
    Float,
    FloatList,
    Int,
    Kind,
    Pair,
    Spec,
    param,
    sides_in_words,
)
from tests.engine.catalogue import case_id, variants

REGISTRIES: tuple[Registry[Any], ...] = (layers, losses, optimizers, initializers, regularizers, sources)
EVERYTHING = [(r, cls) for r in REGISTRIES for cls in r]


@pytest.mark.parametrize(
    ("registry", "spec"), [(r, s) for r, cls in EVERYTHING for s in variants(cls)], ids=case_id
)
def test_plain_data_round_trip(registry: Registry[Any], spec: Spec) -> None:
    assert registry.build(spec.to_dict()) == spec


@pytest.mark.parametrize(("registry", "cls"), EVERYTHING, ids=case_id)
def test_everything_explains_itself(registry: Registry[Any], cls: type[Spec]) -> None:
    assert cls.help()
    assert cls.label
    assert registry.get(cls.key) is cls
    assert all(p.help for p in cls.params())


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Int(1, 5), [1, 5, 3.0, np.int32(2)], [0, 6, 2.5, True, "3", None, float("nan")]),
        (Float(0, 1), [0, 1, 0.5, np.float32(0.25)], [-0.1, 1.1, float("inf"), float("nan"), "0.5", True]),
        (Float(0, open_min=True), [1e-9], [0]),
        (Float(), [0, 3.4e38, -3.4e38, 1.2e-38], [3.5e38, -1e300, 10**400, 1e-39, -1e-300]),
        (File(), ["a", "", "\udcff"], ["\ud800", "a\0b", 3]),
        (Bool(), [True, False], [0, 1, "yes", None]),
        (Choice(("a", "b")), ["a"], ["c", 1, None]),
        (
            Pair(1, 9, words=("same",)),
            [1, (2, 3), [4, 4], "same"],
            [0, (1, 10), (1, 2, 3), (1, 2, 3, 4), "full", None, 1.5],
        ),
        (
            Pair(0, 9, sides=True),
            [1, (2, 3), (0, 1, 0, 1), [1, 2, 3, 4]],
            [(0, 1, 2), (0, 1, 2, 10), (0, 1, 2, 3, 4), "same"],
        ),
        (Flags(("a", "b")), [(), ["b", "a"]], ["a", ("c",), None]),
        (
            FloatList(most=3),
            [(), [1, 2.5], (0.5,)],
            [1.0, (0.0,), (-1, 2), "1, 2", (1, 2, 3, 4), ("a",), (True,)],
        ),
    ],
    ids=lambda v: type(v).__name__,
)
def test_kinds_take_what_they_say(kind: Kind, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        kind.check(value)
    for value in bad:
        with pytest.raises(SpecError, match="expected"):
            kind.check(value)


def test_values_take_their_proper_form() -> None:
    layer = Conv2d(out_channels=3.0, kernel_size=[2, 2], stride=(1, 2))
    assert (layer.out_channels, layer.kernel_size, layer.stride) == (3, 2, (1, 2))
    assert type(layer.out_channels) is int
    assert Flags(("a", "b")).check(["b", "a"]) == ("a", "b")


def test_errors_name_class_field_value_and_expectation() -> None:
    with pytest.raises(
        SpecError, match=r"Linear: out_features is 0; expected a whole number from 1 to 65536"
    ):
        Linear(out_features=0)


def test_specs_are_values() -> None:
    assert Linear(3) == Linear(3)
    assert hash(Linear(3)) == hash(Linear(3))
    with pytest.raises(FrozenInstanceError):
        Linear(3).out_features = 4  # type: ignore[misc]
    with pytest.raises(SpecError):
        Linear(3).replace(out_features=-1)


def test_nested_specs_survive_as_plain_data() -> None:
    layer = Linear(3, regularizer=L2(strength=0.5))
    assert layer.to_dict()["regularizer"] == {"type": "l2", "strength": 0.5}
    assert layers.build(layer.to_dict()) == layer


def test_unknown_things_are_named_with_their_neighbours() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean .*Linear"):
        layers.get("Liner")
    with pytest.raises(SpecError, match="has no parameter 'units'"):
        layers.build({"type": "Linear", "units": 3})
    with pytest.raises(SpecError, match="expected a mapping with a 'type'"):
        optimizers.build({"lr": 1.0})


def test_a_key_is_taken_once() -> None:
    with pytest.raises(SpecError, match="registered already"):
        optimizers.register("SGD")(SGD)


def test_a_new_layer_is_found_by_being_registered() -> None:
    @layers.register("TestDouble", category="Activation")
    @dataclass(frozen=True)
    class TestDouble(Layer):
        """Doubles every value."""

        times: int = param(Int(1, 9), default=2, help="How often.")

    try:
        assert "TestDouble" in layers
        assert layers.build({"type": "TestDouble", "times": 3}) == TestDouble(times=3)
        assert TestDouble in layers.by_category()["Activation"]
    finally:
        layers.unregister("TestDouble")
    assert "TestDouble" not in layers


def test_four_sides_that_are_a_pair_are_kept_as_one() -> None:
    kind = Pair(0, 9, sides=True)
    assert kind.check((1, 1, 1, 1)) == 1
    assert kind.check((1, 1, 2, 2)) == (1, 2)
    assert kind.check([0, 1, 0, 1]) == (0, 1, 0, 1)
    assert [sides_in_words(v) for v in (3, (3, 5), (0, 1, 2, 3), "same")] == ["3", "3×5", "0+1×2+3", "same"]
