"""The update table: its numbers are the trace's, appear when the steps reach them, and each says how it came about."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine import layers, optimizers
from engine.clipping import ClipNorm, ClipValue
from engine.regularizers import L2
from engine.trace import Place
from playground.ui.kit.numbers import fmt
from playground.ui.panels.backprop.update import NOT_YET, UpdateCard
from tests.ui.panels.backprop.traced import Traced, small


def headings(card):
    return [c.heading for c in card.table.columns]


def text(card, row, heading):
    return card.table.index(row, headings(card).index(heading)).data()


def cell_at(card, row, heading):
    """The middle of a cell, in the table's viewport."""
    return card.view.visualRect(card.table.index(row, headings(card).index(heading))).center()


@pytest.fixture
def bench(qtbot):
    return Traced(qtbot, UpdateCard, small(), (520, 340))


def test_nothing_while_nobody_steps(bench):
    assert bench.find("silence").isVisible()
    assert not bench.view.scroller.isVisible()


def test_plain_sgd_has_four_columns_and_the_trace_s_numbers(bench):
    bench.last()
    card, trace = bench.view, bench.trace
    assert headings(card) == ["old", "gradient", "step", "new"]
    assert card.table.rowCount() == 3
    place = card.subject.place
    weight = place.node_id, place.name
    assert text(card, 0, "old") == fmt(float(trace.parameter(*weight)[place.index]))
    assert text(card, 0, "gradient") == fmt(float(trace.parameter(*weight, "gradient")[place.index]))
    assert text(card, 0, "new") == fmt(float(trace.parameter(*weight, "after")[place.index]))


def test_everything_that_takes_part_has_a_column(qtbot):
    fit = {"optimizer": optimizers.Adam(lr=0.01), "regularizer": L2(0.01), "clipping": ClipNorm(0.5)}
    bench = Traced(qtbot, UpdateCard, small(**fit), (700, 340))
    bench.last()
    names = headings(bench.view)
    assert names == [
        "old", "gradient", "+ penalty", "× clip", "m", "new m", "v", "new v", "m corrected", "v corrected", "step", "new",
    ]  # fmt: skip
    row = bench.view.table.row(0)
    assert text(bench.view, 0, "× clip") == fmt(row.clipping.value)
    assert text(bench.view, 0, "+ penalty") == fmt(0.01 * row.old.value)
    assert text(bench.view, 0, "v corrected") == fmt(row.corrected[1].value)


def test_numbers_appear_when_the_steps_reach_them(bench):
    bench.go("forward", "linear1")
    assert text(bench.view, 0, "old") != NOT_YET
    assert text(bench.view, 0, "gradient") == NOT_YET
    bench.go("backward", "linear1")
    assert text(bench.view, 0, "gradient") != NOT_YET
    assert text(bench.view, 0, "new") == NOT_YET
    bench.go("update", "linear1")
    assert text(bench.view, 0, "new") != NOT_YET


def test_the_chosen_cell_comes_first_then_the_largest_gradients(bench):
    bench.go("update", "linear1")
    bench.focus.choose_place(Place("linear1", "parameter", "weight", (2, 1)))
    rows = [bench.view.table.cell(i).index for i in range(6)]
    assert rows[0] == (2, 1)
    gradient = np.abs(bench.trace.parameter("linear1", "weight", "gradient"))
    sizes = [gradient[i] for i in rows[1:]]
    assert sizes == sorted(sizes, reverse=True)


def test_another_parameter_can_be_chosen(bench):
    bench.go("update", "linear1")
    bench.view.choice.setCurrentIndex(bench.view.choice.findText("linear2 · bias"))
    bench.view.choice.activated.emit(bench.view.choice.currentIndex())
    assert bench.focus.chosen_place == Place("linear2", "parameter", "bias", (0,))
    assert bench.view.table.rowCount() == 1


def test_a_number_says_how_it_came_about(bench, qtbot):
    bench.last()
    card = bench.view
    QTest.mouseClick(card.view.viewport(), Qt.MouseButton.LeftButton, pos=cell_at(card, 0, "new"))
    assert r"\eta" in card.formula.latex
    new = card.table.row(0).new.value
    assert card.formula.latex.replace("{-}", "−").endswith(f" = {fmt(new)}")
    assert card.table.row(0).equations[-1].evaluate() == pytest.approx(new, rel=1e-5)
    QTest.mouseClick(card.view.viewport(), Qt.MouseButton.LeftButton, pos=cell_at(card, 0, "gradient"))
    assert r"\delta" in card.formula.latex
    QTest.mouseClick(card.view.viewport(), Qt.MouseButton.LeftButton, pos=cell_at(card, 0, "old"))
    assert card.formula.latex == ""
    qtbot.waitUntil(lambda: card.formula.ready)


def test_a_click_on_a_row_chooses_its_weight_and_hovering_points_at_it(bench, qtbot):
    bench.last()
    card = bench.view
    second = card.table.cell(1)
    at = cell_at(card, 1, "old")
    QTest.mouseMove(card.view.viewport(), QPoint(2, 2))
    QTest.mouseMove(card.view.viewport(), at)
    qtbot.waitUntil(lambda: bench.focus.place == second)
    QTest.mouseClick(card.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert bench.focus.chosen_place == second
    assert card.table.cell(0) == second


def test_keys_go_from_number_to_number(bench):
    bench.last()
    card = bench.view
    card.view.setFocus()
    card.view.setCurrentIndex(card.table.index(0, 3))
    QTest.keyClick(card.view, Qt.Key.Key_Left)
    assert r"\Delta" in card.formula.latex or card.formula.latex == ""
    QTest.keyClick(card.view, Qt.Key.Key_Left)
    assert r"\partial L" in card.formula.latex


def test_the_loss_before_and_after(bench):
    bench.go("forward", "linear1")
    assert fmt(bench.trace.loss) not in bench.view.losses.text()
    bench.go("update", "linear1")
    assert fmt(bench.trace.loss) in bench.view.losses.text()
    assert fmt(bench.trace.loss_after) not in bench.view.losses.text()
    bench.last()
    assert fmt(bench.trace.loss_after) in bench.view.losses.text()


def test_a_veil_hides_the_new_loss(bench):
    bench.last()
    bench.focus.veil(True)
    assert fmt(bench.trace.loss_after) not in bench.view.losses.text()


def test_a_large_layer_makes_only_the_rows_one_sees(qtbot):
    bench = Traced(
        qtbot, UpdateCard, small(layers.Flatten(), layers.Linear(100), layers.Linear(10), source="Digits")
    )
    bench.go("update", "linear1")
    assert bench.view.table.rowCount() == 6400
    bench.view.grab()
    assert len(bench.view.table._rows) < 200


@pytest.mark.parametrize("limit", [ClipNorm(max_norm=1e-3), ClipValue(limit=1e-3), ClipNorm(max_norm=1e3)])
def test_clipping_is_two_arrows_and_only_by_value_they_part(qtbot, limit):
    bench = Traced(qtbot, UpdateCard, small(clipping=limit), (520, 400))
    bench.last()
    arrows, trace = bench.view.arrows, bench.trace
    shown = arrows.shown
    stages = (trace.parameters["gradient"], trace.parameters["clipped"])
    g, c = (np.concatenate([stage[i] for i in trace.learners()]).astype(float) for stage in stages)
    assert shown.before == pytest.approx(np.linalg.norm(g))
    assert shown.after == pytest.approx(np.linalg.norm(c))
    assert arrows.isVisible()
    if limit == ClipNorm(max_norm=1e3):
        assert "nothing is clipped" in shown.in_words
    elif isinstance(limit, ClipNorm):
        assert shown.angle < 0.05
        assert "its direction stays" in shown.in_words
    else:
        assert shown.angle == pytest.approx(
            np.degrees(np.arccos(g @ c / np.linalg.norm(g) / np.linalg.norm(c))), abs=1e-3
        )
        assert "it turns by" in shown.in_words
    bench.go("forward", "linear1")
    assert not arrows.isVisible(), "before the update nothing is known of it"
