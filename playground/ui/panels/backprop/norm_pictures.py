"""How normalizations draw a step: samples × features, the column or row that is averaged, and its numbers before and after. No Qt."""

from __future__ import annotations

import numpy as np

from engine.layers import BatchNorm
from engine.trace import NotKept, Place
from playground.ui.kit.grid import Grid, Ring, cell_ring, nowhere
from playground.ui.kit.numbers import fmt
from playground.ui.panels.backprop.pictures import Array, Histogram, Picture, Scene, Sign, matrix

FEW = 5  #: rows and columns up to which each number of a sheet is written


def normalization(scene: Scene) -> Picture:
    """Forward: whom the mean is over. Raises NotKept where that is the batch, and not all of it is kept."""
    by_batch = isinstance(scene.layer, BatchNorm)
    trace, cell = scene.trace, scene.cell
    if by_batch and not trace.whole:
        raise NotKept(f"The whole batch is not in this trace. {' '.join(trace.left_out)}")
    x, y = (np.asarray(trace.values[i], np.float64) for i in (scene.sources[0], scene.node_id))
    column = x[:, cell[0]] if by_batch else x[scene.row]
    after = y[:, cell[0]] if by_batch else y[scene.row]
    known = scene.progress.value(scene.node_id)
    hidden = known is None or bool(np.isnan(known[cell]))
    parts: list[Grid | Sign] = [
        _sheet(scene, "x", scene.sources[0], x, by_batch),
        Histogram(values=column.ravel()),
    ]
    parts += [
        Sign("→"),
        _sheet(scene, "y", scene.node_id, np.full(y.shape, np.nan) if hidden else y, by_batch),
    ]
    if not hidden:
        parts.append(Histogram(values=after.ravel()))
    return Picture(tuple(parts), _caption(scene, by_batch, x, column, hidden))


def _sheet(scene: Scene, title: str, node_id: str, values: Array, by_batch: bool) -> Grid:
    """A row a sample, a column a feature; of maps their means. What is averaged is framed."""
    maps = values.ndim == 4
    cells = values.mean(axis=(2, 3)) if maps else values.reshape(len(values), -1)
    rows, columns = cells.shape
    c = scene.cell[0] if by_batch or not maps else 0
    ring = Ring((0, rows), (c, c + 1)) if by_batch else Ring((scene.row, scene.row + 1), (0, columns))
    kept = scene.trace.samples
    place = nowhere if maps else (lambda i, j: Place(node_id, "value", "", (kept[i], j)))
    words = "means of maps" if maps else "a row a sample"
    whole = max(rows, columns) > FEW  # seen as a whole rather than number by number
    title = scene.trace.symbols.value(node_id, title)
    return matrix(title, cells, place, (ring, cell_ring(scene.row, c, "weak")), words=words, picture=whole)


def _caption(scene: Scene, by_batch: bool, x: Array, column: Array, hidden: bool) -> str:
    own = f"μ {fmt(float(column.mean()))}, σ² {fmt(float(column.var()))}"
    if not by_batch:
        return (
            f"Framed: one sample, with {own}. The batch has no say, and inference does the same as training."
        )
    layer, c, trace = scene.layer, scene.cell[0], scene.trace
    before = trace.state_before[scene.node_id]
    running = f"μ {fmt(float(before['running_mean'][c]))}, σ² {fmt(float(before['running_var'][c]))}"
    words = f"Framed: one feature of all samples. Training goes by this batch: {own}; inference by running averages: {running}."
    if hidden:
        return words
    one = x[(scene.row, *scene.cell)]
    inferred = (one - before["running_mean"][c]) / np.sqrt(before["running_var"][c] + layer.eps)
    if layer.affine:
        gamma, beta = (trace.parameter(scene.node_id, name)[c] for name in ("weight", "bias"))
        inferred = gamma * inferred + beta
    now = float(trace.values[scene.node_id][(scene.row, *scene.cell)])
    return f"{words} So this cell becomes {fmt(now)}, and would become {fmt(float(inferred))}."
