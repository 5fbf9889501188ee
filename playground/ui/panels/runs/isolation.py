"""The best loss of each run over the value that one setting had in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtGui import QBrush, QColor, QPen

from playground.document.paths import in_words
from playground.runner.sweep import Sweep
from playground.runs.plan import Setting
from playground.runs.trial import Result
from playground.ui.kit.dots import Dots
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import Look, look
from playground.ui.kit.theme import Theme

#: how many times as large as the smallest a largest number is that is far from it
FAR = 30


def places_of(one: Setting, values: Sequence[Any]) -> list[float]:
    """Where each value stands on an axis: itself, its logarithm, or for choices the number of its kind."""
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        kinds = list(dict.fromkeys(map(in_words, (*one.values, *values))))
        return [float(kinds.index(in_words(v))) for v in values]
    return [math.log10(v) for v in numbers] if by_factors(one, values) else [float(v) for v in numbers]


def by_factors(one: Setting, values: Sequence[Any]) -> bool:
    """Whether values are to be seen by factors: a range that is walked so, or numbers that are far apart."""
    numbers = [v for v in (*one.values, *values) if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values) + len(one.values) or not numbers or min(numbers) <= 0:
        return False
    return one.log or max(numbers) >= FAR * min(numbers)


class Isolation(Plot):
    """The best loss of each run over the value it had: dots, their median as a line, and crosses for what came to no sound end."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "runs_isolation")
        self.setAccessibleName("Best loss by value")
        self.left.setLogMode(True)
        self._line, self._dots, self._crosses = Line(), Dots(), Dots()
        for item in (self._line, self._dots, self._crosses):
            self.box.addItem(item, ignoreBounds=True)
        self._sweep: Sweep | None = None
        self._results: Mapping[str, Result] = {}
        self._which = 0
        self._x: list[float] = []
        self.probed.connect(self._probe)
        theme.follow(self.redraw)

    def show_sweep(self, sweep: Sweep | None, results: Mapping[str, Result], which: int = 0) -> None:
        """Show the runs over the setting number ``which``."""
        self._sweep, self._results, self._which = sweep, results, which
        self.redraw()

    def show_setting(self, which: int) -> None:
        self._which = which
        self.redraw()

    def redraw(self) -> None:
        if self._sweep is None or not hasattr(self, "_crosses"):
            return
        sweep, theme = self._sweep, self.theme
        which = min(self._which, len(sweep.settings) - 1)
        one, values = sweep.settings[which], [point[which] for point in sweep.points]
        self._x, per_point = places_of(one, values), len(sweep.seeds)
        self.bottom.setLogMode(by_factors(one, values))
        self.set_labels(one.path, "best loss")
        dots, crosses, by_place = [], [], dict[float, list[float]]()
        for x, start in zip(self._x, range(0, len(sweep.digests), per_point), strict=True):
            found = [self._results[d] for d in sweep.digests[start : start + per_point] if d in self._results]
            sound = [math.log10(r.score) for r in found if 0 < r.score < math.inf]
            dots += [(x, y) for y in sound]
            crosses += [x] * sum(math.isinf(r.score) for r in found)
            by_place.setdefault(x, []).extend(sound)
        heights = [y for _, y in dots]
        low, high = (min(heights), max(heights)) if heights else (-1.0, 0.0)
        room = 0.12 * max(high - low, 0.3)
        wide = 0.06 * (max(self._x) - min(self._x) or 1.0)
        self.set_range((min(self._x) - wide, max(self._x) + wide), (low - room, high + 2 * room))
        self._dots.fill(np.array(dots).reshape(-1, 2), [look(theme, "validation", theme.accent)])
        # At the upper edge: how bad they are has no number.
        pen = QPen(QColor(theme.error), 2.0)
        pen.setCosmetic(True)
        cross = Look("x", pen, QBrush(QColor(theme.error)), 9.0)
        top = np.full(len(crosses), high + 1.4 * room)
        self._crosses.fill(np.column_stack([np.array(crosses, float), top]), [cross])
        self._line.style(theme.accent, weight=2)
        # Of points that were drawn each has a value of its own: a line between them would say nothing.
        across = sorted(by_place) if len(sweep.settings) == 1 or len(by_place) < len(sweep.points) else []
        middles = [float(np.median(by_place[x])) if by_place[x] else math.nan for x in across]
        self._line.set_data(np.array(across), np.array(middles))

    def _probe(self, at: tuple[float, float] | None) -> None:
        """The value next to the cursor, and what came of it."""
        if at is None or self._sweep is None or not self._x:
            return
        i = int(np.abs(np.array(self._x) - at[0]).argmin())
        per_point = len(self._sweep.seeds)
        digests = self._sweep.digests[i * per_point : (i + 1) * per_point]
        scores = [self._results[d].score for d in digests if d in self._results]
        said = ", ".join("failed" if math.isinf(s) else fmt(s) for s in scores[:5]) or "not done"
        self.point_at(
            self._x[i], at[1], f"{in_words(self._sweep.points[i][self._which])}\n{said}", horizontal=False
        )
