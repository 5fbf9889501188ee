"""What people do to blocks, as edits of the document: every one of them undoable, with words for the menu."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from engine.errors import EngineError
from engine.layers import Layer
from engine.limits import MOST_LAYERS
from engine.network import INPUT
from playground.document import edits
from playground.document.naming import renamed
from playground.document.project import Project
from playground.document.wiring import accepts, connected, disconnected, skips
from playground.ui.kit.mime import layers_mime, layers_of
from playground.ui.kit.view import Context
from playground.ui.panels.canvas.plan import LOSS
from playground.ui.panels.canvas.targets import Cell, Skip


class Commands(QObject):
    """The selection, and what can be done to it.

    The selection is the canvas's own; its *current* block is the one everybody looks at (``focus.node_id``).
    """

    selected = Signal(tuple)  #: ids of the selected blocks, whenever they change
    said = Signal(str)  #: a sentence for the person: what could not be done, and why
    wire_chosen = Signal(object)  #: a Skip, or None

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.selection: tuple[str, ...] = ()
        self.wire: Skip | None = None  #: the chosen one, whose reader is the current block
        self._anchor = ""  # where a selection with Shift begins
        self._own = False  # the focus is being moved from here
        context.focus.node_changed.connect(self._focused)
        context.focus.renamed.connect(self._renamed)

    @property
    def project(self) -> Project:
        return self.context.document.value

    @property
    def order(self) -> tuple[str, ...]:
        """All block ids from left to right."""
        return (INPUT, *(n.id for n in self.project.network.nodes), LOSS)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The selected layers, from left to right."""
        selected = set(self.selection)
        return tuple(n.id for n in self.project.network.nodes if n.id in selected)

    @property
    def current(self) -> str:
        return self.context.focus.node_id

    # --- selecting ----------------------------------------------------------------------------------------------------

    def select(self, ids: Collection[str], current: str | None = None) -> None:
        """Select blocks; ``current`` (by default the last of them) becomes the one that everybody looks at."""
        wanted = set(ids)
        chosen = tuple(i for i in self.order if i in wanted)
        current = current if current is not None else (chosen[-1] if chosen else "")
        self._anchor = self._anchor if self._anchor in chosen else current
        self._set(chosen, current)

    def click(self, block_id: str, toggle: bool = False, extend: bool = False) -> None:
        """As by mouse: alone, with Ctrl (``toggle``), with Shift (``extend``)."""
        if extend and self._anchor in self.order:
            order = self.order
            low, high = sorted((order.index(self._anchor), order.index(block_id)))
            self._set(order[low : high + 1], block_id)
        elif toggle:
            chosen = set(self.selection) ^ {block_id}
            self._anchor = block_id
            self.select(chosen, block_id if block_id in chosen else None)
        else:
            self._anchor = block_id
            self._set((block_id,), block_id)

    def step(self, by: int, extend: bool = False) -> None:
        """To the block ``by`` places to the right (left if negative); where none is selected, to the first (the last)."""
        order = self.order
        if self.current not in order:
            self.click(order[0] if by > 0 else order[-1])
            return
        at = order.index(self.current)
        self.click(order[min(max(at + by, 0), len(order) - 1)], extend=extend)

    def select_all(self) -> None:
        """Every layer."""
        self.select([n.id for n in self.project.network.nodes])

    def clear(self) -> None:
        """Nothing is selected."""
        self._set((), "")

    def _set(self, chosen: tuple[str, ...], current: str) -> None:
        self._choose(None)
        changed, self.selection = chosen != self.selection, chosen
        self._own = True
        self.context.focus.select(current)
        self._own = False
        if changed:
            self.selected.emit(chosen)

    def choose_wire(self, skip: Skip) -> None:
        """Choose a wire that goes round some blocks, and the block that reads it."""
        self.click(skip.block_id)
        self._choose(skip)

    def _choose(self, skip: Skip | None) -> None:
        if skip != self.wire:
            self.wire = skip
            self.wire_chosen.emit(skip)

    def _focused(self, block_id: str) -> None:
        """Somebody else chose a block."""
        if not self._own and block_id not in self.selection:
            self._anchor = block_id
            self.selection = (block_id,) if block_id in self.order else ()
            self.selected.emit(self.selection)

    def _renamed(self, names: Mapping[str, str]) -> None:
        """The same layers stay selected."""
        self.selection = tuple(names.get(i, i) for i in self.selection)
        self._anchor = names.get(self._anchor, self._anchor)
        if self.wire is not None:
            ends = (names.get(i, i) for i in (self.wire.block_id, self.wire.source))
            self.wire = Skip(*ends)

    def follow(self, project: Project) -> None:
        """Forget blocks and wires that are gone."""
        if self.wire is not None and (self.wire.source, self.wire.block_id) not in skips(
            project.network.nodes
        ):
            self._choose(None)
        known = {INPUT, LOSS, *(n.id for n in project.network.nodes)}
        if self.current and self.current not in known:
            self._set(tuple(i for i in self.selection if i in known), "")
        elif any(i not in known for i in self.selection):
            self._set(tuple(i for i in self.selection if i in known), self.current)

    # --- edits --------------------------------------------------------------------------------------------------------

    def _add(self, change: Callable[..., Project], *given: object) -> None:
        """Make an edit, and select the layers it has added, if any."""
        before = {n.first_id for n in self.project.network.nodes}
        self.context.document.do(change, *given)
        added = [n.id for n in self.project.network.nodes if n.first_id not in before]
        if added:
            self.select(added)

    def insert(self, key: str, at: int) -> None:
        """Put the default layer of a registry key before position ``at``."""
        self._say_full(1)
        self._add(edits.add_layer, key, at)

    def delete(self) -> None:
        """Take the chosen wire away, or else the selected layers; the one that moves up to their place is selected."""
        if self.wire is not None:
            self.disconnect_wire(self.wire)
            return
        chosen = self.chosen
        if not chosen:
            self._say_nothing_chosen("delete")
            return
        order = self.order
        gone = set(chosen)
        rest = {i for i in order if i not in gone}
        after = next((i for i in order[order.index(chosen[-1]) :] if i in rest), LOSS)
        before = next(i for i in reversed(order[: order.index(chosen[0])]) if i in rest)
        neighbour, network = after if after != LOSS else before, self.project.network
        self.context.document.do(edits.remove, chosen)
        self.select([renamed(network, self.project.network).get(neighbour, neighbour)])

    def duplicate(self) -> None:
        """Put copies of the selected layers behind them."""
        chosen = self.chosen
        if not chosen:
            self._say_nothing_chosen("duplicate")
            return
        self._say_full(len(chosen))
        self._add(edits.duplicate, chosen)

    def copy(self) -> bool:
        """Put the selected layers on the clipboard; False where there are none."""
        chosen = self.chosen
        if not chosen:
            self._say_nothing_chosen("copy")
            return False
        QGuiApplication.clipboard().setMimeData(layers_mime([self.project.network[i].layer for i in chosen]))
        return True

    def cut(self) -> None:
        """Copy, then delete."""
        if self.copy():
            self.delete()

    def paste(self) -> None:
        """Insert the clipboard's layers behind the current block."""
        try:
            layers = layers_of(QGuiApplication.clipboard().mimeData())
        except EngineError as error:
            self.said.emit(str(error))
            return
        self._say_full(len(layers))
        self._add(edits.paste, layers, self.behind_current())

    def behind_current(self) -> int:
        """The position just behind the current block; the end where there is none."""
        order, nodes = self.order, self.project.network.nodes
        return min(order.index(self.current), len(nodes)) if self.current in order else len(nodes)

    def move_to(self, node_id: str, gap: int) -> None:
        """Move a layer into a gap (0: before the first layer)."""
        at = edits.index_of(self.project, node_id)
        to = gap if gap <= at else gap - 1
        if to != at:
            self.context.document.do(edits.move, node_id, to)

    def move_by(self, by: int) -> None:
        """Move the selected layers one place, left or right, as one edit."""
        ids = [n.id for n in self.project.network.nodes]
        chosen = self.chosen
        if not chosen or not 0 <= ids.index(chosen[-1 if by > 0 else 0]) + by < len(ids):
            return
        self.context.document.do(edits.shift, chosen, by)

    def connect_wire(self, source: str, node_id: str) -> None:
        """Let a block read another one: besides what it reads where it joins branches, else instead."""
        self._wire(node_id, lambda: connected(self.project, source, node_id))

    def disconnect_wire(self, skip: Skip) -> None:
        """Take a wire away."""
        self._wire(skip.block_id, lambda: disconnected(self.project, skip.source, skip.block_id))

    def _wire(self, node_id: str, inputs: Callable[[], tuple[str, ...]]) -> None:
        try:
            self.context.document.do(edits.set_inputs, node_id, inputs())
        except EngineError as error:
            self.said.emit(str(error))

    def readers(self, source: str) -> tuple[str, ...]:
        """The blocks that a wire from ``source`` could be led to, so that they accept what comes."""
        project, order = self.project, self.order
        later = order[order.index(source) + 1 : -1] if source in order else ()
        return tuple(i for i in later if accepts(project, i, connected(project, source, i)))

    def fresh(self, node_id: str) -> Layer | None:
        """The layer with all options at their defaults; ``None`` where it is so already or has an option without one."""
        layer = self.project.network[node_id].layer
        if any(p.required for p in layer.params()):
            return None
        default = type(layer)()
        return None if default == layer else default

    def reset_options(self, node_id: str) -> None:
        """Put all options of a layer back to their defaults."""
        default = self.fresh(node_id)
        if default is not None:
            self.context.document.do(
                edits.set_layer, node_id, default, text=f"Reset options of {default.label}"
            )

    def set_number(self, cell: Cell, before: float, after: float, merge: str = "") -> None:
        """Set one weight or bias by hand."""
        where = (cell.block_id, cell.name, cell.index)
        self.context.document.do(edits.set_weight, *where, before, after, merge=merge)

    def _say_full(self, wanted: int) -> None:
        """Say that not all of them will be added, where that is so."""
        if wanted > edits.room(self.project):
            self.said.emit(f"A network has at most {MOST_LAYERS:,} layers. Take some out first.")

    def _say_nothing_chosen(self, verb: str) -> None:
        what = "Input and loss always stay" if self.current in (INPUT, LOSS) else "No layer is selected"
        self.said.emit(f"{what}: click the card of the layer to {verb} first.")
