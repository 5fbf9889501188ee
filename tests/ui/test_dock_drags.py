"""Panels are dragged about by their titles as a hand would, and stay whole. A crash of Qt's ends the process of the test."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow

from playground.document.examples import example
from playground.ui.panels import PANELS
from tests.ui.shell import Shell, ToldRunner

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(dock: QDockWidget, window: QMainWindow, draw: random.Random) -> None:
    """Take a dock by its title to some places in and around the window, and let it go."""
    title = dock.titleBarWidget()
    QTest.mousePress(title, LEFT, PLAIN, QPoint(12, title.height() // 2))
    at = QPoint()
    for _ in range(draw.randint(1, 5)):
        to = QPoint(
            int(draw.uniform(-0.1, 1.1) * window.width()), int(draw.uniform(-0.1, 1.1) * window.height())
        )
        seen = window.mapToGlobal(to)
        at = title.mapFromGlobal(seen)
        QApplication.sendEvent(
            title,
            QMouseEvent(
                QEvent.Type.MouseMove, QPointF(at), QPointF(seen), Qt.MouseButton.NoButton, LEFT, PLAIN
            ),
        )
        QTest.qWait(draw.choice((0, 1, 15)))
    QTest.mouseRelease(title, LEFT, PLAIN, at)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_panels_can_be_dragged_anywhere(qtbot, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    shell = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show()
    window, docks = shell.window, shell.window.docks
    for _ in range(30):
        dock = docks[draw.choice(PANELS).key]
        match draw.choices(("drag", "show", "float", "hide", "size"), (12, 4, 2, 1, 1))[0]:
            case "drag" if docks.seen(dock.objectName()):
                drag(dock, window, draw)
            case "show" | "drag":
                docks.bring_forward(dock.objectName())
            case "float":
                dock.setFloating(not dock.isFloating())
            case "hide":
                dock.close()
            case "size":
                window.resize(draw.randint(700, 1900), draw.randint(500, 1100))
        QTest.qWait(draw.choice((0, 5, 20)))
    for panel in PANELS:  # all are still there, and can be had back
        docks[panel.key].setFloating(False)
        docks.bring_forward(panel.key)
        assert docks[panel.key].isVisible()
    assert window.isVisible()
