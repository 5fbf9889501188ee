"""Level 2: one output channel spread out: each input channel, its kernel, the map of both, the sum, the bias, what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from engine.layers import Conv2d
from engine.trace import Place
from engine.windows import EVERY, channel_maps, channel_shares, channels_of, flipped, weight_gradient
from playground.runner.messages import Deltas, Maps, Want, Weights
from playground.ui.kit.grid import (
    LEGIBLE,
    Grid,
    Laid,
    fitted,
    nowhere,
    power_in_words,
    power_of,
)
from playground.ui.kit.grid_paint import draw_cursor, paint_grid
from playground.ui.kit.ink import Text
from playground.ui.kit.linked import Zone
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.level import Level
from playground.ui.panels.convolution.parts import (
    Framed,
    elided,
    paint_map,
    paint_output,
    paint_plus,
    paint_wire,
    source_in_words,
)
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.structure import Spot, Stage
from playground.ui.panels.convolution.words import cell_in_words, times

Array = NDArray[Any]

EDGE, LABEL, APART = 12, 18, 30
ROOMY = 110  #: maps so wide have room for whole sentences
SUM = 92  #: pixels for the wires and the sum
SMALLEST, TINY = 84, 64  #: pixels of an output, and where it is tight
BELOW = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
TIGHT, TIGHTER, BARE = (
    900,
    640,
    520,
)  #: in narrower views: things stand closer together; are smaller; no pooling is shown


class Spread(Level):
    """A row for each input channel; on the right, always in sight, their sum and what becomes of it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_channel", "One channel, spread out")
        self._rows: list[tuple[int, Framed, QRectF, QRectF]] = []  # channel, input, kernel, map of both
        self._outputs: list[tuple[str, QRectF, tuple[int, int]]] = []
        self._terms: dict[int, Laid] = {}
        self._kernels: dict[int, list[Laid]] = {}
        self._gradient: Array | None = None
        self._plus = QPointF()
        self._room = 0.0  # from one output to the next
        self._apart = APART  # from one picture to the next
        self._only = False  # a single row: everything stands level with it

    # --- layout ---

    def place(self, width: int, height: int) -> QSize:
        self._rows.clear()
        self._outputs.clear()
        stage = self.scope.stage
        if stage is None:
            return QSize()
        reads = channels_of(stage.layer, stage.in_shape, self.scope.spot.channel)
        conv = stage.is_convolution
        pooling = [stage.pooling] if stage.pooling and width >= BARE else []
        shown = [stage.node_id, *stage.followers[-1:], *pooling]
        columns = (4 if self.scope.backward else 3) if conv else 1
        apart = APART if width >= TIGHT else APART // 2
        least = SMALLEST if width >= TIGHTER else TINY
        many = columns + len(shown)
        free = width - 2 * EDGE - (SUM if conv else 0) - many * apart
        most = max(56.0, min(150 if len(reads) > 1 else 220, free / many))
        side = float(min(most, max(56, (height - EDGE) / min(len(reads), 3) - LABEL - 12)))
        row = side + LABEL + 12
        self._only, self._apart = len(reads) == 1, apart
        kernel = min(side, 150.0)
        x_kernel = EDGE + side + apart
        x_map = x_kernel + kernel + apart + (kernel + apart if conv and self.scope.backward else 0)
        for k, channel in enumerate(reads):
            y = EDGE / 2 + k * row + LABEL
            framed = Framed.of(stage, QPointF(EDGE, y), side)
            self._rows.append(
                (channel, framed, QRectF(x_kernel, y, kernel, kernel), QRectF(x_map, y, side, side))
            )
        x = x_map + side + SUM if conv else x_kernel
        self._plus = QPointF(x - SUM / 2 + 6, 0)
        room = (width - x - EDGE + apart) / len(shown)
        big = float(min(230, max(least, min(room - apart, height - 2 * LABEL - EDGE))))
        wide = max(self.scope.ink.small_metrics.horizontalAdvance(self._label(stage, n)) for n in shown)
        self._room = max(big + apart, min(room, wide + apart))
        for node_id in shown:
            _, h, w = (*self.scope.shapes[node_id], 1, 1)[:3]
            scale = big / max(h, w)
            scale = float(int(scale)) if scale >= 2 else scale
            self._outputs.append((node_id, QRectF(x, 0, w * scale, h * scale), (h, w)))
            x += self._room
        self.light()
        end = max(rect.right() for _, rect, _ in self._outputs)
        return QSize(int(end + EDGE), int(EDGE + len(reads) * row))

    def _middle(self) -> float:
        """The height at which sum and outputs stand: the middle of what is seen, or of the rows where they are fewer."""
        if self._only:
            return self._rows[0][3].center().y()
        seen = min(self.viewport().height(), max(self.size_needed.height(), 150))
        return self.origin.y() + seen / 2 + LABEL / 2

    def _output_rect(self, rect: QRectF) -> QRectF:
        if self._only:
            return rect.translated(0, self._rows[0][3].y())
        return rect.translated(0, max(self._middle() - rect.height() / 2, self.origin.y() + LABEL + 4))

    def _label(self, stage: Stage, node_id: str) -> str:
        """What stands above an output."""
        size = times(*(*self.scope.shapes[node_id], 1, 1)[1:3])
        if node_id == stage.node_id:
            return f"{'δ, ' if self.scope.backward else ''}channel {self.scope.spot.channel + 1} · {size}"
        return f"{'δ at ' if self.scope.backward else ''}{node_id} · {size}"

    def light(self) -> None:
        """Make maps answer the mouse, where they are now."""
        stage = self.scope.stage
        if stage is None:
            return
        zones = []
        for _, framed, _, both in self._rows:
            zones.append(self.zone_of_input(stage, framed, self._tip))
            if stage.is_convolution and not self.scope.backward:
                zones.append(self.zone_of_output(stage, fitted(both, *stage.map_shape[1:]), self._tip))
        for node_id, rect, size in self._outputs:
            if size == stage.map_shape[1:]:
                zones.append(self.zone_of_output(stage, self._output_rect(rect), self._tip))
            elif node_id in self.scope.stages:
                zones.append(self._zone_of_pooling(node_id, self._output_rect(rect)))
        self.zones = zones

    def _zone_of_pooling(self, node_id: str, rect: QRectF) -> Zone:
        spot = Spot(node_id, self.scope.spot.channel)
        return Zone(rect, f"Click to look into {node_id}.", click=lambda at: self.scope.go(spot))

    def _tip(self, at: QPointF) -> str:
        scope, cell = self.scope, self.scope.cell
        values = scope.maps(scope.spot.node_id)
        if cell is None or values is None:
            return ""
        value = float(values[scope.spot.channel][cell])
        return f"{scope.spot.node_id} {cell_in_words(cell)} is {fmt(value)}\nClick to see how it comes about."

    # --- numbers ---

    def wants(self) -> Iterable[Want]:
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            return
        sample = scope.sample
        for node_id in dict.fromkeys((stage.source, *(n for n, _, _ in self._outputs))):
            yield Maps(node_id, *sample)
            if scope.backward:
                yield Deltas(node_id, *sample)
        if stage.is_convolution:
            yield Weights(stage.node_id)

    def forget(self) -> None:
        super().forget()
        self._terms.clear()
        self._kernels.clear()
        self._gradient = None

    def terms(self, only: slice = EVERY) -> Array | None:
        """What each input channel adds ``(channels, H', W')``; backward, what each is sent ``(channels, H, W)``.

        ``only``: of the rows, these.
        """
        scope, stage = self.scope, self.scope.stage
        if stage is None or not isinstance(stage.layer, Conv2d):
            return None
        weight, channel = scope.weights(stage.node_id).get("weight"), scope.spot.channel
        x, delta = scope.maps(stage.source), scope.deltas(stage.node_id)
        if weight is None or x is None or (scope.backward and delta is None):
            return None
        if scope.backward and delta is not None:
            return channel_shares(stage.layer, weight, delta, channel, stage.in_shape, only)
        return channel_maps(stage.layer, x, weight, channel, only)

    def _term(self, stage: Stage, k: int) -> Laid | None:
        """The map of one row, worked out when it is first seen: there may be hundreds."""
        scope = self.scope
        if scope.backward and scope.veils(stage.node_id, "share"):
            return None
        if k not in self._terms:
            found = self.terms(slice(k, k + 1))
            if found is None:
                return None
            term = found[0]
            if scope.progress is not None and not scope.backward:
                # What the steps have not come to is not told, nor what it is the sum of.
                known = scope.maps(stage.node_id)
                term = np.where(
                    np.nan if known is None else np.isnan(known[scope.spot.channel]), np.nan, term
                )
            whole = scope.deltas(stage.source) if scope.backward else scope.maps(stage.node_id)
            if whole is None or scope.scale == "per map":  # else all rows have the scale of their sum
                limit = largest(term)
            elif scope.backward:  # or of what arrives at the input from all filters
                limit = largest(whole)
            else:
                limit = scope.limit(stage.node_id, scope.spot.channel, whole)
            size = self._rows[k][1].size if scope.backward else stage.map_shape[1:]
            rect = fitted(self._rows[k][3], *size)
            title = r"\delta" if scope.backward else "x"
            self._terms[k] = Laid.whole(
                Grid(title, self._term_name(), term, scope.backward, limit=limit), rect
            )
        return self._terms[k]

    def _term_name(self) -> str:
        wide = self._rows[0][3].width() >= ROOMY
        if self.scope.backward:
            return "δ sent back to it" if wide else "δ sent"
        return "= map of this channel" if wide else "= map"

    def _matrices(self, stage: Stage, k: int) -> list[Laid]:
        """A row's kernel, and backward its gradient for the sample."""
        if k not in self._kernels:
            self._kernels[k] = list(self._kernel(stage, k))
        return self._kernels[k]

    def _kernel(self, stage: Stage, k: int) -> Iterator[Laid]:
        scope, (_, _, kernel, _) = self.scope, self._rows[k]
        weight = scope.weights(stage.node_id).get("weight") if stage.is_convolution else None
        if weight is None:
            return
        node_id, o, backward = stage.node_id, scope.spot.channel, scope.backward
        own, (rows, columns) = weight[o], weight.shape[2:]

        def place(u: int, v: int) -> Place | None:
            at = (rows - 1 - u, columns - 1 - v) if backward else (u, v)
            return scope.place(node_id, "parameter", "weight", (o, k, *at))

        shown = flipped(own[k]) if backward else own[k]
        rect = fitted(kernel, *shown.shape)
        words = "flipped kernel" if backward else f"× kernel {times(*shown.shape)}"
        limit = largest(own if scope.scale == "per map" else weight)
        yield Laid.whole(Grid("w", words, shown, place=place, limit=limit), rect)
        gradient = self.kernel_gradient() if backward else None
        if gradient is not None:
            alone = scope.progress is not None and scope.progress.trace.size == 1
            place = lambda u, v: scope.place(node_id, "parameter_gradient", "weight", (o, k, u, v))
            beside = rect.translated(kernel.width() + self._apart, 0)
            power = power_of(gradient) if beside.width() / columns >= LEGIBLE[0] else 0
            words = f"∂L/∂w{' = Σ x·δ' if kernel.width() >= ROOMY else ''}{power_in_words(power)}"
            grid = Grid(
                r"\partial L/\partial w", words, gradient[k], True, place if alone else nowhere, limit=largest(gradient), power=power
            )  # fmt: skip
            yield Laid.whole(grid, beside)

    def _in_sight(self) -> Iterator[tuple[int, int, Framed]]:
        """The rows that can be seen now: number, channel, input."""
        there = QRectF(self.viewport().rect()).translated(self.origin)
        for k, (channel, framed, _, _) in enumerate(self._rows):
            if framed.outer.adjusted(0, -LABEL, self.size_needed.width(), 12).intersects(there):
                yield k, channel, framed

    def laids(self) -> Iterable[Laid | None]:
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            return
        for k, channel, framed in self._in_sight():
            yield self.map_of(stage.source, channel, framed.inner, scope.backward)
            yield from self._matrices(stage, k)
            yield self._term(stage, k)
        for node_id, rect, _ in self._outputs:
            yield self.map_of(node_id, scope.spot.channel, self._output_rect(rect), scope.backward)

    # --- drawing ---

    def texts(self) -> Iterable[Text]:
        stage, ink = self.scope.stage, self.ink
        if stage is None:
            return
        for k, channel, framed in self._in_sight():
            above = QRectF(framed.outer.x(), framed.outer.y() - LABEL, 200, LABEL)
            yield Text(above, source_in_words(stage, channel, framed.outer.width(), ink), ink.muted, ink.tiny)
            term = self._term(stage, k)
            for laid in (*self._matrices(stage, k), *((term,) if term is not None else ())):
                above = QRectF(laid.rect.x(), laid.rect.y() - LABEL, 180, LABEL)
                yield Text(above, laid.grid.words, ink.muted, ink.tiny)
        if stage.is_convolution:
            yield self._bias(stage)
        for node_id, rect, size in self._outputs:
            yield from self._output_words(stage, node_id, self._output_rect(rect), size)

    def _bias(self, stage: Stage) -> Text:
        """What is added below the sum, or backward its gradient."""
        scope, ink = self.scope, self.ink
        place = QRectF(self._plus.x() - 40, self._middle() + 18, 80, 54)
        bias = scope.weights(stage.node_id).get("bias")
        if scope.backward:
            delta = scope.deltas(stage.node_id)
            total = None if delta is None else float(delta[scope.spot.channel].sum())
            said = "" if total is None else f"∂L/∂b\n= Σ δ\n{fmt(total)}"
            return Text(place, said, ink.gradient, ink.small, BELOW)
        if not getattr(stage.layer, "bias", False) or bias is None:
            return Text(place, "no bias", ink.muted, ink.tiny, BELOW)
        value = float(bias[scope.spot.channel])
        return Text(place, f"bias\n{fmt(value)}", ink.end(value), ink.small, BELOW)

    def _output_words(
        self, stage: Stage, node_id: str, rect: QRectF, size: tuple[int, int]
    ) -> Iterator[Text]:
        scope, ink = self.scope, self.ink
        label = self._label(stage, node_id)
        if ink.small_metrics.horizontalAdvance(label) > self._room - 4:
            label = label.rsplit(" · ", 1)[0]  # without the size
        above = QRectF(rect.x(), rect.y() - LABEL, self._room, LABEL)
        yield Text(above, elided(label, ink.small_metrics, self._room - 4), ink.text, ink.small)
        values = scope.deltas(node_id) if scope.backward else scope.maps(node_id)
        if size == stage.map_shape[1:] and values is not None and scope.cell is not None:
            value = float(values[scope.spot.channel][scope.cell])
            said = f"{cell_in_words(scope.cell)}  {fmt(value)}"
            below = QRectF(rect.x(), rect.bottom() + 2, 200, LABEL)
            yield Text(below, said, ink.end(value, scope.backward), ink.small)

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        scope, stage, ink = self.scope, self.scope.stage, self.ink
        if stage is None:
            return
        plus, backward = QPointF(self._plus.x(), self._middle()), scope.backward
        for k, channel, framed in self._in_sight():
            framed.paint(painter, ink, self.map_of(stage.source, channel, framed.inner, backward))
            if scope.cell is not None:
                framed.paint_window(painter, ink, stage, scope.cell)
            if stage.is_convolution:
                self._paint_row(painter, stage, k, plus)
        if stage.is_convolution:
            paint_plus(painter, ink, plus)
            painter.fillRect(QRectF(plus.x() - 32, plus.y() + 17, 64, 52 if backward else 34), ink.panel)
        for node_id, rect, size in self._outputs:
            place = self._output_rect(rect)
            shown = self.map_of(node_id, scope.spot.channel, place, backward)
            if size == stage.map_shape[1:]:
                paint_output(painter, scope, shown, place, size)
            elif shown is not None:
                paint_map(painter, ink, shown, place)

    def _paint_row(self, painter: QPainter, stage: Stage, k: int, plus: QPointF) -> None:
        """Kernel, its gradient, and the map of both with its wire to the sum."""
        scope, ink, size = self.scope, self.ink, stage.map_shape[1:]
        for laid in self._matrices(stage, k):
            paint_grid(painter, ink, laid)
        term = self._term(stage, k)
        rect = fitted(self._rows[k][3], *(self._rows[k][1].size if scope.backward else size))
        paint_map(painter, ink, term, rect)
        if term is not None and not scope.backward and scope.cell is not None:
            draw_cursor(painter, ink, term.rect_of(*scope.cell))
        start = QPointF(rect.right() + 6, rect.center().y())
        paint_wire(painter, ink, start, QPointF(plus.x() - 14, plus.y()))

    def kernel_gradient(self) -> Array | None:
        """∂L/∂w of this filter for the sample ``(channels, kh, kw)``; ``None`` while it is unknown."""
        scope, stage = self.scope, self.scope.stage
        if stage is None or scope.veils(stage.node_id, "parameter"):
            return None
        if self._gradient is None and isinstance(stage.layer, Conv2d):
            x, delta = scope.maps(stage.source), scope.deltas(stage.node_id)
            if x is not None and delta is not None:
                self._gradient = weight_gradient(stage.layer, x, delta, scope.spot.channel)
        return self._gradient
