"""Widgets with all that each needs: a name for tests and styles, words for screen readers, a tool tip; and parts laid out in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QLabel,
    QLayout,
    QMenu,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from playground.ui.kit.fonts import small
from playground.ui.kit.text import Label, RichLabel

W = TypeVar("W", bound=QWidget)
L = TypeVar("L", bound=QBoxLayout)


class ComboBox(QComboBox):
    """A list to choose from; where its words do not fit, they end in an ellipsis, which Qt's own does not see to."""

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        edit = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, edit, self).width()
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )


def named(widget: W, name: str, words: str = "", tip: str = "", **looks: bool) -> W:
    """``widget`` under its object name. ``words``: for screen readers; ``looks``: what the style sheet knows, "muted", "primary" …"""
    widget.setObjectName(name)
    if words:
        widget.setAccessibleName(words)
    if tip:
        widget.setToolTip(tip)
    for look, on in looks.items():
        widget.setProperty(look, on)
    return widget


def label(
    name: str, text: str = "", *, wraps: bool = True, rich: bool = False, little: bool = False, **looks: bool
) -> QLabel:
    """A text, in several lines where it must be; ``little``: in the small font, and as narrow as need be."""
    made: QLabel = named(RichLabel(text) if rich else Label(text), name, "", "", **looks)
    made.setWordWrap(wraps)
    if little:
        made.setFont(small(made.font()))
        made.setMinimumWidth(1)
    return made


def tool(
    name: str,
    words: str,
    tip: str,
    act: Callable[[], object] | None = None,
    picture: QIcon | None = None,
    *,
    side: int = 16,
    bare: bool = False,
    little: bool = False,
    checkable: bool = False,
) -> QToolButton:
    """A button with a word, a picture or both; ``bare``: the picture alone, without a rim. Reached by Tab, not by a click."""
    made = named(QToolButton(), name, words, tip)
    made.setText(words)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setCheckable(checkable)
    style = Qt.ToolButtonStyle
    made.setToolButtonStyle(style.ToolButtonIconOnly if bare else style.ToolButtonTextBesideIcon)
    made.setAutoRaise(bare)
    if picture is not None:
        made.setIcon(picture)
        made.setIconSize(QSize(side, side))
    if little:
        made.setFont(small(made.font()))
    if act is not None:
        made.clicked.connect(act)
    return made


def head_menu(menu: QMenu, words: str) -> None:
    """A heading for what follows in a menu: the one of Qt's own is not drawn by styles such as ours."""
    if not menu.isEmpty():
        menu.addSeparator()
    menu.addAction(words).setEnabled(False)


def filled(
    layout: L,
    *parts: QWidget | QLayout | int | None,
    gap: int | None = None,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> L:
    """A line of parts, without margins of its own. A number is so much room in pixels, ``None`` takes what is left."""
    layout.setContentsMargins(*margins)
    if gap is not None:
        layout.setSpacing(gap)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        elif isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)
    return layout


def scroller(name: str, inside: QWidget, resizes: bool = True) -> QScrollArea:
    """A frameless view of ``inside`` that scrolls up and down where there is too little room."""
    made = named(QScrollArea(), name)
    made.setWidgetResizable(resizes)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setWidget(inside)
    return made
