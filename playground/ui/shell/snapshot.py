"""The real main window as a picture, without showing it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMessageLogContext, QSettings, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QApplication, QWidget

from playground.document.document import Document
from playground.runner.messages import Command, Frame, Load, SetWants, Want
from playground.ui.application import Appearance, application
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.kit.view import Context, Focus
from playground.ui.panels import PANELS
from playground.ui.panels.canvas.view import CanvasView
from playground.ui.shell.pump import Pump
from playground.ui.shell.settings import Settings
from playground.ui.shell.undo import History

if TYPE_CHECKING:
    from playground.runner.session import Session
    from playground.ui.kit.theme import Theme

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

    def moved(self) -> None:
        """The session stands at another moment."""
        self._news = True

    def take(self) -> Frame | None:
        news, self._news = self._news, False
        return self._session.frame(self._wants) if news else None


def snapshot(session: Session, size: tuple[int, int], theme: str = "light") -> QImage:
    """The window, ``size`` (width, height) in pixels, showing the session's project and the moment it is at."""
    with stage(session, Scene(size=size, theme=theme)) as shown:
        return shown.window.grab().toImage()


@dataclass(frozen=True)
class Scene:
    """What is to be seen off screen.

    Args:
        view: the key of a panel, "network", or "window" for all there is.
        size: width and height in pixels.
        theme: "light" or "dark".
        layout: how the panels of a window stand, as ``QMainWindow.saveState`` says it; empty for as at first.
        node: the selected block.
        part, sample: which sample is looked at.
    """

    view: str = "window"
    size: tuple[int, int] = (1280, 720)
    theme: str = "light"
    layout: bytes = b""
    node: str = ""
    part: str = "validation"
    sample: int = 0


class Stage:
    """A view or the whole window, off screen, that shows a session at whatever moment it stands. Made by ``stage``.

    Attributes:
        window: what is seen: the view, or the window.
        frame: the newest one that was shown.
    """

    def __init__(self, window: QWidget, pump: Pump, runner: StillRunner, theme: Theme) -> None:
        self.window, self.theme = window, theme
        self._pump, self._runner = pump, runner

    @property
    def frame(self) -> Frame:
        found = self._pump.frame
        if found is None:
            raise RuntimeError("nothing has been shown yet")
        return found

    def show(self, rounds: int = ROUNDS) -> None:
        """Have the session's present moment seen."""
        self._runner.moved()
        for _ in range(rounds):
            QApplication.processEvents()
            self._pump.tick()


@contextmanager
def stage(session: Session, scene: Scene) -> Iterator[Stage]:
    """``session`` as ``scene`` says; all is gone after the block."""
    application()
    document = Document(session.project)
    runner = StillRunner(session)
    with _without_noise(), tempfile.TemporaryDirectory() as folder:
        # Settings of its own: neither the person's layout nor their theme belongs into the picture.
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.theme = scene.theme
        if scene.layout:
            settings.layout = QByteArray(scene.layout)
        appearance = Appearance(settings)
        window: QWidget
        if scene.view == "window":
            from playground.ui.shell.main_window import MainWindow

            window = whole = MainWindow(document, History(document), runner, settings, appearance)
            pump, focus = whole.pump, whole.focus
        else:
            focus = Focus()
            stepper = Stepper(focus, runner.send)
            context = Context(document, focus, runner.send, appearance.theme, stepper)
            panels = {panel.key: panel for panel in PANELS}
            window = (CanvasView if scene.view == "network" else panels[scene.view].view)(context)
            pump = Pump(window, runner.take, runner.send, (window,))
            window.show_project(None, document.value)
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(*scene.size)
        focus.choose_sample(scene.part, scene.sample)
        focus.select(scene.node)
        window.show()
        shown = Stage(window, pump, runner, appearance.theme)
        try:
            shown.show()
            yield shown
        finally:
            window.close()
            window.deleteLater()


def colours_of(theme: str) -> Theme:
    """The colours of "light" or "dark"."""
    return DARK if theme == "dark" else LIGHT


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
