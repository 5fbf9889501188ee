"""What a step looks like as matrices: which grids, which cells of them take part, and what joins them. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Activation
from engine.trace import Card, Moment, Place, Trace
from engine.trace.loss import LOSS
from engine.trace.moments import Phase
from engine.trace.terms import Kind
from playground.ui.kit.grid import Grid, Ring, cell_ring, nowhere
from playground.ui.kit.step_progress import Progress

Array = NDArray[Any]
Index = tuple[int, ...]
Placed = Callable[[int, int], Place | None]


@dataclass(frozen=True)
class Sign:
    """What stands between two grids: ``words`` tell products apart."""

    text: str
    words: str = ""


@dataclass(frozen=True, eq=False)
class Histogram(Sign):
    """How numbers are spread: bars, with the ends of their axis below."""

    text: str = ""
    values: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Picture:
    """Grids and signs from left to right, and a sentence below."""

    parts: tuple[Grid | Sign, ...] = ()
    caption: str = ""


#: what joins grids; words tell the products apart
MATRIX = Sign("·", "matrix product")
CELLS = Sign("⊙", "cell by cell")
EQUALS, PLUS = Sign("="), Sign("+")


class Scene:
    """What drawers work with: one step of a trace, for one sample.

    Attributes:
        trace, moment, card: the step.
        batch: the whole batch is followed; ``sample`` is then the first one kept.
        progress: what is computed by now.
        cell: which cell the step is about, in public shape without the sample.
        place: the number that was clicked, to be looked into; ``None`` for none.
    """

    def __init__(
        self, trace: Trace, moment: Moment, card: Card, sample: int | None, veiled: bool, place: Place | None
    ) -> None:
        self.trace, self.moment, self.card = trace, moment, card
        self.batch = sample is None
        self.sample = trace.samples[0] if sample is None else sample
        self.row = trace.row(self.sample)
        self.progress = Progress(trace, moment, sample, veiled)
        self.place = place
        self.node = trace.network[moment.node_id] if moment.node_id not in ("", LOSS) else None
        self.sources = trace.network.inputs_of(moment.node_id) if self.node is not None else ()
        self.phase: Phase = moment.phase

    @property
    def layer(self) -> Any:
        """The layer of the step; ``None`` for the loss and for whole passes."""
        return self.node.layer if self.node is not None else None

    @property
    def node_id(self) -> str:
        return self.moment.node_id

    @property
    def part(self) -> str:
        """What is computed; of a whole layer its outputs or what it sends back."""
        return self.moment.part or {"forward": "value", "backward": "share", "update": "row"}.get(
            self.phase, ""
        )

    @property
    def cell(self) -> Index:
        """The cell that is computed: of the moment, or the example that the card of a whole layer speaks of."""
        if self.moment.part and self.moment.cell:
            return self.moment.cell
        if self.card.cell:
            return self.card.cell
        place = self.card.result.place if self.card.result is not None else None
        if place is None:
            return ()
        return (
            place.index if place.kind in ("parameter", "parameter_gradient", "updated") else place.index[1:]
        )

    @property
    def position(self) -> int:
        """Which input a share is sent to."""
        return int(self.moment.name) if self.moment.part == "share" else 0

    # --- arrays of the sample -----------------------------------------------------------------------------------------

    def value(self, node_id: str) -> Array:
        """A node's output as far as it is computed."""
        return self._or_unknown(self.progress.value(node_id), node_id)

    def gradient(self, node_id: str) -> Array:
        """The gradient that arrives at a node, as far as it is computed."""
        return self._or_unknown(self.progress.gradient(node_id), node_id)

    def arrived(self, node_id: str) -> Array:
        """The same in full: a layer works on what has arrived."""
        found: Array = self.trace.gradients[node_id][self.row]
        return found

    def share(self) -> Array:
        """What the node sends back, as far as it is computed."""
        found: Array = self.trace.share(self.node_id, self.position)[self.row]
        if self.moment.part != "share":
            return np.full(found.shape, np.nan) if self.progress.veiled else found
        last = int(np.ravel_multi_index(self.moment.cell, found.shape)) + int(not self._before())
        return _first(found, last)

    def parameter_gradient(self, name: str, values: Array) -> Array:
        """The cells of a parameter's gradient that are computed by now."""
        if self.moment.part != "parameter" or self.moment.name != name:
            return values
        if not self.moment.cell:
            return np.full(values.shape, np.nan) if self.progress.veiled else values
        last = int(np.ravel_multi_index(self.moment.cell, values.shape)) + int(not self._before())
        return _first(values, last)

    def updated(self, name: str, values: Array) -> Array:
        """The cells of a parameter that have their new value by now."""
        if self.moment.part != "row" or self.moment.name != name:
            return np.full(values.shape, np.nan) if self.progress.veiled else values
        last = int(np.ravel_multi_index(self.moment.cell, values.shape)) if values.shape else 0
        return _first(values, last + int(self.progress.updated(self.node_id, name, self.moment.cell)))

    def _before(self) -> bool:
        """Whether the step's own cell is not known yet: it is to be predicted, or terms are missing."""
        if self.progress.veiled:
            return True
        equations = self.card.equations
        return 0 <= self.moment.term < len(equations[-1].terms) - 1 if equations else False

    def _or_unknown(self, found: Array | None, node_id: str) -> Array:
        return np.full(self.trace.shapes[node_id], np.nan) if found is None else found


def _first(values: Array, count: int) -> Array:
    """The first ``count`` cells; the others are not known yet."""
    found = np.full(values.size, np.nan)
    found[:count] = np.asarray(values, np.float64).ravel()[:count]
    return found.reshape(values.shape)


def limit_of(array: Array) -> float:
    """The end of a symmetric colour scale for these numbers."""
    known = np.abs(array[np.isfinite(array)])
    return float(known.max()) if known.size and known.max() > 0 else 1.0


def shape_words(shape: Index) -> str:
    """ "2 × 3"."""
    return " × ".join(str(n) for n in shape)


def matrix(
    title: str,
    cells: Array,
    place: Placed = nowhere,
    rings: tuple[Ring, ...] = (),
    *,
    words: str = "",
    backward: bool = False,
    picture: bool = False,
    limit: float | None = None,
) -> Grid:
    """A matrix, by itself on the scale of its own numbers; ``words`` stand behind its shape."""
    said = ", ".join(w for w in (shape_words(cells.shape), words) if w)
    end = limit_of(cells) if limit is None else limit
    return Grid(title, said, cells, backward, place, rings, picture, end)


# --- grids of nodes -----------------------------------------------------------------------------------------------------


def of_node(
    scene: Scene, title: str, node_id: str, kind: Kind, values: Array, cell: Index = (), name: str = ""
) -> Grid:
    """A node's values or gradients as a grid: a column of units, or the map of the channel of ``cell``."""
    sample, backward = scene.sample, kind != "value"
    owner = scene.node_id if kind == "share" else node_id
    shape = values.shape
    limit = limit_of(scene.trace.values[node_id][scene.row] if not backward else values)
    if len(shape) == 3:
        c = cell[0] if len(cell) == 3 else 0
        place = lambda i, j: Place(owner, kind, name, (sample, c, i, j))
        rings = (cell_ring(cell[1], cell[2]),) if len(cell) == 3 else ()
        more = f", map {c + 1} of {shape[0]}" if shape[0] > 1 else ""
        return Grid(title, f"{shape_words(shape[1:])}{more}", values[c], backward, place, rings, True, limit)
    place = lambda i, j: Place(owner, kind, name, (sample, i))
    rings = (cell_ring(cell[0], 0),) if cell else ()
    return matrix(title, values.reshape(-1, 1), place, rings, backward=backward, limit=limit)


def output(scene: Scene, cell: Index) -> Grid:
    """What the node of the step computes."""
    title = scene.trace.symbols.value(scene.node_id, "y")
    return of_node(scene, title, scene.node_id, "value", scene.value(scene.node_id), cell)


def incoming(scene: Scene, cell: Index, position: int = 0) -> Grid:
    """What it reads."""
    source = scene.sources[position]
    title = scene.trace.symbols.value(source, "x")
    return of_node(scene, title, source, "value", scene.trace.values[source][scene.row], cell)


def delta(scene: Scene, cell: Index) -> Grid:
    """The gradient that arrives at it."""
    title = scene.trace.symbols.gradient(scene.node_id, "")
    return of_node(scene, title, scene.node_id, "gradient", scene.arrived(scene.node_id), cell)


def sent(scene: Scene, cell: Index) -> Grid:
    """What it sends back."""
    source = scene.sources[scene.position]
    symbols = scene.trace.symbols
    title = rf"\frac{{\partial {symbols.loss}}}{{\partial {symbols.value(source, 'x')}}}"
    return of_node(scene, title, source, "share", scene.share(), cell, str(scene.position))


def gradient_sheet(scene: Scene, symbol: str, values: Array, cell: Index, node_id: str) -> Grid:
    """A gradient in the parameter's shape (a matrix), as far as it is computed."""
    name = scene.moment.name
    known = scene.parameter_gradient(name, values)
    place = lambda r, c: (
        Place(node_id, "parameter_gradient", name, (r, c)[: values.ndim]) if node_id else None
    )
    cells = known.reshape(values.shape[0], -1)
    at = (cell[0], cell[1] if len(cell) > 1 else 0)
    return matrix(symbol, cells, place, (cell_ring(*at),), backward=True, limit=limit_of(values))


def loss_picture(scene: Scene) -> Picture:
    """Outputs, targets, and the first gradient."""
    trace, node_id = scene.trace, scene.trace.network.output_id
    # A picture of one channel is shown as it is, those of several one below the other.
    width = trace.shapes[node_id][-1] if len(trace.shapes[node_id]) == 3 else 1
    outputs = trace.values[node_id][scene.row].reshape(-1, width)
    targets = trace.targets[scene.sample].reshape(-1, width)
    k = scene.moment.cell[0] if scene.moment.part == "gradient" else None
    rings = (cell_ring(*divmod(k, width)),) if k is not None else ()
    flat = lambda kind, node: (
        lambda i, j: Place(node, kind, "", (scene.sample, *_unflat(trace, node_id, width * i + j)))
    )
    target = lambda i, j: Place(LOSS, "target", "", (scene.sample, width * i + j))
    shown = matrix("z", outputs, flat("value", node_id), rings, picture=width > 1)
    wanted = matrix("t", targets, target, rings, picture=width > 1)
    if scene.phase == "update":
        return Picture(caption="The same batch went through all layers again, with the new weights.")
    parts: tuple[Grid | Sign, ...] = (shown, Sign("", "compared with"), wanted)
    if scene.phase == "backward":
        found = scene.gradient(node_id).reshape(-1, width)
        limit = limit_of(trace.gradients[node_id][scene.row])
        place = flat("gradient", node_id)
        first = matrix(
            r"\frac{\partial L}{\partial z}",
            found,
            place,
            rings,
            backward=True,
            picture=width > 1,
            limit=limit,
        )
        parts = (*parts, Sign("→", "gradient"), first)
    return Picture(
        parts,
        "One row for each output of the network."
        if width == 1
        else "The picture that comes out, and what it should be.",
    )


def _unflat(trace: Trace, node_id: str, i: int) -> Index:
    return tuple(int(k) for k in np.unravel_index(i, trace.shapes[node_id]))


def slopes(scene: Scene) -> Array | None:
    """The local derivatives of an activation for the sample; ``None`` for other layers."""
    if not isinstance(scene.layer, Activation):
        return None
    x = scene.trace.values[scene.sources[0]][scene.row]
    found: Array = scene.layer.curve(x.ravel())[1].reshape(x.shape)
    return found


def without_places(sheet: Grid) -> Grid:
    """A grid of numbers that stand nowhere else."""
    return replace(sheet, place=nowhere)
