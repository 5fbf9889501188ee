"""An export that goes on in a process of its own, so that the window stays awake and it can be cancelled at any moment."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

import playground
from engine.errors import clipped
from engine.export import Row
from playground.document.files import RUN_SUFFIX
from playground.document.project import Project
from playground.ui.shell.saving import Saving

#: milliseconds that a process has to tidy up after it is told to end
GRACE = 3000
#: milliseconds that a window which closes waits for it
BRIEF = 800
#: letters of a project's name in that of the file
LONGEST = 60
#: before what the command line refuses
REFUSED = "playground: "


class ExportJob(QObject):
    """Has the project and its run saved to a file of its own, and the command line export that.

    Args:
        project: with the name that the program is to have.
        saving: writes the file.
        parent: goes with it.
    """

    went_on = Signal(float)  #: the share that is done of what is trained to prove it by
    written = Signal(list)  #: the notes of what does not go along; the program is there
    compared = Signal(object)  #: a Row
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

    def start(self, target: str, out: Path, *, prove: bool, python: str = "") -> None:
        """Begin; signals say how it goes."""
        # A project is called after its file.
        name = re.sub(r"[^\w .()-]", "_", self._project.name)[:LONGEST].strip(" .") or "Network"
        file = Path(self._folder) / f"{name}{RUN_SUFFIX}"
        words = [str(file), "--to", target, "--out", str(out), "--json", "--allow-outside", "--allow-memory"]
        words += ["--prove"] if prove else []
        words += ["--python", python] if python else []

        def saved(refusal: str) -> None:
            if self._over:
                return
            if refusal:
                self._end(refusal)
            else:
                self._process.start(sys.executable, ["-m", "playground", "export", *words])

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
            if not self._over:
                self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        if "share" in said:
            self.went_on.emit(said["share"])
        elif "written" in said:
            self.written.emit(said["notes"])
        elif "row" in said:
            self.compared.emit(Row(**said["row"]))

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
