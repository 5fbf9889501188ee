"""The list of lessons, and the one that is worked through, beside the network that it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.errors import UnknownName
from playground.lessons.actions import action
from playground.lessons.errors import LessonError
from playground.lessons.lesson import Block, Goal, Hint, Lesson, Page, Predict, Reveal, Text
from playground.lessons.names import Seen
from playground.lessons.packs import Shelf
from playground.lessons.progress import Book, Progress
from playground.runner.messages import State
from playground.ui.kit.style import GAP, MARGIN, refresh, scrolled
from playground.ui.kit.text import Label
from playground.ui.kit.view import View, declared
from playground.ui.panels.lesson.blocks import GoalCard, HintCard, QuestionCard
from playground.ui.panels.lesson.contents import Contents
from playground.ui.panels.lesson.text import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playground.document.project import Project
    from playground.runner.messages import Frame, Want
    from playground.ui.kit.view import Context


def own_folder() -> Path:
    """Where progress and packs are kept."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "lessons"


class LessonView(View):
    """The lessons by topic; then one of them, page by page."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("lesson_view")
        self.setMinimumWidth(280)
        self.shelf, self.book = Shelf(own_folder()), Book(own_folder() / "progress.json")
        self.lesson: Lesson | None = None
        self.progress = Progress()
        self._frame: Frame | None = None
        context.focus.step_changed.connect(self._veil)
        self.questions: list[QuestionCard] = []
        self.goals: list[GoalCard] = []
        self._reveals: list[tuple[str, QWidget]] = []
        self.contents = Contents(context.theme, self.shelf, self.book, self.begin)
        self._reader = QWidget()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.contents)
        self._pages.addWidget(self._reader)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)
        self._fill_reader()

    def add_pack(self, path: Path) -> None:
        """Keep the pack that was dropped, and list its lessons; what cannot be read is said."""
        self.leave()
        note = ""
        try:
            pack = self.shelf.add(path)
        except LessonError as error:
            note = str(error)
        except OSError as error:
            note = f"The pack cannot be kept here ({error.strerror}). Make room, and drop it again."
        self.contents.note.setText(note)
        self.contents.fill()
        if not note:
            self.contents.entries[pack.lessons[0].id].setFocus()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _fill_reader(self) -> None:
        self._where = Label()
        self._where.setProperty("muted", True)
        self._title = Label()
        self._title.setProperty("title", True)
        self._title.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._page = QWidget()
        self._page.setObjectName("contents")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP + 2)
        body = QWidget()
        self._area = scrolled(body, self._page)
        self._back, self._next, self._leave = (
            QPushButton("Back"),
            QPushButton("Next"),
            QPushButton("All lessons"),
        )
        self._note = Label()
        self._note.setObjectName("lesson_note")
        self._note.setProperty("warning", True)
        self._note.setWordWrap(True)
        self._note.hide()
        for button, name, act in (
            (self._back, "lesson_back", lambda: self.turn(self.progress.page - 1)),
            (self._next, "lesson_next", lambda: self.turn(self.progress.page + 1)),
            (self._leave, "lesson_leave", self.leave),
        ):
            button.setObjectName(name)
            button.clicked.connect(act)
        self._leave.setProperty("flat", True)
        row = QHBoxLayout()
        row.addWidget(self._leave)
        row.addStretch(1)
        row.addWidget(self._back)
        row.addWidget(self._next)
        head = QVBoxLayout()
        head.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, 0)
        for part in (self._where, self._title, self._bar):
            head.addWidget(part)
        foot = QVBoxLayout()
        foot.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        foot.addWidget(self._note)
        foot.addLayout(row)
        outer = QVBoxLayout(self._reader)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(head)
        outer.addWidget(body, stretch=1)
        outer.addLayout(foot)

    def begin(self, lesson: Lesson) -> None:
        """Open a lesson where it was left, and the project it begins with."""
        try:
            project = lesson.project
        except LessonError as error:
            self.contents.note.setText(str(error))
            self.contents.mark()
            return
        self.lesson, self.progress = lesson, self.book.of(lesson)
        self.context.focus.project_asked.emit(project)
        self.setFocus()  # what was pressed goes, and Qt would take the keyboard to the canvas
        self._pages.setCurrentWidget(self._reader)
        self._next.setFocus()
        self.turn(min(self.progress.page, len(lesson.pages) - 1))

    def leave(self) -> None:
        """Back to the list; the project stays as it is."""
        self.lesson = None
        self._clear()
        self.contents.note.clear()
        self.contents.mark()
        self.setFocus()
        self._pages.setCurrentWidget(self.contents)

    def turn(self, to: int) -> None:
        """Show another page; beyond the last one is the list."""
        lesson = self.lesson
        if lesson is None:
            return
        if to >= len(lesson.pages):
            self.leave()
            return
        self._note_progress(replace(self.progress, page=max(0, to)))
        page = lesson.pages[self.progress.page]
        number = self.contents.lessons.index(lesson) + 1
        self._where.setText(
            f"Lesson {number} of {len(self.contents.lessons)} · {lesson.title} · {to + 1} / {len(lesson.pages)}"
        )
        self._title.setText(page.title)
        self._bar.setRange(0, len(lesson.pages))
        self._bar.setValue(to + 1)
        self._back.setEnabled(to > 0)
        self._next.setText("Next" if to + 1 < len(lesson.pages) else "Finish")
        self._show_page(page)

    def _show_page(self, page: Page) -> None:
        self._clear()
        for block in page.blocks:
            self._column.addWidget(self._made(block))
        self._column.addStretch(1)
        self._show_progress()
        self._area.verticalScrollBar().setValue(0)
        if self._frame is not None:
            self.show_frame(self._frame)

    def _clear(self) -> None:
        self.questions, self.goals, self._reveals = [], [], []
        self._note.hide()
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _made(self, block: Block) -> QWidget:
        theme = self.context.theme
        match block:
            case Text():
                return Words(theme, block.markdown, self._follow)
            case Predict():
                question = QuestionCard(theme, block, self._follow, self._answered)
                self.questions.append(question)
                return question
            case Goal():
                goal = GoalCard(theme, block, self._follow)
                self.goals.append(goal)
                return goal
            case Hint():
                return HintCard(theme, block, self._follow)
            case Reveal():
                words = Words(theme, block.markdown, self._follow)
                self._reveals.append((block.after, words))
                return words

    # --- doing --------------------------------------------------------------------------------------------------------

    def _follow(self, link: str) -> None:
        """Do what a link says."""
        self._note.hide()
        try:
            one = action(link)
            if one.opens:
                project = one.edited(self.context.document.value)
                if project is not None:
                    self.context.focus.project_asked.emit(project)
                return
            before = self.context.document.value
            project = one.edited(before)
        except LessonError as error:
            self._say(str(error))
            return
        if project is not None and project is not before:
            self.context.document.apply(project, one.kind.help.rstrip("."))
        for command in one.commands:
            self.context.send(command)
        if one.name == "look":
            self.context.focus.select(one.choices.get("layer", ""))
        elif one.name == "panel":
            self._show_panel(one.choices["name"])
        elif one.name == "inside":
            self.context.focus.panel_asked.emit("backprop")

    def _show_panel(self, key: str) -> None:
        known = [one.key for one in declared]
        if key in known:
            self.context.focus.panel_asked.emit(key)
        else:
            self._say(str(UnknownName("panel", key, known)))

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.show()

    def _answered(self, id: str, guess: str, right: bool, known: bool, sure: int) -> None:
        self._note_progress(self.progress.answered(id, guess, right, known, sure))
        self._show_progress()

    def _note_progress(self, progress: Progress) -> None:
        self.progress = progress
        if self.lesson is None:
            return
        try:
            self.book.note(self.lesson, progress)
        except OSError as error:
            self._say(
                f"Your progress cannot be written ({error.strerror}); it is kept until the program ends."
            )

    def _show_progress(self) -> None:
        for question in self.questions:
            question.show_progress(self.progress)
        for goal in self.goals:
            goal.show_progress(self.progress)
        self._veil()
        for after, words in self._reveals:
            given = self.progress.answers.get(after)
            words.setVisible(given is not None and given.known)
        self._may_go_on()

    def _may_go_on(self) -> None:
        """What is asked for comes first; who wants to, may turn the page all the same."""
        open_ = any(card.asked.id not in self.progress.answers for card in self.questions)
        open_ = open_ or any(not card.met for card in self.goals)
        self._next.setProperty("primary", not open_)
        refresh(self._next)

    # --- what it is told ----------------------------------------------------------------------------------------------

    def wants(self) -> Iterable[Want]:
        for card in self.questions:
            for one in (card.asked.answer, *(m.value for m in card.asked.mistakes)):
                if one is not None:
                    yield from one.wants
        for goal in self.goals:
            yield from goal.goal.when.wants

    def show_project(self, before: Project | None, after: Project) -> None:
        if self._frame is not None and self.lesson is not None:
            self.show_frame(self._frame)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        lesson = self.lesson
        if lesson is None or frame.state is State.EMPTY:
            return
        seen = Seen(self.context.document.value, frame)
        for question in self.questions:
            question.see(seen)
        progress = self.progress
        for goal in self.goals:
            if goal.see(seen) and frame.project is seen.project:
                progress = progress.met(goal.goal.id, seen.project.seed)
        if progress is not self.progress:
            self._note_progress(progress)
            self._show_progress()
        self._veil()

    def _veil(self) -> None:
        """While a number of this update is asked for, nobody else says it."""
        waits = self.isVisible() and any(question.waits for question in self.questions)
        self.context.focus.veil(waits and self.context.focus.step is not None, "lesson")

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._veil()
