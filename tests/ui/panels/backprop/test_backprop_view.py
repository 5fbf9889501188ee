"""The dock: real keys and clicks walk through a real update, and every view hears of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from engine import Network, Node, layers
from engine.trace import GRAINS, Moment, NotKept, Place, sample_outcomes
from playground.document import edits
from playground.document.document import Document
from playground.runner.messages import ApplyStep, Discard, Frame, Inspect, State
from playground.ui.kit.grid import Grid
from playground.ui.kit.numbers import fmt
from playground.ui.kit.stepper import FASTEST
from playground.ui.kit.theme import DARK, LIGHT, LiveTheme
from playground.ui.kit.view import Context, Focus
from playground.ui.panels.backprop.view import WIDE, BackpropView
from tests.ui.bench import ink
from tests.ui.panels.backprop.traced import Traced, small

pytestmark = pytest.mark.slow

DENSE = (layers.Linear(3), layers.Sigmoid(), layers.Linear(1))
CONV = (layers.Conv2d(2, 3), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(10))


class Dock(Traced):
    """The dock on a trace, which came with a frame as it does from the worker."""

    def __init__(self, qtbot, *chain, size=(1000, 420), source="Circle", **fit):
        super().__init__(qtbot, BackpropView, small(*(chain or DENSE), source=source, **fit), size)
        self.frame()
        self.view.setFocus()

    @property
    def walk(self):
        return self.view.stepper.walk

    def key(self, key):
        QTest.keyClick(self.view, key)

    def press(self, name):
        button = self.find(name)
        assert button.isEnabled(), name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(12, button.height() // 2))

    def to(self, phase, node, part, grain="unit", cell=None):
        """Go to the first such step."""
        self.view.stepper.set_grain(grain)
        moments = self.walk.moments
        at = next(
            i
            for i in range(len(moments))
            if (moments[i].phase, moments[i].node_id, moments[i].part) == (phase, node, part)
            and cell in (None, moments[i].cell)
        )
        self.view.stepper.go(at)

    def words(self, name):
        return self.find(name).text()


@pytest.fixture
def dock(qtbot):
    return Dock(qtbot, batch_size=4)


# --- beginning ----------------------------------------------------------------------------------------------------------


def test_before_anything_two_sentences_and_a_button_say_what_to_do(qtbot):
    bench = Traced(qtbot, BackpropView, small(*DENSE))
    assert bench.find("backprop_empty").isVisible()
    assert bench.find("backprop_empty_words").text().count(".") == 2
    QTest.mouseClick(bench.find("backprop_begin"), Qt.MouseButton.LeftButton)
    assert bench.sent == [Inspect(0)]
    bench.frame()
    assert not bench.find("backprop_empty").isVisible()
    assert bench.focus.step.trace is bench.trace


@pytest.mark.parametrize("key", ["first-steps", "first-convolution"])
def test_starters_are_asked_for(qtbot, key):
    bench = Traced(qtbot, BackpropView, small(*DENSE))
    with qtbot.waitSignal(bench.view.starter_chosen) as chosen:
        QTest.mouseClick(bench.find(f"backprop_starter_{key}"), Qt.MouseButton.LeftButton)
    assert chosen.args == [key]


def test_a_network_that_cannot_run_says_why(qtbot):
    bench = Traced(qtbot, BackpropView, small(*DENSE))
    bench.document.apply(edits.remove(bench.project, {"linear2"}), "Delete")
    assert not bench.find("backprop_begin").isEnabled()
    assert bench.find("backprop_begin").toolTip().startswith("Not yet")


def test_a_refusal_of_the_worker_is_shown(qtbot):
    bench = Traced(qtbot, BackpropView, small(*DENSE))
    bench.see(Frame(bench.project, refusal="There is no update."))
    assert bench.find("backprop_refusal").isVisible()
    assert bench.find("backprop_refusal").text() == "There is no update."


def test_the_sample_chosen_in_the_window_is_followed_if_the_batch_has_it(qtbot):
    bench = Traced(qtbot, BackpropView, small(*DENSE, batch_size=4))
    bench.focus.choose_sample("train", int(bench.trace.batch[2]))
    bench.frame()
    assert bench.focus.step.sample == 2


# --- moving -------------------------------------------------------------------------------------------------------------


def test_keys_go_on_and_back_to_the_start_and_to_the_end(dock):
    first = dock.focus.step
    dock.key(Qt.Key.Key_Right)
    dock.key(Qt.Key.Key_Right)
    assert dock.walk.at == 2
    assert dock.focus.step.moment == dock.walk.moments[2]
    dock.key(Qt.Key.Key_Left)
    assert dock.walk.at == 1
    dock.key(Qt.Key.Key_End)
    assert dock.walk.at == dock.walk.last
    dock.key(Qt.Key.Key_Home)
    assert dock.focus.step == first


def test_buttons_step_too_and_stop_at_the_ends(dock):
    assert not dock.find("backprop_back").isEnabled()
    dock.press("backprop_step")
    assert dock.walk.at == 1
    dock.press("backprop_back")
    assert dock.walk.at == 0
    dock.key(Qt.Key.Key_End)
    assert not dock.find("backprop_step").isEnabled()


def test_arrows_step_from_a_focused_button_as_well(dock):
    dock.find("backprop_apply").setFocus()
    QTest.keyClick(dock.find("backprop_apply"), Qt.Key.Key_Right)
    assert dock.walk.at == 1
    assert dock.sent == []


def test_space_lets_it_go_by_itself_to_the_end(dock, qtbot):
    dock.find("backprop_delay").setValue(FASTEST)
    dock.view.stepper.go(dock.walk.last - 1)
    dock.key(Qt.Key.Key_Space)
    assert dock.view.stepper.playing
    qtbot.waitUntil(lambda: not dock.view.stepper.playing)
    assert dock.walk.at == dock.walk.last


def test_it_waits_while_something_is_to_be_predicted(dock, qtbot):
    dock.find("backprop_delay").setValue(FASTEST)
    dock.focus.veil(True)
    ticks = []
    dock.view.stepper._clock.timeout.connect(lambda: ticks.append(1))
    dock.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(ticks) >= 2)
    assert dock.walk.at == 0


def test_the_scrubber_goes_to_where_it_is_pressed(dock):
    scrubber = dock.find("backprop_scrubber")
    for phase, rect in scrubber.sections().items():
        QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
        assert dock.walk.moment.phase == phase
        assert rect.contains(QPointF(scrubber.x_of(dock.walk.at), rect.center().y()))


def test_each_grain_can_be_chosen(dock):
    lengths = []
    box = dock.find("backprop_grain")
    for i, grain in enumerate(GRAINS):
        box.setCurrentIndex(i)
        box.activated.emit(i)
        assert dock.walk.grain == grain
        lengths.append(dock.walk.last)
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == 4


def test_the_selected_block_is_gone_through_finely(dock):
    dock.view.stepper.set_grain("unit")
    dock.focus.select("sigmoid1")
    assert dock.walk.within == "sigmoid1"
    assert dock.focus.step.moment.node_id == "sigmoid1"


# --- ending -------------------------------------------------------------------------------------------------------------


def test_apply_and_discard_are_sent(dock):
    dock.press("backprop_apply")
    dock.press("backprop_discard")
    assert dock.sent == [ApplyStep(), Discard()]


def test_without_a_trace_it_ends(dock):
    dock.see(Frame(dock.project, state=State.READY))
    assert dock.focus.step is None
    assert dock.find("backprop_empty").isVisible()


def test_the_same_trace_in_another_frame_moves_nothing(dock):
    dock.view.stepper.go(3)
    dock.frame()
    assert dock.walk.at == 3


def test_an_edit_ends_it_and_a_late_frame_does_not_bring_it_back(dock):
    dock.document.apply(edits.set_fit(dock.project, dock.project.fit.replace(batch_size=2)), "Batch size")
    assert dock.focus.step is None
    dock.frame()
    assert dock.focus.step is None


def test_a_rename_does_not_end_it(dock):
    dock.document.apply(edits.rename(dock.project, "other"), "Rename")
    assert dock.focus.step is not None


# --- the card -----------------------------------------------------------------------------------------------------------


def test_five_lines_tell_a_step(dock, qtbot):
    dock.to("forward", "linear1", "value", cell=(1,))
    assert "Linear (linear1) · unit 2" in dock.words("step_sentence")
    assert dock.words("step_sentence").startswith(f"Step {dock.walk.at + 1} of {dock.walk.last + 1}")
    assert dock.words("step_why")
    value = float(dock.trace.values["linear1"][0, 1])
    assert fmt(value) in dock.find("step_result").accessibleName()
    captions = [
        w.text() for w in dock.view.findChildren(QLabel) if w.objectName().startswith("step_caption_")
    ]
    assert captions == ["What", "Formula", "Numbers", "Result", "Why"]
    assert all(dock.find(f"step_caption_{c.lower()}").isVisible() for c in captions)
    numbers = dock.find("step_numbers")
    qtbot.waitUntil(lambda: numbers.ready)
    assert fmt(value).replace("−", "-") in numbers.latex.replace("{-}", "-")


def test_terms_are_linked_with_their_places(dock, qtbot):
    dock.to("forward", "linear1", "value", cell=(0,))
    strip = dock.find("step_terms")
    zone = next(z for z in strip.zones if z.place == Place("linear1", "parameter", "weight", (0, 1)))
    before = strip.grab().toImage()
    QTest.mouseMove(strip, zone.rect.center().toPoint())
    qtbot.waitUntil(lambda: dock.focus.place == zone.place)
    changed = strip.grab().toImage()
    assert changed != before
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=zone.rect.center().toPoint())
    assert dock.focus.chosen_place == zone.place


def test_a_place_pointed_at_elsewhere_lights_up_in_terms_and_grids(dock):
    dock.to("forward", "linear1", "value", cell=(0,))
    strip, grids = dock.find("step_terms"), dock.find("backprop_picture")
    before = [w.grab().toImage() for w in (strip, grids)]
    dock.focus.point_at(Place("linear1", "parameter", "weight", (0, 0)))
    assert all(w.grab().toImage() != b for w, b in zip((strip, grids), before, strict=True))
    dock.focus.point_at(None)
    assert [w.grab().toImage() for w in (strip, grids)] == before


def test_a_cell_of_a_grid_says_its_number_and_points_at_it(dock, qtbot):
    dock.to("forward", "linear1", "value", cell=(0,))
    grids = dock.find("backprop_picture")
    laid = grids._laid[0]
    at = laid.rect_of(1, 0).center()
    QTest.mouseMove(grids, at.toPoint())
    qtbot.waitUntil(lambda: dock.focus.place is not None)
    assert dock.focus.place == Place("linear1", "parameter", "weight", (1, 0))
    assert grids.zone_at(at).words.startswith("W[2, 1] = ")


def test_three_boxes_multiply(dock):
    dock.to("backward", "sigmoid1", "share", cell=(1,))
    boxes = dock.find("step_boxes")
    assert boxes.isVisible()
    arrives, local, sent = (box.operand.value for box in boxes.shown)
    assert arrives * local == pytest.approx(sent, rel=1e-5)
    assert sent == float(dock.trace.share("sigmoid1", 0)[0, 1])


def test_what_is_to_be_predicted_is_not_told(dock):
    dock.to("backward", "sigmoid1", "share", cell=(1,))
    number = fmt(float(dock.trace.share("sigmoid1", 0)[0, 1]))
    dock.focus.veil(True)
    assert number not in dock.find("step_result").accessibleName()
    assert number not in dock.find("step_boxes").accessibleName()
    assert dock.find("step_numbers").latex == ""
    dock.focus.veil(False)
    assert number in dock.find("step_result").accessibleName()


def test_the_loss_unfolds_and_shows_only_what_is_reached(qtbot):
    dock = Dock(qtbot, layers.Flatten(), layers.Linear(10), source="Digits", batch_size=4)
    dock.to("loss", "loss", "stage", cell=(0,))
    rows = dock.find("step_stages").rows
    shown = [r for r in rows if r.isVisible()]
    assert len(shown) >= 3
    assert [r.head.isEnabled() for r in shown] == [True] + [False] * (len(shown) - 1)
    dock.key(Qt.Key.Key_Right)
    assert [r.open for r in shown] == [False, True] + [False] * (len(shown) - 2)
    QTest.mouseClick(shown[0].head, Qt.MouseButton.LeftButton)
    assert shown[0].open


def test_long_sums_show_the_largest_and_the_true_rest(qtbot):
    dock = Dock(qtbot, *CONV, source="Digits", batch_size=4)
    dock.view.stepper.choose_sample(None)
    dock.to("backward", "conv2d1", "parameter", cell=(0, 0, 1, 1))
    shown = dock.find("step_terms").shown
    terms = [abs(c.term.value) for c in shown.chips]
    assert shown.sorted
    assert terms == sorted(terms, reverse=True)
    total = float(dock.trace.parameter("conv2d1", "weight", "gradient")[0, 0, 1, 1])
    assert sum(c.term.value for c in shown.chips) + shown.rest == pytest.approx(total, rel=1e-4)
    assert shown.more + len(shown.chips) == 4 * 36
    assert shown.chips[-1].running == pytest.approx(sum(c.term.value for c in shown.chips))


def test_a_fork_has_a_card_with_a_box_for_each_branch_and_their_sum(qtbot):
    nodes = (
        Node("first", layers.Linear(3), ("input",)),
        Node("curve", layers.Tanh()),
        Node("joint", layers.Add(), ("first", "curve")),
        Node("last", layers.Linear(1)),
    )
    project = dataclasses.replace(small(*DENSE), network=Network(nodes))
    bench = Traced(qtbot, BackpropView, project, (1000, 420))
    bench.frame()
    stepper = bench.view.stepper
    stepper.set_grain("unit")
    stepper.go(stepper.walk.moments.place(Moment("backward", "unit", "first", "fork", "", (1,))))
    boxes = bench.find("step_branches")
    assert boxes.isVisible()
    *branches, total = [box.operand for box in boxes.shown]
    assert [b.place.node_id for b in branches] == ["curve", "joint"]
    assert total.value == float(bench.trace.gradients["first"][0, 1])
    assert sum(b.value for b in branches) == pytest.approx(total.value, rel=1e-5)
    one, other, whole = (part.cells for part in bench.view.picture.picture.parts if isinstance(part, Grid))
    known = ~np.isnan(whole)
    assert known.ravel().tolist() == [True, True, False], "cells that are not added up yet are not shown"
    np.testing.assert_allclose((one + other)[known], whole[known], rtol=1e-5)
    stepper.go(stepper.walk.moments.place(Moment("backward", "unit", "curve", "share", "0", (1,))))
    assert not boxes.isVisible(), "what joins is told where it joins"


def test_not_recorded_is_said_in_words(dock, monkeypatch):
    def lacking(*_):
        raise NotKept("There was no room.")

    monkeypatch.setattr("playground.ui.panels.backprop.view.card", lacking)
    dock.key(Qt.Key.Key_Right)
    assert "There was no room." in dock.words("step_sentence")


# --- samples ------------------------------------------------------------------------------------------------------------


def test_another_sample_is_followed(dock):
    box = dock.find("backprop_sample")
    assert box.count() == 5
    assert box.itemText(0) == "whole batch (4)"
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert dock.focus.step.sample == 1
    QTest.keyClick(box, Qt.Key.Key_Home)
    assert dock.focus.step.sample is None


def test_the_highest_loss_comes_first(dock):
    QTest.mouseClick(dock.find("backprop_by_loss"), Qt.MouseButton.LeftButton)
    picker = dock.view.samples
    losses = sample_outcomes(dock.trace).losses
    order = [entry.sample for entry in picker._entries[1:]]
    assert order == np.argsort(-losses, kind="stable").tolist()
    assert picker._entries[picker.box.currentIndex()].sample == dock.focus.step.sample


def test_a_dot_that_is_clicked_chooses_its_sample(dock):
    dock.view.tools.sample_chosen.emit(3)
    assert dock.focus.step.sample == 3
    assert dock.find("backprop_sample").currentText().startswith("4 ·")


# --- beside the card ----------------------------------------------------------------------------------------------------


def test_the_bars_fill_on_the_way_back(dock):
    flow = dock.view.tools.cards["flow"]
    dock.view.tools.show_tool("flow")
    known = lambda: [bar.node_id for bar in flow.bars.bars if bar.known]
    assert known() == []
    dock.to("backward", "sigmoid1", "", grain="layer")
    assert set(known()) == {"linear1", "sigmoid1", "linear2"}
    dock.key(Qt.Key.Key_End)
    assert set(known()) == {"input", "linear1", "sigmoid1", "linear2"}
    norm = float(np.linalg.norm(dock.trace.gradients["linear1"][0]))
    assert next(b for b in flow.bars.bars if b.node_id == "linear1").norm == pytest.approx(norm)


def test_a_bar_selects_its_layer(dock):
    dock.view.tools.show_tool("flow")
    bars = dock.view.tools.cards["flow"].bars
    rect = next(rect for rect, bar in bars._rows if bar.node_id == "sigmoid1")
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    assert dock.focus.node_id == "sigmoid1"


def test_the_update_brings_its_table_and_takes_it_away_again(dock):
    tools = dock.view.tools
    dock.key(Qt.Key.Key_End)
    assert tools.currentWidget() is tools.cards["update"]
    dock.key(Qt.Key.Key_Home)
    assert tools.currentWidget() is tools.picture


def test_where_there_is_room_the_picture_stands_beside_the_tabs(dock, qtbot):
    tools, picture = dock.view.tools, dock.find("backprop_picture")
    assert tools.indexOf(picture) == 0
    dock.view.resize(WIDE + 100, 420)
    qtbot.waitUntil(lambda: tools.indexOf(picture) < 0)
    assert picture.isVisible()
    dock.view.resize(WIDE - 100, 420)
    qtbot.waitUntil(lambda: tools.indexOf(picture) == 0)


def test_the_theme_changes(dock):
    dock.to("backward", "sigmoid1", "share", cell=(1,))
    light = ink(dock.find("step_boxes").grab().toImage(), LIGHT.gradient).min()
    dock.view.context.theme.become(DARK)
    boxes = dock.find("step_boxes").grab().toImage()
    assert light < 20
    assert ink(boxes, DARK.gradient).min() < 20


def test_controls_can_be_named_and_explained(dock):
    for button in dock.find("backprop_bar").findChildren(QWidget):
        if button.focusPolicy() & Qt.FocusPolicy.TabFocus and button.objectName().startswith("backprop_"):
            assert button.accessibleName(), button.objectName()
            assert button.toolTip(), button.objectName()


def test_there_is_no_dock_without_the_walk_that_it_shows(qtbot):
    context = Context(Document(small()), Focus(), lambda command: None, LiveTheme(LIGHT))
    with pytest.raises(ValueError, match="no stepper"):
        BackpropView(context)
