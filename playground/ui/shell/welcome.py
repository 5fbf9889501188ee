"""The first start: three doors into the program, each a small network in which something can be seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from playground.ui.kit.text import Label
from playground.ui.shell.start_page import Card
from playground.ui.shell.thumbnails import Thumbnails

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme


@dataclass(frozen=True)
class Door:
    """One way to begin.

    Args:
        key: of the example behind it.
        title, sentence: on its card.
    """

    key: str
    title: str
    sentence: str


DOORS = (
    Door(
        "circle",
        "See one learn",
        "A small network draws a ring round one class. It plays at once; Space is pause.",
    ),
    Door(
        "first-steps",
        "Work one update by hand",
        "Two inputs, two hidden units, easy numbers: forward, loss, backward, update, one step at a time.",
    ),
    Door(
        "digits-cnn",
        "Watch a convolution",
        "A filter slides over a scanned digit: every window, every product, every sum.",
    ),
)


class Welcome(QDialog):
    """Offers the doors; Esc leaves what the window shows already."""

    chosen = Signal(str)  #: the key of a door
    examples_asked = Signal()
    lessons_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setWindowTitle("Welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = Label("How do you want to begin?")
        title.setProperty("title", True)
        words = Label("Help ▸ Welcome brings this back; F1 explains whatever has the focus.")
        words.setProperty("muted", True)
        doors = QHBoxLayout()
        doors.setSpacing(12)
        self.cards = {door.key: self._card(door) for door in DOORS}
        for card in self.cards.values():
            doors.addWidget(card)
        examples = QPushButton("All examples…")
        examples.setObjectName("welcome_examples")
        examples.setToolTip("Choose another network to start from.")
        examples.clicked.connect(self._to_examples)
        lessons = QPushButton("Lessons…")
        lessons.setObjectName("welcome_lessons")
        lessons.setToolTip("Short lessons, from one neuron to AlexNet: predict, then see.")
        lessons.clicked.connect(self._to_lessons)
        stay = QPushButton("Just look round")
        stay.setObjectName("welcome_stay")
        stay.setToolTip("Go to the window as it is. (Esc)")
        stay.clicked.connect(self.reject)
        for button in (lessons, examples, stay):
            button.setAccessibleName(button.text())
            button.setAutoDefault(False)
        below = QHBoxLayout()
        below.addWidget(words, stretch=1)
        below.addWidget(lessons)
        below.addWidget(examples)
        below.addWidget(stay)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(14)
        layout.addWidget(title)
        layout.addLayout(doors)
        layout.addLayout(below)
        next(iter(self.cards.values())).setFocus()
        self._thumbnails = Thumbnails(self.devicePixelRatioF(), theme, self)
        self._thumbnails.ready.connect(lambda key, image: self.cards[key].show_picture(image))
        self.finished.connect(self._thumbnails.stop)
        self._thumbnails.start(tuple(self.cards))

    def _card(self, door: Door) -> Card:
        card = Card(door.title, door.sentence)
        card.setObjectName(f"door_{door.key}")
        card.clicked.connect(lambda _checked=False: self._choose(door.key))
        card.installEventFilter(self)
        return card

    def _choose(self, key: str) -> None:
        self.accept()
        self.chosen.emit(key)

    def _to_examples(self) -> None:
        self.accept()
        self.examples_asked.emit()

    def _to_lessons(self) -> None:
        self.accept()
        self.lessons_asked.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys go from door to door."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: +1}.get(Qt.Key(event.key()), 0)
        cards = list(self.cards.values())
        if by and watched in cards:
            to = min(max(cards.index(watched) + by, 0), len(cards) - 1)
            cards[to].setFocus(Qt.FocusReason.TabFocusReason)
        return by != 0
