"""The right side of level 3: the sum, what becomes of it, and backward the list behind a weight's gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from engine.layers import Conv2d
from engine.layers.conv import pair
from engine.windows import ConvolutionCell, PoolingCell, pooling_cell, weight_products, windows
from playground.ui.kit.numbers import fmt
from playground.ui.panels.convolution.arrangement import BIG, LABEL, RESULT
from playground.ui.panels.convolution.level import Level
from playground.ui.panels.convolution.paint import draw, draw_cursor, draw_grid, fitted, write
from playground.ui.panels.convolution.parts import Images, elided, paint_output, paint_plus
from playground.ui.panels.convolution.scope import Scope, largest
from playground.ui.panels.convolution.structure import Stage
from playground.ui.panels.convolution.words import cell_in_words, times

Array = NDArray[Any]

LISTED = range(3, 11)  #: how many terms of a weight's gradient, as there is room
LINE = 15  #: pixels that each is high

_RAMP = np.linspace(-1.0, 1.0, 128, dtype=np.float32)[None]


class Results(Level):
    """What stands beside the rows of level 3, always in sight.

    Attributes:
        weight_cell: whose gradient is listed, backward: input channel (in the filter), row, column.
    """

    def __init__(self, scope: Scope, name: str, words: str) -> None:
        super().__init__(scope, name, words)
        self._images = Images(scope)
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

    def _paint_sum(self, painter: QPainter, stage: Stage, cell: ConvolutionCell) -> None:
        scope, ink = self.scope, self.scope.ink
        plus = QPointF(self._plus_x, self._middle())
        x = plus.x() + 24
        if scope.backward:
            fitting = (self.viewport().height() - 64) // LINE
            listed = min(max(fitting, LISTED.start), LISTED.stop - 1)
            top = max(plus.y() - (listed * LINE + 64) / 2, self.origin.y() + 2)
            list_ = QRectF(self._list_x, top, self._output.x() - self._list_x - 12, 0)
            self._paint_weight_gradient(painter, list_, listed)
            return
        paint_plus(painter, ink, plus)
        room = self._output.x() - x - 4
        lines: list[tuple[str, QColor, QFont, int]] = []
        if len(cell.subtotals) > 1:
            lines.append((self._addition(cell, room), ink.text, ink.small, 18))
        layer: Any = stage.layer
        lines.append((f"+ bias {fmt(cell.bias)}" if layer.bias else "no bias", ink.muted, ink.small, 18))
        lines.append((f"z = {fmt(cell.z)}", ink.text, ink.large, 24))
        for node_id in stage.followers:
            values = scope.maps(node_id)
            if values is None or scope.cell is None:
                break
            value = float(values[scope.spot.channel][scope.cell])
            said = f" → {fmt(value)}"
            name = elided(node_id, ink.title_metrics, room - ink.title_metrics.horizontalAdvance(said) - 2)
            lines.append((name + said, ink.end(value), ink.title, 20))
        y = plus.y() - (48 if len(cell.subtotals) > 1 else 32)
        for said, colour, used, high in lines:
            write(painter, QRectF(x, y, room + 4, high), said, colour, used)
            y += high

    def _addition(self, cell: ConvolutionCell, room: float) -> str:
        """1.54 + 0.17: the sub-totals; where they are many, what they come to."""
        parts = [float(v) for v in cell.subtotals]
        said = fmt(parts[0]) + "".join(f" {'−' if p < 0 else '+'} {fmt(abs(p))}" for p in parts[1:])
        if self.scope.ink.small_metrics.horizontalAdvance(said) <= room:
            return said
        return f"Σ of {len(parts)} = {fmt(float(np.sum(parts)))}"

    def _paint_weight_gradient(self, painter: QPainter, rect: QRectF, listed: int) -> None:
        """All places that blame one weight, the largest first, and their sum."""
        ink = self.scope.ink
        found = self.weight_gradient()
        if found is None:
            return
        terms, x, delta = found
        k, u, v = self.weight_cell
        title = f"Σ x·δ · ch. {k + 1}, weight {cell_in_words((u, v))}"
        write(painter, QRectF(rect.x(), rect.y(), rect.width(), 16), title, ink.text, ink.tiny)
        order = np.argsort(-np.abs(terms.ravel()), kind="stable")
        running, y = 0.0, rect.y() + 18
        for n in order[:listed]:
            term = float(terms.ravel()[n])
            running += term
            said = f"{fmt(float(x.ravel()[n]))} · {fmt(float(delta.ravel()[n]), 2)} = {fmt(term, 2)}"
            write(painter, QRectF(rect.x(), y, 158, LINE), said, ink.muted, ink.tiny)
            if rect.width() >= 230:
                write(painter, QRectF(rect.x() + 160, y, 78, LINE), f"Σ {fmt(running)}", ink.muted, ink.tiny)
            y += LINE
        more = terms.size - min(listed, terms.size)
        if more:
            rest = float(terms.ravel()[order[listed:]].sum())
            said = f"… {more} more place{'s' if more > 1 else ''}: {fmt(rest)}"
            write(painter, QRectF(rect.x(), y, 200, LINE), said, ink.muted, ink.tiny)
            y += LINE
        total = float(terms.sum())
        write(
            painter,
            QRectF(rect.x(), y + 2, 210, 20),
            f"∂L/∂w = {fmt(total)}",
            ink.end(total, True),
            ink.title,
        )

    def weight_gradient(self) -> tuple[Array, Array, Array] | None:
        """For the chosen weight: the terms x·δ, x and δ at every place, each ``(H', W')``."""
        scope, stage = self.scope, self.scope.stage
        if stage is None or not isinstance(stage.layer, Conv2d):
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

    def _paint_choice(self, painter: QPainter, cell: PoolingCell) -> None:
        """What a pooling makes of the window."""
        ink = self.scope.ink
        x, y = self._plus_x, self._middle() - 40
        for text, colour, used in choice_in_words(cell, ink.text, ink.muted, ink.end(cell.result)):
            write(painter, QRectF(x, y, RESULT, 20), text, colour, ink.large if used else ink.tiny)
            y += 22 if used else 17

    def _paint_output(self, painter: QPainter, stage: Stage) -> None:
        scope, ink, rect = self.scope, self.scope.ink, self._output_rect()
        node_id = stage.node_id if scope.backward else stage.last
        whose = "δ" if scope.backward else elided(node_id, ink.small_metrics, max(72, rect.width() - 36))
        label = f"{whose} · ch. {scope.spot.channel + 1}"
        write(painter, QRectF(rect.x(), rect.y() - LABEL, BIG, LABEL), label, ink.text, ink.small)
        image = self._images.of(node_id, scope.spot.channel, scope.backward)
        paint_output(painter, scope, image, rect, stage.map_shape[1:])
        below = QRectF(rect.x(), rect.bottom() + 2, BIG, LABEL)
        delta = scope.deltas(stage.node_id) if scope.backward else None
        if scope.cell is not None and delta is not None:
            value = float(delta[scope.spot.channel][scope.cell])
            write(
                painter,
                below,
                f"δ {cell_in_words(scope.cell)} = {fmt(value)}",
                ink.end(value, True),
                ink.small,
            )
        elif scope.cell is not None:
            write(
                painter,
                below,
                f"{times(*stage.map_shape[1:])} · {cell_in_words(scope.cell)}",
                ink.muted,
                ink.tiny,
            )

    def _paint_saliency(self, painter: QPainter) -> None:
        """How much each pixel of the picture moves the output; of several channels the one that counts most."""
        scope, ink = self.scope, self.scope.ink
        seen = self.viewport().height()
        side = float(max(60, min(BIG, seen - 2 * LABEL - 28)))
        top = max(self._middle() - side / 2, self.origin.y() + LABEL + 2)
        if top + side + 26 > self.origin.y() + seen:
            top = self.origin.y() + LABEL + 2
        rect = QRectF(self._pool.x(), top, side, side)
        title = f"∂{'z' if scope.stage and scope.stage.is_convolution else 'output'}/∂pixel"
        write(painter, QRectF(rect.x(), rect.y() - LABEL, BIG, LABEL), title, ink.text, ink.small)
        found = scope.pixels_that_count()
        if found is None:
            painter.fillRect(rect, ink.neutral)
            return
        strongest = np.take_along_axis(found, np.abs(found).argmax(0)[None], 0)[0]
        limit = largest(strongest)
        image = self._images.made(("saliency", scope.saliency_want), strongest, limit, True)
        drawn = fitted(rect, *strongest.shape)
        draw(painter, image, drawn, ink.border)
        key = QRectF(rect.x(), drawn.bottom() + 5, drawn.width(), 7)
        draw(painter, self._images.made("ramp", _RAMP, 1.0, True), key, ink.border)
        ends = QRectF(key.x(), key.bottom() + 1, key.width(), 14)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        write(painter, ends, fmt(-limit, 2), ink.muted, ink.tiny)
        write(painter, ends, fmt(limit, 2), ink.muted, ink.tiny, right)

    def _paint_next(self, painter: QPainter, stage: Stage) -> None:
        """The pooling window that this output falls into."""
        scope, ink = self.scope, self.scope.ink
        after, values = scope.stages.get(stage.pooling), scope.maps(stage.last)
        if after is None or values is None or scope.cell is None:
            return
        seen = windows(after.layer, after.in_shape).seen_by(*scope.cell)
        rect = QRectF(self._pool.x(), self._output_rect().y(), BIG, BIG)
        write(painter, QRectF(rect.x(), rect.y() - LABEL, BIG, LABEL), stage.pooling, ink.text, ink.small)
        if not len(seen):
            write(painter, QRectF(rect.x(), rect.y(), BIG, 20), "in none of its windows", ink.muted, ink.tiny)
            return
        i, j, u, v = (int(k) for k in seen[0])
        found = pooling_cell(after.layer, values, scope.spot.channel, i, j)
        rows, columns = found.patch.inside.shape
        side = float(int(max(8.0, min(38.0, BIG / max(rows, columns)))))
        grid = QRectF(rect.x(), rect.y(), columns * side, rows * side)
        patch = found.patch
        draw_grid(
            painter,
            ink,
            grid,
            patch.values[0],
            largest(values[scope.spot.channel]),
            inside=patch.inside,
            ring=found.winner,
        )
        draw_cursor(painter, ink, QRectF(grid.x() + v * side, grid.y() + u * side, side - 1, side - 1))
        y = grid.bottom() + 4
        for text, colour, used in choice_in_words(found, ink.text, ink.muted, ink.end(found.result)):
            write(painter, QRectF(rect.x(), y, RESULT, 18), text, colour, ink.title if used else ink.tiny)
            y += 17


def choice_in_words(
    cell: PoolingCell, text: QColor, muted: QColor, signed: QColor
) -> Iterable[tuple[str, QColor, bool]]:
    """Lines ``(text, colour, whether large)``: the result, and why it."""
    n = cell.values
    if cell.winner is None:
        yield f"mean = {fmt(cell.result)}", signed, True
        yield f"each of {round(1 / cell.share)} counts {fmt(cell.share)}", muted, False
        return
    yield f"max = {fmt(cell.result)}", signed, True
    yield f"winner {cell_in_words(cell.winner)} · {n - 1} of {n} dropped", text, False
    if cell.ties > 1:
        yield f"{cell.ties} are equal: the first in reading order wins", muted, False
