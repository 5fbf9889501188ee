"""Edits: each does what it says, leaves everything else the very same object, and never fails on a half-built network."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.augmentation import Jitter, Rotate, Shift
from engine.data import (
    Circle,
    Diabetes,
    Digits,
    Iris,
    PastedTable,
    Preparation,
    Sine,
    SpiralClasses,
    Xor,
    roles,
)
from engine.errors import DataError, SpecError, UnknownName
from engine.fit import Fit
from engine.initializers import HeNormal, Zeros
from engine.layers import (
    Add,
    BatchNorm,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    Unflatten,
)
from engine.layers import registry as layers
from engine.limits import MOST_LAYERS
from engine.losses import BCEWithLogitsLoss, CrossEntropyLoss, HingeLoss, MSELoss
from engine.network import Network
from engine.problems import AppendLayer, InsertLayer, Remedy, RemoveNode, SetLayer
from playground.document import edits
from playground.document.document import Document, News
from playground.document.files import from_json, to_json
from playground.document.project import Project, data_of, findings, problems, shapes
from playground.document.store import Store
from tests.document.projects import circle, digits, edit, ids, project, residual, wired

# --- adding ------------------------------------------------------------------------------------------------------------


def test_no_more_layers_are_added_than_a_file_may_hold() -> None:
    whole = circle()
    full = edits.paste(whole, [Tanh()] * (MOST_LAYERS + 5), 2)
    assert len(full.network) == MOST_LAYERS
    assert ids(full)[-1] == ids(whole)[-1]
    assert edits.add_layer(full, ReLU(), 0).network == full.network
    assert edits.duplicate(full, ids(full)).network == full.network
    assert from_json(to_json(full), "full").network == full.network
    assert edits.room(edits.remove(full, ids(full)[:3])) == 3


@pytest.mark.parametrize(
    ("at", "order"),
    [
        (0, ["relu1", "linear1", "tanh1", "linear2"]),
        (1, ["linear1", "relu1", "tanh1", "linear2"]),
        (3, ["linear1", "tanh1", "linear2", "relu1"]),
        (99, ["linear1", "tanh1", "linear2", "relu1"]),
    ],
)
def test_a_layer_is_inserted_where_it_was_dropped(at: int, order: list[str]) -> None:
    before = circle()
    after = edits.add_layer(before, ReLU(), at)
    assert ids(after) == order
    assert [n for n in after.network.nodes if n.id != "relu1"] == list(before.network.nodes)
    assert all(after.network[n.id] is n for n in before.network.nodes)
    assert (after.source, after.fit, after.preparation) == (before.source, before.fit, before.preparation)
    assert after.fit is before.fit


@pytest.mark.parametrize("key", layers.keys())
def test_every_layer_of_the_palette_can_be_added_by_its_key(key: str) -> None:
    after = edits.add_layer(circle(), key, 1)
    assert type(after.network.nodes[1].layer) is layers.get(key)


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Linear"):
        edits.add_layer(circle(), "Linaer", 0)


def test_ids_are_one_more_than_the_largest_that_was_used() -> None:
    grown = edits.add_layer(edits.remove(circle(), ["linear1"]), "Linear", 0)
    assert ids(grown) == ["linear3", "tanh1", "linear2"]
    assert edits.new_id(Network(), Conv2d()) == "conv2d1"


def test_a_layer_dropped_on_a_wire_that_is_named_takes_the_wire_over() -> None:
    after = edits.add_layer(residual(), ReLU(), 3)  # between linear2 and add1, which names linear2
    assert after.network["add1"].inputs == ("relu1", "tanh1")
    assert not problems(after)


def test_a_joining_layer_reads_the_two_blocks_before_it() -> None:
    after = edits.add_layer(circle(), Add(), 2)
    assert after.network.inputs_of("add1") == ("linear1", "tanh1")
    assert not problems(after)


def test_pasted_layers_come_in_order_with_ids_of_their_own() -> None:
    after = edits.paste(circle(), [Linear(3), ReLU(), Linear(3)], 1)
    assert ids(after) == ["linear1", "linear3", "relu1", "linear4", "tanh1", "linear2"]


def test_copies_stand_behind_the_last_of_the_originals() -> None:
    after = edits.duplicate(circle(), ["tanh1", "linear1"])
    assert ids(after) == ["linear1", "tanh1", "linear3", "tanh2", "linear2"]
    assert after.network["linear3"].layer is after.network["linear1"].layer
    assert edits.duplicate(after, []) is after


# --- taking out, moving, rewiring --------------------------------------------------------------------------------------


def test_whoever_named_a_removed_block_reads_what_it_read() -> None:
    after = edits.remove(residual(), ["tanh1"])
    assert after.network["add1"].inputs == ("linear2", "linear1")
    assert not problems(after)
    both = edits.remove(residual(), ["tanh1", "linear1"])
    assert both.network["add1"].inputs == ("linear2", "input")


def test_removing_leaves_the_others_the_same_objects() -> None:
    before = circle()
    after = edits.remove(before, ["tanh1"])
    assert after.network.nodes[0] is before.network.nodes[0]
    assert after.network.nodes[1] is before.network.nodes[2]


@pytest.mark.parametrize(
    ("node_id", "to", "order"),
    [
        ("linear1", 2, ["tanh1", "linear2", "linear1"]),
        ("linear2", 0, ["linear2", "linear1", "tanh1"]),
        ("tanh1", 1, ["linear1", "tanh1", "linear2"]),
        ("tanh1", 99, ["linear1", "linear2", "tanh1"]),
    ],
)
def test_a_moved_block_stands_at_its_new_position(node_id: str, to: int, order: list[str]) -> None:
    before = circle()
    after = edits.move(before, node_id, to)
    assert ids(after) == order
    assert all(after.network[i] is before.network[i] for i in order)


def test_unknown_blocks_are_named_in_the_refusal() -> None:
    for change in (
        lambda p: edits.move(p, "conv9", 0),
        lambda p: edits.set_layer(p, "conv9", ReLU()),
    ):
        with pytest.raises(SpecError, match="conv9"):
            change(circle())


def test_set_layer_keeps_the_id() -> None:
    before = circle()
    after = edits.set_layer(before, "tanh1", ReLU())
    assert isinstance(after.network["tanh1"].layer, ReLU)
    assert after.network["linear1"] is before.network["linear1"]
    assert edits.set_layer(before, "tanh1", Tanh()) is before


# --- data and training -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "loss"),
    [
        (SpiralClasses(samples=60), CrossEntropyLoss),
        (Sine(samples=60), MSELoss),
        (Digits(), CrossEntropyLoss),
        (Xor(samples=60), BCEWithLogitsLoss),
    ],
)
def test_data_of_another_kind_bring_a_loss_that_serves_them(source: object, loss: type) -> None:
    after = edits.set_source(circle(), source)
    assert type(after.fit.loss) is loss
    assert data_of(after).train.task in after.fit.loss.tasks


def test_a_loss_that_serves_the_new_data_stays() -> None:
    before = edits.set_fit(circle(), Fit(loss=MSELoss()))
    after = edits.set_source(before, Sine(samples=60))
    assert after.fit is before.fit


def test_an_autoencoder_is_one_edit_of_the_preparation_and_one_of_the_output() -> None:
    """The loss of the classes goes; a Linear as large as the picture and an Unflatten come, and stay where they fit already."""
    before = digits()
    after = edits.set_preparation(before, before.preparation.replace(reconstruct=True))
    assert type(after.fit.loss) is MSELoss
    assert problems(after)
    mended = edits.mend_output(after)
    assert not [p for p in problems(mended) if p.level == "error"]
    linear, unflatten = (node.layer for node in mended.network.nodes[-2:])
    assert (linear.out_features, unflatten) == (64, Unflatten(1, 8, 8))
    assert edits.mend_output(mended) is mended
    wrong = edits.set_layer(mended, mended.network.nodes[-1].id, Unflatten(4, 4, 4))
    assert edits.mend_output(wrong).network.nodes[-1].layer == Unflatten(1, 8, 8)
    assert not [p for p in problems(edits.mend_output(wrong)) if p.level == "error"]
    classes = edits.set_preparation(mended, before.preparation)
    assert type(classes.fit.loss) is CrossEntropyLoss


def test_another_kind_of_data_brings_its_preparation_and_keeps_the_shares() -> None:
    before = edits.set_preparation(circle(), Preparation(train=0.5, validation=0.3, split_seed=4))
    table = edits.set_source(before, Diabetes()).preparation
    assert (table.train, table.validation, table.split_seed) == (0.5, 0.3, 4)
    assert (table.normalize, table.target) == ("standardize", "standardize")
    back = edits.set_source(edits.set_source(before, Diabetes()), Circle()).preparation
    assert back.normalize == "none"


def test_augmentations_that_make_no_sense_for_the_new_data_go() -> None:
    chain = (Rotate(), Shift())
    before = edits.set_fit(digits(), digits().fit.replace(augmentation=chain))
    assert edits.set_source(before, Iris()).fit.augmentation == ()
    assert edits.set_source(before, Digits()).fit is before.fit
    points = edits.set_fit(circle(), Fit(augmentation=(Jitter(),)))
    assert edits.set_source(points, Xor()).fit is points.fit


def test_another_setting_of_the_same_data_keeps_the_preparation() -> None:
    before = edits.set_preparation(circle(), Preparation(normalize="min-max"))
    after = edits.set_source(before, Circle(samples=80))
    assert after.preparation is before.preparation


def test_data_that_cannot_be_made_do_not_stop_the_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.errors import DataError

    def broken(self: Iris) -> None:
        raise DataError("Iris is not there. Install it.")

    monkeypatch.setattr(Iris, "make", broken)
    monkeypatch.setattr("playground.document.project.store", Store())  # the shared one may hold it already
    after = edits.set_source(circle(), Iris())
    assert after.source == Iris()
    assert [p.message for p in problems(after)] == ["Iris is not there. Install it."]
    assert shapes(after) == {}
    assert edits.mend_output(after).network is after.network


def test_a_start_is_that_of_all_layers() -> None:
    before = project(Linear(4, initializer=Zeros()), Tanh(), Linear(7), Softmax(), Linear(3), Sigmoid())
    after = edits.start_with(before, HeNormal(), ReLU())
    assert after.fit.initializer == HeNormal()
    assert [n.layer for n in after.network.nodes] == [
        Linear(4), ReLU(), Linear(7), Softmax(), Linear(3), Sigmoid()
    ]  # fmt: skip
    assert ids(after) == ids(before)
    assert edits.EDITS["start_with"].named(before, HeNormal()) == "Start with He normal"


def test_a_start_alone_leaves_the_network() -> None:
    before = project(Linear(4), Tanh(), Linear(1))
    after = edits.start_with(before, HeNormal())
    assert after.network is before.network
    assert edits.start_with(after, HeNormal()) == after


def test_seeds() -> None:
    assert edits.set_seed(circle(), 5).seed == 5
    assert edits.new_weights(edits.set_seed(circle(), 5)).seed == 6


def test_rename() -> None:
    assert edits.rename(circle(), "Mine").name == "Mine"
    assert edits.rename(circle(), "Mine").network == circle().network


# --- hand edits --------------------------------------------------------------------------------------------------------


def hand(project: Project, index: tuple[int, int], before: float, after: float) -> Project:
    return edits.set_weight(project, "linear1", "weight", index, before, after)


def test_one_drag_of_a_cell_is_one_hand_edit() -> None:
    dragged = hand(hand(hand(circle(), (0, 0), 0.1, 0.2), (0, 0), 0.2, 0.3), (0, 0), 0.1, 0.4)
    (one,) = dragged.weight_edits
    assert (one.before, one.after) == (0.1, 0.4)


def test_a_cell_that_training_moved_in_between_keeps_both_edits() -> None:
    twice = hand(hand(circle(), (0, 0), 0.1, 0.2), (0, 0), 0.7, 0.3)
    assert [(e.before, e.after) for e in twice.weight_edits] == [(0.1, 0.2), (0.7, 0.3)]


def test_edits_of_two_cells_stay_two() -> None:
    assert len(hand(hand(circle(), (0, 0), 0.1, 0.2), (0, 1), 0.2, 0.3).weight_edits) == 2


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (edits.new_weights, 0),
        (lambda p: edits.set_source(p, Xor()), 0),
        (lambda p: edits.set_preparation(p, Preparation(train=0.5)), 0),
        (lambda p: edits.set_fit(p, p.fit.replace(initializer=HeNormal())), 0),
        (lambda p: edits.set_fit(p, p.fit.replace(batch_size=3)), 1),
        (lambda p: edits.add_layer(p, "ReLU", 0), 1),
        (lambda p: edits.remove(p, ["linear1"]), 1),
    ],
)
def test_hand_edits_last_as_long_as_the_weights(change: object, left: int) -> None:
    assert len(change(hand(circle(), (0, 0), 0.1, 0.2)).weight_edits) == left


# --- mending -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "order"),
    [
        (project(), ["linear1"]),
        (project(Linear(4), Tanh(), Linear(3)), ["linear1", "tanh1", "linear2"]),
        (project(Linear(4), Tanh()), ["linear1", "tanh1", "linear2"]),
        (project(source=Digits()), ["flatten1", "linear1"]),
        (project(Linear(3), source=Digits()), ["flatten1", "linear1"]),
        (project(Conv2d(2), ReLU(), source=Digits()), ["conv2d1", "relu1", "flatten1", "linear1"]),
        (project(Conv2d(2), Flatten(), ReLU(), source=Digits()), ["conv2d1", "flatten1", "relu1", "linear1"]),
        (project(Conv2d(2), Linear(10), source=Digits()), ["conv2d1", "flatten1", "linear1"]),
    ],
)
def test_mending_makes_the_network_run(before: Project, order: list[str]) -> None:
    assert problems(before)
    after = edits.mend_output(before)
    assert not problems(after)
    assert ids(after) == order


def test_mending_keeps_what_else_the_last_layer_says() -> None:
    before = project(Linear(4), Linear(7, bias=False, initializer=HeNormal()))
    last = edits.mend_output(before).network.nodes[-1]
    assert last.layer == Linear(1, bias=False, initializer=HeNormal())
    assert last.id == "linear2"


def test_mending_leaves_what_runs_alone() -> None:
    for whole in (circle(), digits(), project(Linear(1), Sigmoid())):
        assert edits.mend_output(whole) is whole


@pytest.mark.parametrize(
    "remedy",
    [
        RemoveNode("Remove it", "gone"),
        SetLayer("Change it", "gone", Linear(3)),
        InsertLayer("Put one before it", "gone", Flatten()),
    ],
    ids=lambda remedy: type(remedy).__name__,
)
def test_what_is_gone_needs_no_mending(remedy: Remedy) -> None:
    """A button may be pressed in the moment in which its block goes."""
    before = circle()
    assert edits.mend(before, remedy) is before


def test_mending_finds_a_loss_too() -> None:
    before = edits.set_fit(circle(), Fit(loss=CrossEntropyLoss())).replace(source=Sine(samples=60))
    after = edits.mend_output(before)
    assert isinstance(after.fit.loss, MSELoss)
    assert not problems(after)


def test_mending_puts_the_flatten_on_the_wire_that_is_read() -> None:
    before = wired(project(Conv2d(2), MaxPool2d(2), Linear(3), source=Digits()), "linear1", ("conv2d1",))
    after = edits.mend_output(before)
    assert after.network.edges()[-2:] == (("conv2d1", "flatten1"), ("flatten1", "linear1"))
    assert not problems(after)


LATE = project(Linear(4), Tanh(), Linear(1), Sigmoid())
ALIKE = edits.set_fit(project(Linear(4), Tanh(), Linear(1)), Fit(initializer=Zeros()))
OWN = project(Linear(4, initializer=Zeros()), Tanh(), Linear(1))
NORMED = edits.set_fit(project(Linear(4), BatchNorm(), Tanh(), Linear(1)), Fit(batch_size=1))
POOLED = project(Linear(1), Softmax())


@pytest.mark.parametrize(
    "before",
    [
        project(),
        project(Linear(4), Tanh(), Linear(3)),
        LATE,
        edits.set_fit(LATE, Fit(loss=HingeLoss())),
        edits.set_fit(LATE, Fit(loss=MSELoss(taught="-1 and +1"))),
        ALIKE,
        OWN,
        NORMED,
        POOLED,
        circle().replace(source=Sine(samples=60)),
        project(Conv2d(2), ReLU(), Linear(10), source=Digits()),
        wired(project(Conv2d(2), ReLU(), MaxPool2d(2), Linear(10), source=Digits()), "linear1", ("relu1",)),
    ],
    ids=[
        "empty",
        "output",
        "logit",
        "hinge",
        "taught",
        "alike",
        "own",
        "batch norm",
        "softmax",
        "loss",
        "pictures",
        "pictures by a wire",
    ],
)
def test_each_remedy_ends_its_problem(before: Project) -> None:
    for problem in findings(before):
        for remedy in problem.remedies:
            after = edits.mend(before, remedy)
            assert problem not in findings(after), remedy.text
            assert not [new for new in findings(after) if new.node_id == problem.node_id], remedy.text


def test_a_linear_is_appended_where_nothing_can_be_removed() -> None:
    before = project(Linear(1))
    after = edits.mend(before, AppendLayer("Add a Linear", Linear(1)))
    assert ids(after) == ["linear1", "linear2"]


def test_a_remedy_that_nobody_knows_is_refused() -> None:
    with pytest.raises(SpecError, match="No edit is known"):
        edits.mend(project(), Remedy("Hope"))


# --- any sequence ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=150)
@given(st.data())
def test_any_sequence_of_edits_is_legal_and_undoable(data: st.DataObject) -> None:
    start = data.draw(
        st.sampled_from([Project(), circle(), residual(), digits(), wired(circle(), "linear2", ("linear1",))])
    )
    path = [start]
    written = to_json(start)
    for _ in range(data.draw(st.integers(1, 6))):
        path.append(data.draw(edit(path[-1])))
    for before, after in pairwise(path):
        found, known = problems(after), shapes(after)
        assert all(p.message.endswith(".") for p in found)
        assert set(known) <= {"input", *ids(after)}
        assert len(set(ids(after))) == len(ids(after))
        # An edit says by identity what it left alone.
        same = {id(n) for n in before.network.nodes}
        touched = [n for n in after.network.nodes if id(n) not in same and n in before.network.nodes]
        assert not touched, "an equal node was made anew"
        assert from_json(to_json(after), "it") == after.replace(
            weight_edits=(), name=after.name or "Untitled"
        )
    assert to_json(start) == written, "an edit changed the project it was given"


@settings(max_examples=30)
@given(st.data())
def test_undo_is_the_value_before(data: st.DataObject) -> None:
    document = Document(circle())
    past: list[Project] = []

    def record(before: Project, after: Project, text: str, merge: str) -> None:
        past.append(before)
        document.set(after)

    document.recorder = record
    values = [document.value]
    for _ in range(4):
        document.apply(data.draw(edit(document.value)), "edit")
        if document.value is not values[-1]:
            values.append(document.value)
    assert [id(p) for p in past] == [id(v) for v in values[:-1]]
    for before in reversed(past):
        document.set(before)
    assert document.value is values[0]


def test_another_human_error_touches_nothing_else() -> None:
    before = circle()
    after = edits.set_human_error(before, 0.1)
    assert (after.human_error, before.human_error) == (0.1, 0.0)
    assert after.replace(human_error=0.0) == before
    assert after.network is before.network
    with pytest.raises(SpecError, match="human error"):
        edits.set_human_error(before, 2.0)


def test_what_other_data_change_is_said() -> None:
    before = project(Linear(4), Tanh(), Linear(1))
    other = edits.mend_output(edits.set_source(before, Digits()))
    assert edits.differences(before, other) == [
        "The loss is now Cross-entropy, which suits these data.",
        "The last layer, linear2, now gives 10 values, as these data need.",
    ]
    longer = edits.mend_output(project(Conv2d(2), source=Digits()))
    assert edits.differences(project(Conv2d(2), source=Digits()), longer) == [
        "A layer was added, flatten1: Flatten.",
        "A layer was added, linear1: Linear.",
    ]
    assert edits.differences(before, before) == []


def test_what_is_typed_comes_before_an_edit_and_another_project_is_news() -> None:
    document, settled, heard = Document(circle()), [], []
    document.settle = lambda: settled.append(document.value.seed)
    document.subscribe(lambda before, after: heard.append(document.news))
    document.edit(edits.set_seed, 3)
    assert (document.value.seed, settled) == (3, [0])
    document.open(circle())
    assert heard == [News.EDITED, News.OPENED]


def test_a_column_gets_another_role() -> None:
    table = PastedTable(text="a\tb\tc\n1\t2\t3\n4\t5\t6\n7\t8\t9\n2\t4\t1\n5\t3\t2\n", targets="c")
    about = table.make().encoding.about
    second = edits.with_role(table, about, "b", roles.TARGET)
    assert second.targets == "b"
    both = edits.with_role(table, about, "b", roles.TARGET, also=True)
    assert both.targets == "c, b"
    about = both.make().encoding.about
    assert edits.with_role(both, about, "c", roles.IGNORE).targets == "b"
    with pytest.raises(DataError, match="c is the only target"):
        edits.with_role(table, table.make().encoding.about, "c", roles.IGNORE)
    assert "a=ignore" in edits.with_choice(table, "a", role=roles.IGNORE).roles
    before = circle()
    assert edits.set_role(before, "a", roles.IGNORE) is before
    on_table = edits.set_source(before, table)
    assert edits.set_role(on_table, "a", roles.IGNORE).source.roles == "a=ignore"


def test_other_painted_classes_bring_the_layer_and_loss_they_need() -> None:
    before = circle()
    source = edits.painted(before)
    assert source is not None
    assert edits.paint(before, source).network is before.network
    more = source.replace(classes=(*source.classes, "third"))
    assert edits.set_classes(edits.paint(before, source), source).network is before.network
    after = edits.set_classes(edits.paint(before, source), more)
    assert after.network.nodes[-1].layer.out_features == 3
    assert isinstance(after.fit.loss, CrossEntropyLoss)
    assert edits.painted(digits()) is None
