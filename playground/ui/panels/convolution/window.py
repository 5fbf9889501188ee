"""Level 3: a single window with all its numbers: what it sees, times the kernel, the products, the sum, the bias, the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter

from engine.layers import Conv2d
from engine.windows import (
    ConvolutionCell,
    PoolingCell,
    channels_of,
    convolution_cell,
    patch,
    pooling_cell,
    pooling_shares,
    shares_of,
    windows,
)
from playground.runner.messages import Deltas, Maps, Want, Weights
from playground.ui.kit.grid import NOTED, Grid, Laid, cell_at, cell_ring, power_in_words, power_of
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.kit.ink import RIGHT, Text
from playground.ui.kit.linked import Zone
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.arrangement import EDGE, LABEL, LARGEST, plan_of
from playground.ui.panels.convolution.parts import (
    Framed,
    paint_output,
    paint_plus,
    paint_wire,
    source_in_words,
)
from playground.ui.panels.convolution.results import Results
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.structure import Stage
from playground.ui.panels.convolution.words import cell_in_words

Array = NDArray[Any]


class WindowLevel(Results):
    """A row of matrices for each input channel."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_window", "One window with all its numbers")
        self._rows: list[tuple[int, Framed, list[QRectF]]] = []  # channel, input, grids
        self._worked_out: tuple[object, ConvolutionCell | PoolingCell | None] | None = None
        self._laid: list[list[Laid]] | None = None

    # --- layout ---

    def place(self, width: int, height: int) -> QSize:
        self._rows.clear()
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            return QSize()
        reads = channels_of(stage.layer, stage.in_shape, scope.spot.channel)
        plan = plan_of(
            stage, self._kernel(stage), len(reads), (width, height), scope.backward, scope.saliency
        )
        kh, kw = self._kernel(stage)
        row = max(plan.side, plan.tall * kh) + LABEL + 14
        x_grids = x = EDGE + plan.side + plan.apart
        for k, channel in enumerate(reads):
            y = EDGE / 2 + k * row + LABEL
            framed = Framed.of(stage, QPointF(EDGE, y), plan.side)
            x, grids = x_grids, []
            for w in plan.widths:
                grids.append(QRectF(x, y, plan.cell * kw * w, plan.tall * kh))
                x += plan.cell * kw * w + plan.apart
            self._rows.append((channel, framed, grids))
        self._beside, self._list_x = plan.beside, x
        self._plus_x = x + plan.sum - 22 if plan.sum else x
        x_map = x + plan.sum + plan.result
        _, h, w = stage.map_shape
        spare = min(LARGEST, width - x_map - plan.more - plan.apart - EDGE)
        scale = min(max(plan.big, spare), max(80, height - 2 * LABEL - 12)) / max(h, w)
        scale = float(int(scale)) if scale >= 2 else scale
        self._output = QRectF(x_map, 0, w * scale, h * scale)
        end = x_map + max(plan.big, self._output.width()) + plan.apart
        instead = scope.saliency and not plan.more
        self._pool = QRectF(x_map if instead else end, 0, 0, 0)
        self._next = bool(plan.more)
        self.light()
        return QSize(int(end - plan.apart + plan.more + EDGE), int(EDGE + len(reads) * row))

    def _kernel(self, stage: Stage) -> tuple[int, int]:
        seen, cell = windows(stage.layer, stage.in_shape), self.scope.cell or (0, 0)
        return len(seen.rows[cell[0]]), len(seen.columns[cell[1]])

    def light(self) -> None:
        stage = self.scope.stage
        if stage is None:
            return
        zones, pick = [], self.scope.backward and stage.is_convolution
        for k, (_, framed, grids) in enumerate(self._rows):
            zones.append(self.zone_of_input(stage, framed, self._tip, drags=True))
            # backward, a click on a weight lists its gradient
            zones += [self._picks(stage, k, rect) for rect in grids] if pick else []
        if self._next or not self.scope.saliency:
            zones.append(self.zone_of_output(stage, self._output_rect(), self._tip, drags=True))
        self.zones = zones

    def _picks(self, stage: Stage, k: int, rect: QRectF) -> Zone:
        def click(at: QPointF) -> None:
            found = cell_at(rect, at, *self._kernel(stage))
            if found is not None:
                self.weight_cell = (k, *found)
                self.viewport().update()

        return Zone(rect, click=click)

    def _tip(self, at: QPointF) -> str:
        return f"The window {cell_in_words(self.scope.cell)}. Arrow keys move it." if self.scope.cell else ""

    # --- numbers ---

    def wants(self) -> Iterable[Want]:
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            return
        shown = (stage.source, stage.node_id, *stage.followers, *([stage.pooling] if stage.pooling else []))
        for node_id in dict.fromkeys(shown):
            yield Maps(node_id, *scope.sample)
        if scope.backward:
            yield Deltas(stage.node_id, *scope.sample)
            yield Deltas(stage.source, *scope.sample)
        if stage.is_convolution:
            yield Weights(stage.node_id)
        if scope.saliency_want is not None:
            yield scope.saliency_want

    def forget(self) -> None:
        super().forget()
        self._worked_out = self._laid = None

    def cell(self) -> ConvolutionCell | PoolingCell | None:
        """The window's numbers, from the newest tensors; ``None`` while they are unknown. Worked out once for each window."""
        asked = (self.scope.spot, self.scope.cell, self.weight_cell)
        if self._worked_out is None or self._worked_out[0] != asked:
            self._worked_out, self._laid = (asked, self._work_out()), None
        return self._worked_out[1]

    def _work_out(self) -> ConvolutionCell | PoolingCell | None:
        scope, stage = self.scope, self.scope.stage
        x = None if stage is None else scope.maps(stage.source)
        if stage is None or x is None or scope.cell is None:
            return None
        channel = scope.spot.channel
        known = scope.progress is None or self._known(stage)
        if not isinstance(stage.layer, Conv2d):
            return pooling_cell(stage.layer, x, channel, *scope.cell) if known else None
        found = scope.weights(stage.node_id)
        if "weight" not in found:
            return None
        cell = convolution_cell(stage.layer, x, found["weight"], found.get("bias"), channel, *scope.cell)
        # What the steps have not come to, or what is to be predicted, is not told.
        return cell if known else replace(cell, z=np.nan, subtotals=np.full_like(cell.subtotals, np.nan))

    def _known(self, stage: Stage) -> bool:
        """Whether the steps have come to the output looked at."""
        values, cell = self.scope.maps(stage.node_id), self.scope.cell
        return values is not None and cell is not None and not np.isnan(values[self.scope.spot.channel][cell])

    def _shares(self) -> Array | None:
        """What this output sends back, backward; ``None`` forward."""
        scope, stage = self.scope, self.scope.stage
        if stage is None or not scope.backward or scope.cell is None:
            return None
        delta, x = scope.deltas(stage.node_id), scope.maps(stage.source)
        if delta is None or x is None:
            return None
        channel = scope.spot.channel
        if not isinstance(stage.layer, Conv2d):
            return pooling_shares(stage.layer, x, delta, channel, *scope.cell)
        weight = scope.weights(stage.node_id).get("weight")
        if weight is None:
            return None
        inside = patch(stage.layer, x, channel, *scope.cell).inside  # what goes to the padding is lost
        return np.where(inside, shares_of(stage.layer, weight, delta, channel, *scope.cell), 0.0)

    def matrices(self) -> list[list[Laid]]:
        """Each row's matrices with their numbers; none while these are unknown."""
        cell = self.cell()  # before the matrices of another window are thought to be its own
        if self._laid is None:
            if isinstance(cell, ConvolutionCell):
                self._laid = self._convolved(cell)
            else:
                self._laid = [] if cell is None else [self._pooled(cell)]
        return self._laid

    def _convolved(self, cell: ConvolutionCell) -> list[list[Laid]]:
        scope, seen, node_id = self.scope, cell.patch, self.scope.spot.node_id
        shares = self._shares() if scope.backward else None
        power = 0 if shares is None else power_of(shares)
        last = largest(cell.products if shares is None else shares)
        limits = (largest(seen.values), largest(cell.kernel), last)
        made = []
        for k, (channel, _, rects) in enumerate(self._rows):
            x = self._window_grid(cell, k, channel, limits[0])
            place = lambda u, v, k=k: scope.place(
                node_id, "parameter", "weight", (scope.spot.channel, k, u, v)
            )
            picked = self.weight_cell[1:] if scope.backward and self.weight_cell[0] == k else None
            rings = (cell_ring(*picked, "cursor"),) if picked is not None else ()
            name = "kernel w" if scope.backward else "× kernel"
            w = Grid("w", name, cell.kernel[k], place=place, rings=rings, limit=limits[1])
            grids = [x, w]
            if shares is not None:
                words = f"δ·w, sent back{power_in_words(power)}"
                grids.append(
                    Grid(
                        r"\delta \cdot w", words, shares[k], True, limit=last, inside=seen.inside, power=power
                    )
                )
            elif not scope.backward:
                said = self._products_in_words(cell.products[k].size, rects[2], self._subtotal(cell, k))
                tall = rects[2].height() / len(seen.rows) >= NOTED
                notes = _factors(seen.values[k], cell.kernel[k]) if tall else None
                grids.append(
                    Grid(r"x \cdot w", said, cell.products[k], limit=last, inside=seen.inside, notes=notes)
                )
            made.append([Laid.whole(g, rect) for g, rect in zip(grids, rects, strict=False)])
        return made

    def _pooled(self, cell: PoolingCell) -> list[Laid]:
        (channel, _, rects), shares = self._rows[0], self._shares()
        winner = (cell_ring(*cell.winner, "winner"),) if cell.winner is not None else ()
        grids = [replace(self._window_grid(cell, 0, channel, largest(cell.patch.values[0])), rings=winner)]
        if shares is not None:
            power = power_of(shares)
            words = f"δ sent back{power_in_words(power)}"
            inside = cell.patch.inside
            grids.append(
                Grid(
                    r"\delta",
                    words,
                    shares,
                    True,
                    rings=winner,
                    limit=largest(shares),
                    inside=inside,
                    power=power,
                )
            )
        return [Laid.whole(g, rect) for g, rect in zip(grids, rects, strict=False)]

    def _window_grid(self, cell: ConvolutionCell | PoolingCell, k: int, channel: int, limit: float) -> Grid:
        """What the window sees of one channel."""
        stage, seen = self.scope.stage, cell.patch
        place = self.scope.patch_place(stage.source if stage is not None else "", channel, seen)
        return Grid("x", "window", seen.values[k], place=place, limit=limit, inside=seen.inside)

    # --- drawing ---

    def _in_sight(self) -> Iterator[tuple[int, int, Framed, list[QRectF]]]:
        """The rows that can be seen now: number, channel, input, matrices."""
        there = QRectF(self.viewport().rect()).translated(self.origin)
        for k, (channel, framed, grids) in enumerate(self._rows):
            if framed.outer.united(grids[0]).adjusted(0, -LABEL, 4000, 4).intersects(there):
                yield k, channel, framed, grids

    def laids(self) -> Iterable[Laid | None]:
        scope, stage, matrices = self.scope, self.scope.stage, self.matrices()
        if stage is None:
            return
        for k, channel, framed, _ in self._in_sight():
            yield self.map_of(stage.source, channel, framed.inner)
            yield from matrices[k] if matrices else ()
        if self._next or not scope.saliency:
            yield self._output_map(stage)
        if self._next and not scope.saliency and (found := self._next_window(stage)) is not None:
            yield found[1]

    def _output_map(self, stage: Stage) -> Laid | None:
        backward, rect = self.scope.backward, self._output_rect()
        return self.map_of(stage.node_id if backward else stage.last, self.scope.spot.channel, rect, backward)

    def texts(self) -> Iterable[Text]:
        scope, stage, ink = self.scope, self.scope.stage, self.ink
        if stage is None or scope.cell is None:
            return
        cell, matrices = self.cell(), self.matrices()
        for k, channel, framed, _ in self._in_sight():
            above = QRectF(framed.outer.x(), framed.outer.y() - LABEL, 190, LABEL)
            yield Text(above, source_in_words(stage, channel, framed.outer.width(), ink), ink.muted, ink.tiny)
            for laid in matrices[k] if matrices else ():
                above = QRectF(laid.rect.x(), laid.rect.y() - LABEL, 190, LABEL)
                yield Text(above, laid.grid.words, ink.muted, ink.tiny)
            if isinstance(cell, ConvolutionCell) and not scope.backward:
                yield self._subtotal_text(cell, k)
        if isinstance(cell, ConvolutionCell):
            yield from self._gradient_list() if scope.backward else self._sum(stage, cell)
        elif cell is not None:
            yield from self._choice(cell, self._plus_x, self._middle() - 40, (22, 17))
        if self._next or not scope.saliency:
            yield from self._output_words(stage)
        if scope.saliency:
            yield from self._saliency_words()
        elif self._next:
            yield from self._next_words(stage)

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        scope, stage, ink = self.scope, self.scope.stage, self.ink
        if stage is None or scope.cell is None:
            return
        matrices, summed = self.matrices(), stage.is_convolution and not scope.backward
        for k, channel, framed, rects in self._in_sight():
            framed.paint(painter, ink, self.map_of(stage.source, channel, framed.inner))
            framed.paint_window(painter, ink, stage, scope.cell)
            for laid in matrices[k] if matrices else ():
                paint_grid(painter, ink, laid)
            if matrices and summed:
                start = QPointF(self._wire_from(k), rects[2].center().y())
                paint_wire(painter, ink, start, QPointF(self._plus_x - 14, self._middle()))
        if matrices and summed:
            paint_plus(painter, ink, QPointF(self._plus_x, self._middle()))
        if self._next or not scope.saliency:
            paint_output(painter, scope, self._output_map(stage), self._output_rect(), stage.map_shape[1:])
        if scope.saliency:
            self._paint_saliency(painter)
        elif self._next and (found := self._next_window(stage)) is not None:
            paint_grid(painter, ink, found[1])

    # --- from the products to the sum ---

    def _products_in_words(self, count: int, products: QRectF, said: str) -> str:
        """Their number, as far as the sum leaves room where it stands above them, too."""
        ink, ways = self.ink, (f"= {count} products", "= products", "=")
        room = products.width() - ink.title_metrics.horizontalAdvance(said) - 6
        fitting = (way for way in ways if self._beside or ink.small_metrics.horizontalAdvance(way) <= room)
        return next(fitting, "")

    @staticmethod
    def _subtotal(cell: ConvolutionCell, k: int) -> str:
        return f"Σ = {fmt(float(cell.subtotals[k]))}"

    def _subtotal_text(self, cell: ConvolutionCell, k: int) -> Text:
        """Σ beside the products, or where that is too narrow above them."""
        ink, products, said = self.ink, self._rows[k][2][2], self._subtotal(cell, k)
        colour = ink.end(float(cell.subtotals[k]))
        if self._beside:
            place = QRectF(products.right() + 8, products.center().y() - 9, 84, 18)
            return Text(place, said, colour, ink.title)
        above = QRectF(products.x(), products.y() - LABEL, products.width(), LABEL)
        return Text(above, said, colour, ink.title, RIGHT)

    def _wire_from(self, k: int) -> float:
        """Where the wire to the sum begins: behind the products, or behind their sum."""
        right, cell = self._rows[k][2][2].right(), self.cell()
        if not self._beside or not isinstance(cell, ConvolutionCell):
            return right + 6
        return right + 14 + self.ink.title_metrics.horizontalAdvance(self._subtotal(cell, k))


def _factors(values: Array, weights: Array) -> list[list[str]]:
    """0.5·−1.2: both factors of each product."""
    return [
        [f"{fmt(x, 2)}·{fmt(w, 2)}" for x, w in zip(a, b, strict=True)]
        for a, b in zip(values.tolist(), weights.tolist(), strict=True)
    ]
