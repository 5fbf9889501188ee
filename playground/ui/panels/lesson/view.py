"""The list of lessons, and the one that is worked through, beside the network that it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from playground.document import edits
from playground.lessons.errors import LessonError
from playground.lessons.faded import Fading
from playground.lessons.lesson import (
    Block,
    Faded,
    Free,
    Goal,
    Hint,
    Lesson,
    Lock,
    Page,
    Predict,
    Reveal,
    Text,
)
from playground.lessons.names import Seen
from playground.lessons.packs import Shelf
from playground.lessons.progress import Book, Progress
from playground.lessons.resume import Left
from playground.runner.messages import NextUpdate, State
from playground.ui.kit.style import GAP, MARGIN, refresh, scrolled
from playground.ui.kit.text import Label
from playground.ui.kit.view import View
from playground.ui.panels.lesson.blocks import FreeCard, GoalCard, HintCard, LockCard
from playground.ui.panels.lesson.contents import Contents
from playground.ui.panels.lesson.doing import Doer
from playground.ui.panels.lesson.faded_card import FadedCard
from playground.ui.panels.lesson.number_card import NumberCard
from playground.ui.panels.lesson.pointing import opened_in_words, task_in_words
from playground.ui.panels.lesson.question_card import QuestionCard
from playground.ui.panels.lesson.recorder import Recorder
from playground.ui.panels.lesson.text import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playground.document.project import Project
    from playground.runner.messages import Command, Frame, Want
    from playground.ui.kit.view import Context

#: seconds without an answer or another page after which nobody is taken to be reading
AWAY = 300.0


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
        self.left = Left(own_folder() / "left")
        self._since: float | None = None
        self.questions: list[QuestionCard] = []
        self.goals: list[GoalCard] = []
        self.faded: list[FadedCard] = []
        self.locks: list[LockCard] = []
        self._reveals: list[tuple[str, QWidget]] = []
        self.contents = Contents(context.theme, self.shelf, self.book, self.begin)
        self._reader = QWidget()
        self._doer = Doer(context, self._say)
        self.recorder = Recorder(context, self.leave, self.begin)
        self.contents.record.clicked.connect(self.record)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.contents)
        self._pages.addWidget(self._reader)
        self._pages.addWidget(self.recorder)
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
        self._back, self._next, self._leave, self._anew = (
            QPushButton("Back"),
            QPushButton("Next"),
            QPushButton("All lessons"),
            QPushButton("Begin anew"),
        )
        self._anew.setToolTip("Forget what was done in this lesson, and open its project again.")
        self._anew.setProperty("flat", True)
        self._note = Label()
        self._note.setObjectName("lesson_note")
        self._note.setProperty("warning", True)
        self._note.setWordWrap(True)
        self._note.hide()
        for button, name, act in (
            (self._back, "lesson_back", lambda: self.turn(self.progress.page - 1)),
            (self._next, "lesson_next", lambda: self.turn(self.progress.page + 1)),
            (self._leave, "lesson_leave", self.leave),
            (self._anew, "lesson_anew", self.begin_anew),
        ):
            button.setObjectName(name)
            button.clicked.connect(act)
        self._leave.setProperty("flat", True)
        row = QHBoxLayout()
        row.addWidget(self._leave)
        row.addWidget(self._anew)
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
            project = self._project_of(lesson)
        except LessonError as error:
            self.contents.note.setText(str(error))
            self.contents.mark()
            return
        # Whoever would rather keep what is not saved stays where they are.
        opened = self.left.project(lesson.id) or project
        self.context.focus.project_asked.emit(opened, lambda: self._begun(lesson))

    def _begun(self, lesson: Lesson) -> None:
        self.lesson, self.progress, self._since = lesson, self.book.of(lesson), monotonic()
        self.context.focus.hidden_asked.emit(lesson.hidden)
        self.setFocus()  # what was pressed goes, and Qt would take the keyboard to the canvas
        self._pages.setCurrentWidget(self._reader)
        self._next.setFocus()
        self.turn(min(self.progress.page, len(lesson.pages) - 1))

    def _project_of(self, lesson: Lesson) -> Project:
        """What it begins with: for some lessons, with the numbers of whoever learns. Raises LessonError."""
        if lesson.personal and self.book.number:
            return edits.set_seed(lesson.project, self.book.number)
        return lesson.project

    def begin_anew(self) -> None:
        """Forget what was done in the lesson, and begin it once more."""
        lesson = self.lesson
        if lesson is None:
            return

        def forget() -> None:
            self.lesson = None
            self.book.forget(lesson)
            self.left.forget(lesson.id)
            self._begun(lesson)

        self.context.focus.project_asked.emit(self._project_of(lesson), forget)

    def record(self) -> None:
        """Watch what an author does, and make a lesson of it."""
        self.leave()
        self._pages.setCurrentWidget(self.recorder)
        self.recorder.begin(self._frame)

    def _put_aside(self) -> None:
        """Keep the project as it is for the next time, and the time that was spent."""
        if self.lesson is None:
            return
        self._count_time()
        self._note_progress(self.progress)
        if self.progress.page or self.progress.done:
            self.left.keep(self.lesson.id, self.context.document.value)

    def _count_time(self) -> None:
        """Add the time since somebody last did something here; what is longer than a few minutes was spent elsewhere."""
        now = monotonic()
        if self._since is not None:
            self.progress = replace(
                self.progress, seconds=self.progress.seconds + min(now - self._since, AWAY)
            )
        self._since = now

    def leave(self) -> None:
        """Back to the list; the project stays as it is."""
        self._put_aside()
        self.lesson = self._since = None
        self.context.focus.hidden_asked.emit(())
        self._clear()
        self._lock()
        self.contents.note.setText(self.book.unwritten)
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
        self._count_time()
        self._note_progress(replace(self.progress, page=max(0, to)))
        page = lesson.pages[self.progress.page]
        known = self.contents.lessons
        number = f"Lesson {known.index(lesson) + 1} of {len(known)} · " if lesson in known else ""
        self._where.setText(f"{number}{lesson.title} · {to + 1} / {len(lesson.pages)}")
        self._title.setText(page.title)
        self._bar.setRange(0, len(lesson.pages))
        self._bar.setValue(to + 1)
        self._back.setEnabled(to > 0)
        self._next.setText("Next" if to + 1 < len(lesson.pages) else "Finish")
        self._show_page(page)

    def _show_page(self, page: Page) -> None:
        self._clear()
        lesson = self.lesson
        if lesson is not None and lesson.personal and page is lesson.pages[0]:
            self._column.addWidget(NumberCard(self.book.number, self._number_given))
        for block in page.blocks:
            self._column.addWidget(self._made(block))
        self._column.addStretch(1)
        if self.faded:  # it says all that is needed, and is long
            self.context.focus.height_asked.emit("backprop")
        self._show_progress()
        self._area.verticalScrollBar().setValue(0)
        if self._frame is not None:
            self.show_frame(self._frame)

    def _clear(self) -> None:
        self.questions, self.goals, self.faded, self.locks, self._reveals = [], [], [], [], []
        self._say()
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
                question = QuestionCard(theme, block, self._follow, self._answered, self._reasoned)
                self.questions.append(question)
                return question
            case Goal():
                goal = GoalCard(theme, block, self._follow)
                self.goals.append(goal)
                return goal
            case Hint():
                return HintCard(theme, block, self._follow)
            case Free():
                return FreeCard(theme, block, self._follow)
            case Faded():
                example = FadedCard(theme, block, self._follow, self._tell, self._fade)
                self.faded.append(example)
                return example
            case Lock():
                opened = opened_in_words(block.allowed, self.context.document.value)
                lock = LockCard(theme, block, opened, task_in_words(self.lesson, block.until), self._follow)
                self.locks.append(lock)
                return lock
            case Reveal():
                words = Words(theme, block.markdown, self._follow)
                self._reveals.append((block.after, words))
                return words

    # --- doing --------------------------------------------------------------------------------------------------------

    def _follow(self, link: str) -> None:
        """Do what a link says."""
        self._say()
        self._doer.follow(link)

    def _say(self, text: str = "") -> None:
        """Say this, or what is to be said of the answers; nothing where there is nothing."""
        self._note.setText(text or self.book.unwritten)
        self._note.setVisible(bool(self._note.text()))

    def _answered(self, id: str, guess: str, right: bool, known: bool, sure: int, slip: str) -> None:
        self._count_time()
        self._note_progress(self.progress.answered(id, guess, right, known, sure, slip))
        self._show_progress()

    def _reasoned(self, id: str, why: str, right: bool) -> None:
        self._note_progress(self.progress.reasoned(id, why, right))
        self._show_progress()

    def _tell(self, command: Command) -> None:
        with self._doer.unlocked():
            self.context.send(command)

    def _fade(self, id: str, fading: Fading) -> None:
        self._count_time()
        self._note_progress(self.progress.fade(id, fading))
        self._show_progress()

    def _number_given(self, number: int) -> None:
        """The learner's number draws the numbers of this lesson from now on."""
        lesson = self.lesson
        if lesson is None:
            return
        self.book.set_number(number)
        self._say()
        with self._doer.unlocked():
            self.context.focus.project_asked.emit(self._project_of(lesson), lambda: None)

    def _note_progress(self, progress: Progress) -> None:
        self.progress = progress
        if self.lesson is None:
            return
        self.book.note(self.lesson, progress)
        if self.book.unwritten:
            self._say()

    def _show_progress(self) -> None:
        for question in self.questions:
            question.show_progress(self.progress)
        for goal in self.goals:
            goal.show_progress(self.progress)
        for example in self.faded:
            example.show_progress(self.progress)
        self._anew.setVisible(bool(self.progress.page or self.progress.done))
        self._lock()
        self._veil()
        for after, words in self._reveals:
            given = self.progress.answers.get(after)
            words.setVisible(given is not None and given.known)
        self._may_go_on()

    def _may_go_on(self) -> None:
        """What is asked for comes first; who wants to, may turn the page all the same."""
        open_ = any(card.asked.id not in self.progress.answers for card in self.questions)
        open_ = open_ or any(not card.met for card in self.goals)
        open_ = open_ or any(not card.fading.done for card in self.faded)
        self._next.setProperty("primary", not open_)
        refresh(self._next)

    # --- what it is told ----------------------------------------------------------------------------------------------

    def wants(self) -> Iterable[Want]:
        for card in self.questions:
            for one in (card.asked.answer, *(m.value for m in card.asked.mistakes)):
                if one is not None:
                    yield from one.wants
        for goal in self.goals:
            yield from goal.wants()
        if self.faded:
            yield NextUpdate()

    def show_project(self, before: Project | None, after: Project) -> None:
        self.recorder.see_project(before, after)
        if self._frame is not None and self.lesson is not None:
            self.show_frame(self._frame)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        self.recorder.see_frame(frame)
        lesson = self.lesson
        if lesson is None or frame.state is State.EMPTY:
            return
        seen = Seen(self.context.document.value, frame)
        for question in self.questions:
            question.see(seen)
        progress = self.progress
        for example in self.faded:
            example.see(seen)
        for goal in self.goals:
            if frame.project is not seen.project:
                continue  # of before the last edit: neither met nor missed
            seeds = goal.see(seen)
            if seeds:
                progress = progress.met(goal.goal.id, seeds)
        if progress is not self.progress:
            self._note_progress(progress)
            self._show_progress()
        self._veil()

    def _veil(self) -> None:
        """While a number of this update is asked for, nobody else says it."""
        asked: tuple[QuestionCard | FadedCard, ...] = (*self.questions, *self.faded)
        waits = self.isVisible() and any(card.waits for card in asked)
        self.context.focus.veil(waits and self.context.focus.step is not None, "lesson")

    def _lock(self) -> None:
        """Let answer what the page has opened; everything, while no lesson is read."""
        lesson, page = self.lesson, None
        if lesson is not None:
            page = lesson.pages[min(self.progress.page, len(lesson.pages) - 1)]
        reading = lesson is not None and page is not None and self.isVisible()
        allowed = lesson.allowed_on(page, self.progress.done) if reading and lesson and page else None
        self.context.focus.allow(allowed)
        for card in self.locks:
            over = card.lock.until in self.progress.done
            card.setVisible(not over and card.lock.allowed == allowed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._since = monotonic()
        self._lock()
        if self.lesson is not None:
            self.context.focus.hidden_asked.emit(self.lesson.hidden)

    def hideEvent(self, event: QHideEvent) -> None:
        """Who has left the lesson finds everything open."""
        super().hideEvent(event)
        self._put_aside()
        if self.context.gone:
            return
        self.context.focus.hidden_asked.emit(())
        self._lock()
        self._veil()

    def end(self) -> None:
        self._put_aside()
