"""The work that a network asks for grows as the number of its layers does. Counted in steps of Python, never in time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from PySide6.QtCore import QSizeF

from engine import Model, layers
from engine.network import Network, Node
from playground.document import edits
from playground.document.project import Project, problems
from playground.ui.panels.canvas.layout import Measure, lay_out
from playground.ui.panels.canvas.plan import plan
from playground.ui.panels.canvas.view import CanvasView
from tests.ui.bench import Bench

FEW, MANY = 60, 240


def network_of(count: int) -> Network:
    """A chain in which every other layer is attached to the one before."""
    chain = [layers.Tanh() if i % 2 else layers.Linear(out_features=3) for i in range(count - 1)]
    return Network.chain(*chain, layers.Linear(out_features=1))


def steps(work: Callable[[], object]) -> int:
    """How many instructions the interpreter runs for ``work``."""
    counted = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


def laying_out(count: int) -> Callable[[], object]:
    shown = plan(Project(network=network_of(count)))
    # Names of different lengths: how wide a gap must be differs from block to block.
    measures = {b.id: Measure(90.0 + i % 7, 5.0 * (i % 5), 3.0) for i, b in enumerate(shown.blocks)}
    return lambda: lay_out(shown, measures, QSizeF(40.0 * count, 600), shrink=True)


def planning(count: int) -> Callable[[], object]:
    project = Project(network=network_of(count))
    return lambda: (plan(project), problems(project))


def binding(count: int) -> Callable[[], object]:
    model = Model(network_of(count), (2,))
    return lambda: model.own_program(8, training=True)


def editing(count: int) -> Callable[[], object]:
    project = Project(network=network_of(count))
    some = {str(i) for i in range(0, count - 1, 2)}
    return lambda: (
        edits.remove(project, some),
        edits.move(project, "1", count - 2),
        edits.duplicate(project, ["3"]),
    )


@pytest.mark.parametrize("work", [laying_out, planning, binding, editing])
def test_four_times_the_layers_are_four_times_the_work(
    qapp, work: Callable[[int], Callable[[], object]]
) -> None:
    work(8)()  # what is made once
    few, many = steps(work(FEW)), steps(work(MANY))
    assert many < 4.4 * few, f"{few:,} steps for {FEW} layers, {many:,} for {MANY}"


def test_a_canvas_takes_four_times_the_layers_with_four_times_the_work(qtbot) -> None:
    counted = []
    for count in (8, FEW, MANY):
        bench = Bench(qtbot, CanvasView, Project())
        bench.view.resize(900, 600)
        project = Project(network=network_of(count))
        counted.append(steps(lambda view=bench.view, project=project: view.show_project(None, project)))
    assert counted[2] < 4.4 * counted[1], f"{counted[1]:,} steps for {FEW} layers, {counted[2]:,} for {MANY}"


def test_a_thousand_layers_are_selected_and_deleted_without_looking_through_all_for_each(qtbot) -> None:
    counted = []
    for count in (FEW, MANY):
        bench = Bench(qtbot, CanvasView, Project(network=network_of(count)))
        counted.append(steps(lambda view=bench.view: (view.commands.select_all(), view.commands.delete())))
        assert not bench.project.network.nodes
    assert counted[1] < 4.4 * counted[0]


def test_a_node_is_found_by_its_id_and_of_two_with_one_id_the_first() -> None:
    first, second = Node("a", layers.Linear(2)), Node("a", layers.Linear(3), ("b",))
    network = Network((first, Node("b", layers.Tanh()), second))
    assert network["a"] is first
    assert network.inputs_of("a") == ("input",)
    assert network.inputs_of("b") == ("a",)
    assert "b" in network
    assert "c" not in network
