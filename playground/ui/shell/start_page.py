"""The start page: example projects as pictures of what they learn, and the files used last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from playground.document.examples import examples
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, button_text, tip
from playground.ui.shell.thumbnails import SIZE, Thumbnails

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme

COLUMNS = 3

#: from card to card by arrow keys
WAYS: dict[int, int] = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -COLUMNS,
    Qt.Key.Key_Down: COLUMNS,
}


class Card(QPushButton):
    """One example: its picture, its name, and what one can see in it."""

    def __init__(self, title: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setAccessibleDescription(about)
        self.setToolTip(about)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)  # as high as its row
        self.picture = Label()
        self.picture.setFixedSize(QSize(*SIZE))
        name = Label(title)
        name.setProperty("heading", True)
        words = Label(about)
        words.setProperty("muted", True)
        words.setWordWrap(True)
        words.setFixedWidth(SIZE[0])
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(6)
        for label in (self.picture, name, words):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)
        layout.addStretch(1)

    def sizeHint(self) -> QSize:
        return self._column.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._column.minimumSize()

    def show_picture(self, image: QImage) -> None:
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(image.width() / SIZE[0])
        self.picture.setPixmap(pixmap)


class StartPage(QDialog):
    """Offers what to begin with; closes when something is chosen."""

    example_chosen = Signal(str)
    file_chosen = Signal(object)  #: a Path

    def __init__(self, theme: Theme, recent: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_page")
        self.setWindowTitle("Examples")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.cards: dict[str, Card] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(12)
        title = Label("Start from an example")
        title.setProperty("title", True)
        layout.addWidget(title)
        layout.addWidget(self._grid(), stretch=1)
        if recent:
            layout.addLayout(self._recent(recent, theme))
        # As high as its content, if the window it belongs to is: all examples at a glance on a large screen.
        room = parent.height() if parent is not None else self.screen().availableGeometry().height()
        around = self.sizeHint().height() - 300
        self.resize(self.sizeHint().width(), min(self._whole + around + 4, max(480, room - 60)))
        self._thumbnails = Thumbnails(self.devicePixelRatioF(), theme, self)
        self._thumbnails.ready.connect(lambda key, image: self.cards[key].show_picture(image))
        self.finished.connect(self._thumbnails.stop)
        self._thumbnails.start(tuple(self.cards))

    def _grid(self) -> QWidget:
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        for number, example in enumerate(examples()):
            card = Card(example.title, example.sentence)
            card.setObjectName(f"example_{example.key}")
            card.clicked.connect(lambda _checked=False, key=example.key: self._choose_example(key))
            card.installEventFilter(self)
            self.cards[example.key] = card
            grid.addWidget(card, number // COLUMNS, number % COLUMNS)
        scroll = QScrollArea()
        scroll.setObjectName("start_scroll")
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        hint = inside.sizeHint()
        scroll.setMinimumWidth(hint.width() + scroll.verticalScrollBar().sizeHint().width())
        scroll.setMinimumHeight(300)
        self._whole = hint.height()
        return scroll

    def _recent(self, recent: Sequence[Path], theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        caption = Label("Recent files")
        caption.setProperty("heading", True)
        row.addWidget(caption)
        for number, path in enumerate(recent[:4]):
            button = QPushButton(icon("file-outline", theme), button_text(path.name))
            button.setObjectName(f"recent_{number}")
            button.setAccessibleName(f"Open {path.name}")
            button.setToolTip(tip(str(path)))
            button.setProperty("flat", True)
            button.clicked.connect(lambda _checked=False, path=path: self._choose_file(path))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys go from card to card as they lie on screen."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and isinstance(watched, Card)
        ):
            by = WAYS.get(event.key(), 0)
            cards = list(self.cards.values())
            to = cards.index(watched) + by
            if by and 0 <= to < len(cards):
                cards[to].setFocus(Qt.FocusReason.TabFocusReason)
            return by != 0  # at an edge too: a button would hand the focus on to something else
        return False

    def _choose_example(self, key: str) -> None:
        self.accept()
        self.example_chosen.emit(key)

    def _choose_file(self, path: Path) -> None:
        self.accept()
        self.file_chosen.emit(path)
