"""The learning-rate range test: its curve, the range that serves, and the rate that is suggested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg

from engine.problems import SetFit
from playground.document import edits
from playground.document.project import Project
from playground.runner.messages import RateRange
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.view import Context, Table
from playground.ui.kit.widgets import tool
from playground.ui.panels.landscape.mode import Mode
from playground.ui.panels.landscape.words import of_rates

if TYPE_CHECKING:
    from engine.landscape import Rates


#: the names of lines stand at their right
ANCHORS = ((0, 1), (0, 1))


class RatesMode(Mode["Rates"]):
    """Which learning rates serve."""

    key, name = "rates", "Rate"
    tip = "The learning-rate range test: on a copy, each update has a higher rate than the one before."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.plot.left.setLogMode(False)
        self.plot.bottom.setLogMode(True)
        self.plot.set_labels("learning rate", "loss after the update")
        self.set_rate = tool(
            "landscape_set_rate", "Set the rate", "Train with this learning rate.", self._set
        )
        self.set_rate.setProperty("primary", True)
        tip = "Test the rates once more, from the weights as they are now."
        self.anew = tool("landscape_test_rates", "Test again", tip, self.ask, little=True)
        self.finish()
        self.column.insertWidget(2, self.set_rate)
        self.column.insertWidget(3, self.anew)
        self.range = pg.LinearRegionItem(movable=False)
        self.now = pg.InfiniteLine(
            angle=90, movable=False, label="now", labelOpts={"position": 0.06, "anchors": ANCHORS}
        )
        self.best = pg.InfiniteLine(
            angle=90, movable=False, label="suggested", labelOpts={"position": 0.06, "anchors": ANCHORS}
        )
        self.raw, self.smooth = Line(), Line()
        for item in (self.range, self.now, self.best, self.raw, self.smooth):
            self.plot.box.addItem(item, ignoreBounds=True)
        self.range.hide()
        self.best.hide()
        self._rate = float("nan")
        self.plot.probed.connect(self._probe)
        self._offer()
        context.theme.follow(self.restyle)

    def want(self) -> RateRange:
        return RateRange(self.asked)

    def show_project(self, project: Project) -> None:
        self._rate = project.fit.optimizer.lr
        self.now.setValue(np.log10(self._rate) if self._rate > 0 else -9)
        self._offer()
        if self.found is not None:
            self.say(*of_rates(self.found, self._rate))

    def restyle(self) -> None:
        theme = self.context.theme
        self.raw.style(mix(theme.train, theme.sunken, 0.55), weight=1)
        self.smooth.style(theme.train, weight=3)
        self.now.setPen(pg.mkPen(theme.muted, width=1))
        self.best.setPen(pg.mkPen(theme.good, width=2))
        for line, colour in ((self.now, theme.muted), (self.best, theme.good)):
            line.label.setColor(colour)
            line.label.setFont(small(self.plot.font()))
        self.range.setBrush(pg.mkBrush(mix(theme.good, theme.sunken, 0.82)))
        for line in self.range.lines:
            line.setPen(pg.mkPen(mix(theme.good, theme.sunken, 0.5)))

    def draw(self, found: Rates) -> None:
        self.say(*of_rates(found, self._rate))
        self._offer()
        self.range.setVisible(found.found)
        self.best.setVisible(found.found)
        if found.found:
            self.range.setRegion((np.log10(found.low), np.log10(found.high)))
            self.best.setValue(np.log10(found.suggested))
        if not len(found.rates):
            return
        at = np.log10(found.rates)
        self.raw.set_data(at, found.losses)
        self.smooth.set_data(at, found.smooth)
        first = float(found.smooth[0])
        low, high = float(found.smooth.min()), max(first, float(np.median(found.losses)))
        room = 0.25 * (high - low) or 0.1 * abs(high) or 1.0
        self.plot.set_range((float(at[0]), max(float(at[-1]), float(at[0]) + 1)), (low - room, high + room))

    def clear(self) -> None:
        self.raw.clear()
        self.smooth.clear()
        self.range.hide()
        self.best.hide()
        self._offer()

    def _offer(self) -> None:
        """The button, where there is a rate to set."""
        found = self.found
        there = found is not None and found.found
        self.set_rate.setVisible(there)
        self.anew.setVisible(found is not None and found.done)
        if found is not None and there:
            same = found.suggested == self._rate
            self.set_rate.setEnabled(not same)
            said = (
                f"The rate is {exact(found.suggested)}"
                if same
                else f"Set the rate to {exact(found.suggested)}"
            )
            self.set_rate.setText(said)
            self.set_rate.setAccessibleName(said)

    def _set(self) -> None:
        found, document = self.found, self.context.document
        if found is not None and found.found:
            optimizer = document.value.fit.optimizer.replace(lr=found.suggested)
            document.do(
                edits.mend,
                SetFit(f"Set the learning rate to {exact(found.suggested)}", "optimizer", optimizer),
            )

    def _probe(self, at: tuple[float, float] | None) -> None:
        found = self.found
        if at is None or found is None or not len(found.rates):
            return
        i = int(np.abs(np.log10(found.rates) - at[0]).argmin())
        said = f"rate {fmt(found.rates[i])}\nloss {fmt(found.losses[i])}"
        self.plot.point_at(float(np.log10(found.rates[i])), float(found.smooth[i]), said)

    def as_table(self) -> Table | None:
        found = self.found
        if found is None:
            return None
        rows = zip(found.rates.tolist(), found.losses.tolist(), found.smooth.tolist(), strict=True)
        return Table(("learning rate", "loss", "averaged"), tuple(rows))
