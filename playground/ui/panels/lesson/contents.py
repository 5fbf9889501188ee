"""All lessons by topic, and how far each has come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from engine.errors import counted
from playground.lessons.lesson import Lesson, Predict, lessons
from playground.lessons.packs import Shelf
from playground.lessons.progress import Book, Progress
from playground.ui.kit.style import scrolled
from playground.ui.kit.text import RIGHT, Label, button_text, tip
from playground.ui.kit.theme import Theme
from playground.ui.panels.lesson.blocks import QuestionCard


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
        self.note = Label()
        self.note.setObjectName("contents_note")
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
        parts: list[QWidget] = []
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
            for part in (self.note, self._hand_in):
                part.setParent(self)  # they stay
            self._page.hide()
            self._page.deleteLater()
        self._page = QWidget()
        scrolled(self._page, self.note, *parts, self._hand_in)
        self._column.addWidget(self._page)
        self.mark()

    def _asked_again(self, lesson: Lesson, question: Predict) -> QuestionCard:
        """A question of an earlier day, asked without what was answered then."""
        given = Progress()

        def answered(id: str, guess: str, right: bool, known: bool, sure: int) -> None:
            nonlocal given
            given = given.answered(id, guess, right, known, sure)
            card.show_progress(given)
            if right:
                self._keep(lesson, self._book.of(lesson).repeated(id))

        card = QuestionCard(self._theme, question, lambda link: None, answered)
        card.heading.setText(lesson.title)
        return card

    def _keep(self, lesson: Lesson, progress: Progress) -> None:
        try:
            self._book.note(lesson, progress)
        except OSError as error:
            self.note.setText(
                f"Your progress cannot be written ({error.strerror}); it is kept until the program ends."
            )
            self.mark()

    def _entry(self, lesson: Lesson) -> QPushButton:
        entry = QPushButton()
        entry.setObjectName(f"lesson_{lesson.id}")
        entry.setProperty("listed", True)
        entry.setToolTip(tip(lesson.about))
        entry.clicked.connect(lambda: self._begin(lesson))
        return entry

    def _ask_where(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save my answers", "my-answers.json", "Answers (*.json)")
        if name:
            self.hand_in(Path(name))

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
