"""What errors and figures mean, in words with the numbers."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from engine.diagnosis import Bins, Diagnosis, LayerDiagnosis
from engine.verdict import (
    FAR_APART,
    HIGH,
    LARGE_UPDATE,
    MANY_DEAD,
    MANY_SATURATED,
    SMALL_UPDATE,
    Kind,
    findings,
    verdict,
)

NONE = Bins(np.zeros(1, int), np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("train", "validation", "human", "kind"),
    [
        (0.15, 0.16, 0.0, Kind.HIGH_BIAS),
        (0.15, 0.16, 0.14, Kind.GOOD_FIT),  # as good as a human: not the network's fault
        (0.01, 0.11, 0.0, Kind.HIGH_VARIANCE),
        (0.15, 0.30, 0.0, Kind.BOTH),
        (0.15, 0.30, 0.14, Kind.HIGH_VARIANCE),
        (0.005, 0.01, 0.0, Kind.GOOD_FIT),
        (0.0, 0.0, 0.0, Kind.GOOD_FIT),
        (0.01, 0.02, 0.1, Kind.GOOD_FIT),  # better than a human
        (0.03, 0.01, 0.0, Kind.GOOD_FIT),  # validation easier than training
        (1.4, 1.5, 0.0, Kind.BOTH),  # R² below 0
        (HIGH, HIGH, 0.0, Kind.HIGH_BIAS),
        (math.nan, 0.1, 0.0, Kind.CANNOT_TELL),
        (0.1, math.nan, 0.0, Kind.CANNOT_TELL),
        (math.inf, math.inf, 0.0, Kind.CANNOT_TELL),
    ],
)
def test_kinds(train: float, validation: float, human: float, kind: Kind) -> None:
    found = verdict(train, validation, human)
    assert found.kind is kind
    assert found.why.endswith(".")
    assert found.advice.endswith(".")


def test_the_sentence_has_the_numbers() -> None:
    found = verdict(0.123, 0.3, 0.02)
    assert (found.bias, found.variance) == (pytest.approx(0.103), pytest.approx(0.177))
    assert found.why == (
        "The training error, 12.3 %, is 10.3 points above the human error of 2 %, which is much; "
        "the validation error, 30 %, is 17.7 points above the training error, which is much."
    )
    assert "is not above the human error of 50 %" in verdict(0.123, 0.13, 0.5).why


def test_what_is_missing_is_named() -> None:
    assert "training error" in verdict(math.nan, math.nan, 0.0).why
    found = verdict(0.25, math.nan, 0.05)
    assert "validation error" in found.why
    assert found.bias == pytest.approx(0.2)
    assert math.isnan(found.variance)
    found = verdict(0.1, 0.2, math.nan)
    assert "human error" in found.why
    assert "human" in found.advice
    assert found.variance == pytest.approx(0.1)


def layer(node_id: str, **figures: Any) -> LayerDiagnosis:
    well = {
        "mean": 0.0,
        "std": 1.0,
        "dead": 0.0,
        "zeros": 0.0,
        "saturated": math.nan,
        "gradient_norm": 0.1,
        "update_ratio": math.nan,
    }
    return LayerDiagnosis(node_id, outputs=NONE, output_gradients=NONE, **(well | figures))


def weighty(node_id: str, **figures: Any) -> LayerDiagnosis:
    return dataclasses.replace(layer(node_id, **figures), weights=NONE, weight_gradients=NONE)


def said(*of: LayerDiagnosis) -> list[tuple[str, str]]:
    return [(f.node_id, f.message) for f in findings(Diagnosis(of, 10, 0))]


def test_a_healthy_network_needs_no_words() -> None:
    assert (
        said(
            weighty("a", update_ratio=1e-3),
            layer("r", saturated=0.7, zeros=0.7),
            weighty("b", update_ratio=0.0),
        )
        == []
    )


def test_dead_units_are_told() -> None:
    ((node_id, words),) = said(layer("relu1", saturated=0.9, dead=0.62))
    assert node_id == "relu1"
    assert words.startswith("62 % of the units of relu1 are dead")
    assert said(layer("relu1", saturated=0.1, dead=MANY_DEAD)) != []
    assert said(layer("relu1", saturated=0.1, dead=MANY_DEAD - 0.01)) == []
    assert said(layer("flatten1", dead=1.0)) == []  # what came in


def test_saturation_is_told() -> None:
    ((_, words),) = said(layer("tanh1", saturated=MANY_SATURATED))
    assert "50 % of the values of tanh1 are saturated" in words
    assert said(layer("tanh1", saturated=MANY_SATURATED - 0.01)) == []


def test_copies_are_told_and_nothing_that_follows_from_them() -> None:
    ((node_id, words),) = said(
        weighty("l1", alike=True, gradient_norm=0.0), layer("r", saturated=1.0, zeros=1.0), weighty("l2")
    )
    assert node_id == "l1"
    assert "symmetry" in words
    assert "He or Xavier" in words
    assert said(weighty("l1"), weighty("l2", alike=True)) == []


def test_updates_of_unusual_size_are_told() -> None:
    assert "lower learning rate" in said(weighty("l", update_ratio=LARGE_UPDATE))[0][1]
    assert "higher learning rate" in said(weighty("l", update_ratio=SMALL_UPDATE))[0][1]


@pytest.mark.parametrize(("first", "last", "word"), [(1.0, 2.1, "vanishes"), (2.1, 1.0, "explodes")])
def test_gradients_that_fade_or_grow_are_told(first: float, last: float, word: str) -> None:
    low, high = (1.0 if v == 1.0 else 2 * FAR_APART for v in (first, last))
    ((node_id, words),) = said(
        weighty("l1", gradient_norm=low), layer("t"), weighty("l2", gradient_norm=high)
    )
    assert node_id == "l1"
    assert word in words
    assert said(weighty("l1", gradient_norm=1.0), weighty("l2", gradient_norm=FAR_APART)) == []


def test_a_gradient_that_has_vanished_altogether_is_told_at_its_layer() -> None:
    ((node_id, words),) = said(weighty("l1", gradient_norm=0.0), weighty("l2", gradient_norm=1.0))
    assert node_id == "l1"
    assert "vanishes" in words
    assert said(weighty("l1", gradient_norm=0.0), weighty("l2", gradient_norm=0.0)) == []
