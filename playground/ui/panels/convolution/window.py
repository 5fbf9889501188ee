"""Level 3: a single window with all its numbers: what it sees, times the kernel, the products, the sum, the bias, the result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
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
from playground.ui.kit.numbers import exact, fmt
from playground.ui.panels.convolution.arrangement import EDGE, LABEL, LARGEST, plan_of
from playground.ui.panels.convolution.level import Spotlight
from playground.ui.panels.convolution.paint import (
    cell_at,
    draw_cursor,
    draw_grid,
    power_in_words,
    power_of,
    write,
)
from playground.ui.panels.convolution.parts import (
    Framed,
    paint_wire,
    source_in_words,
)
from playground.ui.panels.convolution.results import Results
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.structure import Spot, Stage
from playground.ui.panels.convolution.words import cell_in_words

Array = NDArray[Any]


class WindowLevel(Results):
    """A row of matrices for each input channel."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_window", "One window with all its numbers")
        self._rows: list[tuple[int, Framed, list[QRectF]]] = []  # channel, input, grids

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
        scope, spot, size = self.scope, self.scope.spot, stage.map_shape[1:]
        self.spotlights.clear()

        def go(cell: tuple[int, int] | None) -> None:
            if cell is not None:
                scope.go(Spot(spot.node_id, spot.channel, cell))

        def on_map(rect: QRectF) -> Spotlight:
            return Spotlight(
                rect,
                lambda at: self._tip(),
                lambda at: scope.point(cell_at(rect, at, *size)),
                lambda at: go(cell_at(rect, at, *size)),
            )

        def on_input(framed: Framed) -> Spotlight:
            return Spotlight(
                framed.outer,
                lambda at: self._tip(),
                lambda at: scope.point(framed.window_at(at, stage)),
                lambda at: go(framed.window_at(at, stage)),
            )

        for k, (channel, framed, grids) in enumerate(self._rows):
            self.spotlights.append(on_input(framed))
            for g, rect in enumerate(grids):
                self.spotlights.append(self._on_grid(stage, k, g, channel, rect))
        if self._next or not scope.saliency:
            self.spotlights.append(on_map(self._output_rect()))

    def _on_grid(self, stage: Stage, k: int, g: int, channel: int, rect: QRectF) -> Spotlight:
        """A matrix: full precision on hover; backward, a click on a weight lists its gradient."""

        def tip(at: QPointF) -> str:
            shown = self._shown(stage, k)
            if shown is None or g >= len(shown):
                return ""
            found = cell_at(rect, at, *shown[g].shape)
            if found is None:
                return ""
            return f"{exact(float(shown[g][found]))} · row {found[0] + 1}, column {found[1] + 1}"

        def click(at: QPointF) -> None:
            found = cell_at(rect, at, *self._kernel(stage))
            if found is not None:
                self.weight_cell = (k, *found)
                self.viewport().update()

        pick = self.scope.backward and stage.is_convolution
        return Spotlight(rect, tip, None, None, click if pick else None)

    def _shown(self, stage: Stage, k: int) -> Sequence[Array] | None:
        """The matrices of a row, as they stand on the screen."""
        cell = self.cell()
        if isinstance(cell, ConvolutionCell):
            last = self._shares() if self.scope.backward else cell.products
            return None if last is None else (cell.patch.values[k], cell.kernel[k], last[k])
        if isinstance(cell, PoolingCell):
            shares = self._shares()
            return (cell.patch.values[0],) if shares is None else (cell.patch.values[0], shares)
        return None

    def _tip(self) -> str:
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
        self._images.clear()

    def cell(self) -> ConvolutionCell | PoolingCell | None:
        """The window's numbers, from the tensors of the newest frame; ``None`` while they are unknown."""
        scope, stage = self.scope, self.scope.stage
        x = None if stage is None else scope.maps(stage.source)
        if stage is None or x is None or scope.cell is None:
            return None
        channel = scope.spot.channel
        if not isinstance(stage.layer, Conv2d):
            return pooling_cell(stage.layer, x, channel, *scope.cell)
        found = scope.weights(stage.node_id)
        if "weight" not in found:
            return None
        return convolution_cell(stage.layer, x, found["weight"], found.get("bias"), channel, *scope.cell)

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

    # --- drawing ---

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        scope, stage = self.scope, self.scope.stage
        if stage is None or scope.cell is None:
            return
        cell, shares = self.cell(), self._shares()
        for k, (channel, framed, grids) in enumerate(self._rows):
            whole = framed.outer.united(grids[0]).adjusted(0, -LABEL, 4000, 4)
            if not whole.intersects(exposed):
                continue
            self._paint_input(painter, stage, channel, framed)
            if isinstance(cell, ConvolutionCell):
                self._paint_products(painter, k, grids, cell, shares)
            elif isinstance(cell, PoolingCell):
                self._paint_pool(painter, grids, cell, shares)
        if isinstance(cell, ConvolutionCell):
            self._paint_sum(painter, stage, cell)
        elif isinstance(cell, PoolingCell):
            self._paint_choice(painter, cell)
        if self._next or not scope.saliency:
            self._paint_output(painter, stage)
        if scope.saliency:
            self._paint_saliency(painter)
        elif self._next:
            self._paint_next(painter, stage)

    def _paint_input(self, painter: QPainter, stage: Stage, channel: int, framed: Framed) -> None:
        scope, ink = self.scope, self.scope.ink
        above = QRectF(framed.outer.x(), framed.outer.y() - LABEL, 190, LABEL)
        write(painter, above, source_in_words(stage, channel, framed.outer.width(), ink), ink.muted, ink.tiny)
        framed.paint(painter, ink, self._images.of(stage.source, channel))
        if scope.cell is not None:
            framed.paint_window(painter, ink, stage, scope.cell)

    def _paint_products(
        self, painter: QPainter, k: int, grids: list[QRectF], cell: ConvolutionCell, shares: Array | None
    ) -> None:
        ink, seen, power = self.scope.ink, cell.patch, 0
        window, kernel, products = grids
        said = f"Σ = {fmt(float(cell.subtotals[k]))}"
        labels = ("window", "× kernel", self._products_in_words(cell.products[k].size, products, said))
        if self.scope.backward:
            power = 0 if shares is None else power_of(shares)
            labels = ("window", "kernel w", f"δ·w, sent back{power_in_words(power)}")
        for rect, label in zip(grids, labels, strict=True):
            write(painter, QRectF(rect.x(), rect.y() - LABEL, 190, LABEL), label, ink.muted, ink.tiny)
        draw_grid(painter, ink, window, seen.values[k], largest(seen.values), inside=seen.inside)
        draw_grid(painter, ink, kernel, cell.kernel[k], largest(cell.kernel))
        if self.scope.backward:
            if shares is not None:
                draw_grid(painter, ink, products, shares[k], largest(shares), True, seen.inside, power=power)
                if self.weight_cell[0] == k:
                    self._ring_weight(painter, kernel, cell.kernel[k].shape)
            return
        notes = [
            [f"{fmt(float(x), 2)}·{fmt(float(w), 2)}" for x, w in zip(a, b, strict=True)]
            for a, b in zip(seen.values[k], cell.kernel[k], strict=True)
        ]
        draw_grid(
            painter,
            ink,
            products,
            cell.products[k],
            largest(cell.products),
            inside=seen.inside,
            notes=notes,
        )
        self._paint_subtotal(painter, products, float(cell.subtotals[k]), said)

    def _products_in_words(self, count: int, products: QRectF, said: str) -> str:
        """Their number, as far as the sum leaves room where it stands above them, too."""
        ink, ways = self.scope.ink, (f"= {count} products", "= products", "=")
        room = products.width() - ink.title_metrics.horizontalAdvance(said) - 6
        fitting = (way for way in ways if self._beside or ink.small_metrics.horizontalAdvance(way) <= room)
        return next(fitting, "")

    def _paint_subtotal(self, painter: QPainter, products: QRectF, total: float, said: str) -> None:
        """Σ beside the products, or where that is too narrow above them, and its wire."""
        ink, middle = self.scope.ink, products.center().y()
        plus, start = QPointF(self._plus_x, self._middle()), products.right() + 6
        if self._beside:
            place = QRectF(products.right() + 8, middle - 9, 84, 18)
            write(painter, place, said, ink.end(total), ink.title)
            start += 8 + ink.title_metrics.horizontalAdvance(said)
        else:
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            above = QRectF(products.x(), products.y() - LABEL, products.width(), LABEL)
            write(painter, above, said, ink.end(total), ink.title, right)
        paint_wire(painter, ink, QPointF(start, middle), QPointF(plus.x() - 14, plus.y()))

    def _ring_weight(self, painter: QPainter, rect: QRectF, shape: tuple[int, ...]) -> None:
        _, u, v = self.weight_cell
        if u < shape[0] and v < shape[1]:
            height, width = rect.height() / shape[0], rect.width() / shape[1]
            draw_cursor(
                painter, self.scope.ink, QRectF(rect.x() + v * width, rect.y() + u * height, width, height)
            )

    def _paint_pool(
        self, painter: QPainter, grids: list[QRectF], cell: PoolingCell, shares: Array | None
    ) -> None:
        ink = self.scope.ink
        write(painter, QRectF(grids[0].x(), grids[0].y() - LABEL, 190, LABEL), "window", ink.muted, ink.tiny)
        values = cell.patch.values[0]
        draw_grid(painter, ink, grids[0], values, largest(values), inside=cell.patch.inside, ring=cell.winner)
        if shares is not None and len(grids) > 1:
            power = power_of(shares)
            write(
                painter,
                QRectF(grids[1].x(), grids[1].y() - LABEL, 190, LABEL),
                f"δ sent back{power_in_words(power)}",
                ink.muted,
                ink.tiny,
            )
            inside = cell.patch.inside
            draw_grid(painter, ink, grids[1], shares, largest(shares), True, inside, cell.winner, power=power)
