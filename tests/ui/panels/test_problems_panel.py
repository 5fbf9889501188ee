"""The problems panel says what is wrong, goes there, offers to mend, and keeps the details of a crash."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.data import Digits
from engine.fit import Fit
from engine.layers import Conv2d, Linear, Sigmoid, Tanh
from engine.losses import HingeLoss, MSELoss
from engine.network import Network, Node
from playground.document import edits
from playground.document.project import Project, problems
from playground.runner.messages import Frame, State
from playground.ui.kit.theme import DARK
from playground.ui.panels.problems import ProblemsView
from tests.ui.bench import Bench, ink

FINE = Project(network=Network.chain(Linear(4), Tanh(), Linear(1)))
WRONG_OUTPUT = Project(network=Network.chain(Linear(4), Tanh(), Linear(3)))
WRONG_SHAPE = Project(network=Network.chain(Linear(4), Conv2d(), Linear(1)))


def open_on(qtbot, project: Project) -> Bench:
    return Bench(qtbot, ProblemsView, project).show(500, 300)


def messages(bench: Bench) -> list[str]:
    return [card.problem.message for card in bench.view.cards]


def test_no_problems_is_said_kindly(qtbot) -> None:
    bench = open_on(qtbot, FINE)
    assert bench.find("fine").isVisible()
    assert "No problems" in bench.find("fine").text()
    assert bench.view.cards == []


@pytest.mark.parametrize(
    "project",
    [
        Project(),
        WRONG_OUTPUT,
        WRONG_SHAPE,
        Project(source=Digits(), network=FINE.network, fit=Fit(loss=MSELoss())),
    ],
    ids=["empty", "output", "shape", "loss"],
)
def test_every_problem_of_the_project_stands_there(qtbot, project: Project) -> None:
    bench = open_on(qtbot, project)
    assert messages(bench) == [p.message for p in problems(project)]
    assert messages(bench)
    assert all(card.isVisible() for card in bench.view.cards)
    assert not bench.find("fine").isVisible()


def test_a_click_goes_to_the_block(qtbot) -> None:
    bench = open_on(qtbot, WRONG_SHAPE)
    card = bench.view.cards[0]
    assert "Conv2d, block 2" in card.findChild(object, "problem_place").text()
    QTest.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))
    assert bench.focus.node_id == "1"


def test_a_problem_is_reached_by_keyboard(qtbot) -> None:
    bench = open_on(qtbot, Project(source=Digits(), network=FINE.network, fit=Fit(loss=MSELoss())))
    first, second = bench.view.cards[:2]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert bench.focus.node_id == second.problem.node_id


def test_the_last_layer_is_mended_by_one_press_and_undone(qtbot) -> None:
    bench = open_on(qtbot, WRONG_OUTPUT)
    QTest.mouseClick(bench.find("mend"), Qt.MouseButton.LeftButton)
    assert problems(bench.project) == ()
    assert bench.project.network["2"].layer == Linear(1)
    assert bench.find("fine").isVisible()
    bench.history.undo()
    assert messages(bench) == [p.message for p in problems(WRONG_OUTPUT)]


def test_mending_is_not_offered_where_it_would_not_help(qtbot) -> None:
    bench = open_on(qtbot, Project())
    assert bench.view.findChild(object, "mend") is None


def test_a_layer_that_wants_pictures_can_be_taken_out(qtbot) -> None:
    bench = open_on(qtbot, WRONG_SHAPE)
    QTest.mouseClick(bench.find("mend"), Qt.MouseButton.LeftButton)
    assert len(bench.project.network) == len(WRONG_SHAPE.network) - 1


def test_problems_follow_the_project(qtbot) -> None:
    bench = open_on(qtbot, FINE)
    bench.document.apply(edits.remove(bench.project, {"2"}), "Delete")
    assert len(bench.view.cards) == 1
    bench.history.undo()
    assert bench.view.cards == []


def test_a_run_that_diverged_says_where_and_what_to_try(qtbot) -> None:
    bench = open_on(qtbot, FINE)
    message = "The value of 1 is no longer a finite number (epoch 3, step 12). Lower the learning rate."
    bench.view.show_frame(Frame(FINE, state=State.DIVERGED, message=message, broken_node="1"))
    (card,) = bench.view.cards
    assert card.problem.message == message
    words = card.findChild(object, "problem_place").text()
    assert "Training diverged" in words
    assert "Tanh, block 2" in words
    QTest.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))
    assert bench.focus.node_id == "1"
    assert not bench.find("details").isVisible()
    bench.view.show_frame(Frame(FINE, state=State.READY))
    assert bench.find("fine").isVisible()


def test_a_crash_keeps_its_details_to_copy(qtbot) -> None:
    bench = open_on(qtbot, FINE)
    bench.view.show_frame(
        Frame(FINE, state=State.CRASHED, message="It stopped: <b>.", details="Traceback: line 7")
    )
    assert bench.find("details").isVisible()
    assert bench.find("details").toPlainText() == "Traceback: line 7"
    assert bench.find("details").isReadOnly()
    QTest.mouseClick(bench.find("copy_details"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "It stopped: <b>.\n\nTraceback: line 7"


def test_frames_that_say_nothing_new_cost_nothing(qtbot, monkeypatch) -> None:
    bench = open_on(qtbot, FINE)
    bench.view.show_frame(Frame(FINE, state=State.CRASHED, message="x"))
    monkeypatch.setattr(bench.view, "_fill", lambda: pytest.fail("nothing has changed"))
    for epoch in range(5):
        bench.view.show_frame(Frame(FINE, state=State.CRASHED, message="x", epoch=epoch))


def test_the_theme_changes(qtbot) -> None:
    bench = open_on(qtbot, WRONG_OUTPUT)
    bench.view.context.theme.become(DARK)
    (card,) = bench.view.cards
    sign = next(label.pixmap() for label in card.findChildren(QLabel) if not label.pixmap().isNull())
    assert (ink(sign.toImage(), DARK.error) < 30).any()


LATE = Project(network=Network.chain(Linear(4), Tanh(), Linear(1), Sigmoid()))


def test_a_warning_is_told_from_a_problem_by_its_word_and_mended_by_one_press(qtbot) -> None:
    bench = open_on(qtbot, LATE)
    (card,) = bench.view.cards
    assert card.problem.level == "warning"
    assert card.accessibleName().startswith("Warning · Sigmoid, block 4")
    assert "Warning · Sigmoid, block 4" in card.findChild(object, "problem_place").text()
    assert not bench.find("fine").isVisible()
    button = bench.find("mend")
    assert button.text() == "Remove the Sigmoid"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [node.id for node in bench.project.network.nodes] == ["0", "1", "2"]
    assert bench.find("fine").isVisible()
    assert bench.history.undoText() == "Remove the Sigmoid"
    bench.history.undo()
    assert bench.project.network is LATE.network


def test_every_remedy_has_a_button_of_its_own(qtbot) -> None:
    hinge = LATE.replace(fit=Fit(loss=HingeLoss()))
    bench = open_on(qtbot, hinge)
    assert bench.find("mend").text() == "Remove the Sigmoid"
    assert bench.find("mend1").text() == "Use Tanh"
    QTest.mouseClick(bench.find("mend1"), Qt.MouseButton.LeftButton)
    assert bench.project.network["3"].layer == Tanh()
    assert bench.view.cards == []


def test_of_very_many_problems_the_first_are_listed_and_the_rest_counted(qtbot) -> None:
    wrong = [Node(f"wrong{i}", Conv2d(), ("first",)) for i in range(1000)]
    bench = open_on(qtbot, FINE.replace(network=Network((Node("first", Linear(4)), *wrong))))
    assert len(bench.view.cards) == 30
    assert bench.find("more_problems").text() == "… and 970 more"
    bench.document.set(WRONG_OUTPUT)
    assert not bench.find("more_problems").isVisible()
