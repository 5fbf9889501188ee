"""The network: blocks from left to right, alive while it learns, and everything one can do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from engine.network import INPUT
from playground.document import edits
from playground.document.change import JUDGED, diff
from playground.document.document import News
from playground.document.project import Project
from playground.document.wiring import candidates, earlier
from playground.runner.messages import Frame, Gradients, State, Want
from playground.ui.kit.samples import count_of, present, sample_in_words
from playground.ui.kit.view import Context, Table, View
from playground.ui.panels.canvas.commands import Commands
from playground.ui.panels.canvas.editor import NumberEditor
from playground.ui.panels.canvas.footer import Footer
from playground.ui.panels.canvas.inside import Stage
from playground.ui.panels.canvas.keys import Keys
from playground.ui.panels.canvas.menu import menu_for
from playground.ui.panels.canvas.network_view import ZOOM_STEP, NetworkView
from playground.ui.panels.canvas.overlays import Invitation, JoinOffer, MendOffer, Remedies
from playground.ui.panels.canvas.plan import LOSS
from playground.ui.panels.canvas.scene import NetworkScene
from playground.ui.panels.canvas.stepping import Stepping
from playground.ui.panels.canvas.targets import Card, Cell, More, Sample, Skip, Target, Unit
from playground.ui.panels.canvas.tooltip import HoverCard, Words

#: seconds between two texts of the hover card: rich text is dear, and digits that change faster cannot be read
TEXT_EVERY = 0.1
#: from so many pixels of a tile on, all points of a surface are drawn: below, smoothing half of them gives the same picture
FINE_TILE = 160.0


class CanvasView(View):
    """The heart of the window. Edits go to the document; what is seen comes from the document and from frames."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("canvas_view")
        self.stage = Stage(context.theme, calm=context.calm)
        self.scene = NetworkScene(self.stage)
        self.commands = Commands(context, self)
        self.area = QFrame()
        self.area.setProperty("sunken", True)
        self.network = NetworkView(self.scene, self.commands)
        self.scene.setParent(self.network)  # so that it outlives the view that listens to it
        self.footer = Footer(context.theme)
        inside = QVBoxLayout(self.area)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self.network, 1)
        inside.addWidget(self.footer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        self.invitation = Invitation(self.area)
        self.offer = MendOffer(self.area, context.document)
        self.join = JoinOffer(self.area)
        self.remedies: dict[str, Remedies] = {}  #: of layers that say what is wrong with them, by their ids
        self.hover_card = HoverCard(self.area)
        self.editor = NumberEditor(self.area, context.theme)
        commands, network = self.commands, self.network
        #: what the canvas does of the window's actions, by their ids
        self.acts: Mapping[str, Callable[[], object]] = {
            "edit.cut": commands.cut, "edit.copy": commands.copy, "edit.paste": commands.paste,
            "edit.duplicate": commands.duplicate, "edit.delete": commands.delete, "edit.select_all": commands.select_all,
            "view.zoom_in": lambda: network.zoom_by(ZOOM_STEP), "view.zoom_out": lambda: network.zoom_by(1 / ZOOM_STEP),
            "view.fit": network.fit,
        }  # fmt: skip
        self.keys = Keys(self)
        self.setFocusProxy(self.network)
        self._frame: Frame | None = None
        self._wants: tuple[Want, ...] | None = None
        self._said_at = 0.0
        self._hover_at = QPoint()
        self._keyboard_unit = False  # the pinned unit was chosen by keyboard: it counts as looked at
        self.stepping = Stepping(self)
        self._connect()
        context.theme.follow(self._restyle)
        self.show_project(None, context.document.value)

    def _connect(self) -> None:
        self.network.hovered.connect(self._hovered)
        self.network.clicked.connect(self._clicked)
        self.network.asked.connect(self.context.focus.ask_edit)
        self.network.menu_asked.connect(self._show_menu)
        self.network.looked_elsewhere.connect(self._looked_elsewhere)
        self.commands.selected.connect(self._selected)
        self.commands.said.connect(self.footer.say)
        self.commands.wire_chosen.connect(self.scene.choose_wire)
        self.join.chosen.connect(self._join)
        self.editor.changed.connect(self._set_number)
        self.editor.moved.connect(self.edit_number)
        self.editor.closed.connect(self._editor_closed)
        self.context.focus.sample_changed.connect(self._sample_changed)
        self.context.focus.node_changed.connect(self._describe)
        self.context.focus.blocks_changed.connect(self.scene.light)

    # --- what the window calls ----------------------------------------------------------------------------------------

    def wants(self) -> Iterable[Want]:
        if self._wants is None:
            wants = self.scene.wants(self.network.seen())
            for target in (self.stage.hovered, self.stage.pinned, self.editor.cell):
                if isinstance(target, Unit | Cell) and target.block_id in self.scene.plan:
                    wants.add(Gradients(target.block_id, self.scene.rows_of(target.block_id)))
            self._wants = tuple(wants)
        return self._wants

    def as_table(self) -> Table | None:
        """A row for each block: its id, what it is, its settings in words, and the shape of what it gives."""
        blocks = self.scene.plan.blocks
        rows = ((b.id, b.title, b.summary, "×".join(map(str, b.shape))) for b in blocks)
        return Table(("block", "layer", "settings", "shape"), tuple(rows))

    def show_project(self, before: Project | None, after: Project) -> None:
        if not diff(before, after).touches(JUDGED):
            return
        self.network.cancel_gesture()
        self.commands.follow(after)
        self._choose_sample(after)
        new = self.commands.current not in self.scene.blocks
        self.scene.show_project(after)
        self.network.refit(animate=before is not None)
        self.scene.select(self.commands.selection)
        if new:
            self.network.show_block(self.commands.current)
        self._drop_gone_editor()
        if self.join.node_id and self.join.node_id not in after.network:
            self.stop_asking()
        self.network.look_again()
        if before is not None and self.context.document.news is News.EDITED:
            self._ask_about_new(before, after)
        self.footer.show_size(self.scene.plan.parameters)
        self.stepping.refresh()
        self._describe()

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        self.network.setUpdatesEnabled(False)  # laid out now, drawn in the next turn
        try:
            self.show_project(before, after)
            yield
        finally:
            self.network.setUpdatesEnabled(True)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        self.scene.show_frame(frame)
        broken = frame.broken_node if frame.state is State.DIVERGED else ""
        for block_id, item in self.scene.blocks.items():
            item.card.set_broken(block_id == broken)
        self._refresh_editor()
        self._refresh_scale()
        if perf_counter() - self._said_at > TEXT_EVERY:
            self._refresh_hover_card()

    def _restyle(self) -> None:
        """What is kept as pictures is drawn anew."""
        self.scene.restyle()
        if self._frame is not None:
            self.scene.show_frame(self._frame)

    # --- selecting ----------------------------------------------------------------------------------------------------

    def _selected(self, ids: tuple[str, ...]) -> None:
        self.scene.select(ids)
        if self.join.node_id and ids != (self.join.node_id,):
            if len(ids) == 1 and ids[0] in self.join.fitting:
                self._join(ids[0])
                return
            self.stop_asking()
        pinned = self.stage.pinned
        if pinned is not None and pinned.block_id not in ids:
            self.pin(None)
        self.network.show_block(self.commands.current)

    def pin(self, unit: Unit | None, by_keyboard: bool = False) -> None:
        """Show the wires of one unit before all others; by keyboard, it is looked at as if the mouse were over it."""
        self._keyboard_unit = by_keyboard and unit is not None
        self.scene.pin(unit)
        self._wants = None
        self._look_at_unit()
        if unit is not None and self._keyboard_unit:
            self.stepping.look_at(unit)
            self.network.bring_into_view(self.scene.rect_of(unit))
            self._refresh_hover_card()

    def _describe(self, *_: object) -> None:
        """Say to a screen reader what is selected."""
        current, plan = self.commands.current, self.scene.plan
        if current not in plan:
            self.network.setAccessibleDescription(
                f"{len(plan.nodes)} layers; press Tab or the right arrow to go through them."
            )
            return
        block = plan[current]
        at = [b.id for b in plan.blocks].index(current) + 1
        problem = block.problem.message if block.problem is not None else ""
        words = f"{block.title}, {block.summary}, block {at} of {len(plan.blocks)}. {problem}"
        self.network.setAccessibleDescription(words.strip())

    # --- mouse --------------------------------------------------------------------------------------------------------

    def _hovered(self, target: Target | None, at: QPoint) -> None:
        self._hover_at = self.network.mapTo(self.area, at)
        if target != self.stage.hovered:
            self.scene.hover(target)
            self.context.focus.point_at_blocks((target.block_id,) if target is not None else ())
            self._wants = None
            self._look_at_unit()
            self._refresh_scale()
        self.stepping.hover(target, at)
        self._refresh_hover_card()

    def _look_at_unit(self) -> None:
        """Let everybody show the unit under the mouse, or the one chosen by keyboard."""
        unit = self.stage.hovered if isinstance(self.stage.hovered, Unit) else None
        if unit is None and self._keyboard_unit:
            unit = self.stage.pinned
        known = unit is not None and unit.block_id in self.scene.plan
        shown = self.scene.plan[unit.block_id].shown if unit is not None and known else ""
        self.context.focus.hover((shown, unit.unit) if unit is not None and shown else None)

    def _clicked(self, target: Target | None) -> None:
        self.editor.dismiss()
        if self.stepping.on and not isinstance(target, More | Skip):
            self.stepping.click(target, self.network.mouse)
            return
        match target:
            case None:
                self.pin(None)
                self.commands.clear()
            case Unit(block_id=block_id):
                self.commands.click(block_id)
                self.pin(target)
                self.edit_unit(target)
            case Cell(block_id=block_id):
                self.commands.click(block_id)
                self.pin(Unit(block_id, target.unit))
                self.edit_number(target)
            case More(block_id=block_id):
                self.scene.page(block_id, 1)
                self._looked_elsewhere()
            case Sample(step=step):
                self.step_sample(step)
            case Skip():
                self.commands.choose_wire(target)
            case _:
                self.commands.click(target.block_id)

    def _show_menu(self, target: Target | None, at: QPoint) -> None:
        block_id = target.block_id if target is not None else ""
        if block_id and block_id not in self.commands.selection:
            self.commands.click(block_id)
        menu_for(self, block_id).popup(at)

    def _looked_elsewhere(self) -> None:
        self._wants = None
        tile = self.scene.layout_.tile * self.network.zoom * self.devicePixelRatioF()
        self.stage.every = 1 if tile >= FINE_TILE else 2
        self._place_overlays()

    def stepping_changed(self, on: bool) -> None:
        """Somebody begins to step through an update, or ends it."""
        self.editor.dismiss()
        self.pin(None)
        if not on:
            self._choose_sample(self.context.document.value)
            if self._frame is not None:
                self.scene.show_frame(self._frame)

    # --- samples ------------------------------------------------------------------------------------------------------

    def step_sample(self, by: int) -> None:
        """To the next or previous sample of the part, round and round."""
        part, index = present(self.context.document.value, self.context.focus.sample)
        total = count_of(self.context.document.value, part)
        if total:
            self.context.focus.choose_sample(part, (index + by) % total)

    def _sample_changed(self, _: object) -> None:
        self._choose_sample(self.context.document.value)
        if self.scene.blocks:
            self.scene.blocks[INPUT].look_again()

    def _choose_sample(self, project: Project) -> None:
        self.stage.sample = present(project, self.context.focus.seen)
        self.stage.sample_name = sample_in_words(project, self.stage.sample)
        self._wants = None

    # --- wires --------------------------------------------------------------------------------------------------------

    def _ask_about_new(self, before: Project, after: Project) -> None:
        """Whoever added it, by whatever means: a single layer that joins branches has one input that was not chosen.

        So has one that has lost all but one of them.
        """
        was = {node.first_id: len(node.inputs) for node in before.network.nodes}
        new = [node for node in after.network.nodes if node.first_id not in was]
        if len(new) > 1:
            return
        asked = new or [n for n in after.network.nodes if was[n.first_id] > 1 == len(n.inputs)]
        if len(asked) == 1 and asked[0].layer.arity is None:
            self._ask_join(asked[0].id)

    def _ask_join(self, node_id: str) -> None:
        """A layer that joins branches lacks one: ask for it."""
        project = self.context.document.value
        inputs, last = project.network.inputs_of(node_id), earlier(project, node_id)[-1]
        found = [one for one in candidates(project, node_id, self._open_input(inputs)) if one.id != last]
        self.join.ask(node_id, project.network[node_id].layer.label, found, inputs[0])
        self.scene.settle()
        self.scene.mark_candidates(self.join.fitting)
        self._place_overlays()

    @staticmethod
    def _open_input(inputs: Sequence[str]) -> int:
        """The number of the input that is to be chosen: the first, or, where there is only one, a second."""
        return 0 if len(inputs) > 1 else len(inputs)

    def _join(self, source: str) -> None:
        """The answer."""
        node_id, project = self.join.node_id, self.context.document.value
        self.stop_asking()
        if node_id in project.network:
            inputs = list(project.network.inputs_of(node_id))
            at = self._open_input(inputs)
            inputs[at : at + 1] = [source]
            self.context.document.do(edits.set_inputs, node_id, tuple(inputs))
            self.commands.select([node_id])

    def stop_asking(self) -> None:
        """The other input stays as it is."""
        self.join.dismiss()
        self.scene.mark_candidates(())
        self._place_overlays()

    # --- numbers ------------------------------------------------------------------------------------------------------

    def edit_unit(self, unit: Unit) -> None:
        """Open the editor for a unit: its bias, or its first weight where it has none."""
        cells = self.scene.cells_of(unit)
        if cells:
            self.edit_number(cells[0])

    def edit_number(self, cell: Cell) -> None:
        """Open the editor for one number."""
        if self.stepping.choose(cell):
            return
        block = self.scene.plan[cell.block_id]
        words = Words(self.scene, self._frame)
        title = f"{block.title} · {'channel' if len(block.shape) == 3 else 'unit'} {cell.unit + 1}"
        cells = [
            (words.short(block, each), each) for each in self.scene.cells_of(Unit(cell.block_id, cell.unit))
        ]
        self.editor.open(cell, title, cells, self.scene.number(cell.block_id, cell.name, cell.index))
        self._place_overlays()
        self._refresh_editor()
        self.hover_card.hide()
        self._wants = None

    def _set_number(self, cell: Cell, value: float, merge: str) -> None:
        before = self.scene.number(cell.block_id, cell.name, cell.index)
        if before is not None:
            self.commands.set_number(cell, before, value, merge)

    def _refresh_editor(self) -> None:
        cell = self.editor.cell
        if cell is not None:
            gradient = Words(self.scene, self._frame).gradient(cell)
            self.editor.show_value(self.scene.number(cell.block_id, cell.name, cell.index), gradient)

    def _drop_gone_editor(self) -> None:
        cell = self.editor.cell
        # the block is gone, or another layer
        if cell is not None and (cell.block_id not in self.scene.plan or not self.scene.has_cell(cell)):
            self.editor.dismiss()

    def _editor_closed(self) -> None:
        self._wants = None
        if self.isVisible():
            self.network.setFocus()

    # --- what lies over the canvas ------------------------------------------------------------------------------------

    def _on_area(self, rect: QRectF) -> QRectF:
        """A rectangle of the canvas, as it lies on the area."""
        corner = self.network.mapTo(self.area, QPoint(0, 0))
        return QRectF(self.network.mapFromScene(rect).boundingRect().translated(corner))

    def _room(self) -> QRect:
        return QRect(self.network.mapTo(self.area, QPoint(0, 0)), self.network.size())

    def _place_overlays(self) -> None:
        plan = self.scene.plan
        if not plan.blocks:
            return
        self.invitation.setVisible(not plan.nodes)
        self.invitation.stand_in(self._on_area(self.scene.middle()).toRect().intersected(self._room()))
        loss = plan[LOSS]
        # one question at a time
        said = loss.problem if loss.explains and not self.join.node_id else None
        self.offer.offer(said, self.network)
        if not self.offer.isHidden():
            self.offer.stand_below(
                self._on_area(self.scene.blocks[LOSS].card.sceneBoundingRect()), self._room()
            )
        self._place_remedies()
        if self.join.node_id in self.scene.blocks:
            card = self.scene.blocks[self.join.node_id].card.sceneBoundingRect()
            self.join.stand_below(self._on_area(card), self._room())
        cell = self.editor.cell
        if cell is not None and cell.block_id in self.scene.blocks:
            unit = self.scene.rect_of(Unit(cell.block_id, cell.unit))
            self.editor.stand_beside(self._on_area(self.scene.rect_of(cell).united(unit)), self._room())

    def _place_remedies(self) -> None:
        """A button for each edit that ends what a layer's card complains of, under it."""
        found = {
            b.id: b.problem
            for b in self.scene.plan.nodes
            if b.explains and b.problem is not None and b.problem.remedies and b.id in self.scene.blocks
        }
        for block_id, shown in list(self.remedies.items()):
            if found.get(block_id) != shown.problem:
                shown.hide()
                shown.deleteLater()
                del self.remedies[block_id]
        for block_id, problem in found.items():
            if block_id not in self.remedies:
                shown = self.remedies[block_id] = Remedies(self.area, problem, self.context.document)
                for button in shown.findChildren(QPushButton):
                    QWidget.setTabOrder(self.network, button)
            note = self.scene.blocks[block_id].note
            place = self.scene.place_of(block_id).x
            self.remedies[block_id].stand_below(self._on_area(note.box.translated(place, 0)))

    def _refresh_hover_card(self) -> None:
        """Say what is under the mouse, or about the unit chosen by keyboard."""
        self._said_at = perf_counter()
        target = self.stage.hovered
        by_keyboard = target is None and self._keyboard_unit
        target = self.stage.pinned if by_keyboard else target
        if target is None or not self.editor.isHidden() or self.network.gesture is not None:
            self.hover_card.say("")
            return
        words = self.stepping.words if self.stepping.on else Words(self.scene, self._frame).of
        self.hover_card.say(words(target))
        if self.hover_card.isHidden():
            return
        rect = None if isinstance(target, Card) else self._on_area(self.scene.rect_of(target))
        at = rect.bottomRight().toPoint() if by_keyboard and rect is not None else self._hover_at
        self.hover_card.stand_beside(at, rect if isinstance(target, Unit | More) else None)

    def _refresh_scale(self) -> None:
        if self.stepping.on:  # which knows the ranges of what is shown
            return
        unit = self.stage.hovered if isinstance(self.stage.hovered, Unit) else self.stage.pinned
        limit = None
        if unit is not None and unit.block_id in self.scene.blocks:
            column = self.scene.blocks[unit.block_id].column
            limit = column.limit(unit.unit) if column is not None else None
        self.footer.scale.show_limit(limit)

    def hideEvent(self, event: QHideEvent) -> None:
        # Nothing of the canvas may run on while nobody looks.
        self.scene.settle()
        self.footer.stop()
        super().hideEvent(event)
