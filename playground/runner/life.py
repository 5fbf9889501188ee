"""How the training process begins and ends: whatever it is doing, it does not outlive the window by more than a moment.

Python can end only where it gets a turn. A thread that reads from a slow disk, draws a hundred million weights or imports a library is not
waited for: what is tidied up is tidied up by other threads, and after ``PATIENCE`` the process ends as it is. It holds nothing that the user
would miss; where it is still saving something, that is waited for a while, as long as the window is there.

Nothing heavy is imported before the process looks out for the window's end.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import shutil
import signal
import threading
from multiprocessing.connection import Connection, wait
from pathlib import Path

#: seconds that the process may take to end by itself
PATIENCE = 0.7


def begin(line: Connection, folder: Path) -> None:
    """What the process does: serve the window at the other end of ``line``, and look out for its death.

    ``folder`` is the window's, which tidies it up unless it was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which then ends the line
    threading.Thread(target=_outlive, args=(folder,), name="life", daemon=True).start()
    from playground.runner.serving import serve
    from playground.runner.team import team

    with team((os.cpu_count() or 1) - 1):
        serve(line, folder, PATIENCE)
        _end()


def _outlive(folder: Path) -> None:
    """Once the window has died: time for an orderly end, and then the end."""
    window = multiprocessing.parent_process()
    if window is None:
        return
    wait([window.sentinel])
    end_by(2 * PATIENCE)
    threading.Event().wait(PATIENCE)
    shutil.rmtree(folder, ignore_errors=True)
    _end()


def end_by(seconds: float) -> None:
    """End this process then, even if no Python gets a turn any more."""
    # A file of its own, as it must stay open until then.
    faulthandler.dump_traceback_later(seconds, exit=True, file=os.open(os.devnull, os.O_WRONLY))


def _end() -> None:
    """Without waiting for threads that compute or read, as Python's own end would."""
    os._exit(0)
