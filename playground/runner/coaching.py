"""The coach beside a run: when it looks, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from engine.coach import Coach, Told, look
from playground.document.change import TRAINED, diff
from playground.document.project import data_of, plan_of

if TYPE_CHECKING:
    from engine.data import Prepared
    from engine.diagnosis import Diagnosis
    from engine.train import Trainer
    from playground.document.project import Project
    from playground.runner.session import Session

#: parameters beyond which layers are not looked at: a look costs several updates, and here each takes seconds
MOST = 20_000_000
#: the same where a window waits for what is shown beside
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


class Watch:
    """Looks at a run that nobody watches, at epochs that do not depend on the clock, so that it says the same each time.

    Args:
        session: the one that trains.
        tell: is given the coach after each look.
    """

    def __init__(self, session: Session, tell: Callable[[Coach], object]) -> None:
        self._session, self._tell, trainer = session, tell, session.trainer
        data = data_of(session.project, wait=True)
        since = 0 if trainer is None else trainer.epoch
        self.coach = Coach(plan_of(session.project, data), session.project.meant, since)
        self._ended = False
        self.look()

    @property
    def due(self) -> int:
        """The epoch after which it wants to look next."""
        trainer = self._session.trainer
        epoch = 0 if trainer is None else trainer.epoch + 1
        while not Coach.due(epoch):
            epoch += 1
        return epoch

    def look(self) -> None:
        """Look, if an epoch is over after which it wants to; hear of a divergence."""
        from playground.runner.messages import State

        trainer = self._session.trainer
        if trainer is None:
            return
        if self._session.state is State.DIVERGED:
            if not self._ended:
                said = self._session
                log = trainer.log.view()
                self.coach.burst(said.message, said.broken_node, said.remedy, log, trainer.epoch)
                self._ended = True
        elif trainer.steps == self.coach.step or trainer.part_of_epoch or not Coach.due(trainer.epoch):
            return
        elif trainer.model.store.values.size <= MOST:
            self.coach.look(look(trainer), trainer.log.view())
        self._tell(self.coach)

    def end(self, planned: int) -> None:
        """The run is over; hints about its end are given where all ``planned`` epochs were made."""
        trainer = self._session.trainer
        if trainer is not None and trainer.epoch >= planned and not self._ended:
            self.coach.end(trainer.log.view(), trainer.epoch)
        self._tell(self.coach)
