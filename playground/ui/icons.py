"""Icons, drawn from the Material Design font that QtAwesome brings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap

if TYPE_CHECKING:
    from playground.ui.theme import Theme


def icon(name: str, theme: Theme, colour: str = "") -> QIcon:
    """The icon ``name`` ("play", "undo", … as on pictogrammers.com/library/mdi) in the theme's text colour.

    Disabled, it takes the muted colour.
    """
    return _font().icon(f"mdi6.{name}", color=colour or theme.text, color_disabled=theme.border)


@cache
def _font():
    import qtawesome
    from qtawesome.iconic_font import CharIconEngine

    class Engine(CharIconEngine):
        def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
            # A panel that is squeezed together asks for icons without a size, and on those nothing can be painted.
            return QPixmap() if size.isEmpty() else super().pixmap(size, mode, state)

    class Font(qtawesome.IconicFont):
        def _icon_by_painter(self, painter: object, options: object) -> QIcon:
            return QIcon(Engine(self, painter, options))

    # qtawesome.icon() would load all of its twelve fonts, a third of a second, of which one is used.
    return Font(*(font for font in qtawesome._BUNDLED_FONTS if font[0] == "mdi6"))
