"""What is said about a block: its sums, its shapes, what it takes from Training, and the data and the loss."""

from __future__ import annotations

import pytest

from engine.data import Circle, Digits, Iris, Preparation, Sine
from engine.fit import Fit
from engine.initializers import HeNormal
from engine.layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Tanh
from engine.layers import registry as layers
from engine.losses import CrossEntropyLoss, MSELoss, losses
from engine.network import Network
from engine.regularizers import L2
from playground.document.project import Project
from playground.ui.kit.subject import Subject, parameter_count, subject_of, unsuited_losses

MLP = Project(network=Network.chain(Linear(6), Tanh(), Linear(1)))
CNN = Project(
    source=Digits(),
    network=Network.chain(Conv2d(6, 5, padding="same"), ReLU(), MaxPool2d(2), Flatten(), Linear(10)),
    fit=Fit(loss=CrossEntropyLoss()),
)


def about(project: Project, node_id: str) -> Subject:
    subject = subject_of(project, node_id)
    assert subject is not None
    return subject


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (Conv2d(6, 5), (1, 28, 28), "6×1×5×5 + 6 = 156"),
        (Conv2d(4, (3, 5), bias=False), (2, 9, 9), "4×2×3×5 = 120"),
        (Linear(4), (6,), "4×6 + 4 = 28"),
        (Tanh(), (6,), "none, there is nothing to learn"),
    ],
)
def test_parameters_are_counted_with_the_sum(layer, shape, words: str) -> None:
    assert parameter_count(layer, shape) == words


@pytest.mark.parametrize("cls", list(layers), ids=lambda cls: cls.__name__)
def test_the_sum_is_right_for_every_layer(cls) -> None:
    layer = cls()
    for shape in ((4,), (2, 6, 6)):
        try:
            layer.check_inputs(*(shape,) * (layer.arity or 2))
            parameters = layer.parameters(*(shape,) * (layer.arity or 2))
        except ValueError:
            continue
        words = parameter_count(layer, *(shape,) * (layer.arity or 2))
        total = sum(p.size for p in parameters.values())
        assert words.endswith(f" {total}") or (
            words in (str(total), "none, there is nothing to learn")
            and not (total and words.startswith("none"))
        )


def test_a_layer_says_its_shapes_and_its_place() -> None:
    conv = about(CNN, "0")
    assert dict(conv.facts) == {"Shape": "1×8×8 → 6×8×8", "Parameters": "6×1×5×5 + 6 = 156"}
    assert (conv.title, conv.category, conv.place) == ("Conv2d", "Convolution", "block 1 of 5")
    assert conv.help == Conv2d.help()
    assert conv.spec is CNN.network["0"].layer
    assert conv.formula == Conv2d.formula
    assert conv.gradient_formula == Conv2d.gradient_formula
    assert dict(about(CNN, "3").facts)["Shape"] == "6×4×4 → 96 values"


def test_only_activations_have_a_curve() -> None:
    assert about(MLP, "1").activation == Tanh()
    assert about(MLP, "0").activation is None


def test_what_a_layer_leaves_to_training_is_named() -> None:
    project = MLP.replace(fit=Fit(initializer=HeNormal(), regularizer=L2()))
    assert about(project, "0").notes == {
        "initializer": "In Training: He normal",
        "regularizer": "In Training: L2",
    }
    own = project.replace(network=Network.chain(Linear(6, initializer=HeNormal())))
    assert about(own, "0").notes == {"regularizer": "In Training: L2"}


def test_a_half_built_network_is_described_as_far_as_it_is_known() -> None:
    project = Project(network=Network.chain(Conv2d(), Linear(2), Linear(1)))
    wrong = about(project, "0")
    assert "reads pictures" in wrong.problems[0].message
    assert dict(wrong.facts) == {"Shape": "2 values → ?"}
    assert dict(about(project, "1").facts) == {"Shape": "unknown until the blocks before it fit"}


def test_the_input_sums_the_data_up() -> None:
    facts = dict(about(CNN, "input").facts)
    assert facts["Samples"] == "1,078 train · 360 validation · 359 test"
    assert facts["Question"] == "which of 10 classes"
    assert facts["Each sample"] == "1×8×8"
    assert facts["Classes"] == "0, 1, 2, 3 … 9 (10)"
    assert about(CNN, "input").spec is None


def test_a_regression_names_its_target_and_its_range() -> None:
    facts = dict(about(Project(source=Sine(noise=0.0)), "input").facts)
    assert facts["Target"].startswith("y, from −")
    assert facts["Question"] == "what number"


def test_a_table_names_its_features() -> None:
    facts = dict(about(Project(source=Iris()), "input").facts)
    assert facts["Features"].startswith("sepal length")
    assert facts["Classes"] == "setosa, versicolor, virginica"


def test_data_that_cannot_be_made_are_a_problem_and_no_crash() -> None:
    project = Project(source=Circle(samples=10), preparation=Preparation(train=0.9, validation=0.1))
    broken = project.replace(source=_Empty())
    subject = about(broken, "input")
    assert subject.facts == ()
    assert "no samples today" in subject.problems[0].message
    assert unsuited_losses(broken) == {}


class _Empty(Circle):
    def make(self):
        from engine.errors import DataError

        raise DataError("There are no samples today; expected some. Come back tomorrow.")


def test_the_loss_says_its_factor_and_what_it_needs() -> None:
    loss = about(MLP.replace(network=Network.chain(Linear(3))), "loss")
    assert dict(loss.facts) == {
        "Factor": "mean over outputs and batch",
        "Needs": "1 value per sample",
        "Gets": "3 values per sample",
    }
    assert loss.spec is MLP.fit
    assert "loss" not in loss.hidden
    assert {"optimizer", "batch_size"} <= loss.hidden


def test_losses_that_do_not_serve_the_data_are_named_with_the_reason() -> None:
    unsuited = unsuited_losses(CNN)
    assert "CrossEntropyLoss" not in unsuited
    assert "these data are multiclass" in unsuited["BCEWithLogitsLoss"]
    assert set(unsuited) == {cls.key for cls in losses if "multiclass" not in cls.tasks}


def test_a_loss_that_does_not_serve_the_data_has_a_problem() -> None:
    loss = about(CNN.replace(fit=Fit(loss=MSELoss())), "loss")
    assert "these data are multiclass" in loss.problems[0].message


@pytest.mark.parametrize("node_id", ["", "gone"])
def test_nothing_is_said_about_what_is_not_there(node_id: str) -> None:
    assert subject_of(MLP, node_id) is None


def test_dropout_has_no_notes() -> None:
    assert about(Project(network=Network.chain(Dropout())), "0").notes == {}
