"""What the levels of the convolution view share: where somebody looks, at which sample, and the newest numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.network import INPUT
from engine.trace import OF_PARAMETERS, Place
from engine.trace.terms import Kind
from engine.windows import Patch
from playground.document.project import Project, shapes
from playground.runner.messages import Deltas, Frame, Maps, Saliency, Want, Weights
from playground.ui.kit.colours import magnitudes
from playground.ui.kit.ink import Ink, ink_of
from playground.ui.kit.samples import present
from playground.ui.kit.step_progress import Progress
from playground.ui.kit.view import Context, StepAt
from playground.ui.panels.convolution.structure import Spot, Stage, pictures, stages

Array = NDArray[Any]

SCALES = ("per map", "per layer", "whole net")


class Scope(QObject):
    """Shared by the levels; nothing of it is part of the project.

    While somebody steps through an update of this network, its numbers are those of that update, as far as the steps have come.

    Attributes:
        spot: where somebody looks.
        hover: the output cell under the mouse, or ``None``; the linked cursor follows it while it is there.
        scale: one of ``SCALES``: which values share one scale of colours.
        backward: gradients are shown instead of values.
        saliency: how much each pixel of the picture moves the cell is shown beside it.
        filled: while the window slides, the output up to here is shown.
    """

    leaving = Signal()  #: just before ``moved``: everything still stands at the spot before
    moved = Signal(object)  #: to another spot; the argument is the one before
    pointed = Signal()  #: the linked cursor is elsewhere
    restyled = Signal()  #: everything is to be drawn anew

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self.context = context
        self.project: Project | None = None
        self.frame: Frame | None = None
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.stages: dict[str, Stage] = {}
        self.spot = Spot()
        self.hover: tuple[int, int] | None = None
        self.scale = SCALES[1]
        self.backward = self.saliency = False
        self.filled: tuple[int, int] | None = None
        self._progress: Progress | None = None
        self._asked: tuple[StepAt | None, bool, Project | None] = (None, False, None)
        context.theme.follow(self._restyle)

    @property
    def ink(self) -> Ink:
        """Fonts and colours, as they are now."""
        return ink_of(self.context.theme)

    # --- where ---

    @property
    def stage(self) -> Stage | None:
        return self.stages.get(self.spot.node_id)

    @property
    def cell(self) -> tuple[int, int] | None:
        """The linked cursor: an output cell of the stage looked at."""
        return self.hover or self.spot.cell

    def go(self, spot: Spot) -> None:
        """Look elsewhere."""
        before, spot = self.spot, spot.within(self.stages)
        if spot == before:
            return
        stays = (before.level, before.node_id, before.channel) == (spot.level, spot.node_id, spot.channel)
        if not stays:
            self.leaving.emit()
        self.spot, self.hover = spot, None
        if stays:
            self.pointed.emit()
        else:
            self.filled = None
            self.moved.emit(before)

    def point(self, cell: tuple[int, int] | None) -> None:
        """The mouse is over this output cell."""
        if cell != self.hover:
            self.hover = cell
            self.pointed.emit()

    def step(self, rows: int, columns: int) -> bool:
        """Move the cursor by so many cells; whether it could."""
        stage, cell = self.stage, self.spot.cell
        if stage is None or cell is None:
            return False
        _, height, width = stage.map_shape
        there = (cell[0] + rows, cell[1] + columns)
        if not (0 <= there[0] < height and 0 <= there[1] < width):
            return False
        self.hover = None
        self.go(Spot(self.spot.node_id, self.spot.channel, there))
        return True

    # --- what ---

    @property
    def progress(self) -> Progress | None:
        """What is known of the update that is stepped through; ``None`` while nobody steps."""
        focus, project = self.context.focus, self.project
        asked = (focus.step, focus.veiled, project)
        if any(a is not b for a, b in zip(asked, self._asked, strict=True)):
            self._asked, step = asked, focus.step
            # A trace of another network than the one on show is about to be replaced.
            fits = step is not None and project is not None and step.trace.network == project.network
            self._progress = (
                Progress(step.trace, step.moment, step.sample, focus.veiled) if step and fits else None
            )
        return self._progress

    def place(self, node_id: str, kind: Kind, name: str, index: tuple[int, ...]) -> Place | None:
        """Where a number of a node stands in the update that is stepped through; ``None`` while nobody steps.

        ``index``: of a value or a gradient in its maps ``(C, H, W)``, of a parameter in PyTorch's shape.
        """
        progress = self.progress
        if progress is None or kind in OF_PARAMETERS:
            return None if progress is None else Place(node_id, kind, name, index)
        return Place(node_id, kind, name, (progress.sample, *index[: len(self.shapes[node_id])]))

    def patch_place(self, node_id: str, channel: int, seen: Patch) -> Callable[[int, int], Place | None]:
        """The same for each cell of what a window sees of a channel."""

        def place(u: int, v: int) -> Place | None:
            index = (channel, seen.rows[u], seen.columns[v])
            return self.place(node_id, "value", "", index) if seen.inside[u, v] else None

        return place

    def veils(self, node_id: str, part: str) -> bool:
        """Whether a part of a node ("value", "parameter", "share") is to be predicted."""
        progress = self.progress
        return (
            progress is not None
            and progress.veiled
            and progress.moment.node_id == node_id
            and progress.moment.part in ("", part)
        )

    @property
    def sample(self) -> tuple[str, int]:
        """The sample that is looked at, as ``(part, index)``: while somebody steps, the one that is followed."""
        if self.progress is not None:
            trace, n = self.progress.trace, self.progress.sample
            return trace.guest if trace.guest is not None and n == 0 else ("train", int(trace.batch[n]))
        return present(self.project, self.context.focus.seen) if self.project else ("validation", 0)

    def show_project(self, project: Project) -> None:
        """The network may be another."""
        found = dict(shapes(project))  # others too when the data of the same project have come
        if self.project is None or self.project.network != project.network or found != self.shapes:
            self.shapes, self.stages = found, stages(project.network, found)
        self.project = project
        spot = self.spot.within(self.stages)
        before_spot, self.spot = self.spot, spot
        if spot != before_spot:
            self.hover = None
            self.moved.emit(before_spot)
        self.restyled.emit()

    def _restyle(self) -> None:
        self.restyled.emit()

    def maps(self, node_id: str, sample: tuple[str, int] | None = None) -> Array | None:
        """A node's output as maps ``(C, H, W)`` (a row of values as ``(features, 1, 1)``); ``None`` while it is unknown."""
        if self.progress is not None and sample is None:
            return self._known(self.progress.trace.values, self.progress.value, node_id)
        return self._answer(Maps(node_id, *(sample or self.sample)), node_id)

    def deltas(self, node_id: str) -> Array | None:
        """∂L/∂output likewise."""
        if self.progress is not None:
            return self._known(self.progress.trace.gradients, self.progress.gradient, node_id)
        return self._answer(Deltas(node_id, *self.sample), node_id)

    @property
    def saliency_want(self) -> Saliency | None:
        """The question how much each pixel moves the cell looked at; ``None`` where there is no cell."""
        stage, cell = self.stage, self.cell
        if stage is None or cell is None or not self.saliency:
            return None
        unit = (self.spot.channel, *cell)[: len(stage.shape)]
        return Saliency(stage.node_id, unit, *self.sample)

    def pixels_that_count(self) -> Array | None:
        """Its answer ``(C, H, W)``."""
        want = self.saliency_want
        return None if want is None else self._answer(want, INPUT)

    def weights(self, node_id: str) -> Mapping[str, Array]:
        """Its parameters; empty while they are unknown, or are those of another network."""
        if self.progress is not None:
            trace = self.progress.trace
            before = trace.parameters["before"].get(node_id)
            return {} if before is None else trace.arranged(node_id, before)
        found = None if self.frame is None else self.frame.answer(Weights(node_id))
        if not found or self.project is None or node_id not in self.shapes:
            return {}
        network = self.project.network
        expected = network[node_id].layer.parameters(*(self.shapes[i] for i in network.inputs_of(node_id)))
        fits = {n: p.shape for n, p in expected.items()} == {n: a.shape for n, a in found.items()}
        return found if fits else {}

    def _answer(self, want: Maps | Deltas | Saliency, node_id: str) -> Array | None:
        found = None if self.frame is None else self.frame.answer(want)
        return self._as_maps(found, node_id)

    def _known(
        self, kept: Mapping[str, Array], known: Callable[[str], Array | None], node_id: str
    ) -> Array | None:
        """What of a trace's numbers the steps have come to."""
        return self._as_maps(known(node_id), node_id) if node_id in kept else None

    def _as_maps(self, found: Array | None, node_id: str) -> Array | None:
        # Frames on their way may be of the network before.
        if found is None or found.shape != self.shapes.get(node_id):
            return None
        return found.reshape((*found.shape, 1, 1)[:3]) if found.ndim < 3 else found

    def wants(self) -> Iterable[Want]:
        """What the scale of colours needs, whatever is looked at."""
        if self.scale == SCALES[2]:
            for node_id in self._maps_of_the_net():
                yield Maps(node_id, *self.sample)
                if self.backward:
                    yield Deltas(node_id, *self.sample)

    def _maps_of_the_net(self) -> list[str]:
        if self.project is None:
            return []
        shown = pictures(self.project.network, self.shapes)
        return [i for i in shown if i != INPUT and len(self.shapes[i]) == 3]

    def limit(self, node_id: str, channel: int, values: Array, backward: bool = False) -> float:
        """The value at the ends of the colour scale, for one map of a node, of values or of what arrives from behind."""
        if self.scale == SCALES[0]:
            return largest(values[channel])
        if self.scale == SCALES[1]:
            return largest(values)
        found = [self.deltas(i) if backward else self.maps(i) for i in self._maps_of_the_net()]
        return max((largest(maps) for maps in found if maps is not None), default=largest(values))


def largest(values: Array) -> float:
    """The largest magnitude among finite values; 0 where there are none."""
    return float(largest_each(values.reshape(1, -1))[0])


def largest_each(values: Array) -> Array:
    """The largest magnitude among finite values in each of ``values`` ``(n, …)``."""
    rows = values.reshape(len(values), -1)
    found = magnitudes(rows)
    return found if np.isfinite(found).all() else magnitudes(np.nan_to_num(rows, posinf=0.0, neginf=0.0))
