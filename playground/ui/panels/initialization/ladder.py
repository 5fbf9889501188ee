"""The spread at each layer, forward and backward: dots for what is measured, a dashed line for what is predicted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.core import Array
from engine.propagation import Ladder, Prediction, Setup
from playground.ui.kit.dots import Dots
from playground.ui.kit.fonts import small
from playground.ui.kit.lines import Line
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import look
from playground.ui.kit.theme import Theme
from playground.ui.panels.initialization.model import worked

#: powers of ten beyond which nothing is drawn, and powers of ten that the axis has at least
FLOOR, CEILING, LEAST = -16.0, 12.0, 2.0
#: layers up to which each has a dot
DOTTED = 40


def logarithm(values: Array) -> Array:
    """log₁₀, NaN where there is none or it would not be seen."""
    with np.errstate(all="ignore"):
        found = np.log10(np.asarray(values, np.float64))
    found[~np.isfinite(found) | (found < FLOOR) | (found > CEILING)] = np.nan
    return found


class LadderPlot(Plot):
    """Layers along, spreads up, by powers of ten."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "ladder", whole_x=True)
        self.setAccessibleName("Spread of signals and gradients at each layer")
        self.set_labels("layer", "spread σ")
        self.left.setLogMode(True)
        self.lines = {name: Line() for name in ("gradients_theory", "sums_theory", "gradients", "sums")}
        self.dots = {name: Dots() for name in ("gradients", "sums")}
        for item in (*self.lines.values(), *self.dots.values()):
            self.box.addItem(item)
        self._shown: tuple[Setup, Prediction, Ladder | None, int | None] | None = None
        self.probed.connect(self._probe)
        theme.follow(self._recolour)

    def show_ladder(
        self, setup: Setup, theory: Prediction, seen: Ladder | None, until: int | None = None
    ) -> None:
        """Draw these; ``until``: only so many layers, as the others are to be predicted first."""
        self._shown = (setup, theory, seen, until)
        self._draw()
        self.refresh_cursor()

    def _recolour(self) -> None:
        for name, line in self.lines.items():
            colour = self.theme.gradient if name.startswith("gradients") else self.theme.accent
            line.style(colour, 1 if name.endswith("theory") else 2, name.endswith("theory"))
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        setup, theory, seen, until = self._shown
        layers = np.arange(1.0, setup.depth + 1)
        drawn = []
        for name in ("sums", "gradients"):
            colour = self.theme.gradient if name == "gradients" else self.theme.accent
            predicted = logarithm(getattr(theory, name))
            measured = np.full(setup.depth, np.nan) if seen is None else logarithm(getattr(seen, name))
            if until is not None:
                predicted[:] = np.nan
                measured[until:] = np.nan
                if name == "gradients":
                    measured[:] = np.nan
            drawn += [predicted, measured]
            self.lines[f"{name}_theory"].set_data(layers, predicted)
            self.lines[name].set_data(layers, measured)
            at = np.column_stack((layers, measured)) if setup.depth <= DOTTED else np.zeros((0, 2))
            self.dots[name].fill(at, [look(self.theme, "train", colour)])
        self.set_range((0.5, setup.depth + 0.5), _span(np.concatenate(drawn)))

    def _probe(self, at: tuple[float, float] | None) -> None:
        """The numbers of the layer under the cursor."""
        if at is None or self._shown is None:
            return
        setup, theory, seen, until = self._shown
        layer = max(0, min(round(at[0]) - 1, setup.depth - 1))
        if until is not None and layer >= until:
            self.hide_lines()
            return
        self.point_at(layer + 1, at[1], worked(layer, setup, theory, seen), horizontal=False)


def _span(values: Array) -> tuple[float, float]:
    """Whole powers of ten that hold all; at least two of them."""
    known = values[np.isfinite(values)]
    if not known.size:
        return -1.0, 1.0
    low, high = np.floor(known.min() - 0.15), np.ceil(known.max() + 0.15)
    if high - low < LEAST:
        low, high = low - (LEAST - (high - low)) / 2, high + (LEAST - (high - low)) / 2
    return float(low), float(high)


class LadderKey(QWidget):
    """What the colours and lines mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("ladder_key")
        self._theme = theme
        self.setFont(small(self.font()))
        self.setFixedHeight(self.fontMetrics().height() + 2)
        self.setAccessibleName(
            "Blue: forward, the sums. Violet: backward, their gradients. Dots: measured. Dashed: predicted."
        )

    def paintEvent(self, event: object) -> None:
        painter, theme, x = QPainter(self), self._theme, 4.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        for words, colour, dashed in (
            ("sums z, measured forward", theme.accent, False),
            ("gradients ∂L/∂z, measured backward", theme.gradient, False),
            ("predicted", theme.muted, True),
        ):
            painter.setPen(
                QPen(QColor(colour), 1.6, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
            )
            painter.drawLine(QPointF(x, middle), QPointF(x + 20, middle))
            if not dashed:
                painter.setBrush(QColor(colour))
                painter.drawEllipse(QPointF(x + 10, middle), 3, 3)
            painter.setPen(QColor(theme.text))
            wide = self.fontMetrics().horizontalAdvance(words)
            painter.drawText(QRectF(x + 26, 0, wide + 4, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += 46 + wide
        painter.end()
