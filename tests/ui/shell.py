"""The whole window on a project, with a worker, as the program composes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from playground.document.document import Document
from playground.document.project import Project
from playground.runner.messages import Command, Frame, State
from playground.runner.runner import Runner
from playground.ui.application import Appearance
from playground.ui.shell.main_window import MainWindow
from playground.ui.shell.recovery import Recovery
from playground.ui.shell.settings import Settings
from playground.ui.shell.undo import History


class ToldRunner:
    """Shows the frames it is given and notes the commands it gets."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.frame: Frame | None = None

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def take(self) -> Frame | None:
        frame, self.frame = self.frame, None
        return frame

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Shell:
    """``window`` on ``project``. Settings are kept in ``folder``; use it again for what the window remembers.

    ``recovering``: it keeps its state there too, and shows again what the last one showed.
    """

    def __init__(
        self,
        qtbot,
        project: Project,
        folder: Path,
        runner: ToldRunner | None = None,
        recovering: bool = False,
        resume: bool = True,
    ) -> None:
        self.qtbot = qtbot
        self.settings = Settings(QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))
        self.recovery = Recovery(folder / "recovery") if recovering else None
        self.point = self.recovery.begin(resume) if self.recovery is not None else None
        self.document = Document(project)
        if self.point is not None:
            self.document.open(self.point.project(), self.point.file, self.point.path)
        self.runner = runner or Runner(own_process=False)
        self.runner.start()
        appearance = Appearance(self.settings)
        self.window = MainWindow(
            self.document, History(self.document), self.runner, self.settings, appearance, self.recovery
        )
        if self.point is not None:
            self.window.desk.resume(self.point)
        qtbot.addWidget(self.window, before_close_func=lambda _: self.end())

    def show(self, width: int = 1280, height: int = 720) -> Shell:
        self.window.setWindowState(Qt.WindowState.WindowNoState)
        self.window.resize(width, height)
        with self.qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        return self

    def end(self) -> None:
        """Let go of unsaved edits, and of the worker."""
        self.window.history.setClean()
        self.window.desk.give_up()
        self.runner.stop()

    @property
    def frame(self) -> Frame:
        """The newest one on screen."""
        assert self.window.pump.shown is not None
        return self.window.pump.shown

    def until(self, state: State, epoch: int = 0) -> None:
        """Wait for a frame in this state, this far."""

        def there() -> bool:
            frame = self.window.pump.shown
            return frame is not None and frame.state is state and frame.epoch >= epoch

        self.qtbot.waitUntil(there)

    def until_ready(self) -> Shell:
        self.until(State.READY)
        return self

    def child(self, name: str) -> QWidget:
        found = self.window.findChild(QWidget, name)
        assert found is not None, f"there is no widget {name!r}"
        return found

    def click(self, name: str) -> None:
        """Press the middle of a widget, where the mouse would reach it."""
        widget = self.child(name)
        assert widget.isVisible(), f"{name!r} cannot be seen"
        assert widget.isEnabled(), f"{name!r} cannot be pressed: {widget.toolTip()}"
        middle = widget.rect().center()
        at = widget.mapTo(self.window, middle)
        assert self.window.childAt(at) is widget, f"something lies over {name!r}"
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(min(middle.x(), 20), middle.y()))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)


def answering(button: QMessageBox.StandardButton, act: Callable[[], object]) -> str:
    """Do ``act``, which asks something; press ``button`` of the question. Returns the question's text."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox), f"a question was expected, there is {box!r}"
        asked.append(box.text())
        QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, press)
    act()
    for _ in range(6000):  # a question that nothing waits for is answered a moment later
        if asked:
            break
        QTest.qWait(10)
    assert asked, "nothing was asked"
    return asked[0]


def answer_file_dialog(monkeypatch: pytest.MonkeyPatch, which: str, path: Path | None) -> None:
    """The next questions for a file (``which``: "getSaveFileName", "getOpenFileName") are answered by ``path``; ``None``: given up."""
    monkeypatch.setattr(QFileDialog, which, staticmethod(lambda *_: (str(path) if path else "", "")))
