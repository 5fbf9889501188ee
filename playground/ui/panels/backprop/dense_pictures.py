"""How Linear draws a step: matrix products, there and back, and the outer product that is the gradient of its weights. No Qt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.trace import Place
from playground.ui.panels.backprop.pictures import (
    EQUALS,
    MATRIX,
    PLUS,
    Picture,
    Ring,
    Scene,
    Sheet,
    Sign,
    cell_ring,
    delta,
    gradient_sheet,
    incoming,
    limit_of,
    output,
    sent,
    shape_words,
)  # fmt: skip


def linear(scene: Scene) -> Picture:
    """Matrix products: W x, and back δ xᵀ and Wᵀ δ."""
    if scene.part == "parameter":
        return _linear_bias(scene) if scene.moment.name == "bias" else _linear_weight(scene)
    weight = scene.trace.parameter(scene.node_id, "weight")
    if scene.part == "share":
        (i,) = scene.cell
        turned = Sheet(
            r"W^T", f"{shape_words(weight.T.shape)}, transposed", weight.T, False,
            lambda r, c: Place(scene.node_id, "parameter", "weight", (c, r)),
            (Ring((i, i + 1), (0, weight.shape[0])),), limit=limit_of(weight),
        )  # fmt: skip
        caption = "Each row of the transposed weights meets the whole column δ: what all units send back to one input."
        return Picture((turned, MATRIX, delta(scene, ()), EQUALS, sent(scene, scene.cell)), caption)
    (j,) = scene.cell
    rows = Ring((j, j + 1), (0, weight.shape[1]))
    matrix = Sheet(
        "W",
        shape_words(weight.shape),
        weight,
        False,
        _parameter(scene, "weight"),
        (rows,),
        limit=limit_of(weight),
    )
    parts: tuple[Sheet | Sign, ...] = (matrix, MATRIX, incoming(scene, ()))
    if scene.layer.bias:
        bias = scene.trace.parameter(scene.node_id, "bias").reshape(-1, 1)
        place = lambda r, c: Place(scene.node_id, "parameter", "bias", (r,))
        rings = (cell_ring(j, 0, strong=False),)
        parts = (
            *parts,
            PLUS,
            Sheet("b", shape_words(bias.shape), bias, False, place, rings, limit=limit_of(bias)),
        )
    caption = "Row by column: the framed row meets the whole column x, and gives one unit."
    return Picture((*parts, EQUALS, output(scene, scene.cell)), caption)


def _linear_weight(scene: Scene) -> Picture:
    j, i = scene.cell
    trace, source = scene.trace, scene.sources[0]
    symbol = r"\frac{\partial L}{\partial W}"
    if scene.batch and trace.whole:
        deltas, values = trace.gradients[scene.node_id].T, trace.values[source]
        found = trace.parameter(scene.node_id, "weight", "gradient")
        left = Sheet(
            r"\delta^T", f"{shape_words(deltas.shape)}, a column a sample", deltas, True,
            lambda r, c: Place(scene.node_id, "gradient", "", (c, r)),
            (Ring((j, j + 1), (0, deltas.shape[1])),), limit=limit_of(deltas),
        )  # fmt: skip
        right = Sheet(
            "X", f"{shape_words(values.shape)}, a row a sample", values, False,
            lambda r, c: Place(source, "value", "", (r, c)),
            (Ring((0, values.shape[0]), (i, i + 1)),), limit=limit_of(values),
        )  # fmt: skip
        result = gradient_sheet(scene, symbol, found, (j, i), scene.node_id)
        caption = "A matrix product over the samples: their blames add up, cell by cell of W."
        return Picture((left, MATRIX, right, EQUALS, result), caption)
    d, x = scene.arrived(scene.node_id), trace.values[source][scene.row]
    row = Sheet(
        "x^T", f"{shape_words((1, x.size))}, transposed", x.reshape(1, -1), False,
        lambda r, c: Place(source, "value", "", (scene.sample, c)), (cell_ring(0, i),), limit=limit_of(x),
    )  # fmt: skip
    outer = np.outer(d, x)
    alone = trace.size == 1
    result = gradient_sheet(scene, symbol, outer, (j, i), scene.node_id if alone else "")
    own = "" if alone else " This is the part of one sample; choose the whole batch to see them added up."
    caption = f"Column times row: every weight meets one δ and one x.{own}"
    return Picture((delta(scene, (j,)), MATRIX, row, EQUALS, result), caption)


def _linear_bias(scene: Scene) -> Picture:
    (j,) = scene.cell
    trace = scene.trace
    symbol = r"\frac{\partial L}{\partial b}"
    if scene.batch and trace.whole and trace.size > 1:
        deltas = trace.gradients[scene.node_id].T
        left = Sheet(
            r"\delta^T", f"{shape_words(deltas.shape)}, a column a sample", deltas, True,
            lambda r, c: Place(scene.node_id, "gradient", "", (c, r)),
            (Ring((j, j + 1), (0, deltas.shape[1])),), limit=limit_of(deltas),
        )  # fmt: skip
        found = trace.parameter(scene.node_id, "bias", "gradient")
        result = gradient_sheet(scene, symbol, found, (j,), scene.node_id)
        return Picture(
            (left, Sign("→", "sum of each row"), result), "A bias is added for every sample as it is."
        )
    node_id = scene.node_id if trace.size == 1 else ""
    result = gradient_sheet(scene, symbol, scene.arrived(scene.node_id), (j,), node_id)
    return Picture(
        (delta(scene, (j,)), EQUALS, result), "A bias is added as it is: its gradient is δ itself."
    )


def _parameter(scene: Scene, name: str) -> Callable[[int, int], Place]:
    return lambda r, c: Place(scene.node_id, "parameter", name, (r, c))
