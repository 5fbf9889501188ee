"""Icons, drawn from the Material Design font that QtAwesome brings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

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

    # qtawesome.icon() would load all of its twelve fonts, a third of a second, of which one is used.
    return qtawesome.IconicFont(*(font for font in qtawesome._BUNDLED_FONTS if font[0] == "mdi6"))
