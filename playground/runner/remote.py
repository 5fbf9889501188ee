"""The worker in a process of its own, and the line between it and the window.

Drawing sixty pictures a second keeps Python's interpreter lock busy for a third to half of the time, and training in the same
process would get what is left. In its own process training keeps its full speed, and no update can make the window wait.

What goes over the line is what goes through a mailbox too: commands one way, frames the other, and never more than one frame that
nobody has asked for. Four things are not sent with every frame, because the window has them: the project (a number stands for it),
the data (made again from the project, once), the part of the log that was sent before, and a trace that was. The arrays of a frame, which are nearly
all of it, lie in memory that both processes see (see ``playground/runner/crate.py``); the line carries the few words round them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import OrderedDict
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import EngineError
from engine.log import LogView
from playground.document.project import Project, data_of
from playground.runner.crate import Crate, Room, TooSmall, packed
from playground.runner.mailbox import Mailbox
from playground.runner.messages import Array, Command, Frame, Load, SetSpeed, SetWants, State, Want
from playground.runner.worker import Worker

if TYPE_CHECKING:
    from engine.trace import Trace

#: projects whose frames may still be on their way
KEPT_PROJECTS = 64
#: seconds that a process may take to end by itself
PATIENCE = 3.0
#: bytes for the arrays of a frame, to begin with: enough for most networks on points
FIRST_ROOM = 1 << 20


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
        wants: what is answered; ``None``: the same as last time.
        answers: to each of them.
        trace: of the next update, or SAME.
        log_from: the log's first ``log_from`` rows are those sent before; ``log`` holds the others.
        fields: all else.
    """

    number: int
    has_data: bool
    wants: tuple[Want, ...] | None
    answers: tuple[Any, ...]
    trace: Trace | str | None
    log_from: int
    log: Array
    fields: dict[str, Any]


#: stands for the trace that was sent last
SAME = "same"
#: the fields of a frame that are sent as they are
_PLAIN = tuple(f.name for f in fields(Frame) if f.name not in ("project", "data", "log", "answers", "trace"))


class _Sender(Mailbox):
    """The worker's mailbox: whoever finds that there is a frame and that one is asked for sends it.

    That is the worker when it puts one, or the reader of commands when one is asked for. No third thread: each would take turns
    with training for the interpreter. Nothing that is sent can fill the line, so sending never waits for the window.
    """

    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line
        self._asked = True
        self._room: Room | None = None
        self._one_at_a_time = threading.Lock()
        self._numbers: OrderedDict[int, int] = OrderedDict()  # id of a project → its number
        self._projects: list[Project] = []  # keeps them alive, so that ids stay theirs
        self._sent = LogView()
        self._wants: tuple[Want, ...] = ()
        self._trace: Trace | None = None

    @property
    def wanted(self) -> bool:
        return self._asked and super().wanted

    def note(self, loaded: _Loaded) -> None:
        """Remember which number stands for a project."""
        with self._one_at_a_time:
            self._projects = [*self._projects[-KEPT_PROJECTS:], loaded.load.project]
            self._numbers = OrderedDict(list(self._numbers.items())[-KEPT_PROJECTS:])
            self._numbers[id(loaded.load.project)] = loaded.number

    def put(self, frame: Frame) -> None:
        super().put(frame)
        self._send()

    def ask(self) -> None:
        """The window is ready for another frame."""
        self._asked = True
        self._send()

    def move(self, room: Room) -> None:
        """The window has made more room, and asks again for the frame that did not fit."""
        with self._one_at_a_time:
            if self._room is not None:
                self._room.close()
            self._room = room.opened()
        self.ask()

    def _send(self) -> None:
        with self._one_at_a_time:
            room = self._room
            frame = super().take() if self._asked and room is not None else None
            if frame is None or room is None:
                return
            self._asked = False
            parcel = self._packed(frame)
            message = packed(parcel, room)
            if isinstance(message, TooSmall):
                if not self._place:  # a newer one may have been put meanwhile
                    super().put(frame)
            else:
                self._sent, self._wants, self._trace = frame.log, tuple(frame.answers), frame.trace
            with contextlib.suppress(OSError):  # the window has gone; the end of the line ends this process
                self._line.send(message)

    def _packed(self, frame: Frame) -> _Parcel:
        known, rows = self._sent.rows, frame.log.rows
        same = len(known)
        # Rows of one table only grow; a log that is thinned, gone back in, or begun anew is in another.
        if known.base is not rows.base and not np.array_equal(known, rows[:same], equal_nan=True):
            same = 0
        return _Parcel(
            self._numbers.get(id(frame.project), -1),
            frame.data is not None,
            None if tuple(frame.answers) == self._wants else tuple(frame.answers),
            tuple(frame.answers.values()),
            SAME if frame.trace is not None and frame.trace is self._trace else frame.trace,
            same,
            rows[same:],
            {name: getattr(frame, name) for name in _PLAIN},
        )


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
                case Room():
                    sender.move(message)
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
        self._crate = Crate()
        self._projects: OrderedDict[int, Project] = OrderedDict()
        self._number = 0
        self._log = LogView().rows
        self._wants: tuple[Want, ...] = ()  # those of the last frame
        self._trace: Trace | None = None  # that of the last frame
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
        self._tell(self._crate.grown(FIRST_ROOM))

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
            message = self._line.recv()
            if isinstance(message, TooSmall):
                self._line.send(self._crate.grown(message.size))
                return None
            parcel: _Parcel = self._crate.unpacked(message)
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
        self._crate.empty()

    @property
    def _project(self) -> Project:
        """The one loaded last."""
        load = self._standing.get(Load)
        return load.project if isinstance(load, Load) else _NOBODY

    def _tell(self, command: Command | Room) -> None:
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
        if parcel.wants is not None:
            self._wants = parcel.wants
        answers = MappingProxyType(dict(zip(self._wants, parcel.answers, strict=True)))
        if not isinstance(parcel.trace, str):
            self._trace = parcel.trace
        return Frame(
            project, data, log=self._grown(parcel), answers=answers, trace=self._trace, **parcel.fields
        )  # fmt: skip

    def _grown(self, parcel: _Parcel) -> LogView:
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
