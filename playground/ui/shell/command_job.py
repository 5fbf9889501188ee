"""Work of the command line on the window's project and run, in a process of its own: the window stays awake, and can cancel it."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

import playground
from engine.errors import clipped
from playground.document.files import RUN_SUFFIX
from playground.document.project import Project
from playground.ui.shell.saving import Saving

log = logging.getLogger(__name__)

#: milliseconds that a process has to tidy up after it is told to end
GRACE = 3000
#: milliseconds that a window which closes waits for it
BRIEF = 800
#: letters of a project's name in that of the file
LONGEST = 60
#: before what the command line refuses
REFUSED = "playground: "


class CommandJob(QObject):
    """Has the project and its run saved to a file of its own, and the command line do something with that.

    Args:
        project: with the name that what is made of it is to have.
        saving: writes the file.
        parent: goes with it.
    """

    said = Signal(dict)  #: what the command says, a line of JSON
    ended = Signal(str)  #: why it failed, in a sentence; "" where all was done

    def __init__(self, project: Project, saving: Saving, parent: QObject) -> None:
        super().__init__(parent)
        self._project, self._saving = project, saving
        self._folder = tempfile.mkdtemp(prefix="playground-")
        # The window may go before the answer comes.
        self._tidy = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._over = False

    @property
    def folder(self) -> Path:
        """Where it may put what the command reads besides; gone when the job is over."""
        return Path(self._folder)

    def run(self, command: str, words: Sequence[str]) -> None:
        """Begin ``playground COMMAND FILE WORDS``; signals say how it goes."""
        # A project is called after its file.
        name = re.sub(r"[^\w .()-]", "_", self._project.name)[:LONGEST].strip(" .") or "Network"
        file = Path(self._folder) / f"{name}{RUN_SUFFIX}"

        def saved(refusal: str) -> None:
            if self._over:
                return
            if refusal:
                self._end(refusal)
            else:
                self._process.start(sys.executable, ["-m", "playground", command, str(file), *words])

        environment = QProcessEnvironment.systemEnvironment()
        own = str(Path(playground.__file__).parents[1])
        environment.insert(
            "PYTHONPATH", os.pathsep.join([own, environment.value("PYTHONPATH")]).rstrip(os.pathsep)
        )
        self._process.setProcessEnvironment(environment)
        self._saving.order(self._project, file, saved)

    def cancel(self) -> None:
        """End it; nothing more is said. What was written stays."""
        self._over = True
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            process = self._process
            # The dialog may go at once, and a process that goes with it could not end what it has started itself.
            process.setParent(QCoreApplication.instance())
            process.finished.connect(process.deleteLater)
            process.terminate()
            QTimer.singleShot(GRACE, process, process.kill)
        else:
            self._tidy()

    def end(self) -> None:
        """End it, and wait for that, but not for long."""
        if self._over or not self.running:
            return
        self._over = True
        self._process.terminate()
        if not self._process.waitForFinished(BRIEF):
            self._process.kill()
            self._process.waitForFinished(BRIEF)

    @property
    def running(self) -> bool:
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def _read(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            if self._over:
                continue
            try:
                said = json.loads(line)
            except ValueError:  # a package of others has printed something
                log.warning(
                    "A command printed what is not its own: %s", clipped(line.decode(errors="replace"), 200)
                )
                continue
            self.said.emit(said)

    def _finished(self, code: int) -> None:
        self._read()
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        refused = [line for line in said.splitlines() if line.startswith(REFUSED)]
        words = (
            refused[-1].removeprefix(REFUSED)
            if refused
            else clipped(said.splitlines()[-1] if said else "", 300)
        )
        # 1 is a proof that fails, whose rows say all.
        self._end(words or f"It ended with code {code}. Try once more." if code > 1 or code < 0 else "")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end(f"{sys.executable} cannot be run. Install the program anew.")

    def _end(self, why: str) -> None:
        self._tidy()
        if not self._over:
            self._over = True
            self.ended.emit(why)
