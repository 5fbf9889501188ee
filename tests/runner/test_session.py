"""What is kept and what is drawn anew when the project changes; answers are the engine's numbers."""

from pathlib import Path

import numpy as np
import pytest

from engine import probe
from engine.data import Circle, Digits, NpzFile, Sine
from engine.errors import ShapeError
from engine.initializers import Normal
from engine.layers import Linear, Tanh
from engine.losses import MSELoss
from engine.network import Network, Node
from engine.optimizers import SGD, Adam
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project, data_of
from playground.runner import session as session_module
from playground.runner.live import histogram_samples
from playground.runner.messages import (
    Curve,
    Gradients,
    Histogram,
    Maps,
    Predictions,
    State,
    Surface,
    Weights,
)  # fmt: skip
from playground.runner.session import Session
from tests.runner.training import trained, weights

CIRCLE = example("circle").project
DIGITS = example("digits-cnn").project


def running(project: Project = CIRCLE, steps: int = 40) -> Session:
    return trained(project, steps)


@pytest.mark.parametrize(
    "change",
    [
        lambda fit: fit.replace(optimizer=SGD(lr=0.5)),
        lambda fit: fit.replace(optimizer=Adam()),
        lambda fit: fit.replace(batch_size=3),
        lambda fit: fit.replace(regularizer=type(fit).params()[2].kind.registry.get("l2")()),
    ],
    ids=["lr", "optimizer", "batch size", "penalty"],
)
def test_live_changes_keep_weights_history_and_motion(change: object) -> None:
    session = running()
    before = weights(session)
    session.load(edits.set_fit(CIRCLE, change(CIRCLE.fit)))
    assert session.state is State.RUNNING
    for name, array in weights(session).items():
        np.testing.assert_array_equal(array, before[name])
    assert session.trainer.steps == 40


def test_a_layer_inserted_while_running_keeps_the_others() -> None:
    session = running()
    before = weights(session)
    session.load(edits.paste(CIRCLE, [Linear(4), Tanh()], 2))
    after = weights(session)
    assert session.state is State.RUNNING
    for name in ("linear1.weight", "linear1.bias", "linear2.weight", "linear3.weight"):
        np.testing.assert_array_equal(after[name], before[name])
    assert session.trainer.steps == 40
    session.train(600.0, 5)
    assert session.trainer.steps == 45


def test_a_node_whose_input_shape_changes_begins_anew() -> None:
    session = running()
    before = weights(session)
    session.load(edits.set_layer(CIRCLE, "linear1", Linear(6)))
    after = weights(session)
    assert after["linear1.weight"].shape == (6, 2)
    assert after["linear2.weight"].shape == (2, 6)
    np.testing.assert_array_equal(after["linear3.weight"], before["linear3.weight"])


@pytest.mark.parametrize(
    "change",
    [
        lambda p: edits.set_source(p, Circle(noise=0.2)),
        edits.new_weights,
        lambda p: edits.set_preparation(p, p.preparation.replace(normalize="standardize")),
    ],
    ids=["data", "seed", "preparation"],
)
def test_other_data_or_seed_begin_anew_and_running_goes_on(change: object) -> None:
    session = running()
    session.load(change(CIRCLE))
    assert session.trainer.steps == 0
    assert session.state is State.RUNNING


def test_a_problem_stops_and_mending_goes_on_with_the_weights() -> None:
    session = running()
    before = weights(session)
    broken = edits.remove(CIRCLE, ["linear3"])
    session.load(broken)
    assert session.state is State.EMPTY
    assert "data and loss need 1 value" in session.message
    session.play()
    assert session.state is State.EMPTY
    session.load(edits.mend_output(broken))
    assert session.state is State.PAUSED
    np.testing.assert_array_equal(weights(session)["linear1.weight"], before["linear1.weight"])


def test_hand_edits_are_set_and_undone_to_the_digit() -> None:
    session = running()
    session.pause()
    old = float(session.trainer.model.parameters["linear1"]["weight"][1, 0])
    before, loss = weights(session), session.frame().train_loss
    session.load(edits.set_weight(CIRCLE, "linear1", "weight", (1, 0), old, 5.0))
    assert weights(session)["linear1.weight"][1, 0] == 5.0
    assert session.frame().train_loss != loss
    session.load(CIRCLE)
    for name, array in weights(session).items():
        np.testing.assert_array_equal(array, before[name])
    assert session.frame().train_loss == loss


def test_divergence_says_where_and_can_be_mended() -> None:
    wild = edits.set_fit(CIRCLE, CIRCLE.fit.replace(optimizer=SGD(lr=100.0, momentum=0.99)))
    relu = edits.set_layer(edits.set_layer(wild, "tanh1", Linear(4)), "tanh2", Linear(4))
    session = Session()
    session.load(relu)
    session.play()
    session.train(600.0)
    assert session.state is State.DIVERGED
    assert session.broken_node
    assert session.broken_node in session.message
    assert "Lower the learning rate" in session.message
    assert all(np.isfinite(a).all() for a in weights(session).values())
    session.load(edits.set_fit(relu, CIRCLE.fit))
    assert session.state in (State.PAUSED, State.READY)


def overfitting(patience: int) -> Project:
    """A noisy spiral of few points: the validation loss is best after some epochs, and then gets worse."""
    source, fit = example("spiral").project.source, CIRCLE.fit
    noisy = edits.set_source(CIRCLE, source.replace(samples=60, noise=0.5))
    return edits.set_fit(noisy, fit.replace(optimizer=Adam(lr=0.05), early_stopping=patience))


def test_pausing_says_the_best_epoch_and_throws_nothing_away() -> None:
    session = Session()
    session.load(overfitting(1000))
    session.play()
    session.train(600.0, until_epoch=60)
    before = weights(session)
    session.pause()
    for name, array in weights(session).items():
        np.testing.assert_array_equal(array, before[name])
    losses = session.frame().log["validation_loss"]
    best = int(np.argmin(losses[1:])) + 1
    assert best < 60, "the test needs a run that gets worse"
    assert f"({losses[best]:.4g}) after epoch {best}." in session.message
    frame = session.frame()
    session.go_to(frame.best_step)
    assert (session.frame().epoch, session.frame().validation_loss) == (best, losses[best])
    assert session.message == ""
    session.go_to(frame.step)
    for name, array in weights(session).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_run_that_is_over_has_its_best_weights_and_says_so() -> None:
    session = Session()
    session.load(overfitting(1000))
    session.play()
    session.train(600.0, until_epoch=60)
    session.finish()
    losses = session.frame().log["validation_loss"]
    best = int(np.argmin(losses[1:])) + 1
    assert (session.trainer.epoch, session.trainer.score()[1].loss) == (best, losses[best])
    assert f"after epoch {best}. These weights are back." in session.message
    assert len(losses) == 61, "the curve tells the whole run"


def test_a_remedy_that_is_taken_already_is_not_offered(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4000, 2))
    x[0] = 1e6  # standardized, it still is 60
    np.savez(tmp_path / "far.npz", x=x, y=np.arange(4000) % 2)
    far = edits.set_source(CIRCLE, NpzFile(path=str(tmp_path / "far.npz")))
    far = edits.set_fit(far, CIRCLE.fit.replace(optimizer=SGD(lr=100.0), loss=MSELoss()))
    far = edits.set_preparation(
        far, CIRCLE.preparation.replace(train=0.9, validation=0.0, normalize="standardize")
    )
    for name in ("tanh1", "tanh2"):
        far = edits.set_layer(far, name, Linear(4))
    session = Session()
    session.load(far)
    session.play()
    session.train(600.0)
    assert session.state is State.DIVERGED
    assert "The inputs reach" in session.message
    assert session.remedy is None


def test_a_want_that_fails_is_noted_once_and_keeps_no_other_from_its_answer(monkeypatch, caplog) -> None:
    """What only shows must not stop what trains."""
    session = running(steps=20)
    monkeypatch.setattr(probe, "histogram", lambda *_: 1 / 0)
    wants = [Weights("linear1"), *(Histogram(node.id) for node in CIRCLE.network.nodes), Surface("tanh1", 5)]
    with caplog.at_level("ERROR"):
        for _ in range(3):
            frame = session.frame(wants)
    assert set(frame.answers) == {wants[0], wants[-1]}
    assert frame.unanswered == "Histogram (ZeroDivisionError: division by zero)"
    assert len(caplog.records) == 1
    assert session.state is State.RUNNING
    assert session.train(600.0, 5) == 5


def test_values_that_overflow_behind_an_activation_can_be_drawn() -> None:
    """tanh of infinity is 1, so that the loss is finite: there is nothing to say, and yet infinity cannot be painted."""
    wide = edits.set_fit(CIRCLE, CIRCLE.fit.replace(initializer=Normal(std=1e38), optimizer=SGD(lr=0.0)))
    session = Session()
    session.load(wide)
    wants = [Surface("linear1", 20), Maps("linear1", "train", 0), Surface("tanh1", 20)]
    frame = session.frame(wants)
    assert np.isfinite(frame.train_loss)
    assert all(np.isfinite(frame.answer(want)).all() for want in wants)
    assert np.abs(frame.answer(wants[0])).max() == np.finfo(np.float32).max


@pytest.mark.parametrize("name", ["input", "\ud800", "a" * 10_000, ""])
def test_no_name_of_a_node_stops_the_session(name: str) -> None:
    (first, *others) = CIRCLE.network.nodes
    session = Session()
    session.load(CIRCLE.replace(network=Network((Node(name, first.layer), *others))))
    frame = session.frame([Weights(name), Histogram(name), Surface(name)])
    assert frame.state in (State.READY, State.EMPTY)
    assert bool(frame.message) is (frame.state is State.EMPTY)
    session.reset()
    session.load(CIRCLE)
    assert session.frame().state is State.READY


def test_what_no_problem_foresaw_is_said_in_words(monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ShapeError("Two things do not fit.")

    session = Session()
    with monkeypatch.context() as patch:
        patch.setattr(session_module, "Trainer", refuse)
        session.load(CIRCLE)
        assert (session.state, session.message) == (State.EMPTY, "Two things do not fit.")
        session.frame([Weights("linear1")])
    session.reset()
    assert session.state is State.READY


def test_reset_is_the_first_state_again() -> None:
    session = Session()
    session.load(CIRCLE)
    first = weights(session)
    session.play()
    session.train(600.0, 25)
    session.pause()
    session.reset()
    assert session.state is State.READY
    for name, array in weights(session).items():
        np.testing.assert_array_equal(array, first[name])


def test_surfaces_are_the_networks_values_at_the_stated_points() -> None:
    session = running()
    surface = session.frame([Surface("tanh1", 30)]).answer(Surface("tanh1", 30))
    low, high = session.frame().extent
    axis = np.linspace(low, high, 30)
    point = np.array([[axis[7], axis[20]]], np.float32)  # x1 at column 7, x2 at row 20
    exact = session.trainer.model.values(data_of(CIRCLE).transform(point))["tanh1"][0]
    np.testing.assert_allclose(surface[:, 20, 7], exact, atol=1e-5)
    inputs = session.frame([Surface("input", 30)]).answer(Surface("input", 30))
    np.testing.assert_allclose(inputs[0, 20, 7], axis[7], atol=1e-5)


def test_answers_are_the_engines_numbers() -> None:
    session = running(DIGITS, 10)
    data, model = data_of(DIGITS), session.trainer.model
    maps, prediction = Maps("conv2d1", "validation", 3), Predictions("validation", 2, 4)
    histogram, grads = Histogram("relu1", 16), Gradients("conv2d1")
    frame = session.frame([maps, prediction, histogram, Weights("conv2d1"), grads])
    np.testing.assert_allclose(
        frame.answer(maps), model.values(data.validation.x[3:4])["conv2d1"][0], rtol=1e-4, atol=1e-5
    )
    z = model.predict(data.validation.x[2:6]).astype(np.float64)
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    np.testing.assert_allclose(frame.answer(prediction), p, atol=1e-5)
    np.testing.assert_array_equal(
        frame.answer(Weights("conv2d1"))["weight"], model.parameters["conv2d1"]["weight"]
    )
    np.testing.assert_array_equal(frame.answer(grads)["bias"], model.gradients["conv2d1"]["bias"])
    counts, edges = frame.answer(histogram)
    expected = probe.histogram(model.values(data.train.x[: histogram_samples(model)])["conv2d1"], 16)
    np.testing.assert_array_equal(counts, expected[0])
    assert len(edges) == 17


def test_curves_for_one_input_and_raw_units_for_targets() -> None:
    session = running(example("regression").project)
    curve = session.frame([Curve("linear3", 50)]).answer(Curve("linear3", 50))
    assert curve.shape == (1, 50)
    assert session.frame([Surface("linear3")]).answer(Surface("linear3")) is None
    diabetes = running(example("diabetes").project)
    want = Predictions("validation", 0, 50)
    values = diabetes.frame([want]).answer(want)
    assert 50 < values.mean() < 300  # the illness is measured from 25 to 346; inside, targets have mean 0


def test_wants_that_cannot_be_met_are_left_out() -> None:
    session = running()
    wants = [Weights("gone"), Maps("linear1", "validation", 10_000), Weights("tanh1"), Curve("linear1")]
    assert dict(session.frame(wants).answers) == {}


def test_nobody_watching_changes_nothing() -> None:
    alone, watched = running(steps=90), running(steps=0 + 30)
    for _ in range(60):
        watched.train(0.0, 1)
        watched.frame(
            [Surface("tanh1"), Histogram("tanh1"), Predictions("validation"), Maps("tanh1", "train", 0)]
        )
        watched.score()
    for name, array in weights(alone).items():
        np.testing.assert_array_equal(array, weights(watched)[name])


def test_a_project_without_data_says_so() -> None:
    session = Session()
    session.load(edits.set_source(Project(), Sine()))
    assert session.state is State.EMPTY
    assert "Drag a layer" in session.message
    session.load(edits.set_source(Project(), Digits()))
    assert session.trainer is None


def test_a_large_network_is_shown_before_it_is_ready_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MANY", 100)
    session, shown = Session(), []
    wants = [Weights("conv2d1"), Maps("conv2d1", "validation", 0)]
    session.show = lambda: shown.append(session.frame(wants))
    session.load(DIGITS)
    after = session.frame(wants)
    bare, early = shown
    assert (bare.state, bare.message) == (State.READY, "drawing the weights")
    assert not bare.answers
    assert (early.state, early.message) == (State.READY, "scoring the weights")
    assert np.isnan(early.validation_loss)
    np.testing.assert_array_equal(early.answer(wants[0])["weight"], after.answer(wants[0])["weight"])
    np.testing.assert_array_equal(early.answer(wants[1]), after.answer(wants[1]))
    assert (after.state, after.message) == (State.READY, "")
    assert np.isfinite(after.validation_loss)
    # An edit while it runs: it goes on, and so say all frames.
    session.play()
    session.train(600.0, 3)
    session.load(edits.add_layer(DIGITS, "ReLU", 1))
    (edited,) = shown[2:]
    assert edited.state is State.RUNNING
    assert edited.step == 3


def test_a_small_network_is_shown_once() -> None:
    session = Session()
    session.show = lambda: pytest.fail("It takes no time worth speaking of.")
    session.load(DIGITS)
