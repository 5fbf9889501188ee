"""Layers are called by kind and place until somebody names them; what belongs to a layer goes along with it."""

import pytest

from engine.errors import SpecError
from engine.layers import Add, Linear, ReLU, Tanh
from engine.network import Network, Node, sequence_of
from playground.document import edits
from playground.document.change import diff
from playground.document.document import Document
from playground.document.files import from_json, to_json
from playground.document.naming import renamed
from playground.document.project import FirstWeights, Project, given_weights
from playground.lessons.actions import action
from playground.runner.session import Session


def project(**named: Linear | Tanh | ReLU) -> Project:
    return Project(network=sequence_of(named))


def ids(of: Project) -> list[str]:
    return [node.id for node in of.network.nodes]


def edited(before: Project, change: object, *given: object) -> Project:
    document = Document(before)
    document.do(change, *given)
    return document.value


TWO = project(linear1=Linear(4), tanh1=Tanh(), linear2=Linear(1))


def test_a_layer_put_in_between_renames_those_behind_it() -> None:
    after = edited(TWO, edits.add_layer, Linear(3), 1)
    assert ids(after) == ["linear1", "linear2", "tanh1", "linear3"]
    assert renamed(TWO.network, after.network) == {"linear2": "linear3"}
    assert after.network["linear3"].layer == Linear(1)


def test_deleting_and_moving_rename_as_well() -> None:
    assert ids(edited(TWO, edits.remove, ["linear1"])) == ["tanh1", "linear1"]
    moved = edited(TWO, edits.move, "linear2", 0)
    assert ids(moved) == ["linear1", "linear2", "tanh1"]
    assert renamed(TWO.network, moved.network) == {"linear1": "linear2", "linear2": "linear1"}


def test_a_layer_that_is_gone_is_not_taken_for_the_one_that_has_its_name_now() -> None:
    after = edited(TWO, edits.add_layer, Linear(3), 1)
    assert renamed(after.network, TWO.network) == {"linear2": "", "linear3": "linear2"}
    gone = edited(TWO, edits.remove, ["linear1"])
    assert renamed(TWO.network, gone.network) == {"linear1": "", "linear2": "linear1"}
    assert renamed(TWO.network, edited(TWO, edits.remove, ["tanh1"]).network) == {}


def test_another_kind_of_layer_has_another_name() -> None:
    assert ids(edited(TWO, edits.set_layer, "tanh1", ReLU())) == ["linear1", "relu1", "linear2"]


def test_a_chosen_name_stays_and_is_not_counted() -> None:
    named = edited(TWO, edits.name_layer, "linear1", "hidden")
    assert ids(named) == ["hidden", "tanh1", "linear1"]
    assert ids(edited(named, edits.add_layer, Linear(2), 0)) == ["linear1", "hidden", "tanh1", "linear2"]
    assert ids(edited(named, edits.name_layer, "hidden", "")) == ["linear1", "tanh1", "linear2"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two words", "expected a letter"),
        ("2nd", "expected a letter"),
        ("x" * 41, "expected a letter"),
        ("input", "something else"),
        ("tanh1", "Another layer"),
        ("linear7", "by position"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        edits.name_layer(TWO, "linear1", name)


def test_wires_and_given_weights_follow_their_layers() -> None:
    nodes = (*TWO.network.nodes[:2], Node("add1", Add(), ("linear1", "tanh1")), TWO.network.nodes[2])
    given = (FirstWeights("linear2", "bias", (0.5,)),)
    before = TWO.replace(network=Network(nodes), first_weights=given)
    after = edited(before, edits.add_layer, Linear(2), 0)
    assert after.network["add1"].inputs == ("linear2", "tanh1")
    assert [(one.node_id, one.values) for one in after.first_weights] == [("linear3", (0.5,))]
    assert given_weights(edited(after, edits.set_weight, "linear2", "weight", (0, 0), 0.0, 1.0)) == {
        "linear2"
    }
    again = from_json(to_json(after), "it")
    assert again.network == after.network


def test_what_stays_is_the_very_same() -> None:
    after = edited(TWO, edits.add_layer, ReLU(), 3)
    assert all(one is other for one, other in zip(TWO.network.nodes, after.network.nodes, strict=False))


def test_a_change_is_told_of_the_layer_and_not_of_its_name() -> None:
    assert diff(TWO, edited(TWO, edits.add_layer, Linear(3), 1)).words == "Linear added"
    assert diff(TWO, edited(TWO, edits.name_layer, "linear1", "hidden")).words.startswith(
        "linear1 is called hidden"
    )


def test_two_layers_with_one_name_stay_as_they_are_found() -> None:
    before = TWO.replace(network=Network((Node("linear1", Linear(2)), Node("linear1", Linear(3)))))
    assert ids(edited(before, edits.add_layer, Tanh(), 2)) == ["linear1", "linear1", "tanh1"]


def test_weights_and_hand_edits_follow_through_a_rename_and_back() -> None:
    session, document = (
        Session(),
        Document(project(linear1=Linear(2), tanh1=Tanh(), linear2=Linear(2), linear3=Linear(1))),
    )
    start = document.value
    session.load(start, another=True)

    def weight(name: str) -> list[list[float]]:
        return session.trainer.model.parameters[name]["weight"].tolist()

    document.do(edits.set_weight, "linear2", "weight", (0, 0), weight("linear2")[0][0], 5.0)
    session.load(document.value)
    first, second = weight("linear1"), weight("linear2")
    assert second[0][0] == 5.0
    edited_by_hand = document.value
    document.do(edits.add_layer, Linear(2), 1)
    session.load(document.value)
    assert (weight("linear1"), weight("linear3")) == (first, second)
    assert weight("linear2") not in (first, second)
    document.do(edits.set_weight, "linear3", "weight", (0, 1), second[0][1], 7.0)
    session.load(document.value)
    assert weight("linear3")[0] == [5.0, 7.0]
    session.load(edited_by_hand, returning=True)
    assert (weight("linear1"), weight("linear2")) == (first, second)


def test_a_lessons_link_names_as_the_window_does() -> None:
    after = action("do:add?layer=Linear&after=linear1").edited(TWO)
    assert after is not None
    assert ids(after) == ["linear1", "linear2", "tanh1", "linear3"]
