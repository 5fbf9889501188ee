"""What is on the canvas: matches blocks to the nodes of the document by id, and moves what differs to its new place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from PySide6.QtCore import QEasingCurve, QPointF, QRect, QRectF, QSizeF, Qt, QVariantAnimation
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsScene

from engine.network import Network
from playground.document.naming import renamed
from playground.document.project import Project
from playground.runner.messages import Frame, Want
from playground.runner.rows import Rows
from playground.ui.panels.canvas.block import BlockItem, measure
from playground.ui.panels.canvas.inside import Stage
from playground.ui.panels.canvas.inside.marks import after_box, before_box
from playground.ui.panels.canvas.labels import InsertionMark, ShapesItem
from playground.ui.panels.canvas.layout import (
    BAND,
    MOST,
    PAGE,
    Layout,
    Measure,
    Place,
    lay_out,
    shown_units,
)
from playground.ui.panels.canvas.plan import LOSS, NOTHING, plan
from playground.ui.panels.canvas.ports import PORT
from playground.ui.panels.canvas.skips import SkipsItem
from playground.ui.panels.canvas.step_item import StepItem
from playground.ui.panels.canvas.targets import Card, Cell, More, Port, Sample, Skip, Target, Unit
from playground.ui.panels.canvas.wires import WiresItem

MOVING = 180  #: milliseconds that blocks take to their new places
KEPT = 16  #: layouts found for one plan: a change asks for the same few sizes again and again


class NetworkScene(QGraphicsScene):
    """The blocks, wires and marks of one project. Knows geometry, selection and pinned unit; edits nothing."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.plan = NOTHING
        self.network = Network()  #: whose plan it is
        self.layout_ = Layout({}, (), QRectF())
        self.blocks: dict[str, BlockItem] = {}
        self.selected: tuple[str, ...] = ()
        self._lit: frozenset[str] = frozenset()
        self.first: dict[str, int] = {}  #: at which unit a long column begins
        self._room = QSizeF(800, 500)
        self._stack = False  #: whether cards that share a column are stacked
        self._found: dict[tuple[object, ...], tuple[Layout, bool]] = {}
        self._measures: dict[tuple[bool, bool], dict[str, Measure]] = {}
        self._leaving: list[BlockItem] = []
        self._moves: dict[str, tuple[float, float]] = {}
        self._entering: set[str] = set()
        self.wires = WiresItem(stage)
        self.addItem(self.wires)
        self.skips = SkipsItem(self)
        self.addItem(self.skips)
        self.shapes = ShapesItem(self)
        self.addItem(self.shapes)
        self.mark = InsertionMark(stage)
        self.addItem(self.mark)
        self.step = StepItem(self)
        self.addItem(self.step)
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setDuration(MOVING)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.valueChanged.connect(self._move_on)
        self._motion.finished.connect(self._arrive)

    # --- the project --------------------------------------------------------------------------------------------------

    def show_project(self, project: Project) -> None:
        """Take over ``project``; ``fit_to`` or ``relayout`` then bring its blocks to their places."""
        self._rename(renamed(self.network, project.network))
        self.plan, self.network = plan(project), project.network
        self._forget_layouts()
        self.stage.mode = self.plan.mode
        known = {b.id for b in self.plan.blocks}
        for block_id in [b for b in self.blocks if b not in known]:
            self._take_out(block_id)
        self.selected = tuple(i for i in self.selected if i in known)
        pinned = self.stage.pinned
        if pinned is not None and (
            pinned.block_id not in known or pinned.unit >= self.plan[pinned.block_id].units
        ):
            self.stage.pinned = None

    def _rename(self, names: Mapping[str, str]) -> None:
        """Each layer keeps its item, and what was chosen of it, under the name it has now."""
        if not names:
            return
        for gone in [old for old, new in names.items() if not new and old in self.blocks]:
            self._take_out(gone)
        self.blocks = {names.get(i, i): item for i, item in self.blocks.items()}
        self.first = {names.get(i, i): unit for i, unit in self.first.items()}
        self._entering = {names.get(i, i) for i in self._entering}
        self.selected = tuple(names.get(i, i) for i in self.selected)
        pinned = self.stage.pinned
        if pinned is not None:
            self.stage.pinned = Unit(names.get(pinned.block_id, pinned.block_id), pinned.unit)

    def _take_out(self, block_id: str) -> None:
        self._leaving.append(self.blocks.pop(block_id))
        self.first.pop(block_id, None)

    def fit_to(self, room: QSizeF, least: float, bar: float, animate: bool = False) -> float:
        """Lay everything out so that it fills a view of size ``room``; returns the zoom for that, from ``least`` to 1.

        ``bar``: height of the scroll bar that appears where even the least zoom is too large.
        """
        # Smaller first: stacked cards have no pictures.
        for self._stack in (False, True):
            found, zoom = self._fitted(room, least, bar)
            if found[0].bounds.width() * zoom <= room.width() + 1.0:
                break
        self._arrange(found, animate)
        return max(min(zoom, room.height() / max(found[0].bounds.height(), 1.0)), least)

    def _fitted(self, room: QSizeF, least: float, bar: float) -> tuple[tuple[Layout, bool], float]:
        """``fit_to`` with cards stacked or not, and the zoom for its width."""
        zoom, self._room = 1.0, room
        found = self._find(room)
        # Where the narrowest gaps are too wide, everything gets smaller; then there is more height to fill, which makes
        # tiles larger and columns wider: a few rounds, each of them smaller.
        for _ in range(4):
            fitting = max(room.width() / max(found[0].bounds.width(), 1.0), least)
            if fitting >= zoom - 1e-3:
                break
            zoom = fitting
            below = bar if zoom == least else 0.0
            self._room = QSizeF(room.width() / zoom, (room.height() - below) / zoom)
            found = self._find(self._room)
        return found, zoom

    def relayout(self, animate: bool = False) -> None:
        """Lay everything out anew for the same room."""
        if self.plan.blocks:
            self._arrange(self._find(self._room), animate)

    def _find(self, room: QSizeF) -> tuple[Layout, bool]:
        """The most comfortable layout that fits, and whether its cards are compact."""
        wide, key = room.width() + 1.0, (self._stack, room.width(), room.height(), *self.first.items())
        if key in self._found:
            return self._found[key]
        stack = self._stack
        for compact, shrink in ((True, True),) if stack else ((False, False), (True, False), (True, True)):
            if (compact, shrink) not in self._measures:
                self._measures[compact, shrink] = {
                    b.id: measure(b, self.stage.look, compact, shrink) for b in self.plan.blocks
                }
            measures = self._measures[compact, shrink]
            if not shrink and sum(m.card for m in measures.values()) > wide:
                continue  # the cards alone are too wide
            layout = lay_out(self.plan, measures, room, self.first, shrink, stack)
            if layout.bounds.width() <= wide:
                break
        if len(self._found) >= KEPT:
            self._found.clear()
        self._found[key] = layout, compact
        return layout, compact

    def _forget_layouts(self) -> None:
        """Blocks or their look are others: what was found for the last ones is of no use."""
        self._found.clear()
        self._measures.clear()

    def restyle(self) -> None:
        """Draw everything in the stage's look."""
        self._forget_layouts()
        self.relayout()
        for block in self.blocks.values():
            block.card.update()
        self.shapes.update()  # kept as pictures, these are not drawn anew by the scene's own update
        self.update()

    def _arrange(self, found: tuple[Layout, bool], animate: bool) -> None:
        self._motion.stop()
        self.layout_, self.stage.compact = found
        self._moves = {}
        stay = sum(block.id in self.blocks for block in self.plan.blocks)
        self._entering &= {b.id for b in self.plan.blocks}  # those still fading in from an edit a moment ago
        for block in self.plan.blocks:
            place = self.layout_.places[block.id]
            item = self.blocks.get(block.id)
            if item is None:
                item = self.blocks[block.id] = BlockItem(self.stage)
                self.addItem(item)
                item.setPos(place.x, 0)
                self._entering.add(block.id)
            item.show_block(block, place)
            self._moves[block.id] = (item.x(), place.x)
        self.setSceneRect(self.layout_.bounds)
        self._mark_cards()
        differs = bool(self._leaving or self._entering) or any(a != b for a, b in self._moves.values())
        # Of another network hardly anything can be followed with the eye, and fading it in would make the window stutter.
        same = len(self._entering) + len(self._leaving) <= stay
        if animate and differs and same and self._animated():
            self._motion.start()
            self._move_on(0.0)
        else:
            self._move_on(1.0)
            self._arrive()

    def _animated(self) -> bool:
        """Whether somebody looks, and wants to see things move."""
        for view in self.views():
            wanted = view.style().styleHint(view.style().StyleHint.SH_Widget_Animation_Duration, None, view)
            return view.isVisible() and wanted > 0
        return False

    def _move_on(self, share: float) -> None:
        for block_id, (start, end) in self._moves.items():
            self.blocks[block_id].setX(start + (end - start) * share)
        for block_id in self._entering:
            self.blocks[block_id].setOpacity(share)
        for item in self._leaving:
            item.setOpacity(1.0 - share)
        self.wires.arrange(self.plan.links, self.layout_.places, self.x_of, self.layout_.bounds)
        self.skips.rearrange()
        self.shapes.rearrange()
        self.step.rearrange()

    def _arrive(self) -> None:
        for block_id in self._entering:
            self.blocks[block_id].setOpacity(1.0)
        for item in self._leaving:
            self.removeItem(item)
        self._leaving, self._entering = [], set()

    def settle(self) -> None:
        """Put everything to its place at once."""
        if self._motion.state() is QVariantAnimation.State.Running:
            self._motion.stop()
            self._move_on(1.0)
            self._arrive()

    def x_of(self, block_id: str) -> float:
        """Where a block is at this moment."""
        return self.blocks[block_id].x()

    def place_of(self, block_id: str) -> Place:
        return self.layout_.places[block_id]

    def room_of(self, block_id: str) -> QRectF:
        """All that a block will cover once everything is at its place."""
        return self.blocks[block_id].room().translated(self.place_of(block_id).x - self.x_of(block_id), 0.0)

    def middle(self) -> QRectF:
        """The room between data and loss, below the cards."""
        bounds = self.layout_.bounds
        left = self.x_of(self.layout_.order[0]) + self.place_of(self.layout_.order[0]).width
        right = self.x_of(self.layout_.order[-1])
        top = self.layout_.head + BAND
        return QRectF(left, top, right - left, bounds.bottom() - top)

    # --- frames -------------------------------------------------------------------------------------------------------

    def wants(self, seen: QRectF) -> set[Want]:
        """What the blocks inside ``seen`` need; wires need the weights of what they lead to."""
        wants: set[Want] = set()
        for item in self.blocks.values():
            if item.room().intersects(seen):
                wants |= item.wants()
        return wants

    def show_frame(self, frame: Frame) -> None:
        """Draw a moment of training."""
        for block_id, item in self.blocks.items():
            item.show_frame(frame)
            tiles = item.tiles
            if tiles is not None and item.block.is_sum and tiles.weights:
                self.wires.show_weights(block_id, tiles.weights["weight"])
        self.wires.refresh()

    def rows_of(self, block_id: str) -> tuple[int, int] | None:
        """The units of a large block whose numbers are sent; ``None`` where those of all are."""
        item = self.blocks.get(block_id)
        return item.tiles.rows if item is not None and item.tiles is not None else None

    def number(self, block_id: str, name: str, index: tuple[int, ...]) -> float | None:
        """A parameter's value as of the last frame."""
        item = self.blocks.get(block_id)
        array = item.tiles.weights.get(name) if item is not None and item.tiles is not None else None
        if (
            array is None
            or len(index) != array.ndim
            or any(i >= n for i, n in zip(index, array.shape, strict=True))
            or (isinstance(array, Rows) and index[0] not in array)
        ):
            return None
        return float(array[index])

    def has_cell(self, cell: Cell) -> bool:
        """Whether the block still has such a number."""
        shape = self.plan[cell.block_id].parameters.get(cell.name, ())
        return len(shape) == len(cell.index) and all(i < n for i, n in zip(cell.index, shape, strict=True))

    def cells_of(self, unit: Unit) -> list[Cell]:
        """All numbers of one unit: its bias first, then its weights."""
        block = self.plan[unit.block_id]
        cells = []
        for name in sorted(block.parameters, key=lambda name: name != "bias"):
            shape = block.parameters[name]
            if shape[0] == block.units:
                cells += [Cell(unit.block_id, name, (unit.unit, *index)) for index in np.ndindex(*shape[1:])]
        return cells

    def rect_of(self, target: Target) -> QRectF:
        """Where a target is on the canvas; its block's card where it is not drawn."""
        item = self.blocks[target.block_id]
        arc = self.skips.rect_of(target) if isinstance(target, Skip) else None
        if arc is not None:
            return arc
        rect = self._rect_in(item, target)
        if rect is None and isinstance(target, Cell):
            middle = self.wires.middle_of(target)
            if middle is not None:
                return QRectF(middle - QPointF(6, 6), QSizeF(12, 12))
            rect = self._rect_in(item, Unit(target.block_id, target.unit))
        return (rect if rect is not None else item.place.card).translated(item.pos())

    @staticmethod
    def _rect_in(item: BlockItem, target: Target) -> QRectF | None:
        """Where a target is in its block, if it is drawn there."""
        if isinstance(target, More):
            return item.place.more
        if isinstance(target, Port):
            card = item.place.card
            return QRectF(card.right() - PORT, card.center().y() - PORT, 2 * PORT, 2 * PORT)
        if isinstance(target, Sample) and item.place.below is not None:
            return (after_box if target.step > 0 else before_box)(item.place.below)
        if not isinstance(target, Unit | Cell):
            return None
        tile = item.place.tile(target.unit)
        if tile is None or isinstance(target, Unit):
            return None if tile is None else tile.rect
        if target.name == "bias":
            middle = item.tiles.bias_at(tile) if item.tiles is not None else tile.bias
            return QRectF(middle - QPointF(6, 6), QSizeF(12, 12))
        return item.tiles.filters.cell_rect(target.index, tile) if item.tiles is not None else None

    # --- looking ------------------------------------------------------------------------------------------------------

    def target_at(self, at: QPointF) -> Target | None:
        """What is at a point of the canvas."""
        for item in self.blocks.values():
            target = item.target_at(at)
            if target is not None:
                return target
        return self.skips.target_at(at) or self.wires.target_at(at)

    def hover(self, target: Target | None) -> None:
        """Show that the mouse is over ``target``."""
        if target == self.stage.hovered:
            return
        before, self.stage.hovered = self.stage.hovered, target
        for each in (before, target):
            if each is not None and each.block_id in self.blocks:
                self.blocks[each.block_id].look_again()
        self._mark_cards()
        self.wires.update()
        self.skips.update()

    def choose_wire(self, skip: Skip | None) -> None:
        """Show one arc as chosen."""
        self.skips.chosen = skip
        self.skips.update()

    def mark_candidates(self, block_ids: Collection[str]) -> None:
        """Show which blocks a wire could be led to, or come from."""
        for block_id, item in self.blocks.items():
            item.card.set_candidate(block_id in block_ids)

    def light(self, block_ids: Iterable[str]) -> None:
        """Something that is about these blocks is under the mouse, here or in another view."""
        self._lit = frozenset(block_ids)
        self._mark_cards()

    def select(self, block_ids: Iterable[str]) -> None:
        """Show these blocks as selected."""
        chosen = set(block_ids)
        self.selected = tuple(b.id for b in self.plan.blocks if b.id in chosen)
        self._mark_cards()
        self.update()

    def pin(self, unit: Unit | None) -> None:
        """Show the wires of one unit before all others."""
        if unit == self.stage.pinned:
            return
        self.stage.pinned = unit
        if unit is not None:
            self.reveal(unit)
        for item in self.blocks.values():
            item.look_again()
        self.wires.refresh()
        self.wires.update()

    def reveal(self, unit: Unit) -> None:
        """Page a long column to where ``unit`` is."""
        total, first = self.plan[unit.block_id].units, self.first.get(unit.block_id, 0)
        if unit.unit not in shown_units(total, first):
            self.first[unit.block_id] = unit.unit if unit.unit < first else unit.unit - PAGE + 1
            self.relayout()

    def page(self, block_id: str, pages: int) -> None:
        """Show the next or previous units of a long column, round and round."""
        total = self.plan[block_id].units
        if total <= MOST:
            return
        now = shown_units(total, self.first.get(block_id, 0))[0]
        last = total - PAGE
        to = now + pages * PAGE
        self.first[block_id] = (
            0 if now == last and pages > 0 else last if now == 0 and pages < 0 else min(max(to, 0), last)
        )
        self.relayout()

    def _mark_cards(self) -> None:
        selected = set(self.selected)
        for block_id, item in self.blocks.items():
            hovered = self.stage.hovered in (Card(block_id), Port(block_id))
            lit = block_id in self._lit and self.stage.hovered is None  # by another view
            item.card.set_state(block_id in selected, hovered, lit, item.block.id != LOSS)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """A band under the selected blocks, so that a card and its column are seen to belong together."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.stage.look.band)
        for block_id in self.selected:
            place = self.place_of(block_id)
            if place.tiles:
                bottom = max(
                    [place.column.bottom(), *(r.bottom() for r in (place.more, place.below) if r is not None)]
                )
                painter.drawRoundedRect(
                    QRectF(self.x_of(block_id) - 5, -5, place.width + 10, bottom + 15), 10, 10
                )
