"""A plane through data of many inputs: what it is over is said, and its colours are what the network answers there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.slices import over_axes, over_inputs, principal
from playground.document.project import data_of
from playground.runner.messages import Plane
from playground.runner.session import Session
from playground.runner.wants import PCA
from playground.ui.panels.output.slice import RESOLUTION, Slice, telling_inputs
from playground.ui.panels.output.view import OutputView
from tests.ui.bench import Bench


@pytest.fixture
def picture(qtbot, context, iris) -> Slice:
    data = data_of(iris)
    made = Slice(context(iris), iris, data)
    qtbot.addWidget(made)
    made.show_data(iris, data)
    made.resize(330, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_it_begins_with_the_inputs_that_tell_most(picture: Slice) -> None:
    raw = picture.data.raw
    assert picture.inputs == telling_inputs(raw)
    assert {raw.features[i] for i in picture.inputs} == {"petal length (cm)", "petal width (cm)"}
    assert picture.held.text() == "Others as in validation sample 1."


def test_the_plane_is_what_the_network_answers_there(iris) -> None:
    session, data = Session(), data_of(iris)
    session.load(iris)
    want = Plane("out", 1, 3, "validation", 4, 16)
    values, across, up = session.frame({want}).answer(want)
    assert values.shape == (3, 16, 16)
    point = data.raw.x[data.index.validation[4]].copy()
    point[1], point[3] = np.linspace(*across, 16)[5], np.linspace(*up, 16)[11]
    expected = session.trainer.model.predict(data.transform(point[None]))[0]
    assert np.allclose(values[:, 11, 5], expected, atol=1e-5)


def test_over_the_principal_axes(iris) -> None:
    data = data_of(iris)
    axes = principal(data)
    assert np.allclose(axes.directions @ axes.directions.T, np.eye(2), atol=1e-9)
    spread = np.linalg.eigvalsh(np.cov(data.train.x.T.astype(np.float64)))[::-1]
    assert np.allclose(axes.shares, spread[:2] / spread.sum(), atol=1e-6)
    inputs, across, up = over_axes(data, axes, 8)
    places = axes.places(inputs)
    assert np.allclose(places[:8, 0], np.linspace(*across, 8), atol=1e-4)
    assert np.allclose(places[::8, 1], np.linspace(*up, 8), atol=1e-4)


def test_others_are_held(iris) -> None:
    data = data_of(iris)
    held = data.raw.x[7]
    inputs, _, _ = over_inputs(data, 0, 2, held, 8)
    assert np.allclose(inputs[:, [1, 3]], data.transform(held[None])[0, [1, 3]])


def test_both_are_said_and_asked_for(picture: Slice, focus) -> None:
    picture.across.setCurrentIndex(0)
    assert picture.inputs == (PCA, PCA)
    assert not picture.up.isEnabled()
    assert "PCA" in picture.held.text()
    assert picture.wants() == [Plane("out", PCA, PCA, "train", 0, RESOLUTION)]
    picture.across.setCurrentIndex(1)
    picture.up.setCurrentIndex(1)
    focus.choose_sample("train", 5)
    assert picture.wants() == [Plane("out", 0, 1, "train", 5, RESOLUTION)]
    assert picture.held.text() == "Others as in train sample 6."


def test_a_click_chooses_the_sample_there(picture: Slice, focus) -> None:
    place = picture._places(picture.data.index.validation[9:10])[0]
    picture.plot.chosen.emit(float(place[0]), float(place[1]))
    part, index = focus.sample
    rows = getattr(picture.data.index, part)
    assert np.allclose(picture._places(rows[index : index + 1])[0], place)


def test_what_is_shown_can_be_chosen(qtbot, iris) -> None:
    bench = Bench(qtbot, OutputView, iris).show(360, 300)
    view = bench.view
    names = [action.text() for action in view.choice.menu().actions()]
    assert names == ["Confusion matrix", "Boundary over two inputs", "Table of the samples"]
    view.choice.menu().actions()[1].trigger()
    assert isinstance(view.picture, Slice)
    assert view.title.text() == "Decision boundary"
    assert view.choice.focusPolicy() == Qt.FocusPolicy.TabFocus
