"""Looking at the next update through the runner: in a thread and in a process of its own, it is the update that Play would make."""

from collections.abc import Iterator

import numpy as np
import pytest

from engine.errors import SpecError
from engine.gradcheck import GradientCheck, Report
from engine.layers import Linear
from engine.trace import Place, Prover, card, moments
from playground.document import edits
from playground.document.examples import example
from playground.runner.messages import (
    ApplyStep,
    CheckGradients,
    CheckState,
    Discard,
    Inspect,
    Load,
    NextUpdate,
    NudgeCell,
    Pause,
    Play,
    Reset,
    SetWants,
    ShowPicture,
    State,
    Step,
    Weights,
)
from playground.runner.runner import Runner
from playground.runner.session import Session
from tests.runner.driving import until

CIRCLE, DIGITS = example("circle").project, example("digits-cnn").project


def test_an_update_is_looked_at_applied_and_training_goes_on(runner: Runner) -> None:
    runner.send(Load(DIGITS))
    runner.send(SetWants(frozenset({Weights("conv1")})))
    runner.send(Play())
    until(runner, lambda f: f.step > 3)
    runner.send(Inspect())
    seen = until(runner, lambda f: f.trace is not None)
    trace = seen.trace
    assert trace is not None
    assert (seen.state, trace.step, trace.epoch) == (State.PAUSED, seen.step, seen.epoch)
    np.testing.assert_array_equal(trace.labels, seen.data.train.y[trace.batch])
    np.testing.assert_array_equal(trace.values["input"], seen.data.train.x[trace.batch].astype(np.float32))
    assert card(trace, moments(trace, "unit")[0]).result is not None
    runner.send(SetWants(frozenset({node_wants(DIGITS)})))
    again = until(runner, lambda f: node_wants(DIGITS) in f.answers)
    assert again.trace is trace, "the same object for as long as it is the same trace"
    node = node_wants(DIGITS).node_id
    np.testing.assert_array_equal(again.answers[Weights(node)]["weight"], trace.parameter(node, "weight"))
    runner.send(ApplyStep())
    after = until(runner, lambda f: f.step == trace.step + 1 and f.trace is not None)
    np.testing.assert_array_equal(
        after.answers[Weights(node)]["weight"], trace.parameter(node, "weight", "after")
    )
    assert after.trace is not None
    np.testing.assert_array_equal(
        after.trace.parameter(node, "weight"), trace.parameter(node, "weight", "after")
    )
    runner.send(Play())
    assert until(runner, lambda f: f.step > trace.step + 5).trace is None


def node_wants(project: object) -> Weights:
    """The weights of the first node that has some."""
    nodes = project.network.nodes  # type: ignore[attr-defined]
    return Weights(next(n.id for n in nodes if hasattr(n.layer, "bias")))


def test_discarding_leaves_everything_untouched(runner: Runner) -> None:
    weights = node_wants(CIRCLE)
    runner.send(Load(CIRCLE))
    runner.send(SetWants(frozenset({weights})))
    runner.send(Step())
    before = until(runner, lambda f: f.step == 1 and weights in f.answers)
    runner.send(Inspect())
    until(runner, lambda f: f.trace is not None)
    runner.send(Discard())
    after = until(runner, lambda f: f.trace is None)
    for name, array in before.answers[weights].items():
        np.testing.assert_array_equal(after.answers[weights][name], array)
    assert (after.step, after.train_loss) == (before.step, before.train_loss)


@pytest.mark.parametrize("command", [Step(), Reset(), Load(edits.add_layer(CIRCLE, Linear(3), 0))], ids=str)
def test_what_changes_the_update_ends_looking_at_it(runner: Runner, command: object) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Inspect())
    until(runner, lambda f: f.trace is not None)
    runner.send(command)
    assert until(runner, lambda f: f.trace is None).refusal == ""


def test_a_nudge_proves_a_weight(runner: Runner) -> None:
    node = node_wants(CIRCLE).node_id
    weight = NudgeCell(Place(node, "parameter", "weight", (1, 0)))
    runner.send(Load(CIRCLE))
    runner.send(SetWants(frozenset({weight, node_wants(CIRCLE)})))
    assert until(runner, lambda f: bool(f.answers)).answer(weight) is None, "no update is looked at"
    runner.send(Inspect())
    frame = until(runner, lambda f: weight in f.answers)
    found = frame.answer(weight)
    assert frame.trace is not None
    assert found.place == weight.place
    assert found.numeric == pytest.approx(found.analytic, rel=1e-6)
    assert found.analytic == pytest.approx(frame.trace.parameter(node, "weight", "gradient")[1, 0], rel=1e-4)
    value = NudgeCell(Place(node, "value", "", (0, 0)))
    runner.send(SetWants(frozenset({weight, value})))
    again = until(runner, lambda f: value in f.answers)
    assert "Choose one of those" in again.answer(value)
    assert again.answer(weight) == found


def test_all_gradients_are_checked_with_progress(runner: Runner) -> None:
    want = CheckGradients(cells=5)
    runner.send(Load(CIRCLE))
    runner.send(Inspect())
    runner.send(SetWants(frozenset({want})))
    frame = until(runner, lambda f: want in f.answers and not f.answer(want).running)
    done = frame.answer(want)
    assert done.share == 1.0
    assert {(r.node_id, r.name) for r in done.reports} == {
        (n.id, name) for n in CIRCLE.network.nodes if hasattr(n.layer, "bias") for name in ("weight", "bias")
    }
    assert all(r.worst.error < 1e-5 for r in done.reports)


def test_a_check_goes_on_while_it_is_wanted_and_nothing_else_is_to_be_done(runner: Runner) -> None:
    long, weights = CheckGradients(cells=1_000_000), node_wants(DIGITS)
    runner.send(Load(DIGITS))
    runner.send(Inspect())
    runner.send(SetWants(frozenset({long})))
    until(runner, lambda f: long in f.answers and f.answer(long).share > 0)
    runner.send(SetWants(frozenset({weights})))
    left = until(runner, lambda f: set(f.answers) == {weights, NextUpdate()})
    assert left.trace is not None
    runner.send(SetWants(frozenset({long})))
    share = until(runner, lambda f: long in f.answers).answer(long).share
    assert share > 0, "it goes on from where it was"
    runner.send(ShowPicture(1, np.zeros((1, 8, 8))))
    frame = until(runner, lambda f: long in f.answers and f.answer(long).share > share)
    assert frame.answer(long).running
    runner.send(Step())
    assert until(runner, lambda f: f.step == 1).answer(long) is None


def test_a_network_that_cannot_run_is_refused_in_words(runner: Runner) -> None:
    runner.send(Load(edits.add_layer(CIRCLE, Linear(3), len(CIRCLE.network.nodes))))
    runner.send(Inspect())
    frame = until(runner, lambda f: bool(f.refusal))
    assert "Mend" in frame.refusal
    assert frame.trace is None


def test_pausing_a_run_that_is_looked_at_changes_nothing(runner: Runner) -> None:
    runner.send(Load(CIRCLE))
    runner.send(Inspect())
    trace = until(runner, lambda f: f.trace is not None).trace
    runner.send(Pause())
    runner.send(SetWants(frozenset({node_wants(CIRCLE)})))
    assert until(runner, lambda f: bool(f.answers)).trace is trace


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SpecError("This update has no gradient here. Choose another."), "This update has no gradient here."),
        (KeyError("an unforeseen fault"), "KeyError: 'an unforeseen fault'"),
    ],
    ids=["refused", "broken"],
)
def test_a_check_that_cannot_go_on_says_why_and_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    session = Session()
    session.load(CIRCLE)
    session.inspect()

    def break_off(*_: object, **__: object) -> Iterator[float | Report]:
        yield 0.25
        raise error

    monkeypatch.setattr(GradientCheck, "steps", break_off)
    want = CheckGradients()
    assert session.work([want], lambda _: True)
    assert not session.work([want], lambda _: True)
    frame = session.frame([want])
    check = frame.answer(want)
    assert check == CheckState(0.25, (), False, check.refusal), "not taken for one that is through"
    assert words in check.refusal
    assert (frame.unanswered, len(caplog.records)) == ("", 0 if isinstance(error, SpecError) else 1)


def test_a_nudge_that_breaks_says_so_and_is_not_tried_for_every_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, made = Session(), []
    session.load(CIRCLE)
    session.inspect()

    def break_off(self: Prover, trace: object) -> None:
        made.append(self)
        raise MemoryError("too large")

    monkeypatch.setattr(Prover, "__init__", break_off)
    want = NudgeCell(Place("linear1", "parameter", "weight", (0, 0)))
    first, second = (session.frame([want]) for _ in range(2))
    assert "MemoryError: too large" in first.answer(want)
    assert second.answer(want) is first.answer(want)
    assert (first.unanswered, len(made)) == ("", 1)


@pytest.mark.parametrize("guest", [("validation", 5), ("test", 0), ("train", 7)])
def test_a_guest_stands_in_the_place_of_the_first_sample(guest: tuple[str, int]) -> None:
    """Whatever sample somebody looks at is followed through the next update; the run stays as it was."""
    session = Session()
    session.load(DIGITS)
    session.inspect()
    usual = session.inspection.trace
    assert usual is not None
    session.inspect(guest=guest)
    trace, data = session.inspection.trace, session.frame().data
    assert trace is not None
    part = getattr(data, guest[0])
    if guest[0] == "train" and guest[1] in usual.batch:
        assert trace.guest is None
        return
    assert (trace.guest, trace.size) == (guest, usual.size)
    np.testing.assert_array_equal(trace.values["input"][0], part.x[guest[1]].astype(np.float32))
    np.testing.assert_array_equal(trace.values["input"][1:], usual.values["input"][1:])
    assert trace.labels[0] == part.y[guest[1]]
    assert trace.targets[0].argmax() == part.y[guest[1]]
    session.inspect()
    again = session.inspection.trace
    assert again is not None
    assert (again.guest, again.loss) == (None, usual.loss)
    session.inspect(guest=("validation", 10**6))
    assert session.inspection.trace is not None
    assert session.inspection.trace.guest is None, "there is no such sample"
