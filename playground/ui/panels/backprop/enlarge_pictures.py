"""How a transposed convolution draws a step: where a value is stamped, which stamps reach a cell, and what comes back. No Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.gathering import gathered
from engine.trace import Place
from engine.trace.base import At
from engine.trace.enlarge import stamps_of
from playground.ui.kit.grid import Grid, Ring, cell_ring
from playground.ui.panels.backprop.pictures import (
    CELLS,
    Index,
    Picture,
    Scene,
    Sign,
    delta,
    gradient_sheet,
    incoming,
    limit_of,
    output,
    sent,
    shape_words,
)  # fmt: skip


def transposed(scene: Scene) -> Picture:
    """Every value stamps the filter; back, it gathers from where it was stamped."""
    if scene.part == "parameter":
        return _bias(scene) if scene.moment.name == "bias" else _weight(scene)
    return _share(scene) if scene.part == "share" else _forward(scene)


def _at(scene: Scene) -> At:
    return At(scene.trace, scene.trace.network[scene.node_id], scene.sample)


def _groups(scene: Scene) -> tuple[int, int]:
    """Channels and filters of a group."""
    groups = scene.layer.groups
    return scene.trace.shapes[scene.sources[0]][0] // groups, scene.layer.out_channels // groups


def _stamp(scene: Scene, c: int, o: int, rings: tuple[Ring, ...] = ()) -> Grid:
    """The weights by which channel ``c`` is stamped on filter ``o`` of its group."""
    weight = scene.trace.parameter(scene.node_id, "weight")
    place = lambda u, v: Place(scene.node_id, "parameter", "weight", (c, o, u, v))
    words = f"{shape_words(weight.shape[2:])}, stamp"
    return Grid("w", words, weight[c, o], False, place, rings, True, limit_of(weight[c, o]))


def _forward(scene: Scene) -> Picture:
    o, i, j = scene.cell
    depth, filters = _groups(scene)
    seen = stamps_of(_at(scene)).seen_by(i, j)
    first = o // filters * depth
    rings = tuple(cell_ring(int(h), int(w)) for h, w, _, _ in seen)
    met = tuple(cell_ring(int(u), int(v), "weak") for _, _, u, v in seen)
    values = replace(incoming(scene, (first, 0, 0)), rings=rings)
    others = f" The same for each of {depth} channels; all are added up." if depth > 1 else ""
    bias = ", and the bias is added" if scene.layer.bias else ""
    n = len(seen)
    what = f"{n} {'stamp reaches' if n == 1 else 'stamps reach'} this cell, each with another of its weights; they add up{bias}."
    parts = (
        values,
        Sign("·", "each stamps"),
        _stamp(scene, first, o % filters, met),
        Sign("→", "sum"),
        output(scene, scene.cell),
    )
    return Picture(parts, what + others)


def _share(scene: Scene) -> Picture:
    c, h, w = scene.cell
    depth, filters = _groups(scene)
    stand, (_, height, width) = stamps_of(_at(scene)), scene.trace.shapes[scene.node_id]
    rows, columns = stand.rows[h], stand.columns[w]
    arrived = delta(scene, (c // depth * filters, 0, 0))
    top, bottom = max(0, rows[0]), min(height, rows[-1] + 1)
    left, right = max(0, columns[0]), min(width, columns[-1] + 1)
    frame = (Ring((top, bottom), (left, right)),) if top < bottom and left < right else ()
    others = f" The same for each of {filters} filters; all are added up." if filters > 1 else ""
    caption = (
        f"This value was stamped on the frame: each δ there times the weight it was met by, added up.{others}"
    )
    parts = (
        replace(arrived, rings=frame),
        CELLS,
        _stamp(scene, c, 0),
        Sign("→", "sum"),
        sent(scene, scene.cell),
    )
    return Picture(parts, caption)


def _bias(scene: Scene) -> Picture:
    (o,) = scene.cell
    shown = replace(delta(scene, (o, 0, 0)), rings=())
    found = scene.trace.parameter(scene.node_id, "bias", "gradient")
    result = gradient_sheet(scene, r"\frac{\partial L}{\partial b}", found, (o,), scene.node_id)
    return Picture(
        (shown, Sign("→", "sum"), result), "The bias acts at every place: all of its map's δ add up."
    )


def _weight(scene: Scene) -> Picture:
    c, o, u, v = scene.cell
    depth, filters = _groups(scene)
    stand, own = stamps_of(_at(scene)), o + c // depth * filters
    arrived = scene.arrived(scene.node_id)
    rows, columns = tuple(r[u] for r in stand.rows), tuple(q[v] for q in stand.columns)
    cells, inside = gathered(arrived[own], rows, columns)

    def place(i: int, j: int) -> Place | None:
        index: Index = (scene.sample, own, rows[i], columns[j])
        return Place(scene.node_id, "gradient", "", index) if inside[i, j] else None

    met = Grid(
        r"\delta",
        f"{shape_words(cells.shape)}, what w was blamed by",
        cells,
        True,
        place,
        (),
        True,
        limit_of(arrived),
    )
    values = replace(incoming(scene, (c, 0, 0)), rings=())
    whole = scene.batch or scene.trace.size == 1
    found = scene.trace.parameter(scene.node_id, "weight", "gradient")
    if not whole:
        found = np.full(found.shape, np.nan)
        for p, q in np.ndindex(*found.shape[2:]):
            blames, _ = gathered(
                arrived[own], tuple(r[p] for r in stand.rows), tuple(k[q] for k in stand.columns)
            )
            found[c, o, p, q] = (values.cells * blames).sum()
    known = scene.parameter_gradient("weight", found)[c, o]
    of = "" if scene.trace.size == 1 else ", whole batch" if whole else ", this sample"
    result = Grid(
        r"\frac{\partial L}{\partial w}", f"{shape_words(known.shape)}, filter {own + 1}{of}", known, True,
        lambda p, q: Place(scene.node_id, "parameter_gradient", "weight", (c, o, p, q)) if whole else None,
        (cell_ring(u, v),), True, limit_of(found[c, o]),
    )  # fmt: skip
    over = "sum over all samples" if scene.batch and scene.trace.size > 1 else "sum"
    caption = "This weight was stamped once from every value, and is blamed by the δ it fell on; the products are summed."
    return Picture((values, CELLS, met, Sign("→", over), result), caption)
