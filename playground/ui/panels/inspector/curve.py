"""An activation's curve and derivative."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QSizePolicy

from engine.layers import Activation
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.theme import Theme

#: from −REACH to REACH: saturation shows at both ends
REACH = 5.0
HEIGHT = 168

_X = np.linspace(-REACH, REACH, 401)


class CurvePlot(Plot):
    """y over x as a full line and its slope as a dashed one; the cursor reads both off."""

    def __init__(self, theme: Theme) -> None:
        self.value, self.slope = pg.PlotCurveItem(antialias=True), pg.PlotCurveItem(antialias=True)
        self.zero = pg.InfiniteLine(0.0, angle=0)
        self._activation: Activation | None = None
        self._y, self._dy = _X, _X
        super().__init__(theme, "curve")
        for item in (self.zero, self.slope, self.value):
            self.box.addItem(item, ignoreBounds=True)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The activation's curve and its derivative")
        self.setToolTip(
            "Full line: the output y. Dashed line: its slope, by which the gradient is multiplied on the way back."
        )
        self.set_labels("x", "")
        self.probed.connect(self._read_out)

    def show_activation(self, activation: Activation) -> None:
        """Draw ``activation`` as the layer itself computes it."""
        if activation == self._activation:
            return
        self._activation = activation
        self._y, self._dy = activation.curve(_X)
        self.value.setData(_X, self._y)
        self.slope.setData(_X, self._dy)
        low, high = min(self._y.min(), self._dy.min()), max(self._y.max(), self._dy.max())
        room = 0.08 * (high - low) or 1.0
        self.set_range((-REACH, REACH), (low - room, high + room))
        self.refresh_cursor()

    def _read_out(self, at: tuple[float, float] | None) -> None:
        if at is None:
            return
        i = int(np.clip(np.rint((at[0] + REACH) / (2 * REACH) * (len(_X) - 1)), 0, len(_X) - 1))
        text = f"x = {fmt(float(_X[i]))}\ny = {fmt(float(self._y[i]))}\nslope = {fmt(float(self._dy[i]))}"
        self.point_at(float(_X[i]), float(self._y[i]), text)

    def _restyle(self) -> None:
        super()._restyle()
        theme = self.theme
        self.value.setPen(_pen(theme.accent, 2.0))
        self.slope.setPen(_pen(theme.gradient, 1.6, Qt.PenStyle.DashLine))
        self.zero.setPen(_pen(theme.border, 1.0))


def _pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour), width, style)
    pen.setCosmetic(True)
    return pen
