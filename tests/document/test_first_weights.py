"""Weights given in a project file: they survive saving, the run begins and begins again with them, and drawing anew forgets them."""

import json
import re

import numpy as np
import pytest

from engine.initializers import HeNormal
from engine.layers import BatchNorm, Linear, Tanh
from playground.document import edits
from playground.document.examples import example
from playground.document.files import FileError, from_json, to_json
from playground.document.project import FirstWeights, Project, problems
from playground.runner.session import Session
from tests.document.projects import project

STEPS = example("first-steps").project
GIVEN = ((0.4, -0.2), (0.3, 0.6))


def weights(session: Session) -> np.ndarray:
    assert session.trainer is not None
    return session.trainer.model.parameters["linear1"]["weight"]


def test_they_survive_a_file() -> None:
    assert FirstWeights("linear1", "weight", GIVEN) in STEPS.first_weights
    assert from_json(to_json(STEPS), "again") == STEPS
    assert "weights" not in json.loads(to_json(example("circle").project))


def test_a_run_begins_with_them_and_returns_to_them() -> None:
    session = Session()
    session.load(STEPS)
    np.testing.assert_array_equal(weights(session), np.array(GIVEN, np.float32))
    session.play()
    session.train(600.0, most=3)
    assert (weights(session) != np.array(GIVEN, np.float32)).any()
    session.reset()
    np.testing.assert_array_equal(weights(session), np.array(GIVEN, np.float32))


@pytest.mark.parametrize(
    "change",
    [
        edits.new_weights,
        lambda p: edits.set_fit(p, p.fit.replace(initializer=HeNormal())),
        lambda p: edits.set_source(p, p.source),
    ],
)
def test_what_draws_the_weights_anew_forgets_them(change: object) -> None:
    session = Session()
    session.load(STEPS)
    changed = change(STEPS)  # type: ignore[operator]
    assert changed.first_weights == ()
    session.load(changed)
    assert (weights(session) != np.array(GIVEN, np.float32)).any()


def test_layers_that_an_edit_gives_another_shape_are_drawn() -> None:
    session = Session()
    layer = STEPS.network["linear1"].layer
    edited = edits.set_layer(STEPS, "linear1", layer.replace(out_features=3))
    assert {(w.node_id, w.name) for w in edited.first_weights} == {("linear2", "bias")}
    session.load(edited)
    assert weights(session).shape == (3, 2)
    assert session.trainer is not None
    np.testing.assert_array_equal(session.trainer.model.parameters["linear2"]["bias"], np.float32(0.2))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([1, 2], "expected a mapping"),
        ({"nobody.weight": [1.0]}, "no node 'nobody'"),
        ({"linear1.weight": [[1.0, 2.0], [3.0]]}, "all rows alike"),
        ({"linear1.weight": "much"}, "finite numbers"),
        ({"linear1.weight": 3}, "finite numbers"),
        ({"linear1.weight": [1e999]}, "finite numbers"),
    ],
)
def test_what_is_no_number_is_refused_in_words(given: object, says: str) -> None:
    data = json.loads(to_json(STEPS)) | {"weights": given}
    with pytest.raises(FileError, match=says):
        from_json(json.dumps(data), "a file")


def test_one_update_worked_out_by_hand() -> None:
    """From the numbers on the start page's picture alone, with pencil and paper: w₁₁ goes from 0.4 to 0.409."""
    session = Session()
    session.load(STEPS)
    session.inspect()
    trace = session.inspection.trace
    assert trace is not None
    assert (trace.values["input"].tolist(), trace.labels.tolist()) == ([[0.5, -1.0]], [1])
    h1, h2 = np.tanh(0.4 * 0.5 + -0.2 * -1 + 0.1), np.tanh(0.3 * 0.5 + 0.6 * -1 + 0.0)
    p = 1 / (1 + np.exp(-(0.7 * h1 - 0.5 * h2 + 0.2)))
    delta = (p - 1) * 0.7 * (1 - h1 * h1)
    assert trace.loss == pytest.approx(-np.log(p), rel=1e-6)
    assert trace.parameter("linear1", "weight", "gradient")[0, 0] == pytest.approx(delta * 0.5, rel=1e-5)
    assert trace.parameter("linear1", "weight", "after")[0, 0] == pytest.approx(
        0.4 - 0.1 * delta * 0.5, rel=1e-6
    )
    assert round(float(trace.parameter("linear1", "weight", "after")[0, 0]), 3) == 0.409


def given(weights: dict[str, object]) -> Project:
    return from_json(json.dumps(json.loads(to_json(STEPS)) | {"weights": weights}), "a file")


@pytest.mark.parametrize(
    ("weights", "node_id", "says"),
    [
        ({"linear1.kernel": GIVEN}, "linear1", r"'linear1\.kernel' of shape \(2, 2\) is given.*expected weight of shape \(2, 2\), bias"),
        ({"linear1.weight": [[1.0, 2.0]]}, "linear1", r"'linear1\.weight' is given with shape \(1, 2\); expected \(2, 2\)"),
        ({"tanh1.weight": [1.0]}, "tanh1", r"expected none"),
        ({"linear2.bias": [[0.5]]}, "linear2", r"'linear2\.bias' is given with shape \(1, 1\); expected \(1,\)"),
        ({"linear2.bias": []}, "linear2", r"'linear2\.bias' is given with shape \(0,\); expected \(1,\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_never_dropped(
    weights: dict[str, object], node_id: str, says: str
) -> None:
    project = given(weights)
    [problem] = problems(project)
    assert problem.node_id == node_id
    assert re.search(says, problem.message)
    session = Session()
    session.load(project)
    assert (session.trainer, session.message) == (None, problem.message)
    added = edits.add_layer(project, "Tanh", 1)  # another edit takes nothing of it away
    assert problems(added) == (problem,)
    [remedy] = problem.remedies
    session.load(edits.mend(project, remedy))
    assert (weights_of := session.trainer) is not None
    assert (weights_of.model.parameters["linear1"]["weight"] != np.array(GIVEN, np.float32)).any()


def test_some_of_a_networks_weights_may_be_given() -> None:
    session = Session()
    session.load(given({"linear1.weight": GIVEN}))
    np.testing.assert_array_equal(weights(session), np.array(GIVEN, np.float32))


def test_an_edit_keeps_what_was_learned_where_given_weights_go_with_it() -> None:
    session = Session()
    session.load(STEPS)
    session.play()
    session.train(600.0, most=3)
    learned = weights(session).copy()
    session.load(edits.remove(STEPS, {"linear2"}))
    session.load(STEPS)
    np.testing.assert_array_equal(weights(session), learned)


def test_given_weights_are_the_same_numbers_in_a_file_and_in_the_run() -> None:
    whole = project(Linear(4), BatchNorm(), Tanh(), Linear(1))
    session = Session()
    session.load(whole)
    session.play()
    session.train(600.0, 7)
    state = session.trainer.model.state_dict()
    assert not np.array_equal(state["batchnorm1.running_mean"], np.zeros(4, np.float32))
    given = from_json(to_json(edits.give_weights(whole, state)), "again")
    again = Session()
    again.load(given)
    for name, array in again.trainer.model.state_dict().items():
        np.testing.assert_array_equal(array, state[name], name)
    again.play()
    again.train(600.0, 3)
    again.reset()
    np.testing.assert_array_equal(again.trainer.model.state_dict()["linear1.weight"], state["linear1.weight"])


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_no_number_is_not_begun_with(number: float) -> None:
    session = Session()
    session.load(STEPS)
    state = session.trainer.model.state_dict()
    state["linear1.bias"][0] = number
    with pytest.raises(ValueError, match="no finite numbers"):
        edits.give_weights(STEPS, state)


def test_weights_of_another_network_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.load(STEPS)
    state = session.trainer.model.state_dict()
    with pytest.raises(ValueError, match="linear9"):
        edits.give_weights(STEPS, state | {"linear9.bias": np.zeros(1, np.float32)})
    with pytest.raises(ValueError, match=r"linear1\.bias"):
        edits.give_weights(STEPS, state | {"linear1.bias": np.zeros(5, np.float32)})
    monkeypatch.setattr("playground.document.edits.MOST_GIVEN", 3)
    with pytest.raises(ValueError, match="at most 3 to begin with"):
        edits.give_weights(STEPS, state)
