"""How Linear draws a step: matrix products, there and back, and the outer product that is the gradient of its weights. No Qt."""

from __future__ import annotations

import numpy as np

from engine.trace import Place
from playground.ui.kit.grid import Grid, Ring, cell_ring
from playground.ui.panels.backprop.pictures import (
    EQUALS,
    MATRIX,
    PLUS,
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
    if scene.part == "share":
        (i,) = scene.cell
        place = lambda r, c: Place(scene.node_id, "parameter", "weight", (c, r))
        turned = matrix("W^T", weight.T, place, (Ring((i, i + 1), (0, weight.shape[0])),), words="transposed")
        caption = "Each row of the transposed weights meets the whole column δ: what all units send back to one input."
        return Picture((turned, MATRIX, delta(scene, ()), EQUALS, sent(scene, scene.cell)), caption)
    (j,) = scene.cell
    place = lambda r, c: Place(scene.node_id, "parameter", "weight", (r, c))
    rows = matrix("W", weight, place, (Ring((j, j + 1), (0, weight.shape[1])),))
    parts: tuple[Grid | Sign, ...] = (rows, MATRIX, incoming(scene, ()))
    if scene.layer.bias:
        bias = scene.trace.parameter(scene.node_id, "bias").reshape(-1, 1)
        place = lambda r, c: Place(scene.node_id, "parameter", "bias", (r,))
        parts = (*parts, PLUS, matrix("b", bias, place, (cell_ring(j, 0, "weak"),)))
    caption = "Row by column: the framed row meets the whole column x, and gives one unit."
    return Picture((*parts, EQUALS, output(scene, scene.cell)), caption)


def _deltas(scene: Scene, j: int) -> Grid:
    """What arrives at all units, a column a sample; unit ``j`` is framed."""
    deltas = scene.trace.gradients[scene.node_id].T
    place = lambda r, c: Place(scene.node_id, "gradient", "", (c, r))
    rings = (Ring((j, j + 1), (0, deltas.shape[1])),)
    return matrix(r"\delta^T", deltas, place, rings, words="a column a sample", backward=True)


def _linear_weight(scene: Scene) -> Picture:
    j, i = scene.cell
    trace, source = scene.trace, scene.sources[0]
    symbol = r"\frac{\partial L}{\partial W}"
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
    symbol = r"\frac{\partial L}{\partial b}"
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
