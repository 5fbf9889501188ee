"""What keeps the project from running or from learning, or has stopped it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from engine.network import Problem
from playground.document.change import JUDGED, diff
from playground.document.project import findings, place_in_words
from playground.runner.messages import State
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import count
from playground.ui.kit.remedies import SIGNS, remedy_buttons
from playground.ui.kit.style import scrolled
from playground.ui.kit.text import Label
from playground.ui.kit.view import BOTTOM, View, panel

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.messages import Frame
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context

FINE = "✓ No problems. Press Play to train."
MOST = 30  #: problems that are listed; nobody reads more, and each takes time to show


class ProblemCard(QFrame):
    """One problem: where it stands and what to do. A click or Enter goes there."""

    chosen = Signal(str)

    def __init__(
        self, where: str, problem: Problem, theme: Theme, buttons: Sequence[QPushButton] = ()
    ) -> None:
        super().__init__()
        self.problem = problem
        self.setObjectName("problem_card")
        self.setProperty("card", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        sign_name, word = SIGNS[problem.level]
        if problem.level == "warning":
            where = f"{word} · {where}" if where else word
        self.setAccessibleName(f"{where}: {problem.message}")
        self.setToolTip("Go to the block." if problem.node_id else "This concerns the whole project.")
        if problem.node_id:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        sign = Label()
        sign.setPixmap(icon(sign_name, theme, problem.level).pixmap(QSize(18, 18)))
        sign.setAccessibleName(word)
        place, text = Label(where), Label(problem.message)
        place.setObjectName("problem_place")
        place.setProperty("strong", True)
        text.setObjectName("problem_text")
        for label in (place, text):
            label.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        if where:
            words.addWidget(place)
        words.addWidget(text)
        if buttons:
            words.addSpacing(4)
            remedies = QHBoxLayout()
            remedies.setSpacing(8)
            for button in buttons:
                remedies.addWidget(button)
            remedies.addStretch(1)
            words.addLayout(remedies)
        row.addLayout(words, stretch=1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.problem.node_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.problem.node_id)
        else:
            super().keyPressEvent(event)


class ProblemsView(View):
    """The project's problems and warnings, and why the last run stopped by itself."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("problems_view")
        self._stopped: tuple[State, str, str, str] | None = None  # state, node, message, details
        self.cards: list[ProblemCard] = []
        self.fine = Label(FINE)
        self.fine.setObjectName("fine")
        self.fine.setProperty("good", True)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.details = QPlainTextEdit()
        self.details.setObjectName("details")
        self.details.setReadOnly(True)
        self.details.setFixedHeight(120)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setAccessibleName("Details of the crash")
        self.details.setToolTip("Where in the program it happened; select and copy what you need.")
        self.copy = QPushButton("Copy details")
        self.copy.setObjectName("copy_details")
        self.copy.setToolTip("Copy the message and the details, for a report.")
        self.copy.setAccessibleName("Copy details")
        self.copy.clicked.connect(self._copy)
        self.more = Label()
        self.more.setObjectName("more_problems")
        self.more.setProperty("muted", True)
        scrolled(self, self.fine, self._list, self.more, self.details, self.copy)
        context.theme.follow(self._fill)

    def show_project(self, before: Project | None, after: Project) -> None:
        if diff(before, after).touches(JUDGED):
            self._fill()

    def show_frame(self, frame: Frame) -> None:
        stopped = None
        if frame.state in (State.DIVERGED, State.CRASHED):
            stopped = (frame.state, frame.broken_node, frame.message, frame.details)
        if stopped != self._stopped:
            self._stopped = stopped
            self._fill()

    def _fill(self) -> None:
        project = self.context.document.value
        for card in self.cards:
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self.cards = []
        details = ""
        if self._stopped is not None:
            state, node_id, message, details = self._stopped
            title = "Training diverged" if state is State.DIVERGED else "Training crashed"
            place = place_in_words(project, node_id)
            self._add(f"{title} · {place}" if node_id and place else title, Problem(node_id, message))
        found = findings(project)
        for problem in found[:MOST]:
            buttons = remedy_buttons(problem, self.context.document)
            self._add(place_in_words(project, problem.node_id), problem, buttons)
        self.more.setText(f"… and {count(len(found) - MOST)} more")
        self.more.setVisible(len(found) > MOST)
        self.fine.setVisible(not self.cards)
        self._list.setVisible(bool(self.cards))
        self.details.setPlainText(details)
        self.details.setVisible(bool(details))
        self.copy.setVisible(bool(details))

    def _add(self, where: str, problem: Problem, buttons: Sequence[QPushButton] = ()) -> None:
        card = ProblemCard(where, problem, self.context.theme, buttons)
        card.chosen.connect(self._go)
        card.installEventFilter(self)
        self.cards.append(card)
        self._column.addWidget(card)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys go from one problem to the next."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and isinstance(watched, ProblemCard)
        ):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None:
                to = max(0, min(self.cards.index(watched) + step, len(self.cards) - 1))
                self.cards[to].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return False

    def _go(self, node_id: str) -> None:
        if node_id:
            self.context.focus.select(node_id)

    def _copy(self) -> None:
        if self._stopped is not None:
            _, _, message, details = self._stopped
            QGuiApplication.clipboard().setText(f"{message}\n\n{details}")


panel(f"{__name__}:ProblemsView", "problems", "Problems", BOTTOM, order=70, shown=False)
