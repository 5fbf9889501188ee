"""The panel of runs: one edit tried beside what was before, all that was tried, and whether it was luck."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QVBoxLayout, QWidget

from engine.errors import clipped, counted
from playground.document import files
from playground.document.change import TRAINED, diff
from playground.document.files import FileError
from playground.document.paths import in_words
from playground.document.project import problems
from playground.runner.beside import Beside
from playground.runner.messages import Load
from playground.runner.race import RaceView, weights_apart
from playground.runner.sweep import Sweep, extension
from playground.runs.files import weights_in
from playground.runs.kept import Entry, Kept, differs, table
from playground.runs.luck import LEAST
from playground.runs.plan import in_a_row
from playground.runs.trial import Result, Trial
from playground.ui.kit.places import runs_of
from playground.ui.kit.questions import ask_where
from playground.ui.kit.run_curves import LETTERS, MOST, Group, Key, RunCurves
from playground.ui.kit.small_plot import SmallPlot
from playground.ui.kit.style import MARGIN
from playground.ui.kit.surfaces import Surfaces
from playground.ui.kit.text import Label
from playground.ui.kit.view import View
from playground.ui.panels.runs.bar import MOST_EPOCHS, ControlBar
from playground.ui.panels.runs.model import RunsModel
from playground.ui.panels.runs.several import SeveralDialog
from playground.ui.panels.runs.sweep_pictures import SweepPictures
from playground.ui.panels.runs.table import RunsTable
from playground.ui.panels.runs.words import (
    apart_picture,
    missing,
    not_comparable,
    one_run,
    parting,
    tried,
    verdict,
)

if TYPE_CHECKING:
    from engine.coach.picture import Picture
    from playground.document.project import Project
    from playground.runner.messages import Frame
    from playground.ui.kit.view import Context

#: milliseconds between two looks at what is trained beside
LOOK = 150
#: bytes of two runs' files up to which they are read as they are chosen
READ_AT_ONCE = 4 << 20
NOTHING = "Change one thing, then press Run beside: the project before the edit (A) and after it (B) train side by side, with the same data, seed and batches."


class RunsView(View):
    """Table, curves and surfaces of runs beside each other."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("runs_view")
        self.beside, self.kept = Beside(), Kept(runs_of(context.document))
        self._pair: tuple[Project, ...] = ()  # what is or was run beside last: A and B, or one alone
        self._race: RaceView | None = None
        self._keys_done: tuple[str, ...] = ()
        self._speed: float | None = None  # seconds that an epoch of the run in the window takes
        self._said = ""  # of the edit that is to come, in place of what is offered after others
        self.model = RunsModel(self)
        self.model.edited.connect(self._annotate)
        self.table = RunsTable(self.model)
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        self.table.delete_key.triggered.connect(self.delete_chosen)
        self.bar = ControlBar()
        self._connect_bar()
        self.curves, self.key, self.surfaces = (
            RunCurves(context.theme),
            Key(context.theme),
            Surfaces(context.theme),
        )
        self.sweeps = SweepPictures(context.theme, self._pictured)
        self.sweeps.chosen.connect(lambda key: self.table.choose([key]))
        self.isolation = self.sweeps.isolation
        self.apart = SmallPlot(context.theme, "runs_apart")
        self._sweep: Sweep | None = None  # what is or was tried last, where that was several values
        self._under_way: tuple[Trial, ...] = ()  # of these what was not done
        self._drawn: tuple[str, ...] = ()
        self.words = Label(NOTHING)
        self.words.setObjectName("runs_words")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self.beside.stop)

    # --- what is on it ------------------------------------------------------------------------------------------------

    def _connect_bar(self) -> None:
        bar = self.bar
        for button, act in (
            (bar.run, self.run_beside),
            (bar.seeds, self.run_seeds),
            (bar.several, self.try_several),
            (bar.go_on, self.go_on),
            (bar.extend, self.extend),
            (bar.cancel, self.stop),
            (bar.keep, self.keep_chosen),
        ):
            button.clicked.connect(lambda _, act=act: act())
        bar.filter.textChanged.connect(self.table.sorted.seek)

    def _lay_out(self) -> None:
        right = QWidget()
        right.setObjectName("runs_pictures")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.key)
        pictures = QHBoxLayout()
        pictures.addWidget(self.curves, 3)
        pictures.addWidget(self.surfaces, 4)
        pictures.addWidget(self.sweeps, 4)
        pictures.addWidget(self.apart)
        column.addLayout(pictures, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("runs_split")
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        layout.addWidget(split, 1)

    # --- news ---------------------------------------------------------------------------------------------------------

    def show_project(self, before: Project | None, after: Project) -> None:
        folder = runs_of(self.context.document)
        if before is None or folder != self.kept.folder:
            self.stop()
            self._pair, self._race, self._sweep = (), None, None
            self.kept = Kept(folder)
            self.kept.read()
            self.model.show_project(after)
            self._list()
            self.words.setText(NOTHING)
            self._show_chosen()
        else:
            self.model.show_project(after)
        if before is None or before.fit.epochs != after.fit.epochs:
            self.bar.epochs.setValue(min(after.fit.epochs, MOST_EPOCHS))
        old, said_before = self._old(), self._said
        self._said = ""
        if said_before:
            self.words.setText(said_before)
        elif old is not None and not self.beside.running:
            said = clipped(diff(old, after).words, 160)
            self.words.setText(
                f"A: before the last edit. B: now ({said}). Press Run beside to see which is better."
            )
        self._enable()

    def show_frame(self, frame: Frame) -> None:
        if frame.epochs_per_second > 0:
            self._speed = 1 / frame.epochs_per_second

    def _old(self) -> Project | None:
        """The project before the last edit, where that makes a difference to training."""
        old, now = self.context.document.edited_from(), self.context.document.value
        return old if old is not None and diff(old, now).touches(TRAINED) else None

    def _enable(self) -> None:
        can_run = not problems(self.context.document.value)
        self.bar.enable(can_run, self.beside.running, self._best_chosen() is not None)
        results = self._results() if self._sweep is not None and not self.beside.running else {}
        left = len(missing(self._sweep, results)) if self._sweep is not None and results else 0
        more = None if left or self._sweep is None or not results else extension(self._sweep, results)
        self.bar.offer(
            left, 0 if more is None or self._sweep is None else len(more.points) - len(self._sweep.points)
        )

    # --- running ------------------------------------------------------------------------------------------------------

    def run_beside(self) -> None:
        """Train the project before the last edit, and the present one, beside each other."""
        self.context.document.settle()
        old, now = self._old(), self.context.document.value
        self._start((now,) if old is None else (old, now), 1)

    def run_pair(self, other: Project) -> None:
        """Train another project and the present one beside each other."""
        self.context.document.settle()
        self._start((other, self.context.document.value), 1)

    def run_against(self, entry: Entry) -> None:
        """Train a run of the table anew, beside the present project."""
        self.run_pair(entry.trial.seeded)

    def run_seeds(self) -> None:
        """Train what was beside each other last with several seeds; the edit, or the project alone, where nothing was."""
        self.context.document.settle()
        old, now = self._old(), self.context.document.value
        pair = self._pair if self._pair and self._pair[-1] is now else ((now,) if old is None else (old, now))
        self._start(pair, LEAST)

    def _start(self, pair: tuple[Project, ...], seeds: int) -> None:
        self._pair, first = pair, pair[-1].seed
        # B has A's seed, unless that is what was changed.
        own = len(pair) > 1 and not diff(pair[0].replace(seed=0), pair[1].replace(seed=0)).touches(TRAINED)
        heats = [
            tuple(Trial(one, (one.seed if own else first) + more, self.bar.epochs.value()) for one in pair)
            for more in range(seeds)
        ]
        self._sweep = None
        self._begin(heats)

    def _begin(self, heats: Sequence[tuple[Trial, ...]]) -> None:
        if problems(self.context.document.value):  # such as data that may not be read without a question
            return
        self._race, self._keys_done = None, ()
        self.table.clearSelection()
        self.sweeps.show_sweep(self._sweep, self._results())
        if self._sweep is not None:
            self.surfaces.clear()
        self.beside.start(heats, self.bar.by_time, self.kept.folder)
        self._timer.start()
        self.words.setText("Training beside begins …")
        self._enable()

    def try_several(self, path: str = "fit.optimizer.lr") -> None:
        """Ask which values of a setting to try, and try them."""
        self.context.document.settle()
        newest = next(reversed(self.kept.entries.values()), None)
        speed = newest.result.seconds / max(newest.result.epoch, 1) if newest is not None else self._speed
        dialog = SeveralDialog(self.context.document.value, path, self.bar.epochs.value(), speed, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.asked.connect(self._try)
        dialog.open()

    def _try(self, sweep: Sweep) -> None:
        """Train what is missing of ``sweep``: what was done before, in whatever way, is not done again."""
        self._pair, self._sweep = (), sweep
        self._under_way = missing(sweep, self._results())
        if self._under_way:
            self._begin([(one,) for one in self._under_way])
        else:
            self.sweeps.show_sweep(sweep, self._results())
            self.table.choose(sweep.digests)
            self.words.setText(tried(sweep, self._results()))
            self._enable()

    def go_on(self) -> None:
        """Train what is missing of what was tried last."""
        if self._sweep is not None:
            self._try(self._sweep)

    def extend(self) -> None:
        """Try more values beyond the border at which the best lies."""
        more = None if self._sweep is None else extension(self._sweep, self._results())
        if more is not None:
            self._try(more)

    def _pictured(self, sweep: Sweep, number: int) -> QImage | None:
        """What a run of a sweep has learned, over the plane."""
        return self.surfaces.picture(sweep.trials[number].seeded, self.kept.surface(sweep.digests[number]))

    def end(self) -> None:
        self._timer.stop()
        self.beside.stop()

    def stop(self) -> None:
        """Give up what is trained beside."""
        if self.beside.running:
            self.beside.cancel()
            self.words.setText("Stopped; runs that had come to their end are in the table.")
        self._timer.stop()
        self._race = None
        self._enable()

    def _look(self) -> None:
        """Take in what the process has reported."""
        view = self.beside.take()
        if not isinstance(view, RaceView):
            return
        self._race = view
        if view.done != self._keys_done:
            for key in view.done[len(self._keys_done) :]:
                self.kept.take(key)
            self._keys_done = view.done
            self._list()
        if view.over:
            self._timer.stop()
            self._finished(view)
        else:
            self._show_race(view)
        self._enable()

    def _results(self) -> dict[str, Result]:
        return {key: entry.result for key, entry in self.kept.entries.items()}

    def _show_sweep(self, sweep: Sweep, view: RaceView) -> None:
        """How far several values have come."""
        if view.done != self._drawn:
            self._drawn = view.done
            self.sweeps.show_sweep(sweep, self._results())
        at = sweep.digests.index(self._under_way[view.heat].digest) if self._under_way else 0
        name = in_a_row(sweep.settings, sweep.points[at // len(sweep.seeds)])
        self._draw([Group(name, (np.array(lane.rows),)) for lane in view.lanes])
        self.words.setText(f"Run {view.heat + 1} of {view.heats}: {name}. {view.message}")

    def _show_race(self, view: RaceView) -> None:
        if self._sweep is not None:
            self._show_sweep(self._sweep, view)
            return
        names = self._pair_names()
        groups = [Group(name, (np.array(lane.rows),)) for name, lane in zip(names, view.lanes, strict=False)]
        self._draw(groups)
        lanes = [lane.surface for lane in view.lanes]
        self.model.mark({lane.key: letter for letter, lane in zip(LETTERS, view.lanes, strict=False)})
        if len(self._pair) > 1 and len(lanes) > 1:
            self.surfaces.show_pair(self._pair[0], lanes[0], self._pair[1], lanes[1])
        elif lanes:
            self.surfaces.show_pair(self._pair[0], lanes[0], self._pair[0], None)
        self.apart.show_picture(apart_picture(view.apart))
        at = " and ".join(
            f"{letter} at epoch {lane.epoch:,}" for letter, lane in zip(LETTERS, view.lanes, strict=False)
        )
        seed = f"Seed {view.heat + 1} of {view.heats}. " if view.heats > 1 else ""
        self.words.setText(f"{seed}{at} of {self.bar.epochs.value():,}. {parting(view)}{view.message}")

    def _pair_names(self) -> list[str]:
        if len(self._pair) < 2:
            return ["now"]
        return ["before", diff(self._pair[0], self._pair[1]).words or "now"]

    def _finished(self, view: RaceView) -> None:
        """Choose what has been trained, and say which is better."""
        self.table.choose(view.done)
        if self._sweep is not None:
            self.sweeps.show_sweep(self._sweep, self._results())
            self.words.setText(f"{tried(self._sweep, self._results())} {view.message}".strip())
            return
        said = self._verdict()
        parted = parting(view) if view.heats == 1 else ""
        alone = "" if said or not view.done else one_run(self.kept.entries[view.done[-1]])
        self.words.setText(f"{said}{alone} {parted}{view.message}".strip() or "Nothing was trained.")

    # --- the table ----------------------------------------------------------------------------------------------------

    def _list(self) -> None:
        self.model.show(list(self.kept.entries.values())[::-1])

    def groups(self) -> list[list[Entry]]:
        """The chosen runs, those that differ only in their seed together: A first, where it is known what that is."""
        found: list[list[Entry]] = []
        for entry in self.table.chosen():
            mates = next((g for g in found if _alike(g[0], entry)), None)
            if mates is None:
                found.append([entry])
            else:
                mates.append(entry)
        if self._pair:
            found.sort(
                key=lambda g: diff(self._pair[0].replace(seed=0), g[0].trial.project.replace(seed=0)).touches(
                    TRAINED
                )
            )
        return found[:MOST]

    def _show_chosen(self) -> None:
        self._enable()
        if self.beside.running:
            return
        groups, now = self.groups(), self.context.document.value
        base = groups[0][0].trial.project if groups else now
        values = self._tried()
        names = [
            values[g[0].key]
            if g[0].key in values
            else "before"
            if i == 0 and self._pair and len(groups) > 1
            else differs(g[0], base if i else now)
            for i, g in enumerate(groups)
        ]
        self._draw(
            [
                Group(name, tuple(np.array(entry.result.rows) for entry in group))
                for name, group in zip(names, groups, strict=True)
            ]
        )
        several = groups if len(groups) > 1 else []
        self.model.mark(
            {one.key: letter for letter, group in zip(LETTERS, several, strict=False) for one in group}
        )
        if not groups:
            self.surfaces.clear()
            self.apart.show_picture(None)
            return
        a = groups[0][0]
        others = groups[1] if len(groups) > 1 else []
        b = next((one for one in others if one.trial.seed == a.trial.seed), others[0] if others else None)
        if self._sweep is not None and self.sweeps.isVisible():
            if {entry.key for group in groups for entry in group} <= set(self._sweep.digests):
                return  # the picture of all values says more than two surfaces
            self.sweeps.show_sweep(None, {})
        self.apart.show_picture(self._apart(a, b))
        second = None if b is None else self.kept.surface(b.key)
        self.surfaces.show_pair(a.trial.project, self.kept.surface(a.key), (b or a).trial.project, second)
        if self._race is None or self._race.over:
            said = self._verdict()
            if said:
                self.words.setText(said)

    def _apart(self, a: Entry, b: Entry | None) -> Picture | None:
        """How far the weights of two runs are from each other."""
        files = [] if b is None else [self.kept.run_file(one.key) for one in (a, b)]
        with suppress(OSError):
            if not files or sum(file.stat().st_size for file in files) > READ_AT_ONCE:
                return None
            found = [weights_in(file) for file in files]
            if found[0] is not None and found[1] is not None:
                order = [node.id for node in a.trial.project.network.nodes]
                apart = dict(weights_apart(found[0], found[1]))  # a file holds them in an order of its own
                return apart_picture([(node, apart[node]) for node in order if node in apart])
        return None

    def _tried(self) -> dict[str, str]:
        """Of each run of the last trial of several values which value it had, in words."""
        sweep = self._sweep
        if sweep is None:
            return {}
        each = len(sweep.seeds)
        return {d: " ".join(map(in_words, sweep.points[i // each])) for i, d in enumerate(sweep.digests)}

    def _draw(self, groups: list[Group]) -> None:
        self.key.show_groups(groups)
        self.curves.show_groups(groups)

    def _verdict(self) -> str:
        """Which of the first two groups is better, in words; "" where there are not two."""
        groups = self.groups()
        return verdict(groups[0], groups[1]) if len(groups) > 1 else ""

    def _best_chosen(self) -> Entry | None:
        sound = [entry for entry in self.table.chosen() if self.kept.run_file(entry.key).exists()]
        return min(sound, key=lambda entry: entry.result.score, default=None)

    def _annotate(self, key: str, value: object) -> None:
        try:
            if isinstance(value, bool):
                self.kept.annotate(key, star=value)
            else:
                self.kept.annotate(key, note=str(value))
        except FileError as error:
            self.words.setText(str(error))
            return
        self.model.changed(self.kept.entries[key])

    def _menu(self, at: QPoint) -> None:
        chosen = self.table.chosen()
        menu = QMenu(self)
        menu.setObjectName("runs_menu")
        if len(chosen) == 1:
            menu.addAction("Keep this run", self.keep_chosen)
            menu.addAction("Run the present project beside this one", lambda: self.run_against(chosen[0]))
        elif chosen:
            menu.addAction("Keep the better one", self.keep_chosen)
        menu.addAction("Export as CSV…", self.export)
        if chosen:
            menu.addSeparator()
            menu.addAction(f"Delete {counted(len(chosen), 'run')}", self.delete_chosen)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def keep_chosen(self) -> None:
        """Make the chosen run, or the best of several, the current one; one edit, which undo takes back with the run before it."""
        entry, document = self._best_chosen(), self.context.document
        if entry is None:
            return
        if refusal := not_comparable(self.table.chosen()):
            self.words.setText(refusal)
            return
        document.settle()
        now, file = document.value, self.kept.run_file(entry.key)
        kept = entry.trial.seeded.replace(
            name=now.name, notes=now.notes, memory=now.memory, human_error=now.human_error
        )
        said = (
            f"The run with seed {entry.trial.seed} is the current one now, at epoch {entry.result.epoch:,}."
        )
        if diff(now, kept).touches(TRAINED):
            self._said = f"{said} Undo brings the one before it back."
            document.take_up(kept, file, "Keep run")
        else:
            self.context.send(Load(now, file=file))
            self.words.setText(said)

    def delete_chosen(self) -> None:
        """Throw the chosen runs away."""
        self.kept.delete([entry.key for entry in self.table.chosen()])
        self._list()
        self._show_chosen()

    def export(self) -> None:
        """Write the chosen runs, or all of them, as CSV."""
        entries = self.table.chosen() or list(self.kept.entries.values())
        ask_where(
            self, "Export runs", Path("runs.csv"), {".csv": "Tables"}, lambda path: self._write(entries, path)
        )

    def _write(self, entries: list[Entry], path: Path) -> None:
        try:
            with files.writing(path):
                path.write_text(
                    table(entries, self.context.document.value), encoding="utf-8", errors="backslashreplace"
                )
        except FileError as error:
            self.words.setText(str(error))
            return
        self.words.setText(f"{counted(len(entries), 'run')} written to {clipped(str(path), 100)}.")


def _alike(a: Entry, b: Entry) -> bool:
    """Whether two runs differ in nothing but the seed."""
    budgets = (a.by_time and b.by_time) or a.trial.epochs == b.trial.epochs
    return budgets and not diff(a.group, b.group).touches(TRAINED)
