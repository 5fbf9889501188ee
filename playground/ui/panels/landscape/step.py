"""The loss along the next update, with the parabola through three points of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from playground.runner.messages import StepLength
from playground.ui.kit.dots import Dots
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import Look
from playground.ui.kit.view import Context, Table
from playground.ui.kit.widgets import label
from playground.ui.panels.landscape.mode import Mode
from playground.ui.panels.landscape.words import of_step

if TYPE_CHECKING:
    from engine.landscape import Step

WANT = StepLength()


class StepMode(Mode["Step"]):
    """How far the next update goes."""

    key, name = "step", "Step"
    tip = "The loss along the next update: does it overshoot, or is it too short?"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.plot.set_labels("along the update, in steps: 0 here, 1 where it goes", "loss")
        self.legend = label("landscape_step_legend", little=True, rich=True)
        self.legend.setToolTip(
            "The loss of the batch is moved up or down, to begin at the height of all samples."
        )
        self.column.addWidget(self.legend)
        self.finish()
        self.all, self.batch, self.parabola, self.three = Line(), Line(), Line(), Dots()
        self.ends = [pg.InfiniteLine(pos=t, angle=90, movable=False) for t in (0.0, 1.0)]
        for item in (*self.ends, self.batch, self.parabola, self.all, self.three):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.three.setZValue(40)
        self.plot.probed.connect(self._probe)
        context.theme.follow(self.restyle)

    def want(self) -> StepLength:
        return WANT

    def restyle(self) -> None:
        theme = self.context.theme
        self.all.style(theme.train, weight=3)
        self.batch.style(theme.muted, weight=1)
        self.parabola.style(theme.warning, weight=2, dotted=True)
        for line in self.ends:
            line.setPen(pg.mkPen(theme.border, width=1))
        self.legend.setText(
            f'<span style="color:{theme.train}">━</span> all samples &nbsp; <span style="color:{theme.muted}">─</span> its batch &nbsp; '
            f'<span style="color:{theme.warning}">╌</span> parabola'
        )
        if self.found is not None:
            self.draw(self.found)

    def draw(self, found: Step) -> None:
        self.say(*of_step(found))
        self.all.set_data(found.lengths, _drawn(found.losses))
        here = int(np.abs(found.lengths).argmin())
        shift = found.three[0] - found.batch_losses[here]  # or it would lie far above or below, mostly
        self.batch.set_data(found.lengths, _drawn(found.batch_losses + shift))
        three = np.array(found.three)
        if np.isfinite(three).all():
            a, b, c = found.parabola
            self.parabola.set_data(found.lengths, a * found.lengths**2 + b * found.lengths + c)
        else:
            self.parabola.clear()
        rim, fill = QPen(Qt.PenStyle.NoPen), QBrush(QColor(self.context.theme.warning))
        self.three.fill(np.column_stack([(0.0, 0.5, 1.0), three]), [Look("o", rim, fill, 8.0)])
        self.plot.set_range((float(found.lengths[0]), float(found.lengths[-1])), self._heights(found))

    @staticmethod
    def _heights(found: Step) -> tuple[float, float]:
        """So that what is near the step is seen well, however high the loss climbs beyond."""
        near = found.losses[(found.lengths >= -0.3) & (found.lengths <= 2.0)]
        near = near[np.isfinite(near)]
        low, high = (float(near.min()), float(near.max())) if near.size else (0.0, 1.0)
        room = 0.15 * (high - low) or 0.1 * abs(high) or 1.0
        return low - room, high + room

    def clear(self) -> None:
        for item in (self.all, self.batch, self.parabola, self.three):
            item.clear()

    def _probe(self, at: tuple[float, float] | None) -> None:
        found = self.found
        if at is None or found is None:
            return
        i = int(np.abs(found.lengths - at[0]).argmin())
        said = f"{fmt(found.lengths[i])} steps\nall samples {fmt(found.losses[i], 4)}\nbatch {fmt(found.batch_losses[i], 4)}"
        self.plot.point_at(float(found.lengths[i]), at[1], said, horizontal=False)

    def as_table(self) -> Table | None:
        found = self.found
        if found is None:
            return None
        rows = zip(found.lengths.tolist(), found.losses.tolist(), found.batch_losses.tolist(), strict=True)
        return Table(("steps", "loss of all samples", "loss of the batch"), tuple(rows))


def _drawn(losses: np.ndarray) -> np.ndarray:
    """What Qt can draw: gaps where a loss is no number."""
    return np.where(np.isfinite(losses) & (losses < 1e30), losses, np.nan)
