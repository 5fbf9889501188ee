"""What is being trained: the model, trainer and data that belong to the current project. No thread of its own."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

from threadpoolctl import threadpool_limits

from engine import probe
from engine.checkpoints import BUDGET, Checkpoints
from engine.data import Prepared
from engine.errors import DivergedError, EngineError, SpecError, clipped
from engine.metrics import metric_name
from engine.model import Model
from engine.problems import Remedy
from engine.train import Trainer
from playground.document import edits
from playground.document.change import DATA, TRAINED, diff
from playground.document.files import FileError
from playground.document.project import Project, data_of, problems
from playground.runner.inspecting import Inspection
from playground.runner.keeping import (
    HandEdits,
    carry_weights,
    give_weights,
    part_agreed_to,
    part_that_fits,
)
from playground.runner.live import Live, Want
from playground.runner.messages import ANSWERS, Frame, Save, Saved, ShowPicture, State
from playground.runner.wants import NextUpdate
from playground.runner.writing import carried_out
from playground.runs import files
from playground.runs.run import MARK_LETTERS, MOST_MARKS, Mark, Run
from playground.runs.store import RunStore

#: parameters from which on making a network ready for training takes seconds
MANY = 1_000_000
#: seconds between two dabs of the brush that are one edit of the run
STROKE = 1.0


class Session:
    """Follows the project, trains it, answers questions about it. The window's worker and the command line both use it.

    A project that cannot run yet (its output has the wrong size, say) still has a model of the layers that fit one another: a
    half-built network shows what is inside it, and keeps its weights until it is mended.

    Attributes:
        project: the one loaded last.
        state, message, details, broken_node, remedy, notice, saved: as in Frame.
        trainer: None while the project cannot run.
        inspection: of the next update; whatever changes it ends that.
        run: counts the projects that were opened: each begins another run.
    """

    def __init__(self) -> None:
        # For good, in this whole process: several threads add up sums in another order, and a run must come out the same in the window,
        # on the command line and in a process that was told of more threads. They would gain little, too, and make the window wait.
        threadpool_limits(limits=1, user_api="blas")
        self.project = Project()
        self.state, self.message, self.details, self.broken_node = State.EMPTY, "", "", ""
        self.remedy: Remedy | None = None
        self.trainer: Trainer | None = None
        self.inspection = Inspection()
        self._built: Project | None = None  # the project that the model was built, or last changed, for
        self._data: Prepared | None = None
        self._extent, self._metric_name = Frame.extent, Frame.metric_name  # of the last data there were
        self._model: Model | None = None
        self._live: Live | None = None
        self._refusal = ""  # why there is neither, though the project has no problems
        self._history: Trainer | None = None  # whose epochs and curves go on when the network is edited
        self._hand_edits = HandEdits()
        self._checkpoints = Checkpoints()
        self._own: ShowPicture | None = None  # outlives edits of the network
        self.notice = ""
        self.saved: tuple[Saved, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._marked_from: Project | None = None  # what the newest mark has changed
        self._goes_on = False  # as soon as there are samples again: all were taken away while it ran
        self._fed_at = 0.0  # when samples came or went last, in the midst of the run
        self.run = self._edition = 0
        #: called in the midst of long work, when there is something to show
        self.show: Callable[[], object] = lambda: None
        self._runs = RunStore()  # of this project before its edits
        #: the file that was opened and the project in it, as long as the run in it waits
        self._opened: tuple[Path, Project] | None = None
        self._taken_from: Project | None = None  # the project whose run was left for another's

    # --- commands -----------------------------------------------------------------------------------------------------

    def load(
        self, project: Project, another: bool = False, returning: bool = False, file: Path | None = None
    ) -> None:
        """Make ``project`` the current one, rebuilding only what differs; running goes on where it can.

        Other data, another seed or another initializer draw the weights anew. When the network is edited, each node keeps the weights
        it still has a use for.

        Args:
            project: all choices.
            another: it is no edit of the last one; it begins afresh, and waits.
            returning: undo or redo has brought it back, and if it was left with a run, that is what it has again.
            file: where its run is; if its data are not there yet, it goes on from that run when they are. Of an edit: where a run is
                that is taken up.
        """
        if another:
            self.run += 1
            self._runs.clear()
            self._opened, self.notice = None if file is None else (file, project), ""
        elif file is not None:
            self._take_up(project, file)
            return
        run = self._awaited(project)
        if run is None:
            self._follow(project, another, returning)
            return
        self._follow(run.project, another)
        try:
            self.go_on_from(run)
        except SpecError as error:
            self.notice = str(error)
        if run.project is not project:
            self._follow(project)  # as it was edited after it had been trained

    def _take_up(self, project: Project, file: Path) -> None:
        """``load`` for an edit whose run is in ``file``; when undo brings the present project back, so does its run."""
        try:
            run = files.load_run(file, project)
        except FileError as error:
            self._follow(project)
            self.notice = str(error)
            return
        left, before = self.current(), self.project
        self._follow(project)
        if left is not None:
            self._runs.put(replace(left, project=before))
            self._taken_from = before
        try:
            self.go_on_from(run)
        except SpecError as error:
            self.notice = str(error)

    def _awaited(self, project: Project) -> Run | None:
        """The run in the file that was opened, once it can go on; ``None`` until then, and where it cannot be read or there is none.

        It waits for data that are not there yet, or that the user has not let it read, and for the memory that it takes.
        """
        if self._opened is None:
            return None
        file, opened = self._opened
        if diff(edits.read_outside(opened), edits.read_outside(project)).touches(DATA):
            self._opened = None  # other data have been chosen
            return None
        opened = opened.replace(source=project.source, memory=project.memory)
        try:
            if problems(files.trained(file, opened)):
                return None
            run = files.load_run(file, opened)
        except FileError as error:
            why = str(error).partition(";")[0]
            self.notice = f"The project is open, but its run cannot be read, and begins anew: {why}."
            run = None
        self._opened = None
        return run

    def _follow(self, project: Project, another: bool = False, returning: bool = False) -> None:
        self._edition += 1
        before, self.project = self.project, project
        if not another and project == before == self._built:
            return
        self.inspection.end()
        running = (self.state is State.RUNNING or self._goes_on) and not another
        self._goes_on = False
        built = self._built
        change, before_data = diff(built, project), self._data
        anew = built is not None and (change.draws_anew or "network" in change.parts)
        if self._taken_from is not None and not diff(self._taken_from, project).touches(TRAINED):
            anew, self._taken_from = anew or returning, before if returning else None
        if anew and not another and (left := self.current()) is not None:
            self._runs.put(replace(left, project=before))
        if another:
            self._built = self._model = self._history = None
        data = self._find_data()
        if data is None:
            self._goes_on = running and change.feeds
            return
        trainer, model = self.trainer, self._model
        other = change.draws_anew or (change.feeds and not _of_one_kind(before_data, data))
        if model is None or another or other:
            self._begin(data)
        elif trainer is None or "network" in change.parts or problems(project):
            self._build(data)
        elif change.feeds:
            trainer.fit = project.fit
            trainer.feed(data.train, data.validation)
            self._checkpoints.begin(trainer)
            self._answer_about(model, data)
        elif project.fit != trainer.fit:
            trainer.update(project.fit)
            self._checkpoints.begin(trainer)
        if built is not None and not (another or other):
            self._mark(built, project)
        self._built = project
        if anew and self.trainer is not None:
            self._return_to_its_run(self.trainer, returning)
        if self._model is not None and self._hand_edits.follow(project.weight_edits, self._model):
            self.score()
            if self.trainer is not None:
                self._checkpoints.begin(self.trainer)
        self._settle(running)

    def _return_to_its_run(self, trainer: Trainer, returning: bool) -> None:
        """Where undo or redo has brought the project back, or nothing has been trained since it was left: stand where its run stood."""
        found = self._runs.find(self.project)
        if found is not None and (returning or found.snapshot.steps == trainer.steps):
            self._stand_at(found, trainer)

    @property
    def loaded(self) -> bool:
        """Whether it has been given a project yet."""
        return self._edition > 0

    def play(self) -> None:
        """Start or go on, if the project can run."""
        self.inspection.end()
        self.notice = ""
        if self.trainer is not None:
            self._opened = None  # whoever trains begins another run than the one that waits
            self._say(State.RUNNING)

    def pause(self) -> None:
        """Stop, and score the weights as they are now."""
        self._goes_on = False
        if self.state is State.RUNNING:
            self._settle(running=False)
            self.score()
            if self.trainer is not None:
                self.message = self.trainer.better

    def finish(self) -> None:
        """The run is over and will not go on: pause, and put back early stopping's best weights, if it has better ones."""
        self.pause()
        said = self.trainer.finish() if self.trainer is not None else ""
        if said:
            self._say(State.PAUSED, said)

    def reset(self) -> None:
        """Back to the first weights of this seed, hand edits forgotten; running goes on from there."""
        self._edition += 1
        self._opened = None
        self.inspection.end()
        running, data = self.state is State.RUNNING, self._find_data()
        if data is None:
            return
        self._begin(data)
        self._built = self.project
        self._hand_edits.wipe(self.project.weight_edits)
        self._settle(running)

    def train(self, seconds: float, most: int | None = None, until_epoch: float = float("inf")) -> int:
        """Train for about ``seconds``; returns the number of updates. On divergence or early stopping the state says why."""
        if self.trainer is None:
            return 0
        self._checkpoints.note(self.trainer)
        try:
            done = self.trainer.run(seconds, most, until_epoch)
        except DivergedError as error:
            self._say(State.DIVERGED, str(error), error.node_id)
            if error.remedy is not None and _changes(self.project, error.remedy):
                self.remedy = error.remedy
            return 0
        if self.trainer.stopped:
            self._say(State.PAUSED, self.trainer.stopped)
        return done

    def go_to(self, step: int, go_on: Callable[[], bool] = lambda: True) -> None:
        """Stand where the run stood after ``step`` updates, or as near as can be; ``go_on``: see ``Checkpoints.go_to``."""
        if self.trainer is not None:
            self._leave_this_moment()
            self._checkpoints.go_to(self.trainer, step, go_on)
            self._arrive()

    def step_back(self, unit: str, go_on: Callable[[], bool] = lambda: True) -> None:
        """One ``"batch"`` back, or to the beginning of the ``"epoch"``."""
        if self.trainer is not None:
            self._leave_this_moment()
            self._checkpoints.back(self.trainer, unit, go_on)
            self._arrive()

    def _leave_this_moment(self) -> None:
        self.inspection.end()
        self._settle(running=False)

    def _arrive(self) -> None:
        self.score()
        self._settle(running=False)

    def inspect(self, sample: int = 0, guest: tuple[str, int] | None = None) -> None:
        """Pause, and record the next update; ``guest``: a sample that takes the place of its batch's first, if there is such."""
        self.pause()
        seated = self._live.guest(*guest) if guest is not None and self._live is not None else None
        if seated is not None and self.trainer is not None and seated.part == "train":
            here = seated.index in self.trainer.upcoming().indices  # then it is no guest
            seated = None if here else seated
        self.inspection.begin(self.trainer, sample, seated)

    def show_picture(self, picture: ShowPicture) -> None:
        """Answer questions about this picture from now on."""
        self._own = picture
        if self._live is not None:
            self._live.own = picture.number, picture.picture

    def score(self) -> None:
        """Bring the scores up to the present weights: they are only computed at the end of each epoch otherwise."""
        if self.trainer is not None:
            self.trainer.score()

    # --- what outlasts a crash ----------------------------------------------------------------------------------------

    def crash(self, error: BaseException) -> None:
        """Note an unforeseen error; ``recover``, loading a project or resetting begins anew."""
        self.inspection.end()
        self.trainer = self._built = self._data = self._model = self._live = self._history = None
        what = f"{type(error).__name__}: {error}".removesuffix(".")
        memory = isinstance(error, MemoryError)
        why = (
            "The network needs more memory than there is"
            if memory
            else "An error in the program has stopped training"
        )
        do = (
            "Make it smaller, or press Play to try again"
            if memory
            else "Press Play to go on from the last moment that was put aside, or Reset to begin anew"
        )
        self._say(State.CRASHED, f"{why} ({what}). Your project is intact. {do}.")
        self.details = "".join(traceback.format_exception(error))

    def mark(self) -> object:
        """Another one whenever ``aside`` would be; ``None`` while there is no trainer."""
        return None if self.trainer is None else (self._edition, self.trainer.steps)

    def aside(self) -> Run | None:
        """What it takes to go on from this moment; ``None`` where the seed alone does, or where it takes too much memory."""
        trainer = self.trainer
        if trainer is None or trainer.nbytes > BUDGET or not (trainer.steps or self.project.weight_edits):
            return None
        return Run(
            self.project, trainer.train.in_shape, trainer.snapshot(), self.run, trainer.best, log=trainer.log.view(),
            wiped=self._hand_edits.wiped, marks=self._marks,
        )  # fmt: skip

    def current(self) -> Run | None:
        """The run at this moment, with its History; ``None`` while nothing can be trained."""
        trainer, kept = self.trainer, self._checkpoints
        if trainer is None:
            return None
        return Run(
            self.project, trainer.train.in_shape, trainer.snapshot(), self.run, trainer.best, trainer.sane, kept.moments,
            kept.held, max(kept.latest, trainer.steps), trainer.log.view(), self._hand_edits.wiped, self._marks,
        )  # fmt: skip

    def go_on_from(self, run: Run) -> None:
        """Stand where ``run``, of the project that is loaded, stands. Raises SpecError where it was on data of another shape."""
        trainer = self.trainer
        if trainer is None:
            return
        if run.in_shape != trainer.train.in_shape:
            raise SpecError(
                f"The run was on samples of shape {run.in_shape}, and these data have {trainer.train.in_shape}. "
                "Give it the data it was trained on, or begin anew."
            )
        furthest = max(one.position for one in run.held_moments)
        if furthest >= len(trainer.train):
            raise SpecError(
                f"The run stands at sample {furthest:,} of its epoch, and these data have {len(trainer.train):,}. "
                "Give it the data it was trained on, or begin anew."
            )
        self._stand_at(run, trainer)

    def recover(
        self, project: Project, run: int, aside: Run | None, opened: tuple[Path, Project] | None = None
    ) -> None:
        """Begin anew with ``project``, from the moment that was put aside if that is of the same ``run``, else as it was ``opened``."""
        self._built, self._opened = None, None
        if aside is not None and aside.number == run:
            self._follow(aside.project)
            if self.trainer is not None:
                self._stand_at(aside, self.trainer)
        else:
            self._opened = opened
        self.run = run
        self.load(project)
        self._settle(running=False)

    def save(self, order: Save, aside: Run | None = None) -> None:
        """Write a project and its run to a file, and note what came of it. ``aside``: the run, where training has crashed."""

        def run() -> Run | None:
            return aside if aside is not None and aside.is_of(order.project) else self._run_of(order.project)

        weights = lambda: None if self.trainer is None else self.trainer.model.state_dict()
        self.saved = (*self.saved, carried_out(order, run, weights))[-ANSWERS:]

    def _run_of(self, project: Project) -> Run | None:
        """The run to keep with ``project``: its own, or where it cannot run as it stands, the last one before."""
        if self._opened is not None:
            return files.run_or_none(*self._opened)
        now = self.current()
        if now is None or not now.is_of(project):
            now = self._runs.find(project) or (self._runs.newest if now is None else None)
        return None if now is None or diff(now.project, project).touches(DATA) else now

    def _stand_at(self, run: Run, trainer: Trainer) -> None:
        run.give(trainer)
        self._hand_edits.remember(run.project.weight_edits, run.wiped)
        self._marks, self._marked_from = run.marks, None
        held = run.held if run.moments else run.best
        self._checkpoints.resume(run.moments, held, max(run.latest, trainer.steps))
        self._checkpoints.note(trainer)
        self._arrive()

    # --- answers ------------------------------------------------------------------------------------------------------

    def frame(
        self, wants: Collection[Want[Any]] = (), epochs_per_second: float = 0.0, steps_per_second: float = 0.0
    ) -> Frame:
        """This moment, with an answer to each want that can be met."""
        frame = Frame(
            self.project, self._data, self._extent, self._metric_name, self.state, self.message, self.details, self.broken_node,
            self.remedy, refusal=self.inspection.refusal, notice=self.notice, saved=self.saved, awaited=self._opened is not None,
        )  # fmt: skip
        live, history, trainer = self._live, self._history, self.trainer
        if self._data is None or live is None:
            return frame
        live.project, live.moments = self.project, lambda: self._checkpoints.moments
        answers = live.answers([*wants, NextUpdate()], self.state is State.RUNNING)
        frame = replace(frame, answers=MappingProxyType(answers), unanswered=live.failure)
        if history is not None:  # still shown while the network is half-built
            frame = replace(
                frame, epoch=history.epoch, step=history.steps, log=history.log.view(), marks=self._marks
            )
        if trainer is None:
            return frame
        kept = self._checkpoints
        return replace(
            frame,
            train_loss=trainer.train_score.loss,
            validation_loss=trainer.validation_score.loss,
            penalty=trainer.penalty(),
            train_metric=trainer.train_score.metric,
            validation_metric=trainer.validation_score.metric,
            epochs_per_second=epochs_per_second,
            steps_per_second=steps_per_second,
            best_step=trainer.best.steps if trainer.best is not None else None,
            best_epoch=trainer.best.epoch if trainer.best is not None else None,
            earliest_step=trainer.steps if kept.earliest is None else kept.earliest,
            latest_step=max(trainer.steps, kept.latest) if kept.earliest is not None else trainer.steps,
            no_way_back=kept.refusal,
        )

    def work(self, wants: Collection[Want[Any]], go_on: Callable[[Want[Any]], bool]) -> bool:
        """Get on with answers that take long, each while ``go_on(want)``; whether anything was left to do."""
        return self._live is not None and self._live.work(wants, go_on)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _say(self, state: State, message: str = "", broken_node: str = "") -> None:
        self.state, self.message, self.details, self.broken_node = state, message, "", broken_node
        self.remedy = None

    def _settle(self, running: bool) -> None:
        """Say what follows from the project and from whether it should run."""
        found = problems(self.project)
        if found or self._refusal:
            self._say(State.EMPTY, found[0].message if found else self._refusal)
        elif running:
            self._say(State.RUNNING)
        else:
            self._say(State.PAUSED if self.trainer is not None and self.trainer.steps else State.READY)

    def _mark(self, before: Project, after: Project) -> None:
        """Note what an edit has changed in the middle of the run; what one does at the same moment is one edit."""
        if self._history is None or not self._history.steps:
            return
        at, now = self._history.epoch + self._history.part_of_epoch, perf_counter()
        change, stroke = diff(before, after), now - self._fed_at < STROKE
        self._fed_at = now if change.feeds else 0.0
        if self._marks and self._marked_from is not None:
            last = self._marks[-1].epoch
            if last == at or (change.feeds and stroke):
                self._marks, at, before = self._marks[:-1], last, self._marked_from
        text = diff(before, after).words
        if text:
            self._marks = (*self._marks, Mark(at, clipped(text, MARK_LETTERS)))[-MOST_MARKS:]
            self._marked_from = before

    def _find_data(self) -> Prepared | None:
        """The project's data; ``None`` where they cannot be made, and then nothing can be shown of it."""
        try:
            data = data_of(self.project, wait=True)
            if data is not self._data:
                self._data = data
                self._extent, self._metric_name = probe.extent(data), metric_name(data.train.task)
        except EngineError as error:
            self.trainer = self._data = self._live = None
            self._say(State.EMPTY, str(error))
        return self._data

    def _begin(self, data: Prepared) -> None:
        """Weights as the seed draws them, epoch 0."""
        self._model = self._history = None
        self._marks, self._marked_from = (), None
        self._hand_edits.wipe()
        self._build(data)

    def _build(self, data: Prepared) -> None:
        """A model and a trainer for the project; where they cannot be made after all, what is so is said instead."""
        self._refusal = ""
        try:
            self._make(data)
        except EngineError as error:
            self.trainer = self._model = self._live = None
            self._refusal = str(error)

    def _make(self, data: Prepared) -> None:
        """A model with the weights it had so far and, if the project can run, a trainer with its history so far."""
        project, runs = self.project, not problems(self.project)
        network = project.network
        if not runs:
            network = part_agreed_to(part_that_fits(network, data.in_shape), project, data)
        many = network.parameter_count(data.in_shape) > MANY
        if many and self._history is None:  # what is on screen is of another network
            self.trainer = self._live = None
            self._say(State.READY, "drawing the weights")
            self.show()
        model = Model(network, data.in_shape, project.seed, initializer=project.fit.initializer)
        if self._model is not None:
            carry_weights(self._model, model, self._runs)
        else:
            give_weights(project.first_weights, model)
        self._model, self.trainer = model, None
        if runs and many:
            self._show_untrained(model, data)
        if runs:
            self.trainer = Trainer(model, data.train, data.validation, project.fit, project.seed)
            if self._history is not None:
                self.trainer.adopt(self._history)
            self._history = self.trainer
            self._checkpoints.begin(self.trainer)
        self._answer_about(model, data)

    def _answer_about(self, model: Model, data: Prepared) -> None:
        self._live = Live(model, data, self.trainer, self.inspection)
        self._live.project, self._live.moments = self.project, lambda: self._checkpoints.moments
        if self._own is not None:
            self.show_picture(self._own)

    def _show_untrained(self, model: Model, data: Prepared) -> None:
        """Of a large network, weights and maps are to be seen while it is made ready for training, which takes seconds."""
        if self._history is None:
            self._say(State.READY, "scoring the weights")
        self._answer_about(model, data)
        self.show()


def _of_one_kind(before: Prepared | None, after: Prepared) -> bool:
    """Whether a model of the one data serves the other: as many inputs, and as many classes or targets."""
    if before is None:
        return True

    def kind(data: Prepared) -> tuple[object, ...]:
        return data.in_shape, data.train.task, len(data.raw.classes), data.raw.y.shape[1:]

    return kind(before) == kind(after)


def _changes(project: Project, remedy: Remedy) -> bool:
    """Whether a remedy sets anything that is not set so already."""
    mended = edits.mend(project, remedy)
    return (mended.fit, mended.preparation) != (project.fit, project.preparation)
