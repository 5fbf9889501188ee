"""A search: each point is chosen by what came of those before it, and runs that fall behind are given up early. By Optuna.

The folder is as that of a sweep, and holds besides

    optuna.log          the search itself, as Optuna writes it (its dashboard reads it)

T. Akiba et al., "Optuna: A next-generation hyperparameter optimization framework", KDD 2019; J. Bergstra et al., "Algorithms for
hyper-parameter optimization", NeurIPS 2011 (TPE); D. Golovin et al., "Google Vizier", KDD 2017 (the median rule).
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.errors import NO_ROOM, EngineError, clipped
from playground.document.paths import in_words
from playground.runner.messages import State
from playground.runner.session import Session
from playground.runner.sweep import Ledger, Sweep, SweepError
from playground.runner.trials import live_with, outcome, result_of
from playground.runs.plan import Point, Setting, project_at
from playground.runs.trial import Result, Trial, trial

JOURNAL, STUDY = "optuna.log", "search"
#: points that are drawn at random before what came of them is used, and runs before any is given up
FIRST, BEFORE_PRUNING = 10, 5
#: reports of a run at most
REPORTS = 10
#: how often workers that have died are replaced, without a point having come to its end in between
REPLACED = 3


class Search:
    """A search in a folder.

    Args:
        folder: is made where it is not there; what was found there before is gone on with.
        sweep: what is varied; its points are the search's own.
        prune: whether runs that fall behind are given up.

    Attributes:
        ledger: what is done, with the points so far in the order in which they were chosen.

    Raises SweepError where the folder holds something else, or Optuna is not installed.
    """

    def __init__(self, folder: Path, sweep: Sweep, prune: bool = True) -> None:
        self.ledger = Ledger(folder, replace(sweep, points=(), search="optuna"))
        self._prune = prune
        self._study = _study(str(folder / JOURNAL), sweep.epochs, prune)
        self._take_up()

    @property
    def done(self) -> int:
        """Points that have come to their end."""
        return len(self._study.get_trials(deepcopy=False, states=_ended()))

    def _take_up(self) -> None:
        """Note what is done; what was under way when the program was ended is given up, and chosen again."""
        import optuna

        for one in self._study.get_trials(deepcopy=False):
            if one.state == optuna.trial.TrialState.RUNNING:
                self._study.tell(one.number, state=optuna.trial.TrialState.FAIL)
            elif one.state in _ended():
                point = tuple(
                    _value(s, words)
                    for s, words in zip(
                        self.ledger.sweep.settings, one.user_attrs.get("point", ()), strict=False
                    )
                )
                if len(point) == len(self.ledger.sweep.settings):
                    self._add(point)

    def _add(self, point: Point) -> None:
        if point not in self.ledger.sweep.points:
            self.ledger.grow(point)

    def carry_out(
        self,
        points: int,
        jobs: int,
        progress: Callable[[Sequence[Result]], object],
        ending: Sequence[int] = (),
    ) -> None:
        """Search until ``points`` have come to their end, or there is something in ``ending``; what is done by then is kept.

        Args:
            points: those of earlier times included.
            jobs: processes that train.
            progress: is told of the results of each point.

        Raises SweepError where it cannot go on.
        """
        from joblib.externals.loky import get_reusable_executor

        died = 0
        while self.done < points and not ending:
            before = self.done
            pool = get_reusable_executor(max_workers=jobs, timeout=60)
            try:
                self._search(pool, points, jobs, progress, ending)
            except Exception as error:
                if not isinstance(error, BrokenProcessPool):
                    raise
                self._take_up()
                died = died + 1 if self.done == before else 1
                if died > REPLACED:
                    raise SweepError(
                        f"The processes that train were ended {died} times without a result; expected them to live. Try fewer at once "
                        "(--jobs), or a smaller network: they may lack memory."
                    ) from None
            finally:
                pool.shutdown(wait=False, kill_workers=bool(ending))

    def _search(
        self,
        pool: Any,
        points: int,
        jobs: int,
        progress: Callable[[Sequence[Result]], object],
        ending: Sequence[int],
    ) -> None:
        waiting: dict[Future[list[tuple[str, str]]], tuple[Any, Point]] = {}
        journal = str(self.ledger.folder / JOURNAL)
        while not ending and (waiting or self.done < points):
            while len(waiting) < jobs and self.done + len(waiting) < points:
                asked, point = self._ask(len(waiting))
                texts = [one.to_json() for one in self._trials(point)]
                epochs = self.ledger.sweep.epochs
                order = (texts, journal, asked._trial_id, epochs, self._prune, os.getpid())
                waiting[pool.submit(searched, *order)] = asked, point
            finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                asked, point = waiting.pop(future)
                progress(self._tell(asked, point, future.result()))

    def _ask(self, under_way: int) -> tuple[Any, Point]:
        """The next point. It follows from those that are done, and how many are under way: a search that is taken up goes on as it would have."""
        import optuna

        seed = (self.ledger.sweep.seeds[0] * 1_000_003 + self.done + under_way) % (1 << 31)
        self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST)
        asked = self._study.ask()
        point = tuple(_suggested(asked, one) for one in self.ledger.sweep.settings)
        asked.set_user_attr("point", [in_words(value) for value in point])
        return asked, point

    def _trials(self, point: Point) -> list[Trial]:
        sweep = self.ledger.sweep
        project = project_at(sweep.project, sweep.settings, point)
        return [Trial(project, seed, sweep.epochs) for seed in sweep.seeds]

    def _tell(self, asked: Any, point: Point, found: Sequence[tuple[str, str]]) -> list[Result]:
        import optuna

        self._add(point)
        results = [self.ledger.put(digest, text) for digest, text in found]
        sound = [one.score for one in results if one.score < math.inf]
        if len(sound) == len(results):
            self._study.tell(asked, statistics.median(sound))
        else:
            # Worse than all that came to an end; so the search keeps away from there, and learns from it.
            self._study.tell(asked, state=optuna.trial.TrialState.PRUNED)
        return results


def _study(journal: str, epochs: int, prune: bool) -> Any:
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    except ImportError:
        raise SweepError(
            "A search needs one more package: pip install 'chainrule-playground[sweep]'. Or leave --search out."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lock = JournalFileOpenLock(journal) if sys.platform == "win32" else None
    try:
        return optuna.create_study(
            storage=optuna.storages.JournalStorage(JournalFileBackend(journal, lock_obj=lock)),
            study_name=STUDY,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(BEFORE_PRUNING, n_warmup_steps=max(1, epochs // 4))
            if prune
            else optuna.pruners.NopPruner(),
        )
    except (OSError, ValueError, KeyError) as error:
        raise SweepError(
            f"The search in {clipped(journal, 100)} cannot be read ({type(error).__name__}); expected what Optuna writes. Choose another "
            "folder."
        ) from None


def _ended() -> tuple[Any, ...]:
    from optuna.trial import TrialState

    return TrialState.COMPLETE, TrialState.PRUNED


def _suggested(asked: Any, one: Setting) -> Any:
    """The value of a setting that Optuna suggests, rounded as in a plan."""
    if one.values:
        return _value(one, asked.suggest_categorical(one.path, [in_words(v) for v in one.values]))
    if one.whole:
        return asked.suggest_int(one.path, round(one.low), round(one.high), log=one.log)
    return one.rounded(asked.suggest_float(one.path, one.low, one.high, log=one.log))


def _value(one: Setting, words: Any) -> Any:
    """The value that ``words`` stand for in the search's log."""
    if one.values:
        return next((v for v in one.values if in_words(v) == words), one.values[0])
    return round(float(words)) if one.whole else float(words)


@dataclass
class _Watched:
    """Reports the run of a point to Optuna, and hears whether it is to be given up."""

    journal: str
    number: int
    epochs: int

    def __post_init__(self) -> None:
        import optuna

        self._trial = optuna.trial.Trial(_study(self.journal, self.epochs, True), self.number)

    @property
    def every(self) -> int:
        return max(1, self.epochs // REPORTS)

    def falls_behind(self, loss: float, epoch: int) -> bool:
        if not math.isfinite(loss):
            return False  # that ends by itself
        self._trial.report(loss, epoch)
        return bool(self._trial.should_prune())


def searched(
    texts: Sequence[str], journal: str, number: int, epochs: int, prune: bool, sender: int
) -> list[tuple[str, str]]:
    """Train the runs of a point, one per seed: their digests and results as text. Of one that falls behind, the others are not trained.

    Args:
        texts: trials.
        journal, number: of the search, and of the point in it.
        sender: the process that waits for this one.
    """
    if sender != os.getpid():
        live_with(sender)
    found = []
    for i, text in enumerate(texts):
        what = trial(text)
        watched = _Watched(journal, number, epochs) if prune and i == 0 else None
        one = result_of(what) if watched is None else _watched_result(what, watched)
        found.append((what.digest, one.to_json()))
        if one.end == "pruned":
            break
    return found


def _watched_result(what: Trial, watched: _Watched) -> Result:
    """As ``result_of``, but for a run that is given up on the way."""
    began = perf_counter()
    session = Session()
    try:
        session.load(what.seeded)
        if session.trainer is None:
            return Result("refused", session.message, seconds=perf_counter() - began)
        session.play()
        trainer = session.trainer
        while session.state is State.RUNNING and trainer.epoch < what.epochs:
            session.train(math.inf, until_epoch=min(trainer.epoch + watched.every, what.epochs))
            loss = trainer.validation_score.loss
            loss = trainer.train_score.loss if math.isnan(loss) else loss
            running = session.state is State.RUNNING and trainer.epoch < what.epochs
            if running and watched.falls_behind(loss, trainer.epoch):
                given_up = outcome(session, perf_counter() - began)
                why = f"Given up after epoch {trainer.epoch}: half of the runs before it were better by then."
                return replace(given_up, end="pruned", message=why)
        session.finish()
        return outcome(session, perf_counter() - began)
    except (EngineError, MemoryError) as error:
        why = str(error) or NO_ROOM
        return Result("refused", clipped(why), seconds=perf_counter() - began)
