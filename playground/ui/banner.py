"""One line under the tool bar that says what happened and offers what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.ui import style
from playground.ui.icons import icon

if TYPE_CHECKING:
    from playground.ui.theme import Theme

Offer = tuple[str, Callable[[], object]]  #: a button: its words, and what it does

SIGNS = {"warning": "alert-outline", "error": "alert-octagon-outline"}


class Banner(QToolBar):
    """Hidden while there is nothing to say. ``show_message`` replaces what it said before."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Message")
        self.setObjectName("banner")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        self._theme, self._kind = theme, "warning"

        card = QFrame()
        card.setObjectName("banner_card")
        card.setProperty("card", True)
        layout = QHBoxLayout(card)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(8)
        self._sign = QLabel()
        self._sign.setObjectName("banner_sign")
        self.text = QLabel()
        self.text.setObjectName("banner_text")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(6)
        self._close = QToolButton()
        self._close.setObjectName("banner_close")
        self._close.setAccessibleName("Close the message")
        self._close.setToolTip("Close the message.")
        self._close.setAutoRaise(True)
        self._close.clicked.connect(self.clear_message)
        layout.addWidget(self._sign)
        layout.addWidget(self.text, stretch=1)
        layout.addLayout(self._buttons)
        layout.addWidget(self._close)
        row = QWidget()  # the space round the card
        around = QHBoxLayout(row)
        around.setContentsMargins(8, 6, 8, 6)
        around.addWidget(card)
        self._row, self._around = row, around
        self.addWidget(row)
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._card = card
        self.set_theme(theme)
        self.hide()

    def show_message(self, kind: str, message: str, offers: Sequence[Offer] = ()) -> None:
        """Say ``message``; ``kind`` is "warning" or "error", and each offer a button."""
        self._kind = kind
        self.text.setText(message)
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for number, (words, act) in enumerate(offers):
            button = QPushButton(words)
            button.setObjectName(f"banner_offer{number}")
            button.setAccessibleName(words)
            button.setToolTip(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, act=act: act())
            self._buttons.addWidget(button)
        self._restyle()
        self.show()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A tool bar asks what is inside for its size, and not how high it is at this width.
        height = self._around.heightForWidth(self.width())
        if height > 0:  # none before the first layout
            self._row.setFixedHeight(height)

    def clear_message(self) -> None:
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._close.setIcon(icon("close", theme))
        self._restyle()

    def _restyle(self) -> None:
        wrong = self._kind == "error"
        colour = self._theme.error if wrong else self._theme.warning
        self._sign.setPixmap(icon(SIGNS[self._kind], self._theme, colour).pixmap(20, 20))
        self._sign.setAccessibleName(self._kind)
        self._card.setProperty("wrong", wrong)
        style.refresh(self._card)


class Details(QDialog):
    """A long text to read and copy, such as a stack trace."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("details")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 420)
        field = QPlainTextEdit(text)
        field.setObjectName("details_text")
        field.setAccessibleName(title)
        field.setToolTip("Select and copy what you need.")
        field.setReadOnly(True)
        field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setObjectName("details_copy")
        copy.setToolTip("Copy the whole text.")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(field)
        layout.addWidget(buttons)
