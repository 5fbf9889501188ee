"""Which picture each kind of layer has; here are those that work cell by cell, the update, and what any other layer gets. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.layers import (
    Activation,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Dropout2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    LayerNorm,
    Linear,
    MaxPool2d,
    PReLU,
)
from engine.trace import NotKept, Place
from engine.trace.loss import LOSS
from engine.trace.terms import Kind
from playground.ui.kit.grid import Grid, cell_ring
from playground.ui.panels.backprop.dense_pictures import linear
from playground.ui.panels.backprop.enlarge_pictures import transposed
from playground.ui.panels.backprop.norm_pictures import normalization
from playground.ui.panels.backprop.pictures import (
    CELLS,
    EQUALS,
    PLUS,
    Array,
    Index,
    Picture,
    Scene,
    Sign,
    delta,
    incoming,
    limit_of,
    loss_picture,
    matrix,
    of_node,
    output,
    sent,
    shape_words,
    slopes,
    without_places,
)  # fmt: skip
from playground.ui.panels.backprop.window_pictures import convolution, pooling


def activation(scene: Scene) -> Picture:
    """A curve for every cell; back, the Hadamard product with its slopes."""
    if scene.part == "parameter":  # the slope of a PReLU
        return general(scene)
    if scene.part != "share":
        name = scene.layer.label
        through = (incoming(scene, scene.cell), Sign("→", f"{name}, cell by cell"), output(scene, scene.cell))
        return Picture(through, "Every value goes through the same curve, and none meets another.")
    found = slopes(scene)
    if found is None:
        return general(scene)
    gate = without_places(of_node(scene, "f'(x)", scene.sources[0], "value", found, scene.cell))
    stopped = replace(delta(scene, scene.cell), struck=gate.cells == 0)
    parts = (stopped, CELLS, gate, EQUALS, sent(scene, scene.cell))
    return Picture(
        parts,
        "Hadamard product: each gradient meets the slope at its own place; where that is 0 it is struck through.",
    )


def mask(scene: Scene) -> Picture:
    """Today's mask, forward and back."""
    factor = scene.trace.extras[scene.node_id]["factor"][scene.row]
    shape = scene.trace.shapes[scene.node_id]
    whole = np.broadcast_to(factor, shape) if factor.shape != shape else factor
    gate = of_node(scene, r"\frac{m}{1-p}", scene.node_id, "mask", np.asarray(whole), scene.cell, "factor")
    gate = replace(gate, backward=False, limit=limit_of(gate.cells))
    caption = "Today's mask: 0 silences, all others are scaled up by 1/(1 − p)."
    if scene.part == "share":
        return Picture((delta(scene, scene.cell), CELLS, gate, EQUALS, sent(scene, scene.cell)), caption)
    return Picture((incoming(scene, scene.cell), CELLS, gate, EQUALS, output(scene, scene.cell)), caption)


def norm(scene: Scene) -> Picture:
    """Forward, whom the mean is over; back, as any other layer."""
    return normalization(scene) if scene.phase == "forward" else general(scene)


def general(scene: Scene) -> Picture:
    """What goes in and what comes out, or what arrives and what is sent on."""
    name = scene.layer.label
    if scene.part == "parameter":
        found = scene.trace.parameter(scene.node_id, scene.moment.name, "gradient")
        cells = found.reshape(found.shape[0], -1) if found.ndim else found.reshape(1, 1)
        at = (
            np.unravel_index(int(np.ravel_multi_index(scene.cell, found.shape)), cells.shape)
            if found.ndim
            else (0, 0)
        )
        letter = scene.layer.letter(scene.moment.name)
        symbol = rf"\frac{{\partial L}}{{\partial {letter}}}"
        rings = (cell_ring(int(at[0]), int(at[1])),)
        result = matrix(symbol, cells, rings=rings, backward=True)
        return Picture(
            (delta(scene, _like(scene, scene.cell)), Sign("→", "summed"), result),
            "One gradient for each channel or unit.",
        )
    if scene.part == "share":
        back = Sign("→", f"back through {name}")
        return Picture((delta(scene, _read(scene, scene.node_id, "gradient")), back, sent(scene, scene.cell)))
    parts: list[Grid | Sign] = []
    for position in range(len(scene.sources)):
        if position:
            parts.append(PLUS if scene.layer.label == "Add" else Sign(",", ""))
        parts.append(incoming(scene, _read(scene, scene.sources[position], "value"), position=position))
    return Picture((*parts, Sign("→", name), output(scene, scene.cell)))


def _read(scene: Scene, node_id: str, kind: Kind) -> Index:
    """The cell of a node that the step reads: where its equations say, or the same one, where the shapes are alike; () for none."""
    shape = scene.trace.shapes
    # Of a norm, equations begin with all that a mean is made of; there it is the same cell.
    if (
        shape[node_id] == shape[scene.node_id]
        and shape[scene.sources[scene.position]] == shape[scene.node_id]
    ):
        return scene.cell
    for equation in reversed(scene.card.equations):
        for term in equation.terms[:1]:
            for factor in term.factors:
                if factor.place is not None and (factor.place.node_id, factor.place.kind) == (node_id, kind):
                    return factor.place.index[1:]
    return ()


def _like(scene: Scene, cell: Index) -> Index:
    """The first output cell of the channel or unit of a parameter's cell."""
    shape = scene.trace.shapes[scene.node_id]
    return (cell[0], *(0 for _ in shape[1:])) if cell and cell[0] < shape[0] else ()


def fork(scene: Scene) -> Picture:
    """Where branches join: what each reader sends back, and the sum."""
    parts: list[Grid | Sign] = []
    for reader, position in scene.trace.readers(scene.node_id):
        values = scene.trace.share(reader, position)[scene.row]
        share = of_node(
            scene, rf"\mathrm{{{reader}}}", scene.node_id, "share", values, scene.cell, str(position)
        )
        place = lambda i, j, reader=reader, share=share: _owned(share.place(i, j), reader)
        parts += [*((PLUS,) if parts else ()), replace(share, place=place)]
    whole = of_node(
        scene,
        scene.trace.symbols.gradient(scene.node_id, ""),
        scene.node_id,
        "gradient",
        scene.gradient(scene.node_id),
        scene.cell,
    )
    found = scene.arrived(scene.node_id)
    parts += [EQUALS, replace(whole, limit=limit_of(found))]
    return Picture(
        tuple(parts), "What the branches send back, cell by cell; where they disagree, they cancel."
    )


def _owned(place: Place | None, reader: str) -> Place | None:
    return None if place is None else replace(place, node_id=reader)


def update(scene: Scene) -> Picture:
    """Old weights, their step, new weights."""
    row = scene.card.row
    if row is None:
        return Picture()
    name, cell = row.name, row.index
    before = scene.trace.parameter(scene.node_id, name, "before")
    after = scene.trace.parameter(scene.node_id, name, "after")
    flat = _matrix(before, cell)
    ring = (cell_ring(*flat[1]),)
    place = lambda kind: lambda r, c: Place(scene.node_id, kind, name, _back(before.shape, cell, r, c))
    old, new = flat[0], _matrix(after, cell)[0]
    shown = _matrix(scene.updated(name, after), cell)[0]
    picture, limit = before.ndim == 4, limit_of(np.concatenate([old.ravel(), new.ravel()]))
    step = shown.astype(np.float64) - old  # what is to be predicted must not be read off the step
    sheets = (
        Grid("w", f"{shape_words(old.shape)}, old", old, False, place("parameter"), ring, picture, limit),
        PLUS,
        Grid(r"\Delta w", "the step", step, True, place("step"), ring, picture, limit_of(step)),
        EQUALS,
        Grid("w'", f"{shape_words(new.shape)}, new", shown, False, place("updated"), ring, picture, limit),
    )
    return Picture(
        sheets, "Most steps are far smaller than the weights; colours of the step have a scale of their own."
    )


def _matrix(array: Array, cell: Index) -> tuple[Array, tuple[int, int]]:
    """A parameter as a grid, and where ``cell`` is in it: of a convolution the kernel of one filter and channel."""
    if array.ndim == 4:
        return array[cell[0], cell[1]], (cell[2], cell[3])
    if array.ndim == 2:
        return array, (cell[0], cell[1])
    flat = array.reshape(-1, 1)
    return flat, (int(np.ravel_multi_index(cell, array.shape)) if array.ndim else 0, 0)


def _back(shape: Index, cell: Index, row: int, column: int) -> Index:
    """The parameter's cell at a place of the grid."""
    if len(shape) == 4:
        return (cell[0], cell[1], row, column)
    if len(shape) == 2:
        return (row, column)
    return tuple(int(k) for k in np.unravel_index(row, shape)) if shape else ()


DRAWERS: tuple[tuple[tuple[type, ...], Callable[[Scene], Picture]], ...] = (
    ((Linear,), linear),
    ((Conv2d,), convolution),
    ((ConvTranspose2d,), transposed),
    ((MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d), pooling),
    ((Dropout, Dropout2d), mask),
    ((Activation, PReLU), activation),
    ((BatchNorm, LayerNorm), norm),
)


def picture(scene: Scene) -> Picture:
    """The step as grids; empty for whole passes."""
    if scene.node_id == LOSS:
        return loss_picture(scene)
    if scene.node is None or (not scene.cell and not scene.sources):
        return Picture(
            caption="A whole pass has no single picture. Take smaller steps to look into its layers."
        )
    try:
        if scene.phase == "update":
            return update(scene)
        if scene.part == "fork":
            return fork(scene)
        drawer = next((d for kinds, d in DRAWERS if isinstance(scene.layer, kinds)), general)
        return drawer(scene)
    except NotKept as lack:
        return Picture(caption=str(lack))
