"""The worker in a process of its own, and the line between it and the window.

Drawing sixty pictures a second keeps Python's interpreter lock busy for a third to half of the time, and training in the same
process would get what is left. In its own process training keeps its full speed, and no update can make the window wait.

What goes over the line is what goes through a mailbox too: commands one way, frames the other, and never more than one frame that
nobody has asked for (see ``playground/runner/serving.py``). The arrays of a frame, which are nearly all of it, lie in memory that
both processes see (see ``playground/runner/crate.py``); the line carries the few words round them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import weakref
from collections import OrderedDict
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.log import LogView
from playground.document.project import Project, data_of
from playground.runner import commands
from playground.runner.crate import Crate, Room, TooSmall
from playground.runner.life import begin
from playground.runner.messages import ANSWERS, Command, Frame, NextUpdate, Quiet, Saved, State, Want
from playground.runner.rescue import Shelf
from playground.runner.serving import KEPT_PROJECTS, PLAIN, Loaded, Parcel, Taken
from playground.runner.worker import SAVING
from playground.runner.writing import carried_out
from playground.runs import files
from playground.runs.run import Run

#: seconds that a process may take to end by itself: a little more than it gives itself
PATIENCE = 1.0
#: bytes for the arrays of a frame, to begin with: enough for most networks on points
FIRST_ROOM = 1 << 20
#: processes that are started of their own accord, one after another, without anybody asking for anything in between
RESTARTS = 2
#: seconds that news of a death can be read at least, where the run goes on meanwhile
READABLE = 10.0


_NOBODY = Project()


class Remote:
    """The window's end of the line. The interface is the worker's and the mailbox's in one.

    A process that dies is replaced by another, which is told all that the last one knew and goes on from what that one had put aside;
    only when that has been in vain a few times does it wait for somebody to ask for something.
    """

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._buried: list[multiprocessing.process.BaseProcess] = []  # dead, or as good as
        self._line: Connection | None = None
        self._crate = Crate()
        self._folder: Path | None = None
        self._projects: OrderedDict[int, Project] = OrderedDict()
        self._number = self._run = 0
        self._log = LogView().rows
        self._sent: dict[str | Want[Any], Any] = {}  # by the last frame, see Parcel
        self._standing: dict[type, Command] = {}  # what another process has to be told
        self._broken = False  # no process, until somebody asks for something
        self._died_at = 0.0  # when the line was found to have ended; 0: it has not
        self._opened: tuple[Path, Project] | None = None  # where the run began
        self._saves: dict[int, commands.Save] = {}  # orders that have not been answered
        self._saved: tuple[Saved, ...] = ()  # what was carried out here, as there is no process
        self._deaths = 0  # since somebody asked for something
        self._why = self._notice = ""  # of the last death; what is said of it with each frame
        self._told = False  # whether the notice has been in a frame
        # when it first was; the step that had been reached before the death
        self._told_at, self._lost = 0.0, 0
        self._seen = 0  # the step of the last frame
        self._last: Frame | None = None

    def start(self) -> None:
        """Start the process; it is ready for commands at once."""
        context = multiprocessing.get_context("spawn")  # fork would copy a running Qt
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="playground-"))
            self._tidy = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._line, theirs = context.Pipe()
        self._process = context.Process(
            target=begin, args=(theirs, self._folder), name="training", daemon=True
        )
        self._process.start()
        theirs.close()
        self._broken, self._died_at = False, 0.0
        self._sent = {}
        self._tell(self._crate.grown(FIRST_ROOM))

    def send(self, command: Command) -> None:
        """Have something done. Where no process is left, the next thing that a person does starts another."""
        if isinstance(command, commands.Load):
            self._run += command.another
            if command.another:
                self._opened = None if command.file is None else (command.file, command.project)
        elif isinstance(command, commands.Reset):
            self._opened = None
        elif isinstance(command, commands.Save):
            self._saves[command.number] = command
            if self._broken:
                self._save_here()
            else:
                self._tell(command)
            return
        if isinstance(command, commands.Load | Quiet):
            self._standing[type(command)] = command
        if not isinstance(command, Quiet):
            self._deaths = 0
            if self._told and not (isinstance(command, commands.Load) and not command.another):
                self._notice = ""
        if not self._broken:
            self._tell(command)
        elif not isinstance(command, Quiet):
            if isinstance(command, commands.Reset):
                self._why = ""  # whoever begins anew need not be told what could be kept
            self._replace()
            if not isinstance(command, commands.Load):
                self._tell(command)

    def take(self) -> Frame | None:
        """The newest frame, or ``None``; taking one asks for the next. Replaces a process that has died."""
        if self._line is None:
            return self._said()
        try:
            if not self._line.poll():
                return None
            message = self._line.recv()
            if isinstance(message, TooSmall):
                self._line.send(self._crate.grown(message.size))
                return None
            parcel: Parcel = self._crate.unpacked(message)
            self._line.send(Taken())
        except (EOFError, OSError):
            return self._ended()
        return self._unpacked(parcel)

    def end(self) -> None:
        """End the process and wait for it."""
        process = self._process
        self._let_go(farewell=True)
        if process is not None:
            # It may be in the middle of one very long update; what is to be saved is waited for longer.
            process.join(SAVING + PATIENCE if self._saves else PATIENCE)
        for dead in self._buried:
            dead.kill()
            dead.join(PATIENCE)
            if dead.exitcode is not None:  # else it hangs in the system itself, and ends when that lets it go
                dead.close()
        self._buried.clear()
        self._crate.empty()
        if self._folder is not None:
            self._tidy()
            self._folder = None

    @property
    def _project(self) -> Project:
        """The one loaded last."""
        load = self._standing.get(commands.Load)
        return load.project if isinstance(load, commands.Load) else _NOBODY

    def _tell(self, command: Command | Room) -> None:
        message: object = command
        if isinstance(command, commands.Load | commands.Recover):
            self._number += 1
            self._projects[self._number] = command.project
            while len(self._projects) > KEPT_PROJECTS:
                self._projects.popitem(last=False)
            message = Loaded(self._number, command)
        if self._line is not None:
            with contextlib.suppress(OSError):  # take() will find out and say so
                self._line.send(message)

    def _unpacked(self, parcel: Parcel) -> Frame:
        project = self._projects.get(parcel.number, self._project)
        data = None
        if parcel.has_data:
            with contextlib.suppress(EngineError):
                data = data_of(project)
        keys, before = parcel.keys or tuple(self._sent), self._sent
        said = self._sent = {
            key: parcel.values[i] if i in parcel.values else before[key] for i, key in enumerate(keys)
        }
        answers = MappingProxyType({key: value for key, value in said.items() if not isinstance(key, str)})
        frame = Frame(
            project, data, log=self._grown(parcel), answers=answers, **{name: said[name] for name in PLAIN}
        )
        self._say(frame.step, frame.state)
        self._let_be(frame.step, frame.state)
        for one in frame.saved:
            self._saves.pop(one.number, None)
        self._last = replace(frame, notice=self._notice or frame.notice)
        return self._last

    def _grown(self, parcel: Parcel) -> LogView:
        """The whole log: the rows kept here and the new ones, in a table that grows by doubling."""
        new = parcel.log
        total = parcel.log_from + len(new)
        if parcel.log_from == 0 or total > len(self._log):
            grown = np.full((max(256, 2 * total), new.shape[1]), np.nan)
            grown[: parcel.log_from] = self._log[: parcel.log_from]
            self._log = grown  # a new table: views of the old one stay as they are
        self._log[parcel.log_from : total] = new
        rows = self._log[:total]
        rows.flags.writeable = False
        return LogView(rows)

    # --- when the process dies ----------------------------------------------------------------------------------------

    def _let_go(self, farewell: bool = False) -> None:
        """Give up the process and its line, without waiting."""
        line, process = self._line, self._process
        self._line = self._process = None
        if line is not None:
            with contextlib.suppress(OSError):
                if farewell:
                    line.send(None)
            line.close()
        if process is not None:
            self._buried.append(process)

    def _replace(self) -> None:
        """Start another process, and tell it what the last one knew."""
        self._let_go()
        for dead in tuple(self._buried):
            if dead.exitcode is not None:
                self._buried.remove(dead)
                dead.close()
        self.start()
        load = self._standing.get(commands.Load)
        for standing in self._standing.values():
            if standing is not load:
                self._tell(standing)
        if isinstance(load, commands.Load):
            self._tell(commands.Recover(load.project, self._run, self._opened))
        for order in self._saves.values():
            self._tell(order)

    def _ended(self) -> Frame | None:
        """The process has ended by itself: start another. A frame that says why, where that has been in vain."""
        process, now = self._process, perf_counter()
        self._died_at = self._died_at or now
        code = process.exitcode if process is not None else None
        if process is not None and code is None:
            if now - self._died_at < PATIENCE:
                return None  # it is about to; asked again with the next look
            process.kill()
        self._why = _why(code)
        self._deaths += 1
        if self._deaths <= RESTARTS:
            self._notice, self._told = "", False
            self._replace()
            return None
        self._let_go()
        self._broken = True
        self._save_here()
        message = (
            f"{self._why}, {self._deaths} times in a row. Your project is intact: you can save it. "
            "It may need more memory than there is: make network or data smaller, or press Play to try once more."
        )
        # What was seen last stays on screen.
        last = self._last or Frame(self._project)
        answers = MappingProxyType({w: a for w, a in last.answers.items() if w != NextUpdate()})
        self._last = replace(
            last, answers=answers, state=State.CRASHED, message=message, details=self._why,
            refusal="", notice="", epochs_per_second=0.0, steps_per_second=0.0,
        )  # fmt: skip
        return self._said() or self._last

    def _save_here(self) -> None:
        """Carry out what is to be saved without a process, with what the last one had put aside of the run."""
        aside = Shelf(self._folder).read() if self._folder is not None else None
        for order in self._saves.values():

            def run(of: Project = order.project) -> Run | None:
                if aside is not None and aside.is_of(of):
                    return aside
                return None if self._opened is None else files.run_or_none(*self._opened)

            self._saved = (*self._saved, carried_out(order, run, lambda: None))[-ANSWERS:]
        self._saves.clear()

    def _said(self) -> Frame | None:
        """The last frame with what was saved since; ``None`` where nothing was."""
        last = self._last or Frame(self._project)
        if not self._saved:
            return None
        self._last, self._saved = replace(last, saved=(*last.saved, *self._saved)[-ANSWERS:]), ()
        return self._last

    def _say(self, step: int, state: State) -> None:
        """What is so after a death, by the first frame that comes after it."""
        if self._why and not self._notice:
            if step:
                left = f"Its weights are those after update {step:,}"
                left += f" (of {self._seen:,} that you have seen)." if self._seen > step else "."
                left += " There is no way back from there."
            elif self._seen:
                left = "Its weights could not be kept, so it begins again with the first ones."
            else:
                left = "Nothing of it is lost."
            on = " Press Play to go on." if state in (State.READY, State.PAUSED) else ""
            self._notice = f"{self._why}. It has been started again, with your project as it was. {left}{on}"
            self._why, self._lost = "", max(step, self._seen)
        self._seen = step

    def _let_be(self, step: int, state: State) -> None:
        """Say no more of a death once the run, going on, has made up for what was lost, and there was time to read it."""
        now = perf_counter()
        if not self._told:
            self._told_at = now
        elif state is State.RUNNING and step > self._lost and now - self._told_at > READABLE:
            self._notice = ""
        self._told = bool(self._notice)


def _why(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0 and os.name == "posix":
        memory = ", perhaps as memory ran out" if -code == signal.SIGKILL else ""
        return f"The training process was ended from outside ({signal.Signals(-code).name}{memory})"
    return f"The training process ended unexpectedly (exit code {'unknown' if code is None else code})"
