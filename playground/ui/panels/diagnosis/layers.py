"""A row for each layer: its figures as small bars with their numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip

from engine.diagnosis import Diagnosis, LayerDiagnosis
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.keyed import LayerRows
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme

ROW, HEAD, NAME, LEAST = 23, 22, 92, 60
#: widest a figure's column gets: bars need not be longer
MOST = 150


def share(value: float) -> str:
    """A share of 1, in percent."""
    return "–" if math.isnan(value) else f"{fmt(100 * value)} %"


@dataclass(frozen=True)
class Column:
    """One figure of each layer.

    Args:
        title: above it.
        help: what it is, for the tool tip.
        value: takes it from a layer.
        text: writes it.
        low, high: the exponents of ten between which its bar grows; ``None`` for a bar from 0 to ``high``, linear.
        backward: it is about gradients, and has their colour.
    """

    title: str
    help: str
    value: Callable[[LayerDiagnosis], float]
    text: Callable[[float], str]
    low: float | None
    high: float
    backward: bool = False

    def length(self, value: float) -> float:
        """How much of its full length the bar has, from 0 to 1."""
        if not value > 0:
            return 0.0
        if self.low is None:
            return min(value / self.high, 1.0)
        return min(max((math.log10(value) - self.low) / (self.high - self.low), 0.02), 1.0)


COLUMNS = (
    Column("mean", "Mean of the layer's outputs over the samples looked at. The bar is as long as its size, up to 3.",
           lambda d: d.mean, fmt, None, 3.0),
    Column("std", "Standard deviation of the layer's outputs. Near 0, all samples look alike to the next layer. Bar up to 3.",
           lambda d: d.std, fmt, None, 3.0),
    Column("dead", "Units (or channels) whose output is exactly 0 for every sample looked at.",
           lambda d: d.dead, share, None, 1.0),
    Column("saturated", "Values where the activation's slope is below 0.05, so that hardly any gradient passes.",
           lambda d: d.saturated, share, None, 1.0),
    Column("‖∂L/∂y‖", "Length of the loss gradient that arrives at the layer's output. The bar grows with the power of ten, from "
           "1e−8 to 10.", lambda d: d.gradient_norm, fmt, -8.0, 1.0, True),
    Column("‖Δw‖/‖w‖", "How much the next update changes the weights, against their length: about 1e−3 is usual. The bar grows "
           "with the power of ten, from 1e−6 to 1; the tick is 1e−3.", lambda d: d.update_ratio, fmt, -6.0, 0.0, True),
)  # fmt: skip


class LayerTable(LayerRows):
    """The figures of all layers. A click or the arrow keys select a block; ``chosen`` carries its id."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("layer_table")
        self.setAccessibleName("Figures of every layer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(NAME + LEAST * len(COLUMNS))
        self._warned: frozenset[str] = frozenset()
        self.diagnosis: Diagnosis | None = None
        self.setFixedHeight(HEAD + ROW)

    def show_diagnosis(self, diagnosis: Diagnosis | None, warned: frozenset[str]) -> None:
        """Show these figures; ``warned``: the layers that something is said about."""
        self.diagnosis, self._warned = diagnosis, warned
        height = HEAD + ROW * max(len(self._layers), 1)
        if height != self.height():
            self.setFixedHeight(height)
        self.update()

    @property
    def ids(self) -> list[str]:
        return [layer.node_id for layer in self._layers]

    @property
    def _layers(self) -> tuple[LayerDiagnosis, ...]:
        return self.diagnosis.layers if self.diagnosis is not None else ()

    def sizeHint(self) -> QSize:
        return QSize(NAME + 92 * len(COLUMNS), self.height())

    def row(self, node_id: str) -> QRectF:
        """Where a layer's row is; empty for one that is not there."""
        for i, layer in enumerate(self._layers):
            if layer.node_id == node_id:
                return QRectF(0, HEAD + i * ROW, self.width(), ROW)
        return QRectF()

    def _column_width(self) -> float:
        return min((self.width() - NAME) / len(COLUMNS), MOST)

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, wide = QPainter(self), self._theme, self._column_width()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(self.font()))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(8, 0, NAME, HEAD), Qt.AlignmentFlag.AlignVCenter, "layer")
        for k, column in enumerate(COLUMNS):
            painter.drawText(
                QRectF(NAME + k * wide - 6, 0, wide - 4, HEAD),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                column.title,
            )
        for i, layer in enumerate(self._layers):
            self._draw_row(painter, QRectF(0, HEAD + i * ROW, NAME + wide * len(COLUMNS), ROW), layer)
        self.paint_focus(painter)
        painter.end()

    def _draw_row(self, painter: QPainter, row: QRectF, layer: LayerDiagnosis) -> None:
        theme, wide = self._theme, self._column_width()
        painter.setPen(Qt.PenStyle.NoPen)
        if layer.node_id == self._selected:
            painter.setBrush(QColor(mix(theme.panel, theme.accent, 0.14)))
            painter.drawRoundedRect(row.adjusted(2, 1, -2, -1), 4, 4)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(row.topLeft(), row.topRight())
        warned = layer.node_id in self._warned
        painter.setPen(QColor(theme.warning if warned else theme.text))
        name = f"⚠ {layer.node_id}" if warned else layer.node_id
        name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, NAME - 12)
        painter.drawText(QRectF(8, row.top(), NAME - 8, ROW - 5), Qt.AlignmentFlag.AlignVCenter, name)
        for k, column in enumerate(COLUMNS):
            value = column.value(layer)
            self._draw_bar(
                painter, QRectF(NAME + k * wide + 8, row.bottom() - 5, wide - 18, 3), column, value
            )
            painter.setPen(QColor(theme.muted if math.isnan(value) else theme.text))
            painter.drawText(
                QRectF(NAME + k * wide, row.top(), wide - 10, ROW - 5),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                column.text(value),
            )

    def _draw_bar(self, painter: QPainter, place: QRectF, column: Column, value: float) -> None:
        theme = self._theme
        if math.isnan(value):
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.border))
        painter.drawRoundedRect(place, 1.5, 1.5)
        colour = theme.gradient if column.backward else theme.negative if value < 0 else theme.positive
        painter.setBrush(QColor(colour))
        length = column.length(abs(value)) * place.width()
        painter.drawRoundedRect(
            QRectF(place.topLeft(), QPointF(place.left() + length, place.bottom())), 1.5, 1.5
        )
        if column.title == COLUMNS[-1].title:
            x = place.left() + column.length(1e-3) * place.width()
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.drawLine(QPointF(x, place.top() - 2), QPointF(x, place.bottom() + 2))

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int((event.position().y() - HEAD) // ROW)
        if event.button() == Qt.MouseButton.LeftButton and 0 <= at < len(self._layers):
            self.chosen.emit(self._layers[at].node_id)

    def event(self, event: QEvent) -> bool:
        """What a column is, and the full number of a cell."""
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return super().event(event)
        k = int((event.pos().x() - NAME) // self._column_width()) if event.pos().x() >= NAME else -1
        words = "Click a layer to see how its numbers are spread."
        if 0 <= k < len(COLUMNS):
            words = COLUMNS[k].help
            at = (event.pos().y() - HEAD) // ROW
            if 0 <= at < len(self._layers):
                layer = self._layers[at]
                words = f"{layer.node_id}: {COLUMNS[k].title} = {COLUMNS[k].value(layer)!r}\n{words}"
        QToolTip.showText(event.globalPos(), tip(words), self)
        return True
