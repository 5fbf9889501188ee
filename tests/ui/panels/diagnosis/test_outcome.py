"""What came of a remedy is said of the moments it came at, and of both runs."""

import math

import pytest

from engine.fit import Fit
from engine.log import COLUMNS
from playground.document.project import Project
from playground.runner.race import LaneView, RaceView
from playground.ui.panels.diagnosis.outcome import outcome


def lane(losses: list[float]) -> LaneView:
    """A run whose validation loss took these values, an epoch each."""
    column = COLUMNS.index("validation_loss")
    rows = tuple(
        tuple(float(n) if i == 0 else loss if i == column else 0.1 for i in range(len(COLUMNS)))
        for n, loss in enumerate(losses)
    )
    return LaneView("", len(losses) - 1, 1.0, rows, "finished", scores=(0.1, losses[-1]))


def words(a: list[float], b: list[float]) -> str:
    project = Project(fit=Fit())
    return outcome((project, project), RaceView(0, 1, (lane(a), lane(b)), over=True), "X")


def test_runs_of_one_length_are_compared_at_their_end() -> None:
    assert words([1.0, 0.8, 0.7], [1.0, 0.5, 0.4]) == (
        "It helps: validation loss 0.400 with it, 0.700 without, at epoch 2, both from the first weights of the same seed."
    )


def test_one_that_stopped_early_is_told_what_the_other_came_by_later() -> None:
    said = words([1.0, 0.6, 0.62, 0.4, 0.9], [1.0, 0.6, 0.62])
    assert "0.620 with it, 0.900 without, after 2 and 4 epochs" in said
    assert said.endswith("; on its way there, that without was as low as 0.400, at epoch 3.")


@pytest.mark.parametrize("gone", [math.nan, math.inf])
def test_what_is_no_number_is_no_best(gone: float) -> None:
    assert "on its way" not in words([1.0, gone, 0.9], [1.0, 0.6, 0.5])
