"""Words on the screen that come from files and from users: names, never markup.

Qt guesses whether a text is meant as HTML, and an ``<img>`` in a layer's name would read the file it names. So a label says what its
text is (``Label``, ``RichLabel``), what stands inside markup is ``escaped``, and tool tips with names in them go through ``tip``.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as QtGui
from PySide6.QtWidgets import QLabel, QWidget

#: beside an answer
RIGHT, WRONG = "\N{CHECK MARK}", "\N{MULTIPLICATION X}"


def escaped(text: object) -> str:
    """``text`` for a place between tags (not inside one)."""
    return escape(str(text), quote=False)


def tip(text: str) -> str:
    """``text`` as a tool tip that shows it letter by letter, whatever it looks like."""
    return f"<p style='white-space: pre-wrap'>{escaped(text)}</p>" if QtGui.mightBeRichText(text) else text


def button_text(text: str) -> str:
    """``text`` for a button or a menu, where a single ``&`` would underline the next letter."""
    return text.replace("&", "&&")


class Label(QLabel):
    """A label that shows its text letter by letter."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if text:
            self.setText(text)


class RichLabel(QLabel):
    """A label whose text is markup; names in it are to be ``escaped``."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        if text:
            self.setText(text)
