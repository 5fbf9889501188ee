"""What holds for the whole Qt application: its name, its style, light or dark."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from playground.ui.kit import style
from playground.ui.kit.icons import icon
from playground.ui.kit.theme import DARK, LIGHT, LiveTheme, Theme
from playground.ui.shell.settings import Settings

NAME = "Chainrule Playground"


def application() -> QApplication:
    """The one application object, made and named where there is none yet."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    if app.applicationDisplayName() == NAME:
        return app
    app.setApplicationName("Playground")
    app.setApplicationDisplayName(NAME)
    app.setOrganizationName("Chainrule")
    app.setStyle("Fusion")  # the same on every system, and the one that follows a style sheet everywhere
    app.setWindowIcon(icon("graph-outline", LIGHT, "accent"))
    return app


class Appearance(QObject):
    """Light or dark: as chosen, or as the system is. The choice is remembered.

    Attributes:
        theme: what all that is in the window is painted with.
    """

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._choice = settings.theme
        self.theme = LiveTheme(self._wanted())
        style.apply(application(), self.theme)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._refresh)

    @property
    def choice(self) -> str:
        """ "system", "light" or "dark"."""
        return self._choice

    def choose(self, choice: str) -> None:
        self._choice = self._settings.theme = choice
        self._refresh()

    def toggle(self) -> None:
        """To the other one, whatever the system says."""
        self.choose("light" if self.theme.dark else "dark")

    def _wanted(self) -> Theme:
        if self._choice != "system":
            return DARK if self._choice == "dark" else LIGHT
        return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _refresh(self) -> None:
        theme = self._wanted()
        if theme is not self.theme.now:
            style.apply(application(), theme)
            self.theme.become(theme)
