"""Level 2: one output channel spread out: each input channel, its kernel, the map of both, the sum, the bias, what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from engine.layers import Conv2d
from engine.windows import EVERY, channel_maps, channel_shares, channels_of, flipped, weight_gradient
from playground.runner.messages import Deltas, Maps, Want, Weights
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.level import Level, Spotlight
from playground.ui.panels.convolution.paint import (
    LEGIBLE,
    cell_at,
    cells_rect,
    draw,
    draw_cursor,
    draw_grid,
    fitted,
    power_in_words,
    power_of,
    write,
)
from playground.ui.panels.convolution.parts import (
    Framed,
    Images,
    elided,
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
TIGHT, TIGHTER, BARE = (
    900,
    640,
    520,
)  #: in narrower views: things stand closer together; are smaller; no pooling is shown


class Spread(Level):
    """A row for each input channel; on the right, always in sight, their sum and what becomes of it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "convolution_channel", "One channel, spread out")
        self._images = Images(scope)
        self._rows: list[tuple[int, Framed, QRectF, QRectF]] = []  # channel, input, kernel, map of both
        self._outputs: list[tuple[str, QRectF, tuple[int, int]]] = []
        self._terms: dict[int, Array] = {}
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
        x_map = x_kernel + kernel + apart + (kernel + apart if self._shows_gradient(stage) else 0)
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

    def _shows_gradient(self, stage: Stage) -> bool:
        return stage.is_convolution and self.scope.backward

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
        self.spotlights.clear()
        for _, framed, _, both in self._rows:
            self.spotlights.append(self._on_input(stage, framed))
            if stage.is_convolution and not self.scope.backward:
                self.spotlights.append(self._on_output(stage, fitted(both, *stage.map_shape[1:])))
        for node_id, rect, size in self._outputs:
            if size == stage.map_shape[1:]:
                self.spotlights.append(self._on_output(stage, self._output_rect(rect)))
            elif node_id in self.scope.stages:
                self.spotlights.append(self._on_pooling(node_id, self._output_rect(rect)))

    def _on_input(self, stage: Stage, framed: Framed) -> Spotlight:
        scope, spot = self.scope, self.scope.spot

        def hover(at: QPointF) -> None:
            scope.point(framed.window_at(at, stage))

        def click(at: QPointF) -> None:
            scope.go(Spot(spot.node_id, spot.channel, framed.window_at(at, stage)))

        return Spotlight(framed.outer, self._tip, hover, None, click)

    def _on_output(self, stage: Stage, rect: QRectF) -> Spotlight:
        scope, spot, size = self.scope, self.scope.spot, stage.map_shape[1:]

        def hover(at: QPointF) -> None:
            scope.point(cell_at(rect, at, *size))

        def click(at: QPointF) -> None:
            scope.go(Spot(spot.node_id, spot.channel, cell_at(rect, at, *size)))

        return Spotlight(rect, self._tip, hover, None, click)

    def _on_pooling(self, node_id: str, rect: QRectF) -> Spotlight:
        channel = self.scope.spot.channel
        return Spotlight(
            rect,
            lambda at: f"Click to look into {node_id}.",
            None,
            None,
            lambda at: self.scope.go(Spot(node_id, channel)),
        )

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
        self._images.clear()
        self._terms.clear()
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

    def _term(self, k: int) -> Array | None:
        """The map of one row, worked out when it is first seen: there may be hundreds."""
        if k not in self._terms:
            found = self.terms(slice(k, k + 1))
            if found is None:
                return None
            self._terms[k] = found[0]
        return self._terms[k]

    def _term_limit(self, stage: Stage, term: Array) -> float:
        """All rows have the scale of their sum; backward, of what arrives at the input from all filters."""
        scope = self.scope
        whole = scope.deltas(stage.source) if scope.backward else scope.maps(stage.node_id)
        if whole is None or scope.scale == "per map":
            return largest(term)
        return largest(whole) if scope.backward else scope.limit(stage.node_id, scope.spot.channel, whole)

    # --- drawing ---

    def paint(self, painter: QPainter, exposed: QRectF) -> None:
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            return
        plus = QPointF(self._plus.x(), self._middle())
        for k, (channel, framed, kernel, both) in enumerate(self._rows):
            if framed.outer.adjusted(0, -LABEL, self.size_needed.width(), 12).intersects(exposed):
                self._paint_row(painter, stage, k, channel, framed, kernel, both, plus)
        if stage.is_convolution:
            paint_plus(painter, scope.ink, plus)
            self._paint_bias(painter, stage, plus)
        for node_id, rect, size in self._outputs:
            self._paint_output(painter, stage, node_id, self._output_rect(rect), size)

    def _paint_row(
        self,
        painter: QPainter,
        stage: Stage,
        k: int,
        channel: int,
        framed: Framed,
        kernel: QRectF,
        both: QRectF,
        plus: QPointF,
    ) -> None:
        scope, ink = self.scope, self.scope.ink
        above = QRectF(framed.outer.x(), framed.outer.y() - LABEL, 200, LABEL)
        write(painter, above, source_in_words(stage, channel, framed.outer.width(), ink), ink.muted, ink.tiny)
        backward = scope.backward
        framed.paint(painter, ink, self._images.of(stage.source, channel, backward))
        if scope.cell is not None:
            framed.paint_window(painter, ink, stage, scope.cell)
        if not isinstance(stage.layer, Conv2d):
            return
        weight = scope.weights(stage.node_id).get("weight")
        if weight is not None:
            own = weight[scope.spot.channel]
            shown = flipped(own[k]) if backward else own[k]
            rect = fitted(kernel, *shown.shape)
            write(
                painter,
                QRectF(rect.x(), rect.y() - LABEL, 180, LABEL),
                "flipped kernel" if backward else f"× kernel {times(*shown.shape)}",
                ink.muted,
                ink.tiny,
            )
            draw_grid(painter, ink, rect, shown, largest(own if scope.scale == "per map" else weight))
            gradient = self.kernel_gradient() if self._shows_gradient(stage) else None
            if gradient is not None:
                beside = rect.translated(kernel.width() + self._apart, 0)
                label = QRectF(beside.x(), beside.y() - LABEL, 180, LABEL)
                written = beside.width() / gradient.shape[2] >= LEGIBLE
                power = power_of(gradient) if written else 0
                write(
                    painter,
                    label,
                    f"∂L/∂w{' = Σ x·δ' if kernel.width() >= ROOMY else ''}{power_in_words(power)}",
                    ink.muted,
                    ink.tiny,
                )
                draw_grid(painter, ink, beside, gradient[k], largest(gradient), True, power=power)
        term = self._term(k)
        size = framed.size if backward else stage.map_shape[1:]
        rect = fitted(both, *size)
        wide = both.width() >= ROOMY
        name = (
            ("δ sent back to it" if wide else "δ sent")
            if backward
            else ("= map of this channel" if wide else "= map")
        )
        write(painter, QRectF(rect.x(), rect.y() - LABEL, 180, LABEL), name, ink.muted, ink.tiny)
        if term is None:
            painter.fillRect(rect, ink.neutral)
        else:
            limit = self._term_limit(stage, term)
            draw(painter, self._images.made(("term", k), term, limit, backward), rect, ink.border)
            if not backward and scope.cell is not None:
                draw_cursor(painter, ink, cells_rect(rect, size, (scope.cell[0],), (scope.cell[1],)))
        paint_wire(
            painter, ink, QPointF(rect.right() + 6, rect.center().y()), QPointF(plus.x() - 14, plus.y())
        )

    def _paint_bias(self, painter: QPainter, stage: Stage, plus: QPointF) -> None:
        scope, ink = self.scope, self.scope.ink
        parameters = scope.weights(stage.node_id)
        layer: Any = stage.layer
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.fillRect(QRectF(plus.x() - 32, plus.y() + 17, 64, 52 if scope.backward else 34), ink.panel)
        if scope.backward:
            delta = scope.deltas(stage.node_id)
            said = "" if delta is None else f"∂L/∂b\n= Σ δ\n{fmt(float(delta[scope.spot.channel].sum()))}"
            write(
                painter, QRectF(plus.x() - 40, plus.y() + 18, 80, 54), said, ink.gradient, ink.small, centre
            )
        elif layer.bias and "bias" in parameters:
            value = float(parameters["bias"][scope.spot.channel])
            said = f"bias\n{fmt(value)}"
            write(
                painter, QRectF(plus.x() - 40, plus.y() + 18, 80, 36), said, ink.end(value), ink.small, centre
            )
        else:
            write(
                painter, QRectF(plus.x() - 40, plus.y() + 18, 80, 18), "no bias", ink.muted, ink.tiny, centre
            )

    def _paint_output(
        self, painter: QPainter, stage: Stage, node_id: str, rect: QRectF, size: tuple[int, int]
    ) -> None:
        scope, ink, channel = self.scope, self.scope.ink, self.scope.spot.channel
        image = self._images.of(node_id, channel, scope.backward)
        label = self._label(stage, node_id)
        if ink.small_metrics.horizontalAdvance(label) > self._room - 4:
            label = label.rsplit(" · ", 1)[0]  # without the size
        above = QRectF(rect.x(), rect.y() - LABEL, self._room, LABEL)
        write(painter, above, elided(label, ink.small_metrics, self._room - 4), ink.text, ink.small)
        values = scope.deltas(node_id) if scope.backward else scope.maps(node_id)
        if size == stage.map_shape[1:]:
            paint_output(painter, scope, image, rect, size)
            cell = scope.cell
            if values is not None and cell is not None:
                value = float(values[channel][cell])
                below = QRectF(rect.x(), rect.bottom() + 2, 200, LABEL)
                write(
                    painter,
                    below,
                    f"{cell_in_words(cell)}  {fmt(value)}",
                    ink.end(value, scope.backward),
                    ink.small,
                )
        elif image is not None:
            draw(painter, image, rect, ink.border)

    def kernel_gradient(self) -> Array | None:
        """∂L/∂w of this filter for the sample ``(channels, kh, kw)``; ``None`` while it is unknown."""
        scope, stage = self.scope, self.scope.stage
        if self._gradient is None and stage is not None and isinstance(stage.layer, Conv2d):
            x, delta = scope.maps(stage.source), scope.deltas(stage.node_id)
            if x is not None and delta is not None:
                self._gradient = weight_gradient(stage.layer, x, delta, scope.spot.channel)
        return self._gradient
