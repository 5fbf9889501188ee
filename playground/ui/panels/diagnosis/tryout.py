"""What the coach advises, tried on a copy beside the original; and cheap experiments. Nothing of the run changes until one is kept."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.coach.experiments import EXPERIMENTS, Evidence
from playground.document import edits
from playground.document.change import TRAINED, diff
from playground.runner.beside import Beside
from playground.runner.messages import Frame, Save
from playground.runner.race import Origin, RaceView
from playground.runs.kept import Kept
from playground.runs.trial import Trial
from playground.ui.kit.run_curves import Group, Key, RunCurves
from playground.ui.kit.small_plot import SmallPlot
from playground.ui.kit.style import GAP
from playground.ui.kit.surfaces import Surfaces
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.text import Label, button_text
from playground.ui.panels.diagnosis.outcome import outcome, under_way

if TYPE_CHECKING:
    from engine.coach import Advice
    from engine.problems import Remedy
    from playground.document.project import Project
    from playground.ui.kit.view import Context

#: epochs that a copy is trained at most, and seconds that both take together; milliseconds between two looks at them
EPOCHS, SECONDS, LOOK = 200, 12.0, 100
#: pixels of the pictures
HEIGHT = 176


class Tryout(QFrame):
    """Runs a remedy, or an experiment, in a process of its own; hidden while there is nothing to show. ``grown``: it wants to be seen."""

    grown = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("tryout")
        self.setProperty("card", True)
        self._context, self.beside = context, Beside()
        self._folder: Path | None = None
        self._numbers = count(-1, -1)  # of orders to save: those of the window are positive
        self._waiting: tuple[int, Callable[[str], object]] | None = None
        self._pair: tuple[Project, Project] | None = None
        self._kept = Kept(Path())
        self._view: RaceView | None = None
        self._name, self._origin_at = "", 0
        self._edits: tuple[Remedy, ...] = ()
        self._keeping = False
        self.title, self.words = Label(), Label()
        self.title.setObjectName("tryout_title")
        self.title.setProperty("strong", True)
        self.words.setObjectName("tryout_words")
        for label in (self.title, self.words):
            label.setWordWrap(True)
        self.key = Key(context.theme, "tryout_key")
        self.curves = RunCurves(context.theme, "tryout_plot", "")
        self.surfaces = Surfaces(context.theme, "tryout_surface")
        self.plot = SmallPlot(context.theme, "tryout_evidence")
        self.keep = _button(
            "tryout_keep",
            "Keep it",
            "Make the copy the current run, weights and all. Undo brings the old one back.",
        )
        self.keep.setProperty("primary", True)
        self.discard = _button(
            "tryout_discard", "Discard", "Give the copy up; the project and its run are as they were."
        )
        self.keep.clicked.connect(self.keep_it)
        self.discard.clicked.connect(self.give_up)
        self._follow = QHBoxLayout()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self.beside.stop)
        self.hide()

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(GAP)
        left = QWidget()
        left.setObjectName("tryout_curves")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.key)
        column.addWidget(self.curves, 1)
        self._pictures = QWidget()
        self._pictures.setObjectName("tryout_pictures")
        self._pictures.setFixedHeight(HEIGHT)
        self._pictures.setLayout(pictures)
        pictures.setContentsMargins(0, 0, 0, 0)
        pictures.addWidget(left, 3)
        pictures.addWidget(self.surfaces, 4)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title, 1)
        head.addLayout(self._follow)
        head.addWidget(self.keep)
        head.addWidget(self.discard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        for part in (self.words, self._pictures, self.plot):
            layout.addWidget(part)

    # --- asking -------------------------------------------------------------------------------------------------------

    def try_remedy(self, remedy: Remedy, advice: Advice, step: int) -> None:
        """Train the project with and without ``remedy``, beside each other; ``step``: where the run stands."""
        self._context.document.settle()
        now = self._context.document.value
        mended = edits.mend(now, remedy)
        if diff(now.replace(seed=mended.seed), mended).touches(TRAINED):
            mended = mended.replace(
                seed=now.seed
            )  # the same first weights and order, so that only the remedy differs
        change = diff(now, mended)
        self._begin(f"Trying: {remedy.text}")
        if mended == now or not change.touches(TRAINED):
            self._say(f"{remedy.text} would change nothing here.")
            return
        self._pair, self._name = (now, mended), remedy.text
        anew = change.draws_anew or "network" in change.parts or step == 0
        if anew:
            self._origin_at = 0
            self._race(None, EPOCHS)
        else:
            at = advice.sane
            self._put_aside(now, lambda file: self._race(Origin(file, now, at), at + EPOCHS))

    def ask(self, key: str, step: int, epoch: int) -> None:
        """Make an experiment; ``step``, ``epoch``: where the run stands."""
        self._context.document.settle()
        now, one = self._context.document.value, EXPERIMENTS[key]
        self._begin(one.title)
        self._pair = None
        trial = Trial(now, now.seed, max(epoch, 1))

        def go(origin: Origin | None) -> None:
            self.beside.ask(key, trial, origin)
            self._timer.start()

        if step and key == "half-step":
            self._put_aside(now, lambda file: go(Origin(file, now, 1 << 40)))
        else:
            go(None)

    def _begin(self, title: str) -> None:
        self._forget()
        self.title.setText(title)
        self.words.setText("A copy is being made ready …")
        for part in (self._pictures, self.keep, self.plot):
            part.hide()
        self.discard.setText("Stop")
        self.show()
        self.grown.emit()

    def _put_aside(self, project: Project, then: Callable[[Path], object]) -> None:
        """Have the run written to a file, and go on with it."""
        number, file = next(self._numbers), self._room() / "origin.chainrule"

        def saved(refusal: str) -> None:
            if refusal:
                self._say(refusal)
            else:
                then(file)

        self._waiting = (number, saved)
        self._context.send(Save(number, project, file))

    def _race(self, origin: Origin | None, epochs: int) -> None:
        if self._pair is None:
            return
        pair = tuple(Trial(one, one.seed, epochs) for one in self._pair)
        self._kept = Kept(self._room() / "copies")
        self._pictures.show()
        self.grown.emit()
        self.surfaces.clear()
        self.curves.show_groups(())
        self.key.show_groups(())
        self.beside.start([pair], False, self._kept.folder, origin, SECONDS)
        self._timer.start()

    def _room(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="playground-try-"))
        return self._folder

    # --- hearing ------------------------------------------------------------------------------------------------------

    def show_frame(self, frame: Frame) -> None:
        """Hear whether the run has been put aside."""
        if self._waiting is not None:
            number, then = self._waiting
            found = next((one for one in frame.saved if one.number == number), None)
            if found is not None:
                self._waiting = None
                then(found.refusal)

    def _look(self) -> None:
        view = self.beside.take()
        if view is None:
            return
        if isinstance(view, Evidence):
            self._evidence(view)
        else:
            self._raced(view)
        if view.over:
            self._timer.stop()
            self.discard.setText("Discard" if self.keep.isVisibleTo(self) else "Close")

    def _evidence(self, one: Evidence) -> None:
        if not one.over:
            self.words.setText(f"{round(100 * one.done)} % done …")
            return
        self.words.setText(one.message or one.words)
        self.plot.show_picture(one.picture)
        self.grown.emit()
        for remedy in one.remedies:
            button = _button("tryout_follow", remedy.text, "An edit of the project; Undo takes it back.")
            button.clicked.connect(
                lambda _=False, remedy=remedy: self._context.document.edit(edits.mend, remedy)
            )
            self._follow.addWidget(button)

    def _raced(self, view: RaceView) -> None:
        if view.message and not view.lanes:
            self.words.setText(view.message)
            return
        if self._pair is None:
            return
        self._view = view
        names = ("as it is", self._name)
        groups = [Group(name, (np.array(lane.rows),)) for name, lane in zip(names, view.lanes, strict=False)]
        # Learning shows in the training loss where there is nothing else to judge by.
        self.key.show_groups(groups)
        self.curves.show_groups(groups)
        if len(view.lanes) > 1:
            a, b = view.lanes[:2]
            self.surfaces.show_pair(self._pair[0], a.surface, self._pair[1], b.surface)
        said = outcome(self._pair, view, self._name) if view.over else under_way(view)
        self.words.setText(f"{said} {view.message}".strip())
        if view.over:
            self.title.setText(f"Tried: {self._name}")
            self.keep.setVisible(self._copy() is not None)

    def _copy(self) -> Path | None:
        """The file of the mended run, where there is one."""
        if self._view is None or len(self._view.lanes) < 2:
            return None
        file = self._kept.run_file(self._view.lanes[1].key)
        return file if file.exists() else None

    # --- ending -------------------------------------------------------------------------------------------------------

    def keep_it(self) -> None:
        """Make the copy the current run; one edit, which undo takes back with the run before it."""
        file, pair = self._copy(), self._pair
        if file is None or pair is None:
            return
        now = self._context.document.value
        after = pair[1].replace(
            name=now.name, notes=now.notes, memory=now.memory, meant=now.meant, human_error=now.human_error
        )
        self._keeping = True
        try:
            self._context.document.take_up(after, file, f"Keep {self._name[:1].lower()}{self._name[1:]}")
        finally:
            self._keeping = False
        self._timer.stop()
        self.hide()  # its file stays until the next one: the run is read from it

    def give_up(self) -> None:
        """Everything is as it was."""
        self._forget()
        self.hide()

    def show_project(self, before: Project | None, after: Project) -> None:
        """What was tried was about another project."""
        if (
            before is not None
            and not self._keeping
            and not self.isHidden()
            and diff(before, after).touches(TRAINED)
        ):
            self.give_up()

    def end(self) -> None:
        self._forget()
        self.beside.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.discard.setText("Close")

    def _forget(self) -> None:
        if self.beside.running:
            self.beside.cancel()
        self._timer.stop()
        self._waiting, self._view, self._pair = None, None, None
        self.plot.show_picture(None)
        while (item := self._follow.takeAt(0)) is not None:
            button = item.widget()
            if button is not None:
                button.hide()
                button.deleteLater()


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(button_text(text))
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button


class Experiments(QWidget):
    """A button for each experiment."""

    def __init__(self, ask: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("experiments")
        row = FlowLayout(self, gap=6)
        label: QLabel = Label("Ask by experiment:")
        label.setProperty("muted", True)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(label)
        self.buttons = {}
        for key, one in EXPERIMENTS.items():
            button = _button(f"experiment_{key}", one.title, one.question)
            button.clicked.connect(lambda _=False, key=key: ask(key))
            row.addWidget(button)
            self.buttons[key] = button
        label.setMinimumHeight(max(button.sizeHint().height() for button in self.buttons.values()))
