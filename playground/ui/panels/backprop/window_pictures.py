"""How convolutions and poolings draw a step: which cells a window sees, what it met, and where each blame goes. No Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.gathering import gathered
from engine.layers.pool import LARGEST
from engine.trace import Place
from engine.trace.base import At
from engine.trace.conv import Maximum, windows_of
from engine.windows import weight_gradient
from playground.ui.kit.grid import Grid, Ring, cell_ring
from playground.ui.panels.backprop.pictures import (
    CELLS,
    EQUALS,
    Array,
    Index,
    Picture,
    Scene,
    Sign,
    delta,
    gradient_sheet,
    incoming,
    limit_of,
    of_node,
    output,
    sent,
    shape_words,
)  # fmt: skip

FLIPPED = "Seen from the input the weights come in reverse order: the flipped kernel."


def _at(scene: Scene) -> At:
    return At(scene.trace, scene.trace.network[scene.node_id], scene.sample)


def _window(scene: Scene, i: int, j: int) -> tuple[Ring, ...]:
    """The frame of one window on the input, as far as it lies in the picture; none where it sees padding alone."""
    stand, (_, height, width) = windows_of(_at(scene)), scene.trace.shapes[scene.sources[0]]
    rows, columns = _span(stand.rows[i], height), _span(stand.columns[j], width)
    return (Ring(rows, columns),) if rows[0] < rows[1] and columns[0] < columns[1] else ()


def _span(cells: tuple[int, ...], size: int) -> tuple[int, int]:
    return max(0, min(cells)), min(size, max(cells) + 1)


def _kernel(scene: Scene, o: int, c: int, cell: Index = (), *, flipped: bool = False) -> Grid:
    """One filter's weights for one channel."""
    weight = scene.trace.parameter(scene.node_id, "weight")
    rows, columns = weight.shape[2:]
    cells = weight[o, c, ::-1, ::-1] if flipped else weight[o, c]

    def place(u: int, v: int) -> Place:
        at = (rows - 1 - u, columns - 1 - v) if flipped else (u, v)
        return Place(scene.node_id, "parameter", "weight", (o, c, *at))

    words = f"{shape_words((rows, columns))}, filter {o + 1}" + (", flipped" if flipped else "")
    rings = (cell_ring(cell[0], cell[1]),) if cell else ()
    return Grid("w", words, cells, False, place, rings, True, limit_of(weight[o, c]))


def convolution(scene: Scene) -> Picture:
    """A window slides; back, a weight meets every place, an input every window that saw it."""
    if scene.part == "parameter":
        return _conv_parameter(scene)
    return _conv_share(scene) if scene.part == "share" else _conv_forward(scene)


def _channel(scene: Scene, o: int) -> tuple[int, int]:
    """The input channel to show for filter ``o``, and its number within the group: that of the current or hovered term."""
    depth = scene.trace.shapes[scene.sources[0]][0] // scene.layer.groups
    first = o // (scene.layer.out_channels // scene.layer.groups) * depth
    if scene.moment.term >= 0 and scene.card.equations:
        terms = scene.card.equations[-1].terms
        places = [f.place for f in terms[scene.moment.term].factors if f.place is not None]
        for place in places:
            if place.kind == "parameter" and place.name == "weight":
                return first + place.index[1], place.index[1]
    chosen = scene.place
    if (
        chosen is not None
        and chosen.kind == "parameter"
        and chosen.node_id == scene.node_id
        and len(chosen.index) == 4
    ):
        return first + chosen.index[1], chosen.index[1]
    return first, 0


def _conv_forward(scene: Scene) -> Picture:
    o, i, j = scene.cell
    c, k = _channel(scene, o)
    stand = windows_of(_at(scene))
    x = scene.trace.values[scene.sources[0]][scene.row]
    seen = incoming(scene, (c, 0, 0))
    whole = replace(seen, rings=_window(scene, i, j), optional=True)
    window = _patch(scene, x[c], stand.rows[i], stand.columns[j], c, seen.limit)
    depth = scene.trace.shapes[scene.sources[0]][0] // scene.layer.groups
    others = f" Channel {k + 1} of {depth}; all are added up." if depth > 1 else ""
    bias = ", and the bias is added" if scene.layer.bias else ""
    caption = f"The framed window meets the kernel cell by cell; the products are summed{bias}.{others}"
    parts = (
        whole,
        Sign("→", "window"),
        window,
        CELLS,
        _kernel(scene, o, k),
        Sign("→", "sum"),
        output(scene, scene.cell),
    )
    return Picture(parts, caption)


def _patch(
    scene: Scene, values: Array, rows: tuple[int, ...], columns: tuple[int, ...], c: int, limit: float
) -> Grid:
    """What one window sees; padding counts as 0."""
    cells, inside = gathered(values, rows, columns)

    def place(u: int, v: int) -> Place | None:
        return (
            Place(scene.sources[0], "value", "", (scene.sample, c, rows[u], columns[v]))
            if inside[u, v]
            else None
        )

    padded = "" if inside.all() else ", padded with 0"
    return Grid("x", f"{shape_words(cells.shape)}, window{padded}", cells, False, place, (), True, limit)


def _conv_parameter(scene: Scene) -> Picture:
    deltas = scene.arrived(scene.node_id)
    own = " of this sample" if scene.trace.size > 1 else ""
    if scene.moment.name == "bias":
        (o,) = scene.cell
        shown = delta(scene, (o, 0, 0))
        shown = replace(shown, rings=())
        found = scene.trace.parameter(scene.node_id, "bias", "gradient")
        result = gradient_sheet(scene, r"\frac{\partial L}{\partial b}", found, (o,), scene.node_id)
        return Picture(
            (shown, Sign("→", "sum"), result), "The bias acts at every place: all of its map's δ add up."
        )
    o, k, u, v = scene.cell
    depth = scene.trace.shapes[scene.sources[0]][0] // scene.layer.groups
    c = o // (scene.layer.out_channels // scene.layer.groups) * depth + k
    stand = windows_of(_at(scene))
    x = scene.trace.values[scene.sources[0]][scene.row]
    rows, columns = [r[u] for r in stand.rows], [q[v] for q in stand.columns]
    met = _patch(scene, x[c], tuple(rows), tuple(columns), c, limit_of(x))
    met = replace(met, words=f"{shape_words(met.cells.shape)}, what w met")
    shown = of_node(scene, r"\delta", scene.node_id, "gradient", deltas, (o, 0, 0))
    shown = replace(shown, rings=())
    whole = scene.batch or scene.trace.size == 1
    found = scene.trace.parameter(scene.node_id, "weight", "gradient")
    if not whole:
        found = _own_gradient(scene, found.shape, o, k)
    known = scene.parameter_gradient("weight", found)[o, k]
    place = lambda r, q: Place(scene.node_id, "parameter_gradient", "weight", (o, k, r, q)) if whole else None
    of = "" if scene.trace.size == 1 else ", whole batch" if whole else ", this sample"
    result = Grid(
        r"\frac{\partial L}{\partial w}", f"{shape_words(known.shape)}, filter {o + 1}{of}", known, True, place,
        (cell_ring(u, v),), True, limit_of(found[o, k]),
    )  # fmt: skip
    over = "sum over all samples" if scene.batch and scene.trace.size > 1 else "sum"
    caption = f"At every place{own} this weight met one x and is blamed by one δ; the products are summed."
    return Picture((met, CELLS, shown, Sign("→", over), result), caption)


def _own_gradient(scene: Scene, shape: Index, o: int, k: int) -> Array:
    """One sample's part in the gradient of one filter's kernel, the rest NaN."""
    x, arrived = scene.trace.values[scene.sources[0]][scene.row], scene.arrived(scene.node_id)
    found = np.full(shape, np.nan)
    found[o, k] = weight_gradient(scene.layer, x, arrived, o)[k]
    return found


def _conv_share(scene: Scene) -> Picture:
    source_shape = scene.trace.shapes[scene.sources[0]]
    chosen = scene.place
    if (
        chosen is not None
        and chosen.kind == "gradient"
        and chosen.node_id == scene.node_id
        and chosen.index[1:]
    ):
        return _conv_spread(scene, chosen.index[1:])
    c, h, w = scene.cell
    seen = windows_of(_at(scene)).seen_by(h, w)
    depth = source_shape[0] // scene.layer.groups
    o = c // depth * (scene.layer.out_channels // scene.layer.groups)
    if scene.moment.term >= 0 and scene.card.equations:
        place = scene.card.equations[-1].terms[scene.moment.term].factors[0].place
        o = place.index[1] if place is not None else o
    shown = delta(scene, (o, 0, 0))
    rings = tuple(cell_ring(int(i), int(j), "weak") for i, j, _, _ in seen)
    shown = replace(shown, rings=rings)
    kernel = _kernel(scene, o, c % depth, flipped=True)
    n = len(seen)
    filters = scene.layer.out_channels // scene.layer.groups
    others = f", for each of {filters} filters" if filters > 1 else ""
    caption = f"{n} {'window' if n == 1 else 'windows'} saw this value{others}. {FLIPPED} Click a δ to see where it goes."
    return Picture((shown, Sign("∗", "flipped kernel"), kernel, EQUALS, sent(scene, scene.cell)), caption)


def _conv_spread(scene: Scene, cell: Index) -> Picture:
    """One δ and the k × k shares it sends."""
    o, i, j = cell
    c, k = _channel(scene, o)
    value = float(scene.arrived(scene.node_id)[o, i, j])
    kernel = _kernel(scene, o, k)
    stand = windows_of(_at(scene))
    _, height, width = scene.trace.shapes[scene.sources[0]]
    rows, columns = stand.rows[i], stand.columns[j]

    def place(u: int, v: int) -> Place | None:
        inside = 0 <= rows[u] < height and 0 <= columns[v] < width
        index = (scene.sample, c, rows[u], columns[v])
        return Place(scene.node_id, "share", "0", index) if inside else None

    shares = Grid(
        r"\delta \cdot w", f"{shape_words(kernel.cells.shape)} shares", value * kernel.cells, True, place, (), True,
        limit_of(value * kernel.cells),
    )  # fmt: skip
    landed = sent(scene, (c, 0, 0))
    landed = replace(landed, rings=_window(scene, i, j), optional=True)
    caption = "This δ goes to every value its window saw, times the weight that value met. Shares of other windows are added to it."
    return Picture(
        (delta(scene, cell), Sign("·", "times all"), kernel, EQUALS, shares, Sign("→", "added to"), landed),
        caption,
    )


def pooling(scene: Scene) -> Picture:
    """A window's winner or mean; back, to the winner, or in equal shares."""
    out_shape = scene.trace.shapes[scene.node_id]
    biggest = isinstance(scene.layer, LARGEST)
    if scene.part != "share":
        cell = scene.cell
        i, j = cell[1:] if len(out_shape) == 3 else (0, 0)
        seen = incoming(scene, (cell[0], 0, 0))
        rings = _window(scene, i, j)
        if biggest:
            _, row, column = Maximum().winner(_at(scene), cell)
            rings = (*rings, cell_ring(row, column, "winner"))
        seen = replace(seen, rings=rings)
        caption = (
            "The ringed value wins its window." if biggest else "All values of the window count the same."
        )
        return Picture((seen, Sign("→", "largest" if biggest else "mean"), output(scene, cell)), caption)
    c, h, w = scene.cell
    found = windows_of(_at(scene)).seen_by(h, w)
    shown = delta(scene, (c, 0, 0)[: len(out_shape)])
    frames = (
        tuple(cell_ring(int(i), int(j), "weak") for i, j, *_ in found) if len(out_shape) == 3 else shown.rings
    )
    shown = replace(shown, rings=frames)
    values = incoming(scene, scene.cell)
    winners: tuple[Ring, ...] = values.rings
    if biggest:
        won = [Maximum().winner(_at(scene), (c, int(i), int(j))) for i, j, *_ in found]
        winners = tuple(cell_ring(row, column, "winner") for _, row, column in won) or values.rings
    values = replace(values, rings=winners)
    caption = (
        "Each δ goes to the ringed winner of its window alone; the others get 0."
        if biggest
        else "Each δ is split into equal shares for all values of its window."
    )
    return Picture(
        (
            shown,
            Sign("→", "to the winner" if biggest else "equal shares"),
            values,
            EQUALS,
            sent(scene, scene.cell),
        ),
        caption,
    )
