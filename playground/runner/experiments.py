"""The coach's experiments on a project: copies of it, with its data, weights and settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from engine.coach.experiments import EXPERIMENTS, Evidence
from engine.data import Dataset
from engine.errors import NO_ROOM, EngineError, SpecError
from engine.fit import Fit
from engine.model import Model
from engine.train import Trainer
from playground.document.project import data_of, plan_of
from playground.runner.race import Origin, standing_at
from playground.runner.session import Session
from playground.runs.trial import Trial

__all__ = ["EXPERIMENTS", "Evidence", "carried_out"]


class _Copies:
    """Copies of the run of a trial's project, which has been trained for the trial's epochs; ``origin``: where it stands."""

    def __init__(self, trial: Trial, origin: Origin | None) -> None:
        self._project, self._origin = trial.seeded, origin
        self._first = self._ready(Session())
        fit, samples = self._project.fit, len(self._first.train)
        self.steps = trial.epochs * math.ceil(samples / min(fit.batch_size, samples))

    def _ready(self, session: Session) -> Trainer:
        session.load(self._project)
        if session.trainer is None:
            raise SpecError(session.message)
        return session.trainer

    @cached_property
    def chance(self) -> float:
        return plan_of(self._project, data_of(self._project, wait=True)).chance

    def fresh(self, train: Dataset | None = None, fit: Fit | None = None) -> Trainer:
        first = self._first
        source = first.model
        fit = fit or self._project.fit
        model = Model(source.network, source.in_shape, self._project.seed, initializer=fit.initializer)
        model.load_state_dict(source.state_dict())
        return Trainer(model, train or first.train, None, fit, self._project.seed)

    def present(self) -> Trainer:
        session = Session()
        if self._origin is not None:
            standing_at(session, self._origin)
        return self._ready(session)


def carried_out(key: str, trial: Trial, origin: Origin | None = None) -> Iterator[Evidence]:
    """Reports of the experiment ``key`` on the project of ``trial``; of one that cannot be made, the reason."""
    try:
        yield from EXPERIMENTS[key].carry_out(_Copies(trial, origin))
    except (EngineError, MemoryError) as error:
        yield Evidence(key, 1.0, over=True, message=str(error) or NO_ROOM)
