"""The right side of level 3: the sum, what becomes of it, and backward the list behind a weight's gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from engine.layers import Conv2d
from engine.layers.conv import pair
from engine.windows import ConvolutionCell, PoolingCell, pooling_cell, weight_products, windows
from playground.ui.kit.grid import Grid, Laid, cell_ring, fitted
from playground.ui.kit.ink import RIGHT, Text
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.arrangement import BIG, LABEL, RESULT
from playground.ui.panels.convolution.level import Level
from playground.ui.panels.convolution.parts import elided, paint_map
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.structure import Stage
from playground.ui.panels.convolution.words import cell_in_words, times

Array = NDArray[Any]

LISTED = range(3, 11)  #: how many terms of a weight's gradient, as there is room
LINE = 15  #: pixels that each is high

_RAMP = Grid("", "", np.linspace(-1.0, 1.0, 128, dtype=np.float32)[None], True)


class Results(Level):
    """What stands beside the rows of level 3, always in sight.

    Attributes:
        weight_cell: whose gradient is listed, backward: input channel (in the filter), row, column.
    """

    def __init__(self, scope: Scope, name: str, words: str) -> None:
        super().__init__(scope, name, words)
        self._output, self._pool = QRectF(), QRectF()
        self._plus_x = self._list_x = 0.0
        self._beside, self._next = True, False  # sub-totals beside the products; something behind the output
        self.weight_cell = (0, 0, 0)

    def _middle(self) -> float:
        seen = min(self.viewport().height(), max(self.size_needed.height(), 170))
        return self.origin.y() + seen / 2 + LABEL / 2

    def _output_rect(self) -> QRectF:
        lowest = self.origin.y() + self.viewport().height() - self._output.height() - LABEL - 2
        top = max(min(self._middle() - self._output.height() / 2, lowest), self.origin.y() + LABEL + 2)
        return self._output.translated(0, top)

    # --- a convolution ---

    def _sum(self, stage: Stage, cell: ConvolutionCell) -> Iterator[Text]:
        """The sum, and what the nodes behind make of it."""
        scope, ink = self.scope, self.ink
        x, many, layer = self._plus_x + 24, len(cell.subtotals) > 1, stage.layer
        room = self._output.x() - x - 4
        lines = [(self._addition(cell, room), ink.text, ink.small, 18)] if many else []
        bias = f"+ bias {fmt(cell.bias)}" if getattr(layer, "bias", False) else "no bias"
        lines += [(bias, ink.muted, ink.small, 18), (f"z = {fmt(cell.z)}", ink.text, ink.large, 24)]
        for node_id in stage.followers:
            values = scope.maps(node_id)
            if values is None or scope.cell is None:
                break
            value = float(values[scope.spot.channel][scope.cell])
            said = f" → {fmt(value)}"
            name = elided(node_id, ink.title_metrics, room - ink.title_metrics.horizontalAdvance(said) - 2)
            lines.append((name + said, ink.end(value), ink.title, 20))
        y = self._middle() - (48 if many else 32)
        for said, colour, used, high in lines:
            yield Text(QRectF(x, y, room + 4, high), said, colour, used)
            y += high

    def _addition(self, cell: ConvolutionCell, room: float) -> str:
        """1.54 + 0.17: the sub-totals; where they are many, what they come to."""
        parts = [float(v) for v in cell.subtotals]
        said = fmt(parts[0]) + "".join(f" {'−' if p < 0 else '+'} {fmt(abs(p))}" for p in parts[1:])
        if self.ink.small_metrics.horizontalAdvance(said) <= room:
            return said
        return f"Σ of {len(parts)} = {fmt(float(np.sum(parts)))}"

    def _gradient_list(self) -> Iterator[Text]:
        """All places that blame one weight, the largest first, and their sum."""
        ink, found = self.ink, self.weight_gradient()
        if found is None:
            return
        listed = min(max((self.viewport().height() - 64) // LINE, LISTED.start), LISTED.stop - 1)
        x0, y = self._list_x, max(self._middle() - (listed * LINE + 64) / 2, self.origin.y() + 2)
        width = self._output.x() - x0 - 12
        terms, x, delta = (values.ravel() for values in found)
        k, u, v = self.weight_cell
        title = f"Σ x·δ · ch. {k + 1}, weight {cell_in_words((u, v))}"
        yield Text(QRectF(x0, y, width, 16), title, ink.text, ink.tiny)
        order = np.argsort(-np.abs(terms), kind="stable")
        running, y = 0.0, y + 18
        for n in order[:listed].tolist():
            running += float(terms[n])
            said = f"{fmt(float(x[n]))} · {fmt(float(delta[n]), 2)} = {fmt(float(terms[n]), 2)}"
            yield Text(QRectF(x0, y, 158, LINE), said, ink.muted, ink.tiny)
            if width >= 230:
                yield Text(QRectF(x0 + 160, y, 78, LINE), f"Σ {fmt(running)}", ink.muted, ink.tiny)
            y += LINE
        more = terms.size - min(listed, terms.size)
        if more:
            rest = float(terms[order[listed:]].sum())
            said = f"… {more} more place{'s' if more > 1 else ''}: {fmt(rest)}"
            yield Text(QRectF(x0, y, 200, LINE), said, ink.muted, ink.tiny)
            y += LINE
        total = float(terms.sum())
        yield Text(QRectF(x0, y + 2, 210, 20), f"∂L/∂w = {fmt(total)}", ink.end(total, True), ink.title)

    def weight_gradient(self) -> tuple[Array, Array, Array] | None:
        """For the chosen weight: the terms x·δ, x and δ at every place, each ``(H', W')``."""
        scope, stage = self.scope, self.scope.stage
        if stage is None or not isinstance(stage.layer, Conv2d) or scope.veils(stage.node_id, "parameter"):
            return None
        x, delta = scope.maps(stage.source), scope.deltas(stage.node_id)
        if x is None or delta is None:
            return None
        depth, (kh, kw) = stage.in_shape[0] // stage.layer.groups, pair(stage.layer.kernel_size)
        k, u, v = (min(a, n - 1) for a, n in zip(self.weight_cell, (depth, kh, kw), strict=True))
        self.weight_cell, only = (k, u, v), slice(k, k + 1)
        channel = scope.spot.channel
        products = weight_products(stage.layer, x, delta, channel, only)
        seen = weight_products(stage.layer, x, np.ones_like(delta), channel, only)
        return products[0, u, v], seen[0, u, v], delta[channel]

    # --- a pooling ---

    def _choice(self, cell: PoolingCell, x: float, y: float, high: tuple[int, int]) -> Iterator[Text]:
        """What a pooling makes of the window, and why: the result in large print, then the reasons."""
        ink = self.ink
        kind = "mean" if cell.winner is None else "max"
        used = ink.large if high[0] > high[1] else ink.title
        yield Text(QRectF(x, y, RESULT, 20), f"{kind} = {fmt(cell.result)}", ink.end(cell.result), used)
        for i, (said, strong) in enumerate(reasons(cell) if not np.isnan(cell.result) else ()):
            where = QRectF(x, y + high[0] + i * high[1], RESULT, 20)
            yield Text(where, said, ink.text if strong else ink.muted, ink.tiny)

    # --- what comes out ---

    def _output_words(self, stage: Stage) -> Iterator[Text]:
        scope, ink, rect = self.scope, self.ink, self._output_rect()
        node_id = stage.node_id if scope.backward else stage.last
        whose = "δ" if scope.backward else elided(node_id, ink.small_metrics, max(72, rect.width() - 36))
        label = f"{whose} · ch. {scope.spot.channel + 1}"
        yield Text(QRectF(rect.x(), rect.y() - LABEL, BIG, LABEL), label, ink.text, ink.small)
        below = QRectF(rect.x(), rect.bottom() + 2, BIG, LABEL)
        delta = scope.deltas(stage.node_id) if scope.backward else None
        if scope.cell is not None and delta is not None:
            value = float(delta[scope.spot.channel][scope.cell])
            said = f"δ {cell_in_words(scope.cell)} = {fmt(value)}"
            yield Text(below, said, ink.end(value, True), ink.small)
        elif scope.cell is not None:
            said = f"{times(*stage.map_shape[1:])} · {cell_in_words(scope.cell)}"
            yield Text(below, said, ink.muted, ink.tiny)

    def _saliency(self) -> tuple[QRectF, Laid | None]:
        """Where the saliency stands, and how much each pixel of the picture moves the output: of several channels the strongest."""
        seen = self.viewport().height()
        side = float(max(60, min(BIG, seen - 2 * LABEL - 28)))
        top = max(self._middle() - side / 2, self.origin.y() + LABEL + 2)
        if top + side + 26 > self.origin.y() + seen:
            top = self.origin.y() + LABEL + 2
        rect, found = QRectF(self._pool.x(), top, side, side), self.scope.pixels_that_count()
        if found is None:
            return rect, None
        strongest: Array = np.take_along_axis(found, np.abs(found).argmax(0)[None], 0)[0]
        key = ("saliency", self.scope.saliency_want, rect.getRect())
        if key not in self._kept:
            grid = Grid(r"\partial z/\partial x", "", strongest, True, limit=largest(strongest))
            self._kept[key] = Laid.whole(grid, fitted(rect, *strongest.shape))
        return self._kept[key].rect, self._kept[key]

    def _paint_saliency(self, painter: QPainter) -> None:
        ink, (rect, shown) = self.ink, self._saliency()
        paint_map(painter, ink, shown, rect)
        if shown is not None:
            key = QRectF(rect.x(), rect.bottom() + 5, rect.width(), 7)
            paint_map(painter, ink, Laid.whole(_RAMP, key), key)

    def _saliency_words(self) -> Iterator[Text]:
        scope, ink, (rect, shown) = self.scope, self.ink, self._saliency()
        title = f"∂{'z' if scope.stage and scope.stage.is_convolution else 'output'}/∂pixel"
        yield Text(QRectF(rect.x(), rect.y() - LABEL, BIG, LABEL), title, ink.text, ink.small)
        if shown is not None:
            ends, limit = QRectF(rect.x(), rect.bottom() + 13, rect.width(), 14), shown.grid.limit
            yield Text(ends, fmt(-limit, 2), ink.muted, ink.tiny)
            yield Text(ends, fmt(limit, 2), ink.muted, ink.tiny, RIGHT)

    def _next_window(self, stage: Stage) -> tuple[PoolingCell, Laid] | None:
        """The pooling window that this output falls into; ``None`` where it is in none, or not known."""
        scope = self.scope
        after, values = scope.stages.get(stage.pooling), scope.maps(stage.last)
        if after is None or values is None or scope.cell is None:
            return None
        seen = windows(after.layer, after.in_shape).seen_by(*scope.cell)
        if not len(seen):
            return None
        i, j, u, v = (int(k) for k in seen[0])
        channel = scope.spot.channel
        found = pooling_cell(after.layer, values, channel, i, j)
        patch = found.patch
        rows, columns = patch.inside.shape
        side = float(int(max(8.0, min(38.0, BIG / max(rows, columns)))))
        winner = None if np.isnan(found.result) else found.winner
        rings = (cell_ring(*winner, "winner"),) if winner is not None else ()
        grid = Grid(
            "x", stage.pooling, patch.values[0], place=scope.patch_place(stage.last, channel, patch), inside=patch.inside,
            rings=(*rings, cell_ring(u, v, "cursor")), limit=largest(values[channel]),
        )  # fmt: skip
        x, y = self._pool.x(), self._output_rect().y()
        return found, Laid.whole(grid, QRectF(x, y, columns * side, rows * side))

    def _next_words(self, stage: Stage) -> Iterator[Text]:
        ink, x, y = self.ink, self._pool.x(), self._output_rect().y()
        yield Text(QRectF(x, y - LABEL, BIG, LABEL), stage.pooling, ink.text, ink.small)
        found = self._next_window(stage)
        if found is not None:
            yield from self._choice(found[0], x, found[1].rect.bottom() + 4, (17, 17))
        elif self.scope.maps(stage.last) is not None:
            yield Text(QRectF(x, y, BIG, 20), "in none of its windows", ink.muted, ink.tiny)


def reasons(cell: PoolingCell) -> Iterable[tuple[str, bool]]:
    """Why a pooling's result is what it is, a line each, and whether it matters most."""
    n = cell.values
    if cell.winner is None:
        yield f"each of {round(1 / cell.share)} counts {fmt(cell.share)}", False
        return
    yield f"winner {cell_in_words(cell.winner)} · {n - 1} of {n} dropped", True
    if cell.ties > 1:
        yield f"{cell.ties} are equal: the first wins", False
