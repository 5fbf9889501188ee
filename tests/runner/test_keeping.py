"""What survives an edit: weights, hand edits, what a half-built network shows."""

import numpy as np
import pytest

from engine.data import Circle
from engine.initializers import Constant, HeNormal
from engine.layers import BatchNorm, Linear, ReLU, Tanh
from engine.network import Network, Node
from playground.document import edits
from playground.document.project import Project
from playground.runner.keeping import part_that_fits
from playground.runner.messages import Gradients, Predictions, State, Surface, Weights
from playground.runner.session import Session
from tests.document.projects import circle, project, residual
from tests.runner.training import trained


def weight(session: Session, node_id: str, name: str = "weight") -> np.ndarray:
    answer = session.frame([Weights(node_id)]).answer(Weights(node_id))
    assert answer is not None
    return answer[name]


# --- weights -----------------------------------------------------------------------------------------------------------


def test_removed_layers_come_back_with_their_weights() -> None:
    whole = project(Linear(4), Tanh(), Linear(4), Tanh(), Linear(1))
    session = trained(whole)
    before = weight(session, "linear2")
    session.load(edits.remove(whole, ["linear2"]))
    session.play()
    session.train(600.0, 5)
    session.load(whole)
    np.testing.assert_array_equal(weight(session, "linear2"), before)
    assert session.trainer is not None
    assert session.trainer.steps == 45


def test_so_do_neighbours_that_had_to_change_their_shape() -> None:
    whole = circle()
    session = trained(whole)
    before = weight(session, "linear2")
    session.load(edits.set_layer(whole, "linear1", Linear(6)))
    assert weight(session, "linear2").shape == (1, 6)
    session.load(whole)
    np.testing.assert_array_equal(weight(session, "linear2"), before)


def test_running_statistics_are_kept_like_weights() -> None:
    whole = project(Linear(4), BatchNorm(), Tanh(), Linear(1))
    session = trained(whole)
    assert session.trainer is not None
    before = session.trainer.model.state_dict()
    session.load(edits.add_layer(whole, ReLU(), 3))
    after = session.trainer.model.state_dict()
    assert set(before) == set(after)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)


def test_another_initializer_of_one_layer_draws_that_layer_anew() -> None:
    whole = circle()
    session = trained(whole)
    before = weight(session, "linear2")
    session.load(edits.set_layer(whole, "linear1", Linear(4, initializer=Constant(0.25))))
    np.testing.assert_array_equal(weight(session, "linear1"), np.full((4, 2), 0.25))
    np.testing.assert_array_equal(weight(session, "linear2"), before)


def test_another_initializer_of_all_begins_anew() -> None:
    whole = circle()
    session = trained(whole)
    session.load(edits.set_fit(whole, whole.fit.replace(initializer=HeNormal())))
    assert session.frame().step == 0
    assert session.state is State.RUNNING


def test_another_seed_of_the_same_data_draws_other_points_and_the_same_weights_at_first() -> None:
    whole = circle()
    first = Session()
    first.load(whole)
    session = trained(whole)
    session.load(edits.set_source(whole, whole.source.replace(seed=1)))
    np.testing.assert_array_equal(weight(session, "linear1"), weight(first, "linear1"))
    assert session.frame().data is not None


# --- half-built networks -----------------------------------------------------------------------------------------------


def test_the_part_that_fits() -> None:
    fits = residual().network
    assert part_that_fits(fits, (2,)) == fits
    assert part_that_fits(Network.chain(Linear(3), ReLU()), (1, 8, 8)) == Network()
    broken = Network((Node("a", Linear(3)), Node("b", ReLU(), ("gone",)), Node("c", Tanh(), ("a",))))
    assert [n.id for n in part_that_fits(broken, (2,)).nodes] == ["a", "c"]
    twins = Network((Node("a", Linear(3)), Node("a", ReLU()), Node("b", Tanh())))
    assert [n.id for n in part_that_fits(twins, (2,)).nodes] == ["a"]


def test_a_half_built_network_shows_what_is_inside_it() -> None:
    session = Session()
    half = project(Linear(4), Tanh())
    session.load(half)
    assert session.state is State.EMPTY
    wants = [
        Surface("tanh1", 10),
        Surface("input", 10),
        Weights("linear1"),
        Predictions("train"),
        Gradients("linear1"),
    ]
    frame = session.frame(wants)
    assert frame.data is not None
    assert np.isnan(frame.train_loss)
    assert set(frame.answers) == set(wants[:3])
    assert frame.answer(wants[0]).shape == (4, 10, 10)


def test_an_empty_canvas_shows_its_input() -> None:
    session = Session()
    session.load(project())
    assert session.frame([Surface("input", 10)]).answer(Surface("input", 10)).shape == (2, 10, 10)


def test_building_on_a_running_network_keeps_curves_and_counts() -> None:
    whole = circle()
    session = trained(whole, 60)
    rows = len(session.frame().log)
    assert rows > 1
    before = weight(session, "linear1")
    half = edits.remove(whole, ["linear2"])
    session.load(half)
    frame = session.frame()
    assert (frame.state, frame.step, len(frame.log)) == (State.EMPTY, 60, rows)
    np.testing.assert_array_equal(weight(session, "linear1"), before)
    session.load(edits.mend_output(half))
    assert (session.state, session.frame().step) == (State.PAUSED, 60)
    np.testing.assert_array_equal(weight(session, "linear1"), before)
    session.play()
    session.train(600.0, 1)
    assert session.frame().step == 61


def test_reset_reaches_half_built_networks() -> None:
    whole = circle()
    first = Session()
    first.load(whole)
    session = trained(whole)
    session.load(edits.remove(whole, ["linear2"]))
    session.reset()
    np.testing.assert_array_equal(weight(session, "linear1"), weight(first, "linear1"))
    assert (session.state, session.frame().step) == (State.EMPTY, 0)


def test_data_that_cannot_be_made_are_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = circle()
    session = trained(whole)
    before = weight(session, "linear1")
    tiny = whole.replace(source=Circle(samples=11), preparation=whole.preparation)
    monkeypatch.setattr("playground.runner.session.data_of", _no_data)
    session.load(tiny)
    frame = session.frame([Weights("linear1")])
    assert (frame.state, frame.data, dict(frame.answers)) == (State.EMPTY, None, {})
    assert "cannot be made" in frame.message
    session.play()
    session.reset()
    assert session.state is State.EMPTY
    monkeypatch.undo()
    session.load(whole)
    np.testing.assert_array_equal(weight(session, "linear1"), before)
    assert session.state is State.PAUSED


def _no_data(project: Project, wait: bool) -> None:
    from engine.errors import DataError

    raise DataError("These data cannot be made. Choose others.")


def test_gradients_are_those_of_this_model_or_none() -> None:
    whole = circle()
    session = trained(whole)
    want = Gradients("linear1")
    assert session.frame([want]).answer(want) is not None
    session.load(edits.add_layer(whole, ReLU(), 1))
    assert session.frame([want]).answer(want) is None
    session.train(600.0, 1)
    assert session.frame([want]).answer(want) is not None


# --- hand edits --------------------------------------------------------------------------------------------------------


def hand(project: Project, index: tuple[int, int], before: float, after: float) -> Project:
    return edits.set_weight(project, "linear1", "weight", index, before, after)


def test_a_hand_edit_changes_one_cell_and_nothing_else() -> None:
    whole = circle()
    session = trained(whole)
    expected = weight(session, "linear1").copy()
    one = hand(whole, (1, 0), float(expected[1, 0]), 2.5)
    session.load(one)
    expected[1, 0] = 2.5
    np.testing.assert_array_equal(weight(session, "linear1"), expected)
    session.train(600.0, 3)
    moved = weight(session, "linear1").copy()
    two = hand(one, (2, 1), float(moved[2, 1]), -1.0)
    session.load(two)
    moved[2, 1] = -1.0
    np.testing.assert_array_equal(weight(session, "linear1"), moved)
    session.load(one)  # undo
    moved[2, 1] = two.weight_edits[-1].before
    np.testing.assert_array_equal(weight(session, "linear1"), moved)


def test_other_edits_leave_hand_edited_cells_to_training() -> None:
    whole = circle()
    session = trained(whole)
    edited = hand(whole, (0, 0), 0.0, 2.0)
    session.load(edited)
    session.train(600.0, 5)
    before = weight(session, "linear1").copy()
    assert before[0, 0] != 2.0
    for after in (
        edits.add_layer(edited, ReLU(), 1),
        edits.set_fit(edited, edited.fit.replace(batch_size=3)),
        edited,
    ):
        session.load(after)
        np.testing.assert_array_equal(weight(session, "linear1"), before)


def test_reset_forgets_hand_edits_and_so_does_their_undo() -> None:
    whole = circle()
    first = Session()
    first.load(whole)
    start = weight(first, "linear1")
    session = trained(whole)
    one = hand(whole, (0, 0), 0.0, 2.0)
    session.load(one)
    session.reset()
    np.testing.assert_array_equal(weight(session, "linear1"), start)
    session.load(edits.rename(one, "other"))
    np.testing.assert_array_equal(weight(session, "linear1"), start)
    two = hand(one, (1, 1), float(start[1, 1]), 3.0)
    session.load(two)
    assert weight(session, "linear1")[1, 1] == 3.0
    session.load(one)
    session.load(whole)
    np.testing.assert_array_equal(weight(session, "linear1"), start)


def test_undoing_new_weights_brings_the_edited_first_weights_back() -> None:
    whole = circle()
    session = Session()
    session.load(whole)
    edited = hand(whole, (0, 0), 0.0, 2.0)
    session.load(edited)
    before = weight(session, "linear1")
    session.load(edits.new_weights(edited))
    assert weight(session, "linear1")[0, 0] != 2.0
    session.load(edited)
    np.testing.assert_array_equal(weight(session, "linear1"), before)


def test_an_edit_of_a_cell_that_is_not_there_does_nothing() -> None:
    whole = circle()
    session = Session()
    session.load(whole)
    before = weight(session, "linear1")
    for changed in (
        edits.set_weight(whole, "gone", "weight", (0, 0), 0, 1),
        edits.set_weight(whole, "linear1", "scale", (0, 0), 0, 1),
        edits.set_weight(whole, "linear1", "weight", (9, 9), 0, 1),
        edits.set_weight(whole, "linear1", "weight", (0,), 0, 1),
    ):
        session.load(changed)
        np.testing.assert_array_equal(weight(session, "linear1"), before)
