"""What errors and figures mean, in words with the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.log import COLUMNS, LogView
from engine.verdict import HIGH, Kind, overfitted, verdict


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


def log(train: list[float], validation: list[float]) -> LogView:
    rows = np.zeros((len(train), len(COLUMNS)))
    rows[:, 0] = range(len(train))
    rows[:, COLUMNS.index("train_loss")], rows[:, COLUMNS.index("validation_loss")] = train, validation
    return LogView(rows)


FALLING = [1 / (n + 1) for n in range(16)]
TURNED = [1.0, 0.6, 0.4, 0.4, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]


def test_a_validation_loss_that_has_turned_is_told_with_its_numbers() -> None:
    found = overfitted(log(FALLING, TURNED))
    assert found is not None
    assert (found.best, found.at) == (0.4, 15)
    assert 2 <= found.epoch <= 4
    assert found.rise == pytest.approx(found.now / 0.4 - 1)
    assert f"best after epoch {found.epoch} (0.4)" in found.words


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (FALLING, FALLING),
        (TURNED, TURNED),  # the training loss rises as well: that is no overfitting
        (FALLING, [*FALLING[:15], 5.0]),  # one bad epoch
        (FALLING, [0.01 if n == 3 else 0.5 for n in range(16)]),  # one lucky epoch
        (FALLING, [math.nan] * 16),
        (FALLING[:3], TURNED[:3]),
        ([], []),
    ],
)
def test_whatever_else_the_losses_do_is_no_overfitting(train: list[float], validation: list[float]) -> None:
    assert overfitted(log(train, validation)) is None


def test_a_validation_loss_that_has_turned_is_no_good_fit() -> None:
    assert verdict(0.0, 0.0, 0.0).kind is Kind.GOOD_FIT
    found = verdict(0.0, 0.0, 0.0, turned="The validation loss has turned.")
    assert found.kind is Kind.HIGH_VARIANCE
    assert found.why.endswith("The validation loss has turned.")


def test_a_cause_comes_before_all_other_advice() -> None:
    found = verdict(0.5, 0.5, 0.0, cause="The gradient vanishes")
    assert found.kind is Kind.HIGH_BIAS
    assert found.advice == "First see to this: the gradient vanishes."
    assert verdict(0.0, 0.0, 0.0, cause="Layers in a row").kind is Kind.GOOD_FIT
    assert "Layers" not in verdict(0.0, 0.0, 0.0, cause="Layers in a row").advice


def test_while_it_learns_a_high_bias_asks_for_patience() -> None:
    found = verdict(0.4, 0.4, 0.0, learning=True)
    assert found.kind is Kind.HIGH_BIAS
    assert "train on" in found.advice
    assert "units" not in found.advice
    gap = verdict(0.0, 0.2, 0.0, learning=True)
    assert gap.kind is Kind.HIGH_VARIANCE
    assert "see whether the validation loss turns" in gap.advice
    assert "Overfitting" in verdict(0.0, 0.2, 0.0, turned="It has turned.", learning=True).advice
    assert verdict(0.4, 0.4, 0.0, cause="The gradient vanishes", learning=True).advice.startswith("First see")
