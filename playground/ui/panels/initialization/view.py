"""The initialization lab: layer by layer, six starts at once, and units that begin alike."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.data import Circle, Preparation, prepare
from engine.errors import EngineError
from engine.fit import Fit
from engine.layers import Activation
from engine.propagation import Bench, Ladder, Prediction, Setup, predicted
from engine.symmetry import Paths, paths
from playground.document import edits
from playground.document.project import data_of, problems
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count
from playground.ui.kit.style import MARGIN
from playground.ui.kit.switches import FlowLayout, Tabs, switch
from playground.ui.kit.text import RIGHT, WRONG
from playground.ui.kit.view import Table, View
from playground.ui.kit.widgets import filled, label, named, scroller
from playground.ui.panels.initialization import model
from playground.ui.panels.initialization.computing import Computing
from playground.ui.panels.initialization.controls import StackControls, UnitControls
from playground.ui.panels.initialization.equal import UnitsPicture
from playground.ui.panels.initialization.ladder import LadderKey, LadderPlot
from playground.ui.panels.initialization.starts import StartsPicture

if TYPE_CHECKING:
    from engine.data import Prepared
    from playground.document.project import Project
    from playground.ui.kit.view import Context

LADDER, STARTS, UNITS = "ladder", "starts", "units"
TABS = (
    (
        LADDER,
        "Layer by layer",
        "What the first weights do to a signal on its way forward, and to a gradient on its way back.",
    ),
    (
        STARTS,
        "Six starts",
        "Six ways to begin with four activations, in one picture; a click makes one the project's.",
    ),
    (UNITS, "Equal units", "Why weights must not begin alike."),
)
SAYS = {
    LADDER: (
        "Each dot is how widely a layer's numbers are spread, before any learning. A level line is good; where it falls, the signal or the "
        "gradient dies out on the way, where it rises it explodes."
    ),
    STARTS: (
        "Each picture is a whole stack: blue is the signal on its way forward, violet the gradient on its way back. Level is good: a deep "
        "network can begin to learn. A click begins the project so."
    ),
    UNITS: (
        "Each dot is a hidden unit, placed by its two weights. Units that begin alike get the same gradients, so they stay on top of each "
        "other for ever. Add noise, and they part; drag Moment to see how."
    ),
}
#: updates that units are watched for, and moments that are kept of them
UPDATES, MOMENTS = 3000, 60
#: milliseconds without a move of a slider after which the picture of all starts is made anew
CALM = 250


@cache
def circle() -> Prepared:
    """What units learn where the project's data are of another kind."""
    return prepare(Circle().make(), Preparation())


class InitializationView(View):
    """Sliders at the left, a picture at the right."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("initialization_view")
        self.computing = Computing((LADDER, UNITS, STARTS), self)
        self.computing.done.connect(self._done)
        self._seen: Ladder | None = None
        self._theory: Prediction | None = None
        self._setup: Setup | None = None  # what is drawn
        self._measured_starts: tuple[int, int, int] | None = (
            None  # depth, width and seed of the picture of all
        )
        self._asked_units: object = None
        self._layer = 0  # that is asked about
        self.tabs = Tabs(self, "lab", TABS)
        self.tabs.chosen.connect(self._turn_to)
        self.stack, self.units = StackControls(), UnitControls()
        self.stack.changed.connect(self._changed)
        self.stack.use.clicked.connect(self.use)
        self.stack.own.clicked.connect(self.take_own)
        self.units.changed.connect(self._units_changed)
        self.says = label("lab_says", little=True, muted=True)
        self.words = label("lab_words", little=True)
        self._make_question()
        self.plot, self.key = LadderPlot(context.theme), LadderKey(context.theme)
        self.starts = StartsPicture(context.theme)
        self.pictures = tuple(UnitsPicture(context.theme, name) for name in ("units_equal", "units_noisy"))
        self._paths: tuple[Paths, ...] = ()
        self.starts.taken.connect(self.take_start)
        self._calm = QTimer(self, singleShot=True, interval=CALM)
        self._calm.timeout.connect(self._measure_starts)
        self._lay_out()
        self._turn_to(LADDER)

    def _make_question(self) -> None:
        tip = "Hide what comes after the first layer until you have said what it will be."
        self.predict = switch("predict_first", "predict first", tip, False, lambda on: self._changed())
        self.predict.setMinimumHeight(26)
        self.question, self.feedback = label("lab_question", little=True), label("lab_feedback", little=True)
        self.answers = named(QWidget(), "lab_answers")
        row = FlowLayout(self.answers, gap=6)
        row.addWidget(self.question)
        for word in (model.LARGER, model.SAME, model.SMALLER):
            button = named(QPushButton(word.capitalize()), f"answer_{word.split()[-1]}", f"Answer: {word}")
            button.setFont(small(button.font()))
            button.clicked.connect(partial(self._answer, word))
            row.addWidget(button)
        self.question.setWordWrap(False)
        self.answers.hide()

    def _lay_out(self) -> None:
        self.sides, self.pages = QStackedWidget(), QStackedWidget()
        self.sides.setObjectName("lab_sides")
        self.pages.setObjectName("lab_pages")
        self.sides.addWidget(self.stack)
        self.sides.addWidget(self.units)
        ladder = named(QWidget(), "lab_ladder")
        filled(QVBoxLayout(ladder), self.key, self.plot, gap=2)
        pair = named(QWidget(), "lab_units")
        filled(QHBoxLayout(pair), *self.pictures, gap=8)
        for page in (ladder, self.starts, pair):
            self.pages.addWidget(page)
        left = scroller("lab_scroll", self.sides)
        left.setFixedWidth(318)
        bar = FlowLayout(gap=6)
        for part in (*self.tabs.buttons.values(), self.predict, self.stack.again):
            bar.addWidget(part)
        right = filled(QVBoxLayout(), bar, self.says, self.words, self.answers, self.feedback, gap=3)
        right.addWidget(self.pages, 1)
        filled(QHBoxLayout(self), left, gap=12, margins=(MARGIN, 6, MARGIN, 6)).addLayout(right, 1)

    # --- news ---------------------------------------------------------------------------------------------------------

    def show_project(self, before: Project | None, after: Project) -> None:
        if before is None:
            self.take_own()
        self._ring()
        if before is None or (before.source, before.preparation, before.fit) != (
            after.source,
            after.preparation,
            after.fit,
        ):
            self._asked_units = None
            if self.isVisible():
                self._work()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._work()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._calm.stop()
        self.computing.give_up()
        self._setup = self._asked_units = self._measured_starts = None

    def end(self) -> None:
        self._calm.stop()
        self.computing.stop()

    # --- what is asked ------------------------------------------------------------------------------------------------

    def _turn_to(self, key: str) -> None:
        self.pages.setCurrentIndex([one[0] for one in TABS].index(key))
        self.sides.setCurrentIndex(int(key == UNITS))
        self.predict.setVisible(key == LADDER)
        self.stack.again.setVisible(key != UNITS)
        self._work()

    def _work(self) -> None:
        """Have done what the page that is seen needs."""
        key = self.tabs.key
        self.says.setText(SAYS[key])
        if key == UNITS:
            self._units_changed()
        else:
            self._changed()

    def _changed(self) -> None:
        if not self.isVisible():
            return
        key, chosen = self.tabs.key, self.stack.chosen
        if key == LADDER:
            setup, seed = chosen.setup, chosen.seed
            self.computing.ask(LADDER, [lambda bench: (setup, predicted(setup), bench.measured(setup, seed))])
        elif key == STARTS:
            self.words.setText(
                f"{count(chosen.depth)} layers of {count(chosen.width)} units each, as measured."
            )
            if self._measured_starts != (chosen.depth, chosen.width, chosen.seed):
                self._calm.start()
        self._ask_again()

    def _measure_starts(self) -> None:
        chosen = self.stack.chosen
        asked = self._measured_starts = chosen.depth, chosen.width, chosen.seed
        self.starts.clear()

        def job(row: int, column: int, bench: Bench) -> Any:
            setup = Setup(chosen.depth, chosen.width, 0, model.GATES[row], model.STARTS[column][1])
            return asked, (row, column), bench.measured(setup, chosen.seed)

        self.computing.ask(
            STARTS,
            [
                partial(job, row, column)
                for row in range(len(model.GATES))
                for column in range(len(model.STARTS))
            ],
        )

    def _units_changed(self) -> None:
        """The controls of equal units: another run of them, or another moment of it."""
        if not self.isVisible() or self.tabs.key != UNITS:
            return
        units = self.units
        asked = units.noise.value(), units.start.value(), units.units.value(), units.activation.currentText()
        if asked != self._asked_units:
            self._asked_units = asked
            data, fit, outputs = self._lesson()
            gate = model.CHOICES[asked[3]]
            run = lambda noise: paths(
                data.train, fit, gate, outputs, units=asked[2], start=asked[1] / 100, noise=noise, updates=UPDATES, moments=MOMENTS + 1
            )  # fmt: skip
            noises = (0.0, asked[0] / 100) if asked[0] else (0.0,)
            self.computing.ask(UNITS, [lambda bench: tuple(map(run, noises))])
        self._show_units()

    def _lesson(self) -> tuple[Prepared, Fit, int]:
        """What the units learn: the project's data with two features where it has such, else the circle."""
        project = self.context.document.value
        try:
            data = data_of(project)
            if data.in_shape == (2,) and not problems(project):
                shape = project.network.shapes(data.in_shape)[project.network.output_id]
                return data, project.fit, int(np.prod(shape))
        except EngineError:
            pass
        return circle(), Fit(), 1

    def _lesson_name(self) -> str:
        """What the units learn, in words."""
        project = self.context.document.value
        own = self._lesson()[0] is not circle()
        return f"the project's data ({project.source.label})" if own else "the circle"

    # --- what has come ------------------------------------------------------------------------------------------------

    def _done(self, kind: str, found: Any) -> None:
        if kind == LADDER:
            self._setup, self._theory, self._seen = found
            self._show_ladder()
        elif kind == UNITS:
            self._paths = found
            self._show_units()
        elif found[0] == self._measured_starts:
            self.starts.show_ladder(found[1], found[2])

    def _show_ladder(self) -> None:
        if self._setup is None or self._theory is None or self._seen is None or self.tabs.key != LADDER:
            return
        hidden = self.answers.isVisibleTo(self)
        self.plot.show_ladder(self._setup, self._theory, self._seen, 1 if hidden else None)
        self.words.setText("" if hidden else model.said(self._seen))
        self.words.setVisible(not hidden)

    def _show_units(self) -> None:
        if not self._paths or self.tabs.key != UNITS:
            return
        reach, share = model.extent(*self._paths), self.units.moment.value() / MOMENTS
        for i, picture in enumerate(self.pictures):
            picture.setVisible(i < len(self._paths))
            if i < len(self._paths):
                found = self._paths[i]
                at = round(share * (len(found.steps) - 1))
                name = "With noise" if i else "Without noise"
                picture.show_paths(found, at, f"{name}: {model.units_said(found, at)}", reach)
        step = self._paths[0].steps[round(share * (len(self._paths[0].steps) - 1))]
        more = "" if len(self._paths) > 1 else " Now add noise."
        self.words.setText(f"After {count(int(step))} updates, on {self._lesson_name()}.{more}")
        self.words.show()

    # --- predict first ------------------------------------------------------------------------------------------------

    def _ask_again(self) -> None:
        on = self.predict.isChecked() and self.tabs.key == LADDER
        self._layer, question = model.asked(self.stack.chosen.depth)
        self.question.setText(question)
        self.answers.setVisible(on)
        self.feedback.setVisible(False)
        self.words.setVisible(not on)

    def _answer(self, word: str) -> None:
        if self._setup is None or self._theory is None or self._seen is None:
            return
        right = word in (model.answer(self._theory, self._layer), model.answer(self._seen, self._layer))
        because = model.because(self._setup, self._theory, self._seen, self._layer)
        self.answers.hide()
        self.feedback.setText(f"{RIGHT if right else WRONG} {because}")
        self.feedback.show()
        self._show_ladder()

    # --- the project ----------------------------------------------------------------------------------------------------

    def use(self) -> None:
        """Make what the sliders say the project's."""
        self._start(self.stack.chosen.initializer, None)

    def take_start(self, row: int, column: int) -> None:
        """Make a cell of the picture the project's, and show it on the sliders."""
        self._start(model.STARTS[column][1], model.GATES[row])
        chosen = model.taken(self.stack.chosen, model.STARTS[column][1], model.GATES[row])
        if chosen is not None:
            self.stack.show_chosen(replace(chosen, bias=0.0))

    def _start(self, initializer: Any, gate: Activation | None) -> None:
        document = self.context.document
        document.settle()
        with_gate = (
            f" and {gate.label}" if gate is not None and model.gate_of(document.value) is not None else ""
        )
        document.do(edits.start_with, initializer, gate, text=f"Start with {initializer.label}{with_gate}")

    def take_own(self) -> None:
        """Set the sliders to what the project begins with."""
        project = self.context.document.value
        gate = model.gate_of(project)
        chosen = model.taken(self.stack.chosen, project.fit.initializer, gate)
        if chosen is not None:
            self.stack.show_chosen(chosen)

    def _ring(self) -> None:
        """Show which of the starts is the project's."""
        project = self.context.document.value
        gate = model.gate_of(project)
        row = next((i for i, one in enumerate(model.GATES) if one == gate), None)
        column = next((i for i, (_, one) in enumerate(model.STARTS) if one == project.fit.initializer), None)
        self.starts.show_own(None if row is None or column is None else (row, column))

    def as_table(self) -> Table | None:
        """The spread at each layer, as predicted and as measured."""
        if self._theory is None or self._seen is None:
            return None
        theory, seen = self._theory, self._seen
        names = ("layer", "sum_std_predicted", "sum_std_measured", "gradient_predicted", "gradient_measured")
        return Table(
            names,
            tuple(
                (i + 1, *map(float, row))
                for i, row in enumerate(
                    zip(theory.sums, seen.sums, theory.gradients, seen.gradients, strict=True)
                )
            ),
        )
