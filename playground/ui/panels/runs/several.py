"""Try several values of one setting: the question before it, and the picture after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QIcon, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError, clipped, counted
from engine.spec import Bool, Choice, Float, Int, Nested
from playground.document.paths import Place, in_words, place, places
from playground.document.project import Project
from playground.runner.sweep import Sweep
from playground.runs.plan import Setting, grid, setting
from playground.runs.trial import Result
from playground.ui.kit.dots import Dots
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.points import Look, look
from playground.ui.kit.text import Label
from playground.ui.kit.theme import Theme

#: runs that can be asked for at once: more are for the command line
MOST_RUNS = 500


def suggestion(there: Place, project: Project) -> str:
    """Values worth trying, as ``runs/plan.py`` reads them; "" where nothing can be said."""
    value, kind = there.value, there.kind
    match kind:
        case Bool():
            return "false,true"
        case Choice(options=options):
            return ",".join(options)
        case Nested(registry=registry):
            family = registry.by_category().get(getattr(value, "category", ""), ())
            found = [cls.key for cls in family if not any(p.required for p in cls.params())]
            return ",".join((["none"] if kind.optional else []) + found)
        case Int(min=low, max=high):
            near = {max(value // 2, low or 0), value, 2 * value or 1}
            return ",".join(str(n) for n in sorted(near) if high is None or n <= high)
        case Float(min=low, max=high, open_min=above, log=by_factors):
            if by_factors and value > 0:
                top = min(10 * value, high) if high is not None else 10 * value
                return f"log:{value / 100:g}..{top:g}/4"
            if low is not None and high is not None and not above and high - low <= 1:
                return f"{low:g}..{min(high, 0.9 if high == 1 else high):g}/4"
            return ",".join(f"{x:g}" for x in (value / 2, value, 2 * value or 0.1))
    return ""


class SeveralDialog(QDialog):
    """Asks what to try, and says beforehand how many runs that is and how long they take."""

    asked = Signal(object)  #: a Sweep

    def __init__(
        self, project: Project, path: str, epochs: int, speed: float | None, parent: QWidget | None = None
    ) -> None:
        """``speed``: seconds that an epoch takes, where that is known."""
        super().__init__(parent)
        self.setObjectName("several_dialog")
        self.setWindowTitle("Try Several")
        self._project, self._speed = project, speed
        self._sweep: Sweep | None = None
        self.path = QComboBox()
        self.path.setObjectName("several_path")
        self.path.setAccessibleName("Setting to vary")
        self.path.setToolTip("What is different from run to run; all else stays as it is.")
        for there in places(project):
            if suggestion(there, project) and there.path != "seed":
                self.path.addItem(f"{there.path}  ({in_words(there.value)})", there.path)
        self.values = QLineEdit()
        self.values.setObjectName("several_values")
        self.values.setAccessibleName("Values to try")
        self.values.setToolTip(
            "Values with commas between them; a range in so many steps, such as 0..0.5/4; or by factors, such as log:1e-4..1/5."
        )
        self.seeds, self.epochs = QSpinBox(), QSpinBox()
        for box, name, words, most, value in (
            (self.seeds, "several_seeds", "Seeds for each value", 50, 1),
            (self.epochs, "several_epochs", "Epochs of each run", 1_000_000, epochs),
        ):
            box.setObjectName(name)
            box.setAccessibleName(words)
            box.setToolTip(f"{words}.")
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setRange(1, most)
            box.setValue(value)
            box.valueChanged.connect(self._check)
        self.words = Label()
        self.words.setObjectName("several_words")
        self.words.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(
            QIcon()
        )  # as elsewhere, words alone
        self.start = self.buttons.addButton("Start", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setObjectName("several_start")
        self.start.setProperty("primary", True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.path.currentIndexChanged.connect(self._suggest)
        self.values.textChanged.connect(self._check)
        self.path.setCurrentIndex(max(self.path.findData(path), 0))
        self._suggest()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(8)
        for words, field in (
            ("Setting", self.path),
            ("Values", self.values),
            ("Seeds", self.seeds),
            ("Epochs", self.epochs),
        ):
            form.addRow(Label(words), field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self.words)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.resize(460, 260)

    def _suggest(self) -> None:
        path = self.path.currentData()
        self.values.setText(suggestion(place(self._project, path), self._project) if path else "")
        self._check()

    def _check(self) -> None:
        """Say what will be done, or why it cannot."""
        self._sweep = None
        try:
            asked = (setting(self._project, f"{self.path.currentData()}={self.values.text()}"),)
            first = self._project.seed
            sweep = Sweep(
                self._project,
                asked,
                grid(asked),
                tuple(range(first, first + self.seeds.value())),
                self.epochs.value(),
            )
            runs = len(sweep.points) * len(sweep.seeds)
            if runs > MOST_RUNS:
                self.words.setText(
                    f"{counted(runs, 'run')} are more than the {MOST_RUNS} that the window makes. Try fewer, or use playground sweep."
                )
            elif sweep.trials:
                self._sweep = sweep
                self.words.setText(f"{counted(runs, 'run')}: {self._named(sweep)}.{self._time(runs)}")
        except EngineError as error:
            self.words.setText(str(error))
        self.start.setEnabled(self._sweep is not None)

    def _named(self, sweep: Sweep) -> str:
        values = [in_words(point[0]) for point in sweep.points]
        return clipped(", ".join(values), 120) + (
            f", {len(sweep.seeds)} seeds each" if len(sweep.seeds) > 1 else ""
        )

    def _time(self, runs: int) -> str:
        if self._speed is None:
            return ""
        seconds = runs * self.epochs.value() * self._speed
        return f" That takes about {f'{seconds:.0f} s' if seconds < 90 else f'{seconds / 60:.0f} min'}."

    def _take(self) -> None:
        if self._sweep is not None:
            self.asked.emit(self._sweep)
            self.accept()


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
        self._results: dict[str, Result] = {}
        self._x: list[float] = []
        self.probed.connect(self._probe)
        self.hide()
        theme.follow(self.redraw)

    def show_sweep(self, sweep: Sweep | None, results: dict[str, Result]) -> None:
        self._sweep, self._results = sweep, results
        self.setVisible(sweep is not None)
        self.redraw()

    def _places(self, one: Setting, values: Sequence[Any]) -> list[float]:
        """Where each value stands on the axis: itself, its logarithm, or for choices its number."""
        numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(numbers) < len(values):
            return [float(i) for i in range(len(values))]
        return [math.log10(v) for v in numbers] if one.log else [float(v) for v in numbers]

    def redraw(self) -> None:
        if self._sweep is None or not hasattr(self, "_crosses"):
            return
        sweep, theme = self._sweep, self.theme
        one, values = sweep.settings[0], [point[0] for point in sweep.points]
        self._x, per_point = self._places(one, values), len(sweep.seeds)
        self.bottom.setLogMode(one.log)
        self.set_labels(one.path, "best loss")
        dots, crosses, middles = [], [], []
        for x, start in zip(self._x, range(0, len(sweep.digests), per_point), strict=True):
            found = [self._results[d] for d in sweep.digests[start : start + per_point] if d in self._results]
            sound = [math.log10(r.score) for r in found if 0 < r.score < math.inf]
            dots += [(x, y) for y in sound]
            crosses += [x] * sum(math.isinf(r.score) for r in found)
            middles.append(float(np.median(sound)) if sound else math.nan)
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
        order = np.argsort(self._x)
        self._line.set_data(np.array(self._x)[order], np.array(middles)[order])

    def _probe(self, at: tuple[float, float] | None) -> None:
        """The value next to the cursor, and what came of it."""
        if at is None or self._sweep is None or not self._x:
            return
        i = int(np.abs(np.array(self._x) - at[0]).argmin())
        per_point = len(self._sweep.seeds)
        digests = self._sweep.digests[i * per_point : (i + 1) * per_point]
        scores = [self._results[d].score for d in digests if d in self._results]
        said = ", ".join("failed" if math.isinf(s) else fmt(s) for s in scores[:5]) or "not done"
        self.point_at(self._x[i], at[1], f"{in_words(self._sweep.points[i][0])}\n{said}", horizontal=False)
