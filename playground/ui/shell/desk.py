"""Opening and saving projects with their runs, without ever losing work silently."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QObject, QStandardPaths, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.data import Opened
from engine.errors import DataError, clipped, counted
from playground.document import edits, files
from playground.document.carried import REPORTS, is_report
from playground.document.examples import example
from playground.document.project import Project, withheld, withheld_in_words
from playground.document.sharing import from_code
from playground.runs import files as runs
from playground.runs.points import Point, about, point, stamp
from playground.ui.kit.codes import code_of, is_picture, picture_mime
from playground.ui.kit.questions import Button, Choice, Role, ask, ask_where, refuse

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.runner.messages import Frame
    from playground.ui.shell.autosave import Autosave
    from playground.ui.shell.run_control import RunControl
    from playground.ui.shell.saving import Saving
    from playground.ui.shell.settings import Settings
    from playground.ui.shell.undo import History

#: what can be opened; what can be written
OPENED = f"Playground projects (*{files.RUN_SUFFIX} *{files.SUFFIX} *.json);;Reports ({' '.join(f'*{one}' for one in REPORTS)});;All files (*)"
KINDS = {files.RUN_SUFFIX: "Project with its run", files.SUFFIX: "Project alone, as text"}

_DATA = QStandardPaths.StandardLocation.AppDataLocation
#: letters of a project's name in the name of the file to which its unsaved edits go
LONGEST = 60
UNSAVED = " (unsaved)"
#: seconds of training from which on a run is put aside before a reset; what took less is learned again in as short a time
LONG = 30.0

log = logging.getLogger(__name__)


def _nothing() -> None: ...


class Desk(QObject):
    """Which file the document belongs to, and every way to another one.

    What is left for another project is put aside as a point to return to, and what the window shows is kept for the next start
    (``autosave``): nobody is asked about it. Only where nothing can be put aside, each way first asks what to do with unsaved work, and is
    gone once the user has answered: nothing waits for an answer.

    Attributes:
        autosave: ``None`` where nothing can be put aside.
    """

    moved = Signal()  #: another file, or the same one saved, or the run has changed: the title is out of date

    def __init__(
        self,
        window: QWidget,
        document: Document,
        history: History,
        settings: Settings,
        run: RunControl,
        saving: Saving,
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._history, self._settings = window, document, history, settings
        self._run, self._saving = run, saving
        self.autosave: Autosave | None = None
        self._left: Path | None = None
        self._stamp = stamp(document.path)
        #: the update up to which the run is in the project's file; ``None``: as far as it is when it is first heard of
        self._saved_step: int | None = None if document.run_file is not None else 0
        self._said_saved = True
        self._returned: tuple[Point, Project] | None = None  # the state that was returned to
        self._opened = 0  # projects, one after another
        self._leaving = False  # what is here is just being put aside
        self._ending = False
        self._question: QMessageBox | None = None
        self._unsubscribe = document.subscribe(self._changed)
        self.destroyed.connect(self._unsubscribe)

    @property
    def name(self) -> str:
        """The file's name, or what the project calls itself while it has no file."""
        path = self._document.path
        return files.name_of(path) if path else self._document.value.name

    # --- what is there, and what of it is saved -----------------------------------------------------------------------

    @property
    def saved(self) -> bool:
        """Whether the project's file holds all there is: its edits, and its run where the file can hold one."""
        path = self._document.path
        holds_run = path is not None and path.suffix == files.RUN_SUFFIX
        return self._history.isClean() and not (holds_run and self._trained)

    @property
    def _trained(self) -> bool:
        """Whether it has been trained since it was opened or saved with its run."""
        return self._saved_step is not None and self._run.step not in (0, self._saved_step)

    @property
    def in_use(self) -> Path | None:
        """The file that holds the run of what was opened, as long as that has not come; ``None`` where there is none."""
        return None if self._run.heard else self._document.run_file

    @property
    def worth_keeping(self) -> bool:
        """Whether somebody would miss it: it comes from a file, or has been edited or trained."""
        known = self._document.path is not None or not self._history.isClean() or self._run.step > 0
        return known or self.in_use is not None

    def mark(self) -> object:
        """Another one whenever the state is another."""
        return self._document.value, self._document.path, self.saved, self._run.step

    def state(self) -> tuple[Project, Mapping[str, Any]]:
        """The project as it stands, and what is to be known of it besides."""
        project, path = self._document.value.replace(name=self.name), self._document.path
        return project, about(project, path, self._history.isClean(), self._stamp, self._saved_step or 0)

    def see(self, frame: Frame) -> None:
        """Take note of a frame."""
        if self._saved_step is None and self._run.heard:
            self._saved_step = frame.step  # as far as the file's run has come
        if self.saved != self._said_saved:
            self._said_saved = self.saved
            self.moved.emit()

    # --- ways to another project --------------------------------------------------------------------------------------

    def new(self) -> None:
        self._leave(lambda: self._show(Project(), None))

    def open_example(self, key: str, then: Callable[[], object] = _nothing) -> None:
        """Open an example, and do ``then`` once it is open."""
        self.open_project(example(key).project, then)

    def open_project(self, project: Project, then: Callable[[], object] = _nothing) -> None:
        """Open a project that has no file, and do ``then`` once it is open."""

        def show() -> None:
            self._show(project, None)
            then()

        self._leave(show)

    def open(self) -> None:
        """Ask which file, and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", str(self._folder()), OPENED)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        if is_picture(path):
            self.open_carried(picture_mime(path))
            return
        try:
            project = files.load(path)
            run_file = path if not is_report(path) and runs.holds_run(path) else None
        except files.FileError as error:
            refuse(self._window, "Not opened", error)
            return

        def show() -> None:
            self._settings.add_recent(path)
            # What is left of a damaged file is not saved over it: the rest may be had back by other means.
            # Nor is a report written over: it is more than the project that it carries.
            own = path if not is_report(path) and runs.is_whole(path) else None
            self._show(let_read(project, path, self._settings), own, run_file)
            self.ask_about_data()

        self._leave(show)

    def open_code(self) -> None:
        """Open the project whose code, or QR picture, is on the clipboard."""
        self.open_carried(QGuiApplication.clipboard().mimeData())

    def open_carried(self, mime: QMimeData) -> None:
        """Open the project whose code, or QR picture, is in what was copied or dragged."""
        try:
            project = from_code(code_of(mime))
        except (files.FileError, DataError) as error:
            refuse(self._window, "Not opened", error)
            return

        def show() -> None:
            self._show(project, None)
            self.ask_about_data()

        self._leave(show)

    def open_point(self, point: Point) -> None:
        """Return to a state that was put aside."""
        try:
            project = point.project()
        except files.FileError as error:
            refuse(self._window, "Not opened", error)
            return
        self._leave(lambda: self.show_point(point, project))

    def show_point(self, point: Point, project: Project) -> None:
        """Show a state that was put aside, as it was: its file, and whether that held all of it."""
        self._show(project, point.file, point.path)
        self.resume(point)
        self._returned = point, project

    def resume(self, point: Point) -> None:
        """What is shown is this state, which was put aside."""
        self._stamp, self._saved_step = point.stamp, point.saved_step
        if not point.clean:
            self._history.resetClean()
        self.moved.emit()

    def offer(self, point: Point) -> None:
        """Say that there is a state to return to, and offer it."""
        self._run.offer(
            f"“{point.name}” was open before, and is put aside.",
            f"Open “{point.name}”",
            partial(self.open_point, point),
        )

    def back(self) -> None:
        """To the state that was open before."""
        left = self.left
        if left is not None:
            self.open_point(left)

    @property
    def left(self) -> Point | None:
        """The state that was open before, put aside; ``None`` where there was none worth it, or as long as it is being written."""
        return None if self._left is None else point(self._left)

    def _show(self, project: Project, path: Path | None, run_file: Path | None = None) -> None:
        self._opened += 1
        self._returned = None
        self._run.begin()
        self._document.open(project, path, run_file)
        self._history.start_over()
        self._stamp, self._saved_step = stamp(path), None if run_file is not None else 0
        self.moved.emit()

    # --- saving -------------------------------------------------------------------------------------------------------

    def save(self, then: Callable[[], object] = _nothing) -> None:
        """To the project's file, and do ``then`` once it is written; asks for a file where there is none yet."""
        path = self._document.path
        if path is None:
            self.save_as(then)
        elif self._stamp is not None and stamp(path) not in (None, self._stamp) and not self._saving.busy:
            self._ask_to_replace(path, then)
        else:
            self._write(path, then)

    def save_as(self, then: Callable[[], object] = _nothing, with_run: bool = False) -> None:
        """To another file; ``with_run``: one that holds the run as well is suggested."""
        path = self._document.path
        folder = path.parent if path else self._folder()
        suggestion = folder / f"{self.name}{files.RUN_SUFFIX}" if with_run or path is None else path
        ask_where(
            self._window,
            "Save the project",
            suggestion,
            KINDS,
            lambda to: self._write(to, then),
            known=(".json",),
        )

    def _write(self, path: Path, then: Callable[[], object] = _nothing) -> None:
        project = self._document.value.replace(name=files.name_of(path))
        current, opened, step = self._document.value, self._opened, self._run.step
        holds_run = path.suffix == files.RUN_SUFFIX

        def written(refusal: str) -> None:
            if refusal:
                refuse(self._window, "Not saved", refusal)
                return
            self._settings.add_recent(path)
            if self._opened != opened:  # another project has been opened meanwhile
                return
            if self._document.value is current:
                self._history.setClean()
            else:
                self._history.resetClean()
            self._document.path, self._stamp = path, stamp(path)
            if holds_run:
                self._saved_step = step
            if isinstance(project.source, Opened):  # whatever data it reads, the user has chosen them
                theirs = files.outside(project.source, path.absolute().parent)
                self._settings.let_read(path, [one for one in theirs if one not in project.source.waits_for])
            self.moved.emit()
            if step and not holds_run:
                self._run.offer(
                    f"{path.name} holds the project alone, not the weights it has learned.",
                    "Save with the Run…",
                    partial(self.save_as, with_run=True),
                )
            then()

        if holds_run:
            self._saving.order(project, path, written, backup=True)
            return
        try:
            files.save(project, path)
        except files.FileError as error:
            written(str(error))
        else:
            written("")

    def put_aside(self) -> None:
        """The program is told to end, nobody can be asked, and there is no autosave: unsaved edits go to a file, first in Open Recent."""
        self._ending = True
        self._document.settle()
        if self.autosave is not None or self._history.isClean():
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
        """Do ``then`` once what would be missed is put aside, or the user has answered for it."""
        self._document.settle()  # what is being typed may be an edit
        if self._leaving:
            return
        if self._returned is not None and self._is_still(*self._returned):
            left = self._returned[0]
            then()
            self._offer_back(left.name, left.epoch or 0, left.path)
            return
        # Else the run lies in a place that is not the user's.
        own = self.in_use in (None, self._document.path)
        if self._history.isClean() and not self._trained and own:
            then()
        elif self.autosave is None:
            self._ask(then)
        else:
            self._put_aside(self.autosave, then)

    def _put_aside(self, autosave: Autosave, then: Callable[[], object]) -> None:
        name, epochs, path = self.name, self._run.epoch, autosave.recovery.new_point()
        current, self._leaving = self._document.value, True

        def answered(refusal: str) -> None:
            self._leaving = False
            if refusal:
                self._ask(then)
                return
            if self._document.value is not current:  # edited meanwhile
                self._leave(then)
                return
            then()
            self._offer_back(name, epochs, path)

        autosave.add_point(path, answered)

    def _is_still(self, point: Point, project: Project) -> bool:
        """Whether nothing has changed since that state was returned to."""
        same = self._document.value is project and self._document.path == point.file
        return same and self._run.step in (0, point.step or 0)

    def _offer_back(self, name: str, epochs: int, path: Path) -> None:
        self._left = path
        trained = f" after {counted(epochs, 'epoch')}" if epochs else ""
        self._run.offer(f"“{name}” was left{trained}, and is put aside.", f"Back to “{name}”", self.back)

    def put_run_aside(self) -> None:
        """The run is about to be given up, for another one of the same project: after long training, make a point of it."""
        if self.autosave is not None and self._run.seconds >= LONG:
            self.autosave.add_point(self.autosave.recovery.new_point(), lambda refusal: None)

    def close(self, then: Callable[[], object]) -> None:
        """The window is to be closed: do ``then`` once what is in it is kept for the next start, or the user has answered for it."""
        self._document.settle()
        if self.autosave is not None:
            autosave = self.autosave

            def answered(refusal: str) -> None:
                if refusal and not self.saved and not self._ending:
                    autosave.go_on()
                    self._ask(then)
                else:
                    then()

            autosave.finish(answered)
        elif self._ending or (self.saved and not self._trained):
            then()
        else:
            self._ask(then)

    def _ask(self, then: Callable[[], object]) -> None:
        """Do ``then`` once the user has saved what would be lost, or given it up. A question that nobody has answered is asked no second time."""
        if self._question is not None:
            self._question.raise_()
            return
        what = "changes that are" if not self._history.isClean() else "been trained, and its weights are"

        def answer(act: Callable[[], object]) -> Callable[[], object]:
            def answered() -> None:
                self._question = None  # before anything that may ask the next one
                act()

            return answered

        self._question = ask(
            self._window,
            "ask_save",
            "Save changes?",
            f"“{clipped(self.name, 40)}” has {what} not saved.",
            "Save them before going on?",
            (
                Choice(Button.Save, answer(lambda: self.save(then))),
                Choice(Button.Discard, answer(then)),
                Choice(Button.Cancel, answer(_nothing)),
            ),
        )

    def _ask_to_replace(self, path: Path, then: Callable[[], object]) -> None:
        """The file has been written since it was read, by another window or program: whether it is to be replaced."""
        ask(
            self._window,
            "ask_replace",
            "Replace the file?",
            f"{clipped(path.name, 40)} was changed elsewhere since it was opened.",
            "Replace it by what is here, or save this under another name?",
            (
                Choice("Save As…", lambda: self.save_as(then)),
                Choice("Replace", lambda: self._write(path, then), Role.DestructiveRole),
                Choice(Button.Cancel),
            ),
        )

    def give_up(self) -> None:
        """Let the window be closed without a question, and without waiting for anything."""
        self._ending = True
        self.autosave = None

    def ask_about_data(self) -> None:
        """Where the project's file names data outside its own folder, ask whether they may be read."""
        project, path = self._document.value, self._document.path
        named = withheld_in_words(project)
        if not named or path is None:
            return

        def read() -> None:
            if self._document.value is project:
                self._document.set(edits.read_outside(project))

        ask(
            self._window,
            "ask_outside",
            "Read these data?",
            f"“{files.name_of(path)}” reads data from outside its own folder:\n{named}",
            "Read them? If you do not know who made the project, rather do not.",
            (Choice("Read them", read), Choice("Not now", role=Role.RejectRole)),
            default=1,
        )

    def _changed(self, before: Project, after: Project) -> None:
        """Remember what the user lets the project read, wherever that was said."""
        path, let = self._document.path, set(withheld(before)) - set(withheld(after))
        if let and path is not None and isinstance(after.source, Opened) and let <= set(after.source.paths):
            self._settings.let_read(path, let)

    def _folder(self) -> Path:
        recent = self._settings.recent
        return recent[0].parent if recent else Path.home()


def let_read(project: Project, path: Path, settings: Settings) -> Project:
    """``project``, opened from ``path``, with its data where the user has let this file read them before."""
    named = withheld(project)
    known = bool(named) and all(settings.reads(path, name) for name in named)
    return edits.read_outside(project) if known else project
