"""The canvas while somebody steps through an update: what the step is about at full strength, the numbers of one sample, nothing moving."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPoint

from engine.network import INPUT
from engine.trace import Place
from engine.trace.terms import Kind
from playground.runner.messages import OWN
from playground.ui.kit.grid import Laid
from playground.ui.kit.numbers import fmt
from playground.ui.kit.step_progress import Progress, number_at
from playground.ui.kit.text import escaped
from playground.ui.panels.canvas.inside.tiles import at_corner
from playground.ui.panels.canvas.look import DIM
from playground.ui.panels.canvas.plan import LOSS, Block
from playground.ui.panels.canvas.step_plan import Atlas
from playground.ui.panels.canvas.targets import Cell, Target, Unit
from playground.ui.panels.canvas.tooltip import Words

if TYPE_CHECKING:
    from playground.ui.panels.canvas.view import CanvasView

#: what the picture shows, without and with maps
LEGEND = "value above · \N{LEFTWARDS ARROW} gradient below"
WIRE_LEGEND = " (on wires: all {})"
MAP_LEGEND = "value above or left · \N{LEFTWARDS ARROW} gradient below or right"


class Stepping(QObject):
    """Follows ``focus.step``; tells and shows which number of it the mouse is over.

    Attributes:
        progress: what is known at the step; ``None`` while nobody steps, or where the trace is of another network.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view, self._scene = view, view.scene
        self._focus = view.context.focus
        self.progress: Progress | None = None
        self._atlas: Atlas | None = None
        self._focus.step_changed.connect(self.refresh)
        self._focus.veil_changed.connect(self.refresh)
        self._focus.place_changed.connect(self._mark)
        self._focus.chosen_changed.connect(self._mark)

    @property
    def on(self) -> bool:
        """Whether somebody steps."""
        return self.progress is not None

    def refresh(self, *_: object) -> None:
        """Show the step where the person stands, or the usual picture."""
        step, was = self._focus.step, self.on
        # A trace of another network than the one on the canvas is about to be replaced.
        if step is None or not self._fits(step.trace.network):
            self.progress, self._atlas = None, None
        else:
            self.progress = Progress(step.trace, step.moment, step.sample, self._focus.veiled)
            if self._atlas is None or (self._atlas.trace, self._atlas.plan) != (step.trace, self._scene.plan):
                self._atlas = Atlas(self._scene.plan, step.trace)
                self._take_weights()
        self._scene.step.show_progress(self._atlas, self.progress)
        self._light()
        if self._atlas is not None:
            self._reveal()
            self._mark()
            self._name_sample()
            self._bring_into_view()
        if was != self.on:
            self._view.stepping_changed(self.on)
            self._view.footer.scale.show_limit(None)
            self._view.footer.scale.show_both(self.on)
        if not self.on:
            self._view.footer.explain("")

    def _fits(self, network: object) -> bool:
        # What is on the canvas: the document may be ahead of it.
        return self._scene.network == network

    def _take_weights(self) -> None:
        """Wires, filters and biases are those of the trace, even if no frame has come yet."""
        if self._atlas is None:
            return
        trace = self._atlas.trace
        for node_id in trace.learners():
            tiles = self._scene.blocks[node_id].tiles
            if tiles is not None:
                tiles.take_weights(trace.arranged(node_id, trace.parameters["before"][node_id]))
                # none where the trace is of other data, with other shapes
                weight = tiles.weights.get("weight")
                if tiles.block.is_sum and weight is not None:
                    self._scene.wires.show_weights(node_id, weight)

    def _light(self) -> None:
        """Dim what the step is not about."""
        light = self._scene.step.light if self.on else None
        self._scene.stage.light = light
        for block_id, item in self._scene.blocks.items():
            in_cards = light is None or block_id in light.cards
            in_columns = light is None or block_id in light.columns
            for part in (item.card, item.picture, item.note):
                if part is not None:
                    part.setOpacity(1.0 if in_cards else DIM)
            if item.tiles is not None:
                item.tiles.bias_at = at_corner if light is None else partial(self._scene.step.bias_at, item)
            if item.column is not None:
                item.column.setOpacity(1.0 if in_columns else DIM)
                item.column.look_again()
        self._scene.wires.refresh()
        self._scene.wires.update()
        self._scene.shapes.setOpacity(1.0 if light is None else DIM)

    def _name_sample(self) -> None:
        progress = self.progress
        if progress is None:
            return
        trace, n = progress.trace, progress.sample
        label = trace.labels[n]
        answer = self._class_name(int(label)) if np.ndim(label) == 0 else fmt(float(label[0]))
        which, sample = f"{n + 1} of batch of {trace.size}", f"sample {n + 1} of {trace.size} of the batch"
        if trace.guest is not None and n == 0:
            part, index = trace.guest
            which = "your picture" if part == OWN else f"{part} {index + 1}"
            sample = f"{which}, in a batch of {trace.size}"
        self._scene.stage.sample_name = (which, answer)
        self._scene.blocks[INPUT].look_again()
        maps = any(b.units and len(b.shape) == 3 for b in self._scene.plan.blocks)
        legend = MAP_LEGEND if maps else LEGEND
        if trace.size > 1 and progress.moment.phase == "backward" and progress.moment.part == "parameter":
            legend += WIRE_LEGEND.format(trace.size)
        self._view.footer.explain(f"{sample} · {legend}")

    def _class_name(self, label: int) -> str:
        names = next((b.names for b in reversed(self._scene.plan.nodes) if b.names), ())
        return names[label] if label < len(names) else f"class {label}"

    def _reveal(self) -> None:
        """Page a long column to the number that the step gives."""
        result = self._scene.step.light.result
        if result is not None and isinstance(result.target, Unit | Cell):
            block = self._scene.plan[result.target.block_id]
            if result.target.unit < block.units:
                self._scene.reveal(Unit(block.id, result.target.unit))

    def _bring_into_view(self) -> None:
        active = self._scene.step.light.active
        network = self._view.network
        bar = network.horizontalScrollBar()
        whole = (
            network.fitted and bar.minimum() == bar.maximum()
        )  # a long network is fitted as far as one can still read it
        if active in self._scene.blocks and not whole:
            room = self._scene.blocks[active].room()
            if (
                self._atlas is not None and active in self._atlas.trace.network
            ):  # an activation's numbers stand under its layer
                room = room.united(self._scene.blocks[self._atlas.column(active)].room())
            network.bring_into_view(room, sideways=True)

    # --- one number ---------------------------------------------------------------------------------------------------

    def hover(self, target: Target | None, at: QPoint) -> None:
        """The mouse is over ``target``, at a point of the network's viewport: say which number that is."""
        if self.on:
            self._focus.point_at(self.place_of(target, at))
            self._view.footer.scale.show_limit(*self._scale(at))

    def _scale(self, at: QPoint) -> tuple[float | None, bool]:
        """The end of the scale of what is drawn at a point, and whether it is that of gradients."""
        found = self._number_at(at)
        if found is None or found[0].grid.grey is not None:
            return None, False
        return found[0].grid.limit, found[0].grid.backward

    def _number_at(self, at: QPoint) -> tuple[Laid, Place | None] | None:
        return self._scene.step.number_at(self._view.network.mapToScene(at))

    def click(self, target: Target | None, at: QPoint) -> None:
        """Look into the number under the mouse."""
        place = self.place_of(target, at)
        if place is not None:
            self._focus.choose_place(place)

    def choose(self, cell: Cell) -> bool:
        """Look into a weight, as weights are not edited while somebody steps; False while nobody does."""
        if self.on:
            self._focus.choose_place(_of(cell, "parameter"))
        return self.on

    def look_at(self, unit: Unit) -> None:
        """The keyboard has come to a unit: point at its value, of a map at the largest one."""
        if not self.on or unit.block_id not in self._scene.step.faces:
            return
        item = self._scene.blocks[unit.block_id]
        tile = item.place.tile(unit.unit)
        laid = self._scene.step.laid(item, tile, lower=False) if tile is not None else None
        if laid is not None:
            cells = np.nan_to_num(np.abs(laid.grid.cells))
            row, column = divmod(int(cells.argmax()), cells.shape[1])
            self._focus.point_at(laid.grid.place(row, column))

    def place_of(self, target: Target | None, at: QPoint) -> Place | None:
        """The number of the trace that is drawn at a point."""
        progress, atlas = self.progress, self._atlas
        if progress is None or atlas is None:
            return None
        if isinstance(target, Cell):
            backward = progress.moment.part == "parameter" and progress.moment.node_id == target.block_id
            return _of(target, "parameter_gradient" if backward else "parameter")
        found = self._number_at(at)
        return None if found is None else found[1]

    def _mark(self, *_: object) -> None:
        """Ring the numbers that are pointed at and chosen."""
        if self._atlas is None:
            return
        item, focus = self._scene.step, self._focus
        item.pointed = self._atlas.spot(focus.place) if focus.place is not None else None
        item.chosen = self._atlas.spot(focus.chosen_place) if focus.chosen_place is not None else None
        item.update()

    # --- in words -----------------------------------------------------------------------------------------------------

    def words(self, target: Target) -> str:
        """What is under the mouse, as rich text for the card beside it."""
        progress = self.progress
        if progress is None or target.block_id not in self._scene.plan or target.block_id == LOSS:
            return ""
        block = self._scene.plan[target.block_id]
        words = Words(self._scene, None)
        if isinstance(target, Cell):
            return self._cell_in_words(progress, block, target, words)
        place = self._focus.place
        if not isinstance(target, Unit) or place is None or place.node_id not in self._scene.plan:
            return ""
        value = number_at(progress.trace, place)
        if value is None:
            return ""
        index = ", ".join(str(i + 1) for i in place.index[1:])
        node = self._scene.plan[place.node_id].title
        what = (
            "gradient \N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL}"
            if place.kind == "gradient"
            else "value of "
        )
        return f"{what}{escaped(node)} [{index}]<br><b>{value:.9g}</b>".replace("-", "\N{MINUS SIGN}")

    def _cell_in_words(self, progress: Progress, block: Block, cell: Cell, words: Words) -> str:
        where = (cell.block_id, cell.name)
        lines = [f"<b>{cell.name}</b> {escaped(words.place(block, cell))}"]
        value = number_at(progress.trace, _of(cell, "parameter"))
        if value is None:
            return lines[0]
        line = f"<b>{fmt(value, 6)}</b>"
        if progress.parameter_gradient(*where, cell.index):
            gradient = number_at(progress.trace, _of(cell, "parameter_gradient"))
            line += f" · gradient {fmt(gradient, 6)}" if gradient is not None else ""
        if progress.updated(*where, cell.index):
            after = float(progress.trace.parameter(*where, "after")[cell.index])
            line += f" \N{RIGHTWARDS ARROW} <b>{fmt(after, 6)}</b>"
        return "<br>".join((*lines, line, "<i>click to look into it</i>"))


def _of(cell: Cell, kind: Kind) -> Place:
    return Place(cell.block_id, kind, cell.name, cell.index)
