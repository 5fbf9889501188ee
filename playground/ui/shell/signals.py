"""Being told to end: the system's signals, brought into Qt's loop."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal

#: Ctrl+C in the terminal, a log-out, a terminal that closes; Windows has the first alone
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class EndSignals(QObject):
    """Says once that the program is asked to end; whoever asks again ends it at once, as without it.

    Python's own handlers get no turn while Qt's loop runs: each signal also writes a byte to a socket that Qt looks at.
    To be made in the main thread; ``stop`` puts back what was.
    """

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._awake)
        self._wakeup = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, self._noted) for number in ENDING}

    def stop(self) -> None:
        self._restore()
        signal.set_wakeup_fd(self._wakeup)
        self._notifier.setEnabled(False)
        self._near.close()
        self._far.close()

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _noted(self, number: int, _: object) -> None:
        for each in self._handlers:
            signal.signal(each, signal.SIG_DFL)  # the next one ends the program whatever it is doing

    def _awake(self) -> None:
        if set(self._near.recv(64)) & set(ENDING):  # each byte is the number of a signal
            self.asked.emit()
