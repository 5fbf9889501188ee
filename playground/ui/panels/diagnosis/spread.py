"""How the numbers of the selected block are spread: outputs, weights, and the gradients of both."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from engine.diagnosis import NEAR_ZERO, Bins, LayerDiagnosis
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.text import RichLabel, escaped
from playground.ui.kit.theme import Theme

CHOOSE = "Click a layer to see how its numbers are spread."


class BinsPlot(QWidget):
    """One histogram with its range. Bars below 0 and above 0 have the two colours of signed values."""

    def __init__(self, name: str, title: str, what: str, backward: bool, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title, self._what, self._backward, self._theme = title, what, backward, theme
        self.bins: Bins | None = None
        self.setMinimumSize(90, 66)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Histogram of the {what}")

    def sizeHint(self) -> QSize:
        return QSize(150, 84)

    def show_bins(self, bins: Bins | None) -> None:
        """Draw these."""
        self.bins = bins
        words = f"Histogram of the {self._what}."
        if bins is not None:
            words = (
                f"Histogram of the {self._what}: {int(bins.counts.sum()):,} numbers from {fmt(float(bins.edges[0]))} to "
                f"{fmt(float(bins.edges[-1]))}. The dashed line is 0."
            )
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setFont(small(self.font()))
        line = painter.fontMetrics().height()
        area = QRectF(0.5, line + 2, self.width() - 1, self.height() - 2 * line - 4)
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._title)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.sunken))
        painter.drawRect(area)
        foot = QRectF(0, area.bottom() + 1, self.width(), line)
        painter.setPen(QColor(theme.muted))
        if self.bins is not None:
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, fmt(float(self.bins.edges[0]), 2))
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, fmt(float(self.bins.edges[-1]), 2))
            self._draw_bars(painter, area, self.bins)
        painter.end()

    def _draw_bars(self, painter: QPainter, area: QRectF, bins: Bins) -> None:
        theme = self._theme
        below, above = (
            (theme.gradient_negative, theme.gradient) if self._backward else (theme.negative, theme.positive)
        )
        counts, edges = bins.counts, bins.edges
        most, width = max(int(counts.max()), 1), area.width() / len(counts)
        middles = (edges[:-1] + edges[1:]) / 2
        for i in np.flatnonzero(counts):
            high = max(1.0, counts[i] / most * (area.height() - 3))
            bar = QRectF(area.left() + i * width, area.bottom() - high, max(width - 0.6, 1.0), high)
            painter.fillRect(bar, QColor(above if middles[i] >= 0 else below))
        low, high_edge = float(edges[0]), float(edges[-1])
        if low < 0 < high_edge:
            x = round(area.left() + (0 - low) / (high_edge - low) * area.width())
            painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DashLine))
            painter.drawLine(x, round(area.top()), x, round(area.bottom()))


def _small(layer: LayerDiagnosis) -> str:
    """How many of its weights hardly count; "" where it has none."""
    few, all_ = layer.near_zero
    return f" · {count(few)} of {count(all_)} weights nearer to 0 than {NEAR_ZERO:g}" if all_ else ""


class Spread(QWidget):
    """The histograms of one block."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("spread")
        self.title = RichLabel(CHOOSE)
        self.title.setObjectName("spread_title")
        self.title.setWordWrap(True)
        self.plots = {
            "outputs": BinsPlot("outputs_histogram", "outputs y", "layer's outputs", False, theme),
            "output_gradients": BinsPlot(
                "output_gradients_histogram", "∂L/∂y", "gradients that arrive at its outputs", True, theme
            ),
            "weights": BinsPlot(
                "weights_histogram", "weights w", "layer's weights, without biases", False, theme
            ),
            "weight_gradients": BinsPlot(
                "weight_gradients_histogram", "∂L/∂w", "gradients of its weights", True, theme
            ),
        }
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.title, 0, 0, 1, 2)
        for i, plot in enumerate(self.plots.values()):
            grid.addWidget(plot, 1 + i // 2, i % 2)
            plot.hide()
        self.more = QPushButton("All layers, and over time")
        self.more.setObjectName("more_distributions")
        self.more.setProperty("link", True)
        self.more.setToolTip(
            "Open Distributions: these hills for all layers, before the first step and at any moment."
        )
        self.more.setAccessibleName(self.more.text())
        grid.addWidget(self.more, 3, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)

    def show_layer(self, layer: LayerDiagnosis | None) -> None:
        """Draw this layer's histograms, or ask for one to be chosen."""
        self.title.setText(
            CHOOSE if layer is None else f"Spread of <b>{escaped(layer.node_id)}</b>{_small(layer)}"
        )
        for name, plot in self.plots.items():
            bins = getattr(layer, name, None)
            plot.setVisible(bins is not None)
            plot.show_bins(bins)
