"""The worker in a process of its own, and the line between it and the window.

Drawing sixty pictures a second keeps Python's interpreter lock busy for a third to half of the time, and training in the same
process would get what is left. In its own process training keeps its full speed, and no update can make the window wait.

What goes over the line is what goes through a mailbox too: commands one way, frames the other, and never more than one frame that
nobody has asked for. Three things are not sent with every frame, because the window has them: the project (a number stands for it),
the data (made again from the project, once) and the part of the log that was sent before.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import MappingProxyType

import numpy as np

from engine.errors import EngineError
from engine.log import LogView
from playground.document.project import Project, data_of
from playground.runner.mailbox import Mailbox
from playground.runner.messages import Command, Frame, Load, SetSpeed, SetWants, State
from playground.runner.worker import Worker

#: projects whose frames may still be on their way
KEPT_PROJECTS = 64
#: seconds that a process may take to end by itself
PATIENCE = 3.0


@dataclass(frozen=True)
class _Loaded:
    """A Load, with the number that stands for its project."""

    number: int
    load: Load


@dataclass(frozen=True)
class _Taken:
    """The window has drawn the last frame: send the next."""


@dataclass(frozen=True)
class _Parcel:
    """A frame without what the window has, see the module.

    Args:
        number: of its project.
        has_data: whether the frame has data.
        log_from: the log's first ``log_from`` rows are those sent before; ``frame.log`` holds the others.
    """

    number: int
    frame: Frame
    has_data: bool
    log_from: int


class _Sender(Mailbox):
    """The worker's mailbox: a thread sends its frame when one is asked for.

    A thread of its own, because a frame may be larger than what the line holds, and is then sent only as the window reads: if that is
    hidden, training must not wait for it.
    """

    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line
        self._asked = True
        self._news = (
            threading.Condition()
        )  # the worker puts, the reader of commands asks, the thread waits for both
        self._numbers: OrderedDict[int, int] = OrderedDict()  # id of a project → its number
        self._projects: list[Project] = []  # keeps them alive, so that ids stay theirs
        self._sent = LogView()
        threading.Thread(target=self._send_all, name="frames", daemon=True).start()

    @property
    def wanted(self) -> bool:
        return self._asked and super().wanted

    def note(self, loaded: _Loaded) -> None:
        """Remember which number stands for a project."""
        with self._news:
            self._projects = [*self._projects[-KEPT_PROJECTS:], loaded.load.project]
            self._numbers = OrderedDict(list(self._numbers.items())[-KEPT_PROJECTS:])
            self._numbers[id(loaded.load.project)] = loaded.number

    def put(self, frame: Frame) -> None:
        with self._news:
            super().put(frame)
            self._news.notify()

    def ask(self) -> None:
        """The window is ready for another frame."""
        with self._news:
            self._asked = True
            self._news.notify()

    def _send_all(self) -> None:
        with contextlib.suppress(OSError):  # the window has gone; the end of the line ends this process
            while True:
                self._line.send(self._next())

    def _next(self) -> _Parcel:
        """Wait until there is a frame and somebody has asked for it."""
        with self._news:
            self._news.wait_for(lambda: self._asked and bool(self._place))
            self._asked = False
            return self._packed(self._place.pop())

    def _packed(self, frame: Frame) -> _Parcel:
        known, rows = self._sent.rows, frame.log.rows
        same = len(known)
        # Logs only grow; one that is thinned, or begins anew, differs at its end or is shorter.
        if (
            same > len(rows)
            or not np.array_equal(known[-1:], rows[same - 1 : same], equal_nan=True)
            or (same and not np.array_equal(known[same // 2], rows[same // 2], equal_nan=True))
        ):
            same = 0
        self._sent = frame.log
        bare = replace(
            frame, project=_NOBODY, data=None, log=LogView(rows[same:]), answers=dict(frame.answers)
        )
        return _Parcel(self._numbers.get(id(frame.project), -1), bare, frame.data is not None, same)


_NOBODY = Project()


def _serve(line: Connection) -> None:
    """What the process does: a worker, and this thread to read commands, until the line ends."""
    if hasattr(os, "nice"):
        os.nice(5)  # where processors are scarce, the window comes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which then ends the line
    sender = _Sender(line)
    worker = Worker(sender)
    worker.start()
    try:
        while True:
            message = line.recv()
            match message:
                case None:
                    break
                case _Taken():
                    sender.ask()
                case _Loaded(load=load):
                    sender.note(message)
                    worker.send(load)
                case command:
                    worker.send(command)
    except (EOFError, OSError):
        pass  # the window has gone
    worker.end()


class Remote:
    """The window's end of the line. The interface is the worker's and the mailbox's in one."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None
        self._projects: OrderedDict[int, Project] = OrderedDict()
        self._number = 0
        self._log = LogView().rows
        self._standing: dict[type, Command] = {}  # what another process would have to be told
        self._broken = ""

    def start(self) -> None:
        """Start the process; it is ready for commands at once."""
        context = multiprocessing.get_context("spawn")  # fork would copy a running Qt
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="training", daemon=True)
        self._process.start()
        theirs.close()
        self._broken = ""

    def send(self, command: Command) -> None:
        """Have something done. After a crash of the process, the next thing that a person does starts another."""
        if isinstance(command, Load | SetWants | SetSpeed):
            self._standing[type(command)] = command
        if not self._broken:
            self._tell(command)
        elif not isinstance(command, SetWants | SetSpeed):
            self.end()
            self.start()
            for standing in self._standing.values():
                self._tell(standing)
            if not isinstance(command, Load):
                self._tell(command)

    def take(self) -> Frame | None:
        """The newest frame, or ``None``; taking one asks for the next. Says once that the process has ended, if it has."""
        if self._line is None or self._broken:
            return None
        try:
            if not self._line.poll():
                return None
            parcel: _Parcel = self._line.recv()
            self._line.send(_Taken())
        except (EOFError, OSError):
            return self._ended()
        return self._unpacked(parcel)

    def end(self) -> None:
        """End the process and wait for it."""
        line, process = self._line, self._process
        self._line = self._process = None
        if line is not None:
            with contextlib.suppress(OSError):
                line.send(None)
            line.close()
        if process is not None:
            process.join(PATIENCE)
            if process.is_alive():  # in the middle of one very long update
                process.kill()
                process.join()
            process.close()

    @property
    def _project(self) -> Project:
        """The one loaded last."""
        load = self._standing.get(Load)
        return load.project if isinstance(load, Load) else _NOBODY

    def _tell(self, command: Command) -> None:
        message: object = command
        if isinstance(command, Load):
            self._number += 1
            self._projects[self._number] = command.project
            while len(self._projects) > KEPT_PROJECTS:
                self._projects.popitem(last=False)
            message = _Loaded(self._number, command)
        if self._line is not None:
            with contextlib.suppress(OSError):  # take() will find out and say so
                self._line.send(message)

    def _unpacked(self, parcel: _Parcel) -> Frame:
        project = self._projects.get(parcel.number, self._project)
        data = None
        if parcel.has_data:
            with contextlib.suppress(EngineError):
                data = data_of(project)
        answers = MappingProxyType(dict(parcel.frame.answers))
        return replace(parcel.frame, project=project, data=data, log=self._grown(parcel), answers=answers)

    def _grown(self, parcel: _Parcel) -> LogView:
        """The whole log: the rows kept here and the new ones, in a table that grows by doubling."""
        new = parcel.frame.log.rows
        total = parcel.log_from + len(new)
        if parcel.log_from == 0 or total > len(self._log):
            grown = np.full((max(256, 2 * total), new.shape[1]), np.nan)
            grown[: parcel.log_from] = self._log[: parcel.log_from]
            self._log = grown  # a new table: views of the old one stay as they are
        self._log[parcel.log_from : total] = new
        rows = self._log[:total]
        rows.flags.writeable = False
        return LogView(rows)

    def _ended(self) -> Frame:
        """A frame that says the process has ended by itself."""
        code = None
        if self._process is not None:
            self._process.join(PATIENCE)
            code = self._process.exitcode
        why = (
            f"signal {signal.Signals(-code).name}"
            if code is not None and code < 0 and os.name == "posix"
            else f"exit code {code}"
        )
        self._broken = f"The training process ended unexpectedly ({why})"
        message = f"{self._broken}; it may have run out of memory. Press Reset, or change the project, to start it again."
        return Frame(self._project, None, State.CRASHED, message, self._broken)
