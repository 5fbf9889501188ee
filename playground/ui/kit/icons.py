"""Icons, drawn from the Material Design font that QtAwesome brings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme


def icon(name: str, theme: Theme, colour: str = "text") -> QIcon:
    """The icon ``name`` ("play", "undo", … as on pictogrammers.com/library/mdi) in a colour of the theme, by name.

    It is painted in what the theme has when it is painted. Disabled, it takes the colour of borders.
    """
    return QIcon(_engine()(name, theme, colour))


@cache
def _engine() -> Callable[[str, Theme, str], QIconEngine]:
    import qtawesome
    from qtawesome.iconic_font import CharIconEngine

    # qtawesome.icon() would load all of its twelve fonts, a third of a second, of which one is used.
    font = qtawesome.IconicFont(*(font for font in qtawesome._BUNDLED_FONTS if font[0] == "mdi6"))

    @cache
    def options(name: str, colour: str, disabled: str) -> object:
        return font._parse_options({}, {"color": colour, "color_disabled": disabled}, f"mdi6.{name}")

    class Engine(CharIconEngine):
        def __init__(self, name: str, theme: Theme, colour: str) -> None:
            super().__init__(
                font, font.painter, [options(name, theme.text, theme.border)]
            )  # fails if there is none of the name
            self._name, self._theme, self._colour = name, theme, colour

        def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
            self.options = [options(self._name, getattr(self._theme, self._colour), self._theme.border)]
            super().paint(painter, rect, mode, state)

        def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
            # A panel that is squeezed together asks for icons without a size, and on those nothing can be painted.
            return QPixmap() if size.isEmpty() else super().pixmap(size, mode, state)

    return Engine
