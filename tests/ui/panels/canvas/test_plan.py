"""What is on the canvas: which block has a column, what its tiles show, and how columns are wired."""

import pytest

from engine import layers, losses
from engine.fit import Fit
from engine.network import Network, Node
from playground.document import edits
from playground.document.project import Project
from playground.ui.panels.canvas.plan import (
    LOSS,
    Mode,
    Wiring,
    keeps_shape,
    plan,
    summary_of,
    wanted_in_words,
)
from tests.ui.panels.canvas.rig import project_of


def shown(project: Project) -> dict[str, str]:
    """block → whose output its column shows."""
    return {b.id: b.shown for b in plan(project).blocks if b.shown}


def wiring(project: Project) -> dict[tuple[str, str], Wiring]:
    return {(link.source, link.target): link.wiring for link in plan(project).links}


def test_tiles_show_what_the_next_layer_reads():
    project = project_of(layers.Linear(3), layers.Tanh(), layers.Dropout(), layers.Linear(1))
    assert shown(project) == {"input": "input", "linear1": "dropout1", "linear2": "linear2"}
    assert [b.attached for b in plan(project).nodes] == [False, True, True, False]
    assert wiring(project) == {
        ("input", "linear1"): Wiring.WEIGHTS,
        ("linear1", "linear2"): Wiring.WEIGHTS,
        ("linear2", LOSS): Wiring.BUNDLE,
    }


def test_the_data_are_always_shown_as_they_are():
    project = project_of(layers.Tanh(), layers.Linear(1))
    assert shown(project) == {"input": "input", "tanh1": "tanh1", "linear1": "linear1"}
    assert wiring(project)["input", "tanh1"] is Wiring.EACH


def test_a_value_that_two_layers_read_keeps_a_column():
    network = Network(
        (
            Node("a", layers.Linear(2)),
            Node("b", layers.ReLU()),
            Node("c", layers.Linear(2), ("a",)),
            Node("d", layers.Linear(1)),
        )
    )
    project = project_of().replace(network=network)
    assert shown(project) == {"input": "input", "a": "a", "b": "b", "c": "c", "d": "d"}
    assert wiring(project)["a", "c"] is Wiring.WEIGHTS


def test_pictures():
    project = project_of(
        layers.Conv2d(4), layers.ReLU(), layers.MaxPool2d(), layers.Flatten(), layers.Dropout(), layers.Linear(10), source="Digits"
    )  # fmt: skip
    assert shown(project) == {
        "input": "input",
        "conv2d1": "relu1",
        "maxpool2d1": "maxpool2d1",
        "linear1": "linear1",
    }
    assert wiring(project) == {
        ("input", "conv2d1"): Wiring.BUNDLE,
        ("conv2d1", "maxpool2d1"): Wiring.EACH,
        ("maxpool2d1", "linear1"): Wiring.BUNDLE,
        ("linear1", LOSS): Wiring.BUNDLE,
    }
    found = plan(project)
    assert found["conv2d1"].filter == (1, 3, 3)
    assert found["linear1"].filter == (4, 3, 3)  # what a unit looks for in the flattened maps
    assert found["linear1"].names == tuple("0123456789")
    assert found.parameters == 4 * 9 + 4 + 36 * 10 + 10


def test_an_activation_behind_a_flatten_is_not_hidden():
    project = project_of(layers.Flatten(), layers.ReLU(), layers.Linear(10), source="Digits")
    assert shown(project)["relu1"] == "relu1"


@pytest.mark.parametrize(
    ("source", "mode"), [("Circle", Mode.PLANE), ("Sine", Mode.LINE), ("Iris", Mode.SAMPLE)]
)
def test_mode_is_the_kind_of_data(source, mode):
    assert plan(project_of(source=source)).mode is mode


def test_problems_stand_where_they_arise():
    project = project_of(layers.Linear(4), layers.Linear(10), source="Digits")
    found = plan(project)
    assert found["linear1"].explains
    assert "Flatten" in found["linear1"].problem.message
    assert not found["linear1"].shown
    assert not found["linear2"].problem
    assert found["linear2"].shape == ()
    assert not found.mend


def test_a_last_layer_that_does_not_fit_is_explained_at_the_loss():
    found = plan(project_of(layers.Linear(3)))
    assert found.mend
    assert found[LOSS].explains
    assert "3 values" in found[LOSS].problem.message
    assert found["linear1"].problem
    assert not found["linear1"].explains  # marked, and said once


def test_words():
    assert summary_of(layers.Linear(6), {"weight": (6, 2), "bias": (6,)}) == "6 units · 18 params"
    assert summary_of(layers.Linear(1)) == "1 unit"
    assert summary_of(layers.MaxPool2d(kernel_size=(2, 3))) == "2×3"
    assert summary_of(layers.Flatten(), {}, (64,)) == "64 values"
    assert summary_of(layers.Dropout(p=0.25)) == "p 0.25"
    assert wanted_in_words(project_of()) == "needs 1 logit"
    assert wanted_in_words(project_of(source="Digits")) == "needs 10 logits"
    assert wanted_in_words(project_of(source="Sine")) == "needs 1 value"
    squared = edits.set_fit(project_of(layers.Linear(1)), Fit(loss=losses.MSELoss()))
    assert wanted_in_words(squared) == "needs 1 value: −1 or +1"
    assert wanted_in_words(edits.add_layer(squared, "Sigmoid", 1)) == "needs 1 value: 0 or 1"


def test_a_loss_that_does_not_serve_the_data_asks_for_nothing():
    project = project_of(layers.Linear(1))
    project = project.replace(
        fit=project.fit.replace(loss=losses.CrossEntropyLoss()), source=project_of(source="Sine").source
    )
    assert wanted_in_words(project) == ""
    assert plan(project)[LOSS].explains


def test_whether_a_layer_keeps_any_shape_is_tried_not_listed():
    assert keeps_shape(layers.Tanh())
    assert keeps_shape(layers.Dropout())
    for size in (2, 3, 5):
        assert not keeps_shape(layers.Linear(size))
        assert not keeps_shape(layers.Conv2d(size, padding="same"))
    assert not keeps_shape(layers.MaxPool2d())
