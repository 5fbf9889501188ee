"""A document with its undo stack and one view on it, wired as in the window."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from playground.document.document import Document
from playground.document.project import Project
from playground.runner.messages import Command
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.theme import LIGHT, LiveTheme, Theme
from playground.ui.kit.view import Context, Focus, View
from playground.ui.shell.undo import History


def pixels(image: QImage) -> np.ndarray:
    """``(height, width, 4)`` RGBA."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()


def ink(image: QImage, background: str) -> np.ndarray:
    """How far each pixel is from a colour, ``(height, width)``, from 0 to 765."""
    return np.abs(pixels(image)[..., :3].astype(int) - QColor(background).getRgb()[:3]).sum(axis=2)


class Bench:
    """``view`` shows ``document``; what it sends is in ``sent``."""

    def __init__(
        self, qtbot, view: type[View], project: Project, node: str = "", theme: Theme = LIGHT
    ) -> None:
        self.qtbot = qtbot
        self.document = Document(project)
        self.focus = Focus()
        self.focus.node_id = node
        self.sent: list[Command] = []
        self.stepper = Stepper(self.focus, self.sent.append)
        self.view: Any = view(
            Context(self.document, self.focus, self.sent.append, LiveTheme(theme), self.stepper)
        )
        self.focus.setParent(self.view)
        # It goes with the view: left to the garbage collector, the stack may be taken apart after its commands.
        self.history = History(self.document, self.view)
        qtbot.addWidget(self.view)
        self.document.subscribe(self.stepper.show_project)
        self.document.subscribe(self.focus.follow)
        self.document.subscribe(self.view.show_project)
        self.view.show_project(None, project)

    @property
    def project(self) -> Project:
        return self.document.value

    def show(self, width: int = 300, height: int = 600) -> Bench:
        """Open it in a window of its own, with the focus."""
        self.view.resize(width, height)
        with self.qtbot.waitExposed(self.view):
            self.view.show()
        self.view.activateWindow()
        self.qtbot.waitUntil(self.view.isActiveWindow)
        return self

    def find(self, name: str) -> Any:
        """The widget of this objectName."""
        found = self.view.findChild(QWidget, name)
        assert found is not None, f"there is no {name}"
        return found
