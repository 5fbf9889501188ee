"""Wires that go round blocks are seen, chosen, pulled and taken away, by mouse and by keys."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.layers import Add, Linear, Tanh
from playground.document import edits
from playground.document.examples import example
from playground.ui.panels.canvas.layout import lanes_of
from playground.ui.panels.canvas.plan import Plan, plan
from playground.ui.panels.canvas.targets import Card, Port, Skip
from tests.ui.panels.canvas.rig import Rig, project_of


@pytest.fixture
def rig(qtbot) -> Rig:
    """4 values, twice, and their sum."""
    return Rig(qtbot, project_of(Linear(4), Tanh(), Linear(4), Add(), Linear(1)), (1100, 600))


def reads(rig: Rig, node_id: str) -> tuple[str, ...]:
    return rig.project.network.inputs_of(node_id)


def pull(rig: Rig, source: str, to: QPoint) -> None:
    rig.press(rig.at(Port(source)))
    rig.drag_to(to)
    rig.release(to)
    rig.scene.settle()


def test_a_skip_is_an_arc_above_the_cards(rig: Rig) -> None:
    assert rig.scene.skips.shown == (Skip("add1", "tanh1"),)
    arc = rig.scene.rect_of(Skip("add1", "tanh1"))
    assert arc.bottom() < 0
    assert (
        rig.scene.rect_of(Card("tanh1")).right() - 20
        < arc.center().x()
        < rig.scene.rect_of(Card("add1")).left() + 20
    )
    drawn, muted = rig.colour(Skip("add1", "tanh1")), rig.scene.stage.look.muted
    assert drawn.alpha() > 128
    assert abs(drawn.red() - muted.red()) < 8
    assert rig.network.target_at(rig.at(Skip("add1", "tanh1"))) == Skip("add1", "tanh1")


def test_a_chain_has_none_and_no_room_for_them(qtbot) -> None:
    chain = Rig(qtbot, project_of(Linear(4), Tanh(), Linear(1)))
    assert chain.scene.skips.shown == ()
    residual = plan(example("resnet-small").project)
    assert {target for _, target in residual.skips} == {"add1", "conv2d6", "add2", "conv2d9", "add3"}


def test_no_two_arcs_run_along_one_line() -> None:
    project = project_of(*[Linear(3) for _ in range(6)], Add(), Add(), Linear(1))
    project = edits.set_inputs(project, "add1", ("linear1", "linear3", "linear6"))
    project = edits.set_inputs(project, "add2", ("linear2", "add1"))
    shown: Plan = plan(project)
    lanes, at = lanes_of(shown), {b.id: i for i, b in enumerate(shown.blocks)}
    assert set(lanes) == {("linear1", "add1"), ("linear3", "add1"), ("linear2", "add2")}
    for one in lanes:
        for other in lanes:
            apart = at[one[1]] <= at[other[0]] or at[other[1]] <= at[one[0]]
            assert one == other or apart or lanes[one] != lanes[other]


def test_a_wire_is_chosen_by_a_click_and_taken_away_by_del(rig: Rig) -> None:
    rig.click(Skip("add1", "tanh1"))
    assert rig.view.commands.current == "add1"
    assert rig.colour(Skip("add1", "tanh1")).name() == rig.scene.stage.look.theme.accent
    rig.key(Qt.Key.Key_Delete)
    assert reads(rig, "add1") == ("linear2",)
    assert "add1" in rig.ids, "the wire goes, not the block"
    rig.history.undo()
    assert reads(rig, "add1") == ("tanh1", "linear2")


def test_del_deletes_the_block_once_another_is_selected(rig: Rig) -> None:
    rig.click(Skip("add1", "tanh1"))
    rig.click(Card("tanh1"))
    rig.key(Qt.Key.Key_Delete)
    assert "tanh1" not in rig.ids


def test_a_wire_is_pulled_from_a_block_to_a_later_one(rig: Rig) -> None:
    pull(rig, "linear1", rig.card("add1"))
    assert reads(rig, "add1") == ("linear1", "tanh1", "linear2")
    pull(rig, "linear1", rig.card("linear2"))
    assert reads(rig, "linear2") == ("linear1",), "who reads one block reads another one instead"
    assert rig.view.commands.current == "linear2"


def test_while_it_is_pulled_those_that_take_it_are_marked(rig: Rig) -> None:
    rig.hover(Port("input"))
    assert rig.view.hover_card.isVisible()
    rig.press(rig.at(Port("input")))
    rig.drag_to(rig.card("tanh1"))
    assert not rig.view.hover_card.isVisible(), "it would lie over the cards that are aimed at"
    marked = {i for i, item in rig.scene.blocks.items() if item.card.candidate}
    assert marked == {"linear1", "tanh1", "linear2", "linear3"}, "an Add of 4 values takes no 2"
    rig.key(Qt.Key.Key_Escape)
    assert not any(item.card.candidate for item in rig.scene.blocks.values())
    before = rig.project
    rig.release(rig.card("linear2"))
    assert rig.project is before


def test_a_wire_that_leads_back_is_refused_in_words(rig: Rig) -> None:
    before = rig.project
    pull(rig, "linear2", rig.card("linear1"))
    assert rig.project is before
    assert "does not come before it" in rig.view.footer.text.text()
    pull(rig, "linear2", rig.card("loss"))
    assert rig.project is before
    assert "A wire ends at a layer" in rig.view.footer.text.text()


# --- a new join asks ---------------------------------------------------------------------------------------------------


@pytest.fixture
def joining(qtbot) -> Rig:
    rig = Rig(qtbot, project_of(Linear(4), Tanh(), Linear(4), Linear(1)), (1100, 600))
    rig.view.commands.insert("Add", 3)
    rig.scene.settle()
    return rig


def test_a_new_join_asks_for_its_other_input_and_marks_what_fits(joining: Rig) -> None:
    join = joining.view.join
    assert join.isVisible()
    assert join.fitting == ("linear1", "tanh1")
    assert {i for i, item in joining.scene.blocks.items() if item.card.candidate} == {"linear1", "tanh1"}
    assert [button.text().split(" ")[0] for button in join.buttons] == ["linear1", "tanh1"]


def test_it_is_answered_by_a_click_on_a_card(joining: Rig) -> None:
    joining.click(Card("linear1"))
    assert reads(joining, "add1") == ("linear1", "linear2")
    assert not joining.view.join.isVisible()
    assert joining.view.commands.current == "add1"


def test_it_is_answered_by_keyboard(joining: Rig) -> None:
    button = joining.view.join.buttons[-1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Up)
    assert QApplication.focusWidget() is joining.view.join.buttons[0]
    joining.view.join.buttons[0].click()
    assert reads(joining, "add1") == ("linear1", "linear2")


def test_one_that_has_lost_an_input_asks_again(joining: Rig) -> None:
    joining.click(Card("linear1"))
    joining.view.commands.disconnect_wire(Skip("add1", "linear1"))
    assert reads(joining, "add1") == ("linear2",)
    assert joining.view.join.isVisible()
    assert joining.view.join.fitting == ("linear1", "tanh1")
    joining.click(Card("tanh1"))
    assert reads(joining, "add1") == ("linear2", "tanh1")
    assert not joining.view.join.isVisible()


def test_esc_and_another_block_leave_it_as_it_is(joining: Rig) -> None:
    now = reads(joining, "add1")
    QTest.keyClick(joining.view.join, Qt.Key.Key_Escape)
    assert not joining.view.join.isVisible()
    assert reads(joining, "add1") == now
    joining.view.commands.insert("Add", 3)
    joining.scene.settle()
    assert joining.view.join.isVisible()
    joining.click(Card("loss"))
    assert not joining.view.join.isVisible()
    assert not any(item.card.candidate for item in joining.scene.blocks.values())


def test_where_nothing_fits_it_says_so(qtbot) -> None:
    rig = Rig(qtbot, project_of(Linear(5), Linear(4), Linear(1)), (1000, 600))
    rig.view.commands.insert("Add", 2)
    assert "no earlier block" in rig.view.join.sentence.text()
    assert rig.view.join.buttons == []


def test_it_asks_whoever_adds_it_but_not_undo(joining: Rig) -> None:
    joining.key(Qt.Key.Key_Escape)
    joining.view.stop_asking()
    joining.history.undo()
    assert "add1" not in joining.ids
    joining.history.redo()
    assert not joining.view.join.isVisible()
    joining.document.do(edits.add_layer, "Concat", 3)
    assert joining.view.join.isVisible()


def test_one_question_is_asked_at_a_time_and_each_has_the_room_it_needs(qtbot) -> None:
    rig = Rig(qtbot, project_of(Linear(4), Linear(4)), (1000, 600))
    needed = rig.view.offer.height()
    assert rig.view.offer.isVisible()
    rig.view.commands.insert("Add", 2)
    assert rig.view.join.isVisible()
    assert not rig.view.offer.isVisible()
    rig.view.stop_asking()
    assert rig.view.offer.isVisible()
    assert rig.view.offer.height() == needed
    rig.document.do(edits.add_layer, "Linear", 3)
    assert rig.view.offer.height() == needed, "a new button is counted at once"


def test_an_arc_leaves_a_stacked_card_at_its_side_and_can_be_chosen_there(qtbot) -> None:
    rig = Rig(qtbot, example("resnet-small").project, size=(680, 560))
    rig.scene.settle()
    assert rig.scene.place_of("relu1").card.top() > 0
    assert {(s.source, s.block_id) for s in rig.scene.skips.shown} == {
        ("relu1", "add1"), ("relu3", "conv2d6"), ("batchnorm5", "add2"), ("relu5", "conv2d9"), ("batchnorm8", "add3"),
    }  # fmt: skip
    card = rig.scene.place_of("relu1").card.translated(rig.scene.x_of("relu1"), 0)
    start = rig.scene.skips._corners[Skip("add1", "relu1")][0]
    assert start.x() > card.right()
    assert rig.scene.skips.target_at(QPointF(start.x(), start.y() - 20)) == Skip("add1", "relu1")
