"""Long questions about the weights: answered bit by bit, on a copy, of the moment at which they were asked."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landscape import Cell, Noise, Plane, Rates, Step
from playground.document.examples import example
from playground.runner import landscape
from playground.runner.messages import GradientNoise, LossPlane, RateRange, StepLength
from playground.runner.session import Session
from playground.runs import files

CELLS = Cell("linear1", "weight", (0, 0)), Cell("linear1", "weight", (1, 0))


@pytest.fixture
def session() -> Session:
    found = Session()
    found.load(example("regression").project)
    found.play()
    found.train(60.0, 40)
    found.pause()
    return found


def complete(session: Session, want):
    session.work([want], lambda _: True)
    return session.frame([want]).answer(want)


@pytest.mark.parametrize("along", ["path", "gradient", "random", "start"])
def test_a_plane_is_made_while_the_run_stands_still(session, along):
    plane = complete(session, LossPlane(along=along))
    assert isinstance(plane, Plane)
    assert plane.share == 1.0
    assert not np.isnan(plane.losses).any()
    assert plane.steps[-1] == 40


def test_while_it_trains_a_plane_comes_bit_by_bit_and_its_path_goes_on(session):
    want = LossPlane(0, "weights", *CELLS)
    plane = complete(session, want)
    session.play()
    session.train(60.0, 5)
    later = session.frame([want]).answer(want)
    np.testing.assert_array_equal(later.losses, plane.losses)
    assert later.steps.tolist() == [*plane.steps.tolist(), 45]
    weights = session.trainer.model.parameters["linear1"]["weight"]
    np.testing.assert_allclose(later.path[-1], [weights[0, 0], weights[1, 0]], rtol=1e-6)
    asked_anew = LossPlane(1, "weights", *CELLS)
    for _ in range(10_000):
        session.train(60.0, 1)
        found = session.frame([asked_anew]).answer(asked_anew)
        if isinstance(found, Plane) and found.share == 1.0:
            break
    assert found.share == 1.0
    assert found.steps[-1] > 45


def test_a_way_that_was_asked_for_before_there_was_one_is_drawn_when_the_run_stands_still():
    session = Session()
    session.load(example("regression").project)
    assert complete(session, LossPlane()).names[0].startswith("random")
    assert "Train a little" in complete(session, LossPlane(along="start"))
    complete(session, LossPlane())
    session.play()
    session.train(60.0, 30)
    assert session.frame([LossPlane()]).answer(LossPlane()).names[0].startswith("random")
    session.pause()
    session.frame()
    plane = complete(session, LossPlane())
    assert plane.names[0].startswith("way of the run")
    assert plane.steps.tolist() == [0, 30]
    session.play()
    session.train(60.0, 30)
    session.pause()
    np.testing.assert_array_equal(complete(session, LossPlane()).losses, plane.losses)


def test_it_is_given_up_in_the_middle_and_gone_on_with(session):
    want = LossPlane(0, "weights", *CELLS)
    assert session.work([want], lambda _: False)
    part = session.frame([want]).answer(want)
    assert complete(session, want).share == 1.0
    assert part.share <= 1.0
    assert not session.work([want], lambda _: True)


def test_training_is_the_same_with_questions_and_without(session):
    other = Session()
    other.load(example("regression").project)
    other.play()
    other.train(60.0, 40)
    other.pause()
    for want in (LossPlane(), StepLength(), RateRange(), GradientNoise(0, *CELLS)):
        complete(session, want)
    for one in (session, other):
        one.play()
        one.train(60.0, 30)
    np.testing.assert_array_equal(session.trainer.model.store.values, other.trainer.model.store.values)


def test_from_the_weights_of_a_kept_run(session, tmp_path):
    path = tmp_path / "other.chainrule"
    files.save(session.project, path, session.current())
    there = session.trainer.model.store.values.copy()
    session.play()
    session.train(60.0, 25)
    session.pause()
    plane = complete(session, LossPlane(along="run", file=str(path), called="run 1"))
    assert plane.names[0] == "0: run 1 · 1: present weights"
    assert plane.path[-1] == pytest.approx([1.0, 0.0], abs=1e-9)
    row, column = np.abs(plane.up).argmin(), np.abs(plane.across).argmin()
    session.trainer.model.store.values[...] = there
    assert plane.across[column] == pytest.approx(0, abs=0.06)
    assert plane.losses[row, column] == pytest.approx(session.trainer.score()[0].loss, rel=0.2)


@pytest.mark.parametrize(
    ("want", "why"),
    [
        (LossPlane(0, "weights", CELLS[0], Cell("linear9", "weight", (0, 0))), "There is no linear9.weight"),
        (LossPlane(0, "weights", CELLS[0], CELLS[0]), "Choose two different"),
        (LossPlane(0, "weights"), "Choose them"),
        (LossPlane(0, "run", file="/nowhere.chainrule"), "nowhere"),
        (GradientNoise(0, CELLS[0], None), "Choose them"),
    ],
)
def test_what_cannot_be_drawn_is_said(session, want, why):
    assert why in complete(session, want)


def test_a_step_is_of_the_moment_at_which_it_was_asked(session, monkeypatch):
    monkeypatch.setattr(landscape, "BIT", 0.0)
    want = StepLength()
    session.play()
    found = None
    for _ in range(10_000):
        session.train(60.0, 1)
        before, found = found, session.frame([want]).answer(want)
        if found is not None and found is not before:
            assert found.step < session.trainer.steps  # it took several frames, in which the run went on
            break
    assert isinstance(found, Step)
    session.pause()
    assert complete(session, want).step == session.trainer.steps


def test_a_step_is_looked_at_once_while_nothing_changes_even_of_weights_that_are_no_numbers(session):
    want = StepLength()
    session.trainer.model.store.values[0] = np.nan
    complete(session, want)
    assert not session.work([want], lambda _: True)


def test_a_step_of_a_run_that_stands_still_is_made_bit_by_bit(session, monkeypatch):
    monkeypatch.setattr(landscape, "LOOK", 0.0)
    want, asked = StepLength(), []
    assert session.work([want], lambda _: asked.append(1) or False)
    assert len(asked) == 1
    assert session.work([want], lambda _: True)
    assert session.frame([want]).answer(want).step == 40


def test_rates_noise_and_step_answer(session):
    rates, noise, step = (complete(session, w) for w in (RateRange(), GradientNoise(0, *CELLS), StepLength()))
    assert isinstance(rates, Rates)
    assert rates.done
    assert isinstance(noise, Noise)
    assert noise.share == 1.0
    assert isinstance(step, Step)
    assert step.step == 40
