"""Pictures from pictures, and a picture learned: what is on screen is what the network gives, over the whole way from the worker."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from engine import losses
from engine.data import Plane
from playground.document.examples import example
from playground.document.project import data_of, loss_of
from playground.runner.messages import Predictions, State, Surface
from playground.runner.session import Session
from playground.ui.kit.colours import sample_image
from playground.ui.kit.points import rows_of, size_of
from playground.ui.panels.output.boundary import Boundary
from playground.ui.panels.output.images import Images
from playground.ui.panels.output.learned import RESOLUTION, LearnedPicture
from playground.ui.panels.output.reconstruction import Reconstruction, in_words
from tests.ui.bench import pixels
from tests.ui.panels.projects import make_project


def opened(qtbot, context, kind, key):
    project = example(key).project
    data = data_of(project)
    assert kind.suits(data)
    picture = kind(context(project), project, data)
    qtbot.addWidget(picture)
    picture.show_data(project, data)
    picture.resize(420, 400)
    picture.show()
    qtbot.waitExposed(picture)
    return picture


@pytest.fixture
def denoising(qtbot, context):
    return opened(qtbot, context, Reconstruction, "denoising-autoencoder")


@pytest.fixture
def learned(qtbot, context):
    return opened(qtbot, context, LearnedPicture, "learned-picture")


def answered(picture, steps=3):
    """A frame of a session that has made a few steps of the picture's project."""
    session = Session()
    session.load(picture.project)
    for _ in range(steps):
        session.trainer.step()
    return session.frame(frozenset(picture.wants())), session


def same(image, other):
    return image.size() == other.size() and (pixels(image) == pixels(other)).all()


def test_each_sample_has_what_goes_in_what_comes_out_and_what_should(denoising):
    frame, session = answered(denoising)
    denoising.show_frame(frame)
    data, triples = denoising.data, denoising.grid.triples
    assert len(triples) == denoising.grid.capacity() >= 4
    raw, part = data.raw, data.validation
    z = session.trainer.model.predict(part.x[: len(triples)])
    made = loss_of(denoising.project).numbers(z)
    ends = float(raw.y.min()), float(raw.y.max())
    for i, triple in enumerate(triples):
        wanted = raw.y[rows_of(data, "validation")[i]].reshape(1, 8, 8)
        assert same(triple.wanted, sample_image(wanted.astype(np.float32), *ends))
        assert same(triple.given, sample_image(part.x[i].astype(np.float32), *ends))
        assert not same(triple.given, triple.wanted), "noise is on the input alone"
        assert same(triple.made, sample_image(made[i].astype(np.float32), *ends))
        assert triple.error == pytest.approx(((made[i] - wanted) ** 2).mean(), rel=1e-4)
        assert f"Sample {i + 1}" in in_words(triple)


def test_pages_parts_and_a_click(denoising, qtbot):
    frame, _ = answered(denoising)
    denoising.show_frame(frame)
    count = denoising.grid.capacity()
    denoising.bar.paged.emit(1)
    assert denoising.grid.triples[0].index == count
    assert denoising.bar.where.text() == f"{count + 1}–{2 * count} of {size_of(denoising.data, 'validation')}"
    place = denoising.grid.card(1).center().toPoint()
    qtbot.mouseClick(denoising.grid, Qt.MouseButton.LeftButton, pos=place)
    assert denoising.context.focus.sample == ("validation", count + 1)
    assert [t.index for t in denoising.card.triples] == [count + 1]
    qtbot.keyClick(denoising.grid, Qt.Key.Key_Left)
    assert denoising.context.focus.sample == ("validation", count)
    with qtbot.waitSignal(denoising.part_changed):
        denoising.bar.part = "train"
    assert denoising.part == "train"
    assert denoising.grid.triples[0].index == 0
    assert denoising.wants()[0] == Predictions("train", 0, count)


def test_without_answers_the_pictures_of_the_data_are_there(denoising, frame):
    assert all(t.made.isNull() and not t.given.isNull() for t in denoising.grid.triples)
    now, _ = answered(denoising)
    denoising.show_frame(now)
    assert not denoising.grid.triples[0].made.isNull()
    denoising.show_frame(frame(denoising.project, {}, State.EMPTY))
    assert denoising.grid.triples[0].made.isNull()


def test_the_network_paints_the_plane(learned):
    assert [w.resolution for w in learned.wants()] == [RESOLUTION]
    frame, session = answered(learned)
    learned.show_frame(frame)
    low, high = frame.extent
    axis = np.linspace(low, high, RESOLUTION)
    for i, j in ((0, 0), (10, 70), (99, 3)):
        at = learned.data.transform(np.array([[axis[j], axis[RESOLUTION - 1 - i]]]))
        np.testing.assert_allclose(
            learned.canvas.colours[:, i, j], session.trainer.model.predict(at)[0], rtol=1e-4, atol=1e-5
        )
    inside = learned.canvas.inside
    assert inside.x() == pytest.approx((-1 - low) / (high - low))
    assert inside.width() == pytest.approx(2 / (high - low))
    assert inside.y() == pytest.approx((high - 1) / (high - low))


def test_the_numbers_under_the_cursor_are_told(learned):
    frame, _ = answered(learned)
    learned.show_frame(frame)
    place = learned.canvas.places()[0]
    words = learned.canvas._in_words(place.topLeft() + QPointF(1, 1))
    assert [line.split()[0] for line in words.splitlines()] == ["red", "green", "blue"]
    assert learned.canvas._in_words(QPointF(QPoint(-5, -5))) == ""
    learned.clear()
    assert learned.canvas._in_words(place.center()) == ""


@pytest.mark.parametrize("size", [(500, 260), (240, 520), (160, 120)])
def test_both_pictures_lie_within_the_panel(learned, size):
    learned.canvas.resize(*size)
    first, second = learned.canvas.places()
    assert not first.intersects(second)
    for place in (first, second):
        assert learned.canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(place)


def test_other_data_have_other_pictures(digits, surface):
    for project in (digits, surface):
        data = data_of(project)
        assert not Reconstruction.suits(data)
        assert not LearnedPicture.suits(data)
    assert not Images.suits(data_of(example("denoising-autoencoder").project))


def test_logits_that_stand_for_numbers_are_shown_as_those_numbers(qtbot, context, frame):
    """With binary cross-entropy a regression's outputs are logits; what is read off the plane lies between 0 and 1."""
    project = make_project(Plane(samples=80), 1, losses.BCEWithLogitsLoss())
    boundary = Boundary(context(project), project, data_of(project))
    qtbot.addWidget(boundary)
    boundary.show_data(project, boundary.data)
    boundary.show_frame(frame(project, {Surface("out", 100): np.full((1, 100, 100), 3.0, np.float32)}))
    assert boundary._in_words(np.array([3.0])).split()[-1] == "0.953"
    shown, _ = boundary._signed(np.full((1, 2, 2), 3.0))
    np.testing.assert_allclose(shown, 1 / (1 + np.exp(-3.0)))
