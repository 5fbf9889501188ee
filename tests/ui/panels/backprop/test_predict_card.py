"""Predict first: nothing is asked unless wanted, the number waits for the answer, and answers are counted."""

import html

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from engine import layers
from engine.trace import moments
from engine.trace.cards import card as card_of
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.card import StepCard
from playground.ui.panels.backprop.predict import PredictCard
from playground.ui.panels.backprop.questions import SIGNS, agree, question
from playground.ui.panels.backprop.stages import StagesView
from tests.ui.panels.backprop.traced import Traced, small, trace_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(qtbot):
    return Traced(qtbot, PredictCard, small())


def answer(bench, i):
    QTest.mouseClick(bench.find(f"answer_{i}"), LEFT)


def switch_on(bench):
    QTest.mouseClick(bench.find("predict_first"), LEFT, pos=bench.find("predict_first").rect().center())


def test_off_by_default_nothing_is_hidden(bench):
    bench.last()
    assert not bench.view.switch.isChecked()
    assert not bench.focus.veiled


def test_the_number_waits_for_the_answer(bench, qtbot):
    switch_on(bench)
    told = []
    bench.focus.veil_changed.connect(told.append)
    bench.last()
    assert bench.focus.veiled
    right = next(iter(bench.view.question.right))
    answer(bench, right)
    assert not bench.focus.veiled
    assert told == [True, False]
    assert "1 of 1 right" in bench.view.remark.accessibleName()
    assert "Right" in bench.find("feedback").text()


def test_a_wrong_guess_costs_nothing_and_says_what_is_right(bench):
    switch_on(bench)
    bench.last()
    asked = bench.view.question
    answer(bench, next(i for i in range(len(asked.options)) if i not in asked.right))
    assert not bench.focus.veiled
    assert bench.view.remark.accessibleName() == "0 of 1 right"
    assert asked.options[next(iter(asked.right))] in bench.find("feedback").text()
    assert all(not b.isEnabled() for b in bench.view.options.findChildren(QPushButton) if b.isVisible())


def test_an_answered_step_is_not_asked_again(bench):
    switch_on(bench)
    bench.last()
    answer(bench, 0)
    bench.go("forward", "linear1")
    bench.last()
    assert not bench.focus.veiled
    assert bench.view.total == 1


def test_a_step_without_a_question_shows_at_once_and_says_why(bench):
    switch_on(bench)
    bench.last()
    assert bench.focus.veiled
    bench.go("backward", grain="pass")
    assert not bench.focus.veiled
    assert "smaller steps" in bench.view.silence.text()


def type_number(bench, text):
    bench.view.field.setFocus()
    bench.view.field.setText(text)
    QTest.keyClick(bench.view.field, Qt.Key.Key_Return)


def test_numbers_are_typed_and_two_digits_are_enough(bench):
    switch_on(bench)
    bench.view.numbers.setChecked(True)
    bench.go("forward", "linear1", "value", "unit", cell=(0,))
    assert bench.focus.veiled
    value = bench.view.question.number
    assert value == pytest.approx(float(bench.trace.values["linear1"][0, 0]))
    type_number(bench, "nonsense")
    assert bench.focus.veiled
    assert "no number" in bench.find("feedback").text()
    type_number(bench, f"{value:.1e}")
    assert not bench.focus.veiled
    assert "Right" in bench.find("feedback").text()
    assert bench.view.remark.accessibleName() == "1 of 1 right"
    assert not bench.view.field.isEnabled()


def test_a_well_known_slip_is_named(qtbot):
    bench = Traced(qtbot, PredictCard, small(), steps=200)
    switch_on(bench)
    bench.view.numbers.setChecked(True)
    biases = bench.trace.parameter("linear1", "bias")
    unit = int(np.abs(biases / bench.trace.values["linear1"][0]).argmax())
    bench.go("forward", "linear1", "value", "unit", cell=(unit,))
    value, bias = bench.view.question.number, float(biases[unit])
    type_number(bench, repr(value - bias))
    assert "The bias is missing" in bench.find("feedback").text()
    bench.go("update", "linear1", "row", "unit", cell=(0, 0))
    old = float(bench.trace.parameter("linear1", "weight")[0, 0])
    type_number(bench, repr(old))
    assert "old weight" in bench.find("feedback").text()
    assert "0 of 2 right" in bench.view.remark.accessibleName()


def test_a_mean_is_told_from_a_sum(bench):
    switch_on(bench)
    bench.view.numbers.setChecked(True)
    bench.go("backward", "linear2", "parameter", "unit", cell=(0, 0), sample=None)
    value = bench.view.question.number
    type_number(bench, repr(-value))
    assert "the sign is not" in bench.find("feedback").text()


@pytest.mark.parametrize(
    ("typed", "value", "same"),
    [
        (0.37, 0.3651, True),
        (0.36, 0.3651, False),
        (0.365, 0.3651, True),
        (-0.37, 0.37, False),
        (0.0, 0.0, True),
        (1e-9, 0.0, False),
        (1.5e-7, 1.52e-7, True),
        (130.0, 127.0, True),
        (94.0, 100.4, False),
    ],
)
def test_two_significant_digits(typed, value, same):
    assert agree(typed, value) is same


def test_switching_off_or_hiding_it_shows_everything(bench):
    switch_on(bench)
    bench.last()
    switch_on(bench)
    assert not bench.focus.veiled
    switch_on(bench)
    assert bench.focus.veiled
    bench.view.hide()
    assert not bench.focus.veiled
    bench.view.show()
    assert bench.focus.veiled


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trace():
    return trace_of(small())


def all_of(trace, grain):
    return [(m, question(trace, m, 0)) for m in moments(trace, grain)]


def test_every_question_has_a_right_answer_and_a_wrong_one(trace):
    found = [
        q for grain in ("pass", "layer", "unit", "term") for _, q in all_of(trace, grain) if q is not None
    ]
    assert len(found) > 20
    assert {type(one.number) for one in found} == {float, type(None)}
    for one in found:
        if one.number is not None:
            assert one.is_right(one.number)
            assert not one.is_right(one.number + 10)
            continue
        assert one.right
        assert one.right < frozenset(range(len(one.options)))
        assert len(set(one.options)) == len(one.options) <= 4


def test_signs_are_those_of_the_numbers(trace):
    for moment, one in all_of(trace, "unit"):
        if one is None or one.options != SIGNS or moment.part != "share":
            continue
        value = trace.share(moment.node_id, int(moment.name))[(0, *moment.cell)]
        assert SIGNS[next(iter(one.right))] == (
            "zero" if value == 0 else "positive" if value > 0 else "negative"
        )


def test_a_weight_moves_the_way_it_has_moved(trace):
    asked = [(m, one) for m, one in all_of(trace, "unit") if m.part == "row" and one is not None]
    assert asked
    for moment, one in asked:
        old, new = (
            float(trace.parameter(moment.node_id, moment.name, when)[moment.cell])
            for when in ("before", "after")
        )
        way = "not at all" if new == old else "up" if new > old else "down"
        assert [one.options[right] for right in one.right] == [way]


def test_the_new_loss_is_among_the_answers(trace):
    one = question(trace, moments(trace, "layer")[-1], 0)
    assert one.options[next(iter(one.right))] in (fmt(trace.loss_after), "it falls", "it rises")


def test_units_that_receive_nothing_are_named():
    trace = trace_of(small(layers.Linear(6), layers.ReLU(), layers.Linear(1)))
    share = trace.share("relu1", 0)
    n = next(i for i in range(trace.size) if 0 < (share[i] == 0).sum() < 6)
    moment = next(m for m in moments(trace, "layer") if (m.node_id, m.phase) == ("relu1", "backward"))
    one = question(trace, moment, n)
    for i, words in enumerate(one.options):
        assert (share[n][int(words.split()[1]) - 1] == 0) == (i in one.right)


def test_the_larger_of_two_gradients(trace):
    gradient = np.abs(trace.parameter("linear2", "weight", "gradient"))
    asked = [
        (m, q) for m, q in all_of(trace, "unit") if q is not None and q.asked.startswith("Over the batch")
    ]
    assert asked
    for moment, one in asked:
        if moment.node_id == "linear2":
            before = (*moment.cell[:-1], moment.cell[-1] - 1)
            assert next(iter(one.right)) == int(gradient[moment.cell] > gradient[before])


def test_another_sample_is_asked_about_anew(bench):
    switch_on(bench)
    bench.go("forward", "linear1", "value", "unit", cell=(0,), sample=0)
    answer(bench, 0)
    assert not bench.focus.veiled
    bench.go("forward", "linear1", "value", "unit", cell=(0,), sample=1)
    assert bench.focus.veiled
    assert bench.view.total == 1


def test_a_veiled_card_does_not_tell_what_is_asked_for(qtbot):
    trace = trace_of(small())
    card = StepCard(Focus(), LIGHT)
    qtbot.addWidget(card)
    card.resize(700, 500)
    asked = 0
    for grain in ("layer", "unit"):
        for moment in moments(trace, grain, None if grain == "layer" else "relu1"):
            if question(trace, moment, 0) is None:
                continue
            asked += 1
            found = card_of(trace, moment, 0, fmt)
            card.show_card(found, "Step 1 of 9", True)
            shown = " ".join(label.text() for label in card.findChildren(QLabel) if not label.isHidden())
            assert found.title in shown
            assert not found.sentence or found.sentence not in shown
            if found.result is not None:
                assert fmt(found.result.value) not in shown.split()
            card.show_card(found, "Step 1 of 9", False)
            assert not found.sentence or found.sentence in html.unescape(card.sentence.text())
    assert asked > 3


@pytest.mark.parametrize(("size", "told"), [(1, False), (4, True)])
def test_no_stage_before_it_gives_the_loss_away(qtbot, size: int, told: bool) -> None:
    """Of a batch of one, the loss is the mean of that one number."""
    view = StagesView(Focus(), LIGHT, "stages")
    qtbot.addWidget(view)
    view.show()
    trace = trace_of(small(batch_size=size))
    moment = next(m for m in moments(trace, "layer") if m.phase == "loss")
    stages = card_of(trace, moment, 0, fmt).stages
    view.show_stages(stages, moment, veiled=True)
    before = view.rows[len(stages) - 2].head
    assert ("=" in before.text()) is told
    assert "=" not in view.rows[len(stages) - 1].head.text()
    view.show_stages(stages, moment, veiled=False)
    assert "=" in before.text()
