"""Same project, same seed, same numbers: to the last bit, with or without worker, frames, wants, bursts and speeds."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from engine import Model, train
from engine.augmentation import Cutout, Elastic, Noise, Rotate
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project, data_of
from playground.runner.messages import (
    Curve,
    Gradients,
    Histogram,
    Load,
    Maps,
    Pause,
    Play,
    Predictions,
    Reset,
    SetSpeed,
    SetWants,
    State,
    Step,
    Surface,
    Want,
    Weights,
)
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until

pytestmark = pytest.mark.slow

EPOCHS = 3


def wants_of(project: Project) -> frozenset[Want]:
    """Everything anybody could ask about it."""
    found: set[Want] = {Predictions("validation"), Predictions("train", 5, 20)}
    for node in project.network.nodes:
        found |= {kind(node.id) for kind in (Weights, Gradients, Surface, Curve, Histogram)}
        found.add(Maps(node.id, "train", 3))
    return frozenset(found)


def with_dropout(project: Project) -> Project:
    return edits.add_layer(project, "Dropout", len(project.network) - 1)


def augmented(project: Project) -> Project:
    return edits.set_fit(project, project.fit.replace(augmentation=(Rotate(), Elastic(), Cutout(), Noise())))


PROJECTS = {
    "circle": example("circle").project,
    "spiral": example("spiral").project,
    "digits-cnn": example("digits-cnn").project,
    "digits-cnn with dropout": with_dropout(example("digits-cnn").project),
    "regression": example("regression").project,
    "digits-cnn augmented": augmented(example("digits-cnn").project),
}


def headless(project: Project) -> dict[str, np.ndarray]:
    """Weights after ``engine.train``, which knows nothing of documents, sessions or threads."""
    data = data_of(project)
    model = Model(project.network, data.in_shape, project.seed, initializer=project.fit.initializer)
    fit = project.fit.replace(epochs=EPOCHS)
    for _ in train(model, data.train, fit, data.validation, project.seed):
        pass
    return model.state_dict()


def weights_of(project: Project) -> frozenset[Want]:
    return frozenset(Weights(node.id) for node in project.network.nodes)


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_the_window_trains_to_the_same_bits_as_a_plain_loop(project: Project, runner: Runner) -> None:
    expected = headless(project)
    runner.send(SetWants(wants_of(project)))
    runner.send(Load(project))
    runner.send(Step("batch"))
    runner.send(SetSpeed(100.0))
    runner.send(Play())
    until(runner, lambda f: f.step >= 10)
    runner.send(Pause())
    runner.send(SetSpeed(None))
    paused = until(runner, lambda f: f.state is State.PAUSED and f.step >= 10)
    for _ in range(EPOCHS - paused.epoch):
        runner.send(Step("epoch"))
    until(runner, lambda f: f.epoch == EPOCHS and f.state is State.PAUSED, seconds=60)
    runner.send(SetWants(weights_of(project)))
    frame = until(runner, lambda f: set(f.answers) and set(f.answers) <= weights_of(project))
    for want, arrays in frame.answers.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, expected[f"{want.node_id}.{name}"])
    assert len(frame.answers) == len({key.split(".")[0] for key in expected})


def test_whoever_trains_uses_one_blas_thread_whatever_the_process_was_told() -> None:
    """Two threads add up long sums in two parts, and the last digits are others."""
    with threadpool_limits(limits=2, user_api="blas"):
        Session()
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {1}


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_reset_repeats_the_run_to_the_bit(project: Project) -> None:
    session = Session()
    session.load(project)
    logs = []
    for _ in range(2):
        session.play()
        session.train(600.0, until_epoch=2)
        logs.append(session.frame().log.rows.copy())
        session.reset()
    np.testing.assert_array_equal(logs[0], logs[1])


def test_reset_and_new_weights_through_the_worker(thread: Runner) -> None:
    project = PROJECTS["circle"]
    thread.send(SetWants(frozenset({Weights("linear1")})))
    thread.send(Load(project))
    first = until(thread, lambda f: bool(f.answers)).answer(Weights("linear1"))["weight"]
    thread.send(Step("epoch"))
    until(thread, lambda f: f.epoch == 1)
    thread.send(Reset())
    again = until(thread, lambda f: f.epoch == 0).answer(Weights("linear1"))["weight"]
    np.testing.assert_array_equal(again, first)
    other = edits.new_weights(project)
    thread.send(Load(other))
    drawn = until(thread, lambda f: f.project is other).answer(Weights("linear1"))["weight"]
    assert not np.array_equal(drawn, first)
