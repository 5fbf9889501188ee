"""All lessons by topic, and how far each has come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.errors import counted
from playground.lessons.lesson import Lesson, Predict
from playground.lessons.packs import Shelf
from playground.lessons.progress import Book, Progress
from playground.lessons.reading import lessons
from playground.ui.kit.questions import ask_where
from playground.ui.kit.style import scrolled
from playground.ui.kit.text import RIGHT, Label, button_text, tip
from playground.ui.kit.theme import Theme
from playground.ui.panels.lesson.map import LessonMap, Stop
from playground.ui.panels.lesson.question_card import QuestionCard


class Contents(QWidget):
    """A button for each lesson.

    Attributes:
        lessons: all, in their order: the program's own, then those of the packs.
        entries: the buttons, by the lesson's id.
        again: questions from last time.
    """

    def __init__(self, theme: Theme, shelf: Shelf, book: Book, begin: Callable[[Lesson], object]) -> None:
        super().__init__()
        self._theme = theme
        self._shelf, self._book, self._begin = shelf, book, begin
        self.lessons: tuple[Lesson, ...] = ()
        self.entries: dict[str, QPushButton] = {}
        self.map = LessonMap(theme, begin)
        self.count = Label()
        self.count.setObjectName("lessons_done")
        self.count.setProperty("muted", True)
        self.go_on = QPushButton()
        self.go_on.setObjectName("lessons_go_on")
        self.go_on.setProperty("primary", True)
        self.go_on.clicked.connect(self._go_on)
        self.record = QPushButton("Record a Task…")
        self.record.setObjectName("record_task")
        self.record.setToolTip(
            "For authors: do a task once, and a lesson with its goal and solution is made of it."
        )
        self.note = Label()
        self.note.setObjectName("contents_note")
        self.note.setText(book.unread)
        self.note.setProperty("warning", True)
        self.note.setWordWrap(True)
        self._hand_in = QPushButton("Save My Answers…")
        self._hand_in.setObjectName("hand_in")
        self._hand_in.setToolTip("A file with your answers and goals, for whoever teaches you.")
        self._hand_in.clicked.connect(self._ask_where)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._page: QWidget | None = None
        self.fill()

    def fill(self) -> None:
        """List what there is now."""
        grouped = [(lesson.topic, lesson) for lesson in lessons()]
        grouped += [(pack.title, lesson) for pack in self._shelf.packs() for lesson in pack.lessons]
        self.lessons = tuple(lesson for _, lesson in grouped)
        self.entries = {lesson.id: self._entry(lesson) for lesson in self.lessons}
        parts: list[QWidget] = [self.count, self.map, self.go_on]
        topic = ""
        self.again = [self._asked_again(*one) for one in self._book.to_repeat(self.lessons)]
        if self.again:
            heading = Label("From last time")
            heading.setProperty("heading", True)
            parts += [heading, *self.again]
        for group, lesson in grouped:
            if group != topic:
                topic = group
                heading = Label(topic)
                heading.setProperty("heading", True)
                parts.append(heading)
            about = Label(f"{lesson.about} {counted(lesson.minutes, 'minute')}.")
            about.setProperty("muted", True)
            about.setWordWrap(True)
            parts += [self.entries[lesson.id], about]
        if self._page is not None:
            for part in (self.note, self.count, self.map, self.go_on, self._hand_in, self.record):
                part.setParent(self)  # they stay
            self._page.hide()
            self._page.deleteLater()
        self._page = QWidget()
        scrolled(self._page, self.note, *parts, self._hand_in, self.record)
        self._column.addWidget(self._page)
        self.mark()

    def _asked_again(self, lesson: Lesson, question: Predict) -> QuestionCard:
        """A question of an earlier day, asked without what was answered then."""
        given = Progress()

        def answered(id: str, guess: str, right: bool, known: bool, sure: int, slip: str) -> None:
            nonlocal given
            given = given.answered(id, guess, right, known, sure)
            card.show_progress(given)
            if right:
                self._keep(lesson, self._book.of(lesson).repeated(id))

        def reasoned(id: str, why: str, right: bool) -> None:
            nonlocal given
            given = given.reasoned(id, why, right)
            card.show_progress(given)

        card = QuestionCard(self._theme, question, lambda link: None, answered, reasoned)
        card.heading.setText(lesson.title)
        return card

    def _keep(self, lesson: Lesson, progress: Progress) -> None:
        self._book.note(lesson, progress)
        if self._book.unwritten:
            self.note.setText(self._book.unwritten)
            self.mark()

    def _entry(self, lesson: Lesson) -> QPushButton:
        entry = QPushButton()
        entry.setObjectName(f"lesson_{lesson.id}")
        entry.setProperty("listed", True)
        entry.setToolTip(tip(lesson.about))
        entry.clicked.connect(lambda: self._begin(lesson))
        return entry

    def _ask_where(self) -> None:
        ask_where(self, "Save my answers", Path("my-answers.json"), {".json": "Answers"}, self.hand_in)

    def hand_in(self, path: Path) -> None:
        """Write all answers to a file."""
        path = path if path.suffix else path.with_suffix(".json")
        try:
            self._book.write(path)
            self.note.setText("")
        except OSError as error:
            self.note.setText(f"{path.name} cannot be written ({error.strerror}). Choose another place.")
        self.mark()

    def mark(self) -> None:
        """Say how far each has come."""
        self.note.setVisible(bool(self.note.text()))
        for lesson in self.lessons:
            share = self._book.of(lesson).share(lesson)
            done = f"  {RIGHT}" if share == 1.0 else f"  {round(100 * share)} %" if share else ""
            self.entries[lesson.id].setText(button_text(lesson.title) + done)
        self.map.show_stops([Stop(lesson, self._book.of(lesson).share(lesson)) for lesson in self.lessons])
        finished = sum(stop.share == 1.0 for stop in self.map.stops)
        self.count.setText(f"{finished} of {counted(len(self.lessons), 'lesson')} done")
        following = self.map.next
        self.go_on.setVisible(following is not None)
        if following is not None:
            stop = self.map.stops[following]
            verb = "Go on" if stop.share else "Begin" if not finished else "Next"
            self.go_on.setText(button_text(f"{verb}: {stop.lesson.title}"))

    def _go_on(self) -> None:
        if self.map.next is not None:
            self._begin(self.map.stops[self.map.next].lesson)
