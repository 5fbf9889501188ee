"""The training process's end of the line: a worker, the messages of the line, and how frames are sent.

What the window has is not sent again: a number stands for the project, its data are made again there, the log goes on from the rows sent
before, and of all else, fields and answers alike, only what is another object than in the frame before is sent. What was sent is not kept for
that: an answer that nobody else has kept is another one next time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from engine.core import Array
from engine.log import LogView
from playground.document.project import Project
from playground.runner.crate import Packed, Room, TooSmall, packed
from playground.runner.mailbox import Mailbox
from playground.runner.messages import Frame, Load, Recover, Want
from playground.runner.rescue import Shelf
from playground.runner.worker import SAVING, Worker

#: projects whose frames may still be on their way
KEPT_PROJECTS = 64


@dataclass(frozen=True)
class Loaded:
    """What loads a project, with the number that stands for it."""

    number: int
    load: Load | Recover


@dataclass(frozen=True)
class Taken:
    """The window has drawn the last frame: send the next."""


@dataclass(frozen=True)
class Parcel:
    """A frame without what the window has, see the module.

    Args:
        number: of its project.
        has_data: whether the frame has data.
        log_from: the log's first ``log_from`` rows are those sent before; ``log`` holds the others.
        keys: of all else: names of fields, and the wants that are answered; ``None``: the same as last time.
        values: place among the keys → value, where it is not the one sent before.
    """

    number: int
    has_data: bool
    log_from: int
    log: Array
    keys: tuple[str | Want[Any], ...] | None
    values: dict[int, Any]


#: the fields of a frame that are sent as they are
PLAIN = tuple(f.name for f in fields(Frame) if f.name not in ("project", "data", "log", "answers"))


def contents(frame: Frame) -> dict[str | Want[Any], Any]:
    """All that a frame says: field → value, and want → answer."""
    said: dict[str | Want[Any], Any] = {name: getattr(frame, name) for name in PLAIN}
    return said | dict(frame.answers)


#: stands for an answer to which there are no weak references: tuples, dictionaries and text are made anew each time
_ANEW = object()


def _remembered(frame: Frame) -> dict[str | Want[Any], Any]:
    """All that a frame says, to be compared with the next one: of answers only who they are, so that none is kept."""
    said = contents(frame)
    for want, answer in frame.answers.items():
        try:
            said[want] = weakref.ref(answer)
        except TypeError:
            said[want] = _ANEW
    return said


def _is(value: Any, remembered: Any) -> bool:
    return value is (remembered() if isinstance(remembered, weakref.ref) else remembered)


class Sender(Mailbox):
    """The worker's mailbox: whoever finds that there is a frame and that one is asked for sends it.

    That is the worker when it puts one, or the reader of commands when one is asked for. No third thread: each would take turns
    with training for the interpreter. Nothing that is sent can fill the line, so sending never waits for the window.
    Where arrays go through the line, a thread of its own sends them, one frame at a time.
    """

    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line
        self._asked = True
        self._room: Room | None = None
        self._one_at_a_time = threading.Lock()
        self._numbers: OrderedDict[int, int] = OrderedDict()  # id of a project → its number
        self._projects: list[Project] = []  # keeps them alive, so that ids stay theirs
        self._log = LogView()  # as it was sent last
        self._sent: dict[str | Want[Any], Any] = {}  # all else, remembered

    @property
    def wanted(self) -> bool:
        return self._asked and super().wanted

    def note(self, loaded: Loaded) -> None:
        """Remember which number stands for a project."""
        with self._one_at_a_time:
            self._projects = [*self._projects[-KEPT_PROJECTS:], loaded.load.project]
            self._numbers = OrderedDict(list(self._numbers.items())[-KEPT_PROJECTS:])
            self._numbers[id(loaded.load.project)] = loaded.number

    def tidy(self) -> None:
        """Give the window's memory back, as it cannot do so any more."""
        if self._room is not None:
            self._room.give_back()

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
                self._log, self._sent = frame.log, _remembered(frame)
            if room.is_pipe:  # a full line must not make the reader of commands wait for the window
                threading.Thread(target=self._post, args=(message,), name="post", daemon=True).start()
            else:
                self._post(message)

    def _post(self, message: Packed | TooSmall) -> None:
        with contextlib.suppress(OSError):  # the window has gone; the end of the line ends this process
            self._line.send(message)

    def _packed(self, frame: Frame) -> Parcel:
        known, rows = self._log.rows, frame.log.rows
        same = len(known)
        # Rows of one table only grow; a log that is thinned, gone back in, or begun anew is in another.
        if known.base is not rows.base and not np.array_equal(known, rows[:same], equal_nan=True):
            same = 0
        said, sent = contents(frame), self._sent
        keys = tuple(said)
        return Parcel(
            self._numbers.get(id(frame.project), -1),
            frame.data is not None,
            same,
            rows[same:],
            None if keys == tuple(sent) else keys,
            {i: value for i, (key, value) in enumerate(said.items()) if not _is(value, sent.get(key, _ANEW))},
        )


def serve(line: Connection, folder: Path, patience: float | None = None) -> None:
    """Read commands for a worker, until the line ends; tidy up for the window if it could not.

    Args:
        line: to the window.
        folder: where the run is put aside.
        patience: seconds that the worker may take to finish what it is doing; ``None``: as long as it takes.
    """
    if hasattr(os, "nice"):
        os.nice(5)  # where processors are scarce, the window comes first
    sender = Sender(line)
    worker = Worker(sender, Shelf(folder))
    worker.start()
    try:
        while (message := line.recv()) is not None:
            match message:
                case Taken():
                    sender.ask()
                case Room():
                    sender.move(message)
                case Loaded(load=load):
                    sender.note(message)
                    worker.send(load)
                case command:
                    worker.send(command)
        worker.end(patience)
        if worker.saving:
            worker.end(SAVING)
    except (EOFError, OSError):  # the window has gone, and could not tidy up
        worker.end(patience)
        sender.tidy()
        shutil.rmtree(folder, ignore_errors=True)
