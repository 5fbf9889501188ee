"""A card over the network that says what happened and offers what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.ui.kit import style
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, button_text, tip

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme

Offer = tuple[str, Callable[[], object]]  #: a button: its words, and what it does

SIGNS = {"note": "information-outline", "warning": "alert-outline", "error": "alert-octagon-outline"}

#: pixels round it, and its width at most: longer lines are hard to read; and at least, even where the widget below is narrower
MARGIN, WIDEST, NARROWEST = 10, 900, 440
#: pixels of width from which on its buttons stand beside its words
ROOMY = 680
#: pixels that stay free below it
FOOT = 38


class Banner(QFrame):
    """Hidden while there is nothing to say. ``show_message`` replaces what it said before.

    It lies over the lower part of another widget, so that nothing moves when it comes and goes.
    """

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("banner")
        self.setProperty("card", True)
        self._theme, self._kind = theme, "warning"
        self._under: QWidget | None = None
        self._sign = Label()
        self._sign.setObjectName("banner_sign")
        self.text = Label()
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
        self._inside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._inside.setSpacing(8)
        self._inside.addWidget(self.text, stretch=1)
        self._inside.addLayout(self._buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(8)
        layout.addWidget(self._sign)
        layout.addLayout(self._inside, stretch=1)
        layout.addWidget(self._close)
        self._close.setIcon(icon("close", theme))
        theme.follow(self._restyle)
        self.hide()

    def lie_over(self, widget: QWidget) -> None:
        """Come up over ``widget``, which is in the same window."""
        self._under = widget
        widget.installEventFilter(self)

    def show_message(self, kind: str, message: str, offers: Sequence[Offer] = ()) -> None:
        """Say ``message``; ``kind`` is a key of ``SIGNS``, and each offer a button."""
        self._kind = kind
        for dock in self.window().findChildren(QDockWidget):
            dock.installEventFilter(self)  # once more is no more than once
        self.text.setText(message)
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, (words, act) in enumerate(offers):
            button = QPushButton(button_text(words))
            button.setObjectName(f"banner_offer{number}")
            button.setAccessibleName(words)
            button.setToolTip(tip(words))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, act=act: act())
            self._buttons.addWidget(button)
            button.show()  # a layout counts only what is shown
        self._restyle()
        self.show()  # only then has it its fonts, and with them its height
        self._fit()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isVisible():
            if watched is self._under and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
                self._fit()
            elif (
                event.type() == QEvent.Type.ZOrderChange
            ):  # a panel beside a narrow network has come to the front
                self.raise_()
        return False

    def _fit(self) -> None:
        under = self._under
        if under is None:
            return
        window = self.window()
        width = min(max(under.width() - 2 * MARGIN, NARROWEST), WIDEST, window.width() - 2 * MARGIN)
        direction = QBoxLayout.Direction
        self._inside.setDirection(direction.LeftToRight if width >= ROOMY else direction.TopToBottom)
        height = self.heightForWidth(width)
        corner = under.mapTo(window, QPoint((under.width() - width) // 2, under.height() - FOOT - height))
        left = min(max(corner.x(), MARGIN), window.width() - MARGIN - width)
        self.setGeometry(left, max(corner.y(), MARGIN), width, height)

    @property
    def kind(self) -> str:
        """Of the message that is shown; "" while there is none."""
        return "" if self.isHidden() else self._kind

    def clear_message(self) -> None:
        self.hide()

    def _restyle(self) -> None:
        wrong = self._kind == "error"
        colour = "accent" if self._kind == "note" else self._kind
        self._sign.setPixmap(icon(SIGNS[self._kind], self._theme, colour).pixmap(20, 20))
        self._sign.setAccessibleName(self._kind)
        self.setProperty("wrong", wrong)
        style.refresh(self)


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
