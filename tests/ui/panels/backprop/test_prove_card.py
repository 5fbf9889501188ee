"""Prove it: what is wanted of the worker, and how its answers are shown."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.gradcheck import Verdict
from engine.trace import Nudge, Place, check, nudge
from playground.runner.messages import CheckGradients, CheckState, NudgeCell
from playground.ui.kit.numbers import fmt
from playground.ui.panels.backprop.prove import EPSILON, ProveCard
from tests.ui.panels.backprop.traced import Traced, small, trace_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(qtbot):
    bench = Traced(qtbot, ProveCard, small(), (440, 420))
    bench.last()
    return bench


def answered(bench, found):
    """Ask for a nudge, and show this answer."""
    QTest.mouseClick(bench.find("nudge"), LEFT)
    (want,) = bench.view.wants()
    bench.frame({want: found})


def test_a_nudge_is_asked_for_and_its_answer_shown(bench):
    assert not set(bench.view.wants())
    QTest.mouseClick(bench.find("nudge"), LEFT)
    place = bench.view.subject.nudged
    assert set(bench.view.wants()) == {NudgeCell(place, EPSILON)}
    found = nudge(bench.trace, place)
    bench.frame({NudgeCell(place, EPSILON): found})
    assert bench.find("prove_numeric").text() == fmt(found.numeric, 8)
    assert bench.find("prove_analytic").text() == fmt(found.analytic, 8)
    assert bench.find("prove_high").isVisible()
    assert "great" in bench.find("verdict").text()
    assert not bench.find("nudge").isEnabled(), "the same would come again"


def test_an_input_can_be_nudged(bench):
    bench.focus.choose_place(Place("input", "value", "", (0, 1)))
    answered(bench, nudge(bench.trace, Place("input", "value", "", (0, 1))))
    assert set(bench.view.wants()) == {NudgeCell(Place("input", "value", "", (0, 1)), EPSILON)}
    assert bench.find("verdict").isVisible()


def test_another_number_forgets_the_answer(bench):
    found = nudge(bench.trace, bench.view.subject.nudged)
    answered(bench, found)
    bench.focus.choose_place(Place("linear1", "parameter", "weight", (0, 1)))
    assert not bench.find("verdict").isVisible()
    assert bench.find("nudge").isEnabled()
    assert not set(bench.view.wants())
    bench.frame({NudgeCell(found.place, EPSILON): found})
    assert not bench.find("verdict").isVisible()  # an answer to an older question


def test_a_kink_is_named(bench):
    place = bench.view.subject.nudged
    answered(bench, Nudge(place, 1e-6, 1.0, 1.0, 1.1, 0.5, 1.0, 0.5, Verdict.KINK, ("relu1",)))
    assert "kink" in bench.find("verdict").text()
    assert "ReLU (relu1)" in bench.find("verdict").text()


def test_a_wrong_gradient_is_called_bad(bench):
    place = bench.view.subject.nudged
    answered(bench, Nudge(place, 1e-6, 1.0, 1.0, 1.1, 0.5, 1.0, 0.5, Verdict.BAD))
    assert "bad" in bench.find("verdict").text()
    assert bench.find("verdict").property("problem")


def test_all_can_be_checked_and_left_and_gone_on_with(bench):
    button, reports = bench.find("check_all"), tuple(check(bench.trace, 5))
    QTest.mouseClick(button, LEFT)
    assert set(bench.view.wants()) == {CheckGradients()}
    bench.frame({CheckGradients(): CheckState(0.4, reports[:1])})
    assert bench.find("check_progress").isVisible()
    assert bench.find("check_progress").value() == 40
    assert button.text() == "Cancel"
    QTest.mouseClick(button, LEFT)
    assert not set(bench.view.wants())
    assert button.text() == "Check all"
    assert button.isEnabled()
    assert not bench.find("check_progress").isVisible()
    assert bench.find("check_reports").rowCount() == 1, "what it has found stays"
    QTest.mouseClick(button, LEFT)
    bench.frame({CheckGradients(): CheckState(1.0, reports, running=False)})
    table = bench.find("check_reports")
    assert not bench.find("check_progress").isVisible()
    assert [table.item(i, 0).text() for i in range(table.rowCount())] == [
        f"{r.node_id} · {r.name}" for r in reports
    ]
    assert table.item(0, 1).text() == "5 of 6"
    assert button.text() == "Check all"
    assert not button.isEnabled(), "the same would come again"
    assert not set(bench.view.wants())


def test_a_fault_can_be_planted_to_see_it_found(bench):
    reports = checked(bench)
    table = bench.find("check_reports")
    assert table.item(0, 2).text() == fmt(reports[0].raw, 2)
    assert table.item(0, 3).text() == fmt(reports[0].difference, 2)
    assert "dropout mask" in bench.find("check_rules").text()
    bench.find("plant_fault").setChecked(True)
    assert table.rowCount() == 0, "what was found holds no more"
    QTest.mouseClick(bench.find("check_all"), LEFT)
    assert set(bench.view.wants()) == {CheckGradients(planted=True)}


def checked(bench):
    """Ask for a check, and show what it finds."""
    reports = tuple(check(bench.trace, 5))
    QTest.mouseClick(bench.find("check_all"), LEFT)
    bench.frame({CheckGradients(): CheckState(1.0, reports, running=False)})
    return reports


def test_a_report_leads_to_its_worst_number(bench):
    reports = checked(bench)
    table = bench.find("check_reports")
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(1, 0)).center())
    worst = reports[1]
    assert bench.focus.chosen_place == Place(worst.node_id, "parameter", worst.name, worst.worst.index)


@pytest.mark.parametrize("button", ["nudge", "check_all"])
def test_why_it_cannot_be_done_is_said(bench, button):
    why = "A nudge runs the whole batch again, and this trace has not all of it."
    QTest.mouseClick(bench.find(button), LEFT)
    bench.frame(
        {
            NudgeCell(bench.view.subject.nudged, EPSILON): why,
            CheckGradients(): CheckState(running=False, refusal=why),
        }
    )
    assert bench.find("prove_refusal").isVisible()
    assert bench.find("prove_refusal").text() == why
    bench.focus.show_step(None)
    bench.last()
    assert not bench.find("prove_refusal").isVisible()


def test_in_another_update_all_is_forgotten(bench):
    checked(bench)
    answered(bench, nudge(bench.trace, bench.view.subject.nudged))
    assert bench.find("verdict").isVisible()
    bench.trace = trace_of(bench.project, 4)
    bench.last()
    assert not bench.find("verdict").isVisible()
    assert not bench.find("check_reports").isVisible()
    assert bench.find("check_all").isEnabled()
    assert not set(bench.view.wants())
