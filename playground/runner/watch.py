"""The coach beside a run that nobody watches: it looks after the same epochs each time, and so says the same."""

from __future__ import annotations

from collections.abc import Callable

from engine.coach import Coach, look
from playground.document.project import data_of, plan_of
from playground.runner.messages import State
from playground.runner.session import Session

#: parameters beyond which layers are not looked at: a look costs several updates, and here each takes seconds
MOST = 20_000_000


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
