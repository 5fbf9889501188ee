"""What a card shows is what was measured, and the last moment at which all was well."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.coach import RULES
from engine.coach.picture import MOST_BARS, MOST_POINTS, bars, curves
from engine.layers import Linear, Sigmoid
from engine.network import Network
from playground import app
from playground.document.examples import example
from playground.document.project import Project
from tests.coach.zoo import EPOCHS, ZOO


def told(project: Project, epochs: int):
    found = []
    session = app.train(project, epochs, lambda done: None, coached=found.append)
    return session, found[-1]


def test_a_rule_says_where_to_look() -> None:
    assert {rule.about for rule in RULES.values()} == {"layer", "data", "fit", "curves"}


def test_the_bars_are_the_gradients_of_the_layers() -> None:
    deep = Network.chain(*[layer for _ in range(8) for layer in (Linear(8), Sigmoid())], Linear(1))
    _, coach = told(example("spiral").project.replace(network=deep), 3)
    advice = next(one for one in coach.said if one.rule == "vanishing-gradient")
    assert advice.picture is not None
    assert advice.picture.kind == "bars"
    assert advice.picture.names[int(advice.picture.marked)] == advice.node_id == "0"
    heights = advice.picture.values[0]
    assert heights[0] < 1e-4 * heights[-1]
    assert advice.picture.log


def test_layers_in_a_row_do_as_much_as_one() -> None:
    straight = Network.chain(Linear(8), Linear(8), Linear(1))
    _, coach = told(example("spiral").project.replace(network=straight), 1)
    assert coach.said[0].picture is not None
    assert coach.said[0].picture.values == ((3.0, 1.0),)


def test_of_a_run_the_losses_are_shown_as_the_log_has_them() -> None:
    straight = example("spiral").project.replace(network=Network.chain(Linear(1)))
    session, coach = told(straight, 40)
    assert session.trainer is not None
    advice = next(one for one in coach.said if one.moment == "trains")
    assert advice.picture is not None
    assert advice.picture.kind == "curves"
    log = session.trainer.log.view()
    by_epoch = dict(zip(log["epoch"], log["train_loss"], strict=True))
    curve = dict(zip(advice.picture.x, advice.picture.values[0], strict=True))
    assert curve == {epoch: by_epoch[epoch] for epoch in curve}
    assert advice.sane <= max(advice.epoch - RULES[advice.rule].hits, 0)
    assert advice.step == advice.epoch * 30


def test_more_than_there_is_room_for_is_left_out_around_what_is_meant() -> None:
    many = bars("x", {f"l{i}": float(i) for i in range(100)}, "l50")
    assert len(many.names) == MOST_BARS
    assert many.names[int(many.marked)] == "l50"
    long = curves("y", np.arange(10_000), {"a": np.arange(10_000)})
    assert len(long.x) == MOST_POINTS
    assert (long.x[0], long.x[-1]) == (0.0, 9999.0)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [one for one in ZOO if not one.apart], ids=lambda fault: fault.name)
def test_every_fault_has_a_picture_with_numbers(fault, tmp_path) -> None:
    _, coach = told(fault.make(tmp_path), EPOCHS)
    advice = next(one for one in coach.said if one.rule in fault.rules)
    if advice.rule == "last-layer" and advice.picture is None:
        return  # only an activation has a curve
    assert advice.picture is not None
    assert any(math.isfinite(v) for curve in advice.picture.values for v in curve)
