"""Carrying out a trial: text in, text out, in whatever process on whatever machine; by the same code as the window and the command line."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from time import perf_counter, sleep

import numpy as np

from engine.core import Array
from engine.errors import NO_ROOM, EngineError, clipped
from playground.document.project import Project
from playground.runner.messages import State
from playground.runner.session import Session
from playground.runs.trial import Result, Trial, best_of, thinned, trial

#: seconds of training between two looks at what else there is to do
SLICE = 0.1


def play_to(
    session: Session,
    epochs: int,
    progress: Callable[[int], object],
    ending: Sequence[int] = (),
    pause: Callable[[], int] | None = None,
) -> None:
    """Play until ``epochs`` are finished, the run has ended by itself, or there is something in ``ending``.

    ``progress`` is told the finished epochs now and then, and after each epoch that ``pause`` names.
    """
    session.play()
    while session.trainer is not None and session.state is State.RUNNING and session.trainer.epoch < epochs:
        session.train(SLICE, until_epoch=epochs if pause is None else min(epochs, pause()))
        progress(session.trainer.epoch)
        if ending:
            break


def carried_out(text: str, sender: int = 0) -> tuple[str, str]:
    """The digest of the trial in ``text``, and its result as text. What goes wrong in training is a result.

    Raises SpecError for what is no trial, or one for another version of the engine.

    Args:
        sender: the process that has started this one and waits for it; 0 where that is on another machine.
    """
    if sender not in (0, os.getpid()):  # joblib computes in its own process where that is enough
        live_with(sender)
    what = trial(text)
    return what.digest, result_of(what).to_json()


@cache
def live_with(sender: int) -> None:
    """End this process when the one that has started it has ended, in whatever way; Ctrl+C is for that one alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == sender:
            sleep(1)
        os._exit(0)

    if hasattr(
        os, "fork"
    ):  # elsewhere a process keeps the number of a parent that has gone; it ends after its idle time
        threading.Thread(target=watch, name="life", daemon=True).start()


def result_of(what: Trial) -> Result:
    """Train as ``what`` says."""
    began = perf_counter()
    try:
        session = Session()
        session.load(what.seeded)
        if session.trainer is None:
            return Result("refused", session.message, seconds=perf_counter() - began)
        play_to(session, what.epochs, lambda done: None)
        session.finish()
        return outcome(session, perf_counter() - began)
    except (EngineError, MemoryError) as error:
        why = str(error) or NO_ROOM
        return Result("refused", clipped(why), seconds=perf_counter() - began)


def seconds_per_epoch(project: Project) -> float | None:
    """How long an epoch takes, measured for a moment; ``None`` where the project cannot be trained."""
    session = Session()
    session.load(project)
    if session.trainer is None:
        return None
    session.play()
    session.train(SLICE / 2)  # the first updates make things ready
    trainer, began = session.trainer, perf_counter()
    first = trainer.epoch + trainer.part_of_epoch
    session.train(2 * SLICE)
    made = trainer.epoch + trainer.part_of_epoch - first
    return (perf_counter() - began) / made if made > 0 else None


def outcome(session: Session, seconds: float) -> Result:
    """What has come of a run that is over."""
    trainer = session.trainer
    if trainer is None:
        return Result("refused", session.message, seconds=seconds)
    if session.state is State.DIVERGED:
        end = "diverged"
    else:
        end = "stopped" if trainer.stopped.startswith("Stopped early") else "finished"
    frame, log = session.frame(), trainer.log.view()
    rows = log.rows.tolist()
    reached = int(rows[-1][0]) if rows else trainer.epoch
    return Result(
        end, session.message, max(reached, trainer.epoch), trainer.steps, frame.metric_name, thinned(rows),
        check_sum(trainer.model.state_dict()),
        (frame.train_loss, frame.validation_loss, frame.train_metric, frame.validation_metric), best_of(rows), seconds,
    )  # fmt: skip


def check_sum(weights: Mapping[str, Array]) -> str:
    """Of every name, shape and bit of a network's ``state_dict``."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.asarray(weights[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
