"""What is being trained: the model, trainer and data that belong to the current project. No thread of its own."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from engine.data import Prepared
from engine.errors import DivergedError
from engine.metrics import metric_name
from engine.model import Model
from engine.probe import extent
from engine.train import Trainer
from playground.document.project import Project, WeightEdit, data_of, problems
from playground.runner.answers import Answers
from playground.runner.messages import Frame, State, Want


class Session:
    """Follows the project, trains it, answers questions about it. The window's worker and the command line both use it.

    Attributes:
        project: the one loaded last.
        state, message, details, broken_node: as in Frame.
        trainer: None while the project cannot run.
    """

    def __init__(self) -> None:
        self.project = Project()
        self.state, self.message, self.details, self.broken_node = State.EMPTY, "", "", ""
        self.trainer: Trainer | None = None
        self._data: Prepared | None = None
        self._answers: Answers | None = None
        self._runnable: Project | None = None  # the project that the trainer was built for
        self._loaded = False

    # --- commands -----------------------------------------------------------------------------------------------------

    def load(self, project: Project) -> None:
        """Make ``project`` the current one, rebuilding only what differs; running goes on where it can."""
        before, self.project = self.project, project
        found = problems(project)
        if found:
            self._say(State.EMPTY, found[0].message)
            self._loaded = True
            return
        was = self.state
        fresh = (
            self.trainer is None
            or self._runnable is None
            or self._needs_fresh_weights(self._runnable, project)
        )
        if fresh:
            self._build(project)
        elif self._runnable is not None and project.network != self._runnable.network:
            self._rebuild(project)
        elif self.trainer is not None and project.fit != self.trainer.fit:
            self.trainer.update(project.fit)
        past = () if fresh or not self._loaded else before.weight_edits
        self._apply_edits(past, project.weight_edits)
        self._runnable, self._loaded = project, True
        if was is State.RUNNING:
            self._say(State.RUNNING)
        elif was is not State.DIVERGED or project is not before:
            self._say(self._resting())

    def play(self) -> None:
        """Start or go on, if the project can run."""
        if self.trainer is not None and self.state is not State.EMPTY:
            self._say(State.RUNNING)

    def pause(self) -> None:
        if self.state is State.RUNNING:
            self._say(self._resting())
            self.score()

    def reset(self) -> None:
        """Back to the first weights of this seed."""
        if self._runnable is None or problems(self.project):
            return
        running = self.state is State.RUNNING
        self._build(self.project)
        self._say(State.RUNNING if running else State.READY)

    def train(self, seconds: float, most: int | None = None, until_epoch: float = float("inf")) -> int:
        """Train for about ``seconds``; returns the number of updates. On divergence or early stopping the state says why."""
        if self.trainer is None:
            return 0
        try:
            done = self.trainer.run(seconds, most, until_epoch)
        except DivergedError as error:
            self.broken_node = error.node_id
            self._say(
                State.DIVERGED,
                f"{error} The weights are back at the end of epoch {self.trainer.epoch}.",
                error.node_id,
            )
            return 0
        if self.trainer.stopped:
            self._say(State.PAUSED, self.trainer.stopped)
        return done

    def score(self) -> None:
        """Bring the scores up to the present weights: they are only computed at the end of each epoch otherwise."""
        if self.trainer is not None:
            self.trainer.score()

    def crash(self, error: BaseException) -> None:
        """Note an unforeseen error; loading a project or resetting begins anew."""
        self.trainer = self._answers = self._runnable = None
        self._say(
            State.CRASHED, f"{type(error).__name__}: {error}. Press Reset, or change the project, to go on."
        )
        self.details = "".join(traceback.format_exception(error))

    # --- answers ------------------------------------------------------------------------------------------------------

    def frame(
        self, wants: Collection[Want] = (), epochs_per_second: float = 0.0, steps_per_second: float = 0.0
    ) -> Frame:
        """This moment, with an answer to each want that can be met."""
        bare = Frame(self.project, None, self.state, self.message, self.details, self.broken_node)
        trainer, data, answers = self.trainer, self._data, self._answers
        if trainer is None or data is None or answers is None:
            return bare
        return replace(
            bare,
            data=data,
            epoch=trainer.epoch,
            step=trainer.steps,
            train_loss=trainer.train_score.loss,
            validation_loss=trainer.validation_score.loss,
            penalty=trainer.penalty(),
            train_metric=trainer.train_score.metric,
            validation_metric=trainer.validation_score.metric,
            metric_name=metric_name(data.train.task),
            epochs_per_second=epochs_per_second,
            steps_per_second=steps_per_second,
            log=trainer.log.view(),
            extent=extent(data),
            answers=MappingProxyType(answers.to(wants)),
        )

    # --- inside -------------------------------------------------------------------------------------------------------

    def _say(self, state: State, message: str = "", broken_node: str = "") -> None:
        self.state, self.message, self.details, self.broken_node = state, message, "", broken_node

    def _resting(self) -> State:
        return State.PAUSED if self.trainer is not None and self.trainer.steps else State.READY

    @staticmethod
    def _needs_fresh_weights(old: Project, new: Project) -> bool:
        """Other data, seed or initializer: what was learned is about something else."""
        return (
            old.source != new.source
            or old.preparation != new.preparation
            or old.seed != new.seed
            or old.fit.initializer != new.fit.initializer
        )

    def _build(self, project: Project) -> None:
        self._data = data = data_of(project)
        model = Model(project.network, data.in_shape, project.seed, initializer=project.fit.initializer)
        self._start(model, project)

    def _rebuild(self, project: Project) -> None:
        """Another network: every node that still has the same parameters keeps their values, and the history goes on."""
        old, data = self.trainer, self._data
        if old is None or data is None:
            return
        model = Model(project.network, data.in_shape, project.seed, initializer=project.fit.initializer)
        for node_id, arrays in model.parameters.items():
            if _same_parameters(old.model, model, node_id):
                for name, array in arrays.items():
                    array[...] = old.model.parameters[node_id][name]
                for name, array in model.store.state.get(node_id, {}).items():
                    array[...] = old.model.store.state[node_id][name]
        self._start(model, project)
        if self.trainer is not None:
            self.trainer.adopt(old)

    def _start(self, model: Model, project: Project) -> None:
        if self._data is None:
            return
        self.trainer = Trainer(model, self._data.train, self._data.validation, project.fit, project.seed)
        self._answers = Answers(self.trainer, self._data)
        self._runnable = project

    def _apply_edits(self, before: tuple[WeightEdit, ...], after: tuple[WeightEdit, ...]) -> None:
        """Set the cells of new hand edits, and put back those that were undone."""
        if before == after or self.trainer is None:
            return
        same = 0
        while same < min(len(before), len(after)) and before[same] == after[same]:
            same += 1
        undone = [(e, e.before) for e in reversed(before[same:])]
        for edit, value in [*undone, *((e, e.after) for e in after[same:])]:
            arrays = self.trainer.model.parameters.get(edit.node_id, {})
            if edit.name in arrays and _inside(edit.index, arrays[edit.name].shape):
                arrays[edit.name][edit.index] = value
        self.score()


def _same_parameters(old: Model, new: Model, node_id: str) -> bool:
    """Whether a node's parameters mean the same in both models: same kind of layer, shapes, and way to begin."""
    if node_id not in old.store.specs or old.store.specs[node_id] != new.store.specs[node_id]:
        return False
    one, other = old.network[node_id].layer, new.network[node_id].layer
    return type(one) is type(other) and getattr(one, "initializer", None) == getattr(
        other, "initializer", None
    )


def _inside(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(0 <= i < n for i, n in zip(index, shape, strict=True))
