"""The runner: the one way in which the window has something trained."""

from __future__ import annotations

from playground.runner.mailbox import Mailbox
from playground.runner.messages import Command, Frame
from playground.runner.remote import Remote
from playground.runner.worker import Worker


class Runner:
    """Commands in, frames out.

    >>> runner = Runner()
    >>> runner.start()
    >>> runner.send(Load(project)); runner.send(Play())
    >>> frame = runner.take()
    >>> runner.stop()

    Args:
        own_process: train in a process of its own, so that drawing and training do not wait for each other (see
            ``playground/runner/remote.py``); otherwise in a thread, which starts faster.
    """

    def __init__(self, own_process: bool = True) -> None:
        self._end: Remote | _Local = Remote() if own_process else _Local()

    def start(self) -> None:
        """Start the worker."""
        self._end.start()

    def send(self, command: Command) -> None:
        """Have something done; returns at once. Commands are carried out in order, between two steps."""
        self._end.send(command)

    def take(self) -> Frame | None:
        """The newest frame that was not taken yet, or ``None``. Taking one asks for the next."""
        return self._end.take()

    def stop(self) -> None:
        """End the worker and wait for it. A stopped runner stays stopped."""
        self._end.end()


class _Local:
    """A worker in a thread of this process."""

    def __init__(self) -> None:
        self._mailbox = Mailbox()
        self._worker = Worker(self._mailbox)
        self.start, self.send = self._worker.start, self._worker.send
        self.take, self.end = self._mailbox.take, self._worker.end
