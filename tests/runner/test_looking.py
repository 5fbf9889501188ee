"""What the pictures of convolutions ask: gradients of one sample, saliency, strongest samples, and a picture of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from engine.network import INPUT
from playground.document.examples import example
from playground.runner.messages import (
    OWN,
    Deltas,
    Gradients,
    Maps,
    Predictions,
    Saliency,
    ShowPicture,
    Strongest,
)
from playground.runner.session import Session


@pytest.fixture
def session() -> Session:
    made = Session()
    made.load(example("digits-cnn").project)
    made.play()
    made.train(0.0, 3)
    made.pause()
    return made


def test_the_gradients_of_one_sample_are_those_of_a_batch_of_one(session: Session) -> None:
    wants = [Deltas(i, "validation", 2) for i in ("conv2d1", "relu1", "maxpool2d1", "linear1", INPUT)]
    frame = session.frame([*wants, Gradients("conv2d1")])
    for want in wants:
        maps = Maps(want.node_id, "validation", 2)
        assert frame.answer(want).shape == session.frame([maps]).answer(maps).shape
    z = frame.answer(wants[3])
    assert z.sum() == pytest.approx(0.0, abs=1e-6)  # p − y of a softmax
    label = int(frame.data.validation.y[2])
    assert z.argmin() == label
    # Looking must not touch what the last step has left behind.
    again = session.frame([Gradients("conv2d1")])
    np.testing.assert_array_equal(
        frame.answer(Gradients("conv2d1"))["weight"], again.answer(Gradients("conv2d1"))["weight"]
    )


def test_two_samples_in_one_frame_keep_their_own_gradients(session: Session) -> None:
    a, b = Deltas("conv2d1", "train", 0), Deltas("conv2d1", "train", 1)
    both = session.frame([a, b])
    for want in (a, b):
        np.testing.assert_array_equal(both.answer(want), session.frame([want]).answer(want))
    assert (both.answer(a) != both.answer(b)).any()


def test_saliency_moves_the_unit(session: Session) -> None:
    unit = (3, 1, 2)
    found = session.frame([Saliency("conv2d2", unit, "validation", 0)]).answer(
        Saliency("conv2d2", unit, "validation", 0)
    )
    assert found.shape == (1, 8, 8)
    assert found.any()
    outside = Saliency("conv2d2", (3, 9, 9), "validation", 0)
    assert session.frame([outside]).answer(outside) is None


def test_the_strongest_samples_are_the_strongest(session: Session) -> None:
    want = Strongest("conv2d1", 4, 3)
    found = session.frame([want]).answer(want)
    assert len(found.samples) == 3
    for sample, value, (i, j) in zip(found.samples, found.values, found.cells, strict=True):
        maps = session.frame([Maps("conv2d1", "train", int(sample))]).answer(
            Maps("conv2d1", "train", int(sample))
        )
        assert maps[4, i, j] == pytest.approx(value, rel=1e-5)
        assert maps[4].max() == pytest.approx(value, rel=1e-5)


def test_a_picture_of_ones_own_is_asked_about_like_a_sample(session: Session) -> None:
    data = session.frame().data
    row = int(data.index.validation[5])
    session.show_picture(ShowPicture(7, np.asarray(data.raw.x[row])))
    for own, there in (
        (Maps("conv2d2", OWN, 7), Maps("conv2d2", "validation", 5)),
        (Predictions(OWN, 7, 1), Predictions("validation", 5, 1)),
    ):
        frame = session.frame([own, there])
        np.testing.assert_allclose(frame.answer(own), frame.answer(there), rtol=1e-5, atol=1e-6)
    named = int(session.frame([Predictions(OWN, 7, 1)]).answer(Predictions(OWN, 7, 1))[0].argmax())
    back = session.frame([Deltas("linear1", OWN, 7)]).answer(Deltas("linear1", OWN, 7))
    assert back.argmin() == named  # the class it names stands for the target


def test_another_picture_takes_the_place_of_the_last(session: Session) -> None:
    data = session.frame().data
    session.show_picture(ShowPicture(1, np.zeros(data.raw.in_shape)))
    first = session.frame([Maps(INPUT, OWN, 1)]).answer(Maps(INPUT, OWN, 1))
    session.show_picture(ShowPicture(2, np.ones(data.raw.in_shape)))
    frame = session.frame([Maps(INPUT, OWN, 1), Maps(INPUT, OWN, 2)])
    assert not first.any()
    assert frame.answer(Maps(INPUT, OWN, 1)) is None
    assert (frame.answer(Maps(INPUT, OWN, 2)) == 1.0).all()


def test_a_picture_outlives_an_edit_and_not_other_data(session: Session) -> None:
    shape = session.frame().data.raw.in_shape
    session.show_picture(ShowPicture(1, np.ones(shape)))
    project = session.project
    session.load(project.replace(seed=5))
    assert session.frame([Maps(INPUT, OWN, 1)]).answer(Maps(INPUT, OWN, 1)) is not None
    session.load(example("xor").project)
    assert session.frame([Maps(INPUT, OWN, 1)]).answer(Maps(INPUT, OWN, 1)) is None
