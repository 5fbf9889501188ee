"""Processes that do not end as they should."""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from playground.runner import life
from playground.runner.worker import Worker


def die(*_: object) -> None:
    """As soon as it is started."""
    os._exit(7)


def stuck(line: Connection, folder: Path) -> None:
    """Its worker waits for ever, as one does that reads a pipe into which nobody writes."""

    def run(_: Worker) -> None:
        read, _write = os.pipe()
        (folder / "stuck").touch()
        os.read(read, 1)

    Worker.run = run
    life.begin(line, folder)


def deaf(line: Connection, folder: Path) -> None:
    """Nobody reads what it is told."""
    threading.Thread(target=life._outlive, args=(folder,), daemon=True).start()
    (folder / "stuck").touch()
    threading.Event().wait()
