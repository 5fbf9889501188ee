"""The thread that trains. It reads commands, trains in short bursts, and leaves frames in the mailbox."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from playground.runner import commands
from playground.runner.mailbox import Mailbox
from playground.runner.messages import State, Want
from playground.runner.rescue import Keeper, Shelf
from playground.runner.session import Session

#: seconds of training between two looks at commands
BURST = 0.002
#: at and below this many steps per second, every step is shown, with losses of its own
SLOW = 30.0
#: seconds between two wake-ups at a limited speed, at least: a thread that wakes for every step of many leaves little to others
DOZE = 0.004
#: seconds that what is being saved is waited for at the end
SAVING = 6.0
#: steps per second with which a gentle start begins, and the seconds in which they double, up to what needs no limit
GENTLE, DOUBLING, FREE = 60.0, 0.5, 50_000.0


class Worker(threading.Thread):
    """Runs a session; everything it is told and everything it tells is immutable.

    Args:
        mailbox: where frames go.
        shelf: where the run is put aside for another process, in case this one dies.
    """

    def __init__(self, mailbox: Mailbox, shelf: Shelf | None = None) -> None:
        super().__init__(name="training", daemon=True)
        self._mailbox = mailbox
        self._session = session = Session()
        session.show = self._undisturbed
        self._shelf = shelf
        self._keeper = Keeper(session.aside, session.mark, shelf)
        self._commands: deque[commands.Command] = deque()
        self._wake = threading.Condition()
        self._ending = False
        self._wants: frozenset[Want[Any]] = frozenset()
        self._speed: float | None = None
        self._gentle_since: float | None = None
        self._until_epoch = float("inf")
        self._due = 0.0
        self._rate = _Rate()
        self._at_it = False  # saving

    # --- called from other threads ------------------------------------------------------------------------------------

    def send(self, command: commands.Command) -> None:
        with self._wake:
            self._commands.append(command)
            self._wake.notify()

    def end(self, patience: float | None = None) -> None:
        """Finish after the current burst and wait for it, at most ``patience`` seconds; ``None``: as long as it takes."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self.is_alive():
            self.join(patience)

    @property
    def saving(self) -> bool:
        """Whether something is being saved, or still to be."""
        return self._at_it or any(isinstance(command, commands.Save) for command in tuple(self._commands))

    # --- the thread ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        # Strided operands are copied through such buffers: small ones stay in the first-level cache.
        np.setbufsize(1024)
        while not self._ending:
            try:
                self._turn()
                if not self._ending:
                    self._keeper.look()
            except Exception as error:  # noqa: BLE001  whatever it is, it is shown, and the window stays alive
                self._session.crash(error)
                self._put()
        while self.saving:  # what was to be kept is kept, also at the end
            command = self._commands.popleft()
            if isinstance(command, commands.Load | commands.Save):
                self._do(command)

    def _turn(self) -> None:
        """Do what was asked, train a little, show it; or wait for something to do."""
        told = self._obey()
        session = self._session
        limit = self._limit
        if session.state is State.RUNNING and (limit is None or not told):
            self._train(limit)
            slow = limit is not None and limit <= SLOW
            if slow:
                session.score()
            if slow or session.state is not State.RUNNING or self._mailbox.wanted:
                self._put()
        elif self._work() or told:  # also at a limited speed: the next step may be long in coming
            self._put()
        else:
            with self._wake:
                if not self._commands and not self._ending:
                    self._wake.wait(self._keeper.left())

    def _work(self) -> bool:
        """Get on with answers that take long, as long as they are wanted; whether anything was left to do."""
        still = lambda want: self._undisturbed() and want in self._wants
        return self._session.state is not State.RUNNING and self._session.work(self._wants, still)

    def _obey(self) -> bool:
        """Carry out the commands that have come; whether there were any."""
        told = False
        while self._commands:
            self._do(self._commands.popleft())
            told = True
        return told

    def _do(self, command: commands.Command) -> None:
        session, done = self._session, self._steps
        back = isinstance(command, commands.StepBack | commands.GoTo)
        if session.state is State.CRASHED:
            self._get_over(command)
        match command:
            case commands.Load(project, another, returning, file):
                session.load(project, another, returning, file)
            case commands.Save():
                self._at_it = True
                try:
                    session.save(command, self._keeper.last if session.state is State.CRASHED else None)
                finally:
                    self._at_it = False
            case commands.Play(gently):
                self._go(gently=gently)
            case commands.Pause():
                session.pause()
            case commands.Reset():
                session.reset()
            case commands.Step(unit, count):
                self._step(unit, count)
            case commands.StepBack(unit):
                self._go_back(lambda: session.step_back(unit, self._on_the_way))
            case commands.GoTo(step):
                # whoever drags is far ahead of the first places
                if not any(isinstance(c, commands.GoTo) for c in self._commands):
                    self._go_back(lambda: session.go_to(step, self._on_the_way))
            case commands.SetSpeed(steps):
                self._speed, self._due = steps, perf_counter()
            case commands.SetWants(wants):
                self._wants = wants
            case commands.ShowPicture():
                session.show_picture(command)
            case commands.Inspect(sample, guest):
                session.inspect(sample, guest)
            case commands.ApplyStep():
                self._step("batch")
                if session.state is State.PAUSED:
                    session.inspect(session.inspection.sample)
            case commands.Discard():
                session.inspection.end()
            case commands.Recover(project, run, opened):
                aside = self._shelf.read() if self._shelf is not None else None
                session.recover(project, run, aside, opened)
        # another run has begun, and a step asked for in the last one is no more
        if self._steps < done and not back:
            self._rate = _Rate()
            if self._until_epoch < float("inf"):
                session.pause()

    def _get_over(self, command: commands.Command) -> None:
        """After a crash, whatever a person does first goes on from what was put aside."""
        session, aside = self._session, self._keeper.last
        if isinstance(command, commands.Load) and not command.another:
            session.recover(command.project, session.run, aside)
        elif not isinstance(
            command, commands.Quiet | commands.Load | commands.Recover | commands.Reset | commands.Save
        ):
            session.recover(session.project, session.run, aside)

    @property
    def _steps(self) -> int:
        trainer = self._session.trainer
        return trainer.steps if trainer is not None else 0

    @property
    def _limit(self) -> float | None:
        """Steps per second that may be made now; ``None`` for as many as can be."""
        if self._until_epoch < float("inf"):
            return None
        if self._gentle_since is None:
            return self._speed
        gentle = GENTLE * math.exp2((perf_counter() - self._gentle_since) / DOUBLING)
        if gentle >= (self._speed or FREE):
            self._gentle_since = None
            return self._speed
        return gentle

    def _go(self, until_epoch: float = float("inf"), gently: bool = False) -> None:
        self._until_epoch, self._due, self._rate = until_epoch, perf_counter(), _Rate()
        self._gentle_since = self._due if gently else None
        self._session.play()

    def _step(self, unit: str, count: int = 1) -> None:
        trainer = self._session.trainer
        if trainer is None:
            return
        if unit == "epoch":
            stepping = self._session.state is State.RUNNING and self._until_epoch < float("inf")
            # asked for twice in a row: two epochs
            self._go((self._until_epoch if stepping else trainer.epoch) + count)
            return
        self._session.play()
        if self._session.state is State.RUNNING:
            self._session.train(0.0, 1)
            self._session.pause()

    def _go_back(self, go: Callable[[], None]) -> None:
        """Go to another moment of the run, and stay there."""
        self._until_epoch = float("inf")
        go()
        self._rate = _Rate()

    def _on_the_way(self) -> bool:
        """Whether to go on to the moment that was asked for: one more step back is counted from there."""
        return self._undisturbed() or (
            not self._ending and bool(self._commands) and isinstance(self._commands[0], commands.StepBack)
        )

    def _undisturbed(self) -> bool:
        """Show how far a long piece of work is; whether nothing else is to be done."""
        while self._commands and isinstance(self._commands[0], commands.SetWants | commands.SetSpeed):
            self._do(self._commands.popleft())
        if self._mailbox.wanted:
            self._put()
        return not self._commands and not self._ending

    def _train(self, limit: float | None) -> None:
        session = self._session
        if limit is None:
            session.train(BURST, until_epoch=self._until_epoch)
        elif self._wait_until_due():
            late = perf_counter() - self._due
            done = session.train(BURST, 1 + int(late * limit))
            self._due = max(self._due + done / limit, perf_counter() - DOZE)
        trainer = session.trainer
        if trainer is not None:
            self._rate.note(trainer.epoch + trainer.part_of_epoch, trainer.steps)
            if trainer.epoch >= self._until_epoch:
                session.pause()

    def _wait_until_due(self) -> bool:
        """Wait for the next step's time; False when a command comes first."""
        with self._wake:
            left = self._due - perf_counter()
            if left > 0 and not self._commands and not self._ending:
                # A frame that is taken meanwhile is not replaced before the next step: nothing changes in between.
                self._wake.wait(max(left, DOZE))
            return perf_counter() >= self._due and not self._commands

    def _put(self) -> None:
        if not self._session.loaded:  # a frame of nothing would be taken for what has become of a run
            return
        running = self._session.state is State.RUNNING
        epochs, steps = self._rate.value if running else (0.0, 0.0)
        self._mailbox.put(self._session.frame(self._wants, epochs, steps))


class _Rate:
    """Epochs and steps per second, over the last half to whole second."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float, int]] = deque(maxlen=2)
        self.value = (0.0, 0.0)

    def note(self, epoch: float, step: int) -> None:
        now = perf_counter()
        if not self._marks:
            self._marks.append((now, epoch, step))
            return
        start, first_epoch, first_step = self._marks[0]
        took = now - start
        if took > 0.05:
            self.value = (epoch - first_epoch) / took, (step - first_step) / took
        if now - self._marks[-1][0] > 0.5:
            self._marks.append((now, epoch, step))
