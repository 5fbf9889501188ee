"""The landscape panel: each mode draws what the worker's own session answers, and says it in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QToolButton

from engine.landscape.step import judged
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.runner.messages import GradientNoise, LossPlane, RateRange, StepLength
from playground.runner.race import Race
from playground.runner.session import Session
from playground.runs.kept import Kept
from playground.runs.trial import Trial
from playground.ui.kit import places
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.landscape import words
from playground.ui.panels.landscape.slice import PIXELS, Bands, banded
from playground.ui.panels.landscape.view import LandscapeView
from tests.ui.bench import Bench, ink


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "runs_folder", lambda: tmp_path / "runs")


@pytest.fixture
def project() -> Project:
    return example("regression").project


@pytest.fixture
def session(project) -> Session:
    session = Session()
    session.load(project)
    session.play()
    session.train(60.0, 60)
    session.pause()
    return session


@pytest.fixture
def bench(qtbot, project) -> Bench:
    return Bench(qtbot, LandscapeView, project).show(900, 320)


def answered(bench: Bench, session: Session) -> None:
    wants = bench.view.wants()
    session.frame(wants)
    session.work(wants, lambda _: True)
    bench.view.show_frame(session.frame(wants))


def test_only_the_mode_on_screen_is_asked_for(bench):
    kinds = [LossPlane, StepLength, RateRange, GradientNoise]
    for mode, kind in zip(bench.view.modes, kinds, strict=True):
        bench.find(f"landscape_{mode.key}").click()
        (want,) = bench.view.wants()
        assert type(want) is kind
        assert mode.plot.isVisible()
        assert mode.controls.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("index", range(4))
def test_each_mode_draws_its_answer_and_says_what_it_is_of(qtbot, project, session, index, theme):
    bench = Bench(qtbot, LandscapeView, project, theme=theme).show(900, 320)
    bench.view.choose(index)
    mode = bench.view.mode
    blank = ink(mode.plot.grab().toImage(), theme.sunken)
    answered(bench, session)
    assert mode.words.isVisible()
    assert "120" in mode.words.text() or "60 updates" in mode.words.text()
    assert (ink(mode.plot.grab().toImage(), theme.sunken) != blank).mean() > 0.01
    assert bench.view.as_table().rows


def test_two_weights_are_chosen_by_parameter_and_index(bench, session):
    mode = bench.view.slice
    mode.way.setCurrentIndex(1)
    first = mode.first
    assert [first.parameter.itemText(i) for i in range(3)] == [
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
    ]
    assert (mode.want().first.words, mode.want().second.words) == (
        "linear1.weight[0, 0]",
        "linear1.weight[1, 0]",
    )
    first.parameter.setCurrentIndex(2)
    first.parameter.activated.emit(2)
    assert first.index.text() == "0, 0"
    first.index.setText("3, 7")
    assert mode.want().first.words == "linear2.weight[3, 7]"
    for wrong in ("3", "3, 8", "-1, 0", "a, b", "1, 2, 3", ""):
        first.index.setText(wrong)
        assert first.index.property("wrong"), wrong
        assert mode.want().first.words == "linear2.weight[3, 7]"
    first.index.editingFinished.emit()
    assert first.index.text() == "3, 7"
    assert not first.index.property("wrong")
    answered(bench, session)
    assert mode.found.names == ("linear2.weight[3, 7]", "linear1.weight[1, 0]")
    weights = session.trainer.model.parameters["linear2"]["weight"]
    assert mode.found.path[-1][0] == pytest.approx(weights[3, 7], rel=1e-6)


def test_a_layer_that_goes_takes_its_numbers_along(bench):
    mode = bench.view.slice
    mode.way.setCurrentIndex(1)
    mode.first.parameter.setCurrentIndex(2)
    mode.first.parameter.activated.emit(2)
    bench.document.do(edits.remove, {"linear2", "tanh2"})
    assert mode.want().first.words == "linear2.weight[0, 0]"  # what is in its place now, and called so


def test_what_cannot_be_drawn_is_said_in_the_picture(bench, session):
    mode = bench.view.slice
    mode.way.setCurrentIndex(1)
    mode.second.index.setText("0, 0")
    answered(bench, session)
    assert "Choose two different numbers" in mode.plot.note.text()
    assert mode.found is None
    mode.second.index.setText("1, 0")
    answered(bench, session)
    assert not mode.plot.note.text()


def test_a_network_that_cannot_run_leaves_no_old_picture(bench, session):
    answered(bench, session)
    assert bench.view.slice.found is not None
    session.load(edits.add_layer(session.project, "Linear", 5))
    answered(bench, session)
    assert "See Problems" in bench.view.slice.plot.note.text()
    assert bench.view.slice.found is None
    assert bench.view.as_table() is None


def test_the_plane_is_asked_for_anew(bench, session):
    answered(bench, session)
    before = bench.view.slice.found
    session.play()
    session.train(60.0, 30)
    session.pause()
    answered(bench, session)
    np.testing.assert_array_equal(bench.view.slice.found.losses, before.losses)
    assert bench.view.slice.found.steps[-1] == 90
    bench.find("landscape_anew").click()
    answered(bench, session)
    assert not np.array_equal(bench.view.slice.found.losses, before.losses)


def test_the_suggested_rate_is_set_with_one_click_and_undone(bench, session, project):
    bench.view.choose(2)
    assert not bench.find("landscape_set_rate").isVisible()
    answered(bench, session)
    found = bench.view.rates.found
    assert found.done
    button: QToolButton = bench.find("landscape_set_rate")
    button.click()
    assert bench.project.fit.optimizer.lr == found.suggested
    assert bench.project.fit.optimizer.replace(lr=0.01) == project.fit.optimizer
    assert bench.history.undoText() == f"Set the learning rate to {found.suggested:g}"
    assert not button.isEnabled()
    bench.history.undo()
    assert bench.project == project
    assert button.isEnabled()


def test_kept_runs_of_the_same_network_are_offered(qtbot, project, session):
    bench = Bench(qtbot, LandscapeView, project)
    folder = places.runs_of(bench.document)
    other = edits.remove(project, {"linear2", "tanh2"})
    race = Race(((Trial(project, 0, 2),), (Trial(other, 0, 2),)), kept=Kept(folder))
    while race.go_on(1):
        pass
    bench.show(900, 320)
    mode = bench.view.slice
    assert mode.way.count() == 6
    mode.way.setCurrentIndex(5)
    answered(bench, session)
    assert mode.found.names[0].startswith("0: run ")
    assert mode.found.path[-1] == pytest.approx([1.0, 0.0], abs=1e-9)


# --- without a window -------------------------------------------------------------------------------------------------


def test_colours_follow_the_losses_and_what_is_infinite_is_at_the_end(session):
    session.work([LossPlane(along="random")], lambda _: True)
    plane = session.frame([LossPlane(along="random")]).answer(LossPlane(along="random"))
    bands = Bands(plane.losses)
    picture = banded(plane, bands).astype(int)
    assert picture.shape == (PIXELS, PIXELS)
    low = np.unravel_index(plane.losses.argmin(), plane.losses.shape)
    high = np.unravel_index(plane.losses.argmax(), plane.losses.shape)
    size = len(plane.across) - 1
    at = lambda place: tuple(round(k * (PIXELS - 1) / size) for k in place)
    assert picture[at(low)] < 60
    assert picture[at(high)] > 220
    broken = replace(plane, losses=np.where(plane.losses == plane.losses.max(), np.inf, plane.losses))
    assert Bands(broken.losses).high < bands.high
    assert banded(broken, Bands(broken.losses))[at(high)] > 220


def test_a_plane_that_is_half_done_is_drawn_between_the_rows_there_are(session):
    want = LossPlane(along="gradient")
    session.work([want], lambda _: False)
    parts = [session.frame([want]).answer(want)]
    while session.work([want], lambda _: False):
        parts.append(session.frame([want]).answer(want))
    for plane in parts:
        if not np.isnan(plane.losses).all():
            assert banded(plane, Bands(plane.losses)).shape == (PIXELS, PIXELS)


@pytest.mark.parametrize(
    ("losses", "head"),
    [
        ((1.0, 0.6, 0.4), "About right"),
        ((1.0, 0.9, 0.82), "Too short"),
        ((1.0, 0.5, 0.9), "Overshoots"),
        ((1.0, 1.5, 2.0), "Uphill"),
    ],
)
def test_a_step_is_judged_in_words(session, losses, head):
    want = StepLength()
    session.work([want], lambda _: True)
    step = session.frame([want]).answer(want)
    verdict, reach = judged(*losses)
    fields = {**vars(step), "three": losses, "verdict": verdict, "reach": reach}
    assert words.of_step(type(step)(**fields))[0] == head
