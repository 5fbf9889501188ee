"""Gradients of single samples, of batches and of all samples, in the plane of two weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from playground.runner.messages import GradientNoise
from playground.ui.kit.colours import mix
from playground.ui.kit.dots import Dots
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import Look
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context, Table
from playground.ui.kit.widgets import label, tool
from playground.ui.panels.landscape.cells import CellPicker
from playground.ui.panels.landscape.mode import Mode
from playground.ui.panels.landscape.words import of_noise

if TYPE_CHECKING:
    from engine.landscape import Noise

#: share of the dots of the widest cloud that are to lie in the picture
SEEN = 0.98


class NoiseMode(Mode["Noise"]):
    """How much gradients of batches differ."""

    key, name = "noise", "Noise"
    tip = "Gradients of one sample, of 32 and of all, on one picture."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.first, self.second = CellPicker("noise_first", "First"), CellPicker("noise_second", "Second")
        self.legend = label("landscape_noise_legend", little=True, rich=True)
        tip = "Draw the gradients at the weights as they are now."
        self.anew = tool("landscape_noise_anew", "At the present weights", tip, self.ask, little=True)
        for part in (self.first, self.second, self.anew, self.legend):
            self.column.addWidget(part)
        self.finish()
        self.zero = [pg.InfiniteLine(pos=0, angle=angle, movable=False) for angle in (0, 90)]
        self.clouds, self.arrow, self.tip_ = (Dots(), Dots()), Line(), Dots()
        for item in (*self.zero, *self.clouds, self.arrow, self.tip_):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.arrow.setZValue(30)
        self.tip_.setZValue(31)
        self.plot.probed.connect(self._probe)
        context.theme.follow(self.restyle)

    def want(self) -> GradientNoise:
        return GradientNoise(self.asked, self.first.cell, self.second.cell)

    def show_shapes(self, shapes: dict[tuple[str, str], tuple[int, ...]]) -> None:
        """The parameters that there are."""
        self.first.show_shapes(shapes, 0)
        self.second.show_shapes(shapes, 1)

    def restyle(self) -> None:
        theme = self.context.theme
        for line in self.zero:
            line.setPen(pg.mkPen(theme.border, width=1))
        self.arrow.style(theme.text, weight=3)
        ones, many = colours(theme)
        self.legend.setText(
            f'<span style="color:{ones}">●</span> 1 sample &nbsp; <span style="color:{many}">■</span> 32 samples &nbsp; '
            f'<span style="color:{theme.text}">━◆</span> all'
        )
        if self.found is not None:
            self.draw(self.found)

    def draw(self, found: Noise) -> None:
        theme = self.context.theme
        self.say(*of_noise(found))
        self.plot.set_labels(*(f"∂L/∂ {cell.words}" for cell in found.cells))
        looks = [
            _look(colour, marker, size)
            for colour, marker, size in zip(colours(theme), "os", (6.0, 6.0), strict=True)
        ]
        for k, dots in enumerate(self.clouds):
            if k < len(found.clouds):
                dots.fill(found.clouds[k].at, [looks[k]])
            else:
                dots.clear()
        self.arrow.set_data(np.array([0.0, found.whole[0]]), np.array([0.0, found.whole[1]]))
        self.tip_.fill(found.whole[None], [_look(theme.text, "d", 11.0)])
        spans = [
            _span([*(cloud.at[:, k] for cloud in found.clouds), found.whole[k : k + 1]]) for k in range(2)
        ]
        self.plot.set_range(*spans)

    def clear(self) -> None:
        for item in (*self.clouds, self.arrow, self.tip_):
            item.clear()

    def _probe(self, at: tuple[float, float] | None) -> None:
        found = self.found
        if at is None or found is None:
            return
        places, words = [found.whole[None]], ["all samples"]
        for cloud in found.clouds:
            places.append(cloud.at)
            words += ["one sample" if cloud.size == 1 else f"batch of {cloud.size}"] * len(cloud.at)
        every = np.concatenate(places)
        (x0, x1), (y0, y1) = self.plot.box.viewRange()
        i = int((((every - at) / (x1 - x0, y1 - y0)) ** 2).sum(axis=1).argmin())
        said = f"{words[i]}\nacross {fmt(every[i, 0])}\nup {fmt(every[i, 1])}"
        self.plot.point_at(float(every[i, 0]), float(every[i, 1]), said)

    def as_table(self) -> Table | None:
        found = self.found
        if found is None:
            return None
        rows: list[tuple[object, ...]] = [(found.samples, *found.whole.tolist())]
        rows += [(cloud.size, *at) for cloud in found.clouds for at in cloud.at.tolist()]
        return Table(("samples", *(f"dL/d {cell.words}" for cell in found.cells)), tuple(rows))


def colours(theme: Theme) -> tuple[str, str]:
    """Of single samples, and of batches: gradients are violet."""
    return mix(theme.gradient, theme.sunken, 0.62), theme.gradient


def _look(colour: str, marker: str, size: float) -> Look:
    return Look(marker, QPen(Qt.PenStyle.NoPen), QBrush(QColor(colour)), size)


def _span(values: list[np.ndarray]) -> tuple[float, float]:
    """A range round 0 and nearly all values: single samples far outside must not squeeze the others together."""
    every = np.concatenate(values)
    low, high = np.quantile(every, [(1 - SEEN) / 2, (1 + SEEN) / 2])
    low, high = min(float(low), float(values[-1][0]), 0.0), max(float(high), float(values[-1][0]), 0.0)
    room = 0.12 * (high - low) or 1e-3
    return low - room, high + room
