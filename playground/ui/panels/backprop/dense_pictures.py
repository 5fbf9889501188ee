"""How Linear draws a step: matrix products, there and back, and the outer product that is the gradient of its weights. No Qt."""

from __future__ import annotations

import numpy as np

from engine.trace import Place
from engine.trace.terms import Kind
from playground.ui.kit.grid import Grid, Ring, cell_ring
from playground.ui.panels.backprop.pictures import (
    EQUALS,
    MATRIX,
    PLUS,
    Array,
    Picture,
    Scene,
    Sign,
    delta,
    gradient_sheet,
    incoming,
    matrix,
    output,
    sent,
)  # fmt: skip


def linear(scene: Scene) -> Picture:
    """Matrix products: W x, and back δ xᵀ and Wᵀ δ."""
    if scene.part == "parameter":
        return _linear_bias(scene) if scene.moment.name == "bias" else _linear_weight(scene)
    weight = scene.trace.parameter(scene.node_id, "weight")
    if scene.batch and scene.trace.whole and scene.trace.size > 1:
        return _batch_share(scene, weight) if scene.part == "share" else _batch_forward(scene, weight)
    if scene.part == "share":
        (i,) = scene.cell
        place = lambda r, c: Place(scene.node_id, "parameter", "weight", (c, r))
        turned = matrix(
            _turned(scene), weight.T, place, (Ring((i, i + 1), (0, weight.shape[0])),), words="transposed"
        )
        caption = "Each row of the transposed weights meets the whole column δ: what all units send back to one input."
        return Picture((turned, MATRIX, delta(scene, ()), EQUALS, sent(scene, scene.cell)), caption)
    (j,) = scene.cell
    place = lambda r, c: Place(scene.node_id, "parameter", "weight", (r, c))
    rows = matrix(_letter(scene, "W"), weight, place, (Ring((j, j + 1), (0, weight.shape[1])),))
    parts: tuple[Grid | Sign, ...] = (rows, MATRIX, incoming(scene, ()))
    if scene.layer.bias:
        bias = scene.trace.parameter(scene.node_id, "bias").reshape(-1, 1)
        place = lambda r, c: Place(scene.node_id, "parameter", "bias", (r,))
        parts = (*parts, PLUS, matrix(_letter(scene, "b"), bias, place, (cell_ring(j, 0, "weak"),)))
    caption = "Row by column: the framed row meets the whole column x, and gives one unit."
    return Picture((*parts, EQUALS, output(scene, scene.cell)), caption)


def _letter(scene: Scene, letter: str) -> str:
    return scene.trace.symbols.parameter(scene.node_id, letter)


def _turned(scene: Scene) -> str:
    """W transposed."""
    number = scene.trace.symbols.numbers.get(scene.node_id, "")
    return f"W^{{{number}T}}" if number else "W^T"


def _samples(
    scene: Scene, title: str, values: Array, kind: Kind, node_id: str, rings: tuple[Ring, ...], name: str = ""
) -> Grid:
    """A row a sample: what goes in or comes out, or its gradients."""
    place = lambda r, c: Place(node_id, kind, name, (r, c))
    return matrix(title, values, place, rings, words="a row a sample", backward=kind != "value")


def _batch_forward(scene: Scene, weight: Array) -> Picture:
    """X Wᵀ + b for the whole batch at once."""
    (j,), trace, source = scene.cell, scene.trace, scene.sources[0]
    n, row = trace.size, scene.row
    turned = lambda r, c: Place(scene.node_id, "parameter", "weight", (c, r))
    x = _samples(
        scene, "X", trace.values[source], "value", source, (Ring((row, row + 1), (0, weight.shape[1])),)
    )
    w = matrix(
        _turned(scene), weight.T, turned, (Ring((0, weight.shape[1]), (j, j + 1)),), words="transposed"
    )
    known = scene.value(scene.node_id)  # of one sample; the others come with it
    found = np.where(np.isnan(known)[None], np.nan, trace.values[scene.node_id])
    y = _samples(scene, "Y", found, "value", scene.node_id, (cell_ring(row, j),))
    parts: tuple[Grid | Sign, ...] = (x, MATRIX, w)
    if scene.layer.bias:
        bias = trace.parameter(scene.node_id, "bias").reshape(1, -1)
        parts = (
            *parts,
            PLUS,
            matrix(
                _letter(scene, "b"),
                bias,
                lambda r, c: Place(scene.node_id, "parameter", "bias", (c,)),
                words="for each row",
            ),
        )
    return Picture(
        (*parts, EQUALS, y), f"All {n} samples in one matrix product: each row goes through the same weights."
    )


def _batch_share(scene: Scene, weight: Array) -> Picture:
    """Δ W for the whole batch at once."""
    (i,), trace = scene.cell, scene.trace
    row, place = scene.row, lambda r, c: Place(scene.node_id, "parameter", "weight", (r, c))
    whole = Ring((row, row + 1), (0, weight.shape[0]))
    deltas = _samples(scene, r"\Delta", trace.gradients[scene.node_id], "gradient", scene.node_id, (whole,))
    w = matrix(_letter(scene, "W"), weight, place, (Ring((0, weight.shape[0]), (i, i + 1)),))
    found = np.where(np.isnan(scene.share())[None], np.nan, trace.share(scene.node_id, 0))
    title = r"\frac{\partial L}{\partial X}"
    back = _samples(scene, title, found, "share", scene.node_id, (cell_ring(row, i),), "0")
    return Picture(
        (deltas, MATRIX, w, EQUALS, back),
        f"What all {trace.size} samples send back, a row each: no sample meets another here.",
    )


def _deltas(scene: Scene, j: int) -> Grid:
    """What arrives at all units, a column a sample; unit ``j`` is framed."""
    deltas = scene.trace.gradients[scene.node_id].T
    place = lambda r, c: Place(scene.node_id, "gradient", "", (c, r))
    rings = (Ring((j, j + 1), (0, deltas.shape[1])),)
    return matrix(r"\delta^T", deltas, place, rings, words="a column a sample", backward=True)


def _linear_weight(scene: Scene) -> Picture:
    j, i = scene.cell
    trace, source = scene.trace, scene.sources[0]
    symbol = rf"\frac{{\partial {trace.symbols.loss}}}{{\partial {_letter(scene, 'W')}}}"
    if scene.batch and trace.whole:
        values = trace.values[source]
        found = trace.parameter(scene.node_id, "weight", "gradient")
        place = lambda r, c: Place(source, "value", "", (r, c))
        right = matrix("X", values, place, (Ring((0, len(values)), (i, i + 1)),), words="a row a sample")
        result = gradient_sheet(scene, symbol, found, (j, i), scene.node_id)
        caption = "A matrix product over the samples: their blames add up, cell by cell of W."
        return Picture((_deltas(scene, j), MATRIX, right, EQUALS, result), caption)
    d, x = scene.arrived(scene.node_id), trace.values[source][scene.row]
    place = lambda r, c: Place(source, "value", "", (scene.sample, c))
    row = matrix("x^T", x.reshape(1, -1), place, (cell_ring(0, i),), words="transposed")
    alone = trace.size == 1
    result = gradient_sheet(scene, symbol, np.outer(d, x), (j, i), scene.node_id if alone else "")
    own = "" if alone else " This is the part of one sample; choose the whole batch to see them added up."
    caption = f"Column times row: every weight meets one δ and one x.{own}"
    return Picture((delta(scene, (j,)), MATRIX, row, EQUALS, result), caption)


def _linear_bias(scene: Scene) -> Picture:
    (j,) = scene.cell
    trace = scene.trace
    symbol = rf"\frac{{\partial {trace.symbols.loss}}}{{\partial {_letter(scene, 'b')}}}"
    if scene.batch and trace.whole and trace.size > 1:
        found = trace.parameter(scene.node_id, "bias", "gradient")
        result = gradient_sheet(scene, symbol, found, (j,), scene.node_id)
        parts = (_deltas(scene, j), Sign("→", "sum of each row"), result)
        return Picture(parts, "A bias is added for every sample as it is.")
    node_id = scene.node_id if trace.size == 1 else ""
    result = gradient_sheet(scene, symbol, scene.arrived(scene.node_id), (j,), node_id)
    return Picture(
        (delta(scene, (j,)), EQUALS, result), "A bias is added as it is: its gradient is δ itself."
    )
