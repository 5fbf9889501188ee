"""Prove it: what is asked of the worker, and how its answers are shown."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.gradcheck import Verdict
from engine.trace import Nudge, Place, check, nudge
from playground.runner.messages import CancelCheck, CheckGradients, CheckState, NudgeCell
from playground.ui.backprop.prove import EPSILON, ProveCard
from playground.ui.numbers import fmt
from tests.ui.backprop.traced import Traced, small

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(qtbot):
    bench = Traced(qtbot, ProveCard, small(), (440, 420))
    bench.last()
    return bench


def test_a_nudge_is_asked_for_and_its_answer_shown(bench):
    QTest.mouseClick(bench.find("nudge"), LEFT)
    place = bench.view.subject.nudged
    assert bench.sent == [NudgeCell(place, EPSILON)]
    found = nudge(bench.trace, place)
    bench.frame(nudge=found)
    assert bench.find("prove_numeric").text() == fmt(found.numeric, 8)
    assert bench.find("prove_analytic").text() == fmt(found.analytic, 8)
    assert bench.find("prove_high").isVisible()
    assert "great" in bench.find("verdict").text()
    assert bench.find("nudge").text() == "Nudge again"


def test_an_input_can_be_nudged(bench):
    bench.focus.choose_place(Place("input", "value", "", (0, 1)))
    QTest.mouseClick(bench.find("nudge"), LEFT)
    assert bench.sent[-1] == NudgeCell(Place("input", "value", "", (0, 1)), EPSILON)
    bench.frame(nudge=nudge(bench.trace, bench.sent[-1].place))
    assert bench.find("verdict").isVisible()


def test_another_number_forgets_the_answer(bench):
    bench.frame(nudge=nudge(bench.trace, bench.view.subject.nudged))
    bench.focus.choose_place(Place("linear1", "parameter", "weight", (0, 1)))
    assert not bench.find("verdict").isVisible()
    bench.frame(nudge=nudge(bench.trace, Place("linear1", "parameter", "bias", (0,))))
    assert not bench.find("verdict").isVisible()  # an answer to an older question


def test_a_kink_is_named(bench):
    place = bench.view.subject.nudged
    bench.frame(nudge=Nudge(place, 1e-6, 1.0, 1.0, 1.1, 0.5, 1.0, 0.5, Verdict.KINK, ("relu1",)))
    assert "kink" in bench.find("verdict").text()
    assert "ReLU (relu1)" in bench.find("verdict").text()


def test_a_wrong_gradient_is_called_bad(bench):
    place = bench.view.subject.nudged
    bench.frame(nudge=Nudge(place, 1e-6, 1.0, 1.0, 1.1, 0.5, 1.0, 0.5, Verdict.BAD))
    assert "bad" in bench.find("verdict").text()
    assert bench.find("verdict").property("problem")


def test_all_can_be_checked_and_cancelled(bench):
    button = bench.find("check_all")
    QTest.mouseClick(button, LEFT)
    assert bench.sent == [CheckGradients()]
    reports = tuple(check(bench.trace, 5))
    bench.frame(check=CheckState(0.4, reports[:1]))
    assert bench.find("check_progress").isVisible()
    assert bench.find("check_progress").value() == 40
    assert button.text() == "Cancel"
    QTest.mouseClick(button, LEFT)
    assert bench.sent[-1] == CancelCheck()
    bench.frame(check=CheckState(1.0, reports, running=False))
    table = bench.find("check_reports")
    assert not bench.find("check_progress").isVisible()
    assert [table.item(i, 0).text() for i in range(table.rowCount())] == [
        f"{r.node_id} · {r.name}" for r in reports
    ]
    assert table.item(0, 1).text() == "5 of 6"
    assert button.text() == "Check all"


def test_a_report_leads_to_its_worst_number(bench):
    reports = tuple(check(bench.trace, 5))
    bench.frame(check=CheckState(1.0, reports, running=False))
    table = bench.find("check_reports")
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(1, 0)).center())
    worst = reports[1]
    assert bench.focus.chosen_place == Place(worst.node_id, "parameter", worst.name, worst.worst.index)


def test_why_it_cannot_be_done_is_said(bench):
    bench.frame(refusal="A nudge runs the whole batch again, and this trace has not all of it.")
    assert bench.find("prove_refusal").isVisible()
    bench.frame()
    assert not bench.find("prove_refusal").isVisible()


def test_at_the_end_of_stepping_all_is_forgotten(bench):
    bench.frame(nudge=nudge(bench.trace, bench.view.subject.nudged), check=CheckState(1.0, (), running=False))
    bench.trace = None
    bench.frame()
    assert not bench.find("verdict").isVisible()
    assert not bench.find("check_reports").isVisible()
