"""The one weight that the cards beside the steps are about."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.network import INPUT
from engine.trace import OF_PARAMETERS, Place, Trace
from playground.ui.kit.view import Focus


class Subject(QObject):
    """Follows the steps and the clicks: the parameter of the step itself, or the number that was clicked since.

    Attributes:
        place: of a parameter's cell; ``None`` where nothing learns, or nobody steps.
        nudged: the same, or the cell of the data that was clicked last.
    """

    changed = Signal()

    def __init__(self, focus: Focus, parent: QObject) -> None:
        super().__init__(parent)
        self._focus = focus
        self.place: Place | None = None
        self.nudged: Place | None = None
        self._clicked: Place | None = None
        self._while = ""  # which layer computed when it was clicked
        focus.step_changed.connect(self._step_changed)
        focus.chosen_changed.connect(self._chosen_changed)
        self._chosen_changed(focus.chosen_place)

    def _step_changed(self, step: object) -> None:
        now = self._focus.step
        if now is not None and now.moment.part in ("parameter", "row") and now.moment.cell:
            self._take(Place(now.moment.node_id, "parameter", now.moment.name, now.moment.cell))
        elif now is None or (
            now.moment.node_id != self._while and now.moment.node_id in now.trace.learners()
        ):
            self._clicked = None  # another layer's turn
        self._settle()

    def _chosen_changed(self, place: Place | None) -> None:
        if place is not None:
            self._take(place)
        self._settle()

    def _take(self, place: Place) -> None:
        self._clicked = place
        self._while = self._focus.step.moment.node_id if self._focus.step is not None else ""

    def _settle(self) -> None:
        step, clicked = self._focus.step, self._clicked
        place, nudged = None, None
        if step is not None:
            place = nudged = parameter_of(step.trace, clicked) or largest_of(
                step.trace, self._node(step.trace, step.moment.node_id)
            )
            if clicked is not None and clicked.node_id == INPUT and clicked.index:
                nudged = Place(INPUT, "value", "", clicked.index)
        if (place, nudged) != (self.place, self.nudged):
            self.place, self.nudged = place, nudged
            self.changed.emit()

    def _node(self, trace: Trace, active: str) -> str:
        """The layer whose parameters are next to what computes."""
        learners = trace.learners()
        if active in learners:
            return active
        if self._focus.node_id in learners:
            return self._focus.node_id
        last, known = next(iter(learners), ""), set(learners)
        for node in trace.network.nodes:  # of those that stand before it, the last
            if node.id == active:
                break
            last = node.id if node.id in known else last
        return last


def parameter_of(trace: Trace, place: Place | None) -> Place | None:
    """The parameter's cell that a place belongs to, if the trace has it."""
    if place is None or place.kind not in OF_PARAMETERS or place.node_id not in trace.learners():
        return None
    name = place.name.rpartition("/")[2]
    layer = trace.network[place.node_id].layer
    specs = layer.parameters(*trace.in_shapes(place.node_id))
    if name not in specs or len(place.index) != len(specs[name].shape):
        return None
    inside = all(i < n for i, n in zip(place.index, specs[name].shape, strict=True))
    return Place(place.node_id, "parameter", name, place.index) if inside else None


def largest_of(trace: Trace, node_id: str) -> Place | None:
    """The cell of a layer's first parameter whose gradient is largest."""
    if node_id not in trace.learners():
        return None
    layer = trace.network[node_id].layer
    name = next(iter(layer.parameters(*trace.in_shapes(node_id))))
    gradient = trace.parameter(node_id, name, "gradient")
    flat = int(np.abs(np.nan_to_num(gradient)).argmax())
    return Place(node_id, "parameter", name, tuple(int(i) for i in np.unravel_index(flat, gradient.shape)))


def in_words(place: Place) -> str:
    """A number's name: "linear2 weight[3, 1]", "input[1, 4, 4] of sample 2"; counted from 1."""
    index = ", ".join(str(i + 1) for i in (place.index[1:] if place.node_id == INPUT else place.index))
    if place.node_id == INPUT:
        return f"input[{index}] of sample {place.index[0] + 1}"
    return f"{place.node_id} {place.name}[{index}]"
