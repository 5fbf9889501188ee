"""The output view picks the fitting picture, names it, and asks for what that picture needs."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest

import engine.data as sets
from engine import losses
from engine.data import Preparation, prepare
from playground.document.examples import example
from playground.document.project import data_of
from playground.runner.messages import PartScore, Predictions, State, Surface
from playground.runner.session import Session
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.output.boundary import Boundary
from playground.ui.panels.output.curve import CurveFit
from playground.ui.panels.output.images import Images
from playground.ui.panels.output.table import Classes, Values
from playground.ui.panels.output.view import OutputView, score
from playground.ui.shell.preview import views
from tests.ui.bench import ink
from tests.ui.panels.projects import make_project

KINDS = [
    (sets.Circle(samples=60), 1, losses.BCEWithLogitsLoss(), Boundary),
    (sets.Xor(samples=60), 1, losses.MSELoss(), Boundary),
    (sets.SpiralClasses(samples=60), 3, losses.CrossEntropyLoss(), Boundary),
    (sets.MultiGaussian(samples=60), 1, losses.MSELoss(), Boundary),
    (sets.Sine(samples=60), 1, losses.MSELoss(), CurveFit),
    (sets.Digits(), 10, losses.CrossEntropyLoss(), Images),
    (sets.Iris(), 3, losses.CrossEntropyLoss(), Classes),
    (sets.BreastCancer(), 1, losses.BCEWithLogitsLoss(), Classes),
    (sets.Diabetes(), 1, losses.MSELoss(), Values),
]


@pytest.fixture
def show(qtbot, context):
    def make(project, theme=LIGHT) -> OutputView:
        view = OutputView(context(project, theme))
        qtbot.addWidget(view)
        view.resize(380, 420)
        view.show_project(None, project)
        view.show()
        qtbot.waitExposed(view)
        return view

    return make


def flattened(project):
    """Pictures need a Flatten before the first Linear."""
    from engine import layers
    from playground.document import edits

    return edits.add_layer(project, layers.Flatten(), 0) if data_of(project).raw.is_image else project


@pytest.mark.parametrize(("source", "outputs", "loss", "kind"), KINDS, ids=lambda v: getattr(v, "key", None))
def test_every_kind_of_data_has_its_picture_and_is_answered(show, source, outputs, loss, kind):
    """With the worker's own session: what the picture wants is what the worker gives, before and after training."""
    project = flattened(make_project(source, outputs, loss))
    view = show(project)
    assert type(view.picture) is kind
    session = Session()
    session.load(project)
    assert session.state is State.READY, session.message
    blank = view.picture.grab().toImage()
    wants = tuple(view.wants())
    assert wants
    frame = session.frame(wants)
    assert set(frame.answers) == set(wants)
    view.show_frame(frame)
    first = view.picture.grab().toImage()
    assert first != blank
    session.play()
    session.train(0.5, most=60)
    session.pause()
    view.show_frame(session.frame(tuple(view.wants())))
    assert view.picture.grab().toImage() != first
    assert view.score.text() == score(session.frame()).replace("validation", "val.")


def test_the_score_in_words(show, frame, binary, sine):
    view = show(binary)
    view.show_frame(frame(binary, train_metric=0.5, validation_metric=0.99))
    assert view.score.text() == "val. accuracy 0.990"
    view.resize(500, 300)
    assert view.score.text() == "validation accuracy 0.990"
    view.resize(320, 300)
    assert view.score.text() == "val. accuracy 0.990"
    view.show_frame(frame(binary, train_metric=0.5))
    assert view.score.text() == "train accuracy 0.500"
    view.show_frame(frame(sine, validation_metric=-0.2))
    assert view.score.text() == "val. R² −0.200"
    view.show_frame(frame(binary))
    assert view.score.text() == ""
    view.show_frame(frame(binary, state=State.EMPTY, message="The network is empty."))
    assert view.score.text() == "cannot run"


def test_another_kind_of_data_changes_the_picture(show, frame, binary, iris):
    view = show(binary)
    assert view.title.text() == "Decision boundary"
    assert Surface("out") in view.wants()
    view.show_project(binary, iris)
    assert isinstance(view.picture, Classes)
    assert view.title.text() == "Confusion matrix"
    assert all(isinstance(want, Predictions) for want in view.wants())
    view.show_frame(frame(binary, {Surface("out"): np.zeros((1, 100, 100))}))  # still on its way
    assert view.picture.matrix.counts.size == 0
    view.show_project(iris, binary)
    assert isinstance(view.picture, Boundary)


def test_the_title_follows_the_unit_under_the_mouse(show, frame, binary, focus):
    view = show(binary)
    answers = {Surface("out"): np.zeros((1, 100, 100)), Surface("hidden"): np.zeros((4, 100, 100))}
    focus.hover(("hidden", 1))
    view.show_frame(frame(binary, answers))
    assert view.title.text() == "Unit 2 of hidden"
    focus.hover(None)
    view.show_frame(frame(binary, answers))
    assert view.title.text() == "Decision boundary"


def test_data_that_cannot_be_made_are_explained(show, binary):
    view = show(binary)
    small = binary.replace(
        source=sets.Circle(samples=10), preparation=binary.preparation.replace(extra_features=())
    )
    view.show_project(binary, small)
    assert view.picture is not None

    class Broken(sets.Source):
        """Has no samples."""

    broken = binary.replace(source=Broken())
    view.show_project(small, broken)
    assert view.picture is None
    assert "make()" in view.trouble.text()
    assert list(view.wants()) == []
    view.show_project(broken, small)
    assert view.picture is not None


def test_a_crashed_run_leaves_the_samples(show, frame, binary):
    view = show(binary)
    view.show_frame(frame(binary, {Surface("out"): np.zeros((1, 100, 100))}))
    assert not view.picture.image.image.isNull()
    view.show_frame(frame(binary, state=State.CRASHED, data=None))
    assert view.picture.image.image.isNull()


def test_theme_reaches_pictures_made_before_and_later(show, binary, iris):
    view = show(binary)
    view.context.theme.become(DARK)
    assert view.picture.plot.backgroundBrush().color().name() == DARK.panel
    view.show_project(binary, iris)
    assert (ink(view.picture.matrix.grab().toImage(), DARK.text) < 30).any()


@pytest.mark.parametrize("name", ["output", "loss", "metrics"])
def test_views_open_alone(qtbot, context, frame, binary, name):
    view = views()[name](context(binary))
    qtbot.addWidget(view)
    view.show_project(None, binary)
    view.show()
    view.show_frame(frame(binary, train_loss=0.5, validation_loss=math.nan))
    assert view.objectName()
    assert view.event(QEvent(QEvent.Type.LayoutRequest)) in (True, False)


# ---- the test part ---------------------------------------------------------------------------------------------------


IRIS = example("iris").project.replace(preparation=Preparation(train=0.6, validation=0.2))


@pytest.fixture
def trained() -> Session:
    session = Session()
    session.load(IRIS)
    session.play()
    session.train(60.0, until_epoch=3)
    session.pause()
    return session


def test_the_score_is_that_of_the_part_on_screen(show, trained: Session) -> None:
    view = show(IRIS)

    def look() -> str:
        view.show_frame(trained.frame(tuple(view.wants())))
        return view.score.text()

    assert look().startswith("val. accuracy")
    view.picture.bar.part = "train"
    assert look().startswith("train accuracy")
    view.picture.bar.part = "test"
    assert look() == ""
    assert PartScore("test") not in view.wants()
    for times in ("1 time", "2 times"):
        assert view.look.isVisible()
        QTest.mouseClick(view.look, Qt.MouseButton.LeftButton)
        assert not view.look.isVisible()
        score = trained.frame((PartScore("test"),)).answer(PartScore("test"))
        assert look() == f"test accuracy {score.metric:.3g} · loss {score.loss:.3g} · looked at {times}"
        view.picture.bar.part = "validation"
        assert look().startswith("val. accuracy")
        view.picture.bar.part = "test"
        assert look() == "", "each look is asked for"


def test_it_is_of_the_present_weights(trained: Session) -> None:
    want = PartScore("test")
    test = prepare(IRIS.source.make(), IRIS.preparation).test

    def accuracy() -> float:
        assert trained.trainer is not None
        return float((trained.trainer.model.predict(test.x).argmax(axis=1) == test.y).mean())

    before = trained.frame((want,)).answer(want)
    assert before.metric == pytest.approx(accuracy())
    assert math.isfinite(before.loss)
    trained.play()
    trained.train(60.0, until_epoch=40)
    trained.pause()
    after = trained.frame((want,)).answer(want)
    assert after.metric == pytest.approx(accuracy())
    assert after.loss < before.loss
