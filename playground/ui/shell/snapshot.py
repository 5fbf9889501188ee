"""The real main window as a picture, without showing it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMessageLogContext, QSettings, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QApplication

from playground.document.document import Document
from playground.runner.messages import Command, Frame, Load, SetWants, Want
from playground.ui.application import Appearance, application
from playground.ui.shell.main_window import MainWindow
from playground.ui.shell.settings import Settings
from playground.ui.shell.undo import History

if TYPE_CHECKING:
    from playground.runner.session import Session

#: rounds of asking and answering after which nothing changes any more: layouts settle in the first, wants are met in the next
ROUNDS = 6


#: how Qt says on standard error that its platform without a screen asks no window manager for room
NO_MANAGER = "This plugin does not support propagateSizeHints"


class StillRunner:
    """Answers for a session that stands still: what the worker's thread does, in place."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wants: frozenset[Want] = frozenset()
        self._news = True

    def send(self, command: Command) -> None:
        match command:
            case SetWants(wants):
                self._wants = wants
            case Load(project):
                self._session.load(project)
        self._news = True

    def take(self) -> Frame | None:
        news, self._news = self._news, False
        return self._session.frame(self._wants) if news else None


def snapshot(session: Session, size: tuple[int, int], theme: str = "light") -> QImage:
    """The window, ``size`` (width, height) in pixels, showing the session's project and the moment it is at."""
    application()
    document = Document(session.project)
    with _without_noise(), tempfile.TemporaryDirectory() as folder:
        # Settings of its own: neither the person's layout nor their theme belongs into the picture.
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.theme = theme
        appearance = Appearance(settings)
        window = MainWindow(document, History(document), StillRunner(session), settings, appearance)
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(*size)
        window.show()
        try:
            for _ in range(ROUNDS):
                QApplication.processEvents()
                window.pump.tick()
            return window.grab().toImage()
        finally:
            window.close()
            window.deleteLater()


@contextmanager
def _without_noise() -> Iterator[None]:
    """Keep what Qt says of a screen that is not there from whoever reads the terminal; all else is said as before."""

    def say(kind: QtMsgType, context: QMessageLogContext, words: str) -> None:
        if words.startswith(NO_MANAGER):
            return
        if before is not None:
            before(kind, context, words)
        else:
            sys.stderr.write(words + "\n")

    before = qInstallMessageHandler(say)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def save_png(image: QImage, path: Path) -> None:
    """Write ``image`` as PNG, whatever the ending of ``path``. Raises OSError."""
    writer = QImageWriter(str(path), b"png")
    if not writer.write(image):
        raise OSError(writer.errorString())
