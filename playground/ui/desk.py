"""Opening and saving projects without ever losing work silently."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from playground.document import files
from playground.document.examples import example
from playground.document.project import Project

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.ui.settings import Settings
    from playground.ui.undo import History

FILTER = f"Playground projects (*{files.SUFFIX} *.json);;All files (*)"

Answer = QMessageBox.StandardButton


class Desk(QObject):
    """Which file the document belongs to, and every way to another one.

    Each way first asks what to do with unsaved edits. Methods return False where the person changed their mind or the file refused.
    """

    moved = Signal()  #: another file, or the same one saved: the title is out of date

    def __init__(self, window: QWidget, document: Document, history: History, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._document, self._history, self._settings = window, document, history, settings

    @property
    def name(self) -> str:
        """The file's name, or what the project calls itself while it has no file."""
        path = self._document.path
        return name_of(path) if path else self._document.value.name

    # --- ways to another project --------------------------------------------------------------------------------------

    def new(self) -> bool:
        return self.may_leave() and self._show(Project(), None)

    def open_example(self, key: str) -> bool:
        return self.may_leave() and self._show(example(key).project, None)

    def open(self) -> bool:
        """Ask which file, and open it."""
        if not self.may_leave():
            return False
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", str(self._folder()), FILTER)
        return bool(name) and self._read(Path(name))

    def open_path(self, path: Path) -> bool:
        return self.may_leave() and self._read(path)

    def _read(self, path: Path) -> bool:
        try:
            project = files.load(path)
        except files.FileError as error:
            self._refuse("Not opened", error)
            return False
        self._settings.add_recent(path)
        return self._show(project, path)

    def _show(self, project: Project, path: Path | None) -> bool:
        self._document.path = path
        self._document.set(project)
        self._history.start_over()
        self.moved.emit()
        return True

    # --- saving -------------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """To the project's file; asks for one where it has none yet."""
        return self._write(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        suggestion = self._document.path or self._folder() / f"{self.name}{files.SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the project", str(suggestion), FILTER)
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix == ".json" else path.with_name(path.name + files.SUFFIX))

    def _write(self, path: Path) -> bool:
        project = self._document.value.replace(name=name_of(path))
        try:
            files.save(project, path)
        except files.FileError as error:
            self._refuse("Not saved", error)
            return False
        self._document.path = path
        self._history.setClean()
        self._settings.add_recent(path)
        self.moved.emit()
        return True

    # --- questions ----------------------------------------------------------------------------------------------------

    def may_leave(self) -> bool:
        """True where nothing would be lost: no edits, or saved now, or given up on purpose."""
        if self._history.isClean():
            return True
        box = QMessageBox(self._window)
        box.setObjectName("ask_save")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Unsaved changes")
        box.setText(f"“{self.name}” has changes that are not saved.")
        box.setInformativeText("Save them before going on?")
        box.setStandardButtons(Answer.Save | Answer.Discard | Answer.Cancel)
        box.setDefaultButton(Answer.Save)
        answer = box.exec()
        box.deleteLater()
        if answer == Answer.Save:
            return self.save()
        return answer == Answer.Discard

    def _refuse(self, title: str, error: Exception) -> None:
        QMessageBox.warning(self._window, title, str(error))

    def _folder(self) -> Path:
        recent = self._settings.recent
        return recent[0].parent if recent else Path.home()


def name_of(path: Path) -> str:
    """The project's name: the file's, without its ending."""
    return path.name.removesuffix(files.SUFFIX).removesuffix(".json")
