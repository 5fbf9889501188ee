"""Where the numbers of an update stand on the canvas, and what of it one step puts into the light. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.trace import BACKWARD, OF_PARAMETERS, Equation, Place, Trace
from playground.ui.kit.step_progress import Index, Progress
from playground.ui.panels.canvas.plan import LOSS, Block, Plan
from playground.ui.panels.canvas.targets import Card, Cell, Unit

Array = NDArray[Any]

#: of the terms of a long sum so many are marked
MARKED = 300
#: kinds of numbers that belong to a sample
_OF_SAMPLES = ("value", "gradient", "share", "mask")


@dataclass(frozen=True)
class Spot:
    """Where a number stands: at a tile (``cell`` says where in its map), at a weight, or at a card.

    ``lower``: among the gradients, in the lower half of its tile.
    """

    target: Unit | Cell | Card
    cell: Index = ()
    lower: bool = False


class Atlas:
    """Finds places of a trace on a plan, and back."""

    def __init__(self, plan: Plan, trace: Trace) -> None:
        self.plan, self.trace = plan, trace
        self._columns: dict[str, str] = {}
        for block in plan.blocks:
            source = block.inputs[0] if block.attached and block.inputs else block.id
            self._columns[block.id] = self._columns.get(source, source)

    def column(self, node_id: str) -> str:
        """The block in whose column a node's output is drawn."""
        return self._columns[node_id]

    def chain(self, column: str) -> tuple[str, ...]:
        """The nodes whose outputs a column shows one after another."""
        return tuple(n for n, c in self._columns.items() if c == column and n in self.trace.values)

    def spot(self, place: Place) -> Spot | None:
        """Where a place is drawn; ``None`` for those that are not."""
        if place.node_id == LOSS:
            return Spot(Card(LOSS))
        if place.node_id not in self._columns:
            return None
        if place.kind in _OF_SAMPLES:
            node = self._source(place) if place.kind == "share" else place.node_id
            return self._tile(node, place.index[1:], place.kind in BACKWARD)
        if place.kind in OF_PARAMETERS:
            block, name = self.plan[place.node_id], place.name.rpartition("/")[2]
            shape = block.parameters.get(name, ())
            if block.attached or len(shape) != len(place.index):
                return Spot(Card(block.id))
            return Spot(Cell(block.id, name, place.index))
        return None

    def _source(self, place: Place) -> str:
        return self.trace.network.inputs_of(place.node_id)[int(place.name)]

    def _tile(self, node_id: str, index: Index, lower: bool) -> Spot | None:
        block = self.plan[self.column(node_id)]
        shape = self.trace.shapes[node_id]
        if len(index) == len(shape) and any(i >= n for i, n in zip(index, shape, strict=True)):
            return None  # of another network
        if not block.units or len(index) != len(shape):
            return Spot(Card(node_id))
        if shape != block.shape:  # a Flatten: its values are those of the column, laid in a row
            index = tuple(
                int(i) for i in np.unravel_index(int(np.ravel_multi_index(index, shape)), block.shape)
            )
        return Spot(Unit(block.id, index[0]), tuple(index[1:]), lower)

    def place_of(self, node_id: str, kind: Any, index: Index, sample: int) -> Place:
        """The place of a node's output or gradient at a cell of its column."""
        shape, drawn = self.trace.shapes[node_id], self.plan[self.column(node_id)].shape
        if shape != drawn:
            index = tuple(int(i) for i in np.unravel_index(int(np.ravel_multi_index(index, drawn)), shape))
        return Place(node_id, kind, "", (sample, *index))


@dataclass(frozen=True, eq=False)
class Face:
    """What the tiles of one column show at a step.

    Args:
        values, gradients: in the block's shape, NaN where not known; ``None`` where none is.
        value_limit, gradient_limit: ends of their signed scales, of the whole layer for this sample.
        value_layers, gradient_layers: the nodes they come from, the one that counts first.
    """

    values: Array | None
    gradients: Array | None
    value_limit: float
    gradient_limit: float
    value_layers: tuple[tuple[str, Array], ...] = ()
    gradient_layers: tuple[tuple[str, Array], ...] = ()

    def node_of(self, lower: bool, index: Index) -> str | None:
        """Whose number stands at a cell; ``None`` where none does yet."""
        layers = self.gradient_layers if lower else self.value_layers
        return next((node for node, known in layers if not np.isnan(known[index])), None)


def face(atlas: Atlas, block: Block, progress: Progress) -> Face:
    """What a column shows: the values of the last of its nodes that is computed, the gradients of the last that has got one."""
    chain = atlas.chain(block.id)
    values = _layers(block, ((n, progress.value(n)) for n in reversed(chain)))
    gradients = _layers(block, ((n, progress.gradient(n)) for n in chain))
    row = progress.trace.row(progress.sample)
    return Face(
        _laid(values), _laid(gradients),
        _end(progress.trace.values, (n for n, _ in values), row),
        _end(progress.trace.gradients, (n for n, _ in gradients), row),
        values, gradients,
    )  # fmt: skip


def _layers(block: Block, found: Iterable[tuple[str, Array | None]]) -> tuple[tuple[str, Array], ...]:
    size = int(np.prod(block.shape))
    return tuple((n, a.reshape(block.shape)) for n, a in found if a is not None and a.size == size)


def _laid(layers: Sequence[tuple[str, Array]]) -> Array | None:
    """The first layer, and where it knows nothing those behind it."""
    if not layers:
        return None
    laid = layers[0][1]
    for _, below in layers[1:]:
        laid = np.where(np.isnan(laid), below, laid)
    return laid


def _end(arrays: Any, nodes: Iterable[str], row: int) -> float:
    ends = [float(np.abs(arrays[n][row]).max(initial=0.0)) for n in nodes]
    largest = max(ends, default=0.0)
    return largest if np.isfinite(largest) and largest > 0 else 1.0


@dataclass(frozen=True)
class Spotlight:
    """What stands at full strength; the rest stands back.

    Args:
        active: the block that computes; "" while a whole pass is shown.
        cards, columns: those in the light.
        links: ``(source, target)`` of the columns between which wires are in the light.
        units: tiles in the light; ``None`` for all of the bright columns.
        cells: weights in the light; ``None`` for all on bright links.
        result: where the number is that the step gives.
        parts: where the numbers are that the result is made of.
        arrows: the way gradients take, from tile or card to tile.
    """

    active: str = ""
    cards: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    links: frozenset[tuple[str, str]] = frozenset()
    units: frozenset[Unit] | None = None
    cells: frozenset[Cell] | None = None
    result: Spot | None = None
    parts: tuple[Spot, ...] = ()
    arrows: tuple[tuple[str, str], ...] = ()

    def lit(self, unit: Unit) -> bool:
        """Whether a tile is in the light."""
        return unit.block_id in self.columns and (self.units is None or unit in self.units)


def spotlight(atlas: Atlas, progress: Progress) -> Spotlight:
    """What the step of ``progress`` is about."""
    plan, moment, network = atlas.plan, progress.moment, atlas.trace.network
    ids = frozenset(b.id for b in plan.blocks)
    links = frozenset((link.source, link.target) for link in plan.links)
    if moment.grain == "pass":
        return Spotlight("", ids, ids, links)
    active = moment.node_id
    if active == LOSS:
        sources: tuple[str, ...] = (network.output_id,)
        readers: tuple[str, ...] = ()
    else:
        sources = network.inputs_of(active)
        readers = tuple(r for r, _ in atlas.trace.readers(active)) or (LOSS,)
    cards = frozenset((active, *sources, *readers))
    columns = frozenset(atlas.column(n) for n in cards if n != LOSS) | (cards & {LOSS})
    own = LOSS if active == LOSS else atlas.column(active)
    lit = frozenset((s, t) for s, t in links if own in (s, t) and s in columns and t in columns)
    sent = moment.phase == "backward" and moment.part != "parameter"
    if moment.part == "fork":  # what comes together here
        sources = ()
    arrows = _arrows(atlas, active, own, sources, readers) if sent else ()
    if not moment.part or not moment.cell or progress.card is None:
        return Spotlight(active, cards, columns, lit, arrows=arrows)
    parts, result = _marked(atlas, progress, progress.card.equations)
    units, cells = _lit_by(atlas, (*parts, result) if result is not None else parts)
    return Spotlight(active, cards, columns, lit, units or None, cells, result, parts, arrows)


def _arrows(
    atlas: Atlas, active: str, own: str, sources: Sequence[str], readers: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """From which column to which the gradient goes: out of the active one, or, where it stays in its column, into it."""
    out = [(own, atlas.column(s)) for s in sources if atlas.column(s) != own]
    if out or active == LOSS:
        return tuple(dict.fromkeys(out))
    into = [(r if r == LOSS else atlas.column(r), own) for r in readers]
    return tuple(dict.fromkeys(pair for pair in into if pair[0] != own))


def _marked(
    atlas: Atlas, progress: Progress, equations: Sequence[Equation]
) -> tuple[tuple[Spot, ...], Spot | None]:
    """Where the numbers stand that the step's last equation is made of, and where its result stands."""
    last, moment = equations[-1], progress.moment
    if moment.term >= 0 and moment.part in ("value", "parameter", "share"):
        terms = [last.terms[moment.term]]
    else:
        terms = list(islice(last.terms, MARKED))
    for earlier in equations[:-1]:
        terms += islice(earlier.terms, MARKED)
    found = dict.fromkeys(f.place for t in terms for f in t.factors if f.place is not None)
    # Of a batch, only one sample is on the canvas.
    places = [p for p in found if p.kind not in _OF_SAMPLES or p.index[:1] == (progress.sample,)]
    result = last.result.place
    if moment.part in ("parameter", "row"):
        result = Place(moment.node_id, "parameter", moment.name, moment.cell)
    spots = tuple(s for s in map(atlas.spot, places) if s is not None)
    return spots, atlas.spot(result) if result is not None else None


def _lit_by(atlas: Atlas, spots: Iterable[Spot]) -> tuple[frozenset[Unit], frozenset[Cell]]:
    """The tiles and weights at these places."""
    spots = list(spots)
    units = {s.target for s in spots if isinstance(s.target, Unit)}
    cells = {s.target for s in spots if isinstance(s.target, Cell)}
    for cell in cells:  # a weight is seen with the unit it belongs to, and with the one it comes from
        units.add(Unit(cell.block_id, cell.unit))
        units |= _source_unit(atlas, cell)
    return frozenset(units), frozenset(cells)


def _source_unit(atlas: Atlas, cell: Cell) -> set[Unit]:
    block = atlas.plan[cell.block_id]
    if cell.name != "weight" or not block.is_sum:
        return set()
    spot = atlas.spot(Place(block.inputs[0], "value", "", (0, cell.index[1])))
    return {spot.target} if spot is not None and isinstance(spot.target, Unit) else set()
