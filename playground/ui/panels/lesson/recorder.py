"""*Record*: what an author does is watched; its goal is chosen of what has changed, and the lesson is written to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import counted
from engine.io.whole import replacing
from playground.lessons.errors import LessonError
from playground.lessons.names import Seen
from playground.lessons.record import Proposal, Recording, lesson_text, start_links
from playground.ui.kit.style import GAP, refresh, scrolled
from playground.ui.kit.text import Label

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.lessons.lesson import Lesson
    from playground.runner.messages import Command, Frame
    from playground.ui.kit.view import Context


class Recorder(QWidget):
    """First it watches, then it asks what the goal is. ``leave``: called when it is over; ``begin_lesson``: with the lesson, to try it."""

    def __init__(
        self, context: Context, leave: Callable[[], object], begin_lesson: Callable[[Lesson], object]
    ) -> None:
        super().__init__()
        self.setObjectName("recorder")
        self._context, self._leave, self._begin_lesson = context, leave, begin_lesson
        self._written: Path | None = None
        self.recording: Recording | None = None
        self._start: tuple[str, ...] = ()
        self._frame: Frame | None = None
        self.proposals: list[tuple[QCheckBox, Proposal]] = []
        self._title = Label("Record a task")
        self._title.setProperty("title", True)
        self.words = Label()
        self.words.setWordWrap(True)
        self.steps = Label()
        self.steps.setObjectName("recorded_steps")
        self.steps.setProperty("muted", True)
        self.steps.setWordWrap(True)
        self.note = Label()
        self.note.setObjectName("record_note")
        self.note.setProperty("warning", True)
        self.note.setWordWrap(True)
        self.note.hide()
        self.name, self.goal = QLineEdit(), QLineEdit()
        for field, name, hint in (
            (self.name, "record_title", "Title of the lesson"),
            (self.goal, "record_goal", "The goal in words"),
        ):
            field.setObjectName(name)
            field.setPlaceholderText(hint)
            field.setAccessibleName(hint)
        self._choices = QWidget()
        self._column = QVBoxLayout(self._choices)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.try_it = QPushButton("Try it")
        self.try_it.setObjectName("record_try")
        self.try_it.setToolTip("Open the lesson as a learner sees it.")
        self.try_it.clicked.connect(self._try)
        self.finish, self.save, self.cancel = (
            QPushButton("Finish"),
            QPushButton("Save the lesson…"),
            QPushButton("Cancel"),
        )
        for button, name, act in (
            (self.finish, "record_finish", self._finish),
            (self.save, "record_save", self._ask_where),
            (self.cancel, "record_cancel", self._cancel),
        ):
            button.setObjectName(name)
            button.clicked.connect(act)
        self.finish.setProperty("primary", True)
        self.save.setProperty("primary", True)
        self.cancel.setProperty("flat", True)
        row = QHBoxLayout()
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.finish)
        row.addWidget(self.save)
        row.addWidget(self.try_it)
        buttons = QWidget()
        buttons.setLayout(row)
        row.setContentsMargins(0, GAP, 0, 0)
        scrolled(
            self, self._title, self.words, self.name, self.goal, self._choices, self.steps, self.note, buttons
        )
        context.focus.moment_asked.connect(self._see_command)
        context.focus.framed.connect(
            self.see_frame
        )  # an author may work in the panel that stands before this one

    # --- watching -----------------------------------------------------------------------------------------------------

    def begin(self, frame: Frame | None) -> None:
        """Watch from now on."""
        self._frame = frame
        self.note.hide()
        self._show_form(False)
        project = self._context.document.value
        try:
            self._start = start_links(project)
        except LessonError as error:
            self.recording = None
            self._say(str(error))
            self.words.setText("")
            self.finish.setEnabled(False)
            return
        now = self._now
        self.recording = None if now is None else Recording(now)
        self.words.setText(
            "Do now what learners are to do, in the window: edit, train, reset. Then press Finish."
            if now is not None
            else "The network is not there yet; wait a moment and begin again."
        )
        self.finish.setEnabled(self.recording is not None)
        self._list()

    @property
    def _now(self) -> Seen | None:
        return None if self._frame is None else Seen(self._frame.project, self._frame)

    def see_project(self, before: Project | None, after: Project) -> None:
        """The document has changed."""
        now = self._now
        if (
            self.recording is not None
            and not self.finish.isHidden()
            and before is not None
            and now is not None
        ):
            self.recording.see_edit(after, now)
            self._list()

    def see_frame(self, frame: Frame) -> None:
        """A new moment of the run."""
        self._frame = frame

    def _see_command(self, command: Command) -> None:
        now = self._now
        if self.recording is not None and not self.finish.isHidden() and now is not None:
            self.recording.see_command(command, now)
            self._list()

    def _list(self) -> None:
        if self.recording is None:
            self.steps.setText("")
            return
        done = "\n".join(self.recording.links)
        self.steps.setText(
            f"{counted(len(self.recording.links), 'step')}\n{done}" if done else "Nothing has been done yet."
        )
        if self.recording.left_out:
            self._say(" ".join(dict.fromkeys(self.recording.left_out)))

    # --- asking -------------------------------------------------------------------------------------------------------

    def _show_form(self, on: bool) -> None:
        for part in (self.name, self.goal, self._choices, self.save):
            part.setVisible(on)
        self.finish.setVisible(not on)
        self.try_it.hide()

    def _finish(self) -> None:
        now = self._now
        if self.recording is None or now is None:
            return
        found = self.recording.finish(now)
        self._list()
        self._clear()
        for one in found:
            box = QCheckBox(f"{one.words} ({one.seen})" if one.seen else one.words)
            box.setChecked(one.chosen)
            box.setToolTip(one.when)
            self._column.addWidget(box)
            self.proposals.append((box, one))
        self.name.setText(self._context.document.value.name)
        chosen = [one.words for one in found if one.chosen]
        words = ", ".join(chosen)[:200]
        self.goal.setText(words[:1].upper() + words[1:])
        self.goal.setCursorPosition(0)
        self.words.setText(
            "What must be so for the goal to be reached? Ask for what matters, and for little."
            if found
            else "Nothing has changed that a goal could ask for. Cancel, and do more."
        )
        self._show_form(bool(found))
        refresh(self.save)

    def _clear(self) -> None:
        for box, _ in self.proposals:
            self._column.removeWidget(box)
            box.hide()
            box.deleteLater()
        self.proposals = []

    def _ask_where(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A folder for the lesson")
        if name:
            self.write(Path(name))

    def write(self, folder: Path) -> None:
        """Write ``lesson.md`` into ``folder``; a lesson that is there already is not replaced."""
        path = folder / "lesson.md"
        chosen = [one for box, one in self.proposals if box.isChecked()]
        links = () if self.recording is None else self.recording.links
        try:
            if path.exists():
                raise LessonError(
                    f"{path} is there already; expected a folder without a lesson. Choose another."
                )
            text = lesson_text(
                self.name.text().strip() or "A task", self._start, self.goal.text(), chosen, links
            )
            with replacing(path) as file:
                file.write(text.encode())
        except LessonError as error:
            self._say(str(error))
            return
        except OSError as error:
            self._say(f"{path} cannot be written ({error.strerror}). Choose another folder.")
            return
        self.recording = None
        self._show_form(False)
        self.finish.hide()
        self.note.hide()
        self.steps.setText("")
        self.words.setText(
            f"{path} is written. Say in it what is to be learned, try it with “playground lesson check {folder}”, and pack it."
        )
        self.cancel.setText("All lessons")
        self._written = path
        self.try_it.show()

    def _try(self) -> None:
        from playground.lessons.reading import load

        if self._written is None:
            return
        try:
            lesson = load(self._written)
        except LessonError as error:
            self._say(str(error))
            return
        self._cancel()
        self._begin_lesson(lesson)

    def _cancel(self) -> None:
        self.recording = None
        self.cancel.setText("Cancel")
        self._clear()
        self._leave()

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.show()
