"""What a project knows about itself: its data, shapes, problems, and what its last layer must give."""

import pytest

from engine.augmentation import Flip, Jitter
from engine.data import Circle, Digits, Preparation, Sine, SpiralClasses, Wine
from engine.errors import DataError
from engine.fit import Fit
from engine.initializers import Zeros
from engine.layers import BatchNorm, Conv2d, Linear, ReLU, Sigmoid
from engine.losses import CrossEntropyLoss, MSELoss
from playground.document import edits
from playground.document.examples import example, examples
from playground.document.project import (
    Project,
    data_of,
    findings,
    loss_of,
    place_in_words,
    prepared,
    problems,
    shapes,
    wanted_output,
    warnings,
)
from tests.document.projects import circle, digits, project


def test_data_are_made_once_for_all_who_ask() -> None:
    assert data_of(circle()) is data_of(circle())
    assert data_of(circle()) is prepared(Circle(samples=60), Preparation())
    assert data_of(circle()) is not data_of(circle().replace(source=Circle(samples=61)))


def test_shapes_of_what_can_be_computed() -> None:
    assert shapes(circle()) == {"input": (2,), "linear1": (4,), "tanh1": (4,), "linear2": (1,)}
    assert shapes(project(Linear(3), Conv2d(), ReLU())) == {"input": (2,), "linear1": (3,)}
    assert shapes(digits())["conv2d1"] == (2, 6, 6)


@pytest.mark.parametrize(
    ("source", "loss", "wanted"),
    [
        (Circle(), Fit().loss, (1,)),
        (Circle(), MSELoss(), (1,)),
        (Circle(), CrossEntropyLoss(), (2,)),
        (SpiralClasses(classes=4), CrossEntropyLoss(), (4,)),
        (Sine(), MSELoss(), (1,)),
        (Sine(), CrossEntropyLoss(), None),
        (Digits(), CrossEntropyLoss(), (10,)),
    ],
)
def test_the_output_that_data_and_loss_need(source: object, loss: object, wanted: object) -> None:
    assert wanted_output(Project(source=source, fit=Fit(loss=loss))) == wanted


def where(project: Project) -> list[str]:
    return [p.node_id for p in problems(project)]


def test_problems_stand_where_they_arise() -> None:
    assert where(circle()) == []
    assert where(project()) == [""]
    assert where(project(Linear(4), ReLU())) == ["relu1"]
    assert where(project(Conv2d())) == ["conv2d1"]
    assert where(circle().replace(fit=Fit(loss=CrossEntropyLoss()), source=Sine())) == ["loss"]
    both = project(Conv2d()).replace(fit=Fit(loss=CrossEntropyLoss()), source=Sine())
    assert where(both) == ["conv2d1", "loss"]


def test_an_augmentation_that_makes_no_sense_is_a_problem_of_the_input() -> None:
    assert where(circle().replace(fit=Fit(augmentation=(Jitter(),)))) == []
    assert where(circle().replace(fit=Fit(augmentation=(Jitter(), Flip())))) == ["input"]
    (problem, *_) = problems(digits().replace(fit=digits().fit.replace(augmentation=(Jitter(),))))
    assert problem.node_id == "input"
    assert "Jitter is made for rows of numbers; the samples are pictures. Remove it" in problem.message


def test_every_problem_says_what_to_do() -> None:
    for broken in (project(), project(Linear(4), ReLU()), project(Conv2d()), circle().replace(source=Sine())):
        for problem in problems(broken):
            assert problem.message.count(".") >= 2, problem.message


def test_data_that_cannot_be_made_are_a_problem_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Circle) -> None:
        raise DataError("There are no circles. Choose other data.")

    monkeypatch.setattr(Circle, "make", broken)
    hopeless = circle().replace(source=Circle(samples=77))
    assert [(p.node_id, p.message) for p in problems(hopeless)] == [
        ("input", "There are no circles. Choose other data.")
    ]
    assert shapes(hopeless) == {}
    assert wanted_output(hopeless) is None


def test_projects_are_values() -> None:
    assert circle() == circle()
    assert hash((circle().source, circle().network, circle().fit, circle().preparation))
    assert circle().replace(name="a").name == "a"
    with pytest.raises(AttributeError):
        circle().name = "b"


def test_inputs_far_from_one_are_a_warning_with_its_edit() -> None:
    project = edits.set_preparation(
        example("iris").project.replace(source=Wine()), Preparation(normalize="none")
    )
    project = edits.mend_output(project)
    assert not problems(project)
    [warning] = [w for w in warnings(project) if w.node_id == "input"]
    assert "proline" in warning.message
    mended = edits.mend(project, warning.remedies[0])
    assert mended.preparation.normalize == "standardize"
    assert not [w for w in warnings(mended) if w.node_id == "input"]


@pytest.mark.parametrize("one", [e.key for e in examples() if e.key != "alexnet"])
def test_no_example_is_far_from_one(one: str) -> None:
    assert not [w for w in warnings(example(one).project) if w.node_id == "input"]


def test_warnings_do_not_keep_a_project_from_running() -> None:
    late = project(Linear(4), Sigmoid(), Linear(1), Sigmoid())
    assert problems(late) == ()
    assert [(w.node_id, w.level) for w in warnings(late)] == [("sigmoid2", "warning")]
    assert findings(late) == warnings(late)


def test_errors_come_before_warnings() -> None:
    both = project(BatchNorm(), Linear(4), Sigmoid(), Linear(1), Sigmoid())
    both = both.replace(fit=both.fit.replace(batch_size=1))
    assert [found.node_id for found in findings(both)] == ["batchnorm1", "sigmoid2"]
    assert findings(both) == problems(both) + warnings(both)


def test_weights_that_are_given_or_set_by_hand_are_not_drawn_alike() -> None:
    zeros = edits.set_fit(project(Linear(4), ReLU(), Linear(1)), Fit(initializer=Zeros()))
    assert [w.node_id for w in warnings(zeros)] == ["linear1"]
    assert warnings(edits.set_weight(zeros, "linear1", "weight", (0, 0), 0.0, 1.0)) == ()
    assert warnings(edits.set_weight(zeros, "linear1", "bias", (0,), 0.0, 1.0)) != ()


def test_the_loss_is_that_of_the_last_layer() -> None:
    squared = Fit(loss=MSELoss())
    assert loss_of(edits.set_fit(project(Linear(1), Sigmoid()), squared)).labels == (0.0, 1.0)
    assert loss_of(edits.set_fit(project(Linear(1)), squared)).labels == (-1.0, 1.0)


def test_places_have_names_for_people() -> None:
    found = project(Linear(1), Sigmoid())
    assert place_in_words(found, "sigmoid1") == "Sigmoid, block 2"
    assert place_in_words(found, "input") == "Input"
    assert place_in_words(found, "loss") == "Loss"
    assert place_in_words(found, "gone") == place_in_words(found, "") == ""
