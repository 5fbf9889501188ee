"""A view beside a real trace of a small network, stepped through by the test."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine import layers, optimizers
from engine.trace import Moment, Trace, moments
from engine.trace.moments import Grain
from playground.document import edits
from playground.document.project import Project
from playground.runner.messages import Frame, NextUpdate, State, Want
from playground.runner.session import Session
from playground.ui.kit.view import StepAt, View
from playground.ui.panels.backprop.view import BackpropView
from tests.ui.bench import Bench
from tests.ui.panels.canvas.rig import project_of


def small(*chain: Any, source: str = "Circle", **fit: Any) -> Project:
    """A 2-3-1 network with ReLU, or the given layers, with these training choices."""
    chain = chain or (layers.Linear(3), layers.ReLU(), layers.Linear(1))
    project = project_of(*chain, source=source)
    return edits.set_fit(project, project.fit.replace(**({"optimizer": optimizers.SGD(lr=0.1)} | fit)))


def trace_of(project: Project, steps: int = 3) -> Trace:
    """Of the next update after some real ones."""
    session = Session()
    session.load(project)
    session.play()
    session.train(600.0, most=steps)
    session.inspect()
    assert session.inspection.trace is not None, session.message
    return session.inspection.trace


class Traced(Bench):
    """``view`` shows a trace of ``project``."""

    def __init__(
        self, qtbot, view: type[View], project: Project, size: tuple[int, int] = (420, 340), steps: int = 3
    ) -> None:
        super().__init__(qtbot, view, project)
        self.trace = trace_of(project, steps)
        self.show(*size)

    def go(
        self,
        phase: str,
        node: str = "",
        part: str = "",
        grain: Grain = "layer",
        cell: tuple[int, ...] | None = None,
        term: int | None = None,
        sample: int | None = 0,
    ) -> Moment:
        """Go to the first step like this."""
        walk = moments(self.trace, grain, node or None if grain in ("unit", "term") else None)
        found = next(
            m
            for m in walk
            if (m.phase, m.node_id) == (phase, node)
            and (m.part == part if part or grain == "layer" else True)
            and (cell is None or m.cell == cell)
            and (term is None or m.term == term)
        )
        self.focus.show_step(StepAt(self.trace, found, sample))
        return found

    def last(self, sample: int | None = 0) -> None:
        """Go to the end: the loss after the update."""
        self.focus.show_step(StepAt(self.trace, moments(self.trace, "layer")[-1], sample))

    def frame(self, answers: Mapping[Want, Any] = MappingProxyType({}), **fields: Any) -> None:
        """Show a frame with this trace, and these answers."""
        answers = dict(answers) if self.trace is None else {NextUpdate(): self.trace, **answers}
        self.see(Frame(self.project, state=State.PAUSED, answers=answers, **fields))

    def see(self, frame: Frame) -> None:
        """Show a frame, as the pump does; what the tests of single cards stand at, they say themselves."""
        self.view.show_frame(frame)
        if isinstance(self.view, BackpropView):
            self.stepper.see(frame)
