"""Opening and saving projects without ever losing work silently."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.data import Opened
from playground.document import edits, files
from playground.document.examples import example
from playground.document.project import Project, withheld, withheld_in_words
from playground.ui.numbers import count

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.ui.run_control import RunControl
    from playground.ui.settings import Settings
    from playground.ui.undo import History

FILTER = f"Playground projects (*{files.SUFFIX} *.json);;All files (*)"

Answer = QMessageBox.StandardButton
_DATA = QStandardPaths.StandardLocation.AppDataLocation
#: letters of a project's name in the name of the file to which its unsaved edits go
LONGEST = 60
UNSAVED = " (unsaved)"

log = logging.getLogger(__name__)

#: a title bar leaves no room for its words over a narrow question
WIDE = "QLabel#qt_msgbox_label, QLabel#qt_msgbox_informativelabel { min-width: 360px; }"
#: seconds of training from which on one is asked before they are lost; what took less comes out the same again in as short a time
LONG = 60.0


@dataclass(frozen=True)
class Left:
    """A trained project that another one has taken the place of.

    Args:
        project, path: what it was, and its file.
        name: for people.
        clean: whether it was as its file holds it.
    """

    project: Project
    path: Path | None
    name: str
    clean: bool


class Desk(QObject):
    """Which file the document belongs to, and every way to another one.

    Each way first asks what to do with unsaved edits, and is gone once the user has answered: nothing waits for an answer. Methods that
    save return False where the user changed their mind or the file refused. Nobody is asked about the weights of a run, which files do not hold: they are put aside, and ``back`` brings them back. Only closing
    the window after a long run asks.

    Attributes:
        left: the trained project that was open before; ``None`` where there was none.
    """

    moved = Signal()  #: another file, or the same one saved: the title is out of date

    def __init__(
        self, window: QWidget, document: Document, history: History, settings: Settings, run: RunControl
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._history, self._settings = window, document, history, settings
        self._run = run
        self.left: Left | None = None
        self._ending = False
        self._question: QMessageBox | None = None
        self._unsubscribe = document.subscribe(self._changed)
        self.destroyed.connect(self._unsubscribe)

    @property
    def name(self) -> str:
        """The file's name, or what the project calls itself while it has no file."""
        path = self._document.path
        return files.name_of(path) if path else self._document.value.name

    # --- ways to another project --------------------------------------------------------------------------------------

    def new(self) -> None:
        self._leave(lambda: self._show(Project(), None))

    def open_example(self, key: str, then: Callable[[], object] = lambda: None) -> None:
        """Open an example, and do ``then`` once it is open."""

        def show() -> None:
            self._show(example(key).project, None)
            then()

        self._leave(show)

    def open(self) -> None:
        """Ask which file, and open it."""
        self._leave(self._choose)

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", str(self._folder()), FILTER)
        if name:
            self._read(Path(name))

    def open_path(self, path: Path) -> None:
        self._leave(lambda: self._read(path))

    def _read(self, path: Path) -> None:
        try:
            project = files.load(path)
        except files.FileError as error:
            self._refuse("Not opened", error)
            return
        self._settings.add_recent(path)
        self._show(let_read(project, path, self._settings), path)
        self.ask_about_data()

    def back(self) -> None:
        """To the trained project that was open before, with its weights."""
        left = self.left
        if left is not None:
            self._leave(lambda: self._back_to(left))

    def _back_to(self, left: Left) -> None:
        self._show(left.project, left.path)
        if not left.clean:
            self._history.resetClean()
        self._run.recall()
        self._run.withdraw()

    def _show(self, project: Project, path: Path | None) -> None:
        epochs = self._run.epoch
        left = Left(self._document.value, self._document.path, self.name, self._history.isClean())
        self._document.path = path
        self._document.set(project)
        self._history.start_over()
        self.moved.emit()
        if epochs:
            self.left = left
            self._run.offer(
                f"“{left.name}” was left after {count(epochs)} epoch{'s' if epochs != 1 else ''}. "
                "Its weights are put aside for as long as the program is open.",
                f"Back to “{left.name}”",
                self.back,
            )

    # --- saving -------------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """To the project's file; asks for one where it has none yet, or one that holds a run, which the window cannot write."""
        path = self._document.path
        return self._write(path) if path and path.suffix != files.RUN_SUFFIX else self.save_as()

    def save_as(self) -> bool:
        path = self._document.path
        folder = path.parent if path else self._folder()
        holds_run = path is not None and path.suffix == files.RUN_SUFFIX
        suggestion = path if path and not holds_run else folder / f"{self.name}{files.SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the project", str(suggestion), FILTER)
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix == ".json" else path.with_name(path.name + files.SUFFIX))

    def _write(self, path: Path) -> bool:
        project = self._document.value.replace(name=files.name_of(path))
        try:
            files.save(project, path)
        except files.FileError as error:
            self._refuse("Not saved", error)
            return False
        self._document.path = path
        self._history.setClean()
        self._settings.add_recent(path)
        source = project.source
        if isinstance(source, Opened):  # whatever data it reads, the user has chosen them
            theirs = files.outside(source, path.absolute().parent)
            self._settings.let_read(path, [name for name in theirs if name not in source.waits_for])
        self.moved.emit()
        return True

    def put_aside(self) -> None:
        """The program is told to end, and nobody can be asked: edits that were not saved go to a file of their own, first in Open Recent."""
        self._ending = True
        self._document.settle()
        if self._history.isClean():
            return
        name = re.sub(r"[^\w .()-]", "_", self.name.removesuffix(UNSAVED))[:LONGEST] + UNSAVED
        path = Path(QStandardPaths.writableLocation(_DATA)) / "unsaved" / (name + files.SUFFIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.save(self._document.value.replace(name=name), path)
        except (OSError, files.FileError) as error:
            log.error("Unsaved edits could not be put aside: %s", error)
        else:
            self._settings.add_recent(path)

    # --- questions ----------------------------------------------------------------------------------------------------

    def _leave(self, then: Callable[[], object]) -> None:
        """Do ``then``: at once, or as soon as the user has answered for what would be lost."""
        if not self.asks(then):
            then()

    def asks(self, then: Callable[[], object], closing: bool = False) -> bool:
        """Whether something would be lost by going: then the user is asked, and ``then`` done once it is saved or given up on purpose.

        ``closing``: a long run would be lost, too. A question that nobody has answered yet is asked no second time.
        """
        if self._ending:
            return False
        self._document.settle()  # what is being typed may be an edit
        clean, trained = self._history.isClean(), ""
        if closing and self._run.seconds >= LONG:
            trained = f"{self._run.seconds / 60:.0f} min of training: its weights are lost with the window."
        if clean and not trained:
            return False
        if self._question is not None:
            self._question.raise_()
            return True
        box = self._question = QMessageBox(self._window)
        box.setObjectName("ask_save")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setIcon(QMessageBox.Icon.Question)
        if clean:
            box.setWindowTitle("Close?")
            box.setText(f"“{self.name}” has had {trained}")
            box.setInformativeText("Close the window all the same?")
            box.setStandardButtons(Answer.Close | Answer.Cancel)
            box.setDefaultButton(Answer.Cancel)
        else:
            box.setWindowTitle("Save changes?")
            box.setText(f"“{self.name}” has changes that are not saved.")
            also = f" It has had {trained}" if trained else ""
            box.setInformativeText(f"Save them before going on?{also}")
            box.setStandardButtons(Answer.Save | Answer.Discard | Answer.Cancel)
            box.setDefaultButton(Answer.Save)
        box.setStyleSheet(WIDE)
        box.finished.connect(lambda _: self._answered(box, then))
        box.open()
        return True

    def _answered(self, box: QMessageBox, then: Callable[[], object]) -> None:
        answer, self._question = box.standardButton(box.clickedButton()), None
        box.deleteLater()
        if answer in (Answer.Discard, Answer.Close) or (answer == Answer.Save and self.save()):
            then()

    def ask_about_data(self) -> None:
        """Where the project's file names data outside its own folder, ask whether they may be read."""
        project, path = self._document.value, self._document.path
        named = withheld_in_words(project)
        if not named or path is None:
            return
        box = QMessageBox(self._window)
        box.setObjectName("ask_outside")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Read these data?")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"“{files.name_of(path)}” reads data from outside its own folder:\n{named}")
        box.setInformativeText("Read them? If you do not know who made the project, rather do not.")
        read = box.addButton("Read them", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Not now", QMessageBox.ButtonRole.RejectRole))
        box.setStyleSheet(WIDE)

        def answered() -> None:
            box.deleteLater()
            if box.clickedButton() is read and self._document.value is project:
                self._document.set(edits.read_outside(project))

        box.finished.connect(answered)
        box.open()

    def _changed(self, before: Project, after: Project) -> None:
        """Remember what the user lets the project read, wherever that was said."""
        path, let = self._document.path, set(withheld(before)) - set(withheld(after))
        if let and path is not None and isinstance(after.source, Opened) and let <= set(after.source.paths):
            self._settings.let_read(path, let)

    def _refuse(self, title: str, error: Exception) -> None:
        # Opened, not executed: the answer to another question may have led here, and that must come to its end.
        box = QMessageBox(QMessageBox.Icon.Warning, title, str(error), Answer.Ok, self._window)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setObjectName("refused")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _folder(self) -> Path:
        recent = self._settings.recent
        return recent[0].parent if recent else Path.home()


def let_read(project: Project, path: Path, settings: Settings) -> Project:
    """``project``, opened from ``path``, with its data where the user has let this file read them before.

    A run in the file, which the window does not show yet, is at least said.
    """
    if path.suffix == files.RUN_SUFFIX:
        said = f"The run in {path.name} is not shown: the window begins anew. To go on from it: playground train FILE --resume."
        project = project.replace(notes=(*project.notes, said))
    named = withheld(project)
    known = bool(named) and all(settings.reads(path, name) for name in named)
    return edits.read_outside(project) if known else project
