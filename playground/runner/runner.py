"""The runner: the one way in which the window has something trained."""

from __future__ import annotations

from playground.runner.mailbox import Mailbox
from playground.runner.messages import Command, Frame
from playground.runner.worker import Worker


class Runner:
    """Commands in, frames out.

    >>> runner = Runner()
    >>> runner.start()
    >>> runner.send(Load(project)); runner.send(Play())
    >>> frame = runner.take()
    >>> runner.stop()
    """

    def __init__(self) -> None:
        self._mailbox = Mailbox()
        self._worker = Worker(self._mailbox)

    def start(self) -> None:
        """Start the training thread."""
        self._worker.start()

    def send(self, command: Command) -> None:
        """Have something done; returns at once. Commands are carried out in order, between two steps."""
        self._worker.send(command)

    def take(self) -> Frame | None:
        """The newest frame that was not taken yet, or ``None``. Taking one asks for the next."""
        return self._mailbox.take()

    def stop(self) -> None:
        """End the thread and wait for it. A stopped runner stays stopped."""
        self._worker.end()
