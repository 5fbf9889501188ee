"""An export of the window's run, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.export import Row
from playground.document.project import Project
from playground.ui.shell.command_job import CommandJob
from playground.ui.shell.saving import Saving


class ExportJob(CommandJob):
    """``playground export``; see ``CommandJob``."""

    went_on = Signal(float)  #: the share that is done of what is trained to prove it by
    written = Signal(list)  #: the notes of what does not go along; the program is there
    compared = Signal(object)  #: a Row

    def __init__(self, project: Project, saving: Saving, parent: QObject) -> None:
        super().__init__(project, saving, parent)
        self.said.connect(self._hear)

    def start(self, target: str, out: Path, *, prove: bool, python: str = "") -> None:
        """Begin; signals say how it goes."""
        words = ["--to", target, "--out", str(out), "--json", "--allow-outside", "--allow-memory"]
        words += ["--prove"] if prove else []
        words += ["--python", python] if python else []
        self.run("export", words)

    def _hear(self, said: dict[str, Any]) -> None:
        if "share" in said:
            self.went_on.emit(said["share"])
        elif "written" in said:
            self.written.emit(said["notes"])
        elif "row" in said:
            self.compared.emit(Row(**said["row"]))
