"""The plane of an autoencoder's code: samples at their codes, and any point of it decoded as the network does."""

import numpy as np
import pytest

from engine.layers import Linear
from playground.document import edits
from playground.document.examples import example
from playground.document.project import data_of, loss_of
from playground.runner.messages import Codes, Decoded, State
from playground.runner.session import Session
from playground.ui.kit.colours import sample_image
from playground.ui.kit.points import rows_of
from playground.ui.panels.output.code_plane import SHOWN, CodePlane
from playground.ui.panels.output.view import OutputView
from tests.ui.bench import pixels


@pytest.fixture(scope="module")
def session():
    made = Session()
    made.load(example("denoising-autoencoder").project)
    for _ in range(3):
        made.trainer.step()
    return made


@pytest.fixture
def plane(qtbot, context, session):
    project = session.project
    picture = CodePlane(context(project), project, data_of(project))
    qtbot.addWidget(picture)
    picture.show_data(project, picture.data)
    picture.resize(420, 320)
    picture.show()
    qtbot.waitExposed(picture)
    return picture


def asked(session, plane):
    """The plane with an answer to all that it wants."""
    plane.show_frame(session.frame(frozenset(plane.wants())))
    return plane


def test_samples_lie_at_their_codes_in_the_colours_of_their_classes(session, plane):
    asked(session, plane)
    data, model = plane.data, session.trainer.model
    codes = model.values(data.validation.x[:SHOWN], ("linear2",))["linear2"]
    np.testing.assert_allclose(plane.points["validation"].at, codes, rtol=1e-4, atol=1e-5)
    assert len(plane.points["train"].at) == SHOWN
    looks = plane.points["validation"]._looks
    labels = data.made.y[rows_of(data, "validation")[:SHOWN]]
    assert len({one.brush.color().name() + one.pen.color().name() for one in looks}) == len(set(labels))
    assert data.raw.classes == ()


def test_a_sample_s_code_is_decoded_to_what_the_network_gives_for_it(session, plane):
    asked(session, plane)
    model, data = session.trainer.model, plane.data
    code = model.values(data.train.x[:1], ("linear2",))["linear2"][0]
    plane._probe((float(code[0]), float(code[1])))
    assert plane.wants()[-1] == Decoded("linear2", tuple(float(f"{c:.4g}") for c in code))
    asked(session, plane)
    frame = session.frame(frozenset([Decoded("linear2", tuple(map(float, code)))]))
    made = frame.answer(Decoded("linear2", tuple(map(float, code))))
    wanted = loss_of(session.project).numbers(model.predict(data.train.x[:1]))[0]
    np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-5)
    ends = float(data.raw.y.min()), float(data.raw.y.max())
    shown = pixels(plane.decoded.image).astype(int)
    assert np.abs(shown - pixels(sample_image(wanted.astype(np.float32), *ends)).astype(int)).max() <= 1


def test_a_click_stays_and_chooses_the_sample_that_lies_there(session, plane):
    asked(session, plane)
    x, y = plane.points["validation"].at[7].tolist()
    plane._choose(x, y)
    plane._probe(None)
    assert plane.at == (float(f"{x:.4g}"), float(f"{y:.4g}"))
    part, index = plane.context.focus.sample
    there = {"train": plane._codes["train"], "validation": plane._codes["validation"]}[part][index]
    np.testing.assert_allclose(there, (x, y), rtol=1e-5, atol=1e-6)
    assert len(plane.rings.at) == len(plane.cross.at) == 1


def test_parts_that_are_not_shown_are_not_asked_for(plane):
    assert [w.part for w in plane.wants() if isinstance(w, Codes)] == ["train", "validation"]
    plane.parts["train"].setChecked(False)
    assert [w.part for w in plane.wants() if isinstance(w, Codes)] == ["validation"]


def test_without_answers_there_are_no_points(session, plane, frame):
    asked(session, plane)
    plane.show_frame(frame(session.project, {}, State.EMPTY))
    assert not len(plane.points["train"].at)
    assert plane.decoded.image.isNull()


def test_it_is_offered_where_the_network_has_a_code_of_two(qtbot, context, session):
    project = session.project
    view = OutputView(context(project))
    qtbot.addWidget(view)
    view.show_project(None, project)
    names = lambda: [action.text() for action in view.choice.menu().actions()]
    assert "Plane of the code" in names()
    wider = edits.set_layer(project, "linear2", Linear(3))
    view.show_project(project, wider)
    assert "Plane of the code" not in names()
