"""The coach beside a run that a window shows: when it looks."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from engine.coach import Coach, Told, look
from playground.document.change import TRAINED, diff
from playground.document.project import plan_of

if TYPE_CHECKING:
    from engine.data import Prepared
    from engine.diagnosis import Diagnosis
    from engine.train import Trainer
    from playground.document.project import Project

#: parameters beyond which layers are not looked at, as a window waits for what is shown beside
MOST_LIVE = 2_000_000
#: seconds between two looks at a run that goes on, at least, and how much of the time looking may take
AGE, SHARE = 0.4, 0.02
#: what the coach's words depend on
COACHED = TRAINED | {"weight_edits", "meant", "human_error"}


class Follower:
    """The coach beside a run that somebody watches: it looks when it is asked and may, and is another one when the plan is."""

    def __init__(self) -> None:
        self._project: Project | None = None
        self._coach: Coach | None = None
        self._due = 0.0
        self._told = Told()

    def told(
        self,
        project: Project,
        data: Prepared,
        trainer: Trainer,
        running: bool,
        diagnose: Callable[[], Diagnosis],
    ) -> Told:
        """What is to be said now; the same object as last time where that is the same. ``diagnose``: the newest diagnosis."""
        coach = self._of(project, data, trainer)
        if self._may_look(coach, trainer, running):
            start = perf_counter()
            coach.look(look(trainer, diagnose()), trainer.log.view())
            now = perf_counter()
            self._due = now + max(AGE, (now - start) / SHARE)
        told = coach.told
        if told != self._told:
            self._told = told
        return self._told

    def _of(self, project: Project, data: Prepared, trainer: Trainer) -> Coach:
        if self._coach is None or diff(self._project, project).touches(COACHED):
            begun = self._project is not None or trainer.steps > 0
            self._coach = Coach(plan_of(project, data), project.meant, trainer.epoch if begun else 0)
            self._due = 0.0
        self._project = project
        return self._coach

    def _may_look(self, coach: Coach, trainer: Trainer, running: bool) -> bool:
        if trainer.steps == coach.step or trainer.model.store.values.size > MOST_LIVE:
            return False
        if trainer.steps < coach.step:  # somebody has gone back
            return True
        if not trainer.steps:
            return True
        # Between two epochs nothing new is known of the losses.
        return (
            perf_counter() >= self._due and trainer.epoch > coach.epoch
            if running
            else trainer.epoch > coach.epoch
        )
