"""Samples come and go while a run goes on: its weights, what the optimizer remembers, its epochs and curves stay."""

from __future__ import annotations

import numpy as np
import pytest

from engine import layers, losses, optimizers
from engine.data import Blobs, Circle, Painted, Preparation, Typed, prepare
from engine.errors import DataError
from engine.fit import Fit
from engine.model import Model
from engine.network import Network, Node
from engine.train import Trainer
from playground.document import edits
from playground.document.change import diff
from playground.document.project import Project
from playground.runner.messages import State
from playground.runner.session import Session

NETWORK = Network(
    (Node("hidden", layers.Linear(6)), Node("tanh", layers.Tanh()), Node("out", layers.Linear(1)))
)
PROJECT = Project(source=Circle(samples=100), network=NETWORK, fit=Fit(optimizer=optimizers.Adam(lr=0.01)))


def state(session: Session) -> dict[str, np.ndarray]:
    return {name: a.copy() for name, a in session.trainer._arrays().items()}


def trained(project: Project = PROJECT) -> Session:
    session = Session()
    session.load(project)
    session.play()
    session.train(600.0, until_epoch=5)
    return session


def stroke(project: Project, count: int = 20, label: float = 1.0) -> Project:
    source = edits.painted(project)
    places = np.random.default_rng(count).uniform(-5, 5, (count, 2))
    return edits.paint(project, source.added(places, label))


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def test_a_stroke_keeps_weights_memory_epochs_and_curves() -> None:
    session = trained()
    before, log = state(session), session.trainer.log.view().rows.copy()
    session.load(stroke(PROJECT))
    assert same(state(session), before)
    assert session.trainer.epoch == 5
    assert len(session.trainer.train) == 72
    assert np.array_equal(session.trainer.log.view().rows, log)
    assert session.state is State.RUNNING
    session.train(600.0, until_epoch=6)
    assert session.trainer.epoch == 6
    assert session.trainer.log.view()["epoch"][-1] == 6


def test_the_scores_are_of_the_new_samples_at_once() -> None:
    session = trained()
    was = session.trainer.train_score.loss
    session.load(stroke(PROJECT, 60, 0.0))
    assert session.trainer.train_score.loss != was
    fresh = Trainer(session.trainer.model, session.trainer.train, None, PROJECT.fit)
    assert session.trainer.train_score.loss == fresh.train_score.loss


def test_undo_takes_the_points_and_leaves_the_weights() -> None:
    session = trained()
    session.load(stroke(PROJECT))
    session.train(600.0, until_epoch=8)
    before = state(session)
    session.load(PROJECT, returning=True)
    assert same(state(session), before)
    assert (session.trainer.epoch, len(session.trainer.train)) == (8, 60)


def test_weights_set_by_hand_stay_as_well() -> None:
    session = trained()
    project = edits.set_weight(PROJECT, "hidden", "weight", (0, 0), 0.0, 3.0)
    session.load(project)
    session.load(stroke(project))
    assert session.trainer.model.parameters["hidden"]["weight"][0, 0] == 3.0


def test_a_picture_that_was_cleared_goes_on_where_it_was() -> None:
    session, painted = trained(), stroke(PROJECT)
    session.load(painted)
    before = state(session)
    session.load(edits.paint(painted, painted.source.with_points(np.zeros((0, 4)))))
    assert session.state is State.EMPTY
    assert "no points yet" in session.message
    session.load(painted)
    assert session.state is State.RUNNING
    assert session.trainer.epoch == 5
    assert np.array_equal(state(session)["parameters"], before["parameters"])


def test_a_picture_that_was_cleared_while_it_stood_still_waits() -> None:
    session, painted = trained(), stroke(PROJECT)
    session.load(painted)
    session.pause()
    session.load(edits.paint(painted, painted.source.with_points(np.zeros((0, 4)))))
    session.load(painted)
    assert session.state is State.PAUSED


def test_another_class_begins_anew() -> None:
    session, painted = trained(), stroke(PROJECT)
    session.load(painted)
    after = edits.set_classes(painted, painted.source.replace(classes=("0", "1", "2")))
    session.load(after)
    assert session.trainer.epoch == 0
    assert after.network.nodes[-1].layer.out_features == 3


def test_points_that_claim_to_be_of_another_set_do_not_feed_its_run() -> None:
    """A file can say anything: what counts is that there are as many classes."""
    three, four = Blobs(samples=60, classes=3), Blobs(samples=60, classes=4)
    network = edits.set_layer(PROJECT, "out", layers.Linear(4)).network
    fit = PROJECT.fit.replace(loss=losses.CrossEntropyLoss(num_classes=4))
    project = PROJECT.replace(source=three, network=network, fit=fit)
    origin = stroke(project.replace(source=four)).source.origin
    painted = edits.paint(project, stroke(project).source.replace(origin=origin))
    assert diff(project.replace(source=four), painted).feeds
    session = trained(painted)
    session.load(project.replace(source=four))
    assert session.trainer.epoch == 0


@pytest.mark.parametrize(
    ("after", "feeds"),
    [
        (stroke, True),
        (lambda p: edits.set_fit(stroke(p), p.fit.replace(batch_size=5)), True),
        (lambda p: edits.set_preparation(stroke(p), Preparation(train=0.5)), False),
        (lambda p: edits.set_seed(stroke(p), 3), False),
        (lambda p: p.replace(source=Circle(samples=101)), False),
        (lambda p: p.replace(source=Painted()), False),
        (lambda p: p.replace(source=Typed()), False),
        (lambda p: edits.set_fit(p, p.fit.replace(batch_size=5)), False),
    ],
    ids=range(8),
)
def test_what_feeds_a_run(after, feeds: bool) -> None:
    for one, other in ((PROJECT, after(PROJECT)), (after(PROJECT), PROJECT)):
        assert diff(one, other).feeds is feeds
        if feeds:
            assert not diff(one, other).draws_anew


def test_a_stroke_is_one_mark_on_the_curves() -> None:
    session, project = trained(), stroke(PROJECT)
    session.load(project)
    for count in (3, 4, 5):
        session.train(600.0, until_epoch=session.trainer.epoch + 1)
        project = stroke(project, count)
        session.load(project)
    assert [mark.text for mark in session.frame().marks] == ["Circle → Painted points"]
    session._fed_at = 0.0  # some seconds later
    session.train(600.0, until_epoch=session.trainer.epoch + 1)
    session.load(stroke(project, 8))
    assert session.frame().marks[-1].text == "points 132 → 140"


def test_a_trainer_is_fed_with_samples_of_its_shape_only() -> None:
    data = prepare(Circle(samples=50).make(), Preparation())
    trainer = Trainer(Model(NETWORK, data.in_shape, seed=0), data.train, data.validation, PROJECT.fit)
    with pytest.raises(DataError, match="expects"):
        trainer.feed(
            prepare(Typed([[1, 2, 3, 4]], inputs=3).make(), Preparation(train=1.0, validation=0.0)).train,
            None,
        )
    assert len(trainer.train) == 30


def test_fed_as_it_goes_it_is_the_run_that_begins_there(tmp_path) -> None:
    """What comes after a stroke follows from the weights then, the samples and the seed: a copy does the same, bit for bit."""
    session, project = trained(), stroke(PROJECT)
    session.load(project)
    run = session.current()
    session.train(600.0, until_epoch=9)
    other = Session()
    other.load(project)
    other.go_on_from(run)
    other.play()
    other.train(600.0, until_epoch=9)
    assert same(state(session), state(other))
