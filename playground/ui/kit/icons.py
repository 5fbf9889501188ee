"""Icons, drawn from the Material Design font that QtAwesome brings."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from engine.io.guarded import read_bytes

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme

#: a letter's share of the icon's height: one of 16 pixels is drawn in letters of 14, for which they are made
LETTER = 0.875
#: bytes that QtAwesome's files have at most
_LIMIT = 8_000_000


def icon(name: str, theme: Theme, colour: str = "text") -> QIcon:
    """The icon ``name`` ("play", "undo", … as on pictogrammers.com/library/mdi) in a colour of the theme, by name.

    It is painted in what the theme has when it is painted. Disabled, it takes the colour of borders. Raises KeyError if there is none
    of the name.
    """
    return QIcon(_Engine(_letters()[name], theme, colour))


class _Engine(QIconEngine):
    def __init__(self, letter: str, theme: Theme, colour: str) -> None:
        super().__init__()
        self._letter, self._theme, self._colour = letter, theme, colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = "border" if mode == QIcon.Mode.Disabled else self._colour
        font = QFont()
        font.setFamily(_family())
        font.setPixelSize(max(1, round(LETTER * rect.height())))
        painter.save()
        painter.setPen(QColor(getattr(self._theme, colour)))
        painter.setFont(font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._letter)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        # A panel that is squeezed together asks for icons without a size, and on those nothing can be painted.
        picture = QPixmap(size) if not size.isEmpty() else QPixmap()
        if not picture.isNull():
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            self.paint(painter, QRect(picture.rect()), mode, state)
            painter.end()
        return picture


def _file(pattern: str) -> bytes:
    """One of QtAwesome's files. It is not imported, as with qtpy, which it asks for, that takes a tenth of the window's start."""
    found = find_spec("qtawesome")
    if found is None or not found.origin:
        raise ModuleNotFoundError("No module named 'qtawesome'", name="qtawesome")
    (path,) = Path(found.origin).parent.glob(f"fonts/{pattern}")
    return read_bytes(path, _LIMIT)


@cache
def _letters() -> dict[str, str]:
    """The letter that is drawn for each name."""
    return {
        name: chr(int(code, 16))
        for name, code in json.loads(_file("materialdesignicons6-webfont-charmap-*.json")).items()
    }


@cache
def _family() -> str:
    """What the font is called, once Qt has it."""
    number = QFontDatabase.addApplicationFontFromData(_file("materialdesignicons6-webfont-*.ttf"))
    return QFontDatabase.applicationFontFamilies(number)[0]
